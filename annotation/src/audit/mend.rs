//! What can be done about a finding without knowing more than the project does. Everything else is for people; the remedy
//! says what.
//!
//! What must hold: an answer is never changed. Choices change their places; questions go back to review or are rejected.

use crate::audit::findings::{Doubt, Finding};
use crate::audit::random::Random;
use crate::audit::report::Report;
use crate::command::Command;
use crate::contents::Contents;
use crate::question::{AnswerType, Choice, ChoiceKind, Question, QuestionId, Status};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Of all questions at most this share goes back to review at once.
const MOST: f64 = 0.1;

/// What the button says; `None` where a person must mend it.
#[must_use]
pub const fn title(doubt: Doubt) -> Option<&'static str> {
    match doubt {
        Doubt::OptionPosition => Some("Shuffle the choices"),
        Doubt::YesNoBalance => Some("Send the surplus back to review"),
        Doubt::TextAlone => Some("Send the most biased back to review"),
        Doubt::NearDuplicate => Some("Reject the copies"),
        Doubt::AnswerInStem | Doubt::OptionLength | Doubt::HiddenInPrompt | Doubt::Identifier => {
            Some("Send them back to review")
        }
        Doubt::NumberRank | Doubt::AnswerInFileName | Doubt::SubjectAcrossSplits => None,
    }
}

/// The commands that mend a finding; none where nothing can be done.
#[must_use]
pub fn commands(contents: &Contents, finding: &Finding, report: &Report) -> Vec<Command> {
    let changed = match finding.doubt {
        Doubt::OptionPosition => shuffled(contents, report.plan.seed),
        Doubt::YesNoBalance => to_review(contents, &surplus(contents, report)),
        Doubt::TextAlone => to_review(contents, &most_biased(report)),
        Doubt::NearDuplicate => with_status(contents, &ids(&finding.questions), Status::Rejected),
        _ if title(finding.doubt).is_some() => to_review(contents, &ids(&finding.questions)),
        _ => Vec::new(),
    };
    changed.into_iter().map(Command::put).collect()
}

fn ids(texts: &[String]) -> Vec<QuestionId> {
    texts.iter().filter_map(|text| text.parse::<Uuid>().ok()).map(QuestionId).collect()
}

fn to_review(contents: &Contents, ids: &[QuestionId]) -> Vec<Question> {
    with_status(contents, ids, Status::Proposed)
}

fn with_status(contents: &Contents, ids: &[QuestionId], status: Status) -> Vec<Question> {
    let questions = ids.iter().filter_map(|id| contents.get::<Question>(*id));
    let counted = questions.filter(|question| question.status == Status::Accepted);
    counted.map(|question| Question { status, ..question.clone() }).collect()
}

/// Every accepted single choice with its choices in an order drawn by seed; abstentions stay at the end.
fn shuffled(contents: &Contents, seed: u64) -> Vec<Question> {
    let fits = |question: &&Question| {
        question.status == Status::Accepted && matches!(question.answer_type, AnswerType::Single | AnswerType::Multi)
    };
    let shuffle = |question: &Question| {
        let last = |choice: &Choice| matches!(choice.kind, ChoiceKind::DontKnow | ChoiceKind::None);
        let (end, mut own): (Vec<Choice>, Vec<Choice>) = question.choices.iter().cloned().partition(last);
        Random::of_text(seed, &question.id.to_string()).shuffle(&mut own);
        own.extend(end);
        Question { choices: own, ..question.clone() }
    };
    let shuffled = contents.all::<Question>().filter(fits).map(|question| (question, shuffle(question)));
    shuffled.filter(|(before, after)| before.choices != after.choices).map(|(_, after)| after).collect()
}

/// By their bias score, the highest first.
fn scored(report: &Report) -> Vec<(QuestionId, f64)> {
    let scores = report.scores.iter();
    let mut scored: Vec<_> =
        scores.filter_map(|score| Some((QuestionId(score.question.parse().ok()?), score.bias_score))).collect();
    scored.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    scored
}

fn most_biased(report: &Report) -> Vec<QuestionId> {
    let most = ((report.questions as f64 * MOST).ceil() as usize).max(1);
    scored(report).into_iter().take(most).map(|(id, _)| id).collect()
}

/// What makes one of yes and no the commoner answer; the most biased first.
fn surplus(contents: &Contents, report: &Report) -> Vec<QuestionId> {
    let scores: BTreeMap<QuestionId, f64> = scored(report).into_iter().collect();
    let mut sides: [Vec<QuestionId>; 2] = Default::default();
    for question in contents.all::<Question>() {
        if question.status != Status::Accepted || question.answer_type != AnswerType::YesNo {
            continue;
        }
        let Some(right) = question.answer.keys.first() else { continue };
        let text = question.choice(right).map_or(right.as_str(), |choice| choice.text.as_str());
        sides[usize::from(text.trim().to_lowercase().starts_with("yes"))].push(question.id);
    }
    let [no, yes] = sides;
    let (mut more, fewer) = if yes.len() > no.len() { (yes, no.len()) } else { (no, yes.len()) };
    more.sort_by(|a, b| {
        let score = |id| scores.get(id).copied().unwrap_or_default();
        score(b).total_cmp(&score(a)).then_with(|| a.cmp(b))
    });
    more.truncate(more.len() - fewer);
    more
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Plan, run_items};
    use crate::document::Document;
    use crate::image_entry::ImageEntry;
    use crate::question::{Frame, ImageSet};
    use limner_imaging::{Geometry, Samples, Task, Volume, World};

    /// Accepted questions on one picture: `yes` of them are right with yes, three with no.
    fn asked(yes: usize) -> Document {
        let geometry = Geometry::axis_aligned([4, 4, 1], World::new(0.0, 0.0, 0.0), [1.0; 3]).unwrap();
        let volume = Volume::new(geometry, Samples::U8(vec![0; 16]), 1).unwrap();
        let image = ImageEntry::of_volume(&volume, "a.png", "a");
        let set = ImageSet::single(Frame::whole(image.id));
        let mut commands = vec![Command::AddImage { image }, Command::put(set.clone())];
        for n in 0..yes + 3 {
            let mut question = Question::new(set.id, AnswerType::Open, format!("Is finding {n} seen?"));
            question = question.retyped(AnswerType::YesNo, 1);
            question.mark_choice(usize::from(n >= yes));
            question.status = Status::Accepted;
            commands.push(Command::put(question));
        }
        let mut document = Document::new("reader");
        document.apply("Ask", commands).unwrap();
        document
    }

    fn mended(document: &mut Document, doubt: Doubt, questions: Vec<String>) -> Vec<Question> {
        let report = run_items(&[], Plan::default(), None, &Task::default()).unwrap();
        let finding = Finding::new(doubt, "", questions, None);
        let commands = commands(document.contents(), &finding, &report);
        document.apply("Mend", commands).unwrap();
        document.all::<Question>().cloned().collect()
    }

    #[test]
    fn the_surplus_of_one_answer_goes_back_to_review() {
        let mut document = asked(8);
        let after = mended(&mut document, Doubt::YesNoBalance, Vec::new());
        let left = |key: &str| after.iter().filter(|q| q.status == Status::Accepted && q.answer.keys == [key]).count();
        assert_eq!((left("yes"), left("no")), (3, 3));
        document.undo().unwrap();
        assert!(document.all::<Question>().all(|question| question.status == Status::Accepted));
    }

    #[test]
    fn copies_are_rejected_and_what_people_must_mend_is_left() {
        let mut document = asked(2);
        let copy = document.all::<Question>().nth(1).unwrap().id;
        let after = mended(&mut document, Doubt::NearDuplicate, vec![copy.to_string(), "no id".into()]);
        assert_eq!(after.iter().filter(|question| question.status == Status::Rejected).count(), 1);
        let untouched = mended(&mut document, Doubt::SubjectAcrossSplits, vec![copy.to_string()]);
        assert_eq!(untouched, after);
        assert!(title(Doubt::SubjectAcrossSplits).is_none() && title(Doubt::OptionPosition).is_some());
    }

    #[test]
    fn shuffling_moves_choices_and_never_the_answer() {
        let mut document = asked(0);
        let set = document.all::<ImageSet>().next().unwrap().id;
        let mut question = Question::new(set, AnswerType::Single, "Which?");
        // The order follows from the id: one in 120 keeps it as it was.
        question.id = QuestionId(uuid::Uuid::from_u128(7));
        for text in ["a", "b", "c", "d", "e"] {
            question.add_choice(text, ChoiceKind::Normal);
        }
        question.toggle_abstention(ChoiceKind::DontKnow);
        question.mark_choice(0);
        question.status = Status::Accepted;
        document.apply("Ask", vec![Command::put(question.clone())]).unwrap();
        let after = mended(&mut document, Doubt::OptionPosition, Vec::new());
        let shuffled = after.into_iter().find(|other| other.id == question.id).unwrap();
        assert_ne!(shuffled.choices, question.choices);
        assert_eq!((shuffled.correct_texts(), shuffled.choices[5].kind), (vec!["a"], ChoiceKind::DontKnow));
    }
}
