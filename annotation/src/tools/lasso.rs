//! Fills the area inside a line drawn on a plane: the voxels whose centres lie inside an odd number of turns.

use super::path::Gather;
use super::{Makes, Scene, ToolInfo};
use crate::command::PaintMode;
use crate::tools::sheet::Sheet;
use glam::DVec2;
use limner_imaging::{Geometry, Mask, Plane, VoxelBox, World};

pub(super) const LASSO_ADD: ToolInfo = ToolInfo {
    name: "lasso",
    title: "Lasso fill",
    key: Some('g'),
    hint: "Draw around an area to paint it; Ctrl cuts it out",
    gather: Gather::Freehand,
    makes: Makes::Area { mode: PaintMode::Set, mask: area },
};

pub(super) const LASSO_CUT: ToolInfo = ToolInfo {
    name: "lasso-cut",
    title: "Lasso cut",
    key: None,
    hint: "Draw around an area to take it out of the label",
    gather: Gather::Freehand,
    makes: Makes::Area { mode: PaintMode::Erase, mask: area },
};

/// The area inside the points, or why there is none.
pub(super) fn area(scene: &Scene<'_>, outline: &[World]) -> Result<Mask, &'static str> {
    let mask = fill(&scene.volume.geometry, &scene.plane, outline);
    if mask.is_empty() { Err("The outline surrounds no voxel of the picture") } else { Ok(mask) }
}

/// The voxels of a plane inside a closed line of points; the last point joins the first.
#[must_use]
pub fn fill(geometry: &Geometry, plane: &Plane, outline: &[World]) -> Mask {
    let nothing = Mask::empty(VoxelBox::default());
    let Some(sheet) = Sheet::new(geometry, plane) else { return nothing };
    if outline.len() < 3 || outline.iter().any(|point| !point.0.is_finite()) {
        return nothing;
    }
    // Columns count from voxel centres; corner origin is half a voxel further.
    let ring: Vec<DVec2> = outline.iter().map(|point| sheet.column(*point) + 0.5).collect();
    let mut found = Vec::new();
    let mut bounds = VoxelBox::default();
    for (c, columns) in rows_inside(&[ring], sheet.columns()) {
        for index in columns.filter_map(|b| sheet.voxel(b, c)) {
            bounds = bounds.union(&VoxelBox::new(index, index.map(|n| n + 1)));
            found.push(index);
        }
    }
    let mut mask = Mask::empty(bounds);
    found.into_iter().for_each(|index| mask.set(index, true));
    mask
}

/// The pixels inside an odd number of rings, as runs of columns per row. Rings are in pixels with corner origin; a pixel
/// belongs where its centre lies inside.
pub(crate) fn rows_inside(
    rings: &[Vec<DVec2>],
    [width, height]: [usize; 2],
) -> impl Iterator<Item = (usize, std::ops::Range<usize>)> {
    let heights = rings.iter().flatten().map(|p| p.y);
    let (low, high) = heights.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), y| (l.min(y), h.max(y)));
    // Casts saturate: what lies outside the picture ends at its edge.
    let first = ((low - 0.5).ceil().max(0.0) as usize).min(height);
    let end = ((high - 0.5).floor() + 1.0).max(0.0) as usize;
    (first..end.min(height)).flat_map(move |row| {
        let crossings = crossings(rings, row as f64 + 0.5);
        let runs: Vec<_> = crossings
            .chunks_exact(2)
            .map(|pair| {
                let start = ((pair[0] - 0.5).ceil().max(0.0) as usize).min(width);
                let stop = ((pair[1] - 0.5).ceil().max(0.0) as usize).min(width);
                (row, start..stop.max(start))
            })
            .collect();
        runs
    })
}

/// Where the edges cross a height, from left to right; always an even number.
fn crossings(rings: &[Vec<DVec2>], height: f64) -> Vec<f64> {
    let mut all = Vec::new();
    for ring in rings {
        for (n, a) in ring.iter().enumerate() {
            let b = ring[(n + 1) % ring.len()];
            // Half-open in height: a corner on the line belongs to one of its two edges.
            if (a.y <= height) != (b.y <= height) {
                all.push(a.x + (height - a.y) / (b.y - a.y) * (b.x - a.x));
            }
        }
    }
    all.sort_unstable_by(f64::total_cmp);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::DVec3;
    use limner_imaging::{View, Voxel};

    fn pixels(rings: &[Vec<DVec2>], size: [usize; 2]) -> Vec<[usize; 2]> {
        rows_inside(rings, size).flat_map(|(row, columns)| columns.map(move |c| [c, row])).collect()
    }

    fn square(low: f64, high: f64) -> Vec<DVec2> {
        [(low, low), (high, low), (high, high), (low, high)].map(DVec2::from).to_vec()
    }

    #[test]
    fn golden_squares_cover_the_same_pixels() {
        // FORMATS F: both rasterise to rows 1-2, columns 1-2.
        let expected = [[1, 1], [2, 1], [1, 2], [2, 2]];
        assert_eq!(pixels(&[square(1.0, 3.0)], [5, 5]), expected);
        assert_eq!(pixels(&[square(0.5, 2.5)], [5, 5]).len(), 4);
    }

    #[test]
    fn holes_stay_open_and_the_picture_is_not_left() {
        let all = pixels(&[square(-3.0, 9.0), square(2.0, 4.0)], [6, 6]);
        assert_eq!(all.len(), 36 - 4);
        assert!(!all.contains(&[2, 3]));
    }

    #[test]
    fn a_lasso_fills_what_it_surrounds_in_the_patient() {
        let turn = glam::DMat3::from_axis_angle(DVec3::new(1.0, 2.0, 0.5).normalize(), 0.6);
        let directions = [turn * DVec3::X, turn * DVec3::Y, turn * DVec3::NEG_Z];
        let g = Geometry::from_parts([60, 50, 40], World::new(-20.0, 5.0, 9.0), [0.8, 1.1, 2.5], directions).unwrap();
        let through = g.world(Voxel::new(30.0, 25.0, 17.0));
        let plane = Plane::of_view(&g, View::Axial, through);
        let corners = [(-8.0, -5.0), (9.0, -7.0), (4.0, 10.0), (1.0, 0.0)].map(|(x, y)| plane.at_mm(x, y));
        let mask = fill(&g, &plane, &corners);
        assert_eq!(mask.bounds().size()[View::Axial.slice_axis(&g)], 1);
        // By the signs of areas, another way than by scan lines.
        let inside = |p: DVec2, t: [(f64, f64); 3]| {
            let side = |a: (f64, f64), b: (f64, f64)| (b.0 - a.0) * (p.y - a.1) - (b.1 - a.1) * (p.x - a.0);
            let s = [side(t[0], t[1]), side(t[1], t[2]), side(t[2], t[0])];
            s.iter().all(|x| *x > 0.0) || s.iter().all(|x| *x < 0.0)
        };
        let expected = Mask::from_fn(VoxelBox::new([0, 0, 17], [60, 50, 18]), |v| {
            let p = plane.mm_of(g.world(Voxel::centre(v))).truncate();
            inside(p, [(-8.0, -5.0), (9.0, -7.0), (1.0, 0.0)]) || inside(p, [(9.0, -7.0), (4.0, 10.0), (1.0, 0.0)])
        });
        let differing = expected.indices().filter(|v| !mask.get(*v)).count() + mask.count().abs_diff(expected.count());
        assert!(expected.count() > 100);
        assert!(differing <= 2, "{differing} voxels differ, beyond those on the seam");
    }

    #[test]
    fn what_is_no_outline_fills_nothing() {
        let g = Geometry::axis_aligned([9, 9, 1], World::default(), [1.0; 3]).unwrap();
        let plane = Plane::of_view(&g, View::Axial, g.centre());
        assert!(fill(&g, &plane, &[g.centre(), g.centre()]).is_empty());
        let bad = [g.centre(), World::new(f64::NAN, 0.0, 0.0), World::new(5.0, 5.0, 0.0)];
        assert!(fill(&g, &plane, &bad).is_empty());
    }
}
