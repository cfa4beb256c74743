//! What an audit was asked and what it found, kept so that it can be shown later that it was made. It says what was so
//! then: it never changes, and what it scored may be removed since, so scores are not references that hold their items.

use crate::contents::Contents;
use crate::entity::{AuditRunId, Entity, Rules};
use crate::error::{Error, Result};
use crate::id::{Key, Revision};
use crate::records::finite;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditRun {
    #[serde(default = "AuditRunId::new")]
    pub id: AuditRunId,
    pub kind: AuditKind,
    /// Which revision of the project was audited.
    pub revision: Revision,
    /// The settings: the same ones on the same revision give the same results.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, serde_json::Value>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub results: BTreeMap<String, serde_json::Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scores: Vec<AuditScore>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditKind {
    /// Can the questions be answered from their text: training on the test set.
    Tst,
    Leakage,
    Duplicate,
    /// Names, numbers and dates of patients.
    Phi,
    Balance,
}

/// What was found for one item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditScore {
    pub item: Key,
    pub score: f64,
    /// In which round of pruning it was taken out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_in: Option<u32>,
}

impl Rules for AuditRun {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn check(&self, _: &Contents) -> Result<()> {
        let mut seen = BTreeSet::new();
        for AuditScore { item, score, .. } in &self.scores {
            finite("the score of an audit", *score)?;
            if !seen.insert(*item) {
                return Err(Error::refused(format!("an audit scores the {item} once")));
            }
        }
        Ok(())
    }

    fn check_change(&self, former: &Entity) -> Result<()> {
        match former {
            Entity::AuditRun(former) if **former != *self => {
                Err(Error::refused("an audit says what was found then; keep it and add a new one"))
            }
            _ => Ok(()),
        }
    }
}
