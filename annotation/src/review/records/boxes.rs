//! Boxes of detectors: a COCO file as reference; COCO results, or a CSV with image, category and corners, as predictions.

use super::{FigureRow, Index, RecordReport, Table, alone, cell, figures, number};
use crate::error::{Error, Result};
use crate::exchange::folder;
use crate::exchange::vqa::boxes::Rect;
use crate::metrics::coco::{Detection, Truth, average_precision, coco_scores};
use crate::metrics::lesions::{Candidate, FrocCase, froc, froc_score};
use crate::review::page::Plot;
use crate::review::plot::{Axis, Line, curves};
use limner_imaging::Task;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
struct File {
    images: Vec<Image>,
    annotations: Vec<Annotation>,
    #[serde(default)]
    categories: Vec<Category>,
}

#[derive(Deserialize)]
struct Image {
    id: u64,
    #[serde(default)]
    file_name: String,
    #[serde(default)]
    sha256: String,
}

#[derive(Deserialize)]
struct Annotation {
    image_id: u64,
    category_id: u64,
    bbox: [f64; 4],
    area: Option<f64>,
    #[serde(default)]
    iscrowd: u8,
}

#[derive(Deserialize)]
struct Category {
    id: u64,
    name: String,
}

#[derive(Deserialize)]
struct Outcome {
    image_id: u64,
    category_id: u64,
    bbox: [f64; 4],
    score: f64,
}

const fn corners([x, y, w, h]: [f64; 4]) -> Rect {
    [x, y, x + w, y + h]
}

/// The IoU a detection must reach to find a lesion on the FROC curve.
const FOUND: f64 = 0.3;

pub(super) fn compare(reference: &Path, models: &[(String, PathBuf)], task: &Task) -> Result<RecordReport> {
    let file: File = parse(reference)?;
    let truths: Vec<Truth> = file
        .annotations
        .iter()
        .map(|a| Truth {
            image: a.image_id,
            category: a.category_id,
            rect: corners(a.bbox),
            area: a.area.unwrap_or(a.bbox[2] * a.bbox[3]),
            crowd: a.iscrowd == 1,
        })
        .collect();
    let names: BTreeMap<u64, String> = file.categories.iter().map(|c| (c.id, c.name.clone())).collect();
    let mut report = RecordReport { kind: "boxes", ..RecordReport::default() };
    let mut lines = Vec::new();
    for (model, path) in models {
        task.cancel.check()?;
        let detections = detections(model, path, &file, &names, &mut report)?;
        let scores = coco_scores(&truths, &detections);
        let cases = froc_cases(&file, &truths, &detections);
        let curve = froc(&cases);
        let all = figures([
            ("ap", scores.ap),
            ("ap50", scores.ap50),
            ("ap75", scores.ap75),
            ("ap_small", scores.ap_small),
            ("ap_medium", scores.ap_medium),
            ("ap_large", scores.ap_large),
            ("ar_1", scores.ar[0]),
            ("ar_10", scores.ar[1]),
            ("ar_100", scores.ar[2]),
            ("ap_at_0.3", average_precision(&truths, &detections, FOUND)),
            ("froc_score", froc_score(&curve)),
        ]);
        report.rows.push(FigureRow { model: model.clone(), part: String::new(), count: truths.len(), figures: all });
        for (category, ap) in &scores.by_category {
            let part = names.get(category).cloned().unwrap_or_else(|| category.to_string());
            let count = truths.iter().filter(|t| t.category == *category).count();
            let figures = figures([("ap", Some(*ap))]);
            report.rows.push(FigureRow { model: model.clone(), part, count, figures });
        }
        let points = curve.iter().map(|p| [p.false_per_case, p.sensitivity]).collect();
        lines.push(Line { name: model.clone(), points, stairs: true, dots: false });
        task.progress.advance(1);
    }
    let (x, y) = (Axis::fixed("False positives per image", 0.0, 8.0), Axis::fixed("Sensitivity", 0.0, 1.0));
    let svg = curves(&format!("FROC at IoU {FOUND}"), &x, &y, &lines, false);
    report.plots.push(Plot { name: "froc".into(), svg });
    Ok(report)
}

fn detections(
    model: &str,
    path: &Path,
    file: &File,
    names: &BTreeMap<u64, String>,
    report: &mut RecordReport,
) -> Result<Vec<Detection>> {
    let mut found = Vec::new();
    if path.extension().is_none_or(|e| !e.eq_ignore_ascii_case("csv")) {
        for one in parse::<Vec<Outcome>>(path)? {
            if file.images.iter().any(|image| image.id == one.image_id) {
                let rect = corners(one.bbox);
                found.push(Detection { image: one.image_id, category: one.category_id, rect, score: one.score });
            } else {
                report.unmatched.push(alone(model, &one.image_id.to_string(), "no image of the reference has this id"));
            }
        }
        return Ok(found);
    }
    let mut index = Index::default();
    for (n, image) in file.images.iter().enumerate() {
        let id = image.id.to_string();
        index.add(n, [id.as_str(), &image.file_name, &image.sha256]);
    }
    let table = Table::read(path)?;
    let [image, category, score] = ["image", "category", "score"].map(|name| table.needed(path, name));
    let (image, category, score) = (image?, category?, score?);
    let sides = ["x1", "y1", "x2", "y2"].map(|name| table.needed(path, name));
    let [x1, y1, x2, y2] = sides;
    let sides = [x1?, y1?, x2?, y2?];
    for (n, row) in table.rows.iter().enumerate() {
        let Some(place) = index.find([cell(row, image)]) else {
            report.unmatched.push(alone(
                model,
                cell(row, image),
                "no image of the reference has this id, path or hash",
            ));
            continue;
        };
        let called = cell(row, category);
        let Some(category) = names.iter().find(|(id, name)| *name == called || id.to_string() == called) else {
            report.unmatched.push(alone(model, called, "the reference has no such category"));
            continue;
        };
        let mut rect = [0.0; 4];
        for (side, column) in rect.iter_mut().zip(sides) {
            *side = number(path, n, cell(row, column))?;
        }
        let score = number(path, n, cell(row, score))?;
        found.push(Detection { image: file.images[place].id, category: *category.0, rect, score });
    }
    Ok(found)
}

/// Each image with its lesions and what each detection hits: the one it overlaps most.
fn froc_cases(file: &File, truths: &[Truth], detections: &[Detection]) -> Vec<FrocCase> {
    let of = |image: &Image| {
        let here: Vec<&Truth> = truths.iter().filter(|t| t.image == image.id && !t.crowd).collect();
        let hits = |d: &Detection| {
            let fitting = here.iter().enumerate().filter(|(_, t)| t.category == d.category);
            let best = fitting.map(|(n, t)| (crate::exchange::vqa::boxes::iou(t.rect, d.rect), n));
            best.filter(|(iou, _)| *iou >= FOUND).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, n)| n)
        };
        let mine = detections.iter().filter(|d| d.image == image.id);
        let candidates = mine.map(|d| Candidate { score: d.score, hits: hits(d) }).collect();
        FrocCase { lesions: here.len(), candidates }
    };
    file.images.iter().map(of).collect()
}

fn parse<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let text = folder::read_text(path)?;
    serde_json::from_str(&text).map_err(|error| Error::export(path, format!("this is no COCO file: {error}")))
}
