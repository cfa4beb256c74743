//! What can be said of a region beside its label: the levels of a vocabulary, each of which may stay open, how certain it
//! is, attributes, and how it stands to others.

use crate::contents::Contents;
use crate::entity::{LabelId, OntologyId};
use crate::error::{Error, Result};
use crate::id::Key;
use crate::records::Ontology;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tags {
    /// Nodes of an ontology, at most one a level; a level that is not named is not decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub levels: Option<Levels>,
    /// Labels it has beside its own: one region may be several things at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<LabelId>,
    /// How sure the author is, 0 to 1; none where nobody said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certainty: Option<f64>,
    /// The only labels that were looked for; empty where all were.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub looked_for: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, Attribute>,
    /// Partly behind something else.
    #[serde(skip_serializing_if = "is_false")]
    pub occluded: bool,
    /// Drawn later where it is larger.
    #[serde(skip_serializing_if = "is_zero")]
    pub z_order: i32,
    /// Regions that belong together share it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<u32>,
}

/// Where a region stands in a vocabulary with levels: quadrant and number may be known, the diagnosis not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Levels {
    pub ontology: OntologyId,
    /// From the name of a level to the key of a node.
    pub nodes: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Attribute {
    Yes(bool),
    Number(f64),
    Text(String),
    Several(Vec<String>),
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_zero(value: &i32) -> bool {
    *value == 0
}

impl Tags {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn mentions(&self) -> Vec<Key> {
        let levels = self.levels.as_ref().map(|levels| levels.ontology.into());
        levels.into_iter().chain(self.also.iter().map(|label| label.key())).collect()
    }

    /// The same without a label.
    pub(crate) fn without(mut self, label: LabelId) -> Self {
        self.also.retain(|other| *other != label);
        self
    }

    pub(crate) fn check(&self, contents: &Contents) -> Result<()> {
        if self.certainty.is_some_and(|certainty| !(0.0..=1.0).contains(&certainty)) {
            return Err(Error::refused("certainty is a number from 0 to 1"));
        }
        if self.attributes.keys().any(|name| name.trim().is_empty()) {
            return Err(Error::refused("an attribute needs a name"));
        }
        if self.attributes.values().any(|value| matches!(value, Attribute::Number(n) if !n.is_finite())) {
            return Err(Error::refused("the number of an attribute must be finite"));
        }
        let Some(Levels { ontology, nodes }) = &self.levels else { return Ok(()) };
        let ontology = contents.get::<Ontology>(*ontology).ok_or(Error::Missing { key: (*ontology).into() })?;
        for (level, key) in nodes {
            let node = ontology.node(key);
            let node = node.ok_or_else(|| Error::refused(format!("\"{}\" has no node {key}", ontology.name)))?;
            if node.level.as_ref() != Some(level) {
                return Err(Error::refused(format!("\"{}\" is not on the level {level}", node.name)));
            }
        }
        Ok(())
    }
}
