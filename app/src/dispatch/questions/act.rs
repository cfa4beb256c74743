//! The actions of writing questions, by key, menu or palette.

use crate::action::Ask;
use crate::app::App;
use crate::outbox::AskAct;
use crate::panels::export::Wish;
use crate::panels::questions::field_id;
use crate::work::asking::{Part, Slot};
use crate::work::guides::GUIDES;
use limner_annotation::question::{
    AnswerType, ChoiceKind, Dialogue, Follows, Placement, Question, RationaleStep, Speaker, Stage, Status, Turn,
};

impl App {
    pub(in crate::dispatch) fn act_on_questions(&mut self, ask: Ask) {
        if self.why_not(crate::action::Action::Ask(ask)).is_some() {
            return;
        }
        self.commit_typing();
        match ask {
            Ask::Panel => self.change_look(|look| look.questions = !look.questions),
            Ask::Page(page) => self.ask(AskAct::Page(page)),
            Ask::New => self.begin_question(None),
            Ask::NewStage => self.begin_stage(),
            Ask::NewDialogue => self.begin_dialogue(),
            Ask::Guide(n) => self.begin_guided(n),
            Ask::Next => self.step_to_question(1),
            Ask::Previous => self.step_to_question(-1),
            Ask::Delete => {
                if let Some(id) = self.work.asking.question {
                    self.remove_question(id);
                }
            }
            Ask::Accept => self.review(Status::Accepted, "Accept question"),
            Ask::Reject => self.review(Status::Rejected, "Reject question"),
            Ask::Reopen => self.review(Status::Draft, "Back to draft"),
            Ask::Make => self.make_questions(),
            Ask::KeepMade => self.keep_made(),
            Ask::Audit => self.audit_questions(),
            Ask::Export => self.pick_export(Wish::new("vqa:ms-swift")),
            Ask::AddPicture => self.add_picture_in_view(),
            Ask::AddTurn => self.add_turn(),
            Ask::PointAtEvidence => self.point_at_evidence(),
            Ask::EditQuestion => self.focus_said(Speaker::Human, Part::Stem),
            Ask::EditAnswer if self.work.asking.talk.is_some() => self.focus_said(Speaker::Assistant, Part::Answer),
            Ask::SaveTemplate => {
                if let Some(id) = self.work.asking.question {
                    self.ask(AskAct::SaveTemplate(id));
                }
            }
            _ => self.act_on_shown_question(ask),
        }
    }

    fn act_on_shown_question(&mut self, ask: Ask) {
        match ask {
            Ask::Duplicate => self.duplicate_question(),
            Ask::NextType => self.retype(1),
            Ask::PreviousType => self.retype(-1),
            Ask::Type(kind) => self.type_of_question(kind),
            Ask::EditAnswer => self.focus_answer(),
            Ask::Mark(n) => self.edit_question("Mark the right choice", |question| question.mark_choice(n)),
            Ask::AddChoice => {
                let mut place = 0;
                self.edit_question("Add choice", |question| {
                    let key = question.add_choice("", ChoiceKind::Normal);
                    place = question.choices.iter().position(|choice| choice.key == key).unwrap_or(0);
                });
                self.focus(Part::Choice(place));
            }
            Ask::AddDistractors => self.add_distractors(),
            Ask::DontKnow => {
                self.edit_question("Offer \"I don't know\"", |q| q.toggle_abstention(ChoiceKind::DontKnow));
            }
            Ask::NoneOfThese => {
                self.edit_question("Offer \"none of these\"", |q| q.toggle_abstention(ChoiceKind::None));
            }
            Ask::PointAtAnswer => self.work.asking.wait_for(Slot::Answer),
            Ask::Measure => self.work.asking.wait_for(Slot::Number),
            Ask::AddStep => {
                let mut place = 0;
                self.edit_question("Add reasoning step", |question| {
                    place = question.rationale.len();
                    question.rationale.push(RationaleStep::default());
                });
                self.focus(Part::Step(place));
            }
            Ask::PointForStep => {
                let steps = self.document().and_then(|d| self.work.asking.shown(d)).map_or(0, |q| q.rationale.len());
                if let Some(last) = steps.checked_sub(1) {
                    self.work.asking.wait_for(Slot::Step(last));
                }
            }
            _ => {}
        }
    }

    fn focus(&mut self, part: Part) {
        self.work.asking.wants = Some(part);
        self.open_questions();
    }

    fn focus_answer(&mut self) {
        let Some(question) = self.document().and_then(|d| self.work.asking.shown(d)) else { return };
        let part = match question.answer_type {
            // Its words are given: what is to be said is which of them is right.
            AnswerType::YesNo => return self.open_questions(),
            AnswerType::Numeric => Part::Number(0),
            kind if kind.has_choices() => Part::Choice(0),
            kind if kind.is_region() => Part::AnswerName(0),
            _ => Part::Answer,
        };
        self.focus(part);
    }

    fn step_to_question(&mut self, by: isize) {
        if let Some(id) = self.work.asking.neighbour(by) {
            self.go_to_question(id);
        }
    }

    fn retype(&mut self, by: isize) {
        let Some(question) = self.document().and_then(|d| self.work.asking.shown(d)) else { return };
        let now = AnswerType::ALL.iter().position(|kind| *kind == question.answer_type).unwrap_or(0);
        let next = (now as isize + by).rem_euclid(AnswerType::ALL.len() as isize) as usize;
        self.type_of_question(AnswerType::ALL[next]);
    }

    fn type_of_question(&mut self, kind: AnswerType) {
        let pictures = self.pictures_of_shown();
        self.edit_question("Change question type", |question| *question = question.retyped(kind, pictures));
        self.work.asking.pointing = None;
    }

    fn pictures_of_shown(&self) -> usize {
        let set = self.document().and_then(|document| {
            let question = self.work.asking.shown(document)?;
            document.get::<limner_annotation::question::ImageSet>(question.image_set)
        });
        set.map_or(0, |set| set.items.len())
    }

    fn duplicate_question(&mut self) {
        let copy = self.document().and_then(|d| self.work.asking.shown(d)).map(Question::copied);
        let Some(copy) = copy else { return };
        let id = copy.id;
        if self.put_all("Duplicate question", vec![limner_annotation::Command::put(copy)]) {
            self.show_question(id);
        }
    }

    /// Names of labels beside the one that is the right choice; of all where none is.
    fn add_distractors(&mut self) {
        let Some(document) = self.document() else { return };
        let right = self.work.asking.shown(document).map(|q| q.correct_texts().join(" ")).unwrap_or_default();
        let labels = document.labels();
        let own = labels.iter().find(|label| label.name.eq_ignore_ascii_case(right.trim()));
        let beside = labels.iter().filter(|label| own.is_none_or(|own| label.parent == own.parent));
        let siblings: Vec<String> = beside.map(|label| label.name.clone()).collect();
        let mut added = 0;
        self.edit_question("Add distractors", |question| added = question.add_distractors(&siblings));
        if added == 0 {
            let why = "Mark the right choice first; distractors are labels beside it, or numbers around it".into();
            self.notices.warning("No distractor was found", vec![why]);
        }
    }

    /// Decides on a question; in the review the next one comes up.
    fn review(&mut self, status: Status, step: &str) {
        let Some(document) = self.document() else { return };
        let Some(question) = self.work.asking.question.and_then(|id| document.get::<Question>(id)).cloned() else {
            return;
        };
        let missing = question.missing(document.contents());
        if status == Status::Accepted && !missing.is_empty() {
            let what = missing.into_iter().map(|missing| missing.text).collect();
            return self.notices.warning("The question is not complete", what);
        }
        let next = self.work.asking.neighbour(1).or_else(|| self.work.asking.neighbour(-1));
        let reviewing = self.work.asking.page == crate::work::asking::Page::Review;
        // No change of what it says: that would take the decision back.
        self.put_all(step, vec![limner_annotation::Command::put(Question { status, ..question })]);
        if reviewing || status == Status::Rejected {
            self.work.asking.question = next;
            self.work.asking.marked = None;
        }
    }

    /// A question that is asked after the one shown.
    fn begin_stage(&mut self) {
        let Some(document) = self.document() else { return };
        let Some(parent) = self.work.asking.shown(document).cloned() else { return };
        let path = parent.stage.as_ref().map(|stage| stage.path.clone()).unwrap_or_default();
        let place = parent.placement.clone();
        let follows = parent.stage.as_ref().map_or(Follows::Always, |_| Follows::Correct);
        let count = limner_annotation::question::children(document.contents(), parent.id).count() + 1;
        let stage = Stage { parent: Some(parent.id), path, stage: format!("stage{count}"), follows, review_of: None };
        let set = document.get(parent.image_set).cloned();
        self.begin_asking(set, AnswerType::Single, "New stage", |question| {
            (question.stage, question.placement) = (Some(stage), place);
            question.toggle_abstention(ChoiceKind::DontKnow);
        });
    }

    /// A question in the shape of a task, on the pictures in view in their order.
    fn begin_guided(&mut self, n: usize) {
        let Some(guide) = GUIDES.get(n) else { return };
        let Some(set) = self.set_for_guide(guide) else { return };
        let path: Vec<String> = guide.path.iter().map(|part| (*part).to_owned()).collect();
        self.begin_asking(Some(set), guide.answer_type, guide.title, |question| {
            question.stem = guide.stem.into();
            question.placement = Some(Placement { taxonomy: None, path });
            if question.choices.is_empty() {
                for text in guide.choices {
                    question.add_choice(text, ChoiceKind::Normal);
                }
            }
        });
        self.begin_stages(guide);
    }

    /// Each stage of a path follows the one before it.
    fn begin_stages(&mut self, guide: &crate::work::guides::Guide) {
        let shown = self.document().and_then(|d| self.work.asking.shown(d)).cloned();
        let Some(root) = shown.filter(|_| !guide.stages.is_empty()) else { return };
        let mut stages: Vec<Question> = Vec::new();
        for form in guide.stages {
            let before = stages.iter().rev().find(|q| q.stage.as_ref().is_some_and(|stage| stage.path == form.path));
            let parent = before.map_or(root.id, |question| question.id);
            let follows = if before.is_some() { Follows::Correct } else { Follows::Always };
            let mut question = Question::new(root.image_set, AnswerType::Open, form.stem).retyped(form.answer_type, 1);
            question.stage = Some(Stage {
                parent: Some(parent),
                path: form.path.into(),
                stage: form.stage.into(),
                follows,
                review_of: None,
            });
            question.placement.clone_from(&root.placement);
            form.choices.iter().for_each(|text| drop(question.add_choice(text, ChoiceKind::Normal)));
            if form.abstain {
                question.toggle_abstention(ChoiceKind::DontKnow);
                question.toggle_abstention(ChoiceKind::None);
            }
            stages.push(question);
        }
        self.put_all("Add stages", stages.into_iter().map(limner_annotation::Command::put).collect());
    }

    /// The field of the question shown; in a dialogue what a speaker said last.
    fn focus_said(&mut self, speaker: Speaker, part: Part) {
        let talk = self.work.asking.talk.and_then(|id| self.document()?.get::<Dialogue>(id));
        let last = talk.and_then(|talk| talk.turns.iter().rposition(|turn| turn.role == speaker));
        self.focus(last.map_or(part, Part::Turn));
    }

    /// For the question shown; in a dialogue for the turn that is being written, else for the last one.
    fn point_at_evidence(&mut self) {
        let talk = self.work.asking.talk.and_then(|id| self.document()?.get::<Dialogue>(id));
        let Some(talk) = talk else { return self.work.asking.wait_for(Slot::Grounding) };
        let focused = self.ctx.memory(eframe::egui::Memory::focused);
        let has_keyboard = |n: &usize| focused == Some(field_id(talk.id.0, Part::Turn(*n)));
        let turn = (0..talk.turns.len()).find(has_keyboard).or_else(|| talk.turns.len().checked_sub(1));
        if let Some(turn) = turn {
            self.work.asking.wait_for(Slot::Turn(turn));
        }
    }

    fn add_turn(&mut self) {
        let talk = self.work.asking.talk.and_then(|id| self.document()?.get::<Dialogue>(id));
        let Some(mut talk) = talk.cloned() else { return };
        let last = talk.turns.last().map(|turn| turn.role);
        let role = if last == Some(Speaker::Human) { Speaker::Assistant } else { Speaker::Human };
        talk.turns.push(Turn::new(role, ""));
        let place = talk.turns.len() - 1;
        self.put_entity(talk.into(), "Add turn");
        self.focus(Part::Turn(place));
    }
}
