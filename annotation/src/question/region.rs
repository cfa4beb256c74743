//! What an answer points at. A region belongs to exactly one image; on which picture of the set it is seen is said beside
//! it, never guessed.

use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::id::{ImageId, LabelId, ShapeId};
use crate::question::image_set::ImageSet;
use crate::shapes::{Form, Slice};
use serde::{Deserialize, Serialize};

/// Something drawn or painted in the project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case", deny_unknown_fields)]
pub enum Region {
    Shape {
        shape: ShapeId,
    },
    /// One point of a landmark set.
    Landmark {
        shape: ShapeId,
        name: String,
    },
    /// What is painted with a label: all of it, what lies on a slice, the connected part around a voxel, or both.
    Painted {
        image: ImageId,
        label: LabelId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        slice: Option<Slice>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        around: Option<[usize; 3]>,
    },
}

/// A region that bears out an answer or a step, on one picture of the set, under the name the text gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    pub region: Region,
    /// Counted from 0 in the image set's order.
    #[serde(default)]
    pub image_index: usize,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
}

impl Region {
    /// The image it lies on, where what it names is there.
    pub fn image(&self, contents: &Contents) -> Result<ImageId> {
        match self {
            Self::Shape { shape } => found_shape(contents, *shape).map(|shape| shape.image),
            Self::Landmark { shape, name } => {
                let shape = found_shape(contents, *shape)?;
                match &shape.form {
                    Form::Landmarks { points } if points.contains_key(name) => Ok(shape.image),
                    Form::Landmarks { .. } => Err(Error::refused(format!("the landmark set has no point \"{name}\""))),
                    form => Err(Error::refused(format!("a {} has no landmarks; point at it as a shape", form.name()))),
                }
            }
            Self::Painted { image, label, slice, around } => {
                let size = contents.image(*image).ok_or(Error::Missing { key: (*image).into() })?.size();
                contents.label(*label).ok_or(Error::Missing { key: (*label).into() })?;
                if slice.is_some_and(|slice| slice.axis > 2 || slice.index >= size[slice.axis]) {
                    return Err(Error::refused("the painted region is on a slice that its image does not have"));
                }
                if around.is_some_and(|at| (0..3).any(|a| at[a] >= size[a])) {
                    return Err(Error::refused("the painted region is around a voxel outside of its image"));
                }
                Ok(*image)
            }
        }
    }

    /// The slice it is bound to; `None` for what lies in space.
    #[must_use]
    pub fn slice(&self, contents: &Contents) -> Option<Slice> {
        match self {
            Self::Shape { shape } => contents.shape(*shape)?.form.slice(),
            Self::Landmark { .. } => None,
            Self::Painted { slice, .. } => *slice,
        }
    }
}

fn found_shape(contents: &Contents, id: ShapeId) -> Result<&crate::shapes::Shape> {
    contents.shape(id).ok_or(Error::Missing { key: id.into() })
}

impl Evidence {
    #[must_use]
    pub fn new(region: Region, image_index: usize, name: impl Into<String>) -> Self {
        Self { region, image_index, name: name.into() }
    }

    /// Refuses evidence on a picture the set does not have, or that does not show the region's image and slice.
    pub(crate) fn check(&self, contents: &Contents, set: &ImageSet) -> Result<()> {
        let Some(item) = set.items.get(self.image_index) else {
            let (index, count) = (self.image_index + 1, set.items.len());
            return Err(Error::refused(format!("the evidence names picture {index}, but the set has {count}")));
        };
        let image = self.region.image(contents)?;
        if image != item.frame.image {
            let index = self.image_index + 1;
            return Err(Error::refused(format!("the evidence lies on another image than picture {index} of the set")));
        }
        match (item.frame.slice, self.region.slice(contents)) {
            (Some(shown), Some(drawn)) if shown != drawn => Err(Error::refused(format!(
                "the evidence lies on slice {}, but picture {} of the set shows slice {}",
                drawn.index,
                self.image_index + 1,
                shown.index
            ))),
            _ => Ok(()),
        }
    }
}
