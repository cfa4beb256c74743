//! A prediction to be made: owns what it needs, so it can run anywhere.
//!
//! An engine that corrects its last answer is taken through the rounds as the user was, from the last one whose answer
//! is still known; so a prompt that is taken away or moved leaves the mask it would have left if it had never been
//! there. Other engines are asked once.

use super::Object;
use crate::engine::{Engine, Prediction, Request};
use crate::error::{Error, Result};
use crate::intensities::Intensities;
use crate::prompt::Prompt;
use limner_imaging::{Task, Volume, VoxelBox};
use std::sync::{Arc, OnceLock};

pub struct Job {
    pub(super) volume: Arc<Volume>,
    pub(super) engine: Arc<dyn Engine>,
    pub(super) prompts: Vec<Prompt>,
    pub(super) rounds: Vec<usize>,
    pub(super) previous: Option<Arc<Prediction>>,
    /// How many of the prompts `previous` answers.
    pub(super) answered: usize,
    pub(super) measured: Arc<OnceLock<Intensities>>,
    pub(super) locked: Vec<Arc<Object>>,
    pub(super) revision: u64,
}

impl Job {
    /// The engine at work; the session is not touched.
    pub fn run(&self, task: &Task) -> Result<Prediction> {
        if !self.engine.corrects() {
            return self.ask(&self.prompts, self.previous.as_deref(), self.answered, task);
        }
        let (mut answered, mut seconds, mut changed) = (self.answered, 0.0, VoxelBox::default());
        let mut last: Option<Prediction> = None;
        for &end in self.rounds.iter().filter(|&&end| end > self.answered) {
            let previous = last.as_ref().or(self.previous.as_deref());
            let next = self.ask(&self.prompts[..end], previous, answered, task)?;
            seconds += next.seconds;
            changed = changed.union(&next.changed);
            (answered, last) = (end, Some(next));
        }
        let last = last.ok_or_else(|| Error::session("there is no prompt to answer"))?;
        Ok(Prediction { seconds, changed, ..last })
    }

    fn ask(
        &self,
        prompts: &[Prompt],
        previous: Option<&Prediction>,
        answered: usize,
        task: &Task,
    ) -> Result<Prediction> {
        let taken = |index| self.locked.iter().any(|o| o.prediction.as_ref().is_some_and(|p| p.mask.get(index)));
        let request = Request {
            previous,
            answered,
            forbidden: if self.locked.is_empty() { None } else { Some(&taken) },
            intensities: self.intensities(task)?,
            ..Request::new(&self.volume, prompts)
        };
        self.engine.predict(&request, task)
    }

    /// Measured once for a session, by the first job that needs them.
    fn intensities(&self, task: &Task) -> Result<Option<Intensities>> {
        if !self.engine.wants_intensities() {
            return Ok(None);
        }
        if let Some(known) = self.measured.get() {
            return Ok(Some(*known));
        }
        let found = Intensities::of(&self.volume, task)?;
        Ok(Some(*self.measured.get_or_init(|| found)))
    }
}
