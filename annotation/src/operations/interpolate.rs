//! The slices between painted ones, from signed distances; and a slice's area on another slice.
//!
//! Two outlines that do not lie over each other are first moved onto the line between their centres: a vessel that runs
//! aslant stays one vessel.

use crate::error::{Error, Result};
use limner_imaging::field::{DistanceField, signed_distance};
use limner_imaging::{Mask, VoxelBox};
use rayon::prelude::*;

/// The mask with every gap between painted slices of an axis filled; painted slices stay as they are.
pub fn between_slices(mask: &Mask, axis: usize, spacing_mm: [f64; 3]) -> Result<Mask> {
    if axis > 2 {
        return Err(Error::refused("a voxel axis is 0, 1 or 2"));
    }
    let tight = mask.tight_box();
    let mut filled = mask.within(tight);
    let painted: Vec<usize> =
        (tight.min[axis]..tight.max[axis]).filter(|n| !mask.within(tight.slice(axis, *n)).is_empty()).collect();
    for pair in painted.windows(2).filter(|pair| pair[1] - pair[0] > 1) {
        let ends = [pair[0], pair[1]].map(|n| End::new(mask, tight, axis, n, spacing_mm));
        let between: Vec<Mask> = (pair[0] + 1..pair[1])
            .into_par_iter()
            .map(|n| {
                let share = (n - pair[0]) as f64 / (pair[1] - pair[0]) as f64;
                blend(&ends, share, tight.slice(axis, n), axis)
            })
            .collect();
        between.iter().flat_map(Mask::indices).for_each(|index| filled.set(index, true));
    }
    Ok(filled)
}

/// The area on one slice of an axis, put on another slice.
pub fn moved_slice(mask: &Mask, axis: usize, from: usize, to: usize, grid: [usize; 3]) -> Result<Mask> {
    if axis > 2 || from >= grid[axis] || to >= grid[axis] {
        return Err(Error::refused(format!("the image has no slices {from} and {to} along axis {axis}")));
    }
    let area = mask.within(mask.bounds().slice(axis, from));
    let moved = mask.bounds().slice(axis, to);
    Ok(Mask::from_voxels(moved, area.voxels().to_vec()).unwrap_or(area))
}

/// A painted slice at one end of a gap.
struct End {
    distance: DistanceField,
    /// Of the painted voxels, in voxels.
    centre: [f64; 3],
    slice: usize,
}

impl End {
    fn new(mask: &Mask, tight: VoxelBox, axis: usize, slice: usize, spacing_mm: [f64; 3]) -> Self {
        let area = mask.within(tight.slice(axis, slice));
        let (mut sum, mut count) = ([0.0; 3], 0.0);
        for index in area.indices() {
            (0..3).for_each(|a| sum[a] += index[a] as f64);
            count += 1.0;
        }
        Self { distance: signed_distance(&area, spacing_mm), centre: sum.map(|s| s / count), slice }
    }

    /// The distance at a position moved along with the centre; far outside where that leaves the box.
    fn at(&self, index: [usize; 3], centre: [f64; 3], axis: usize) -> f32 {
        let mut from = [0; 3];
        for a in 0..3 {
            let moved = index[a] as f64 - (centre[a] - self.centre[a]).round();
            if moved < 0.0 {
                return f32::INFINITY;
            }
            from[a] = if a == axis { self.slice } else { moved as usize };
        }
        self.distance.get(from).unwrap_or(f32::INFINITY)
    }
}

fn blend([a, b]: &[End; 2], share: f64, slice: VoxelBox, axis: usize) -> Mask {
    let centre = std::array::from_fn(|n| a.centre[n] + (b.centre[n] - a.centre[n]) * share);
    Mask::from_fn(slice, |index| {
        let (near, far) = (a.at(index, centre, axis), b.at(index, centre, axis));
        near * (1.0 - share as f32) + far * share as f32 <= 0.0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: [usize; 3] = [60, 60, 11];

    fn disc(v: [usize; 3], x: f64, y: f64, radius: f64) -> bool {
        (v[0] as f64 - x).hypot(v[1] as f64 - y) <= radius
    }

    #[test]
    fn a_cone_is_found_again_from_its_ends() {
        let ends = Mask::from_fn(VoxelBox::whole(GRID), |v| match v[2] {
            0 => disc(v, 30.0, 30.0, 20.0),
            10 => disc(v, 30.0, 30.0, 10.0),
            _ => false,
        });
        let filled = between_slices(&ends, 2, [0.5, 0.5, 3.0]).unwrap();
        for k in 0..11 {
            let radius = 20.0 - k as f64;
            let expected = Mask::from_fn(VoxelBox::new([0, 0, k], [60, 60, k + 1]), |v| disc(v, 30.0, 30.0, radius));
            let wrong = expected.indices().filter(|v| !filled.get(*v)).count()
                + filled.within(expected.bounds()).indices().filter(|v| !expected.get(*v)).count();
            // A rim of at most one voxel.
            assert!((wrong as f64) < 2.0 * std::f64::consts::PI * radius * 0.6, "slice {k}: {wrong} wrong");
        }
        assert_eq!(
            filled.within(VoxelBox::new([0, 0, 0], [60, 60, 1])).count(),
            ends.within(VoxelBox::new([0, 0, 0], [60, 60, 1])).count()
        );
    }

    #[test]
    fn a_slanting_vessel_stays_one_piece_along_any_axis() {
        let ends = Mask::from_fn(VoxelBox::whole(GRID), |v| match v[2] {
            0 => disc(v, 10.0, 12.0, 4.0),
            10 => disc(v, 45.0, 40.0, 4.0),
            _ => false,
        });
        let filled = between_slices(&ends, 2, [1.0, 1.0, 1.0]).unwrap();
        for k in 0..11 {
            let (x, y) = (10.0 + 3.5 * k as f64, 12.0 + 2.8 * k as f64);
            assert!(filled.get([x.round() as usize, y.round() as usize, k]), "slice {k}");
        }
        let across = between_slices(&ends, 0, [1.0, 1.0, 1.0]).unwrap();
        assert!(ends.indices().all(|v| across.get(v)));
    }
}
