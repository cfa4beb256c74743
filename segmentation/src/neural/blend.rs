//! A network and the classical engine asked the same, and their answers taken together.
//!
//! What one of them misses the other mostly sees: the network knows shapes and noise, the classical engine keeps to
//! edges and to the values that were marked. `docs/segmentation.md` says what the mean of both is worth.

use crate::classical::Classical;
use crate::engine::{Engine as _, Prediction, Request, changed_box};
use crate::error::Result;
use crate::neural::shares::HALF;
use limner_imaging::{Mask, Task, VoxelBox};

/// How much of the answer is the classical engine's.
const SHARE: f32 = 0.5;

/// A network of ours is surer than it is right: its lead counts for a third.
const TEMPERATURE: f32 = 3.0;

/// The mean of a network's answer and the classical engine's.
pub fn blended(network: &Prediction, request: &Request, task: &Task) -> Result<Prediction> {
    let classical = Classical::default().predict(&Request { previous: None, answered: 0, ..*request }, task)?;
    let bounds = network.mask.bounds().union(&classical.mask.bounds());
    let probability = |at: [usize; 3]| {
        let network = calmed(network.probability_at(at));
        network.mul_add(1.0 - SHARE, SHARE * classical.probability_at(at))
    };
    let both = Mask::from_fn(bounds, |at| probability(at) >= 0.5 && !request.is_forbidden(at));
    let mask = both.within(both.tight_box());
    let shares = each(&mask.bounds()).map(|at| {
        let byte = (probability(at) * 255.0).round() as u8;
        if mask.get(at) { byte.max(HALF) } else { byte.min(HALF - 1) }
    });
    let probability = Some(shares.collect());
    let changed = changed_box(request.previous.map(|p| &p.mask), &mask);
    let seconds = network.seconds + classical.seconds;
    Ok(Prediction { mask, probability, changed, seconds })
}

/// The probability of a lead that counts for less.
fn calmed(probability: f32) -> f32 {
    let odds = (probability.max(1e-6) / (1.0 - probability).max(1e-6)).powf(1.0 / TEMPERATURE);
    odds / (1.0 + odds)
}

/// All voxels of a box, columns fastest.
fn each(bounds: &VoxelBox) -> impl Iterator<Item = [usize; 3]> + use<> {
    let VoxelBox { min, max } = *bounds;
    let rows = move |k| (min[1]..max[1]).map(move |j| [j, k]);
    (min[2]..max[2]).flat_map(rows).flat_map(move |[j, k]| (min[0]..max[0]).map(move |i| [i, j, k]))
}

#[cfg(test)]
mod tests {
    use super::calmed;

    #[test]
    fn doubt_stays_and_certainty_shrinks() {
        assert!((calmed(0.5) - 0.5).abs() < 1e-6);
        assert!(calmed(0.99) < 0.9 && calmed(0.99) > 0.75 && calmed(0.01) < 0.25);
    }
}
