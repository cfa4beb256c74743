//! What the rows of a study come to: each model's figures with intervals by subject, models against each other, and the
//! cases that deserve a look first.

use super::study::Row;
use crate::metrics::statistics::{Interval, bootstrap, mean};
use crate::metrics::{paired, statistics};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A figure of a row that can be summed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    Dice,
    Iou,
    Nsd,
    Hd95Mm,
    AssdMm,
    /// The prediction's volume less the reference's, as a share of it.
    VolumeDifference,
    CentrelineDice,
    LesionF1,
    PanopticQuality,
}

impl Figure {
    pub const ALL: [Self; 9] = [
        Self::Dice,
        Self::Iou,
        Self::Nsd,
        Self::Hd95Mm,
        Self::AssdMm,
        Self::VolumeDifference,
        Self::CentrelineDice,
        Self::LesionF1,
        Self::PanopticQuality,
    ];

    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Dice => "Dice",
            Self::Iou => "IoU",
            Self::Nsd => "NSD",
            Self::Hd95Mm => "HD95 (mm)",
            Self::AssdMm => "ASSD (mm)",
            Self::VolumeDifference => "Volume difference",
            Self::CentrelineDice => "clDice",
            Self::LesionF1 => "Lesion F1",
            Self::PanopticQuality => "Panoptic quality",
        }
    }

    #[must_use]
    pub fn of(self, row: &Row) -> Option<f64> {
        match self {
            Self::Dice => Some(row.dice),
            Self::Iou => Some(row.iou),
            Self::Nsd => Some(row.nsd),
            Self::Hd95Mm => row.hd95_mm,
            Self::AssdMm => row.assd_mm,
            Self::VolumeDifference => {
                let volume = row.volume_mm3;
                (volume.reference > 0.0).then(|| (volume.pred - volume.reference) / volume.reference)
            }
            Self::CentrelineDice => row.centreline_dice,
            Self::LesionF1 => row.lesions.as_ref().map(crate::metrics::lesions::LesionScores::f1),
            Self::PanopticQuality => row.lesions.as_ref().map(crate::metrics::lesions::LesionScores::panoptic_quality),
        }
    }

    /// Whether more is better.
    #[must_use]
    pub const fn more_is_better(self) -> bool {
        !matches!(self, Self::Hd95Mm | Self::AssdMm | Self::VolumeDifference)
    }
}

/// A model's figures: the mean over labels of each case, then over cases, and the mean of each label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelSummary {
    pub model: String,
    pub cases: usize,
    pub subjects: usize,
    pub overall: BTreeMap<Figure, Interval>,
    pub by_label: BTreeMap<u32, BTreeMap<Figure, Interval>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub by_group: BTreeMap<String, BTreeMap<Figure, Interval>>,
    /// Rows without a distance, because one of the masks is empty.
    pub without_distance: usize,
}

/// Two models on the cases both have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairTest {
    pub figure: Figure,
    pub first: String,
    pub second: String,
    pub cases: usize,
    pub subjects: usize,
    /// The first less the second.
    pub difference: Option<Interval>,
    pub wilcoxon: Option<f64>,
    pub permutation: Option<f64>,
    /// Wilcoxon's p after Holm's correction over all pairs of this figure.
    pub corrected: Option<f64>,
}

/// A row worth a look, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Doubtful {
    pub case: String,
    pub model: String,
    pub label: u32,
    pub dice: f64,
    pub nsd: f64,
    pub why: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    pub models: Vec<ModelSummary>,
    pub tests: Vec<PairTest>,
    /// Worst first.
    pub queue: Vec<Doubtful>,
    pub seed: u64,
}

const SEED: u64 = 20_240_607;

#[must_use]
pub fn summarise(rows: &[Row]) -> Summary {
    let names: BTreeSet<&str> = rows.iter().map(|row| row.model.as_str()).collect();
    let of = |name: &str| rows.iter().filter(|row| row.model == name).collect::<Vec<&Row>>();
    let models = names.iter().map(|name| model(name, &of(name))).collect();
    let mut tests = Vec::new();
    for figure in [Figure::Dice, Figure::Nsd] {
        let names: Vec<&str> = names.iter().copied().collect();
        let mut these = Vec::new();
        for (n, first) in names.iter().enumerate() {
            these.extend(names[n + 1..].iter().map(|second| pair(figure, (first, &of(first)), (second, &of(second)))));
        }
        correct(&mut these);
        tests.extend(these);
    }
    Summary { models, tests, queue: queue(rows), seed: SEED }
}

fn model(name: &str, rows: &[&Row]) -> ModelSummary {
    let labels: BTreeSet<u32> = rows.iter().map(|row| row.label).collect();
    let groups: BTreeSet<&str> = rows.iter().map(|row| row.group.as_str()).filter(|group| !group.is_empty()).collect();
    let where_label = |label: u32| rows.iter().copied().filter(|row| row.label == label).collect::<Vec<_>>();
    let where_group = |group: &str| rows.iter().copied().filter(|row| row.group == group).collect::<Vec<_>>();
    ModelSummary {
        model: name.to_owned(),
        cases: rows.iter().map(|row| &row.case).collect::<BTreeSet<_>>().len(),
        subjects: rows.iter().map(|row| &row.subject).collect::<BTreeSet<_>>().len(),
        overall: intervals(rows),
        by_label: labels.into_iter().map(|label| (label, intervals(&where_label(label)))).collect(),
        by_group: groups.into_iter().map(|group| (group.to_owned(), intervals(&where_group(group)))).collect(),
        without_distance: rows.iter().filter(|row| row.hd95_mm.is_none()).count(),
    }
}

fn intervals(rows: &[&Row]) -> BTreeMap<Figure, Interval> {
    let one = |figure: Figure| {
        let cases: Vec<(String, f64)> =
            by_case(rows, figure).into_iter().map(|(_, (subject, value))| (subject, value)).collect();
        bootstrap(&cases, SEED, mean).map(|interval| (figure, interval))
    };
    Figure::ALL.into_iter().filter_map(one).collect()
}

/// The subject of each case, and the mean of a figure over its labels.
fn by_case(rows: &[&Row], figure: Figure) -> BTreeMap<String, (String, f64)> {
    let mut cases: BTreeMap<&str, (&str, Vec<f64>)> = BTreeMap::new();
    for row in rows {
        if let Some(value) = figure.of(row) {
            cases.entry(&row.case).or_insert((&row.subject, Vec::new())).1.push(value);
        }
    }
    let means = cases
        .into_iter()
        .filter_map(|(case, (subject, all))| mean(&all).map(|value| (case.to_owned(), (subject.to_owned(), value))));
    means.collect()
}

fn pair(figure: Figure, (first, a): (&str, &[&Row]), (second, b): (&str, &[&Row])) -> PairTest {
    let (a, b) = (by_case(a, figure), by_case(b, figure));
    let both = a.iter().filter_map(|(case, (subject, one))| b.get(case).map(|(_, two)| (subject.clone(), *one, *two)));
    let both: Vec<(String, f64, f64)> = both.collect();
    let differences = paired::differences(&both);
    let each: Vec<(String, f64)> = both.iter().map(|(subject, a, b)| (subject.clone(), a - b)).collect();
    PairTest {
        figure,
        first: first.to_owned(),
        second: second.to_owned(),
        cases: both.len(),
        subjects: differences.len(),
        difference: bootstrap(&each, SEED, mean),
        wilcoxon: paired::wilcoxon(&differences),
        permutation: paired::permutation(&differences, SEED),
        corrected: None,
    }
}

fn correct(tests: &mut [PairTest]) {
    let known: Vec<f64> = tests.iter().filter_map(|test| test.wilcoxon).collect();
    let mut corrected = paired::holm(&known).into_iter();
    for test in tests.iter_mut().filter(|test| test.wilcoxon.is_some()) {
        test.corrected = corrected.next();
    }
}

/// All rows by Dice and NSD together, the worst first, each with what a look would tell.
fn queue(rows: &[Row]) -> Vec<Doubtful> {
    let mut all: Vec<&Row> = rows.iter().collect();
    all.sort_by(|a, b| {
        (a.dice + a.nsd)
            .total_cmp(&(b.dice + b.nsd))
            .then((&a.case, &a.model, a.label).cmp(&(&b.case, &b.model, b.label)))
    });
    let doubtful = |row: &&Row| Doubtful {
        case: row.case.clone(),
        model: row.model.clone(),
        label: row.label,
        dice: row.dice,
        nsd: row.nsd,
        why: reasons(row),
    };
    all.iter().map(doubtful).collect()
}

/// In words, the surest first.
fn reasons(row: &Row) -> Vec<String> {
    let mut why = Vec::new();
    let volume = row.volume_mm3;
    match (volume.reference > 0.0, volume.pred > 0.0) {
        (true, false) => why.push("missing in the prediction".into()),
        (false, true) => why.push("not in the reference".into()),
        _ => {}
    }
    if let Some(other) = row.faults.taken_for {
        why.push(format!("mostly taken for label {other}"));
    }
    if let Some(lesions) = &row.lesions {
        if lesions.missed > 0 {
            why.push(format!("{} of {} lesions missed", lesions.missed, lesions.missed + lesions.found));
        }
        if lesions.invented > 0 {
            why.push(format!("{} lesions invented", lesions.invented));
        }
    }
    let share = super::Figure::VolumeDifference.of(row);
    let same_size = share.is_some_and(|share| share.abs() < 0.05);
    if let Some(shift) = row.faults.shift_voxels.filter(|_| row.dice < 0.98) {
        let far = shift.iter().map(|s| s * s).sum::<f64>().sqrt();
        if far >= 1.0 {
            let [i, j, k] = shift;
            why.push(format!("centre {far:.1} voxels off ({i:+.1}, {j:+.1}, {k:+.1})"));
        }
        if same_size
            && far >= 1.0
            && row.faults.taken_for.is_none()
            && row.faults.roughness.is_some_and(|r| (r - 1.0).abs() < 0.02)
        {
            why.push("same size and form: shifted as a whole".into());
        }
    }
    if row.faults.roughness.is_some_and(|roughness| roughness < 0.95) && row.dice > 0.0 {
        why.push("smoother than the reference".into());
    }
    if let Some(share) = share.filter(|share| share.abs() >= 0.1 && volume.pred > 0.0) {
        why.push(format!("volume {:+.0} %", share * 100.0));
    }
    why
}

/// Middle and spread of values, for tables beside plots.
#[must_use]
pub fn quartiles(values: &[f64]) -> Option<[f64; 5]> {
    let at = |share: f64| statistics::quantile(values, share);
    Some([at(0.0)?, at(0.25)?, at(0.5)?, at(0.75)?, at(1.0)?])
}
