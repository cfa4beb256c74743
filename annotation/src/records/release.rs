//! A version of the data that was given out: which revision, what was in it, in which formats, with which checksums. Others
//! hold the files, so a release never changes; what it lists may be removed from the project later.

use crate::contents::Contents;
use crate::entity::{Entity, ReleaseId, Rules, SplitId};
use crate::error::{Error, Result};
use crate::exchange::{Receipt, WrittenFile};
use crate::id::{Key, Revision};
use crate::records::named;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    #[serde(default = "ReleaseId::new")]
    pub id: ReleaseId,
    /// "1.0.0"; unique in the project.
    pub version: String,
    /// Of the project, when it was given out.
    pub revision: Revision,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<SplitId>,
    /// The images, questions and so on that were in it.
    pub items: Vec<Key>,
    pub sets: Vec<ReleasedSet>,
    /// From the name of a card (data card, Croissant) to its text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cards: BTreeMap<String, String>,
}

/// One export of the release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleasedSet {
    pub format: String,
    /// As the exporter was called.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub options: serde_json::Value,
    pub files: Vec<ReleasedFile>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleasedFile {
    /// From the folder of the export, with forward slashes.
    pub path: String,
    pub sha256: String,
}

impl ReleasedSet {
    /// What the receipt of an export says.
    pub fn of_receipt(receipt: &Receipt) -> Result<Self> {
        let options = serde_json::to_value(&receipt.options).map_err(Error::json("could not write the options"))?;
        let file = |file: &WrittenFile| ReleasedFile { path: file.path.clone(), sha256: file.sha256.clone() };
        Ok(Self { format: receipt.format.clone(), options, files: receipt.files.iter().map(file).collect() })
    }
}

impl Rules for Release {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn mentions(&self) -> Vec<Key> {
        self.split.map(Key::from).into_iter().collect()
    }

    fn check(&self, contents: &Contents) -> Result<()> {
        named("the version of a release", &self.version)?;
        if contents.all::<Self>().any(|other| other.version == self.version && other.id != self.id) {
            return Err(Error::refused(format!("there is already a release {}", self.version)));
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = self.items.iter().find(|item| !seen.insert(**item)) {
            return Err(Error::refused(format!("a release lists the {twice} once")));
        }
        for set in &self.sets {
            named("the format of a release", &set.format)?;
            for file in &set.files {
                let is_hash = file.sha256.len() == 64 && file.sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
                if file.path.is_empty() || !is_hash {
                    let text = format!("the file \"{}\" of a release needs its path and SHA-256", file.path);
                    return Err(Error::refused(text));
                }
            }
        }
        Ok(())
    }

    fn check_change(&self, former: &Entity) -> Result<()> {
        match former {
            Entity::Release(former) if **former != *self => {
                Err(Error::refused("a release is in other hands and does not change; make a new version"))
            }
            _ => Ok(()),
        }
    }
}
