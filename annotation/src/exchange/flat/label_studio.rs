//! Label Studio: a JSON list of tasks, coordinates in percent of the picture, brushes as a bit-packed run-length code
//! over RGBA bytes. `config.xml` is the labelling interface that the results name.

use super::body::Body;
use super::brush;
use super::rle::Rle;
use super::{Fit, Flat, HOLES, Item, Set, Sheet};
use crate::error::{Error, Result};
use crate::exchange::import::Reading;
use crate::exchange::xml::Element;
use crate::exchange::{Job, folder};
use serde_json::{Value, json};
use std::path::Path;

pub(crate) struct LabelStudio;

const FILE: &str = "tasks.json";
const KEYPOINTS: &str = "named points";
/// What a point looks like in the interface, in percent of the picture.
const POINT_WIDTH: f64 = 0.5;

impl Flat for LabelStudio {
    fn name(&self) -> &'static str {
        "label-studio"
    }

    fn title(&self) -> &'static str {
        "Label Studio"
    }

    fn lossy(&self) -> &'static [&'static str] {
        &[HOLES, super::POINTS, KEYPOINTS]
    }

    fn fit(&self, item: &Item, size: [usize; 2]) -> Fit {
        match &item.body {
            Body::Rings(rings) if rings.len() > 1 => {
                Fit::Changed(Item { body: Body::Mask(item.body.mask(size)), ..item.clone() }, HOLES)
            }
            Body::Line(_) => Fit::Lost(super::POINTS),
            Body::Keypoints(_) => Fit::Lost(KEYPOINTS),
            _ => Fit::Kept(item.clone()),
        }
    }

    fn keeps_text(&self) -> bool {
        true
    }

    fn picture(&self, stem: &str, _: Option<&str>) -> String {
        format!("images/{stem}.png")
    }

    fn put(&self, set: &Set, out: &Path, job: &Job<'_>) -> Result<()> {
        let mut tasks = Vec::new();
        for (n, sheet) in set.sheets.iter().enumerate() {
            job.task.cancel.check()?;
            let results: Vec<Value> =
                sheet.items.iter().enumerate().map(|(m, item)| result(set, sheet, item, m)).collect();
            tasks.push(json!({
                "id": n + 1, "data": {"image": sheet.file}, "meta": {"part": sheet.part},
                "annotations": [{"id": n + 1, "completed_by": 1, "ground_truth": false, "result": results}],
                "predictions": [],
            }));
        }
        folder::write_json(&out.join(FILE), &tasks)?;
        folder::write(&out.join("config.xml"), config(set).to_text().as_bytes())
    }

    fn get(&self, path: &Path, reading: &Reading<'_>) -> Result<Set> {
        let file = if path.is_dir() { path.join(FILE) } else { path.to_path_buf() };
        let tasks: Vec<Value> = folder::read_json(&file)?;
        let mut set = Set::default();
        for task in &tasks {
            reading.task.cancel.check()?;
            let at = |what: &str| Error::export(&file, format!("task {}: {what}", task["id"]));
            let image = task["data"].as_object().and_then(|data| data.values().find_map(Value::as_str));
            let name = image.ok_or_else(|| at("names no image"))?;
            let name = name.strip_prefix("/data/local-files/?d=").unwrap_or(name).trim_start_matches('/');
            let results: Vec<&Value> = task["annotations"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|annotation| annotation["was_cancelled"] != true)
                .flat_map(|annotation| annotation["result"].as_array().into_iter().flatten())
                .collect();
            let side = |result: &Value, name: &str| result[name].as_f64().filter(|n| *n >= 1.0).map(|n| n as usize);
            let size = results.iter().find_map(|r| Some([side(r, "original_width")?, side(r, "original_height")?]));
            let Some(size) = size else { continue };
            let mut items = Vec::new();
            for found in results {
                let Some((label, body)) = read(found, size).map_err(|error| at(&error.to_string()))? else { continue };
                let text = found["meta"]["text"].as_array().and_then(|t| t.first()).and_then(Value::as_str);
                items.push(Item { label: Some(set.value_of(&label)), body, text: text.map(str::to_owned) });
            }
            set.sheets.push(Sheet { file: name.into(), size, number: 0, part: None, source: None, items });
        }
        Ok(set)
    }

    fn tolerance(&self, size: [usize; 2]) -> f64 {
        1e-9 * size[0].max(size[1]) as f64
    }
}

fn percent([width, height]: [usize; 2], [x, y]: [f64; 2]) -> [f64; 2] {
    [x / width as f64 * 100.0, y / height as f64 * 100.0]
}

fn result(set: &Set, sheet: &Sheet, item: &Item, number: usize) -> Value {
    let name = set.name_of(item);
    let part = |point: [f64; 2]| percent(sheet.size, point);
    let (kind, mut value) = match &item.body {
        Body::Box { min, max } => {
            ("rectanglelabels", rectangle(part(*min), part([max[0] - min[0], max[1] - min[1]]), 0.0))
        }
        Body::Turned { centre, size, degrees } => {
            // A rectangle is turned about its upper left corner.
            let (sin, cos) = degrees.to_radians().sin_cos();
            let (dx, dy) = (-size[0] / 2.0, -size[1] / 2.0);
            let corner = [centre[0] + dx * cos - dy * sin, centre[1] + dx * sin + dy * cos];
            ("rectanglelabels", rectangle(part(corner), part(*size), *degrees))
        }
        Body::Ellipse { centre, radii, degrees } => {
            let ([x, y], [rx, ry]) = (part(*centre), part(*radii));
            ("ellipselabels", json!({"x": x, "y": y, "radiusX": rx, "radiusY": ry, "rotation": degrees}))
        }
        Body::Point(at) => {
            let [x, y] = part(*at);
            ("keypointlabels", json!({"x": x, "y": y, "width": POINT_WIDTH}))
        }
        Body::Mask(mask) => ("brushlabels", json!({"format": "rle", "rle": brush::encode(mask)})),
        body => {
            let ring = body.rings().into_iter().next().unwrap_or_default();
            let points: Vec<_> = ring.into_iter().map(part).collect();
            ("polygonlabels", json!({"points": points, "closed": true}))
        }
    };
    value[kind] = json!([name]);
    let mut result = json!({
        "id": format!("r{}", number + 1), "type": kind, "from_name": kind, "to_name": "image", "image_rotation": 0,
        "original_width": sheet.size[0], "original_height": sheet.size[1], "value": value,
    });
    if let Some(text) = &item.text {
        result["meta"] = json!({"text": [text]});
    }
    result
}

fn rectangle([x, y]: [f64; 2], [width, height]: [f64; 2], rotation: f64) -> Value {
    json!({"x": x, "y": y, "width": width, "height": height, "rotation": rotation})
}

/// The label and the form of a result; `None` for results that are no regions.
fn read(result: &Value, size: [usize; 2]) -> Result<Option<(String, Body)>> {
    let kind = result["type"].as_str().unwrap_or_default();
    let value = &result["value"];
    let wrong = || Error::refused(format!("a {kind} cannot be read"));
    let number = |name: &str| value[name].as_f64().filter(|x| x.is_finite()).ok_or_else(wrong);
    let place = |x: f64, y: f64| [x / 100.0 * size[0] as f64, y / 100.0 * size[1] as f64];
    let degrees = value["rotation"].as_f64().unwrap_or(0.0);
    let body = match kind {
        "rectanglelabels" | "rectangle" => {
            let corner = place(number("x")?, number("y")?);
            let side = place(number("width")?, number("height")?);
            if degrees == 0.0 {
                Body::Box { min: corner, max: [corner[0] + side[0], corner[1] + side[1]] }
            } else {
                let (sin, cos) = degrees.to_radians().sin_cos();
                let (dx, dy) = (side[0] / 2.0, side[1] / 2.0);
                let centre = [corner[0] + dx * cos - dy * sin, corner[1] + dx * sin + dy * cos];
                Body::Turned { centre, size: side, degrees }
            }
        }
        "ellipselabels" | "ellipse" => Body::Ellipse {
            centre: place(number("x")?, number("y")?),
            radii: place(number("radiusX")?, number("radiusY")?),
            degrees,
        },
        "keypointlabels" | "keypoint" => Body::Point(place(number("x")?, number("y")?)),
        "polygonlabels" | "polygon" => {
            let pair = |p: &Value| Some(place(p[0].as_f64()?, p[1].as_f64()?));
            let points: Option<Vec<_>> = value["points"].as_array().ok_or_else(wrong)?.iter().map(pair).collect();
            Body::Rings(vec![points.filter(|p| p.len() >= 3).ok_or_else(wrong)?])
        }
        "brushlabels" | "brush" => {
            let bytes = value["rle"].as_array().ok_or_else(wrong)?.iter();
            let bytes: Option<Vec<u8>> = bytes.map(|b| b.as_u64().and_then(|b| u8::try_from(b).ok())).collect();
            let alpha = brush::decode(&bytes.ok_or_else(wrong)?, size).ok_or_else(wrong)?;
            let values: Vec<u16> = alpha.into_iter().map(u16::from).collect();
            match Rle::of_values(&values, size[0], size[1]).remove(&1) {
                Some(mask) => Body::Mask(mask),
                None => return Ok(None),
            }
        }
        _ => return Ok(None),
    };
    let named = value[kind].as_array().and_then(|names| names.first()).and_then(Value::as_str);
    Ok(Some((named.unwrap_or("unnamed").to_owned(), body)))
}

fn config(set: &Set) -> Element {
    let mut view = Element::new("View").child(Element::new("Image").with("name", "image").with("value", "$image"));
    for (tag, name) in [
        ("RectangleLabels", "rectanglelabels"),
        ("PolygonLabels", "polygonlabels"),
        ("BrushLabels", "brushlabels"),
        ("EllipseLabels", "ellipselabels"),
        ("KeyPointLabels", "keypointlabels"),
    ] {
        let mut control = Element::new(tag).with("name", name).with("toName", "image");
        for label in &set.labels {
            let [r, g, b] = label.colour.unwrap_or([255, 0, 0]);
            let colour = format!("#{r:02x}{g:02x}{b:02x}");
            control.children.push(Element::new("Label").with("value", &label.name).with("background", colour));
        }
        view.children.push(control);
    }
    view
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_golden_box_is_told_in_percent() {
        let mut set = Set::default();
        let item = Item {
            label: Some(set.value_of("x")),
            body: Body::Box { min: [100.0, 50.0], max: [300.0, 250.0] },
            text: None,
        };
        let sheet =
            Sheet { file: "a".into(), size: [512, 400], number: 1, part: None, source: None, items: Vec::new() };
        let told = result(&set, &sheet, &item, 0);
        let value = ["x", "y", "width", "height"].map(|name| told["value"][name].as_f64().unwrap_or_default());
        assert_eq!(value, [19.531_25, 12.5, 39.062_5, 50.0]);
        assert_eq!(read(&told, sheet.size).unwrap(), Some(("x".to_owned(), item.body)));
    }
}
