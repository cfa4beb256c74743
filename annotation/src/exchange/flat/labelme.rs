//! LabelMe: one JSON file per picture, shapes in pixels with corner origin.

use super::body::Body;
use super::{CURVES, Fit, Flat, HOLES, Item, PARTS, Set, Sheet, TURNS};
use crate::error::{Error, Result};
use crate::exchange::import::Reading;
use crate::exchange::{Job, folder};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::Path;

pub(crate) struct LabelMe;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    version: String,
    #[serde(default)]
    flags: Value,
    shapes: Vec<Shape>,
    image_path: String,
    #[serde(default)]
    image_data: Option<String>,
    image_height: usize,
    image_width: usize,
}

#[derive(Serialize, Deserialize)]
struct Shape {
    label: String,
    points: Vec<[f64; 2]>,
    #[serde(default)]
    group_id: Option<u64>,
    #[serde(default)]
    description: Option<String>,
    shape_type: String,
    #[serde(default)]
    flags: Value,
}

impl Flat for LabelMe {
    fn name(&self) -> &'static str {
        "labelme"
    }

    fn title(&self) -> &'static str {
        "LabelMe"
    }

    fn lossy(&self) -> &'static [&'static str] {
        &[HOLES, PARTS, CURVES, TURNS]
    }

    fn fit(&self, item: &Item, _: [usize; 2]) -> Fit {
        let with = |body| Item { body, ..item.clone() };
        match &item.body {
            Body::Mask(_) | Body::Rings(_) => match item.body.single_ring() {
                Some((ring, holes, parts)) => {
                    let ringed = with(Body::Rings(vec![ring]));
                    match (parts, holes) {
                        (true, _) => Fit::Changed(ringed, PARTS),
                        (_, true) => Fit::Changed(ringed, HOLES),
                        _ => Fit::Kept(ringed),
                    }
                }
                None => Fit::Lost(PARTS),
            },
            // A circle is a circle in LabelMe; an ellipse is not.
            Body::Ellipse { radii, .. } if radii[0] == radii[1] => Fit::Kept(item.clone()),
            Body::Ellipse { .. } => Fit::Changed(with(Body::Rings(item.body.rings())), CURVES),
            Body::Turned { .. } => Fit::Changed(with(Body::Rings(item.body.rings())), TURNS),
            _ => Fit::Kept(item.clone()),
        }
    }

    fn keeps_text(&self) -> bool {
        true
    }

    fn picture(&self, stem: &str, part: Option<&str>) -> String {
        part.map_or_else(|| format!("{stem}.png"), |part| format!("{part}/{stem}.png"))
    }

    fn put(&self, set: &Set, out: &Path, job: &Job<'_>) -> Result<()> {
        for sheet in &set.sheets {
            job.task.cancel.check()?;
            let path = out.join(&sheet.file).with_extension("json");
            folder::write_json(&path, &file_of(set, sheet))?;
        }
        Ok(())
    }

    fn get(&self, path: &Path, reading: &Reading<'_>) -> Result<Set> {
        let root = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
        let mut files = if path.is_dir() { folder::files_under(path)? } else { vec![path.to_path_buf()] };
        files.retain(|file| file.extension().is_some_and(|e| e == "json") && !is_ours(file));
        let mut set = Set::default();
        for file in files {
            reading.task.cancel.check()?;
            let read: File = folder::read_json(&file)?;
            let home = file.parent().and_then(|home| home.strip_prefix(root).ok()).unwrap_or(Path::new(""));
            let name = home.join(read.image_path.replace('\\', "/")).to_string_lossy().into_owned();
            let sheet = sheet_of(name, read, &mut set).map_err(|error| Error::export(&file, error.to_string()))?;
            set.sheets.push(sheet);
        }
        Ok(set)
    }
}

fn is_ours(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name == crate::exchange::recipes::RECIPES || name == "limner-receipt.json")
}

fn file_of(set: &Set, sheet: &Sheet) -> File {
    let mut shapes = Vec::new();
    for (n, item) in sheet.items.iter().enumerate() {
        let shape = |shape_type: &str, label: &str, points: Vec<[f64; 2]>, group_id| Shape {
            label: label.into(),
            points,
            group_id,
            description: Some(item.text.clone().unwrap_or_default()),
            shape_type: shape_type.into(),
            flags: json!({}),
        };
        let name = set.name_of(item);
        match &item.body {
            Body::Box { min, max } => shapes.push(shape("rectangle", name, vec![*min, *max], None)),
            Body::Ellipse { centre, radii, .. } => {
                shapes.push(shape("circle", name, vec![*centre, [centre[0] + radii[0], centre[1]]], None));
            }
            Body::Line(points) => shapes.push(shape("linestrip", name, points.clone(), None)),
            Body::Point(at) => shapes.push(shape("point", name, vec![*at], None)),
            // Points of one set share a group; each is called label.point.
            Body::Keypoints(points) => shapes.extend(
                points.iter().map(|(point, at)| shape("point", &format!("{name}.{point}"), vec![*at], Some(n as u64))),
            ),
            body => shapes.extend(body.rings().into_iter().map(|ring| shape("polygon", name, ring, None))),
        }
    }
    File {
        version: "5.5.0".into(),
        flags: json!({}),
        shapes,
        image_path: sheet.file.rsplit('/').next().unwrap_or(&sheet.file).into(),
        image_data: None,
        image_height: sheet.size[1],
        image_width: sheet.size[0],
    }
}

fn sheet_of(file: String, read: File, set: &mut Set) -> Result<Sheet> {
    let mut items: Vec<Item> = Vec::new();
    let mut groups: std::collections::BTreeMap<u64, usize> = std::collections::BTreeMap::new();
    for shape in read.shapes {
        let wrong = || Error::refused(format!("a {} cannot have {} points", shape.shape_type, shape.points.len()));
        if shape.points.iter().flatten().any(|x| !x.is_finite()) {
            return Err(wrong());
        }
        let text = shape.description.clone().filter(|text| !text.is_empty());
        let (mut label, mut body) = (shape.label.as_str(), None);
        match (shape.shape_type.as_str(), shape.points.as_slice()) {
            ("rectangle", [a, b]) => {
                let (min, max) = ([a[0].min(b[0]), a[1].min(b[1])], [a[0].max(b[0]), a[1].max(b[1])]);
                body = Some(Body::Box { min, max });
            }
            ("circle", [centre, rim]) => {
                let radius = (rim[0] - centre[0]).hypot(rim[1] - centre[1]);
                body = Some(Body::Ellipse { centre: *centre, radii: [radius; 2], degrees: 0.0 });
            }
            ("point", [at]) => match (shape.group_id, label.split_once('.')) {
                (Some(group), Some((name, point))) => {
                    let known = groups.get(&group).copied();
                    if let Some(Body::Keypoints(points)) = known.map(|n| &mut items[n].body) {
                        points.insert(point.to_owned(), *at);
                        continue;
                    }
                    groups.insert(group, items.len());
                    label = name;
                    body = Some(Body::Keypoints([(point.to_owned(), *at)].into()));
                }
                _ => body = Some(Body::Point(*at)),
            },
            ("line" | "linestrip", points) if points.len() >= 2 => body = Some(Body::Line(points.to_vec())),
            ("polygon", points) if points.len() >= 3 => body = Some(Body::Rings(vec![points.to_vec()])),
            _ => {}
        }
        let body = body.ok_or_else(wrong)?;
        items.push(Item { label: Some(set.value_of(label)), body, text });
    }
    Ok(Sheet { file, size: [read.image_width, read.image_height], number: 0, part: None, source: None, items })
}
