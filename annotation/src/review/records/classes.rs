//! Classes of cases: a CSV with `case` and `label`; predictions have the same, or probabilities in columns `p_CLASS`.

use super::{FigureRow, Index, RecordReport, Table, alone, cell, figures, number};
use crate::error::{Error, Result};
use crate::metrics::classes::{Confusion, auc, average_precision, brier, calibration_error, reliability};
use crate::metrics::mean;
use crate::review::plot::{Line, confusion};
use crate::review::said::plots::{BINS, Sure, reliability_drawing, reliability_line};
use crate::review::study_plots::{Plot, file_name};
use limner_imaging::Task;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A model's word on one case: the class, and how probable each is.
struct Guess {
    class: usize,
    shares: Option<Vec<f64>>,
}

pub(super) fn compare(reference: &Path, models: &[(String, PathBuf)], task: &Task) -> Result<RecordReport> {
    let table = Table::read(reference)?;
    let (case, label) = (table.needed(reference, "case")?, table.needed(reference, "label")?);
    let hash = table.column("sha256");
    let classes: Vec<String> =
        table.rows.iter().map(|row| cell(row, label).to_owned()).collect::<BTreeSet<_>>().into_iter().collect();
    let place = |name: &str| classes.iter().position(|class| class == name);
    let truths: Vec<usize> = table.rows.iter().filter_map(|row| place(cell(row, label))).collect();
    let mut index = Index::default();
    for (n, row) in table.rows.iter().enumerate() {
        index.add(n, [cell(row, case), hash.map_or("", |hash| cell(row, hash))]);
    }
    let mut report = RecordReport { kind: "classes", ..RecordReport::default() };
    let mut lines = Vec::new();
    for (model, path) in models {
        task.cancel.check()?;
        let guesses = guesses(model, path, &classes, &index, &mut report)?;
        for (n, row) in table.rows.iter().enumerate().filter(|(n, _)| !guesses.contains_key(n)) {
            report.unmatched.push(alone(
                model,
                cell(row, case),
                &format!("case {} has no prediction; it is left out", n + 1),
            ));
        }
        let pairs: Vec<(usize, usize)> = guesses.iter().map(|(n, guess)| (truths[*n], guess.class)).collect();
        let confused = Confusion::of(&pairs, classes.len());
        let drawing = confusion(&format!("Confusion of {model}"), &classes, &confused, |_, _| Vec::new());
        report.plots.push(Plot { name: format!("confusion_{}", file_name(model)), drawing });
        let (all, line) = scores(model, &classes, &truths, &guesses, &confused);
        report.rows.push(all);
        lines.extend(line);
        per_class(model, &classes, &truths, &guesses, &confused, &mut report);
        task.progress.advance(1);
    }
    if !lines.is_empty() {
        report.plots.push(Plot { name: "reliability".into(), drawing: reliability_drawing(&lines) });
    }
    Ok(report)
}

fn guesses(
    model: &str,
    path: &Path,
    classes: &[String],
    index: &Index,
    report: &mut RecordReport,
) -> Result<BTreeMap<usize, Guess>> {
    let table = Table::read(path)?;
    let lines = lines(path, &table, classes)?;
    let has_shares = lines.iter().any(|line| line.shares.len() == classes.len());
    if table.column("label").is_none() && !has_shares && !lines.is_empty() {
        let given = table.head().join(", ");
        return Err(Error::export(
            path,
            format!("there is no column label and not one p_CLASS for each class; it has {given}"),
        ));
    }
    let mut guesses = BTreeMap::new();
    for line in lines {
        let Some(place) = index.find([line.case.as_str()]) else {
            report.unmatched.push(alone(model, &line.case, "no case of the reference has this id, path or hash"));
            continue;
        };
        // Shares count where every class has one.
        let complete = line.shares.len() == classes.len();
        let class = match &line.said {
            Some(said) => classes.iter().position(|class| class == said),
            None => line.likeliest().filter(|_| complete).and_then(|most| classes.iter().position(|c| c == most)),
        };
        let shares = complete.then(|| line.shares.into_iter().map(|(_, share)| share).collect());
        match class {
            Some(class) => drop(guesses.insert(place, Guess { class, shares })),
            None => report.unmatched.push(alone(model, &line.case, "its class is none of the reference's")),
        }
    }
    Ok(guesses)
}

/// What a file says of a case.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::review) struct ClassLine {
    pub case: String,
    pub said: Option<String>,
    /// How probable each class is.
    pub shares: Vec<(String, f64)>,
}

impl ClassLine {
    /// The first of the most probable classes.
    pub fn likeliest(&self) -> Option<&str> {
        let most = self.shares.iter().enumerate().max_by(|(n, a), (m, b)| a.1.total_cmp(&b.1).then(m.cmp(n)));
        most.map(|(_, (class, _))| class.as_str())
    }

    pub fn class(&self) -> Option<&str> {
        self.said.as_deref().or_else(|| self.likeliest())
    }
}

/// The classes that a table has a column of shares for.
pub(in crate::review) fn classes_of(table: &Table) -> Vec<String> {
    table.head().iter().filter_map(|name| name.strip_prefix("p_").map(str::to_owned)).collect()
}

/// Every line with its class and the shares of these classes.
pub(in crate::review) fn lines(path: &Path, table: &Table, classes: &[String]) -> Result<Vec<ClassLine>> {
    let (case, label) = (table.needed(path, "case")?, table.column("label"));
    let columns = classes.iter().filter_map(|class| Some((class, table.column(&format!("p_{class}"))?)));
    let columns: Vec<(&String, usize)> = columns.collect();
    let mut lines = Vec::with_capacity(table.rows.len());
    for (n, row) in table.rows.iter().enumerate() {
        let share = |(class, column): &(&String, usize)| Ok(((*class).clone(), number(path, n, cell(row, *column))?));
        let shares = columns.iter().map(share).collect::<Result<_>>()?;
        let said = label.map(|label| cell(row, label)).filter(|said| !said.is_empty()).map(str::to_owned);
        lines.push(ClassLine { case: cell(row, case).to_owned(), said, shares });
    }
    Ok(lines)
}

fn scores(
    model: &str,
    classes: &[String],
    truths: &[usize],
    guesses: &BTreeMap<usize, Guess>,
    confused: &Confusion,
) -> (FigureRow, Option<Line>) {
    let with_shares: Vec<(usize, &Guess, &Vec<f64>)> = guesses
        .iter()
        .filter_map(|(n, guess)| guess.shares.as_ref().map(|shares| (truths[*n], guess, shares)))
        .collect();
    let one_against_rest = |class: usize, figure: fn(&[f64], &[bool]) -> Option<f64>| {
        let scores: Vec<f64> = with_shares.iter().map(|(_, _, shares)| shares[class]).collect();
        let positive: Vec<bool> = with_shares.iter().map(|(truth, ..)| *truth == class).collect();
        figure(&scores, &positive)
    };
    let macro_mean = |figure: fn(&[f64], &[bool]) -> Option<f64>| {
        mean(&(0..classes.len()).filter_map(|class| one_against_rest(class, figure)).collect::<Vec<_>>())
    };
    let confidences: Vec<f64> = with_shares.iter().map(|(_, guess, shares)| shares[guess.class]).collect();
    let right: Vec<bool> = with_shares.iter().map(|(truth, guess, _)| guess.class == *truth).collect();
    let bins = reliability(&confidences, &right, BINS);
    let f1s: Vec<f64> = confused.f1s().into_iter().flatten().collect();
    let all = figures([
        ("accuracy", confused.accuracy()),
        ("balanced_accuracy", confused.balanced_accuracy()),
        ("macro_f1", mean(&f1s)),
        ("macro_auc", macro_mean(auc)),
        ("macro_ap", macro_mean(average_precision)),
        ("ece", calibration_error(&bins)),
        ("brier", macro_mean(brier)),
    ]);
    let sure =
        |(n, (confidence, right)): (usize, (&f64, &bool))| Sure { to: n, confidence: *confidence, is_right: *right };
    let given: Vec<Sure> = confidences.iter().zip(&right).enumerate().map(sure).collect();
    let line = (!given.is_empty()).then(|| reliability_line(model, given));
    (FigureRow { model: model.to_owned(), part: String::new(), count: guesses.len(), figures: all }, line)
}

fn per_class(
    model: &str,
    classes: &[String],
    truths: &[usize],
    guesses: &BTreeMap<usize, Guess>,
    confused: &Confusion,
    report: &mut RecordReport,
) {
    let (recalls, f1s) = (confused.recalls(), confused.f1s());
    for (class, name) in classes.iter().enumerate() {
        let known =
            guesses.iter().filter_map(|(n, guess)| guess.shares.as_ref().map(|s| (s[class], truths[*n] == class)));
        let (scores, positive): (Vec<f64>, Vec<bool>) = known.unzip();
        let figures = figures([
            ("recall", recalls[class]),
            ("f1", f1s[class]),
            ("auc", auc(&scores, &positive)),
            ("ap", average_precision(&scores, &positive)),
        ]);
        let count = confused.counts[class].iter().sum();
        report.rows.push(FigureRow { model: model.to_owned(), part: name.clone(), count, figures });
    }
}
