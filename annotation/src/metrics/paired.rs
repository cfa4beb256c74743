//! Two models on the same cases: is one better, or was it luck? Differences are averaged by subject first.

use super::statistics::ranks;
use crate::audit::Random;
use std::collections::BTreeMap;

/// The mean difference of each subject, from (subject, first, second).
#[must_use]
pub fn differences(cases: &[(String, f64, f64)]) -> Vec<f64> {
    let mut subjects: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    cases.iter().for_each(|(subject, a, b)| subjects.entry(subject).or_default().push(a - b));
    subjects.into_values().filter_map(|all| super::mean(&all)).collect()
}

/// Up to here the exact distribution is used, as SciPy does.
const EXACT: usize = 50;
/// With ties or zeros fewer are counted out.
const EXACT_WITH_TIES: usize = 13;

/// Wilcoxon's signed-rank test, two-sided; differences of zero are left out. Exact for up to 50 without ties or zeros and
/// for up to 13 with them, else by the normal distribution with the correction for ties. `None` where all are zero.
#[must_use]
pub fn wilcoxon(differences: &[f64]) -> Option<f64> {
    let kept: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    let n = kept.len();
    if n == 0 {
        return None;
    }
    let sizes: Vec<f64> = kept.iter().map(|d| d.abs()).collect();
    let ranks = ranks(&sizes);
    let positive: f64 = ranks.iter().zip(&kept).filter(|(_, d)| **d > 0.0).map(|(r, _)| r).sum();
    let all = (n * (n + 1)) as f64 / 2.0;
    let least = positive.min(all - positive);
    let tied = ties(&sizes);
    let is_plain = tied == 0.0 && n == differences.len();
    if n <= EXACT && is_plain || differences.len() <= EXACT_WITH_TIES {
        return Some((2.0 * exact_share(&ranks, least)).min(1.0));
    }
    let n = n as f64;
    let variance = n * (n + 1.0) * (2.0 * n + 1.0) / 24.0 - tied / 48.0;
    let z = (least - all / 2.0) / variance.sqrt();
    Some((2.0 * normal_below(z)).min(1.0))
}

/// The sum of t³ - t over groups of equal values.
fn ties(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.chunk_by(|a, b| a == b).map(|group| (group.len() as f64).powi(3) - group.len() as f64).sum()
}

/// How often these signed ranks sum to at most `sum`, every sign being as likely. Ranks of ties are halves.
fn exact_share(ranks: &[f64], sum: f64) -> f64 {
    let doubled: Vec<usize> = ranks.iter().map(|rank| (2.0 * rank) as usize).collect();
    let mut ways = vec![0.0; doubled.iter().sum::<usize>() + 1];
    ways[0] = 1.0;
    for &rank in &doubled {
        for total in (rank..ways.len()).rev() {
            ways[total] += ways[total - rank];
        }
    }
    ways[..=(2.0 * sum) as usize].iter().sum::<f64>() / 2_f64.powi(doubled.len() as i32)
}

/// The standard normal distribution below z, through the continued fraction or series of its tail.
#[must_use]
pub fn normal_below(z: f64) -> f64 {
    let x = z.abs();
    let density = (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let tail = if x < 3.0 {
        let (mut term, mut sum, mut n) = (x, x, 1.0);
        while term > sum * 1e-17 && n < 400.0 {
            n += 2.0;
            term *= x * x / n;
            sum += term;
        }
        0.5 - density * sum
    } else {
        let mut fraction = 0.0;
        for n in (1..=60).rev() {
            fraction = f64::from(n) / (x + fraction);
        }
        density / (x + fraction)
    };
    if z < 0.0 { tail } else { 1.0 - tail }
}

/// Up to this many subjects every choice of signs is tried.
const ALL_SIGNS: usize = 16;
const SIGN_DRAWS: u32 = 10_000;

/// The permutation test of the mean difference, two-sided: how often signs by chance give as large a mean. All choices
/// for up to 16 subjects, else 10,000 by seed, the study itself counted in. `None` of nothing.
#[must_use]
pub fn permutation(differences: &[f64], seed: u64) -> Option<f64> {
    let n = differences.len();
    if n == 0 {
        return None;
    }
    let seen = differences.iter().sum::<f64>().abs() * (1.0 - 1e-12);
    let sum = |positive: &mut dyn FnMut(usize) -> bool| {
        differences.iter().enumerate().map(|(n, d)| if positive(n) { *d } else { -*d }).sum::<f64>().abs()
    };
    if n <= ALL_SIGNS {
        let choices = 1_u32 << n;
        let as_large = (0..choices).filter(|signs| sum(&mut |n| signs >> n & 1 == 1) >= seen).count();
        return Some(as_large as f64 / f64::from(choices));
    }
    let mut random = Random::new(seed);
    let as_large = (0..SIGN_DRAWS).filter(|_| sum(&mut |_| random.next() >> 63 == 1) >= seen).count();
    Some((as_large as f64 + 1.0) / (f64::from(SIGN_DRAWS) + 1.0))
}

/// Holm's correction: p values as if each were alone.
#[must_use]
pub fn holm(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut out = vec![0.0; values.len()];
    let mut largest: f64 = 0.0;
    for (place, &n) in order.iter().enumerate() {
        largest = largest.max((values[n] * (values.len() - place) as f64).min(1.0));
        out[n] = largest;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clear_differences_are_told_from_none() {
        let clear: Vec<f64> = (1..=10).map(f64::from).collect();
        assert_eq!(wilcoxon(&clear), Some(2.0 / 1024.0));
        assert_eq!(permutation(&clear, 0), Some(2.0 / 1024.0));
        assert_eq!((wilcoxon(&[0.0, 0.0]), permutation(&[], 0)), (None, None));
        assert_eq!(permutation(&[0.0, 0.0], 0), Some(1.0));
        let long: Vec<f64> = (0..40).map(|n| f64::from(n) - 5.0).collect();
        assert!(permutation(&long, 3).unwrap() < 1e-3);
        assert_eq!(holm(&[0.01, 0.04, 0.03]), [0.03, 0.06, 0.06]);
    }

    #[test]
    fn the_normal_distribution_is_known() {
        for (z, expected) in [
            (0.0, 0.5),
            (-1.959_963_984_540_054, 0.025),
            (3.5, 0.999_767_370_920_964_4),
            (-6.0, 9.865_876_450_377_018e-10),
        ] {
            assert!((normal_below(z) / expected - 1.0).abs() < 1e-9, "{z}: {}", normal_below(z));
        }
    }
}
