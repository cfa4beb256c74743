//! DICOM data sets written piece by piece, with the modules every object needs.

use super::source::Origin;
use crate::error::{Error, Result};
use crate::labels::Code;
use dicom_core::value::{C, DataSetSequence};
use dicom_core::{DataElement, PrimitiveValue, Tag, VR, dicom_value};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use std::path::Path;

/// When objects say they were made where the true day would tell something, and so that bytes do not change.
const NO_DATE: &str = "20000101";
const NO_TIME: &str = "000000";

#[derive(Clone)]
pub(crate) struct Build(InMemDicomObject);

impl Build {
    pub(crate) fn new() -> Self {
        Self(InMemDicomObject::new_empty())
    }

    pub(crate) fn text(&mut self, tag: Tag, vr: VR, value: &str) {
        self.0.put(DataElement::new(tag, vr, PrimitiveValue::from(value)));
    }

    pub(crate) fn texts(&mut self, tag: Tag, vr: VR, values: &[&str]) {
        let words: C<String> = values.iter().map(ToString::to_string).collect();
        self.0.put(DataElement::new(tag, vr, PrimitiveValue::Strs(words)));
    }

    /// Decimal strings of at most 16 letters, as exact as those can be.
    pub(crate) fn decimals(&mut self, tag: Tag, values: &[f64]) {
        let words: C<String> = values.iter().map(|value| decimal(*value)).collect();
        self.0.put(DataElement::new(tag, VR::DS, PrimitiveValue::Strs(words)));
    }

    pub(crate) fn integer(&mut self, tag: Tag, value: usize) {
        self.0.put(DataElement::new(tag, VR::IS, PrimitiveValue::from(value.to_string())));
    }

    pub(crate) fn short(&mut self, tag: Tag, value: u16) {
        self.0.put(DataElement::new(tag, VR::US, dicom_value!(U16, value)));
    }

    pub(crate) fn shorts(&mut self, tag: Tag, values: &[u16]) {
        self.0.put(DataElement::new(tag, VR::US, PrimitiveValue::U16(values.iter().copied().collect())));
    }

    pub(crate) fn longs(&mut self, tag: Tag, values: &[u32]) {
        self.0.put(DataElement::new(tag, VR::UL, PrimitiveValue::U32(values.iter().copied().collect())));
    }

    pub(crate) fn floats(&mut self, tag: Tag, values: &[f32]) {
        self.0.put(DataElement::new(tag, VR::FL, PrimitiveValue::F32(values.iter().copied().collect())));
    }

    /// Two signed numbers, such as a corner counted in pixels.
    pub(crate) fn pair(&mut self, tag: Tag, values: [i32; 2]) {
        self.0.put(DataElement::new(tag, VR::SL, PrimitiveValue::I32(values.into_iter().collect())));
    }

    pub(crate) fn integers(&mut self, tag: Tag, values: &[i64]) {
        let words: C<String> = values.iter().map(ToString::to_string).collect();
        self.0.put(DataElement::new(tag, VR::IS, PrimitiveValue::Strs(words)));
    }

    pub(crate) fn pointer(&mut self, tag: Tag, to: Tag) {
        self.0.put(DataElement::new(tag, VR::AT, PrimitiveValue::from(to)));
    }

    pub(crate) fn bytes(&mut self, tag: Tag, vr: VR, bytes: Vec<u8>) {
        self.0.put(DataElement::new(tag, vr, PrimitiveValue::U8(bytes.into())));
    }

    pub(crate) fn words(&mut self, tag: Tag, words: Vec<u16>) {
        self.0.put(DataElement::new(tag, VR::OW, PrimitiveValue::U16(words.into())));
    }

    pub(crate) fn sequence(&mut self, tag: Tag, items: Vec<Self>) {
        let items: C<InMemDicomObject> = items.into_iter().map(|item| item.0).collect();
        self.0.put(DataElement::new(tag, VR::SQ, DataSetSequence::from(items)));
    }

    pub(crate) fn code(&mut self, tag: Tag, code: &Code) {
        self.sequence(tag, vec![code_item(code)]);
    }

    /// Takes over every element of another data set.
    pub(crate) fn join(&mut self, other: Self) {
        for element in other.0 {
            self.0.put(element);
        }
    }

    /// One item, filled by a closure: most sequences are of that kind.
    pub(crate) fn item(&mut self, tag: Tag, fill: impl FnOnce(&mut Self)) {
        let mut item = Self::new();
        fill(&mut item);
        self.sequence(tag, vec![item]);
    }

    /// Patient, study, series, equipment and the object's own name.
    pub(crate) fn common(class: &str, instance: &str, modality: &str, series: &str, origin: &Origin) -> Self {
        let mut d = Self::new();
        d.text(tags::SPECIFIC_CHARACTER_SET, VR::CS, "ISO_IR 192");
        d.text(tags::SOP_CLASS_UID, VR::UI, class);
        d.text(tags::SOP_INSTANCE_UID, VR::UI, instance);
        d.text(tags::STUDY_DATE, VR::DA, origin.kept(tags::STUDY_DATE));
        d.text(tags::STUDY_TIME, VR::TM, origin.kept(tags::STUDY_TIME));
        d.text(tags::SERIES_DATE, VR::DA, NO_DATE);
        d.text(tags::SERIES_TIME, VR::TM, NO_TIME);
        d.text(tags::CONTENT_DATE, VR::DA, NO_DATE);
        d.text(tags::CONTENT_TIME, VR::TM, NO_TIME);
        d.text(tags::ACCESSION_NUMBER, VR::SH, origin.kept(tags::ACCESSION_NUMBER));
        d.text(tags::MODALITY, VR::CS, modality);
        d.text(tags::MANUFACTURER, VR::LO, "Limner");
        d.text(tags::REFERRING_PHYSICIAN_NAME, VR::PN, origin.kept(tags::REFERRING_PHYSICIAN_NAME));
        d.text(tags::SERIES_DESCRIPTION, VR::LO, "Annotations");
        d.text(tags::MANUFACTURER_MODEL_NAME, VR::LO, "Limner");
        d.text(tags::DEVICE_SERIAL_NUMBER, VR::LO, "0");
        d.text(tags::SOFTWARE_VERSIONS, VR::LO, env!("CARGO_PKG_VERSION"));
        d.text(tags::PATIENT_NAME, VR::PN, &origin.patient_name);
        d.text(tags::PATIENT_ID, VR::LO, &origin.patient_id);
        d.text(tags::PATIENT_BIRTH_DATE, VR::DA, origin.kept(tags::PATIENT_BIRTH_DATE));
        d.text(tags::PATIENT_SEX, VR::CS, origin.kept(tags::PATIENT_SEX));
        d.text(tags::STUDY_INSTANCE_UID, VR::UI, &origin.study_uid);
        d.text(tags::SERIES_INSTANCE_UID, VR::UI, series);
        d.text(tags::STUDY_ID, VR::SH, origin.kept(tags::STUDY_ID));
        d.integer(tags::SERIES_NUMBER, 1000);
        d.integer(tags::INSTANCE_NUMBER, 1);
        d
    }

    pub(crate) fn frame_of_reference(&mut self, origin: &Origin) {
        self.text(tags::FRAME_OF_REFERENCE_UID, VR::UI, &origin.frame_of_reference);
        self.text(tags::POSITION_REFERENCE_INDICATOR, VR::LO, "");
    }

    /// Writes the file, explicit little-endian.
    pub(crate) fn write(self, path: &Path) -> Result<()> {
        let wrong = |error: String| Error::export(path, format!("could not write the DICOM file: {error}"));
        let meta = FileMetaTableBuilder::new()
            .transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN)
            .implementation_class_uid("2.25.212283617339048110393245703127165906011")
            .implementation_version_name("LIMNER");
        let object = self.0.with_meta(meta).map_err(|error| wrong(error.to_string()))?;
        let file = std::fs::File::create_new(path).map_err(Error::io(path, "could not make the file"))?;
        let mut out = std::io::BufWriter::with_capacity(1 << 20, file);
        object.write_all(&mut out).map_err(|error| wrong(error.to_string()))?;
        std::io::Write::flush(&mut out).map_err(Error::io(path, "could not write the file"))
    }
}

pub(crate) fn code_item(code: &Code) -> Build {
    let mut item = Build::new();
    item.text(tags::CODE_VALUE, VR::SH, &code.value);
    item.text(tags::CODING_SCHEME_DESIGNATOR, VR::SH, &code.scheme);
    item.text(tags::CODE_MEANING, VR::LO, &shortened(&code.meaning, 64));
    item
}

pub(crate) fn code(value: &str, scheme: &str, meaning: &str) -> Code {
    Code { value: value.into(), scheme: scheme.into(), meaning: meaning.into() }
}

/// Cut to a number of letters, without what would break a DICOM value apart.
pub(crate) fn shortened(text: &str, letters: usize) -> String {
    let plain = |c: char| if c == '\\' || c.is_control() { ' ' } else { c };
    text.trim().chars().map(plain).take(letters).collect::<String>().trim().to_owned()
}

/// The number with the most digits that fit into 16 letters.
pub(crate) fn decimal(value: f64) -> String {
    let plain = if value == 0.0 { 0.0 } else { value };
    let short = plain.to_string();
    if short.len() <= 16 && !short.contains('e') {
        return short;
    }
    let scientific = (0..=12).rev().map(|digits| format!("{plain:.digits$e}")).find(|word| word.len() <= 16);
    let fixed = (0..=15).rev().map(|digits| format!("{plain:.digits$}")).find(|word| word.len() <= 16);
    let error = |word: &String| word.parse::<f64>().map_or(f64::INFINITY, |read| (read - plain).abs());
    let both = [fixed, scientific].into_iter().flatten();
    both.min_by(|a, b| error(a).total_cmp(&error(b))).unwrap_or_else(|| "0".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_fit_sixteen_letters_and_lose_as_little_as_that_allows() {
        for value in [0.0, -0.0, 1.0, -189.4, 1.0 / 3.0, -1.0 / 3.0, 1e-9 / 3.0, -12_345.678_901_234_567, 6.02e23] {
            let word = decimal(value);
            assert!(word.len() <= 16, "{word}");
            let read: f64 = word.parse().unwrap();
            assert!((read - value).abs() <= value.abs() * 1e-9 + 1e-13, "{value} became {word}");
        }
        assert_eq!(decimal(0.25), "0.25");
    }

    #[test]
    fn words_cannot_break_a_value_apart() {
        assert_eq!(shortened("a\\b\nc", 64), "a b c");
        assert_eq!(shortened(&"ü".repeat(99), 64).chars().count(), 64);
    }
}
