//! How a figure is spread: a violin, a box over it and every case as a dot.

use super::axes::{Axis, shortened};
use super::data::Data;
use super::drawing::{Anchor, Drawing, Face, Frame, Ink, Mark, Paint, Pen, Tip};
use crate::review::summary::quartiles;

/// A value, what it is of, and what it stands for.
#[derive(Clone, Debug)]
pub struct Valued {
    pub of: String,
    pub value: f64,
    pub to: usize,
}

/// One model.
#[derive(Clone, Debug)]
pub struct Column {
    pub name: String,
    pub values: Vec<Valued>,
}

/// Half the width of a violin.
const HALF: f64 = 40.0;

/// One column beside the other over a common axis.
#[must_use]
pub fn spread(title: &str, axis_title: &str, columns: &[Column], limits: Option<[f64; 2]>) -> Drawing {
    let step = (HALF * 2.0 + 34.0).max(110.0);
    let width = (120.0 + step * columns.len() as f64).max(420.0);
    let mut frame = Frame::new(title, [width, 380.0], [70.0, 44.0, 20.0, 52.0]);
    let values = columns.iter().flat_map(|column| column.values.iter().map(|one| one.value));
    let axis = Axis::around(axis_title, values, limits);
    frame.y_axis(&axis);
    let mut data = Data::new(&["case", "model", "value"]);
    for (n, one) in columns.iter().enumerate() {
        let middle = frame.left + step * (n as f64 + 0.5);
        one.values.iter().for_each(|v| data.push([v.of.as_str().into(), one.name.as_str().into(), v.value.into()]));
        column(&mut frame, &axis, (n, middle), one);
        frame.text([middle, frame.bottom + 20.0], Anchor::Middle, Face::Body, &shortened(&one.name, 16));
        let count = format!("n = {}", one.values.len());
        frame.text([middle, frame.bottom + 36.0], Anchor::Middle, Face::Small, &count);
    }
    frame.finish(data)
}

fn column(frame: &mut Frame, axis: &Axis, (n, middle): (usize, f64), column: &Column) {
    let plain: Vec<f64> = column.values.iter().map(|one| one.value).collect();
    let Some([least, low, median, high, most]) = quartiles(&plain) else { return };
    if plain.len() >= 5 && most > least {
        violin(frame, axis, (n, middle), &plain);
    }
    let reach = 1.5 * (high - low);
    let inside = |value: &&f64| (low - reach..=high + reach).contains(*value);
    let whisker = |pick: fn(f64, f64) -> f64, from: f64| plain.iter().filter(inside).copied().fold(from, pick);
    let (bottom, top) = (whisker(f64::min, low), whisker(f64::max, high));
    let pen = Pen::new(Ink::Text, 1.2);
    let [yb, yl, ym, yh, yt] = [bottom, low, median, high, top].map(|value| frame.y(axis, value));
    frame.line([middle, yb], [middle, yl], pen);
    frame.line([middle, yh], [middle, yt], pen);
    let tip = Tip::new(format!("{}: median {median:.3}, quartiles {low:.3} to {high:.3}", column.name), Vec::new());
    let fill = Paint { ink: Ink::Ground, opacity: 0.75 };
    frame.add(Mark::Rect { at: [middle - 11.0, yh], size: [22.0, (yl - yh).max(1.0)], fill, edge: pen, tip });
    frame.line([middle - 11.0, ym], [middle + 11.0, ym], Pen::new(Ink::Text, 2.4));
    for (place, Valued { of, value, to }) in column.values.iter().enumerate() {
        // Beside each other by a fixed pattern, so that equal values do not hide each other.
        let aside = ((place * 37 % 21) as f64 / 20.0 - 0.5) * 26.0;
        let tip = Tip::new(format!("{of}, {}: {value:.4}", column.name), vec![*to]);
        frame.dot([middle + aside, frame.y(axis, *value)], 2.4, Ink::Model(n), tip);
    }
}

/// A density by Gaussian kernels (Silverman's width), cut at the least and the most.
fn violin(frame: &mut Frame, axis: &Axis, (n, middle): (usize, f64), values: &[f64]) {
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
    let rib = |(place, density): (&f64, &f64)| {
        let (half, y) = (HALF * density / highest, frame.y(axis, *place));
        [[middle - half, y], [middle + half, y]]
    };
    let ribs = places.iter().zip(&densities).map(rib).collect();
    let fill = Paint { ink: Ink::Model(n), opacity: 0.22 };
    frame.add(Mark::Band { ribs, fill, edge: Pen::new(Ink::Model(n), 0.8) });
}
