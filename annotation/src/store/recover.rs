//! What can be saved from a damaged project: its log is replayed from the first step on, as far as it is sound.

use crate::document::Document;
use crate::error::Result;
use crate::id::Revision;
use crate::store::{ProjectMeta, SqliteStore, Store, Writer};
use std::path::Path;

/// How far the log could be followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    pub revision: Revision,
    /// Why it could not be followed further; none where the whole log is sound.
    pub stopped_by: Option<String>,
}

/// Makes a new project at `to` from the log of a damaged one. Steps keep their number, author and time.
pub fn recover(damaged: &Path, to: &Path) -> Result<Recovered> {
    let mut source = SqliteStore::open_read_only(damaged)?;
    let meta = source.meta().unwrap_or_else(|_| ProjectMeta {
        id: uuid::Uuid::now_v7(),
        name: "recovered".into(),
        author: String::new(),
        created: jiff::Timestamp::now(),
        handout: None,
    });
    let target = SqliteStore::create(to, &meta)?;
    let writer = Writer::start(Box::new(target), Revision(0), Box::new(drop))?;
    let mut document = Document::new(meta.author);
    document.attach(Some(Box::new(writer.handle())), false);
    let stopped_by = loop {
        let next = document.revision().next();
        match source.sound_entry(next) {
            Ok(None) => break None,
            Ok(Some((entry, payload))) => {
                if let Err(error) = document.replay(&entry, payload.as_deref()) {
                    break Some(error.to_string());
                }
            }
            Err(error) => break Some(error.to_string()),
        }
    };
    let stored = writer.handle().wait_until_synced();
    let stopped_by = stopped_by.or_else(|| stored.err().map(|fault| fault.to_string()));
    let revision = document.revision();
    document.attach(None, true);
    drop(writer);
    Ok(Recovered { revision, stopped_by })
}
