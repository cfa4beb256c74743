//! STAPLE (Warfield 2004) and its form for many labels (Rohlfing 2004): the hidden truth and the raters' quality are
//! estimated in turn until both stand still. Equal to ITK's filters.

use super::votes::Votes;
use std::collections::BTreeMap;

/// As ITK stops: no quality moves by more than this, squared.
const STILL: f64 = 1e-14;
const STILL_MANY: f64 = 1e-5;
const MOST_ROUNDS: usize = 10_000;

/// One label against all else.
#[derive(Clone, Debug, PartialEq)]
pub struct Staple {
    /// How probably each pattern is the label.
    pub probability: Vec<f64>,
    /// Of each rater: the share of the truth that was found, and of the rest that was left alone. `None` where the label
    /// is nowhere or everywhere.
    pub sensitivity: Vec<Option<f64>>,
    pub specificity: Vec<Option<f64>>,
    pub rounds: usize,
}

#[must_use]
pub fn staple(votes: &Votes, label: u32) -> Staple {
    let patterns = votes.patterns();
    let raters = votes.raters();
    let mut truth = votes.soft_mean(label);
    let total: f64 = patterns.iter().map(|pattern| pattern.voxels as f64).sum();
    let prior = truth.iter().zip(patterns).map(|(share, pattern)| share * pattern.voxels as f64).sum::<f64>() / total;
    let mut last = vec![(-10.0, -10.0); raters];
    let mut rounds = 0;
    while rounds < MOST_ROUNDS {
        rounds += 1;
        let mut inside = vec![(0.0, 0.0); raters];
        let (mut all_inside, mut all_outside) = (0.0, 0.0);
        for (truth, pattern) in truth.iter().zip(patterns) {
            let (yes, no) = (truth * pattern.voxels as f64, (1.0 - truth) * pattern.voxels as f64);
            all_inside += yes;
            all_outside += no;
            for (sum, given) in inside.iter_mut().zip(&pattern.labels) {
                if *given == label { sum.0 += yes } else { sum.1 += no }
            }
        }
        let quality: Vec<(f64, f64)> = inside.iter().map(|sum| (sum.0 / all_inside, sum.1 / all_outside)).collect();
        for (truth, pattern) in truth.iter_mut().zip(patterns) {
            let (mut is, mut is_not) = (prior, 1.0 - prior);
            for ((p, q), given) in quality.iter().zip(&pattern.labels) {
                let (a, b) = if *given == label { (*p, 1.0 - q) } else { (1.0 - p, *q) };
                is *= a;
                is_not *= b;
            }
            *truth = is / (is + is_not);
        }
        let moved = |(now, before): (&(f64, f64), &(f64, f64))| {
            (now.0 - before.0).powi(2) > STILL || (now.1 - before.1).powi(2) > STILL
        };
        let moves = quality.iter().zip(&last).any(moved);
        last = quality;
        if !moves || last.iter().any(|(p, q)| !p.is_finite() || !q.is_finite()) {
            break;
        }
    }
    let known = |value: f64| value.is_finite().then_some(value);
    Staple {
        probability: truth.into_iter().map(|p| if p.is_finite() { p } else { prior }).collect(),
        sensitivity: last.iter().map(|(p, _)| known(*p)).collect(),
        specificity: last.iter().map(|(_, q)| known(*q)).collect(),
        rounds,
    }
}

/// All labels at once.
#[derive(Clone, Debug, PartialEq)]
pub struct StapleMany {
    /// The label of each pattern; where none is most probable, background.
    pub labels: Vec<u32>,
    pub undecided_voxels: usize,
    /// Of each rater, of each label: sensitivity and specificity.
    pub quality: Vec<BTreeMap<u32, (f64, f64)>>,
    pub rounds: usize,
}

/// For each rater how probably the truth (column) is given as what (row).
type Confusion = Vec<Vec<Vec<f64>>>;

#[must_use]
pub fn staple_many(votes: &Votes) -> StapleMany {
    let labels: Vec<u32> = std::iter::once(0).chain(votes.labels()).collect();
    let place: BTreeMap<u32, usize> = labels.iter().enumerate().map(|(n, label)| (*label, n)).collect();
    let given: Vec<(Vec<usize>, f64)> = votes
        .patterns()
        .iter()
        .map(|pattern| (pattern.labels.iter().map(|label| place[label]).collect(), pattern.voxels as f64))
        .collect();
    let (raters, count) = (votes.raters(), labels.len());
    let mut prior = vec![0.0; count];
    for (places, voxels) in &given {
        places.iter().for_each(|place| prior[*place] += voxels);
    }
    let total: f64 = prior.iter().sum();
    prior.iter_mut().for_each(|p| *p /= total);
    let mut confusion = by_voting(&given, raters, count);
    let mut rounds = 0;
    while rounds < MOST_ROUNDS {
        rounds += 1;
        let mut next: Confusion = vec![vec![vec![0.0; count]; count]; raters];
        for (places, voxels) in &given {
            let weights = weights(&prior, &confusion, places, true);
            for (rater, place) in places.iter().enumerate() {
                next[rater][*place].iter_mut().zip(&weights).for_each(|(sum, weight)| *sum += weight * voxels);
            }
        }
        normalise_columns(&mut next);
        let moved = confusion.iter().flatten().flatten().zip(next.iter().flatten().flatten());
        let most = moved.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        confusion = next;
        if most < STILL_MANY {
            break;
        }
    }
    let mut undecided_voxels = 0;
    let decided = given.iter().map(|(places, voxels)| {
        let winner = winner(&weights(&prior, &confusion, places, false));
        undecided_voxels += if winner.is_none() { *voxels as usize } else { 0 };
        labels[winner.unwrap_or(0)]
    });
    let decided: Vec<u32> = decided.collect();
    let quality = votes_quality(votes, &decided, &labels);
    StapleMany { labels: decided, undecided_voxels, quality, rounds }
}

/// How sure each rater's word was, by the majority; voxels without one say nothing.
fn by_voting(given: &[(Vec<usize>, f64)], raters: usize, count: usize) -> Confusion {
    let mut confusion: Confusion = vec![vec![vec![0.0; count]; count]; raters];
    for (places, voxels) in given {
        let mut votes = vec![0.0; count];
        places.iter().for_each(|place| votes[*place] += 1.0);
        if let Some(winner) = winner(&votes) {
            places.iter().enumerate().for_each(|(rater, place)| confusion[rater][*place][winner] += voxels);
        }
    }
    for row in confusion.iter_mut().flatten() {
        let sum: f64 = row.iter().sum();
        if sum > 0.0 {
            row.iter_mut().for_each(|value| *value /= sum);
        }
    }
    confusion
}

fn normalise_columns(confusion: &mut Confusion) {
    for matrix in confusion {
        for column in 0..matrix.len() {
            let sum: f64 = matrix.iter().map(|row| row[column]).sum();
            if sum > 0.0 {
                matrix.iter_mut().for_each(|row| row[column] /= sum);
            }
        }
    }
}

fn weights(prior: &[f64], confusion: &Confusion, places: &[usize], normalised: bool) -> Vec<f64> {
    let mut weights = prior.to_vec();
    for (rater, place) in places.iter().enumerate() {
        weights.iter_mut().zip(&confusion[rater][*place]).for_each(|(weight, c)| *weight *= c);
    }
    let sum: f64 = weights.iter().sum();
    if normalised && sum > 0.0 {
        weights.iter_mut().for_each(|weight| *weight /= sum);
    }
    weights
}

/// The place of the largest; none where two share it or all are zero.
fn winner(weights: &[f64]) -> Option<usize> {
    let most = weights.iter().copied().fold(0.0, f64::max);
    let mut places = (0..weights.len()).filter(|n| weights[*n] == most);
    let first = places.next().filter(|_| most > 0.0);
    if places.next().is_some() { None } else { first }
}

/// Each rater against the truth that came out. Labels that are nowhere in it have no sensitivity and are left out.
fn votes_quality(votes: &Votes, truth: &[u32], labels: &[u32]) -> Vec<BTreeMap<u32, (f64, f64)>> {
    let one = |rater: usize, label: u32| {
        let (mut hit, mut inside, mut left, mut outside) = (0, 0, 0, 0);
        for (pattern, truth) in votes.patterns().iter().zip(truth) {
            let (is, said) = (*truth == label, pattern.labels[rater] == label);
            inside += if is { pattern.voxels } else { 0 };
            outside += if is { 0 } else { pattern.voxels };
            hit += if is && said { pattern.voxels } else { 0 };
            left += if !is && !said { pattern.voxels } else { 0 };
        }
        (inside > 0 && outside > 0).then(|| (label, (hit as f64 / inside as f64, left as f64 / outside as f64)))
    };
    let of = |rater: usize| labels.iter().skip(1).filter_map(|label| one(rater, *label)).collect();
    (0..votes.raters()).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Labels;
    use limner_imaging::{Geometry, Samples, Volume, World};

    fn votes(rows: &[Vec<u8>]) -> Votes {
        let geometry = Geometry::axis_aligned([rows[0].len(), 1, 1], World::default(), [1.0; 3]).unwrap();
        let one = |row: &Vec<u8>| Labels::of(Volume::new(geometry, Samples::U8(row.clone()), 1).unwrap()).unwrap();
        Votes::of(&rows.iter().map(one).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn a_careless_rater_is_found_out() {
        let truth: Vec<u8> = (0..100).map(|n| u8::from(n % 4 == 0)).collect();
        let careless: Vec<u8> = truth.iter().enumerate().map(|(n, v)| if n % 5 == 0 { 1 - v } else { *v }).collect();
        let votes = votes(&[truth.clone(), truth.clone(), careless]);
        let staple = staple(&votes, 1);
        assert!(staple.sensitivity[0].unwrap() > 0.999 && staple.sensitivity[2].unwrap() < 0.85);
        let many = staple_many(&votes);
        let map = votes.label_map(&many.labels).unwrap();
        assert!((0..100).all(|n| map.samples().get(n) == f64::from(truth[n])));
        assert!(many.quality[0][&1].0 == 1.0 && many.quality[2][&1].0 < 0.85);
    }

    #[test]
    fn nothing_drawn_has_no_sensitivity() {
        let empty = staple(&votes(&[vec![0; 8], vec![0; 8]]), 1);
        assert_eq!(empty.sensitivity, [None, None]);
        assert!(empty.probability.iter().all(|p| *p == 0.0));
        assert_eq!(staple_many(&votes(&[vec![0; 8], vec![0; 8]])).undecided_voxels, 0);
    }
}
