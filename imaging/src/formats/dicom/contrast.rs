//! What makes slices at the same place different pictures: their echo, their diffusion weighting, their kind.
//!
//! Diffusion weightings were written in makers' private elements for a decade before there was a standard one, and
//! often still are; without them one series would mix pictures of several weightings.

use super::dataset::View;
use super::mosaic;
use super::tags::{self, Tag};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contrast {
    echo_time: Option<f64>,
    b_value: Option<f64>,
    kind: Option<String>,
}

/// Owner of the private block, its group, and the element of the block that holds the weighting in s/mm².
const PRIVATE_B_VALUES: [(&str, u32, u32); 3] =
    [("SIEMENS MR HEADER", 0x0019, 0x0C), ("GEMS_PARM_01", 0x0043, 0x39), ("Philips Imaging DD 001", 0x2001, 0x03)];
/// GE adds this to weightings of sequences with several of them.
const GE_OFFSET: f64 = 1e9;
/// No magnet reaches more: beyond it the element means something else.
const LARGEST_B_VALUE: f64 = 1e6;

impl Contrast {
    pub fn of(view: &View<'_>) -> Self {
        // The third value tells scouts from slices, magnitude from phase.
        let kind = view.text(tags::IMAGE_TYPE).and_then(|t| t.split('\\').nth(2)).map(|k| k.trim().to_owned());
        let b_value = view.number(tags::B_VALUE).or_else(|| private_b_value(view));
        Self { echo_time: view.number(tags::ECHO_TIME), b_value, kind }
    }

    /// The same from a frame's functional groups.
    pub fn in_groups(groups: &View<'_>) -> Self {
        let number = |sequence, tag| groups.first_item(sequence).and_then(|item| item.number(tag));
        let frame_type = tags::FRAME_TYPE_SEQUENCES.iter().find_map(|&tag| groups.first_item(tag));
        let kind = frame_type.and_then(|item| item.text(tags::FRAME_TYPE)?.split('\\').nth(2).map(str::to_owned));
        Self {
            echo_time: number(tags::ECHO_SEQUENCE, tags::EFFECTIVE_ECHO_TIME),
            b_value: number(tags::DIFFUSION_SEQUENCE, tags::B_VALUE),
            kind,
        }
    }

    /// What tells this series from its siblings of the same number, for people.
    pub fn label(&self) -> Option<String> {
        self.b_value.filter(|&b| b > 0.0).map(|b| format!("b {b}"))
    }
}

fn private_b_value(view: &View<'_>) -> Option<f64> {
    if view.text(tags::MODALITY) != Some("MR") {
        return None;
    }
    let in_block = |&(owner, group, element)| number_of(view, in_private_block(view, owner, group, element)?);
    let in_csa = || mosaic::csa_numbers_of(view, "B_value").first().copied();
    let found = PRIVATE_B_VALUES.iter().find_map(in_block).or_else(in_csa)?;
    let b_value = if found >= GE_OFFSET { found - GE_OFFSET } else { found };
    (0.0..LARGEST_B_VALUE).contains(&b_value).then_some(b_value)
}

/// Where `element` of the block that `owner` reserved in `group` lies in this file.
fn in_private_block(view: &View<'_>, owner: &str, group: u32, element: u32) -> Option<Tag> {
    let reserved = view.dataset.elements.iter().map(|e| e.tag);
    let mut creators = reserved.filter(|tag| tag >> 16 == group && (0x10..=0xFF).contains(&(tag & 0xFFFF)));
    let creator = creators.find(|&tag| view.text(tag) == Some(owner))?;
    Some(group << 16 | (creator & 0xFF) << 8 | element)
}

/// A private number: in a file without types it is text, or the four bytes of a float.
fn number_of(view: &View<'_>, tag: Tag) -> Option<f64> {
    let as_float = || {
        let raw: [u8; 4] = view.raw(tag)?.try_into().ok()?;
        Some(f64::from(if view.layout.big_endian { f32::from_be_bytes(raw) } else { f32::from_le_bytes(raw) }))
    };
    view.number(tag).or_else(as_float)
}
