//! Whose file it is, in the character sets people write in; and what a PET file needs to tell uptake.

use super::dataset::View;
use super::file::DicomFile;
use super::tags::{self, Tag};
use super::text::decoded;
use crate::error::Result;
use crate::identity::Private;
use std::path::Path;

const STUDY_DATE: Tag = 0x0008_0020;
const STUDY_DESCRIPTION: Tag = 0x0008_1030;
const SERIES_DESCRIPTION: Tag = 0x0008_103E;
const PATIENT_NAME: Tag = 0x0010_0010;
const PATIENT_ID: Tag = 0x0010_0020;
const PATIENT_WEIGHT: Tag = 0x0010_1030;
const STUDY_UID: Tag = 0x0020_000D;
const FRAME_OF_REFERENCE_UID: Tag = 0x0020_0052;

/// What a file says about its patient and study.
#[derive(Clone, Debug, Default)]
pub struct Owner {
    pub patient_id: Private<String>,
    pub patient_name: Private<String>,
    pub study_uid: Option<String>,
    pub study_date: Private<String>,
    pub study_description: Private<String>,
    pub series_description: Private<String>,
    /// Pictures that name the same one share their coordinates.
    pub frame_of_reference: Option<String>,
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
        series_description: private(SERIES_DESCRIPTION),
        frame_of_reference: view.text(FRAME_OF_REFERENCE_UID).filter(|uid| !uid.is_empty()).map(str::to_owned),
    })
}

/// What a PET value (after rescale) is multiplied by to give the standardised uptake value by body weight (g/ml),
/// where the file says enough: decay-corrected, with dose, half-life, weight and both times; or in one of the units
/// makers use that already hold it.
pub fn suv_factor_of(view: &View<'_>) -> Option<f64> {
    const CORRECTED_IMAGE: Tag = 0x0028_0051;
    const RADIOPHARMACEUTICAL: Tag = 0x0054_0016;
    const DOSE_BQ: Tag = 0x0018_1074;
    const HALF_LIFE_S: Tag = 0x0018_1075;
    /// Philips: from counts to uptake, and from counts to Bq/ml.
    const PHILIPS_SUV: Tag = 0x7053_1000;
    const PHILIPS_ACTIVITY: Tag = 0x7053_1009;
    let positive = |view: &View<'_>, tag| view.number(tag).filter(|x| x.is_finite() && *x > 0.0);
    if view.text(tags::MODALITY) != Some("PT") {
        return None;
    }
    let to_activity = match view.text(tags::PET_UNITS)? {
        "GML" => return Some(1.0),
        "CNTS" => match positive(view, PHILIPS_SUV) {
            Some(factor) => return Some(factor),
            None => positive(view, PHILIPS_ACTIVITY)?,
        },
        "BQML" => 1.0,
        _ => return None,
    };
    if !view.text(CORRECTED_IMAGE).is_some_and(|c| c.split('\\').any(|c| c.trim() == "DECY")) {
        return None;
    }
    let injection = view.first_item(RADIOPHARMACEUTICAL)?;
    let (dose, half_life) = (positive(&injection, DOSE_BQ)?, positive(&injection, HALF_LIFE_S)?);
    let weight_g = positive(view, PATIENT_WEIGHT)? * 1000.0;
    let waited = seconds_waited(view, &injection)?;
    Some(to_activity * weight_g / (dose * (-waited / half_life).exp2()))
}

/// From the injection to the moment the values are corrected to.
fn seconds_waited(view: &View<'_>, injection: &View<'_>) -> Option<f64> {
    const DECAY_CORRECTION: Tag = 0x0054_1102;
    const INJECTED_AT: Tag = 0x0018_1072;
    const INJECTED_ON: Tag = 0x0018_1078;
    const SERIES_TIME: Tag = 0x0008_0031;
    const ACQUISITION_TIME: Tag = 0x0008_0032;
    match view.text(DECAY_CORRECTION)? {
        "ADMIN" => return Some(0.0),
        "START" => {}
        _ => return None,
    }
    let time = |tag| view.text(tag).and_then(seconds);
    // A series written again later carries the later time; the scan did not start after its first picture was taken.
    let start = match (time(SERIES_TIME), time(ACQUISITION_TIME)) {
        (Some(series), Some(taken)) if series > taken => taken,
        (series, taken) => series.or(taken)?,
    };
    let of_day = || seconds(injection.text(INJECTED_ON)?.get(8..)?);
    let injected = injection.text(INJECTED_AT).and_then(seconds).or_else(of_day)?;
    // A scan over midnight starts on the next day.
    Some((start - injected).rem_euclid(86_400.0))
}

/// Seconds of the day of a DICOM time.
pub(super) fn seconds(text: &str) -> Option<f64> {
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
