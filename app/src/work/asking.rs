//! What the hand is in the middle of while it writes questions: which is shown, what is being typed, what the next click
//! on a view is for. None of it is the document's until it is put.

use limner_annotation::audit::Report;
use limner_annotation::question::generate::Plan;
use limner_annotation::question::{Book, DialogueId, Evidence, ImageSet, Question, QuestionId, Status};
use limner_annotation::{Contents, Document, Entity, ImageId, Key, Record, Revision};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a hand rests before what it typed becomes a step: no more than this is lost with the program.
const REST: Duration = Duration::from_millis(1200);

#[derive(Default)]
pub struct Asking {
    pub page: Page,
    pub question: Option<QuestionId>,
    pub talk: Option<DialogueId>,
    pub pointing: Option<Slot>,
    /// The last click found nothing to point at.
    pub missed: bool,
    /// The evidence that is marked on the views.
    pub marked: Option<Evidence>,
    /// Where it is to be seen once its picture is in memory.
    pub jump: Option<Evidence>,
    /// The field that wants the keyboard.
    pub wants: Option<Part>,
    pub all_cases: bool,
    /// The questions of the case, in the order of making; of the page, where that is the review.
    pub list: Vec<QuestionId>,
    pub talks: Vec<DialogueId>,
    /// In the whole project: those that wait for review, and those that count.
    pub waiting: usize,
    pub accepted: usize,
    listed: Option<(Revision, BTreeSet<ImageId>, bool, Page)>,
    typing: Option<Typing>,
    pub plan: Plan,
    /// Made and not yet kept.
    pub made: Option<Book>,
    pub audit: Option<Arc<Report>>,
    /// The revision that the audit is of.
    pub audited: Option<Revision>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Page {
    #[default]
    Write,
    Review,
    Make,
    Audit,
}

impl Page {
    pub const ALL: [Self; 4] = [Self::Write, Self::Review, Self::Make, Self::Audit];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Write => "Write",
            Self::Review => "Review",
            Self::Make => "Generate",
            Self::Audit => "Audit",
        }
    }
}

/// What the next click on a view is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// One more place that bears the answer out.
    Grounding,
    /// The region that is the answer.
    Answer,
    /// The region that a choice is.
    Choice(usize),
    Step(usize),
    /// A part of the answer's text, counted in characters.
    Phrase([usize; 2]),
    Turn(usize),
    /// The number that the answer is, measured there.
    Number,
    /// Known to the author only.
    Hidden,
}

impl Slot {
    pub const fn prompt(self) -> &'static str {
        match self {
            Self::Grounding => "Click what bears the answer out",
            Self::Answer => "Click or draw the region that is the answer",
            Self::Choice(_) => "Click the region that this choice is",
            Self::Step(_) => "Click what this step looks at",
            Self::Phrase(_) => "Click what the marked words mean",
            Self::Turn(_) => "Click what this turn is about",
            Self::Number => "Click a measurement or a segment to take its number",
            Self::Hidden => "Click what readers must not be told of",
        }
    }
}

/// A field of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    Stem,
    Answer,
    Number(usize),
    Unit(usize),
    Definition(usize),
    Choice(usize),
    Evidence(usize),
    AnswerName(usize),
    Step(usize),
    StepEvidence(usize, usize),
    Reason,
    Report,
    Caption(usize),
    View(usize),
    Title,
    Facet(usize),
    Path(usize),
    Turn(usize),
    TurnEvidence(usize, usize),
    Rejected(usize),
    StageName,
    StagePath,
    Template(usize),
}

struct Typing {
    entity: Entity,
    step: &'static str,
    since: Instant,
}

impl Asking {
    /// An entity as the hand has it now.
    pub fn live<'a, T: Record>(&'a self, document: &'a Contents, id: T::Id) -> Option<&'a T> {
        let key: Key = id.into();
        let typed = self.typing.as_ref().filter(|typing| typing.entity.key() == key);
        typed.and_then(|typing| T::of(&typing.entity)).or_else(|| document.get::<T>(id))
    }

    /// The question that is shown, as the hand has it.
    pub fn shown<'a>(&'a self, document: &'a Contents) -> Option<&'a Question> {
        self.live(document, self.question?)
    }

    /// Whether none of the pictures of a set was in view when the questions were listed last.
    pub fn is_elsewhere(&self, set: &ImageSet) -> bool {
        let seen = self.listed.as_ref().map(|(_, seen, ..)| seen).filter(|seen| !seen.is_empty());
        seen.is_some_and(|seen| !set.items.is_empty() && set.items.iter().all(|item| !seen.contains(&item.frame.image)))
    }

    pub fn type_into(&mut self, entity: Entity, step: &'static str) {
        self.typing = Some(Typing { entity, step, since: Instant::now() });
    }

    /// Whether what is being typed belongs to something else.
    pub fn types_another(&self, key: Key) -> bool {
        self.typing.as_ref().is_some_and(|typing| typing.entity.key() != key)
    }

    pub fn is_typing(&self) -> bool {
        self.typing.is_some()
    }

    /// Whether the hand has rested long enough.
    pub fn has_rested(&self) -> bool {
        self.typing.as_ref().is_some_and(|typing| typing.since.elapsed() >= REST)
    }

    /// What was typed, to be put.
    pub fn take_typed(&mut self) -> Option<(Entity, &'static str)> {
        self.typing.take().map(|typing| (typing.entity, typing.step))
    }

    /// Lists the questions anew where anything has changed. `seen` are the pictures in view.
    pub fn follow(&mut self, document: &Document, seen: BTreeSet<ImageId>) {
        let now = (document.revision(), seen, self.all_cases, self.page);
        if self.listed.as_ref() == Some(&now) {
            return;
        }
        let counted = |status| document.all::<Question>().filter(|question| question.status == status).count();
        (self.waiting, self.accepted) = (counted(Status::Proposed), counted(Status::Accepted));
        let seen = &now.1;
        let here = |set: Option<&ImageSet>| {
            self.all_cases || set.is_some_and(|set| set.items.iter().any(|item| seen.contains(&item.frame.image)))
        };
        let wanted = |question: &&Question| match self.page {
            Page::Review => question.status == Status::Proposed,
            _ => question.status != Status::Proposed && question.status != Status::Rejected,
        };
        let of_case = |question: &&Question| here(document.get(question.image_set));
        self.list = document.all::<Question>().filter(wanted).filter(of_case).map(|question| question.id).collect();
        let talks = document.all::<limner_annotation::question::Dialogue>();
        self.talks = talks.filter(|talk| here(document.get(talk.image_set))).map(|talk| talk.id).collect();
        // What an undo took away is shown no longer; in the review the next one comes up by itself.
        let stays = |id: QuestionId| {
            let there = document.get::<Question>(id).is_some();
            there && (self.page != Page::Review || self.list.contains(&id))
        };
        self.question = self.question.filter(|id| stays(*id));
        if self.page == Page::Review && self.question.is_none() {
            self.question = self.list.first().copied();
        }
        self.talk = self.talk.filter(|id| document.get::<limner_annotation::question::Dialogue>(*id).is_some());
        if self.question.is_none() {
            self.pointing = self.pointing.filter(|slot| self.talk.is_some() && matches!(slot, Slot::Turn(_)));
        }
        self.listed = Some(now);
    }

    /// The next click on a view is for this.
    pub const fn wait_for(&mut self, slot: Slot) {
        (self.pointing, self.missed) = (Some(slot), false);
    }

    /// The question after or before the one shown; the first where none is shown.
    pub fn neighbour(&self, by: isize) -> Option<QuestionId> {
        let now = self.question.and_then(|id| self.list.iter().position(|other| *other == id));
        match now {
            Some(now) => now.checked_add_signed(by).and_then(|n| self.list.get(n)).copied(),
            None => self.list.first().copied(),
        }
    }
}
