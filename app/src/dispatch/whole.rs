//! Work on a label as a whole, shown before it is done: operations with their sizes, and propagation through slices and
//! frames.

use crate::app::App;
use crate::assist::{Offer, OperationPreview};
use crate::jobs::Apply;
use crate::panels::tour::Tour;
use crate::view_state::ViewportId;
use crate::work::operation::{Work, title_of};
use crate::work::propagate::{self, Way};
use glam::DVec2;
use limner_annotation::operations::{self, Operation, Target};
use limner_annotation::records::FrameMarks;
use limner_annotation::tools::scissors;
use limner_annotation::{Command, Document, ImageId, LabelId, PackedMask, PaintMode, PaintRule, StepInfo};
use limner_imaging::Mask;
use limner_segmentation::Prompt;

/// Shares its place with questions to the engine: what is newest is what is wanted.
const SLOT: &str = "prompt";

impl App {
    pub(super) fn begin_work(&mut self, work: Work) {
        let Some((viewport, open)) = self.workspace.active() else { return };
        let geometry = open.volume.geometry;
        let axis = viewport.view().slice_axis(&geometry);
        let (slice, _) = viewport.slice(&geometry);
        if let Some(way) = work.way() {
            if let Some(target) = self.whole_target() {
                self.propagate(target, (way, axis, slice));
            }
            return;
        }
        match work.operation(&geometry, axis, slice) {
            Some(operation) => self.preview_operation(operation),
            None => self.notices.warning(work.title(), vec!["There is no slice further on".into()]),
        }
    }

    /// The label in hand on the picture in view.
    fn whole_target(&self) -> Option<(ImageId, LabelId, Target)> {
        let (image, label) = (self.workspace.open()?.image, self.label?);
        let value = self.label_value(label).ok()?;
        Some((image, label, Target { image, layer: self.layer_of(image, value), label: value }))
    }

    /// Shows what an operation would make of the label in hand; Enter does it.
    pub(super) fn preview_operation(&mut self, operation: Operation) {
        if let Some(target) = self.whole_target() {
            self.preview_on(target, operation);
        }
    }

    fn preview_on(&mut self, (image, label, target): (ImageId, LabelId, Target), operation: Operation) {
        let Some(document) = self.document() else { return };
        let contents = document.contents().clone();
        let offer = Offer::Operation(operation);
        self.assist.preview_operation(OperationPreview { image, label, layer: target.layer, offer, mask: None });
        self.jobs.start_latest(SLOT, "Previewing", move |_| {
            let mask = operations::preview(&contents, target, operation)?;
            let apply: Apply = Box::new(move |app| app.receive_offer(offer, mask));
            Ok(apply)
        });
    }

    /// Carries the label from the slice in view to others; shown when it is there, done on Enter.
    fn propagate(
        &mut self,
        (image, label, target): (ImageId, LabelId, Target),
        (way, axis, slice): (Way, usize, usize),
    ) {
        let (Some(open), Some(document)) = (self.workspace.pictures.get(&image), self.document()) else { return };
        let (frames, engine) = (open.frames(), self.assist.shared_engine());
        let Some(map) = document.label_map(image) else { return };
        let mask = map.mask_on(target.layer, target.label);
        let here = mask.bounds().slice(axis, slice);
        if way != Way::Between && mask.within(here).is_empty() {
            let cause = "Paint the label on this slice first: it is what is carried on".into();
            return self.notices.warning("There is nothing to propagate", vec![cause]);
        }
        let marks = FrameMarks::of(document, image, label, axis).cloned();
        let there = propagate::open_slices(way, &mask, (axis, slice), frames.volume().size()[axis], marks.as_ref());
        if there.is_empty() {
            let cause = "Every frame there was drawn by hand or said to be empty".into();
            return self.notices.warning("There is nothing to propagate to", vec![cause]);
        }
        let known = propagate::known_part(&mask, axis, way, marks.as_ref());
        let offer = Offer::Propagation { way, axis, slice };
        self.assist.preview_operation(OperationPreview { image, label, layer: target.layer, offer, mask: None });
        self.jobs.start_latest(SLOT, "Propagating", move |task| {
            let found = propagate::carry(&*engine, &frames, &known, (way, axis, slice), &there, task)?;
            let apply: Apply = Box::new(move |app| {
                // What lies on those slices from before is replaced, so that a corrected slice can be carried on anew.
                let new = propagate::replaced(&mask, &found, axis, &there);
                app.receive_offer(offer, new);
            });
            Ok(apply)
        });
    }

    /// The labels that an offer was made of have changed: it is worked out again, in sight, so that what is accepted is what
    /// was seen.
    pub(super) fn renew_offer(&mut self, changed: ImageId) {
        let Some(preview) = self.assist.operation().filter(|preview| preview.image == changed) else { return };
        let (image, label, layer, offer) = (preview.image, preview.label, preview.layer, preview.offer);
        let Ok(value) = self.label_value(label) else { return self.drop_offer() };
        let target = (image, label, Target { image, layer, label: value });
        match offer {
            Offer::Operation(operation) => self.preview_on(target, operation),
            Offer::Propagation { way, axis, slice } => self.propagate(target, (way, axis, slice)),
        }
    }

    fn receive_offer(&mut self, offer: Offer, mask: Mask) {
        if self.assist.receive_offer(offer, mask) {
            self.show_proposal();
        }
    }

    /// Does what is shown, as one step.
    pub(super) fn accept_offer(&mut self) {
        // What is still being worked out waits.
        let Some(mask) = self.assist.operation().and_then(|preview| preview.mask.clone()) else { return };
        let Some(preview) = self.assist.take_operation() else { return };
        let Ok(label) = self.label_value(preview.label) else { return self.drop_offer() };
        let target = Target { image: preview.image, layer: preview.layer, label };
        let (offer, over) = (preview.offer, self.hand.rule);
        let volume = self.workspace.pictures.get(&preview.image).map(|open| open.volume.clone());
        let mut step = StepInfo::named(offer.title());
        if matches!(offer, Offer::Propagation { .. }) {
            step = step.with_model(self.assist.engine().name());
        }
        let done = self.change(offer.title(), |document| {
            let (new, marked) = match offer {
                Offer::Operation(operation) => (operations::preview(document, target, operation)?, None),
                Offer::Propagation { way, axis, slice } => {
                    (mask, Some(keyframes(document, target, (way, axis, slice))))
                }
            };
            let mut commands = operations::replacing_over(document, target, &new, over, volume.as_deref())?;
            commands.extend(marked);
            document.apply_step(step, commands).map(|_| ())
        });
        match done {
            Some(()) => self.drop_offer(),
            None => self.assist.preview_operation(preview),
        }
    }

    /// Takes away what the scissors went around, through the whole depth; or everything else.
    pub(super) fn cut(&mut self, viewport: ViewportId, line: &[[f64; 2]], keep_inside: bool) {
        let Some((view, open)) = self.workspace.shown_in(viewport) else { return };
        let (image, geometry, size) = (open.image, open.volume.geometry, view.size);
        let raster = view.solid_camera(&geometry).raster(size);
        let Some(value) = self.label.and_then(|label| self.label_value(label).ok()) else {
            let cause = "The scissors cut the label in hand: pick one in the list".into();
            return self.notices.warning("There is no label to cut", vec![cause]);
        };
        let layer = self.layer_of(image, value);
        let Some(map) = self.document().and_then(|document| document.label_map(image)) else { return };
        let line: Vec<DVec2> = line.iter().copied().map(DVec2::from).collect();
        let on_screen = |at| limner_render::pick::screen(&raster, at).0.0;
        let gone = scissors::cut(&map.mask_on(layer, value), &geometry, size, &line, !keep_inside, on_screen);
        if line.len() < 3 || gone.is_empty() {
            return;
        }
        let (mask, mode, rule) = (PackedMask::pack(&gone), PaintMode::Erase, PaintRule::All);
        let cut = Command::Paint { image, layer, label: value, mask, mode, rule };
        let step = StepInfo::named("Scissors").with_tool("scissors");
        self.change("The cut", |document| document.apply_step(step, vec![cut]).map(|_| ()));
    }

    /// Takes up the prompts that a label's mask came from.
    pub(super) fn refine_label(&mut self, id: LabelId) {
        let Some(image) = self.workspace.open().map(|open| open.image) else { return };
        let Ok(value) = self.label_value(id) else { return };
        let log = self.workspace.project.as_ref().map(limner_annotation::Project::log);
        let entries = match log.transpose() {
            Ok(entries) => entries.unwrap_or_default(),
            Err(error) => return self.notices.error("The history could not be read", &error.into()),
        };
        let told = entries.into_iter().rev().filter_map(|entry| entry.info.prompts);
        let found = told.filter_map(|told| serde_json::from_value::<Told>(told).ok());
        let Some(told) = found.into_iter().find(|told| told.image == image && told.label == value) else {
            let cause = "It was painted by hand, or its prompts were given on another picture".into();
            return self.notices.warning("This label has no prompts here", vec![cause]);
        };
        let former = self.held_by(image, id).unwrap_or_else(super::tools::nothing);
        self.select_label(id);
        self.assist.reopen(image, id, told.prompts, former);
        self.ask_engine();
        self.keep_talks();
    }

    pub(super) fn begin_tour(&mut self) {
        if self.workspace.open().is_none() {
            self.open_sample();
        }
        self.tour = Some(Tour::begin(self));
    }

    pub(super) fn go_on_with_tour(&mut self, on: bool) {
        let tour = self.tour.take().filter(|_| on);
        self.tour = tour.and_then(|tour| tour.next(self));
    }
}

/// Where a propagation came from is what a person had drawn: those frames are its keyframes from now on.
fn keyframes(document: &Document, target: Target, (way, axis, slice): (Way, usize, usize)) -> Command {
    let label = document.label_of_value(target.label).map_or_else(LabelId::new, |label| label.id);
    let marks = FrameMarks::of(document, target.image, label, axis).cloned();
    let is_new = marks.is_none();
    let mut marks = marks.unwrap_or_else(|| FrameMarks::new(target.image, label, axis));
    if way != Way::Between {
        marks = marks.drawn(slice);
    } else if is_new {
        let mask = document.label_map(target.image).map(|map| map.mask_on(target.layer, target.label));
        marks.keyframes = mask.map(|mask| mask.indices().map(|index| index[axis]).collect()).unwrap_or_default();
    }
    Command::put(marks)
}

/// What a step remembers of the prompts it came from.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Told {
    pub image: ImageId,
    pub label: u16,
    pub prompts: Vec<Prompt>,
    /// Under which licence the weights are that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
}

impl Offer {
    pub fn title(&self) -> &'static str {
        match self {
            Self::Operation(operation) => title_of(operation),
            Self::Propagation { way: Way::Forwards, .. } => Work::Forwards.title(),
            Self::Propagation { way: Way::Backwards, .. } => Work::Backwards.title(),
            Self::Propagation { way: Way::Between, .. } => Work::Between.title(),
        }
    }
}
