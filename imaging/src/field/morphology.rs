//! Growing and shrinking masks by millimetres, with the ball the spacing makes of them.
//!
//! `grid` is the size of the volume a mask lies in: nothing grows beyond it. What lies beyond the grid is not known to
//! be background, so a mask is not eaten from the grid's edge. An axis of infinite spacing does not take part.

use super::components::{Connectivity, components};
use super::distance::squared;
use crate::mask::Mask;
use crate::space::VoxelBox;

/// Distances are kept in 32 bits; a ball's rim must not depend on their last digit.
const RIM: f64 = 1.0 + 1e-6;

/// All voxels within `radius_mm` of the mask.
#[must_use]
pub fn dilate(mask: &Mask, radius_mm: f64, spacing_mm: [f64; 3], grid: [usize; 3]) -> Mask {
    let tight = mask.tight_box();
    if tight.is_empty() {
        return mask.clone();
    }
    let margin = spacing_mm.map(|s| (radius_mm * RIM / s).floor().max(0.0) as usize);
    let wide = mask.within(tight.grown(margin, grid));
    let within = (radius_mm * RIM).powi(2) as f32;
    let near = squared(wide.voxels(), wide.bounds().size(), spacing_mm, true);
    from_distances(wide.bounds(), &near, |d| d <= within)
}

/// The voxels farther than `radius_mm` from everything outside the mask.
#[must_use]
pub fn erode(mask: &Mask, radius_mm: f64, spacing_mm: [f64; 3], grid: [usize; 3]) -> Mask {
    let tight = mask.tight_box();
    if tight.is_empty() {
        return mask.clone();
    }
    let wide = mask.within(tight.grown([1; 3], grid));
    let beyond = (radius_mm * RIM).powi(2) as f32;
    let far = squared(wide.voxels(), wide.bounds().size(), spacing_mm, false);
    from_distances(wide.bounds(), &far, |d| d > beyond).within(tight)
}

/// Shrinks and grows again: what is thinner than twice the radius goes.
#[must_use]
pub fn open(mask: &Mask, radius_mm: f64, spacing_mm: [f64; 3], grid: [usize; 3]) -> Mask {
    dilate(&erode(mask, radius_mm, spacing_mm, grid), radius_mm, spacing_mm, grid)
}

/// Grows and shrinks again: gaps narrower than twice the radius close.
#[must_use]
pub fn close(mask: &Mask, radius_mm: f64, spacing_mm: [f64; 3], grid: [usize; 3]) -> Mask {
    erode(&dilate(mask, radius_mm, spacing_mm, grid), radius_mm, spacing_mm, grid)
}

/// Adds what the mask encloses. `Slice4` fills slice by slice, `Face6` only what is closed on all sides.
///
/// `connectivity` is how the outside hangs together; what reaches the edge of the grid is outside.
#[must_use]
pub fn fill_holes(mask: &Mask, connectivity: Connectivity, grid: [usize; 3]) -> Mask {
    let bounds = mask.tight_box().grown([1; 3], grid);
    let mut filled = mask.within(bounds);
    let outside = Mask::from_voxels(bounds, filled.voxels().iter().map(|v| !v).collect());
    let Some(outside) = outside else { return filled };
    let flat = matches!(connectivity, Connectivity::Slice4 | Connectivity::Slice8);
    let axes = if flat { 0..2 } else { 0..3 };
    let holes = components(&outside, connectivity)
        .keep(|_, part| axes.clone().all(|a| part.bounds.min[a] > bounds.min[a] && part.bounds.max[a] < bounds.max[a]));
    filled.voxels_mut().iter_mut().zip(holes.voxels()).for_each(|(v, &hole)| *v |= hole);
    filled
}

fn from_distances(bounds: VoxelBox, squared_mm: &[f32], inside: impl Fn(f32) -> bool) -> Mask {
    let voxels = squared_mm.iter().map(|&d| inside(d)).collect();
    Mask::from_voxels(bounds, voxels).unwrap_or_else(|| Mask::empty(bounds))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: [usize; 3] = [12, 12, 6];
    const SPACING: [f64; 3] = [1.0, 0.5, 2.0];

    fn block() -> Mask {
        let inside = VoxelBox::new([3, 3, 2], [9, 9, 5]);
        Mask::from_fn(VoxelBox::whole(GRID), |v| inside.contains(v))
    }

    #[test]
    fn a_ball_is_round_in_millimetres() {
        let point = Mask::from_fn(VoxelBox::new([5, 5, 3], [6, 6, 4]), |_| true);
        let ball = dilate(&point, 2.0, SPACING, GRID);
        let distance =
            |v: [usize; 3]| (0..3).map(|a| ((v[a] as f64 - [5.0, 5.0, 3.0][a]) * SPACING[a]).powi(2)).sum::<f64>();
        let expected = Mask::from_fn(VoxelBox::whole(GRID), |v| distance(v) <= 4.0);
        assert_eq!(ball.within(VoxelBox::whole(GRID)), expected);
    }

    #[test]
    fn erosion_undoes_dilation_of_a_block() {
        let grown = dilate(&block(), 1.0, SPACING, GRID);
        assert!(grown.count() > block().count());
        assert_eq!(erode(&grown, 1.0, SPACING, GRID).within(VoxelBox::whole(GRID)), block());
        assert!(erode(&block(), 3.0, SPACING, GRID).is_empty());
    }

    #[test]
    fn a_mask_is_not_eaten_from_the_edge_of_the_grid() {
        let all = Mask::from_fn(VoxelBox::whole(GRID), |_| true);
        assert_eq!(erode(&all, 2.0, SPACING, GRID), all);
    }

    #[test]
    fn opening_removes_a_whisker_and_closing_a_crack() {
        let mut hairy = block();
        hairy.set([10, 5, 3], true);
        assert!(!open(&hairy, 1.0, SPACING, GRID).get([10, 5, 3]));
        let mut cracked = block();
        (3..9).for_each(|j| cracked.set([5, j, 3], false));
        assert!(close(&cracked, 1.0, SPACING, GRID).get([5, 5, 3]));
    }

    #[test]
    fn holes_fill_and_bays_stay_open() {
        let mut mask = block();
        mask.set([5, 5, 3], false);
        mask.set([6, 5, 2], false);
        let filled = fill_holes(&mask, Connectivity::Face6, GRID);
        assert!(filled.get([5, 5, 3]));
        assert!(!filled.get([6, 5, 2]), "open towards the lower slice");
        assert!(fill_holes(&mask, Connectivity::Slice4, GRID).get([6, 5, 2]), "closed within its slice");
        assert_eq!(fill_holes(&Mask::empty(VoxelBox::default()), Connectivity::Face6, GRID).count(), 0);
    }
}
