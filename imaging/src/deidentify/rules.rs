//! Which elements a de-identified file keeps.
//!
//! The basic profile of PS3.15 annex E lists what must go; this keeps a list of what may stay instead, so that an
//! attribute nobody thought of goes. Numbers, codes and measures stay, free text, names, dates and devices' marks go.

use crate::formats::dicom::tags::{self, Tag};
use dicom_core::VR;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Keep,
    Remove,
    /// Stays, without a value, because readers expect it.
    Empty,
    /// A UID: standard ones stay, others are mapped.
    Uid,
    /// A date or a date with time: moved by the patient's days, or gone.
    Date,
    /// A time of day: kept beside moved dates, or gone.
    Time,
    /// A patient characteristic: kept only where asked for.
    Characteristic,
    Pseudonym,
    /// A sequence: its items are cleaned in turn.
    Items,
}

/// Elements that readers need present though their value goes.
const EMPTY: &[Tag] =
    &[0x0008_0020, 0x0008_0023, 0x0008_0030, 0x0008_0033, 0x0008_0050, 0x0008_0090, 0x0010_0030, 0x0020_0010];

/// Free-text types (LO, SH, UC) that hold terms of devices and standards, not of people.
const TERMS: &[Tag] = &[
    0x0008_0070,
    0x0008_0100,
    0x0008_0102,
    0x0008_0103,
    0x0008_0104,
    0x0008_0119,
    0x0008_1090,
    0x0018_0024,
    0x0018_1020,
    0x0018_1210,
    0x0018_1250,
    0x0018_1251,
    0x0018_1271,
    0x0028_1054,
    0x0028_3003,
    0x0028_3004,
    0x0054_0018,
    0x0062_0005,
    0x0062_0009,
    0x0040_9210,
    0x0040_9097,
    0x0018_9005,
    0x0018_9100,
];

/// Sequences that hold people, orders, earlier values or pictures with text in them.
const PEOPLE_AND_ORDERS: &[Tag] = &[
    0x0008_0096,
    0x0008_1049,
    0x0008_1052,
    0x0008_1062,
    0x0008_1072,
    0x0008_1084,
    0x0018_A001,
    0x0088_0200,
    0x0008_0082,
    0x0008_1120,
    0x0008_1110,
    0x0008_009D,
    0x0008_0051,
];

/// Weight, size, age and sex: needed for uptake values and cohorts, and a hint at who it is.
const CHARACTERISTICS: &[Tag] = &[0x0010_0040, 0x0010_1010, 0x0010_1020, 0x0010_1030, 0x0010_1022];

/// What happens to one element.
pub fn action(tag: Tag, vr: VR) -> Action {
    let (group, element) = (tag >> 16, tag & 0xFFFF);
    if tag == 0x0010_0010 || tag == 0x0010_0020 {
        return Action::Pseudonym;
    }
    if CHARACTERISTICS.contains(&tag) {
        return Action::Characteristic;
    }
    if element == 0 || group % 2 == 1 || PEOPLE_AND_ORDERS.contains(&tag) || group_goes(group) {
        return if EMPTY.contains(&tag) { Action::Empty } else { Action::Remove };
    }
    // Of procedure steps only the codes and units of measures stay.
    if group == 0x0040 && element < 0x8000 && !matches!(element, 0x08EA | 0x08EB) {
        return Action::Remove;
    }
    if group == 0x0040 && matches!(element, 0xA073..=0xA0FF | 0xA123..=0xA13A | 0xA160 | 0xA730) {
        return Action::Remove;
    }
    match vr {
        VR::SQ => Action::Items,
        VR::UI => Action::Uid,
        VR::DA | VR::DT => Action::Date,
        VR::TM => Action::Time,
        VR::PN | VR::AE | VR::AS | VR::ST | VR::LT | VR::UT | VR::UR | VR::UN => {
            if EMPTY.contains(&tag) {
                Action::Empty
            } else {
                Action::Remove
            }
        }
        VR::LO | VR::SH | VR::UC => match (TERMS.contains(&tag), EMPTY.contains(&tag)) {
            (true, _) => Action::Keep,
            (false, true) => Action::Empty,
            _ => Action::Remove,
        },
        _ => Action::Keep,
    }
}

/// True where the element is emptied rather than removed when its date goes.
pub fn stays_empty(tag: Tag) -> bool {
    EMPTY.contains(&tag)
}

/// Patient, trial, order, visit, storage, signatures, documents, annotations, results; curves and overlays.
fn group_goes(group: u32) -> bool {
    matches!(
        group,
        0x0010 | 0x0012 | 0x0032 | 0x0038 | 0x0042 | 0x0070 | 0x0088 | 0x0400 | 0x4000 | 0x4008 | 0xFFFA | 0xFFFC
    ) || matches!(group >> 8, 0x50 | 0x60)
}

/// Station, device serial number, device UID, software, gantry and detector: the device, not the person.
pub fn names_the_device(tag: Tag) -> bool {
    const DEVICE: [Tag; 9] = [
        0x0008_1010,
        0x0008_1090,
        0x0018_1000,
        0x0018_1002,
        0x0018_1008,
        0x0018_1020,
        0x0018_700A,
        0x0018_700B,
        0x0018_1200,
    ];
    DEVICE.contains(&tag)
}

/// Private elements that hold measures and nothing else, from PS3.15 table E.3.10-1: owner, group, element.
const SAFE_PRIVATE: &[(&str, u32, &[u32])] = &[
    ("Philips PET Private Group", 0x7053, &[0x00, 0x09]),
    ("Philips Imaging DD 001", 0x2001, &[0x03, 0x04]),
    ("GEMS_PARM_01", 0x0043, &[0x27, 0x39, 0x6F]),
    ("GEMS_ACQU_01", 0x0019, &[0x23, 0x24, 0x27, 0xBB, 0xBC, 0xBD]),
    ("GEMS_PETD_01", 0x0009, &[0x0D]),
    ("SIEMENS MR HEADER", 0x0019, &[0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x27, 0x28, 0x29]),
    ("SIEMENS MR HEADER", 0x0051, &[0x0B, 0x0C, 0x0D, 0x0E]),
];

pub fn is_safe_private(owner: &str, group: u32, element: u32) -> bool {
    SAFE_PRIVATE.iter().any(|(o, g, elements)| *o == owner && *g == group && elements.contains(&element))
}

/// Series of these kinds often show text in their pixels.
pub fn may_show_text(modality: Option<&str>, class: Option<&str>, declared: Option<&str>) -> bool {
    const SECONDARY_CAPTURE: &str = "1.2.840.10008.5.1.4.1.1.7";
    declared == Some("YES")
        || class.is_some_and(|c| c.starts_with(SECONDARY_CAPTURE))
        || modality.is_some_and(|m| ["US", "IVUS", "ES", "XC", "GM", "OT", "SC", "XA", "RF", "ECG"].contains(&m))
}

/// Whether a face could be drawn from a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    Shown,
    /// Nothing in the file tells what part of the body it shows.
    Possible,
    NotShown,
}

/// A head in CT, MR or PET can be drawn as a face. `names` are the body part and what else may tell it.
pub fn face(modality: Option<&str>, names: &[Option<&str>]) -> Face {
    const HEADS: [&str; 14] = [
        "HEAD",
        "BRAIN",
        "SKULL",
        "FACE",
        "NECK",
        "ORBIT",
        "SINUS",
        "WHOLEBODY",
        "WHOLE BODY",
        "CRANI",
        "NEURO",
        "TEMPORAL",
        "KOPF",
        "SCHAEDEL",
    ];
    if !modality.is_some_and(|m| ["CT", "MR", "PT"].contains(&m)) {
        return Face::NotShown;
    }
    let named =
        names.iter().flatten().map(|name| name.to_uppercase()).any(|name| HEADS.iter().any(|h| name.contains(h)));
    match names.first() {
        _ if named => Face::Shown,
        Some(Some(_)) => Face::NotShown,
        _ => Face::Possible,
    }
}

pub const BODY_PART: Tag = 0x0018_0015;
/// Study, series and protocol: words in which a head may be named.
pub const DESCRIPTIONS: [Tag; 3] = [0x0008_1030, 0x0008_103E, 0x0018_1030];
pub const BURNED_IN: Tag = 0x0028_0301;
pub const PATIENT_ID: Tag = 0x0010_0020;
pub const PATIENT_NAME: Tag = 0x0010_0010;
pub const IDENTITY_REMOVED: Tag = 0x0012_0062;
pub const METHOD: Tag = 0x0012_0063;
pub const METHOD_CODES: Tag = 0x0012_0064;
pub const DATES_MODIFIED: Tag = 0x0028_0303;
pub const CODE_VALUE: Tag = 0x0008_0100;
pub const CODE_SCHEME: Tag = 0x0008_0102;
pub const CODE_MEANING: Tag = 0x0008_0104;
pub const SOP_CLASS: Tag = 0x0008_0016;
pub const SOP_INSTANCE: Tag = 0x0008_0018;
pub const SERIES_UID: Tag = tags::SERIES_UID;
