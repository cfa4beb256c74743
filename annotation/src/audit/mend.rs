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
