//! Versions of the same thing by several raters or models, what they come to, and what was decided. A consensus stands
//! beside its inputs and never in their place.

use crate::contents::Contents;
use crate::entity::{AnnotationId, ConsensusId, DecisionId, Entity, Kind, PredictionId, ProtocolId, RaterId, Rules};
use crate::error::{Error, Result};
use crate::id::Key;
use crate::records::{finite, named};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A rater's version of something: what it is about, and the entities that say it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Annotation {
    #[serde(default = "AnnotationId::new")]
    pub id: AnnotationId,
    pub target: Key,
    pub content: Vec<Key>,
    pub rater: RaterId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<ProtocolId>,
    #[serde(default)]
    pub state: AnnotationState,
    /// Raters who must not see it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blinded_to: Vec<RaterId>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnnotationState {
    #[default]
    Draft,
    Submitted,
    Superseded,
    Accepted,
}

impl Rules for Annotation {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn mentions(&self) -> Vec<Key> {
        let content = self.content.iter().copied();
        let people = self.blinded_to.iter().map(|id| id.key()).chain([self.rater.key()]);
        content.chain([self.target]).chain(people).chain(self.protocol.map(Key::from)).collect()
    }

    fn check(&self, _: &Contents) -> Result<()> {
        if self.blinded_to.contains(&self.rater) {
            return Err(Error::refused("an annotation cannot be hidden from who made it"));
        }
        Ok(())
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consensus {
    #[serde(default = "ConsensusId::new")]
    pub id: ConsensusId,
    pub target: Key,
    pub method: ConsensusMethod,
    pub inputs: Vec<AnnotationId>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, f64>,
    /// From a rater to sensitivity, specificity, kappa, Dice.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub per_rater: BTreeMap<RaterId, BTreeMap<String, f64>>,
    /// The entities that say what came out; none of them is an input's.
    pub output: Vec<Key>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsensusMethod {
    Majority,
    Staple,
    SoftMean,
    RandomSample,
    IouCluster,
    Adjudicated,
}

impl Rules for Consensus {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn mentions(&self) -> Vec<Key> {
        let inputs = self.inputs.iter().map(|id| id.key());
        let raters = self.per_rater.keys().map(|id| id.key());
        inputs.chain(raters).chain(self.output.iter().copied()).chain([self.target]).collect()
    }

    fn check(&self, contents: &Contents) -> Result<()> {
        if self.inputs.is_empty() {
            return Err(Error::refused("a consensus needs the annotations it was made from"));
        }
        let scores = self.params.values().chain(self.per_rater.values().flat_map(BTreeMap::values));
        scores.copied().try_for_each(|score| finite("a figure of a consensus", score))?;
        let output: BTreeSet<Key> = self.output.iter().copied().collect();
        for input in &self.inputs {
            let input = contents.get::<Annotation>(*input).ok_or(Error::Missing { key: (*input).into() })?;
            if input.target != self.target {
                return Err(Error::refused("the inputs of a consensus are about the same thing as it is"));
            }
            if output.contains(&input.id.key()) || input.content.iter().any(|key| output.contains(key)) {
                return Err(Error::refused("a consensus stands beside its inputs; make entities of its own for it"));
            }
        }
        Ok(())
    }

    fn check_change(&self, former: &Entity) -> Result<()> {
        match former {
            Entity::Consensus(former) if former.inputs != self.inputs => {
                Err(Error::refused("the inputs of a consensus stay; make a new one from others"))
            }
            _ => Ok(()),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    #[serde(default = "DecisionId::new")]
    pub id: DecisionId,
    pub target: Key,
    pub verdict: Verdict,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// What the reviewer changed: the entity as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<serde_json::Value>,
    pub reviewer: RaterId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Accept,
    Edit,
    Reject,
    Flag,
    Defer,
}

impl Rules for Decision {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn mentions(&self) -> Vec<Key> {
        vec![self.target, self.reviewer.into()]
    }

    fn check(&self, _: &Contents) -> Result<()> {
        if self.target.kind == Kind::Decision {
            return Err(Error::refused("a decision is about something, not about a decision"));
        }
        if self.verdict == Verdict::Reject && self.reasons.is_empty() && self.comment.is_none() {
            return Err(Error::refused("say why it is rejected"));
        }
        Ok(())
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prediction {
    #[serde(default = "PredictionId::new")]
    pub id: PredictionId,
    pub model: PredictionModel,
    /// Predictions of one run share it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// What was asked about: an image, an image set, a question.
    pub target: Key,
    #[serde(default)]
    pub raw_output: String,
    /// What was read from it: the keys of choices, a text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// Shapes and other entities that say what was predicted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub content: Vec<Key>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scores: BTreeMap<String, f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parse_error: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PredictionModel {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

impl Rules for Prediction {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn mentions(&self) -> Vec<Key> {
        self.content.iter().copied().chain([self.target]).collect()
    }

    fn check(&self, _: &Contents) -> Result<()> {
        named("the model of a prediction", &self.model.name)?;
        self.scores.values().try_for_each(|score| finite("a score", *score))
    }
}
