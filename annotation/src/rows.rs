//! Rows of a project in memory, and those that are still only in the store.
//!
//! What must hold: a slot is filled once and for all of its clones, so that a snapshot taken before a change never sees
//! the change, whenever it looks; and what the store holds for a slot that was never filled is what it held on opening.

use crate::entity::{Entity, ImageId, Kind, Record};
use crate::error::{Error, Result};
use crate::id::Key;
use crate::label_map::LabelMap;
use crate::origin::Origin;
use crate::query::Query;
use parking_lot::RwLock;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};
use uuid::Uuid;

/// An entity with where it comes from; none for rows of projects from before origins were kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub entity: Entity,
    pub origin: Option<Origin>,
}

/// Rows of several kinds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Table(BTreeMap<Key, Arc<Row>>);

impl Table {
    /// Quickest where the rows are in the order of their keys.
    pub fn of(rows: Vec<Row>) -> Self {
        Self(rows.into_iter().map(|row| (row.entity.key(), Arc::new(row))).collect())
    }

    pub fn get(&self, key: Key) -> Option<&Row> {
        self.0.get(&key).map(Arc::as_ref)
    }

    pub fn set(&mut self, key: Key, row: Option<Row>) -> Option<Arc<Row>> {
        match row {
            Some(row) => self.0.insert(key, Arc::new(row)),
            None => self.0.remove(&key),
        }
    }

    pub fn rows_of(&self, kind: Kind) -> impl DoubleEndedIterator<Item = &Row> {
        let ends = Key { kind, id: Uuid::nil() }..=Key { kind, id: Uuid::max() };
        self.0.range(ends).map(|(_, row)| row.as_ref())
    }

    pub fn all<T: Record>(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.rows_of(T::KIND).filter_map(|row| T::of(&row.entity))
    }

    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.0.values().map(Arc::as_ref)
    }

    pub fn keys(&self) -> impl Iterator<Item = Key> + '_ {
        self.0.keys().copied()
    }
}

/// What the store can be asked while a project is open.
pub(crate) trait Reader: Send + Sync + std::fmt::Debug {
    /// The rows on an image.
    fn rows_on(&self, image: ImageId) -> Result<Vec<Row>>;

    fn map_of(&self, image: ImageId, size: [usize; 3]) -> Result<LabelMap>;

    /// The image that a row lies on.
    fn image_of(&self, key: Key) -> Result<Option<ImageId>>;

    /// Rows on images that a query asks for.
    fn find(&self, query: &Query) -> Result<Vec<(Key, ImageId)>>;

    /// From now on reads what is there now, whatever is changed later.
    fn hold(&self) -> Result<()>;

    /// Lets go of the file.
    fn close(&self);
}

/// The store behind contents that are not all in memory, with the first thing that could not be read.
#[derive(Debug)]
pub(crate) struct Backing {
    pub reader: Box<dyn Reader>,
    fault: OnceLock<String>,
}

impl Backing {
    pub fn new(reader: Box<dyn Reader>) -> Self {
        Self { reader, fault: OnceLock::new() }
    }

    pub fn fault(&self) -> Option<Error> {
        self.fault.get().map(|what| Error::Unreadable { what: what.clone() })
    }

    /// What was read, or nothing and a fault that stops every further change.
    fn or_fault<T>(&self, read: Result<T>) -> Option<T> {
        read.map_err(|error| self.fault.get_or_init(|| error.to_string())).ok()
    }

    pub fn image_of(&self, key: Key) -> Option<ImageId> {
        self.or_fault(self.reader.image_of(key)).flatten()
    }
}

/// A value that is read when somebody asks for it.
#[derive(Debug)]
pub(crate) struct Slot<T>(Arc<OnceLock<T>>);

impl<T> Clone for Slot<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Clone> Slot<T> {
    fn unread() -> Self {
        Self(Arc::new(OnceLock::new()))
    }

    fn filled(value: T) -> Self {
        Self(Arc::new(OnceLock::from(value)))
    }

    fn read(&self, read: impl FnOnce() -> T) -> &T {
        self.0.get_or_init(read)
    }

    /// To change it: snapshots keep the value as it was.
    fn read_mut(&mut self, read: impl FnOnce() -> T) -> &mut T {
        if Arc::get_mut(&mut self.0).is_none() {
            let value = self.0.get_or_init(read).clone();
            self.0 = Arc::new(OnceLock::from(value));
            return self.value_mut();
        }
        self.0.get_or_init(read);
        self.value_mut()
    }

    fn value_mut(&mut self) -> &mut T {
        let value = Arc::get_mut(&mut self.0).and_then(OnceLock::get_mut);
        value.unwrap_or_else(|| unreachable!("a slot that was just filled and is not shared"))
    }
}

impl Known {
    fn note(&mut self, image: ImageId, rows: &Table) {
        self.homes.extend(rows.keys().map(|key| (key, image)));
        self.read.insert(image);
    }
}

/// What is kept with one image.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    size: [usize; 3],
    rows: Slot<Table>,
    map: Slot<LabelMap>,
}

impl Site {
    /// Of a new image.
    fn empty(size: [usize; 3]) -> Self {
        Self { size, rows: Slot::filled(Table::default()), map: Slot::filled(LabelMap::new(size)) }
    }

    /// Of an image whose rows are still in the store.
    fn unread(size: [usize; 3]) -> Self {
        Self { size, rows: Slot::unread(), map: Slot::unread() }
    }
}

/// The sites of a project.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sites {
    all: BTreeMap<ImageId, Site>,
    known: Arc<RwLock<Known>>,
    pub backing: Option<Arc<Backing>>,
}

/// What is known of all snapshots together.
#[derive(Debug, Default)]
struct Known {
    /// Where rows lie. A row never moves to another image, so what is known here holds for every snapshot.
    homes: HashMap<Key, ImageId>,
    /// Images whose rows may be in memory: all that were ever looked at, added or removed. A snapshot in which one of
    /// them was not looked at yet may be asked as if it had been.
    read: BTreeSet<ImageId>,
}

impl PartialEq for Sites {
    fn eq(&self, other: &Self) -> bool {
        self.all.len() == other.all.len()
            && self.all.iter().zip(&other.all).all(|((a, site), (b, other_site))| {
                let same = |x: &Site, y: &Site| Arc::ptr_eq(&x.rows.0, &y.rows.0) && Arc::ptr_eq(&x.map.0, &y.map.0);
                a == b && (same(site, other_site) || (self.rows(*a) == other.rows(*b) && self.map(*a) == other.map(*b)))
            })
    }
}

impl Sites {
    /// Of images whose rows are still in the store.
    pub fn unread(images: impl Iterator<Item = (ImageId, [usize; 3])>, backing: Option<Arc<Backing>>) -> Self {
        let all = images.map(|(image, size)| (image, Site::unread(size))).collect();
        Self { all, known: Arc::default(), backing }
    }

    /// Of a new image.
    pub fn add(&mut self, image: ImageId, size: [usize; 3]) {
        if let Entry::Vacant(place) = self.all.entry(image) {
            place.insert(Site::empty(size));
            self.known.write().read.insert(image);
        }
    }

    pub fn remove(&mut self, image: ImageId) {
        self.all.remove(&image);
        self.known.write().read.insert(image);
    }

    pub fn images(&self) -> impl Iterator<Item = ImageId> + '_ {
        self.all.keys().copied()
    }

    /// Images whose rows must be looked at to answer a question; the store answers for all others.
    pub fn to_look_at(&self) -> BTreeSet<ImageId> {
        match self.backing {
            Some(_) => self.known.read().read.clone(),
            None => self.all.keys().copied().collect(),
        }
    }

    pub fn rows(&self, image: ImageId) -> Option<&Table> {
        let site = self.all.get(&image)?;
        Some(site.rows.read(|| read_rows(self.backing.as_deref(), &self.known, image)))
    }

    pub fn map(&self, image: ImageId) -> Option<&LabelMap> {
        let site = self.all.get(&image)?;
        Some(site.map.read(|| read_map(self.backing.as_deref(), image, site.size)))
    }

    pub fn rows_mut(&mut self, image: ImageId) -> Option<&mut Table> {
        let (backing, known) = (self.backing.clone(), self.known.clone());
        let site = self.all.get_mut(&image)?;
        Some(site.rows.read_mut(|| read_rows(backing.as_deref(), &known, image)))
    }

    pub fn map_mut(&mut self, image: ImageId) -> Option<&mut LabelMap> {
        let backing = self.backing.clone();
        let site = self.all.get_mut(&image)?;
        let size = site.size;
        Some(site.map.read_mut(|| read_map(backing.as_deref(), image, size)))
    }

    /// The image a row lies on, as far as it lies on one that is here.
    pub fn home(&self, key: Key) -> Option<ImageId> {
        let known = self.known.read().homes.get(&key).copied();
        let home = known.or_else(|| self.backing.as_ref()?.image_of(key))?;
        self.all.contains_key(&home).then_some(home)
    }

    pub fn note_home(&self, key: Key, image: ImageId) {
        self.known.write().homes.insert(key, image);
    }

    /// Rows and map of an image as they are stored.
    pub fn fill(&mut self, image: ImageId, rows: Table, map: LabelMap) {
        self.known.write().note(image, &rows);
        if let Some(site) = self.all.get_mut(&image) {
            (site.rows, site.map) = (Slot::filled(rows), Slot::filled(map));
        }
    }
}

fn read_rows(backing: Option<&Backing>, known: &RwLock<Known>, image: ImageId) -> Table {
    let read = backing.and_then(|backing| backing.or_fault(backing.reader.rows_on(image))).unwrap_or_default();
    let table = Table::of(read);
    known.write().note(image, &table);
    table
}

fn read_map(backing: Option<&Backing>, image: ImageId, size: [usize; 3]) -> LabelMap {
    let read = backing.and_then(|backing| backing.or_fault(backing.reader.map_of(image, size)));
    read.unwrap_or_else(|| LabelMap::new(size))
}
