//! Cases from a folder: `image.*` (or a folder `image`), `mask*.*`, perhaps `scribble_*.png` with strokes for in red
//! and against in green.

use super::Case;
use crate::error::{Error, Result};
use limner_imaging::{Mask, Task, Volume, VoxelBox, formats, with_samples};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Objects smaller than this say more about the robot than about the engine.
const LEAST_VOXELS: usize = 20;

/// A stroke is where its colour is strong and the other is not.
const STRONG: f64 = 127.0;

/// What was found, and what could not be read.
#[derive(Default)]
pub struct Cases {
    pub cases: Vec<Case>,
    pub failed: Vec<(PathBuf, Error)>,
}

/// All cases of a folder, one folder a case; a folder that holds an image itself is one case.
pub fn read(folder: &Path, task: &Task) -> Result<Cases> {
    let mut found = Cases::default();
    let folders = if image_of(&entries(folder)?).is_some() {
        vec![folder.to_path_buf()]
    } else {
        entries(folder)?.into_iter().filter(|path| path.is_dir()).collect()
    };
    for case in folders {
        match read_case(&case, task) {
            Ok(cases) => found.cases.extend(cases),
            Err(error) if error.is_cancelled() => return Err(error),
            Err(error) => found.failed.push((case, error)),
        }
    }
    Ok(found)
}

/// One row for each label of each mask of a folder.
fn read_case(folder: &Path, task: &Task) -> Result<Vec<Case>> {
    let files = entries(folder)?;
    let missing = |reason: &str| Error::prompt_file(folder, reason);
    let image = image_of(&files).ok_or_else(|| missing("the case has no image"))?;
    let image = Arc::new(formats::open_single(&image, task)?);
    let mut scribbles = Vec::new();
    for path in files.iter().filter(|path| name_of(path).starts_with("scribble_")) {
        scribbles.push(strokes(&opened_beside(path, &image, task)?));
    }
    let name = name_of(folder);
    let mut cases = Vec::new();
    for path in files.iter().filter(|path| name_of(path).starts_with("mask")) {
        let mask = opened_beside(path, &image, task)?;
        for (label, reference) in labels(&mask) {
            let name = format!("{name}/{}", name_of(path));
            cases.push(Case { name, label, image: Arc::clone(&image), reference, scribbles: scribbles.clone() });
        }
    }
    if cases.is_empty() { Err(missing("the case has no mask with an object in it")) } else { Ok(cases) }
}

fn opened_beside(path: &Path, image: &Volume, task: &Task) -> Result<Volume> {
    let volume = formats::open_single(path, task)?;
    if volume.size() != image.size() {
        let reason = format!("this has {:?} voxels and the image {:?}", volume.size(), image.size());
        return Err(Error::prompt_file(path, reason));
    }
    Ok(volume)
}

/// The label numbers of a volume, each with its voxels.
fn labels(volume: &Volume) -> Vec<(u32, Mask)> {
    let stride = volume.channels();
    #[expect(clippy::unnecessary_cast, reason = "the macro also meets f64")]
    let values: Vec<u32> =
        with_samples!(volume.samples(), v => v.iter().step_by(stride).map(|&x| (x as f64).round() as u32).collect());
    let mut present: Vec<u32> = values.iter().copied().filter(|&v| v > 0).collect();
    present.sort_unstable();
    let mut found = Vec::new();
    for run in present.chunk_by(|a, b| a == b).filter(|run| run.len() >= LEAST_VOXELS) {
        let whole = VoxelBox::whole(volume.size());
        if let Some(mask) = Mask::from_voxels(whole, values.iter().map(|&v| v == run[0]).collect()) {
            found.push((run[0], mask.within(mask.tight_box())));
        }
    }
    found
}

/// What was drawn for, and what against.
fn strokes(volume: &Volume) -> [Mask; 2] {
    let strong = |index: [usize; 3], channel: usize| {
        channel < volume.channels()
            && volume.samples().get(volume.geometry.linear_index(index) * volume.channels() + channel) > STRONG
    };
    let whole = VoxelBox::whole(volume.size());
    [[0, 1], [1, 0]].map(|[own, other]| Mask::from_fn(whole, |at| strong(at, own) && !strong(at, other)))
}

fn image_of(files: &[PathBuf]) -> Option<PathBuf> {
    files.iter().find(|path| name_of(path) == "image" || name_of(path).starts_with("image.")).cloned()
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = |source| Error::ReadPrompts { path: folder.into(), source };
    let mut all: Vec<PathBuf> =
        std::fs::read_dir(folder).map_err(unreadable)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    all.sort();
    Ok(all)
}
