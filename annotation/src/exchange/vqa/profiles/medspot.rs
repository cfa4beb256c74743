//! MedSPOT: steps in the window of a medical viewer, each with the place to act on in percent of a screenshot.

use super::common::{OUTLINES, RATIONALE, boxes, ext_text, has_outlines, lost};
use crate::error::{Error, Result};
use crate::exchange::Status;
use crate::exchange::vqa::boxes::named;
use crate::exchange::vqa::profile::{
    Files, Profile, ProfileOptions, find_file, fitting, json_file, number, numbers_of, rest_of, text_of,
};
use crate::exchange::vqa::record::{Asked, Picture, Records};
use crate::question::{AnswerType, ImageSetId, Origin, Question};
use serde_json::{Value, json};

pub struct MedSpot;

/// Screenshots come without a size; percent need none, so a box is kept in a frame of a hundred.
const FRAME: [f64; 2] = [100.0, 100.0];

impl Profile for MedSpot {
    fn name(&self) -> &'static str {
        "vqa:medspot"
    }

    fn title(&self) -> &'static str {
        "MedSPOT"
    }

    fn status(&self) -> Status {
        Status::Checked
    }

    fn lossy(&self) -> &'static [&'static str] {
        &[OUTLINES, RATIONALE]
    }

    fn refuses(&self, asked: &Asked) -> Option<String> {
        let fits = asked.question.ext.contains_key("task_overview")
            && matches!(asked.question.answer_type, AnswerType::Box | AnswerType::Boxes);
        (!fits).then(|| "it is no step in a window".into())
    }

    fn loses(&self, asked: &Asked) -> Vec<&'static str> {
        lost(&[(has_outlines(asked), OUTLINES), (!asked.question.rationale.is_empty(), RATIONALE)])
    }

    fn write(&self, records: &Records, options: &ProfileOptions<'_>) -> Result<Files> {
        let mut tasks: Vec<Value> = Vec::new();
        let mut last = None;
        for asked in fitting(self, records) {
            let task = asked.ext("task").cloned();
            if task.is_none() || task != last {
                let mut fields = json!({"task_overview": ext_text(asked, "task_overview"), "steps": []});
                merge(&mut fields, asked.ext("task_fields"));
                tasks.push(fields);
                last = task;
            }
            if let Some(steps) = tasks.last_mut().and_then(|task| task["steps"].as_array_mut()) {
                steps.push(step(asked));
            }
        }
        Ok(Files::from([(format!("{}.json", options.split), json_file(&json!({"tasks": tasks}))?)]))
    }

    fn reads(&self) -> bool {
        true
    }

    fn read(&self, files: &Files) -> Result<Records> {
        let (path, bytes) = find_file(files, &[".json"])?;
        let whole: Value =
            serde_json::from_slice(bytes).map_err(|error| Error::refused(format!("{path} cannot be read: {error}")))?;
        let mut records = Records::default();
        for (n, task) in list(&whole, "tasks").iter().enumerate() {
            for step in list(task, "steps") {
                let mut asked = asked_of(step)?;
                asked.question.ext.insert("task".into(), n.into());
                asked.question.ext.insert("task_overview".into(), text_of(task, "task_overview")?.into());
                let rest = rest_of(task, &["task_overview", "steps"]);
                if !rest.is_empty() {
                    asked.question.ext.insert("task_fields".into(), json!(rest));
                }
                records.asked.push(asked);
            }
        }
        Ok(records)
    }
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value[field].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn merge(fields: &mut Value, more: Option<&Value>) {
    for (key, value) in more.and_then(Value::as_object).into_iter().flatten() {
        fields[key] = value.clone();
    }
}

fn step(asked: &Asked) -> Value {
    let convention = named("percent");
    let kinds = asked.ext("actions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let actions = boxes(asked).into_iter().enumerate().map(|(n, (name, place))| {
        let size = asked.scene.size(place.picture).unwrap_or(FRAME);
        let numbers: Vec<Value> = convention.encode(place.rect, size).into_iter().map(number).collect();
        let kind = kinds.get(n).map_or("click", |action| action["type"].as_str().unwrap_or("click"));
        let mut action = json!({"type": kind, "target": name, "bbox": numbers});
        merge(&mut action, kinds.get(n));
        action
    });
    let path = asked.scene.pictures.first().map_or("", |picture| picture.path.as_str());
    let mut step = json!({
        "step_id": asked.ext("step_id").cloned().unwrap_or(Value::Null), "image_path": path, "instruction": asked.question.stem,
        "actions": actions.collect::<Vec<_>>(),
    });
    merge(&mut step, asked.ext("step_fields"));
    step
}

fn asked_of(step: &Value) -> Result<Asked> {
    let path = text_of(step, "image_path")?.to_owned();
    let mut question = Question::new(ImageSetId::new(), AnswerType::Box, text_of(step, "instruction")?);
    question.origin = Origin::Imported { profile: "medspot".into() };
    question.ext.insert("step_id".into(), step["step_id"].clone());
    let picture = Picture { path, size: Some(FRAME), ..Picture::default() };
    let mut asked = Asked::new(vec![picture], question);
    let mut kinds = Vec::new();
    for action in list(step, "actions") {
        let numbers = numbers_of(&action["bbox"]);
        let rect = numbers.and_then(|numbers| named("percent").decode(&numbers, FRAME));
        let rect = rect.ok_or_else(|| Error::refused("an action has no box of four numbers"))?;
        let evidence = asked.scene.add(0, rect, text_of(action, "target")?);
        asked.question.answer.regions.push(evidence);
        kinds.push(json!(rest_of(action, &["target", "bbox"])));
    }
    if asked.question.answer.regions.len() > 1 {
        asked.question.answer_type = AnswerType::Boxes;
    }
    asked.question.ext.insert("actions".into(), kinds.into());
    let rest = rest_of(step, &["step_id", "image_path", "instruction", "actions"]);
    if !rest.is_empty() {
        asked.question.ext.insert("step_fields".into(), json!(rest));
    }
    Ok(asked)
}
