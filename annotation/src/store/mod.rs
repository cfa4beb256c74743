//! Where a project is kept. One batch is one transaction: after `append` returns, the step survives a power cut.

use crate::contents::Contents;
use crate::error::Result;
use crate::id::Revision;
use crate::step::{Batch, LogEntry, StepPayload};
use std::path::Path;
use std::sync::Arc;

mod lock;
mod packing;
mod reading;
mod recover;
mod schema;
mod sqlite;
mod writer;
mod writing;

pub(crate) use lock::{Lock, Note};
pub use reading::Loading;
pub use recover::{Recovered, recover};
pub use sqlite::SqliteStore;
pub use writer::Writer;

/// What a project says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectMeta {
    pub id: uuid::Uuid,
    pub name: String,
    /// Who signs steps unless told otherwise.
    pub author: String,
    pub created: jiff::Timestamp,
    /// Present in a file that was handed out to a rater.
    pub handout: Option<crate::share::HandoutMeta>,
}

/// A project at rest.
pub trait Store: Send {
    fn meta(&mut self) -> Result<ProjectMeta>;

    /// Gives the project another name. What it holds stays as it is.
    fn rename(&mut self, name: &str) -> Result<()>;

    /// The state after the last entry of the log, and the log without payloads.
    fn load(&mut self) -> Result<(Contents, Vec<LogEntry>)>;

    /// The log without payloads, from the first entry on.
    fn log(&mut self) -> Result<Vec<LogEntry>>;

    /// Stores one commit whole and for good, or not at all.
    fn append(&mut self, batch: &Batch) -> Result<()>;

    fn payload(&mut self, revision: Revision) -> Result<Arc<StepPayload>>;

    /// Reads every row and compares its checksum; the problems found, none in a sound project.
    fn verify(&mut self) -> Result<Vec<String>>;

    /// Copies the whole project to a new file, also while steps are being made.
    fn backup(&mut self, to: &Path) -> Result<()>;

    /// Gives back the room of what is gone.
    fn compact(&mut self) -> Result<()>;
}
