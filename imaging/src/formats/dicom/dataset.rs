//! The elements of a DICOM file as slices of its bytes.
//!
//! A header scan meets files of every age and author, so this reader trusts nothing: a length is checked against the
//! bytes that are there before it is used, nothing is allocated by what a file claims, and depth is bounded. It stops
//! at the pixel data, whose place it notes. It owns no bytes, so a caller may show it the head of a file only.

use super::tags::{self, Tag};
use dicom_core::VR;
use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_dictionary_std::StandardDataDictionary;
use std::ops::Range;

const DEPTH_LIMIT: usize = 24;
const UNDEFINED: u32 = u32::MAX;

/// How elements are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    pub explicit: bool,
    pub big_endian: bool,
}

impl Layout {
    pub const IMPLICIT: Self = Self { explicit: false, big_endian: false };
    pub const EXPLICIT: Self = Self { explicit: true, big_endian: false };
    pub const BIG_ENDIAN: Self = Self { explicit: true, big_endian: true };

    pub fn u16(self, b: [u8; 2]) -> u16 {
        if self.big_endian { u16::from_be_bytes(b) } else { u16::from_le_bytes(b) }
    }

    fn u32(self, b: [u8; 4]) -> u32 {
        if self.big_endian { u32::from_be_bytes(b) } else { u32::from_le_bytes(b) }
    }
}

#[derive(Debug)]
pub enum Value {
    Bytes(Range<usize>),
    Items(Vec<Dataset>),
}

#[derive(Debug)]
pub struct Element {
    pub tag: Tag,
    pub vr: VR,
    pub value: Value,
}

/// One level of elements, in file order.
#[derive(Debug, Default)]
pub struct Dataset {
    pub elements: Vec<Element>,
}

/// Where the pixel data's value begins, and its length (`None` for fragments).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PixelPlace {
    pub tag: Tag,
    pub vr: VR,
    pub start: usize,
    pub length: Option<usize>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    /// The bytes end inside an element: more of the file may help.
    Ends,
    /// No further byte would help.
    Broken(&'static str),
}

/// What a pass over the top level found.
#[derive(Debug, Default)]
pub struct Read {
    pub dataset: Dataset,
    pub pixels: Option<PixelPlace>,
    /// Where and why the reading stopped early. What came before it holds.
    pub fault: Option<(usize, Fault)>,
}

struct Head {
    tag: Tag,
    vr: VR,
    length: u32,
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    layout: Layout,
}

/// Reads elements from `at` up to the pixel data, the end, or (for file meta) the first tag beyond `last_group`.
pub fn read(bytes: &[u8], at: usize, layout: Layout, last_group: u16) -> (Read, usize) {
    let mut cursor = Cursor { bytes, at, layout };
    let mut out = Read::default();
    while cursor.at < bytes.len() {
        let start = cursor.at;
        match cursor.top_level_step(&mut out, last_group) {
            Ok(true) => {}
            Ok(false) => return (out, start),
            Err(fault) => {
                out.fault = Some((start, fault));
                return (out, start);
            }
        }
    }
    (out, cursor.at)
}

impl Cursor<'_> {
    /// False where the reading is complete.
    fn top_level_step(&mut self, out: &mut Read, last_group: u16) -> Result<bool, Fault> {
        if self.bytes.len() - self.at < 8 && self.bytes[self.at..].iter().all(|&b| b == 0) {
            return Ok(false);
        }
        let head = self.head()?;
        if (head.tag >> 16) as u16 > last_group {
            return Ok(false);
        }
        if matches!(head.tag, tags::PIXELS | tags::FLOAT_PIXELS | tags::DOUBLE_PIXELS) {
            let length = (head.length != UNDEFINED).then_some(head.length as usize);
            out.pixels = Some(PixelPlace { tag: head.tag, vr: head.vr, start: self.at, length });
            return Ok(false);
        }
        let value = self.value(&head, 0)?;
        out.dataset.elements.push(Element { tag: head.tag, vr: head.vr, value });
        Ok(true)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let end = self.at + N;
        let bytes = self.bytes.get(self.at..end).and_then(|b| b.try_into().ok()).ok_or(Fault::Ends)?;
        self.at = end;
        Ok(bytes)
    }

    fn tag(&mut self) -> Result<Tag, Fault> {
        let group = self.take()?;
        let element = self.take()?;
        Ok(u32::from(self.layout.u16(group)) << 16 | u32::from(self.layout.u16(element)))
    }

    fn head(&mut self) -> Result<Head, Fault> {
        let tag = self.tag()?;
        if tag >> 16 == 0xFFFE {
            let length = self.take()?;
            return Ok(Head { tag, vr: VR::UN, length: self.layout.u32(length) });
        }
        if self.layout.explicit {
            let code = self.take::<2>()?;
            if let Some(vr) = VR::from_binary(code) {
                let short = self.take()?;
                let length = if has_long_length(vr) {
                    let long = self.take()?;
                    self.layout.u32(long)
                } else {
                    u32::from(self.layout.u16(short))
                };
                let vr = if vr == VR::UN { dictionary_vr(tag) } else { vr };
                return Ok(Head { tag, vr, length });
            }
            // Some writers drop into implicit elements within an explicit file.
            self.at -= 2;
        }
        let length = self.take()?;
        Ok(Head { tag, vr: dictionary_vr(tag), length: self.layout.u32(length) })
    }

    fn value(&mut self, head: &Head, depth: usize) -> Result<Value, Fault> {
        if head.length == UNDEFINED && matches!(head.vr, VR::OB | VR::OW) {
            return self.fragments().map(Value::Bytes);
        }
        if head.length == UNDEFINED {
            return self.items(head, None, depth).map(Value::Items);
        }
        let end = self.at.checked_add(head.length as usize).ok_or(Fault::Broken("an element length overflows"))?;
        if end > self.bytes.len() {
            return Err(Fault::Ends);
        }
        if head.vr == VR::SQ {
            let start = self.at;
            if let Ok(items) = self.items(head, Some(end), depth) {
                self.at = end;
                return Ok(Value::Items(items));
            }
            // A sequence nobody can read is kept as bytes: what follows it may still be sound.
            self.at = start;
        }
        let range = self.at..end;
        self.at = end;
        Ok(Value::Bytes(range))
    }

    /// Compressed pixels of a nested picture (an icon): items of bytes, not of elements.
    fn fragments(&mut self) -> Result<Range<usize>, Fault> {
        let start = self.at;
        loop {
            let head = self.head()?;
            if head.tag != tags::ITEM {
                return Ok(start..self.at);
            }
            self.at =
                self.at.checked_add(head.length as usize).filter(|&at| at <= self.bytes.len()).ok_or(Fault::Ends)?;
        }
    }

    fn items(&mut self, head: &Head, end: Option<usize>, depth: usize) -> Result<Vec<Dataset>, Fault> {
        if depth >= DEPTH_LIMIT {
            return Err(Fault::Broken("sequences are nested too deep"));
        }
        // PS3.5 6.2.2: a sequence written as UN of undefined length is implicit inside.
        let outer = self.layout;
        if head.length == UNDEFINED && head.vr == VR::UN && outer.explicit && !outer.big_endian {
            self.layout = self.layout_of_unknown_sequence();
        }
        let result = self.items_in_layout(end, depth);
        self.layout = outer;
        result
    }

    /// Writers disagree on what UN of undefined length holds; the first element inside tells.
    fn layout_of_unknown_sequence(&self) -> Layout {
        let code = self.bytes.get(self.at + 12..self.at + 14).and_then(|b| b.try_into().ok());
        if code.and_then(VR::from_binary).is_some() { Layout::EXPLICIT } else { Layout::IMPLICIT }
    }

    fn items_in_layout(&mut self, end: Option<usize>, depth: usize) -> Result<Vec<Dataset>, Fault> {
        let mut items = Vec::new();
        while end.is_none_or(|end| self.at < end) {
            let head = self.head()?;
            match head.tag {
                tags::SEQUENCE_END => break,
                tags::ITEM => {}
                _ => return Err(Fault::Broken("a sequence holds something other than items")),
            }
            let item_end = if head.length == UNDEFINED {
                None
            } else {
                let item_end = self.at + head.length as usize;
                match end {
                    // Some writers count an item longer than the sequence it is in; the sequence is believed.
                    Some(end) => Some(item_end.min(end)),
                    None if item_end > self.bytes.len() => return Err(Fault::Ends),
                    None => Some(item_end),
                }
            };
            items.push(self.item(item_end, depth + 1)?);
        }
        Ok(items)
    }

    fn item(&mut self, end: Option<usize>, depth: usize) -> Result<Dataset, Fault> {
        let mut dataset = Dataset::default();
        while end.is_none_or(|end| self.at < end) {
            let head = self.head()?;
            if head.tag == tags::ITEM_END {
                break;
            }
            let value = self.value(&head, depth)?;
            dataset.elements.push(Element { tag: head.tag, vr: head.vr, value });
        }
        Ok(dataset)
    }
}

pub const fn has_long_length(vr: VR) -> bool {
    use VR::{OB, OD, OF, OL, OV, OW, SQ, SV, UC, UN, UR, UT, UV};
    matches!(vr, OB | OD | OF | OL | OV | OW | SQ | SV | UC | UN | UR | UT | UV)
}

fn dictionary_vr(tag: Tag) -> VR {
    if tag & 0xFFFF == 0 {
        return VR::UL;
    }
    let tag = dicom_core::Tag((tag >> 16) as u16, tag as u16);
    StandardDataDictionary.by_tag(tag).map_or(VR::UN, |entry| entry.vr().relaxed())
}

/// A data set beside the bytes its ranges point into.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub bytes: &'a [u8],
    pub dataset: &'a Dataset,
    pub layout: Layout,
}

impl<'a> View<'a> {
    fn element(&self, tag: Tag) -> Option<&'a Element> {
        self.dataset.elements.iter().find(|e| e.tag == tag)
    }

    pub fn raw(&self, tag: Tag) -> Option<&'a [u8]> {
        match &self.element(tag)?.value {
            Value::Bytes(range) => self.bytes.get(range.clone()),
            Value::Items(_) => None,
        }
    }

    pub fn items(&self, tag: Tag) -> Vec<View<'a>> {
        match self.element(tag).map(|e| &e.value) {
            Some(Value::Items(items)) => items.iter().map(|dataset| View { dataset, ..*self }).collect(),
            _ => Vec::new(),
        }
    }

    pub fn first_item(&self, tag: Tag) -> Option<View<'a>> {
        match &self.element(tag)?.value {
            Value::Items(items) => items.first().map(|dataset| View { dataset, ..*self }),
            Value::Bytes(_) => None,
        }
    }

    /// Text without padding, for UIDs and code strings; never for what a person wrote.
    pub fn text(&self, tag: Tag) -> Option<&'a str> {
        let text = std::str::from_utf8(self.raw(tag)?).ok()?;
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
        (!text.is_empty()).then_some(text)
    }

    /// All numbers of an element, whatever type they are stored in; empty where it is absent or no number.
    pub fn numbers(&self, tag: Tag) -> Vec<f64> {
        let (Some(element), Some(bytes)) = (self.element(tag), self.raw(tag)) else { return Vec::new() };
        let big = self.layout.big_endian;
        macro_rules! each {
            ($t:ty) => {
                bytes
                    .as_chunks::<{ size_of::<$t>() }>()
                    .0
                    .iter()
                    .map(|&b| (if big { <$t>::from_be_bytes(b) } else { <$t>::from_le_bytes(b) }) as f64)
                    .collect()
            };
        }
        match element.vr {
            VR::US | VR::OW => each!(u16),
            VR::SS => each!(i16),
            VR::UL | VR::OL => each!(u32),
            VR::SL => each!(i32),
            VR::UV | VR::OV => each!(u64),
            VR::SV => each!(i64),
            VR::FL | VR::OF => each!(f32),
            VR::FD | VR::OD => each!(f64),
            _ => numbers_in_text(bytes),
        }
    }

    pub fn number(&self, tag: Tag) -> Option<f64> {
        self.numbers(tag).first().copied()
    }

    /// The numbers, where there are exactly `N` and all are finite.
    pub fn finite<const N: usize>(&self, tag: Tag) -> Option<[f64; N]> {
        let numbers: [f64; N] = self.numbers(tag).try_into().ok()?;
        numbers.iter().all(|x| x.is_finite()).then_some(numbers)
    }

    pub fn integer(&self, tag: Tag) -> Option<i64> {
        self.number(tag).filter(|x| x.is_finite() && x.abs() < 9e15).map(|x| x as i64)
    }
}

fn numbers_in_text(bytes: &[u8]) -> Vec<f64> {
    let Ok(text) = std::str::from_utf8(bytes) else { return Vec::new() };
    let parse = |part: &str| part.trim_matches(|c: char| c.is_whitespace() || c == '\0').parse::<f64>();
    text.split('\\').map(parse).collect::<Result<_, _>>().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(tag: Tag, vr: &[u8; 2], value: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend(((tag >> 16) as u16).to_le_bytes());
        out.extend((tag as u16).to_le_bytes());
        out.extend(vr);
        out.extend((value.len() as u16).to_le_bytes());
        out.extend(value);
        out
    }

    #[test]
    fn elements_are_read_up_to_the_pixels() {
        let mut bytes = element(tags::MODALITY, b"CS", b"CT");
        bytes.extend(element(tags::POSITION, b"DS", b"1.5\\-2\\3e1 "));
        bytes.extend([0xE0, 0x7F, 0x10, 0, b'O', b'W', 0, 0, 8, 0, 0, 0]);
        let (out, _) = read(&bytes, 0, Layout::EXPLICIT, u16::MAX);
        let view = View { bytes: &bytes, dataset: &out.dataset, layout: Layout::EXPLICIT };
        assert_eq!(view.text(tags::MODALITY), Some("CT"));
        assert_eq!(view.finite(tags::POSITION), Some([1.5, -2.0, 30.0]));
        assert_eq!(out.pixels, Some(PixelPlace { tag: tags::PIXELS, vr: VR::OW, start: bytes.len(), length: Some(8) }));
        assert_eq!(out.fault, None);
    }

    #[test]
    fn a_length_beyond_the_bytes_is_a_fault_and_keeps_what_came_before() {
        let mut bytes = element(tags::MODALITY, b"CS", b"CT");
        let good = bytes.len();
        bytes.extend([0x28, 0, 0x10, 0, b'U', b'N', 0, 0, 0xFE, 0xFF, 0xFF, 0xFF]);
        let (out, _) = read(&bytes, 0, Layout::EXPLICIT, u16::MAX);
        assert_eq!(out.dataset.elements.len(), 1);
        assert_eq!(out.fault, Some((good, Fault::Ends)));
    }

    #[test]
    fn nested_items_of_unknown_length_have_a_floor() {
        let mut bytes = Vec::new();
        for _ in 0..200 {
            bytes.extend([0x28, 0, 0x00, 0x30, b'S', b'Q', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
            bytes.extend([0xFE, 0xFF, 0x00, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF]);
        }
        let (out, _) = read(&bytes, 0, Layout::EXPLICIT, u16::MAX);
        assert!(matches!(out.fault, Some((0, Fault::Broken(_)))));
    }
}
