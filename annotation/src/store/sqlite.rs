//! The project as one SQLite file: an append-only log and the state after it, changed together in one transaction.
//!
//! Write-ahead log with full sync: when a commit returns, it is on the disk. Every row carries a checksum, so that a
//! damaged file is noticed and never read as something else.

use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::id::Revision;
use crate::step::{Batch, LogEntry, StepPayload};
use crate::store::packing::decompress;
use crate::store::reading::{KnownTouches, Loading, Reading, SqliteReader, log_entry};
use crate::store::schema::{self, SCHEMA_VERSION};
use crate::store::writing::{Touches, Writing, log_sum};
use crate::store::{ProjectMeta, Store};
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Marks the file as a project ("Limn") in SQLite's own header.
const APPLICATION_ID: i64 = 0x4c69_6d6e;

#[derive(Debug)]
pub struct SqliteStore {
    connection: Connection,
    path: PathBuf,
    access: Access,
    loading: Loading,
    /// Numbers of the signatures written last.
    touches: Touches,
    /// Signatures read last, by number.
    known_touches: KnownTouches,
}

/// How the file is open, so that a second connection can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Access {
    Write,
    Read,
    /// As it lies on a medium that cannot be written.
    Immutable(PathBuf),
    /// A copy in memory of a file of an older version that is only looked at.
    Memory,
}

const IMMUTABLE: OpenFlags = OpenFlags::SQLITE_OPEN_READ_ONLY.union(OpenFlags::SQLITE_OPEN_URI);

impl SqliteStore {
    /// Makes a new project file; one that is there already is left alone.
    pub fn create(path: &Path, meta: &ProjectMeta) -> Result<Self> {
        std::fs::File::create_new(path).map_err(Error::io(path, "could not make the project file"))?;
        let store = Self::with(connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?, path, Access::Write);
        let failed = || Error::store(path, "could not set up the project file");
        store.make_durable()?;
        store.connection.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed())?;
        schema::set_up(&store.connection, path)?;
        let handout = meta.handout.as_ref().map(serde_json::to_string).transpose();
        let handout = handout.map_err(Error::json("could not describe the handout"))?;
        let rows = [
            ("id", meta.id.to_string()),
            ("name", meta.name.clone()),
            ("author", meta.author.clone()),
            ("created", meta.created.to_string()),
        ];
        for (key, value) in rows.into_iter().chain(handout.map(|text| ("handout", text))) {
            let insert = "insert into meta(key, value) values (?1, ?2)";
            store.connection.execute(insert, params![key, value]).map_err(failed())?;
        }
        Ok(store)
    }

    fn with(connection: Connection, path: &Path, access: Access) -> Self {
        let (loading, touches, known_touches) = (Loading::default(), Touches::new(), KnownTouches::default());
        Self { connection, path: path.into(), access, loading, touches, known_touches }
    }

    /// How much `load` reads at once.
    #[must_use]
    pub fn loading(self, loading: Loading) -> Self {
        Self { loading, ..self }
    }

    /// Opens to write; a file of an older version is brought up to this one.
    pub fn open(path: &Path) -> Result<Self> {
        let (store, found) = Self::open_with(path, OpenFlags::SQLITE_OPEN_READ_WRITE, Access::Write)?;
        store.make_durable()?;
        schema::migrate(&store.connection, found, path)?;
        Ok(store)
    }

    /// Refuses a file that is no project, or one of a newer Limner.
    pub(crate) fn probe(path: &Path) -> Result<()> {
        let opened = Self::open_with(path, OpenFlags::SQLITE_OPEN_READ_ONLY, Access::Read);
        opened
            .or_else(|error| if matches!(error, Error::Store { .. }) { Self::open_immutable(path) } else { Err(error) })
            .map(drop)
    }

    /// Opens to look: also beside a writer, and from a medium that cannot be written. A file of an older version is read
    /// into memory and brought up there.
    pub fn open_read_only(path: &Path) -> Result<Self> {
        let opened = Self::open_with(path, OpenFlags::SQLITE_OPEN_READ_ONLY, Access::Read).or_else(|error| {
            let log = path.with_file_name(format!("{}-wal", path.file_name().unwrap_or_default().to_string_lossy()));
            // Without a write-ahead log nothing can be missing, and the file may be read as it lies.
            if matches!(error, Error::Store { .. }) && !log.exists() {
                return Self::open_immutable(path);
            }
            Err(error)
        });
        let (store, found) = opened?;
        if found == SCHEMA_VERSION {
            return Ok(store);
        }
        let failed = || Error::store(path, "could not read the older project into memory");
        let mut copy = Connection::open_in_memory().map_err(failed())?;
        let backup = rusqlite::backup::Backup::new(&store.connection, &mut copy).map_err(failed())?;
        backup.run_to_completion(4096, Duration::ZERO, None).map_err(failed())?;
        drop(backup);
        schema::migrate(&copy, found, path)?;
        Ok(Self::with(copy, path, Access::Memory))
    }

    fn open_immutable(path: &Path) -> Result<(Self, i64)> {
        let full = std::fs::canonicalize(path).map_err(Error::io(path, "could not find the project"))?;
        let mut uri = String::from("file:");
        for &byte in full.as_os_str().as_encoded_bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => uri.push(byte as char),
                _ => uri.push_str(&format!("%{byte:02X}")),
            }
        }
        uri.push_str("?immutable=1");
        let uri = PathBuf::from(uri);
        let store = Self::with(connect(&uri, IMMUTABLE)?, path, Access::Immutable(uri));
        let found = store.check_kind()?;
        Ok((store, found))
    }

    fn open_with(path: &Path, flags: OpenFlags, access: Access) -> Result<(Self, i64)> {
        std::fs::metadata(path).map_err(Error::io(path, "could not find the project"))?;
        let store = Self::with(connect(path, flags)?, path, access);
        let found = store.check_kind()?;
        Ok((store, found))
    }

    /// The version of a file that is a project.
    fn check_kind(&self) -> Result<i64> {
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
        Ok(found)
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

    fn reading(&self) -> Reading<'_> {
        Reading { connection: &self.connection, path: &self.path, touches: &self.known_touches }
    }

    /// A connection that goes on reading while this one writes; none to a copy in memory.
    fn second_connection(&self) -> Result<Option<Connection>> {
        match &self.access {
            Access::Write | Access::Read => connect(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY).map(Some),
            Access::Immutable(uri) => connect(uri, IMMUTABLE).map(Some),
            Access::Memory => Ok(None),
        }
    }

    /// The state with the rows on images left in the file, and the log.
    fn load_in_part(&self, connection: Connection) -> Result<(Contents, Vec<LogEntry>)> {
        let failed = || Error::store(&self.path, "could not read the project");
        // A reader beside a writer must see one moment for as long as it looks; the one writer changes only what it has
        // read before.
        connection.execute_batch("begin").map_err(failed())?;
        let touches = KnownTouches::default();
        let reading = Reading { connection: &connection, path: &self.path, touches: &touches };
        let (table, log) = (reading.table()?, reading.log()?);
        if self.access == Access::Write {
            connection.execute_batch("commit").map_err(failed())?;
        }
        Ok((Contents::backed(table, Some(SqliteReader::backing(connection, &self.path))), log))
    }

    /// One entry of the log with its payload, read and checked for itself; `None` after the last.
    pub(super) fn sound_entry(&mut self, revision: Revision) -> Result<Option<(LogEntry, Option<Arc<StepPayload>>)>> {
        let sql = "select revision, act, of, at, by, command, name, tool, model, prompts, summary from log
                   where revision = ?1";
        let entry = self.connection.query_row(sql, [revision.0 as i64], log_entry).optional();
        let Some(entry) = entry.map_err(self.failed("could not read a step of the log"))? else { return Ok(None) };
        self.check_entry(&entry)?;
        let payload = if entry.act.has_payload() { Some(self.payload(revision)?) } else { None };
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
        if entry.act.has_payload() { self.payload(revision).map(drop) } else { Ok(()) }
    }
}

impl Store for SqliteStore {
    fn meta(&mut self) -> Result<ProjectMeta> {
        let find = |key: &str| -> Result<Option<String>> {
            let sql = "select value from meta where key = ?1";
            self.connection
                .query_row(sql, [key], |row| row.get(0))
                .optional()
                .map_err(self.failed("could not read the project's description"))
        };
        let read = |key: &str| find(key)?.ok_or_else(|| self.damaged(format!("its {key} is missing")));
        let handout = find("handout")?.map(|text| serde_json::from_str(&text)).transpose();
        let handout = handout.map_err(|_| self.damaged("what it was handed out from cannot be read"))?;
        let id = read("id")?.parse().map_err(|_| self.damaged("its id cannot be read"))?;
        let created = read("created")?.parse().map_err(|_| self.damaged("its date cannot be read"))?;
        Ok(ProjectMeta { id, name: read("name")?, author: read("author")?, created, handout })
    }

    fn rename(&mut self, name: &str) -> Result<()> {
        let sql = "update meta set value = ?1 where key = 'name'";
        self.connection.execute(sql, [name]).map(drop).map_err(self.failed("could not rename the project"))
    }

    fn load(&mut self) -> Result<(Contents, Vec<LogEntry>)> {
        let whole = match self.loading {
            Loading::Whole => true,
            Loading::OnDemand => false,
            Loading::BySize => self.reading().is_small()?,
        };
        if let Some(connection) = (!whole).then(|| self.second_connection()).transpose()?.flatten() {
            return self.load_in_part(connection);
        }
        // One read transaction: beside a writer, state and log must be of the same moment.
        let failed = || Error::store(&self.path, "could not read the project");
        self.connection.execute_batch("begin").map_err(failed())?;
        let loaded = self.reading().whole().and_then(|contents| Ok((contents, self.reading().log()?)));
        self.connection.execute_batch("commit").map_err(failed())?;
        loaded
    }

    fn log(&mut self) -> Result<Vec<LogEntry>> {
        self.reading().log()
    }

    fn append(&mut self, batch: &Batch) -> Result<()> {
        let path = self.path.clone();
        let failed = || Error::store(&path, "could not store the step; free some room or check the disk");
        let transaction = self.connection.unchecked_transaction().map_err(failed())?;
        let mut writing = Writing { transaction: &transaction, path: &path, touches: &mut self.touches };
        let outcome = writing.batch(batch).and_then(|()| transaction.commit().map_err(failed()));
        if outcome.is_err() {
            // Signatures that were new went with the transaction.
            self.touches.clear();
        }
        outcome
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
        let path = self.path.clone();
        let failed = || Error::store(&path, "could not check the project");
        let sql = "pragma integrity_check(20)";
        let mut statement = self.connection.prepare(sql).map_err(failed())?;
        let found = statement.query_map([], |row| row.get::<_, String>(0)).map_err(failed())?;
        let mut problems: Vec<String> = found.collect::<Result<_, _>>().map_err(failed())?;
        problems.retain(|line| line != "ok");
        drop(statement);
        self.connection.execute_batch("begin").map_err(failed())?;
        let rows = self.reading().check(&mut problems);
        let log = self.reading().log();
        match rows.and(log) {
            Ok(log) => {
                for entry in &log {
                    problems.extend(self.check_entry(entry).err().map(|error| error.to_string()));
                }
            }
            Err(error) => problems.push(error.to_string()),
        }
        self.connection.execute_batch("commit").map_err(failed())?;
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
