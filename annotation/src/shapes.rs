//! Shapes drawn on an image.
//!
//! Positions on a slice are native pixels with corner origin and half-open boxes; positions in space are voxel indices
//! with centre origin (FORMATS 0.1). A shape belongs to exactly one image, and one on a slice to exactly one slice.

use crate::error::{Error, Result};
use crate::id::{ImageId, LabelId, ShapeId};
use crate::image_entry::ImageEntry;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    #[serde(default = "ShapeId::new")]
    pub id: ShapeId,
    pub image: ImageId,
    pub form: Form,
    #[serde(default)]
    pub label: Option<LabelId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// A slice of an image: the voxel axis that steps from slice to slice, and which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slice {
    pub axis: usize,
    pub index: usize,
}

impl Slice {
    /// The stored slice or frame with this number.
    #[must_use]
    pub const fn stored(index: usize) -> Self {
        Self { axis: 2, index }
    }

    /// The voxel axes that run along the slice's columns and rows.
    #[must_use]
    pub const fn axes_in_plane(self) -> [usize; 2] {
        match self.axis {
            0 => [1, 2],
            1 => [0, 2],
            _ => [0, 1],
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Form {
    Box2d {
        slice: Slice,
        min: [f64; 2],
        max: [f64; 2],
    },
    Polyline {
        slice: Slice,
        points: Vec<[f64; 2]>,
    },
    /// The area inside an odd number of rings: outlines and holes alike.
    Polygon {
        slice: Slice,
        rings: Vec<Vec<[f64; 2]>>,
    },
    Point {
        at: [f64; 3],
    },
    /// Half-open, in voxel indices.
    Box3d {
        min: [f64; 3],
        max: [f64; 3],
    },
}

impl Form {
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Box2d { .. } => "box",
            Self::Polyline { .. } => "polyline",
            Self::Polygon { .. } => "polygon",
            Self::Point { .. } => "point",
            Self::Box3d { .. } => "3D box",
        }
    }

    /// The slice it is drawn on; `None` for what lies in space.
    #[must_use]
    pub const fn slice(&self) -> Option<Slice> {
        match self {
            Self::Box2d { slice, .. } | Self::Polyline { slice, .. } | Self::Polygon { slice, .. } => Some(*slice),
            Self::Point { .. } | Self::Box3d { .. } => None,
        }
    }

    fn coordinates(&self) -> Vec<f64> {
        match self {
            Self::Box2d { min, max, .. } => [*min, *max].concat(),
            Self::Polyline { points, .. } => points.concat(),
            Self::Polygon { rings, .. } => rings.iter().flatten().flatten().copied().collect(),
            Self::Point { at } => at.to_vec(),
            Self::Box3d { min, max } => [*min, *max].concat(),
        }
    }
}

impl Shape {
    #[must_use]
    pub fn new(image: ImageId, form: Form, label: Option<LabelId>) -> Self {
        Self { id: ShapeId::new(), image, form, label, text: None }
    }

    /// Refuses a shape that is not one, or does not lie on a slice of its image.
    pub(crate) fn check(&self, image: &ImageEntry) -> Result<()> {
        let name = self.form.name();
        if self.form.coordinates().iter().any(|x| !x.is_finite()) {
            return Err(Error::refused(format!("a {name} needs finite coordinates")));
        }
        if let Some(slice) = self.form.slice()
            && (slice.axis > 2 || slice.index >= image.size()[slice.axis])
        {
            return Err(Error::refused(format!(
                "the {name} is on slice {} of axis {}, which the image does not have",
                slice.index, slice.axis
            )));
        }
        let whole = match &self.form {
            Form::Box2d { min, max, .. } => (0..2).all(|a| min[a] < max[a]),
            Form::Box3d { min, max } => (0..3).all(|a| min[a] < max[a]),
            Form::Polyline { points, .. } => points.len() >= 2,
            Form::Polygon { rings, .. } => !rings.is_empty() && rings.iter().all(|ring| ring.len() >= 3),
            Form::Point { .. } => true,
        };
        if whole { Ok(()) } else { Err(Error::refused(format!("the {name} has no extent"))) }
    }
}
