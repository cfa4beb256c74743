//! Answers of vision-language models: one JSON object a line on both sides.
//!
//! A reference line has `id`, `type` and one of `keys` (with `choices`), `value` (with `tolerance`), `box` (with `size`,
//! and `picture` of `pictures`) or `text`; `image` and `sha256` also name it. A prediction has the same names and
//! `output`, the model's own words.

use super::parse::{Expected, Given, parse};
use super::{Alone, FigureRow, Index, ParseError, Reading, RecordReport, alone, figures};
use crate::error::{Error, Result};
use crate::exchange::folder;
use crate::exchange::vqa::profile::read_json;
use crate::metrics::answers::{AnswerScores, Answered, Scored, by_kind};
use crate::metrics::boxes::Grounded;
use limner_imaging::Task;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A question with what is right.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::review) struct Truth {
    pub id: String,
    #[serde(default, rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub image: String,
    #[serde(default)]
    pub sha256: String,
    #[serde(default)]
    pub choices: BTreeMap<String, String>,
    pub keys: Option<Vec<String>>,
    pub value: Option<f64>,
    #[serde(default)]
    pub tolerance: f64,
    #[serde(rename = "box")]
    pub rect: Option<[f64; 4]>,
    pub size: Option<[f64; 2]>,
    #[serde(default)]
    pub picture: usize,
    #[serde(default = "one")]
    pub pictures: usize,
    pub text: Option<String>,
    /// In words, for people.
    #[serde(default)]
    pub question: String,
}

const fn one() -> usize {
    1
}

/// What a model answered, in its own words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(in crate::review) struct Said {
    #[serde(default)]
    pub id: String,
    #[serde(default)]
    pub image: String,
    #[serde(default)]
    pub sha256: String,
    /// What is not an answer: a report or one of its parts.
    #[serde(default, rename = "type")]
    pub kind: String,
    pub output: String,
}

impl Said {
    pub fn names(&self) -> [&str; 3] {
        [&self.id, &self.image, &self.sha256]
    }
}

impl Truth {
    pub fn names(&self) -> [&str; 3] {
        [&self.id, &self.image, &self.sha256]
    }

    pub fn expected(&self) -> Option<Expected> {
        if let Some(keys) = &self.keys {
            let mut choices = self.choices.clone();
            for key in keys {
                choices.entry(key.clone()).or_default();
            }
            return Some(Expected::Keys { choices, several: keys.len() != 1 });
        }
        if self.value.is_some() {
            return Some(Expected::Number);
        }
        match (self.rect, self.size) {
            (Some(_), Some(size)) => Some(Expected::Region { size, pictures: self.pictures }),
            (None, _) => self.text.as_ref().map(|_| Expected::Text),
            _ => None,
        }
    }

    pub fn scored(&self, given: std::result::Result<Given, String>) -> Scored {
        let (given, parse_error) = match given {
            Ok(given) => (Some(given), None),
            Err(why) => (None, Some(why)),
        };
        let answered = if let Some(keys) = &self.keys {
            let given = if let Some(Given::Keys(given)) = given { given } else { Default::default() };
            Answered::Keys { reference: keys.iter().cloned().collect(), given }
        } else if let Some(reference) = self.value {
            let given = if let Some(Given::Number(n)) = given { Some(n) } else { None };
            Answered::Number { reference, given, tolerance: self.tolerance }
        } else if let Some(rect) = self.rect {
            let predicted = if let Some(Given::Region(picture, rect)) = given { Some((picture, rect)) } else { None };
            Answered::Region(Grounded { reference: (self.picture, rect), predicted })
        } else {
            let given = if let Some(Given::Text(text)) = given { text } else { String::new() };
            Answered::Text { reference: self.text.clone().unwrap_or_default(), given }
        };
        Scored { kind: self.kind.clone(), answered, parse_error }
    }
}

pub(super) fn compare(
    reference: &Path,
    models: &[(String, PathBuf)],
    how: Reading,
    task: &Task,
) -> Result<RecordReport> {
    let truths: Vec<Truth> = lines(reference)?;
    let mut index = Index::default();
    let mut expected = Vec::with_capacity(truths.len());
    for (n, truth) in truths.iter().enumerate() {
        let wrong = || Error::export(reference, format!("{} has no keys, value, box with size or text", truth.id));
        expected.push(truth.expected().ok_or_else(wrong)?);
        index.add(n, [truth.id.as_str()]);
    }
    // Several questions may be about one picture: its names are good only where they name one question.
    truths.iter().enumerate().for_each(|(n, truth)| index.add(n, truth.names().into_iter().skip(1)));
    let mut report = RecordReport { kind: "answers", ..RecordReport::default() };
    for (model, path) in models {
        task.cancel.check()?;
        let mut outputs: BTreeMap<usize, String> = BTreeMap::new();
        for said in lines::<Said>(path)? {
            let names = said.names();
            let key = names.into_iter().find(|name| !name.is_empty()).unwrap_or_default().to_owned();
            match index.find(names) {
                None => report.unmatched.push(alone(model, &key, "no question has this id, picture or hash")),
                Some(n) if outputs.contains_key(&n) => {
                    report.unmatched.push(alone(model, &key, "answered before; the first answer counts"));
                }
                Some(n) => drop(outputs.insert(n, said.output)),
            }
        }
        let scored = score(model, &truths, &expected, &outputs, how, &mut report);
        report.rows.extend(by_kind(&scored).into_iter().map(|(kind, scores)| row(model, kind, &scores)));
        task.progress.advance(1);
    }
    Ok(report)
}

fn score(
    model: &str,
    truths: &[Truth],
    expected: &[Expected],
    outputs: &BTreeMap<usize, String>,
    how: Reading,
    report: &mut RecordReport,
) -> Vec<Scored> {
    let mut scored = Vec::new();
    for (n, (truth, expected)) in truths.iter().zip(expected).enumerate() {
        let Some(output) = outputs.get(&n) else {
            report.unmatched.push(Alone { key: truth.id.clone(), ..alone(model, "", "not answered; counts as wrong") });
            scored.push(truth.scored(Err("not answered".into())));
            continue;
        };
        let given = parse(output, expected, how);
        if let Err(why) = &given {
            let (model, id, why, output) = (model.to_owned(), truth.id.clone(), why.clone(), output.clone());
            report.parse_errors.push(ParseError { model, id, why, output });
        }
        scored.push(truth.scored(given));
    }
    scored
}

fn row(model: &str, part: String, scores: &AnswerScores) -> FigureRow {
    let mut all = figures([
        ("accuracy", scores.accuracy),
        ("parse_rate", scores.parse_rate),
        ("mean_iou", scores.mean_iou),
        ("set_overlap", scores.set_overlap),
        ("median_relative_error", scores.relative_error),
        ("mean_relative_accuracy", scores.mean_relative_accuracy),
        ("token_f1", scores.token_f1),
        ("rouge_l", scores.rouge_l),
        ("bleu", scores.bleu),
    ]);
    all.extend(scores.iou_at.iter().map(|(k, value)| (format!("iou_at_{k}"), *value)));
    if scores.mean_iou.is_some() {
        all.insert("right_box_wrong_picture".into(), scores.right_box_wrong_picture as f64);
    }
    FigureRow { model: model.to_owned(), part, count: scores.count, figures: all }
}

pub(in crate::review) fn lines<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    read_json(&name, folder::read_text(path)?.as_bytes())
}
