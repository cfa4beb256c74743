//! How subjects are dealt out to the parts of a data set.
//!
//! What must hold: a subject lies in one part only, whatever its images are, and so does a picture: subjects that share one
//! are dealt as one, because a copy in another part would leak the answer.

use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::id::ImageId;
use crate::image_entry::ImageEntry;
use crate::label_map::LabelMap;
use crate::records::Subject;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// Names and shares of the parts; shares are relative to their sum.
    pub parts: Vec<(String, f64)>,
    #[serde(default)]
    pub seed: u64,
    /// From a subject's pseudonym to the part it lies in whatever the dice say: a test set that was published before.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pinned: BTreeMap<String, String>,
    /// What every part is to hold its share of.
    #[serde(default, skip_serializing_if = "Balance::is_none")]
    pub balance: Balance,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Balance {
    #[default]
    None,
    /// Kinds of pictures.
    Modality,
    /// Sets of labels that occur in a subject.
    Labels,
}

impl Balance {
    fn is_none(&self) -> bool {
        *self == Self::None
    }

    pub fn parse(text: &str) -> Result<Self> {
        match text {
            "modality" => Ok(Self::Modality),
            "labels" => Ok(Self::Labels),
            _ => Err(Error::refused(format!("a split is balanced by modality or labels, not by {text:?}"))),
        }
    }
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
        Ok(Self { parts, seed, pinned: BTreeMap::new(), balance: Balance::None })
    }

    /// Puts a subject into a part, from `test=subject`.
    pub fn pin(&mut self, text: &str) -> Result<()> {
        let (part, subject) = text
            .split_once('=')
            .ok_or_else(|| Error::refused(format!("{text:?} pins nothing; write PART=SUBJECT: test=S001")))?;
        if !self.parts.iter().any(|(name, _)| name == part) {
            let names: Vec<&str> = self.parts.iter().map(|(name, _)| name.as_str()).collect();
            return Err(Error::refused(format!("the split has no part {part:?}; it has {}", names.join(", "))));
        }
        if let Some(other) = self.pinned.insert(subject.to_owned(), part.to_owned())
            && other != part
        {
            return Err(Error::refused(format!("the subject {subject} is pinned to {other} and to {part}")));
        }
        Ok(())
    }

    /// Refuses what cannot be done with a project: a subject that is not there, one picture pinned to two parts.
    pub(super) fn check(&self, contents: &Contents) -> Result<()> {
        let known: BTreeSet<&str> = contents.all::<Subject>().map(|subject| subject.pseudonym.as_str()).collect();
        if let Some(unknown) = self.pinned.keys().find(|name| !known.contains(name.as_str())) {
            return Err(Error::refused(format!("a pin names the subject {unknown}, whom the project does not have")));
        }
        let mut pins: BTreeMap<String, &str> = BTreeMap::new();
        for (image, group) in groups(contents) {
            let Some(part) = self.pin_of(contents, image) else { continue };
            if pins.insert(group, part).is_some_and(|other| other != part) {
                return Err(Error::refused("two subjects that share a picture are pinned to different parts"));
            }
        }
        Ok(())
    }

    fn pin_of(&self, contents: &Contents, image: ImageId) -> Option<&str> {
        let subject = contents.get::<Subject>(contents.study_of(image)?.subject)?;
        self.pinned.get(&subject.pseudonym).map(String::as_str)
    }

    /// The part every image of a project lies in.
    pub(super) fn parts_of_images(&self, contents: &Contents) -> BTreeMap<ImageId, String> {
        let groups = groups(contents);
        let mut pinned: BTreeMap<&str, &str> = BTreeMap::new();
        let mut kinds: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (image, group) in &groups {
            if let Some(part) = self.pin_of(contents, *image) {
                pinned.insert(group, part);
            }
            kinds.entry(group).or_default().extend(self.kinds_of(contents, *image));
        }
        let mut strata: BTreeMap<BTreeSet<String>, Vec<&str>> = BTreeMap::new();
        for (group, kinds) in kinds.into_iter().filter(|(group, _)| !pinned.contains_key(group)) {
            strata.entry(kinds).or_default().push(group);
        }
        let mut dealt = self.deal(strata.into_values());
        dealt.extend(pinned);
        groups.iter().map(|(image, group)| (*image, dealt[group.as_str()].to_owned())).collect()
    }

    fn kinds_of(&self, contents: &Contents, image: ImageId) -> Vec<String> {
        let labels = || contents.label_map(image).map(LabelMap::values).unwrap_or_default();
        match self.balance {
            Balance::None => Vec::new(),
            Balance::Modality => contents.image(image).and_then(|image| image.modality.clone()).into_iter().collect(),
            Balance::Labels => labels().into_iter().map(|value| value.to_string()).collect(),
        }
    }

    /// Deals subjects out: within each kind in an order that follows from the seed, each to the part that lacks most of its
    /// share so far. So every part has its share of the whole, and of each kind as far as that divides.
    fn deal<'a>(&'a self, strata: impl Iterator<Item = Vec<&'a str>>) -> BTreeMap<&'a str, &'a str> {
        let total: f64 = self.parts.iter().map(|(_, share)| share).sum();
        let mut given = vec![0_usize; self.parts.len()];
        let mut dealt = BTreeMap::new();
        for mut subjects in strata {
            subjects.sort_by_cached_key(|subject| Sha256::digest(format!("{}\0{subject}", self.seed)));
            for subject in subjects {
                let count = (dealt.len() + 1) as f64;
                let lacks = |n: &usize| self.parts[*n].1 / total * count - given[*n] as f64;
                let Some(most) = (0..given.len()).rev().max_by(|a, b| lacks(a).total_cmp(&lacks(b))) else { continue };
                given[most] += 1;
                dealt.insert(subject, self.parts[most].0.as_str());
            }
        }
        dealt
    }
}

/// Whose every image is. Images of which the project names no subject are one subject where their pixels are the same;
/// subjects that share a picture are one.
fn groups(contents: &Contents) -> BTreeMap<ImageId, String> {
    let named = |image: &ImageEntry| contents.study_of(image.id).map(|study| study.subject.to_string());
    let mut joined: BTreeMap<String, String> = BTreeMap::new();
    let mut owner: BTreeMap<&str, String> = BTreeMap::new();
    for image in contents.images() {
        let Some(subject) = named(image) else { continue };
        let mine = root(&joined, subject);
        match owner.get(image.sha256.as_str()) {
            Some(other) => {
                let other = root(&joined, other.clone());
                if other != mine {
                    joined.insert(mine, other);
                }
            }
            None => drop(owner.insert(&image.sha256, mine)),
        }
    }
    let whose = |image: &ImageEntry| {
        let named = named(image).or_else(|| owner.get(image.sha256.as_str()).cloned());
        named.map_or_else(|| image.sha256.clone(), |subject| root(&joined, subject))
    };
    contents.images().map(|image| (image.id, whose(image))).collect()
}

fn root(joined: &BTreeMap<String, String>, mut subject: String) -> String {
    while let Some(other) = joined.get(&subject) {
        subject.clone_from(other);
    }
    subject
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(dealt: &BTreeMap<&str, &str>, part: &str, of: &str) -> usize {
        dealt.iter().filter(|(subject, p)| **p == part && subject.starts_with(of)).count()
    }

    #[test]
    fn shares_are_kept_and_the_seed_decides() {
        let split = Split::parse("train=0.7,val=0.1,test=0.2", 3).unwrap();
        let subjects: Vec<String> = (0..100).map(|n| format!("subject {n}")).collect();
        let all = || [subjects.iter().map(String::as_str).collect::<Vec<_>>()].into_iter();
        let dealt = split.deal(all());
        assert_eq!(["train", "val", "test"].map(|part| count(&dealt, part, "")), [70, 10, 20]);
        assert_eq!(dealt, split.deal([subjects.iter().rev().map(String::as_str).collect()].into_iter()));
        let other = Split { seed: 4, ..split.clone() };
        assert_ne!(dealt, other.deal(all()));
    }

    #[test]
    fn a_rare_kind_is_in_every_part() {
        let split = Split::parse("train=0.8,test=0.2", 1).unwrap();
        let named = |kind: &str, n: usize| (0..n).map(|k| format!("{kind}{k}")).collect::<Vec<_>>();
        let (rare, common) = (named("a", 5), named("b", 20));
        let dealt = split.deal([&rare, &common].map(|all| all.iter().map(String::as_str).collect()).into_iter());
        assert_eq!([count(&dealt, "test", "a"), count(&dealt, "test", "b")], [1, 4]);
    }

    #[test]
    fn nonsense_is_refused_with_a_word() {
        for bad in ["", "train", "train=x", "train=-1", "train=0", "a=1,a=1", "../x=1", "train=inf"] {
            assert!(Split::parse(bad, 0).is_err(), "{bad}");
        }
        let mut split = Split::parse("train=1,test=1", 0).unwrap();
        assert!(split.pin("test").is_err() && split.pin("val=a").is_err());
        split.pin("test=a").unwrap();
        assert!(split.pin("train=a").is_err() && Balance::parse("hats").is_err());
    }
}
