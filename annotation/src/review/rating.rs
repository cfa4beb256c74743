//! Rating of versions by a protocol: what is asked, who answers, and the answers as judgements.
//!
//! A scale without words to choose from asks which of two versions is better, once for every pair; one with words asks it of
//! every version, and the place of the word, from 1, is the score.

use crate::command::Command;
use crate::contents::Contents;
use crate::entity::{AssignmentId, ImageId, JudgementId, PredictionId, ProtocolId, RaterId};
use crate::error::{Error, Result};
use crate::id::Key;
use crate::records::{
    Assignment, AssignmentStatus, Blinding, Judgement, Payload, Protocol, ProtocolKind, Scale, Winner,
};
use std::path::Path;

/// Where no protocol was loaded.
#[must_use]
pub fn protocol(seed: u64) -> Protocol {
    let words = ["Unusable", "Poor", "Usable", "Good", "Excellent"];
    let scale = |name: &str, question: &str, options: &[&str]| Scale {
        name: name.into(),
        question: question.into(),
        options: options.iter().map(|word| (*word).to_owned()).collect(),
    };
    Protocol {
        id: ProtocolId::new(),
        name: "Review of models".into(),
        kind: ProtocolKind::Preference,
        blinding: Blinding { source_hidden: true, order_random: true, seed, shown_labels: Vec::new() },
        raters_per_item: 1,
        form: vec![scale("better", "Which is better?", &[]), scale("quality", "How good is it?", &words)],
        agreement: Vec::new(),
        adjudication: None,
    }
}

/// A protocol from a file, as the project keeps one.
pub fn read(path: &Path) -> Result<Protocol> {
    let text = crate::exchange::folder::read_text(path)?;
    let protocol: Protocol = serde_json::from_str(&text)
        .map_err(|error| Error::export(path, format!("this is no review protocol ({error})")))?;
    if protocol.form.is_empty() {
        return Err(Error::export(path, "the protocol asks nothing: its form is empty"));
    }
    Ok(protocol)
}

/// The protocol that versions are rated by: the last one that is about more than annotation.
#[must_use]
pub fn in_use(contents: &Contents) -> Option<&Protocol> {
    contents.all::<Protocol>().rfind(|protocol| protocol.kind != ProtocolKind::Annotation)
}

/// What is asked about which versions, by their places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    pub scale: usize,
    pub about: About,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    Pair(usize, usize),
    One(usize),
}

/// Every line of the form for so many versions.
#[must_use]
pub fn lines(protocol: &Protocol, versions: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for (scale, asked) in protocol.form.iter().enumerate() {
        if asked.options.is_empty() {
            let pairs = (0..versions).flat_map(|a| (a + 1..versions).map(move |b| About::Pair(a, b)));
            lines.extend(pairs.map(|about| Line { scale, about }));
        } else {
            lines.extend((0..versions).map(|one| Line { scale, about: About::One(one) }));
        }
    }
    lines
}

/// Who rates what by which protocol.
pub struct Rating<'a> {
    pub contents: &'a Contents,
    pub protocol: &'a Protocol,
    pub rater: RaterId,
    pub image: ImageId,
}

impl Rating<'_> {
    fn assignment(&self, item: Key) -> Option<&Assignment> {
        let mine = |one: &&Assignment| one.protocol == self.protocol.id && one.rater == self.rater && one.item == item;
        self.contents.all::<Assignment>().find(mine)
    }

    /// What a line is an answer to.
    fn item(&self, line: Line, versions: &[PredictionId]) -> Option<Key> {
        match line.about {
            About::Pair(..) => Some(self.image.into()),
            About::One(one) => versions.get(one).map(|id| Key::from(*id)),
        }
    }

    fn judgement(&self, line: Line, versions: &[PredictionId]) -> Option<&Judgement> {
        let assignment = self.assignment(self.item(line, versions)?)?.id;
        let name = &self.protocol.form.get(line.scale)?.name;
        let is_it = |one: &&Judgement| {
            let same = match (&one.payload, line.about) {
                (Payload::Preference { a, b, criterion, .. }, About::Pair(first, second)) => {
                    let pair = [first, second].map(|n| versions.get(n).map(|id| Key::from(*id)));
                    criterion == name && (pair == [Some(*a), Some(*b)] || pair == [Some(*b), Some(*a)])
                }
                (Payload::Rubric { criterion, .. }, About::One(_)) => criterion == name,
                _ => false,
            };
            same && one.assignment == assignment
        };
        self.contents.all::<Judgement>().find(is_it)
    }

    /// The place of the answer that was given: of a pair 0 the first, 1 neither, 2 the second.
    #[must_use]
    pub fn answered(&self, line: Line, versions: &[PredictionId]) -> Option<usize> {
        match (&self.judgement(line, versions)?.payload, line.about) {
            (Payload::Preference { a, winner, .. }, About::Pair(first, _)) => {
                let swapped = versions.get(first).map(|id| Key::from(*id)) != Some(*a);
                Some(match (winner, swapped) {
                    (Winner::Tie, _) => 1,
                    (Winner::A, false) | (Winner::B, true) => 0,
                    (Winner::A, true) | (Winner::B, false) => 2,
                })
            }
            (Payload::Rubric { score, .. }, _) => Some((*score as usize).saturating_sub(1)),
            _ => None,
        }
    }

    /// Gives an answer, and adds the time it took. Once every line has one the image is submitted.
    #[must_use]
    pub fn answer(&self, line: Line, versions: &[PredictionId], choice: usize, active_ms: u64) -> Vec<Command> {
        let (Some(item), Some(scale)) = (self.item(line, versions), self.protocol.form.get(line.scale)) else {
            return Vec::new();
        };
        let key = |n: usize| versions.get(n).map(|id| Key::from(*id));
        let payload = match line.about {
            About::Pair(first, second) => {
                let (Some(a), Some(b)) = (key(first), key(second)) else { return Vec::new() };
                let winner = [Winner::A, Winner::Tie, Winner::B][choice.min(2)];
                let (granularity, reason) = (None, String::new());
                Payload::Preference { a, b, winner, criterion: scale.name.clone(), granularity, reason }
            }
            About::One(_) => Payload::Rubric {
                criterion: scale.name.clone(),
                score: choice as f64 + 1.0,
                explanation: String::new(),
            },
        };
        let all = lines(self.protocol, versions.len());
        let done = all.iter().all(|other| *other == line || self.answered(*other, versions).is_some());
        let mut commands = Vec::new();
        let assignment = self.worked(item, done, active_ms, &mut commands);
        let known = self.judgement(line, versions);
        let id = known.map_or_else(JudgementId::new, |known| known.id);
        commands.push(Command::put(Judgement { id, assignment, payload }));
        commands
    }

    /// The assignments of the image and of what the answer is about, brought up to date.
    fn worked(&self, item: Key, done: bool, active_ms: u64, commands: &mut Vec<Command>) -> AssignmentId {
        let now = jiff::Timestamp::now();
        let mut of = |item: Key, done: bool, active_ms: u64| {
            let known = self.assignment(item).cloned();
            let former = known.unwrap_or_else(|| Assignment {
                id: AssignmentId::new(),
                protocol: self.protocol.id,
                rater: self.rater,
                item,
                order: 0,
                status: AssignmentStatus::Started,
                started: Some(now),
                ended: None,
                active_ms: 0,
            });
            let id = former.id;
            let status = if done { AssignmentStatus::Submitted } else { AssignmentStatus::Started };
            let active_ms = former.active_ms + active_ms;
            commands.push(Command::put(Assignment { status, ended: done.then_some(now), active_ms, ..former }));
            id
        };
        // The time is of the image; a version is rated within it.
        let image = of(self.image.into(), done, active_ms);
        if item == self.image.into() { image } else { of(item, true, 0) }
    }
}
