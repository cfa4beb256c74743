//! The parts every DICOM file of the sample study shares.

use super::random::{Random, SEED};
use anyhow::{Context, Result};
use dicom_core::value::{C, PixelFragmentSequence};
use dicom_core::{DataElement, PrimitiveValue, Tag, VR, dicom_value};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};

/// A UID that names the same thing in every run: 2.25 and a number of 112 bits from the purpose.
pub fn uid(purpose: &str, index: u64) -> String {
    let mut random = Random::stream(purpose, index);
    let number = u128::from(random.bits() >> 16) << 64 | u128::from(random.bits());
    format!("2.25.{number}")
}

/// One study of the sample patient on one day.
#[derive(Clone, Copy, Debug)]
pub struct Study {
    pub name: &'static str,
    pub description: &'static str,
    pub date: &'static str,
    pub time: &'static str,
}

/// What a series is called and what made it.
#[derive(Clone, Copy, Debug)]
pub struct SeriesOf {
    pub modality: &'static str,
    pub number: u32,
    pub description: &'static str,
    pub body_part: &'static str,
    pub sop_class: &'static str,
}

#[derive(Debug)]
pub struct Dataset(InMemDicomObject);

impl Default for Dataset {
    fn default() -> Self {
        Self(InMemDicomObject::new_empty())
    }
}

impl Dataset {
    pub fn text(&mut self, tag: Tag, vr: VR, value: &str) {
        self.0.put(DataElement::new(tag, vr, PrimitiveValue::from(value)));
    }

    /// Decimal strings, at most 16 characters each.
    pub fn decimals(&mut self, tag: Tag, values: &[f64]) {
        let words: Vec<String> = values.iter().map(|&v| decimal(v)).collect();
        self.0.put(DataElement::new(tag, VR::DS, PrimitiveValue::Strs(words.into_iter().collect())));
    }

    pub fn integer(&mut self, tag: Tag, value: i64) {
        self.0.put(DataElement::new(tag, VR::IS, PrimitiveValue::from(value.to_string())));
    }

    pub fn short(&mut self, tag: Tag, value: u16) {
        self.0.put(DataElement::new(tag, VR::US, dicom_value!(U16, value)));
    }

    pub fn signed(&mut self, tag: Tag, value: i16) {
        self.0.put(DataElement::new(tag, VR::SS, dicom_value!(I16, value)));
    }

    pub fn long(&mut self, tag: Tag, value: u32) {
        self.0.put(DataElement::new(tag, VR::UL, dicom_value!(U32, value)));
    }

    pub fn double(&mut self, tag: Tag, value: f64) {
        self.0.put(DataElement::new(tag, VR::FD, dicom_value!(F64, value)));
    }

    pub fn pointer(&mut self, tag: Tag, to: Tag) {
        self.0.put(DataElement::new(tag, VR::AT, PrimitiveValue::from(to)));
    }

    pub fn words(&mut self, tag: Tag, vr: VR, values: &[&str]) {
        let words = values.iter().map(ToString::to_string).collect();
        self.0.put(DataElement::new(tag, vr, PrimitiveValue::Strs(words)));
    }

    pub fn sequence(&mut self, tag: Tag, items: Vec<Dataset>) {
        let items: C<InMemDicomObject> = items.into_iter().map(|item| item.0).collect();
        let value = dicom_core::value::DataSetSequence::from(items);
        self.0.put(DataElement::new(tag, VR::SQ, value));
    }

    pub fn code(&mut self, tag: Tag, value: &str, scheme: &str, meaning: &str) {
        let mut item = Self::default();
        item.text(tags::CODE_VALUE, VR::SH, value);
        item.text(tags::CODING_SCHEME_DESIGNATOR, VR::SH, scheme);
        item.text(tags::CODE_MEANING, VR::LO, meaning);
        self.sequence(tag, vec![item]);
    }

    /// Patient, study, series, equipment: the same in every file of a series.
    pub fn common(study: Study, series: SeriesOf, instance: u32) -> Self {
        let mut d = Self::default();
        d.text(tags::SPECIFIC_CHARACTER_SET, VR::CS, "ISO_IR 192");
        d.text(tags::SOP_CLASS_UID, VR::UI, series.sop_class);
        d.text(tags::SOP_INSTANCE_UID, VR::UI, &uid(&instance_name(study, series), u64::from(instance)));
        for tag in [tags::STUDY_DATE, tags::SERIES_DATE, tags::ACQUISITION_DATE, tags::CONTENT_DATE] {
            d.text(tag, VR::DA, study.date);
        }
        for tag in [tags::STUDY_TIME, tags::SERIES_TIME, tags::ACQUISITION_TIME, tags::CONTENT_TIME] {
            d.text(tag, VR::TM, study.time);
        }
        d.text(tags::ACCESSION_NUMBER, VR::SH, "");
        d.text(tags::MODALITY, VR::CS, series.modality);
        d.text(tags::MANUFACTURER, VR::LO, "Limner");
        d.text(tags::MANUFACTURER_MODEL_NAME, VR::LO, "Sample study generator");
        d.text(tags::DEVICE_SERIAL_NUMBER, VR::LO, &SEED.to_string());
        d.text(tags::SOFTWARE_VERSIONS, VR::LO, "1");
        d.text(tags::INSTITUTION_NAME, VR::LO, "Synthetic data");
        d.text(tags::REFERRING_PHYSICIAN_NAME, VR::PN, "");
        d.text(tags::STUDY_DESCRIPTION, VR::LO, study.description);
        d.text(tags::SERIES_DESCRIPTION, VR::LO, series.description);
        d.text(tags::PATIENT_NAME, VR::PN, "SAMPLE^LIMNER");
        d.text(tags::PATIENT_ID, VR::LO, "LIMNER-SAMPLE");
        d.text(tags::PATIENT_BIRTH_DATE, VR::DA, "19620214");
        d.text(tags::PATIENT_SEX, VR::CS, "M");
        d.text(tags::PATIENT_IDENTITY_REMOVED, VR::CS, "YES");
        d.text(tags::DEIDENTIFICATION_METHOD, VR::LO, "Synthetic: there is no patient");
        d.text(tags::STUDY_INSTANCE_UID, VR::UI, &uid(study.name, 0));
        d.text(tags::SERIES_INSTANCE_UID, VR::UI, &uid(&instance_name(study, series), 1 << 32));
        d.text(tags::STUDY_ID, VR::SH, "1");
        d.integer(tags::SERIES_NUMBER, i64::from(series.number));
        d.integer(tags::INSTANCE_NUMBER, i64::from(instance));
        if !series.body_part.is_empty() {
            d.text(tags::BODY_PART_EXAMINED, VR::CS, series.body_part);
        }
        d
    }

    pub fn frame_of_reference(&mut self, study: Study) {
        self.text(tags::FRAME_OF_REFERENCE_UID, VR::UI, &uid(study.name, 1));
        self.text(tags::POSITION_REFERENCE_INDICATOR, VR::LO, "");
    }

    /// One grey sample a pixel.
    pub fn grey(&mut self, columns: usize, rows: usize, allocated: u16, stored: u16) {
        self.short(tags::SAMPLES_PER_PIXEL, 1);
        self.text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2");
        self.short(tags::ROWS, rows as u16);
        self.short(tags::COLUMNS, columns as u16);
        self.short(tags::BITS_ALLOCATED, allocated);
        self.short(tags::BITS_STORED, stored);
        self.short(tags::HIGH_BIT, stored - 1);
        self.short(tags::PIXEL_REPRESENTATION, 0);
    }

    /// The whole file, each frame one compressed fragment.
    pub fn file(mut self, frames: Vec<Vec<u8>>, transfer_syntax: &str) -> Result<Vec<u8>> {
        let value_of = |d: &Self, tag| -> Result<String> {
            Ok(d.0.element(tag).context("a file without its own name")?.to_str()?.into_owned())
        };
        let class = value_of(&self, tags::SOP_CLASS_UID)?;
        let instance = value_of(&self, tags::SOP_INSTANCE_UID)?;
        let padded = frames.into_iter().map(|mut frame| {
            if frame.len() % 2 == 1 {
                frame.push(0);
            }
            frame
        });
        let fragments = PixelFragmentSequence::new(Vec::<u32>::new(), padded.collect::<C<_>>());
        self.0.put(DataElement::new(tags::PIXEL_DATA, VR::OB, fragments));
        let meta = FileMetaTableBuilder::new()
            .media_storage_sop_class_uid(class)
            .media_storage_sop_instance_uid(instance)
            .transfer_syntax(transfer_syntax)
            .implementation_class_uid(uid("limner sample study", 0))
            .implementation_version_name("LIMNER_SAMPLE_1");
        let mut out = Vec::new();
        self.0.with_meta(meta)?.write_all(&mut out)?;
        Ok(out)
    }
}

fn instance_name(study: Study, series: SeriesOf) -> String {
    format!("{} {} {}", study.name, series.modality, series.number)
}

fn decimal(value: f64) -> String {
    let mut word = format!("{value:.6}");
    if word.contains('.') {
        word.truncate(word.trim_end_matches('0').trim_end_matches('.').len());
    }
    if word == "-0" { "0".into() } else { word }
}

pub const JPEG_LS_LOSSLESS: &str = uids::JPEGLS_LOSSLESS;
pub const JPEG_BASELINE: &str = uids::JPEG_BASELINE8_BIT;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_is_legal_and_stays_the_same() {
        let first = uid("test", 3);
        assert_eq!(first, uid("test", 3));
        assert!(first.len() <= 64 && first.starts_with("2.25.") && !first.starts_with("2.25.0"));
        assert_ne!(first, uid("test", 4));
    }

    #[test]
    fn decimals_are_short_and_plain() {
        assert_eq!([1.0, -0.0, 0.25, -189.4].map(decimal), ["1", "0", "0.25", "-189.4"]);
    }
}
