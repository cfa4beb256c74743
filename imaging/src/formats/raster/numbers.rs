//! TIFFs of numbers that are measured rather than looked at: signed, of 32 or 64 bits, floating point. The picture
//! decoder does not take them.

use super::pictures::Picture;
use crate::error::{Error, Result};
use crate::volume::Samples;
use std::io::{Read, Seek};
use std::path::Path;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::{SampleFormat, Tag};
use tiff::{ColorType, TiffError};

/// One page, its header read.
pub struct Numbers<R: Read + Seek> {
    decoder: Decoder<R>,
    pub size: [usize; 2],
    pub dtype: &'static str,
    sample_bytes: u64,
}

impl<R: Read + Seek> Numbers<R> {
    /// `None` where the page is not of this kind.
    pub fn of(source: R, most_bytes: u64) -> Option<Self> {
        let most = usize::try_from(most_bytes).unwrap_or(usize::MAX);
        let limits = {
            let mut limits = Limits::default();
            limits.decoding_buffer_size = most;
            limits.intermediate_buffer_size = most;
            limits
        };
        let mut decoder = Decoder::new(source).ok()?.with_limits(limits);
        let (width, height) = decoder.dimensions().ok()?;
        let colour = decoder.colortype().ok()?;
        let formats: Vec<u16> = decoder.find_tag_unsigned_vec(Tag::SampleFormat).ok()?.unwrap_or_default();
        let format = formats.first().map_or(Some(SampleFormat::Uint), |&f| SampleFormat::from_u16(f))?;
        let (dtype, sample_bytes) = dtype(colour, format)?;
        Some(Self { decoder, size: [width as usize, height as usize], dtype, sample_bytes })
    }

    pub const fn total_bytes(&self) -> u64 {
        let pixels = (self.size[0] as u64).saturating_mul(self.size[1] as u64);
        pixels.saturating_mul(self.sample_bytes)
    }

    pub fn decode(mut self, path: &Path) -> Result<Picture> {
        let samples = match self.decoder.read_image().map_err(|e| unreadable(path, &e))? {
            DecodingResult::U8(v) => Samples::U8(v),
            DecodingResult::U16(v) => Samples::U16(v),
            DecodingResult::U32(v) => Samples::U32(v),
            DecodingResult::U64(v) => Samples::U64(v),
            DecodingResult::I8(v) => Samples::I8(v),
            DecodingResult::I16(v) => Samples::I16(v),
            DecodingResult::I32(v) => Samples::I32(v),
            DecodingResult::I64(v) => Samples::I64(v),
            DecodingResult::F16(v) => Samples::F32(v.into_iter().map(f32::from).collect()),
            DecodingResult::F32(v) => Samples::F32(v),
            DecodingResult::F64(v) => Samples::F64(v),
        };
        if samples.len() != self.size[0] * self.size[1] || samples.dtype() != self.dtype {
            return Err(Error::malformed(path, "the samples of the picture are not what its header says"));
        }
        Ok((samples, 1, false))
    }
}

fn dtype(colour: ColorType, format: SampleFormat) -> Option<(&'static str, u64)> {
    Some(match (colour, format) {
        (ColorType::Gray(8), SampleFormat::Int) => ("int8", 1),
        (ColorType::Gray(16), SampleFormat::Int) => ("int16", 2),
        (ColorType::Gray(32), SampleFormat::Uint) => ("uint32", 4),
        (ColorType::Gray(32), SampleFormat::Int) => ("int32", 4),
        (ColorType::Gray(64), SampleFormat::Uint) => ("uint64", 8),
        (ColorType::Gray(64), SampleFormat::Int) => ("int64", 8),
        (ColorType::Gray(16 | 32), SampleFormat::IEEEFP) => ("float32", 4),
        (ColorType::Gray(64), SampleFormat::IEEEFP) => ("float64", 8),
        _ => return None,
    })
}

fn unreadable(path: &Path, error: &TiffError) -> Error {
    match error {
        TiffError::IoError(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            Error::truncated(path, "the picture is not complete")
        }
        TiffError::LimitsExceeded => {
            Error::TooLarge { path: path.into(), reason: "the picture claims more than its bytes can hold".into() }
        }
        TiffError::UnsupportedError(e) => Error::unsupported(path, e.to_string(), "save it uncompressed"),
        other => Error::malformed(path, format!("the picture cannot be read ({other})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats;
    use crate::geometry::Geometry;
    use crate::space::World;
    use crate::task::Task;
    use crate::volume::Volume;

    #[test]
    fn measured_numbers_come_back_from_tiff() {
        let geometry = Geometry::axis_aligned([4, 3, 2], World::default(), [1.0; 3]).unwrap();
        let all = [
            Samples::I8((-12..12).collect()),
            Samples::I16((-12..12).map(|x| x * 1000).collect()),
            Samples::U32((0..24).map(|x| x * 100_000_000).collect()),
            Samples::I32((-12..12).map(|x| x * 100_000_000).collect()),
            Samples::U64((0..24).map(|x| x << 58).collect()),
            Samples::I64((-12..12).map(|x| x << 58).collect()),
            Samples::F32((0..24).map(|x| x as f32 / 7.0 - 1.0).collect()),
            Samples::F64((0..24).map(|x| f64::from(x) / 7.0 - 1.0).collect()),
        ];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tif");
        for samples in all {
            let volume = Volume::new(geometry, samples, 1).unwrap();
            formats::write(&volume, &path).unwrap();
            let series = formats::scan(&path, &Task::default()).unwrap().series.remove(0);
            assert_eq!((series.dtype, series.size), (volume.samples().dtype(), [4, 3, 2]));
            assert_eq!(series.load(&Task::default()).unwrap().samples(), volume.samples());
        }
    }

    #[test]
    fn a_cut_page_is_an_error() {
        let geometry = Geometry::axis_aligned([64, 64, 1], World::default(), [1.0; 3]).unwrap();
        let volume = Volume::new(geometry, Samples::F32(vec![0.25; 64 * 64]), 1).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tif");
        formats::write(&volume, &path).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        // The strip is said to lie where the file has ended.
        let data = bytes.windows(4).position(|w| w == 0.25_f32.to_le_bytes()).unwrap() as u32;
        let at = bytes.windows(4).position(|w| w == data.to_le_bytes()).unwrap();
        let end = bytes.len() as u32 - 100;
        bytes[at..at + 4].copy_from_slice(&end.to_le_bytes());
        std::fs::write(&path, bytes).unwrap();
        assert!(formats::open_single(&path, &Task::default()).is_err());
    }
}
