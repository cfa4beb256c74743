//! One session: a picture, what was said about the object in it, and the mask that came of it. Undo goes back one step,
//! as the protocol has it, and what fails changes nothing.

use super::answer::Refusal;
use crate::engine::{Engine, Prediction, Request, changed_box};
use crate::intensities::Intensities;
use crate::prompt::{Prompt, Shape};
use crate::wire::Dtype;
use limner_imaging::{Mask, Task, Volume, VoxelBox};
use parking_lot::Mutex;
use std::sync::Arc;

/// What masks are sent back as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    pub dtype: Dtype,
    /// Columns, rows, slices.
    pub size: [usize; 3],
}

/// Whether anything was predicted or taken back, and the part of which mask it changed.
#[derive(Debug, Default, PartialEq)]
pub struct Changed {
    pub ran: bool,
    pub part: Option<(Mask, VoxelBox)>,
}

/// What was said, and the answer to the first `answered` of it.
#[derive(Clone, Default)]
struct Said {
    prompts: Vec<Prompt>,
    answered: usize,
    /// Something was said that waits for an answer.
    waits: bool,
    answer: Option<Arc<Prediction>>,
}

struct Picture {
    volume: Volume,
    bytes: usize,
    intensities: Option<Intensities>,
}

pub struct Talk {
    engine: Arc<dyn Engine>,
    /// Held by the one session that predicts.
    predictor: Arc<Mutex<()>>,
    picture: Option<Picture>,
    target: Option<Target>,
    said: Said,
    before: Option<Said>,
    steps_back: bool,
}

impl From<crate::Error> for Refusal {
    fn from(error: crate::Error) -> Self {
        if error.is_cancelled() {
            Self::gone("the session ended before the answer was there")
        } else {
            Self::bad(error.to_string())
        }
    }
}

impl Talk {
    pub fn new(engine: Arc<dyn Engine>, predictor: Arc<Mutex<()>>) -> Self {
        Self { engine, predictor, picture: None, target: None, said: Said::default(), before: None, steps_back: true }
    }

    /// Another picture: all that was said is about the last one.
    pub fn set_picture(&mut self, volume: Volume, bytes: usize) {
        self.forget_picture();
        self.picture = Some(Picture { volume, bytes, intensities: None });
    }

    pub fn forget_picture(&mut self) {
        self.reset();
        self.target = None;
        self.picture = None;
    }

    pub fn picture_bytes(&self) -> usize {
        self.picture.as_ref().map_or(0, |picture| picture.bytes)
    }

    pub const fn set_target(&mut self, target: Target) {
        self.target = Some(target);
    }

    pub const fn target(&self) -> Option<Target> {
        self.target
    }

    pub const fn set_steps_back(&mut self, steps_back: bool) {
        self.steps_back = steps_back;
    }

    pub fn reset(&mut self) {
        self.said = Said::default();
        self.before = None;
    }

    /// Columns, rows and slices of the picture.
    pub fn size(&self) -> Result<[usize; 3], Refusal> {
        let picture =
            self.picture.as_ref().ok_or_else(|| Refusal::bad("there is no image yet: send set_image first"))?;
        Ok(picture.volume.size())
    }

    /// Adds a prompt and, with `run`, answers all that wait.
    pub fn add(&mut self, prompt: Prompt, run: bool, task: &Task) -> Result<Changed, Refusal> {
        let size = self.size()?;
        let mut next = self.said.clone();
        // Marks on no voxel say nothing.
        if !matches!(&prompt.shape, Shape::Marks { mask, .. } if mask.is_empty()) {
            self.refuse_unknown(&prompt)?;
            next.prompts.push(prompt.clamped(size, &task.warnings)?);
            next.waits = true;
        }
        self.go_on(next, run, task)
    }

    /// Begins anew from a mask; with `run` it is fitted to the picture.
    pub fn start(&mut self, mask: Mask, run: bool, task: &Task) -> Result<Changed, Refusal> {
        let size = self.size()?;
        let fit = run && !mask.is_empty();
        let prompt = Prompt::positive(Shape::Mask { mask, refine: fit });
        self.refuse_unknown(&prompt)?;
        let prompt = prompt.clamped(size, &task.warnings)?;
        let mut next = Said { prompts: vec![prompt], waits: fit, ..Said::default() };
        if !fit && let Shape::Mask { mask, .. } = &next.prompts[0].shape {
            let answer = Prediction { mask: mask.clone(), probability: None, changed: mask.bounds(), seconds: 0.0 };
            (next.answered, next.answer) = (1, Some(Arc::new(answer)));
        }
        self.go_on(next, run, task)
    }

    fn go_on(&mut self, mut next: Said, run: bool, task: &Task) -> Result<Changed, Refusal> {
        let part = if run && next.waits { Some(self.answer(&mut next, task)?) } else { None };
        self.before = Some(std::mem::replace(&mut self.said, next));
        Ok(Changed { ran: run, part: part.and_then(|changed| self.part(changed)) })
    }

    /// Answers what waits; nothing happens where nothing does.
    pub fn predict(&mut self, task: &Task) -> Result<Changed, Refusal> {
        self.size()?;
        if !self.said.waits {
            return Ok(Changed::default());
        }
        let mut next = self.said.clone();
        let changed = self.answer(&mut next, task)?;
        self.said = next;
        Ok(Changed { ran: true, part: self.part(changed) })
    }

    /// Takes the last prompt and its answer back.
    pub fn undo(&mut self) -> Changed {
        let Some(before) = self.before.take() else { return Changed::default() };
        let after = std::mem::replace(&mut self.said, before);
        let nothing = Mask::empty(VoxelBox::default());
        let [old, new] = [&after, &self.said].map(|said| said.answer.as_ref().map_or(&nothing, |answer| &answer.mask));
        let changed = changed_box(Some(old), new);
        Changed { ran: true, part: self.part(changed) }
    }

    /// The mask as it is now, and the box to send of it.
    fn part(&self, changed: VoxelBox) -> Option<(Mask, VoxelBox)> {
        let size = self.size().ok()?;
        let changed = changed.intersection(&VoxelBox::whole(size));
        let nothing = Mask::empty(VoxelBox::default());
        let mask = self.said.answer.as_ref().map_or(&nothing, |answer| &answer.mask);
        (!changed.is_empty()).then(|| (mask.within(changed), changed))
    }

    fn answer(&mut self, next: &mut Said, task: &Task) -> Result<VoxelBox, Refusal> {
        let size = self.size()?;
        let target =
            self.target.ok_or_else(|| Refusal::bad("there is no target buffer yet: send set_target_buffer"))?;
        if target.size != size {
            let (target, size) = (target.size, size);
            let detail =
                format!("the target buffer of {target:?} does not fit the image of {size:?} (columns, rows, slices)");
            return Err(Refusal::bad(detail));
        }
        let picture = self.picture.as_mut().ok_or_else(|| Refusal::bad("there is no image"))?;
        if self.engine.wants_intensities() && picture.intensities.is_none() {
            picture.intensities = Some(Intensities::of(&picture.volume, task)?);
        }
        let request = Request {
            previous: next.answer.as_deref(),
            answered: next.answered,
            intensities: picture.intensities,
            steps_back: self.steps_back,
            ..Request::new(&picture.volume, &next.prompts)
        };
        let turn = self.predictor.lock();
        // Somebody may have left the queue while others were served.
        task.cancel.check().map_err(crate::Error::from)?;
        let answer = self.engine.predict(&request, task);
        parking_lot::MutexGuard::unlock_fair(turn);
        let answer = answer?;
        let changed = answer.changed;
        (next.answered, next.waits, next.answer) = (next.prompts.len(), false, Some(Arc::new(answer)));
        Ok(changed)
    }

    fn refuse_unknown(&self, prompt: &Prompt) -> Result<(), Refusal> {
        let can = self.engine.capabilities();
        let solid = matches!(&prompt.shape, Shape::Box { bounds } if !bounds.size().contains(&1)) && !can.box_3d;
        if solid {
            return Err(Refusal::bad("this model knows boxes on one slice only: one axis must have a size of 1"));
        }
        if can.understands(prompt) {
            return Ok(());
        }
        Err(Refusal::bad(format!("this model does not understand a {}", prompt.shape.name())))
    }
}
