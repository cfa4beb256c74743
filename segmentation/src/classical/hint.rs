//! What somebody else makes of an object, as a hint: well within it and well beyond it the other is believed, in between
//! the picture decides.

use super::affordable;
use super::evidence::{Area, Claim};
use super::lattice::Lattice;
use limner_imaging::field::distance_to;
use limner_imaging::{Mask, StackAxis, Volume, VoxelBox};

/// Of the way from the rim to the deepest point, what lies deeper is believed to be inside.
const CORE_SHARE: f32 = 0.7;

/// Further from the mask than this share of its depth is believed to be outside.
const AWAY_SHARE: f32 = 0.8;

/// How far beyond the mask it is looked, in the same measure: a wall that no path goes around.
const WALL_SHARE: f32 = 1.5;

/// Masks thinner than this, in finest voxels to either side, have no core to speak of.
const LEAST_DEPTH: f32 = 2.0;

/// Claims that come before all prompts, so that prompts overrule them.
pub struct Hint(Vec<Claim>);

impl Hint {
    /// `None` for masks that are empty or thin.
    pub fn of(mask: &Mask, image: &Volume) -> Option<Self> {
        let (size, spacing) = (image.size(), image.geometry.spacing_mm());
        let tight = mask.tight_box();
        if tight.is_empty() {
            return None;
        }
        let apart = std::array::from_fn(|a| size[a] == 1 || a == 2 && image.stack_axis != StackAxis::Space);
        let close = affordable(tight.grown(apart.map(|apart| usize::from(!apart)), size), spacing);
        let depth = distances(&close, apart, |voxel| !mask.get(voxel));
        let deepest = depth.iter().copied().filter(|d| d.is_finite()).fold(0.0, f32::max);
        if deepest < LEAST_DEPTH {
            return None;
        }
        let core = depth.iter().map(|&d| d >= CORE_SHARE * deepest).collect();
        let finest = spacing.into_iter().fold(f64::INFINITY, f64::min);
        let reach = |a: usize| (f64::from(WALL_SHARE * AWAY_SHARE * deepest) * finest / spacing[a]).ceil() as usize + 2;
        let margin = std::array::from_fn(|a| if apart[a] { 0 } else { reach(a) });
        let wide = affordable(tight.grown(margin, size), spacing);
        let away = distances(&wide, apart, |voxel| mask.get(voxel));
        let wall = away.iter().map(|&d| d >= AWAY_SHARE * deepest).collect();
        Some(Self(vec![
            Claim { area: Area::Cells(close, core), inside: true },
            Claim { area: Area::Cells(wide, wall), inside: false },
        ]))
    }

    pub fn claims(&self) -> &[Claim] {
        &self.0
    }
}

/// How far each cell lies from those where `from` holds, in finest voxels; not across axes that are `apart`.
fn distances(lattice: &Lattice, apart: [bool; 3], from: impl Fn([usize; 3]) -> bool) -> Vec<f32> {
    let cells = Mask::from_fn(VoxelBox::whole(lattice.size), |cell| from(lattice.centre_of(cell)));
    let step = std::array::from_fn(|a| if apart[a] { f64::INFINITY } else { f64::from(lattice.step[a]) });
    let found = distance_to(&cells, step);
    lattice.cells().map(|cell| found.get(cell).unwrap_or(f32::INFINITY)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::{Geometry, Samples, World};

    fn picture(size: [usize; 3], spacing: [f64; 3]) -> Volume {
        let grid = Geometry::axis_aligned(size, World::default(), spacing).unwrap();
        Volume::new(grid, Samples::U8(vec![0; grid.voxel_count()]), 1).unwrap()
    }

    fn said(hint: &Hint, voxel: [usize; 3]) -> [bool; 2] {
        [0, 1].map(|n| {
            let Area::Cells(lattice, cells) = &hint.claims()[n].area else { panic!("cells") };
            lattice.cell_of(voxel).is_some_and(|cell| cells[lattice.offset(cell)])
        })
    }

    #[test]
    fn the_middle_is_inside_the_far_ground_outside_and_the_rim_open() {
        // Slices twice as thick as pixels: ten pixels are five slices.
        let image = picture([64, 64, 32], [1.0, 1.0, 2.0]);
        let ball = Mask::from_fn(VoxelBox::whole([64, 64, 32]), |[i, j, k]| {
            (i as f64 - 32.0).hypot(j as f64 - 32.0).hypot(2.0 * (k as f64 - 16.0)) <= 10.0
        });
        let hint = Hint::of(&ball, &image).unwrap();
        assert_eq!(said(&hint, [32, 32, 16]), [true, false]);
        for rim in [[42, 32, 16], [44, 32, 16], [32, 32, 21], [32, 32, 23], [38, 32, 16]] {
            assert_eq!(said(&hint, rim), [false, false], "{rim:?}");
        }
        for far in [[32, 53, 16], [32, 32, 26]] {
            assert_eq!(said(&hint, far), [false, true], "{far:?}");
        }
    }

    #[test]
    fn threads_and_nothing_give_no_hint_and_frames_stay_apart() {
        let mut image = picture([40, 40, 5], [1.0; 3]);
        let whole = VoxelBox::whole([40, 40, 5]);
        assert!(Hint::of(&Mask::empty(VoxelBox::default()), &image).is_none());
        assert!(Hint::of(&Mask::from_fn(whole, |[i, _, _]| (20..22).contains(&i)), &image).is_none());
        image.stack_axis = StackAxis::Time;
        let disc = Mask::from_fn(whole, |[i, j, k]| k == 2 && (i as f64 - 20.0).hypot(j as f64 - 20.0) <= 8.0);
        let hint = Hint::of(&disc, &image).unwrap();
        assert_eq!(said(&hint, [20, 20, 2]), [true, false]);
        assert_eq!(said(&hint, [20, 20, 3]), [false, false]);
    }
}
