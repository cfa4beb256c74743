//! The way from picture to answer, one conclusion a step, each with evidence of its own.

use crate::question::answer::{Choice, Quantity};
use crate::question::region::Evidence;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RationaleStep {
    pub kind: StepKind,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// The picture the step looks at, where no evidence says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_index: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Quantity>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_question: Option<SubQuestion>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    Modality,
    #[default]
    Feature,
    Localise,
    Criterion,
    Measurement,
    Conclusion,
    Knowledge,
    Differential,
}

impl StepKind {
    pub const ALL: [Self; 8] = [
        Self::Modality,
        Self::Feature,
        Self::Localise,
        Self::Criterion,
        Self::Measurement,
        Self::Conclusion,
        Self::Knowledge,
        Self::Differential,
    ];

    /// For people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Modality => "Modality",
            Self::Feature => "Feature",
            Self::Localise => "Location",
            Self::Criterion => "Criterion",
            Self::Measurement => "Measurement",
            Self::Conclusion => "Conclusion",
            Self::Knowledge => "Knowledge",
            Self::Differential => "Differential",
        }
    }
}

/// A question inside a step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubQuestion {
    pub stem: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}
