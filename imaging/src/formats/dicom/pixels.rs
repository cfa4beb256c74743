//! Frames of one opened file as typed samples, exactly as stored: bits outside the stored ones cleared or sign-filled,
//! colour interleaved, no rescale, no colour conversion.

use super::codec::{self, FrameShape};
use super::dataset::PixelPlace;
use super::file::DicomFile;
use super::fragments::{self, Fragments};
use super::header::{Colour, Header, PixelFormat};
use super::syntax::Coding;
use crate::error::{Error, Result};
use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;

const EXTENDED_OFFSETS: super::tags::Tag = 0x7FE0_0001;

/// A type samples are stored in.
pub trait Stored: bytemuck::Pod + Default + Send + Sync {
    fn from_le(bytes: &[u8]) -> Self;
    /// Moves the stored bits down and fills what is above them.
    fn tidy(self, stored: u32, high: u32) -> Self;
}

macro_rules! stored_integer {
    ($($t:ty),*) => {$(
        impl Stored for $t {
            fn from_le(bytes: &[u8]) -> Self {
                let mut raw = [0; size_of::<$t>()];
                raw.copy_from_slice(bytes);
                Self::from_le_bytes(raw)
            }
            fn tidy(self, stored: u32, high: u32) -> Self {
                // An arithmetic shift for signed types, a logical one for the others: the sign fill comes free.
                (self << (<$t>::BITS - 1 - high)) >> (<$t>::BITS - stored)
            }
        }
    )*};
}
stored_integer!(u8, i8, u16, i16, u32, i32, u64, i64);

macro_rules! stored_float {
    ($($t:ty),*) => {$(
        impl Stored for $t {
            fn from_le(bytes: &[u8]) -> Self {
                let mut raw = [0; size_of::<$t>()];
                raw.copy_from_slice(bytes);
                Self::from_le_bytes(raw)
            }
            fn tidy(self, _: u32, _: u32) -> Self {
                self
            }
        }
    )*};
}
stored_float!(f32, f64);

/// A whole file whose frames can be read in any order and from several threads.
pub struct Frames {
    pub file: DicomFile,
    pub header: Header,
    pub format: PixelFormat,
    data: Data,
    /// Set where the transfer syntax does not fit the pixels and the bytes were believed.
    pub note: Option<&'static str>,
}

enum Data {
    Native {
        start: usize,
    },
    /// One frame without fragments, though compressed.
    Bare {
        start: usize,
        end: usize,
        coding: Coding,
    },
    Coded {
        fragments: Fragments,
        coding: Coding,
    },
}

impl Frames {
    pub fn open(path: &Path) -> Result<Self> {
        Self::of(DicomFile::open_header(path)?)
    }

    fn of(file: DicomFile) -> Result<Self> {
        let header = Header::of(&file)?;
        let path = &file.path;
        let (Some(format), Some(place)) = (header.format, file.pixels) else {
            return Err(Error::unsupported(path, "a DICOM object without pixels", "open the series it belongs to"));
        };
        let (data, note) = locate(&file, &format, header.frames, place)?;
        Ok(Self { file, header, format, data, note })
    }

    pub fn is_native(&self) -> bool {
        matches!(self.data, Data::Native { .. })
    }

    fn shape(&self) -> FrameShape {
        let f = &self.format;
        FrameShape { columns: f.columns, rows: f.rows, channels: f.channels, sample_bytes: f.sample_bytes() }
    }

    /// Fills `out` with frame `n`.
    pub fn read<T: Stored>(&self, n: usize, out: &mut [T]) -> Result<()> {
        let (size, format) = (self.format.sample_bytes(), &self.format);
        let whole = format.allocated == 1 || format.stored == format.allocated;
        let misfit = || Error::malformed(&self.file.path, "the frame does not fill its place");
        if size != size_of::<T>() || out.len() != format.samples() {
            return Err(misfit());
        }
        if let Data::Native { start } = self.data
            && self.is_plain()
        {
            // The samples lie in the file as they will lie in memory.
            let at = n.checked_mul(out.len() * size).and_then(|before| before.checked_add(start)).ok_or_else(misfit)?;
            self.file.read_into(bytemuck::cast_slice_mut(out), at)?;
            if !whole {
                out.iter_mut().for_each(|sample| *sample = sample.tidy(format.stored, format.high));
            }
            return Ok(());
        }
        let bytes = self.frame_bytes(n)?;
        if bytes.len() != out.len() * size {
            return Err(misfit());
        }
        for (sample, raw) in out.iter_mut().zip(bytes.chunks_exact(size)) {
            let value = T::from_le(raw);
            *sample = if whole { value } else { value.tidy(format.stored, format.high) };
        }
        Ok(())
    }

    /// True where a frame's bytes are its samples, in this machine's order.
    fn is_plain(&self) -> bool {
        let format = &self.format;
        let in_order = cfg!(target_endian = "little") && !(self.file.layout.big_endian && format.sample_bytes() > 1);
        in_order && format.allocated > 1 && !format.in_words && !format.by_plane && format.colour != Colour::Ybr422
    }

    /// Little-endian samples of a frame, colour interleaved.
    pub fn frame_bytes(&self, n: usize) -> Result<Cow<'_, [u8]>> {
        let fault = |why: String| Error::malformed(&self.file.path, format!("frame {}: {why}", n + 1));
        let decode = |coding, coded: &[u8], shape: &FrameShape| codec::decode(coding, coded, shape).map_err(fault);
        match &self.data {
            Data::Bare { start, end, coding } => {
                Ok(Cow::Owned(decode(*coding, &self.file.bytes_at(*start..*end)?, &self.shape())?))
            }
            Data::Coded { fragments, coding: Coding::Rle } if self.format.allocated == 1 => {
                // Single bits are packed before they are run-length coded.
                let packed = FrameShape { columns: self.format.samples().div_ceil(8), rows: 1, ..self.shape() };
                let bits = decode(Coding::Rle, &coded(&self.file, fragments, n)?, &packed)?;
                Ok(Cow::Owned((0..self.format.samples()).map(|s| bits[s / 8] >> (s % 8) & 1).collect()))
            }
            Data::Coded { fragments, coding } => {
                Ok(Cow::Owned(decode(*coding, &coded(&self.file, fragments, n)?, &self.shape())?))
            }
            Data::Native { start } => self.native(*start, n),
        }
    }

    fn native(&self, start: usize, n: usize) -> Result<Cow<'_, [u8]>> {
        let format = &self.format;
        let (size, samples) = (format.sample_bytes(), format.samples());
        if format.allocated == 1 {
            let first = n * samples;
            // Swapped pairs of bytes are fetched whole.
            let (from, to) = ((first / 8) & !1, (first + samples).div_ceil(8).next_multiple_of(2));
            let end = (start + to).min(self.file.length as usize);
            let data = self.file.bytes_at(start + from..end)?;
            let byte = |b: usize| data.get(if format.in_words { b ^ 1 } else { b } - from).copied().unwrap_or(0);
            return Ok(Cow::Owned((first..first + samples).map(|s| byte(s / 8) >> (s % 8) & 1).collect()));
        }
        let frame_bytes = format.native_bits() / 8;
        let at = start + n * frame_bytes;
        let padded = if format.in_words { frame_bytes.next_multiple_of(2) } else { frame_bytes };
        let frame = self.file.bytes_at(at..(at + padded).min(self.file.length as usize))?;
        if format.in_words {
            let swapped: Vec<u8> = (0..frame_bytes).map(|b| frame.get(b ^ 1).copied().unwrap_or(0)).collect();
            return Ok(Cow::Owned(interleave(&swapped, format)));
        }
        if format.colour == Colour::Ybr422 || format.by_plane {
            return Ok(Cow::Owned(interleave(&frame, format)));
        }
        if self.file.layout.big_endian && size > 1 {
            return Ok(Cow::Owned(frame.chunks_exact(size).flat_map(|s| s.iter().rev()).copied().collect()));
        }
        Ok(frame)
    }
}

impl fragments::Source for DicomFile {
    fn get(&self, range: Range<usize>) -> Option<Cow<'_, [u8]>> {
        self.bytes_at(range).ok()
    }

    fn length(&self) -> usize {
        usize::try_from(self.length).unwrap_or(usize::MAX)
    }
}

/// The coded bytes of one frame.
fn coded<'a>(file: &'a DicomFile, fragments: &Fragments, n: usize) -> Result<Cow<'a, [u8]>> {
    match fragments.frame(n) {
        [one] => file.bytes_at(one.clone()),
        several => {
            let mut out = Vec::with_capacity(several.iter().map(Range::len).sum());
            for piece in several {
                out.extend_from_slice(&file.bytes_at(piece.clone())?);
            }
            Ok(Cow::Owned(out))
        }
    }
}

/// Colour by plane or with shared chroma to colour by pixel.
fn interleave(frame: &[u8], format: &PixelFormat) -> Vec<u8> {
    let size = format.sample_bytes();
    if format.colour == Colour::Ybr422 && size == 1 {
        let pairs = frame.chunks_exact(4);
        return pairs.flat_map(|p| [p[0], p[2], p[3], p[1], p[2], p[3]]).take(format.samples()).collect();
    }
    if !format.by_plane {
        return frame[..format.samples() * size].to_vec();
    }
    let pixels = format.pixels();
    let sample = |pixel: usize, channel: usize| &frame[(channel * pixels + pixel) * size..][..size];
    (0..pixels).flat_map(|p| (0..format.channels).flat_map(move |c| sample(p, c))).copied().collect()
}

fn locate(
    file: &DicomFile,
    format: &PixelFormat,
    frames: usize,
    place: PixelPlace,
) -> Result<(Data, Option<&'static str>)> {
    let path = &file.path;
    let file_end = usize::try_from(file.length).unwrap_or(usize::MAX);
    let end = place.length.map_or(file_end, |l| place.start.saturating_add(l)).min(file_end);
    let present = end.saturating_sub(place.start);
    let too_large =
        || Error::TooLarge { path: path.clone(), reason: "the frames the header describes are too many".into() };
    let needed = format.native_bits().checked_mul(frames).ok_or_else(too_large)?.div_ceil(8);
    let declared = file.syntax.coding;
    if place.length.is_none() {
        let extended = file.view().numbers(EXTENDED_OFFSETS);
        let fragments =
            Fragments::find(file, place.start, frames, &extended).map_err(|why| Error::truncated(path, why))?;
        let seen = codec::sniff(&coded(file, &fragments, 0)?);
        return match (seen, declared) {
            (None, Coding::Native) => {
                Err(Error::malformed(path, "compressed frames under an uncompressed transfer syntax"))
            }
            (Some(coding), declared) if coding != declared => Ok((
                Data::Coded { fragments, coding },
                Some("the frames are not compressed the way the transfer syntax says; the bytes were believed"),
            )),
            _ => Ok((Data::Coded { fragments, coding: declared }, None)),
        };
    }
    if declared != Coding::Native
        && frames == 1
        && let Some(coding) = codec::sniff(&file.bytes_at(place.start..end)?)
    {
        return Ok((Data::Bare { start: place.start, end, coding }, Some("the compressed frame is not in fragments")));
    }
    if present < needed {
        return Err(Error::truncated(path, format!("{present} of {needed} bytes of pixels are there")));
    }
    let note =
        (declared != Coding::Native).then_some("the pixels are not compressed, the transfer syntax says they are");
    Ok((Data::Native { start: place.start }, note))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dirty_high_bits_are_cleared_or_filled_with_the_sign() {
        assert_eq!(0xF801_u16.tidy(12, 11), 0x801);
        assert_eq!(0x0801_i16.tidy(12, 11), -2047);
        assert_eq!(0x8010_u16.tidy(12, 15), 0x801);
        assert_eq!(0x7F_i8.tidy(8, 7), 127);
    }
}
