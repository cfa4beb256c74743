//! The raters' label maps, taken apart into patterns: who said what, and at how many voxels.

use crate::error::{Error, Result};
use crate::metrics::Labels;
use limner_imaging::{Geometry, Samples, Volume};
use std::collections::{BTreeSet, HashMap};

/// One way the raters have labelled a voxel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// The label of each rater.
    pub labels: Vec<u32>,
    pub voxels: usize,
}

#[derive(Debug)]
pub struct Votes {
    pub geometry: Geometry,
    patterns: Vec<Pattern>,
    /// The pattern of every voxel.
    pattern_at: Vec<u32>,
}

/// A majority: what it says of each pattern, and how often nobody had more than another.
#[derive(Clone, Debug)]
pub struct Majority {
    pub labels: Vec<u32>,
    pub tied_voxels: usize,
}

impl Votes {
    /// Refuses fewer than two raters and maps on different grids.
    pub fn of(maps: &[Labels]) -> Result<Self> {
        let [first, others @ ..] = maps else { return Err(Error::refused("a consensus needs at least two versions")) };
        if others.is_empty() {
            return Err(Error::refused("a consensus needs at least two versions"));
        }
        if others.iter().any(|map| !map.geometry.matches(&first.geometry, 1e-2)) {
            return Err(Error::refused("the versions lie on different grids"));
        }
        let mut patterns: Vec<Pattern> = Vec::new();
        let mut known: HashMap<Vec<u16>, u32> = HashMap::new();
        let columns: Vec<(&[u16], &[u32])> = maps.iter().map(Labels::codes).collect();
        let voxels = first.geometry.voxel_count();
        let mut pattern_at = Vec::with_capacity(voxels);
        let mut here = vec![0; maps.len()];
        let mut last = None;
        for n in 0..voxels {
            let mut changed = last.is_none();
            for (code, (codes, _)) in here.iter_mut().zip(&columns) {
                changed |= *code != codes[n];
                *code = codes[n];
            }
            let pattern = match last {
                Some(pattern) if !changed => pattern,
                _ => *known.entry(here.clone()).or_insert_with(|| {
                    let labels = here.iter().zip(&columns).map(|(code, (_, labels))| labels[usize::from(*code)]);
                    patterns.push(Pattern { labels: labels.collect(), voxels: 0 });
                    patterns.len() as u32 - 1
                }),
            };
            patterns[pattern as usize].voxels += 1;
            pattern_at.push(pattern);
            last = Some(pattern);
        }
        Ok(Self { geometry: first.geometry, patterns, pattern_at })
    }

    #[must_use]
    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    #[must_use]
    pub fn raters(&self) -> usize {
        self.patterns.first().map_or(0, |pattern| pattern.labels.len())
    }

    /// Every label anybody used but the background.
    #[must_use]
    pub fn labels(&self) -> BTreeSet<u32> {
        self.patterns.iter().flat_map(|pattern| pattern.labels.iter().copied()).filter(|label| *label != 0).collect()
    }

    /// The label most raters gave. Where two have as many the voxel is background, and counted.
    #[must_use]
    pub fn majority(&self) -> Majority {
        let mut tied_voxels = 0;
        let mut one = |pattern: &Pattern| {
            let votes = |label: u32| pattern.labels.iter().filter(|given| **given == label).count();
            let most = pattern.labels.iter().map(|label| votes(*label)).max().unwrap_or(0);
            let winners: BTreeSet<u32> = pattern.labels.iter().copied().filter(|label| votes(*label) == most).collect();
            if winners.len() > 1 {
                tied_voxels += pattern.voxels;
                return 0;
            }
            winners.first().copied().unwrap_or(0)
        };
        let labels = self.patterns.iter().map(&mut one).collect();
        Majority { labels, tied_voxels }
    }

    /// The share of raters who gave a label, for each pattern.
    #[must_use]
    pub fn soft_mean(&self, label: u32) -> Vec<f64> {
        let share = |pattern: &Pattern| {
            pattern.labels.iter().filter(|given| **given == label).count() as f64 / pattern.labels.len() as f64
        };
        self.patterns.iter().map(share).collect()
    }

    /// The share of voxels labelled by anybody on which not all agree: 0 where all say the same, 1 where nobody shares a
    /// voxel. What a queue for adjudication is ordered by.
    #[must_use]
    pub fn disagreement(&self) -> f64 {
        let labelled = self.patterns.iter().filter(|pattern| pattern.labels.iter().any(|label| *label != 0));
        let (mut all, mut apart) = (0_usize, 0_usize);
        for pattern in labelled {
            all += pattern.voxels;
            if pattern.labels.iter().any(|label| *label != pattern.labels[0]) {
                apart += pattern.voxels;
            }
        }
        if all == 0 { 0.0 } else { apart as f64 / all as f64 }
    }

    /// A label map from one label for each pattern.
    pub fn label_map(&self, labels: &[u32]) -> Result<Volume> {
        let most = labels.iter().copied().max().unwrap_or(0);
        let samples = if let Ok(labels) = labels.iter().map(|l| u8::try_from(*l)).collect::<Result<Vec<u8>, _>>() {
            Samples::U8(self.spread(&labels))
        } else if let Ok(labels) = labels.iter().map(|l| u16::try_from(*l)).collect::<Result<Vec<u16>, _>>() {
            Samples::U16(self.spread(&labels))
        } else if i32::try_from(most).is_ok() {
            Samples::I32(self.spread(&labels.iter().map(|label| *label as i32).collect::<Vec<_>>()))
        } else {
            return Err(Error::refused(format!("the label {most} is too large to be written")));
        };
        Ok(Volume::new(self.geometry, samples, 1)?)
    }

    /// A picture of shares or probabilities from one number for each pattern.
    pub fn picture(&self, values: &[f64]) -> Result<Volume> {
        let values: Vec<f32> = values.iter().map(|value| *value as f32).collect();
        Ok(Volume::new(self.geometry, Samples::F32(self.spread(&values)), 1)?)
    }

    fn spread<T: Copy>(&self, values: &[T]) -> Vec<T> {
        self.pattern_at.iter().map(|pattern| values[*pattern as usize]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::World;

    fn maps(rows: &[&[u8]]) -> Vec<Labels> {
        let geometry = Geometry::axis_aligned([rows[0].len(), 1, 1], World::default(), [1.0; 3]).unwrap();
        let one = |row: &&[u8]| Labels::of(Volume::new(geometry, Samples::U8(row.to_vec()), 1).unwrap()).unwrap();
        rows.iter().map(one).collect()
    }

    fn labels(volume: &Volume) -> Vec<f64> {
        (0..volume.samples().len()).map(|n| volume.samples().get(n)).collect()
    }

    #[test]
    fn the_majority_wins_and_ties_are_told() {
        let votes = Votes::of(&maps(&[&[0, 1, 1, 2, 7], &[0, 1, 2, 2, 0], &[0, 0, 0, 2, 7]])).unwrap();
        let majority = votes.majority();
        assert_eq!(labels(&votes.label_map(&majority.labels).unwrap()), [0.0, 1.0, 0.0, 2.0, 7.0]);
        assert_eq!((majority.tied_voxels, votes.raters()), (1, 3));
        let soft = votes.picture(&votes.soft_mean(1)).unwrap();
        assert!((soft.samples().get(1) - 2.0 / 3.0).abs() < 1e-6);
        assert_eq!(votes.disagreement(), 0.75);
        assert_eq!(votes.labels(), [1, 2, 7].into());
    }

    #[test]
    fn one_version_is_no_consensus() {
        assert!(Votes::of(&maps(&[&[1, 0]])).is_err());
        assert!(Votes::of(&[]).is_err());
        let nothing = Votes::of(&maps(&[&[0, 0], &[0, 0]])).unwrap();
        assert_eq!(nothing.disagreement(), 0.0);
    }
}
