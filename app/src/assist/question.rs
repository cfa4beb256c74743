//! A question to an engine, with all a worker needs to answer it.

use super::Answer;
use limner_annotation::Revision;
use limner_imaging::{Mask, Task, Volume};
use limner_segmentation::engine::Forbidden;
use limner_segmentation::{Engine, Prompt, Request, on_slice};
use std::sync::Arc;

/// Everything a worker needs to answer all prompts so far.
pub struct Question {
    pub(super) engine: Arc<dyn Engine>,
    pub(super) volume: Arc<Volume>,
    pub(super) prompts: Vec<Prompt>,
    /// The answer to the first so many of them.
    pub(super) previous: Option<(Arc<Answer>, usize)>,
    /// Voxels of locked and finished labels.
    pub(super) forbidden: Mask,
    pub(super) made_on: Revision,
    pub(super) is_preview: bool,
    /// The slice of a volume that alone is looked at, where an answer is wanted at once.
    pub(super) only_slice: Option<usize>,
}

impl Question {
    pub const fn is_preview(&self) -> bool {
        self.is_preview
    }

    pub fn prompts(&self) -> &[Prompt] {
        &self.prompts
    }

    pub fn ask(&self, task: &Task) -> anyhow::Result<Answer> {
        let forbidden = |index| self.forbidden.get(index);
        let forbidden: Option<Forbidden> = if self.forbidden.is_empty() { None } else { Some(&forbidden) };
        let volume = match self.only_slice {
            Some(k) => Arc::new(Volume::of_one_slice(self.volume.geometry, k, &self.volume.slice(k)?)?),
            None => self.volume.clone(),
        };
        let mut request = Request { forbidden, ..Request::new(&volume, &self.prompts) };
        if let Some((answer, answered)) = &self.previous {
            (request.previous, request.answered) = (Some(&answer.prediction), *answered);
        }
        let prediction = on_slice::predict(&*self.engine, &request, task)?;
        let (made_on, is_preview) = (self.made_on, self.is_preview);
        let (engine, license) = (self.engine.name().into(), self.engine.license().map(str::to_owned));
        let is_part = self.only_slice.is_some();
        Ok(Answer { prediction, made_on, engine, license, is_preview, is_part })
    }
}
