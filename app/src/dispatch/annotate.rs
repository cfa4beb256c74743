//! Requests that change the document: strokes, labels, undo and redo.

use super::gesture::world_under;
use crate::action::Tool;
use crate::app::App;
use crate::outbox::Gesture;
use crate::overlay;
use anyhow::Context as _;
use limner_annotation::tools::brush;
use limner_annotation::{Command, Document, Label, LabelId, PackedMask, PaintMode, PaintRule};

impl App {
    /// The document and the picture it is about, if both are there.
    pub(super) fn document_mut(&mut self) -> Option<&mut Document> {
        self.workspace.project.as_mut().map(limner_annotation::Project::document_mut)
    }

    /// Does a change of the document, shows it, hands it to the store, and tells the user where it was refused.
    pub(super) fn change<T>(
        &mut self,
        what: &str,
        change: impl FnOnce(&mut Document) -> Result<T, limner_annotation::Error>,
    ) -> Option<T> {
        let document = self.document_mut()?;
        let outcome = change(document);
        self.show_changes();
        match outcome {
            Ok(value) => Some(value),
            Err(error) => {
                self.notices.error(format!("{what} was refused"), &error.into());
                None
            }
        }
    }

    /// Sends what changed to the GPU.
    pub(super) fn show_changes(&mut self) {
        let Some(project) = &mut self.workspace.project else { return };
        let changes = project.document_mut().take_changes();
        let pictures = &self.workspace.pictures;
        let shown = overlay::show_changes(&mut self.gpu, project.document(), pictures, &changes, self.label);
        if let Err(error) = shown {
            self.notices.error("The labels could not be drawn", &error);
        }
    }

    pub(super) fn begin_painting(&mut self, gesture: &Gesture) {
        if self.label.is_none() {
            self.new_label();
        }
        let name = if self.hand.tool == Tool::Eraser { "Eraser stroke" } else { "Brush stroke" };
        if self.change(name, |document| document.begin(name)).is_some() {
            self.paint_to(gesture);
        }
    }

    /// Paints from where the stroke was to where it is now.
    pub(super) fn paint_to(&mut self, gesture: &Gesture) {
        let to = world_under(gesture);
        let from = self.stroke.last().unwrap_or(to);
        self.stroke.add(to);
        let Some(label) = self.painted() else { return };
        let image = gesture.image;
        let Some(open) = self.workspace.pictures.get(&image) else { return };
        let mask = brush::disc(&open.volume.geometry, &gesture.raster.plane, from, to, self.hand.brush_radius_mm);
        if mask.is_empty() {
            return;
        }
        let mode = if self.hand.tool == Tool::Eraser { PaintMode::Erase } else { PaintMode::Set };
        let mask = PackedMask::pack(&mask);
        let paint = Command::Paint { image, layer: 0, label, mask, mode, rule: PaintRule::All };
        self.change("The stroke", |document| document.stage(paint));
    }

    pub(super) fn commit_painting(&mut self) {
        self.change("The stroke", |document| document.commit().map(|_| ()));
    }

    /// The value of the label in hand.
    fn painted(&self) -> Option<u16> {
        Some(self.workspace.project.as_ref()?.document().label(self.label?)?.value)
    }

    pub(super) fn new_label(&mut self) {
        let label = self.change("A new label", |document| {
            let value = document
                .free_label_value()
                .ok_or_else(|| limner_annotation::Error::refused("all 65,535 labels are in use"))?;
            let mut label = Label::new(value, format!("Label {value}"));
            let colours = crate::theme::LABEL_COLOURS;
            label.colour = colours.get(usize::from(value) - 1).copied();
            let id = label.id;
            document.apply("New label", vec![Command::AddLabel { label }])?;
            Ok(id)
        });
        if let Some(label) = label {
            self.select_label(label);
        }
    }

    pub(super) fn select_label(&mut self, label: LabelId) {
        self.label = Some(label);
        if let Some(project) = &self.workspace.project {
            overlay::style(&mut self.gpu, project.document(), self.label);
        }
    }

    pub(super) fn edit_label(&mut self, step: &str, id: LabelId, edit: impl FnOnce(&mut Label)) {
        self.change(step, |document| {
            let Some(mut label) = document.label(id).cloned() else { return Ok(()) };
            edit(&mut label);
            document.apply(step, vec![Command::EditLabel { label }]).map(|_| ())
        });
    }

    /// Takes back the last prompt while a proposal is open, else the last step.
    pub(super) fn undo(&mut self) {
        self.end_stroke();
        if !self.assist.prompts().is_empty() {
            self.undo_prompt();
            return;
        }
        if let Some(Some(name)) = self.change("Undo", Document::undo) {
            self.notices.done(format!("Undone: {name}"));
        }
        self.keep_label_alive();
    }

    pub(super) fn redo(&mut self) {
        self.end_stroke();
        if let Some(Some(name)) = self.change("Redo", Document::redo) {
            self.notices.done(format!("Done again: {name}"));
        }
        self.keep_label_alive();
    }

    /// A label that an undo took away cannot stay in the hand.
    pub(super) fn keep_label_alive(&mut self) {
        let Some(project) = &self.workspace.project else { return };
        let document = project.document();
        if self.label.and_then(|id| document.label(id)).is_none() {
            self.label = document.labels().first().map(|l| l.id);
        }
        overlay::style(&mut self.gpu, document, self.label);
    }

    pub(super) fn label_value(&self, id: LabelId) -> anyhow::Result<u16> {
        let project = self.workspace.project.as_ref().context("no project is open")?;
        Ok(project.document().label(id).context("the label is gone")?.value)
    }
}
