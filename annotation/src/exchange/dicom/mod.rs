//! DICOM objects beside the pictures: segmentations, structure sets, reports, presentation states.
//!
//! Headers are read and written with dicom-object; pixels of others come through `limner_imaging`, which knows every
//! transfer syntax. An object names its source images by stand-ins unless identity is kept.

pub(crate) mod build;
mod companion;
pub(crate) mod gsps;
mod report_numbers;
pub(crate) mod rtstruct;
pub(crate) mod seg;
mod seg_read;
pub(crate) mod source;
pub(crate) mod sr;

pub use companion::{Companion, companions};

use crate::ImageId;
use crate::error::{Error, Result};
use dicom_core::Tag;
use dicom_core::value::Value;
use dicom_dictionary_std::uids;
use dicom_object::{FileDicomObject, FileMetaTableBuilder, InMemDicomObject, OpenFileOptions};
use limner_imaging::Task;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(crate) use seg_read::segments_on;

/// A DICOM data set, read leniently: what is absent or of another type is simply not there.
#[derive(Clone, Copy)]
pub(crate) struct Read<'a>(pub &'a InMemDicomObject);

impl<'a> Read<'a> {
    pub(crate) fn text(self, tag: Tag) -> Option<String> {
        let text = self.0.get(tag)?.to_str().ok()?;
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0').to_owned();
        (!text.is_empty()).then_some(text)
    }

    pub(crate) fn numbers(self, tag: Tag) -> Vec<f64> {
        let numbers = self.0.get(tag).and_then(|element| element.to_multi_float64().ok());
        numbers.filter(|all| all.iter().all(|x| x.is_finite())).unwrap_or_default()
    }

    pub(crate) fn number(self, tag: Tag) -> Option<f64> {
        self.numbers(tag).first().copied()
    }

    pub(crate) fn exactly<const N: usize>(self, tag: Tag) -> Option<[f64; N]> {
        self.numbers(tag).try_into().ok()
    }

    pub(crate) fn whole(self, tag: Tag) -> Option<usize> {
        self.0.get(tag)?.to_int::<i64>().ok().and_then(|n| usize::try_from(n).ok())
    }

    pub(crate) fn items(self, tag: Tag) -> impl Iterator<Item = Read<'a>> {
        let items = self.0.get(tag).map(dicom_core::DataElement::value);
        let items: &[InMemDicomObject] = match items {
            Some(Value::Sequence(sequence)) => sequence.items(),
            _ => &[],
        };
        items.iter().map(Read)
    }

    pub(crate) fn first(self, tag: Tag) -> Option<Read<'a>> {
        self.items(tag).next()
    }

    /// A code of a code sequence: value, scheme, meaning.
    pub(crate) fn code(self, tag: Tag) -> Option<crate::labels::Code> {
        use dicom_dictionary_std::tags;
        let item = self.first(tag)?;
        Some(crate::labels::Code {
            value: item.text(tags::CODE_VALUE)?,
            scheme: item.text(tags::CODING_SCHEME_DESIGNATOR).unwrap_or_default(),
            meaning: item.text(tags::CODE_MEANING).unwrap_or_default(),
        })
    }
}

/// Reads a file's data set up to the pixels.
pub(crate) fn header(path: &Path) -> Result<InMemDicomObject> {
    let open = OpenFileOptions::new().read_until(dicom_dictionary_std::tags::PIXEL_DATA).open_file(path);
    open.map(FileDicomObject::into_inner).or_else(|error| {
        let no_file = || Error::export(path, format!("this DICOM file cannot be read: {error}"));
        bare(path)?.ok_or_else(no_file)
    })
}

/// A data set that stands in its file without preamble and file header, as some planning systems write structure sets.
fn bare(path: &Path) -> Result<Option<InMemDicomObject>> {
    // Group 8, which every data set begins with, in little endian.
    const GROUP: [u8; 2] = [8, 0];
    const MOST: u64 = 256 << 20;
    let size = std::fs::metadata(path).map_err(Error::io(path, "could not read the file"))?.len();
    if size > MOST {
        return Ok(None);
    }
    let bytes = super::folder::read(path)?;
    let [a, b, _, _, x, y, ..] = bytes[..] else { return Ok(None) };
    if [a, b] != GROUP {
        return Ok(None);
    }
    let is_explicit = x.is_ascii_uppercase() && y.is_ascii_uppercase();
    let syntax = if is_explicit { uids::EXPLICIT_VR_LITTLE_ENDIAN } else { uids::IMPLICIT_VR_LITTLE_ENDIAN };
    // The header that is missing; what it says of the object itself nobody asks.
    let builder = FileMetaTableBuilder::new().transfer_syntax(syntax).media_storage_sop_instance_uid("2.25.1");
    let Ok(header) = builder.media_storage_sop_class_uid("2.25.1").build() else { return Ok(None) };
    let mut file = [&[0_u8; 128][..], b"DICM"].concat();
    if header.write(&mut file).is_err() {
        return Ok(None);
    }
    file.extend(bytes);
    Ok(FileDicomObject::from_reader(&file[..]).ok().map(FileDicomObject::into_inner))
}

/// The files of a class under a path.
pub(crate) fn objects(path: &Path, classes: &[&str], task: &Task) -> Result<Vec<(PathBuf, InMemDicomObject)>> {
    let files = if path.is_dir() { super::folder::files_under(path)? } else { vec![path.to_path_buf()] };
    let single = path.is_file();
    let mut found = Vec::new();
    for file in files {
        task.cancel.check()?;
        match header(&file) {
            Ok(object) => {
                let class = Read(&object).text(dicom_dictionary_std::tags::SOP_CLASS_UID);
                if class.is_some_and(|class| classes.contains(&class.as_str())) {
                    found.push((file, object));
                } else if single {
                    return Err(Error::export(&file, "this is another kind of DICOM object"));
                }
            }
            Err(error) if single => return Err(error),
            // A folder holds other things as well.
            Err(_) => {}
        }
    }
    if found.is_empty() {
        return Err(Error::export(path, "no object of this kind was found"));
    }
    Ok(found)
}

/// Which image and stored slice of the project each DICOM instance (and frame, from 1) is.
pub(crate) fn slices_by_instance(
    reading: &super::import::Reading<'_>,
) -> Result<BTreeMap<(String, usize), (ImageId, usize)>> {
    let mut places = BTreeMap::new();
    for image in reading.contents.images().filter(|image| image.series_uid.is_some()) {
        let files = reading.pictures.files_of(image, reading.task)?;
        for (n, file) in files.iter().enumerate() {
            reading.task.cancel.check()?;
            let Ok(object) = header(file) else { continue };
            let Some(uid) = Read(&object).text(dicom_dictionary_std::tags::SOP_INSTANCE_UID) else { continue };
            let slices = if files.len() == 1 { 0..image.size()[2] } else { n..n + 1 };
            for (frame, slice) in slices.enumerate() {
                places.insert((uid.clone(), frame + 1), (image.id, slice));
            }
        }
    }
    Ok(places)
}
