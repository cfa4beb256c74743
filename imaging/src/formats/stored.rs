//! Samples from a stream of bytes, for the formats that are a header and then numbers.
//!
//! Memory grows with the bytes that arrive, so a header that claims more than the file holds costs nothing.

use crate::buffer;
use crate::error::{Error, Result};
use crate::task::Task;
use crate::volume::Samples;
use std::io::Read;
use std::path::Path;

const CHUNK_BYTES: usize = 1 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleType {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F32,
    F64,
}

impl SampleType {
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }

    #[must_use]
    pub const fn dtype(self) -> &'static str {
        match self {
            Self::U8 => "uint8",
            Self::I8 => "int8",
            Self::U16 => "uint16",
            Self::I16 => "int16",
            Self::U32 => "uint32",
            Self::I32 => "int32",
            Self::U64 => "uint64",
            Self::I64 => "int64",
            Self::F32 => "float32",
            Self::F64 => "float64",
        }
    }
}

/// What to read, and what is known of the source.
pub struct Wanted<'a> {
    pub path: &'a Path,
    pub kind: SampleType,
    pub count: usize,
    pub big_endian: bool,
    /// Bytes the source holds, packed or not: bounds what is set aside before they are read.
    pub source_bytes: u64,
}

/// Reads exactly `count` samples; fewer in the source is an error that says how many there were.
pub fn read(source: &mut dyn Read, wanted: &Wanted<'_>, task: &Task) -> Result<Samples> {
    macro_rules! typed {
        ($t:ty) => {
            read_as::<$t, { size_of::<$t>() }>(
                source,
                wanted,
                task,
                if wanted.big_endian { <$t>::from_be_bytes } else { <$t>::from_le_bytes },
            )
            .map(Samples::from)
        };
    }
    match wanted.kind {
        SampleType::U8 => typed!(u8),
        SampleType::I8 => typed!(i8),
        SampleType::U16 => typed!(u16),
        SampleType::I16 => typed!(i16),
        SampleType::U32 => typed!(u32),
        SampleType::I32 => typed!(i32),
        SampleType::U64 => typed!(u64),
        SampleType::I64 => typed!(i64),
        SampleType::F32 => typed!(f32),
        SampleType::F64 => typed!(f64),
    }
}

fn read_as<T: bytemuck::Pod, const N: usize>(
    source: &mut dyn Read,
    wanted: &Wanted<'_>,
    task: &Task,
    convert: fn([u8; N]) -> T,
) -> Result<Vec<T>> {
    let Wanted { path, count, source_bytes, .. } = *wanted;
    task.progress.begin("reading samples", count as u64);
    let believed = usize::try_from(source_bytes).unwrap_or(usize::MAX) / N;
    let mut out: Vec<T> = buffer::with_room_for(count.min(believed));
    while out.len() < count {
        task.cancel.check()?;
        let before = out.len();
        out.resize((before + CHUNK_BYTES / N).min(count), T::zeroed());
        // The bytes land where the samples stay and are put in order there.
        let place: &mut [u8] = bytemuck::cast_slice_mut(&mut out[before..]);
        let wanted_now = place.len();
        let filled = fill(source, place).map_err(Error::io(path, "could not read the samples"))?;
        if cfg!(target_endian = "big") || wanted.big_endian {
            for sample in &mut out[before..] {
                let mut raw = [0; N];
                raw.copy_from_slice(bytemuck::bytes_of(sample));
                *sample = convert(raw);
            }
        }
        task.progress.advance((filled / N) as u64);
        if filled < wanted_now {
            let there = before + filled / N;
            return Err(Error::truncated(path, format!("{there} of {count} samples are there")));
        }
    }
    Ok(out)
}

/// Reads numbers written out in decimal.
pub fn read_text(source: &mut dyn Read, wanted: &Wanted<'_>, task: &Task) -> Result<Samples> {
    macro_rules! typed {
        ($t:ty) => {
            text_as::<$t>(source, wanted, task).map(Samples::from)
        };
    }
    match wanted.kind {
        SampleType::U8 => typed!(u8),
        SampleType::I8 => typed!(i8),
        SampleType::U16 => typed!(u16),
        SampleType::I16 => typed!(i16),
        SampleType::U32 => typed!(u32),
        SampleType::I32 => typed!(i32),
        SampleType::U64 => typed!(u64),
        SampleType::I64 => typed!(i64),
        SampleType::F32 => typed!(f32),
        SampleType::F64 => typed!(f64),
    }
}

fn text_as<T: std::str::FromStr>(source: &mut dyn Read, wanted: &Wanted<'_>, task: &Task) -> Result<Vec<T>> {
    task.cancel.check()?;
    let mut text = String::new();
    source.read_to_string(&mut text).map_err(Error::io(wanted.path, "could not read the samples as text"))?;
    let words = text.split(|c: char| c.is_whitespace() || c == ',').filter(|w| !w.is_empty());
    let numbers = words.take(wanted.count).map(|word| {
        word.parse()
            .map_err(|_| Error::malformed(wanted.path, format!("{:?} is no {}", cut(word), wanted.kind.dtype())))
    });
    let out = numbers.collect::<Result<Vec<T>>>()?;
    if out.len() < wanted.count {
        return Err(Error::truncated(wanted.path, format!("{} of {} samples are there", out.len(), wanted.count)));
    }
    Ok(out)
}

fn cut(word: &str) -> String {
    word.chars().take(16).collect()
}

/// Reads until the buffer is full or the source ends. A packed stream that is cut ends, too.
fn fill(source: &mut dyn Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match source.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e)
                if matches!(
                    e.kind(),
                    std::io::ErrorKind::UnexpectedEof
                        | std::io::ErrorKind::InvalidInput
                        | std::io::ErrorKind::InvalidData
                ) =>
            {
                break;
            }
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

/// The product of the sizes, where it and its bytes can be addressed at all.
#[must_use]
pub fn count(sizes: &[usize], sample_bytes: usize) -> Option<usize> {
    let count = sizes.iter().try_fold(1_usize, |n, &s| n.checked_mul(s))?;
    count.checked_mul(sample_bytes).filter(|&bytes| bytes <= isize::MAX as usize).map(|_| count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(kind: SampleType, count: usize) -> Wanted<'static> {
        Wanted { path: Path::new("x"), kind, count, big_endian: true, source_bytes: 8 }
    }

    #[test]
    fn big_endian_samples_come_back_whole() {
        let mut bytes: &[u8] = &[0x01, 0x02, 0xFF, 0xFE];
        let samples = read(&mut bytes, &wanted(SampleType::I16, 2), &Task::default()).unwrap();
        assert_eq!(samples, Samples::I16(vec![0x0102, -2]));
    }

    #[test]
    fn a_huge_claim_fails_at_the_end_of_the_bytes() {
        let mut bytes: &[u8] = &[0; 10];
        let error = read(&mut bytes, &wanted(SampleType::F64, 1 << 50), &Task::default()).unwrap_err();
        assert!(error.to_string().contains("1 of "), "{error}");
        assert_eq!(count(&[32767, 32767, 32767, 32767, 32767], 2), None);
    }
}
