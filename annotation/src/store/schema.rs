//! The tables of a project file, and how files of older versions are brought up. Each version has one step, in one
//! transaction: a file is of one version or the next, never between.

use crate::entity::Entity;
use crate::error::{Error, Result};
use rusqlite::{Connection, Transaction, params};
use std::path::Path;
use uuid::Uuid;

/// Goes up when the tables change.
pub(super) const SCHEMA_VERSION: i64 = 3;

/// The tables of version 1, which every file begins with.
const FIRST: &str = "
create table meta(key text primary key, value text not null) without rowid;
create table log(
    revision integer primary key, act text not null, of integer, at text not null, by text not null,
    command text not null, name text not null, tool text, model text, prompts text, summary text,
    payload blob, sum blob not null);
create table entity(
    kind text not null, id blob not null, image blob, layers integer not null, body text not null, sum blob not null,
    primary key(kind, id)) without rowid;
create index entity_by_image on entity(image) where image is not null;
create table brick(
    image blob not null, layer integer not null, number integer not null, body blob not null, sum blob not null,
    primary key(image, layer, number)) without rowid;
";

/// Version 2: who made and changed each row, and which rows on images point at what.
const SECOND: &str = "
create table touch(number integer primary key, by text not null, revision integer not null, body text not null unique);
alter table entity add column created integer;
alter table entity add column modified integer;
alter table entity add column extra text;
create index entity_by_touch on entity(kind, modified, image);
create table mention(
    target blob not null, kind text not null, id blob not null, image blob not null,
    primary key(target, kind, id)) without rowid;
";

/// Version 3: who changed a row last, beside what it points at, so that both can be asked for at once.
const THIRD: &str = "
alter table mention add column modified integer;
update mention set modified = (select e.modified from entity e where e.kind = mention.kind and e.id = mention.id);
create index mention_by_touch on mention(target, kind, modified, image);
";

/// Makes the tables of a new file.
pub(super) fn set_up(connection: &Connection, path: &Path) -> Result<()> {
    let failed = || Error::store(path, "could not set up the project file");
    let transaction = connection.unchecked_transaction().map_err(failed())?;
    transaction.execute_batch(FIRST).map_err(failed())?;
    transaction.execute_batch(SECOND).map_err(failed())?;
    transaction.execute_batch(THIRD).map_err(failed())?;
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION).map_err(failed())?;
    transaction.commit().map_err(failed())
}

/// Brings an older file up to this version.
pub(super) fn migrate(connection: &Connection, found: i64, path: &Path) -> Result<()> {
    let failed = || Error::store(path, "could not bring the project up to this version of Limner");
    for version in found..SCHEMA_VERSION {
        let transaction = connection.unchecked_transaction().map_err(failed())?;
        match version {
            1 => {
                transaction.execute_batch(SECOND).map_err(failed())?;
                note_mentions(&transaction, path)?;
            }
            2 => transaction.execute_batch(THIRD).map_err(failed())?,
            _ => return Err(Error::damaged(path, format!("there is no version {version} of project files"))),
        }
        transaction.pragma_update(None, "user_version", version + 1).map_err(failed())?;
        transaction.commit().map_err(failed())?;
    }
    Ok(())
}

fn note_mentions(transaction: &Transaction<'_>, path: &Path) -> Result<()> {
    let failed = || Error::store(path, "could not bring the project up to this version of Limner");
    let mut statement =
        transaction.prepare("select id, image, body from entity where image is not null").map_err(failed())?;
    let mut rows = statement.query([]).map_err(failed())?;
    while let Some(row) = rows.next().map_err(failed())? {
        let id: Uuid = row.get(0).map_err(failed())?;
        let (image, body): (Uuid, String) = row.get(1).and_then(|image| Ok((image, row.get(2)?))).map_err(failed())?;
        let entity: Entity =
            serde_json::from_str(&body).map_err(|_| Error::damaged(path, format!("the row {id} cannot be read")))?;
        // As version 2 has it; nobody had signed rows before.
        let sql = "insert or ignore into mention(target, kind, id, image) values (?1, ?2, ?3, ?4)";
        let key = entity.key();
        let mut insert = transaction.prepare_cached(sql).map_err(failed())?;
        for target in entity.rules().mentions() {
            insert.execute(params![target.id, key.kind.name(), key.id, image]).map_err(failed())?;
        }
    }
    Ok(())
}

/// Notes what a row on an image points at and under which signature, for queries.
pub(super) fn add_mentions(
    transaction: &Transaction<'_>,
    entity: &Entity,
    image: Uuid,
    modified: Option<i64>,
) -> rusqlite::Result<()> {
    let key = entity.key();
    let sql = "insert or ignore into mention(target, kind, id, image, modified) values (?1, ?2, ?3, ?4, ?5)";
    let mut statement = transaction.prepare_cached(sql)?;
    for target in entity.rules().mentions() {
        statement.execute(params![target.id, key.kind.name(), key.id, image, modified])?;
    }
    Ok(())
}

pub(super) fn drop_mentions(transaction: &Transaction<'_>, entity: &Entity) -> rusqlite::Result<()> {
    let key = entity.key();
    let sql = "delete from mention where target = ?1 and kind = ?2 and id = ?3";
    let mut statement = transaction.prepare_cached(sql)?;
    for target in entity.rules().mentions() {
        statement.execute(params![target.id, key.kind.name(), key.id])?;
    }
    Ok(())
}
