//! Drawn lines and outlines as voxels.
//!
//! A line goes from voxel to touching voxel, corners included. An outline is filled seen along its axis; where its
//! points lie on a slanted plane the filling follows the plane, one voxel thick along the axis.

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
            [0.0; 2]
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
