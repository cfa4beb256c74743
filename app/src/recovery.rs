//! Whether the last session ended well: a lock file that a session removes when it closes.

use std::fs::File;
use std::path::{Path, PathBuf};

/// A session that is running. Nothing is lost where the mark cannot be made; the user is then only not told.
pub struct Session {
    path: PathBuf,
    /// Held for as long as the session runs: another window's mark is not a crash.
    lock: Option<File>,
}

impl Session {
    /// Marks a session as running; true where the mark of one that ended badly was found.
    pub fn begin(folder: &Path) -> (Self, bool) {
        let path = folder.join("session.lock");
        let _ = std::fs::create_dir_all(folder);
        let found = path.exists();
        let file = File::options().create(true).write(true).truncate(false).open(&path).ok();
        let lock = file.filter(|file| file.try_lock().is_ok());
        let crashed = found && lock.is_some();
        (Self { path, lock }, crashed)
    }

    pub fn end(&mut self) {
        if self.lock.take().is_some() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_session_that_did_not_end_leaves_its_mark() {
        let folder = tempfile::tempdir().unwrap();
        let (mut first, crashed) = Session::begin(folder.path());
        assert!(!crashed);
        let (_beside, crashed) = Session::begin(folder.path());
        assert!(!crashed, "a second window is no crash");
        first.end();
        let (killed, crashed) = Session::begin(folder.path());
        assert!(!crashed);
        drop(killed);
        assert!(Session::begin(folder.path()).1, "a session that never ended is one");
    }
}
