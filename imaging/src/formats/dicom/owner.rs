//! Whose file it is, in the character sets people write in; and what a PET file needs to tell uptake.

use super::dataset::View;
use super::file::DicomFile;
use super::tags::{self, Tag};
use crate::error::Result;
use crate::identity::Private;
use dicom_encoding::text::{SpecificCharacterSet, TextCodec};
use std::path::Path;

const CHARACTER_SET: Tag = 0x0008_0005;
const STUDY_DATE: Tag = 0x0008_0020;
const STUDY_DESCRIPTION: Tag = 0x0008_1030;
const PATIENT_NAME: Tag = 0x0010_0010;
const PATIENT_ID: Tag = 0x0010_0020;
const PATIENT_WEIGHT: Tag = 0x0010_1030;
const STUDY_UID: Tag = 0x0020_000D;

/// What a file says about its patient and study.
#[derive(Clone, Debug, Default)]
pub struct Owner {
    pub patient_id: Private<String>,
    pub patient_name: Private<String>,
    pub study_uid: Option<String>,
    pub study_date: Private<String>,
    pub study_description: Private<String>,
}

/// Reads the owner from a file's header.
pub fn owner(path: &Path) -> Result<Owner> {
    let file = DicomFile::open_header(path)?;
    let view = file.view();
    let private = |tag| Private::new(decoded(&view, tag));
    Ok(Owner {
        patient_id: private(PATIENT_ID),
        patient_name: private(PATIENT_NAME),
        study_uid: view.text(STUDY_UID).map(str::to_owned),
        study_date: private(STUDY_DATE),
        study_description: private(STUDY_DESCRIPTION),
    })
}

/// Text in the file's character set. The last of several sets knows the most signs, and all know ASCII.
fn decoded(view: &View<'_>, tag: Tag) -> String {
    let bytes = view.raw(tag).unwrap_or_default();
    let named = view.text(CHARACTER_SET).unwrap_or("");
    let sets = named.split('\\').rev().filter_map(|code| SpecificCharacterSet::from_code(code.trim()));
    let mut decoded = sets.filter_map(|set| set.decode(bytes).ok());
    let text = decoded.next().unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned());
    text.trim_matches(|c: char| c.is_whitespace() || c == '\0').to_owned()
}

/// What a PET value in Bq/ml is multiplied by to give the standardised uptake value by body weight (g/ml), where the
/// file says enough: decay-corrected to the start of the scan, with dose, half-life, weight and both times.
pub fn suv_factor(path: &Path) -> Result<Option<f64>> {
    let file = DicomFile::open_header(path)?;
    Ok(factor(&file.view()))
}

fn factor(view: &View<'_>) -> Option<f64> {
    const CORRECTED_IMAGE: Tag = 0x0028_0051;
    const DECAY_CORRECTION: Tag = 0x0054_1102;
    const RADIOPHARMACEUTICAL: Tag = 0x0054_0016;
    const INJECTED_AT: Tag = 0x0018_1072;
    const DOSE_BQ: Tag = 0x0018_1074;
    const HALF_LIFE_S: Tag = 0x0018_1075;
    const SERIES_TIME: Tag = 0x0008_0031;
    let positive = |view: &View<'_>, tag| view.number(tag).filter(|x| x.is_finite() && *x > 0.0);
    let corrected = view.text(CORRECTED_IMAGE).is_some_and(|c| c.split('\\').any(|c| c.trim() == "DECY"));
    if view.text(tags::PET_UNITS) != Some("BQML") || !corrected {
        return None;
    }
    let injection = view.first_item(RADIOPHARMACEUTICAL)?;
    let (dose, half_life) = (positive(&injection, DOSE_BQ)?, positive(&injection, HALF_LIFE_S)?);
    let weight_g = positive(view, PATIENT_WEIGHT)? * 1000.0;
    let waited = match view.text(DECAY_CORRECTION)? {
        "START" => {
            let (start, injected) = (seconds(view.text(SERIES_TIME)?)?, seconds(injection.text(INJECTED_AT)?)?);
            // A scan over midnight starts on the next day.
            (start - injected).rem_euclid(86_400.0)
        }
        "ADMIN" => 0.0,
        _ => return None,
    };
    Some(weight_g / (dose * (-waited / half_life).exp2()))
}

/// Seconds of the day of a DICOM time.
fn seconds(text: &str) -> Option<f64> {
    let part = |range: std::ops::Range<usize>| text.get(range)?.parse::<f64>().ok();
    Some(
        part(0..2)? * 3600.0
            + part(2..4).unwrap_or(0.0) * 60.0
            + text.get(4..).and_then(|s| s.parse().ok()).unwrap_or(0.0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_are_read() {
        assert_eq!(seconds("101530.5"), Some(36_930.5));
        assert_eq!(seconds("10"), Some(36_000.0));
        assert_eq!(seconds("x"), None);
    }
}
