//! Arrays into bytes that every reader of the protocol unpacks: ZSTD in blosc2 chunks, shuffled where it helps.

use super::array::Dtype;
use rayon::prelude::*;
use zstd::bulk::Compressor;

pub const MAGIC: [u8; 4] = *b"NNIA";
pub const VERSION: u8 = 1;
/// Magic, version, codec, axes, length of the type's name.
pub const HEAD: usize = 8;
/// The head of a blosc2 chunk.
pub const CHUNK_HEAD: usize = 32;

const CODEC_ZSTD: u8 = 1;
/// Sizes within a chunk are 32-bit numbers; this is what other writers use.
const MOST_IN_CHUNK: usize = 1 << 30;
/// Fits into the caches, and there are enough of them for all processors.
const BLOCK: usize = 1 << 18;
/// Networks wait for no one: the fastest level that still packs masks to next to nothing.
const LEVEL: i32 = 1;

/// Bits in the head of a chunk.
pub mod flag {
    /// Both shuffle bits: the head has its second half.
    pub const EXTENDED: u8 = 0b101;
    pub const COPIED: u8 = 1 << 1;
    /// A block is one stream.
    pub const WHOLE_BLOCKS: u8 = 1 << 4;
    pub const LZ4: u8 = 1;
    pub const ZSTD: u8 = 4;
    /// The filter, not the bit.
    pub const SHUFFLE: u8 = 1;
    /// In the last byte: a dictionary, a longer head, a codec elsewhere, a lazy or an instrumented chunk.
    pub const BEYOND: u8 = 0b1000_1111;
    pub const ALL_ZEROS: u8 = 1 << 4;
}

/// Numbers in C order, little-endian, as many as the shape says. Shuffled, bytes of like worth lie together: that packs
/// pictures better, and masks worse.
#[must_use]
pub fn pack(dtype: Dtype, shape: &[usize], bytes: &[u8], shuffled: bool) -> Vec<u8> {
    debug_assert_eq!(shape.iter().product::<usize>() * dtype.bytes(), bytes.len());
    let name = dtype.name().as_bytes();
    let mut out = MAGIC.to_vec();
    out.extend([VERSION, CODEC_ZSTD, shape.len() as u8, name.len() as u8]);
    out.extend(name);
    out.extend(shape.iter().flat_map(|&length| (length as u64).to_le_bytes()));
    out.extend((bytes.len().div_ceil(MOST_IN_CHUNK) as u32).to_le_bytes());
    for part in bytes.chunks(MOST_IN_CHUNK) {
        let packed = chunk(part, dtype.bytes(), shuffled && dtype.bytes() > 1);
        out.extend((part.len() as u64).to_le_bytes());
        out.extend((packed.len() as u64).to_le_bytes());
        out.extend(packed);
    }
    out
}

/// One block as a stream with its length before it. Nothing follows a length of zero: all are zeros.
fn stream(block: &[u8], width: usize, shuffled: bool) -> Vec<u8> {
    if is_zero(block) {
        return 0_i32.to_le_bytes().to_vec();
    }
    let mixed = if shuffled { shuffle(block, width) } else { Vec::new() };
    let plain = if shuffled { &mixed[..] } else { block };
    let packed = Compressor::new(LEVEL).and_then(|mut packer| packer.compress(plain));
    // A stream as long as its block is a copy.
    let packed = packed.ok().filter(|packed| packed.len() < plain.len());
    let body = packed.as_deref().unwrap_or(plain);
    [&(body.len() as i32).to_le_bytes(), body].concat()
}

fn chunk(bytes: &[u8], width: usize, shuffled: bool) -> Vec<u8> {
    if is_zero(bytes) {
        return head(bytes.len(), bytes.len(), CHUNK_HEAD, width, Kind { zeros: true, ..Kind::default() }).to_vec();
    }
    // A whole number of numbers in each.
    let block = BLOCK.min(bytes.len());
    let streams: Vec<Vec<u8>> = bytes.par_chunks(block).map(|block| stream(block, width, shuffled)).collect();
    let mut start = CHUNK_HEAD + 4 * streams.len();
    let length = start + streams.iter().map(Vec::len).sum::<usize>();
    if length >= CHUNK_HEAD + bytes.len() {
        let kind = Kind { copied: true, ..Kind::default() };
        return [&head(bytes.len(), block, CHUNK_HEAD + bytes.len(), width, kind)[..], bytes].concat();
    }
    let mut out = Vec::with_capacity(length);
    out.extend(head(bytes.len(), block, length, width, Kind { shuffled, ..Kind::default() }));
    for stream in &streams {
        out.extend((start as i32).to_le_bytes());
        start += stream.len();
    }
    streams.iter().for_each(|stream| out.extend(stream));
    out
}

#[derive(Clone, Copy, Default)]
struct Kind {
    zeros: bool,
    copied: bool,
    shuffled: bool,
}

fn head(length: usize, block: usize, packed: usize, width: usize, kind: Kind) -> [u8; CHUNK_HEAD] {
    const FORMAT: u8 = 5;
    const CODEC_FORMAT: u8 = 1;
    const CODEC: u8 = 5;
    let mut head = [0; CHUNK_HEAD];
    let copied = if kind.copied { flag::COPIED } else { 0 };
    let flags = flag::EXTENDED | flag::WHOLE_BLOCKS | flag::ZSTD << 5 | copied;
    head[..4].copy_from_slice(&[FORMAT, CODEC_FORMAT, flags, width as u8]);
    for (at, size) in [(4, length), (8, block), (12, packed)] {
        head[at..at + 4].copy_from_slice(&(size as i32).to_le_bytes());
    }
    head[16] = if kind.shuffled { flag::SHUFFLE } else { 0 };
    head[22] = CODEC;
    head[31] = if kind.zeros { flag::ALL_ZEROS } else { 0 };
    head
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| byte == 0)
}

/// First bytes of all numbers first, then second ones, and so on.
fn shuffle(block: &[u8], width: usize) -> Vec<u8> {
    let whole = block.len() / width * width;
    let mut out = Vec::with_capacity(block.len());
    (0..width).for_each(|n| out.extend(block[..whole].iter().skip(n).step_by(width)));
    out.extend(&block[whole..]);
    out
}
