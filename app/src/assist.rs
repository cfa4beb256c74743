//! The join from tool to engine and back: a drawn prompt becomes a request, the answer a proposal, an accepted proposal
//! one command.
//!
//! A proposal belongs to the revision it was made on. Undo, or paint under it, makes it stale, and a stale proposal is
//! asked for again rather than pasted.

use limner_annotation::{ImageId, LabelId, Revision};
use limner_imaging::{Mask, Task, Volume, VoxelBox};
use limner_segmentation::engine::Forbidden;
use limner_segmentation::{Engine, Prompt, Request};
use std::sync::Arc;

pub struct Assist {
    engine: Arc<dyn Engine>,
    prompts: Vec<Prompt>,
    proposal: Option<Proposal>,
}

/// A mask the engine suggests for a label.
pub struct Proposal {
    pub image: ImageId,
    pub label: LabelId,
    pub made_on: Revision,
    pub mask: Mask,
    pub seconds: f64,
}

impl Assist {
    pub fn new(engine: Arc<dyn Engine>) -> Self {
        Self { engine, prompts: Vec::new(), proposal: None }
    }

    pub fn engine_name(&self) -> &str {
        self.engine.name()
    }

    pub fn proposal(&self) -> Option<&Proposal> {
        self.proposal.as_ref()
    }

    pub fn prompts(&self) -> &[Prompt] {
        &self.prompts
    }

    pub fn add_prompt(&mut self, prompt: Prompt) {
        self.prompts.push(prompt);
    }

    /// Takes the last prompt back; the answer is whether any is left to ask with.
    pub fn remove_last_prompt(&mut self) -> bool {
        self.prompts.pop();
        self.prompts.iter().any(|p| p.positive)
    }

    /// Everything a worker needs to answer all prompts so far.
    pub fn question(&self, volume: Arc<Volume>, forbidden: Mask) -> Question {
        Question { engine: self.engine.clone(), volume, prompts: self.prompts.clone(), forbidden }
    }

    /// Shows a new proposal; the answer is the box to draw again, the old one's place included.
    pub fn propose(&mut self, proposal: Proposal) -> VoxelBox {
        let before = self.proposal.as_ref().map_or_else(VoxelBox::default, |p| p.mask.bounds());
        let after = proposal.mask.bounds();
        self.proposal = Some(proposal);
        before.union(&after)
    }

    /// Drops proposal and prompts; the answer is what was proposed.
    pub fn finish(&mut self) -> Option<Proposal> {
        self.prompts.clear();
        self.proposal.take()
    }
}

pub struct Question {
    engine: Arc<dyn Engine>,
    volume: Arc<Volume>,
    prompts: Vec<Prompt>,
    /// Voxels of locked labels.
    forbidden: Mask,
}

impl Question {
    pub fn ask(&self, task: &Task) -> anyhow::Result<limner_segmentation::Prediction> {
        let forbidden = |index| self.forbidden.get(index);
        let forbidden: Option<Forbidden> = if self.forbidden.is_empty() { None } else { Some(&forbidden) };
        let request = Request { forbidden, ..Request::new(&self.volume, &self.prompts) };
        Ok(self.engine.predict(&request, task)?)
    }
}
