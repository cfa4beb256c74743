//! What a study brings along beside its pictures: segmentations, structure sets, reports, presentation states. Listed
//! from headers alone, so that a browser can show them before anything is read.

use super::{Read, gsps, header, rtstruct, seg, sr};
use crate::error::Result;
use crate::exchange::{self, Exchange};
use dicom_core::value::Value;
use dicom_dictionary_std::tags;
use limner_imaging::Task;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[derive(Clone)]
pub struct Companion {
    pub path: PathBuf,
    /// What reads it.
    pub format: &'static dyn Exchange,
    /// UIDs of the series it speaks of, as far as it names them.
    pub series: BTreeSet<String>,
}

const COMPANIONS: &[(&[&str], &str)] = &[
    (seg::CLASSES, "dicom-seg"),
    (rtstruct::CLASSES, "rtstruct"),
    (gsps::CLASSES, "gsps"),
    (sr::CLASSES, "sr-tid1500"),
];

/// Everything of this kind under a path; other files are passed over without a word.
pub fn companions(path: &Path, task: &Task) -> Result<Vec<Companion>> {
    let files = if path.is_dir() { exchange::folder::files_under(path)? } else { vec![path.to_path_buf()] };
    let mut found = Vec::new();
    for file in files {
        task.cancel.check()?;
        let Ok(object) = header(&file) else { continue };
        let class = Read(&object).text(tags::SOP_CLASS_UID).unwrap_or_default();
        let name = COMPANIONS.iter().find(|(classes, _)| classes.contains(&class.as_str())).map(|(_, name)| *name);
        let Some(format) = name.and_then(exchange::by_name) else { continue };
        let mut series = BTreeSet::new();
        gather_series(Read(&object), 0, &mut series);
        found.push(Companion { path: file, format, series });
    }
    Ok(found)
}

/// Each kind of object names its series in a sequence of its own; all of them by the same element.
fn gather_series(object: Read<'_>, depth: usize, series: &mut BTreeSet<String>) {
    /// No object nests its references deeper; a file may claim anything.
    const DEEPEST: usize = 8;
    if depth > 0 {
        series.extend(object.text(tags::SERIES_INSTANCE_UID));
    }
    if depth == DEEPEST {
        return;
    }
    for element in object.0 {
        if let Value::Sequence(items) = element.value() {
            items.items().iter().for_each(|item| gather_series(Read(item), depth + 1, series));
        }
    }
}
