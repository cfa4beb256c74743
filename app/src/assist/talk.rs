//! What is said about one object, prompt by prompt, with the answer to each step.

use super::Awaited;
use limner_annotation::{ImageId, LabelId, Revision};
use limner_imaging::{Mask, StackAxis, Volume};
use limner_segmentation::{Prediction, Prompt};
use std::sync::Arc;

/// What is being said about one object.
pub struct Talk {
    pub image: ImageId,
    pub label: LabelId,
    /// What the label held when it was taken up again; the result replaces it.
    pub former: Mask,
    /// The first one says nothing; never empty.
    pub(super) steps: Vec<Step>,
    pub(super) at: usize,
    pub(super) awaited: Option<Awaited>,
    /// The step that painted it, where an undo brought it back and nothing was said since.
    pub(super) accepted_as: Option<Revision>,
}

#[derive(Clone, Default)]
pub(super) struct Step {
    pub(super) prompts: Vec<Prompt>,
    pub(super) answer: Option<Arc<Answer>>,
}

/// A mask an engine suggests.
pub struct Answer {
    pub prediction: Prediction,
    pub made_on: Revision,
    pub engine: String,
    /// Of the model's weights, where it has any.
    pub license: Option<String>,
    /// From the preview engine: another one is still to come.
    pub is_preview: bool,
    /// It was worked out for one slice alone.
    pub is_part: bool,
}

impl Talk {
    pub(super) fn new(image: ImageId, label: LabelId) -> Self {
        Self::of(image, label, Vec::new(), Mask::empty(limner_imaging::VoxelBox::default()))
    }

    /// One that begins with prompts of earlier.
    pub(super) fn of(image: ImageId, label: LabelId, prompts: Vec<Prompt>, former: Mask) -> Self {
        let steps = vec![Step { prompts, answer: None }];
        Self { image, label, former, steps, at: 0, awaited: None, accepted_as: None }
    }

    pub fn prompts(&self) -> &[Prompt] {
        &self.steps[self.at].prompts
    }

    pub fn answer(&self) -> Option<&Arc<Answer>> {
        self.steps[self.at].answer.as_ref()
    }

    /// The answer to look at: while the newest prompts wait for theirs, the one before them.
    pub fn shown(&self) -> Option<&Arc<Answer>> {
        let said = self.prompts().iter().any(|prompt| prompt.positive);
        self.steps[..=self.at].iter().rev().filter(|_| said).find_map(|step| step.answer.as_ref())
    }

    /// Whether prompts are waiting for their engine.
    pub fn needs_answer(&self, now: Revision) -> bool {
        let answered = self.answer().is_some_and(|answer| !answer.is_preview && answer.made_on == now);
        !answered && self.prompts().iter().any(|prompt| prompt.positive)
    }

    pub(super) fn can_redo(&self) -> bool {
        self.at + 1 < self.steps.len()
    }

    pub(super) fn forget_answers(&mut self) {
        self.steps.iter_mut().for_each(|step| step.answer = None);
    }

    pub(super) fn change(&mut self, change: impl FnOnce(&mut Vec<Prompt>)) {
        let mut prompts = self.prompts().to_vec();
        change(&mut prompts);
        self.steps.truncate(self.at + 1);
        self.steps.push(Step { prompts, answer: None });
        self.at += 1;
        (self.awaited, self.accepted_as) = (None, None);
    }

    /// What an engine answered before the last prompts were added, and to how many.
    pub(super) fn previous(&self, engine: &str) -> Option<(Arc<Answer>, usize)> {
        let now = self.prompts();
        let earlier = self.steps[..self.at].iter().rev().filter(|step| now.starts_with(&step.prompts));
        let mut answered = earlier.filter_map(|step| Some((step.answer.clone()?, step.prompts.len())));
        answered.find(|(answer, _)| answer.engine == engine && !answer.is_preview)
    }

    /// The stored slice of a volume that was spoken of last.
    pub(super) fn slice_in_hand(&self, volume: &Volume) -> Option<usize> {
        let is_volume = volume.stack_axis == StackAxis::Space && volume.size()[2] > 1 && volume.only_slice().is_none();
        let slice_of = |prompt: &Prompt| {
            let bounds = prompt.bounds(volume.size());
            (bounds.size()[2] == 1).then_some(bounds.min[2])
        };
        let slice = slice_of(self.prompts().last().filter(|_| is_volume)?)?;
        let is_asked = |prompt: &Prompt| prompt.positive && slice_of(prompt) == Some(slice);
        self.prompts().iter().any(is_asked).then_some(slice)
    }
}
