//! Bland and Altman's plot: the difference of two measurements over their mean, with bias and limits of agreement.

use super::axes::{Axis, Frame};
use crate::metrics::statistics::{deviation, mean};

/// Pairs of reference and prediction with what they are of.
#[must_use]
pub fn bland_altman(title: &str, unit: &str, colour: &str, pairs: &[(String, f64, f64)]) -> String {
    let mut frame = Frame::new(title, [520.0, 360.0], [84.0, 44.0, 108.0, 52.0]);
    let differences: Vec<f64> = pairs.iter().map(|(_, a, b)| b - a).collect();
    let bias = mean(&differences).unwrap_or(0.0);
    let spread = 1.96 * deviation(&differences).unwrap_or(0.0);
    let x = Axis::around(&format!("Mean of both ({unit})"), pairs.iter().map(|(_, a, b)| f64::midpoint(*a, *b)), None);
    let edges = [bias - spread, bias + spread, 0.0];
    let y = Axis::around(&format!("Prediction − reference ({unit})"), differences.iter().copied().chain(edges), None);
    frame.x_axis(&x);
    frame.y_axis(&y);
    let style = format!("fill=\"{colour}\" fill-opacity=\"0.7\"");
    for (name, a, b) in pairs {
        let at = [frame.x(&x, f64::midpoint(*a, *b)), frame.y(&y, b - a)];
        frame.dot(at, 3.2, &style, &format!("{name}: {:+.2} {unit}", b - a));
    }
    let marks = [
        ("bias", bias, ""),
        ("+1.96 SD", bias + spread, "stroke-dasharray=\"5 4\""),
        ("−1.96 SD", bias - spread, "stroke-dasharray=\"5 4\""),
    ];
    let shown = if spread > 0.0 { &marks[..] } else { &marks[..1] };
    let gap = (frame.y(&y, bias) - frame.y(&y, bias + spread)).abs();
    for (n, (name, value, dash)) in shown.iter().enumerate() {
        let at = frame.y(&y, *value);
        frame.line([frame.left, at], [frame.right, at], &format!("stroke=\"#1c2430\" stroke-width=\"1.3\" {dash}"));
        // Lines close together push their words apart.
        let push = if gap < 26.0 { [0.0, gap - 26.0, 26.0 - gap][n] } else { 0.0 };
        frame.text([frame.right + 6.0, at - 1.0 + push], "start", "s", name);
        frame.text([frame.right + 6.0, at + 11.0 + push], "start", "s", &format!("{value:+.2}"));
    }
    frame.svg()
}
