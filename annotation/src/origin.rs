//! Where an entity comes from: who made it, who changed it last, when, at which revision, with what, and from what. It is
//! kept beside the entity and set by the document, so that no change is without an author.

use crate::id::{Key, Revision};
use crate::step::StepInfo;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The version that signs changes.
pub const TOOL_VERSION: &str = env!("CARGO_PKG_VERSION");

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    #[serde(with = "shared")]
    pub created: Arc<Touch>,
    #[serde(with = "shared")]
    pub modified: Arc<Touch>,
    /// What it was derived from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<Key>,
    /// Fields that another program wrote and ours does not know, by namespace.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ext: BTreeMap<String, serde_json::Value>,
}

/// One change by one author. All that a step changed shares it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Touch {
    /// A pseudonym.
    pub by: String,
    pub at: jiff::Timestamp,
    pub revision: Revision,
    pub source: Source,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Human,
    Model,
    Import,
    Derived,
}

impl Touch {
    /// The signature of a step.
    #[must_use]
    pub fn of(info: &StepInfo, revision: Revision) -> Self {
        let source = match (&info.model, info.tool.as_deref()) {
            (Some(_), _) => Source::Model,
            (None, Some("import")) => Source::Import,
            (None, Some("derive")) => Source::Derived,
            (None, _) => Source::Human,
        };
        Self {
            by: info.by.clone(),
            at: info.at,
            revision,
            source,
            tool: info.tool.clone(),
            tool_version: Some(TOOL_VERSION.into()),
            model: info.model.clone(),
        }
    }
}

impl Origin {
    /// Of something whose step is not signed yet.
    pub(crate) fn unsigned() -> Self {
        let nobody = Arc::new(Touch::of(&StepInfo::default(), Revision(0)));
        Self { created: nobody.clone(), modified: nobody, parents: Vec::new(), ext: BTreeMap::new() }
    }

    /// Of something new, or of a change to what had an origin already.
    #[must_use]
    pub(crate) fn touched(former: Option<&Self>, touch: &Arc<Touch>) -> Self {
        match former {
            Some(former) if former.created.revision != Revision(0) => {
                Self { modified: touch.clone(), ..former.clone() }
            }
            _ => {
                let unsigned = former.cloned().unwrap_or_else(Self::unsigned);
                Self { created: touch.clone(), modified: touch.clone(), ..unsigned }
            }
        }
    }
}

/// Writes what is shared as if it were owned.
mod shared {
    use super::{Arc, Deserialize, Deserializer, Serialize, Serializer, Touch};

    pub fn serialize<S: Serializer>(touch: &Arc<Touch>, serializer: S) -> Result<S::Ok, S::Error> {
        touch.as_ref().serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<Touch>, D::Error> {
        Touch::deserialize(deserializer).map(Arc::new)
    }
}
