//! Scanning a folder so that its series are known as they are met, not when the last header is read.
//!
//! Folders are looked at a few at a time. The series of one folder are whole then, except where a study was filed in
//! several: those are read again together at the end, and the answer holds them in place of their parts.

use super::{FORMATS, Failure, Found, HEAD_BYTES, Probe, files_under, head, scan};
use crate::error::{Error, Result};
use crate::series::Series;
use crate::task::Task;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// So many files make a batch that keeps all processors busy and is soon done.
const BATCH: usize = 64;

/// The files of one folder by the format that claims them.
type Claimed = Vec<Vec<PathBuf>>;

/// What `scan` answers; `tell` hears of series as soon as their folder is read.
pub fn scan_telling(path: &Path, task: &Task, tell: &mut dyn FnMut(&[Series])) -> Result<Found> {
    let mut found = Found::default();
    let files = files_under(path, task, &mut found.failed)?;
    let lists_others = |file: &PathBuf| file.file_name().is_some_and(|name| name.eq_ignore_ascii_case("DICOMDIR"));
    // A table of contents speaks of files in other folders, so all are needed to read it.
    if path.is_file() || files.iter().any(lists_others) {
        let found = scan(path, task)?;
        tell(&found.series);
        return Ok(found);
    }
    for folders in batches(files) {
        let mut claimed: Claimed = vec![Vec::new(); FORMATS.len()];
        for file in folders {
            task.cancel.check()?;
            match head(&file, HEAD_BYTES as u64) {
                Ok(head) => {
                    if let Some(n) = FORMATS.iter().position(|f| f.probe(&file, &head) == Probe::Mine) {
                        claimed[n].push(file);
                    }
                }
                Err(error) => found.failed.push(Failure { path: file, error }),
            }
        }
        let before = found.series.len();
        for (format, files) in FORMATS.iter().zip(claimed).filter(|(_, files)| !files.is_empty()) {
            found.series.extend(format.scan(&files, task, &mut found.failed)?);
        }
        tell(&found.series[before..]);
    }
    join_parts(&mut found, task)?;
    Ok(found)
}

/// Whole folders, as many together as make a batch.
fn batches(files: Vec<PathBuf>) -> Vec<Vec<PathBuf>> {
    let mut folders: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for file in files {
        folders.entry(file.parent().unwrap_or(Path::new("")).to_path_buf()).or_default().push(file);
    }
    let mut batches: Vec<Vec<PathBuf>> = Vec::new();
    for files in folders.into_values() {
        match batches.last_mut().filter(|batch| batch.len() + files.len() <= BATCH) {
            Some(batch) => batch.extend(files),
            None => batches.push(files),
        }
    }
    batches
}

/// Reads series again whose files lie in several batches.
fn join_parts(found: &mut Found, task: &Task) -> Result<()> {
    let folders_of = |series: &Series| -> BTreeSet<PathBuf> {
        series.files.iter().filter_map(|file| file.parent()).map(Path::to_path_buf).collect()
    };
    let mut by_uid: BTreeMap<(&'static str, String), BTreeSet<PathBuf>> = BTreeMap::new();
    for series in &found.series {
        if let Some(uid) = &series.uid {
            by_uid.entry((series.format, uid.clone())).or_default().extend(folders_of(series));
        }
    }
    by_uid.retain(|_, folders| folders.len() > 1);
    for (format_name, uid) in by_uid.into_keys() {
        let is_part = |series: &Series| series.format == format_name && series.uid.as_ref() == Some(&uid);
        let parts: Vec<&Series> = found.series.iter().filter(|series| is_part(series)).collect();
        let files: Vec<PathBuf> = parts.iter().flat_map(|series| series.files.clone()).collect();
        let format = FORMATS.iter().find(|format| format.name() == format_name);
        let Some(format) = format.filter(|_| parts.len() > 1) else { continue };
        let mut failed = Vec::new();
        let joined = match format.scan(&files, task, &mut failed) {
            Ok(joined) => joined,
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            // They were read once; as parts they are still of use.
            Err(_) => continue,
        };
        found.series.retain(|series| !is_part(series));
        found.series.extend(joined);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::write;
    use crate::testing::phantoms;

    #[test]
    fn series_are_told_as_their_folders_are_read_and_the_answer_is_that_of_a_whole_scan() {
        let folder = tempfile::tempdir().unwrap();
        let volume = phantoms().remove(0);
        for name in ["a/one.nii", "b/two.nii", "b/deeper/three.nrrd"] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            write(&volume, &path).unwrap();
        }
        // More files than a batch, so that the first folder is told alone.
        for n in 0..BATCH {
            std::fs::write(folder.path().join(format!("a/{n:03}.txt")), "no picture").unwrap();
        }
        let mut told: Vec<Vec<PathBuf>> = Vec::new();
        let task = Task::default();
        let found = scan_telling(folder.path(), &task, &mut |series| {
            told.push(series.iter().map(|one| one.path.clone()).collect());
        });
        let mut paths: Vec<PathBuf> = found.unwrap().series.into_iter().map(|one| one.path).collect();
        let mut whole: Vec<PathBuf> =
            scan(folder.path(), &task).unwrap().series.into_iter().map(|one| one.path).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert_eq!(told[0], [folder.path().join("a/one.nii")]);
        paths.sort();
        whole.sort();
        assert_eq!(paths, whole);
    }
}
