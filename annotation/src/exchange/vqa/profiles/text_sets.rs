//! Sets that ask about one picture in words: MedBookVQA (three facets, distractors apart), M3CoTBench (typed steps),
//! K2Sight (phrases with definitions).

use super::common::{
    GROUNDING, OTHER_PICTURES, OUTLINES, RATIONALE, REASON, UNITS, boxes, finest, has_outlines, id_of, is_lettered,
    lost, option_texts, rect_text, table,
};
use crate::error::Result;
use crate::exchange::Status;
use crate::exchange::vqa::profile::{Files, Profile, ProfileOptions, fitting, json_file};
use crate::exchange::vqa::record::{Asked, PlaceKind, Records, letter};
use crate::exchange::vqa::talk;
use crate::question::{RationaleStep, StepKind};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub struct MedBook;
pub struct M3Cot;
pub struct K2Sight;

const MOST_OPTIONS: usize = 5;

fn one_picture(asked: &Asked) -> Option<String> {
    (asked.scene.pictures.len() != 1).then(|| "the format has one picture a question".into())
}

fn path_of(asked: &Asked) -> String {
    asked.scene.pictures.first().map(|picture| picture.path.clone()).unwrap_or_default()
}

impl Profile for MedBook {
    fn name(&self) -> &'static str {
        "vqa:medbookvqa"
    }

    fn title(&self) -> &'static str {
        "MedBookVQA"
    }

    fn status(&self) -> Status {
        Status::FromDescription
    }

    fn lossy(&self) -> &'static [&'static str] {
        &[GROUNDING, REASON, RATIONALE, UNITS]
    }

    fn refuses(&self, asked: &Asked) -> Option<String> {
        let four = asked.question.choices.len() == 4 && is_lettered(asked);
        one_picture(asked).or_else(|| (!four).then(|| "the format has one right choice among four".into()))
    }

    fn loses(&self, asked: &Asked) -> Vec<&'static str> {
        lost(&[
            (!asked.scene.places.is_empty(), GROUNDING),
            (!asked.question.reason.is_empty(), REASON),
            (!asked.question.rationale.is_empty(), RATIONALE),
            (!asked.question.answer.numbers.is_empty(), UNITS),
        ])
    }

    fn write(&self, records: &Records, _: &ProfileOptions<'_>) -> Result<Files> {
        let items: Vec<Value> = fitting(self, records).map(book_item).collect();
        Ok(Files::from([("data.json".into(), json_file(&items)?)]))
    }
}

fn book_item(asked: &Asked) -> Value {
    let question = &asked.question;
    let facets = &question.facets;
    let texts = option_texts(asked);
    let right = question.choices.iter().position(|choice| question.is_correct(choice)).unwrap_or(0);
    let others: Vec<usize> = (0..texts.len()).filter(|n| *n != right).collect();
    let distractors: Vec<&str> = others.iter().map(|n| texts[*n].as_str()).collect();
    let letters: Vec<String> = others.iter().map(|n| letter(*n)).collect();
    json!({
        "_id": id_of(asked, "_id"), "QAtype": finest(asked), "Question": question.stem, "Answer": texts[right],
        "Distractors": distractors, "correct_choice": letter(right), "other_choices": letters, "image_path": path_of(asked),
        "LABEL": {"Modality": facets.modality, "Anatomy": facets.anatomy, "Department": facets.department},
    })
}

impl Profile for M3Cot {
    fn name(&self) -> &'static str {
        "vqa:m3cot"
    }

    fn title(&self) -> &'static str {
        "M3CoTBench"
    }

    fn status(&self) -> Status {
        Status::FromDescription
    }

    fn lossy(&self) -> &'static [&'static str] {
        &[GROUNDING, REASON, UNITS]
    }

    fn refuses(&self, asked: &Asked) -> Option<String> {
        let stepless = asked.question.rationale.is_empty();
        let answered = !talk::answer_text(asked).is_empty();
        one_picture(asked)
            .or_else(|| stepless.then(|| "it has no reasoning steps".into()))
            .or_else(|| (!answered).then(|| "its answer has no words".into()))
            .or_else(|| {
                (asked.question.choices.len() > MOST_OPTIONS)
                    .then(|| format!("it has more than {MOST_OPTIONS} choices"))
            })
    }

    fn loses(&self, asked: &Asked) -> Vec<&'static str> {
        lost(&[
            (!asked.scene.places.is_empty(), GROUNDING),
            (!asked.question.reason.is_empty(), REASON),
            (!asked.question.answer.numbers.is_empty(), UNITS),
        ])
    }

    /// The set's workbook has these columns; a table is what its loader makes of it.
    fn write(&self, records: &Records, _: &ProfileOptions<'_>) -> Result<Files> {
        let all: Vec<&Asked> = fitting(self, records).collect();
        let mut head: Vec<String> = ["index", "question", "answer"].map(str::to_owned).to_vec();
        head.extend((0..MOST_OPTIONS).map(letter));
        head.extend(
            ["modality", "feature", "key_conclusion", "additional_analysis", "key_annotation_steps", "image"]
                .map(str::to_owned),
        );
        let mut rows = vec![head];
        rows.extend(all.iter().enumerate().map(|(n, asked)| step_row(n, asked)));
        Ok(Files::from([("M3CoTBench.csv".into(), table(&rows, ','))]))
    }
}

/// The cells that the kinds of steps go to.
const CELLS: [&[StepKind]; 4] = [
    &[StepKind::Modality],
    &[StepKind::Feature, StepKind::Localise, StepKind::Measurement],
    &[StepKind::Conclusion],
    &[StepKind::Criterion, StepKind::Knowledge, StepKind::Differential],
];

fn step_row(n: usize, asked: &Asked) -> Vec<String> {
    let question = &asked.question;
    let mut row = vec![n.to_string(), question.stem.clone(), talk::answer_text(asked)];
    let texts = if question.choices.is_empty() { Vec::new() } else { option_texts(asked) };
    row.extend((0..MOST_OPTIONS).map(|n| texts.get(n).cloned().unwrap_or_default()));
    let said = |step: &&RationaleStep, kinds: &[StepKind]| kinds.contains(&step.kind) && !step.text.is_empty();
    let mut solutions: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (place, kinds) in CELLS.iter().enumerate() {
        let steps: Vec<&str> = question.rationale.iter().filter(|s| said(s, kinds)).map(|s| s.text.as_str()).collect();
        row.push(steps.join(" "));
        solutions.insert(format!("solution{}", place + 1), steps);
    }
    row.push(json!(solutions).to_string());
    row.push(path_of(asked));
    row
}

impl Profile for K2Sight {
    fn name(&self) -> &'static str {
        "vqa:k2sight"
    }

    fn title(&self) -> &'static str {
        "K2Sight"
    }

    fn status(&self) -> Status {
        Status::FromDescription
    }

    fn lossy(&self) -> &'static [&'static str] {
        &["questions and answers", OTHER_PICTURES, OUTLINES, RATIONALE]
    }

    fn refuses(&self, asked: &Asked) -> Option<String> {
        let named = boxes(asked).iter().any(|(name, place)| !name.is_empty() && place.kind != PlaceKind::Point);
        (!named).then(|| "it has no named box".into())
    }

    fn loses(&self, asked: &Asked) -> Vec<&'static str> {
        lost(&[
            (true, "questions and answers"),
            (has_outlines(asked), OUTLINES),
            (!asked.question.rationale.is_empty(), RATIONALE),
        ])
    }

    fn write(&self, records: &Records, options: &ProfileOptions<'_>) -> Result<Files> {
        let mut by_class: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        for asked in fitting(self, records) {
            for (name, place) in
                boxes(asked).into_iter().filter(|(name, p)| !name.is_empty() && p.kind != PlaceKind::Point)
            {
                let path = asked.scene.pictures[place.picture].path.clone();
                let list = by_class.entry((path, name.to_owned())).or_default();
                let rect = rect_text(&place.rect);
                if !list.contains(&rect) {
                    list.push(rect);
                }
            }
        }
        let mut rows = vec![["image_id", "class_name", "bboxes", "split"].map(str::to_owned).to_vec()];
        for ((path, name), list) in by_class {
            rows.push(vec![path, name, format!("[{}]", list.join(", ")), options.split.to_owned()]);
        }
        Ok(Files::from([(format!("{}.csv", options.split), table(&rows, ','))]))
    }
}
