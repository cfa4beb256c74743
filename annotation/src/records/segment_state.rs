//! How far the work on a segment of an image is. One state per image and label.

use crate::contents::Contents;
use crate::entity::{ImageId, LabelId, Rules, SegmentStateId};
use crate::error::{Error, Result};
use crate::id::Key;
use crate::tags::Attribute;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmentState {
    #[serde(default = "SegmentStateId::new")]
    pub id: SegmentStateId,
    pub image: ImageId,
    pub label: LabelId,
    pub progress: Progress,
    /// How sure the author is of the segment, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certainty: Option<f64>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, Attribute>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    #[default]
    NotStarted,
    InProgress,
    Done,
    Flagged,
}

impl SegmentState {
    #[must_use]
    pub fn new(image: ImageId, label: LabelId, progress: Progress) -> Self {
        let (certainty, note) = (None, None);
        Self { id: SegmentStateId::new(), image, label, progress, certainty, attributes: BTreeMap::new(), note }
    }
}

impl Rules for SegmentState {
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
        if let Some(certainty) = self.certainty {
            super::share("the certainty of a segment", certainty)?;
        }
        let other = contents.on::<Self>(self.image).find(|other| other.label == self.label && other.id != self.id);
        other.map_or(Ok(()), |_| Err(Error::refused("the segment has a state on this image; change that one")))
    }
}
