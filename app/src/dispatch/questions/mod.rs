//! Requests about questions: each change is one command and one step. What is being typed is put before anything else
//! happens.

mod act;
pub mod evidence;
mod making;
mod mend;
mod pictures;

use crate::action::{Action, Ask};
use crate::app::App;
use crate::outbox::AskAct;
use crate::panels::export::Wish;
use crate::work::asking::Page;
use limner_annotation::question::{
    AnswerType, Dialogue, ImageSet, ImageSetId, Origin, Question, QuestionId, Speaker, Status, Template, TemplateId,
    Turn, children,
};
use limner_annotation::{Command, Entity, Key, StepInfo};

impl App {
    pub(super) fn ask(&mut self, act: AskAct) {
        if !matches!(act, AskAct::Typing(..) | AskAct::Focused) {
            self.commit_typing();
        }
        let asking = &mut self.work.asking;
        match act {
            AskAct::Page(page) => self.turn_to(page),
            AskAct::Show(id) => self.go_to_question(id),
            AskAct::ShowTalk(id) => (asking.talk, asking.question, asking.pointing) = (Some(id), None, None),
            AskAct::AllCases(all) => asking.all_cases = all,
            AskAct::Put(entity, step) => self.put_entity(*entity, step),
            AskAct::Typing(entity, step) => {
                if asking.types_another(entity.key()) {
                    self.commit_typing();
                }
                self.work.asking.type_into(*entity, step);
            }
            AskAct::Focus(part) => asking.wants = Some(part),
            AskAct::Focused => asking.wants = None,
            AskAct::Point(slot) => asking.wait_for(slot),
            AskAct::StopPointing => asking.pointing = None,
            AskAct::JumpTo(evidence, set) => self.jump_to_evidence(evidence, set),
            AskAct::BeginWith(template) => self.begin_question(Some(template)),
            AskAct::SaveTemplate(id) => self.save_template(id),
            AskAct::RemoveTemplate(id) => self.remove_entity(id.into(), "Remove template"),
            AskAct::Remove(id) => self.remove_question(id),
            AskAct::RemoveTalk(id) => self.remove_entity(id.into(), "Delete dialogue"),
            AskAct::Pictures(items) => self.put_pictures(items),
            AskAct::VisualPrompt(place, mark) => self.put_visual_prompt(place, mark),
            AskAct::Plan(plan) => asking.plan = plan,
            AskAct::Make => self.make_questions(),
            AskAct::KeepMade => self.keep_made(),
            AskAct::DropMade => asking.made = None,
            AskAct::Pair(pair) => asking.plan.pairs = vec![pair],
            AskAct::Audit => self.audit_questions(),
            AskAct::Mend(finding) => self.mend_finding(finding),
            AskAct::WriteAudit(folder) => self.write_audit(&folder),
            AskAct::Export(format) => self.pick_export(Wish::new(format)),
        }
    }

    fn turn_to(&mut self, page: Page) {
        self.work.asking.page = page;
        self.work.asking.pointing = None;
        if !self.settings.look.questions {
            self.change_look(|look| look.questions = true);
        }
        self.follow_questions();
    }

    fn show_question(&mut self, id: QuestionId) {
        let asking = &mut self.work.asking;
        (asking.question, asking.talk, asking.pointing, asking.marked) = (Some(id), None, None, None);
    }

    /// Once a frame: lists anew what has changed, and puts what was typed when the hand rests.
    pub(crate) fn follow_questions(&mut self) {
        if self.work.asking.has_rested() {
            self.commit_typing();
        } else if self.work.asking.is_typing() {
            self.ctx.request_repaint_after(std::time::Duration::from_millis(200));
        }
        let Some(project) = &self.workspace.project else { return };
        let seen = self.workspace.stage.images().into_iter().collect();
        self.work.asking.follow(project.document(), seen);
        self.finish_jump();
    }

    /// What was typed becomes a step.
    pub(crate) fn commit_typing(&mut self) {
        if let Some((entity, step)) = self.work.asking.take_typed() {
            self.put_entity(entity, step);
        }
    }

    fn put_entity(&mut self, entity: Entity, step: &str) {
        let entity = match entity {
            Entity::Question(question) => Entity::from(self.settled(*question, false)),
            other => other,
        };
        if self.document().is_none_or(|document| document.entity(entity.key()) == Some(&entity)) {
            return;
        }
        let question = if let Entity::Question(question) = &entity { Some(question.id) } else { None };
        let commands = vec![Command::put(entity)];
        match question {
            Some(id) => self.put_changed(id, step, commands),
            None => self.put_all(step, commands),
        };
    }

    /// Puts a question that was changed by hand with all that comes along, and says so where it counts no longer.
    fn put_changed(&mut self, id: QuestionId, step: &str, commands: Vec<Command>) -> bool {
        let status = |app: &Self| Some(app.document()?.get::<Question>(id)?.status);
        let counted = status(&*self) == Some(Status::Accepted);
        let done = self.put_all(step, commands);
        let now = match status(&*self).filter(|_| done && counted) {
            Some(Status::Draft) => "it is a draft again",
            Some(Status::Proposed) => "it waits for review again",
            Some(Status::Accepted | Status::Rejected) | None => return done,
        };
        let keys = self.keys_of(Action::Ask(Ask::Accept));
        self.notices.done(format!("An accepted question was changed: {now}. {keys} accepts it as it is now"));
        done
    }

    fn put_all(&mut self, step: &str, commands: Vec<Command>) -> bool {
        let step_info = StepInfo::named(step).with_tool("questions");
        self.change(step, |document| document.apply_step(step_info, commands).map(|_| ())).is_some()
    }

    /// A change by hand: the machine's words are kept beside it, an acceptance was of what it said before, and what is no
    /// longer complete is a draft again. On other pictures it is another question, whatever its words.
    fn settled(&self, mut question: Question, other_pictures: bool) -> Question {
        let Some(document) = self.document() else { return question };
        if let Some(former) = document.get::<Question>(question.id) {
            // A form that was drawn before the draft was kept knows nothing of it, nor of what was decided meanwhile.
            question.status = former.status;
            question.draft = question.draft.or_else(|| former.draft.clone());
            let texts = |q: &Question| {
                let choices: Vec<_> = q.choices.iter().map(|choice| choice.text.clone()).collect();
                (q.stem.clone(), choices, q.answer.clone())
            };
            if question.draft.is_none() && texts(former) != texts(&question) {
                let mut machine = former.clone();
                match &former.origin {
                    Origin::Generated { generator, .. } => machine.keep_draft(generator),
                    Origin::Model { name, .. } => machine.keep_draft(name),
                    Origin::Human | Origin::Imported { .. } => {}
                }
                question.draft = machine.draft;
            }
            if other_pictures || !asks_the_same(former, &question) {
                question.status = status_after_change(&question);
            }
        }
        if question.status == Status::Accepted && !question.missing(document.contents()).is_empty() {
            question.status = Status::Draft;
        }
        question
    }

    /// The question shown, changed by one step.
    fn edit_question(&mut self, step: &str, edit: impl FnOnce(&mut Question)) {
        self.commit_typing();
        let shown = self.work.asking.question;
        let Some(mut question) = shown.and_then(|id| self.document()?.get::<Question>(id)).cloned() else { return };
        edit(&mut question);
        self.put_entity(question.into(), step);
    }

    fn begin_question(&mut self, template: Option<TemplateId>) {
        let Some(document) = self.document() else { return };
        let Some(template) = template.and_then(|id| document.get::<Template>(id)).cloned() else {
            return self.begin_asking(None, AnswerType::YesNo, "New question", |_| {});
        };
        let organ = self.label.and_then(|id| document.label(id)).map(|label| label.name.clone());
        let filled = |text: &str| plain(text, organ.as_deref());
        let (stem, answer, reason) = (filled(&template.stem), filled(&template.answer), filled(&template.reason));
        self.begin_asking(None, template.answer_type, "New question from template", |question| {
            (question.stem, question.answer.text, question.reason) = (stem, answer, reason);
            question.facets.language = template.language.clone();
            if question.choices.is_empty() {
                for text in &template.choices {
                    question.add_choice(text, limner_annotation::question::ChoiceKind::Normal);
                }
            }
        });
    }

    /// A new question about the pictures of the one shown, where they are in view, else about the picture in view.
    fn begin_asking(&mut self, set: Option<ImageSet>, kind: AnswerType, step: &str, dress: impl FnOnce(&mut Question)) {
        let (set, commands) = match set.map_or_else(|| self.set_in_view(), |set| Some((set, true))) {
            Some((set, true)) => (set.clone(), vec![Command::put(set)]),
            Some((set, false)) => (set, Vec::new()),
            None => return,
        };
        let Some(document) = self.document() else { return };
        let modality = set.items.first().and_then(|item| document.image(item.frame.image)?.modality.clone());
        let mut question = Question::new(set.id, AnswerType::Open, String::new()).retyped(kind, set.items.len());
        question.facets.modality = modality.into_iter().collect();
        dress(&mut question);
        let id = question.id;
        let commands = commands.into_iter().chain([Command::put(question)]).collect();
        if self.put_all(step, commands) {
            self.work.asking.page = Page::Write;
            self.show_question(id);
            self.work.asking.wants = Some(crate::work::asking::Part::Stem);
            self.open_questions();
        }
    }

    fn open_questions(&mut self) {
        if !self.settings.look.questions {
            self.change_look(|look| look.questions = true);
        }
        self.follow_questions();
    }

    fn begin_dialogue(&mut self) {
        let Some((set, is_new)) = self.set_in_view() else { return };
        let turns = vec![Turn::new(Speaker::Human, ""), Turn::new(Speaker::Assistant, "")];
        let id = limner_annotation::question::DialogueId::new();
        let talk = Dialogue { id, image_set: set.id, turns, external_ids: Default::default(), ext: Default::default() };
        let sets = is_new.then(|| Command::put(set));
        if self.put_all("New dialogue", sets.into_iter().chain([Command::put(talk)]).collect()) {
            self.work.asking.page = Page::Write;
            (self.work.asking.talk, self.work.asking.question) = (Some(id), None);
            self.work.asking.wants = Some(crate::work::asking::Part::Turn(0));
            self.open_questions();
        }
    }

    fn save_template(&mut self, id: QuestionId) {
        let Some(question) = self.document().and_then(|document| document.get::<Question>(id)) else { return };
        let escaped = |text: &str| text.replace('{', "{{").replace('}', "}}");
        let name: String = question.stem.chars().take(40).collect();
        let choices = question.choices.iter().map(|choice| choice.text.clone());
        let template = Template {
            id: TemplateId::new(),
            name: if name.trim().is_empty() { "Template".into() } else { name },
            generator: None,
            stem: escaped(&question.stem),
            answer: escaped(&question.answer.text),
            reason: escaped(&question.reason),
            answer_type: question.answer_type,
            choices: if question.answer_type == AnswerType::YesNo { Vec::new() } else { choices.collect() },
            language: if question.facets.language.is_empty() { "en".into() } else { question.facets.language.clone() },
        };
        if self.put_all("Save template", vec![Command::put(template)]) {
            self.notices.done("Saved as a template of this project");
        }
    }

    fn remove_entity(&mut self, key: Key, step: &str) {
        self.put_all(step, vec![Command::Remove { key }]);
    }

    /// With its stages, and with pictures that nothing else asks about.
    fn remove_question(&mut self, id: QuestionId) {
        let Some(document) = self.document() else { return };
        let mut ids = vec![id];
        let mut next = 0;
        while next < ids.len() {
            let stages = children(document.contents(), ids[next]).map(|stage| stage.id);
            let new: Vec<_> = stages.filter(|stage| !ids.contains(stage)).collect();
            ids.extend(new);
            next += 1;
        }
        let sets: Vec<ImageSetId> =
            ids.iter().filter_map(|id| document.get::<Question>(*id)).map(|question| question.image_set).collect();
        let mut commands: Vec<Command> = ids.iter().rev().map(|id| Command::remove(*id)).collect();
        for set in sets.iter().collect::<std::collections::BTreeSet<_>>() {
            if !self.set_has_others(*set, &ids) {
                commands.push(Command::remove(*set));
            }
        }
        let next = self.work.asking.neighbour(1).or_else(|| self.work.asking.neighbour(-1));
        if self.put_all("Delete question", commands) {
            self.work.asking.question = next;
            self.work.asking.pointing = None;
        }
    }

    /// Whether anything else asks about these pictures.
    fn set_has_others(&self, set: ImageSetId, but: &[QuestionId]) -> bool {
        let Some(document) = self.document() else { return false };
        let uses = |question: &&Question| {
            let offered = question.choices.iter().any(|choice| choice.image_set == Some(set));
            !but.contains(&question.id) && (question.image_set == set || offered)
        };
        let talks = document.all::<Dialogue>().any(|talk| talk.image_set == set);
        talks || document.all::<Question>().any(|question| uses(&question))
    }
}

/// Whether what a reviewer accepted is the same in both. Where it stands in a taxonomy, its facets and what is hidden
/// from readers may change without it.
fn asks_the_same(one: &Question, other: &Question) -> bool {
    (one.image_set, one.answer_type, &one.stem) == (other.image_set, other.answer_type, &other.stem)
        && (&one.choices, &one.answer, &one.stage) == (&other.choices, &other.answer, &other.stage)
        && (&one.grounding, &one.reason, &one.rationale) == (&other.grounding, &other.reason, &other.rationale)
}

/// What was accepted and then changed is what it was before: machines make what waits for review, people make drafts.
fn status_after_change(question: &Question) -> Status {
    match (question.status, &question.origin) {
        (Status::Accepted, Origin::Generated { .. } | Origin::Model { .. }) => Status::Proposed,
        (Status::Accepted, Origin::Human | Origin::Imported { .. }) => Status::Draft,
        (status, _) => status,
    }
}

/// A template's text with the label in hand in its places; what is not known stays for the author to fill in.
fn plain(text: &str, organ: Option<&str>) -> String {
    let text = organ.map_or_else(|| text.to_owned(), |organ| text.replace("{organ}", organ).replace("{label}", organ));
    text.replace("{{", "{").replace("}}", "}")
}
