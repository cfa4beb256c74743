//! Datumaro's own JSON: `annotations/PART.json` and `images/PART/`, masks as COCO's compressed run lengths.

use super::body::Body;
use super::rle::Rle;
use super::{CURVES, Fit, Flat, HOLES, Item, Set, Sheet, TURNS};
use crate::error::{Error, Result};
use crate::exchange::import::Reading;
use crate::exchange::{Job, folder};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

pub(crate) struct Datumaro;

const NAMED_POINTS: &str = "names of points";

impl Flat for Datumaro {
    fn name(&self) -> &'static str {
        "datumaro"
    }

    fn title(&self) -> &'static str {
        "Datumaro"
    }

    fn status(&self) -> crate::exchange::Status {
        crate::exchange::Status::FromDescription
    }

    fn lossy(&self) -> &'static [&'static str] {
        &[HOLES, CURVES, TURNS, NAMED_POINTS]
    }

    fn fit(&self, item: &Item, size: [usize; 2]) -> Fit {
        let with = |body| Item { body, ..item.clone() };
        match &item.body {
            Body::Rings(rings) if rings.len() > 1 => Fit::Changed(with(Body::Mask(item.body.mask(size))), HOLES),
            Body::Ellipse { .. } => Fit::Changed(with(Body::Rings(item.body.rings())), CURVES),
            Body::Turned { .. } => Fit::Changed(with(Body::Rings(item.body.rings())), TURNS),
            Body::Keypoints(_) => Fit::Lost(NAMED_POINTS),
            _ => Fit::Kept(item.clone()),
        }
    }

    fn keeps_text(&self) -> bool {
        true
    }

    fn picture(&self, stem: &str, part: Option<&str>) -> String {
        format!("images/{}/{stem}.png", part.unwrap_or("default"))
    }

    fn put(&self, set: &Set, out: &Path, job: &Job<'_>) -> Result<()> {
        let part_of = |sheet: &Sheet| sheet.part.clone().unwrap_or_else(|| "default".into());
        let parts: BTreeSet<String> = set.sheets.iter().map(part_of).collect();
        let label = |label: &super::SetLabel| {
            let parent = label.ancestors.last().cloned().unwrap_or_default();
            json!({"name": label.name, "parent": parent, "attributes": []})
        };
        let labels: Vec<Value> = set.labels.iter().map(label).collect();
        for part in parts {
            job.task.cancel.check()?;
            let mine = set.sheets.iter().filter(|sheet| part_of(sheet) == part);
            let item = |sheet: &Sheet| {
                let annotations: Vec<Value> =
                    sheet.items.iter().enumerate().map(|(n, item)| annotation(set, item, n)).collect();
                let name = sheet.file.rsplit('/').next().unwrap_or(&sheet.file);
                json!({
                    "id": sheet.stem(), "annotations": annotations, "attr": {},
                    "image": {"path": name, "size": [sheet.size[1], sheet.size[0]]},
                })
            };
            let file = json!({
                "dm_format_version": "1.0", "media_type": 2, "infos": {},
                "categories": {"label": {"labels": labels, "label_groups": [], "attributes": []}},
                "items": mine.map(item).collect::<Vec<_>>(),
            });
            folder::write_json(&out.join("annotations").join(format!("{part}.json")), &file)?;
        }
        Ok(())
    }

    fn get(&self, path: &Path, reading: &Reading<'_>) -> Result<Set> {
        let home = path.join("annotations");
        let mut files = if path.is_dir() { folder::files_under(&home)? } else { vec![path.to_path_buf()] };
        files.retain(|file| file.extension().is_some_and(|e| e == "json"));
        let mut set = Set::default();
        for file in files {
            reading.task.cancel.check()?;
            let data: Value = folder::read_json(&file)?;
            let part = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            let listed = data["categories"]["label"]["labels"].as_array();
            let names = listed.into_iter().flatten().map(|label| label["name"].as_str().unwrap_or("unnamed"));
            let values: Vec<u16> = names.map(|name| set.value_of(name)).collect();
            let items = data["items"].as_array().ok_or_else(|| Error::export(&file, "there are no items"))?;
            for item in items {
                let wrong = |what: &str| Error::export(&file, format!("item {}: {what}", item["id"]));
                let side = |n: usize| item["image"]["size"][n].as_u64().filter(|n| *n > 0).map(|n| n as usize);
                let (Some(name), Some(height), Some(width)) = (item["image"]["path"].as_str(), side(0), side(1)) else {
                    return Err(wrong("has no picture with a size"));
                };
                let mut found = Vec::new();
                for annotation in item["annotations"].as_array().into_iter().flatten() {
                    let Some(body) = body_of(annotation, [width, height]).ok_or_else(|| wrong("a shape is broken"))?
                    else {
                        continue;
                    };
                    let label = annotation["label_id"].as_u64().and_then(|n| values.get(n as usize).copied());
                    let text = annotation["attributes"]["note"].as_str().map(str::to_owned);
                    found.push(Item { label, body, text });
                }
                let file = if name.contains('/') { name.to_owned() } else { format!("images/{part}/{name}") };
                set.sheets.push(Sheet {
                    file,
                    size: [width, height],
                    number: 0,
                    part: None,
                    source: None,
                    items: found,
                });
            }
        }
        Ok(set)
    }
}

fn annotation(set: &Set, item: &Item, number: usize) -> Value {
    let label = item.label.and_then(|value| set.labels.iter().position(|label| label.value == value));
    let attributes = item.text.as_ref().map_or_else(|| json!({}), |text| json!({"note": text}));
    let mut all = json!({"id": number, "group": 0, "label_id": label, "z_order": 0, "attributes": attributes});
    let (kind, key, value) = match &item.body {
        Body::Mask(mask) => ("mask", "rle", json!({"counts": mask.text(), "size": [mask.height, mask.width]})),
        Body::Box { min, max } => ("bbox", "bbox", json!([min[0], min[1], max[0] - min[0], max[1] - min[1]])),
        Body::Line(points) => ("polyline", "points", json!(points.concat())),
        Body::Point(at) => {
            all["visibility"] = json!([2]);
            ("points", "points", json!(at))
        }
        body => ("polygon", "points", json!(body.rings().concat().concat())),
    };
    all["type"] = json!(kind);
    all[key] = value;
    all
}

/// `Some(None)` for kinds that are no shape, `None` for a broken one.
fn body_of(annotation: &Value, size: [usize; 2]) -> Option<Option<Body>> {
    let numbers = |key: &str| -> Option<Vec<f64>> {
        annotation[key].as_array()?.iter().map(|x| x.as_f64().filter(|x| x.is_finite())).collect()
    };
    let points = || Some(numbers("points")?.as_chunks::<2>().0.to_vec());
    Some(Some(match annotation["type"].as_str()? {
        "bbox" => {
            let [x, y, w, h] = numbers("bbox")?[..] else { return None };
            Body::Box { min: [x, y], max: [x + w, y + h] }
        }
        "mask" => Body::Mask(Rle::from_text(annotation["rle"]["counts"].as_str()?, size[0], size[1])?),
        "polygon" => Body::Rings(vec![points().filter(|p| p.len() >= 3)?]),
        "polyline" => Body::Line(points().filter(|p| p.len() >= 2)?),
        "points" => Body::Point(*points()?.first()?),
        _ => return Some(None),
    }))
}
