//! How much raters agree beyond chance. Where all say the same thing of everything, chance cannot be told from agreement
//! and there is no figure.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How far apart two categories are, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weights {
    /// Another category is another category.
    None,
    Linear,
    Quadratic,
}

impl Weights {
    fn apart(self, a: usize, b: usize) -> f64 {
        match self {
            Self::None => f64::from(u8::from(a != b)),
            Self::Linear => a.abs_diff(b) as f64,
            Self::Quadratic => (a.abs_diff(b) as f64).powi(2),
        }
    }
}

/// Cohen's kappa of two raters, from their category of each item counted from 0.
#[must_use]
pub fn cohen(pairs: &[(usize, usize)], weights: Weights) -> Option<f64> {
    let classes = pairs.iter().map(|(a, b)| a.max(b) + 1).max()?;
    let (mut one, mut other) = (vec![0.0; classes], vec![0.0; classes]);
    pairs.iter().for_each(|&(a, b)| {
        one[a] += 1.0;
        other[b] += 1.0;
    });
    let seen: f64 = pairs.iter().map(|&(a, b)| weights.apart(a, b)).sum();
    let mut by_chance = 0.0;
    for (a, count) in one.iter().enumerate() {
        for (b, other) in other.iter().enumerate() {
            by_chance += weights.apart(a, b) * count * other / pairs.len() as f64;
        }
    }
    super::share(seen, by_chance).map(|share| 1.0 - share)
}

/// Fleiss' kappa: how many raters chose each category, item by item. Every item has the same number of raters.
#[must_use]
pub fn fleiss(items: &[Vec<usize>]) -> Option<f64> {
    let raters: usize = items.first()?.iter().sum();
    if raters < 2 || items.iter().any(|row| row.iter().sum::<usize>() != raters) {
        return None;
    }
    let (n, r) = (items.len() as f64, raters as f64);
    let agreed = |row: &Vec<usize>| {
        let pairs: usize = row.iter().map(|count| count * count.saturating_sub(1)).sum();
        pairs as f64 / (r * (r - 1.0))
    };
    let seen = items.iter().map(agreed).sum::<f64>() / n;
    let classes = items.iter().map(Vec::len).max().unwrap_or(0);
    let part = |class: usize| items.iter().filter_map(|row| row.get(class)).sum::<usize>() as f64 / (n * r);
    let by_chance: f64 = (0..classes).map(|class| part(class).powi(2)).sum();
    super::share(seen - by_chance, 1.0 - by_chance)
}

/// The six intraclass correlations of Shrout and Fleiss.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Icc {
    /// Each item by raters of its own.
    pub one_way: f64,
    /// The same raters, taken from many; absolute agreement.
    pub two_way_random: f64,
    /// These raters and no others; consistency.
    pub two_way_mixed: f64,
    /// The same three for the mean of all raters.
    pub one_way_mean: f64,
    pub two_way_random_mean: f64,
    pub two_way_mixed_mean: f64,
}

/// Ratings item by item, each by all raters. `None` for fewer than two items or raters, or where nothing varies.
#[must_use]
pub fn icc(items: &[Vec<f64>]) -> Option<Icc> {
    let (n, k) = (items.len() as f64, items.first()?.len() as f64);
    if n < 2.0 || k < 2.0 || items.iter().any(|row| row.len() as f64 != k) {
        return None;
    }
    let grand = items.iter().flatten().sum::<f64>() / (n * k);
    let rows: f64 = items.iter().map(|row| (row.iter().sum::<f64>() / k - grand).powi(2)).sum::<f64>() * k;
    let column = |c: usize| items.iter().map(|row| row[c]).sum::<f64>() / n;
    let columns: f64 = (0..k as usize).map(|c| (column(c) - grand).powi(2)).sum::<f64>() * n;
    let total: f64 = items.iter().flatten().map(|x| (x - grand).powi(2)).sum();
    let between = rows / (n - 1.0);
    let within = (total - rows) / (n * (k - 1.0));
    let raters = columns / (k - 1.0);
    let rest = (total - rows - columns) / ((n - 1.0) * (k - 1.0));
    let ratio = |part: f64, whole: f64| (whole.abs() > f64::EPSILON * total.max(1e-300)).then(|| part / whole);
    Some(Icc {
        one_way: ratio(between - within, between + (k - 1.0) * within)?,
        two_way_random: ratio(between - rest, between + (k - 1.0) * rest + k * (raters - rest) / n)?,
        two_way_mixed: ratio(between - rest, between + (k - 1.0) * rest)?,
        one_way_mean: ratio(between - within, between)?,
        two_way_random_mean: ratio(between - rest, between + (raters - rest) / n)?,
        two_way_mixed_mean: ratio(between - rest, between)?,
    })
}

/// What kind of numbers raters gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Nominal,
    Ordinal,
    Interval,
    Ratio,
}

/// Krippendorff's alpha: the values of each item by whoever rated it; items with one value say nothing.
#[must_use]
pub fn krippendorff(items: &[Vec<f64>], level: Level) -> Option<f64> {
    let items: Vec<&Vec<f64>> = items.iter().filter(|values| values.len() > 1).collect();
    let mut counts: BTreeMap<u64, (f64, f64)> = BTreeMap::new();
    for value in items.iter().copied().flatten() {
        counts.entry(ordered(*value)).or_insert((*value, 0.0)).1 += 1.0;
    }
    let values: Vec<(f64, f64)> = counts.values().copied().collect();
    let place: BTreeMap<u64, usize> = counts.keys().enumerate().map(|(n, key)| (*key, n)).collect();
    let apart = |a: usize, b: usize| distance(&values, a.min(b), a.max(b), level);
    let total: f64 = values.iter().map(|(_, count)| count).sum();
    let mut seen = 0.0;
    for item in items {
        let places: Vec<usize> = item.iter().map(|value| place[&ordered(*value)]).collect();
        let pairs: f64 =
            places.iter().flat_map(|&a| places.iter().map(move |&b| (a, b))).map(|(a, b)| apart(a, b)).sum();
        seen += pairs / (places.len() as f64 - 1.0);
    }
    let mut by_chance = 0.0;
    for (a, one) in values.iter().enumerate() {
        for (b, other) in values.iter().enumerate() {
            by_chance += one.1 * other.1 * apart(a, b);
        }
    }
    super::share(seen * (total - 1.0), by_chance).map(|share| 1.0 - share)
}

/// A key that sorts as the number does.
fn ordered(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// The squared distance of two values, the lower first, by their places among all values.
fn distance(values: &[(f64, f64)], low: usize, high: usize, level: Level) -> f64 {
    let (a, b) = (values[low], values[high]);
    match level {
        _ if low == high => 0.0,
        Level::Nominal => 1.0,
        Level::Interval => (a.0 - b.0).powi(2),
        Level::Ratio => super::share((a.0 - b.0).powi(2), (a.0 + b.0).powi(2)).unwrap_or(0.0),
        Level::Ordinal => {
            let between: f64 = values[low..=high].iter().map(|(_, count)| count).sum();
            (between - f64::midpoint(a.1, b.1)).powi(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ratings and figures of Shrout and Fleiss 1979.
    #[test]
    fn published_correlations_come_out() {
        let rows = [
            [9.0, 2.0, 5.0, 8.0],
            [6.0, 1.0, 3.0, 2.0],
            [8.0, 4.0, 6.0, 8.0],
            [7.0, 1.0, 2.0, 6.0],
            [10.0, 5.0, 6.0, 9.0],
            [6.0, 2.0, 4.0, 7.0],
        ];
        let icc = icc(&rows.map(Vec::from)).unwrap();
        let all = [
            icc.one_way,
            icc.two_way_random,
            icc.two_way_mixed,
            icc.one_way_mean,
            icc.two_way_random_mean,
            icc.two_way_mixed_mean,
        ];
        for (found, published) in all.iter().zip([0.17, 0.29, 0.71, 0.44, 0.62, 0.91]) {
            assert!((found - published).abs() < 0.006, "{found} {published}");
        }
    }

    #[test]
    fn where_nothing_varies_there_is_no_figure() {
        assert_eq!(cohen(&[(1, 1), (1, 1)], Weights::None), None);
        assert_eq!(cohen(&[], Weights::Linear), None);
        assert_eq!(fleiss(&[vec![3, 0], vec![3, 0]]), None);
        assert_eq!(krippendorff(&[vec![1.0, 1.0], vec![1.0]], Level::Interval), None);
        assert!(icc(&[vec![1.0, 1.0], vec![1.0, 1.0]]).is_none());
        assert_eq!(cohen(&[(0, 0), (1, 1), (2, 2)], Weights::Quadratic), Some(1.0));
        assert_eq!(fleiss(&[vec![2, 0], vec![0, 2]]), Some(1.0));
    }
}
