//! Verdicts about versions, comments on places, and parts taken from one version or the other: each one step that can be
//! undone.

use super::replaced::{in_words, replaced, some_of};
use crate::action::Action;
use crate::app::App;
use crate::case::{Errand, Page};
use crate::dispatch::case::own_rater;
use crate::review::{OWN, Ready, Side, SourceId, Speaker};
use crate::widgets::sentence_case;
use limner_annotation::records::{Decision, Prediction, Verdict};
use limner_annotation::review::dashboard::state;
use limner_annotation::review::opened::Version;
use limner_annotation::review::said::{Cell, Row};
use limner_annotation::review::{decide, decide_row, differ};
use limner_annotation::tools::ToolId;
use limner_annotation::{Command, Contents, Form, ImageId, Key, Kind, PackedMask, Shape, ShapeId, StepInfo};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a reviewer is likely to say.
pub const REASONS: [&str; 7] =
    ["Missed", "Invented", "Leaks", "Too small", "Wrong label", "Wrong side", "Picture unusable"];

impl App {
    /// The version that decisions are about, where it is one of a model and was read.
    pub(super) fn version_in_hand(&self) -> Option<(SourceId, Arc<Ready>)> {
        let id = self.review.in_hand?;
        let source = self.review.get(id).filter(|source| source.is_file())?;
        Some((id, source.ready()?.clone()))
    }

    /// Asks for a reason first where one is needed.
    pub(super) fn decide(&mut self, verdict: Verdict) {
        let needs_reason = matches!(verdict, Verdict::Reject | Verdict::Flag | Verdict::Defer);
        if needs_reason && self.review.reasons.is_empty() && self.review.comment.trim().is_empty() {
            self.act(Action::Case(Errand::Page(Page::Review)));
            self.review.asking = Some(verdict);
            return;
        }
        self.give_verdict(verdict);
    }

    pub(super) fn toggle_reason(&mut self, reason: String) {
        let reasons = &mut self.review.reasons;
        match reasons.iter().position(|known| *known == reason) {
            Some(at) => drop(reasons.remove(at)),
            None => reasons.push(reason),
        }
        if let Some(verdict) = self.review.asking.take() {
            self.give_verdict(verdict);
        }
    }

    /// The row of records that is open and what the version in hand says in it.
    pub fn row_in_hand(&self) -> Option<(SourceId, Row, Cell)> {
        let id = self.review.in_hand.filter(|id| self.review.get(*id).is_some_and(crate::review::Source::is_file))?;
        let row = &self.review.rows_here()[self.review.row_here()?];
        let cell = row.said.get(&(id.0 as usize)).filter(|cell| !cell.raw.is_empty())?;
        Some((id, row.clone(), cell.clone()))
    }

    /// About the open row alone; what is accepted there and has a place is drawn.
    fn decide_row(&mut self, verdict: Verdict, (id, row, cell): (SourceId, Row, Cell)) {
        let (Some(image), Some(source)) = (self.review.image, self.review.get(id)) else { return };
        let (model, shown) = (source.name.clone(), self.shown_name(id));
        let file = match &source.from {
            Speaker::Files(files) => files.records.iter().find(|file| file.says(row.kind)).cloned(),
            _ => None,
        };
        let comment = decide::about_label(&row.part, self.review.comment.trim());
        let reasons = self.review.reasons.clone();
        let done = self.change("The decision", |document| {
            let (mut commands, reviewer) = own_rater(document);
            let sha256 = file.as_ref().map(|file| file.sha256.as_str());
            let line = decide_row::Line { image, model: &model, sha256, row: &row, cell: &cell };
            let prediction = decide_row::prediction(document, line, accepts(verdict), &mut commands);
            commands.push(decide::decision(document, prediction.into(), reviewer, verdict, reasons, Some(comment)));
            let about = serde_json::json!({ "sha256": sha256, "row": row.title });
            document.apply_step(step_of(verdict, "record", &model, about), commands).map(|_| ())
        });
        if done.is_some() {
            self.review.reasons.clear();
            self.review.comment.clear();
            self.notices.done(said(verdict, &format!("{shown}: {}", row.title)));
        }
    }

    fn give_verdict(&mut self, verdict: Verdict) {
        if let Some(row) = self.row_in_hand() {
            return self.decide_row(verdict, row);
        }
        let (Some((id, ready)), Some(image)) = (self.version_in_hand(), self.review.image) else { return };
        let Some(source) = self.review.get(id) else { return };
        let (model, shown) = (source.name.clone(), self.shown_name(id));
        let only = self.review.only.filter(|label| ready.version.labels.labels().contains(label));
        let (reasons, mut comment) = (self.review.reasons.clone(), self.review.comment.trim().to_owned());
        if let Some(label) = only {
            comment = decide::about_label(&self.label_name(label), &comment);
        }
        let comment = Some(comment).filter(|comment| !comment.is_empty());
        let names: std::collections::BTreeMap<u32, String> =
            ready.version.labels.labels().into_iter().map(|label| (label, self.label_name(label))).collect();
        let before = self.document().filter(|_| accepts(verdict)).map(|document| document.contents().clone());
        let done = self.change("The decision", |document| {
            let (mut commands, reviewer) = own_rater(document);
            let sha256 = ready.version.sha256.as_deref();
            let prediction = decide::prediction(document, image, &model, sha256, &mut commands);
            let target = prediction.into();
            commands.push(decide::decision(document, target, reviewer, verdict, reasons, comment));
            if accepts(verdict) {
                let name = |label: u32| names.get(&label).cloned().unwrap_or_default();
                commands.extend(decide::paint(document, image, &ready.version, only, name)?);
            }
            let about = serde_json::json!({ "file": ready.version.file, "sha256": sha256, "label": only });
            document.apply_step(step_of(verdict, "version", &model, about), commands).map(|_| ())
        });
        if done.is_none() {
            return;
        }
        self.review.reasons.clear();
        self.review.comment.clear();
        self.keep_label_alive();
        let what = only.map_or_else(|| shown.clone(), |label| format!("{} of {shown}", self.label_name(label)));
        let told = before.map(|before| self.told_of(image, &ready.version, only, &before)).unwrap_or_default();
        if told.is_empty() {
            self.notices.done(said(verdict, &what));
        } else {
            self.notices.warning(said(verdict, &what), told);
        }
        if verdict == Verdict::Edit {
            self.edit_accepted(only);
        }
    }

    /// What became of labels that were there before a version was accepted. Those that it says nothing of are the
    /// project's still, and go out with it.
    fn told_of(&self, image: ImageId, version: &Version, only: Option<u32>, before: &Contents) -> Vec<String> {
        let Some(document) = self.document() else { return Vec::new() };
        let undo = self.keys_of(Action::Undo);
        let mut told: Vec<String> = in_words(&replaced(before, document, image), &undo).into_iter().collect();
        if self.review.reference == Some(OWN) {
            told.push(
                "The reference of the figures is this project: they are measured against what was accepted now. The \
                 target in the list of versions chooses another"
                    .into(),
            );
        }
        let stays = if only.is_none() { decide::unsaid(document, image, version) } else { Vec::new() };
        if !stays.is_empty() {
            told.push(format!("Kept, as it says nothing of them: {}", some_of(&stays)));
        }
        told
    }

    /// Models of which a version was accepted into the project's labels while those are the reference: on a picture, or
    /// on any.
    pub fn accepted_into_reference(&self, image: Option<ImageId>) -> BTreeSet<String> {
        let document = self.document().filter(|_| self.review.reference == Some(OWN));
        let Some(document) = document else { return BTreeSet::new() };
        let decisions = document.all::<Decision>().filter(|decision| accepts(decision.verdict));
        let accepted: BTreeSet<Key> = decisions.map(|decision| decision.target).collect();
        // What was accepted of a row of records has an answer and is no label.
        let is_label = |one: &&Prediction| one.answer.is_none() && accepted.contains(&Key::from(one.id));
        let is_here = |one: &&Prediction| image.is_none_or(|image| one.target == image.into());
        let predictions = document.all::<Prediction>().filter(is_label).filter(is_here);
        predictions.map(|one| self.source_named(&one.model.name)).collect()
    }

    /// Puts what was accepted into the hand: its label and the brush.
    fn edit_accepted(&mut self, only: Option<u32>) {
        let value = only.and_then(|label| u16::try_from(label).ok());
        let label = self.document().and_then(|document| document.label_of_value(value?)).map(|label| label.id);
        if let Some(label) = label.or(self.label) {
            self.select_label(label);
        }
        self.leave_side_by_side();
        self.review.how = crate::review::How::Outlines;
        if let Some(brush) = ToolId::named("brush") {
            self.act(Action::Tool(crate::action::Tool::Use(brush)));
        }
    }

    /// A comment stands at the selected shape, or at a point where the crosshair is.
    pub(super) fn comment_here(&mut self) {
        let text = self.review.comment.trim().to_owned();
        if text.is_empty() {
            self.act(Action::Case(Errand::Page(Page::Review)));
            return self
                .notices
                .warning("Nothing is written yet", vec!["Write the comment in the Review panel".into()]);
        }
        let Some((viewport, open)) = self.workspace.active() else { return };
        let image = open.image;
        let at = open.volume.geometry.voxel(viewport.at).0.to_array();
        let selected = self.work.selected;
        let done = self.change("The comment", |document| {
            let (mut commands, reviewer) = own_rater(document);
            let known = selected.filter(|id| document.shape(*id).is_some_and(|shape| shape.image == image));
            let shape = known.unwrap_or_else(|| {
                let id = ShapeId::new();
                let form = Form::Point { at };
                let shape = Shape { id, image, form, label: None, text: None, tags: Default::default() };
                commands.push(Command::AddShape { shape });
                id
            });
            let (verdict, reasons) = (Verdict::Flag, Vec::new());
            commands.push(decide::decision(document, shape.into(), reviewer, verdict, reasons, Some(text)));
            document.apply_step(StepInfo::named("Comment on a place").with_tool("review"), commands).map(|_| ())
        });
        if done.is_some() {
            self.review.comment.clear();
        }
    }

    pub(super) fn jump_to_decided(&mut self, key: Key) {
        if key.kind == Kind::Shape {
            self.act_on_shape(ShapeId(key.id), crate::outbox::ShapeAct::JumpTo);
        }
    }

    /// The part of a label that versions disagree on under the pointer, or at the crosshair.
    pub(super) fn take_part(&mut self, side: Side) {
        let (Some([a, b]), Some(image)) = (self.review.pair(), self.review.image) else { return };
        let (Some(voxel), Some(one), Some(other)) =
            (self.voxel_pointed_at(image), self.review.labels_of(a), self.review.labels_of(b))
        else {
            return;
        };
        let Some((label, part)) = differ::part_at(one, other, self.review.only, voxel) else {
            return self.notices.done("Neither A nor B says anything here");
        };
        let from = if side == Side::A { one } else { other }.clone();
        self.take(image, side, label, &part, &from);
    }

    pub(super) fn take_label(&mut self, side: Side) {
        let (Some(pair), Some(image), Some(label)) = (self.review.pair(), self.review.image, self.review.only) else {
            return;
        };
        let Some(from) = self.review.labels_of(pair[side.index()]).cloned() else { return };
        let own = self.review.labels_of(OWN).map(|own| own.tight_mask(label).bounds()).unwrap_or_default();
        let whole = own.union(&from.tight_mask(label).bounds());
        let part = PackedMask::full(whole).unpack();
        self.take(image, side, label, &part, &from);
    }

    fn take(
        &mut self,
        image: ImageId,
        side: Side,
        label: u32,
        part: &limner_imaging::Mask,
        from: &limner_annotation::metrics::Labels,
    ) {
        let name = self.label_name(label);
        let step = StepInfo::named(format!("Take {name} from {}", side.letter())).with_tool("review");
        let step = match self.review.pair().and_then(|pair| self.review.get(pair[side.index()])) {
            Some(source) if source.is_file() => step.with_model(&source.name),
            _ => step,
        };
        let taken = self.change("What was taken", |document| {
            let commands = decide::take(document, image, (label, part), from, |_| name.clone())?;
            document.apply_step(step, commands)
        });
        match taken {
            Some(Some(_)) => self.keep_label_alive(),
            Some(None) => self.notices.done("The project's label says so already"),
            None => {}
        }
    }

    /// Under the pointer where that is on the picture, else at the crosshair.
    fn voxel_pointed_at(&self, image: ImageId) -> Option<[usize; 3]> {
        let pointed = self.hover.and_then(|(id, pixel)| {
            let (viewport, open) = self.workspace.shown_in(id)?;
            if open.image != image || viewport.is_solid() {
                return None;
            }
            let raster = viewport.raster(&open.volume);
            let at = raster.plane.at_mm(pixel[0] * raster.mm_per_pixel, pixel[1] * raster.mm_per_pixel);
            open.volume.geometry.voxel(at).index_in(open.volume.size())
        });
        pointed.or_else(|| {
            let (viewport, open) = self.workspace.active().filter(|(_, open)| open.image == image)?;
            open.volume.geometry.voxel(viewport.at).index_in(open.volume.size())
        })
    }
}

/// Whether what it is about becomes the project's own.
const fn accepts(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Accept | Verdict::Edit)
}

/// What is accepted comes from the model and is signed so. What is not is the reviewer's word alone, and the log tells whose
/// version it is about.
fn step_of(verdict: Verdict, what: &str, model: &str, about: serde_json::Value) -> StepInfo {
    let name = format!("{} {what}", verdict_word(verdict));
    let told = format!("{name} of {model}");
    let step = StepInfo::named(name).with_tool("review").with_prompts(about);
    if accepts(verdict) { step.with_model(model) } else { step.with_summary(told) }
}

/// A verdict that was given, for notices.
fn said(verdict: Verdict, what: &str) -> String {
    match verdict {
        Verdict::Edit => format!("Accepted {what}, to be edited"),
        _ => format!("{} {what}", sentence_case(state(verdict))),
    }
}

/// For steps.
const fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Accept => "Accept",
        Verdict::Edit => "Edit",
        Verdict::Reject => "Reject",
        Verdict::Flag => "Flag",
        Verdict::Defer => "Defer",
    }
}
