//! Copies of DICOM files that do not say who they show (PS3.15 basic profile, with its common options).
//!
//! Originals are never touched: copies go to another folder under names of their own. What the pixels show is not
//! read; rectangles to blacken are given per device or series, and series that may show text or a face are named.

mod mapping;
mod rules;

use crate::error::{Error, Result};
use crate::formats::beside;
use crate::formats::dicom::dataset::{Layout, Value, View};
use crate::formats::dicom::emit::{self, Content, Emitted, Pixels};
use crate::formats::dicom::file::DicomFile;
use crate::formats::dicom::pixels::Frames;
use crate::formats::dicom::{blackened, syntax, tags};
use crate::formats::{self, Failure};
use crate::task::Task;
use dicom_core::VR;
use mapping::Mapping;
use rayon::prelude::*;
use rules::{Action, Face};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dates {
    /// All dates and times go.
    #[default]
    Remove,
    /// All dates of a patient move back by the same number of days; times of day stay.
    Shift,
}

/// Pixels to blacken in every frame: columns and rows, half-open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rectangle {
    pub columns: [usize; 2],
    pub rows: [usize; 2],
}

/// Rectangles for the files of one series, or of one device at one picture size.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blackout {
    #[serde(default)]
    pub series_uid: Option<String>,
    /// Manufacturer's model name.
    #[serde(default)]
    pub device: Option<String>,
    /// Columns and rows of the pictures this was drawn on.
    pub size: [usize; 2],
    pub rectangles: Vec<Rectangle>,
}

/// How to clean.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// Everything derived (pseudonyms, UIDs, days) follows from this; keep it secret, or throw it away.
    pub key: String,
    pub dates: Dates,
    /// Keep sex, age, size and weight.
    pub keep_characteristics: bool,
    /// Keep the private elements known to hold measures only (diffusion weights, uptake factors, mosaic layout).
    pub keep_safe_private: bool,
    /// Keep UIDs as they are, so that the copies still match what lies elsewhere.
    pub keep_uids: bool,
    /// Keep what names the device: station, serial number, software.
    pub keep_device: bool,
    pub blackouts: Vec<Blackout>,
}

#[derive(Debug, Default)]
pub struct Report {
    pub written: Vec<PathBuf>,
    /// Files that were not copied, and folders that could not be looked into, with the reason.
    pub skipped: Vec<Failure>,
}

/// Cleans a file or everything under a folder into `output`. Warnings about text and faces are in `task`.
pub fn anonymize(input: &Path, output: &Path, profile: &Profile, task: &Task) -> Result<Report> {
    if profile.key.is_empty() {
        return Err(Error::malformed(output, "de-identification needs a key; any secret text will do"));
    }
    let mut report = Report::default();
    let files = formats::files_under(input, task, &mut report.skipped)?;
    std::fs::create_dir_all(output).map_err(Error::io(output, "could not make the folder"))?;
    let real = |path: &Path| path.canonicalize().map_err(Error::io(path, "could not find the path"));
    let home =
        if input.is_dir() { real(input)? } else { real(input)?.parent().unwrap_or(Path::new("/")).to_path_buf() };
    if real(output)?.starts_with(&home) {
        return Err(Error::malformed(output, "the copies must not lie in the folder of the originals"));
    }
    task.progress.begin("de-identifying", files.len() as u64);
    let used: Vec<AtomicBool> = profile.blackouts.iter().map(|_| AtomicBool::new(false)).collect();
    let results: Vec<_> = files
        .par_iter()
        .map(|path| {
            task.cancel.check()?;
            task.progress.advance(1);
            clean(path, output, profile, &used, task)
        })
        .collect();
    tell_unused(profile, &used, task);
    for (path, result) in files.into_iter().zip(results) {
        match result {
            Ok(written) => report.written.push(written),
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(error) => report.skipped.push(Failure { path, error }),
        }
    }
    Ok(report)
}

/// Rectangles that fit no file were drawn for nothing: what they were to hide may still be there.
fn tell_unused(profile: &Profile, used: &[AtomicBool], task: &Task) {
    let unused = profile.blackouts.iter().zip(used).filter(|(_, used)| !used.load(Ordering::Relaxed));
    for (blackout, _) in unused {
        let [columns, rows] = blackout.size;
        let text = format!("no file fits the rectangles for pictures of {columns} x {rows} pixels; they hid nothing");
        task.warnings.add("rectangles_unused", text);
    }
}

fn clean(path: &Path, output: &Path, profile: &Profile, used: &[AtomicBool], task: &Task) -> Result<PathBuf> {
    let file = DicomFile::open_whole(path)?;
    let view = file.view();
    let Some(place) = file.pixels else {
        return Err(Error::unsupported(
            path,
            "de-identifying a DICOM object without pixels",
            "leave it out of the copy",
        ));
    };
    let patient = view.raw(rules::PATIENT_ID).or_else(|| view.raw(rules::PATIENT_NAME)).unwrap_or_default();
    let mapping = Mapping { key: &profile.key };
    let cleaner =
        Cleaner { pseudonym: mapping.pseudonym(patient), days: mapping.shift_days(patient), mapping, profile };
    let black = profile
        .blackouts
        .iter()
        .zip(used)
        .filter(|(b, _)| b.is_for(&view))
        .inspect(|(_, used)| used.store(true, Ordering::Relaxed))
        .flat_map(|(b, _)| b.rectangles.iter().copied())
        .collect::<Vec<_>>();
    warn(&view, !black.is_empty(), task);
    let mut elements = cleaner.elements(&view, &safe_private(&view));
    cleaner.add_marks(&mut elements, !black.is_empty());
    let native = if black.is_empty() { None } else { Some(blacken(path, &black, &mut elements, file.layout)?) };
    let (syntax, layout) = match &native {
        Some(_) => (syntax::EXPLICIT, Layout::EXPLICIT),
        // Deflated files are copied inflated.
        None if file.syntax.deflated => (syntax::EXPLICIT, file.layout),
        None => (file.syntax, file.layout),
    };
    let end = place.length.map_or(file.bytes.len(), |l| (place.start + l).min(file.bytes.len()));
    let pixels = native.map_or_else(
        || Pixels::Copied { bytes: &file.bytes[place.start..end], length: place.length.map(|_| end - place.start) },
        Pixels::Native,
    );
    elements.sort_by_key(|e| e.tag);
    let text = |tag| elements.iter().find(|e| e.tag == tag).and_then(text_of).unwrap_or_default();
    let (class, instance, series) = (text(rules::SOP_CLASS), text(rules::SOP_INSTANCE), text(rules::SERIES_UID));
    let last = |uid: &str| uid.chars().rev().take(12).collect::<Vec<_>>().into_iter().rev().collect::<String>();
    let folder = output.join(&cleaner.pseudonym).join(format!("series-{}", last(&series)));
    std::fs::create_dir_all(&folder).map_err(Error::io(&folder, "could not make the folder"))?;
    let number = view.integer(tags::INSTANCE_NUMBER).unwrap_or(0);
    // Two originals may carry the same UID; their copies must not take each other's place.
    let origin = cleaner.mapping.name(path.as_os_str().as_encoded_bytes());
    let target = folder.join(format!("{number:05}-{}-{origin}.dcm", last(&instance)));
    let vr = if place.tag == tags::PIXELS && place.vr == VR::UN { VR::OW } else { place.vr };
    beside::write(&target, |out| {
        emit::meta(out, &class, &instance, syntax.uid)?;
        emit::dataset(out, &elements, layout)?;
        emit::pixels(out, place.tag, vr, &pixels, layout)
    })?;
    Ok(target)
}

impl Blackout {
    fn is_for(&self, view: &View<'_>) -> bool {
        const MODEL: tags::Tag = 0x0008_1090;
        let size = [tags::COLUMNS, tags::ROWS].map(|t| view.integer(t).unwrap_or(0) as usize);
        let fits = |wanted: &Option<String>, tag| wanted.as_deref().is_none_or(|w| view.text(tag) == Some(w));
        size == self.size && fits(&self.series_uid, tags::SERIES_UID) && fits(&self.device, MODEL)
    }
}

/// Names series whose pixels may tell what the header no longer does.
fn warn(view: &View<'_>, blackened: bool, task: &Task) {
    let modality = view.text(tags::MODALITY);
    let series = view.integer(tags::SERIES_NUMBER).map_or_else(String::new, |n| format!(" {n}"));
    let name = format!("{} series{series}", modality.unwrap_or("unknown"));
    if !blackened && rules::may_show_text(modality, view.text(rules::SOP_CLASS), view.text(rules::BURNED_IN)) {
        task.warnings.add(
            "burned_in_text",
            format!("{name} may show text in its pixels; look at it, and blacken what names anyone"),
        );
    }
    let mut names = vec![view.text(rules::BODY_PART)];
    names.extend(rules::DESCRIPTIONS.map(|tag| view.text(tag)));
    match rules::face(modality, &names) {
        Face::Shown => task.warnings.add("face", format!("{name} shows a head; a face can be drawn from it")),
        Face::Possible => task.warnings.add(
            "face",
            format!("{name} does not say what part of the body it shows; if it is a head, a face can be drawn from it"),
        ),
        Face::NotShown => {}
    }
}

/// The frames with black rectangles, and the elements that describe them as they are now stored.
fn blacken(path: &Path, rectangles: &[Rectangle], elements: &mut [Emitted], layout: Layout) -> Result<Vec<u8>> {
    let frames = Frames::open(path)?;
    if layout.big_endian {
        emit::turn_to_little_endian(elements);
    }
    let boxes: Vec<_> = rectangles.iter().map(|r| (r.columns, r.rows)).collect();
    let (pixels, photometric) = blackened(&frames, &boxes)?;
    for element in elements.iter_mut() {
        match (element.tag, photometric) {
            (tags::PHOTOMETRIC, Some(name)) => *element = Emitted::text(tags::PHOTOMETRIC, VR::CS, name),
            (tags::PLANAR, _) => element.content = Content::Bytes(vec![0, 0]),
            _ => {}
        }
    }
    Ok(pixels)
}

/// The private elements of one level that hold nothing but measures, with the elements that say whose they are.
fn safe_private(view: &View<'_>) -> BTreeSet<tags::Tag> {
    let mut out = BTreeSet::new();
    let elements = || view.dataset.elements.iter().map(|e| e.tag).filter(|tag| tag >> 16 & 1 == 1);
    for creator in elements().filter(|tag| (0x10..=0xFF).contains(&(tag & 0xFFFF))) {
        let Some(owner) = view.text(creator) else { continue };
        let block = creator & 0xFFFF_0000 | (creator & 0xFF) << 8;
        let safe =
            |tag: &tags::Tag| tag & 0xFFFF_FF00 == block && rules::is_safe_private(owner, creator >> 16, tag & 0xFF);
        let before = out.len();
        out.extend(elements().filter(safe));
        if out.len() > before {
            out.insert(creator);
        }
    }
    out
}

fn text_of(element: &Emitted) -> Option<String> {
    match &element.content {
        Content::Bytes(bytes) => std::str::from_utf8(bytes).ok().map(|t| t.trim_end_matches(['\0', ' ']).to_owned()),
        Content::Items(_) => None,
    }
}

struct Cleaner<'a> {
    mapping: Mapping<'a>,
    profile: &'a Profile,
    pseudonym: String,
    days: i64,
}

impl Cleaner<'_> {
    fn elements(&self, view: &View<'_>, private: &BTreeSet<tags::Tag>) -> Vec<Emitted> {
        let mut out = Vec::new();
        for element in &view.dataset.elements {
            let (tag, vr) = (element.tag, element.vr);
            let content = match &element.value {
                Value::Bytes(range) if self.profile.keep_safe_private && private.contains(&tag) => {
                    view.bytes.get(range.clone()).map(|bytes| Content::Bytes(bytes.to_vec()))
                }
                Value::Items(items) => {
                    if rules::action(tag, VR::SQ) != Action::Items {
                        continue;
                    }
                    Some(Content::Items(
                        items
                            .iter()
                            .map(|dataset| View { dataset, ..*view })
                            .map(|item| self.elements(&item, &safe_private(&item)))
                            .collect(),
                    ))
                }
                Value::Bytes(range) => {
                    self.bytes(tag, vr, view.bytes.get(range.clone()).unwrap_or_default()).map(Content::Bytes)
                }
            };
            out.extend(content.map(|content| Emitted { tag, vr, content }));
        }
        out
    }

    /// The new value of an element, `None` where it goes.
    fn bytes(&self, tag: tags::Tag, vr: VR, value: &[u8]) -> Option<Vec<u8>> {
        let text = || std::str::from_utf8(value).unwrap_or("").to_owned();
        let gone = || rules::stays_empty(tag).then(Vec::new);
        let written = |text: String| match Emitted::text(tag, vr, &text).content {
            Content::Bytes(bytes) => bytes,
            Content::Items(_) => Vec::new(),
        };
        match rules::action(tag, vr) {
            _ if self.profile.keep_device && rules::names_the_device(tag) => Some(value.to_vec()),
            Action::Uid if self.profile.keep_uids => Some(value.to_vec()),
            Action::Keep => Some(value.to_vec()),
            Action::Remove | Action::Items => None,
            Action::Empty => Some(Vec::new()),
            Action::Pseudonym => Some(written(self.pseudonym.clone())),
            Action::Characteristic if self.profile.keep_characteristics => Some(value.to_vec()),
            Action::Characteristic => (tag == 0x0010_0040).then(Vec::new),
            Action::Uid => {
                let uids: Vec<String> =
                    text().split('\\').map(|u| self.mapping.uid(u.trim_matches(['\0', ' ']))).collect();
                Some(if value.is_empty() { Vec::new() } else { written(uids.join("\\")) })
            }
            Action::Date if self.profile.dates == Dates::Shift => {
                let dates: Option<Vec<String>> = text().split('\\').map(|d| mapping::moved(d, self.days)).collect();
                dates.map(|d| written(d.join("\\"))).or_else(gone)
            }
            Action::Time if self.profile.dates == Dates::Shift => Some(value.to_vec()),
            Action::Date | Action::Time => gone(),
        }
    }

    /// Says in the file that it was cleaned, and how (PS3.15 table CID 7050).
    fn add_marks(&self, elements: &mut Vec<Emitted>, blackened: bool) {
        let mut codes = vec![("113100", "Basic Application Confidentiality Profile")];
        if blackened {
            codes.push(("113101", "Clean Pixel Data Option"));
        }
        if self.profile.dates == Dates::Shift {
            codes.push(("113107", "Retain Longitudinal Temporal Information Modified Dates Option"));
        }
        if self.profile.keep_characteristics {
            codes.push(("113108", "Retain Patient Characteristics Option"));
        }
        if self.profile.keep_device {
            codes.push(("113109", "Retain Device Identity Option"));
        }
        if self.profile.keep_uids {
            codes.push(("113110", "Retain UIDs Option"));
        }
        if self.profile.keep_safe_private {
            codes.push(("113111", "Retain Safe Private Option"));
        }
        let item = |(value, meaning): (&str, &str)| {
            vec![
                Emitted::text(rules::CODE_VALUE, VR::SH, value),
                Emitted::text(rules::CODE_SCHEME, VR::SH, "DCM"),
                Emitted::text(rules::CODE_MEANING, VR::LO, meaning),
            ]
        };
        let present: BTreeSet<tags::Tag> = elements.iter().map(|e| e.tag).collect();
        let modified = if self.profile.dates == Dates::Shift { "MODIFIED" } else { "REMOVED" };
        for (tag, vr, text) in [
            (rules::PATIENT_NAME, VR::PN, self.pseudonym.as_str()),
            (rules::PATIENT_ID, VR::LO, self.pseudonym.as_str()),
            (rules::IDENTITY_REMOVED, VR::CS, "YES"),
            (rules::METHOD, VR::LO, "Limner, PS3.15 basic profile"),
            (rules::DATES_MODIFIED, VR::CS, modified),
        ] {
            if !present.contains(&tag) {
                elements.push(Emitted::text(tag, vr, text));
            } else if tag == rules::DATES_MODIFIED {
                elements.retain(|e| e.tag != tag);
                elements.push(Emitted::text(tag, vr, text));
            }
        }
        let content = Content::Items(codes.into_iter().map(item).collect());
        elements.push(Emitted { tag: rules::METHOD_CODES, vr: VR::SQ, content });
    }
}
