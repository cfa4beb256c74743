//! A network and the classical engine asked the same, and their answers taken together.
//!
//! What one of them misses the other mostly sees: the network knows shapes and noise, the classical engine keeps to
//! edges and to the values that were marked. It is asked twice, once on its own and once with the network's answer as a
//! hint, which tells it how large the object is and what all of it looks like. `docs/segmentation.md` says what this is
//! worth.

use super::encode::each;
use super::settled;
use super::shares::{HALF, Shares};
use super::window::Window;
use crate::classical::{Classical, Hint};
use crate::engine::{Prediction, Request, changed_box};
use crate::error::Result;
use crate::prompt::{Prompt, Shape};
use limner_imaging::{StackAxis, Task};

/// How much of the answer is the network's, the classical engine's own, and the one it gives with a hint.
const SHARES: [f32; 3] = [0.4, 0.2, 0.4];

/// The same where there is no hint.
const SHARES_OF_TWO: [f32; 2] = [0.5, 0.5];

/// A network of ours is surer than it is right: its lead counts for a third.
const TEMPERATURE: f32 = 3.0;

/// The mean of a network's answer and the classical engine's.
pub fn blended(network: &Prediction, request: &Request, task: &Task) -> Result<Prediction> {
    let (classical, fresh) = (Classical::default(), Request { previous: None, answered: 0, ..*request });
    let own = classical.answer(&fresh, None, task)?;
    let hint = takes_hints(request).then(|| Hint::of(&network.mask, request.image)).flatten();
    let hinted = hint.map(|hint| classical.answer(&fresh, Some(&hint), task)).transpose()?;
    let mut bounds = network.mask.bounds().union(&own.mask.bounds());
    if let Some(hinted) = &hinted {
        bounds = bounds.union(&hinted.mask.bounds());
    }
    let mut values = Vec::with_capacity(bounds.len());
    each(&bounds, |at| {
        let (network, own) = (calmed(network.probability_at(at)), own.probability_at(at));
        let mean = match &hinted {
            Some(hinted) => SHARES[0] * network + SHARES[1] * own + SHARES[2] * hinted.probability_at(at),
            None => SHARES_OF_TWO[0] * network + SHARES_OF_TWO[1] * own,
        };
        let share = (mean * 255.0).round() as u8;
        values.push(if request.is_forbidden(at) { share.min(HALF - 1) } else { share });
    });
    let (mask, probability) = settled(&Shares { window: Window::of(&bounds), values }, request);
    let changed = changed_box(request.previous.map(|p| &p.mask), &mask);
    let seconds = network.seconds + own.seconds + hinted.map_or(0.0, |hinted| hinted.seconds);
    Ok(Prediction { mask, probability, changed, seconds })
}

/// A mask to start from has the word already, and a region on one slice of a volume is solved in that slice first, where
/// hints measured as a loss.
fn takes_hints(request: &Request) -> bool {
    let in_space = request.image.size()[2] > 1 && request.image.stack_axis == StackAxis::Space;
    let stands_alone = |prompt: &Prompt| match &prompt.shape {
        Shape::Mask { .. } => false,
        Shape::Box { .. } | Shape::Lasso { .. } | Shape::Marks { lasso: true, .. } => !(in_space && prompt.positive),
        Shape::Point { .. } | Shape::Scribble { .. } | Shape::Marks { .. } => true,
    };
    request.prompts.iter().all(stands_alone)
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
