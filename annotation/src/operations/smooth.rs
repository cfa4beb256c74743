//! Smoothing by a Gaussian in millimetres: of one label, or of several at once so that no gap opens between them.

use crate::command::Command;
use crate::contents::Contents;
use crate::entity::ImageId;
use crate::error::{Error, Result};
use crate::operations::working_spacing_mm;
use crate::packed::Patch;
use limner_imaging::{Mask, VoxelBox};
use rayon::prelude::*;

/// Beyond this many standard deviations a Gaussian adds nothing that could move a boundary.
const REACH: f64 = 3.0;

/// Where the blurred mask is more inside than outside.
#[must_use]
pub fn gaussian(mask: &Mask, sigma_mm: f64, spacing_mm: [f64; 3], grid: [usize; 3]) -> Mask {
    let tight = mask.tight_box();
    if tight.is_empty() {
        return mask.clone();
    }
    let bounds = tight.grown(margin(sigma_mm, spacing_mm), grid);
    let blurred = blur(&mask.within(bounds), sigma_mm, spacing_mm);
    Mask::from_voxels(bounds, blurred.iter().map(|share| *share >= 0.5).collect()).unwrap_or_else(|| mask.clone())
}

/// Smooths several labels of a layer together: each voxel goes to the one with the largest share, the unlabelled and all
/// other labels among them, and those others do not move.
pub fn joint(contents: &Contents, image: ImageId, layer: usize, labels: &[u16], sigma_mm: f64) -> Result<Command> {
    let missing = || Error::Missing { key: image.into() };
    let entry = contents.image(image).ok_or_else(missing)?;
    let map = contents.label_map(image).ok_or_else(missing)?;
    if !sigma_mm.is_finite() || sigma_mm <= 0.0 {
        return Err(Error::refused("the size must be a positive number of millimetres"));
    }
    let spacing = working_spacing_mm(entry);
    let boxes = labels.iter().filter_map(|label| Some(map.layers().get(layer)?.box_of(*label)));
    let tight = boxes.fold(VoxelBox::default(), |all, tight| all.union(&tight));
    let bounds = if tight.is_empty() { tight } else { tight.grown(margin(sigma_mm, spacing), entry.size()) };
    let values = map.copy_box(layer, bounds);
    let moves = |value: u16| value == 0 || labels.contains(&value);
    let mut best: Vec<(f32, u16)> = vec![(f32::NEG_INFINITY, 0); values.len()];
    for label in std::iter::once(0).chain(labels.iter().copied()) {
        let voxels = values.iter().map(|value| *value == label).collect();
        let share = Mask::from_voxels(bounds, voxels).map(|mask| blur(&mask, sigma_mm, spacing)).unwrap_or_default();
        best.par_iter_mut().zip(share).for_each(|(best, share)| {
            if share > best.0 {
                *best = (share, label);
            }
        });
    }
    let new = values.iter().zip(best).map(|(value, (_, label))| (moves(*value) && *value != label).then_some(label));
    let patch = Patch::from_values(bounds, new).ok_or_else(missing)?;
    Ok(Command::SetVoxels { image, layer, patch })
}

fn margin(sigma_mm: f64, spacing_mm: [f64; 3]) -> [usize; 3] {
    spacing_mm.map(|spacing| (REACH * sigma_mm / spacing).ceil() as usize)
}

/// The share of the mask around each voxel of its bounds. Beyond the bounds it goes on as at their edge.
fn blur(mask: &Mask, sigma_mm: f64, spacing_mm: [f64; 3]) -> Vec<f32> {
    let size = mask.bounds().size();
    let mut values: Vec<f32> = mask.voxels().iter().map(|v| f32::from(u8::from(*v))).collect();
    let strides = [1, size[0], size[0] * size[1]];
    for axis in 0..3 {
        let weights = kernel(sigma_mm / spacing_mm[axis]);
        if weights.len() == 1 || size[axis] < 2 {
            continue;
        }
        let reach = weights.len() / 2;
        let source = values.clone();
        values.par_iter_mut().enumerate().for_each(|(n, value)| {
            let at = n / strides[axis] % size[axis];
            let start = n - at * strides[axis];
            *value = weights
                .iter()
                .enumerate()
                .map(|(w, weight)| {
                    let from = (at + w).saturating_sub(reach).min(size[axis] - 1);
                    weight * source[start + from * strides[axis]]
                })
                .sum();
        });
    }
    values
}

/// Weights that sum to one; a single one where the axis does not take part.
fn kernel(sigma_voxels: f64) -> Vec<f32> {
    let reach = (REACH * sigma_voxels).ceil() as i32;
    if reach == 0 {
        return vec![1.0];
    }
    let weights: Vec<f64> =
        (-reach..=reach).map(|x| (-f64::from(x * x) / (2.0 * sigma_voxels * sigma_voxels)).exp()).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|w| (w / sum) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plane_stays_and_a_spike_goes() {
        let bounds = VoxelBox::whole([30, 30, 8]);
        let mask = Mask::from_fn(bounds, |v| v[0] < 15 || v == [15, 10, 4]);
        let smooth = gaussian(&mask, 1.5, [1.0, 1.0, 2.0], [30, 30, 8]).within(bounds);
        assert_eq!(smooth, Mask::from_fn(bounds, |v| v[0] < 15));
    }

    #[test]
    fn an_axis_of_infinite_spacing_is_left_alone() {
        let bounds = VoxelBox::whole([9, 9, 3]);
        let mask = Mask::from_fn(bounds, |v| v[2] == 1);
        assert_eq!(gaussian(&mask, 2.0, [1.0, 1.0, f64::INFINITY], [9, 9, 3]).within(bounds), mask);
    }
}
