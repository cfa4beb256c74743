//! MedSAM's files back: the labels of each case onto the slices they were cut from. Files of other writers say neither
//! which image nor which slices; they are taken where only one image of the project can be meant.

use super::grid;
use crate::ImageId;
use crate::error::{Error, Result};
use crate::exchange::import::{Import, Labels, Painter, Reading};
use crate::exchange::{folder, npz};
use crate::image_entry::ImageEntry;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// Says which slices of which image each case holds.
pub(super) const LIST: &str = "slices.json";

/// What an export of ours says beside the cases.
#[derive(Deserialize, Default)]
struct Kept {
    #[serde(default)]
    labels: Vec<KeptLabel>,
    #[serde(default)]
    cases: BTreeMap<String, KeptCase>,
}

#[derive(Deserialize)]
struct KeptLabel {
    value: u16,
    name: String,
}

#[derive(Deserialize)]
struct KeptCase {
    slices: Vec<usize>,
    image: ImageId,
}

pub(super) fn read(reading: &Reading<'_>) -> Result<Import> {
    let (files, list) = folder::arrays_and_list(reading.path, LIST)?;
    let kept: Kept = list.map(|list| folder::read_json(&list)).transpose()?.unwrap_or_default();
    let names: BTreeMap<u16, &str> = kept.labels.iter().map(|label| (label.value, label.name.as_str())).collect();
    let rename = |value: u16| (names.get(&value).map_or_else(|| format!("label {value}"), ToString::to_string), None);
    let (mut labels, mut painter) = (Labels::of(reading.contents), Painter::new(reading.contents));
    let mut painted = Import::default();
    reading.task.progress.begin("reading cases", files.len() as u64);
    for path in files {
        reading.task.cancel.check()?;
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let bytes = folder::read(&path)?;
        let labelled = npz::whole_numbers(&bytes, "gts.npy").map_err(|reason| Error::export(&path, reason))?;
        let (image, values) = placed(reading, &path, &labelled, kept.cases.get(&name))?;
        grid::paint_values(image, values, (&mut labels, &mut painter), &rename, &mut painted)?;
        reading.task.progress.advance(1);
    }
    let mut import = Import { records: painted.records, ..Import::default() };
    import.commands.extend(labels.commands());
    import.commands.extend(painted.commands);
    Ok(import)
}

/// The image of a case, and its labels on all of the image's voxels.
fn placed<'a>(
    reading: &Reading<'a>,
    path: &Path,
    labelled: &npz::Whole,
    kept: Option<&KeptCase>,
) -> Result<(&'a ImageEntry, Vec<u16>)> {
    let &[count, h, w] = labelled.shape.as_slice() else {
        return Err(Error::export(path, "gts has not three axes: slices, rows, columns"));
    };
    let slices = kept.map_or_else(|| (0..count).collect(), |case| case.slices.clone());
    let depth = slices.iter().max().map_or(0, |last| last + 1);
    let holds = |image: &&ImageEntry| {
        let [columns, rows, all] = image.size();
        [columns, rows] == [w, h] && if kept.is_some() { depth <= all } else { count == all }
    };
    let named = kept.and_then(|case| reading.contents.image(case.image));
    let mut fitting = reading.bearers().filter(holds);
    let image = match (named, fitting.next(), fitting.next()) {
        (Some(named), ..) => named,
        (None, Some(one), None) => one,
        (None, None, _) => {
            let reason = format!("no image of the project has {count} slices of {w} x {h}; add it first");
            return Err(Error::export(path, reason));
        }
        (None, Some(_), Some(_)) => {
            let reason =
                format!("several images have {count} slices of {w} x {h}, and the file does not say which is meant");
            return Err(Error::export(path, reason));
        }
    };
    if !holds(&image) || slices.len() != count {
        return Err(Error::export(path, "gts does not fit the slices of its image"));
    }
    let plane = w * h;
    let mut values = vec![0; image.size().iter().product()];
    for (slice, labels) in slices.iter().zip(labelled.values.chunks_exact(plane)) {
        values[slice * plane..(slice + 1) * plane].copy_from_slice(labels);
    }
    Ok((image, values))
}
