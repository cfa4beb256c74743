//! One error for the crate: what was asked that cannot be done, and what to do instead. The path comes last.

use std::path::{Path, PathBuf};

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Imaging(#[from] limner_imaging::Error),
    #[error("{reason}")]
    Prompt { reason: String },
    #[error("{reason}: {}", path.display())]
    PromptFile { path: PathBuf, reason: String },
    #[error("could not read what was asked for: {}", path.display())]
    ReadPrompts { path: PathBuf, source: std::io::Error },
    #[error("could not read the model: {}", path.display())]
    ReadModel { path: PathBuf, source: std::io::Error },
    #[error("no model is called {name}; there is {known}")]
    UnknownModel { name: String, known: String },
    #[error("{reason}")]
    Session { reason: String },
    /// A server that cannot be reached, or one that does not do what was asked.
    #[error("{reason}")]
    Network { reason: String },
    #[error("{reason}: {}", path.display())]
    Model { path: PathBuf, reason: String },
}

impl Error {
    pub fn prompt(reason: impl Into<String>) -> Self {
        Self::Prompt { reason: reason.into() }
    }

    pub fn session(reason: impl Into<String>) -> Self {
        Self::Session { reason: reason.into() }
    }

    pub(crate) fn prompt_file(path: &Path, reason: impl Into<String>) -> Self {
        Self::PromptFile { path: path.into(), reason: reason.into() }
    }

    /// True where the user stopped the work: nothing to report.
    #[must_use]
    pub const fn is_cancelled(&self) -> bool {
        matches!(self, Self::Imaging(limner_imaging::Error::Cancelled))
    }
}
