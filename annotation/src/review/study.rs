//! Label maps of any number of models against a reference. One reference and one prediction are in memory at a time, so a
//! study may be as large as it likes.

use super::folder::{self, Maps};
use crate::error::{Error, Result};
use crate::metrics::centreline::centreline_dice;
use crate::metrics::lesions::LesionScores;
use crate::metrics::{LabelPair, Labels, MaskScores};
use limner_imaging::overlap::Overlap;
use limner_imaging::{Geometry, Mask, Task, Voxel};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How it is scored.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    pub tolerance_mm: f64,
    /// For labels that have a tolerance of their own.
    pub tolerance_of: BTreeMap<u32, f64>,
    /// The IoU lesions are matched above; none where labels are not taken apart.
    pub lesions: Option<f64>,
    /// Labels that matter by their course.
    pub centreline: bool,
}

impl Rules {
    fn tolerance(&self, label: u32) -> f64 {
        self.tolerance_of.get(&label).copied().unwrap_or(self.tolerance_mm)
    }
}

/// What is compared.
#[derive(Clone, Debug)]
pub struct Study {
    pub reference: Maps,
    /// Model by model, by name.
    pub models: Vec<(String, Maps)>,
    /// The subject and the group of cases; a case without is a subject of its own.
    pub people: BTreeMap<String, (String, String)>,
    pub rules: Rules,
}

/// Volumes in the reference and the prediction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Volumes {
    #[serde(rename = "ref")]
    pub reference: f64,
    pub pred: f64,
}

/// One label of one case by one model. Field names are those of CLI.md.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub case: String,
    #[serde(default)]
    pub subject: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub group: String,
    pub model: String,
    pub label: u32,
    pub dice: f64,
    pub iou: f64,
    pub nsd: f64,
    pub tolerance_mm: f64,
    pub hd95_mm: Option<f64>,
    #[serde(default)]
    pub hd_mm: Option<f64>,
    pub assd_mm: Option<f64>,
    pub volume_mm3: Volumes,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub centreline_dice: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lesions: Option<LesionScores>,
    #[serde(default)]
    pub faults: Faults,
}

/// What a look at the two masks would tell first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Faults {
    /// From the reference's centre to the prediction's, in voxels along columns, rows, slices.
    pub shift_voxels: Option<[f64; 3]>,
    /// The other label that most of the reference was given.
    pub taken_for: Option<u32>,
    /// The surface of the prediction over that of the reference at equal volume: below 1 where it is smoother.
    pub roughness: Option<f64>,
}

/// A file without a partner, or one that could not be compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unmatched {
    pub model: Option<String>,
    pub path: PathBuf,
    pub why: String,
}

#[derive(Clone, Debug, Default)]
pub struct Report {
    pub rows: Vec<Row>,
    pub unmatched: Vec<Unmatched>,
    pub failed: Vec<Unmatched>,
    /// Seconds for a case by a model, reading included.
    pub seconds: Vec<f64>,
}

/// Compares all; progress counts predictions. What cannot be read is told and the rest goes on.
pub fn compare(study: &Study, task: &Task) -> Result<Report> {
    let mut report = Report { unmatched: unmatched(study), ..Report::default() };
    let pairs: usize = study.models.iter().map(|(_, maps)| shared(&study.reference, maps)).sum();
    task.progress.begin("comparing label maps", pairs as u64);
    for (case, path) in &study.reference.files {
        let predictions: Vec<(&String, &PathBuf)> =
            study.models.iter().filter_map(|(model, maps)| maps.files.get(case).map(|file| (model, file))).collect();
        if predictions.is_empty() {
            continue;
        }
        task.cancel.check()?;
        let start = std::time::Instant::now();
        let reference = match folder::read(path, None, task) {
            Ok(reference) => reference,
            Err(error) => {
                report.failed.push(Unmatched { model: None, path: path.clone(), why: error.to_string() });
                task.progress.advance(predictions.len() as u64);
                continue;
            }
        };
        let reading = start.elapsed().as_secs_f64() / predictions.len() as f64;
        for (model, file) in predictions {
            task.cancel.check()?;
            let start = std::time::Instant::now();
            match one(study, case, model, &reference, file, task) {
                Ok(rows) => report.rows.extend(rows),
                Err(error) => {
                    report.failed.push(Unmatched {
                        model: Some(model.clone()),
                        path: file.clone(),
                        why: error.to_string(),
                    });
                }
            }
            report.seconds.push(reading + start.elapsed().as_secs_f64());
            task.progress.advance(1);
        }
    }
    report.rows.sort_by(|a, b| (&a.model, &a.case, a.label).cmp(&(&b.model, &b.case, b.label)));
    Ok(report)
}

fn shared(reference: &Maps, maps: &Maps) -> usize {
    maps.files.keys().filter(|case| reference.files.contains_key(*case)).count()
}

fn unmatched(study: &Study) -> Vec<Unmatched> {
    let mut out = Vec::new();
    for (model, maps) in &study.models {
        let alone = |a: &Maps, b: &Maps, why: &str| {
            let files = a.files.iter().filter(|(case, _)| !b.files.contains_key(*case));
            let of = |path: &PathBuf| Unmatched { model: Some(model.clone()), path: path.clone(), why: why.into() };
            files.map(|(_, path)| of(path)).collect::<Vec<_>>()
        };
        out.extend(alone(&study.reference, maps, "the model has no prediction of this case"));
        out.extend(alone(maps, &study.reference, "there is no reference of this name"));
    }
    out
}

fn one(study: &Study, case: &str, model: &str, reference: &Labels, file: &Path, task: &Task) -> Result<Vec<Row>> {
    let predicted = folder::read(file, Some(&reference.geometry), task)?;
    let (subject, group) = study.people.get(case).cloned().unwrap_or_else(|| (case.to_owned(), String::new()));
    let who = Row { case: case.into(), subject, group, model: model.into(), ..Row::default() };
    rows(&who, reference, &predicted, &study.rules, task).map_err(|error| match error {
        Error::Refused { reason } => Error::export(file, reason),
        error => error,
    })
}

/// Every label of a prediction against a reference; `who` says whose rows they are.
pub fn rows(who: &Row, reference: &Labels, predicted: &Labels, rules: &Rules, task: &Task) -> Result<Vec<Row>> {
    let pair = LabelPair::new(reference, predicted)?;
    let mut rows = Vec::new();
    for (&label, reach) in pair.labels() {
        task.cancel.check()?;
        let (a, b) = pair.masks(label);
        rows.push(Row {
            case: who.case.clone(),
            subject: who.subject.clone(),
            group: who.group.clone(),
            model: who.model.clone(),
            faults: faults(&pair, label, reach.overlap, (&a, &b)),
            ..scored(label, reach.overlap, (&a, &b), &reference.geometry, rules)
        });
    }
    Ok(rows)
}

fn scored(label: u32, overlap: Overlap, (a, b): (&Mask, &Mask), geometry: &Geometry, rules: &Rules) -> Row {
    let tolerance_mm = rules.tolerance(label);
    let scores = MaskScores::with_overlap(overlap, a, b, geometry, tolerance_mm);
    Row {
        label,
        dice: scores.dice,
        iou: scores.iou,
        nsd: scores.nsd,
        tolerance_mm,
        hd95_mm: scores.hd95_mm,
        hd_mm: scores.hd_mm,
        assd_mm: scores.assd_mm,
        volume_mm3: Volumes { reference: scores.reference_mm3, pred: scores.predicted_mm3 },
        centreline_dice: rules.centreline.then(|| centreline_dice(a, b)),
        lesions: rules.lesions.map(|above| LesionScores::of(a, b, above)),
        ..Row::default()
    }
}

fn faults(pair: &LabelPair<'_>, label: u32, overlap: Overlap, (a, b): (&Mask, &Mask)) -> Faults {
    let taken_for = pair.taken_for(label).filter(|(_, voxels)| 2 * voxels > overlap.reference).map(|(other, _)| other);
    if overlap.reference == 0 || overlap.predicted == 0 {
        return Faults { taken_for, ..Faults::default() };
    }
    let ((from, rough_a), (to, rough_b)) = rayon::join(|| shape(a), || shape(b));
    let shift = to.0 - from.0;
    // Surfaces grow with the square of what volumes grow with the cube of.
    let scale = (overlap.predicted as f64 / overlap.reference as f64).powf(2.0 / 3.0);
    Faults { shift_voxels: Some(shift.to_array()), taken_for, roughness: Some(rough_b / rough_a / scale) }
}

/// Where the middle of a mask is, and how many voxel faces it shows along its rows.
fn shape(mask: &Mask) -> (Voxel, f64) {
    let bounds = mask.bounds();
    let (mut sum, mut count, mut faces) = ([0.0; 3], 0.0, 0_usize);
    for k in bounds.min[2]..bounds.max[2] {
        for j in bounds.min[1]..bounds.max[1] {
            let (mut before, mut here) = (false, 0.0);
            for (i, &inside) in mask.row(j, k).iter().enumerate() {
                faces += usize::from(inside != before);
                before = inside;
                if inside {
                    here += 1.0;
                    sum[0] += (bounds.min[0] + i) as f64;
                }
            }
            faces += usize::from(before);
            sum[1] += here * j as f64;
            sum[2] += here * k as f64;
            count += here;
        }
    }
    (Voxel::new(sum[0] / count, sum[1] / count, sum[2] / count), faces as f64)
}
