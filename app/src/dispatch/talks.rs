//! Where prompts are that nobody has accepted: with their picture while it is away, with their label while another one is
//! spoken of, and in the settings from one session to the next.

use super::tools::layer_of;
use crate::app::App;
use limner_annotation::{Document, ImageId, LabelId, Revision};
use limner_imaging::Mask;

impl App {
    /// What was said about a picture goes away with it, and is there again with it.
    pub(super) fn follow_talk(&mut self) {
        self.put_unseen_aside();
        let Some(project) = &self.workspace.project else { return };
        let is_there = |id| project.document().label(id).is_some();
        let in_front = self.workspace.open().map(|open| open.image);
        let shown = in_front.into_iter().chain(self.workspace.pictures.keys().copied());
        let label = shown.into_iter().find_map(|image| self.assist.go_on_with_picture(image, is_there));
        match label {
            Some(label) => {
                self.select_label(label);
                self.show_talk();
            }
            // A picture that was read anew shows nothing of it yet.
            None => self.show_proposal(),
        }
    }

    fn put_unseen_aside(&mut self) {
        if self.assist.talk().is_some_and(|talk| !self.workspace.pictures.contains_key(&talk.image)) {
            self.assist.put_aside(true);
            self.work.hovered_prompt = None;
        }
    }

    /// Goes on with what was said about a label on the picture in front.
    pub(super) fn go_on_about(&mut self, label: LabelId) {
        let Some(image) = self.workspace.open().map(|open| open.image) else { return };
        if self.assist.go_on(image, label) {
            self.show_talk();
        }
    }

    /// The paint of a step was taken back: what it was made of is in the hand again, to be mended and accepted anew.
    pub(super) fn take_up_undone(&mut self, step: Revision) {
        if !self.assist.undone(step) {
            return;
        }
        if let Some(label) = self.assist.talk().map(|talk| talk.label) {
            self.select_label(label);
        }
        self.put_unseen_aside();
        self.show_talk();
    }

    /// What a label holds on a picture; `None` where one of them is gone.
    pub(super) fn held_by(&self, image: ImageId, id: LabelId) -> Option<Mask> {
        held_by(self.document()?, image, id)
    }

    /// Now, and not only at the end: a session that is killed must find its prompts again.
    pub(super) fn keep_talks(&mut self) {
        let Some(path) = self.workspace.project.as_ref().map(|project| project.path().to_path_buf()) else { return };
        let (kept, known) = (self.assist.kept(), self.settings.talks.get(&path));
        if known.map_or(kept.is_empty(), |known| *known == kept) {
            return;
        }
        if kept.is_empty() {
            self.settings.talks.remove(&path);
        } else {
            self.settings.talks.insert(path, kept);
        }
        self.save_settings();
    }

    /// Lays out what the last session left of the project that is open now.
    pub(super) fn begin_talks(&mut self) {
        let Some(project) = &self.workspace.project else { return };
        let kept = self.settings.talks.get(project.path()).cloned().unwrap_or_default();
        self.assist.begin_project(kept, |image, id| held_by(project.document(), image, id));
    }
}

fn held_by(document: &Document, image: ImageId, id: LabelId) -> Option<Mask> {
    let value = document.label(id)?.value;
    document.image(image)?;
    let map = document.label_map(image);
    Some(map.map_or_else(super::tools::nothing, |map| map.mask_on(layer_of(map, value), value)))
}
