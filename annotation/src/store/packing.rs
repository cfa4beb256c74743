//! How rows become bytes: JSON or run lengths, compressed, each with a checksum that is kept beside it.

use crate::brick::Brick;
use crate::packed::{push_number, take_number};
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use sha2::{Digest, Sha256};
use std::io::{Read, Write};
use std::sync::Arc;

/// No payload of ours comes near; a damaged length cannot ask for more.
const MAX_UNPACKED_BYTES: u64 = 4 << 30;

pub(crate) fn compress(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}

pub(crate) fn decompress(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut out = Vec::new();
    ZlibDecoder::new(bytes).take(MAX_UNPACKED_BYTES).read_to_end(&mut out)?;
    Ok(out)
}

/// Run lengths of values: pairs of count and value.
pub(crate) fn pack_brick(brick: &Brick, len: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut push = |value: u16, count: usize| {
        push_number(&mut out, count as u64);
        push_number(&mut out, u64::from(value));
    };
    match brick {
        Brick::Uniform(value) => push(*value, len),
        Brick::Dense(values) => values.chunk_by(|a, b| a == b).for_each(|run| push(run[0], run.len())),
    }
    out
}

/// `None` where the bytes are not a brick of `len` values.
pub(crate) fn unpack_brick(mut bytes: &[u8], len: usize) -> Option<Brick> {
    let mut values = Vec::with_capacity(len);
    while !bytes.is_empty() {
        let count = usize::try_from(take_number(&mut bytes)?).ok()?;
        let value = u16::try_from(take_number(&mut bytes)?).ok()?;
        if count > len - values.len() {
            return None;
        }
        if count == len {
            return Some(Brick::Uniform(value));
        }
        values.resize(values.len() + count, value);
    }
    (values.len() == len).then(|| Brick::Dense(Arc::new(values)))
}

/// The first half of a SHA-256 over the parts, each with its length, so that no two lists of parts read the same.
pub(crate) fn checksum(parts: &[&[u8]]) -> Vec<u8> {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize()[..16].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bricks_come_back_and_broken_ones_do_not() {
        let values: Vec<u16> = (0..64).map(|n| if n % 7 < 3 { 300 } else { 0 }).collect();
        let brick = Brick::Dense(Arc::new(values));
        let bytes = pack_brick(&brick, 64);
        assert_eq!(unpack_brick(&bytes, 64), Some(brick));
        assert_eq!(unpack_brick(&pack_brick(&Brick::Uniform(9), 64), 64), Some(Brick::Uniform(9)));
        assert_eq!(unpack_brick(&bytes, 63), None);
        assert_eq!(unpack_brick(&bytes[..bytes.len() - 1], 64), None);
        assert_eq!(unpack_brick(&[0xff; 12], 64), None);
    }

    #[test]
    fn parts_cannot_be_shifted_into_each_other() {
        assert_ne!(checksum(&[b"ab", b"c"]), checksum(&[b"a", b"bc"]));
    }
}
