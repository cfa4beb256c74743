//! What is still missing and what is nearly the same as another question, said while it is typed.

use super::sheet::{Sheet, press_line};
use crate::outbox::AskAct;
use crate::theme::{colours, icon};
use crate::work::asking::Part;
use eframe::egui::{Id, Ui};
use limner_annotation::audit::{ALIKE, likeness, shingles};
use limner_annotation::question::{AnswerType, Field, ImageSet, Question, QuestionId};
use limner_annotation::{ImageId, Revision};
use std::collections::BTreeSet;

/// Fewer words than this say too little to be alike.
const FEWEST_WORDS: usize = 3;

pub fn ui(sheet: &mut Sheet<'_>, question: &Question, ui: &mut Ui) {
    let c = colours(ui.ctx());
    for missing in question.missing(sheet.document.contents()) {
        if press_line(ui, icon::CIRCLE_ALERT, &missing.text, c.warning).clicked() {
            sheet.ask(AskAct::Focus(part_of(missing.field, question)));
        }
    }
    if let Some(field) = unfilled(&question.stem) {
        let text = format!("Fill in {field}");
        if press_line(ui, icon::CIRCLE_ALERT, &text, c.warning).clicked() {
            sheet.ask(AskAct::Focus(Part::Stem));
        }
    }
    if let Some(other) = nearly_same(sheet, question, ui) {
        let place = sheet.app.work.asking.list.iter().position(|id| *id == other);
        let which = place.map_or_else(|| "another question".to_owned(), |n| format!("question {}", n + 1));
        let text = format!("Nearly the same as {which} on these pictures");
        if press_line(ui, icon::COPY, &text, c.warning).clicked() {
            sheet.ask(AskAct::Show(other));
        }
    }
}

/// A place of a template that nobody has filled.
fn unfilled(text: &str) -> Option<&str> {
    let from = text.find('{')?;
    let to = text[from..].find('}')?;
    Some(&text[from..=from + to])
}

fn part_of(field: Field, question: &Question) -> Part {
    match field {
        Field::Stem => Part::Stem,
        Field::Choices => {
            let empty = question.choices.iter().position(limner_annotation::question::Choice::is_empty);
            Part::Choice(empty.unwrap_or(0))
        }
        Field::Answer if question.answer_type == AnswerType::Numeric => Part::Number(0),
        Field::Answer if question.answer_type.has_choices() => Part::Choice(0),
        Field::Answer | Field::Grounding => Part::Answer,
        Field::Rationale => Part::Step(question.rationale.iter().position(|s| s.text.trim().is_empty()).unwrap_or(0)),
        Field::Stage => Part::StageName,
    }
}

/// What the last look found: asked again only when the words or the project have changed.
#[derive(Clone)]
struct Found {
    of: (QuestionId, Revision, String),
    alike: Option<QuestionId>,
}

fn nearly_same(sheet: &Sheet<'_>, question: &Question, ui: &Ui) -> Option<QuestionId> {
    let text = text_of(question);
    if question.stem.split_whitespace().count() < FEWEST_WORDS {
        return None;
    }
    let of = (question.id, sheet.document.revision(), text);
    let id = Id::unique("nearly the same");
    if let Some(found) = ui.data(|data| data.get_temp::<Found>(id)).filter(|found| found.of == of) {
        return found.alike;
    }
    let own = shingles(&of.2);
    let pictures = |q: &Question| -> BTreeSet<(ImageId, Option<limner_annotation::Slice>)> {
        let set = sheet.document.get::<ImageSet>(q.image_set);
        set.iter().flat_map(|set| &set.items).map(|item| (item.frame.image, item.frame.slice)).collect()
    };
    let mine = pictures(question);
    let others = sheet.document.all::<Question>().filter(|other| other.id != question.id && pictures(other) == mine);
    let alike = others.into_iter().find(|other| likeness(&own, &shingles(&text_of(other))) >= ALIKE).map(|q| q.id);
    ui.data_mut(|data| data.insert_temp(id, Found { of, alike }));
    alike
}

/// The words as the audit compares them.
fn text_of(question: &Question) -> String {
    let mut choices: Vec<&str> = question.choices.iter().map(|choice| choice.text.as_str()).collect();
    choices.sort_unstable();
    let place = question.stage.as_ref().map(|stage| format!("{} {}", stage.path, stage.stage)).unwrap_or_default();
    format!("{place} {} {}", question.stem, choices.join(" ")).trim().to_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_place_that_nobody_has_filled_is_named() {
        assert_eq!(super::unfilled("Is {finding} present?"), Some("{finding}"));
        assert_eq!(super::unfilled("Is it present?"), None);
        assert_eq!(super::unfilled("A } and a {"), None);
    }
}
