//! Talks that are not in the hand: what was said and not accepted waits until its picture or its label comes back, and what
//! was accepted lately comes back with an undo. Nothing a person has drawn is gone before they say so.

use super::Talk;
use limner_annotation::{ImageId, LabelId, Revision};
use limner_imaging::Mask;
use limner_segmentation::Prompt;
use serde::{Deserialize, Serialize};

/// So many acceptances back an undo finds the prompts; before them it finds the paint alone.
const MOST_ACCEPTED: usize = 16;

#[derive(Default)]
pub(super) struct Shelf {
    waiting: Vec<Aside>,
    /// With the step that painted them, the newest last.
    accepted: Vec<(Revision, Talk)>,
}

struct Aside {
    talk: Talk,
    /// It went with its picture and comes back with it. Else another object took its place, and it comes back with its label.
    with_picture: bool,
}

/// A talk between two sessions: its answers are asked for again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    image: ImageId,
    label: LabelId,
    prompts: Vec<Prompt>,
    /// The result replaces what the label holds.
    replaces: bool,
    /// It comes back with its picture, without its label being picked.
    with_picture: bool,
}

impl Shelf {
    /// Lays a talk aside, in the place of an earlier one about the same object. One that says nothing is let go.
    pub(super) fn put(&mut self, talk: Talk, with_picture: bool) {
        self.waiting.retain(|aside| !is_about(&aside.talk, talk.image, talk.label));
        if !talk.prompts().is_empty() || talk.can_redo() {
            self.waiting.push(Aside { talk, with_picture });
        }
    }

    /// The talk about an object.
    pub(super) fn take(&mut self, image: ImageId, label: LabelId) -> Option<Talk> {
        let n = self.waiting.iter().position(|aside| is_about(&aside.talk, image, label))?;
        Some(self.waiting.remove(n).talk)
    }

    /// The talk that went away with a picture, where its label is still there.
    pub(super) fn take_of_picture(&mut self, image: ImageId, is_there: impl Fn(LabelId) -> bool) -> Option<Talk> {
        let fits = |aside: &Aside| aside.with_picture && aside.talk.image == image && is_there(aside.talk.label);
        let n = self.waiting.iter().rposition(fits)?;
        Some(self.waiting.remove(n).talk)
    }

    pub(super) fn has(&self, image: ImageId, label: LabelId) -> bool {
        self.waiting.iter().any(|aside| is_about(&aside.talk, image, label))
    }

    /// Remembers a talk that a step has painted. Masks are kept of the newest alone: the others would fill the memory.
    pub(super) fn accept(&mut self, step: Revision, talk: Talk) {
        self.accepted.retain(|(known, _)| *known != step);
        self.accepted.iter_mut().for_each(|(_, talk)| talk.forget_answers());
        self.accepted.push((step, talk));
        let over = self.accepted.len().saturating_sub(MOST_ACCEPTED);
        self.accepted.drain(..over);
    }

    /// The talk whose paint was taken back.
    pub(super) fn undone(&mut self, step: Revision) -> Option<Talk> {
        let n = self.accepted.iter().position(|(known, _)| *known == step)?;
        let (_, talk) = self.accepted.remove(n);
        Some(Talk { accepted_as: Some(step), ..talk })
    }

    /// The talk that came back with an undo and whose paint was done again, where it waits here.
    pub(super) fn take_accepted_as(&mut self, step: Revision) -> Option<Talk> {
        let n = self.waiting.iter().position(|aside| aside.talk.accepted_as == Some(step))?;
        Some(self.waiting.remove(n).talk)
    }

    pub(super) fn forget_answers(&mut self) {
        let accepted = self.accepted.iter_mut().map(|(_, talk)| talk);
        self.waiting.iter_mut().map(|aside| &mut aside.talk).chain(accepted).for_each(Talk::forget_answers);
    }

    pub(super) fn kept(&self) -> impl Iterator<Item = Kept> {
        self.waiting.iter().filter_map(|aside| Kept::of(&aside.talk, aside.with_picture))
    }

    /// Lays out what an earlier session left; `former` is what a label holds on a picture.
    pub(super) fn restore(&mut self, kept: Vec<Kept>, former: impl Fn(ImageId, LabelId) -> Option<Mask>) {
        for Kept { image, label, prompts, replaces, with_picture } in kept {
            // A label or a picture that is no more takes what was said of it along.
            let Some(former) = former(image, label) else { continue };
            let former = if replaces { former } else { Mask::empty(limner_imaging::VoxelBox::default()) };
            self.put(Talk::of(image, label, prompts, former), with_picture);
        }
    }
}

impl Kept {
    pub(super) fn of(talk: &Talk, with_picture: bool) -> Option<Self> {
        let (image, label, prompts) = (talk.image, talk.label, talk.prompts().to_vec());
        (!prompts.is_empty()).then(|| Self { image, label, prompts, replaces: !talk.former.is_empty(), with_picture })
    }
}

fn is_about(talk: &Talk, image: ImageId, label: LabelId) -> bool {
    (talk.image, talk.label) == (image, label)
}
