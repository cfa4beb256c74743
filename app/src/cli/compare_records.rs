//! `limner compare` on files of records: boxes, classes, landmarks, answers.

use super::compare::write;
use super::progress::task;
use super::{exit, note, say, say_json, usage};
use limner_annotation::exchange::vqa::boxes;
use limner_annotation::review::folder;
use limner_annotation::review::records::{self, Reading, RecordReport};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What of the command line concerns records.
pub struct Wanted<'a> {
    pub boxes: Option<&'a str>,
    pub json: bool,
    pub html: Option<&'a Path>,
    pub svg: Option<&'a Path>,
}

/// Whether a reference is a file of records and not of voxels.
pub fn is_records(path: &Path) -> bool {
    path.is_file() && path.extension().is_some_and(|e| e == "json" || e == "jsonl" || e == "csv")
}

pub fn run(reference: &Path, predictions: &[PathBuf], wanted: &Wanted<'_>) -> anyhow::Result<ExitCode> {
    let convention = wanted.boxes.map(|name| {
        let names = || boxes::CONVENTIONS.iter().map(|one| one.name).collect::<Vec<_>>().join(", ");
        boxes::by_name(name).ok_or_else(|| usage(format!("boxes are not read as {name:?}; choose one of {}", names())))
    });
    let how = Reading { convention: convention.transpose()? };
    let models: Vec<(String, PathBuf)> = folder::names(predictions).into_iter().zip(predictions.to_vec()).collect();
    let report = records::compare(reference, &models, how, &task())?;
    let title = format!("Comparison of {}", report.kind);
    if let Some(path) = wanted.html {
        write(path, records::html(&report, &title).as_bytes())?;
    }
    if let Some(folder) = wanted.svg {
        for plot in &report.plots {
            write(&folder.join(format!("{}.svg", plot.name)), plot.drawing.svg().as_bytes())?;
        }
    }
    if wanted.json {
        say_json(&json!({
            "schema": "limner.compare/1",
            "kind": report.kind,
            "rows": report.rows,
            "unmatched": report.unmatched,
            "parse_errors": report.parse_errors,
        }))?;
    } else {
        tell(&report);
    }
    Ok(exit(!report.rows.is_empty()))
}

fn tell(report: &RecordReport) {
    for row in &report.rows {
        let figures: Vec<String> = row.figures.iter().map(|(name, value)| format!("{name} {value:.4}")).collect();
        say(format!("{:<16} {:<16} {:>5}  {}", row.model, row.part, row.count, figures.join("  ")));
    }
    for one in &report.unmatched {
        note(format!("limner: {}: {}: {}", one.model, one.key, one.why));
    }
    for one in &report.parse_errors {
        note(format!("limner: {}: {}: not readable: {}", one.model, one.id, one.why));
    }
}
