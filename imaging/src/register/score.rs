//! How much one volume's values tell of the other's.

use super::level::Level;
use glam::{DAffine3, DVec3};
use rayon::prelude::*;

const BINS: usize = 32;
/// Samples one thread sums up on its own.
const PART: usize = 4096;

/// Places of the fixed volume, each with the bin of its value.
pub struct Samples {
    points: Vec<(DVec3, u8)>,
}

pub struct Overlap {
    /// Of the samples, how many fell into the moving volume.
    pub share: f64,
    /// Normalised mutual information: from 1 to 2.
    pub information: f64,
}

impl Samples {
    /// About `count` places, spread evenly but on no grid that could beat with the moving volume's.
    pub fn spread(level: &Level, count: usize) -> Self {
        // The steps of a sequence that fills space evenly (Roberts), one for each axis.
        const STEPS: DVec3 = DVec3::new(0.819_172_513_396_164_5, 0.671_043_606_703_789_2, 0.549_700_477_901_970_3);
        let top = DVec3::from_array(level.size.map(|n| n as f64 - 1.0));
        let points = (0..count).filter_map(|n| {
            let at = (STEPS * (n as f64 + 0.5)).fract() * top;
            Some((level.world_from_block.transform_point3(at), bin(level, level.at(at)?).0))
        });
        Self { points: points.collect() }
    }

    /// Compares with a moving volume laid over by a transform from the fixed world to the moving one's.
    pub fn against(&self, moving: &Level, moving_from_fixed: &DAffine3) -> Overlap {
        let block_from_fixed = moving.block_from_world * *moving_from_fixed;
        let part = |points: &[(DVec3, u8)]| {
            let mut joint = vec![0.0_f64; BINS * BINS];
            for (point, fixed_bin) in points {
                let Some(value) = moving.at(block_from_fixed.transform_point3(*point)) else { continue };
                // A value between two bins counts in both: the score then changes smoothly.
                let (low, share) = bin(moving, value);
                let row = usize::from(*fixed_bin) * BINS + usize::from(low);
                joint[row] += 1.0 - share;
                joint[row + 1] += share;
            }
            joint
        };
        let sum = |mut a: Vec<f64>, b: Vec<f64>| {
            a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
            a
        };
        let parts: Vec<Vec<f64>> = self.points.par_chunks(PART).map(part).collect();
        // Added in order: the same bits on any number of threads.
        let joint = parts.into_iter().fold(vec![0.0; BINS * BINS], sum);
        overlap_of(&joint, self.points.len())
    }
}

/// The lower of the two bins a value lies between, and how far it is towards the upper one.
fn bin(level: &Level, value: f32) -> (u8, f64) {
    let [low, high] = level.range;
    let width = (high - low).max(f32::MIN_POSITIVE);
    let at = ((value - low) / width).clamp(0.0, 1.0) * (BINS - 1) as f32;
    let lower = at.floor().min((BINS - 2) as f32);
    (lower as u8, f64::from(at - lower))
}

fn overlap_of(joint: &[f64], count: usize) -> Overlap {
    let total: f64 = joint.iter().sum();
    if total <= 0.0 {
        return Overlap { share: 0.0, information: 1.0 };
    }
    let entropy = |counts: &mut dyn Iterator<Item = f64>| -> f64 {
        counts.filter(|&n| n > 0.0).map(|n| -(n / total) * (n / total).ln()).sum()
    };
    let rows = entropy(&mut joint.chunks(BINS).map(|row| row.iter().sum()));
    let columns = entropy(&mut (0..BINS).map(|c| (0..BINS).map(|r| joint[r * BINS + c]).sum()));
    let both = entropy(&mut joint.iter().copied());
    let information = if both > 1e-9 { (rows + columns) / both } else { 1.0 };
    Overlap { share: total / count.max(1) as f64, information }
}
