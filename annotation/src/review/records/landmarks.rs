//! Named points: a CSV with `case`, `name`, `x`, `y` and perhaps `z`, in millimetres.

use super::{FigureRow, RecordReport, Table, alone, cell, figures, number};
use crate::error::Result;
use crate::metrics::landmarks::{LandmarkPair, landmark_scores};
use limner_imaging::{Task, World};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

pub(in crate::review) const LIMITS_MM: [f64; 4] = [2.0, 2.5, 3.0, 4.0];

/// By case and name.
pub(in crate::review) type Points = BTreeMap<(String, String), World>;

fn read(path: &Path) -> Result<Points> {
    points(path, &Table::read(path)?)
}

pub(in crate::review) fn points(path: &Path, table: &Table) -> Result<Points> {
    let (case, name) = (table.needed(path, "case")?, table.needed(path, "name")?);
    let (x, y, z) = (table.needed(path, "x")?, table.needed(path, "y")?, table.column("z"));
    let mut points = BTreeMap::new();
    for (n, row) in table.rows.iter().enumerate() {
        let [x, y] = [number(path, n, cell(row, x))?, number(path, n, cell(row, y))?];
        let z = z.map(|z| number(path, n, cell(row, z))).transpose()?.unwrap_or(0.0);
        points.insert((cell(row, case).to_owned(), cell(row, name).to_owned()), World::new(x, y, z));
    }
    Ok(points)
}

pub(super) fn compare(reference: &Path, models: &[(String, PathBuf)], task: &Task) -> Result<RecordReport> {
    let truths = read(reference)?;
    let names: BTreeSet<&str> = truths.keys().map(|(_, name)| name.as_str()).collect();
    let mut report = RecordReport { kind: "landmarks", ..RecordReport::default() };
    for (model, path) in models {
        task.cancel.check()?;
        let points = read(path)?;
        for (case, name) in points.keys().filter(|key| !truths.contains_key(*key)) {
            report.unmatched.push(alone(model, &format!("{case}, {name}"), "the reference has no such landmark"));
        }
        for part in std::iter::once("").chain(names.iter().copied()) {
            let wanted = truths.iter().filter(|((_, name), _)| part.is_empty() || name == part);
            let pairs: Vec<LandmarkPair> = wanted.map(|(key, at)| (*at, points.get(key).copied())).collect();
            let scores = landmark_scores(&pairs, &LIMITS_MM);
            let mut all = figures([
                ("mean_error_mm", scores.mean_error_mm),
                ("median_error_mm", scores.median_error_mm),
                ("missing", Some(scores.missing as f64)),
            ]);
            all.extend(scores.within_mm.iter().map(|(mm, share)| (format!("within_{mm}_mm"), *share)));
            report.rows.push(FigureRow {
                model: model.clone(),
                part: part.to_owned(),
                count: pairs.len(),
                figures: all,
            });
        }
        task.progress.advance(1);
    }
    Ok(report)
}
