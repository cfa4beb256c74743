//! What is known of a painted label slice by slice, or frame by frame: where a person has drawn or corrected it, and where
//! they have said that there is nothing of it. Propagation starts from these frames and never paints over them.

use crate::contents::Contents;
use crate::entity::{FrameMarksId, ImageId, LabelId, Rules};
use crate::error::{Error, Result};
use crate::id::Key;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrameMarks {
    #[serde(default = "FrameMarksId::new")]
    pub id: FrameMarksId,
    pub image: ImageId,
    pub label: LabelId,
    /// The voxel axis that steps from slice to slice; 2 for stored slices and frames.
    #[serde(default = "stored")]
    pub axis: usize,
    /// Drawn or corrected by hand.
    #[serde(default)]
    pub keyframes: BTreeSet<usize>,
    /// Looked at, and there is nothing of the label.
    #[serde(default)]
    pub absent: BTreeSet<usize>,
}

const fn stored() -> usize {
    2
}

impl FrameMarks {
    #[must_use]
    pub fn new(image: ImageId, label: LabelId, axis: usize) -> Self {
        let (keyframes, absent) = (BTreeSet::new(), BTreeSet::new());
        Self { id: FrameMarksId::new(), image, label, axis, keyframes, absent }
    }

    /// What is known of a label on the slices along an axis.
    #[must_use]
    pub fn of(contents: &Contents, image: ImageId, label: LabelId, axis: usize) -> Option<&Self> {
        contents.on::<Self>(image).find(|marks| marks.label == label && marks.axis == axis)
    }

    /// Whether a person has said something about a slice.
    #[must_use]
    pub fn is_said(&self, slice: usize) -> bool {
        self.keyframes.contains(&slice) || self.absent.contains(&slice)
    }

    /// The same with a slice that was drawn by hand.
    #[must_use]
    pub fn drawn(mut self, slice: usize) -> Self {
        self.absent.remove(&slice);
        self.keyframes.insert(slice);
        self
    }

    /// The same with a slice that has nothing of it.
    #[must_use]
    pub fn empty_on(mut self, slice: usize) -> Self {
        self.keyframes.remove(&slice);
        self.absent.insert(slice);
        self
    }

    /// The same with nothing said of a slice.
    #[must_use]
    pub fn unsaid(mut self, slice: usize) -> Self {
        self.keyframes.remove(&slice);
        self.absent.remove(&slice);
        self
    }

    /// The nearest slice after one that something was said of.
    #[must_use]
    pub fn next(&self, slice: usize) -> Option<usize> {
        let after = |all: &BTreeSet<usize>| all.range(slice + 1..).next().copied();
        after(&self.keyframes).into_iter().chain(after(&self.absent)).min()
    }

    /// The nearest slice before one that something was said of.
    #[must_use]
    pub fn previous(&self, slice: usize) -> Option<usize> {
        let before = |all: &BTreeSet<usize>| all.range(..slice).next_back().copied();
        before(&self.keyframes).into_iter().chain(before(&self.absent)).max()
    }
}

impl Rules for FrameMarks {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn image(&self) -> Option<ImageId> {
        Some(self.image)
    }

    fn mentions(&self) -> Vec<Key> {
        vec![self.label.into()]
    }

    fn check(&self, contents: &Contents) -> Result<()> {
        let image = contents.image(self.image).ok_or(Error::Missing { key: self.image.into() })?;
        if self.axis > 2 {
            return Err(Error::refused("frames lie along a voxel axis: 0, 1 or 2"));
        }
        let last = self.keyframes.last().max(self.absent.last());
        if last.is_some_and(|last| *last >= image.size()[self.axis]) {
            return Err(Error::refused("the marks name a frame that the image does not have"));
        }
        if let Some(both) = self.keyframes.intersection(&self.absent).next() {
            return Err(Error::refused(format!("frame {both} cannot be drawn and empty at once")));
        }
        match Self::of(contents, self.image, self.label, self.axis) {
            Some(other) if other.id != self.id => {
                Err(Error::refused("the label has marks on these frames; change those"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_drawn_or_empty_and_its_neighbours_are_found() {
        let marks = FrameMarks::new(ImageId::new(), LabelId::new(), 2).drawn(3).empty_on(9).drawn(6);
        assert_eq!((marks.next(3), marks.next(6), marks.next(9)), (Some(6), Some(9), None));
        assert_eq!((marks.previous(9), marks.previous(3)), (Some(6), None));
        let marks = marks.empty_on(6);
        assert!(marks.is_said(6) && !marks.keyframes.contains(&6));
        assert!(!marks.unsaid(6).is_said(6));
    }
}
