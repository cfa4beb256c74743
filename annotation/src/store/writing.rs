//! Writing one commit into a project file: the rows it changed, who signed them, what they point at, and the log.

use crate::entity::Entity;
use crate::error::{Error, Result};
use crate::id::Key;
use crate::origin::{Origin, Touch};
use crate::step::{Act, Batch, LogEntry, Row, StepPayload};
use crate::store::packing::{checksum, compress, pack_brick};
use crate::store::reading::{Extra, brick_sum, entity_sum};
use crate::store::schema;
use rusqlite::{OptionalExtension, Transaction, params};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// Signatures remembered by number; a step has one, so that older ones are seldom asked for.
const TOUCHES_KEPT: usize = 4096;

/// Numbers and texts of the signatures written last.
pub(super) type Touches = HashMap<Arc<Touch>, (i64, Arc<str>)>;

/// An open transaction.
pub(super) struct Writing<'a> {
    pub transaction: &'a Transaction<'a>,
    pub path: &'a Path,
    pub touches: &'a mut Touches,
}

impl Writing<'_> {
    fn failed(&self) -> impl FnOnce(rusqlite::Error) -> Error + use<> {
        Error::store(self.path, "could not store the step; free some room or check the disk")
    }

    pub(super) fn batch(&mut self, batch: &Batch) -> Result<()> {
        batch.rows.iter().try_for_each(|row| self.row(row))?;
        self.log(&batch.entry, batch.payload.as_deref())
    }

    fn row(&mut self, row: &Row) -> Result<()> {
        match row {
            Row::Entity { value: Some(entity), origin, layers, .. } => self.entity(entity, origin.as_deref(), *layers),
            Row::Entity { key, value: None, .. } => {
                self.forget(*key)?;
                let sql = "delete from entity where kind = ?1 and id = ?2";
                self.execute(sql, params![key.kind.name(), key.id])
            }
            Row::Brick { image, layer, number, brick: Some((brick, len)) } => {
                let body = pack_brick(brick, *len);
                let sum = brick_sum(image.0, *layer as u32, *number, &body);
                let sql = "insert or replace into brick(image, layer, number, body, sum) values (?1, ?2, ?3, ?4, ?5)";
                self.execute(sql, params![image.0, *layer as u32, *number, body, sum])
            }
            Row::Brick { image, layer, number, brick: None } => {
                let sql = "delete from brick where image = ?1 and layer = ?2 and number = ?3";
                self.execute(sql, params![image.0, *layer as u32, *number])
            }
        }
    }

    fn execute(&self, sql: &str, values: &[&dyn rusqlite::ToSql]) -> Result<()> {
        let done = self.transaction.prepare_cached(sql).and_then(|mut statement| statement.execute(values));
        done.map(drop).map_err(self.failed())
    }

    fn entity(&mut self, entity: &Entity, origin: Option<&Origin>, layers: usize) -> Result<()> {
        let (key, image) = (entity.key(), entity.image().map(|id| id.0));
        let signed = match origin {
            Some(origin) => Some([self.touch(&origin.created)?, self.touch(&origin.modified)?]),
            None => None,
        };
        if let Some(image) = image {
            self.forget(key)?;
            let modified = signed.as_ref().map(|[_, (modified, _)]| *modified);
            schema::add_mentions(self.transaction, entity, image, modified).map_err(self.failed())?;
        }
        let body = serde_json::to_string(entity).map_err(Error::json("could not write an entity"))?;
        let extra = origin.and_then(Extra::text);
        let texts = signed.as_ref().map(|[(_, created), (_, modified)]| [created.as_ref(), modified.as_ref()]);
        let numbers = signed.as_ref().map(|[(created, _), (modified, _)]| (*created, *modified));
        let layers = layers as i64;
        let sum = entity_sum(key.kind.name(), key.id, layers, &body, texts, extra.as_deref());
        let (created, modified) = numbers.unzip();
        let sql = "insert or replace into entity(kind, id, image, layers, body, sum, created, modified, extra)
                   values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        self.execute(sql, params![key.kind.name(), key.id, image, layers, body, sum, created, modified, extra])
    }

    /// The number of a signature, which is written where it is new.
    fn touch(&mut self, touch: &Arc<Touch>) -> Result<(i64, Arc<str>)> {
        if let Some(known) = self.touches.get(touch) {
            return Ok(known.clone());
        }
        let text = serde_json::to_string(touch.as_ref()).map_err(Error::json("could not write a signature"))?;
        let find = "select number from touch where body = ?1";
        let number = self
            .transaction
            .prepare_cached(find)
            .and_then(|mut statement| statement.query_row([&text], |row| row.get::<_, i64>(0)).optional())
            .map_err(self.failed())?;
        let number = match number {
            Some(number) => number,
            None => {
                let sql = "insert into touch(by, revision, body) values (?1, ?2, ?3)";
                self.execute(sql, params![touch.by, touch.revision.0 as i64, text])?;
                self.transaction.last_insert_rowid()
            }
        };
        if self.touches.len() >= TOUCHES_KEPT {
            self.touches.clear();
        }
        let signed = (number, Arc::from(text));
        self.touches.insert(touch.clone(), signed.clone());
        Ok(signed)
    }

    /// Takes what the stored row points at out of the index.
    fn forget(&self, key: Key) -> Result<()> {
        let sql = "select body from entity where kind = ?1 and id = ?2 and image is not null";
        let former: Option<String> = self
            .transaction
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row((key.kind.name(), key.id), |row| row.get(0)).optional())
            .map_err(self.failed())?;
        let Some(former) = former else { return Ok(()) };
        let unreadable = || Error::damaged(self.path, format!("the row of {key} cannot be read"));
        let entity: Entity = serde_json::from_str(&former).map_err(|_| unreadable())?;
        schema::drop_mentions(self.transaction, &entity).map_err(self.failed())
    }

    fn log(&self, entry: &LogEntry, payload: Option<&StepPayload>) -> Result<()> {
        let payload = payload.map(pack_payload).transpose()?;
        let LogEntry { revision, act, command, info } = entry;
        let (word, of) = match act {
            Act::Step => ("step", None),
            Act::Quiet => ("quiet", None),
            Act::Undo { of } => ("undo", Some(of.0 as i64)),
            Act::Redo { of } => ("redo", Some(of.0 as i64)),
        };
        let prompts = info.prompts.as_ref().map(ToString::to_string);
        let at = info.at.to_string();
        let sum = log_sum(entry, payload.as_deref());
        let sql =
            "insert into log(revision, act, of, at, by, command, name, tool, model, prompts, summary, payload, sum)
                   values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
        let revision = revision.0 as i64;
        #[rustfmt::skip]
        let values = params![
            revision, word, of, at, info.by, command, info.name, info.tool, info.model, prompts, info.summary, payload, sum
        ];
        self.execute(sql, values)
    }
}

fn pack_payload(payload: &StepPayload) -> Result<Vec<u8>> {
    let json = serde_json::to_vec(payload).map_err(Error::json("could not write a step"))?;
    compress(&json).map_err(Error::io(Path::new(""), "could not compress a step"))
}

pub(super) fn log_sum(entry: &LogEntry, payload: Option<&[u8]>) -> Vec<u8> {
    let LogEntry { revision, act, command, info } = entry;
    let (word, of) = match act {
        Act::Step => ("step", 0),
        Act::Quiet => ("quiet", 0),
        Act::Undo { of } => ("undo", of.0),
        Act::Redo { of } => ("redo", of.0),
    };
    let prompts = info.prompts.as_ref().map(ToString::to_string).unwrap_or_default();
    let or_empty = |text: &Option<String>| text.clone().unwrap_or_default().into_bytes();
    checksum(&[
        &revision.0.to_le_bytes(),
        word.as_bytes(),
        &of.to_le_bytes(),
        command.as_bytes(),
        info.at.to_string().as_bytes(),
        info.by.as_bytes(),
        info.name.as_bytes(),
        &or_empty(&info.tool),
        &or_empty(&info.model),
        prompts.as_bytes(),
        &or_empty(&info.summary),
        payload.unwrap_or_default(),
    ])
}
