//! What the judgements of a project come to, once the lead looks behind the blinding: which model or rater was preferred,
//! how things were scored and how far the raters agree, and how long it took.

use crate::contents::Contents;
use crate::entity::{Kind, RaterId};
use crate::id::Key;
use crate::metrics::agreement::{Icc, Level, icc, krippendorff};
use crate::metrics::statistics::{Interval, bootstrap, mean};
use crate::records::{
    Annotation, Assignment, AssignmentStatus, Decision, Judgement, Payload, Prediction, Protocol, Rater, Winner,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// One source against all others it was shown beside.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Preferred {
    pub criterion: String,
    pub source: String,
    pub wins: usize,
    pub ties: usize,
    pub losses: usize,
    /// Wins and half the ties over all, by item.
    pub rate: Option<Interval>,
}

/// A score of a form or rubric, by source, and what the raters agree on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScoreAgreement {
    pub criterion: String,
    pub items: usize,
    pub by_source: BTreeMap<String, Interval>,
    /// Krippendorff's alpha for ordered and for measured numbers; items with one rating say nothing.
    pub alpha_ordinal: Option<f64>,
    pub alpha_interval: Option<f64>,
    /// Where every item has the same number of ratings.
    pub icc: Option<Icc>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RaterWork {
    pub rater: String,
    pub protocol: String,
    pub assigned: usize,
    pub submitted: usize,
    pub judgements: usize,
    /// Hands on it, without idle time; of those submitted.
    pub mean_active_s: Option<f64>,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Judged {
    pub preferences: Vec<Preferred>,
    pub scores: Vec<ScoreAgreement>,
    pub raters: Vec<RaterWork>,
    /// From a verdict to how often it was given.
    pub decisions: BTreeMap<String, usize>,
}

const SEED: u64 = 11;

#[must_use]
pub fn judged(contents: &Contents) -> Judged {
    let mut decisions: BTreeMap<String, usize> = BTreeMap::new();
    for decision in contents.all::<Decision>() {
        *decisions.entry(format!("{:?}", decision.verdict).to_lowercase()).or_default() += 1;
    }
    Judged { preferences: preferences(contents), scores: scores(contents), raters: raters(contents), decisions }
}

/// Who made a thing: the model of a prediction, the rater of an annotation, else its kind.
#[must_use]
pub fn source_of(contents: &Contents, key: Key) -> String {
    match key.kind {
        Kind::Prediction => contents.all::<Prediction>().find(|one| Key::from(one.id) == key).map(|prediction| {
            let model = &prediction.model;
            model.version.as_ref().map_or_else(|| model.name.clone(), |version| format!("{} {version}", model.name))
        }),
        Kind::Annotation => contents
            .all::<Annotation>()
            .find(|one| Key::from(one.id) == key)
            .and_then(|annotation| contents.get::<Rater>(annotation.rater).map(|rater| rater.pseudonym.clone())),
        _ => None,
    }
    .unwrap_or_else(|| key.kind.to_string())
}

/// What a thing is about: two versions of one image are one item.
fn item_of(contents: &Contents, key: Key) -> String {
    let target = match key.kind {
        Kind::Prediction => contents.all::<Prediction>().find(|one| Key::from(one.id) == key).map(|one| one.target),
        Kind::Annotation => contents.all::<Annotation>().find(|one| Key::from(one.id) == key).map(|one| one.target),
        _ => None,
    };
    target.unwrap_or(key).to_string()
}

fn preferences(contents: &Contents) -> Vec<Preferred> {
    // By criterion and source: the item and 1, 0.5 or 0.
    let mut all: BTreeMap<(String, String), Vec<(String, f64)>> = BTreeMap::new();
    for judgement in contents.all::<Judgement>() {
        let Payload::Preference { a, b, winner, criterion, .. } = &judgement.payload else { continue };
        let share = match winner {
            Winner::A => 1.0,
            Winner::B => 0.0,
            Winner::Tie => 0.5,
        };
        for (key, share) in [(a, share), (b, 1.0 - share)] {
            let entry = all.entry((criterion.clone(), source_of(contents, *key))).or_default();
            entry.push((item_of(contents, *a), share));
        }
    }
    let one = |((criterion, source), shares): ((String, String), Vec<(String, f64)>)| {
        let count = |wanted: f64| shares.iter().filter(|(_, share)| *share == wanted).count();
        let (wins, ties, losses) = (count(1.0), count(0.5), count(0.0));
        Preferred { criterion, source, wins, ties, losses, rate: bootstrap(&shares, SEED, mean) }
    };
    all.into_iter().map(one).collect()
}

/// One rating: of what, by whom made, and the number.
struct Rated {
    key: Key,
    value: f64,
}

fn scores(contents: &Contents) -> Vec<ScoreAgreement> {
    let assignments: BTreeMap<_, Key> = contents.all::<Assignment>().map(|one| (one.id, one.item)).collect();
    let mut by_criterion: BTreeMap<String, Vec<Rated>> = BTreeMap::new();
    for judgement in contents.all::<Judgement>() {
        let Some(key) = assignments.get(&judgement.assignment).copied() else { continue };
        let given: Vec<(&String, f64)> = match &judgement.payload {
            Payload::Quality { scores, .. } | Payload::ReportEdit { likert: scores, .. } => {
                scores.iter().map(|(name, score)| (name, *score)).collect()
            }
            Payload::Rubric { criterion, score, .. } => vec![(criterion, *score)],
            _ => Vec::new(),
        };
        for (name, value) in given {
            by_criterion.entry(name.clone()).or_default().push(Rated { key, value });
        }
    }
    by_criterion.into_iter().map(|(criterion, rated)| agreement(contents, criterion, &rated)).collect()
}

fn agreement(contents: &Contents, criterion: String, rated: &[Rated]) -> ScoreAgreement {
    let mut items: BTreeMap<Key, Vec<f64>> = BTreeMap::new();
    let mut sources: BTreeMap<String, Vec<(String, f64)>> = BTreeMap::new();
    for one in rated {
        items.entry(one.key).or_default().push(one.value);
        sources.entry(source_of(contents, one.key)).or_default().push((item_of(contents, one.key), one.value));
    }
    let items: Vec<Vec<f64>> = items.into_values().collect();
    let interval =
        |(source, all): (String, Vec<(String, f64)>)| bootstrap(&all, SEED, mean).map(|interval| (source, interval));
    ScoreAgreement {
        criterion,
        items: items.len(),
        by_source: sources.into_iter().filter_map(interval).collect(),
        alpha_ordinal: krippendorff(&items, Level::Ordinal),
        alpha_interval: krippendorff(&items, Level::Interval),
        icc: icc(&items),
    }
}

fn raters(contents: &Contents) -> Vec<RaterWork> {
    let mut all: BTreeMap<(String, String), Vec<&Assignment>> = BTreeMap::new();
    for assignment in contents.all::<Assignment>() {
        let rater = contents.get::<Rater>(assignment.rater).map_or_else(String::new, |r| r.pseudonym.clone());
        let protocol = contents.get::<Protocol>(assignment.protocol).map_or_else(String::new, |p| p.name.clone());
        all.entry((rater, protocol)).or_default().push(assignment);
    }
    let one = |((rater, protocol), assignments): ((String, String), Vec<&Assignment>)| {
        let submitted: Vec<&&Assignment> =
            assignments.iter().filter(|one| one.status == AssignmentStatus::Submitted).collect();
        // What is rated within the time of its picture has none of its own.
        let timed = submitted.iter().filter(|one| one.active_ms > 0);
        let times: Vec<f64> = timed.map(|one| one.active_ms as f64 / 1000.0).collect();
        let mine = |judgement: &&Judgement| assignments.iter().any(|one| one.id == judgement.assignment);
        RaterWork {
            rater,
            protocol,
            assigned: assignments.len(),
            submitted: submitted.len(),
            judgements: contents.all::<Judgement>().filter(mine).count(),
            mean_active_s: mean(&times),
        }
    };
    all.into_iter().map(one).collect()
}

/// On which side the first of two things is shown: fixed by the protocol's seed, the rater and the item, and even over
/// many.
#[must_use]
pub fn first_is_left(protocol: &Protocol, rater: RaterId, first: Key, second: Key) -> bool {
    // The same for a pair whichever way round it is asked about.
    let (low, high) = if first <= second { (first, second) } else { (second, first) };
    let text = format!("{rater} {low} {high}");
    let low_is_left = crate::audit::Random::of_text(protocol.blinding.seed, &text).below(2) == 0;
    low_is_left == (first <= second)
}
