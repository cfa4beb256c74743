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
    pub mask: Option<PackedMask>,
}

/// A mask that serialises as run lengths.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PackedMask(#[serde(with = "packed")] pub Mask);

impl Session {
    /// For provenance and for going on later. The undo history and the probabilities are not kept.
    #[must_use]
    pub fn state(&self) -> SessionState {
        let object = |o: &Arc<Object>| ObjectState {
            label: o.label,
            locked: o.locked,
            prompts: o.prompts.clone(),
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
    let prompts = saved.prompts.into_iter().map(|p| p.clamped(size, &warnings)).collect::<Result<Vec<_>>>()?;
    let prediction = saved.mask.map(|PackedMask(mask)| {
        let kept = mask.bounds().intersection(&VoxelBox::whole(size));
        let mask = mask.within(kept);
        let changed = mask.tight_box();
        Arc::new(Prediction { mask, probability: None, changed, seconds: 0.0 })
    });
    Ok(Object { label: saved.label, locked: saved.locked, prompts, prediction })
}
