//! Requests that change the document: strokes, labels, undo and redo.

use crate::app::App;
use crate::overlay;
use anyhow::Context as _;
use limner_annotation::{Change, Command, Document, Label, LabelId};

impl App {
    pub(super) fn document(&self) -> Option<&Document> {
        self.workspace.project.as_ref().map(limner_annotation::Project::document)
    }

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
        self.case.clock.touched = true;
        self.show_changes();
        match outcome {
            Ok(value) => {
                self.notices.mended(&format!("{what} was refused"));
                Some(value)
            }
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
        let volumes: Vec<_> = pictures.iter().map(|(image, open)| (*image, &*open.volume)).collect();
        self.work.measures.follow(project.document(), &changes, &volumes);
        let marks = overlay::Marks::of(self.label, &self.workspace.stage);
        let shown = overlay::show_changes(&mut self.gpu, project.document(), pictures, &changes, marks);
        if let Err(error) = shown {
            self.notices.error("The labels could not be drawn", &error);
        }
        let painted = |change: &Change| if let Change::Labels { image, .. } = change { Some(*image) } else { None };
        self.work.painted_last = changes.iter().filter_map(painted).collect();
        if let Some(image) = self.work.painted_last.first() {
            self.renew_offer(*image);
        }
        self.follow_registrations();
    }

    pub(super) fn edit_label(&mut self, step: &str, id: LabelId, edit: impl FnOnce(&mut Label)) {
        self.change(step, |document| {
            let Some(mut label) = document.label(id).cloned() else { return Ok(()) };
            edit(&mut label);
            document.apply(step, vec![Command::EditLabel { label }]).map(|_| ())
        });
    }

    /// Takes back the last corner of a path in hand, else the last prompt, else the last step.
    pub(super) fn undo(&mut self) {
        self.commit_typing();
        if self.step_back() {
            return;
        }
        self.end_stroke();
        if self.assist.operation().is_some() {
            return self.drop_offer();
        }
        if self.assist.can_undo() {
            return self.undo_prompt();
        }
        let step = self.document().map(Document::content_revision);
        let undone = self.change("Undo", Document::undo).flatten();
        self.keep_label_alive();
        if let (Some(name), Some(step)) = (undone, step) {
            self.notices.done(format!("Undone: {name}{}", self.out_of_sight()));
            self.take_up_undone(step);
        }
    }

    pub(super) fn redo(&mut self) {
        self.commit_typing();
        self.end_stroke();
        if self.assist.can_redo() {
            return self.redo_prompt();
        }
        if let Some(Some(name)) = self.change("Redo", Document::redo) {
            self.notices.done(format!("Done again: {name}{}", self.out_of_sight()));
            let step = self.document().map(Document::content_revision);
            step.into_iter().for_each(|step| self.assist.redone(step));
            self.show_proposal();
            self.keep_talks();
        }
        self.keep_label_alive();
    }

    /// ", on CT baseline, which is not in view": where a change has painted what nobody sees now.
    fn out_of_sight(&self) -> String {
        let away = self.work.painted_last.iter().find(|image| !self.workspace.pictures.contains_key(image));
        let entry = away.and_then(|image| self.document()?.image(*image));
        entry.map_or_else(String::new, |entry| format!(", on {}, which is not in view", entry.title))
    }

    /// A label that an undo took away cannot stay in the hand.
    pub(super) fn keep_label_alive(&mut self) {
        let Some(project) = &self.workspace.project else { return };
        let document = project.document();
        if self.label.and_then(|id| document.label(id)).is_none() {
            self.label = document.labels().first().map(|l| l.id);
        }
        self.work.recent.keep(|id| document.label(id).is_some());
        self.restyle_labels();
    }

    pub(super) fn label_value(&self, id: LabelId) -> anyhow::Result<u16> {
        let project = self.workspace.project.as_ref().context("no project is open")?;
        Ok(project.document().label(id).context("the label is gone")?.value)
    }
}
