//! MedSG-Bench: one box on one of several pictures. All pictures are taken as 336 by 336 pixels, but for `multi_view`, which
//! states the size.

use super::common::{OUTLINES, PRECISION, RATIONALE, boxes, finest, has_outlines, lost};
use crate::error::Result;
use crate::exchange::Status;
use crate::exchange::vqa::boxes::named;
use crate::exchange::vqa::profile::{Files, Profile, ProfileOptions, fitting, json_file, number};
use crate::exchange::vqa::record::{Asked, PlaceKind, Records};
use crate::question::Role;
use serde_json::{Value, json};

pub struct MedSg;

pub const TASKS: [&str; 8] = [
    "Registered_Diff",
    "Non_Registered_Diff",
    "multi_view",
    "object_tracking",
    "concept",
    "patch",
    "crossmodal",
    "referring",
];

fn task(asked: &Asked) -> &'static str {
    let wanted = finest(asked);
    TASKS.into_iter().find(|task| *task == wanted).unwrap_or("referring")
}

impl Profile for MedSg {
    fn name(&self) -> &'static str {
        "vqa:medsg"
    }

    fn title(&self) -> &'static str {
        "MedSG-Bench"
    }

    fn status(&self) -> Status {
        Status::FromDescription
    }

    fn lossy(&self) -> &'static [&'static str] {
        &["image of the box", OUTLINES, PRECISION, RATIONALE]
    }

    fn refuses(&self, asked: &Asked) -> Option<String> {
        let asked_for: Vec<_> =
            boxes(asked).into_iter().filter(|(_, place)| !is_reference(asked, place.picture)).collect();
        match asked_for.as_slice() {
            [(_, place)] if place.kind == PlaceKind::Point => {
                Some("the answer is a point; the format has boxes only".into())
            }
            [(_, place)] if asked.scene.size(place.picture).is_none() => {
                Some("the size of its picture is not known".into())
            }
            [_] => None,
            list => Some(format!("the answer is {} boxes; the format has room for exactly one", list.len())),
        }
    }

    fn loses(&self, asked: &Asked) -> Vec<&'static str> {
        lost(&[
            (asked.scene.pictures.len() > 1, "image of the box"),
            (has_outlines(asked), OUTLINES),
            (true, PRECISION),
            (!asked.question.rationale.is_empty(), RATIONALE),
        ])
    }

    fn write(&self, records: &Records, _: &ProfileOptions<'_>) -> Result<Files> {
        let mut files = Files::new();
        for task in TASKS {
            let of_task: Vec<Value> =
                fitting(self, records).filter(|asked| self::task(asked) == task).map(record).collect();
            if !of_task.is_empty() {
                files.insert(format!("{task}.json"), json_file(&of_task)?);
            }
        }
        Ok(files)
    }
}

fn is_reference(asked: &Asked, picture: usize) -> bool {
    asked.scene.pictures.get(picture).is_some_and(|picture| picture.role == Role::Reference)
}

fn record(asked: &Asked) -> Value {
    let task = task(asked);
    let multi_view = task == "multi_view";
    let convention = named(if multi_view { "pixels" } else { "medsg" });
    let encoded = |place: &crate::exchange::vqa::record::Place| {
        let size = asked.scene.size(place.picture).unwrap_or([336.0; 2]);
        convention.encode(place.rect, size).into_iter().map(f64::round).collect::<Vec<_>>()
    };
    let paths: Vec<_> = asked.scene.pictures.iter().map(|picture| picture.path.as_str()).collect();
    let mut stem = asked.question.stem.clone();
    // A box that is given, not asked for.
    for (_, place) in asked.scene.places_of(&asked.question.grounding).filter(|(_, p)| is_reference(asked, p.picture)) {
        if let [x0, y0, x1, y1] = encoded(place)[..] {
            stem.push_str(&format!(" <|box_start|>({x0},{y0}),({x1},{y1})<|box_end|>"));
        }
    }
    let answer = boxes(asked).into_iter().find(|(_, place)| !is_reference(asked, place.picture));
    let numbers: Vec<Value> = answer.iter().flat_map(|(_, place)| encoded(place)).map(number).collect();
    let mut record = json!({"task": task, "images": paths, "question": stem, "answer": numbers});
    if multi_view && let Some(size) = answer.and_then(|(_, place)| asked.scene.size(place.picture)) {
        record["size"] = json!(size.map(number));
    }
    record
}
