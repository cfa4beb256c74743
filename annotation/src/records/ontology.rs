//! A vocabulary: nodes under each other, on levels that may stay open one by one, with codes, colours, synonyms and
//! definitions. Labels and regions name its nodes.

use crate::contents::Contents;
use crate::entity::{OntologyId, Rules};
use crate::error::{Error, Result};
use crate::labels::{Code, Label};
use crate::records::named;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ontology {
    #[serde(default = "OntologyId::new")]
    pub id: OntologyId,
    pub name: String,
    #[serde(default)]
    pub version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Under what terms the codes may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// Where names and codes come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// What is said of one region side by side: quadrant, number, diagnosis. Empty where all nodes are of one level.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<String>,
    pub nodes: Vec<Node>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Node {
    /// Unique in the ontology, never reused.
    pub key: String,
    pub name: String,
    /// The key of the node above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<Code>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub colour: Option<[u8; 3]>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub synonyms: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
    /// Where true, only one of the nodes under it holds of one thing.
    #[serde(skip_serializing_if = "is_false")]
    pub exclusive: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

impl Ontology {
    #[must_use]
    pub fn node(&self, key: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.key == key)
    }

    /// The nodes from the top down to this one.
    #[must_use]
    pub fn path(&self, key: &str) -> Vec<&Node> {
        let mut path = Vec::new();
        let mut at = self.node(key);
        while let Some(node) = at.filter(|_| path.len() < self.nodes.len()) {
            path.push(node);
            at = node.parent.as_deref().and_then(|parent| self.node(parent));
        }
        path.reverse();
        path
    }

    pub fn children(&self, key: Option<&str>) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(move |node| node.parent.as_deref() == key)
    }

    /// The node that a name, a synonym or a code value means, whatever its case.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<&Node> {
        let same = |other: &String| other.to_lowercase() == text.trim().to_lowercase();
        let means = |node: &&Node| {
            same(&node.name) || node.synonyms.iter().any(same) || node.codes.iter().any(|code| same(&code.value))
        };
        self.nodes.iter().find(|node| same(&node.name)).or_else(|| self.nodes.iter().find(means))
    }

    /// A label that is the node: its name, colour, codes and words.
    #[must_use]
    pub fn label(&self, key: &str, value: u16) -> Option<Label> {
        let node = self.node(key)?;
        Some(Label {
            colour: node.colour,
            codes: node.codes.clone(),
            synonyms: node.synonyms.clone(),
            definition: node.definition.clone(),
            concept: Some(crate::labels::Concept { ontology: self.id, node: key.into() }),
            ..Label::new(value, &node.name)
        })
    }

    /// Refuses nodes that do not fit together.
    pub(crate) fn check_nodes(&self) -> Result<()> {
        named("an ontology", &self.name)?;
        let mut parents = BTreeMap::new();
        for node in &self.nodes {
            named("a node of an ontology", &node.name)?;
            if node.key.trim().is_empty() {
                return Err(Error::refused(format!("the node \"{}\" needs a key", node.name)));
            }
            if parents.insert(node.key.as_str(), node.parent.as_deref()).is_some() {
                return Err(Error::refused(format!("two nodes have the key {}", node.key)));
            }
            if node.level.as_ref().is_some_and(|level| !self.levels.contains(level)) {
                let level = node.level.as_deref().unwrap_or_default();
                return Err(Error::refused(format!("\"{}\" is on a level {level} that is not listed", node.name)));
            }
            if node.codes.iter().any(|code| code.scheme.trim().is_empty() || code.value.trim().is_empty()) {
                return Err(Error::refused(format!("a code of \"{}\" has no scheme or no value", node.name)));
            }
        }
        for node in &self.nodes {
            let mut at = node.parent.as_deref();
            let mut steps = 0;
            while let Some(key) = at {
                let next = parents.get(key);
                at = *next
                    .ok_or_else(|| Error::refused(format!("\"{}\" is under {key}, which is no node", node.name)))?;
                steps += 1;
                if steps > parents.len() {
                    return Err(Error::refused(format!("the node {} is above itself", node.key)));
                }
            }
        }
        Ok(())
    }
}

impl Rules for Ontology {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn check(&self, _: &Contents) -> Result<()> {
        self.check_nodes()
    }
}
