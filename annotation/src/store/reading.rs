//! Reading a project file: every row against its checksum, the rows of the project at once, those of an image when they
//! are asked for.

use crate::contents::Contents;
use crate::entity::{Entity, Home, ImageId, Kind};
use crate::error::{Error, Result};
use crate::id::{Key, Revision};
use crate::label_map::LabelMap;
use crate::origin::{Origin, Touch};
use crate::query::Query;
use crate::rows::{Backing, Reader, Row, Table};
use crate::step::{Act, LogEntry, StepInfo};
use crate::store::packing::{checksum, unpack_brick};
use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension, params_from_iter};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use uuid::Uuid;

/// Projects with fewer rows than this are read whole on opening, and checked whole.
const SMALL_ROWS: i64 = 20_000;

/// How much is read on opening.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Loading {
    /// All of a small project; of a large one the rows of images when they are looked at.
    #[default]
    BySize,
    /// Rows of images always when they are looked at.
    OnDemand,
    Whole,
}

/// What is kept of an origin beside its two touches.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Extra {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<Key>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub ext: BTreeMap<String, serde_json::Value>,
}

impl Extra {
    /// `None` where there is nothing to keep.
    pub(super) fn text(origin: &Origin) -> Option<String> {
        let extra = Self { parents: origin.parents.clone(), ext: origin.ext.clone() };
        let is_empty = extra.parents.is_empty() && extra.ext.is_empty();
        if is_empty { None } else { serde_json::to_string(&extra).ok() }
    }
}

/// A row as it lies in the file.
struct RawRow {
    kind: String,
    id: Uuid,
    layers: i64,
    body: String,
    sum: Vec<u8>,
    touches: Option<[Signed; 2]>,
    extra: Option<String>,
}

/// Rows handed to another thread at once.
const PIECE_ROWS: usize = 512;

/// Rows, or what is wrong with one of them.
type Parsed = std::result::Result<Vec<Row>, String>;

/// A touch with its bytes in the file.
type Signed = (Arc<Touch>, Arc<str>);

/// Signatures by number.
pub(super) type KnownTouches = Mutex<HashMap<i64, Signed>>;

const ROW: &str = "select kind, id, layers, body, sum, created, modified, extra from entity";

/// A connection to read by.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    pub connection: &'a Connection,
    pub path: &'a Path,
    pub touches: &'a KnownTouches,
}

impl Reading<'_> {
    fn failed(&self, doing: &'static str) -> impl FnOnce(rusqlite::Error) -> Error + use<> {
        Error::store(self.path, doing)
    }

    fn damaged(&self, what: impl Into<String>) -> Error {
        Error::damaged(self.path, what)
    }

    pub(super) fn is_small(&self) -> Result<bool> {
        let few = |table: &str| {
            let sql = format!("select count(*) from (select 1 from {table} limit {SMALL_ROWS})");
            self.connection.query_row(&sql, [], |row| row.get::<_, i64>(0)).map(|count| count < SMALL_ROWS)
        };
        let is_small = few("entity").and_then(|few_rows| Ok(few_rows && few("brick")?));
        is_small.map_err(self.failed("could not read the project"))
    }

    fn touch(&self, number: i64) -> Result<Signed> {
        if let Some(known) = self.touches.lock().get(&number) {
            return Ok(known.clone());
        }
        let sql = "select body from touch where number = ?1";
        let body: String = self
            .connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row([number], |row| row.get(0)))
            .map_err(self.failed("could not read who changed a row"))?;
        let touch: Touch =
            serde_json::from_str(&body).map_err(|_| self.damaged(format!("signature {number} cannot be read")))?;
        let signed = (Arc::new(touch), body.into());
        self.touches.lock().insert(number, signed.clone());
        Ok(signed)
    }

    /// Reads rows and parses them: most of the work is parsing and hashing, which other threads do while this one reads on.
    fn rows(&self, condition: &str, values: &[&dyn rusqlite::ToSql]) -> Result<Vec<Row>> {
        let failed = || self.failed("could not read the entities of the project");
        let sql = format!("{ROW} where {condition}");
        let mut statement = self.connection.prepare_cached(&sql).map_err(failed())?;
        let mut rows = statement.query(values).map_err(failed())?;
        let parsed: Mutex<Vec<(usize, Parsed)>> = Mutex::default();
        let rest = rayon::in_place_scope(|scope| -> Result<Vec<RawRow>> {
            let (mut raw, mut pieces) = (Vec::new(), 0);
            while let Some(row) = rows.next().map_err(failed())? {
                raw.push(self.raw_row(row)?);
                if raw.len() == PIECE_ROWS {
                    let (piece, number, parsed) = (std::mem::take(&mut raw), pieces, &parsed);
                    pieces += 1;
                    scope.spawn(move |_| {
                        let rows = piece.into_iter().map(RawRow::parse).collect();
                        parsed.lock().push((number, rows));
                    });
                }
            }
            Ok(raw)
        })?;
        let mut pieces = parsed.into_inner();
        pieces.sort_unstable_by_key(|(number, _)| *number);
        // A handful is parsed here before a second thread wakes up.
        pieces.push((pieces.len(), rest.into_iter().map(RawRow::parse).collect()));
        let mut all = Vec::with_capacity(pieces.len() * PIECE_ROWS);
        for (_, piece) in pieces {
            all.extend(piece.map_err(|what| self.damaged(what))?);
        }
        Ok(all)
    }

    fn raw_row(&self, row: &rusqlite::Row<'_>) -> Result<RawRow> {
        let read = || -> rusqlite::Result<_> {
            let touches: (Option<i64>, Option<i64>) = (row.get(5)?, row.get(6)?);
            let (kind, id, layers) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let raw =
                RawRow { kind, id, layers, body: row.get(3)?, sum: row.get(4)?, touches: None, extra: row.get(7)? };
            Ok((raw, touches))
        };
        let (raw, touches) = read().map_err(self.failed("could not read the entities of the project"))?;
        let touches = match touches {
            (Some(created), Some(modified)) => Some([self.touch(created)?, self.touch(modified)?]),
            _ => None,
        };
        Ok(RawRow { touches, ..raw })
    }

    /// The rows that are kept with the project.
    pub(super) fn table(&self) -> Result<Vec<Row>> {
        let mut all = Vec::new();
        for kind in Kind::ALL.iter().filter(|kind| kind.home() == Home::Project) {
            all.extend(self.rows("kind = ?1", &[&kind.name()])?);
        }
        let known = Kind::ALL.iter().map(|kind| format!("'{}'", kind.name())).collect::<Vec<_>>().join(",");
        // From kind to kind by the key: asking every row would read the whole file.
        let sql = format!(
            "with recursive found(kind) as (
                 select min(kind) from entity
                 union all
                 select (select min(kind) from entity where kind > found.kind) from found where found.kind is not null)
             select kind from found where kind is not null and kind not in ({known}) limit 1"
        );
        let strange: Option<String> = self
            .connection
            .query_row(&sql, [], |row| row.get(0))
            .optional()
            .map_err(self.failed("could not read the project"))?;
        match strange {
            Some(kind) => Err(self.damaged(format!("it has rows of a kind \"{kind}\" that this Limner does not know"))),
            None => Ok(all),
        }
    }

    pub(super) fn rows_on(&self, image: ImageId) -> Result<Vec<Row>> {
        let rows = self.rows("image = ?1", &[&image.0])?;
        match rows.iter().find(|row| row.entity.image() != Some(image)) {
            Some(row) => Err(self.damaged(format!("{} is not on the image it is kept with", row.entity.key()))),
            None => Ok(rows),
        }
    }

    pub(super) fn map_of(&self, image: ImageId, size: [usize; 3]) -> Result<LabelMap> {
        let failed = || self.failed("could not read the labels of the project");
        let mut map = LabelMap::new(size);
        let sql = "select layers from entity where kind = 'image' and id = ?1";
        let layers: i64 = self.connection.query_row(sql, [image.0], |row| row.get(0)).map_err(failed())?;
        let layers = usize::try_from(layers).ok().filter(|n| (1..=crate::apply::MAX_LAYERS).contains(n));
        map.set_layer_count(layers.ok_or_else(|| self.damaged(format!("the layers of image {image} cannot be read")))?);
        let sql = "select layer, number, body, sum from brick where image = ?1 order by layer, number";
        let mut statement = self.connection.prepare_cached(sql).map_err(failed())?;
        let mut rows = statement.query([image.0]).map_err(failed())?;
        while let Some(row) = rows.next().map_err(failed())? {
            let (layer, number): (u32, u32) = row.get(0).and_then(|layer| Ok((layer, row.get(1)?))).map_err(failed())?;
            let (body, sum): (Vec<u8>, Vec<u8>) =
                row.get(2).and_then(|body| Ok((body, row.get(3)?))).map_err(failed())?;
            let damaged = || self.damaged(format!("brick {number} of layer {layer} of image {image} cannot be read"));
            if brick_sum(image.0, layer, number, &body) != sum {
                return Err(damaged());
            }
            let layer = map.layer_mut(layer as usize).ok_or_else(damaged)?;
            let in_grid = (number as usize) < layer.grid().brick_count();
            let len = if in_grid { layer.grid().brick_box(number).len() } else { return Err(damaged()) };
            let brick = unpack_brick(&body, len).ok_or_else(damaged)?;
            layer.load_brick(number, brick).ok_or_else(damaged)?;
        }
        Ok(map)
    }

    /// Rows and bricks of images that are not there.
    pub(super) fn orphans(&self) -> Result<i64> {
        let sql = "select (select count(*) from entity where image is not null
                       and image not in (select id from entity where kind = 'image'))
                   + (select count(*) from brick where image not in (select id from entity where kind = 'image'))";
        self.connection.query_row(sql, [], |row| row.get(0)).map_err(self.failed("could not read the project"))
    }

    /// The contents with all that is on the images.
    pub(super) fn whole(&self) -> Result<Contents> {
        let orphans = self.orphans()?;
        if orphans > 0 {
            return Err(self.damaged(format!("{orphans} rows belong to images that are not there")));
        }
        let mut contents = Contents::backed(self.table()?, None);
        let images: Vec<_> = contents.images().map(|image| (image.id, image.size())).collect();
        for (image, size) in images {
            contents.sites.fill(image, Table::of(self.rows_on(image)?), self.map_of(image, size)?);
        }
        Ok(contents)
    }

    /// Reads everything once, image by image, and notes what is wrong with it.
    pub(super) fn check(&self, problems: &mut Vec<String>) -> Result<()> {
        let orphans = self.orphans()?;
        if orphans > 0 {
            problems.push(format!("{orphans} rows belong to images that are not there"));
        }
        let contents = Contents::backed(self.table()?, None);
        for image in contents.images() {
            let read = self.rows_on(image.id).map(drop).and_then(|()| self.map_of(image.id, image.size()).map(drop));
            problems.extend(read.err().map(|error| error.to_string()));
        }
        Ok(())
    }

    pub(super) fn log(&self) -> Result<Vec<LogEntry>> {
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

    fn find(&self, query: &Query) -> Result<Vec<(Key, ImageId)>> {
        let mut values: Vec<Box<dyn rusqlite::ToSql>> = vec![Box::new(query.kind.name())];
        let mut parts = Vec::new();
        let table = if query.mentions.is_some() { "mention" } else { "entity" };
        parts.push("kind = ?1".to_owned());
        if let Some(target) = query.mentions {
            values.push(Box::new(target.id));
            parts.push(format!("target = ?{}", values.len()));
        }
        if let Some(by) = &query.by {
            values.push(Box::new(by.clone()));
            parts.push(format!("modified in (select number from touch where by = ?{})", values.len()));
        }
        if let Some(after) = query.after {
            values.push(Box::new(after.0 as i64));
            parts.push(format!("modified in (select number from touch where revision > ?{})", values.len()));
        }
        let sql = format!("select id, image from {table} where {}", parts.join(" and "));
        let failed = || self.failed("could not search the project");
        let mut statement = self.connection.prepare_cached(&sql).map_err(failed())?;
        let found = statement
            .query_map(params_from_iter(values), |row| {
                Ok((Key { kind: query.kind, id: row.get(0)? }, ImageId(row.get(1)?)))
            })
            .map_err(failed())?;
        found.collect::<rusqlite::Result<_>>().map_err(failed())
    }
}

impl RawRow {
    /// The row, or what is wrong with it.
    fn parse(self) -> std::result::Result<Row, String> {
        let Self { kind, id, layers, body, sum, touches, extra } = self;
        let texts = touches.as_ref().map(|[(_, created), (_, modified)]| [created.as_ref(), modified.as_ref()]);
        if entity_sum(&kind, id, layers, &body, texts, extra.as_deref()) != sum {
            return Err(format!("the row of {kind} {id} does not match its checksum"));
        }
        let unreadable = || format!("the row of {kind} {id} cannot be read");
        let entity: Entity = serde_json::from_str(&body).map_err(|_| unreadable())?;
        if entity.kind().name() != kind || entity.key().id != id {
            return Err(unreadable());
        }
        let extra: Extra =
            extra.map_or(Ok(Extra::default()), |text| serde_json::from_str(&text)).map_err(|_| unreadable())?;
        let Extra { parents, ext } = extra;
        let origin = touches.map(|[(created, _), (modified, _)]| Origin { created, modified, parents, ext });
        Ok(Row { entity, origin })
    }
}

/// Answers while a project is open, by a connection of its own.
#[derive(Debug)]
pub(super) struct SqliteReader {
    connection: Mutex<Option<Connection>>,
    path: PathBuf,
    touches: KnownTouches,
}

impl SqliteReader {
    pub(super) fn backing(connection: Connection, path: &Path) -> Backing {
        let connection = Mutex::new(Some(connection));
        Backing::new(Box::new(Self { connection, path: path.into(), touches: KnownTouches::default() }))
    }

    fn read<T>(&self, read: impl FnOnce(&Reading<'_>) -> Result<T>) -> Result<T> {
        let connection = self.connection.lock();
        let connection = connection.as_ref().ok_or(Error::WriterGone)?;
        read(&Reading { connection, path: &self.path, touches: &self.touches })
    }
}

impl Reader for SqliteReader {
    fn rows_on(&self, image: ImageId) -> Result<Vec<Row>> {
        self.read(|reading| reading.rows_on(image))
    }

    fn map_of(&self, image: ImageId, size: [usize; 3]) -> Result<LabelMap> {
        self.read(|reading| reading.map_of(image, size))
    }

    fn image_of(&self, key: Key) -> Result<Option<ImageId>> {
        self.read(|reading| {
            let sql = "select image from entity where kind = ?1 and id = ?2";
            let image = reading
                .connection
                .prepare_cached(sql)
                .and_then(|mut statement| {
                    statement.query_row((key.kind.name(), key.id), |row| row.get::<_, Option<Uuid>>(0)).optional()
                })
                .map_err(reading.failed("could not find a row of the project"))?;
            Ok(image.flatten().map(ImageId))
        })
    }

    fn find(&self, query: &Query) -> Result<Vec<(Key, ImageId)>> {
        self.read(|reading| reading.find(query))
    }

    fn hold(&self) -> Result<()> {
        self.read(|reading| {
            let begun = reading.connection.execute_batch("begin; select count(*) from meta;");
            begun.map_err(reading.failed("could not keep the project as it is"))
        })
    }

    fn close(&self) {
        *self.connection.lock() = None;
    }
}

pub(super) fn log_entry(row: &rusqlite::Row<'_>) -> rusqlite::Result<LogEntry> {
    let of = Revision(row.get::<_, Option<i64>>(2)?.unwrap_or(0) as u64);
    let act = match row.get::<_, String>(1)?.as_str() {
        "quiet" => Act::Quiet,
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

/// Over a row and, where it is signed, over the signatures: rows from before there were any keep their checksum.
pub(super) fn entity_sum(
    kind: &str,
    id: Uuid,
    layers: i64,
    body: &str,
    touches: Option<[&str; 2]>,
    extra: Option<&str>,
) -> Vec<u8> {
    let layers = layers.to_le_bytes();
    let mut parts = vec![kind.as_bytes(), id.as_bytes(), &layers, body.as_bytes()];
    if let Some([created, modified]) = touches {
        parts.extend([created.as_bytes(), modified.as_bytes(), extra.unwrap_or_default().as_bytes()]);
    }
    checksum(&parts)
}

pub(super) fn brick_sum(image: Uuid, layer: u32, number: u32, body: &[u8]) -> Vec<u8> {
    checksum(&[image.as_bytes(), &layer.to_le_bytes(), &number.to_le_bytes(), body])
}
