//! A conversation over an image set. Texts hold placeholders: one `<ref-object>` for each name and one `<bbox>` for each
//! region of the turn's evidence, taken in order.

use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::question::book::{Lookup, need_image_set, need_question};
use crate::question::ids::{DialogueId, ImageSetId, QuestionId};
use crate::question::region::Evidence;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

pub const REF: &str = "<ref-object>";
pub const BOX: &str = "<bbox>";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dialogue {
    #[serde(default = "DialogueId::new")]
    pub id: DialogueId,
    pub image_set: ImageSetId,
    pub turns: Vec<Turn>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub external_ids: BTreeMap<String, String>,
    /// What an imported record held beside; goes out again unchanged.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ext: BTreeMap<String, Value>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Turn {
    pub role: Speaker,
    pub text: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// The question the turn asks or answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<QuestionId>,
    /// What was said instead and refused: for preference sets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    System,
    Human,
    Assistant,
    Tool,
    Expert,
}

impl Turn {
    #[must_use]
    pub fn new(role: Speaker, text: impl Into<String>) -> Self {
        Self { role, text: text.into(), evidence: Vec::new(), question: None, rejected: None }
    }
}

impl Dialogue {
    pub fn validate(&self, contents: &Contents, book: &dyn Lookup) -> Result<()> {
        let set = need_image_set(book, self.image_set)?;
        if self.turns.is_empty() {
            return Err(Error::refused("a dialogue needs a turn"));
        }
        for (n, turn) in self.turns.iter().enumerate() {
            let (boxes, regions) = (turn.text.matches(BOX).count(), turn.evidence.len());
            if boxes > regions {
                let turn = n + 1;
                return Err(Error::refused(format!("turn {turn} has {boxes} box markers for {regions} regions")));
            }
            if turn.text.matches(REF).count() > turn.evidence.iter().filter(|e| !e.name.is_empty()).count() {
                return Err(Error::refused(format!("turn {} has more name markers than named regions", n + 1)));
            }
            turn.evidence.iter().try_for_each(|evidence| evidence.check(contents, set))?;
            if let Some(id) = turn.question {
                need_question(book, id)?;
            }
        }
        Ok(())
    }
}
