//! Masks from a picture: what lies in a range of values, and what hangs together with a point.

use crate::command::PaintRule;
use limner_imaging::field::{Connectivity, components};
use limner_imaging::{Mask, StackAxis, Volume, VoxelBox};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The voxels of a box whose value (after rescale) lies in `low..=high`. What is not a number lies nowhere.
#[must_use]
pub fn threshold(volume: &Volume, bounds: VoxelBox, low: f64, high: f64) -> Mask {
    let bounds = bounds.intersection(&VoxelBox::whole(volume.size()));
    Mask::from_fn(bounds, |index| (low..=high).contains(&volume.value(index)))
}

/// The voxels of `mask` whose value lies in a range: painting inside an intensity range. Of what is not in memory no value is
/// known, and nothing is taken away.
#[must_use]
pub fn in_range(mask: &Mask, volume: &Volume, low: f64, high: f64) -> Mask {
    let whole = VoxelBox::whole(volume.size());
    Mask::from_fn(mask.bounds().intersection(&whole), |index| {
        mask.get(index) && (volume.sample_at(index).is_none() || (low..=high).contains(&volume.value(index)))
    })
}

/// What may be painted over, as a user chooses it. A command carries voxels and no picture, so that a range of values is
/// turned into a smaller mask before the command is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaintOver {
    /// Everything that is on screen: hidden labels stay as they are.
    #[default]
    Shown,
    All,
    UnlabelledOnly,
    /// Only inside the label with this value.
    Inside(u16),
    /// Only voxels whose value (after rescale) lies in the range.
    Range {
        low: f64,
        high: f64,
    },
}

impl PaintOver {
    /// The mask and the rule that go into the command.
    #[must_use]
    pub fn applied<'a>(self, mask: &'a Mask, volume: Option<&Volume>) -> (Cow<'a, Mask>, PaintRule) {
        match (self, volume) {
            (Self::Shown, _) => (Cow::Borrowed(mask), PaintRule::Shown),
            (Self::All, _) => (Cow::Borrowed(mask), PaintRule::All),
            (Self::UnlabelledOnly, _) => (Cow::Borrowed(mask), PaintRule::UnlabelledOnly),
            (Self::Inside(label), _) => (Cow::Borrowed(mask), PaintRule::Inside(label)),
            (Self::Range { low, high }, Some(volume)) => {
                (Cow::Owned(in_range(mask, volume, low, high)), PaintRule::Shown)
            }
            // Without the picture nothing is known to lie in the range.
            (Self::Range { .. }, None) => (Cow::Owned(Mask::empty(VoxelBox::default())), PaintRule::All),
        }
    }
}

/// What hangs together with a voxel over faces while its values stay in a range, within a box. Frames in time or order do
/// not hang together.
#[must_use]
pub fn grow(volume: &Volume, seed: [usize; 3], bounds: VoxelBox, low: f64, high: f64) -> Mask {
    let mask = threshold(volume, bounds, low, high);
    let parts = components(&mask, neighbours(volume.stack_axis));
    parts.at(seed).map_or_else(|| Mask::empty(VoxelBox::default()), |part| parts.mask(part))
}

/// The unpainted (or equally painted) area around a voxel: what a bucket fills. `same` says what counts as the area.
/// Frames in time or order do not hang together.
#[must_use]
pub fn flood(seed: [usize; 3], bounds: VoxelBox, stack_axis: StackAxis, same: impl FnMut([usize; 3]) -> bool) -> Mask {
    let parts = components(&Mask::from_fn(bounds, same), neighbours(stack_axis));
    parts.at(seed).map_or_else(|| Mask::empty(VoxelBox::default()), |part| parts.mask(part))
}

/// Over faces, within a frame where the stack is one of frames.
fn neighbours(stack_axis: StackAxis) -> Connectivity {
    if stack_axis == StackAxis::Space { Connectivity::Face6 } else { Connectivity::Slice4 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::{Geometry, Samples, ValueMap, World};

    fn picture() -> Volume {
        // Two bright blocks with a dark wall between them, stored at half their value.
        let geometry = Geometry::axis_aligned([20, 10, 4], World::default(), [1.0; 3]).unwrap();
        let samples = (0..800).map(|n| if n % 20 == 9 { 0 } else { 100 }).collect();
        let mut volume = Volume::new(geometry, Samples::I16(samples), 1).unwrap();
        volume.value_map = ValueMap { slope: 2.0, intercept: -10.0, unit: None };
        volume
    }

    #[test]
    fn growing_stops_at_the_wall_and_the_box() {
        let volume = picture();
        let whole = VoxelBox::whole([20, 10, 4]);
        let grown = grow(&volume, [2, 3, 1], whole, 150.0, 250.0);
        assert_eq!(grown.tight_box(), VoxelBox::new([0, 0, 0], [9, 10, 4]));
        assert_eq!(grown.count(), 9 * 10 * 4);
        let slice = VoxelBox::new([0, 0, 1], [20, 10, 2]);
        assert_eq!(grow(&volume, [2, 3, 1], slice, 150.0, 250.0).count(), 90);
        assert!(grow(&volume, [9, 3, 1], whole, 150.0, 250.0).is_empty(), "the seed itself is out of range");
        assert!(grow(&volume, [99, 3, 1], whole, 150.0, 250.0).is_empty());
    }

    #[test]
    fn values_count_after_rescale() {
        let volume = picture();
        let wall = threshold(&volume, VoxelBox::whole([20, 10, 4]), -20.0, 0.0);
        assert_eq!(wall.count(), 40);
        let brush = Mask::from_fn(VoxelBox::new([8, 0, 0], [11, 2, 1]), |_| true);
        assert_eq!(in_range(&brush, &volume, 190.0, 190.0).count(), 4);
        let rule = PaintOver::Range { low: 190.0, high: 190.0 };
        assert_eq!(rule.applied(&brush, Some(&volume)).0.count(), 4);
        assert!(rule.applied(&brush, None).0.is_empty());
        assert_eq!(PaintOver::Inside(3).applied(&brush, None), (Cow::Borrowed(&brush), PaintRule::Inside(3)));
    }

    #[test]
    fn a_bucket_fills_what_is_enclosed() {
        let ring = |v: [usize; 3]| v[0].abs_diff(5).max(v[1].abs_diff(5)) == 3;
        let two = VoxelBox::whole([12, 12, 2]);
        assert_eq!(flood([5, 5, 0], two, StackAxis::Space, |v| !ring(v)).count(), 50);
        // The other frame of a sequence is another moment.
        let frame = flood([5, 5, 0], two, StackAxis::Time, |v| !ring(v));
        assert_eq!((frame.count(), frame.tight_box().max[2]), (25, 1));
    }
}
