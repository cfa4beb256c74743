//! A session: one picture, one engine, the objects a user is working on, and every step taken so far.
//!
//! Prompts and masks move together: undo brings back both. A step either happens whole or, when the engine fails or
//! is cancelled, not at all. Steps share what they do not change, so history costs one mask a step.
//!
//! An interface that must not wait takes a `Job` from `prepare`, runs it on a worker and hands the answer to
//! `commit`; `add` does all three.

mod compose;
mod state;

pub use compose::Overlap;
pub use state::{ObjectState, SessionState};

use crate::engine::{Engine, Prediction, Request};
use crate::error::{Error, Result};
use crate::prompt::Prompt;
use limner_imaging::{Task, Volume, VoxelBox};
use std::sync::Arc;

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
    prediction: Option<Arc<Prediction>>,
}

impl Object {
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
    scene: Scene,
    past: Vec<Scene>,
    future: Vec<Scene>,
    /// Counts changes, so that an answer to an old question is recognised.
    revision: u64,
}

/// A prediction to be made: owns what it needs, so it can run anywhere.
pub struct Job {
    volume: Arc<Volume>,
    engine: Arc<dyn Engine>,
    prompts: Vec<Prompt>,
    previous: Option<Arc<Prediction>>,
    locked: Vec<Arc<Object>>,
    revision: u64,
}

impl Job {
    /// The engine at work; the session is not touched.
    pub fn run(&self, task: &Task) -> Result<Prediction> {
        let taken = |index| self.locked.iter().any(|o| o.prediction.as_ref().is_some_and(|p| p.mask.get(index)));
        let request = Request {
            image: &self.volume,
            prompts: &self.prompts,
            previous: self.previous.as_ref().map(|p| &p.mask),
            forbidden: if self.locked.is_empty() { None } else { Some(&taken) },
        };
        self.engine.predict(&request, task)
    }
}

impl Session {
    /// A session with one object, label 1.
    #[must_use]
    pub fn new(volume: Arc<Volume>, engine: Arc<dyn Engine>) -> Self {
        let object = Object { label: 1, locked: false, prompts: Vec::new(), prediction: None };
        let scene = Scene { objects: vec![Arc::new(object)], active: 0 };
        Self { volume, engine, scene, past: Vec::new(), future: Vec::new(), revision: 0 }
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
            let object = Object { label, locked: false, prompts: Vec::new(), prediction: None };
            scene.objects.push(Arc::new(object));
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

    /// Adds several prompts and predicts once.
    pub fn add_all(&mut self, prompts: Vec<Prompt>, task: &Task) -> Result<&Prediction> {
        let mut all = self.prompts().to_vec();
        all.extend(prompts);
        self.predict(all, task)
    }

    /// Puts another prompt in the place of one and predicts from all of them anew.
    pub fn replace(&mut self, index: usize, prompt: Prompt, task: &Task) -> Result<&Prediction> {
        let mut all = self.prompts().to_vec();
        *all.get_mut(index).ok_or_else(|| no_prompt(index))? = prompt;
        self.predict(all, task)
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
        self.predict(all, task).map(Some)
    }

    /// Takes all prompts and the mask of the active object away.
    pub fn clear(&mut self) -> Result<()> {
        self.refuse_locked()?;
        self.step(|scene| {
            let object = Arc::make_mut(&mut scene.objects[scene.active]);
            object.prompts.clear();
            object.prediction = None;
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

    /// The prediction from these prompts, to be run elsewhere. Prompts that continue the present ones keep the
    /// present mask as the one to correct.
    pub fn prepare(&self, prompts: Vec<Prompt>, task: &Task) -> Result<Job> {
        self.refuse_locked()?;
        let object = self.active();
        let size = self.volume.size();
        let prompts: Vec<Prompt> =
            prompts.into_iter().map(|p| p.clamped(size, &task.warnings)).collect::<Result<_>>()?;
        if let Some(prompt) = prompts.iter().find(|p| !self.engine.capabilities().understands(p)) {
            let kind = prompt.shape.name();
            return Err(Error::session(format!("the model {} does not understand this {kind}", self.engine.name())));
        }
        let continues = prompts.len() > object.prompts.len() && prompts.starts_with(&object.prompts);
        let locked = self.scene.objects.iter().filter(|o| o.locked).cloned().collect();
        Ok(Job {
            volume: Arc::clone(&self.volume),
            engine: Arc::clone(&self.engine),
            prompts,
            previous: object.prediction.clone().filter(|_| continues),
            locked,
            revision: self.revision,
        })
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

    fn predict(&mut self, prompts: Vec<Prompt>, task: &Task) -> Result<&Prediction> {
        let job = self.prepare(prompts, task)?;
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
