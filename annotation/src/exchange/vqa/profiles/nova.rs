//! NOVA: one row a picture with caption, case notes and boxes as x, y, width, height. Boxes from raters stand beside the final
//! ones, told apart by their source.

use super::common::{OTHER_PICTURES, OUTLINES, RATIONALE, boxes, ext_text, has_outlines, id_of, lost, main_picture};
use crate::error::Result;
use crate::exchange::Status;
use crate::exchange::vqa::boxes::named;
use crate::exchange::vqa::profile::{Files, Profile, ProfileOptions, fitting, json_lines, number};
use crate::exchange::vqa::record::{Asked, PlaceKind, Records};
use crate::question::AnswerType;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub struct Nova;

impl Profile for Nova {
    fn name(&self) -> &'static str {
        "vqa:nova"
    }

    fn title(&self) -> &'static str {
        "NOVA"
    }

    fn status(&self) -> Status {
        Status::FromDescription
    }

    fn lossy(&self) -> &'static [&'static str] {
        &["questions and answers", OTHER_PICTURES, OUTLINES, RATIONALE]
    }

    fn refuses(&self, asked: &Asked) -> Option<String> {
        let kinds = [AnswerType::Box, AnswerType::Boxes, AnswerType::Mask, AnswerType::GroundedCaption];
        if !kinds.contains(&asked.question.answer_type) {
            return Some("the format has boxes and captions only".into());
        }
        let has_box = boxes(asked).iter().any(|(_, place)| place.kind != PlaceKind::Point);
        (!has_box).then(|| "it has no box, and a row without boxes does not say that nothing is there".into())
    }

    fn loses(&self, asked: &Asked) -> Vec<&'static str> {
        lost(&[
            (true, "questions and answers"),
            (asked.scene.pictures.len() > 1, OTHER_PICTURES),
            (has_outlines(asked), OUTLINES),
            (!asked.question.rationale.is_empty(), RATIONALE),
        ])
    }

    fn write(&self, records: &Records, options: &ProfileOptions<'_>) -> Result<Files> {
        // A picture has one row, whatever is asked about it.
        let mut rows: BTreeMap<String, Value> = BTreeMap::new();
        for asked in fitting(self, records) {
            let picture = &asked.scene.pictures[main_picture(asked)];
            let file = picture.path.rsplit('/').next().unwrap_or_default().to_owned();
            let row = rows.entry(file.clone()).or_insert_with(|| {
                json!({
                    "filename": file, "case_id": picture.source.case, "scan_id": id_of(asked, "scan_id"), "caption_text": "",
                    "image_path": picture.path, "bboxes": [],
                    "meta": {"clinical_history": ext_text(asked, "clinical_history"), "final_diagnosis": ext_text(asked, "final_diagnosis")},
                })
            });
            if asked.question.answer_type == AnswerType::GroundedCaption {
                row["caption_text"] = asked.question.answer.text.as_str().into();
            }
            let size = picture.size.unwrap_or([f64::INFINITY; 2]);
            let main = main_picture(asked);
            for (_, place) in boxes(asked).into_iter().filter(|(_, p)| p.picture == main && p.kind != PlaceKind::Point)
            {
                let n = named("coco").encode(place.rect, size);
                let entry = json!({
                    "x": number(n[0]), "y": number(n[1]), "width": number(n[2]), "height": number(n[3]), "source": "gold",
                });
                if let Some(list) = row["bboxes"].as_array_mut().filter(|list| !list.contains(&entry)) {
                    list.push(entry);
                }
            }
        }
        Ok(Files::from([(format!("data/nova-{}.jsonl", options.split), json_lines(rows.into_values())?)]))
    }
}
