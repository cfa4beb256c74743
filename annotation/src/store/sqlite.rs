//! The project as one SQLite file: an append-only log and the state after it, changed together in one transaction.
//!
//! Write-ahead log with full sync: when a commit returns, it is on the disk. Every row carries a checksum, so that a
//! damaged file is noticed and never read as something else.

use crate::contents::{Contents, Entity};
use crate::error::{Error, Result};
use crate::id::{ImageId, Key, Kind, Revision};
use crate::step::{Act, Batch, LogEntry, Row, StepInfo, StepPayload};
use crate::store::packing::{checksum, compress, decompress, pack_brick, unpack_brick};
use crate::store::{ProjectMeta, Store};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, params};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// Marks the file as a project ("Limn") in SQLite's own header.
const APPLICATION_ID: i64 = 0x4c69_6d6e;
/// Goes up when the tables change; `migrate` brings older files up.
const SCHEMA_VERSION: i64 = 1;

const SCHEMA: &str = "
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

#[derive(Debug)]
pub struct SqliteStore {
    connection: Connection,
    path: PathBuf,
}

impl SqliteStore {
    /// Makes a new project file; one that is there already is left alone.
    pub fn create(path: &Path, meta: &ProjectMeta) -> Result<Self> {
        std::fs::File::create_new(path).map_err(Error::io(path, "could not make the project file"))?;
        let store = Self { connection: connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?, path: path.into() };
        let failed = || Error::store(path, "could not set up the project file");
        store.make_durable()?;
        store.connection.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed())?;
        let schema = format!("begin; {SCHEMA} pragma user_version = {SCHEMA_VERSION}; commit;");
        store.connection.execute_batch(&schema).map_err(failed())?;
        let rows = [
            ("id", meta.id.to_string()),
            ("name", meta.name.clone()),
            ("author", meta.author.clone()),
            ("created", meta.created.to_string()),
        ];
        for (key, value) in rows {
            let insert = "insert into meta(key, value) values (?1, ?2)";
            store.connection.execute(insert, params![key, value]).map_err(failed())?;
        }
        Ok(store)
    }

    pub fn open(path: &Path) -> Result<Self> {
        let store = Self::open_with(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        store.make_durable()?;
        Ok(store)
    }

    /// Opens to look: also beside a writer, and from a medium that cannot be written.
    pub fn open_read_only(path: &Path) -> Result<Self> {
        Self::open_with(path, OpenFlags::SQLITE_OPEN_READ_ONLY).or_else(|error| {
            let log = path.with_file_name(format!("{}-wal", path.file_name().unwrap_or_default().to_string_lossy()));
            // Without a write-ahead log nothing can be missing, and the file may be read as it lies.
            if matches!(error, Error::Store { .. }) && !log.exists() {
                return Self::open_immutable(path);
            }
            Err(error)
        })
    }

    fn open_immutable(path: &Path) -> Result<Self> {
        let full = std::fs::canonicalize(path).map_err(Error::io(path, "could not find the project"))?;
        let mut uri = String::from("file:");
        for &byte in full.as_os_str().as_encoded_bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => uri.push(byte as char),
                _ => uri.push_str(&format!("%{byte:02X}")),
            }
        }
        uri.push_str("?immutable=1");
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        let store = Self { connection: connect(Path::new(&uri), flags)?, path: path.into() };
        store.check_kind()?;
        Ok(store)
    }

    fn open_with(path: &Path, flags: OpenFlags) -> Result<Self> {
        std::fs::metadata(path).map_err(Error::io(path, "could not find the project"))?;
        let store = Self { connection: connect(path, flags)?, path: path.into() };
        store.check_kind()?;
        Ok(store)
    }

    fn check_kind(&self) -> Result<()> {
        let read = |pragma: &str| self.connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
        let id = read("application_id").map_err(|error| match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase) => Error::NotAProject { path: self.path.clone() },
            _ => self.failed("could not read the project file")(error),
        })?;
        if id != APPLICATION_ID {
            return Err(Error::NotAProject { path: self.path.clone() });
        }
        let found = read("user_version").map_err(self.failed("could not read the project file"))?;
        if found > SCHEMA_VERSION {
            return Err(Error::TooNew { found, known: SCHEMA_VERSION, path: self.path.clone() });
        }
        Ok(())
    }

    fn make_durable(&self) -> Result<()> {
        let failed = || self.failed("could not prepare the project file for writing");
        self.connection.pragma_update(None, "journal_mode", "wal").map_err(failed())?;
        self.connection.pragma_update(None, "synchronous", "full").map_err(failed())?;
        self.connection.pragma_update(None, "foreign_keys", "off").map_err(failed())
    }

    fn failed(&self, doing: &'static str) -> impl FnOnce(rusqlite::Error) -> Error + use<> {
        Error::store(&self.path, doing)
    }

    fn damaged(&self, what: impl Into<String>) -> Error {
        Error::damaged(&self.path, what)
    }

    fn load_entities(&self, contents: &mut Contents) -> Result<()> {
        let failed = || self.failed("could not read the entities of the project");
        let sql = "select kind, id, layers, body, sum from entity order by kind, id";
        let mut statement = self.connection.prepare(sql).map_err(failed())?;
        let mut rows = statement.query([]).map_err(failed())?;
        while let Some(row) = rows.next().map_err(failed())? {
            let (kind, id, layers): (String, Uuid, i64) = read_three(row).map_err(failed())?;
            let (body, sum): (String, Vec<u8>) = (row.get(3).map_err(failed())?, row.get(4).map_err(failed())?);
            if entity_sum(&kind, id, layers, &body) != sum {
                return Err(self.damaged(format!("the row of {kind} {id} does not match its checksum")));
            }
            let unreadable = || self.damaged(format!("the row of {kind} {id} cannot be read"));
            let entity: Entity = serde_json::from_str(&body).map_err(|_| unreadable())?;
            let key = Key { kind: Kind::from_name(&kind).ok_or_else(unreadable)?, id };
            contents.replace(key, Some(entity)).map_err(|_| unreadable())?;
            if let Some(map) = contents.maps.get_mut(&ImageId(id)) {
                map.set_layer_count(usize::try_from(layers).map_err(|_| unreadable())?);
            }
        }
        Ok(())
    }

    fn load_bricks(&self, contents: &mut Contents) -> Result<()> {
        let failed = || self.failed("could not read the labels of the project");
        let sql = "select image, layer, number, body, sum from brick order by image, layer, number";
        let mut statement = self.connection.prepare(sql).map_err(failed())?;
        let mut rows = statement.query([]).map_err(failed())?;
        while let Some(row) = rows.next().map_err(failed())? {
            let (image, layer, number): (Uuid, u32, u32) = read_three(row).map_err(failed())?;
            let (body, sum): (Vec<u8>, Vec<u8>) = (row.get(3).map_err(failed())?, row.get(4).map_err(failed())?);
            let damaged = || self.damaged(format!("brick {number} of layer {layer} of image {image} cannot be read"));
            if brick_sum(image, layer, number, &body) != sum {
                return Err(damaged());
            }
            let map = contents.maps.get_mut(&ImageId(image)).ok_or_else(damaged)?;
            let layer = map.layer_mut(layer as usize).ok_or_else(damaged)?;
            let len = layer.grid().brick_box(number).len();
            let brick = unpack_brick(&body, len).ok_or_else(damaged)?;
            layer.load_brick(number, brick).ok_or_else(damaged)?;
        }
        Ok(())
    }

    fn load_log(&self) -> Result<Vec<LogEntry>> {
        let failed = || self.failed("could not read the log of the project");
        let sql = "select revision, act, of, at, by, command, name, tool, model, prompts, summary from log
                   order by revision";
        let mut statement = self.connection.prepare(sql).map_err(failed())?;
        let entries = statement.query_map([], log_entry).map_err(failed())?;
        let entries: Vec<_> = entries.collect::<Result<_, _>>().map_err(failed())?;
        for (n, entry) in entries.iter().enumerate() {
            if entry.revision != Revision(n as u64 + 1) {
                return Err(self.damaged(format!("revision {} is missing from the log", n + 1)));
            }
        }
        Ok(entries)
    }

    /// One entry of the log with its payload, read and checked for itself; `None` after the last.
    pub(super) fn sound_entry(&mut self, revision: Revision) -> Result<Option<(LogEntry, Option<Arc<StepPayload>>)>> {
        let sql = "select revision, act, of, at, by, command, name, tool, model, prompts, summary from log
                   where revision = ?1";
        let entry = self.connection.query_row(sql, [revision.0 as i64], log_entry).optional();
        let Some(entry) = entry.map_err(self.failed("could not read a step of the log"))? else { return Ok(None) };
        self.check_entry(&entry)?;
        let payload = if entry.act == Act::Step { Some(self.payload(revision)?) } else { None };
        Ok(Some((entry, payload)))
    }

    fn check_entry(&mut self, entry: &LogEntry) -> Result<()> {
        let sql = "select payload, sum from log where revision = ?1";
        let revision = entry.revision;
        let (payload, sum): (Option<Vec<u8>>, Vec<u8>) = self
            .connection
            .query_row(sql, [revision.0 as i64], |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(self.failed("could not read a step of the log"))?;
        if log_sum(entry, payload.as_deref()) != sum {
            return Err(self.damaged(format!("step {revision} of the log does not match its checksum")));
        }
        if entry.act == Act::Step { self.payload(revision).map(drop) } else { Ok(()) }
    }

    fn append_rows(&self, transaction: &Transaction<'_>, batch: &Batch) -> Result<()> {
        let failed = || self.failed("could not store the step");
        for row in &batch.rows {
            match row {
                Row::Entity { key, value: Some(entity), layers } => {
                    let body = serde_json::to_string(entity).map_err(Error::json("could not write an entity"))?;
                    let sum = entity_sum(key.kind.name(), key.id, *layers as i64, &body);
                    let image = entity.image().map(|id| id.0);
                    let sql = "insert or replace into entity(kind, id, image, layers, body, sum)
                               values (?1, ?2, ?3, ?4, ?5, ?6)";
                    let mut statement = transaction.prepare_cached(sql).map_err(failed())?;
                    let values = params![key.kind.name(), key.id, image, *layers as i64, body, sum];
                    statement.execute(values).map_err(failed())?;
                }
                Row::Entity { key, value: None, .. } => {
                    let sql = "delete from entity where kind = ?1 and id = ?2";
                    transaction.execute(sql, params![key.kind.name(), key.id]).map_err(failed())?;
                }
                Row::Brick { image, layer, number, brick: Some((brick, len)) } => {
                    let body = pack_brick(brick, *len);
                    let sum = brick_sum(image.0, *layer as u32, *number, &body);
                    let sql =
                        "insert or replace into brick(image, layer, number, body, sum) values (?1, ?2, ?3, ?4, ?5)";
                    let mut statement = transaction.prepare_cached(sql).map_err(failed())?;
                    statement.execute(params![image.0, *layer as u32, *number, body, sum]).map_err(failed())?;
                }
                Row::Brick { image, layer, number, brick: None } => {
                    let sql = "delete from brick where image = ?1 and layer = ?2 and number = ?3";
                    transaction.execute(sql, params![image.0, *layer as u32, *number]).map_err(failed())?;
                }
            }
        }
        Ok(())
    }
}

impl Store for SqliteStore {
    fn meta(&mut self) -> Result<ProjectMeta> {
        let read = |key: &str| -> Result<String> {
            let sql = "select value from meta where key = ?1";
            self.connection
                .query_row(sql, [key], |row| row.get(0))
                .optional()
                .map_err(self.failed("could not read the project's description"))?
                .ok_or_else(|| self.damaged(format!("its {key} is missing")))
        };
        let id = read("id")?.parse().map_err(|_| self.damaged("its id cannot be read"))?;
        let created = read("created")?.parse().map_err(|_| self.damaged("its date cannot be read"))?;
        Ok(ProjectMeta { id, name: read("name")?, author: read("author")?, created })
    }

    fn load(&mut self) -> Result<(Contents, Vec<LogEntry>)> {
        // One read transaction: beside a writer, state and log must be of the same moment.
        let failed = || Error::store(&self.path, "could not read the project");
        self.connection.execute_batch("begin").map_err(failed())?;
        let mut contents = Contents::default();
        let loaded = self
            .load_entities(&mut contents)
            .and_then(|()| self.load_bricks(&mut contents))
            .and_then(|()| self.load_log());
        self.connection.execute_batch("commit").map_err(failed())?;
        Ok((contents, loaded?))
    }

    fn log(&mut self) -> Result<Vec<LogEntry>> {
        self.load_log()
    }

    fn append(&mut self, batch: &Batch) -> Result<()> {
        let path = self.path.clone();
        let failed = || Error::store(&path, "could not store the step; free some room or check the disk");
        let payload = batch.payload.as_deref().map(pack_payload).transpose()?;
        let transaction = self.connection.unchecked_transaction().map_err(failed())?;
        self.append_rows(&transaction, batch)?;
        let LogEntry { revision, act, command, info } = &batch.entry;
        let (word, of) = match act {
            Act::Step => ("step", None),
            Act::Undo { of } => ("undo", Some(of.0 as i64)),
            Act::Redo { of } => ("redo", Some(of.0 as i64)),
        };
        let prompts = info.prompts.as_ref().map(ToString::to_string);
        let at = info.at.to_string();
        let sum = log_sum(&batch.entry, payload.as_deref());
        let sql =
            "insert into log(revision, act, of, at, by, command, name, tool, model, prompts, summary, payload, sum)
                   values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
        let values = params![
            revision.0 as i64,
            word,
            of,
            at,
            info.by,
            command,
            info.name,
            info.tool,
            info.model,
            prompts,
            info.summary,
            payload,
            sum
        ];
        transaction.prepare_cached(sql).and_then(|mut s| s.execute(values)).map_err(failed())?;
        transaction.commit().map_err(failed())
    }

    fn payload(&mut self, revision: Revision) -> Result<Arc<StepPayload>> {
        let sql = "select payload from log where revision = ?1";
        let bytes: Option<Vec<u8>> = self
            .connection
            .query_row(sql, [revision.0 as i64], |row| row.get(0))
            .map_err(self.failed("could not read a step of the log"))?;
        let unreadable = || self.damaged(format!("step {revision} of the log cannot be read"));
        let json = decompress(&bytes.ok_or_else(unreadable)?).map_err(|_| unreadable())?;
        serde_json::from_slice(&json).map(Arc::new).map_err(|_| unreadable())
    }

    fn verify(&mut self) -> Result<Vec<String>> {
        let failed = || Error::store(&self.path, "could not check the project");
        let sql = "pragma integrity_check(20)";
        let mut statement = self.connection.prepare(sql).map_err(failed())?;
        let found = statement.query_map([], |row| row.get::<_, String>(0)).map_err(failed())?;
        let mut problems: Vec<String> = found.collect::<Result<_, _>>().map_err(failed())?;
        problems.retain(|line| line != "ok");
        drop(statement);
        match self.load() {
            Ok((_, log)) => {
                for entry in &log {
                    problems.extend(self.check_entry(entry).err().map(|error| error.to_string()));
                }
            }
            Err(error) => problems.push(error.to_string()),
        }
        Ok(problems)
    }

    fn backup(&mut self, to: &Path) -> Result<()> {
        let failed = || Error::store(to, "could not write the backup");
        std::fs::File::create_new(to).map_err(Error::io(to, "could not make the backup file"))?;
        let mut copy = Connection::open(to).map_err(failed())?;
        let backup = rusqlite::backup::Backup::new(&self.connection, &mut copy).map_err(failed())?;
        backup.run_to_completion(1024, Duration::ZERO, None).map_err(failed())
    }

    fn compact(&mut self) -> Result<()> {
        let failed = || self.failed("could not compact the project");
        self.connection.execute_batch("vacuum; pragma wal_checkpoint(truncate);").map_err(failed())
    }
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection> {
    let failed = || Error::store(path, "could not open the project file");
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(failed())?;
    connection.busy_timeout(Duration::from_secs(5)).map_err(failed())?;
    Ok(connection)
}

fn read_three<A: rusqlite::types::FromSql, B: rusqlite::types::FromSql, C: rusqlite::types::FromSql>(
    row: &rusqlite::Row<'_>,
) -> rusqlite::Result<(A, B, C)> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

fn log_entry(row: &rusqlite::Row<'_>) -> rusqlite::Result<LogEntry> {
    let of = Revision(row.get::<_, Option<i64>>(2)?.unwrap_or(0) as u64);
    let act = match row.get::<_, String>(1)?.as_str() {
        "undo" => Act::Undo { of },
        "redo" => Act::Redo { of },
        _ => Act::Step,
    };
    let at: String = row.get(3)?;
    let prompts: Option<String> = row.get(9)?;
    let info = StepInfo {
        at: at.parse().unwrap_or_default(),
        by: row.get(4)?,
        name: row.get(6)?,
        tool: row.get(7)?,
        model: row.get(8)?,
        prompts: prompts.and_then(|text| serde_json::from_str(&text).ok()),
        summary: row.get(10)?,
    };
    Ok(LogEntry { revision: Revision(row.get::<_, i64>(0)? as u64), act, command: row.get(5)?, info })
}

fn pack_payload(payload: &StepPayload) -> Result<Vec<u8>> {
    let json = serde_json::to_vec(payload).map_err(Error::json("could not write a step"))?;
    compress(&json).map_err(Error::io(Path::new(""), "could not compress a step"))
}

fn entity_sum(kind: &str, id: Uuid, layers: i64, body: &str) -> Vec<u8> {
    checksum(&[kind.as_bytes(), id.as_bytes(), &layers.to_le_bytes(), body.as_bytes()])
}

fn brick_sum(image: Uuid, layer: u32, number: u32, body: &[u8]) -> Vec<u8> {
    checksum(&[image.as_bytes(), &layer.to_le_bytes(), &number.to_le_bytes(), body])
}

fn log_sum(entry: &LogEntry, payload: Option<&[u8]>) -> Vec<u8> {
    let LogEntry { revision, act, command, info } = entry;
    let (word, of) = match act {
        Act::Step => ("step", 0),
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
