//! Boxes of detectors: a COCO file as reference; COCO results, or a CSV with image, category and corners, as predictions.

use super::{FigureRow, Index, RecordReport, Table, alone, cell, figures, number};
use crate::error::{Error, Result};
use crate::exchange::folder;
use crate::exchange::vqa::boxes::Rect;
use crate::metrics::coco::{Detection, Truth, average_precision, coco_scores};
use crate::metrics::lesions::{Candidate, FrocCase, FrocPoint, froc, froc_score};
use crate::review::plot::{Line, Point, Tip};
use crate::review::said::plots::{FROC_FOUND as FOUND, froc_drawing};
use crate::review::study_plots::Plot;
use limner_imaging::Task;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A COCO file of pictures and what is right on them.
#[derive(Deserialize)]
pub(in crate::review) struct File {
    pub images: Vec<Image>,
    #[serde(default)]
    pub annotations: Vec<Annotation>,
    #[serde(default)]
    pub categories: Vec<Category>,
}

#[derive(Deserialize)]
pub(in crate::review) struct Image {
    pub id: u64,
    #[serde(default)]
    pub file_name: String,
    #[serde(default)]
    pub sha256: String,
    #[serde(default)]
    pub width: f64,
    #[serde(default)]
    pub height: f64,
}

#[derive(Deserialize)]
pub(in crate::review) struct Annotation {
    pub image_id: u64,
    pub category_id: u64,
    pub bbox: [f64; 4],
    area: Option<f64>,
    #[serde(default)]
    pub iscrowd: u8,
}

#[derive(Deserialize)]
pub(in crate::review) struct Category {
    pub id: u64,
    pub name: String,
}

#[derive(Deserialize)]
struct Outcome {
    image_id: Name,
    category_id: u64,
    bbox: [f64; 4],
    score: f64,
}

/// An id as files write it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Name {
    Number(u64),
    Text(String),
}

/// A detection as its file names things.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::review) struct BoxLine {
    pub image: String,
    pub category: String,
    pub rect: Rect,
    /// None where it is what is right.
    pub score: Option<f64>,
    /// Of a volume, counted from 1.
    pub slice: Option<usize>,
    /// Of a box in space: from where to where along slices, from the outer face of the first.
    pub depth: Option<[f64; 2]>,
}

pub(in crate::review) const fn corners([x, y, w, h]: [f64; 4]) -> Rect {
    [x, y, x + w, y + h]
}

/// COCO results.
pub(in crate::review) fn results(path: &Path) -> Result<Vec<BoxLine>> {
    let line = |one: Outcome| BoxLine {
        image: match one.image_id {
            Name::Number(id) => id.to_string(),
            Name::Text(name) => name,
        },
        category: one.category_id.to_string(),
        rect: corners(one.bbox),
        score: Some(one.score),
        slice: None,
        depth: None,
    };
    Ok(parse::<Vec<Outcome>>(path)?.into_iter().map(line).collect())
}

/// A CSV with image, category, corners and score.
pub(in crate::review) fn rows(path: &Path, table: &Table) -> Result<Vec<BoxLine>> {
    let [image, category, score] = ["image", "category", "score"].map(|name| table.needed(path, name));
    let (image, category, score) = (image?, category?, score?);
    let [x1, y1, x2, y2] = ["x1", "y1", "x2", "y2"].map(|name| table.needed(path, name));
    let (sides, slice) = ([x1?, y1?, x2?, y2?], table.column("slice"));
    let deep = table.column("z1").zip(table.column("z2"));
    let mut lines = Vec::with_capacity(table.rows.len());
    for (n, row) in table.rows.iter().enumerate() {
        let mut rect = [0.0; 4];
        for (side, column) in rect.iter_mut().zip(sides) {
            *side = number(path, n, cell(row, column))?;
        }
        let score = Some(number(path, n, cell(row, score))?);
        let slice = slice.map(|slice| cell(row, slice)).filter(|slice| !slice.is_empty());
        let slice = slice.map(|slice| number(path, n, slice)).transpose()?.map(|slice| slice.round() as usize);
        let z = |column: usize| number(path, n, cell(row, column));
        let ends = |(z1, z2): (usize, usize)| -> Result<[f64; 2]> { Ok([z(z1)?, z(z2)?]) };
        let depth = deep.map(ends).transpose()?;
        let (image, category) = (cell(row, image).to_owned(), cell(row, category).to_owned());
        lines.push(BoxLine { image, category, rect, score, slice, depth });
    }
    Ok(lines)
}

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
        let point = |p: &FrocPoint| Point { at: [p.false_per_case, p.sensitivity], tip: Tip::default() };
        lines.push(Line { name: model.clone(), points: curve.iter().map(point).collect(), stairs: true });
        task.progress.advance(1);
    }
    report.plots.push(Plot { name: "froc".into(), drawing: froc_drawing("image", &lines) });
    Ok(report)
}

fn detections(
    model: &str,
    path: &Path,
    file: &File,
    names: &BTreeMap<u64, String>,
    report: &mut RecordReport,
) -> Result<Vec<Detection>> {
    let is_table = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv"));
    let lines = if is_table { rows(path, &Table::read(path)?)? } else { results(path)? };
    if lines.iter().any(|line| line.depth.is_some()) {
        return Err(Error::export(
            path,
            "boxes in space (z1, z2) are compared in the window; a COCO file has flat ones",
        ));
    }
    let mut index = Index::default();
    for (n, image) in file.images.iter().enumerate() {
        let id = image.id.to_string();
        // Results go by the id alone.
        let more = if is_table { [image.file_name.as_str(), &image.sha256] } else { [""; 2] };
        index.add(n, [id.as_str(), more[0], more[1]]);
    }
    let mut found = Vec::new();
    for line in lines {
        let Some(place) = index.find([line.image.as_str()]) else {
            let why = "no image of the reference has this id, path or hash";
            report.unmatched.push(alone(model, &line.image, why));
            continue;
        };
        let named = names.iter().find(|(id, name)| **name == line.category || id.to_string() == line.category);
        // Results may name a category nobody described.
        let by_number = || line.category.parse().ok().filter(|_| !is_table);
        let Some(category) = named.map(|(id, _)| *id).or_else(by_number) else {
            report.unmatched.push(alone(model, &line.category, "the reference has no such category"));
            continue;
        };
        found.push(Detection {
            image: file.images[place].id,
            category,
            rect: line.rect,
            score: line.score.unwrap_or(1.0),
        });
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

pub(in crate::review) fn parse<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let text = folder::read_text(path)?;
    serde_json::from_str(&text).map_err(|error| Error::export(path, format!("this is no COCO file: {error}")))
}
