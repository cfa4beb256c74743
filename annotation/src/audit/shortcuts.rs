//! How far one gets on text alone: a forest is trained on some questions and asked about the others, fold by fold. What it
//! is sure of and right about needs no picture (after "train on the test set").

use crate::audit::features::Features;
use crate::audit::forest::{Forest, Settings, Target};
use crate::audit::item::{Group, Item, Truth};
use crate::audit::random::Random;
use crate::error::Result;
use limner_imaging::Task;
use serde::Serialize;

/// Fewer questions than this say nothing.
pub const FEWEST: usize = 20;
/// Options beyond this many are one class.
const MOST_CLASSES: usize = 26;

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Plan {
    pub seed: u64,
    pub folds: usize,
    pub repeats: usize,
    /// Trees for options; numbers get twice as many.
    pub trees: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Self { seed: 1, folds: 5, repeats: 1, trees: 100 }
    }
}

/// How a group of questions came out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupReport {
    pub group: Group,
    pub questions: usize,
    /// Accuracy, or mean relative accuracy for numbers.
    pub score: f64,
    /// Over folds and repeats.
    pub deviation: f64,
    /// What guessing gets.
    pub chance: f64,
    /// What always giving the commonest answer gets.
    pub majority: f64,
    /// How many standard errors the score lies over the better of the two.
    pub excess: f64,
    pub importances: Vec<Importance>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Importance {
    pub feature: String,
    pub share: f64,
}

/// The score of one question: how probable the right answer is to who sees no picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// In the list that was given.
    pub item: usize,
    pub score: f64,
}

/// All groups that are large enough.
pub fn run(items: &[Item], plan: Plan, task: &Task) -> Result<(Vec<GroupReport>, Vec<Scored>)> {
    let (mut reports, mut scores) = (Vec::new(), Vec::new());
    for group in [Group::YesNo, Group::Choice, Group::Number] {
        let places: Vec<usize> = (0..items.len()).filter(|n| items[*n].group == group).collect();
        if places.len() < FEWEST {
            continue;
        }
        let members: Vec<&Item> = places.iter().map(|n| &items[*n]).collect();
        let (report, of_members) = run_group(&members, group, plan, task)?;
        reports.push(report);
        scores.extend(places.iter().zip(of_members).map(|(item, score)| Scored { item: *item, score }));
    }
    scores.sort_by_key(|scored| scored.item);
    Ok((reports, scores))
}

fn run_group(items: &[&Item], group: Group, plan: Plan, task: &Task) -> Result<(GroupReport, Vec<f64>)> {
    let features = Features::of(items);
    let target = target_of(items, group);
    let trees = if group == Group::Number { plan.trees * 2 } else { plan.trees };
    let (mut fold_scores, mut sums) = (Vec::new(), vec![0.0; items.len()]);
    task.progress.begin("looking for shortcuts", (plan.folds * plan.repeats + 1) as u64);
    for repeat in 0..plan.repeats {
        let fold_of = folds(&target, plan.folds, Random::part(plan.seed, repeat as u64));
        for fold in 0..plan.folds {
            task.cancel.check()?;
            let (training, held): (Vec<usize>, Vec<usize>) = (0..items.len()).partition(|n| fold_of[*n] != fold);
            if training.is_empty() || held.is_empty() {
                continue;
            }
            let table = features.table(&training);
            let settings = Settings::new(trees, plan.seed.wrapping_add((repeat * plan.folds + fold) as u64));
            let forest = Forest::grow(&table.rows(&training), &target.rows(&training), settings);
            let mut right = 0.0;
            for (n, predicted) in held.iter().zip(forest.predict(&table.rows(&held))) {
                let (hit, score) = judge(items[*n], &predicted);
                right += hit;
                sums[*n] += score;
            }
            fold_scores.push(right / held.len() as f64);
            task.progress.advance(1);
        }
    }
    let all: Vec<usize> = (0..items.len()).collect();
    let forest = Forest::grow(&features.table(&all), &target, Settings::new(trees.min(50), plan.seed));
    task.progress.advance(1);
    let shares = features.names().into_iter().zip(forest.importances());
    let mut importances: Vec<_> = shares.map(|(feature, share)| Importance { feature, share }).collect();
    importances.sort_by(|a, b| b.share.total_cmp(&a.share).then_with(|| a.feature.cmp(&b.feature)));
    let (score, deviation) = mean_and_deviation(&fold_scores);
    let (chance, majority) = (chance(items), majority(items));
    let scores = sums.into_iter().map(|sum| (sum / plan.repeats.max(1) as f64).clamp(0.0, 1.0)).collect();
    let floor = chance.max(majority);
    let error = (floor * (1.0 - floor) / items.len() as f64).sqrt().max(1e-9);
    let excess = (score - floor) / error;
    let report = GroupReport { group, questions: items.len(), score, deviation, chance, majority, excess, importances };
    Ok((report, scores))
}

fn target_of(items: &[&Item], group: Group) -> Target {
    let place = |item: &&Item| item.right_option().unwrap_or(0).min(MOST_CLASSES - 1) as u32;
    match group {
        Group::Number => Target::Values(items.iter().map(|item| value(item) as f32).collect()),
        _ => {
            let of_row: Vec<u32> = items.iter().map(place).collect();
            let classes = of_row.iter().max().map_or(1, |most| *most as usize + 1).max(2);
            Target::Classes { of_row, classes }
        }
    }
}

const fn value(item: &Item) -> f64 {
    match item.truth {
        Truth::Number(value) => value,
        Truth::Option(place) => place as f64,
    }
}

/// The fold of each row: answers are spread evenly over the folds.
fn folds(target: &Target, folds: usize, mut random: Random) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..target.len()).collect();
    random.shuffle(&mut rows);
    if let Target::Classes { of_row, .. } = target {
        rows.sort_by_key(|row| of_row[*row]);
    }
    let mut fold_of = vec![0; rows.len()];
    for (n, row) in rows.into_iter().enumerate() {
        fold_of[row] = n % folds;
    }
    fold_of
}

/// Whether the answer foretold is right, and how probable the right one was held to be.
fn judge(item: &Item, predicted: &[f32]) -> (f64, f64) {
    match item.truth {
        Truth::Number(truth) => {
            let accuracy = relative_accuracy(truth, f64::from(predicted.first().copied().unwrap_or_default()));
            (accuracy, accuracy)
        }
        Truth::Option(place) => {
            let offered = &predicted[..predicted.len().min(item.options.len().max(1))];
            let best = (0..offered.len()).max_by(|a, b| offered[*a].total_cmp(&offered[*b]).then(b.cmp(a)));
            let score = predicted.get(place.min(MOST_CLASSES - 1)).copied().unwrap_or_default();
            (f64::from(u8::from(best == Some(place))), f64::from(score))
        }
    }
}

/// The share of the thresholds 0.50, 0.55 .. 0.95 that an answer passes: its relative error is under one minus the
/// threshold.
#[must_use]
pub fn relative_accuracy(truth: f64, answer: f64) -> f64 {
    let error = (answer - truth).abs() / truth.abs().max(1e-9);
    let passed = (0..10).filter(|n| error < 1.0 - (0.5 + 0.05 * f64::from(*n))).count();
    passed as f64 / 10.0
}

fn chance(items: &[&Item]) -> f64 {
    let guess = |item: &&Item| if item.options.is_empty() { 0.0 } else { 1.0 / item.options.len() as f64 };
    items.iter().map(guess).sum::<f64>() / items.len() as f64
}

/// The commonest place of the right option; for numbers the score of their median.
fn majority(items: &[&Item]) -> f64 {
    if items.iter().any(|item| matches!(item.truth, Truth::Number(_))) {
        let mut values: Vec<f64> = items.iter().map(|item| value(item)).collect();
        values.sort_by(f64::total_cmp);
        let median = values[values.len() / 2];
        return values.iter().map(|truth| relative_accuracy(*truth, median)).sum::<f64>() / values.len() as f64;
    }
    let mut counts = std::collections::BTreeMap::new();
    for place in items.iter().filter_map(|item| item.right_option()) {
        *counts.entry(place).or_insert(0_usize) += 1;
    }
    counts.values().max().map_or(0.0, |most| *most as f64 / items.len() as f64)
}

fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    (mean, (squares / count).sqrt())
}
