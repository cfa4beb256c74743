//! What an object says of the study and the images it belongs to: the true names where identity is kept, else stand-ins
//! that are the same in every export of a project and lead nowhere without its key.

use super::{Read, header};
use crate::error::Result;
use crate::exchange::Job;
use crate::image_entry::ImageEntry;
use dicom_core::Tag;
use dicom_dictionary_std::tags;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

pub(crate) struct Origin {
    pub patient_name: String,
    pub patient_id: String,
    pub study_uid: String,
    pub series_uid: String,
    pub frame_of_reference: String,
    /// For each stored slice the object that holds it; empty where the source is no DICOM series.
    pub instances: Vec<Instance>,
    kept: BTreeMap<Tag, String>,
}

#[derive(Clone)]
pub(crate) struct Instance {
    pub class: String,
    pub uid: String,
    /// From 1, where one object holds several slices and their order is known.
    pub frame: Option<usize>,
}

/// What is copied with identity and left empty without.
const KEPT: [Tag; 7] = [
    tags::STUDY_DATE,
    tags::STUDY_TIME,
    tags::ACCESSION_NUMBER,
    tags::REFERRING_PHYSICIAN_NAME,
    tags::PATIENT_BIRTH_DATE,
    tags::PATIENT_SEX,
    tags::STUDY_ID,
];

impl Origin {
    pub(crate) fn of(job: &Job<'_>, image: &ImageEntry) -> Result<Self> {
        let key = job.options.key.as_str();
        let files = job.images.files(image, job.task)?;
        let made_up = |what: &str| stand_in(key, &format!("{what} {}", image.id));
        let mut origin = Self {
            patient_name: pseudonym(key, &image.id.to_string()),
            patient_id: pseudonym(key, &image.id.to_string()),
            study_uid: made_up("study"),
            series_uid: made_up("series"),
            frame_of_reference: made_up("frame of reference"),
            instances: Vec::new(),
            kept: BTreeMap::new(),
        };
        let Some(first) = files.first().and_then(|file| header(file).ok()) else { return Ok(origin) };
        let keep = job.options.keep_identity;
        let uid = |text: String| if keep { text } else { stand_in(key, &text) };
        let first = Read(&first);
        if let Some(study) = first.text(tags::STUDY_INSTANCE_UID) {
            origin.study_uid = uid(study);
        }
        if let Some(series) = first.text(tags::SERIES_INSTANCE_UID) {
            origin.series_uid = uid(series);
        }
        if let Some(frame) = first.text(tags::FRAME_OF_REFERENCE_UID) {
            origin.frame_of_reference = uid(frame);
        }
        let patient = first.text(tags::PATIENT_ID).unwrap_or_default();
        if keep {
            origin.patient_id = patient;
            origin.patient_name = first.text(tags::PATIENT_NAME).unwrap_or_default();
            origin.kept = KEPT.iter().filter_map(|tag| Some((*tag, first.text(*tag)?))).collect();
        } else {
            origin.patient_id = pseudonym(key, &patient);
            origin.patient_name = pseudonym(key, &patient);
        }
        let slices = image.size()[2];
        for file in &files {
            let Ok(object) = header(file) else { return Ok(origin) };
            let object = Read(&object);
            let (Some(class), Some(name)) = (object.text(tags::SOP_CLASS_UID), object.text(tags::SOP_INSTANCE_UID))
            else {
                return Ok(origin);
            };
            let instance = Instance { class, uid: uid(name), frame: None };
            if files.len() == 1 {
                origin.instances = vec![instance; slices];
                return Ok(origin);
            }
            origin.instances.push(instance);
        }
        if origin.instances.len() != slices {
            origin.instances.clear();
        }
        Ok(origin)
    }

    pub(crate) fn kept(&self, tag: Tag) -> &str {
        self.kept.get(&tag).map_or("", String::as_str)
    }

    /// Every object referred to once.
    pub(crate) fn distinct(&self) -> Vec<&Instance> {
        let mut all: Vec<&Instance> = Vec::new();
        for instance in &self.instances {
            if all.last().is_none_or(|last| last.uid != instance.uid) {
                all.push(instance);
            }
        }
        all
    }
}

/// A UID that follows from a key and a name and gives neither away (PS3.5 annex B.2).
pub(crate) fn stand_in(key: &str, name: &str) -> String {
    format!("2.25.{}", number(key, name))
}

fn pseudonym(key: &str, patient: &str) -> String {
    format!("ANON-{:08X}", number(key, &format!("patient {patient}")) as u32)
}

fn number(key: &str, name: &str) -> u128 {
    let hash = Sha256::digest(format!("{}\0{key}\0{name}", key.len()));
    hash[..16].iter().fold(0, |n, byte| n << 8 | u128::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stand_ins_are_legal_stable_and_depend_on_the_key() {
        let uid = stand_in("key", "1.2.3");
        assert_eq!(uid, stand_in("key", "1.2.3"));
        assert_ne!(uid, stand_in("other", "1.2.3"));
        assert_ne!(uid, stand_in("key", "1.2.4"));
        assert!(uid.len() <= 64 && uid.starts_with("2.25."));
    }
}
