//! One writer per project, on every system the same: a lock on a small file beside the project, which the system itself
//! releases when its holder dies. The file stays; only the lock on it counts.

use crate::error::{Error, Result};
use crate::id::Revision;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// Room for who it is and what was stored last; both lines have a fixed width.
const NOTE_BYTES: u64 = 96;

#[derive(Debug)]
pub(crate) struct Lock {
    held: File,
    /// What the last holder noted.
    pub before: Option<Note>,
}

/// What was stored last in which project. If the project's file later holds less, steps were lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    pub project: Uuid,
    pub revision: Revision,
}

impl Lock {
    /// Takes the lock of a project file, or says who has it.
    pub(crate) fn take(project: &Path) -> Result<Self> {
        let path = lock_path(project);
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(|error| {
            let doing = match error.kind() {
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                    "the project can only be looked at here: copy it to a folder that may be written, to work on it; \
                     could not make its lock file"
                }
                _ => "could not make the lock file beside the project",
            };
            Error::io(&path, doing)(error)
        })?;
        let mut text = String::new();
        // Who it is helps, but the answer is the same without.
        let _ = (&file).take(NOTE_BYTES).read_to_string(&mut text);
        match file.try_lock() {
            Ok(()) => Ok(Self { held: file, before: parse_note(&text) }),
            Err(TryLockError::WouldBlock) => {
                let holder = text.lines().next().and_then(|line| line.trim().parse::<u32>().ok());
                let by = holder.map_or_else(|| "another Limner".into(), |id| format!("process {id}"));
                Err(Error::InUse { by, path: project.into() })
            }
            Err(TryLockError::Error(source)) => Err(Error::Io { doing: "could not lock the project", path, source }),
        }
    }

    /// A handle for whoever stores: it notes what is stored.
    pub(crate) fn witness(&self) -> Option<Witness> {
        self.held.try_clone().ok().map(Witness)
    }
}

/// Notes what was stored last. Not synced and best effort: it can only make a loss known, never cause one.
#[derive(Debug)]
pub(crate) struct Witness(File);

impl Witness {
    pub(crate) fn note(&mut self, note: Note) {
        let text = format!("{:>10}\n{} {:>20}\n", std::process::id(), note.project, note.revision.0);
        let _ = self.0.rewind().and_then(|()| self.0.write_all(text.as_bytes()));
    }
}

fn parse_note(text: &str) -> Option<Note> {
    let (project, revision) = text.lines().nth(1)?.split_once(' ')?;
    Some(Note { project: project.parse().ok()?, revision: Revision(revision.trim().parse().ok()?) })
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing alone would not do: a process that is just being started holds a copy of every open file for a moment.
        // A failure leaves what closing does anyway.
        let _ = self.held.unlock();
    }
}

/// The same file must give the same lock, whatever link or relative path it was opened by.
fn lock_path(project: &Path) -> PathBuf {
    let real = std::fs::canonicalize(project).unwrap_or_else(|_| project.to_path_buf());
    let mut name = real.into_os_string();
    name.push(".lock");
    name.into()
}
