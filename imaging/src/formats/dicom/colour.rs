//! From stored colour and looked-up grey to what is shown: palettes, YBR, modality tables.

use super::dataset::View;
use super::file::DicomFile;
use super::tags::{self, Tag};
use crate::error::{Error, Result};
use crate::extras::GreyCurve;
use crate::volume::Samples;
use crate::with_samples;
use std::path::Path;

/// A DICOM lookup table: values for the inputs from `first` on; inputs beside it take the end values.
pub struct Table {
    first: i64,
    values: Vec<u16>,
    bits: u32,
}

impl Table {
    pub fn of(view: &View<'_>, descriptor: Tag, data: Tag) -> Option<Self> {
        let [count, first, bits] = view.finite::<3>(descriptor)?;
        let count = if count == 0.0 { 65536 } else { count as usize };
        let raw = view.raw(data)?;
        // Eight-bit entries may be packed two to a word.
        let values: Vec<u16> = if raw.len() < count * 2 {
            raw.iter().take(count).map(|&b| u16::from(b)).collect()
        } else {
            raw.as_chunks::<2>().0.iter().take(count).map(|&b| view.layout.u16(b)).collect()
        };
        (values.len() == count && matches!(bits, 8.0..=16.0)).then_some(Self {
            first: first as i64,
            values,
            bits: bits as u32,
        })
    }

    /// The table as grey from 0 to 1, its first input read as signed where it is looked up with signed values.
    pub fn curve(&self, signed: bool) -> Option<GreyCurve> {
        let first = if signed && self.first > 0x7FFF { self.first - 0x1_0000 } else { self.first };
        let most = f64::from((1_u32 << self.bits) - 1);
        let grey = |&value: &u16| (f64::from(value) / most).min(1.0) as f32;
        GreyCurve::new(first as f64, self.values.iter().map(grey).collect())
    }

    fn value(&self, stored: i64) -> u16 {
        let at = (stored - self.first).clamp(0, self.values.len() as i64 - 1);
        self.values[at as usize]
    }

    fn byte(&self, stored: i64) -> u8 {
        let value = self.value(stored);
        // Some writers say 16 bits and store 8.
        let wide = self.bits > 8 && self.values.iter().any(|&v| v > 255);
        if wide { (value >> 8) as u8 } else { value as u8 }
    }
}

/// Palette indices to RGB.
#[expect(clippy::unnecessary_cast, reason = "the macro also meets i64")]
pub fn through_palette(path: &Path, indices: &Samples) -> Result<Samples> {
    let file = DicomFile::open_header(path)?;
    let view = file.view();
    let table = |n: usize| Table::of(&view, tags::PALETTE_DESCRIPTORS[n], tags::PALETTE_DATA[n]);
    let (Some(red), Some(green), Some(blue)) = (table(0), table(1), table(2)) else {
        return Err(Error::unsupported(path, "this colour palette", "convert the picture to RGB"));
    };
    // One lookup per possible index, not one per pixel and channel.
    let lookup = |stored: i64| [&red, &green, &blue].map(|t| t.byte(stored));
    let all: Vec<[u8; 3]> = (0..=0xFFFF).map(lookup).collect();
    let rgb = with_samples!(indices, v => v.iter().flat_map(|&x| all[(x as i64).clamp(0, 0xFFFF) as usize]).collect());
    Ok(Samples::U8(rgb))
}

/// The index of a palette's darkest colour.
pub fn darkest(view: &View<'_>) -> Option<u64> {
    let tables: Vec<Table> =
        (0..3).map(|n| Table::of(view, tags::PALETTE_DESCRIPTORS[n], tags::PALETTE_DATA[n])).collect::<Option<_>>()?;
    let brightness = |index: &i64| tables.iter().map(|t| u32::from(t.byte(*index))).sum::<u32>();
    let first = tables[0].first.max(0);
    (first..first + tables[0].values.len() as i64).min_by_key(brightness).and_then(|index| u64::try_from(index).ok())
}

/// Stored values through the modality LUT.
#[expect(clippy::unnecessary_cast, reason = "the macro also meets i64")]
pub fn through_modality_lut(path: &Path, samples: &Samples) -> Result<Samples> {
    let file = DicomFile::open_header(path)?;
    let sequence = file.view().first_item(tags::MODALITY_LUT_SEQUENCE);
    let Some(table) = sequence.and_then(|v| Table::of(&v, tags::LUT_DESCRIPTOR, tags::LUT_DATA)) else {
        return Err(Error::malformed(path, "the modality lookup table cannot be read"));
    };
    // The descriptor's first input is unsigned in the file even where the samples are signed.
    let signed = matches!(samples, Samples::I8(_) | Samples::I16(_) | Samples::I32(_));
    let first = if signed && table.first > 0x7FFF { table.first - 0x1_0000 } else { table.first };
    let table = Table { first, ..table };
    Ok(Samples::U16(with_samples!(samples, v => v.iter().map(|&x| table.value(x as i64)).collect())))
}

/// Full-range YCbCr (PS3.3 C.7.6.3.1.2) to RGB.
pub fn rgb_from_ybr(samples: Samples, path: &Path) -> Result<Samples> {
    let Samples::U8(mut ybr) = samples else {
        return Err(Error::unsupported(path, "YBR colour with more than 8 bits", "convert the picture to RGB"));
    };
    for pixel in ybr.as_chunks_mut::<3>().0 {
        let [y, cb, cr] = pixel.map(f32::from);
        let (cb, cr) = (cb - 128.0, cr - 128.0);
        // `as` clamps to the byte's range.
        *pixel = [y + 1.402 * cr, y - 0.344_136 * cb - 0.714_136 * cr, y + 1.772 * cb].map(|v| v.round() as u8);
    }
    Ok(Samples::U8(ybr))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_colours_convert() {
        let ybr = Samples::U8(vec![76, 85, 255, 128, 128, 128, 29, 255, 107]);
        let rgb = rgb_from_ybr(ybr, Path::new("a")).unwrap();
        assert_eq!(rgb, Samples::U8(vec![254, 0, 0, 128, 128, 128, 0, 0, 254]));
    }

    #[test]
    fn tables_hold_their_ends() {
        let table = Table { first: -2, values: vec![10, 20, 30], bits: 16 };
        assert_eq!([-9, -2, -1, 0, 5].map(|x| table.value(x)), [10, 10, 20, 30, 30]);
    }
}
