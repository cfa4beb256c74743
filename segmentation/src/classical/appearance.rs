//! What the inside (or the outside) looks like, learnt from the cells under the prompts: a few typical values.

use super::features::{distance, median};

const MOST_SAMPLES: usize = 4096;
const MOST_CLUSTERS: usize = 4;
const SAMPLES_PER_CLUSTER: usize = 12;
const ROUNDS: usize = 8;

/// Typical values and how far cells scatter around each.
#[derive(Clone, Debug)]
pub struct Appearance<const N: usize> {
    clusters: Vec<([f32; N], f32)>,
}

impl<const N: usize> Appearance<N> {
    /// `least_spread` keeps a lucky row of equal values from calling everything else foreign.
    pub fn learn(samples: &[[f32; N]], least_spread: f32) -> Self {
        let samples: Vec<[f32; N]> =
            samples.iter().copied().step_by(samples.len().div_ceil(MOST_SAMPLES).max(1)).collect();
        let wanted = (samples.len() / SAMPLES_PER_CLUSTER).clamp(1, MOST_CLUSTERS);
        let mut centres = spread_out(&samples, wanted, least_spread);
        let mut member = vec![0; samples.len()];
        for _ in 0..ROUNDS {
            for (m, sample) in member.iter_mut().zip(&samples) {
                *m = nearest(&centres, sample).0;
            }
            for (n, centre) in centres.iter_mut().enumerate() {
                let own = samples.iter().zip(&member).filter(|&(_, &m)| m == n).map(|(s, _)| s);
                *centre = mean(own).unwrap_or(*centre);
            }
        }
        let clusters = centres
            .iter()
            .enumerate()
            .map(|(n, centre)| {
                let own = samples.iter().zip(&member).filter(|&(_, &m)| m == n);
                let mut off: Vec<f32> = own.map(|(s, _)| distance(s, centre)).collect();
                (*centre, (1.5 * median(&mut off)).max(least_spread))
            })
            .collect();
        Self { clusters }
    }

    /// How many spreads a value lies beyond what is usual; 0 for a usual one.
    pub fn deviation(&self, value: &[f32; N]) -> f32 {
        let least = self.clusters.iter().map(|(c, s)| distance(value, c) / s).fold(f32::INFINITY, f32::min);
        (least - 1.0).max(0.0)
    }
}

/// Starting centres: the middle sample, then each time the sample farthest from all chosen so far.
fn spread_out<const N: usize>(samples: &[[f32; N]], wanted: usize, apart: f32) -> Vec<[f32; N]> {
    let mut centres: Vec<[f32; N]> = samples.get(samples.len() / 2).copied().into_iter().collect();
    while !centres.is_empty() && centres.len() < wanted {
        let farthest =
            samples.iter().map(|s| (s, nearest(&centres, s).1)).fold(None, |best: Option<(&[f32; N], f32)>, (s, d)| {
                if best.is_none_or(|b| d > b.1) { Some((s, d)) } else { best }
            });
        match farthest {
            Some((sample, far)) if far > 2.0 * apart => centres.push(*sample),
            _ => break,
        }
    }
    centres
}

fn nearest<const N: usize>(centres: &[[f32; N]], value: &[f32; N]) -> (usize, f32) {
    let mut best = (0, f32::INFINITY);
    for (n, centre) in centres.iter().enumerate() {
        let d = distance(value, centre);
        if d < best.1 {
            best = (n, d);
        }
    }
    best
}

fn mean<'a, const N: usize>(values: impl Iterator<Item = &'a [f32; N]>) -> Option<[f32; N]> {
    let (mut sum, mut count) = ([0.0; N], 0.0);
    for value in values {
        for c in 0..N {
            sum[c] += value[c];
        }
        count += 1.0;
    }
    (count > 0.0).then(|| sum.map(|s| s / count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tissues_under_one_scribble_are_both_usual() {
        let samples: Vec<[f32; 1]> =
            (0..60).map(|n| [if n % 2 == 0 { 0.0 } else { 10.0 } + (n % 5) as f32 * 0.1]).collect();
        let look = Appearance::learn(&samples, 0.2);
        assert!(look.deviation(&[0.2]) < 0.5 && look.deviation(&[10.2]) < 0.5);
        assert!(look.deviation(&[5.0]) > 5.0);
    }

    #[test]
    fn one_sample_is_enough_and_none_calls_everything_foreign() {
        let look = Appearance::learn(&[[1.0, 2.0, 3.0]], 0.5);
        assert_eq!(look.deviation(&[1.0, 2.0, 3.0]), 0.0);
        assert!(Appearance::<1>::learn(&[], 0.5).deviation(&[0.0]).is_infinite());
    }
}
