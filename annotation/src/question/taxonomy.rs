//! What skill a question asks for: a path from the broadest level to the finest, like super-type, type, subtype.

use crate::error::{Error, Result};
use crate::question::ids::TaxonomyId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taxonomy {
    #[serde(default = "TaxonomyId::new")]
    pub id: TaxonomyId,
    pub name: String,
    /// What the levels are called, broadest first.
    pub levels: Vec<String>,
    pub entries: Vec<TaxonomyEntry>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxonomyEntry {
    pub path: Vec<String>,
    /// needs_measurement, needs_counting and the like.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub flags: BTreeSet<String>,
}

/// Where a question stands in a taxonomy. Levels at the end may be open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Placement {
    /// None for a path that no taxonomy of the project lists, as imported data has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taxonomy: Option<TaxonomyId>,
    pub path: Vec<String>,
}

impl Taxonomy {
    pub fn validate(&self) -> Result<()> {
        if self.name.trim().is_empty() {
            return Err(Error::refused("a taxonomy needs a name"));
        }
        let mut seen = BTreeSet::new();
        for entry in &self.entries {
            let path = entry.path.join(" / ");
            if entry.path.is_empty() || entry.path.iter().any(|part| part.trim().is_empty()) {
                return Err(Error::refused(format!("the taxonomy entry \"{path}\" has an empty level")));
            }
            if entry.path.len() > self.levels.len() {
                let levels = self.levels.len();
                return Err(Error::refused(format!(
                    "the entry \"{path}\" is deeper than the taxonomy's {levels} levels"
                )));
            }
            if !seen.insert(&entry.path) {
                return Err(Error::refused(format!("the taxonomy lists \"{path}\" twice")));
            }
        }
        Ok(())
    }

    /// Whether a path is an entry or leads to one.
    #[must_use]
    pub fn holds(&self, path: &[String]) -> bool {
        self.entries.iter().any(|entry| entry.path.starts_with(path))
    }
}
