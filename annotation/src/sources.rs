//! From an image of the project to its picture: the file is found by its path, and known again by the hash of its
//! samples. A file that changed is refused, because labels painted on another picture would lie.
//!
//! A film too long for memory is known by the hash of its files: to decode all of it would take minutes.

use crate::entity::ImageId;
use crate::error::{Error, Result};
use crate::image_entry::ImageEntry;
use crate::series_facts::SeriesFacts;
use limner_imaging::{Kind, Series, Task, Volume, formats};
use sha2::{Digest, Sha256};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// A film of more bytes is watched frame by frame.
const LONGEST_IN_MEMORY_BYTES: usize = 256 << 20;

/// Whether a series is a film, or pictures in order, too long to be held in memory as one picture.
#[must_use]
pub fn is_long(series: &Series) -> bool {
    let goes_on = matches!(series.kind, Kind::Cine | Kind::Stack) && series.size[2] > 1 && series.geometry.is_some();
    goes_on && series.bytes_in_memory() > LONGEST_IN_MEMORY_BYTES
}

/// What a long film is known by: SHA-256 over the bytes of its files, in their order.
pub fn hash_of_files(series: &Series, task: &Task) -> Result<String> {
    let sizes = series.files.iter().filter_map(|path| Some(path.metadata().ok()?.len()));
    task.progress.begin("reading the film", sizes.sum());
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    for path in &series.files {
        let mut file = std::fs::File::open(path).map_err(Error::io(path, "open the film"))?;
        loop {
            task.cancel.check()?;
            let count = file.read(&mut buffer).map_err(Error::io(path, "read the film"))?;
            if count == 0 {
                break;
            }
            hash.update(&buffer[..count]);
            task.progress.advance(count as u64);
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Describes a series to be added: reads all samples for the hash that `limner info` prints, of a long film the files.
pub fn entry_of(series: &Series, path: impl Into<String>, task: &Task) -> Result<ImageEntry> {
    let (volume, sha256) = match series.geometry.filter(|_| is_long(series)) {
        Some(grid) => {
            let first = series.sequence()?.item(0, task)?;
            (Volume::of_one_slice(grid, 0, &first)?, hash_of_files(series, task)?)
        }
        None => {
            let (volume, facts) = series.load_with_facts(task)?;
            (volume, facts.sha256_samples)
        }
    };
    let entry = ImageEntry::of_volume(&volume, path, series.title.clone());
    let modality = series.modality.clone().or_else(|| entry.modality.clone());
    let series_uid = series.uid.clone();
    Ok(ImageEntry { sha256, series_uid, modality, facts: SeriesFacts::of_file(series.kind), ..entry })
}

/// Reads the picture of an image from a file or folder, or says how it differs from the one that was added.
pub fn open(image: &ImageEntry, path: &Path, task: &Task) -> Result<Volume> {
    match find(image, path, task)? {
        (_, Some(volume)) => Ok(volume),
        (series, None) => Ok(series.load(task)?),
    }
}

/// Finds the series of an image in a file or folder, with its picture where that had to be read to know it: long films are
/// left to be watched.
pub fn find(image: &ImageEntry, path: &Path, task: &Task) -> Result<(Series, Option<Volume>)> {
    let found = formats::scan(path, task)?;
    let mut candidates = found.series;
    if let Some(uid) = &image.series_uid {
        candidates.retain(|series| series.uid.as_ref() == Some(uid));
    }
    // Several series without names of their own are told apart by their grid, then by their hash.
    candidates.retain(|series| series.size == image.size());
    let is_empty = candidates.is_empty();
    for series in candidates {
        if is_long(&series)
            && identities_of_long(&series, task).any(|sha256| sha256.is_ok_and(|hash| hash == image.sha256))
        {
            return Ok((series, None));
        }
        task.cancel.check()?;
        if is_long(&series) {
            continue;
        }
        let (volume, facts) = series.load_with_facts(task)?;
        if facts.sha256_samples == image.sha256 || volume.samples().sha256_hex() == image.sha256 {
            return Ok((series, Some(volume)));
        }
    }
    let mut failed = found.failed.into_iter();
    match (is_empty, failed.next()) {
        (true, Some(failure)) => Err(failure.error.into()),
        _ => Err(Error::Changed { path: path.into() }),
    }
}

/// By its files, and, as in projects of before there were long films, by its samples; each worked out when it is asked for.
fn identities_of_long<'a>(series: &'a Series, task: &'a Task) -> impl Iterator<Item = Result<String>> + 'a {
    let by_samples = || -> Result<String> { Ok(series.facts(task)?.sha256_samples) };
    std::iter::once_with(|| hash_of_files(series, task)).chain(std::iter::once_with(by_samples))
}

/// Looks for images that moved: every series under a folder that has the grid and the hash of one of them.
pub fn find_moved(images: &[&ImageEntry], folder: &Path, task: &Task) -> Result<Vec<(ImageId, PathBuf)>> {
    let mut found = Vec::new();
    let series = formats::scan(folder, task)?.series;
    task.progress.begin("comparing pictures", series.len() as u64);
    for series in series {
        task.cancel.check()?;
        task.progress.advance(1);
        let candidates: Vec<_> = images.iter().filter(|image| image.size() == series.size).collect();
        if candidates.is_empty() {
            continue;
        }
        let known_by = if is_long(&series) {
            hash_of_files(&series, task)
        } else {
            series.facts(task).map(|facts| facts.sha256_samples).map_err(Error::from)
        };
        task.cancel.check()?;
        // A broken file among many is not the one looked for.
        let Ok(sha256) = known_by else { continue };
        let same = candidates.into_iter().filter(|image| image.sha256 == sha256);
        found.extend(same.map(|image| (image.id, series.path.clone())));
    }
    found.sort();
    found.dedup_by_key(|(id, _)| *id);
    Ok(found)
}
