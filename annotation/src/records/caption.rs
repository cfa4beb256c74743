//! Captions and reports. A phrase may point at what it speaks of: a stretch of the text, in characters, and regions.

use crate::contents::Contents;
use crate::entity::{CaptionId, FindingId, Kind, Rules, ShapeId};
use crate::error::{Error, Result};
use crate::id::Key;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caption {
    #[serde(default = "CaptionId::new")]
    pub id: CaptionId,
    /// An image, a study, an image set or a shape.
    pub target: Key,
    pub kind: CaptionKind,
    pub text: String,
    #[serde(default = "english")]
    pub language: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phrases: Vec<Grounding>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaptionKind {
    Caption,
    Findings,
    Impression,
    Report,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grounding {
    /// Characters of the text, half-open.
    pub span: [usize; 2],
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shapes: Vec<ShapeId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingId>,
}

fn english() -> String {
    "en".into()
}

impl Caption {
    /// The words that a phrase is.
    #[must_use]
    pub fn words(&self, phrase: &Grounding) -> String {
        let [start, end] = phrase.span;
        self.text.chars().skip(start).take(end.saturating_sub(start)).collect()
    }
}

impl Rules for Caption {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn mentions(&self) -> Vec<Key> {
        let mut keys = vec![self.target];
        for phrase in &self.phrases {
            keys.extend(phrase.shapes.iter().map(|id| id.key()));
            keys.extend(phrase.findings.iter().map(|id| id.key()));
        }
        keys
    }

    fn check(&self, _: &Contents) -> Result<()> {
        if !matches!(self.target.kind, Kind::Image | Kind::Study | Kind::ImageSet | Kind::Shape) {
            return Err(Error::refused("a caption is about an image, a study, an image set or a shape"));
        }
        let length = self.text.chars().count();
        for phrase in &self.phrases {
            let [start, end] = phrase.span;
            if start >= end || end > length {
                let text = format!("a phrase from {start} to {end} is not part of a text of {length} characters");
                return Err(Error::refused(text));
            }
            if phrase.shapes.is_empty() && phrase.findings.is_empty() {
                return Err(Error::refused("a grounded phrase needs a region or a finding"));
            }
        }
        Ok(())
    }
}
