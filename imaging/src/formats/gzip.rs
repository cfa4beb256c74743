//! Unpacks gzip files (RFC 1952), all members one after the other.
//!
//! The decoder at hand is fast where it is given much at a time and keeps its window in the output; behind the common
//! reader it gets 32 KiB and a fifth of the time goes into starting and stopping. So its frame is read here.

use flate2::{Decompress, FlushDecompress, Status};
use std::io::{Error, ErrorKind, Read, Result};

/// Packed bytes given to the decoder at a time.
const PACKED_BYTES: usize = 1 << 20;

const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;
const HEADER_CHECK: u8 = 2;
const RESERVED: u8 = 0xE0;

pub struct Gzip<R> {
    source: R,
    packed: Vec<u8>,
    at: usize,
    decoder: Decompress,
    /// Between a member's header and its checksum.
    inside: bool,
    members: usize,
    checksum: crc32fast::Hasher,
}

impl<R: Read> Gzip<R> {
    pub fn new(source: R) -> Self {
        let decoder = Decompress::new(false);
        let checksum = crc32fast::Hasher::new();
        Self { source, packed: Vec::new(), at: 0, decoder, inside: false, members: 0, checksum }
    }

    /// Reads on where all packed bytes are used up; false at the end of the file.
    fn refill(&mut self) -> Result<bool> {
        if self.at < self.packed.len() {
            return Ok(true);
        }
        self.packed.resize(PACKED_BYTES, 0);
        self.at = 0;
        let outcome = loop {
            match self.source.read(&mut self.packed) {
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                outcome => break outcome,
            }
        };
        self.packed.truncate(*outcome.as_ref().unwrap_or(&0));
        outcome.map(|count| count > 0)
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        for byte in &mut bytes {
            if !self.refill()? {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            *byte = self.packed[self.at];
            self.at += 1;
        }
        Ok(bytes)
    }

    /// Reads the header of a member; false where the file ends instead.
    fn begin_member(&mut self) -> Result<bool> {
        if self.members > 0 && !self.refill()? {
            return Ok(false);
        }
        let [first, second, method, flags, ..] = self.bytes::<10>()?;
        if [first, second, method] != [0x1F, 0x8B, 8] || flags & RESERVED != 0 {
            return Err(Error::new(ErrorKind::InvalidInput, "no gzip header begins here"));
        }
        if flags & EXTRA != 0 {
            for _ in 0..u16::from_le_bytes(self.bytes()?) {
                self.bytes::<1>()?;
            }
        }
        for text in [NAME, COMMENT] {
            while flags & text != 0 && self.bytes()? != [0] {}
        }
        if flags & HEADER_CHECK != 0 {
            self.bytes::<2>()?;
        }
        self.inside = true;
        Ok(true)
    }

    fn end_member(&mut self) -> Result<()> {
        let ours = (std::mem::take(&mut self.checksum).finalize(), self.decoder.total_out() as u32);
        let theirs = (u32::from_le_bytes(self.bytes()?), u32::from_le_bytes(self.bytes()?));
        self.decoder.reset(false);
        self.inside = false;
        self.members += 1;
        if ours == theirs {
            Ok(())
        } else {
            Err(Error::new(ErrorKind::InvalidData, "the unpacked bytes do not match their checksum"))
        }
    }
}

impl<R: Read> Read for Gzip<R> {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.inside && !self.begin_member()? {
                return Ok(0);
            }
            let more = self.refill()?;
            let (used, made) = (self.decoder.total_in(), self.decoder.total_out());
            let status = self.decoder.decompress(&self.packed[self.at..], out, FlushDecompress::None)?;
            self.at += (self.decoder.total_in() - used) as usize;
            let count = (self.decoder.total_out() - made) as usize;
            self.checksum.update(&out[..count]);
            if count > 0 {
                return Ok(count);
            }
            match status {
                Status::StreamEnd => self.end_member()?,
                _ if !more => return Err(ErrorKind::UnexpectedEof.into()),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::MultiGzDecoder;
    use flate2::write::GzEncoder;
    use flate2::{Compression, GzBuilder};
    use proptest::prelude::*;
    use std::io::Write;

    fn packed(bytes: &[u8], level: u32) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// Gives a few bytes at a time, as a pipe would.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, out: &mut [u8]) -> Result<usize> {
            let count = out.len().min(7);
            self.0.read(&mut out[..count])
        }
    }

    /// All that comes, and the fault that ends it.
    fn all_of(mut source: impl Read) -> (Vec<u8>, Option<Error>) {
        let mut out = Vec::new();
        let fault = source.read_to_end(&mut out).err();
        (out, fault)
    }

    fn noisy(count: usize, seed: u32) -> Vec<u8> {
        let mut state = seed | 1;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 24
        };
        (0..count).map(|n| if n % 4096 < 1000 { 7 } else { (next() % 24) as u8 }).collect()
    }

    #[test]
    fn members_of_every_make_are_one_stream() {
        let bytes = noisy(300_000, 5);
        let mut named = GzBuilder::new().filename("a").comment("b").extra("cde").write(Vec::new(), Compression::best());
        named.write_all(&bytes).unwrap();
        let mut whole = named.finish().unwrap();
        for level in [0, 1, 9] {
            whole.extend(packed(&bytes, level));
            whole.extend(packed(&[], level));
        }
        for (out, fault) in [all_of(Gzip::new(&whole[..])), all_of(Gzip::new(Slow(&whole)))] {
            assert!(out == bytes.repeat(4) && fault.is_none());
        }
    }

    #[test]
    fn what_came_before_a_fault_is_handed_on_and_the_fault_is_told() {
        let bytes = noisy(100_000, 9);
        let whole = packed(&bytes, 6);
        let mut wrong = whole.clone();
        let at = wrong.len() - 6;
        wrong[at] ^= 1;
        let (out, fault) = all_of(Gzip::new(&wrong[..]));
        assert!(out == bytes && fault.unwrap().to_string().contains("checksum"));
        let (out, fault) = all_of(Gzip::new(&whole[..whole.len() - 3]));
        assert!(out == bytes && fault.unwrap().kind() == ErrorKind::UnexpectedEof);
        let (out, fault) = all_of(Gzip::new(&whole[..whole.len() / 2]));
        assert!(bytes.starts_with(&out) && out.len() > 10_000 && fault.unwrap().kind() == ErrorKind::UnexpectedEof);
        let (out, fault) = all_of(Gzip::new(&[&whole[..], b"more"].concat()[..]));
        assert!(out == bytes && fault.is_some());
        assert!(all_of(Gzip::new(&b""[..])).1.is_some());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_spoiled_stream_is_what_the_common_reader_says(
            seed in 1_u32..u32::MAX,
            changes in proptest::collection::vec((0.0_f64..1.0, 0_u8..8), 0..4),
            kept in 0.5_f64..1.5,
        ) {
            let mut stream = packed(&noisy(50_000, seed), 6);
            let length = stream.len() as f64;
            for (place, bit) in changes {
                stream[(place * length) as usize] ^= 1 << bit;
            }
            stream.truncate((kept * length) as usize);
            let (expected, trouble) = all_of(MultiGzDecoder::new(&stream[..]));
            let (out, fault) = all_of(Gzip::new(&stream[..]));
            prop_assert_eq!(fault.is_some(), trouble.is_some(), "{:?} {:?}", fault, trouble);
            prop_assert!(fault.is_some() || out == expected);
        }
    }
}
