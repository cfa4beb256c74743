//! Elements back to bytes, for copies of DICOM files with other contents.

use super::dataset::{Layout, has_long_length};
use super::tags::{self, Tag};
use dicom_core::VR;
use std::io::{Result, Write};

pub enum Content {
    Bytes(Vec<u8>),
    Items(Vec<Vec<Emitted>>),
}

/// An element to write.
pub struct Emitted {
    pub tag: Tag,
    pub vr: VR,
    pub content: Content,
}

impl Emitted {
    /// Text, padded to an even length as its type asks.
    pub fn text(tag: Tag, vr: VR, text: &str) -> Self {
        let mut bytes = text.as_bytes().to_vec();
        if bytes.len() % 2 == 1 {
            bytes.push(if vr == VR::UI { 0 } else { b' ' });
        }
        Self { tag, vr, content: Content::Bytes(bytes) }
    }
}

/// Elements of a big-endian file for a little-endian copy: the bytes of every number change their order.
pub fn turn_to_little_endian(elements: &mut [Emitted]) {
    for element in elements {
        let size = match element.vr {
            VR::US | VR::SS | VR::OW | VR::AT => 2,
            VR::UL | VR::SL | VR::FL | VR::OF | VR::OL => 4,
            VR::FD | VR::OD | VR::SV | VR::UV | VR::OV => 8,
            _ => 1,
        };
        match &mut element.content {
            Content::Bytes(bytes) => bytes.chunks_exact_mut(size).for_each(<[u8]>::reverse),
            Content::Items(items) => items.iter_mut().for_each(|item| turn_to_little_endian(item)),
        }
    }
}

/// The pixel data of a copy.
pub enum Pixels<'a> {
    /// Everything from the element's value to the end of it, as it was: native bytes or fragments.
    Copied {
        bytes: &'a [u8],
        length: Option<usize>,
    },
    Native(Vec<u8>),
}

/// Writes preamble, file meta and nothing else.
pub fn meta(out: &mut dyn Write, class: &str, instance: &str, syntax: &str) -> Result<()> {
    let elements = [
        Emitted { tag: 0x0002_0001, vr: VR::OB, content: Content::Bytes(vec![0, 1]) },
        Emitted::text(0x0002_0002, VR::UI, class),
        Emitted::text(0x0002_0003, VR::UI, instance),
        Emitted::text(tags::TRANSFER_SYNTAX, VR::UI, syntax),
        Emitted::text(0x0002_0012, VR::UI, IMPLEMENTATION_UID),
    ];
    let mut group = Vec::new();
    dataset(&mut group, &elements, Layout::EXPLICIT)?;
    out.write_all(&[0; 128])?;
    out.write_all(b"DICM")?;
    let length = (group.len() as u32).to_le_bytes().to_vec();
    let length = Emitted { tag: 0x0002_0000, vr: VR::UL, content: Content::Bytes(length) };
    dataset(out, &[length], Layout::EXPLICIT)?;
    out.write_all(&group)
}

/// A UUID-derived UID (PS3.5 annex B.2) that names this implementation.
const IMPLEMENTATION_UID: &str = "2.25.212283617339048110393245703127165906011";

/// Writes elements in the order given; sequences get undefined lengths.
pub fn dataset(out: &mut dyn Write, elements: &[Emitted], layout: Layout) -> Result<()> {
    for element in elements {
        match &element.content {
            Content::Bytes(bytes) => {
                head(out, element.tag, element.vr, Some(bytes.len()), layout)?;
                out.write_all(bytes)?;
            }
            Content::Items(items) => {
                head(out, element.tag, VR::SQ, None, layout)?;
                for item in items {
                    mark(out, tags::ITEM, u32::MAX, layout)?;
                    dataset(out, item, layout)?;
                    mark(out, tags::ITEM_END, 0, layout)?;
                }
                mark(out, tags::SEQUENCE_END, 0, layout)?;
            }
        }
    }
    Ok(())
}

pub fn pixels(out: &mut dyn Write, tag: Tag, vr: VR, pixels: &Pixels<'_>, layout: Layout) -> Result<()> {
    match pixels {
        Pixels::Copied { bytes, length } => {
            head(out, tag, vr, *length, layout)?;
            out.write_all(bytes)
        }
        Pixels::Native(bytes) => {
            let padded = bytes.len().next_multiple_of(2);
            head(out, tag, vr, Some(padded), layout)?;
            out.write_all(bytes)?;
            out.write_all(&[0][..padded - bytes.len()])
        }
    }
}

fn head(out: &mut dyn Write, tag: Tag, vr: VR, length: Option<usize>, layout: Layout) -> Result<()> {
    let length = length.map_or(Ok(u32::MAX), u32::try_from).map_err(std::io::Error::other)?;
    put_tag(out, tag, layout)?;
    if !layout.explicit {
        return put_u32(out, length, layout);
    }
    // A value too long for its type's short length field keeps its bytes and loses its type.
    let vr = if !has_long_length(vr) && length > u32::from(u16::MAX) { VR::UN } else { vr };
    out.write_all(vr.to_string().as_bytes())?;
    if has_long_length(vr) {
        out.write_all(&[0, 0])?;
        return put_u32(out, length, layout);
    }
    put_u16(out, length as u16, layout)
}

fn mark(out: &mut dyn Write, tag: Tag, length: u32, layout: Layout) -> Result<()> {
    put_tag(out, tag, layout)?;
    put_u32(out, length, layout)
}

fn put_tag(out: &mut dyn Write, tag: Tag, layout: Layout) -> Result<()> {
    put_u16(out, (tag >> 16) as u16, layout)?;
    put_u16(out, tag as u16, layout)
}

fn put_u16(out: &mut dyn Write, value: u16, layout: Layout) -> Result<()> {
    out.write_all(&if layout.big_endian { value.to_be_bytes() } else { value.to_le_bytes() })
}

fn put_u32(out: &mut dyn Write, value: u32, layout: Layout) -> Result<()> {
    out.write_all(&if layout.big_endian { value.to_be_bytes() } else { value.to_le_bytes() })
}
