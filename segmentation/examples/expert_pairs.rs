//! A model beside the classical engine on expert pairs: `expert_pairs CASES MODEL even|odd [PROTOCOL...]`.
//!
//! Cases whose name has an even SHA-256 are for choosing between variants; the odd ones are looked at once for each
//! model that ships. A row for each case is the mean of its objects; intervals are by bootstrap over cases. One JSON
//! object on stdout.

#![expect(clippy::print_stdout, reason = "a program for people at a terminal")]

use limner_imaging::Task;
use limner_segmentation::Engine;
use limner_segmentation::evaluate::{self, Case, CaseReport, Options, Protocol, robot::Dice};
use limner_segmentation::models;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

const PROTOCOLS: [Protocol; 4] = [Protocol::Human, Protocol::Clicks, Protocol::Cvpr, Protocol::Lasso];
const RESAMPLINGS: usize = 2000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [cases, model, half, named @ ..] = &arguments[..] else { return Err("which cases, model and half?".into()) };
    let parity = match half.as_str() {
        "even" => 0,
        "odd" => 1,
        other => return Err(format!("{other:?} is neither even nor odd").into()),
    };
    let task = Task::default();
    let found = evaluate::read(Path::new(cases), &task)?;
    let cases: Vec<Case> =
        found.cases.into_iter().filter(|case| Sha256::digest(folder(&case.name))[31] % 2 == parity).collect();
    let engines = [models::open("classical")?, models::open(model)?];
    let protocols: Vec<Protocol> = if named.is_empty() {
        PROTOCOLS.to_vec()
    } else {
        named.iter().map(|name| Protocol::parse(name).ok_or("no such protocol")).collect::<Result<_, _>>()?
    };
    let mut report = serde_json::Map::new();
    for protocol in protocols {
        report.insert(protocol.name().into(), compared(&cases, &engines, protocol, &task)?);
    }
    println!("{}", serde_json::to_string_pretty(&report)?);
    Ok(())
}

fn folder(name: &str) -> &str {
    name.split('/').next().unwrap_or(name)
}

fn compared(
    cases: &[Case],
    engines: &[Arc<dyn Engine>; 2],
    protocol: Protocol,
    task: &Task,
) -> Result<Value, Box<dyn std::error::Error>> {
    let options = Options { protocol, rounds: protocol.usual_rounds(), jitter: false };
    let mut both = Vec::new();
    for engine in engines {
        let mut rows = Vec::new();
        for case in cases {
            rows.extend(evaluate::play(case, engine, options, task)?);
        }
        both.push(rows);
    }
    let figure = |of: &dyn Fn(&CaseReport) -> Option<f64>| {
        let [classical, model] = [&both[0], &both[1]].map(|rows| by_case(rows, of));
        let difference: Vec<f64> =
            model.iter().filter_map(|(name, value)| Some(value - classical.get(name)?)).collect();
        let values = |of: &BTreeMap<String, f64>| interval(&of.values().copied().collect::<Vec<_>>());
        json!({"classical": values(&classical), "model": values(&model), "difference": interval(&difference)})
    };
    let rounds = both[0].iter().map(|row| row.rounds.len()).max().unwrap_or(0);
    let dice: Vec<Value> =
        (0..rounds).map(|n| figure(&|row| row.rounds.get(n).or(row.rounds.last()).map(|round| round.dice))).collect();
    let mut seconds: Vec<f64> = both[1].iter().flat_map(|row| &row.rounds).map(|round| round.seconds).collect();
    seconds.sort_by(f64::total_cmp);
    let kinds = [&both[0], &both[1]].map(|rows| by_kind(rows));
    Ok(json!({
        "dice": dice,
        "dsc_auc": figure(&|row| row.dsc_auc),
        "by_kind": {"classical": kinds[0], "model": kinds[1]},
        "seconds": {"median": seconds.get(seconds.len() / 2), "most": seconds.last()},
    }))
}

/// A figure of each case: the mean over its objects and people.
fn by_case(rows: &[CaseReport], of: &dyn Fn(&CaseReport) -> Option<f64>) -> BTreeMap<String, f64> {
    let mut all: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for row in rows {
        if let Some(value) = of(row) {
            all.entry(folder(&row.case).into()).or_default().push(value);
        }
    }
    all.into_iter().map(|(name, values)| (name, mean(&values))).collect()
}

/// First and last Dice by what the picture is of, with the number of cases.
fn by_kind(rows: &[CaseReport]) -> BTreeMap<String, Value> {
    let [first, last] = [0, usize::MAX]
        .map(|n| by_case(rows, &move |row| row.rounds.get(n).or(row.rounds.last()).map(|round| round.dice)));
    let mut kinds: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
    for (name, value) in &first {
        let kind = if name.contains("vessels") { "vessels" } else { name.split('_').next().unwrap_or(name) };
        kinds.entry(kind.into()).or_default().push((*value, last[name]));
    }
    kinds
        .into_iter()
        .map(|(kind, values)| {
            let (first, last): (Vec<f64>, Vec<f64>) = values.into_iter().unzip();
            (kind, json!({"cases": first.len(), "first": rounded(mean(&first)), "last": rounded(mean(&last))}))
        })
        .collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// The mean and where 95 of 100 resamplings of the cases put it.
fn interval(values: &[f64]) -> Value {
    let mut dice = Dice(1);
    let mut means: Vec<f64> = (0..RESAMPLINGS)
        .map(|_| mean(&values.iter().map(|_| values[dice.below(values.len())]).collect::<Vec<_>>()))
        .collect();
    means.sort_by(f64::total_cmp);
    let at = |share: f64| rounded(means[((RESAMPLINGS - 1) as f64 * share) as usize]);
    json!({"mean": rounded(mean(values)), "from": at(0.025), "to": at(0.975), "cases": values.len()})
}
