//! How much each voxel of a patch looks like what was marked for, rather than like the rest of it.
//!
//! A convolution sees a neighbourhood; that a distant voxel has the value of the marked ones it learns only slowly. So
//! the networks made here are shown it: values fall into bins, marks vote for theirs, and a voxel's channel is the
//! logarithm of how much likelier its bin is under the marks. `segmentation/training/network.py` computes the same.

use super::contract::{Contract, Pair};
use rayon::prelude::*;

const BINS: usize = 64;
/// In bins.
const SMOOTHING: f32 = 2.0;
const SMOOTHING_REACH: usize = 6;
/// Regions hold other things too, and vote faintly.
const REGION_SHARE: f32 = 0.02;
/// What every bin is likely at least, so that rare values decide nothing.
const LEAST_SHARE: f32 = 0.002;
const LARGEST: f32 = 3.0;

/// How strongly each voxel was marked for and against.
pub struct Marks {
    ahead: Vec<f32>,
    against: Vec<f32>,
}

impl Marks {
    /// From the channels of the prompts, one after another.
    pub fn of(contract: &Contract, prompts: &[f32], plane: usize) -> Self {
        let sum = |side: usize| {
            let mut total = vec![0.0; plane];
            let mut add = |pair: Option<Pair>, share: f32| {
                let Some(pair) = pair else { return };
                let channel = &prompts[pair[side] * plane..(pair[side] + 1) * plane];
                total.iter_mut().zip(channel).for_each(|(total, &ink)| *total += share * ink);
            };
            add(contract.point, 1.0);
            add(contract.scribble, 1.0);
            add(contract.lasso, REGION_SHARE);
            if contract.box_2d != contract.lasso {
                add(contract.box_2d, REGION_SHARE);
            }
            total
        };
        Self { ahead: sum(0), against: sum(1) }
    }
}

/// From -1 to 1 for each voxel of a patch (columns, rows, slices), values averaged over `reach` voxels to all sides.
pub fn similarity(pictures: &[f32], channels: usize, patch: [usize; 3], marks: &Marks, reach: usize) -> Vec<f32> {
    let plane = patch.iter().product();
    let mut total = vec![0.0_f32; plane];
    if marks.ahead.iter().all(|&mark| mark <= 0.0) {
        return total;
    }
    let opposed = marks.against.iter().any(|&mark| mark > 0.0);
    for picture in pictures.chunks_exact(plane) {
        let seen = averaged(picture, patch, reach);
        let bins: Vec<u8> = seen.par_iter().map(|&value| bin(value)).collect();
        let shares = [Some(&marks.ahead), Some(&marks.against), None].map(|weights| shares(&bins, weights));
        let score: [f32; BINS] = std::array::from_fn(|n| {
            let rest = if opposed { f32::midpoint(shares[1][n], shares[2][n]) } else { shares[2][n] };
            ((shares[0][n] + LEAST_SHARE) / (rest + LEAST_SHARE)).ln().clamp(-LARGEST, LARGEST) / LARGEST
        });
        total.par_iter_mut().zip(&bins).for_each(|(total, &bin)| *total += score[usize::from(bin)] / channels as f32);
    }
    total
}

/// Bins of an eighth of a deviation, from four below the mean to four above.
fn bin(value: f32) -> u8 {
    ((value + 4.0) * 8.0).floor().clamp(0.0, (BINS - 1) as f32) as u8
}

/// How likely each bin is among the voxels, by weight or all alike, smoothed.
fn shares(bins: &[u8], weights: Option<&Vec<f32>>) -> [f32; BINS] {
    let mut counted = [0.0_f64; BINS];
    match weights {
        Some(weights) => bins.iter().zip(weights).for_each(|(&bin, &w)| counted[usize::from(bin)] += f64::from(w)),
        None => bins.iter().for_each(|&bin| counted[usize::from(bin)] += 1.0),
    }
    let bell = |distance: usize| (-0.5 * (distance as f32 / SMOOTHING).powi(2)).exp();
    let smoothed: [f32; BINS] = std::array::from_fn(|n| {
        let near = n.saturating_sub(SMOOTHING_REACH)..(n + SMOOTHING_REACH + 1).min(BINS);
        near.map(|m| counted[m] as f32 * bell(m.abs_diff(n))).sum()
    });
    let total = smoothed.iter().sum::<f32>().max(1e-6);
    smoothed.map(|share| share / total)
}

/// The mean over a box around each voxel, of what of the box lies in the patch.
fn averaged(picture: &[f32], patch: [usize; 3], reach: usize) -> Vec<f32> {
    let mut values = picture.to_vec();
    if reach == 0 {
        return values;
    }
    let steps = [1, patch[0], patch[0] * patch[1]];
    for axis in (0..3).filter(|&axis| patch[axis] > 1) {
        let (length, step) = (patch[axis], steps[axis]);
        let mut line = vec![0.0; length];
        let (u, v) = crate::raster::across(axis);
        for b in 0..patch[v] {
            for a in 0..patch[u] {
                let first = a * steps[u] + b * steps[v];
                for (n, value) in line.iter_mut().enumerate() {
                    *value = values[first + n * step];
                }
                for n in 0..length {
                    let near = &line[n.saturating_sub(reach)..(n + reach + 1).min(length)];
                    values[first + n * step] = near.iter().sum::<f32>() / near.len() as f32;
                }
            }
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use safetensors::SafeTensors;
    use std::path::Path;

    /// tests/data/similarity.py asks segmentation/training for the same channels.
    #[test]
    fn the_channels_are_those_the_networks_are_trained_with() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/similarity.safetensors");
        let bytes = std::fs::read(path).unwrap();
        let all = SafeTensors::deserialize(&bytes).unwrap();
        let halves = |name: &str| -> Vec<f32> {
            let data = all.tensor(name).unwrap().data();
            data.as_chunks::<2>().0.iter().map(|&b| crate::half::widened(u16::from_le_bytes(b))).collect()
        };
        for name in ["volume", "volume against", "plane", "plane unmarked"] {
            let kept = all.tensor(&format!("{name} channels")).unwrap();
            let wanted: Vec<f32> = kept.data().as_chunks::<4>().0.iter().map(|&b| f32::from_le_bytes(b)).collect();
            let shape = &kept.shape()[1..];
            let patch = [shape[shape.len() - 1], shape[shape.len() - 2], if shape.len() == 3 { shape[0] } else { 1 }];
            let plane: usize = patch.iter().product();
            let picture = halves(&format!("{name} picture"));
            // The previous mask comes before the ink, and is not looked at.
            let prompts = [vec![0.0; plane], halves(&format!("{name} ink"))].concat();
            let marks = Marks::of(&Contract::usual(), &prompts, plane);
            let found: Vec<f32> =
                [0, 2].iter().flat_map(|&n| similarity(&picture, picture.len() / plane, patch, &marks, n)).collect();
            assert_eq!(found.len(), wanted.len());
            // A mean that is summed in another order may fall into the next bin.
            let off = found.iter().zip(&wanted).filter(|(a, b)| (*a - *b).abs() > 1e-4).count();
            assert!(off * 1000 <= found.len(), "{name}: {off} of {}", found.len());
            assert_eq!(wanted.iter().all(|&w| w == 0.0), name == "plane unmarked");
        }
    }

    #[test]
    fn what_looks_like_the_marks_stands_out() {
        let patch = [8, 4, 1];
        let picture: Vec<f32> = (0..32).map(|n| if n % 8 < 4 { 1.0 } else { -1.0 }).collect();
        let mut marks = Marks { ahead: vec![0.0; 32], against: vec![0.0; 32] };
        assert!(similarity(&picture, 1, patch, &marks, 0).iter().all(|&v| v == 0.0));
        marks.ahead[8] = 1.0;
        let found = similarity(&picture, 1, patch, &marks, 0);
        assert!(found[1] > 0.2 && found[6] < -0.9, "{found:?}");
        marks.against[12] = 1.0;
        assert!(similarity(&picture, 1, patch, &marks, 0)[1] > found[1]);
    }

    #[test]
    fn the_mean_is_of_what_lies_in_the_patch() {
        let picture: Vec<f32> = (0..5).map(|n| n as f32).collect();
        assert_eq!(averaged(&picture, [5, 1, 1], 1), [0.5, 1.0, 2.0, 3.0, 3.5]);
    }
}
