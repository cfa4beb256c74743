//! NumPy's arrays and the zip files that hold several, deflated, the same bytes for the same arrays.

use flate2::write::{DeflateDecoder, DeflateEncoder};
use flate2::{Compression, Crc};
use std::fmt::Write as _;
use std::io::Write as _;

/// One array in C order: `descr` is NumPy's word for the type.
pub(crate) fn array(descr: &str, shape: &[usize], bytes: &[u8]) -> Vec<u8> {
    let mut sizes = String::new();
    for size in shape {
        let _ = write!(sizes, "{size}, ");
    }
    let sizes = if shape.len() == 1 { sizes.trim_end().to_owned() } else { sizes.trim_end_matches(", ").to_owned() };
    let mut head = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sizes}), }}");
    // The data starts at a multiple of 64.
    let padding = (10 + head.len() + 1).next_multiple_of(64) - (10 + head.len() + 1);
    head.push_str(&" ".repeat(padding));
    head.push('\n');
    let mut out = b"\x93NUMPY\x01\x00".to_vec();
    out.extend((head.len() as u16).to_le_bytes());
    out.extend(head.as_bytes());
    out.extend(bytes);
    out
}

/// A zip of members, all with the same time.
pub(crate) fn file(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for (name, content) in members {
        let mut crc = Crc::new();
        crc.update(content);
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        // Writing to memory cannot fail.
        let packed = encoder.write_all(content).and_then(|()| encoder.finish()).unwrap_or_default();
        let start = out.len() as u32;
        let mut common = Vec::new();
        common.extend([20, 0, 0, 0, 8, 0, 0, 0, 0x21, 0x28]);
        common.extend(crc.sum().to_le_bytes());
        common.extend((packed.len() as u32).to_le_bytes());
        common.extend((content.len() as u32).to_le_bytes());
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0, 0]);
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(name.as_bytes());
        out.extend(packed);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(start.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let start = out.len() as u32;
    let count = (members.len() as u16).to_le_bytes();
    out.extend(&directory);
    out.extend(b"PK\x05\x06\x00\x00\x00\x00");
    out.extend(count);
    out.extend(count);
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
    out
}

/// A member of a zip that `file` made.
pub(crate) fn member(zip: &[u8], wanted: &str) -> Option<Vec<u8>> {
    let mut at = 0;
    while zip.get(at..at + 4) == Some(b"PK\x03\x04") {
        let number = |from: usize, count: usize| -> Option<usize> {
            Some(zip.get(at + from..at + from + count)?.iter().rev().fold(0, |n, b| n << 8 | usize::from(*b)))
        };
        let (packed, name) = (number(18, 4)?, number(26, 2)?);
        let start = at + 30 + name + number(28, 2)?;
        let content = zip.get(start..start.checked_add(packed)?)?;
        if zip.get(at + 30..at + 30 + name)? == wanted.as_bytes() {
            let mut decoder = DeflateDecoder::new(Vec::new());
            decoder.write_all(content).ok()?;
            return decoder.finish().ok();
        }
        at = start + packed;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_are_aligned_and_come_back_from_the_zip() {
        let bytes = array("<f8", &[3], &[7; 24]);
        assert_eq!(bytes.len() % 64, 24);
        assert!(
            String::from_utf8_lossy(&bytes[10..])
                .starts_with("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }")
        );
        let zip = file(&[("a.npy", bytes.clone()), ("b.npy", array("|u1", &[2, 2], &[1, 2, 3, 4]))]);
        assert_eq!(member(&zip, "a.npy"), Some(bytes));
        assert!(member(&zip, "b.npy").is_some_and(|b| b.ends_with(&[1, 2, 3, 4])));
        assert_eq!(member(&zip, "c.npy"), None);
        assert_eq!(member(&zip[..20], "a.npy"), None);
    }
}
