//! Series as a hospital files them: patients, their studies, the series in each.

use crate::error::Result;
use crate::formats::dicom::{self, Owner};
use crate::identity::Private;
use crate::series::Series;
use crate::task::Task;

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

impl Study {
    /// What a series of the study was called.
    #[must_use]
    pub fn description_of(&self, series: usize) -> Option<&Private<String>> {
        let place = self.series.iter().position(|&one| one == series)?;
        self.series_descriptions.get(place).filter(|description| !description.reveal().trim().is_empty())
    }
}

/// Sorts series into patients and studies, both in the order they are first met. Series without such data (NIfTI,
/// pictures) belong to one nameless patient and study.
pub fn patients(series: &[Series], task: &Task) -> Result<Vec<Patient>> {
    let mut patients: Vec<Patient> = Vec::new();
    for (n, one) in series.iter().enumerate() {
        task.cancel.check()?;
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
    Ok(patients)
}
