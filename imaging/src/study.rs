//! Series as a hospital files them: patients, their studies, the series in each.

use crate::error::Result;
use crate::formats::FORMATS;
use crate::formats::dicom::{self, Owner};
use crate::identity::Private;
use crate::series::Series;
use crate::task::Task;
use std::path::{Component, Path, PathBuf};

/// One patient; what names them shows only where it is asked for.
#[derive(Clone, Debug)]
pub struct Patient {
    pub id: Private<String>,
    pub name: Private<String>,
    pub studies: Vec<Study>,
}

#[derive(Clone, Debug)]
pub struct Study {
    pub uid: Option<String>,
    pub date: Private<String>,
    pub description: Private<String>,
    /// Places in the list of series this was made from.
    pub series: Vec<usize>,
    /// What whoever made them called them, in the same order. People write names into these, too.
    pub series_descriptions: Vec<Private<String>>,
}

impl Patient {
    fn has_name(&self) -> bool {
        [&self.id, &self.name].into_iter().any(|text| !text.reveal().is_empty())
    }
}

impl Study {
    /// What a series of the study was called.
    #[must_use]
    pub fn description_of(&self, series: usize) -> Option<&Private<String>> {
        let place = self.series.iter().position(|&one| one == series)?;
        self.series_descriptions.get(place).filter(|description| !description.reveal().trim().is_empty())
    }
}

/// Sorts series into patients and studies. Series without such data (NIfTI, pictures) belong to one nameless patient and
/// study, which comes last. The order is that of formats and places on the disk, however the series were found.
pub fn patients(series: &[Series], task: &Task) -> Result<Vec<Patient>> {
    let mut patients: Vec<Patient> = Vec::new();
    for n in in_order(series) {
        task.cancel.check()?;
        let one = &series[n];
        let owner = match one.files.first() {
            Some(file) if one.format == "dicom" => dicom::owner(file)?,
            _ => Owner::default(),
        };
        let known = patients.iter().position(|p| p.id == owner.patient_id && p.name == owner.patient_name);
        let patient = known.unwrap_or(patients.len());
        if known.is_none() {
            patients.push(Patient { id: owner.patient_id, name: owner.patient_name, studies: Vec::new() });
        }
        let studies = &mut patients[patient].studies;
        match studies.iter_mut().find(|s| s.uid == owner.study_uid) {
            Some(study) => {
                study.series.push(n);
                study.series_descriptions.push(owner.series_description);
            }
            None => studies.push(Study {
                uid: owner.study_uid,
                date: owner.study_date,
                description: owner.study_description,
                series: vec![n],
                series_descriptions: vec![owner.series_description],
            }),
        }
    }
    for patient in &mut patients {
        patient.studies.sort_by_key(|study| study.uid.is_none());
    }
    patients.sort_by_key(|patient| !patient.has_name());
    Ok(patients)
}

/// Places in a list, those of the surest formats first, then by path. As a scan finds the files of a folder.
fn in_order(series: &[Series]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..series.len()).collect();
    order.sort_by_cached_key(|&n| {
        let one = &series[n];
        let format = FORMATS.iter().position(|format| format.name() == one.format);
        // Several series of one folder have its path in common.
        (format, straight(&one.path), one.files.first().map(|file| straight(file)))
    });
    order
}

/// A path without its detours: a project writes where its pictures lie from its own folder, `../sample/ct`.
#[must_use]
pub fn straight(path: &Path) -> PathBuf {
    let mut straight = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir if matches!(straight.components().next_back(), Some(Component::Normal(_))) => {
                straight.pop();
            }
            Component::CurDir => {}
            part => straight.push(part),
        }
    }
    straight
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_with_detours_are_known_again() {
        for (path, expected) in [
            ("/data/projects/../sample/ct", "/data/sample/ct"),
            ("/data/./sample/ct/", "/data/sample/ct"),
            ("../sample/ct", "../sample/ct"),
            ("a/../../b", "../b"),
        ] {
            assert_eq!(straight(Path::new(path)), Path::new(expected));
        }
    }
}
