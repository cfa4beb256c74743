//! Predictions that are lines of a file and not label maps: boxes, classes with probabilities, landmarks, answers. Each
//! line is matched to its case by id, path or hash; what has no partner, and what cannot be read, is told.

pub(super) mod answers;
pub(super) mod boxes;
pub(super) mod classes;
pub(super) mod landmarks;
mod lines;
mod page;
mod parse;
pub(super) mod tracks;

pub use lines::RecordFile;
pub(super) use lines::{Beside, Lines, may_be};
pub use page::html;
pub use parse::{Expected, Given, parse};

use crate::error::{Error, Result};
use crate::exchange::folder;
use crate::exchange::vqa::boxes::Convention;
use crate::review::study_plots::Plot;
use limner_imaging::Task;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// The figures of a model, or of a part of its predictions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FigureRow {
    pub model: String,
    /// A type of question, a class, a category; empty for all.
    pub part: String,
    pub count: usize,
    pub figures: BTreeMap<String, f64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alone {
    pub model: String,
    pub key: String,
    pub why: String,
}

/// Why a model's output could not be read; it is kept as it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ParseError {
    pub model: String,
    pub id: String,
    pub why: String,
    pub output: String,
}

#[derive(Default)]
pub struct RecordReport {
    pub kind: &'static str,
    pub rows: Vec<FigureRow>,
    pub unmatched: Vec<Alone>,
    pub parse_errors: Vec<ParseError>,
    pub plots: Vec<Plot>,
}

/// How outputs are read.
#[derive(Clone, Copy, Default)]
pub struct Reading {
    /// How the models write boxes; pixels with corner origin where none is named.
    pub convention: Option<&'static Convention>,
}

/// Compares files of records; the reference says which kind it is.
pub fn compare(reference: &Path, models: &[(String, PathBuf)], how: Reading, task: &Task) -> Result<RecordReport> {
    task.progress.begin("comparing records", models.len() as u64);
    let ending = reference.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    match ending.as_str() {
        "jsonl" => answers::compare(reference, models, how, task),
        "json" => boxes::compare(reference, models, task),
        "csv" => {
            let table = Table::read(reference)?;
            if table.column("x").is_some() && table.column("name").is_some() {
                landmarks::compare(reference, models, task)
            } else {
                classes::compare(reference, models, task)
            }
        }
        _ => Err(Error::export(reference, "a file of records ends in .json (COCO boxes), .csv or .jsonl (answers)")),
    }
}

/// A CSV by the names of its columns.
pub(in crate::review) struct Table {
    head: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    pub(in crate::review) fn read(path: &Path) -> Result<Self> {
        let mut rows = crate::exchange::csv::rows(&folder::read_text(path)?).into_iter();
        let head = rows.next().ok_or_else(|| Error::export(path, "the table is empty"))?;
        Ok(Self { head: head.iter().map(|cell| cell.trim().to_owned()).collect(), rows: rows.collect() })
    }

    pub(in crate::review) fn column(&self, name: &str) -> Option<usize> {
        self.head.iter().position(|cell| cell.eq_ignore_ascii_case(name))
    }

    /// A column, or an error that says which is missing.
    pub(super) fn needed(&self, path: &Path, name: &str) -> Result<usize> {
        self.column(name).ok_or_else(|| Error::export(path, format!("the first line names no column \"{name}\"")))
    }

    pub(super) fn head(&self) -> &[String] {
        &self.head
    }
}

pub(super) fn cell(row: &[String], column: usize) -> &str {
    row.get(column).map_or("", |cell| cell.trim())
}

pub(super) fn number(path: &Path, line: usize, text: &str) -> Result<f64> {
    let parsed = text.parse::<f64>().ok().filter(|n| n.is_finite());
    parsed.ok_or_else(|| Error::export(path, format!("line {}: \"{text}\" is no number", line + 2)))
}

/// The cases of a reference by everything they may be called.
#[derive(Default)]
pub(super) struct Index {
    names: HashMap<String, Option<usize>>,
}

impl Index {
    /// Adds what a case is called: its id, its picture's path with and without folders and ending, its hash. A name that
    /// two cases have is nobody's.
    pub(super) fn add<'a>(&mut self, case: usize, names: impl IntoIterator<Item = &'a str>) {
        for name in names.into_iter().flat_map(|name| {
            let slashed = name.replace('\\', "/");
            let file = slashed.rsplit('/').next().unwrap_or_default().to_owned();
            let stem = super::folder::stem(Path::new(&file));
            [slashed, file, stem]
        }) {
            if !name.is_empty() {
                self.names
                    .entry(name)
                    .and_modify(|known| *known = known.filter(|known| *known == case))
                    .or_insert(Some(case));
            }
        }
    }

    /// By the first of these that names one case.
    pub(super) fn find<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Option<usize> {
        names.into_iter().filter(|name| !name.is_empty()).find_map(|name| {
            let slashed = name.replace('\\', "/");
            let file = slashed.rsplit('/').next().unwrap_or_default();
            let stem = super::folder::stem(Path::new(file));
            [slashed.as_str(), file, &stem].into_iter().find_map(|name| self.names.get(name).copied().flatten())
        })
    }
}

/// Says what has no partner on either side.
pub(super) fn alone(model: &str, key: &str, why: &str) -> Alone {
    Alone { model: model.to_owned(), key: key.to_owned(), why: why.to_owned() }
}

pub(super) fn figures<const N: usize>(all: [(&str, Option<f64>); N]) -> BTreeMap<String, f64> {
    all.into_iter().filter_map(|(name, value)| value.map(|value| (name.to_owned(), value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_found_by_id_path_name_and_hash_and_never_by_a_shared_name() {
        let mut index = Index::default();
        index.add(0, ["q1", "a/scan.nii.gz", "00ff"]);
        index.add(1, ["q2", "b/scan.nii.gz", "11ff"]);
        assert_eq!(index.find(["q2"]), Some(1));
        assert_eq!(index.find(["a\\scan.nii.gz"]), Some(0));
        assert_eq!(index.find(["scan"]), None, "two cases are called so");
        assert_eq!(index.find(["nothing", "11ff"]), Some(1));
        assert_eq!(index.find([""]), None);
    }
}
