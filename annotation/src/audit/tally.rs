//! Sums over the rows of a node, from which impurity follows: by class, or of values. A tally is a stretch of a flat list,
//! so that those of all bins lie side by side; rows come first in each.

/// What a node sums up: rows and rows by class, or rows, sum and sum of squares.
pub(super) trait Tally: Send + Sync {
    type Label: Copy + Send + Sync;
    /// How many numbers a tally has.
    fn width(classes: usize) -> usize;
    fn add(tally: &mut [f64], label: Self::Label, weight: f64);
    /// Impurity times rows.
    fn impurity(tally: &[f64]) -> f64;
    fn write(tally: &[f64], out: &mut Vec<f32>);
}

pub(super) const fn rows(tally: &[f64]) -> f64 {
    tally[0]
}

pub(super) fn join(into: &mut [f64], other: &[f64]) {
    for (mine, theirs) in into.iter_mut().zip(other) {
        *mine += theirs;
    }
}

/// `whole` without `part`.
pub(super) fn rest(whole: &[f64], part: &[f64], rest: &mut [f64]) {
    for ((out, all), part) in rest.iter_mut().zip(whole).zip(part) {
        *out = all - part;
    }
}

pub(super) struct ClassTally;

impl Tally for ClassTally {
    type Label = u32;

    fn width(classes: usize) -> usize {
        classes + 1
    }

    fn add(tally: &mut [f64], label: u32, weight: f64) {
        tally[0] += weight;
        tally[label as usize + 1] += weight;
    }

    fn impurity(tally: &[f64]) -> f64 {
        // Gini: rows minus the sum of squares over rows.
        let rows = rows(tally);
        if rows == 0.0 { 0.0 } else { rows - tally[1..].iter().map(|n| n * n).sum::<f64>() / rows }
    }

    fn write(tally: &[f64], out: &mut Vec<f32>) {
        out.extend(tally[1..].iter().map(|n| (n / rows(tally).max(1.0)) as f32));
    }
}

pub(super) struct ValueTally;

impl Tally for ValueTally {
    type Label = f32;

    fn width(_: usize) -> usize {
        3
    }

    fn add(tally: &mut [f64], label: f32, weight: f64) {
        let value = f64::from(label);
        tally[0] += weight;
        tally[1] += weight * value;
        tally[2] += weight * value * value;
    }

    fn impurity(tally: &[f64]) -> f64 {
        let [rows, sum, squares] = [tally[0], tally[1], tally[2]];
        if rows == 0.0 { 0.0 } else { (squares - sum * sum / rows).max(0.0) }
    }

    fn write(tally: &[f64], out: &mut Vec<f32>) {
        out.push((tally[1] / rows(tally).max(1.0)) as f32);
    }
}
