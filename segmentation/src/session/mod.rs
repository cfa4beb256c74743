//! A session: one picture, one engine, the objects a user is working on, and every step taken so far.
//!
//! Prompts and masks move together: undo brings back both. A step either happens whole or, when the engine fails or
//! is cancelled, not at all. Steps share what they do not change, so history costs one mask a step.
//!
//! An interface that must not wait takes a `Job` from `prepare`, runs it on a worker and hands the answer to
//! `commit`; `add` does all three. Prompts that are to be answered together are queued and then run.

mod compose;
mod job;
mod state;

pub use compose::Overlap;
pub use job::Job;
pub use state::{ObjectState, PackedMask, SessionState};

use crate::engine::{Engine, Prediction};
use crate::error::{Error, Result};
use crate::intensities::Intensities;
use crate::prompt::Prompt;
use limner_imaging::{Task, Volume, VoxelBox};
use std::sync::{Arc, OnceLock};

/// What the masks of the undo history may hold before the oldest steps are forgotten.
const HISTORY_BYTES: usize = 512 << 20;

/// Steps that are kept whatever they hold.
const LEAST_STEPS: usize = 20;

/// One thing being segmented.
#[derive(Clone)]
pub struct Object {
    pub label: u16,
    /// A locked object is not predicted again and gives no voxel away.
    pub locked: bool,
    prompts: Vec<Prompt>,
    /// How many prompts there were after each round of them that was answered together.
    rounds: Vec<usize>,
    /// Given, but not answered yet.
    queued: Vec<Prompt>,
    prediction: Option<Arc<Prediction>>,
}

impl Object {
    const fn new(label: u16) -> Self {
        Self { label, locked: false, prompts: Vec::new(), rounds: Vec::new(), queued: Vec::new(), prediction: None }
    }

    #[must_use]
    pub fn queued(&self) -> &[Prompt] {
        &self.queued
    }

    #[must_use]
    pub fn prompts(&self) -> &[Prompt] {
        &self.prompts
    }

    #[must_use]
    pub fn prediction(&self) -> Option<&Arc<Prediction>> {
        self.prediction.as_ref()
    }
}

/// Everything undo brings back.
#[derive(Clone, Default)]
struct Scene {
    objects: Vec<Arc<Object>>,
    active: usize,
}

pub struct Session {
    volume: Arc<Volume>,
    engine: Arc<dyn Engine>,
    measured: Arc<OnceLock<Intensities>>,
    scene: Scene,
    past: Vec<Scene>,
    future: Vec<Scene>,
    /// Counts changes, so that an answer to an old question is recognised.
    revision: u64,
}

impl Session {
    /// A session with one object, label 1.
    #[must_use]
    pub fn new(volume: Arc<Volume>, engine: Arc<dyn Engine>) -> Self {
        let scene = Scene { objects: vec![Arc::new(Object::new(1))], active: 0 };
        Self { volume, engine, measured: Arc::default(), scene, past: Vec::new(), future: Vec::new(), revision: 0 }
    }

    #[must_use]
    pub fn volume(&self) -> &Arc<Volume> {
        &self.volume
    }

    #[must_use]
    pub fn engine(&self) -> &Arc<dyn Engine> {
        &self.engine
    }

    /// Changes with every step, undo and redo.
    #[must_use]
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    #[must_use]
    pub fn objects(&self) -> &[Arc<Object>] {
        &self.scene.objects
    }

    #[must_use]
    pub fn active(&self) -> &Object {
        &self.scene.objects[self.scene.active]
    }

    /// The prompts of the active object.
    #[must_use]
    pub fn prompts(&self) -> &[Prompt] {
        &self.active().prompts
    }

    /// The answer for the active object.
    #[must_use]
    pub fn prediction(&self) -> Option<&Prediction> {
        self.active().prediction.as_deref()
    }

    /// Makes the object of this label the active one; it is made where there is none.
    pub fn select(&mut self, label: u16) {
        if let Some(n) = self.scene.objects.iter().position(|o| o.label == label) {
            self.scene.active = n;
            self.revision += 1;
            return;
        }
        self.step(|scene| {
            scene.objects.push(Arc::new(Object::new(label)));
            scene.active = scene.objects.len() - 1;
        });
    }

    /// Locks or unlocks an object. A label that is not there is left alone.
    pub fn set_locked(&mut self, label: u16, locked: bool) {
        if let Some(n) = self.scene.objects.iter().position(|o| o.label == label && o.locked != locked) {
            self.step(|scene| Arc::make_mut(&mut scene.objects[n]).locked = locked);
        }
    }

    /// Adds a prompt to the active object and predicts.
    pub fn add(&mut self, prompt: Prompt, task: &Task) -> Result<&Prediction> {
        self.add_all(vec![prompt], task)
    }

    /// Adds several prompts, after those that are queued, and predicts once.
    pub fn add_all(&mut self, prompts: Vec<Prompt>, task: &Task) -> Result<&Prediction> {
        let job = self.prepare_added(prompts, task)?;
        let prediction = job.run(task)?;
        self.commit(job, prediction)
    }

    /// Adds a prompt that is answered with the next ones, as one step.
    pub fn queue(&mut self, prompt: Prompt, task: &Task) -> Result<()> {
        self.refuse_locked()?;
        let prompt = self.checked(prompt, task)?;
        self.step(|scene| Arc::make_mut(&mut scene.objects[scene.active]).queued.push(prompt));
        Ok(())
    }

    /// Predicts from all that is queued; without anything queued nothing happens.
    pub fn run(&mut self, task: &Task) -> Result<Option<&Prediction>> {
        if self.active().queued.is_empty() {
            return Ok(self.prediction());
        }
        self.add_all(Vec::new(), task).map(Some)
    }

    /// Puts another prompt in the place of one and predicts from all of them anew.
    pub fn replace(&mut self, index: usize, prompt: Prompt, task: &Task) -> Result<&Prediction> {
        let mut all = self.prompts().to_vec();
        *all.get_mut(index).ok_or_else(|| no_prompt(index))? = prompt;
        let rounds = self.active().rounds.clone();
        self.predict(all, rounds, task)
    }

    /// Takes a prompt away and predicts from the others anew; without prompts there is no mask.
    pub fn remove(&mut self, index: usize, task: &Task) -> Result<Option<&Prediction>> {
        let mut all = self.prompts().to_vec();
        if index >= all.len() {
            return Err(no_prompt(index));
        }
        all.remove(index);
        if all.is_empty() {
            self.clear()?;
            return Ok(None);
        }
        let mut rounds = self.active().rounds.clone();
        rounds.iter_mut().filter(|end| **end > index).for_each(|end| *end -= 1);
        self.predict(all, rounds, task).map(Some)
    }

    /// Takes all prompts and the mask of the active object away.
    pub fn clear(&mut self) -> Result<()> {
        self.refuse_locked()?;
        self.step(|scene| {
            let object = Arc::make_mut(&mut scene.objects[scene.active]);
            *object = Object::new(object.label);
        });
        Ok(())
    }

    fn refuse_locked(&self) -> Result<()> {
        let Object { label, locked, .. } = self.active();
        if *locked {
            return Err(Error::session(format!("object {label} is locked; unlock it to change it")));
        }
        Ok(())
    }

    fn checked(&self, prompt: Prompt, task: &Task) -> Result<Prompt> {
        let prompt = prompt.clamped(self.volume.size(), &task.warnings)?;
        if self.engine.capabilities().understands(&prompt) {
            return Ok(prompt);
        }
        let kind = prompt.shape.name();
        Err(Error::session(format!("the model {} does not understand this {kind}", self.engine.name())))
    }

    /// The prediction with prompts added after those that are queued, to be run elsewhere.
    pub fn prepare_added(&self, prompts: Vec<Prompt>, task: &Task) -> Result<Job> {
        let object = self.active();
        let all = object.prompts.iter().chain(&object.queued).cloned().chain(prompts).collect();
        self.prepare(all, task)
    }

    /// The prediction from these prompts, to be run elsewhere. Prompts that continue the present ones are a new round
    /// and keep the present mask as the one to correct.
    pub fn prepare(&self, prompts: Vec<Prompt>, task: &Task) -> Result<Job> {
        let object = self.active();
        let continues = prompts.len() > object.prompts.len() && prompts.starts_with(&object.prompts);
        let mut rounds = if continues { object.rounds.clone() } else { Vec::new() };
        rounds.push(prompts.len());
        self.prepare_rounds(prompts, rounds, task)
    }

    fn prepare_rounds(&self, prompts: Vec<Prompt>, mut rounds: Vec<usize>, task: &Task) -> Result<Job> {
        self.refuse_locked()?;
        let prompts: Vec<Prompt> = prompts.into_iter().map(|p| self.checked(p, task)).collect::<Result<_>>()?;
        rounds.dedup();
        rounds.retain(|&end| end > 0 && end <= prompts.len());
        let (previous, answered) = self.remembered(&prompts, &rounds);
        let locked = self.scene.objects.iter().filter(|o| o.locked).cloned().collect();
        Ok(Job {
            volume: Arc::clone(&self.volume),
            engine: Arc::clone(&self.engine),
            prompts,
            rounds,
            previous,
            answered,
            measured: Arc::clone(&self.measured),
            locked,
            revision: self.revision,
        })
    }

    /// The latest answer to the first of these rounds that is still known, so that only the rest is asked.
    fn remembered(&self, prompts: &[Prompt], rounds: &[usize]) -> (Option<Arc<Prediction>>, usize) {
        let label = self.active().label;
        let known = std::iter::once(&self.scene).chain(self.past.iter().rev());
        let objects: Vec<&Arc<Object>> =
            known.filter_map(|scene| scene.objects.iter().find(|o| o.label == label)).collect();
        // The last round is asked in any case.
        for (n, &end) in rounds.iter().enumerate().rev().skip(1) {
            let same = |o: &&&Arc<Object>| o.rounds == rounds[..=n] && o.prompts == prompts[..end];
            if let Some(prediction) = objects.iter().find(same).and_then(|o| o.prediction.clone()) {
                return (Some(prediction), end);
            }
        }
        (None, 0)
    }

    /// Takes the answer to a job as one step. An answer to a question from before another change is refused.
    pub fn commit(&mut self, job: Job, prediction: Prediction) -> Result<&Prediction> {
        if job.revision != self.revision {
            return Err(Error::session("the answer came too late: the session has changed since it was asked"));
        }
        let prediction = Arc::new(prediction);
        self.step(|scene| {
            let object = Arc::make_mut(&mut scene.objects[scene.active]);
            object.prompts = job.prompts;
            object.rounds = job.rounds;
            object.queued.clear();
            object.prediction = Some(prediction);
        });
        self.prediction().ok_or_else(|| Error::session("the session lost its answer"))
    }

    pub fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    pub fn can_redo(&self) -> bool {
        !self.future.is_empty()
    }

    /// Takes the last step back. Returns the box in which masks differ, `None` where there was no step.
    pub fn undo(&mut self) -> Option<VoxelBox> {
        let before = self.past.pop()?;
        Some(self.travel(before, |session, left| session.future.push(left)))
    }

    pub fn redo(&mut self) -> Option<VoxelBox> {
        let after = self.future.pop()?;
        Some(self.travel(after, |session, left| session.past.push(left)))
    }

    fn travel(&mut self, to: Scene, keep: impl FnOnce(&mut Self, Scene)) -> VoxelBox {
        let left = std::mem::replace(&mut self.scene, to);
        let changed = left.difference(&self.scene).union(&self.scene.difference(&left));
        keep(self, left);
        self.revision += 1;
        changed
    }

    fn predict(&mut self, prompts: Vec<Prompt>, rounds: Vec<usize>, task: &Task) -> Result<&Prediction> {
        let job = self.prepare_rounds(prompts, rounds, task)?;
        let prediction = job.run(task)?;
        self.commit(job, prediction)
    }

    fn step(&mut self, change: impl FnOnce(&mut Scene)) {
        self.past.push(self.scene.clone());
        self.future.clear();
        change(&mut self.scene);
        self.revision += 1;
        self.forget_oldest();
    }

    /// Drops the oldest steps while the history holds more than its share of memory.
    fn forget_oldest(&mut self) {
        let mut held: usize = self.past.windows(2).map(|pair| pair[1].bytes_beyond(&pair[0])).sum();
        let mut drop = 0;
        while held > HISTORY_BYTES && self.past.len() - drop > LEAST_STEPS {
            held = held.saturating_sub(self.past[drop + 1].bytes_beyond(&self.past[drop]));
            drop += 1;
        }
        self.past.drain(..drop);
    }
}

impl Scene {
    /// Bytes of the masks this scene has and an earlier one has not.
    fn bytes_beyond(&self, earlier: &Self) -> usize {
        self.new_since(earlier).map(|p| p.mask.voxels().len() * 2).sum()
    }

    fn new_since<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a Arc<Prediction>> {
        let known =
            |p: &Arc<Prediction>| other.objects.iter().filter_map(|o| o.prediction.as_ref()).any(|q| Arc::ptr_eq(p, q));
        self.objects.iter().filter_map(|o| o.prediction.as_ref()).filter(move |p| !known(p))
    }

    fn difference(&self, other: &Self) -> VoxelBox {
        self.new_since(other).fold(VoxelBox::default(), |all, p| all.union(&p.mask.tight_box()))
    }
}

fn no_prompt(index: usize) -> Error {
    Error::session(format!("there is no prompt number {}", index + 1))
}
