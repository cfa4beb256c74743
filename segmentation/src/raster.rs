//! Drawn lines and outlines as voxels.
//!
//! A line goes from voxel to touching voxel, corners included. A band is a line with a thickness in its plane, and
//! an outline is filled, both seen along their axis; where the points lie on a slanted plane they follow the plane,
//! one voxel thick along the axis.

use glam::DVec3;
use limner_imaging::{Voxel, VoxelBox};

/// The voxels a polyline passes, each once, in order of first visit. All points must lie in a grid of `size`.
#[must_use]
pub fn line(points: &[Voxel], size: [usize; 3]) -> Vec<[usize; 3]> {
    let mut voxels: Vec<[usize; 3]> = Vec::new();
    let mut visit = |at: DVec3| {
        if let Some(index) = Voxel(at).index_in(size)
            && voxels.last() != Some(&index)
        {
            voxels.push(index);
        }
    };
    if let [only] = points {
        visit(only.0);
    }
    for pair in points.windows(2) {
        let (from, to) = (pair[0].0, pair[1].0);
        let steps = (to - from).abs().max_element().ceil().max(1.0) as usize;
        for n in 0..=steps {
            visit(from.lerp(to, n as f64 / steps as f64));
        }
    }
    let mut seen = std::collections::HashSet::with_capacity(voxels.len());
    voxels.retain(|v| seen.insert(*v));
    voxels
}

/// The voxels whose centres lie within half of `thickness` (voxels, along the three axes) of a polyline, measured in
/// its plane; each once, columns fastest.
#[must_use]
pub fn band(axis: usize, points: &[Voxel], thickness: [f64; 3], size: [usize; 3]) -> Vec<[usize; 3]> {
    /// How far beyond its edge a centre still counts as on it.
    const HAIR: f64 = 1e-9;
    let (u, v) = across(axis);
    let slope = PlaneFit::of(points, axis).slope;
    let reach = [thickness[u] / 2.0, thickness[v] / 2.0];
    let mut voxels = Vec::new();
    let alone = [[points[0], points[0]]];
    let pairs = points.windows(2).map(|pair| [pair[0], pair[1]]);
    for [from, to] in pairs.chain(alone.into_iter().filter(|_| points.len() == 1)) {
        let (a, b) = (from.0, to.0);
        let rows = covered(a[v], b[v], reach[1], size[v]);
        let columns = covered(a[u], b[u], reach[0], size[u]);
        // In units of the reach, so that all within it is within 1.
        let step = [(b[u] - a[u]) / reach[0], (b[v] - a[v]) / reach[1]];
        let length = step[0] * step[0] + step[1] * step[1];
        for row in rows {
            for column in columns.clone() {
                let off = [(column as f64 - a[u]) / reach[0], (row as f64 - a[v]) / reach[1]];
                let along = if length > 0.0 { (off[0] * step[0] + off[1] * step[1]) / length } else { 0.0 };
                let foot = along.clamp(0.0, 1.0);
                let left = [off[0] - foot * step[0], off[1] - foot * step[1]];
                let rise = slope[0] * left[0] * reach[0] + slope[1] * left[1] * reach[1];
                let lifted = rise / (reach[0] * reach[1]).sqrt();
                if left[0] * left[0] + left[1] * left[1] + lifted * lifted <= 1.0 + HAIR {
                    let mut at = DVec3::ZERO;
                    (at[u], at[v]) = (column as f64, row as f64);
                    at[axis] = a[axis] + foot * (b[axis] - a[axis]) + rise;
                    voxels.extend(Voxel(at).index_in(size));
                }
            }
        }
    }
    voxels.sort_unstable_by_key(|&[i, j, k]| [k, j, i]);
    voxels.dedup();
    voxels
}

/// The grid points within `reach` of the stretch between two places.
fn covered(a: f64, b: f64, reach: f64, size: usize) -> std::ops::RangeInclusive<usize> {
    let low = (a.min(b) - reach).ceil().max(0.0) as usize;
    let high = (a.max(b) + reach).floor().min(size as f64 - 1.0).max(0.0) as usize;
    low..=high
}

/// The voxels within a closed outline (even-odd), the outline itself included.
#[must_use]
pub fn filled(axis: usize, points: &[Voxel], size: [usize; 3]) -> Vec<[usize; 3]> {
    let (u, v) = across(axis);
    let outline: Vec<[f64; 2]> = points.iter().map(|p| [p.0[u], p.0[v]]).collect();
    let height = PlaneFit::of(points, axis);
    let mut closed = points.to_vec();
    closed.extend(points.first());
    let mut voxels = line(&closed, size);
    let rows = outline.iter().fold([f64::INFINITY, f64::NEG_INFINITY], |r, p| [r[0].min(p[1]), r[1].max(p[1])]);
    let last = size[v] as f64 - 1.0;
    for row in (rows[0].max(0.0).ceil() as usize)..=(rows[1].min(last).floor().max(0.0) as usize) {
        for [enter, leave] in spans(&outline, row as f64) {
            let (from, to) = (enter.max(0.0).ceil() as usize, leave.min(size[u] as f64 - 1.0).floor());
            if to < 0.0 {
                continue;
            }
            for column in from..=(to as usize) {
                let mut at = DVec3::ZERO;
                (at[u], at[v]) = (column as f64, row as f64);
                at[axis] = height.at(column as f64, row as f64);
                voxels.extend(Voxel(at).index_in(size));
            }
        }
    }
    voxels.sort_unstable_by_key(|&[i, j, k]| [k, j, i]);
    voxels.dedup();
    voxels
}

/// The smallest box around voxels; empty for none.
#[must_use]
pub fn box_of(voxels: &[[usize; 3]]) -> VoxelBox {
    voxels.iter().fold(VoxelBox::default(), |all, &index| all.union(&VoxelBox::new(index, index.map(|x| x + 1))))
}

/// The two axes that lie in a slice across `axis`, lower first.
#[must_use]
pub const fn across(axis: usize) -> (usize, usize) {
    match axis {
        0 => (1, 2),
        1 => (0, 2),
        _ => (0, 1),
    }
}

/// Where a horizontal line is inside the outline: pairs of entry and exit.
fn spans(outline: &[[f64; 2]], row: f64) -> Vec<[f64; 2]> {
    let mut crossings: Vec<f64> = Vec::new();
    for (n, a) in outline.iter().enumerate() {
        let b = outline[(n + 1) % outline.len()];
        if (a[1] <= row) != (b[1] <= row) {
            crossings.push(a[0] + (row - a[1]) / (b[1] - a[1]) * (b[0] - a[0]));
        }
    }
    crossings.sort_unstable_by(f64::total_cmp);
    crossings.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect()
}

/// The plane nearest to the points, as a height along `axis` over the other two.
struct PlaneFit {
    centre: [f64; 3],
    slope: [f64; 2],
}

impl PlaneFit {
    fn of(points: &[Voxel], axis: usize) -> Self {
        let (u, v) = across(axis);
        let n = points.len().max(1) as f64;
        let centre = [u, v, axis].map(|a| points.iter().map(|p| p.0[a]).sum::<f64>() / n);
        let (mut uu, mut uv, mut vv, mut uh, mut vh) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for p in points {
            let (du, dv, dh) = (p.0[u] - centre[0], p.0[v] - centre[1], p.0[axis] - centre[2]);
            uu += du * du;
            uv += du * dv;
            vv += dv * dv;
            uh += du * dh;
            vh += dv * dh;
        }
        let determinant = uu * vv - uv * uv;
        let slope = if determinant.abs() > 1e-9 * (uu + vv).powi(2) {
            [(uh * vv - vh * uv) / determinant, (vh * uu - uh * uv) / determinant]
        } else {
            // Points in a row say how steep the plane is along the row, and nothing more.
            let length = uu + vv;
            if length > 0.0 { [uh / length, vh / length] } else { [0.0; 2] }
        };
        Self { centre, slope }
    }

    fn at(&self, u: f64, v: f64) -> f64 {
        self.centre[2] + self.slope[0] * (u - self.centre[0]) + self.slope[1] * (v - self.centre[1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: [usize; 3] = [12, 9, 7];

    fn at(points: &[[f64; 3]]) -> Vec<Voxel> {
        points.iter().map(|p| Voxel(DVec3::from_array(*p))).collect()
    }

    #[test]
    fn a_line_has_no_gaps_and_names_each_voxel_once() {
        let voxels = line(&at(&[[0.0, 0.0, 0.0], [11.0, 5.0, 3.0], [0.0, 0.0, 0.0]]), SIZE);
        assert_eq!(voxels[0], [0, 0, 0]);
        assert!(voxels.contains(&[11, 5, 3]));
        for pair in voxels.windows(2).take(11) {
            assert!((0..3).all(|a| pair[0][a].abs_diff(pair[1][a]) <= 1), "{pair:?}");
        }
        let mut unique = voxels.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), voxels.len());
        assert_eq!(line(&at(&[[3.2, 4.0, 5.0]]), SIZE), [[3, 4, 5]]);
    }

    #[test]
    fn an_outline_on_each_axis_fills_its_slice() {
        for axis in 0..3 {
            let (u, v) = across(axis);
            let points: Vec<Voxel> = [[1.0, 1.0], [5.0, 1.0], [5.0, 4.0], [1.0, 4.0]]
                .map(|[a, b]| {
                    let mut p = DVec3::splat(2.0);
                    (p[u], p[v]) = (a, b);
                    Voxel(p)
                })
                .to_vec();
            let voxels = filled(axis, &points, SIZE);
            assert_eq!(voxels.len(), 20);
            let bounds = box_of(&voxels);
            assert_eq!((bounds.size()[u], bounds.size()[v], bounds.size()[axis]), (5, 4, 1));
        }
    }

    #[test]
    fn a_slanted_outline_fills_its_own_plane() {
        let points = at(&[[1.0, 1.0, 1.0], [9.0, 1.0, 5.0], [9.0, 7.0, 5.0], [1.0, 7.0, 1.0]]);
        let voxels = filled(2, &points, SIZE);
        assert!(voxels.contains(&[5, 4, 3]));
        assert!(voxels.iter().all(|&[i, _, k]| (k as f64 - (1.0 + (i as f64 - 1.0) / 2.0)).abs() <= 1.0));
    }

    #[test]
    fn a_band_is_as_thick_as_it_says_on_every_axis() {
        for axis in 0..3 {
            let (u, v) = across(axis);
            let place = |a: f64, b: f64| {
                let mut p = DVec3::splat(3.0);
                (p[u], p[v]) = (a, b);
                Voxel(p)
            };
            let straight = band(axis, &[place(1.0, 3.0), place(4.0, 3.0)], [2.0; 3], SIZE);
            // Three rows of the line, and a tip at either end.
            assert_eq!(straight.len(), 3 * 4 + 2);
            assert!(straight.iter().all(|voxel| voxel[axis] == 3));
            assert_eq!(band(axis, &[place(2.0, 2.0)], [2.0; 3], SIZE).len(), 5);
            assert_eq!(band(axis, &[place(2.5, 2.0)], [2.0; 3], SIZE).len(), 2);
        }
    }

    #[test]
    fn a_band_on_a_slanted_plane_stays_on_it_without_gaps() {
        // The plane k = 1 + i / 2.
        let points = at(&[[1.0, 1.0, 1.5], [9.0, 3.0, 5.5], [3.0, 7.0, 2.5]]);
        let voxels = band(2, &points, [2.0; 3], SIZE);
        assert!(voxels.iter().all(|&[i, _, k]| (k as f64 - 1.0 - i as f64 / 2.0).abs() <= 0.5));
        for line in line(&points[..2], SIZE) {
            assert!(voxels.iter().any(|voxel| (0..3).all(|a| voxel[a].abs_diff(line[a]) <= 1)), "{line:?}");
        }
        // A straight line is as steep as it is long; across it the plane is taken to be level.
        let straight = band(2, &points[..2], [2.0; 3], SIZE);
        assert!(straight.contains(&[5, 2, 3]) || straight.contains(&[5, 2, 4]));
    }

    #[test]
    fn a_ring_leaves_its_hole_empty() {
        // Two squares in one outline: even-odd keeps the inner one out.
        let points = at(&[
            [0.0, 0.0, 0.0],
            [8.0, 0.0, 0.0],
            [8.0, 8.0, 0.0],
            [0.0, 8.0, 0.0],
            [0.0, 0.0, 0.0],
            [2.0, 2.0, 0.0],
            [2.0, 6.0, 0.0],
            [6.0, 6.0, 0.0],
            [6.0, 2.0, 0.0],
            [2.0, 2.0, 0.0],
        ]);
        let voxels = filled(2, &points, SIZE);
        assert!(voxels.contains(&[1, 4, 0]) && !voxels.contains(&[4, 3, 0]));
    }
}
