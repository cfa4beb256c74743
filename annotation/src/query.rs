//! Questions to a project of any size: rows by kind, image, what they point at, author and revision. Rows that are not in
//! memory are answered by the store's indices, those in memory by looking at them, so that the answer is of this moment.

use crate::contents::Contents;
use crate::entity::{Home, ImageId, Kind};
use crate::error::Result;
use crate::id::{Key, Revision};
use crate::rows::Row;
use std::collections::BTreeSet;

/// What rows to find. Every part that is set must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    pub kind: Kind,
    pub image: Option<ImageId>,
    /// Points at this: a label, a rater, a shape.
    pub mentions: Option<Key>,
    /// Changed last by this pseudonym.
    pub by: Option<String>,
    /// Changed last after this revision.
    pub after: Option<Revision>,
}

impl Query {
    #[must_use]
    pub const fn of(kind: Kind) -> Self {
        Self { kind, image: None, mentions: None, by: None, after: None }
    }

    #[must_use]
    pub fn on(self, image: ImageId) -> Self {
        Self { image: Some(image), ..self }
    }

    #[must_use]
    pub fn mentioning(self, key: impl Into<Key>) -> Self {
        Self { mentions: Some(key.into()), ..self }
    }

    #[must_use]
    pub fn by(self, author: impl Into<String>) -> Self {
        Self { by: Some(author.into()), ..self }
    }

    #[must_use]
    pub fn after(self, revision: Revision) -> Self {
        Self { after: Some(revision), ..self }
    }

    fn fits(&self, row: &Row) -> bool {
        let touch = row.origin.as_ref().map(|origin| &origin.modified);
        row.entity.kind() == self.kind
            && self.image.is_none_or(|image| row.entity.image() == Some(image))
            && self.mentions.is_none_or(|key| row.entity.rules().mentions().contains(&key))
            && self.by.as_ref().is_none_or(|by| touch.is_some_and(|touch| touch.by == *by))
            && self.after.is_none_or(|after| touch.is_some_and(|touch| touch.revision > after))
    }
}

impl Contents {
    /// The rows that a query asks for, in the order of making.
    pub fn find(&self, query: &Query) -> Result<Vec<Key>> {
        if query.kind.home() == Home::Project {
            let rows = self.table.rows_of(query.kind).filter(|row| query.fits(row));
            return Ok(rows.map(|row| row.entity.key()).collect());
        }
        let backing = self.sites.backing.as_ref().filter(|_| query.image.is_none());
        let stored = backing.map(|backing| backing.reader.find(query)).transpose()?.unwrap_or_default();
        // Asked for after the store was: an image is looked at before it is changed, so that whatever the store had of later
        // changes is known to be looked for here.
        let looked_at = query.image.map_or_else(|| self.sites.to_look_at(), |image| BTreeSet::from([image]));
        let mut found = Vec::with_capacity(stored.len());
        for rows in looked_at.iter().filter_map(|image| self.sites.rows(*image)) {
            found.extend(rows.rows_of(query.kind).filter(|row| query.fits(row)).map(|row| row.entity.key()));
        }
        found.extend(stored.into_iter().filter(|(_, image)| !looked_at.contains(image)).map(|(key, _)| key));
        // Mostly in order already: each step's rows come one after the other.
        found.sort();
        Ok(found)
    }
}
