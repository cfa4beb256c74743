//! One writer per project, on every system the same: a lock on a small file beside the project, which the system itself
//! releases when its holder dies. The file stays; only the lock on it counts.

use crate::error::{Error, Result};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

#[derive(Debug)]
pub(crate) struct Lock {
    held: File,
}

impl Lock {
    /// Takes the lock of a project file, or says who has it.
    pub(crate) fn take(project: &Path) -> Result<Self> {
        let path = lock_path(project);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(Error::io(&path, "could not make the lock file beside the project"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Who it is helps, but the answer is the same without.
                let _ = file.take(64).read_to_string(&mut holder);
                let digits = !holder.trim().is_empty() && holder.trim().bytes().all(|b| b.is_ascii_digit());
                let by = if digits { format!("process {}", holder.trim()) } else { "another Limner".into() };
                return Err(Error::InUse { by, path: project.into() });
            }
            Err(TryLockError::Error(source)) => {
                return Err(Error::Io { doing: "could not lock the project", path, source });
            }
        }
        let note = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{}", std::process::id()));
        note.map_err(Error::io(&path, "could not write the lock file"))?;
        Ok(Self { held: file })
    }
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
