//! What is wrong with a set of questions, said so that it can be mended: balance, words that give the answer away, copies,
//! subjects in two splits, hidden evidence in prompts, identifiers.

use crate::audit::item::{Group, Item, words};
use crate::audit::shortcuts::FEWEST;
use crate::exchange::vqa::record::{Asked, letter};
use crate::records::AuditKind;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A doubt must be this many standard errors away from chance before it is called one: once in ten thousand audits.
const ALARM: f64 = 3.9;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// The right option stands too often in one place.
    OptionPosition,
    /// One of yes and no is right too often.
    YesNoBalance,
    /// Words of the right option stand in the stem.
    AnswerInStem,
    /// The right option is too often the longest or the shortest.
    OptionLength,
    /// The right number is too often the smallest, the largest or a middle one.
    NumberRank,
    /// The file name of a picture holds the answer.
    AnswerInFileName,
    /// The forest answers better than chance without a picture.
    TextAlone,
    NearDuplicate,
    /// A subject is in more than one split.
    SubjectAcrossSplits,
    HiddenInPrompt,
    Identifier,
}

impl Doubt {
    /// The kind of audit that looks for it.
    #[must_use]
    pub const fn kind(self) -> AuditKind {
        match self {
            Self::OptionPosition | Self::YesNoBalance | Self::OptionLength | Self::NumberRank => AuditKind::Balance,
            Self::AnswerInStem | Self::AnswerInFileName | Self::SubjectAcrossSplits | Self::HiddenInPrompt => {
                AuditKind::Leakage
            }
            Self::TextAlone => AuditKind::Tst,
            Self::NearDuplicate => AuditKind::Duplicate,
            Self::Identifier => AuditKind::Phi,
        }
    }

    /// For people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::OptionPosition => "The right option stands too often in one place",
            Self::YesNoBalance => "Yes and no are not balanced",
            Self::AnswerInStem => "The question holds words of its answer",
            Self::OptionLength => "The length of an option gives it away",
            Self::NumberRank => "The rank of a number gives it away",
            Self::AnswerInFileName => "A file name holds the answer",
            Self::TextAlone => "Questions can be answered without their pictures",
            Self::NearDuplicate => "Questions are nearly the same",
            Self::SubjectAcrossSplits => "A subject is in more than one split",
            Self::HiddenInPrompt => "Hidden evidence stands in a question",
            Self::Identifier => "A text looks like an identifier",
        }
    }

    /// What to do.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::OptionPosition => "Shuffle the choices anew by seed",
            Self::YesNoBalance => "Ask the same of places where the answer is the other one",
            Self::AnswerInStem => "Reword the question, or give the distractors words of it too",
            Self::OptionLength => "Bring the choices to one length",
            Self::NumberRank => "Draw the distractors on both sides of the right number",
            Self::AnswerInFileName => "Export with neutral file names",
            Self::TextAlone => "Remove the questions with the highest bias score, or balance their answers",
            Self::NearDuplicate => "Keep one of them",
            Self::SubjectAcrossSplits => "Split again by subject",
            Self::HiddenInPrompt => "Take the sentence out of the question",
            Self::Identifier => "Take the identifier out, or release without that text",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    pub doubt: Doubt,
    pub text: String,
    /// Ids of the questions it is about; empty where it is about all.
    pub questions: Vec<String>,
    /// How many standard errors from chance, for what is a matter of counting.
    pub excess: Option<f64>,
}

impl Finding {
    pub(super) fn new(doubt: Doubt, text: impl Into<String>, questions: Vec<String>, excess: Option<f64>) -> Self {
        Self { doubt, text: text.into(), questions, excess }
    }
}

/// Everything that counting can find.
#[must_use]
pub fn of_items(items: &[Item]) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(option_position(items));
    found.extend(yes_no(items));
    found.extend(answer_in_stem(items));
    found.extend(option_length(items));
    found.extend(number_rank(items));
    found.extend(answer_in_file_name(items));
    found.extend(subject_across_splits(items));
    found
}

/// Counts of one event against what chance would give.
#[derive(Default)]
struct Count {
    tries: f64,
    hits: f64,
    expected: f64,
    variance: f64,
}

impl Count {
    fn add(&mut self, hit: bool, chance: f64) {
        self.tries += 1.0;
        self.hits += f64::from(u8::from(hit));
        self.expected += chance;
        self.variance += chance * (1.0 - chance);
    }

    fn excess(&self) -> f64 {
        if self.variance > 0.0 { (self.hits - self.expected) / self.variance.sqrt() } else { 0.0 }
    }

    /// Far from chance, and by an amount that matters: five in a hundred.
    fn alarms(&self) -> bool {
        self.tries >= FEWEST as f64 && self.excess() > ALARM && self.hits - self.expected > 0.05 * self.tries
    }

    fn text(&self) -> String {
        let percent = |n: f64| (100.0 * n / self.tries).round();
        format!("{} % of {}, where chance gives {} %", percent(self.hits), self.tries, percent(self.expected))
    }
}

fn choices(items: &[Item]) -> impl Iterator<Item = (&Item, usize)> {
    let fits = |item: &&Item| item.group == Group::Choice && item.options.len() > 1;
    items.iter().filter(fits).filter_map(|item| item.right_option().map(|place| (item, place)))
}

fn option_position(items: &[Item]) -> Vec<Finding> {
    let most = choices(items).map(|(item, _)| item.options.len()).max().unwrap_or(0);
    let mut found = Vec::new();
    for place in 0..most {
        let mut count = Count::default();
        for (item, right) in choices(items).filter(|(item, _)| item.options.len() > place) {
            count.add(right == place, 1.0 / item.options.len() as f64);
        }
        if count.alarms() {
            let text = format!("{} is right in {}", letter(place), count.text());
            found.push(Finding::new(Doubt::OptionPosition, text, Vec::new(), Some(count.excess())));
        }
    }
    found
}

fn yes_no(items: &[Item]) -> Vec<Finding> {
    let mut found = Vec::new();
    for (place, word) in ["Yes", "No"].into_iter().enumerate() {
        let mut count = Count::default();
        for item in items.iter().filter(|item| item.group == Group::YesNo) {
            count.add(item.right_option() == Some(place), 0.5);
        }
        if count.alarms() {
            let text = format!("{word} is right in {}", count.text());
            found.push(Finding::new(Doubt::YesNoBalance, text, Vec::new(), Some(count.excess())));
        }
    }
    found
}

fn answer_in_stem(items: &[Item]) -> Option<Finding> {
    let mut count = Count::default();
    let mut telling = Vec::new();
    for (item, right) in choices(items) {
        let shared: Vec<f32> = item.options.iter().map(|text| super::features::overlap(&item.stem, text)).collect();
        let most = shared.iter().copied().fold(0.0, f32::max);
        let alike = shared.iter().filter(|share| **share == most).count();
        // Where all options share as much, the words tell nothing.
        if most <= 0.0 || alike == shared.len() {
            continue;
        }
        let hit = shared[right] == most;
        count.add(hit, alike as f64 / shared.len() as f64);
        if hit && alike == 1 {
            telling.push(item.id.clone());
        }
    }
    count.alarms().then(|| {
        let text = format!("the option with most words of the question is right in {}", count.text());
        Finding::new(Doubt::AnswerInStem, text, telling, Some(count.excess()))
    })
}

/// One option stands out in something: how often that is the right one.
fn standing_out(items: &[Item], value: impl Fn(&str) -> Option<f64>, largest: bool) -> (Count, Vec<String>) {
    let (mut count, mut telling) = (Count::default(), Vec::new());
    let sign = if largest { 1.0 } else { -1.0 };
    for (item, right) in choices(items) {
        let values: Option<Vec<f64>> = item.options.iter().map(|text| value(text).map(|v| v * sign)).collect();
        let Some(values) = values else { continue };
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if values.iter().filter(|v| **v == most).count() != 1 {
            continue;
        }
        let hit = values[right] == most;
        count.add(hit, 1.0 / values.len() as f64);
        if hit {
            telling.push(item.id.clone());
        }
    }
    (count, telling)
}

fn option_length(items: &[Item]) -> Vec<Finding> {
    let mut found = Vec::new();
    for (largest, word) in [(true, "longest"), (false, "shortest")] {
        let (count, telling) = standing_out(items, |text| Some(text.chars().count() as f64), largest);
        if count.alarms() {
            let text = format!("the {word} option is right in {}", count.text());
            found.push(Finding::new(Doubt::OptionLength, text, telling, Some(count.excess())));
        }
    }
    found
}

fn number_rank(items: &[Item]) -> Vec<Finding> {
    let mut found = Vec::new();
    for (largest, word) in [(true, "largest"), (false, "smallest")] {
        let (count, telling) = standing_out(items, super::item::number_in, largest);
        if count.alarms() {
            let text = format!("the {word} number is right in {}", count.text());
            found.push(Finding::new(Doubt::NumberRank, text, telling, Some(count.excess())));
        }
    }
    // The middle is told as easily as the end.
    let mut middle = Count::default();
    for (item, right) in choices(items).filter(|(item, _)| item.options.len() > 2) {
        let values: Option<Vec<f64>> = item.options.iter().map(|text| super::item::number_in(text)).collect();
        let Some(values) = values else { continue };
        let rank = values.iter().filter(|value| **value < values[right]).count();
        let inner = (values.len() - 2) as f64 / values.len() as f64;
        middle.add(rank > 0 && rank + 1 < values.len(), inner);
    }
    if middle.alarms() {
        let text = format!("a number that is neither the largest nor the smallest is right in {}", middle.text());
        found.push(Finding::new(Doubt::NumberRank, text, Vec::new(), Some(middle.excess())));
    }
    found
}

fn answer_in_file_name(items: &[Item]) -> Option<Finding> {
    let mut telling = Vec::new();
    for (item, right) in choices(items) {
        let names: BTreeSet<String> = item.pictures.iter().flat_map(|path| words(path)).collect();
        let tells = |text: &String| {
            let mut long = words(text).filter(|word| word.chars().count() > 3).peekable();
            long.peek().is_some() && long.all(|word| names.contains(&word))
        };
        let telling_options = item.options.iter().filter(|text| tells(text)).count();
        if telling_options == 1 && tells(&item.options[right]) {
            telling.push(item.id.clone());
        }
    }
    let count = telling.len();
    (count > 0).then(|| {
        Finding::new(
            Doubt::AnswerInFileName,
            format!("the file name tells the answer of {count} question(s)"),
            telling,
            None,
        )
    })
}

fn subject_across_splits(items: &[Item]) -> Option<Finding> {
    let mut splits: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for item in items {
        if let (Some(subject), Some(split)) = (&item.subject, &item.split) {
            splits.entry(subject).or_default().insert(split);
        }
    }
    let torn: BTreeSet<&str> =
        splits.into_iter().filter(|(_, splits)| splits.len() > 1).map(|(subject, _)| subject).collect();
    (!torn.is_empty()).then(|| {
        let of_torn = |item: &&Item| item.subject.as_deref().is_some_and(|subject| torn.contains(subject));
        let questions = items.iter().filter(of_torn).map(|item| item.id.clone()).collect();
        Finding::new(
            Doubt::SubjectAcrossSplits,
            format!("{} subject(s) are in more than one split", torn.len()),
            questions,
            None,
        )
    })
}

/// What the texts of whole records give away.
#[must_use]
pub fn of_records(asked: &[Asked]) -> Vec<Finding> {
    let mut found: Vec<Finding> = super::duplicates::find(asked).into_iter().collect();
    let (mut hidden, mut identifying, mut examples) = (Vec::new(), Vec::new(), BTreeSet::new());
    for record in asked {
        let question = &record.question;
        let prompt: Vec<&str> =
            std::iter::once(question.stem.as_str()).chain(question.choices.iter().map(|c| c.text.as_str())).collect();
        if question.hidden.as_ref().is_some_and(|hidden| quotes(&hidden.report, &prompt.join(" "))) {
            hidden.push(question.id.to_string());
        }
        let texts = prompt.into_iter().chain([question.answer.text.as_str(), question.reason.as_str()]);
        let steps = question.rationale.iter().map(|step| step.text.as_str());
        let paths = record.scene.pictures.iter().map(|picture| picture.path.as_str());
        let kinds: Vec<_> = texts.chain(steps).chain(paths).filter_map(super::identifiers::kind_in).collect();
        if !kinds.is_empty() {
            identifying.push(question.id.to_string());
            examples.extend(kinds);
        }
    }
    if !hidden.is_empty() {
        let text = format!("{} question(s) quote what readers must not see", hidden.len());
        found.push(Finding::new(Doubt::HiddenInPrompt, text, hidden, None));
    }
    if !identifying.is_empty() {
        // What was found is never repeated.
        let kinds: Vec<_> = examples.into_iter().collect();
        let text = format!("{} question(s) have texts that look like {}", identifying.len(), kinds.join(", "));
        found.push(Finding::new(Doubt::Identifier, text, identifying, None));
    }
    found
}

/// Whether eight words of a report stand in a row in a text.
fn quotes(report: &str, text: &str) -> bool {
    const RUN: usize = 8;
    let said: Vec<String> = words(text).collect();
    let runs: HashMap<&[String], ()> = said.windows(RUN).map(|run| (run, ())).collect();
    let written: Vec<String> = words(report).collect();
    written.windows(RUN).any(|run| runs.contains_key(run))
}
