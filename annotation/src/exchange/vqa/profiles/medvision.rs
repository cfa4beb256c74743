//! MedVision: boxes, axes, distances and angles on slices of volumes. Stored boxes are rows before columns from the top left;
//! the answers asked of a model are shares from the lower left.

use super::common::{GROUNDING, OUTLINES, RATIONALE, boxes, lost};
use crate::error::{Error, Result};
use crate::exchange::Status;
use crate::exchange::vqa::boxes::named;
use crate::exchange::vqa::profile::{Files, Profile, ProfileOptions, fitting, number};
use crate::exchange::vqa::record::{Asked, PlaceKind, Records};
use crate::question::AnswerType;
use flate2::{Compression, GzBuilder};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::Write;

pub struct MedVision;

/// The three tasks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Task {
    BoxSize,
    LesionSize,
    Distance,
    Angle,
}

impl Task {
    const fn name(self) -> &'static str {
        match self {
            Self::BoxSize => "BoxSize",
            Self::LesionSize => "TumorLesionSize",
            Self::Distance => "BiometricsFromLandmarks_Distance",
            Self::Angle => "BiometricsFromLandmarks_Angle",
        }
    }
}

fn task(asked: &Asked) -> Option<Task> {
    let question = &asked.question;
    match (question.answer_type, question.answer.numbers.as_slice()) {
        (AnswerType::Box, _) => Some(Task::BoxSize),
        (AnswerType::Numeric, [major, minor]) if major.name == "major axis" && minor.name == "minor axis" => {
            Some(Task::LesionSize)
        }
        (AnswerType::Numeric, [width, height]) if width.name == "width" && height.name == "height" => {
            Some(Task::BoxSize)
        }
        (AnswerType::Numeric, [one]) if one.unit == "mm" => Some(Task::Distance),
        (AnswerType::Numeric, [one]) if one.unit == "deg" => Some(Task::Angle),
        _ => None,
    }
}

impl Profile for MedVision {
    fn name(&self) -> &'static str {
        "vqa:medvision"
    }

    fn title(&self) -> &'static str {
        "MedVision"
    }

    fn status(&self) -> Status {
        Status::FromDescription
    }

    fn lossy(&self) -> &'static [&'static str] {
        &[GROUNDING, OUTLINES, RATIONALE]
    }

    fn refuses(&self, asked: &Asked) -> Option<String> {
        if task(asked).is_none() {
            return Some("the format has boxes, two axes, a distance in mm or an angle only".into());
        }
        if asked.scene.pictures.len() != 1 {
            return Some("the format has one slice a question".into());
        }
        let known = asked.scene.pictures[0].source.pixel_mm.is_some();
        (!known).then(|| "the image has no spacing, so nothing can be measured on it".into())
    }

    fn loses(&self, asked: &Asked) -> Vec<&'static str> {
        let outlines = asked.scene.places.iter().any(|(_, place)| place.kind == PlaceKind::Outline);
        lost(&[(outlines, OUTLINES), (!asked.question.rationale.is_empty(), RATIONALE)])
    }

    fn write(&self, records: &Records, options: &ProfileOptions<'_>) -> Result<Files> {
        let mut names: Vec<&str> = fitting(self, records).map(organ).collect();
        names.sort_unstable();
        names.dedup();
        let mut configs: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        let mut task_ids: BTreeMap<(Task, usize), usize> = BTreeMap::new();
        for asked in fitting(self, records) {
            let Some(task) = task(asked) else { continue };
            let (axis, _) = asked.scene.pictures[0].source.slice.unwrap_or((2, 0));
            let count = task_ids.len() + 1;
            let id = *task_ids.entry((task, axis)).or_insert(count);
            let plane = ["Sagittal", "Coronal", "Axial"][axis.min(2)];
            let half = if options.split == "train" { "Train" } else { "Test" };
            let config = format!("Limner_{}_Task{id:02}_{plane}_{half}", task.name());
            configs.entry(config).or_default().push(item(asked, task, id, &names));
        }
        let labels: Map<String, Value> =
            names.iter().enumerate().map(|(n, name)| ((n + 1).to_string(), (*name).into())).collect();
        let plan = json!({"dataset": "Limner", "labels_map": labels, "tasks": configs});
        let bytes = serde_json::to_vec(&plan).map_err(Error::json("could not write JSON"))?;
        // No time stamp: the same plan gives the same bytes.
        let mut packer = GzBuilder::new().mtime(0).write(Vec::new(), Compression::default());
        let packed = packer.write_all(&bytes).and_then(|()| packer.finish());
        let packed = packed.map_err(|source| Error::Io {
            doing: "could not pack the plan",
            path: "benchmark_plan".into(),
            source,
        })?;
        Ok(Files::from([("benchmark_plan_Limner.json.gz".into(), packed)]))
    }
}

fn organ(asked: &Asked) -> &str {
    asked.question.facets.anatomy.first().map_or("structure", String::as_str)
}

fn item(asked: &Asked, task: Task, id: usize, names: &[&str]) -> Value {
    let picture = &asked.scene.pictures[0];
    let source = &picture.source;
    let (axis, index) = source.slice.unwrap_or((2, 0));
    let size = picture.size.unwrap_or_default();
    let label = names.iter().position(|name| *name == organ(asked)).map_or(0, |n| n + 1);
    let mut item = json!({
        "image_file": format!("{}.nii.gz", source.case), "slice_dim": axis, "slice_idx": index, "taskID": id, "label": label,
        // Rows first, as the array has them.
        "image_size_2d": [number(size[1]), number(size[0])], "pixel_size": source.pixel_mm.map(|[column, row]| [row, column]),
        "question": asked.question.stem,
    });
    let places: Vec<_> = boxes(asked).into_iter().filter(|(_, place)| place.kind != PlaceKind::Point).collect();
    if !places.is_empty() {
        let corner = |x: usize, y: usize| -> Value {
            places.iter().map(|(_, place)| json!([number(place.rect[y]), number(place.rect[x])])).collect()
        };
        item["bounding_boxes"] = json!({"min_coords": corner(0, 1), "max_coords": corner(2, 3)});
        let answers: Vec<_> = places.iter().map(|(_, place)| named("medvision").encode(place.rect, size)).collect();
        item["relative_lower_left"] = json!(answers);
    }
    let numbers = &asked.question.answer.numbers;
    match (task, numbers.as_slice()) {
        (Task::LesionSize, [major, minor]) => {
            item["biometric_profile"] = json!({
                "metric_type": "distance", "metric_map_name": "axes", "metric_key": "lesion", "metric_unit": "mm",
                "metric_value_major_axis": [major.value], "metric_value_minor_axis": [minor.value],
            });
        }
        (Task::Distance | Task::Angle, [one]) => {
            let (kind, unit) = if task == Task::Angle { ("angle", "degree") } else { ("distance", "mm") };
            item["biometric_profile"] = json!({
                "metric_type": kind, "metric_map_name": format!("{kind}s"), "metric_key": organ(asked), "metric_unit": unit,
                "metric_value": one.value, "definition": one.definition,
            });
        }
        (Task::BoxSize, [width, height]) => item["box_size_mm"] = json!([width.value, height.value]),
        _ => {}
    }
    item
}
