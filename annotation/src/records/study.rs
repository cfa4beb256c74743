//! Subjects, their studies, and splits. A split is by subject and never cuts through one.

use crate::contents::Contents;
use crate::entity::{ImageId, Rules, SplitId, StudyId, SubjectId};
use crate::error::{Error, Result};
use crate::id::Key;
use crate::records::named;
use crate::tags::Attribute;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    #[serde(default = "SubjectId::new")]
    pub id: SubjectId,
    /// Never the patient's own name or number.
    pub pseudonym: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<String>,
    /// In years, as a range: "60-69".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, Attribute>,
}

impl Rules for Subject {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn check(&self, contents: &Contents) -> Result<()> {
        named("a subject", &self.pseudonym)?;
        match contents.all::<Self>().find(|other| other.pseudonym == self.pseudonym && other.id != self.id) {
            Some(_) => Err(Error::refused(format!("there is already a subject called {}", self.pseudonym))),
            None => Ok(()),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Study {
    #[serde(default = "StudyId::new")]
    pub id: StudyId,
    pub subject: SubjectId,
    /// An image is in one study at most.
    pub images: Vec<ImageId>,
    /// The order among the subject's studies, from 0.
    #[serde(default)]
    pub time_point: Option<u32>,
    /// Days since the subject's first study.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indication: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<String>,
}

impl Rules for Study {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn mentions(&self) -> Vec<Key> {
        self.images.iter().map(|id| id.key()).chain([self.subject.key()]).collect()
    }

    fn check(&self, contents: &Contents) -> Result<()> {
        let mine: BTreeSet<_> = self.images.iter().collect();
        if mine.len() != self.images.len() {
            return Err(Error::refused("a study has an image once"));
        }
        for image in &self.images {
            let others = contents.pointing_at_from::<Self>(image.key());
            if others.into_iter().any(|other| other.id != self.id) {
                return Err(Error::refused("an image belongs to one study only"));
            }
        }
        Ok(())
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Split {
    #[serde(default = "SplitId::new")]
    pub id: SplitId,
    pub name: String,
    pub seed: u64,
    /// From the name of a part to its subjects.
    pub parts: BTreeMap<String, Vec<SubjectId>>,
}

impl Rules for Split {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn mentions(&self) -> Vec<Key> {
        self.parts.values().flatten().map(|id| id.key()).collect()
    }

    fn check(&self, _: &Contents) -> Result<()> {
        named("a split", &self.name)?;
        let mut seen = BTreeSet::new();
        match self.parts.values().flatten().find(|subject| !seen.insert(**subject)) {
            Some(_) => Err(Error::refused("a subject is in one part of a split only")),
            None => Ok(()),
        }
    }
}
