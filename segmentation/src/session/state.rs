//! A session written down: which engine, which objects, what was said about each, and the masks that came of it.
//! Opening one gives back the same prompts and masks without running the engine.

use super::{Object, Scene, Session};
use crate::engine::{Engine, Prediction};
use crate::error::{Error, Result};
use crate::prompt::{Prompt, packed};
use limner_imaging::{Mask, Volume, VoxelBox};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionState {
    pub engine: String,
    pub size: [usize; 3],
    pub active: usize,
    pub objects: Vec<ObjectState>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObjectState {
    pub label: u16,
    pub locked: bool,
    pub prompts: Vec<Prompt>,
    /// How many prompts there were after each round.
    #[serde(default)]
    pub rounds: Vec<usize>,
    #[serde(default)]
    pub queued: Vec<Prompt>,
    pub mask: Option<PackedMask>,
    /// How sure the engine was of each voxel of the mask, columns fastest, as values and how often each follows.
    #[serde(default)]
    pub sure: Vec<(u8, usize)>,
}

/// A mask that serialises as run lengths.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PackedMask(#[serde(with = "packed")] pub Mask);

impl Session {
    /// For provenance and for going on later. The undo history is not kept.
    #[must_use]
    pub fn state(&self) -> SessionState {
        let object = |o: &Arc<Object>| ObjectState {
            label: o.label,
            locked: o.locked,
            prompts: o.prompts.clone(),
            rounds: o.rounds.clone(),
            queued: o.queued.clone(),
            sure: o.prediction.as_ref().map_or_else(Vec::new, |p| packed_shares(p)),
            mask: o.prediction.as_ref().map(|p| PackedMask(p.mask.within(p.mask.tight_box()))),
        };
        SessionState {
            engine: self.engine.name().into(),
            size: self.volume.size(),
            active: self.scene.active,
            objects: self.scene.objects.iter().map(object).collect(),
        }
    }

    /// Goes on from a written state. The image must have the same grid; the engine may be another one.
    pub fn restore(state: SessionState, volume: Arc<Volume>, engine: Arc<dyn Engine>) -> Result<Self> {
        let size = volume.size();
        if state.size != size {
            let reason =
                format!("the saved prompts are for an image of {:?} voxels; this one has {size:?}", state.size);
            return Err(Error::session(reason));
        }
        if state.active >= state.objects.len() {
            return Err(Error::session("the saved session names an active object that is not in it"));
        }
        let mut objects: Vec<Arc<Object>> = Vec::with_capacity(state.objects.len());
        for saved in state.objects {
            if objects.iter().any(|o| o.label == saved.label) {
                return Err(Error::session(format!("the saved session has two objects with label {}", saved.label)));
            }
            objects.push(Arc::new(restored(saved, size)?));
        }
        let scene = Scene { objects, active: state.active };
        Ok(Self { scene, ..Self::new(volume, engine) })
    }
}

fn restored(saved: ObjectState, size: [usize; 3]) -> Result<Object> {
    let warnings = limner_imaging::Warnings::default();
    let clamped =
        |prompts: Vec<Prompt>| prompts.into_iter().map(|p| p.clamped(size, &warnings)).collect::<Result<Vec<_>>>();
    let prompts = clamped(saved.prompts)?;
    let mut rounds = saved.rounds;
    if rounds.last() != Some(&prompts.len()) || !rounds.is_sorted() {
        // Written before rounds were: each prompt is taken as one of its own.
        rounds = (1..=prompts.len()).collect();
    }
    let prediction = saved.mask.map(|PackedMask(mask)| {
        let kept = mask.bounds().intersection(&VoxelBox::whole(size));
        let probability = unpacked_shares(&mask, &saved.sure).filter(|_| kept == mask.bounds());
        let mask = mask.within(kept);
        let changed = mask.tight_box();
        Arc::new(Prediction { mask, probability, changed, seconds: 0.0 })
    });
    let queued = clamped(saved.queued)?;
    Ok(Object { label: saved.label, locked: saved.locked, prompts, rounds, queued, prediction })
}

/// The shares of the voxels of the mask, in runs; nothing where the engine gave none.
fn packed_shares(prediction: &Prediction) -> Vec<(u8, usize)> {
    let Some(probability) = &prediction.probability else { return Vec::new() };
    let mut runs: Vec<(u8, usize)> = Vec::new();
    for (&share, _) in probability.iter().zip(prediction.mask.voxels()).filter(|&(_, &inside)| inside) {
        match runs.last_mut() {
            Some((value, count)) if *value == share => *count += 1,
            _ => runs.push((share, 1)),
        }
    }
    runs
}

/// Shares for the bounds of a mask, 0 beside it; `None` where the runs do not fit.
fn unpacked_shares(mask: &Mask, runs: &[(u8, usize)]) -> Option<Vec<u8>> {
    let total = runs.iter().try_fold(0_usize, |sum, &(_, count)| sum.checked_add(count))?;
    if runs.is_empty() || total != mask.count() {
        return None;
    }
    let mut shares = runs.iter().flat_map(|&(value, count)| std::iter::repeat_n(value, count));
    Some(mask.voxels().iter().map(|&inside| if inside { shares.next().unwrap_or(0) } else { 0 }).collect())
}
