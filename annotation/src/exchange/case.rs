//! Which images leave, under which names, in which part: a selection, a split by subject and a shard of the whole.
//!
//! What must hold: a subject lies in one part only, whatever its images are; names count all images of the project, so
//! that a selection or a shard keeps the names of the whole.

use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::exchange::Options;
use crate::image_entry::ImageEntry;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// An image on its way out.
pub(crate) struct Case<'a> {
    pub image: &'a ImageEntry,
    /// Counts the images of the project, from 1.
    pub number: usize,
    /// The neutral name of its files.
    pub name: String,
    /// The part it lies in, where the export is split.
    pub part: Option<String>,
}

/// How subjects are dealt out to the parts of a data set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// Names and shares of the parts; shares are relative to their sum.
    pub parts: Vec<(String, f64)>,
    #[serde(default)]
    pub seed: u64,
}

impl Split {
    /// From `train=0.8,val=0.2`.
    pub fn parse(text: &str, seed: u64) -> Result<Self> {
        let wrong = |why: &str| Error::refused(format!("the split {text:?} {why}; write it as train=0.8,val=0.2"));
        let mut parts: Vec<(String, f64)> = Vec::new();
        for part in text.split(',') {
            let (name, share) = part.split_once('=').ok_or_else(|| wrong("names no share"))?;
            let name = name.trim();
            let share: f64 = share.trim().parse().map_err(|_| wrong("has a share that is no number"))?;
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
                return Err(wrong("has a part whose name is not made of letters and digits"));
            }
            if !share.is_finite() || share < 0.0 {
                return Err(wrong("has a share below zero"));
            }
            if parts.iter().any(|(known, _)| known == name) {
                return Err(wrong("names a part twice"));
            }
            parts.push((name.to_owned(), share));
        }
        if parts.iter().map(|(_, share)| share).sum::<f64>() <= 0.0 {
            return Err(wrong("gives nothing to any part"));
        }
        Ok(Self { parts, seed })
    }

    /// Deals the subjects out: in an order that follows from the seed, each part up to its share.
    fn deal<'a>(&self, subjects: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, &str> {
        let mut order: Vec<_> = subjects.collect::<BTreeSet<_>>().into_iter().collect();
        order.sort_by_cached_key(|subject| Sha256::digest(format!("{}\0{subject}", self.seed)));
        let total: f64 = self.parts.iter().map(|(_, share)| share).sum();
        let mut ends = Vec::new();
        let mut so_far = 0.0;
        for (name, share) in &self.parts {
            so_far += share / total * order.len() as f64;
            ends.push((so_far.round() as usize, name.as_str()));
        }
        let last = self.parts.last().map_or("", |(name, _)| name.as_str());
        let part_of = |n: usize| ends.iter().find(|(end, _)| n < *end).map_or(last, |(_, name)| name);
        order.iter().enumerate().map(|(n, subject)| (*subject, part_of(n))).collect()
    }
}

/// One of several equal parts of the work, from 1: what one job of an array does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shard {
    pub index: usize,
    pub count: usize,
}

impl Shard {
    /// From `3/16`.
    pub fn parse(text: &str) -> Result<Self> {
        let numbers = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        match numbers {
            Some((index, count)) if (1..=count).contains(&index) => Ok(Self { index, count }),
            _ => Err(Error::refused(format!("{text:?} is no shard; write 1/4 for the first of four"))),
        }
    }
}

/// Whose image it is. Images of which the project names no subject are one subject where their pixels are the same: a
/// copy in another part would leak the answer.
fn subject_of(contents: &Contents, image: &ImageEntry) -> String {
    contents.study_of(image.id).map_or_else(|| image.sha256.clone(), |study| study.subject.to_string())
}

impl Options {
    /// The images asked for, in the project's order.
    pub(crate) fn cases<'a>(&self, contents: &'a Contents) -> Vec<Case<'a>> {
        let subjects: BTreeMap<_, _> = contents.images().map(|image| (image.id, subject_of(contents, image))).collect();
        let parts = self.split.as_ref().map(|split| split.deal(subjects.values().map(String::as_str)));
        let wanted = |image: &ImageEntry| self.images.as_ref().is_none_or(|only| only.contains(&image.id));
        let mine = |n: usize| self.shard.is_none_or(|shard| n % shard.count == shard.index - 1);
        let numbered = contents.images().enumerate().filter(|(n, image)| wanted(image) && mine(*n));
        numbered
            .map(|(n, image)| Case {
                image,
                number: n + 1,
                name: format!("case_{:05}", n + 1),
                part: parts.as_ref().and_then(|parts| Some((*parts.get(subjects[&image.id].as_str())?).to_owned())),
            })
            .collect()
    }

    /// The names of the parts, in the order given; none where the export is not split.
    pub(crate) fn part_names(&self) -> Vec<&str> {
        self.split.iter().flat_map(|split| split.parts.iter().map(|(name, _)| name.as_str())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_kept_and_the_seed_decides() {
        let split = Split::parse("train=0.7,val=0.1,test=0.2", 3).unwrap();
        let subjects: Vec<String> = (0..100).map(|n| format!("subject {n}")).collect();
        let dealt = split.deal(subjects.iter().map(String::as_str));
        let count = |part: &str| dealt.values().filter(|p| **p == part).count();
        assert_eq!((count("train"), count("val"), count("test")), (70, 10, 20));
        assert_eq!(dealt, split.deal(subjects.iter().rev().map(String::as_str)));
        let other = Split { seed: 4, ..split.clone() };
        assert_ne!(dealt, other.deal(subjects.iter().map(String::as_str)));
    }

    #[test]
    fn nonsense_is_refused_with_a_word() {
        for bad in ["", "train", "train=x", "train=-1", "train=0", "a=1,a=1", "../x=1", "train=inf"] {
            assert!(Split::parse(bad, 0).is_err(), "{bad}");
        }
        for bad in ["", "1", "0/4", "5/4", "a/b", "1/0"] {
            assert!(Shard::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(Shard::parse("4/4").unwrap(), Shard { index: 4, count: 4 });
    }
}
