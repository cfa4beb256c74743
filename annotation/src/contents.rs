//! What a project holds at one revision. Reading only: every change goes through a command.

use crate::entity::{Entity, Home, ImageId, Kind, LabelId, Record, ShapeId};
use crate::error::{Error, Result};
use crate::id::Key;
use crate::image_entry::ImageEntry;
use crate::label_map::LabelMap;
use crate::labels::Label;
use crate::origin::Origin;
use crate::query::Query;
use crate::records::Study;
use crate::rows::{Backing, Row, Sites, Table};
use crate::shapes::Shape;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Equal contents are equal states: law tests compare them whole.
///
/// A clone is a snapshot: cheap, and untouched by later changes. In a large project the rows and labels of an image are
/// read when they are first looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contents {
    /// Rows of the whole project.
    pub(crate) table: Table,
    /// Rows and labels of each image.
    pub(crate) sites: Sites,
    /// Which rows of the table point at a row.
    mentioned: BTreeMap<Key, BTreeSet<Key>>,
}

impl Contents {
    /// In the order of adding.
    pub fn images(&self) -> impl ExactSizeIterator<Item = &ImageEntry> {
        self.all::<ImageEntry>()
    }

    #[must_use]
    pub fn image(&self, id: ImageId) -> Option<&ImageEntry> {
        self.get(id)
    }

    /// By value, the order lists show.
    #[must_use]
    pub fn labels(&self) -> Vec<&Label> {
        let mut labels: Vec<_> = self.table.all::<Label>().collect();
        labels.sort_unstable_by_key(|label| label.value);
        labels
    }

    #[must_use]
    pub fn label(&self, id: LabelId) -> Option<&Label> {
        self.get(id)
    }

    #[must_use]
    pub fn label_of_value(&self, value: u16) -> Option<&Label> {
        self.table.all::<Label>().find(|label| label.value == value)
    }

    /// The smallest value that no label has.
    #[must_use]
    pub fn free_label_value(&self) -> Option<u16> {
        let used: BTreeSet<u16> = self.table.all::<Label>().map(|label| label.value).collect();
        (1..=u16::MAX).find(|value| !used.contains(value))
    }

    #[must_use]
    pub fn label_map(&self, image: ImageId) -> Option<&LabelMap> {
        self.sites.map(image)
    }

    /// Every shape; in a large project ask `shapes_on` or `find` instead.
    pub fn shapes(&self) -> impl Iterator<Item = &Shape> {
        self.sites.images().filter_map(|image| self.sites.rows(image)).flat_map(Table::all::<Shape>)
    }

    pub fn shapes_on(&self, image: ImageId) -> impl Iterator<Item = &Shape> {
        self.on::<Shape>(image)
    }

    #[must_use]
    pub fn shape(&self, id: ShapeId) -> Option<&Shape> {
        self.get(id)
    }

    /// All of a kind that is kept with the project, in the order of making. None for kinds kept with images.
    pub fn all<T: Record>(&self) -> std::vec::IntoIter<&T> {
        self.table.all::<T>().collect::<Vec<_>>().into_iter()
    }

    /// All of a kind on an image, in the order of making.
    pub fn on<T: Record>(&self, image: ImageId) -> impl Iterator<Item = &T> {
        self.sites.rows(image).into_iter().flat_map(Table::all::<T>)
    }

    #[must_use]
    pub fn get<T: Record>(&self, id: T::Id) -> Option<&T> {
        T::of(&self.row(id.into())?.entity)
    }

    #[must_use]
    pub fn entity(&self, key: Key) -> Option<&Entity> {
        self.row(key).map(|row| &row.entity)
    }

    /// Who made and changed an entity, when, with what.
    #[must_use]
    pub fn origin(&self, key: impl Into<Key>) -> Option<&Origin> {
        self.row(key.into())?.origin.as_ref()
    }

    /// Every row of the project, kind by kind, then image by image. Reads what has not been read.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Row> {
        let on_images = self.sites.images().filter_map(|image| self.sites.rows(image));
        self.table.rows().chain(on_images.flat_map(Table::rows))
    }

    /// How many rows of a kind there are.
    pub fn count(&self, kind: Kind) -> Result<usize> {
        Ok(match kind.home() {
            Home::Project => self.table.rows_of(kind).count(),
            Home::Image => self.find(&Query::of(kind))?.len(),
        })
    }

    /// Why a part of the project could not be read, where that is so. What was asked for seemed empty then.
    pub fn check_readable(&self) -> Result<()> {
        self.sites.backing.as_ref().and_then(|backing| backing.fault()).map_or(Ok(()), Err)
    }

    /// Every row that would be refused if it were put now, with why; none in a sound project.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let wrong = |row: &Row| Some(format!("{}: {}", row.entity.key(), row.entity.check(self).err()?));
        let mut problems: Vec<String> = self.rows().filter_map(wrong).collect();
        for image in self.images() {
            let map = self.label_map(image.id);
            for value in map.into_iter().flat_map(LabelMap::values).filter(|v| self.label_of_value(*v).is_none()) {
                problems.push(format!("image {}: no label has the painted value {value}", image.id));
            }
        }
        problems.extend(self.check_readable().err().map(|error| error.to_string()));
        problems
    }

    pub(crate) fn row(&self, key: Key) -> Option<&Row> {
        match key.kind.home() {
            Home::Project => self.table.get(key),
            Home::Image => self.sites.rows(self.sites.home(key)?)?.get(key),
        }
    }

    /// Rows of the project of one kind that point at this one.
    pub(crate) fn pointing_at_from<T: Record>(&self, key: Key) -> Vec<&T> {
        let from = self.mentioned.get(&key).into_iter().flatten().filter(|from| from.kind == T::KIND);
        from.filter_map(|from| T::of(&self.table.get(*from)?.entity)).collect()
    }

    /// The study an image belongs to.
    #[must_use]
    pub fn study_of(&self, image: ImageId) -> Option<&Study> {
        self.pointing_at_from(image.key()).into_iter().next()
    }

    /// Rows of the project that point at this one.
    pub(crate) fn pointing_from_project(&self, key: Key) -> impl Iterator<Item = Key> + '_ {
        self.mentioned.get(&key).into_iter().flatten().copied()
    }

    /// Rows that point at this one.
    pub(crate) fn pointing_at(&self, key: Key) -> Result<Vec<Key>> {
        let mut found: Vec<Key> = self.pointing_from_project(key).collect();
        let on_images = Kind::ALL.iter().copied().filter(|kind| kind.home() == Home::Image);
        // Rows on an image point at rows of the project and of their own image only.
        let image = self.row(key).and_then(|row| row.entity.image());
        for kind in on_images {
            let query = Query { image, ..Query::of(kind).mentioning(key) };
            found.extend(self.find(&query)?);
        }
        Ok(found)
    }

    /// Puts a row in its place, or takes it out; gives back what was there. An image brings its empty label map.
    pub(crate) fn replace(&mut self, key: Key, row: Option<Row>) -> Result<Option<Arc<Row>>> {
        if row.as_ref().is_some_and(|row| row.entity.key() != key) {
            return Err(Error::refused(format!("an entity with another id was put in the place of {}", key.id)));
        }
        if key.kind.home() == Home::Image {
            let image = row.as_ref().and_then(|row| row.entity.image()).or_else(|| self.sites.home(key));
            let Some(image) = image else { return Ok(None) };
            let rows = self.sites.rows_mut(image).ok_or(Error::Missing { key: image.into() })?;
            let former = rows.set(key, row);
            self.sites.note_home(key, image);
            return Ok(former);
        }
        match row.as_ref().map(|row| &row.entity) {
            Some(Entity::Image(image)) => self.sites.add(image.id, image.size()),
            None if key.kind == Kind::Image => self.sites.remove(ImageId(key.id)),
            _ => {}
        }
        let mentions = row.as_ref().map(|row| row.entity.rules().mentions()).unwrap_or_default();
        let former = self.table.set(key, row);
        for old in former.iter().flat_map(|row| row.entity.rules().mentions()) {
            if let Some(from) = self.mentioned.get_mut(&old) {
                from.remove(&key);
                if from.is_empty() {
                    self.mentioned.remove(&old);
                }
            }
        }
        for new in mentions {
            self.mentioned.entry(new).or_default().insert(key);
        }
        Ok(former)
    }

    /// The contents as a store gives them, with the rows and labels on images left where they are.
    pub(crate) fn backed(rows: Vec<Row>, backing: Option<Backing>) -> Self {
        let table = Table::of(rows);
        let mut mentioned: BTreeMap<Key, BTreeSet<Key>> = BTreeMap::new();
        for row in table.rows() {
            for of in row.entity.rules().mentions() {
                mentioned.entry(of).or_default().insert(row.entity.key());
            }
        }
        let images = table.all::<ImageEntry>().map(|image| (image.id, image.size()));
        let sites = Sites::unread(images, backing.map(Arc::new));
        Self { table, sites, mentioned }
    }

    /// Lets go of the store; where snapshots are still read from it, it stays open for them as it is now.
    pub(crate) fn close(&self) {
        let Some(backing) = &self.sites.backing else { return };
        if Arc::strong_count(backing) == 1 || backing.reader.hold().is_err() {
            backing.reader.close();
        }
    }
}
