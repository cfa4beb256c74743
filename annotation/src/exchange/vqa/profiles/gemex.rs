//! GEMeX: one file for each of four question types, boxes in a frame of 224 pixels whatever the picture's size. GEMeX-ThinkVG:
//! the same boxes inside reasoning text and an answer in tags.

use super::common::{
    GROUNDING, OTHER_PICTURES, OUTLINES, PRECISION, RATIONALE, boxes, has_outlines, id_of, lost, main_picture,
    option_texts, rect_text, yes_no,
};
use crate::error::Result;
use crate::exchange::Status;
use crate::exchange::vqa::boxes::named;
use crate::exchange::vqa::profile::{Files, Profile, ProfileOptions, fitting, json_lines, number};
use crate::exchange::vqa::record::{Asked, Place, Records, letter};
use crate::exchange::vqa::talk;
use crate::question::AnswerType;
use serde_json::{Map, Value, json};

pub struct Gemex;
pub struct ThinkVg;

const TYPES: [&str; 4] =
    ["open_ended_questions", "closed_ended_questions", "single_choice_questions", "multi_choice_questions"];

/// Which of the four a question is.
fn kind(asked: &Asked) -> Option<usize> {
    match asked.question.answer_type {
        AnswerType::Open | AnswerType::GroundedCaption => Some(0),
        AnswerType::YesNo => Some(1),
        AnswerType::Single => Some(2),
        AnswerType::Numeric if asked.question.choices.len() > 1 => Some(2),
        AnswerType::Multi => Some(3),
        _ => None,
    }
}

fn refusal(asked: &Asked) -> Option<String> {
    if kind(asked).is_none() {
        return Some("the format has open, yes-or-no, single and multiple choice only".into());
    }
    if matches!(kind(asked), Some(1..=3)) && asked.question.answer.keys.is_empty() {
        return Some("it has no right choice for all its pictures".into());
    }
    let sized = boxes(asked).iter().all(|(_, place)| asked.scene.size(place.picture).is_some());
    (!sized).then(|| "the size of its picture is not known".into())
}

/// The boxes on the one picture there is room for, in the frame of 224 pixels.
fn regions(asked: &Asked) -> Vec<(String, Vec<f64>)> {
    let picture = main_picture(asked);
    let of = |(name, place): &(&str, &Place)| ((*name).to_owned(), in_frame(asked, place));
    boxes(asked).iter().filter(|(_, place)| place.picture == picture).map(of).collect()
}

fn in_frame(asked: &Asked, place: &Place) -> Vec<f64> {
    named("gemex").encode(place.rect, asked.scene.size(place.picture).unwrap_or([1.0; 2]))
}

fn answer(asked: &Asked) -> Value {
    match kind(asked) {
        Some(1) => yes_no(asked).map_or(Value::Null, |word| format!("{word}.").into()),
        Some(2) => asked.answer_letters().first().cloned().unwrap_or_default().into(),
        Some(3) => json!(asked.answer_letters()),
        _ => talk::answer_text(asked).into(),
    }
}

fn lettered_choices(asked: &Asked) -> Vec<String> {
    option_texts(asked).into_iter().enumerate().map(|(n, text)| format!("{}: {text}", letter(n))).collect()
}

impl Profile for Gemex {
    fn name(&self) -> &'static str {
        "vqa:gemex"
    }

    fn title(&self) -> &'static str {
        "GEMeX"
    }

    fn status(&self) -> Status {
        Status::FromDescription
    }

    fn lossy(&self) -> &'static [&'static str] {
        &[OTHER_PICTURES, OUTLINES, PRECISION, RATIONALE]
    }

    fn refuses(&self, asked: &Asked) -> Option<String> {
        refusal(asked)
    }

    fn loses(&self, asked: &Asked) -> Vec<&'static str> {
        lost(&[
            (asked.scene.pictures.len() > 1, OTHER_PICTURES),
            (has_outlines(asked), OUTLINES),
            (!asked.scene.places.is_empty(), PRECISION),
            (!asked.question.rationale.is_empty(), RATIONALE),
        ])
    }

    fn write(&self, records: &Records, _: &ProfileOptions<'_>) -> Result<Files> {
        let mut files = Files::new();
        for (n, name) in TYPES.into_iter().enumerate() {
            let of_type = fitting(self, records).filter(|asked| kind(asked) == Some(n));
            let lines: Vec<Value> = of_type.enumerate().map(|(q_id, asked)| record(asked, q_id)).collect();
            if !lines.is_empty() {
                files.insert(format!("{name}.jsonl"), json_lines(lines)?);
            }
        }
        Ok(files)
    }
}

fn record(asked: &Asked, q_id: usize) -> Value {
    let question = &asked.question;
    let mut fields = Map::new();
    let (names, places): (Vec<_>, Vec<_>) = regions(asked).into_iter().unzip();
    let places: Vec<Vec<Value>> = places.into_iter().map(|rect| rect.into_iter().map(number).collect()).collect();
    let path = asked.scene.pictures.get(main_picture(asked)).map_or("", |picture| picture.path.as_str());
    fields.insert("question".into(), question.stem.as_str().into());
    if matches!(kind(asked), Some(2 | 3)) {
        fields.insert("choices".into(), json!(lettered_choices(asked)));
    }
    fields.insert("type".into(), question.facets.content.as_str().into());
    fields.insert("answer".into(), answer(asked));
    fields.insert("reason".into(), question.reason.as_str().into());
    fields.insert("visual_regions".into(), json!(names));
    fields.insert("visual_locations".into(), json!(places));
    fields.insert("image_path".into(), path.into());
    fields.insert("q_id".into(), q_id.into());
    fields.insert("row_id".into(), id_of(asked, "row_id").into());
    Value::Object(fields)
}

impl Profile for ThinkVg {
    fn name(&self) -> &'static str {
        "vqa:thinkvg"
    }

    fn title(&self) -> &'static str {
        "GEMeX-ThinkVG"
    }

    fn status(&self) -> Status {
        Status::FromDescription
    }

    fn lossy(&self) -> &'static [&'static str] {
        &[OTHER_PICTURES, OUTLINES, PRECISION, GROUNDING]
    }

    fn refuses(&self, asked: &Asked) -> Option<String> {
        refusal(asked)
    }

    fn loses(&self, asked: &Asked) -> Vec<&'static str> {
        lost(&[
            (asked.scene.pictures.len() > 1, OTHER_PICTURES),
            (has_outlines(asked), OUTLINES),
            (!asked.scene.places.is_empty(), PRECISION),
        ])
    }

    fn write(&self, records: &Records, options: &ProfileOptions<'_>) -> Result<Files> {
        let lines: Vec<Value> = fitting(self, records).map(|asked| thought(asked, options.split)).collect();
        Ok(Files::from([(format!("{}.jsonl", options.split), json_lines(lines)?)]))
    }
}

fn thought(asked: &Asked, split: &str) -> Value {
    let question = &asked.question;
    let mut thinking = Vec::new();
    for step in &question.rationale {
        let places = asked.scene.places_of(&step.evidence).filter(|(_, place)| place.picture == main_picture(asked));
        let boxes: Vec<_> = places.filter_map(|(_, place)| <[f64; 4]>::try_from(in_frame(asked, place)).ok()).collect();
        let boxes: Vec<_> = boxes.iter().map(rect_text).collect();
        thinking.push([vec![step.text.clone()], boxes].concat().join(" "));
    }
    thinking.extend((!question.reason.is_empty()).then(|| question.reason.clone()));
    let said = match answer(asked) {
        Value::Array(letters) => letters.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        Value::String(text) => text,
        other => other.to_string(),
    };
    let mut response = format!("<response><answer>{}</answer>", escaped(&said));
    for (name, rect) in regions(asked) {
        let rect = <[f64; 4]>::try_from(rect).unwrap_or_default();
        response.push_str(&format!(
            "<location><ref>{}</ref><box>{}</box></location>",
            escaped(&name),
            rect_text(&rect)
        ));
    }
    response.push_str("</response>");
    let path = asked.scene.pictures.get(main_picture(asked)).map_or("", |picture| picture.path.as_str());
    let kind = kind(asked).map_or("", |kind| TYPES[kind]);
    let stem = if matches!(kind, "single_choice_questions" | "multi_choice_questions") {
        format!("{} <choices>: [{}]", question.stem, lettered_choices(asked).join(", "))
    } else {
        question.stem.clone()
    };
    json!({
        // With the slash the set has and GEMeX has not.
        "image_path": format!("/{path}"), "question": stem, "question_type": kind,
        "thinkVG": thinking.join("\n"), "response": response, "split": split,
    })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
