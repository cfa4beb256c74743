//! One error for the crate: what happened, where, and what to do; the path last in the text.

use crate::id::Key;
use std::path::{Path, PathBuf};

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A command that would break an invariant. Nothing was changed.
    #[error("{reason}")]
    Refused { reason: String },
    #[error("there is no {} with the id {}", key.kind, key.id)]
    Missing { key: Key },
    #[error("a part of the project could not be read, so nothing more is changed: {what}")]
    Unreadable { what: String },
    #[error("the project is open for reading only; open a copy of it to make changes")]
    ReadOnly,
    #[error("no step is open; begin one before staging commands")]
    NoStep,
    #[error("the step \"{name}\" is still open; commit or abort it first")]
    StepOpen { name: String },
    #[error("{doing}: {}", path.display())]
    Io { doing: &'static str, path: PathBuf, source: std::io::Error },
    #[error("{doing}: {}", path.display())]
    Store { doing: &'static str, path: PathBuf, source: rusqlite::Error },
    #[error("{by} has this project open; close it there, or open it here for reading only: {}", path.display())]
    InUse { by: String, path: PathBuf },
    #[error("not a Limner project: {}", path.display())]
    NotAProject { path: PathBuf },
    #[error("the project was written by a newer Limner (format {found}, this one reads up to {known}); update Limner: {}", path.display())]
    TooNew { found: i64, known: i64, path: PathBuf },
    #[error("the project is damaged: {what}: {}", path.display())]
    Damaged { what: String, path: PathBuf },
    #[error("the picture is not the one that was added; relink the image, or add the file as a new one: {}", path.display())]
    Changed { path: PathBuf },
    #[error("{doing}")]
    Json { doing: &'static str, source: serde_json::Error },
    #[error("the writer of the project has stopped; reopen the project")]
    WriterGone,
    #[error("{reason}: {}", path.display())]
    Export { reason: String, path: PathBuf },
    #[error(transparent)]
    Imaging(#[from] limner_imaging::Error),
}

impl Error {
    pub fn refused(reason: impl Into<String>) -> Self {
        Self::Refused { reason: reason.into() }
    }

    pub fn damaged(path: &Path, what: impl Into<String>) -> Self {
        Self::Damaged { what: what.into(), path: path.into() }
    }

    pub fn export(path: &Path, reason: impl Into<String>) -> Self {
        Self::Export { reason: reason.into(), path: path.into() }
    }

    /// For `map_err`: says which file and what was being done to it.
    pub fn io(path: &Path, doing: &'static str) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self::Io { doing, path, source }
    }

    pub fn store(path: &Path, doing: &'static str) -> impl FnOnce(rusqlite::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self::Store { doing, path, source }
    }

    pub fn json(doing: &'static str) -> impl FnOnce(serde_json::Error) -> Self {
        move |source| Self::Json { doing, source }
    }
}
