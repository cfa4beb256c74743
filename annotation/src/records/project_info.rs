//! What a project says of itself to those who read or cite it: what data cards and releases are filled from. The name of
//! the file's own list entry is in `ProjectMeta`; this is content, so it is signed, undone and merged like everything else.

use crate::contents::Contents;
use crate::entity::{Entity, ProjectInfoId, Rules};
use crate::error::{Error, Result};
use crate::records::named;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProjectInfo {
    #[serde(default = "ProjectInfoId::new")]
    pub id: ProjectInfoId,
    pub title: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// An SPDX expression or the words of another licence: "CC-BY-4.0".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub citation: Option<String>,
    /// Of the texts, as BCP 47 writes it.
    #[serde(default = "english")]
    pub language: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guideline: Option<Guideline>,
    /// How identities are kept out: "DICOM PS3.15 basic profile, dates shifted".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deidentification: Option<String>,
    /// From the number of a MI-CLAIM question to its answer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub checklist: BTreeMap<String, String>,
    /// From the name of a field of Croissant's responsible-AI vocabulary to its text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rai: BTreeMap<String, String>,
}

/// What annotators are told to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guideline {
    pub version: String,
    pub text: String,
    /// Files beside the project, by their path from its folder.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<String>,
}

fn english() -> String {
    "en".into()
}

impl ProjectInfo {
    #[must_use]
    pub fn titled(title: impl Into<String>) -> Self {
        Self {
            id: ProjectInfoId::new(),
            title: title.into(),
            description: String::new(),
            licence: None,
            citation: None,
            language: english(),
            guideline: None,
            deidentification: None,
            checklist: BTreeMap::new(),
            rai: BTreeMap::new(),
        }
    }

    /// What a reader needs of it: how to work, and nothing that says what they work on.
    #[must_use]
    pub fn for_reader(&self) -> Self {
        let guideline = self.guideline.clone().map(|guideline| Guideline { attachments: Vec::new(), ..guideline });
        Self { id: self.id, language: self.language.clone(), guideline, ..Self::titled("Handout") }
    }
}

impl Rules for ProjectInfo {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn check(&self, contents: &Contents) -> Result<()> {
        named("a project", &self.title)?;
        if contents.all::<Self>().any(|other| other.id != self.id) {
            return Err(Error::refused("a project has one description; change the one that is there"));
        }
        if self.language.trim().is_empty() {
            return Err(Error::refused("the language of a project is a code such as \"en\""));
        }
        match &self.guideline {
            Some(guideline) => named("the version of a guideline", &guideline.version),
            None => Ok(()),
        }
    }

    fn check_change(&self, former: &Entity) -> Result<()> {
        match (former, &self.guideline) {
            (Entity::ProjectInfo(former), Some(now)) => match &former.guideline {
                // What was annotated under a version must stay known.
                Some(then) if then.version == now.version && then.text != now.text => {
                    Err(Error::refused("a changed guideline needs a version of its own"))
                }
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }
}
