//! Questions to a project of any size: rows by kind, image, what they point at, author and revision. Rows that are not in
//! memory are answered by the store's indices, those in memory by looking at them, so that the answer is of this moment.

use crate::contents::Contents;
use crate::entity::{Home, ImageId, Kind};
use crate::error::Result;
use crate::id::{Key, Revision};
use crate::rows::Row;

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
        let mut found = Vec::new();
        let (read, unread) = match query.image {
            Some(image) => (vec![image], Vec::new()),
            None => self.sites.read_and_unread(),
        };
        for rows in read.into_iter().filter_map(|image| self.sites.rows(image)) {
            found.extend(rows.rows_of(query.kind).filter(|row| query.fits(row)).map(|row| row.entity.key()));
        }
        if let Some(backing) = self.sites.backing.as_ref().filter(|_| !unread.is_empty()) {
            let stored = backing.reader.find(query)?;
            // An image whose rows have been read since may differ from the store by what is on its way there.
            let stored = stored.into_iter().filter(|(_, image)| unread.binary_search(image).is_ok());
            found.extend(stored.map(|(key, _)| key));
        }
        found.sort_unstable();
        Ok(found)
    }
}
