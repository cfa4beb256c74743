//! What a model was asked on an image, prompt by prompt, and what came of it. The log holds the same as it was given; this
//! is for those who study prompts.

use crate::contents::Contents;
use crate::entity::{ImageId, LabelId, PromptTraceId, Rules, ShapeId};
use crate::error::{Error, Result};
use crate::id::Key;
use crate::shapes::Slice;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptTrace {
    #[serde(default = "PromptTraceId::new")]
    pub id: PromptTraceId,
    pub image: ImageId,
    pub geometry: PromptGeometry,
    /// "This" or "not this".
    #[serde(default = "super::yes")]
    pub positive: bool,
    /// The slice it was drawn on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slice: Option<Slice>,
    /// Its place among the prompts of one object, from 0.
    pub order: u32,
    /// Prompts of one object share it.
    pub object: Uuid,
    pub model: String,
    /// What the answer was accepted as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<LabelId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<ShapeId>,
    /// Voxels of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voxels: Option<u64>,
}

/// In voxel indices with centre origin, boxes half-open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum PromptGeometry {
    Point {
        at: [f64; 3],
    },
    Box {
        min: [f64; 3],
        max: [f64; 3],
    },
    Scribble {
        points: Vec<[f64; 3]>,
    },
    Lasso {
        points: Vec<[f64; 3]>,
    },
    /// A mask to start from; kept as paint.
    Mask,
    Text {
        text: String,
    },
}

impl Rules for PromptTrace {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn image(&self) -> Option<ImageId> {
        Some(self.image)
    }

    fn mentions(&self) -> Vec<Key> {
        self.label.map(Key::from).into_iter().chain(self.shape.map(Key::from)).collect()
    }

    fn check(&self, _: &Contents) -> Result<()> {
        let (numbers, whole): (Vec<f64>, bool) = match &self.geometry {
            PromptGeometry::Point { at } => (at.to_vec(), true),
            PromptGeometry::Box { min, max } => ([*min, *max].concat(), (0..3).all(|a| min[a] < max[a])),
            PromptGeometry::Scribble { points } => (points.concat(), !points.is_empty()),
            PromptGeometry::Lasso { points } => (points.concat(), points.len() >= 3),
            PromptGeometry::Mask => (Vec::new(), true),
            PromptGeometry::Text { text } => (Vec::new(), !text.trim().is_empty()),
        };
        if !whole || numbers.iter().any(|x| !x.is_finite()) {
            return Err(Error::refused("a prompt needs finite coordinates and an extent"));
        }
        super::named("the model of a prompt", &self.model)
    }
}
