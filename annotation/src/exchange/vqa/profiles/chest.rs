//! Chest films: CheXbench (tasks with options and phrases to ground) and CXReason (stages, one file each).

use super::common::{
    GROUNDING, OUTLINES, PRECISION, RATIONALE, REASON, boxes, ext_text, finest, has_outlines, id_of, is_lettered, lost,
    option_texts,
};
use crate::error::Result;
use crate::exchange::Status;
use crate::exchange::vqa::boxes::named;
use crate::exchange::vqa::profile::{Files, Profile, ProfileOptions, fitting, json_file};
use crate::exchange::vqa::record::{Asked, Records};
use crate::exchange::vqa::talk::{self, number_text};
use crate::question::{AnswerType, QuestionId};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub struct CheXbench;
pub struct CxReason;

const OPTIONS: usize = 4;
const GROUND: &str = "Phrase Grounding";

impl Profile for CheXbench {
    fn name(&self) -> &'static str {
        "vqa:chexbench"
    }

    fn title(&self) -> &'static str {
        "CheXbench"
    }

    fn status(&self) -> Status {
        Status::FromDescription
    }

    fn lossy(&self) -> &'static [&'static str] {
        &[GROUNDING, OUTLINES, PRECISION, REASON, RATIONALE]
    }

    fn refuses(&self, asked: &Asked) -> Option<String> {
        let question = &asked.question;
        match question.answer_type {
            AnswerType::Box if asked.scene.pictures.len() > 1 => {
                Some("the format does not say on which of several pictures a box lies".into())
            }
            AnswerType::Box if asked.scene.places_of(&question.answer.regions).count() == 1 => None,
            AnswerType::Box => Some("its box lies on no picture".into()),
            AnswerType::Open | AnswerType::GroundedCaption => None,
            _ if is_lettered(asked) && question.choices.len() <= OPTIONS => None,
            _ => Some(format!("it has no single right choice of at most {OPTIONS}")),
        }
    }

    fn loses(&self, asked: &Asked) -> Vec<&'static str> {
        let is_box = asked.question.answer_type == AnswerType::Box;
        lost(&[
            (!asked.question.grounding.is_empty(), GROUNDING),
            (is_box && has_outlines(asked), OUTLINES),
            (is_box, PRECISION),
            (!asked.question.reason.is_empty(), REASON),
            (!asked.question.rationale.is_empty(), RATIONALE),
        ])
    }

    fn write(&self, records: &Records, _: &ProfileOptions<'_>) -> Result<Files> {
        let mut tasks: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for asked in fitting(self, records) {
            let is_box = asked.question.answer_type == AnswerType::Box;
            let task = if is_box { GROUND.into() } else { finest(asked) };
            tasks.entry(task).or_default().push(bench_item(asked));
        }
        Ok(Files::from([("data.json".into(), json_file(&tasks)?)]))
    }
}

fn bench_item(asked: &Asked) -> Value {
    let question = &asked.question;
    let paths: Vec<_> = asked.scene.pictures.iter().map(|picture| picture.path.as_str()).collect();
    let mut item = Map::new();
    item.insert("data_source".into(), "Limner".into());
    item.insert("image_path".into(), json!(paths));
    item.insert("question".into(), question.stem.as_str().into());
    let options = if question.choices.is_empty() { Vec::new() } else { option_texts(asked) };
    for n in 0..OPTIONS {
        item.insert(format!("option_{n}"), options.get(n).map_or(Value::Null, |text| text.as_str().into()));
    }
    let place =
        question.answer.keys.first().and_then(|key| question.choices.iter().position(|choice| choice.key == *key));
    let answer = match (question.answer_type, place) {
        (AnswerType::Box, _) => {
            let (name, place) = boxes(asked)[0];
            let size = asked.scene.size(place.picture).unwrap_or([1.0; 2]);
            format!("{name} {}", named("chexagent").boxes_text(name, &[place.rect], size)).trim().into()
        }
        (_, Some(place)) => place.into(),
        _ => talk::answer_text(asked).into(),
    };
    item.insert("answer".into(), answer);
    item.insert("slice".into(), question.facets.content.as_str().into());
    Value::Object(item)
}

impl Profile for CxReason {
    fn name(&self) -> &'static str {
        "vqa:cxreason"
    }

    fn title(&self) -> &'static str {
        "CXReasonBench"
    }

    fn status(&self) -> Status {
        Status::FromDescription
    }

    fn lossy(&self) -> &'static [&'static str] {
        &[GROUNDING, REASON, RATIONALE]
    }

    fn refuses(&self, asked: &Asked) -> Option<String> {
        let question = &asked.question;
        if question.stage.is_none() {
            return Some("it is no stage of a staged question".into());
        }
        let answered = !question.answer.keys.is_empty() || !question.answer.numbers.is_empty();
        (!answered).then(|| "the format's stages are choices and ranges".into())
    }

    fn loses(&self, asked: &Asked) -> Vec<&'static str> {
        lost(&[
            (!asked.scene.places.is_empty(), GROUNDING),
            (!asked.question.reason.is_empty(), REASON),
            (!asked.question.rationale.is_empty(), RATIONALE),
        ])
    }

    fn write(&self, records: &Records, _: &ProfileOptions<'_>) -> Result<Files> {
        let mut files = Files::new();
        let mut by_task: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let by_id: BTreeMap<QuestionId, &Asked> =
            records.asked.iter().map(|asked| (asked.question.id, asked)).collect();
        for asked in fitting(self, records) {
            let Some(stage) = &asked.question.stage else { continue };
            let case = case_of(asked, &by_id);
            let task = plain(&finest(asked));
            let path = if stage.path.is_empty() { "path1".into() } else { plain(&stage.path) };
            let variant = ext_text(asked, "variant");
            let variant = if variant.is_empty() { "basic".to_owned() } else { plain(&variant) };
            by_task.entry(task.clone()).or_default().insert(case.clone());
            let name = format!("qa/{task}/{path}/{}/{variant}/{case}.json", plain(&stage.stage));
            files.insert(name, json_file(&stage_record(asked, &path, &stage.stage))?);
        }
        files.insert("dx_by_dicoms.json".into(), json_file(&by_task)?);
        Ok(files)
    }
}

/// All stages of a tree belong to the case of its root.
fn case_of(asked: &Asked, by_id: &BTreeMap<QuestionId, &Asked>) -> String {
    let mut at = asked;
    for _ in 0..by_id.len() {
        let parent = at.question.stage.as_ref().and_then(|stage| stage.parent).and_then(|id| by_id.get(&id));
        match parent {
            Some(parent) => at = parent,
            None => break,
        }
    }
    plain(&id_of(at, "dicom"))
}

/// A name that can be a file's.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' })
        .collect::<String>()
        .replace("..", "_")
}

fn stage_record(asked: &Asked, path: &str, stage: &str) -> Value {
    let question = &asked.question;
    let lettered = |n: usize, text: &str| format!("({}) {text}", char::from(b'a' + (n % 26) as u8));
    let options: Vec<String> = option_texts(asked).iter().enumerate().map(|(n, text)| lettered(n, text)).collect();
    let right = question.answer.keys.iter().filter_map(|key| question.choices.iter().position(|c| c.key == *key));
    let mut answers: Vec<String> = right.map(|n| options[n].clone()).collect();
    for quantity in &question.answer.numbers {
        let [low, high] = quantity.range.unwrap_or([quantity.value; 2]);
        let name = if quantity.name.is_empty() { String::new() } else { format!("{}: ", quantity.name) };
        answers.push(format!("{name}[{}, {}]", number_text(low), number_text(high)));
    }
    let stem = if options.is_empty() {
        question.stem.clone()
    } else {
        format!("{} Options: {}", question.stem, options.join(", "))
    };
    let paths: Vec<_> = asked.scene.pictures.iter().map(|picture| picture.path.as_str()).collect();
    // Criteria and body parts are parallel lists; on the free path the body part has a list of pictures for each.
    let is_list = matches!((path, stage), (_, "stage1") | ("path1" | "re-path1", "stage2"));
    if is_list {
        let pictures = if stage == "stage2" { json!([paths]) } else { json!([paths.first()]) };
        return json!({"question": [stem], "answer": [answers], "img_path": pictures});
    }
    let answer = if let [one] = answers.as_slice() { one.as_str().into() } else { json!(answers) };
    json!({"question": stem, "answer": answer, "img_path": paths.first()})
}
