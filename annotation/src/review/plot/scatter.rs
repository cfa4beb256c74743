//! Bland and Altman's plot: the difference of two measurements over their mean, with bias and limits of agreement.

use super::axes::Axis;
use super::data::Data;
use super::drawing::{Anchor, Drawing, Face, Frame, Ink, Pen, Tip};
use crate::metrics::statistics::{deviation, mean};

/// The reference and the prediction of one thing.
#[derive(Clone, Debug)]
pub struct Pair {
    pub of: String,
    pub reference: f64,
    pub predicted: f64,
    /// What it stands for.
    pub to: usize,
}

/// Of the n-th model.
#[must_use]
pub fn bland_altman(title: &str, unit: &str, (n, model): (usize, &str), pairs: &[Pair]) -> Drawing {
    let mut frame = Frame::new(title, [520.0, 360.0], [84.0, 44.0, 108.0, 52.0]);
    let differences: Vec<f64> = pairs.iter().map(|pair| pair.predicted - pair.reference).collect();
    let bias = mean(&differences).unwrap_or(0.0);
    let spread = 1.96 * deviation(&differences).unwrap_or(0.0);
    let middle = |pair: &Pair| f64::midpoint(pair.reference, pair.predicted);
    let x = Axis::around(&format!("Mean of both ({unit})"), pairs.iter().map(middle), None);
    let edges = [bias - spread, bias + spread, 0.0];
    let y = Axis::around(&format!("Prediction − reference ({unit})"), differences.iter().copied().chain(edges), None);
    frame.x_axis(&x);
    frame.y_axis(&y);
    let mut data = Data::new(&["case", "model", "reference", "predicted", "mean", "difference"]);
    for pair in pairs {
        let (mean, difference) = (middle(pair), pair.predicted - pair.reference);
        let of = pair.of.as_str();
        data.push([
            of.into(),
            model.into(),
            pair.reference.into(),
            pair.predicted.into(),
            mean.into(),
            difference.into(),
        ]);
        let tip = format!("{of}, {model}: {difference:+.2} {unit}, reference {:.2} {unit}", pair.reference);
        frame.dot([frame.x(&x, mean), frame.y(&y, difference)], 3.2, Ink::Model(n), Tip::new(tip, vec![pair.to]));
    }
    let marks = [("bias", bias, false), ("+1.96 SD", bias + spread, true), ("−1.96 SD", bias - spread, true)];
    let shown = if spread > 0.0 { &marks[..] } else { &marks[..1] };
    let gap = (frame.y(&y, bias) - frame.y(&y, bias + spread)).abs();
    for (n, (name, value, dashed)) in shown.iter().enumerate() {
        let at = frame.y(&y, *value);
        frame.line([frame.left, at], [frame.right, at], Pen { dashed: *dashed, ..Pen::new(Ink::Text, 1.3) });
        // Lines close together push their words apart.
        let push = if gap < 26.0 { [0.0, gap - 26.0, 26.0 - gap][n] } else { 0.0 };
        let beside = frame.right + 6.0;
        frame.text([beside, at - 1.0 + push], Anchor::Start, Face::Small, name);
        frame.text([beside, at + 11.0 + push], Anchor::Start, Face::Small, &format!("{value:+.2}"));
    }
    frame.finish(data)
}
