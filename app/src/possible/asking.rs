//! What can be done about questions now.

use crate::action::Ask;
use crate::app::App;
use crate::work::asking::Page;
use limner_annotation::question::{AnswerType, ChoiceKind, Dialogue, Question, Status};

impl App {
    pub(super) fn why_not_ask(&self, ask: Ask) -> Option<&'static str> {
        let Some(project) = &self.workspace.project else { return Some("Open a picture or a project first") };
        let document = project.document();
        let asking = &self.work.asking;
        let shown = asking.shown(document);
        match ask {
            Ask::Panel | Ask::Page(_) => None,
            Ask::New | Ask::NewDialogue | Ask::Guide(_) => {
                self.workspace.open().is_none().then_some("Open a picture first")
            }
            Ask::Make => (document.labels().is_empty()).then_some("Paint or import a label first"),
            Ask::Audit => (asking.accepted == 0).then_some("Accept a question first"),
            Ask::Export => {
                let talks = document.all::<Dialogue>().next().is_some();
                (asking.accepted == 0 && !talks).then_some("Accept a question first, or write a dialogue")
            }
            Ask::KeepMade => asking.made.is_none().then_some("Make questions first"),
            Ask::Next | Ask::Previous => asking.list.is_empty().then_some("There is no question here"),
            Ask::PointAtEvidence | Ask::EditQuestion | Ask::EditAnswer if asking.talk.is_some() => None,
            Ask::AddTurn => asking.talk.is_none().then_some("Begin a dialogue first"),
            _ => match shown {
                None => Some("Choose a question first"),
                Some(question) => self.why_not_about(ask, question),
            },
        }
    }

    fn why_not_about(&self, ask: Ask, question: &Question) -> Option<&'static str> {
        let kind = question.answer_type;
        let of_choices = (!kind.has_choices()).then_some("This type of question has no choices");
        let own_choices = matches!(kind, AnswerType::Single | AnswerType::Multi | AnswerType::Ordering);
        match ask {
            Ask::Mark(n) if n >= question.choices.len() => Some("There is no such choice"),
            Ask::AddChoice | Ask::AddDistractors if !own_choices => Some("This type of question has its own choices"),
            Ask::Mark(_) | Ask::DontKnow | Ask::NoneOfThese => of_choices,
            Ask::PointAtAnswer => (!kind.is_region()).then_some("The answer of this type of question is no region"),
            Ask::Measure => (kind != AnswerType::Numeric).then_some("The answer of this type of question is no number"),
            Ask::PointForStep => question.rationale.is_empty().then_some("Add a reasoning step first"),
            Ask::AddPicture => self.workspace.open().is_none().then_some("Open a picture first"),
            Ask::Accept => (question.status == Status::Accepted).then_some("It is accepted"),
            Ask::Reject => (question.status == Status::Rejected).then_some("It is rejected"),
            Ask::Reopen => (question.status == Status::Draft).then_some("It is a draft"),
            _ => None,
        }
    }

    pub(super) fn is_asked(&self, ask: Ask) -> bool {
        let shown = self.workspace.project.as_ref().and_then(|project| self.work.asking.shown(project.document()));
        let offers = |kind| shown.is_some_and(|question| question.choices.iter().any(|choice| choice.kind == kind));
        match ask {
            Ask::Panel => self.settings.look.questions,
            Ask::Page(page) => self.settings.look.questions && self.work.asking.page == page,
            Ask::Type(kind) => shown.is_some_and(|question| question.answer_type == kind),
            Ask::DontKnow => offers(ChoiceKind::DontKnow),
            Ask::NoneOfThese => offers(ChoiceKind::None),
            Ask::PointAtEvidence => self.work.asking.pointing == Some(crate::work::asking::Slot::Grounding),
            Ask::PointAtAnswer => self.work.asking.pointing == Some(crate::work::asking::Slot::Answer),
            Ask::Measure => self.work.asking.pointing == Some(crate::work::asking::Slot::Number),
            _ => false,
        }
    }

    /// Whether the questions of a page are the ones that count for the audit.
    pub fn audit_is_stale(&self) -> bool {
        let revision = self.workspace.project.as_ref().map(|project| project.document().revision());
        self.work.asking.page == Page::Audit
            && self.work.asking.audited.is_some()
            && self.work.asking.audited != revision
    }
}
