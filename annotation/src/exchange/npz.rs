//! NumPy's arrays and the zip files that hold several, deflated, the same bytes for the same arrays.

use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};

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

/// A member of a zip, plain or deflated, by the zip's own list of what it holds; large ones as NumPy writes them too.
pub(crate) fn member(zip: &[u8], wanted: &str) -> Result<Vec<u8>, String> {
    let broken = || "this is no whole zip file".to_owned();
    let (count, mut at) = directory(zip).ok_or_else(broken)?;
    for _ in 0..count {
        let entry = Entry::at(zip, at).ok_or_else(broken)?;
        if entry.name == wanted.as_bytes() {
            return entry.content(zip).ok_or_else(|| format!("{wanted} is damaged"));
        }
        at = entry.next;
    }
    Err(format!("there is no {wanted} in it"))
}

fn number(bytes: &[u8], at: usize, count: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(count)?)?;
    usize::try_from(bytes.iter().rev().fold(0_u64, |n, b| n << 8 | u64::from(*b))).ok()
}

fn starts(zip: &[u8], at: usize, sign: &[u8; 4]) -> bool {
    zip.get(at..).is_some_and(|rest| rest.starts_with(sign))
}

/// How many members there are, and where their list begins.
fn directory(zip: &[u8]) -> Option<(usize, usize)> {
    const END: usize = 22;
    let last = zip.len().checked_sub(END)?;
    let end = (last.saturating_sub(usize::from(u16::MAX))..=last).rev().find(|at| starts(zip, *at, b"PK\x05\x06"))?;
    let (count, start) = (number(zip, end + 10, 2)?, number(zip, end + 16, 4)?);
    if count < 0xFFFF && start < 0xFFFF_FFFF {
        return Some((count, start));
    }
    let locator = end.checked_sub(20).filter(|at| starts(zip, *at, b"PK\x06\x07"))?;
    let long = number(zip, locator + 8, 8).filter(|at| *at < zip.len() && starts(zip, *at, b"PK\x06\x06"))?;
    Some((number(zip, long + 32, 8)?, number(zip, long + 48, 8)?))
}

/// An array of more bytes is not read: a small file can claim any size.
const MOST_BYTES: usize = 8 << 30;

struct Entry<'z> {
    name: &'z [u8],
    deflated: bool,
    crc: usize,
    packed: usize,
    size: usize,
    start: usize,
    next: usize,
}

impl<'z> Entry<'z> {
    fn at(zip: &'z [u8], at: usize) -> Option<Self> {
        zip.get(at)?;
        let method = number(zip, at + 10, 2).filter(|method| [0, 8].contains(method))?;
        let (name, extra, note) = (number(zip, at + 28, 2)?, number(zip, at + 30, 2)?, number(zip, at + 32, 2)?);
        let [size, packed, start] = [24, 20, 42].map(|from| number(zip, at + from, 4));
        let mut long = Long::of(zip.get(at + 46 + name..at + 46 + name + extra)?);
        let [size, packed, start] = [long.or(size?)?, long.or(packed?)?, long.or(start?)?];
        starts(zip, at, b"PK\x01\x02").then_some(Self {
            name: zip.get(at + 46..at + 46 + name)?,
            deflated: method == 8,
            crc: number(zip, at + 16, 4)?,
            packed,
            size,
            start,
            next: at + 46 + name + extra + note,
        })
    }

    fn content(&self, zip: &[u8]) -> Option<Vec<u8>> {
        let head = self.start;
        zip.get(head).filter(|_| self.size <= MOST_BYTES)?;
        let start = head + 30 + number(zip, head + 26, 2)? + number(zip, head + 28, 2)?;
        let stored = zip.get(start..start.checked_add(self.packed)?).filter(|_| starts(zip, head, b"PK\x03\x04"))?;
        let mut content = Vec::new();
        if self.deflated {
            // A lie about the size ends here, before it costs memory.
            DeflateDecoder::new(stored).take(self.size as u64 + 1).read_to_end(&mut content).ok()?;
        } else {
            content.extend_from_slice(stored);
        }
        let mut crc = Crc::new();
        crc.update(&content);
        (content.len() == self.size && crc.sum() as usize == self.crc).then_some(content)
    }
}

/// Numbers that do not fit into four bytes, in the order of their places.
struct Long<'z>(&'z [u8]);

impl<'z> Long<'z> {
    fn of(mut extra: &'z [u8]) -> Self {
        while let (Some(id), Some(length)) = (number(extra, 0, 2), number(extra, 2, 2)) {
            let Some(field) = extra.get(4..4 + length) else { break };
            if id == 1 {
                return Self(field);
            }
            extra = &extra[4 + length..];
        }
        Self(&[])
    }

    fn or(&mut self, short: usize) -> Option<usize> {
        if short < 0xFFFF_FFFF {
            return Some(short);
        }
        let long = number(self.0, 0, 8)?;
        self.0 = &self.0[8..];
        Some(long)
    }
}

/// An array of whole numbers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Whole {
    pub shape: Vec<usize>,
    pub values: Vec<u16>,
}

/// A member that holds an array of whole numbers up to 65,535.
pub(crate) fn whole_numbers(zip: &[u8], name: &str) -> Result<Whole, String> {
    let (shape, kind, data) = parsed(&member(zip, name)?, name)?;
    let width = match kind.as_str() {
        "|u1" | "|i1" | "|b1" => 1,
        "<u2" | "<i2" => 2,
        "<u4" | "<i4" => 4,
        "<u8" | "<i8" => 8,
        _ => return Err(format!("{name} holds {kind}, not whole numbers")),
    };
    let value = |cell: &[u8]| number(cell, 0, width).and_then(|n| u16::try_from(n).ok());
    let values: Option<Vec<u16>> = cells(&data, &shape, width, name)?.map(value).collect();
    let values = values.ok_or_else(|| format!("{name} has numbers below 0 or above 65,535"))?;
    Ok(Whole { shape, values })
}

/// A member that holds an array of floating point numbers, all of them finite.
pub(crate) fn reals(zip: &[u8], name: &str) -> Result<(Vec<usize>, Vec<f64>), String> {
    let (shape, kind, data) = parsed(&member(zip, name)?, name)?;
    let values: Vec<f64> = match kind.as_str() {
        "<f4" => {
            cells(&data, &shape, 4, name)?.map(|b| f64::from(f32::from_le_bytes([b[0], b[1], b[2], b[3]]))).collect()
        }
        "<f8" => {
            let value = |b: &[u8]| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]);
            cells(&data, &shape, 8, name)?.map(value).collect()
        }
        _ => return Err(format!("{name} holds {kind}, not floating point numbers")),
    };
    if values.iter().any(|value| !value.is_finite()) {
        return Err(format!("{name} has numbers that are infinite or none"));
    }
    Ok((shape, values))
}

/// The shape of an array, as its member says.
pub(crate) fn shape(zip: &[u8], name: &str) -> Result<Vec<usize>, String> {
    Ok(parsed(&member(zip, name)?, name)?.0)
}

/// An array's shape, NumPy's word for its type, and its bytes in C order.
fn parsed(bytes: &[u8], name: &str) -> Result<(Vec<usize>, String, Vec<u8>), String> {
    let no_array = || format!("{name} is no array of NumPy's");
    let version = bytes.get(6).filter(|_| bytes.starts_with(b"\x93NUMPY")).ok_or_else(no_array)?;
    let (from, length) = if *version == 1 { (10, number(bytes, 8, 2)) } else { (12, number(bytes, 8, 4)) };
    let end = length.and_then(|length| length.checked_add(from)).ok_or_else(no_array)?;
    let head = String::from_utf8_lossy(bytes.get(from..end).ok_or_else(no_array)?).into_owned();
    let field = |key: &str| head.split_once(&format!("'{key}':")).map(|(_, rest)| rest.trim_start());
    let kind = field("descr").and_then(|rest| rest.split('\'').nth(1)).ok_or_else(no_array)?;
    let shape = field("shape").and_then(|rest| rest.strip_prefix('(')?.split_once(')')).ok_or_else(no_array)?.0;
    let shape: Option<Vec<usize>> =
        shape.split(',').map(str::trim).filter(|n| !n.is_empty()).map(|n| n.parse().ok()).collect();
    if !field("fortran_order").is_some_and(|rest| rest.starts_with("False")) {
        return Err(format!("{name} is stored columns first; numpy.ascontiguousarray turns it"));
    }
    Ok((shape.ok_or_else(no_array)?, kind.to_owned(), bytes[end..].to_vec()))
}

fn cells<'d>(
    data: &'d [u8],
    shape: &[usize],
    width: usize,
    name: &str,
) -> Result<std::slice::ChunksExact<'d, u8>, String> {
    let bytes = shape.iter().try_fold(width, |n, side| n.checked_mul(*side));
    let whole = bytes == Some(data.len());
    whole.then(|| data.chunks_exact(width)).ok_or_else(|| format!("{name} does not hold what its shape says"))
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
        assert_eq!(member(&zip, "a.npy"), Ok(bytes));
        assert!(member(&zip, "b.npy").is_ok_and(|b| b.ends_with(&[1, 2, 3, 4])));
        assert!(member(&zip, "c.npy").is_err());
        for end in 0..zip.len() {
            assert!(member(&zip[..end], "a.npy").is_err());
        }
        for n in 0..zip.len() {
            let mut spoiled = zip.clone();
            spoiled[n] ^= 0x55;
            // Whatever comes of it comes back.
            let _ = (member(&spoiled, "a.npy"), whole_numbers(&spoiled, "b.npy"));
        }
        let found = whole_numbers(&zip, "b.npy").unwrap();
        assert_eq!(found, Whole { shape: vec![2, 2], values: vec![1, 2, 3, 4] });
        assert!(whole_numbers(&zip, "a.npy").unwrap_err().contains("<f8"));
    }
}
