//! Answers of a model to questions, as the field scores them: right or wrong by type, boxes with their picture, sets,
//! numbers by relative error, and how much could be read at all. What cannot be read is wrong, never left out.

use super::boxes::Grounded;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What is right, and what was read from the model's output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "as", rename_all = "snake_case")]
pub enum Answered {
    /// Keys of choices; one for a single choice.
    Keys {
        reference: BTreeSet<String>,
        given: BTreeSet<String>,
    },
    Number {
        reference: f64,
        given: Option<f64>,
        tolerance: f64,
    },
    Region(Grounded),
    Text {
        reference: String,
        given: String,
    },
}

/// One question with its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scored {
    /// The type of question figures are told apart by.
    pub kind: String,
    pub answered: Answered,
    /// Why the output could not be read.
    pub parse_error: Option<String>,
}

impl Scored {
    /// Right by the rule of its kind: the very set, a number within tolerance, a box at IoU 0.5, the same words.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.parse_error.is_none()
            && match &self.answered {
                Answered::Keys { reference, given } => reference == given,
                Answered::Number { reference, given, tolerance } => {
                    given.is_some_and(|given| (given - reference).abs() <= tolerance * (1.0 + 1e-12))
                }
                Answered::Region(region) => region.iou() >= 0.5,
                Answered::Text { reference, given } => super::text::tokens(reference) == super::text::tokens(given),
            }
    }
}

/// The figures of one type of question, or of all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AnswerScores {
    pub count: usize,
    pub accuracy: Option<f64>,
    /// The share whose output could be read.
    pub parse_rate: Option<f64>,
    pub mean_iou: Option<f64>,
    /// At 0.3, 0.5 and 0.7, the picture checked.
    pub iou_at: BTreeMap<String, f64>,
    /// Boxes that would be right at 0.5 if the picture did not matter.
    pub right_box_wrong_picture: usize,
    /// Shared over joined keys, of questions with several.
    pub set_overlap: Option<f64>,
    /// Of the numbers that were read, the median of |given - right| / |right|.
    pub relative_error: Option<f64>,
    /// The share of relative errors below 1 - t, averaged over t from 0.50 to 0.95; a number not read counts as far off.
    pub mean_relative_accuracy: Option<f64>,
    pub token_f1: Option<f64>,
    pub rouge_l: Option<f64>,
    pub bleu: Option<f64>,
}

/// The limits boxes are counted at.
pub const IOU_LIMITS: [f64; 3] = [0.3, 0.5, 0.7];

#[must_use]
pub fn answer_scores(all: &[&Scored]) -> AnswerScores {
    let part = |wanted: &dyn Fn(&Scored) -> bool| {
        super::share(all.iter().filter(|one| wanted(one)).count() as f64, all.len() as f64)
    };
    let mut scores = AnswerScores {
        count: all.len(),
        accuracy: part(&Scored::is_right),
        parse_rate: part(&|one| one.parse_error.is_none()),
        ..AnswerScores::default()
    };
    regions(all, &mut scores);
    sets(all, &mut scores);
    numbers(all, &mut scores);
    texts(all, &mut scores);
    scores
}

/// All figures together under "", and by type.
#[must_use]
pub fn by_kind(all: &[Scored]) -> BTreeMap<String, AnswerScores> {
    let mut kinds: BTreeMap<&str, Vec<&Scored>> = BTreeMap::from([("", all.iter().collect())]);
    all.iter().for_each(|one| kinds.entry(&one.kind).or_default().push(one));
    kinds.into_iter().map(|(kind, all)| (kind.to_owned(), answer_scores(&all))).collect()
}

fn regions(all: &[&Scored], scores: &mut AnswerScores) {
    let region = |one: &&Scored| match &one.answered {
        Answered::Region(region) if one.parse_error.is_none() => Some(*region),
        Answered::Region(region) => Some(Grounded { predicted: None, ..*region }),
        _ => None,
    };
    let regions: Vec<Grounded> = all.iter().filter_map(region).collect();
    scores.mean_iou = super::boxes::mean_iou(&regions);
    let at = |k: f64| super::boxes::iou_at(&regions, k).map(|share| (format!("{k}"), share));
    scores.iou_at = IOU_LIMITS.into_iter().filter_map(at).collect();
    scores.right_box_wrong_picture =
        regions.iter().filter(|one| one.iou() == 0.0 && one.iou_on_any_picture() >= 0.5).count();
}

fn sets(all: &[&Scored], scores: &mut AnswerScores) {
    let overlap = |one: &&Scored| match &one.answered {
        Answered::Keys { reference, given } if reference.len() != 1 => {
            let joined = reference.union(given).count() as f64;
            Some(super::share(reference.intersection(given).count() as f64, joined).unwrap_or(1.0))
        }
        _ => None,
    };
    scores.set_overlap = super::mean(&all.iter().filter_map(overlap).collect::<Vec<_>>());
}

fn numbers(all: &[&Scored], scores: &mut AnswerScores) {
    let error = |one: &&Scored| match &one.answered {
        // Nothing is near zero in relation to it.
        Answered::Number { reference, given, .. } if *reference != 0.0 => {
            let given = given.filter(|_| one.parse_error.is_none());
            Some(given.map_or(f64::INFINITY, |given| ((given - reference) / reference).abs()))
        }
        _ => None,
    };
    let errors: Vec<f64> = all.iter().filter_map(error).collect();
    let read: Vec<f64> = errors.iter().copied().filter(|error| error.is_finite()).collect();
    scores.relative_error = super::statistics::quantile(&read, 0.5);
    let below = |limit: f64| errors.iter().filter(|error| **error < limit).count() as f64;
    let limits = (0..10).map(|n| f64::from(50 - 5 * n) / 100.0);
    scores.mean_relative_accuracy = super::share(limits.map(below).sum::<f64>() / 10.0, errors.len() as f64);
}

fn texts(all: &[&Scored], scores: &mut AnswerScores) {
    let text = |one: &&Scored| match &one.answered {
        Answered::Text { reference, given } => {
            Some((reference.clone(), if one.parse_error.is_none() { given.clone() } else { String::new() }))
        }
        _ => None,
    };
    let texts: Vec<(String, String)> = all.iter().filter_map(text).collect();
    let each =
        |figure: fn(&str, &str) -> f64| super::mean(&texts.iter().map(|(a, b)| figure(a, b)).collect::<Vec<_>>());
    scores.token_f1 = each(super::text::token_f1);
    scores.rouge_l = each(super::text::rouge_l);
    let references: Vec<[&str; 1]> = texts.iter().map(|(reference, _)| [reference.as_str()]).collect();
    let set: Vec<super::text::Compared<'_>> = references
        .iter()
        .zip(&texts)
        .map(|(references, (_, candidate))| super::text::Compared { references, candidate })
        .collect();
    scores.bleu = super::text::bleu(&set);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(reference: &[&str], given: &[&str], parse_error: Option<&str>) -> Scored {
        let set = |list: &[&str]| list.iter().map(|key| (*key).to_owned()).collect();
        let answered = Answered::Keys { reference: set(reference), given: set(given) };
        Scored { kind: "choice".into(), answered, parse_error: parse_error.map(str::to_owned) }
    }

    #[test]
    fn what_cannot_be_read_is_wrong() {
        let all =
            [keys(&["a"], &["a"], None), keys(&["a"], &["a"], Some("two answers")), keys(&["a", "b"], &["a"], None)];
        let kinds = by_kind(&all);
        let scores = &kinds[""];
        assert_eq!((scores.accuracy, scores.parse_rate), (Some(1.0 / 3.0), Some(2.0 / 3.0)));
        assert_eq!(scores.set_overlap, Some(0.5));
        assert_eq!(kinds["choice"].count, 3);
    }

    #[test]
    fn numbers_are_scored_in_relation() {
        let number = |given: Option<f64>| Scored {
            kind: "size".into(),
            answered: Answered::Number { reference: 20.0, given, tolerance: 2.0 },
            parse_error: given.is_none().then(|| "no number".into()),
        };
        let all = [number(Some(21.0)), number(Some(30.0)), number(None)];
        let scores = answer_scores(&all.iter().collect::<Vec<_>>());
        assert_eq!((scores.accuracy, scores.relative_error), (Some(1.0 / 3.0), Some(0.275)));
        // 0.05 is below 0.50 ... 0.10 (nine limits), 0.5 below none.
        assert!((scores.mean_relative_accuracy.unwrap() - 9.0 / 30.0).abs() < 1e-12);
    }

    #[test]
    fn a_right_box_on_a_wrong_picture_is_told() {
        let rect = [0.0, 0.0, 10.0, 10.0];
        let region = Grounded { reference: (1, rect), predicted: Some((0, rect)) };
        let one = Scored { kind: "box".into(), answered: Answered::Region(region), parse_error: None };
        let scores = answer_scores(&[&one]);
        assert_eq!((scores.accuracy, scores.mean_iou, scores.right_box_wrong_picture), (Some(0.0), Some(0.0), 1));
    }
}
