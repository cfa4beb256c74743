//! A session at its own bench: a named thread that carries out what its client asks, one thing after another.

use super::answer::{Refusal, changed, said};
use super::talk::{Changed, Talk, Target};
use super::{Limits, picture};
use crate::engine::Engine;
use crate::prompt::{Prompt, Shape};
use crate::wire::{Dtype, unpack};
use axum::body::Body;
use axum::http::{Response, StatusCode};
use glam::DVec3;
use limner_imaging::{Task, Voxel, VoxelBox};
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

type Outcome<T = Response<Body>> = Result<T, Refusal>;

/// What all sessions work with.
#[derive(Clone)]
pub struct Bench {
    engine: Arc<dyn Engine>,
    predictor: Arc<Mutex<()>>,
    limits: Limits,
    /// Bytes of the pictures of all sessions; whoever unpacks one holds it.
    held: Arc<Mutex<usize>>,
}

/// All pictures together may take so many times what one may.
const PICTURES: usize = 2;

impl Bench {
    pub fn new(engine: Arc<dyn Engine>, limits: Limits) -> Self {
        Self { engine, predictor: Arc::default(), limits, held: Arc::default() }
    }

    /// A picture in the place of the one a session has, where there is memory for it beside those of others.
    fn show(&self, talk: &mut Talk, meta: &Value, body: &[u8]) -> Outcome {
        // One at a time: on its way in a picture is there twice.
        let mut held = self.held.lock();
        let array = unpack(body, self.limits.array_bytes)?;
        let volume = picture::volume(&array, meta)?;
        let (bytes, others) = (array.bytes.len(), held.saturating_sub(talk.picture_bytes()));
        if others.saturating_add(bytes) > self.limits.array_bytes.saturating_mul(PICTURES) {
            return Err(Refusal::too_large(
                "the pictures of other sessions leave no memory for this one; try again later",
            ));
        }
        talk.set_picture(volume, bytes);
        *held = others + bytes;
        Ok(said(&json!({"original_image_shape": array.shape})))
    }
}

/// What can be asked of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    SetImage,
    SetTarget,
    SetZoom,
    Reset,
    Undo,
    Predict,
    Point,
    Box,
    Scribble,
    Lasso,
    Start,
}

impl Ask {
    /// Whether the body is an array and the rest is said in the head.
    pub const fn brings_array(self) -> bool {
        matches!(self, Self::SetImage | Self::Scribble | Self::Lasso | Self::Start)
    }
}

pub struct Job {
    pub ask: Ask,
    pub meta: Value,
    pub body: Vec<u8>,
    pub task: Task,
    pub reply: oneshot::Sender<Outcome>,
}

/// Requests of one session take turns, so hardly more than one waits.
const WAITING: usize = 4;

/// Starts the thread of a session; it ends when nobody can ask it any more.
pub fn start(number: u64, bench: Bench) -> std::io::Result<mpsc::Sender<Job>> {
    let (sender, jobs) = mpsc::channel(WAITING);
    std::thread::Builder::new().name(format!("session {number}")).spawn(move || work(number, &bench, jobs))?;
    Ok(sender)
}

fn work(number: u64, bench: &Bench, mut jobs: mpsc::Receiver<Job>) {
    let begin = || Talk::new(Arc::clone(&bench.engine), Arc::clone(&bench.predictor));
    let mut talk = begin();
    let leave = |talk: &mut Talk| {
        let mut held = bench.held.lock();
        *held = held.saturating_sub(talk.picture_bytes());
        talk.forget_picture();
    };
    while let Some(job) = jobs.blocking_recv() {
        let Job { ask, meta, body, task, reply } = job;
        // One session's misfortune is not the others'.
        let outcome = catch_unwind(AssertUnwindSafe(|| carry_out(&mut talk, ask, &meta, body, bench, &task)));
        let outcome = outcome.unwrap_or_else(|_| {
            log::error!("session {number} failed at {ask:?}; it begins anew");
            leave(&mut talk);
            talk = begin();
            Err(Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "the server failed at this; send the image again"))
        });
        // Whoever asked may have gone.
        let _ = reply.send(outcome);
    }
    leave(&mut talk);
}

fn carry_out(talk: &mut Talk, ask: Ask, meta: &Value, body: Vec<u8>, bench: &Bench, task: &Task) -> Outcome {
    let limit = bench.limits.array_bytes;
    if ask == Ask::SetImage {
        return bench.show(talk, meta, &body);
    }
    let array = if ask.brings_array() { Some(unpack(&body, limit)?) } else { None };
    drop(body);
    let outcome = match (ask, array) {
        (Ask::SetTarget, _) => {
            talk.set_target(target(meta, limit)?);
            return Ok(said(&json!({})));
        }
        (Ask::SetZoom, _) => {
            talk.set_steps_back(needed_switch(meta, "do_autozoom")?);
            return Ok(said(&json!({})));
        }
        (Ask::Reset, _) => {
            talk.reset();
            return Ok(said(&json!({})));
        }
        (Ask::Undo, _) => talk.undo(),
        (Ask::Predict, _) => talk.predict(task)?,
        (Ask::Point, _) => add(talk, Shape::Point { at: place(meta)? }, meta, task)?,
        (Ask::Box, _) => {
            add(talk, Shape::Box { bounds: rounded_box(&meta["bbox_coords"], talk.size()?)? }, meta, task)?
        }
        (Ask::Start, Some(array)) => {
            let mask = picture::mask(&array, VoxelBox::whole(talk.size()?))?;
            talk.start(mask, switch(meta, "run_prediction", false)?, task)?
        }
        (Ask::Scribble | Ask::Lasso, Some(array)) => {
            let mask = picture::mask(&array, within(meta, talk.size()?)?)?;
            let tight = mask.tight_box();
            add(talk, Shape::Marks { mask: mask.within(tight), lasso: ask == Ask::Lasso }, meta, task)?
        }
        (Ask::SetImage, _) | (Ask::Start | Ask::Scribble | Ask::Lasso, None) => {
            return Err(Refusal::bad("an array is missing"));
        }
    };
    Ok(changed(&outcome, talk.target()))
}

fn add(talk: &mut Talk, shape: Shape, meta: &Value, task: &Task) -> Outcome<Changed> {
    let positive = needed_switch(meta, "include_interaction")?;
    talk.add(Prompt { shape, positive }, switch(meta, "run_prediction", true)?, task)
}

fn needed_switch(meta: &Value, name: &str) -> Outcome<bool> {
    if meta[name].is_null() {
        return Err(Refusal::bad(format!("{name} is missing")));
    }
    switch(meta, name, false)
}

fn switch(meta: &Value, name: &str, otherwise: bool) -> Outcome<bool> {
    match &meta[name] {
        Value::Null => Ok(otherwise),
        Value::Bool(value) => Ok(*value),
        Value::Number(number) if number.as_f64().is_some_and(|n| n == 0.0 || n == 1.0) => {
            Ok(number.as_f64() == Some(1.0))
        }
        other => Err(Refusal::bad(format!("{name} is true or false, not {}", shortened(other)))),
    }
}

/// What was sent, for a message: no longer than helps.
fn shortened(value: &Value) -> String {
    const MOST: usize = 60;
    let text = value.to_string();
    if text.chars().count() <= MOST { text } else { text.chars().take(MOST).chain("…".chars()).collect() }
}

fn numbers<const N: usize>(value: &Value, what: &str) -> Outcome<[f64; N]> {
    let wrong = || Refusal::bad(format!("{what} needs {N} numbers, not {}", shortened(value)));
    let list = value.as_array().filter(|list| list.len() == N).ok_or_else(wrong)?;
    let mut out = [0.0; N];
    for (out, number) in out.iter_mut().zip(list) {
        *out = number.as_f64().filter(|number| number.is_finite()).ok_or_else(wrong)?;
    }
    Ok(out)
}

/// Slices, rows and columns as a place.
fn place(meta: &Value) -> Outcome<Voxel> {
    let [slice, row, column] = numbers(&meta["coordinates"], "coordinates")?;
    Ok(Voxel(DVec3::new(column, row, slice)))
}

/// From where to where, along slices, rows and columns.
fn ranges(value: &Value, what: &str) -> Outcome<[[f64; 2]; 3]> {
    let list = value.as_array().filter(|list| list.len() == 3);
    let list = list.ok_or_else(|| Refusal::bad(format!("{what} needs 3 ranges, not {}", shortened(value))))?;
    Ok([numbers(&list[0], what)?, numbers(&list[1], what)?, numbers(&list[2], what)?])
}

/// A box, cut to the picture.
fn rounded_box(value: &Value, size: [usize; 3]) -> Outcome<VoxelBox> {
    let ranges = ranges(value, "bbox_coords")?;
    let mut bounds = VoxelBox::default();
    for (axis, [from, to]) in [2, 1, 0].into_iter().zip(ranges) {
        let most = size[axis] as f64;
        let [from, to] = [from, to].map(f64::round_ties_even);
        if to <= from || to <= 0.0 || from >= most {
            return Err(Refusal::bad(format!("the box {} holds no voxel of this image", shortened(value))));
        }
        (bounds.min[axis], bounds.max[axis]) = (from.max(0.0) as usize, to.min(most) as usize);
    }
    Ok(bounds)
}

/// Where marks lie: the box that was named, else the whole picture.
fn within(meta: &Value, size: [usize; 3]) -> Outcome<VoxelBox> {
    let named = &meta["interaction_bbox"];
    if named.is_null() {
        return Ok(VoxelBox::whole(size));
    }
    let mut bounds = VoxelBox::default();
    for (axis, [from, to]) in [2, 1, 0].into_iter().zip(ranges(named, "interaction_bbox")?) {
        if from.fract() != 0.0 || to.fract() != 0.0 || from < 0.0 || to <= from || to > size[axis] as f64 {
            let detail = format!("interaction_bbox {} does not lie in this image", shortened(named));
            return Err(Refusal::bad(detail));
        }
        (bounds.min[axis], bounds.max[axis]) = (from as usize, to as usize);
    }
    Ok(bounds)
}

fn target(meta: &Value, limit: usize) -> Outcome<Target> {
    let shape: [f64; 3] = numbers(&meta["shape"], "shape")?;
    if shape.iter().any(|&n| n.fract() != 0.0 || n < 1.0 || n > i64::MAX as f64) {
        return Err(Refusal::bad(format!("shape holds positive whole numbers, not {}", shortened(&meta["shape"]))));
    }
    let name = meta["dtype"].as_str().unwrap_or_default();
    let dtype = Dtype::parse(name).filter(|dtype| dtype.is_whole());
    let dtype = dtype.ok_or_else(|| {
        Refusal::bad(format!("a target buffer is of bool or whole numbers, not {}", shortened(&meta["dtype"])))
    })?;
    let bytes = shape.iter().product::<f64>() * dtype.bytes() as f64;
    if bytes > limit as f64 {
        return Err(Refusal::too_large(format!(
            "the target buffer would need {bytes} bytes; the limit here is {limit}"
        )));
    }
    let [slices, rows, columns] = shape.map(|n| n as usize);
    Ok(Target { dtype, size: [columns, rows, slices] })
}
