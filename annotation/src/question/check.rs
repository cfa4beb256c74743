//! What must hold of a question at any time, and what an accepted one must have beside. A draft may lack things; it may
//! never point at what is not there or contradict itself.

use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::question::answer::{AnswerType, Choice};
use crate::question::book::{Lookup, need_image_set};
use crate::question::entity::{Question, Status};
use crate::question::image_set::ImageSet;
use crate::question::stage;
use serde::Serialize;
use std::collections::BTreeSet;

/// A field that is still open, for the form to point at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    pub field: Field,
    /// What to do about it.
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    Stem,
    Choices,
    Answer,
    Grounding,
    Rationale,
    Stage,
}

impl Question {
    /// Refuses a question that contradicts itself or its project. An accepted question must be complete as well.
    pub fn validate(&self, contents: &Contents, book: &dyn Lookup) -> Result<()> {
        let set = need_image_set(book, self.image_set)?;
        self.check_choices(set, book)?;
        self.check_answer(set)?;
        self.all_evidence().try_for_each(|evidence| evidence.check(contents, set))?;
        for region in self.hidden.iter().flat_map(|hidden| &hidden.regions) {
            region.image(contents)?;
        }
        self.check_numbers(contents)?;
        if let Some(placement) = &self.placement
            && let Some(id) = placement.taxonomy
        {
            let taxonomy = book.taxonomy(id);
            let taxonomy = taxonomy.ok_or_else(|| Error::refused(format!("there is no taxonomy with the id {id}")))?;
            if !taxonomy.holds(&placement.path) {
                let (path, name) = (placement.path.join(" / "), &taxonomy.name);
                return Err(Error::refused(format!("the taxonomy \"{name}\" does not list \"{path}\"")));
            }
        }
        if let Some(stage) = &self.stage {
            stage::check(self.id, stage, book)?;
        }
        match self.missing(book).first() {
            Some(missing) if self.status == Status::Accepted => {
                Err(Error::refused(format!("the question cannot be accepted yet: {}", missing.text)))
            }
            _ => Ok(()),
        }
    }

    fn check_choices(&self, set: &ImageSet, book: &dyn Lookup) -> Result<()> {
        let mut keys = BTreeSet::new();
        for choice in &self.choices {
            if choice.key.trim().is_empty() {
                return Err(Error::refused("a choice needs a key"));
            }
            if !keys.insert(&choice.key) {
                return Err(Error::refused(format!("two choices have the key \"{}\"", choice.key)));
            }
            if choice.image_index.is_some_and(|index| index >= set.items.len()) {
                return Err(Error::refused(format!("choice {} is a picture that the set does not have", choice.key)));
            }
            if let Some(id) = choice.image_set {
                need_image_set(book, id)?;
            }
        }
        Ok(())
    }

    fn check_answer(&self, set: &ImageSet) -> Result<()> {
        let answer = &self.answer;
        let known = |key: &String| self.choice(key).is_some();
        if let Some(key) = answer.keys.iter().chain(answer.per_image.values()).find(|key| !known(key)) {
            return Err(Error::refused(format!("the answer is choice \"{key}\", which the question does not offer")));
        }
        if answer.keys.iter().collect::<BTreeSet<_>>().len() != answer.keys.len() {
            return Err(Error::refused("the answer names a choice twice"));
        }
        let one_only = matches!(
            self.answer_type,
            AnswerType::YesNo | AnswerType::Single | AnswerType::ImageChoice | AnswerType::PairChoice
        );
        if one_only && answer.keys.len() > 1 {
            return Err(Error::refused("this type of question has one right choice; use multiple choice for several"));
        }
        let indices = answer.image_index.iter().chain(answer.per_image.keys());
        let steps = self.rationale.iter().filter_map(|step| step.image_index.as_ref());
        if let Some(index) = indices.chain(steps).find(|index| **index >= set.items.len()) {
            let (index, count) = (index + 1, set.items.len());
            return Err(Error::refused(format!("the question names picture {index}, but the set has {count}")));
        }
        let length = answer.text.chars().count();
        if answer.phrases.iter().any(|phrase| phrase.span[0] >= phrase.span[1] || phrase.span[1] > length) {
            return Err(Error::refused("a phrase of the answer lies outside of its text"));
        }
        if matches!(self.answer_type, AnswerType::Box | AnswerType::Point) && answer.regions.len() > 1 {
            return Err(Error::refused("this type of question has one region for an answer; use boxes for several"));
        }
        Ok(())
    }

    fn check_numbers(&self, contents: &Contents) -> Result<()> {
        let measured = self.rationale.iter().filter_map(|step| step.measured.as_ref());
        for number in self.answer.numbers.iter().chain(measured) {
            number.check()?;
            for region in &number.regions {
                region.image(contents)?;
            }
        }
        if self.audit.as_ref().and_then(|mark| mark.bias_score).is_some_and(|score| !(0.0..=1.0).contains(&score)) {
            return Err(Error::refused("a bias score lies between 0 and 1"));
        }
        Ok(())
    }

    /// What it takes before the question can be accepted.
    #[must_use]
    pub fn missing(&self, book: &dyn Lookup) -> Vec<Missing> {
        let mut open = Vec::new();
        let mut note = |is_open: bool, field: Field, text: &str| {
            if is_open {
                open.push(Missing { field, text: text.into() });
            }
        };
        let kind = self.answer_type;
        note(self.stem.trim().is_empty(), Field::Stem, "Write the question");
        if kind.has_choices() {
            let fewest = if kind == AnswerType::YesNo { 0 } else { 2 };
            note(self.choices.len() < fewest, Field::Choices, "Offer at least two choices");
            note(self.choices.iter().any(Choice::is_empty), Field::Choices, "Fill in or remove the empty choice");
            let alike = self.choices.iter().enumerate().any(|(n, choice)| {
                let text = choice.text.trim().to_lowercase();
                !text.is_empty() && self.choices[..n].iter().any(|c| c.text.trim().to_lowercase() == text)
            });
            note(alike, Field::Choices, "Two choices read the same");
        }
        let answer = &self.answer;
        match kind {
            AnswerType::Open | AnswerType::GroundedCaption => {
                note(answer.text.trim().is_empty(), Field::Answer, "Write the answer");
            }
            AnswerType::YesNo | AnswerType::Single | AnswerType::Multi => {
                let answered = !answer.keys.is_empty() || !answer.per_image.is_empty();
                note(!answered, Field::Answer, "Mark the right choice");
            }
            AnswerType::ImageChoice => {
                let answered = !answer.keys.is_empty() || answer.image_index.is_some();
                note(!answered, Field::Answer, "Say which image");
            }
            AnswerType::PairChoice => note(answer.keys.is_empty(), Field::Answer, "Say which pair"),
            AnswerType::Ordering => {
                note(answer.keys.len() != self.choices.len(), Field::Answer, "Put all choices in order");
            }
            AnswerType::Numeric => note(answer.numbers.is_empty(), Field::Answer, "Give the number with its unit"),
            AnswerType::Box | AnswerType::Boxes | AnswerType::Point | AnswerType::Mask => {
                note(answer.regions.is_empty(), Field::Answer, "Point at the answer in a view");
            }
            AnswerType::Staged => {
                let stages = stage::children(book, self.id).next().is_some();
                note(!stages, Field::Stage, "Add the first stage");
            }
        }
        note(
            kind == AnswerType::GroundedCaption && answer.phrases.is_empty(),
            Field::Grounding,
            "Ground a phrase of the caption",
        );
        note(
            self.rationale.iter().any(|step| step.text.trim().is_empty()),
            Field::Rationale,
            "Fill in or remove the empty step",
        );
        open
    }
}
