//! Who judges, how, what, and what they said. Raters are pseudonyms. What blinds a rater (sources, order, the others) is in
//! the protocol; `handout` obeys it.

use crate::contents::Contents;
use crate::entity::{AssignmentId, JudgementId, Kind, LabelId, ProtocolId, RaterId, Rules};
use crate::error::{Error, Result};
use crate::id::Key;
use crate::records::{finite, named};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rater {
    #[serde(default = "RaterId::new")]
    pub id: RaterId,
    /// Signs what the rater does; unique in the project.
    pub pseudonym: String,
    pub role: RaterRole,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speciality: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub years: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    #[serde(default)]
    pub consent: bool,
    /// From the name of a calibration round to the score.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub calibration: BTreeMap<String, f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RaterRole {
    Reader,
    Adjudicator,
    Student,
    Model,
}

impl Rater {
    #[must_use]
    pub fn new(pseudonym: impl Into<String>, role: RaterRole) -> Self {
        Self {
            id: RaterId::new(),
            pseudonym: pseudonym.into(),
            role,
            speciality: None,
            years: None,
            country: None,
            consent: false,
            calibration: BTreeMap::new(),
        }
    }
}

impl Rules for Rater {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn check(&self, contents: &Contents) -> Result<()> {
        named("a rater", &self.pseudonym)?;
        self.years.into_iter().chain(self.calibration.values().copied()).try_for_each(|n| finite("a rater's", n))?;
        match contents.all::<Self>().find(|other| other.pseudonym == self.pseudonym && other.id != self.id) {
            Some(_) => Err(Error::refused(format!("there is already a rater called {}", self.pseudonym))),
            None => Ok(()),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protocol {
    #[serde(default = "ProtocolId::new")]
    pub id: ProtocolId,
    pub name: String,
    pub kind: ProtocolKind,
    #[serde(default)]
    pub blinding: Blinding,
    #[serde(default = "one")]
    pub raters_per_item: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub form: Vec<Scale>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agreement: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adjudication: Option<String>,
}

impl Protocol {
    /// One rater an item, nothing hidden, nothing asked.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: ProtocolKind) -> Self {
        Self {
            id: ProtocolId::new(),
            name: name.into(),
            kind,
            blinding: Blinding::default(),
            raters_per_item: one(),
            form: Vec::new(),
            agreement: Vec::new(),
            adjudication: None,
        }
    }
}

const fn one() -> u32 {
    1
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProtocolKind {
    Annotation,
    DoubleBlind,
    ReaderStudy,
    Turing,
    Quality,
    Preference,
    Staged,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Blinding {
    /// The reader does not learn which model or rater made what they see.
    pub source_hidden: bool,
    /// The order of items is shuffled, for each rater another way, from the seed.
    pub order_random: bool,
    pub seed: u64,
    /// Labels whose paint is handed out with the images, to be looked at or corrected. All other paint stays here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shown_labels: Vec<LabelId>,
}

/// One thing to be rated: what is asked, and the words or numbers that may be given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    pub name: String,
    pub question: String,
    #[serde(default)]
    pub options: Vec<String>,
}

impl Rules for Protocol {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn mentions(&self) -> Vec<Key> {
        self.blinding.shown_labels.iter().map(|id| id.key()).collect()
    }

    fn check(&self, _: &Contents) -> Result<()> {
        named("a protocol", &self.name)?;
        if self.raters_per_item == 0 {
            return Err(Error::refused("a protocol needs at least one rater an item"));
        }
        self.form.iter().try_for_each(|scale| named("a scale of the form", &scale.name))
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    #[serde(default = "AssignmentId::new")]
    pub id: AssignmentId,
    pub protocol: ProtocolId,
    pub rater: RaterId,
    /// What is to be done or judged: an image, an image set, a question, a prediction, a shape.
    pub item: Key,
    /// Its place in the rater's list.
    pub order: u32,
    #[serde(default)]
    pub status: AssignmentStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<jiff::Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<jiff::Timestamp>,
    /// Time with the hands on it.
    #[serde(default)]
    pub active_ms: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignmentStatus {
    #[default]
    Open,
    Started,
    Submitted,
    Skipped,
}

impl Rules for Assignment {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn mentions(&self) -> Vec<Key> {
        vec![self.protocol.into(), self.rater.into(), self.item]
    }

    fn check(&self, _: &Contents) -> Result<()> {
        let nothing_to_do = matches!(
            self.item.kind,
            Kind::Rater
                | Kind::Protocol
                | Kind::Assignment
                | Kind::Judgement
                | Kind::Split
                | Kind::ProjectInfo
                | Kind::AuditRun
                | Kind::Release
        );
        if nothing_to_do {
            return Err(Error::refused(format!("a {} is nothing to assign", self.item.kind)));
        }
        match (self.started, self.ended) {
            (Some(started), Some(ended)) if ended < started => {
                Err(Error::refused("an assignment cannot end before it starts"))
            }
            _ => Ok(()),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Judgement {
    #[serde(default = "JudgementId::new")]
    pub id: JudgementId,
    pub assignment: AssignmentId,
    pub payload: Payload,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Payload {
    Quality {
        #[serde(default)]
        attributes: Vec<Rating>,
        #[serde(default)]
        scores: BTreeMap<String, f64>,
        #[serde(default)]
        diagnosable: Option<bool>,
        #[serde(default)]
        text: String,
    },
    /// Which of two is better: "a", "b" or a tie.
    Preference {
        a: Key,
        b: Key,
        winner: Winner,
        criterion: String,
        #[serde(default)]
        granularity: Option<String>,
        #[serde(default)]
        reason: String,
    },
    Turing {
        verdict: TuringVerdict,
        confidence: f64,
    },
    Rubric {
        criterion: String,
        score: f64,
        #[serde(default)]
        explanation: String,
    },
    ReportEdit {
        original: String,
        edited: String,
        #[serde(default)]
        reasons: Vec<String>,
        #[serde(default)]
        likert: BTreeMap<String, f64>,
        #[serde(default)]
        efficiency: Vec<String>,
    },
    /// The answer to a question: the keys chosen, a text, or a number with its unit.
    Answer {
        #[serde(default)]
        keys: Vec<String>,
        #[serde(default)]
        text: String,
        #[serde(default)]
        value: Option<f64>,
        #[serde(default)]
        unit: Option<String>,
        #[serde(default)]
        confidence: Option<f64>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rating {
    pub name: String,
    /// none, mild, severe, or a word of the protocol's form.
    pub severity: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Winner {
    A,
    B,
    Tie,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TuringVerdict {
    Real,
    Synthetic,
    Unsure,
}

impl Rules for Judgement {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn mentions(&self) -> Vec<Key> {
        let mut keys = vec![self.assignment.into()];
        if let Payload::Preference { a, b, .. } = &self.payload {
            keys.extend([*a, *b]);
        }
        keys
    }

    fn check(&self, _: &Contents) -> Result<()> {
        match &self.payload {
            Payload::Quality { scores, attributes, .. } => {
                attributes.iter().try_for_each(|rating| named("a rated attribute", &rating.name))?;
                scores.values().try_for_each(|score| finite("a score", *score))
            }
            Payload::Preference { a, b, criterion, .. } => {
                named("the criterion of a preference", criterion)?;
                if a == b { Err(Error::refused("a preference is between two things")) } else { Ok(()) }
            }
            Payload::Turing { confidence, .. } => super::share("the confidence of a verdict", *confidence),
            Payload::Rubric { criterion, score, .. } => {
                named("the criterion of a rubric", criterion)?;
                finite("a score", *score)
            }
            Payload::ReportEdit { likert, .. } => likert.values().try_for_each(|score| finite("a score", *score)),
            Payload::Answer { value, unit, confidence, .. } => {
                confidence.map_or(Ok(()), |share| super::share("the confidence of an answer", share))?;
                match (value, unit.as_deref().map(str::trim)) {
                    (Some(value), Some(unit)) if !unit.is_empty() => finite("the value of an answer", *value),
                    (Some(_), _) => Err(Error::refused("a number is answered with its unit")),
                    (None, _) => Ok(()),
                }
            }
        }
    }
}
