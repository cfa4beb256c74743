//! The few primitive changes that commands come down to. Applying one gives the edit that takes it back, so the inverse
//! of every command is made from the state it met.

use crate::contents::Contents;
use crate::entity::{Entity, ImageId};
use crate::error::{Error, Result};
use crate::id::Key;
use crate::origin::{Origin, Touch};
use crate::packed::{Patch, Wishes};
use crate::rows::Row;
use limner_imaging::VoxelBox;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "edit", rename_all = "snake_case")]
pub enum Edit {
    /// The entity as it shall be; `None` takes it out.
    Entity {
        key: Key,
        value: Option<Box<Entity>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        origin: Option<Box<Origin>>,
    },
    /// How many layers an image's label map has. Layers dropped are empty.
    Layers {
        image: ImageId,
        count: usize,
    },
    Voxels {
        image: ImageId,
        layer: usize,
        patch: Patch,
    },
}

impl Edit {
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::Entity { value, .. } => value.as_ref().map_or(0, |_| size_of::<Entity>()),
                Self::Layers { .. } => 0,
                Self::Voxels { patch, .. } => patch.bytes(),
            }
    }
}

/// What a view must draw again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Labels { image: ImageId, layer: usize, bounds: VoxelBox },
    Layers { image: ImageId, count: usize },
    Entity(Key),
}

/// What the store must write again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dirty {
    Entity(Key),
    Brick { image: ImageId, layer: usize, number: u32 },
}

/// Writes down who changed the rows that changed and brought no origin. The edits that take those changes back take this
/// back as well.
pub(crate) fn sign<'a>(
    contents: &mut Contents,
    undo: impl Iterator<Item = &'a Edit>,
    signed: &BTreeSet<Key>,
    touch: &Arc<Touch>,
) -> Result<()> {
    let changed = undo.filter_map(|edit| if let Edit::Entity { key, .. } = edit { Some(*key) } else { None });
    for key in changed.collect::<BTreeSet<_>>() {
        let Some(row) = contents.row(key).filter(|_| !signed.contains(&key)) else { continue };
        let row = Row { origin: Some(Origin::touched(row.origin.as_ref(), touch)), ..row.clone() };
        contents.replace(key, Some(row))?;
    }
    Ok(())
}

/// Applies edits to contents and remembers how to take them back, what changed and what to store.
#[derive(Debug)]
pub(crate) struct Editor<'a> {
    pub contents: &'a mut Contents,
    /// In the order of applying: to be taken back from the last to the first.
    pub undo: Vec<Edit>,
    pub changes: Vec<Change>,
    pub dirty: BTreeSet<Dirty>,
    /// Rows that brought an origin of their own.
    pub signed: BTreeSet<Key>,
}

impl<'a> Editor<'a> {
    pub(crate) const fn new(contents: &'a mut Contents) -> Self {
        Self { contents, undo: Vec::new(), changes: Vec::new(), dirty: BTreeSet::new(), signed: BTreeSet::new() }
    }

    pub(crate) fn apply(&mut self, edit: &Edit) -> Result<()> {
        match edit {
            Edit::Entity { key, value, origin } => {
                let origin = origin.as_deref().cloned();
                self.put_row(*key, value.as_deref().cloned().map(|entity| Row { entity, origin }))
            }
            Edit::Layers { image, count } => self.set_layers(*image, *count),
            Edit::Voxels { image, layer, patch } => self.write(*image, *layer, patch.wishes(), |_| true),
        }
    }

    /// Applies the edits that take a step back, last first.
    pub(crate) fn apply_backwards(&mut self, edits: &[Edit]) -> Result<()> {
        edits.iter().rev().try_for_each(|edit| self.apply(edit))
    }

    /// Puts an entity in its place, or takes it out. Its origin stays until the step is signed.
    pub(crate) fn put(&mut self, key: Key, value: Option<Entity>) -> Result<()> {
        let former = self.contents.row(key);
        if former.map(|row| &row.entity) == value.as_ref() {
            return Ok(());
        }
        let origin = former.and_then(|row| row.origin.clone());
        self.put_row(key, value.map(|entity| Row { entity, origin }))
    }

    pub(crate) fn put_row(&mut self, key: Key, row: Option<Row>) -> Result<()> {
        if self.contents.row(key) == row.as_ref() {
            return Ok(());
        }
        let former = self.contents.replace(key, row)?;
        let (value, origin) = match former.map(Arc::unwrap_or_clone) {
            Some(row) => (Some(Box::new(row.entity)), row.origin.map(Box::new)),
            None => (None, None),
        };
        self.undo.push(Edit::Entity { key, value, origin });
        self.changes.push(Change::Entity(key));
        self.dirty.insert(Dirty::Entity(key));
        Ok(())
    }

    pub(crate) fn set_layers(&mut self, image: ImageId, count: usize) -> Result<()> {
        let map = self.contents.sites.map_mut(image).ok_or(Error::Missing { key: image.into() })?;
        let former = map.layers().len();
        if former != count {
            map.set_layer_count(count);
            self.undo.push(Edit::Layers { image, count: former });
            self.changes.push(Change::Layers { image, count });
            self.dirty.insert(Dirty::Entity(image.into()));
        }
        Ok(())
    }

    pub(crate) fn write(
        &mut self,
        image: ImageId,
        layer: usize,
        wishes: Wishes<impl Iterator<Item = (u32, usize)>>,
        may_replace: impl Fn(u16) -> bool,
    ) -> Result<()> {
        let map = self.contents.sites.map_mut(image).ok_or(Error::Missing { key: image.into() })?;
        let (size, bounds) = (map.size(), wishes.bounds());
        if (0..3).any(|a| bounds.max[a] > size[a]) {
            return Err(Error::refused(format!(
                "the mask reaches to {:?}, beyond the image's {size:?} voxels",
                bounds.max
            )));
        }
        let layers = map.layers().len();
        let Some(target) = map.layer_mut(layer) else {
            return Err(Error::refused(format!("there is no layer {layer}; the image has {layers}")));
        };
        let written = target.write(wishes, may_replace);
        if !written.changed.is_empty() {
            self.undo.push(Edit::Voxels { image, layer, patch: written.undo });
            self.changes.push(Change::Labels { image, layer, bounds: written.changed });
            self.dirty.extend(written.bricks.into_iter().map(|number| Dirty::Brick { image, layer, number }));
        }
        Ok(())
    }
}
