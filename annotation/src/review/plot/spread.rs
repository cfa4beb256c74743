//! How a figure is spread: a violin, a box over it and every case as a dot.

use super::axes::{Axis, Frame, shortened};
use super::colour;
use crate::review::summary::quartiles;

/// One column: its name and the values with what they are of.
pub type Column = (String, Vec<(String, f64)>);

/// Half the width of a violin.
const HALF: f64 = 40.0;

/// One column beside the other over a common axis.
#[must_use]
pub fn spread(title: &str, axis_title: &str, columns: &[Column], limits: Option<[f64; 2]>) -> String {
    let step = (HALF * 2.0 + 34.0).max(110.0);
    let width = (120.0 + step * columns.len() as f64).max(420.0);
    let mut frame = Frame::new(title, [width, 380.0], [70.0, 44.0, 20.0, 52.0]);
    let values = columns.iter().flat_map(|(_, values)| values.iter().map(|(_, value)| *value));
    let axis = Axis::around(axis_title, values, limits);
    frame.y_axis(&axis);
    for (n, (name, values)) in columns.iter().enumerate() {
        let middle = frame.left + step * (n as f64 + 0.5);
        column(&mut frame, &axis, middle, colour(n), values);
        frame.text([middle, frame.bottom + 20.0], "middle", "", &shortened(name, 16));
        frame.text([middle, frame.bottom + 36.0], "middle", "s", &format!("n = {}", values.len()));
    }
    frame.svg()
}

fn column(frame: &mut Frame, axis: &Axis, middle: f64, colour: &str, values: &[(String, f64)]) {
    let plain: Vec<f64> = values.iter().map(|(_, value)| *value).collect();
    let Some([least, low, median, high, most]) = quartiles(&plain) else { return };
    if plain.len() >= 5 && most > least {
        violin(frame, axis, middle, colour, &plain);
    }
    let y = |frame: &Frame, value: f64| frame.y(axis, value);
    let reach = 1.5 * (high - low);
    let inside = |value: &&f64| (low - reach..=high + reach).contains(*value);
    let whisker = |pick: fn(f64, f64) -> f64, from: f64| plain.iter().filter(inside).copied().fold(from, pick);
    let (bottom, top) = (whisker(f64::min, low), whisker(f64::max, high));
    let ink = "stroke=\"#1c2430\" stroke-width=\"1.2\"";
    let [yb, yl, ym, yh, yt] = [bottom, low, median, high, top].map(|value| y(frame, value));
    frame.line([middle, yb], [middle, yl], ink);
    frame.line([middle, yh], [middle, yt], ink);
    let tip = format!("median {median:.3}, quartiles {low:.3} to {high:.3}");
    let style = "fill=\"#fff\" fill-opacity=\"0.75\" stroke=\"#1c2430\" stroke-width=\"1.2\"";
    frame.rect([middle - 11.0, yh], [22.0, (yl - yh).max(1.0)], style, &tip);
    frame.line([middle - 11.0, ym], [middle + 11.0, ym], "stroke=\"#1c2430\" stroke-width=\"2.4\"");
    let style = format!("fill=\"{colour}\" fill-opacity=\"0.75\"");
    for (n, (case, value)) in values.iter().enumerate() {
        // Beside each other by a fixed pattern, so that equal values do not hide each other.
        let aside = ((n * 37 % 21) as f64 / 20.0 - 0.5) * 26.0;
        let at = [middle + aside, y(frame, *value)];
        frame.dot(at, 2.4, &style, &format!("{case}: {value:.4}"));
    }
}

/// A density by Gaussian kernels (Silverman's width), cut at the least and the most.
fn violin(frame: &mut Frame, axis: &Axis, middle: f64, colour: &str, values: &[f64]) {
    const STEPS: usize = 60;
    let Some([least, low, _, high, most]) = quartiles(values) else { return };
    let deviation = crate::metrics::statistics::deviation(values).unwrap_or(0.0);
    let robust = (high - low) / 1.34;
    let spread = if robust > 0.0 { deviation.min(robust) } else { deviation };
    let width = (0.9 * spread * (values.len() as f64).powf(-0.2)).max((most - least) / 100.0);
    let density = |at: f64| values.iter().map(|v| (-((at - v) / width).powi(2) / 2.0).exp()).sum::<f64>();
    let places: Vec<f64> = (0..=STEPS).map(|n| least + (most - least) * n as f64 / STEPS as f64).collect();
    let densities: Vec<f64> = places.iter().map(|at| density(*at)).collect();
    let highest = densities.iter().copied().fold(0.0, f64::max);
    let side =
        |sign: f64, (place, density): (&f64, &f64)| [middle + sign * HALF * density / highest, frame.y(axis, *place)];
    let mut outline: Vec<[f64; 2]> = places.iter().zip(&densities).map(|pair| side(-1.0, pair)).collect();
    outline.extend(places.iter().zip(&densities).rev().map(|pair| side(1.0, pair)));
    frame
        .path(&outline, &format!("fill=\"{colour}\" fill-opacity=\"0.22\" stroke=\"{colour}\" stroke-opacity=\"0.6\""));
}
