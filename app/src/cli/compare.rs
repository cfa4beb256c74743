//! `limner compare`: predicted label maps against a reference, file by file, label by label.

use super::{exit, note, say, say_json, usage};
use anyhow::{Context as _, bail};
use limner_imaging::overlap::{Overlap, SurfaceDistances};
use limner_imaging::{Mask, Task, Volume, VoxelBox, formats};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Args)]
#[command(after_help = "Example: limner compare reference/ model_a/ model_b/ --json")]
pub struct Args {
    /// Folder of reference label maps
    reference: PathBuf,
    /// Folders of predictions, matched by file name without its ending
    #[arg(required = true)]
    predictions: Vec<PathBuf>,
    /// Surfaces this close agree, in mm
    #[arg(long, default_value_t = 2.0, allow_negative_numbers = true)]
    tolerance: f64,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    schema: &'static str,
    rows: Vec<Row>,
    unmatched: Vec<PathBuf>,
    rule_empty: &'static str,
}

#[derive(Serialize)]
struct Row {
    case: String,
    model: String,
    label: u32,
    dice: f64,
    iou: f64,
    nsd: f64,
    tolerance_mm: f64,
    hd95_mm: Option<f64>,
    assd_mm: Option<f64>,
    volume_mm3: Volumes,
}

#[derive(Serialize)]
struct Volumes {
    #[serde(rename = "ref")]
    reference: f64,
    pred: f64,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if !(args.tolerance.is_finite() && args.tolerance >= 0.0) {
        return Err(usage("--tolerance takes millimetres, 0 or more"));
    }
    let references = maps_in(&args.reference)?;
    let mut report = Report {
        schema: "limner.compare/1",
        rows: Vec::new(),
        unmatched: Vec::new(),
        rule_empty: "both empty 1.0; one empty 0.0; distances null",
    };
    let mut done = true;
    for folder in &args.predictions {
        let model =
            folder.file_name().map_or_else(|| folder.display().to_string(), |n| n.to_string_lossy().into_owned());
        let predictions = maps_in(folder)?;
        report.unmatched.extend(unmatched(&references, &predictions));
        for (case, path) in &predictions {
            let Some(reference) = references.get(case) else { continue };
            match compare(case, &model, reference, path, args.tolerance) {
                Ok(rows) => report.rows.extend(rows),
                Err(error) => {
                    note(format!("limner: {case}: {error:#}"));
                    done = false;
                }
            }
        }
    }
    if args.json {
        say_json(&report)?;
    } else {
        for r in &report.rows {
            let hd95 = r.hd95_mm.map_or_else(|| "-".into(), |mm| format!("{mm:.2}"));
            say(format!(
                "{:<28} {:<14} {:>5}  Dice {:.4}  NSD {:.4}  HD95 {hd95} mm",
                r.case, r.model, r.label, r.dice, r.nsd
            ));
        }
        report.unmatched.iter().for_each(|path| note(format!("limner: no partner for {}", path.display())));
    }
    Ok(exit(done && !report.rows.is_empty()))
}

/// The files of a folder by their names without ending.
fn maps_in(folder: &Path) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("could not list {}", folder.display()))?;
    let files = entries.flatten().map(|e| e.path()).filter(|p| p.is_file());
    Ok(files.map(|path| (stem(&path), path)).collect())
}

/// `case_1` for `case_1.nii.gz` too.
fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned()
}

fn unmatched(references: &BTreeMap<String, PathBuf>, predictions: &BTreeMap<String, PathBuf>) -> Vec<PathBuf> {
    let alone = |a: &BTreeMap<String, PathBuf>, b: &BTreeMap<String, PathBuf>| {
        a.iter().filter(|(case, _)| !b.contains_key(*case)).map(|(_, path)| path.clone()).collect::<Vec<_>>()
    };
    [alone(references, predictions), alone(predictions, references)].concat()
}

fn compare(case: &str, model: &str, reference: &Path, predicted: &Path, tolerance_mm: f64) -> anyhow::Result<Vec<Row>> {
    let task = Task::default();
    let (a, b) = (formats::open_single(reference, &task)?, formats::open_single(predicted, &task)?);
    if !a.geometry.matches(&b.geometry, 1e-2) {
        bail!("{} lies on another grid than {}", predicted.display(), reference.display());
    }
    let labels: BTreeSet<u32> = labels_of(&a)?.union(&labels_of(&b)?).copied().collect();
    let voxel_mm3 = a.geometry.voxel_volume_mm3();
    let rows = labels.into_iter().map(|label| {
        let (reference, predicted) = (mask_of(&a, label), mask_of(&b, label));
        let overlap = Overlap::of(&reference, &predicted);
        let surfaces = SurfaceDistances::of(&reference, &predicted, &a.geometry);
        Row {
            case: case.into(),
            model: model.into(),
            label,
            dice: overlap.dice(),
            iou: overlap.iou(),
            nsd: surfaces.nsd(tolerance_mm),
            tolerance_mm,
            hd95_mm: surfaces.hausdorff_mm(95.0),
            assd_mm: surfaces.assd_mm(),
            volume_mm3: Volumes {
                reference: reference.count() as f64 * voxel_mm3,
                pred: predicted.count() as f64 * voxel_mm3,
            },
        }
    });
    Ok(rows.collect())
}

/// Every label but the background.
fn labels_of(map: &Volume) -> anyhow::Result<BTreeSet<u32>> {
    let mut labels = BTreeSet::new();
    for n in 0..map.samples().len() {
        let value = map.value_map.value(map.samples().get(n));
        if value.fract() != 0.0 || !(0.0..=f64::from(u32::MAX)).contains(&value) {
            bail!("a label map holds whole numbers, this one holds {value}");
        }
        if value > 0.0 {
            labels.insert(value as u32);
        }
    }
    Ok(labels)
}

fn mask_of(map: &Volume, label: u32) -> Mask {
    let whole = Mask::from_fn(VoxelBox::whole(map.size()), |index| map.value(index) == f64::from(label));
    whole.within(whole.tight_box())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_endings_of_a_compressed_file_go() {
        assert_eq!(stem(Path::new("a/case.1.nii.gz")), "case.1");
        assert_eq!(stem(Path::new("case_2.nrrd")), "case_2");
        assert_eq!(stem(Path::new("bare")), "bare");
    }
}
