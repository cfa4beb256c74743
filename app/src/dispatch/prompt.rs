//! Prompts: a scribble becomes a question to the engine, its answer a proposal, an accepted proposal one step.

use crate::app::App;
use crate::assist::Proposal;
use crate::jobs::Apply;
use limner_annotation::{Command, ImageId, PackedMask, PaintMode, PaintRule, StepInfo};
use limner_imaging::{Mask, Voxel, VoxelBox, World};
use limner_segmentation::{Prediction, Prompt, Shape};

/// The one place a question can be in: a newer one replaces it.
const SLOT: &str = "prompt";

impl App {
    pub(super) fn add_scribble(&mut self, line: &[World]) {
        let drawn_in = self.stroke.viewport().unwrap_or(self.workspace.stage.active_id());
        let Some((viewport, open)) = self.workspace.shown_in(drawn_in) else { return };
        let geometry = &open.volume.geometry;
        let axis = viewport.view().slice_axis(geometry);
        let points: Vec<Voxel> = line.iter().map(|at| geometry.voxel(*at)).collect();
        if !points.iter().any(|p| p.index_in(geometry.size()).is_some()) {
            return;
        }
        let prompt = Prompt { shape: Shape::Scribble { axis, points }, positive: self.hand.positive };
        if !prompt.positive && self.assist.prompts().is_empty() {
            self.notices.warning(
                "A negative scribble needs something to correct",
                vec!["Draw a positive one through the object first (W flips the sign)".into()],
            );
            return;
        }
        let warnings = limner_imaging::Warnings::default();
        match prompt.clamped(geometry.size(), &warnings) {
            Ok(prompt) => self.assist.add_prompt(prompt),
            Err(error) => return self.notices.error("The scribble was refused", &error.into()),
        }
        if self.label.is_none() {
            self.new_label();
        }
        self.ask_engine();
    }

    pub(super) fn undo_prompt(&mut self) {
        if self.assist.remove_last_prompt() {
            self.ask_engine();
        } else {
            self.reject_proposal();
        }
    }

    /// Asks with all prompts so far; the answer arrives as a proposal unless the document has moved on.
    fn ask_engine(&mut self) {
        let (Some(open), Some(project), Some(label)) = (self.workspace.open(), &self.workspace.project, self.label)
        else {
            return;
        };
        let document = project.document();
        let (image, made_on) = (open.image, document.revision());
        let question = self.assist.question(open.volume.clone(), locked_voxels(document, image));
        self.jobs.start_latest(SLOT, "Segmenting", move |task| {
            let prediction = question.ask(task)?;
            let apply: Apply = Box::new(move |app| {
                let Prediction { mask, seconds, .. } = prediction;
                app.receive(Proposal { image, label, made_on, mask, seconds });
            });
            Ok(apply)
        });
    }

    fn receive(&mut self, proposal: Proposal) {
        let Some(project) = &self.workspace.project else { return };
        if !self.workspace.pictures.contains_key(&proposal.image) || self.assist.prompts().is_empty() {
            return;
        }
        if project.document().revision() != proposal.made_on {
            self.ask_engine();
            return;
        }
        if proposal.mask.is_empty() {
            self.notices.warning(
                "The engine found nothing",
                vec!["Draw a longer scribble inside the object, or paint it with the brush (B)".into()],
            );
        }
        let seconds = proposal.seconds;
        let image = proposal.image;
        let changed = self.assist.propose(proposal);
        self.show_proposal(image, changed);
        log::info!("proposal after {seconds:.2} s");
    }

    fn show_proposal(&mut self, image: ImageId, bounds: VoxelBox) {
        let colour = self
            .label
            .and_then(|id| self.workspace.project.as_ref()?.document().label(id).map(limner_annotation::Label::colour));
        let proposed = self.assist.proposal().map_or_else(|| Mask::empty(bounds), |p| p.mask.within(bounds));
        if let Err(error) = self.gpu.write_proposal(image, bounds, proposed.voxels(), colour.unwrap_or([255; 3])) {
            self.notices.error("The proposal could not be drawn", &error);
        }
    }

    /// Paints the proposal as one step that remembers its model and prompts.
    pub(super) fn accept_proposal(&mut self) {
        let Some(proposal) = self.assist.proposal() else { return };
        let revision = self.workspace.project.as_ref().map(|p| p.document().revision());
        if revision != Some(proposal.made_on) {
            // Something changed under it: the answer is asked for again, never pasted over what is new.
            self.ask_engine();
            return;
        }
        let Ok(value) = self.label_value(proposal.label) else { return self.reject_proposal() };
        let (image, mask) = (proposal.image, PackedMask::pack(&proposal.mask));
        let prompts = serde_json::to_value(self.assist.prompts()).unwrap_or_default();
        let step = StepInfo::named("Accept proposal").with_tool("scribble").with_model(self.assist.engine_name());
        let step = step.with_prompts(prompts);
        let paint = Command::Paint { image, layer: 0, label: value, mask, mode: PaintMode::Set, rule: PaintRule::All };
        let accepted = self.change("The proposal", |document| document.apply_step(step, vec![paint]).map(|_| ()));
        if accepted.is_some() {
            self.reject_proposal();
        }
    }

    /// Clears prompts and proposal from the picture.
    pub(super) fn reject_proposal(&mut self) {
        if let Some(proposal) = self.assist.finish() {
            self.show_proposal(proposal.image, proposal.mask.bounds());
        }
    }
}

/// Every voxel that belongs to a locked label.
fn locked_voxels(document: &limner_annotation::Document, image: limner_annotation::ImageId) -> Mask {
    let Some(map) = document.label_map(image) else { return Mask::empty(VoxelBox::default()) };
    let masks: Vec<Mask> = document.labels().into_iter().filter(|l| l.locked).map(|l| map.mask_of(l.value)).collect();
    let bounds = masks.iter().fold(VoxelBox::default(), |all, mask| all.union(&mask.bounds()));
    Mask::from_fn(bounds, |index| masks.iter().any(|mask| mask.get(index)))
}
