//! Figures about figures: means with intervals, ranks, quantiles. Cases of one subject are drawn together, so that a
//! subject with many does not make the interval look narrow.

use crate::audit::Random;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `None` of nothing.
#[must_use]
pub fn mean(values: &[f64]) -> Option<f64> {
    super::share(values.iter().sum(), values.len() as f64)
}

/// The sample standard deviation; `None` of fewer than two.
#[must_use]
pub fn deviation(values: &[f64]) -> Option<f64> {
    let centre = mean(values)?;
    let squares: f64 = values.iter().map(|v| (v - centre).powi(2)).sum();
    super::share(squares, values.len() as f64 - 1.0).map(f64::sqrt)
}

/// Between two neighbours by their distance, as NumPy does by default. `None` of nothing.
#[must_use]
pub fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = share.clamp(0.0, 1.0) * (sorted.len().checked_sub(1)?) as f64;
    let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    Some(low + (high - low) * at.fract())
}

/// Ranks from 1; equal values share the mean of theirs.
#[must_use]
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let same = order[start..].iter().take_while(|&&n| values[n] == values[order[start]]).count();
        let shared = start as f64 + (same as f64 + 1.0) / 2.0;
        order[start..start + same].iter().for_each(|&n| ranks[n] = shared);
        start += same;
    }
    ranks
}

/// A figure and where 95 of 100 studies like this one would find it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

/// How often subjects are drawn anew.
pub const DRAWS: usize = 2000;

/// The percentile interval of any figure of the cases, subjects drawn with replacement. The same seed draws the same.
/// `None` where the figure does not exist for all cases together.
pub fn bootstrap<T: Clone>(cases: &[(String, T)], seed: u64, figure: impl Fn(&[T]) -> Option<f64>) -> Option<Interval> {
    let mut subjects: BTreeMap<&str, Vec<&T>> = BTreeMap::new();
    cases.iter().for_each(|(subject, case)| subjects.entry(subject).or_default().push(case));
    let subjects: Vec<Vec<&T>> = subjects.into_values().collect();
    let all: Vec<T> = cases.iter().map(|(_, case)| case.clone()).collect();
    let value = figure(&all)?;
    let mut random = Random::new(seed);
    let mut drawn = Vec::with_capacity(DRAWS);
    let mut sample = Vec::with_capacity(cases.len());
    for _ in 0..DRAWS {
        sample.clear();
        for _ in 0..subjects.len() {
            sample.extend(subjects[random.below(subjects.len())].iter().map(|case| (*case).clone()));
        }
        drawn.extend(figure(&sample));
    }
    Some(Interval { value, low: quantile(&drawn, 0.025)?, high: quantile(&drawn, 0.975)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_and_ranks_are_the_usual_ones() {
        assert_eq!(quantile(&[4.0, 1.0, 3.0, 2.0], 0.25), Some(1.75));
        assert_eq!((quantile(&[], 0.5), mean(&[]), deviation(&[1.0])), (None, None, None));
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [3.5, 1.0, 3.5, 2.0]);
    }

    #[test]
    fn an_interval_covers_the_mean_and_repeats_with_its_seed() {
        let mut random = Random::new(1);
        let cases: Vec<(String, f64)> = (0..60).map(|n| (format!("s{}", n / 2), random.share())).collect();
        let interval = bootstrap(&cases, 7, mean).unwrap();
        assert!(interval.low < interval.value && interval.value < interval.high);
        assert_eq!(Some(interval), bootstrap(&cases, 7, mean));
        // About 1.96 standard errors of a uniform distribution with 60 draws.
        assert!((interval.high - interval.low - 0.147).abs() < 0.05, "{interval:?}");
    }

    #[test]
    fn subjects_stay_together() {
        // One subject with all cases: nothing to vary.
        let cases: Vec<(String, f64)> = (0..9).map(|n| ("one".into(), f64::from(n))).collect();
        let interval = bootstrap(&cases, 1, mean).unwrap();
        assert_eq!((interval.low, interval.high), (4.0, 4.0));
    }
}
