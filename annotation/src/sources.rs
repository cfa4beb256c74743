//! From an image of the project to its picture: the file is found by its path, and known again by the hash of its
//! samples. A file that changed is refused, because labels painted on another picture would lie.

use crate::entity::ImageId;
use crate::error::{Error, Result};
use crate::image_entry::ImageEntry;
use crate::series_facts::SeriesFacts;
use limner_imaging::{Series, Task, Volume, formats};
use std::path::{Path, PathBuf};

/// Describes a series to be added: reads all samples for the hash that `limner info` prints.
pub fn entry_of(series: &Series, path: impl Into<String>, task: &Task) -> Result<ImageEntry> {
    let (volume, facts) = series.load_with_facts(task)?;
    let entry = ImageEntry::of_volume(&volume, path, series.title.clone());
    let modality = series.modality.clone().or_else(|| entry.modality.clone());
    let (sha256, series_uid) = (facts.sha256_samples, series.uid.clone());
    Ok(ImageEntry { sha256, series_uid, modality, facts: SeriesFacts::of_file(series.kind), ..entry })
}

/// Reads the picture of an image from a file or folder, or says how it differs from the one that was added.
pub fn open(image: &ImageEntry, path: &Path, task: &Task) -> Result<Volume> {
    let found = formats::scan(path, task)?;
    let mut candidates = found.series;
    if let Some(uid) = &image.series_uid {
        candidates.retain(|series| series.uid.as_ref() == Some(uid));
    }
    // Several series without names of their own are told apart by their grid, then by their hash.
    candidates.retain(|series| series.size == image.size());
    for series in &candidates {
        let (volume, facts) = series.load_with_facts(task)?;
        if facts.sha256_samples == image.sha256 || volume.samples().sha256_hex() == image.sha256 {
            return Ok(volume);
        }
    }
    let mut failed = found.failed.into_iter();
    match (candidates.is_empty(), failed.next()) {
        (true, Some(failure)) => Err(failure.error.into()),
        _ => Err(Error::Changed { path: path.into() }),
    }
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
        let sha256 = match series.facts(task) {
            Ok(facts) => facts.sha256_samples,
            Err(limner_imaging::Error::Cancelled) => return Err(limner_imaging::Error::Cancelled.into()),
            // A broken file among many is not the one looked for.
            Err(_) => continue,
        };
        let same = candidates.into_iter().filter(|image| image.sha256 == sha256);
        found.extend(same.map(|image| (image.id, series.path.clone())));
    }
    found.sort();
    found.dedup_by_key(|(id, _)| *id);
    Ok(found)
}
