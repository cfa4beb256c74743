//! The question itself: what is asked, what is right, what bears it out, and where it comes from.

use crate::question::answer::{Answer, AnswerType, Choice, ChoiceKind};
use crate::question::ids::{ImageSetId, QuestionId, TemplateId};
use crate::question::rationale::RationaleStep;
use crate::question::region::{Evidence, Region};
use crate::question::stage::Stage;
use crate::question::taxonomy::Placement;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    #[serde(default = "QuestionId::new")]
    pub id: QuestionId,
    /// What other data sets call it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub external_ids: BTreeMap<String, String>,
    pub image_set: ImageSetId,
    pub stem: String,
    #[serde(default)]
    pub answer_type: AnswerType,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
    #[serde(default)]
    pub answer: Answer,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grounding: Vec<Evidence>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rationale: Vec<RationaleStep>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placement: Option<Placement>,
    #[serde(default)]
    pub facets: Facets,
    /// Known to the author, never shown to who answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<Hidden>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools_required: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// The machine's wording, kept beside what an expert made of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<Draft>,
    /// A recording of the question being asked, from the project's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<String>,
    #[serde(default)]
    pub origin: Origin,
    #[serde(default)]
    pub status: Status,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit: Option<AuditMark>,
    /// What an imported record held beside; goes out again unchanged.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ext: BTreeMap<String, Value>,
}

/// By what questions are sorted and counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Facets {
    /// disease, abnormality, severity, finding, location, size and others.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub content: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difficulty: Option<u8>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub modality: Vec<String>,
    /// From system to organ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub anatomy: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub department: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub keyword: String,
    /// BCP 47; English where empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub language: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hidden {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub report: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<Region>,
}

/// What a machine proposed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Draft {
    pub stem: String,
    /// The choices' texts by key.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub choices: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub answer: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub model: String,
}

/// Where a question comes from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    #[default]
    Human,
    /// Made from masks and shapes, again the same with the same seed.
    Generated {
        generator: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        template: Option<TemplateId>,
        seed: u64,
        /// What it took: segment, measure, compare, knowledge.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        primitives: Vec<String>,
    },
    Model {
        name: String,
        version: String,
    },
    Imported {
        profile: String,
    },
}

/// Only what is accepted counts: it alone is exported and audited unless asked otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Being written; may be incomplete.
    #[default]
    Draft,
    /// Waits for a reviewer: all that machines make begins here.
    Proposed,
    Accepted,
    Rejected,
}

impl Status {
    pub const ALL: [Self; 4] = [Self::Draft, Self::Proposed, Self::Accepted, Self::Rejected];

    /// For people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Draft => "Draft",
            Self::Proposed => "For review",
            Self::Accepted => "Accepted",
            Self::Rejected => "Rejected",
        }
    }
}

/// What the last audit said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuditMark {
    /// How probable the right answer is to somebody who sees no picture, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bias_score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed_at_iteration: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub duplicates: Vec<QuestionId>,
}

impl Question {
    #[must_use]
    pub fn new(image_set: ImageSetId, answer_type: AnswerType, stem: impl Into<String>) -> Self {
        Self {
            id: QuestionId::new(),
            external_ids: BTreeMap::new(),
            image_set,
            stem: stem.into(),
            answer_type,
            choices: Vec::new(),
            answer: Answer::default(),
            grounding: Vec::new(),
            reason: String::new(),
            rationale: Vec::new(),
            placement: None,
            facets: Facets::default(),
            hidden: None,
            tools_required: Vec::new(),
            stage: None,
            draft: None,
            audio: None,
            origin: Origin::Human,
            status: Status::Draft,
            audit: None,
            ext: BTreeMap::new(),
        }
    }

    #[must_use]
    pub fn choice(&self, key: &str) -> Option<&Choice> {
        self.choices.iter().find(|choice| choice.key == key)
    }

    #[must_use]
    pub fn is_correct(&self, choice: &Choice) -> bool {
        self.answer.keys.contains(&choice.key)
    }

    /// The choices a reader is scored on, without ways to abstain.
    pub fn scored_choices(&self) -> impl Iterator<Item = &Choice> {
        self.choices.iter().filter(|choice| choice.kind != ChoiceKind::DontKnow)
    }

    /// The texts of the right choices, in the answer's order.
    #[must_use]
    pub fn correct_texts(&self) -> Vec<&str> {
        self.answer.keys.iter().filter_map(|key| self.choice(key)).map(|choice| choice.text.as_str()).collect()
    }

    /// Every place it points at.
    pub fn all_evidence(&self) -> impl Iterator<Item = &Evidence> {
        let choices = self.choices.iter().filter_map(|choice| choice.region.as_ref());
        let phrases = self.answer.phrases.iter().flat_map(|phrase| &phrase.evidence);
        let steps = self.rationale.iter().flat_map(|step| &step.evidence);
        self.grounding.iter().chain(&self.answer.regions).chain(choices).chain(phrases).chain(steps)
    }

    /// Every region it names, also those that numbers were measured on and those kept from readers.
    pub fn all_regions(&self) -> impl Iterator<Item = &Region> {
        let steps = self.rationale.iter().filter_map(|step| step.measured.as_ref());
        let measured = self.answer.numbers.iter().chain(steps).flat_map(|number| &number.regions);
        let hidden = self.hidden.iter().flat_map(|hidden| &hidden.regions);
        self.all_evidence().map(|evidence| &evidence.region).chain(measured).chain(hidden)
    }
}
