//! What a project holds at one revision. Reading only: every change goes through a command.

use crate::error::{Error, Result};
use crate::id::{ImageId, Key, Kind, LabelId, ShapeId};
use crate::image_entry::ImageEntry;
use crate::label_map::LabelMap;
use crate::labels::Label;
use crate::shapes::Shape;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Equal contents are equal states: law tests compare them whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contents {
    pub(crate) images: BTreeMap<ImageId, ImageEntry>,
    pub(crate) labels: BTreeMap<LabelId, Label>,
    pub(crate) shapes: BTreeMap<ShapeId, Shape>,
    /// One per image, always.
    pub(crate) maps: BTreeMap<ImageId, LabelMap>,
}

/// A row that is replaced as a whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entity {
    Image(ImageEntry),
    Label(Label),
    Shape(Shape),
}

impl Entity {
    #[must_use]
    pub fn key(&self) -> Key {
        match self {
            Self::Image(image) => image.id.into(),
            Self::Label(label) => label.id.into(),
            Self::Shape(shape) => shape.id.into(),
        }
    }

    /// The image it lies on.
    #[must_use]
    pub const fn image(&self) -> Option<ImageId> {
        match self {
            Self::Shape(shape) => Some(shape.image),
            Self::Image(_) | Self::Label(_) => None,
        }
    }
}

impl Contents {
    /// In the order of adding.
    pub fn images(&self) -> impl ExactSizeIterator<Item = &ImageEntry> {
        self.images.values()
    }

    #[must_use]
    pub fn image(&self, id: ImageId) -> Option<&ImageEntry> {
        self.images.get(&id)
    }

    /// By value, the order lists show.
    #[must_use]
    pub fn labels(&self) -> Vec<&Label> {
        let mut labels: Vec<_> = self.labels.values().collect();
        labels.sort_unstable_by_key(|label| label.value);
        labels
    }

    #[must_use]
    pub fn label(&self, id: LabelId) -> Option<&Label> {
        self.labels.get(&id)
    }

    #[must_use]
    pub fn label_of_value(&self, value: u16) -> Option<&Label> {
        self.labels.values().find(|label| label.value == value)
    }

    /// The smallest value that no label has.
    #[must_use]
    pub fn free_label_value(&self) -> Option<u16> {
        let used: std::collections::BTreeSet<u16> = self.labels.values().map(|label| label.value).collect();
        (1..=u16::MAX).find(|value| !used.contains(value))
    }

    #[must_use]
    pub fn label_map(&self, image: ImageId) -> Option<&LabelMap> {
        self.maps.get(&image)
    }

    pub fn shapes(&self) -> impl ExactSizeIterator<Item = &Shape> {
        self.shapes.values()
    }

    pub fn shapes_on(&self, image: ImageId) -> impl Iterator<Item = &Shape> {
        self.shapes.values().filter(move |shape| shape.image == image)
    }

    #[must_use]
    pub fn shape(&self, id: ShapeId) -> Option<&Shape> {
        self.shapes.get(&id)
    }

    #[must_use]
    pub fn entity(&self, key: Key) -> Option<Entity> {
        match key.kind {
            Kind::Image => self.images.get(&ImageId(key.id)).cloned().map(Entity::Image),
            Kind::Label => self.labels.get(&LabelId(key.id)).cloned().map(Entity::Label),
            Kind::Shape => self.shapes.get(&ShapeId(key.id)).cloned().map(Entity::Shape),
        }
    }

    /// Puts an entity in its table, or takes it out; gives back what was there. An image brings its empty label map.
    pub(crate) fn replace(&mut self, key: Key, entity: Option<Entity>) -> Result<Option<Entity>> {
        let former = self.entity(key);
        match (key.kind, entity) {
            (_, Some(entity)) if entity.key() != key => {
                return Err(Error::refused(format!("an entity with another id was put in the place of {}", key.id)));
            }
            (_, Some(Entity::Image(image))) => {
                self.maps.entry(image.id).or_insert_with(|| LabelMap::new(image.size()));
                self.images.insert(image.id, image);
            }
            (_, Some(Entity::Label(label))) => drop(self.labels.insert(label.id, label)),
            (_, Some(Entity::Shape(shape))) => drop(self.shapes.insert(shape.id, shape)),
            (Kind::Image, None) => {
                self.images.remove(&ImageId(key.id));
                self.maps.remove(&ImageId(key.id));
            }
            (Kind::Label, None) => drop(self.labels.remove(&LabelId(key.id))),
            (Kind::Shape, None) => drop(self.shapes.remove(&ShapeId(key.id))),
        }
        Ok(former)
    }
}
