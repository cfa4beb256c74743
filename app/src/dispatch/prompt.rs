//! Prompts: what was drawn becomes a question to the engines, their answer a proposal, an accepted proposal one step.

use super::tools::nothing;
use super::whole::Told;
use crate::action::Action;
use crate::app::App;
use crate::assist::{Answer, Awaited};
use crate::jobs::Apply;
use crate::panels::labels::amount;
use crate::work::Draft;
use limner_annotation::records::{Progress, SegmentState};
use limner_annotation::tools::prompt::{Ask, Place, place};
use limner_annotation::{Command, Document, ImageId, LabelId, PackedMask, PaintMode, StepInfo};
use limner_imaging::{Mask, VoxelBox};
use limner_segmentation::{Prompt, Shape};

/// The places a question can be in: a newer one replaces it.
const SLOT: &str = "prompt";
const PREVIEW_SLOT: &str = "prompt preview";
/// So many labels that lost voxels are named.
const MOST_TOLD: usize = 3;

impl App {
    pub(super) fn add_prompt(&mut self, draft: &Draft, ask: Ask) {
        let Some(open) = self.workspace.pictures.get(&draft.image) else { return };
        let (geometry, size) = (&open.volume.geometry, open.volume.size());
        let Some(placed) = place(ask, geometry, &draft.raster.plane, draft.path.points()) else { return };
        let shape = match placed {
            Place::Point(at) => Shape::Point { at },
            Place::Box(bounds) => Shape::Box { bounds },
            Place::Line { axis, points } if ask == Ask::Lasso => Shape::Lasso { axis, points },
            Place::Line { axis, points } => Shape::Scribble { axis, points },
        };
        let prompt = Prompt { shape, positive: self.hand.positive != draft.is_opposite };
        if let Some(reason) = self.why_not_prompt(&prompt) {
            return self.notices.warning("This prompt was not used", vec![reason]);
        }
        let Some(label) = self.label else { return };
        match prompt.clamped(size, &limner_imaging::Warnings::default()) {
            Ok(prompt) => self.assist.add(draft.image, label, prompt),
            Err(error) => return self.notices.error("The prompt was refused", &error.into()),
        }
        self.show_talk();
    }

    /// Why a prompt cannot be asked, in words for the user.
    fn why_not_prompt(&self, prompt: &Prompt) -> Option<String> {
        if !prompt.positive && self.assist.prompts().is_empty() {
            return Some("Say first what the object is: a positive prompt (W flips the sign)".into());
        }
        let engine = self.assist.engine();
        if !engine.capabilities().understands(prompt) {
            return Some(format!("The model {} does not understand this kind of prompt", engine.name()));
        }
        let label = self.document()?.label(self.label?)?;
        label.locked.then(|| format!("The label \"{}\" is locked: unlock it, or pick another one", label.name))
    }

    /// Moves a prompt under the hand; the first move of a pull makes the step that undo takes back.
    pub(super) fn move_prompt(&mut self, n: usize, prompt: Prompt, is_first: bool) {
        if is_first {
            self.assist.edit(n, prompt);
        } else {
            self.assist.drag(n, prompt);
        }
    }

    pub(super) fn remove_prompt(&mut self, n: usize) {
        self.assist.remove(n);
        self.show_talk();
    }

    pub(super) fn undo_prompt(&mut self) {
        self.assist.undo();
        if self.assist.prompts().is_empty() && !self.assist.can_redo() {
            self.reject_proposal();
        } else {
            self.show_talk();
        }
    }

    pub(super) fn redo_prompt(&mut self) {
        self.assist.redo();
        self.show_talk();
    }

    /// Shows what is known of the present prompts and asks for what is not, unless prompts are collected.
    pub(super) fn show_talk(&mut self) {
        self.show_proposal();
        self.keep_talks();
        if !self.assist.collects {
            self.ask_engine();
        }
    }

    /// Asks with all prompts so far; the answers arrive as proposals unless the document has moved on.
    pub(super) fn ask_engine(&mut self) {
        let Some(talk) = self.assist.talk() else { return };
        let (image, label) = (talk.image, talk.label);
        let (Some(open), Some(document)) = (self.workspace.pictures.get(&image), self.document()) else { return };
        let forbidden = kept_voxels(document, image, label);
        for question in self.assist.questions(&open.volume, &forbidden, document.content_revision()) {
            let (slot, title) = if question.is_preview() { (PREVIEW_SLOT, "Previewing") } else { (SLOT, "Segmenting") };
            self.jobs.start_latest(slot, title, move |task| {
                let answer = match question.ask(task) {
                    // The engine's own answer is still to come, or its own error.
                    Err(_) if question.is_preview() => return Ok(Box::new(|_: &mut Self| {}) as Apply),
                    answer => answer?,
                };
                let renewed = task.warnings.take().into_iter().find(|warning| warning.code == "session_renewed");
                let apply: Apply = Box::new(move |app| {
                    if let Some(warning) = renewed {
                        app.notices.done(warning.text);
                    }
                    app.receive(question.prompts(), answer);
                });
                Ok(apply)
            });
        }
    }

    /// Says once why the processor computes what the graphics adapter should.
    fn tell_of_adapter(&mut self) {
        let now = self.assist.engine().computes();
        if let Some(reason) = now.reason.filter(|_| now.fault)
            && self.work.adapter_fault.as_ref() != Some(&reason)
        {
            self.notices.warning("The processor computes instead of the graphics adapter", vec![reason.clone()]);
            self.work.adapter_fault = Some(reason);
        }
    }

    fn receive(&mut self, prompts: &[Prompt], answer: Answer) {
        self.tell_of_adapter();
        let Some(document) = self.document() else { return };
        if document.content_revision() != answer.made_on {
            return self.ask_engine();
        }
        let (is_empty, is_preview) = (answer.prediction.mask.is_empty(), answer.is_preview);
        log::info!("{} answered after {:.2} s", answer.engine, answer.prediction.seconds);
        if self.assist.receive(prompts, answer) {
            self.show_proposal();
            if is_empty && !is_preview {
                self.notices.warning(
                    "The engine found nothing",
                    vec!["Draw a longer scribble inside the object, or paint it with the brush (B)".into()],
                );
            }
            match self.assist.take_awaited() {
                Some(Awaited::Accept) => self.accept(),
                Some(Awaited::AcceptAndNext) => self.accept_and_next(),
                None => {}
            }
        }
    }

    /// Whether the engine itself is at work on what was said; what stands there meanwhile is a preview.
    fn is_segmenting(&self) -> bool {
        self.jobs.is_busy(SLOT)
    }

    /// Whether what is offered is a preview that the engine's own answer will take the place of.
    pub(crate) fn shows_preview(&self) -> bool {
        self.assist.is_preview() && self.is_segmenting()
    }

    /// Enter: closes a path that waits, else accepts what is offered.
    pub(super) fn accept(&mut self) {
        if self.work.draft.is_some() {
            return self.finish_draft();
        }
        let label = self.assist.proposal().map(|(_, label, _)| label);
        if self.refuses_to_paint(label) {
            return;
        }
        let before = self.amounts_of_others();
        if self.assist.operation().is_some() {
            self.accept_offer();
            return self.tell_what_was_taken(before);
        }
        let Some(talk) = self.assist.talk() else { return };
        let now = self.document().map(Document::content_revision);
        if talk.answer().is_none_or(|answer| Some(answer.made_on) != now) {
            // Not asked yet, or something changed under it: the answer is asked for again, never pasted over what is new.
            return self.ask_engine();
        }
        if self.assist.wait_for_whole(Awaited::Accept, self.is_segmenting()) {
            return;
        }
        self.accept_answer();
        self.tell_what_was_taken(before);
    }

    /// How much of every label but the one offered is painted on its picture.
    fn amounts_of_others(&self) -> Option<(ImageId, Vec<(LabelId, u64)>)> {
        let ((image, offered, _), document) = (self.assist.proposal()?, self.document()?);
        let map = document.label_map(image)?;
        let others = document.labels().into_iter().filter(|label| label.id != offered);
        Some((image, others.map(|label| (label.id, map.count(label.value))).collect()))
    }

    /// What is painted goes over other labels without a word: how much they lost is said, the most first.
    fn tell_what_was_taken(&mut self, before: Option<(ImageId, Vec<(LabelId, u64)>)>) {
        let Some((image, before)) = before else { return };
        let (Some(open), Some(document)) = (self.workspace.pictures.get(&image), self.document()) else { return };
        let Some(map) = document.label_map(image) else { return };
        let lost = |(id, before): (LabelId, u64)| {
            let label = document.label(id)?;
            Some((before.saturating_sub(map.count(label.value)), label.name.clone())).filter(|(lost, _)| *lost > 0)
        };
        let mut taken: Vec<(u64, String)> = before.into_iter().filter_map(lost).collect();
        if taken.is_empty() {
            return;
        }
        taken.sort_by_key(|(lost, _)| std::cmp::Reverse(*lost));
        let words = taken.iter().take(MOST_TOLD).map(|(lost, name)| format!("{} of {name}", amount(open, *lost)));
        let mut words = words.collect::<Vec<_>>().join(", ");
        if taken.len() > MOST_TOLD {
            words += " and some of others";
        }
        let undo = self.keys_of(Action::Undo);
        self.notices.warning(format!("It took {words}"), vec![format!("{undo} takes it back; a locked label is kept")]);
    }

    /// Paints the proposal as one step that remembers its model and prompts.
    fn accept_answer(&mut self) -> bool {
        let Some(talk) = self.assist.talk() else { return false };
        let Some(answer) = talk.answer().cloned() else { return false };
        let (image, former) = (talk.image, talk.former.clone());
        let Ok(label) = self.label_value(talk.label) else {
            self.reject_proposal();
            return false;
        };
        let told = Told { image, label, prompts: talk.prompts().to_vec(), license: answer.license.clone() };
        let prompts = serde_json::to_value(told).unwrap_or_default();
        let tool = talk.prompts().last().map_or("prompt", |prompt| prompt.shape.name());
        let step = StepInfo::named("Accept proposal").with_tool(tool).with_model(&answer.engine).with_prompts(prompts);
        let mask = &answer.prediction.mask;
        let layer = self.layer_of(image, label);
        let volume = self.workspace.pictures.get(&image).map(|open| &*open.volume);
        let paint = |mask: &Mask, mode| {
            let (mask, rule) = self.hand.rule.applied(mask, volume);
            Command::Paint { image, layer, label, mask: PackedMask::pack(&mask), mode, rule }
        };
        let gone = Mask::from_fn(former.bounds(), |index| former.get(index) && !mask.get(index));
        let commands = [paint(&gone, PaintMode::Erase), paint(mask, PaintMode::Set)];
        let commands = commands.into_iter().filter(|c| !matches!(c, Command::Paint { mask, .. } if mask.count() == 0));
        let commands = commands.collect();
        let accepted = self.change("The proposal", |document| document.apply_step(step, commands));
        // Where nothing was left to paint there is no step to take back.
        if let Some(Some(step)) = accepted {
            self.assist.settle(step);
        }
        if accepted.is_some() {
            self.reject_proposal();
        }
        accepted.is_some()
    }

    /// Accepts, and takes a new label like this one for the next object.
    pub(super) fn accept_and_next(&mut self) {
        let (had_offer, had_talk) = (self.assist.operation().is_some(), self.assist.talk().is_some());
        self.accept();
        // Behind an offer that is done a talk may have come back, which nobody has accepted.
        let is_left = if had_offer { self.assist.operation().is_some() } else { self.assist.talk().is_some() };
        if (had_offer || had_talk) && is_left {
            self.assist.wait_for_whole(Awaited::AcceptAndNext, self.is_segmenting());
            return;
        }
        self.next_instance();
    }

    /// Esc: drops a path that waits, else clears prompts and proposal from the picture.
    pub(super) fn reject(&mut self) {
        if self.work.asking.pointing.take().is_some() {
            return;
        }
        if let Some(held) = self.work.held.take() {
            self.put_back(&held);
        } else if self.work.held_place.take().is_some() {
        } else if self.work.draft.is_some() {
            self.drop_draft();
        } else {
            self.reject_proposal();
        }
    }

    pub(super) fn reject_proposal(&mut self) {
        if self.assist.operation().is_some() {
            return self.drop_offer();
        }
        self.assist.finish();
        self.work.hovered_prompt = None;
        self.show_proposal();
        self.keep_talks();
    }

    /// Takes an offer off the picture; what was said of the label in hand before it is there again.
    pub(super) fn drop_offer(&mut self) {
        self.assist.drop_operation();
        self.show_proposal();
        if let Some(label) = self.label.filter(|_| !self.assist.is_busy()) {
            self.go_on_about(label);
        }
    }
}

/// Every voxel that belongs to a locked or finished label other than the one asked about.
fn kept_voxels(document: &Document, image: ImageId, asked: LabelId) -> Mask {
    let Some(map) = document.label_map(image) else { return nothing() };
    let states = || document.on::<SegmentState>(image);
    let done = |id| states().any(|state| state.label == id && state.progress == Progress::Done);
    let kept = document.labels().into_iter().filter(|label| label.id != asked && (label.locked || done(label.id)));
    let masks: Vec<Mask> = kept.map(|label| map.mask_of(label.value)).collect();
    let bounds = masks.iter().fold(VoxelBox::default(), |all, mask| all.union(&mask.bounds()));
    Mask::from_fn(bounds, |index| masks.iter().any(|mask| mask.get(index)))
}
