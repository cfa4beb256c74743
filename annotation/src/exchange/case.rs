//! Which images leave, under which names, in which part: a selection, a split by subject and a shard of the whole.
//!
//! What must hold: names count all images of the project, so that a selection or a shard keeps the names of the whole.

use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::exchange::Options;
use crate::image_entry::ImageEntry;
use serde::{Deserialize, Serialize};

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

impl Options {
    /// The images asked for, in the project's order.
    pub(crate) fn cases<'a>(&self, contents: &'a Contents) -> Vec<Case<'a>> {
        let parts = self.split.as_ref().map(|split| split.parts_of_images(contents));
        let wanted = |image: &ImageEntry| self.images.as_ref().is_none_or(|only| only.contains(&image.id));
        let mine = |n: usize| self.shard.is_none_or(|shard| n % shard.count == shard.index - 1);
        let numbered = contents.images().enumerate().filter(|(n, image)| wanted(image) && mine(*n));
        numbered
            .map(|(n, image)| Case {
                image,
                number: n + 1,
                name: format!("case_{:05}", n + 1),
                part: parts.as_ref().and_then(|parts| parts.get(&image.id).cloned()),
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
    fn nonsense_is_refused_with_a_word() {
        for bad in ["", "1", "0/4", "5/4", "a/b", "1/0"] {
            assert!(Shard::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(Shard::parse("4/4").unwrap(), Shard { index: 4, count: 4 });
    }
}
