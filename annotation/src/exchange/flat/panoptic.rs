//! COCO panoptic: one PNG per picture whose colours number the segments, each pixel in one segment at most.

use super::body::Body;
use super::coco::{self, Category};
use super::rle::Rle;
use super::{Fit, Flat, Item, OUTLINES, POINTS, Set, Sheet};
use crate::error::{Error, Result};
use crate::exchange::import::Reading;
use crate::exchange::{Job, folder, names};
use limner_imaging::{Geometry, Samples, Volume, World, formats};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::Path;

pub(crate) struct Panoptic;

const FILE: &str = "panoptic.json";
const FOLDER: &str = "panoptic";

#[derive(Serialize, Deserialize)]
struct File {
    #[serde(default)]
    info: Value,
    images: Vec<coco::Picture>,
    annotations: Vec<Annotation>,
    categories: Vec<Value>,
}

#[derive(Serialize, Deserialize)]
struct Annotation {
    image_id: u64,
    file_name: String,
    segments_info: Vec<Segment>,
}

#[derive(Serialize, Deserialize)]
struct Segment {
    id: u32,
    category_id: u64,
    area: u64,
    bbox: [usize; 4],
    iscrowd: u8,
}

impl Flat for Panoptic {
    fn name(&self) -> &'static str {
        "coco-panoptic"
    }

    fn title(&self) -> &'static str {
        "COCO panoptic"
    }

    fn lossy(&self) -> &'static [&'static str] {
        &[OUTLINES, POINTS, super::OVERLAPS]
    }

    fn fit(&self, item: &Item, size: [usize; 2]) -> Fit {
        as_mask(item, size)
    }

    fn settle(&self, items: Vec<Item>) -> (Vec<Item>, usize) {
        flattened(items)
    }

    fn picture(&self, stem: &str, _: Option<&str>) -> String {
        format!("images/{stem}.png")
    }

    fn put(&self, set: &Set, out: &Path, job: &Job<'_>) -> Result<()> {
        let category = |label: &super::SetLabel| {
            let Category { id, name, supercategory, .. } = coco::category(label);
            json!({"id": id, "name": name, "supercategory": supercategory, "isthing": 1, "color": label.colour})
        };
        let mut file = File {
            info: json!({"description": "Exported by Limner", "version": env!("CARGO_PKG_VERSION")}),
            images: Vec::new(),
            annotations: Vec::new(),
            categories: set.labels.iter().map(category).collect(),
        };
        folder::make(&out.join(FOLDER))?;
        for sheet in &set.sheets {
            job.task.cancel.check()?;
            let [width, height] = sheet.size;
            file.images.push(coco::Picture { id: sheet.number, file_name: sheet.file.clone(), width, height });
            let name = format!("{}.png", sheet.stem());
            write_colours(sheet, &out.join(FOLDER).join(&name))?;
            let segment = |(n, item): (usize, &Item)| {
                let Body::Mask(mask) = &item.body else { return None };
                let (id, category_id) = (n as u32 + 1, u64::from(item.label?));
                Some(Segment { id, category_id, area: mask.area(), bbox: mask.bbox(), iscrowd: 0 })
            };
            let segments_info = sheet.items.iter().enumerate().filter_map(segment).collect();
            file.annotations.push(Annotation { image_id: sheet.number, file_name: name, segments_info });
        }
        folder::write_json(&out.join(FILE), &file)
    }

    fn get(&self, path: &Path, reading: &Reading<'_>) -> Result<Set> {
        let json = if path.is_dir() { path.join(FILE) } else { path.to_path_buf() };
        let root = json.parent().unwrap_or(path);
        let file: File = folder::read_json(&json)?;
        let mut set = Set::default();
        let mut values = std::collections::BTreeMap::new();
        for category in &file.categories {
            let (Some(id), Some(name)) = (category["id"].as_u64(), category["name"].as_str()) else { continue };
            values.insert(id, set.value_of(name));
        }
        for annotation in &file.annotations {
            reading.task.cancel.check()?;
            let missing = || Error::export(&json, format!("the image {} is not there", annotation.image_id));
            let picture = file.images.iter().find(|picture| picture.id == annotation.image_id).ok_or_else(missing)?;
            let stem = json.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
            let beside = [FOLDER, stem.as_str()].map(|folder| names::inside(&root.join(folder), &annotation.file_name));
            let colours = beside.into_iter().flatten().find(|file| file.is_file());
            let colours =
                colours.ok_or_else(|| Error::export(&json, format!("{} is missing", annotation.file_name)))?;
            let ids = read_colours(&colours, [picture.width, picture.height], reading)?;
            let mut items = Vec::new();
            for segment in &annotation.segments_info {
                let flags: Vec<u16> = ids.iter().map(|id| u16::from(*id == segment.id)).collect();
                let Some(mask) = Rle::of_values(&flags, picture.width, picture.height).remove(&1) else { continue };
                items.push(Item {
                    label: values.get(&segment.category_id).copied(),
                    body: Body::Mask(mask),
                    text: None,
                });
            }
            let size = [picture.width, picture.height];
            set.sheets.push(Sheet {
                file: picture.file_name.clone(),
                size,
                number: picture.id,
                part: None,
                source: None,
                items,
            });
        }
        Ok(set)
    }
}

/// Areas as masks of pixels.
pub(super) fn as_mask(item: &Item, size: [usize; 2]) -> Fit {
    match &item.body {
        Body::Mask(_) => Fit::Kept(item.clone()),
        body if body.has_area() => {
            let mask = body.mask(size);
            if mask.area() == 0 {
                Fit::Lost(OUTLINES)
            } else {
                Fit::Changed(Item { body: Body::Mask(mask), ..item.clone() }, OUTLINES)
            }
        }
        _ => Fit::Lost(POINTS),
    }
}

/// Later items hide earlier ones; how many lost pixels.
pub(super) fn flattened(items: Vec<Item>) -> (Vec<Item>, usize) {
    let mut hidden = 0;
    let mut kept: Vec<Item> = Vec::new();
    for item in items {
        let Body::Mask(upper) = &item.body else { continue };
        kept.retain_mut(|below| {
            let Body::Mask(lower) = &below.body else { return false };
            let left = lower.minus(upper);
            if left.area() != lower.area() {
                hidden += 1;
                below.body = Body::Mask(left.clone());
            }
            left.area() > 0
        });
        kept.push(item);
    }
    (kept, hidden)
}

fn write_colours(sheet: &Sheet, path: &Path) -> Result<()> {
    let [width, height] = sheet.size;
    let mut bytes = vec![0_u8; width * height * 3];
    for (n, item) in sheet.items.iter().enumerate() {
        let Body::Mask(mask) = &item.body else { continue };
        let id = (n as u32 + 1).to_le_bytes();
        for (pixel, _) in mask.pixels().iter().enumerate().filter(|(_, inside)| **inside) {
            bytes[pixel * 3..pixel * 3 + 3].copy_from_slice(&id[..3]);
        }
    }
    let geometry = Geometry::axis_aligned([width, height, 1], World::default(), [1.0; 3])?;
    Ok(formats::write(&Volume::new(geometry, Samples::U8(bytes), 3)?, path)?)
}

fn read_colours(path: &Path, size: [usize; 2], reading: &Reading<'_>) -> Result<Vec<u32>> {
    let picture = formats::open_single(path, reading.task)?;
    if picture.size()[..2] != size || picture.channels() < 3 {
        return Err(Error::export(path, "the colours are not those of a picture of this size"));
    }
    let Samples::U8(bytes) = picture.samples() else {
        return Err(Error::export(path, "the colours need 8 bits a channel"));
    };
    let id = |c: &[u8]| u32::from(c[0]) + 256 * u32::from(c[1]) + 65536 * u32::from(c[2]);
    Ok(bytes.chunks_exact(picture.channels()).map(id).collect())
}
