//! NIfTI label maps: one volume of label values per image and layer, on the image's own grid, and `labels.json` that
//! says what the values mean.

use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::exchange::{Case, DryRun, Exchange, Holds, Job, Options, SelfCheck, Status, folder};
use crate::label_map::LabelMap;
use limner_imaging::{Geometry, Samples, StackAxis, Task, Volume, VoxelBox, formats};
use serde_json::{Value, json};
use std::path::Path;

pub(super) struct Nifti;

const TIME: &str = "time of frames";
const SHAPES: &str = "shapes";
/// Files hold affines in 32 bits; a share of a voxel is what that may cost.
const TOLERANCE_VOXELS: f64 = 0.01;

impl Exchange for Nifti {
    fn name(&self) -> &'static str {
        "nifti"
    }

    fn title(&self) -> &'static str {
        "NIfTI label maps"
    }

    fn holds(&self) -> Holds {
        Holds::Volumes
    }

    fn status(&self) -> Status {
        Status::Checked
    }

    fn lossy(&self) -> &'static [&'static str] {
        &[SHAPES, TIME]
    }

    fn dry_run(&self, contents: &Contents, options: &Options) -> DryRun {
        let mut run = DryRun::default();
        for case in options.cases(contents) {
            let layers = contents.label_map(case.image.id).map(painted_layers).unwrap_or_default();
            run.records += layers.len();
            if case.image.stack_axis == StackAxis::Time && !layers.is_empty() {
                run.lose(TIME, || format!("{}: frames become slices", case.name));
            }
            for shape in contents.shapes_on(case.image.id) {
                run.lose(SHAPES, || format!("a {} on {}", shape.form.name(), case.name));
            }
        }
        run
    }

    fn write(&self, job: &Job<'_>, out: &Path) -> Result<SelfCheck> {
        let cases = job.options.cases(job.contents);
        job.task.progress.begin("writing label maps", cases.len() as u64);
        let mut check = SelfCheck { pass: true, max_mm: 0.0 };
        let mut listed = Vec::new();
        for case in &cases {
            job.task.cancel.check()?;
            let Some(map) = job.contents.label_map(case.image.id) else { continue };
            let mut files = Vec::new();
            for layer in painted_layers(map) {
                let suffix = if layer == 0 { String::new() } else { format!("_layer_{}", layer + 1) };
                let file = format!("labels/{}{suffix}.nii.gz", case.name);
                folder::make(&out.join("labels"))?;
                let moved_mm = write_layer(map, layer, case, &out.join(&file), job.task)?;
                let voxel_mm = case.image.geometry.spacing_mm().into_iter().fold(f64::INFINITY, f64::min);
                check.max_mm = check.max_mm.max(moved_mm);
                check.pass &= moved_mm <= TOLERANCE_VOXELS * voxel_mm;
                files.push(json!({"path": file, "layer": layer}));
            }
            if !files.is_empty() {
                listed.push(description(case, &files, job.options));
            }
            job.task.progress.advance(1);
        }
        let labels: Vec<Value> = job.contents.labels().into_iter().map(|label| json!(label)).collect();
        let about = json!({"schema": "limner.labels/1", "labels": labels, "images": listed});
        folder::write_json(&out.join("labels.json"), &about)?;
        Ok(check)
    }
}

fn painted_layers(map: &LabelMap) -> Vec<usize> {
    let layers = map.layers().iter().enumerate();
    layers.filter(|(_, layer)| layer.values().next().is_some()).map(|(n, _)| n).collect()
}

fn description(case: &Case<'_>, files: &[Value], options: &Options) -> Value {
    let image = case.image;
    let mut about = json!({
        "name": case.name, "id": image.id, "files": files, "sha256_samples": image.sha256,
        "size": image.size(), "affine_lps": image.geometry.affine_lps_rows(), "spacing_known": image.spacing_known,
    });
    if options.keep_identity {
        about["title"] = json!(image.title);
        about["source"] = json!(image.path);
    }
    about
}

/// Writes one layer and reads it back; how far the farthest voxel moved. Values that differ are infinitely far.
fn write_layer(map: &LabelMap, layer: usize, case: &Case<'_>, path: &Path, task: &Task) -> Result<f64> {
    let values = map.copy_box(layer, VoxelBox::whole(map.size()));
    let samples = if values.iter().all(|v| *v < 256) {
        Samples::U8(values.iter().map(|v| *v as u8).collect())
    } else {
        Samples::U16(values.clone())
    };
    let mut volume = Volume::new(case.image.geometry, samples, 1)?;
    volume.spacing_known = case.image.spacing_known;
    formats::write(&volume, path)?;
    drop(volume);
    let back = formats::open_single(path, task)?;
    if back.size() != map.size() || back.samples().len() != values.len() {
        return Err(Error::export(path, "the label map read back has another size"));
    }
    let same = values.iter().enumerate().all(|(n, value)| back.samples().get(n) == f64::from(*value));
    Ok(if same { distance_mm(&case.image.geometry, &back.geometry) } else { f64::INFINITY })
}

/// How far apart two grids of the same size put their farthest voxel.
fn distance_mm(a: &Geometry, b: &Geometry) -> f64 {
    a.corners().zip(b.corners()).map(|(a, b)| a.0.distance(b.0)).fold(0.0, f64::max)
}
