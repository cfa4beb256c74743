//! A network and the classical engine asked the same, and their answers taken together.
//!
//! What one of them misses the other mostly sees: the network knows shapes and noise, the classical engine keeps to
//! edges and to the values that were marked. `docs/segmentation.md` says what the mean of both is worth.

use super::encode::each;
use super::settled;
use super::shares::{HALF, Shares};
use super::window::Window;
use crate::classical::Classical;
use crate::engine::{Engine as _, Prediction, Request, changed_box};
use crate::error::Result;
use limner_imaging::Task;

/// How much of the answer is the classical engine's.
const SHARE: f32 = 0.5;

/// A network of ours is surer than it is right: its lead counts for a third.
const TEMPERATURE: f32 = 3.0;

/// The mean of a network's answer and the classical engine's.
pub fn blended(network: &Prediction, request: &Request, task: &Task) -> Result<Prediction> {
    let classical = Classical::default().predict(&Request { previous: None, answered: 0, ..*request }, task)?;
    let bounds = network.mask.bounds().union(&classical.mask.bounds());
    let mut values = Vec::with_capacity(bounds.len());
    each(&bounds, |at| {
        let network = calmed(network.probability_at(at));
        let both = network.mul_add(1.0 - SHARE, SHARE * classical.probability_at(at));
        let share = (both * 255.0).round() as u8;
        values.push(if request.is_forbidden(at) { share.min(HALF - 1) } else { share });
    });
    let (mask, probability) = settled(&Shares { window: Window::of(&bounds), values }, request);
    let changed = changed_box(request.previous.map(|p| &p.mask), &mask);
    Ok(Prediction { mask, probability, changed, seconds: network.seconds + classical.seconds })
}

/// The probability of a lead that counts for less.
fn calmed(probability: f32) -> f32 {
    let odds = (probability.max(1e-6) / (1.0 - probability).max(1e-6)).powf(1.0 / TEMPERATURE);
    odds / (1.0 + odds)
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
