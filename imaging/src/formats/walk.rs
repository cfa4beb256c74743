//! The files under a path. One folder that may not be looked into keeps nothing else out.

use super::Failure;
use crate::error::{Error, Result};
use crate::task::Task;
use std::io;
use std::path::{Path, PathBuf};

/// What lies in a folder.
#[derive(Clone)]
enum Entry {
    File(PathBuf),
    Folder(PathBuf),
}

/// The files under a path, in the order of their paths. Folders in it that cannot be listed go into `failed`.
pub(crate) fn files_under(path: &Path, task: &Task, failed: &mut Vec<Failure>) -> Result<Vec<PathBuf>> {
    let metadata = std::fs::metadata(path).map_err(Error::io(path, "could not find the path"))?;
    if metadata.is_dir() { walk(path, entries_of, task, failed) } else { Ok(vec![path.to_path_buf()]) }
}

fn walk(
    root: &Path,
    entries_of: impl Fn(&Path) -> io::Result<Vec<Entry>>,
    task: &Task,
    failed: &mut Vec<Failure>,
) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        task.cancel.check()?;
        match entries_of(&folder).map_err(Error::io(&folder, "could not list the folder")) {
            Ok(entries) => {
                for entry in entries {
                    match entry {
                        Entry::File(path) => files.push(path),
                        Entry::Folder(path) => folders.push(path),
                    }
                }
            }
            // Of a folder that was asked for by name there is nothing else to give.
            Err(error) if folder == root => return Err(error),
            Err(error) => failed.push(Failure { path: folder, error }),
        }
    }
    files.sort();
    Ok(files)
}

fn entries_of(folder: &Path) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder)?.flatten() {
        // Links are not followed: a link back up would never end.
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => entries.push(Entry::Folder(entry.path())),
            Ok(kind) if kind.is_file() => entries.push(Entry::File(entry.path())),
            _ => {}
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// Folders as a test says they are: who runs it may be allowed to look into any real one.
    fn walked(root: &str, folders: &BTreeMap<&str, io::Result<Vec<Entry>>>) -> (Result<Vec<PathBuf>>, Vec<Failure>) {
        let entries_of = |folder: &Path| match &folders[folder.to_str().unwrap()] {
            Ok(entries) => Ok(entries.clone()),
            Err(error) => Err(io::Error::from(error.kind())),
        };
        let mut failed = Vec::new();
        (walk(Path::new(root), entries_of, &Task::default(), &mut failed), failed)
    }

    #[test]
    fn a_folder_that_may_not_be_looked_into_is_told_and_the_rest_is_read() {
        let (file, folder) = (|path: &str| Entry::File(path.into()), |path: &str| Entry::Folder(path.into()));
        let denied = || Err(io::Error::from(io::ErrorKind::PermissionDenied));
        let study = BTreeMap::from([
            ("study", Ok(vec![folder("study/private"), file("study/b.nii"), folder("study/open")])),
            ("study/private", denied()),
            ("study/open", Ok(vec![file("study/open/a.nii")])),
        ]);
        let (files, failed) = walked("study", &study);
        assert_eq!(files.unwrap(), ["study/b.nii", "study/open/a.nii"].map(PathBuf::from));
        let [Failure { path, error }] = failed.as_slice() else { panic!("{failed:?}") };
        assert_eq!(path, Path::new("study/private"));
        assert_eq!(error.to_string(), "could not list the folder: permission denied: study/private");
        let (files, failed) = walked("study/private", &study);
        assert!(files.unwrap_err().to_string().contains("permission denied") && failed.is_empty());
    }
}
