//! One blosc2 chunk: a head of 32 bytes, then blocks, each of one or several streams, or a value that fills it all.
//!
//! Known are ZSTD and LZ4, no filter or the byte shuffle, chunks that were copied and chunks of one value. Streams may
//! not overlap, so a chunk asks for no more work than its own length and the room it fills.

use super::pack::{CHUNK_HEAD, flag};
use rayon::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use zstd::bulk::Decompressor;

type Outcome<T = ()> = Result<T, String>;

/// What is said of streams in which nothing went wrong with the format itself.
const BROKEN: &str = "a stream of a chunk is broken";

struct Head {
    typesize: usize,
    length: usize,
    block: usize,
    lz4: bool,
    copied: bool,
    split: bool,
    /// Bytes of the numbers that were shuffled.
    shuffled: Option<usize>,
    special: u8,
}

fn number(bytes: &[u8], at: usize) -> Outcome<usize> {
    let four = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()).ok_or("a chunk ends too early")?;
    usize::try_from(i32::from_le_bytes(*four)).map_err(|_| "a chunk names a negative size".into())
}

/// How many bytes a chunk holds, by its own head.
pub fn length(chunk: &[u8]) -> Outcome<usize> {
    Ok(Head::read(chunk)?.length)
}

impl Head {
    fn read(chunk: &[u8]) -> Outcome<Self> {
        let head = chunk.get(..CHUNK_HEAD).ok_or("a chunk is shorter than its head")?;
        let [version, flags, typesize] = [head[0], head[2], head[3]];
        if !(3..=5).contains(&version) || flags & flag::EXTENDED != flag::EXTENDED {
            return Err(format!("chunks of blosc format {version} are unknown; blosc2 is known"));
        }
        let (more, reserved) = (head[31], head[30]);
        if more & flag::BEYOND != 0 || reserved != 0 {
            return Err("a chunk with a dictionary, or one that lies elsewhere, is unknown".into());
        }
        let (length, block, packed) = (number(head, 4)?, number(head, 8)?, number(head, 12)?);
        if packed != chunk.len() {
            return Err(format!("a chunk of {} bytes says that it has {packed}", chunk.len()));
        }
        if typesize == 0 || block == 0 && length > 0 || block > length.max(1) {
            return Err(format!("a chunk of {length} bytes has blocks of {block} and numbers of {typesize}"));
        }
        let special = more >> 4 & 7;
        let copied = flags & flag::COPIED != 0;
        let codec = flags >> 5;
        if special == 0 && !copied && codec != flag::ZSTD && codec != flag::LZ4 {
            return Err(format!("the blosc codec {codec} is unknown; ZSTD and LZ4 are known"));
        }
        Ok(Self {
            typesize: usize::from(typesize),
            length,
            block,
            lz4: codec == flag::LZ4,
            copied,
            split: flags & flag::WHOLE_BLOCKS == 0,
            shuffled: shuffled(head, typesize)?,
            special,
        })
    }
}

/// The one filter that may be among the six of a head.
fn shuffled(head: &[u8], typesize: u8) -> Outcome<Option<usize>> {
    let mut width = None;
    for (&filter, &meta) in head[16..22].iter().zip(&head[24..30]) {
        match filter {
            0 => {}
            flag::SHUFFLE if width.is_none() => width = Some(usize::from(if meta == 0 { typesize } else { meta })),
            other => return Err(format!("the blosc filter {other} is unknown; byte shuffle is known")),
        }
    }
    Ok(width.filter(|&width| width > 1))
}

/// Unpacks a chunk into room of exactly the length it says.
pub fn unpack(chunk: &[u8], out: &mut [u8]) -> Outcome {
    let head = Head::read(chunk)?;
    if head.length != out.len() {
        return Err(format!("a chunk of {} bytes was given room for {}", head.length, out.len()));
    }
    if out.is_empty() {
        return Ok(());
    }
    let body = &chunk[CHUNK_HEAD..];
    if head.special != 0 {
        return fill(&head, body, out);
    }
    if head.copied {
        if body.len() != out.len() {
            return Err(format!("a copied chunk of {} bytes has {}", out.len(), body.len()));
        }
        out.copy_from_slice(body);
        return Ok(());
    }
    let starts = out.len().div_ceil(head.block).checked_mul(4).filter(|&bytes| bytes <= body.len());
    starts.ok_or("a chunk ends within the places of its blocks")?;
    let taken = AtomicUsize::new(0);
    out.par_chunks_mut(head.block).enumerate().try_for_each_init(Decompressor::new, |unpacker, (n, out)| {
        let start = number(chunk, CHUNK_HEAD + 4 * n)?;
        let unpacker = unpacker.as_mut().map_err(|error| error.to_string())?;
        Streams { head: &head, chunk, at: start, taken: &taken, unpacker }.block(out)
    })
}

/// A chunk that is one value all over.
fn fill(head: &Head, body: &[u8], out: &mut [u8]) -> Outcome {
    const ZEROS: u8 = 1;
    const NAN: u8 = 2;
    const REPEATED: u8 = 3;
    const ANYTHING: u8 = 4;
    let nan = |width: usize| match width {
        4 => Ok(f32::NAN.to_le_bytes().to_vec()),
        8 => Ok(f64::NAN.to_le_bytes().to_vec()),
        width => Err(format!("numbers of {width} bytes have no NaN")),
    };
    let value = match head.special {
        // What was never set is zero here.
        ZEROS | ANYTHING => vec![0],
        NAN => nan(head.typesize)?,
        REPEATED => body.get(..head.typesize).ok_or("a chunk of one value lacks it")?.to_vec(),
        other => return Err(format!("chunks of the special kind {other} are unknown")),
    };
    if !out.len().is_multiple_of(value.len()) {
        return Err(format!("{} bytes do not hold numbers of {}", out.len(), value.len()));
    }
    out.chunks_exact_mut(value.len()).for_each(|number| number.copy_from_slice(&value));
    Ok(())
}

/// The streams of one block.
struct Streams<'a> {
    head: &'a Head,
    chunk: &'a [u8],
    at: usize,
    /// Bytes of streams that all blocks have used.
    taken: &'a AtomicUsize,
    unpacker: &'a mut Decompressor<'static>,
}

impl Streams<'_> {
    fn block(mut self, out: &mut [u8]) -> Outcome {
        // Only whole blocks are split, one stream for each byte of a number.
        let parts = if self.head.split && out.len() == self.head.block { self.head.typesize } else { 1 };
        if !out.len().is_multiple_of(parts) {
            return Err(format!("a block of {} bytes cannot have {parts} streams", out.len()));
        }
        match self.head.shuffled {
            None => self.parts(out, parts),
            Some(width) => {
                let mut mixed = vec![0; out.len()];
                self.parts(&mut mixed, parts)?;
                unshuffle(&mixed, width, out);
                Ok(())
            }
        }
    }

    fn parts(&mut self, out: &mut [u8], parts: usize) -> Outcome {
        let part = out.len() / parts;
        out.chunks_exact_mut(part.max(1)).try_for_each(|out| self.stream(out))
    }

    fn take(&mut self, count: usize) -> Outcome<&[u8]> {
        let end = self.at.checked_add(count).filter(|&end| end <= self.chunk.len());
        let end = end.ok_or("a stream of a chunk goes on beyond its end")?;
        if self.taken.fetch_add(count, Ordering::Relaxed).saturating_add(count) > self.chunk.len() {
            return Err("the streams of a chunk overlap".into());
        }
        let taken = &self.chunk[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn stream(&mut self, out: &mut [u8]) -> Outcome {
        const REPEATS: u8 = 1;
        let size = self.take(4)?.first_chunk::<4>().map_or(0, |four| i32::from_le_bytes(*four));
        if size < 0 {
            let value = u8::try_from(size.unsigned_abs()).map_err(|_| "a stream repeats what is no byte")?;
            if self.take(1)? != [REPEATS] {
                return Err("a stream is of an unknown kind".into());
            }
            out.fill(value);
            return Ok(());
        }
        let size = size.unsigned_abs() as usize;
        if size == 0 {
            out.fill(0);
            return Ok(());
        }
        let lz4 = self.head.lz4;
        if size == out.len() {
            out.copy_from_slice(self.take(size)?);
            return Ok(());
        }
        let packed_at = self.at;
        self.take(size)?;
        let packed = &self.chunk[packed_at..packed_at + size];
        let found = if lz4 {
            lz4_flex::block::decompress_into(packed, out).map_err(|_| BROKEN)?
        } else {
            self.unpacker.decompress_to_buffer(packed, out).map_err(|_| BROKEN)?
        };
        if found != out.len() {
            return Err(format!("a stream holds {found} bytes instead of {}", out.len()));
        }
        Ok(())
    }
}

/// Puts the bytes of numbers together again: first bytes lie first, then second ones, and so on.
fn unshuffle(mixed: &[u8], width: usize, out: &mut [u8]) {
    let count = mixed.len() / width;
    for (n, plane) in mixed[..count * width].chunks_exact(count.max(1)).enumerate() {
        out.iter_mut().skip(n).step_by(width).zip(plane).for_each(|(out, &byte)| *out = byte);
    }
    out[count * width..].copy_from_slice(&mixed[count * width..]);
}
