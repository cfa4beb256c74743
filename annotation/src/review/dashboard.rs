//! How reviewing goes: every decision with who, about what, which label and on which day, counted by any of them; and, day
//! by day, how often two readers who spoke of the same thing said the same.

use super::decide::label_of;
use super::judged::source_of;
use crate::contents::Contents;
use crate::entity::{DecisionId, ImageId, Kind, RaterId};
use crate::id::Key;
use crate::records::{Assignment, Decision, Judgement, Payload, Prediction, Rater, Verdict, Winner};
use std::collections::BTreeMap;

/// A decision as lists and counts have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub decision: DecisionId,
    pub verdict: Verdict,
    pub reader: String,
    /// Empty where it is about all labels.
    pub label: String,
    /// The model, the rater, or the kind of thing it is about.
    pub about: String,
    /// In UTC, as 2026-05-01; empty where nobody knows.
    pub day: String,
    pub image: Option<ImageId>,
    /// Reasons and comment.
    pub why: String,
    /// Of a row of records: its title and what was said in it.
    pub row: Option<String>,
}

/// By what decisions are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum By {
    #[default]
    Reader,
    Label,
    Model,
    Verdict,
    Day,
}

impl By {
    pub const ALL: [Self; 5] = [Self::Reader, Self::Label, Self::Model, Self::Verdict, Self::Day];

    /// For people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Reader => "Reader",
            Self::Label => "Label",
            Self::Model => "Version",
            Self::Verdict => "State",
            Self::Day => "Day",
        }
    }
}

/// In the order of columns.
pub const VERDICTS: [Verdict; 5] = [Verdict::Accept, Verdict::Edit, Verdict::Reject, Verdict::Flag, Verdict::Defer];

/// What a thing is after a verdict.
#[must_use]
pub const fn state(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Accept => "accepted",
        Verdict::Edit => "edited",
        Verdict::Reject => "rejected",
        Verdict::Flag => "flagged",
        Verdict::Defer => "deferred",
    }
}

/// All decisions of a project, the last one last.
#[must_use]
pub fn told(contents: &Contents) -> Vec<Told> {
    let predictions: BTreeMap<Key, &Prediction> =
        contents.all::<Prediction>().map(|prediction| (prediction.id.into(), prediction)).collect();
    let mut all: Vec<Told> = contents.all::<Decision>().map(|decision| one(contents, &predictions, decision)).collect();
    all.sort_by(|a, b| a.day.cmp(&b.day));
    all
}

fn one(contents: &Contents, predictions: &BTreeMap<Key, &Prediction>, decision: &Decision) -> Told {
    let prediction = predictions.get(&decision.target);
    let target = prediction.map_or(decision.target, |prediction| prediction.target);
    let image = match target.kind {
        Kind::Image => Some(ImageId(target.id)),
        _ => contents.entity(target).and_then(crate::Entity::image),
    };
    let (label, comment) = label_of(decision);
    let why: Vec<&str> = decision.reasons.iter().map(String::as_str).chain(comment).collect();
    Told {
        decision: decision.id,
        verdict: decision.verdict,
        reader: reader(contents, decision.reviewer),
        label: label.unwrap_or_default().to_owned(),
        about: match (prediction, decision.target.kind) {
            (Some(prediction), _) => prediction.model.name.clone(),
            (None, Kind::Shape) => "Place".into(),
            _ => source_of(contents, decision.target),
        },
        day: day(contents, decision.id.into()),
        image,
        why: why.join(", "),
        row: prediction.and_then(|prediction| prediction.answer.clone()),
    }
}

fn reader(contents: &Contents, rater: RaterId) -> String {
    contents.get::<Rater>(rater).map_or_else(String::new, |rater| rater.pseudonym.clone())
}

/// When a thing was changed last.
fn day(contents: &Contents, key: Key) -> String {
    let at = contents.origin(key).map(|origin| origin.modified.at.to_string());
    at.and_then(|at| at.get(..10).map(str::to_owned)).unwrap_or_default()
}

/// How often each verdict was given, by one of the fields.
#[must_use]
pub fn counted(all: &[Told], by: By) -> BTreeMap<String, [usize; VERDICTS.len()]> {
    let mut counts: BTreeMap<String, [usize; VERDICTS.len()]> = BTreeMap::new();
    for told in all {
        let key = match by {
            By::Reader => told.reader.clone(),
            By::Label if told.label.is_empty() => "All labels".to_owned(),
            By::Label => told.label.clone(),
            By::Model => told.about.clone(),
            By::Verdict => state(told.verdict).to_owned(),
            By::Day => told.day.clone(),
        };
        let column = VERDICTS.iter().position(|verdict| *verdict == told.verdict).unwrap_or_default();
        counts.entry(key).or_default()[column] += 1;
    }
    counts
}

/// How far readers agreed on a day: pairs of readers who spoke of the same thing, and those who said the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreed {
    pub day: String,
    pub pairs: usize,
    pub same: usize,
}

/// Decisions, preferences and scores. A pair counts on the day of the later of the two.
#[must_use]
pub fn agreed(contents: &Contents) -> Vec<Agreed> {
    let mut things: BTreeMap<String, Vec<Voice>> = BTreeMap::new();
    for decision in contents.all::<Decision>() {
        let thing = format!("{} {}", decision.target, label_of(decision).0.unwrap_or_default());
        let said = state(decision.verdict).to_owned();
        let voice = Voice { rater: decision.reviewer, said, day: day(contents, decision.id.into()) };
        things.entry(thing).or_default().push(voice);
    }
    let assignments: BTreeMap<_, &Assignment> = contents.all::<Assignment>().map(|one| (one.id, one)).collect();
    for judgement in contents.all::<Judgement>() {
        let Some(assignment) = assignments.get(&judgement.assignment) else { continue };
        for (thing, said) in said_of(assignment, judgement) {
            let voice = Voice { rater: assignment.rater, said, day: day(contents, judgement.id.into()) };
            things.entry(thing).or_default().push(voice);
        }
    }
    let mut days: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for voices in things.values() {
        for (n, one) in voices.iter().enumerate() {
            for other in voices[n + 1..].iter().filter(|other| other.rater != one.rater) {
                let (pairs, same) = days.entry(one.day.clone().max(other.day.clone())).or_default();
                *pairs += 1;
                *same += usize::from(one.said == other.said);
            }
        }
    }
    days.into_iter().map(|(day, (pairs, same))| Agreed { day, pairs, same }).collect()
}

struct Voice {
    rater: RaterId,
    said: String,
    day: String,
}

/// What a judgement says of what, whichever way round a pair was shown.
fn said_of(assignment: &Assignment, judgement: &Judgement) -> Vec<(String, String)> {
    match &judgement.payload {
        Payload::Preference { a, b, winner, criterion, .. } => {
            let (low, high) = if a <= b { (a, b) } else { (b, a) };
            let said = match winner {
                Winner::A => a.to_string(),
                Winner::B => b.to_string(),
                Winner::Tie => "equal".to_owned(),
            };
            vec![(format!("{criterion} {low} {high}"), said)]
        }
        Payload::Quality { scores, .. } => {
            let score = |(name, score): (&String, &f64)| (format!("{name} {}", assignment.item), score.to_string());
            scores.iter().map(score).collect()
        }
        Payload::Rubric { criterion, score, .. } => {
            vec![(format!("{criterion} {}", assignment.item), score.to_string())]
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Command;
    use crate::document::Document;
    use crate::image_entry::ImageEntry;
    use crate::records::RaterRole;
    use crate::review::decide;
    use limner_imaging::{Geometry, Samples, Volume, World};

    fn rater(name: &str) -> Rater {
        Rater { consent: true, ..Rater::new(name, RaterRole::Reader) }
    }

    #[test]
    fn decisions_are_counted_by_any_field_and_readers_agree_where_they_say_the_same_of_the_same() {
        let geometry = Geometry::axis_aligned([2, 2, 1], World::default(), [1.0; 3]).unwrap();
        let volume = Volume::new(geometry, Samples::U8(vec![0; 4]), 1).unwrap();
        let image = ImageEntry::of_volume(&volume, "a.png", "a");
        let (one, two) = (rater("one"), rater("two"));
        let mut document = Document::new("lead");
        let mut commands = vec![Command::AddImage { image: image.clone() }];
        commands.extend([&one, &two].map(|rater| Command::put(rater.clone())));
        let net = decide::prediction(document.contents(), image.id, "net", None, &mut commands);
        document.apply("Start", commands).unwrap();
        let mut say = |reader: &Rater, label: Option<&str>, verdict, why: &str| {
            let comment = label.map(|label| decide::about_label(label, why));
            let reasons = vec!["Leaks".to_owned()];
            let put = decide::decision(document.contents(), net.into(), reader.id, verdict, reasons, comment);
            document.apply("Decide", vec![put]).unwrap();
        };
        say(&one, Some("Liver"), Verdict::Accept, "");
        say(&two, Some("Liver"), Verdict::Accept, "good: enough");
        let all = told(document.contents());
        assert_eq!((all.len(), all[1].label.as_str(), all[1].about.as_str()), (2, "Liver", "net"));
        assert_eq!((all[1].why.as_str(), all[0].image), ("Leaks, good: enough", Some(image.id)));
        let today = all[0].day.clone();
        assert_eq!(today.len(), 10);
        let counts = counted(&all, By::Label);
        assert_eq!(counts.get("Liver"), Some(&[2, 0, 0, 0, 0]));
        assert_eq!(counted(&all, By::Reader).len(), 2);
        assert_eq!(counted(&all, By::Day).keys().collect::<Vec<_>>(), [&today]);
        assert_eq!(agreed(document.contents()), [Agreed { day: today.clone(), pairs: 1, same: 1 }]);
        // One of them changes their mind; the other label of the same version is another thing.
        let put = decide::decision(
            document.contents(),
            net.into(),
            two.id,
            Verdict::Reject,
            vec!["Missed".into()],
            Some(decide::about_label("Liver", "")),
        );
        document.apply("Decide", vec![put]).unwrap();
        assert_eq!(agreed(document.contents()), [Agreed { day: today, pairs: 1, same: 0 }]);
        assert_eq!(counted(&told(document.contents()), By::Verdict).get("rejected"), Some(&[0, 0, 1, 0, 0]));
    }
}
