//! COCO instances: one picture per labelled slice or frame, one annotation per label on it, masks as compressed run
//! lengths. Coordinates are native pixels with corner origin, the same as ours.

use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::exchange::rle::Rle;
use crate::exchange::{Case, DryRun, Exchange, Holds, Job, Options, SelfCheck, Status, folder, picture};
use crate::id::LabelId;
use crate::shapes::{Form, Shape, Slice};
use crate::tools::lasso::rows_inside;
use glam::DVec2;
use limner_imaging::{Volume, VoxelBox, formats};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

pub(super) struct CocoInstances;

const FILE_NAME: &str = "annotations.json";
const HOLES: &str = "holes";
const OTHER_SHAPES: &str = "shapes without an area on a slice";
const CURVES: &str = "curves";
const UNLABELLED: &str = "shapes without a label";
const ACROSS: &str = "shapes across stored slices";

#[derive(Serialize, Deserialize)]
struct File {
    info: Value,
    licenses: Vec<Value>,
    images: Vec<Value>,
    annotations: Vec<Annotation>,
    categories: Vec<Value>,
}

#[derive(Serialize, Deserialize)]
struct Annotation {
    id: usize,
    image_id: usize,
    category_id: u16,
    bbox: [f64; 4],
    area: f64,
    iscrowd: u8,
    segmentation: Segmentation,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Segmentation {
    Polygons(Vec<Vec<f64>>),
    Runs { size: [usize; 2], counts: String },
}

impl Exchange for CocoInstances {
    fn name(&self) -> &'static str {
        "coco-instances"
    }

    fn title(&self) -> &'static str {
        "COCO instances"
    }

    fn holds(&self) -> Holds {
        Holds::Flat
    }

    fn status(&self) -> Status {
        Status::Checked
    }

    fn lossy(&self) -> &'static [&'static str] {
        &[HOLES, CURVES, OTHER_SHAPES, UNLABELLED, ACROSS]
    }

    fn dry_run(&self, contents: &Contents, options: &Options) -> DryRun {
        let mut run = DryRun::default();
        for case in options.cases(contents) {
            for index in 0..case.image.size()[2] {
                run.records += masks_on(contents, &case, index).len();
            }
            for shape in contents.shapes_on(case.image.id) {
                let item = || format!("a {} on {}", shape.form.name(), case.name);
                match shape.form.rings() {
                    None => run.lose(OTHER_SHAPES, item),
                    Some(_) if shape.form.slice().is_none_or(|slice| slice.axis != 2) => run.lose(ACROSS, item),
                    Some(_) if shape.label.is_none() => run.lose(UNLABELLED, item),
                    Some(rings) => {
                        run.records += 1;
                        if rings.len() > 1 {
                            run.lose(HOLES, || format!("{} becomes a mask of pixels", item()));
                        }
                        if matches!(shape.form, Form::Ellipse { .. }) {
                            run.lose(CURVES, || format!("{} becomes a polygon", item()));
                        }
                    }
                }
            }
        }
        run
    }

    fn write(&self, job: &Job<'_>, out: &Path) -> Result<SelfCheck> {
        let cases = job.options.cases(job.contents);
        job.task.progress.begin("writing pictures and masks", cases.len() as u64);
        folder::make(&out.join("images"))?;
        let mut file = File {
            info: json!({"description": "Exported by Limner", "version": env!("CARGO_PKG_VERSION")}),
            licenses: Vec::new(),
            images: Vec::new(),
            annotations: Vec::new(),
            categories: categories(job.contents),
        };
        for case in &cases {
            write_case(job, case, out, &mut file)?;
            job.task.progress.advance(1);
        }
        folder::write_json(&out.join(FILE_NAME), &file)?;
        check(job, &cases, &out.join(FILE_NAME))
    }
}

fn categories(contents: &Contents) -> Vec<Value> {
    let parent = |id: Option<LabelId>| id.and_then(|id| contents.label(id)).map_or("", |label| label.name.as_str());
    let category = |label: &crate::labels::Label| json!({"id": label.value, "name": label.name, "supercategory": parent(label.parent)});
    contents.labels().into_iter().map(category).collect()
}

/// The painted labels of a stored slice, layers joined.
fn masks_on(contents: &Contents, case: &Case<'_>, index: usize) -> BTreeMap<u16, Rle> {
    let [width, height, _] = case.image.size();
    let Some(map) = contents.label_map(case.image.id) else { return BTreeMap::new() };
    let slice = VoxelBox::new([0, 0, index], [width, height, index + 1]);
    let mut all: BTreeMap<u16, Rle> = BTreeMap::new();
    for (n, layer) in map.layers().iter().enumerate() {
        if !layer.touches(slice) {
            continue;
        }
        for (value, mask) in Rle::of_values(&map.copy_box(n, slice), width, height) {
            let joined = all.get(&value).map(|other| other.union(&mask));
            all.insert(value, joined.unwrap_or(mask));
        }
    }
    all
}

/// The labelled shapes with an area that lie on stored slices.
fn shapes_of<'a>(contents: &'a Contents, case: &Case<'_>) -> BTreeMap<usize, Vec<(&'a Shape, u16)>> {
    let mut by_slice: BTreeMap<usize, Vec<_>> = BTreeMap::new();
    for shape in contents.shapes_on(case.image.id) {
        let Some(slice) = shape.form.slice().filter(|slice| slice.axis == 2) else { continue };
        let Some(label) = shape.label.and_then(|id| contents.label(id)) else { continue };
        if shape.form.rings().is_some() {
            by_slice.entry(slice.index).or_default().push((shape, label.value));
        }
    }
    by_slice
}

fn write_case(job: &Job<'_>, case: &Case<'_>, out: &Path, file: &mut File) -> Result<()> {
    let [width, height, slices] = case.image.size();
    let shapes = shapes_of(job.contents, case);
    let mut volume: Option<Volume> = None;
    for index in 0..slices {
        job.task.cancel.check()?;
        let masks = masks_on(job.contents, case, index);
        let drawn = shapes.get(&index).map(Vec::as_slice).unwrap_or_default();
        if masks.is_empty() && drawn.is_empty() {
            continue;
        }
        let source = match &volume {
            Some(volume) => volume,
            None => volume.insert(load(job, case)?),
        };
        let name = format!("images/{}_slice_{:05}.png", case.name, index + 1);
        let (picture, recipe) = picture::of_slice(source, index, job.options.window)?;
        formats::write(&picture, &out.join(&name))?;
        let image_id = file.images.len() + 1;
        let source = json!({
            "image": case.image.id, "slice": Slice::stored(index), "sha256_samples": case.image.sha256, "render": recipe,
        });
        file.images
            .push(json!({"id": image_id, "file_name": name, "width": width, "height": height, "limner": source}));
        for (value, mask) in masks {
            file.annotations.push(annotation(file.annotations.len() + 1, image_id, value, Outline::Mask(&mask)));
        }
        for (shape, value) in drawn {
            let outline = Outline::of(&shape.form, [width, height]);
            file.annotations.extend(outline.map(|o| annotation(file.annotations.len() + 1, image_id, *value, o)));
        }
    }
    Ok(())
}

fn load(job: &Job<'_>, case: &Case<'_>) -> Result<Volume> {
    let volume = job.images.load(case.image, job.task)?;
    if volume.size() != case.image.size() {
        let reason = format!("the picture of {} now has {:?} voxels; relink the image", case.name, volume.size());
        return Err(Error::export(Path::new(&case.name), reason));
    }
    Ok(volume)
}

enum Outline<'a> {
    Mask(&'a Rle),
    Filled(Rle),
    Ring { ring: Vec<[f64; 2]>, area: f64 },
}

impl Outline<'_> {
    fn of(form: &Form, [width, height]: [usize; 2]) -> Option<Self> {
        let rings = form.rings()?;
        let points: Vec<Vec<DVec2>> = rings.iter().map(|r| r.iter().copied().map(DVec2::from).collect()).collect();
        let mask = || Rle::of_rows(rows_inside(&points, [width, height]), width, height);
        match (form, rings.as_slice()) {
            (Form::Box2d { min, max, .. }, [ring]) => {
                Some(Outline::Ring { ring: ring.clone(), area: (max[0] - min[0]) * (max[1] - min[1]) })
            }
            (_, [ring]) => Some(Outline::Ring { ring: ring.clone(), area: mask().area() as f64 }),
            _ => Some(Outline::Filled(mask())),
        }
    }
}

fn annotation(id: usize, image_id: usize, category_id: u16, outline: Outline<'_>) -> Annotation {
    let of_mask = |mask: &Rle| {
        let runs = Segmentation::Runs { size: [mask.height, mask.width], counts: mask.text() };
        (mask.bbox().map(|n| n as f64), mask.area() as f64, runs)
    };
    let (bbox, area, segmentation) = match outline {
        Outline::Mask(mask) => of_mask(mask),
        Outline::Filled(mask) => of_mask(&mask),
        Outline::Ring { ring, area } => {
            let low: [f64; 2] = std::array::from_fn(|a| ring.iter().map(|p| p[a]).fold(f64::INFINITY, f64::min));
            let high: [f64; 2] = std::array::from_fn(|a| ring.iter().map(|p| p[a]).fold(f64::NEG_INFINITY, f64::max));
            let bbox = [low[0], low[1], high[0] - low[0], high[1] - low[1]];
            (bbox, area, Segmentation::Polygons(vec![ring.concat()]))
        }
    };
    Annotation { id, image_id, category_id, bbox, area, iscrowd: 0, segmentation }
}

/// Reads the file back and compares every mask with the project, pixel by pixel: one pixel off is one voxel off.
fn check(job: &Job<'_>, cases: &[Case<'_>], path: &Path) -> Result<SelfCheck> {
    let text = std::fs::read(path).map_err(Error::io(path, "could not read the annotations back"))?;
    let file: File = serde_json::from_slice(&text).map_err(Error::json("the annotations cannot be read back"))?;
    let mut found: BTreeMap<(String, usize, u16), Rle> = BTreeMap::new();
    let mut shapes = 0;
    for annotation in &file.annotations {
        let image = file.images.get(annotation.image_id.wrapping_sub(1));
        let place = image.and_then(|image| {
            Some((image["limner"]["image"].as_str()?.to_owned(), image["limner"]["slice"]["index"].as_u64()? as usize))
        });
        let (image, index) = place.ok_or_else(|| Error::export(path, "an annotation names no picture"))?;
        match &annotation.segmentation {
            Segmentation::Runs { size: [height, width], counts } => {
                let mask = Rle::from_text(counts, *width, *height);
                let mask = mask.ok_or_else(|| Error::export(path, "a mask cannot be read back"))?;
                // A filled shape may share its label and slice with paint; the first of them is the paint.
                if found.contains_key(&(image.clone(), index, annotation.category_id)) {
                    shapes += 1;
                } else {
                    found.insert((image, index, annotation.category_id), mask);
                }
            }
            Segmentation::Polygons(_) => shapes += 1,
        }
    }
    let mut pass = true;
    let mut wanted_shapes = 0;
    for case in cases {
        let drawn = shapes_of(job.contents, case);
        wanted_shapes += drawn.values().map(Vec::len).sum::<usize>();
        for index in 0..case.image.size()[2] {
            for (value, mask) in masks_on(job.contents, case, index) {
                pass &= found.remove(&(case.image.id.to_string(), index, value)).as_ref() == Some(&mask);
            }
        }
    }
    let known: BTreeSet<u16> = job.contents.labels().iter().map(|label| label.value).collect();
    pass &= shapes + found.len() == wanted_shapes && file.annotations.iter().all(|a| known.contains(&a.category_id));
    Ok(SelfCheck { pass, max_mm: if pass { 0.0 } else { f64::INFINITY } })
}
