//! Classes and the probabilities they were given: discrimination, decisions, calibration.

use serde::{Deserialize, Serialize};

/// The area under the ROC curve: how often a positive scores above a negative, ties counting half. `None` where one kind
/// is missing.
#[must_use]
pub fn auc(scores: &[f64], positive: &[bool]) -> Option<f64> {
    let ranks = super::statistics::ranks(scores);
    let positives = positive.iter().filter(|p| **p).count() as f64;
    let negatives = positive.len() as f64 - positives;
    let sum: f64 = ranks.iter().zip(positive).filter(|(_, p)| **p).map(|(rank, _)| rank).sum();
    super::share(sum - positives * (positives + 1.0) / 2.0, positives * negatives)
}

/// The step-wise area under precision over recall. `None` without a positive.
#[must_use]
pub fn average_precision(scores: &[f64], positive: &[bool]) -> Option<f64> {
    let total = positive.iter().filter(|p| **p).count() as f64;
    let mut order: Vec<(f64, bool)> = scores.iter().copied().zip(positive.iter().copied()).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut found, mut before, mut area) = (0.0, 0.0, 0.0);
    for (n, &(score, is_positive)) in order.iter().enumerate() {
        found += f64::from(u8::from(is_positive));
        if order.get(n + 1).is_none_or(|next| next.0 != score) {
            area += (found - before) / total * (found / (n + 1) as f64);
            before = found;
        }
    }
    (total > 0.0).then_some(area)
}

/// How often each class was taken for which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    /// Rows are the truth, columns the prediction.
    pub counts: Vec<Vec<usize>>,
}

impl Confusion {
    /// Pairs of true and predicted class, counted from 0.
    #[must_use]
    pub fn of(pairs: &[(usize, usize)], classes: usize) -> Self {
        let mut counts = vec![vec![0; classes]; classes];
        pairs.iter().for_each(|&(truth, predicted)| counts[truth][predicted] += 1);
        Self { counts }
    }

    fn total(&self) -> f64 {
        self.counts.iter().flatten().sum::<usize>() as f64
    }

    #[must_use]
    pub fn accuracy(&self) -> Option<f64> {
        let right: usize = (0..self.counts.len()).map(|n| self.counts[n][n]).sum();
        super::share(right as f64, self.total())
    }

    /// The share found of each class; `None` where there is none to find.
    #[must_use]
    pub fn recalls(&self) -> Vec<Option<f64>> {
        let rows = self.counts.iter().enumerate();
        rows.map(|(n, row)| super::share(row[n] as f64, row.iter().sum::<usize>() as f64)).collect()
    }

    /// The mean recall of the classes that occur.
    #[must_use]
    pub fn balanced_accuracy(&self) -> Option<f64> {
        super::mean(&self.recalls().into_iter().flatten().collect::<Vec<_>>())
    }

    /// F1 of each class; `None` where it neither occurs nor was said.
    #[must_use]
    pub fn f1s(&self) -> Vec<Option<f64>> {
        let said = |n: usize| self.counts.iter().map(|row| row[n]).sum::<usize>();
        let one = |(n, row): (usize, &Vec<usize>)| {
            super::share(2.0 * row[n] as f64, (row.iter().sum::<usize>() + said(n)) as f64)
        };
        self.counts.iter().enumerate().map(one).collect()
    }
}

/// One bin of a reliability diagram.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    pub count: usize,
    pub confidence: f64,
    pub accuracy: f64,
}

/// The bin of a confidence: equal bins over 0 to 1, each with its upper edge.
#[must_use]
pub fn bin_of(confidence: f64, bins: usize) -> usize {
    (1..bins).take_while(|edge| *edge as f64 / (bins as f64) < confidence).count()
}

/// Equal bins over 0 to 1, each with its upper edge; empty bins are left out.
#[must_use]
pub fn reliability(confidences: &[f64], right: &[bool], bins: usize) -> Vec<Bin> {
    let mut sums = vec![(0_usize, 0.0, 0.0); bins.max(1)];
    let count = sums.len();
    for (&confidence, &right) in confidences.iter().zip(right) {
        let sum = &mut sums[bin_of(confidence, count)];
        *sum = (sum.0 + 1, sum.1 + confidence, sum.2 + f64::from(u8::from(right)));
    }
    let filled = sums.into_iter().filter(|(count, ..)| *count > 0);
    filled.map(|(n, c, r)| Bin { count: n, confidence: c / n as f64, accuracy: r / n as f64 }).collect()
}

/// The expected calibration error: how far confidence is from accuracy, weighted by the bins' counts.
#[must_use]
pub fn calibration_error(bins: &[Bin]) -> Option<f64> {
    let total: usize = bins.iter().map(|bin| bin.count).sum();
    let gap: f64 = bins.iter().map(|bin| bin.count as f64 * (bin.confidence - bin.accuracy).abs()).sum();
    super::share(gap, total as f64)
}

/// The mean squared distance of a probability from what came true.
#[must_use]
pub fn brier(scores: &[f64], positive: &[bool]) -> Option<f64> {
    let squares = scores.iter().zip(positive).map(|(s, p)| (s - f64::from(u8::from(*p))).powi(2));
    super::mean(&squares.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_count_half_and_one_kind_has_no_area() {
        assert_eq!(auc(&[0.5, 0.5], &[true, false]), Some(0.5));
        assert_eq!(auc(&[0.9, 0.1], &[true, true]), None);
        assert_eq!(auc(&[], &[]), None);
        assert_eq!(average_precision(&[0.9, 0.8, 0.1], &[true, false, true]), Some(0.5 + 0.5 * 2.0 / 3.0));
    }

    #[test]
    fn classes_that_do_not_occur_do_not_count() {
        let confusion = Confusion::of(&[(0, 0), (0, 1), (1, 1)], 3);
        assert_eq!(confusion.recalls(), [Some(0.5), Some(1.0), None]);
        assert_eq!(confusion.balanced_accuracy(), Some(0.75));
        assert_eq!(Confusion::of(&[], 2).accuracy(), None);
    }

    #[test]
    fn a_model_as_sure_as_it_is_right_has_no_error() {
        let bins = reliability(&[0.75, 0.75, 0.75, 0.75], &[true, true, true, false], 10);
        assert_eq!((bins.len(), calibration_error(&bins)), (1, Some(0.0)));
        assert_eq!(calibration_error(&[]), None);
    }
}
