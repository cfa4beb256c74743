//! DeepTumorVQA: questions on CT volumes, each in free form and as a choice of up to four.

use super::common::{GROUNDING, OTHER_PICTURES, RATIONALE, UNITS, finest, id_of, level, lost, option_texts, yes_no};
use super::deeptumor_subtypes;
use crate::error::Result;
use crate::exchange::Status;
use crate::exchange::vqa::profile::{Files, Profile, ProfileOptions, fitting, json_file, json_lines, number};
use crate::exchange::vqa::record::{Asked, Records, letter};
use crate::exchange::vqa::talk::number_text;
use crate::question::AnswerType;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub struct DeepTumor;

const OPTIONS: usize = 4;

impl Profile for DeepTumor {
    fn name(&self) -> &'static str {
        "vqa:deeptumorvqa"
    }

    fn title(&self) -> &'static str {
        "DeepTumorVQA"
    }

    fn status(&self) -> Status {
        Status::FromDescription
    }

    fn lossy(&self) -> &'static [&'static str] {
        &[GROUNDING, OTHER_PICTURES, RATIONALE, UNITS]
    }

    fn refuses(&self, asked: &Asked) -> Option<String> {
        let question = &asked.question;
        let fits = matches!(question.answer_type, AnswerType::YesNo | AnswerType::Single | AnswerType::Numeric);
        if !fits {
            return Some("the format has numbers, yes-or-no and single choice only".into());
        }
        if question.answer_type != AnswerType::Numeric && question.answer.keys.len() != 1 {
            return Some("it has no single right choice".into());
        }
        if question.answer_type == AnswerType::Numeric && question.answer.numbers.len() != 1 {
            return Some("the format has one number an answer".into());
        }
        (question.choices.len() > OPTIONS).then(|| format!("it has more than {OPTIONS} choices"))
    }

    fn names_volumes(&self) -> bool {
        true
    }

    fn loses(&self, asked: &Asked) -> Vec<&'static str> {
        lost(&[
            (!asked.scene.places.is_empty(), GROUNDING),
            (asked.scene.pictures.len() > 1, OTHER_PICTURES),
            (!asked.question.rationale.is_empty(), RATIONALE),
            (!asked.question.answer.numbers.is_empty(), UNITS),
        ])
    }

    fn write(&self, records: &Records, _: &ProfileOptions<'_>) -> Result<Files> {
        let questions: Vec<Value> = fitting(self, records).map(record).collect();
        let types: BTreeSet<&str> = questions.iter().filter_map(|record| record["question_type"].as_str()).collect();
        let whole = json!({
            "version": "2.0", "num_questions": questions.len(), "question_types": types, "questions": questions,
        });
        Ok(Files::from([
            ("benchmark/test_qa.json".into(), json_file(&whole)?),
            ("benchmark/test_qa.jsonl".into(), json_lines(&questions)?),
        ]))
    }
}

fn record(asked: &Asked) -> Value {
    let question = &asked.question;
    let source = asked.scene.pictures.first().map(|picture| picture.source.clone()).unwrap_or_default();
    let texts = option_texts(asked);
    let inlined: Vec<_> = texts.iter().enumerate().map(|(n, text)| format!("{}: {text}", letter(n))).collect();
    let answer = match question.answer_type {
        AnswerType::YesNo => yes_no(asked).into(),
        AnswerType::Numeric => question.answer.numbers.first().map_or(Value::Null, |quantity| number(quantity.value)),
        _ => question.correct_texts().first().copied().into(),
    };
    let spacing = source.spacing_mm.map(|mm| format!("[{}]", mm.map(python_float).join(" ")));
    let shape = source.volume_size.map(|n| n.to_string()).join(", ");
    let facet = |key: &str| asked.ext(key).cloned().unwrap_or(Value::Null);
    let lesion = ["lesion", "tumor", "tumour", "cyst"].iter().any(|word| question.stem.to_lowercase().contains(word));
    let subtype = deeptumor_subtypes::of(question).map_or_else(|| finest(asked), str::to_owned);
    json!({
        "qid": id_of(asked, "qid"), "image_id": source.case, "spacing": spacing, "shape": format!("({shape})"),
        "sex": facet("sex"), "age": facet("age"), "question": question.stem, "answer": answer,
        "mc_question": if texts.is_empty() { Value::Null } else { format!("{} {}", question.stem, inlined.join(" ")).into() },
        "correct_option": asked.answer_letters().first(), "organ": question.facets.anatomy.join(" "), "lesion": lesion,
        "question_type": level(asked, 0), "question_subtype": subtype, "requires_tools": question.tools_required,
    })
}

/// As Python prints a float: whole numbers keep their point.
fn python_float(n: f64) -> String {
    let text = number_text(n);
    if text.contains('.') { text } else { format!("{text}.0") }
}
