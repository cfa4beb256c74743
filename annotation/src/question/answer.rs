//! What can be asked for and what is answered. A number is never bare: it has a unit, the scale it was measured on and a
//! definition.

use crate::error::{Error, Result};
use crate::measure::Scale;
use crate::question::ids::ImageSetId;
use crate::question::region::{Evidence, Region};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerType {
    #[default]
    Open,
    YesNo,
    Single,
    Multi,
    Numeric,
    Box,
    Boxes,
    Point,
    Mask,
    /// Which picture of the set.
    ImageChoice,
    /// Which of several pairs of pictures.
    PairChoice,
    Ordering,
    /// Text whose phrases point at regions.
    GroundedCaption,
    /// The root of a tree of questions; each stage is a question of its own.
    Staged,
}

impl AnswerType {
    pub const ALL: [Self; 14] = [
        Self::Open,
        Self::YesNo,
        Self::Single,
        Self::Multi,
        Self::Numeric,
        Self::Box,
        Self::Boxes,
        Self::Point,
        Self::Mask,
        Self::ImageChoice,
        Self::PairChoice,
        Self::Ordering,
        Self::GroundedCaption,
        Self::Staged,
    ];

    /// The word in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::YesNo => "yes_no",
            Self::Single => "single",
            Self::Multi => "multi",
            Self::Numeric => "numeric",
            Self::Box => "box",
            Self::Boxes => "boxes",
            Self::Point => "point",
            Self::Mask => "mask",
            Self::ImageChoice => "image_choice",
            Self::PairChoice => "pair_choice",
            Self::Ordering => "ordering",
            Self::GroundedCaption => "grounded_caption",
            Self::Staged => "staged",
        }
    }

    /// For people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Open => "Open text",
            Self::YesNo => "Yes or no",
            Self::Single => "Single choice",
            Self::Multi => "Multiple choice",
            Self::Numeric => "Number with unit",
            Self::Box => "One box",
            Self::Boxes => "Several boxes",
            Self::Point => "Point",
            Self::Mask => "Mask",
            Self::ImageChoice => "Which image",
            Self::PairChoice => "Which pair",
            Self::Ordering => "Ordering",
            Self::GroundedCaption => "Grounded caption",
            Self::Staged => "Staged",
        }
    }

    /// Whether the answer is one or more keys of the choices.
    #[must_use]
    pub const fn has_choices(self) -> bool {
        matches!(self, Self::YesNo | Self::Single | Self::Multi | Self::ImageChoice | Self::PairChoice | Self::Ordering)
    }

    /// Whether the answer is a place.
    #[must_use]
    pub const fn is_region(self) -> bool {
        matches!(self, Self::Box | Self::Boxes | Self::Point | Self::Mask)
    }
}

/// One thing that may be chosen: text, a picture of the set, a region, or another set of pictures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// Unique in the question; letters are given when exporting.
    pub key: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// A picture of the question's set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_index: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Evidence>,
    /// For "which pair".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_set: Option<ImageSetId>,
    #[serde(default)]
    pub kind: ChoiceKind,
    /// How a distractor was found: a sibling label, a spacing rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChoiceKind {
    #[default]
    Normal,
    /// "I don't know."
    DontKnow,
    /// "None of these."
    None,
    Distractor,
}

impl Choice {
    #[must_use]
    pub fn text(key: impl Into<String>, text: impl Into<String>) -> Self {
        Self { key: key.into(), text: text.into(), ..Self::default() }
    }

    /// Whether it says anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.trim().is_empty() && self.image_index.is_none() && self.region.is_none() && self.image_set.is_none()
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Of the choices; for an ordering all of them, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// One, or several with names: the two axes of a lesion, right and left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub numbers: Vec<Quantity>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<Evidence>,
    /// The picture of the set that answers "which image".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_index: Option<usize>,
    /// A key for each picture, where one question has another answer on each.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub per_image: BTreeMap<usize, String>,
    /// Parts of `text`, as ranges of characters, and what they point at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phrases: Vec<Phrase>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phrase {
    /// From, to: counted in characters of the text.
    pub span: [usize; 2],
    pub evidence: Vec<Evidence>,
}

/// A number with its unit (UCUM), what it was measured on, and how far off an answer may be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quantity {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    pub value: f64,
    pub unit: String,
    /// What is accepted, where it is a range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<[f64; 2]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<Tolerance>,
    pub scale: Scale,
    /// In words: the formula, the landmarks, the threshold.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub definition: String,
    /// What it was measured on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<Region>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tolerance {
    /// In the number's unit.
    Absolute(f64),
    /// A share of the number.
    Relative(f64),
}

impl Tolerance {
    /// Whether an answer is near enough to the truth.
    #[must_use]
    pub fn accepts(self, truth: f64, answer: f64) -> bool {
        let off = (truth - answer).abs();
        match self {
            Self::Absolute(most) => off <= most,
            Self::Relative(share) => off <= share * truth.abs(),
        }
    }

    const fn amount(self) -> f64 {
        match self {
            Self::Absolute(amount) | Self::Relative(amount) => amount,
        }
    }
}

impl Quantity {
    #[must_use]
    pub fn new(value: f64, unit: impl Into<String>, scale: Scale) -> Self {
        Self {
            name: String::new(),
            value,
            unit: unit.into(),
            range: None,
            tolerance: None,
            scale,
            definition: String::new(),
            regions: Vec::new(),
        }
    }

    /// Whether another number counts as the same answer.
    #[must_use]
    pub fn accepts(&self, answer: f64) -> bool {
        match (self.range, self.tolerance) {
            (Some([low, high]), _) => low <= answer && answer <= high,
            (None, Some(tolerance)) => tolerance.accepts(self.value, answer),
            (None, None) => self.value == answer,
        }
    }

    pub(crate) fn check(&self) -> Result<()> {
        if !self.value.is_finite() || self.range.iter().flatten().any(|n| !n.is_finite()) {
            return Err(Error::refused("a number of an answer must be finite"));
        }
        if self.unit.trim().is_empty() {
            return Err(Error::refused("a number needs its unit; a bare count has the unit 1"));
        }
        if self.scale == Scale::Pixels
            && self.unit.split(['2', '3']).next().is_some_and(|unit| ["mm", "cm"].contains(&unit))
        {
            return Err(Error::refused("an image without spacing gives pixels, not millimetres; calibrate it first"));
        }
        if self.range.is_some_and(|[low, high]| low > high) {
            return Err(Error::refused("the accepted range ends before it begins"));
        }
        if self.tolerance.is_some_and(|t| !t.amount().is_finite() || t.amount() < 0.0) {
            return Err(Error::refused("a tolerance is a number from 0"));
        }
        Ok(())
    }
}
