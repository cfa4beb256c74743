//! One error for the crate: a variant per way a picture can fail, the path last in the text.

use std::path::{Path, PathBuf};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The stable word scripts read in `limner info --json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    NotAnImage,
    Truncated,
    Unsupported,
    Malformed,
    TooLarge,
    Io,
    Geometry,
    Cancelled,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("not a picture Limner knows: {}", path.display())]
    NotAnImage { path: PathBuf },
    #[error("no picture Limner knows is in this folder: {}", path.display())]
    NoPicture { path: PathBuf },
    #[error("the file ends early: {reason}: {}", path.display())]
    Truncated { path: PathBuf, reason: String },
    #[error("{what} is not supported; {advice}: {}", path.display())]
    Unsupported { path: PathBuf, what: String, advice: String },
    #[error("{reason}: {}", path.display())]
    Malformed { path: PathBuf, reason: String },
    #[error("{reason}: {}", path.display())]
    TooLarge { path: PathBuf, reason: String },
    /// The system's reason is part of the text and no source besides: lists show one line a file.
    #[error("{doing}: {}: {}", reason(cause), path.display())]
    Io { path: PathBuf, doing: &'static str, cause: std::io::Error },
    #[error("{reason}")]
    Geometry { reason: String },
    #[error("cancelled")]
    Cancelled,
}

impl Error {
    pub fn geometry(reason: impl Into<String>) -> Self {
        Self::Geometry { reason: reason.into() }
    }

    pub fn malformed(path: &Path, reason: impl Into<String>) -> Self {
        Self::Malformed { path: path.into(), reason: reason.into() }
    }

    pub fn truncated(path: &Path, reason: impl Into<String>) -> Self {
        Self::Truncated { path: path.into(), reason: reason.into() }
    }

    pub fn unsupported(path: &Path, what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::Unsupported { path: path.into(), what: what.into(), advice: advice.into() }
    }

    /// For `map_err`: says which file and what was being done to it.
    pub fn io(path: &Path, doing: &'static str) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |cause| Self::Io { path, doing, cause }
    }

    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::NotAnImage { .. } | Self::NoPicture { .. } => ErrorCode::NotAnImage,
            Self::Truncated { .. } => ErrorCode::Truncated,
            Self::Unsupported { .. } => ErrorCode::Unsupported,
            Self::Malformed { .. } => ErrorCode::Malformed,
            Self::TooLarge { .. } => ErrorCode::TooLarge,
            Self::Io { .. } => ErrorCode::Io,
            Self::Geometry { .. } => ErrorCode::Geometry,
            Self::Cancelled => ErrorCode::Cancelled,
        }
    }
}

/// The system's own words, without its number and as they read inside of a sentence: "permission denied".
fn reason(cause: &std::io::Error) -> String {
    let words = cause.to_string();
    let mut letters = words.split(" (os error").next().unwrap_or_default().chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_refuses_is_told_with_its_reason_and_the_path_last() {
        let path = Path::new("ct/not there.dcm");
        let cause = std::fs::File::open(path).unwrap_err();
        let text = Error::io(path, "could not open the file")(cause).to_string();
        assert!(text.starts_with("could not open the file: ") && text.ends_with(": ct/not there.dcm"), "{text}");
        assert!(text.matches(": ").count() == 2 && !text.contains("os error"), "{text}");
        let denied = std::io::Error::new(std::io::ErrorKind::PermissionDenied, "Permission denied (os error 13)");
        assert_eq!(reason(&denied), "permission denied");
    }
}
