//! COCO instances: one picture per labelled slice or frame, one annotation per label on it, masks as compressed run
//! lengths. Coordinates are native pixels with corner origin, the same as ours.
//!
//! A label that has ancestors also gets `category_id_1`, `category_id_2`, … from the root down, as DENTEX has them.

use super::body::Body;
use super::rle::Rle;
use super::{CURVES, Fit, Flat, HOLES, Item, POINTS, Set, SetLabel, Sheet, TURNS, outline};
use crate::error::{Error, Result};
use crate::exchange::import::Reading;
use crate::exchange::{Job, folder};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(crate) struct Instances;

const FILE_NAME: &str = "annotations.json";

#[derive(Serialize, Deserialize)]
pub(super) struct File {
    #[serde(default)]
    pub info: Value,
    #[serde(default)]
    pub licenses: Vec<Value>,
    pub images: Vec<Picture>,
    #[serde(default)]
    pub annotations: Vec<Annotation>,
    #[serde(default)]
    pub categories: Vec<Category>,
    /// `categories_1` and so on, where labels have levels.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Picture {
    pub id: u64,
    pub file_name: String,
    pub width: usize,
    pub height: usize,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Category {
    pub id: u64,
    pub name: String,
    #[serde(default)]
    pub supercategory: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keypoints: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skeleton: Vec<[usize; 2]>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Annotation {
    pub id: u64,
    pub image_id: u64,
    #[serde(default)]
    pub category_id: Option<u64>,
    #[serde(default)]
    pub bbox: Option<[f64; 4]>,
    #[serde(default)]
    pub area: f64,
    #[serde(default)]
    pub iscrowd: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segmentation: Option<Segmentation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keypoints: Option<Vec<f64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub num_keypoints: Option<usize>,
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Segmentation {
    Polygons(Vec<Vec<f64>>),
    Packed { size: [usize; 2], counts: String },
    Runs { size: [usize; 2], counts: Vec<u32> },
}

impl Flat for Instances {
    fn name(&self) -> &'static str {
        "coco-instances"
    }

    fn title(&self) -> &'static str {
        "COCO instances"
    }

    fn lossy(&self) -> &'static [&'static str] {
        &[HOLES, CURVES, TURNS, POINTS]
    }

    fn fit(&self, item: &Item, size: [usize; 2]) -> Fit {
        let with = |body| Item { body, ..item.clone() };
        match &item.body {
            Body::Mask(_) | Body::Box { .. } => Fit::Kept(item.clone()),
            Body::Rings(rings) if rings.len() == 1 => Fit::Kept(item.clone()),
            Body::Rings(_) => Fit::Changed(with(Body::Mask(item.body.mask(size))), HOLES),
            Body::Ellipse { .. } => Fit::Changed(with(Body::Rings(item.body.rings())), CURVES),
            Body::Turned { .. } => Fit::Changed(with(Body::Rings(item.body.rings())), TURNS),
            Body::Line(_) | Body::Point(_) | Body::Keypoints(_) => Fit::Lost(POINTS),
        }
    }

    fn keeps_text(&self) -> bool {
        true
    }

    fn picture(&self, stem: &str, _: Option<&str>) -> String {
        format!("images/{stem}.png")
    }

    fn put(&self, set: &Set, out: &Path, job: &Job<'_>) -> Result<()> {
        for (name, part) in parts(job.options.part_names()) {
            let file = file_of(set, part, |item, size| body_of(&item.body, size));
            folder::write_json(&out.join(name), &file)?;
        }
        Ok(())
    }

    fn get(&self, path: &Path, _: &Reading<'_>) -> Result<Set> {
        let mut set = Set::default();
        for file in annotation_files(path)? {
            read(&file, &mut set, &|annotation, sheet| segmentation(annotation, sheet.size))?;
        }
        Ok(set)
    }
}

/// The annotation files of an export and the part that each holds.
pub(super) fn parts(names: Vec<&str>) -> Vec<(String, Option<&str>)> {
    if names.is_empty() {
        return vec![(FILE_NAME.to_owned(), None)];
    }
    names.into_iter().map(|name| (format!("annotations_{name}.json"), Some(name))).collect()
}

/// One file, or all `annotations*.json` of a folder.
pub(super) fn annotation_files(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut files = folder::files_under(path)?;
    files.retain(|file| {
        let name = file.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
        name.ends_with(".json") && (name.starts_with("annotation") || name.starts_with("instances"))
            || name.starts_with("person_keypoints")
            || name.starts_with("panoptic_")
    });
    if files.is_empty() {
        return Err(Error::export(path, "no annotations*.json or instances*.json was found; name the file itself"));
    }
    Ok(files)
}

/// What an item is in an annotation: box, area and outline.
pub(super) struct Told {
    pub bbox: [f64; 4],
    pub area: f64,
    pub segmentation: Option<Segmentation>,
    pub keypoints: Option<Vec<f64>>,
}

pub(super) fn body_of(body: &Body, size: [usize; 2]) -> Told {
    let keypoints = None;
    if let Body::Mask(mask) = body {
        let runs = Segmentation::Packed { size: [mask.height, mask.width], counts: mask.text() };
        let bbox = mask.bbox().map(|n| n as f64);
        return Told { bbox, area: mask.area() as f64, segmentation: Some(runs), keypoints };
    }
    let [low, high] = body.bounds().unwrap_or_default();
    let bbox = [low[0], low[1], high[0] - low[0], high[1] - low[1]];
    let rings = body.rings();
    let area = match body {
        Body::Box { .. } => bbox[2] * bbox[3],
        _ => body.mask(size).area() as f64,
    };
    let segmentation = Some(Segmentation::Polygons(rings.iter().map(|ring| ring.concat()).collect()));
    Told { bbox, area, segmentation, keypoints }
}

pub(super) fn file_of(set: &Set, part: Option<&str>, tell: impl Fn(&Item, [usize; 2]) -> Told) -> File {
    let levels = Levels::of(&set.labels);
    let mut file = File {
        info: json!({"description": "Exported by Limner", "version": env!("CARGO_PKG_VERSION")}),
        licenses: Vec::new(),
        images: Vec::new(),
        annotations: Vec::new(),
        categories: set.labels.iter().map(category).collect(),
        more: levels.tables(),
    };
    for sheet in set.sheets.iter().filter(|sheet| part.is_none() || sheet.part.as_deref() == part) {
        let [width, height] = sheet.size;
        file.images.push(Picture { id: sheet.number, file_name: sheet.file.clone(), width, height });
        for (n, item) in sheet.items.iter().enumerate() {
            let Told { bbox, area, segmentation, keypoints } = tell(item, sheet.size);
            let mut more = item.label.and_then(|value| set.label(value)).map_or_else(Map::new, |l| levels.ids_of(l));
            if let Some(text) = &item.text {
                more.insert("attributes".into(), json!({"note": text}));
            }
            let seen = |points: &Vec<f64>| points.chunks(3).filter(|p| p[2] > 0.0).count();
            file.annotations.push(Annotation {
                id: sheet.number * super::gather::ITEMS_PER_SHEET + n as u64 + 1,
                image_id: sheet.number,
                category_id: item.label.map(u64::from),
                bbox: Some(bbox),
                area,
                iscrowd: 0,
                segmentation,
                num_keypoints: keypoints.as_ref().map(seen),
                keypoints,
                more,
            });
        }
    }
    file
}

pub(super) fn category(label: &SetLabel) -> Category {
    Category {
        id: u64::from(label.value),
        name: label.name.clone(),
        supercategory: label.ancestors.last().cloned().unwrap_or_default(),
        keypoints: Vec::new(),
        skeleton: Vec::new(),
    }
}

/// The levels of an ontology, each with its own categories from 1, as DENTEX numbers quadrant, tooth and finding.
struct Levels(Vec<Vec<String>>);

impl Levels {
    fn of(labels: &[SetLabel]) -> Self {
        let mut levels: Vec<Vec<String>> = Vec::new();
        if labels.iter().all(|label| label.ancestors.is_empty()) {
            return Self(levels);
        }
        for label in labels {
            for (depth, name) in label.ancestors.iter().chain([&label.name]).enumerate() {
                levels.resize_with(levels.len().max(depth + 1), Vec::new);
                if !levels[depth].contains(name) {
                    levels[depth].push(name.clone());
                }
            }
        }
        Self(levels)
    }

    fn tables(&self) -> Map<String, Value> {
        let row = |(n, name): (usize, &String)| json!({"id": n + 1, "name": name});
        let table = |names: &Vec<String>| Value::from(names.iter().enumerate().map(row).collect::<Vec<_>>());
        let named = |(depth, names): (usize, &Vec<String>)| (format!("categories_{}", depth + 1), table(names));
        self.0.iter().enumerate().map(named).collect()
    }

    /// Levels below the label's own stay unset: not assessed is not absent.
    fn ids_of(&self, label: &SetLabel) -> Map<String, Value> {
        let names = label.ancestors.iter().chain([&label.name]).zip(&self.0).enumerate();
        let id = |(depth, (name, level)): (usize, (&String, &Vec<String>))| {
            let place = level.iter().position(|n| n == name)?;
            Some((format!("category_id_{}", depth + 1), json!(place + 1)))
        };
        names.filter_map(id).collect()
    }
}

/// What a reader makes of one annotation.
pub(super) type Teller<'a> = dyn Fn(&Annotation, &Sheet) -> Result<Option<Body>> + 'a;

/// Adds the pictures and annotations of a file to a set.
pub(super) fn read(path: &Path, set: &mut Set, tell: &Teller<'_>) -> Result<()> {
    let file: File = folder::read_json(path)?;
    let categories = category_names(&file);
    let mut sheets: BTreeMap<u64, Sheet> = BTreeMap::new();
    let mut order = Vec::new();
    for picture in &file.images {
        order.push(picture.id);
        let sheet = Sheet {
            file: picture.file_name.clone(),
            size: [picture.width, picture.height],
            number: picture.id,
            part: None,
            source: None,
            items: Vec::new(),
        };
        if sheets.insert(picture.id, sheet).is_some() {
            return Err(Error::export(path, format!("two images have the id {}", picture.id)));
        }
    }
    let mut names: BTreeMap<u64, u16> = BTreeMap::new();
    for category in &file.categories {
        let value = set.value_of(&category.name);
        if let Some(label) = set.labels.iter_mut().find(|l| l.value == value && !category.supercategory.is_empty()) {
            label.ancestors = vec![category.supercategory.clone()];
        }
        names.insert(category.id, value);
    }
    for annotation in &file.annotations {
        let Some(sheet) = sheets.get_mut(&annotation.image_id) else {
            let reason =
                format!("annotation {} names the image {}, which is not there", annotation.id, annotation.image_id);
            return Err(Error::export(path, reason));
        };
        let at = |error: Error| Error::export(path, format!("annotation {}: {error}", annotation.id));
        let Some(body) = tell(annotation, sheet).map_err(at)? else { continue };
        let by_levels = || categories.name_of(annotation).map(|name| set.value_of(&name));
        let label = annotation.category_id.and_then(|id| names.get(&id).copied()).or_else(by_levels);
        let text = annotation.more.get("attributes").and_then(|a| a["note"].as_str()).map(str::to_owned);
        sheet.items.push(Item { label, body, text });
    }
    set.sheets.extend(order.into_iter().filter_map(|id| sheets.remove(&id)));
    Ok(())
}

/// The tables of levels in a file that has no single category per annotation.
struct LevelNames(Vec<BTreeMap<u64, String>>);

fn category_names(file: &File) -> LevelNames {
    let table = |n: usize| file.more.get(&format!("categories_{n}")).and_then(Value::as_array);
    let names = |rows: &Vec<Value>| {
        rows.iter().filter_map(|row| Some((row["id"].as_u64()?, row["name"].as_str()?.to_owned()))).collect()
    };
    LevelNames((1..=9).map_while(table).map(names).collect())
}

impl LevelNames {
    /// The levels that are set, from the top down, as one name.
    fn name_of(&self, annotation: &Annotation) -> Option<String> {
        let level = |(n, names): (usize, &BTreeMap<u64, String>)| {
            names.get(&annotation.more.get(&format!("category_id_{}", n + 1))?.as_u64()?).cloned()
        };
        let set: Vec<String> = self.0.iter().enumerate().filter_map(level).collect();
        (!set.is_empty()).then(|| set.join(" / "))
    }
}

/// The outline of an annotation; its box where there is none.
fn segmentation(annotation: &Annotation, [width, height]: [usize; 2]) -> Result<Option<Body>> {
    let fits = |size: &[usize; 2]| {
        let ok = *size == [height, width];
        ok.then_some(()).ok_or_else(|| Error::refused("the mask is not as large as its picture"))
    };
    let no_mask = || Error::refused("the run lengths are no mask of this size");
    Ok(match &annotation.segmentation {
        Some(Segmentation::Packed { size, counts }) => {
            fits(size)?;
            Some(Body::Mask(Rle::from_text(counts, width, height).ok_or_else(no_mask)?))
        }
        Some(Segmentation::Runs { size, counts }) => {
            fits(size)?;
            Some(Body::Mask(Rle::from_counts(counts.clone(), width, height).ok_or_else(no_mask)?))
        }
        Some(Segmentation::Polygons(polygons)) if !polygons.is_empty() => {
            let rings: Vec<_> = polygons.iter().map(|flat| flat.as_chunks::<2>().0.to_vec()).collect();
            if rings.iter().any(|ring| ring.len() < 3) || rings.iter().flatten().flatten().any(|x| !x.is_finite()) {
                return Err(Error::refused("a polygon needs three corners"));
            }
            Some(as_box(&rings).unwrap_or(Body::Rings(rings)))
        }
        _ => match annotation.bbox {
            Some([x, y, w, h]) if w > 0.0 && h > 0.0 => Some(Body::Box { min: [x, y], max: [x + w, y + h] }),
            _ => None,
        },
    })
}

/// A ring that is an upright box, written from its upper left corner clockwise as we write boxes.
pub(super) fn as_box(rings: &[Vec<[f64; 2]>]) -> Option<Body> {
    let [ring] = rings else { return None };
    let [a, b, c, d] = ring[..] else { return None };
    let upright = a[1] == b[1] && b[0] == c[0] && c[1] == d[1] && d[0] == a[0];
    (upright && a[0] < c[0] && a[1] < c[1] && outline::signed_area(ring) > 0.0).then_some(Body::Box { min: a, max: c })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dentex() -> Vec<SetLabel> {
        let label = |value, name: &str, ancestors: &[&str]| SetLabel {
            value,
            name: name.into(),
            ancestors: ancestors.iter().map(ToString::to_string).collect(),
            colour: None,
        };
        vec![
            label(1, "quadrant 1", &[]),
            label(2, "tooth 3", &["quadrant 1"]),
            label(3, "Caries", &["quadrant 1", "tooth 3"]),
            label(4, "tooth 3 ", &["quadrant 2"]),
        ]
    }

    #[test]
    fn levels_are_numbered_for_themselves_and_may_be_unset() {
        let labels = dentex();
        let levels = Levels::of(&labels);
        assert_eq!(
            levels.tables()["categories_1"],
            json!([{"id": 1, "name": "quadrant 1"}, {"id": 2, "name": "quadrant 2"}])
        );
        assert_eq!(Value::from(levels.ids_of(&labels[0])), json!({"category_id_1": 1}));
        assert_eq!(
            Value::from(levels.ids_of(&labels[2])),
            json!({"category_id_1": 1, "category_id_2": 1, "category_id_3": 1})
        );
        assert!(Levels::of(&labels[..1]).tables().is_empty());
    }

    #[test]
    fn a_polygon_of_the_golden_vectors_fills_the_same_pixels_as_the_reference() {
        // FORMATS F, from pycocotools: rows 1-2, columns 1-2. Where an edge runs through the centres of pixels, as in
        // (0.5,0.5)-(2.5,2.5), we take those on its near side and the reference those on its far side.
        let square = |a: f64, b: f64| Body::Rings(vec![vec![[a, a], [b, a], [b, b], [a, b]]]);
        let mask = square(1.0, 3.0).mask([5, 4]);
        assert_eq!((mask.area(), mask.bbox()), (4, [1, 1, 2, 2]));
    }

    #[test]
    fn boxes_of_others_without_an_outline_are_boxes() {
        let text = r#"{"id":1,"image_id":1,"category_id":1,"bbox":[100,50,200,200],"iscrowd":0}"#;
        let annotation: Annotation = serde_json::from_str(text).unwrap();
        let body = segmentation(&annotation, [512, 400]).unwrap();
        assert_eq!(body, Some(Body::Box { min: [100.0, 50.0], max: [300.0, 250.0] }));
    }
}
