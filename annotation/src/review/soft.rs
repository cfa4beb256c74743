//! Probability maps as predictions: one float volume from 0 to 1. It is shown as it is, in steps; figures are of the voxels
//! above the threshold, and whoever shows them says so.

use super::differ::Sheet;
use crate::metrics::Labels;
use limner_imaging::{Mask, Volume, VoxelBox};

/// From here on a voxel counts as labelled.
pub const THRESHOLD: f64 = 0.5;

/// Steps a map is shown in; what is less than half a step is not shown.
pub const STEPS: u16 = 10;

/// The label that what is above the threshold has.
const LABEL: u32 = 1;

/// A volume as a probability map; none where it is a label map or anything else. One that is 0 or 1 everywhere is a label map.
#[must_use]
pub fn of(volume: &Volume) -> Option<(Labels, Sheet)> {
    if volume.channels() != 1 {
        return None;
    }
    let (samples, map) = (volume.samples(), &volume.value_map);
    let value = |n: usize| map.value(samples.get(n));
    let count = volume.geometry.voxel_count();
    let mut fractions = false;
    for n in 0..count {
        let value = value(n);
        if !(-1e-6..=1.0 + 1e-6).contains(&value) {
            return None;
        }
        fractions |= value != 0.0 && value != 1.0;
    }
    if !fractions {
        return None;
    }
    let step = |n: usize| (value(n) * f64::from(STEPS)).round() as u16;
    let (low, high) = reach(volume.geometry.size(), |n| step(n) > 0)?;
    let bounds = VoxelBox::new(low, high);
    let index = |at: [usize; 3]| volume.geometry.linear_index(at);
    let mut codes = Vec::with_capacity(bounds.len());
    for k in low[2]..high[2] {
        for j in low[1]..high[1] {
            codes.extend((low[0]..high[0]).map(|i| step(index([i, j, k]))));
        }
    }
    let mask = Mask::from_fn(bounds, |at| value(index(at)) >= THRESHOLD);
    Some((Labels::from_masks(volume.geometry, &[(LABEL, mask)]), Sheet { bounds, codes }))
}

/// The box around all voxels that are wanted.
fn reach([columns, rows, slices]: [usize; 3], wanted: impl Fn(usize) -> bool) -> Option<([usize; 3], [usize; 3])> {
    let mut all: Option<([usize; 3], [usize; 3])> = None;
    let mut n = 0;
    for k in 0..slices {
        for j in 0..rows {
            for i in 0..columns {
                if wanted(n) {
                    let (low, high) = all.get_or_insert(([i, j, k], [i, j, k]));
                    for (axis, at) in [i, j, k].into_iter().enumerate() {
                        low[axis] = low[axis].min(at);
                        high[axis] = high[axis].max(at + 1);
                    }
                }
                n += 1;
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::{Geometry, Samples, World};

    fn volume(values: Vec<f32>) -> Volume {
        let geometry = Geometry::axis_aligned([values.len(), 1, 1], World::default(), [1.0; 3]).unwrap();
        Volume::new(geometry, Samples::F32(values), 1).unwrap()
    }

    #[test]
    fn a_map_from_nought_to_one_is_shown_in_steps_and_cut_at_the_threshold() {
        let (labels, sheet) = of(&volume(vec![0.0, 0.04, 0.2, 0.49, 0.5, 1.0, 0.0])).unwrap();
        assert_eq!((sheet.bounds, sheet.codes), (VoxelBox::new([2, 0, 0], [6, 1, 1]), vec![2, 5, 5, 10]));
        assert_eq!(labels.tight_mask(LABEL).bounds(), VoxelBox::new([4, 0, 0], [6, 1, 1]));
        for other in [vec![0.0, 1.0, 1.0], vec![0.0, 2.0, 0.5], vec![-0.5, 0.5], vec![f32::NAN, 0.5], vec![0.0, 0.01]] {
            assert!(of(&volume(other.clone())).is_none(), "{other:?}");
        }
    }
}
