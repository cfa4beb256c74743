//! 3D boxes as SKM-TEA keeps them: like COCO, with `bbox` as the first row, column and slice and how many of each. A scan
//! with `inspected` unset says nothing about what is not boxed.

use super::grid;
use super::maps::{TIME, film_left_out};
use crate::command::Command;
use crate::contents::Contents;
use crate::error::Result;
use crate::exchange::case::Case;
use crate::exchange::import::{Import, Labels, Reading};
use crate::exchange::{DryRun, Exchange, Holds, Job, Options, SelfCheck, Status, folder};
use crate::id::ImageId;
use crate::shapes::{Form, Shape};
use limner_imaging::{Geometry, Side, StackAxis};
use serde::{Deserialize, Serialize};
use std::path::Path;

pub(crate) struct SkmTea;

const FILE: &str = "annotations.json";
const VOXELS: &str = "voxels of masks: only their boxes are written";
const OTHERS: &str = "shapes other than 3D boxes";
const NO_LABEL: &str = "boxes without a label";

#[derive(Serialize, Deserialize, Default)]
struct Scans {
    #[serde(default)]
    info: Info,
    images: Vec<Scan>,
    categories: Vec<Category>,
    annotations: Vec<Boxed>,
}

#[derive(Serialize, Deserialize, Default)]
struct Info {
    #[serde(default)]
    description: String,
    #[serde(default)]
    version: String,
}

#[derive(Serialize, Deserialize)]
struct Scan {
    id: u64,
    file_name: String,
    #[serde(default)]
    scan_id: String,
    #[serde(default)]
    subject_id: serde_json::Value,
    #[serde(default)]
    voxel_spacing: Vec<f64>,
    matrix_shape: [usize; 3],
    #[serde(default)]
    orientation: Vec<String>,
    #[serde(default)]
    inspected: bool,
    /// Ours: the image of the project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limner_image: Option<ImageId>,
}

#[derive(Serialize, Deserialize)]
struct Category {
    id: u64,
    name: String,
    #[serde(default)]
    supercategory: String,
    #[serde(default)]
    supercategory_id: u64,
}

#[derive(Serialize, Deserialize)]
struct Boxed {
    id: u64,
    image_id: u64,
    category_id: u64,
    #[serde(default = "no_tissue")]
    tissue_id: i64,
    /// First row, column, slice; rows, columns, slices.
    bbox: [f64; 6],
    #[serde(default, skip_serializing_if = "Option::is_none")]
    confidence: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    labeler: Option<serde_json::Value>,
}

const fn no_tissue() -> i64 {
    -1
}

/// A box of a case: what it is called by value, and its voxels from and to, columns first.
struct Found {
    value: u16,
    min: [f64; 3],
    max: [f64; 3],
}

impl Exchange for SkmTea {
    fn name(&self) -> &'static str {
        "skm-tea"
    }

    fn title(&self) -> &'static str {
        "3D boxes (SKM-TEA)"
    }

    fn holds(&self) -> Holds {
        Holds::Volumes
    }

    fn status(&self) -> Status {
        Status::FromDescription
    }

    fn lossy(&self) -> Vec<&'static str> {
        vec![VOXELS, OTHERS, NO_LABEL, TIME]
    }

    fn dry_run(&self, contents: &Contents, options: &Options) -> DryRun {
        let mut run = DryRun::default();
        for case in options.cases(contents) {
            run.records += boxes(contents, &case, &mut run).len();
        }
        run
    }

    fn write(&self, job: &Job<'_>, out: &Path) -> Result<SelfCheck> {
        let scans = scans(job.contents, job.options);
        folder::write_json(&out.join(FILE), &scans)?;
        let back: Scans = folder::read_json(&out.join(FILE))?;
        let corners = |scans: &Scans| scans.annotations.iter().map(|b| (b.image_id, b.bbox)).collect::<Vec<_>>();
        Ok(SelfCheck { pass: corners(&back) == corners(&scans), max_mm: 0.0 })
    }

    fn reads(&self) -> bool {
        true
    }

    fn read(&self, reading: &Reading<'_>) -> Result<Import> {
        let path = if reading.path.is_dir() { reading.path.join(FILE) } else { reading.path.to_path_buf() };
        let scans: Scans = folder::read_json(&path)?;
        let mut labels = Labels::of(reading.contents);
        let mut import = Import::default();
        let mut drawn = Vec::new();
        for boxed in &scans.annotations {
            reading.task.cancel.check()?;
            let scan = scans.images.iter().find(|scan| scan.id == boxed.image_id);
            let Some(image) = scan.and_then(|scan| image_of(reading.contents, scan)) else {
                let named = scan.map_or("a scan that is not listed", |scan| scan.file_name.as_str());
                import.warn("picture_not_found", format!("{named}: no image of the project is this scan"));
                continue;
            };
            let category = scans.categories.iter().find(|category| category.id == boxed.category_id);
            let name = category.map_or_else(|| format!("category {}", boxed.category_id), |c| c.name.clone());
            let value = labels.want(&name, u16::try_from(boxed.category_id).unwrap_or(0), None)?;
            let [row, column, slice, rows, columns, slices] = boxed.bbox;
            let (min, max) = ([column, row, slice], [column + columns, row + rows, slice + slices]);
            let form = Form::Box3d { min, max };
            drawn.push(Command::AddShape { shape: Shape::new(image, form, labels.id_of(value)) });
            import.records += 1;
        }
        import.commands.extend(labels.commands());
        import.commands.extend(drawn);
        Ok(import)
    }
}

/// The image a scan is: ours by its id, that of others by its file name and size.
fn image_of(contents: &Contents, scan: &Scan) -> Option<ImageId> {
    let [rows, columns, slices] = scan.matrix_shape;
    let fits = |image: &&crate::ImageEntry| image.size() == [columns, rows, slices];
    let stem = |path: &str| path.rsplit('/').next().and_then(|n| n.split('.').next()).unwrap_or_default().to_owned();
    let by_id = scan.limner_image.and_then(|id| contents.image(id)).filter(fits);
    let mut by_name = contents.images().filter(|image| stem(&image.path) == stem(&scan.file_name)).filter(fits);
    by_id.or_else(|| by_name.next().filter(|_| by_name.next().is_none())).map(|image| image.id)
}

/// The drawn 3D boxes of a case and those around what is painted; `run` notes what is lost.
fn boxes(contents: &Contents, case: &Case<'_>, run: &mut DryRun) -> Vec<Found> {
    let mut found = Vec::new();
    if case.image.stack_axis == StackAxis::Time {
        let has_any = grid::is_painted(contents, case) || contents.shapes_on(case.image.id).next().is_some();
        if has_any {
            run.lose(TIME, || film_left_out(case));
        }
        return found;
    }
    if let Some(map) = contents.label_map(case.image.id) {
        for value in grid::painted_values(contents, case) {
            let tight = map.mask_of(value).tight_box();
            let [min, max] = [tight.min, tight.max].map(|corner| corner.map(|n| n as f64));
            run.lose_drawn(VOXELS, "mask", || format!("on {}", case.name));
            found.push(Found { value, min, max });
        }
    }
    for shape in contents.shapes_on(case.image.id) {
        let label = shape.label.and_then(|id| contents.label(id));
        match (&shape.form, label) {
            (Form::Box3d { min, max }, Some(label)) => {
                found.push(Found { value: label.value, min: *min, max: *max });
            }
            (Form::Box3d { .. }, None) => run.lose_drawn(NO_LABEL, "3D box", || format!("on {}", case.name)),
            (form, _) => run.lose_drawn(OTHERS, form.name(), || format!("on {}", case.name)),
        }
    }
    found
}

fn scans(contents: &Contents, options: &Options) -> Scans {
    let mut scans = Scans {
        info: Info { description: "3D boxes exported by Limner".into(), version: env!("CARGO_PKG_VERSION").into() },
        ..Scans::default()
    };
    for (label, id) in contents.labels().into_iter().zip(1..) {
        let parent = label.parent.and_then(|parent| contents.label(parent)).map(|parent| parent.name.clone());
        let (name, supercategory) = (label.name.clone(), parent.unwrap_or_default());
        scans.categories.push(Category { id, name, supercategory, supercategory_id: 0 });
    }
    let class = |value: u16| contents.labels().iter().position(|label| label.value == value).unwrap_or(0) as u64 + 1;
    for case in options.cases(contents) {
        let number = case.number as u64;
        let found = boxes(contents, &case, &mut DryRun::default());
        if found.is_empty() && options.choice("empty") != Some("keep") {
            continue;
        }
        let [columns, rows, slices] = case.image.size();
        let [dx, dy, dz] = case.image.geometry.spacing_mm();
        scans.images.push(Scan {
            id: number,
            file_name: format!("{}.h5", case.name),
            scan_id: case.name.clone(),
            subject_id: case.name.clone().into(),
            voxel_spacing: vec![dy, dx, dz],
            matrix_shape: [rows, columns, slices],
            orientation: orientation(&case.image.geometry),
            inspected: true,
            limner_image: Some(case.image.id),
        });
        for (n, one) in found.into_iter().enumerate() {
            let side = |a: usize| one.max[a] - one.min[a];
            scans.annotations.push(Boxed {
                // Counted in places of their own, so that shards can be joined.
                id: number * 1_000_000 + n as u64 + 1,
                image_id: number,
                category_id: class(one.value),
                tissue_id: no_tissue(),
                bbox: [one.min[1], one.min[0], one.min[2], side(1), side(0), side(2)],
                confidence: None,
                labeler: None,
            });
        }
    }
    scans
}

/// For rows, columns and slices the direction that counts up, from first letter to last: SI goes from head to feet.
fn orientation(geometry: &Geometry) -> Vec<String> {
    let word = |axis: usize| {
        let step = geometry.step(axis);
        [-step, step].map(|way| Side::nearest(way).letter()).iter().collect()
    };
    [1, 0, 2].map(word).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::World;

    #[test]
    fn axes_are_named_by_where_they_go() {
        let geometry = Geometry::axis_aligned([3, 4, 5], World::default(), [1.0; 3]).unwrap();
        assert_eq!(orientation(&geometry), ["AP", "RL", "IS"]);
    }

    #[test]
    fn a_published_record_is_read() {
        let text = r#"{"info": {}, "images": [{"id": 1, "file_name": "MTR_005.h5", "scan_id": "MTR_005", "msp_id": "x",
            "subject_id": 2, "timepoint": 0, "voxel_spacing": [0.5, 0.5, 0.8], "matrix_shape": [512, 512, 160],
            "orientation": ["SI", "AP", "LR"], "num_echoes": 2, "inspected": true}],
            "categories": [{"id": 1, "name": "Meniscal Tear (Myxoid)", "supercategory": "Meniscal Tear", "supercategory_id": 1}],
            "tissues": [], "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "tissue_id": 5,
            "bbox": [200.5, 150, 20, 30, 40, 10], "confidence": 4, "labeler": 1}]}"#;
        let scans: Scans = serde_json::from_str(text).unwrap();
        assert_eq!(scans.annotations[0].bbox[1], 150.0);
        assert_eq!(scans.images[0].matrix_shape, [512, 512, 160]);
    }
}
