//! The container of a PyTorch checkpoint: a ZIP archive whose members are stored as they are, so that any part of one
//! can be read where it lies. Nothing is unpacked, and nothing is read beyond what is asked for.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::{Mutex, PoisonError};

type Result<T> = std::result::Result<T, String>;

#[derive(Debug)]
pub struct Archive {
    file: Mutex<File>,
    length: u64,
    members: BTreeMap<String, Member>,
}

#[derive(Clone, Copy, Debug)]
struct Member {
    header_at: u64,
    size: u64,
}

/// Where the directory lies, and how much of it there is.
struct Directory {
    at: u64,
    bytes: u64,
    entries: u64,
}

const END: u64 = 0x0605_4b50;
const END_BYTES: usize = 22;
const LARGE_END: u64 = 0x0606_4b50;
const LARGE_END_BYTES: usize = 56;
const LOCATOR: u64 = 0x0706_4b50;
const LOCATOR_BYTES: usize = 20;
const ENTRY: u64 = 0x0201_4b50;
const ENTRY_BYTES: usize = 46;
const HEADER: u64 = 0x0403_4b50;
const HEADER_BYTES: usize = 30;
const LONGEST_COMMENT: u64 = 0xffff;
/// The extra field that holds numbers of 64 bits.
const LARGE_NUMBERS: u64 = 1;
/// In the directory's 32 bits: look for the number there.
const ELSEWHERE: u64 = 0xffff_ffff;

/// A network has some hundred tensors, each a member.
const MOST_ENTRIES: u64 = 100_000;
const LARGEST_DIRECTORY_BYTES: u64 = 32 << 20;

impl Archive {
    /// Reads the directory of an archive.
    pub fn open(file: File) -> Result<Self> {
        let length = file.metadata().map_err(unreadable)?.len();
        let mut archive = Self { file: Mutex::new(file), length, members: BTreeMap::new() };
        let directory = archive.directory()?;
        if directory.entries > MOST_ENTRIES || directory.bytes > LARGEST_DIRECTORY_BYTES {
            return Err(format!("it lists {} members; no network has so many", directory.entries));
        }
        let bytes = archive.part(directory.at, directory.bytes)?;
        archive.members = members(&bytes, directory.entries)?;
        Ok(archive)
    }

    fn directory(&self) -> Result<Directory> {
        let tail = (END_BYTES as u64 + LONGEST_COMMENT).min(self.length);
        let start = self.length - tail;
        let bytes = self.part(start, tail)?;
        let at = (0..bytes.len().saturating_sub(END_BYTES - 1)).rev().find(|&at| number::<4>(&bytes, at) == Ok(END));
        let at = at.ok_or("it is no ZIP archive; checkpoints from before PyTorch 1.6 must be saved anew")?;
        let directory = Directory {
            entries: number::<2>(&bytes, at + 10)?,
            bytes: number::<4>(&bytes, at + 12)?,
            at: number::<4>(&bytes, at + 16)?,
        };
        let is_large = directory.entries == 0xffff || directory.bytes == ELSEWHERE || directory.at == ELSEWHERE;
        if !is_large {
            return Ok(directory);
        }
        let end = start + at as u64;
        let locator =
            self.part(end.checked_sub(LOCATOR_BYTES as u64).ok_or("its end is cut off")?, LOCATOR_BYTES as u64)?;
        if number::<4>(&locator, 0)? != LOCATOR {
            return Err("its directory cannot be found".into());
        }
        let end = self.part(number::<8>(&locator, 8)?, LARGE_END_BYTES as u64)?;
        if number::<4>(&end, 0)? != LARGE_END {
            return Err("its directory cannot be found".into());
        }
        Ok(Directory { entries: number::<8>(&end, 32)?, bytes: number::<8>(&end, 40)?, at: number::<8>(&end, 48)? })
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(String::as_str)
    }

    /// Bytes of a member, `None` where there is none of that name.
    pub fn size_of(&self, name: &str) -> Option<u64> {
        self.members.get(name).map(|member| member.size)
    }

    /// Part of a member.
    pub fn read(&self, name: &str, from: u64, bytes: u64) -> Result<Vec<u8>> {
        let member = self.members.get(name).ok_or_else(|| format!("it lacks the member {name}"))?;
        if from.checked_add(bytes).is_none_or(|end| end > member.size) {
            return Err(format!("the member {name} has {} bytes; more were asked for", member.size));
        }
        let header = self.part(member.header_at, HEADER_BYTES as u64)?;
        if number::<4>(&header, 0)? != HEADER {
            return Err(format!("the member {name} is not where the directory says"));
        }
        let start = HEADER_BYTES as u64 + number::<2>(&header, 26)? + number::<2>(&header, 28)?;
        let start = member.header_at.checked_add(start).and_then(|at| at.checked_add(from));
        self.part(start.ok_or("a member lies beyond the end")?, bytes)
    }

    fn part(&self, at: u64, bytes: u64) -> Result<Vec<u8>> {
        if at.checked_add(bytes).is_none_or(|end| end > self.length) {
            return Err("the file is cut off".into());
        }
        let mut out = vec![0; usize::try_from(bytes).map_err(|_| "it is too large for this machine")?];
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(at)).map_err(unreadable)?;
        file.read_exact(&mut out).map_err(unreadable)?;
        Ok(out)
    }
}

fn members(bytes: &[u8], entries: u64) -> Result<BTreeMap<String, Member>> {
    let mut members = BTreeMap::new();
    let mut at = 0;
    for _ in 0..entries {
        if number::<4>(bytes, at)? != ENTRY {
            return Err("its directory is damaged".into());
        }
        let lengths = [28, 30, 32].map(|offset| number::<2>(bytes, at + offset));
        let [name_bytes, extra_bytes, comment_bytes] =
            [lengths[0].clone()?, lengths[1].clone()?, lengths[2].clone()?].map(|n| n as usize);
        let name_at = at + ENTRY_BYTES;
        let name = bytes.get(name_at..name_at + name_bytes).ok_or("its directory is cut off")?;
        let name = String::from_utf8(name.to_vec()).map_err(|_| "a member's name is not text")?;
        let extra =
            bytes.get(name_at + name_bytes..name_at + name_bytes + extra_bytes).ok_or("its directory is cut off")?;
        let member = member(&bytes[at..name_at], extra, &name)?;
        if members.insert(name.clone(), member).is_some() {
            return Err(format!("it has two members {name}"));
        }
        at = name_at + name_bytes + extra_bytes + comment_bytes;
    }
    Ok(members)
}

fn member(entry: &[u8], extra: &[u8], name: &str) -> Result<Member> {
    let (flags, method) = (number::<2>(entry, 8)?, number::<2>(entry, 10)?);
    if method != 0 || flags & 1 != 0 {
        return Err(format!("the member {name} is packed or encrypted; PyTorch stores members as they are"));
    }
    let mut large = large_numbers(extra)?.into_iter();
    // Only numbers that do not fit stand in the extra field, in this order.
    let mut wide = |short: u64| {
        if short == ELSEWHERE {
            large.next().ok_or_else(|| format!("the size of {name} is missing"))
        } else {
            Ok(short)
        }
    };
    let size = wide(number::<4>(entry, 24)?)?;
    let packed = wide(number::<4>(entry, 20)?)?;
    let header_at = wide(number::<4>(entry, 42)?)?;
    if packed != size {
        return Err(format!("the member {name} has two sizes"));
    }
    Ok(Member { header_at, size })
}

fn large_numbers(extra: &[u8]) -> Result<Vec<u64>> {
    let mut at = 0;
    while at + 4 <= extra.len() {
        let (kind, bytes) = (number::<2>(extra, at)?, number::<2>(extra, at + 2)? as usize);
        if kind == LARGE_NUMBERS {
            let field = extra.get(at + 4..at + 4 + bytes).ok_or("its directory is cut off")?;
            return Ok(field.as_chunks::<8>().0.iter().map(|&b| u64::from_le_bytes(b)).collect());
        }
        at += 4 + bytes;
    }
    Ok(Vec::new())
}

/// A number of `N` bytes, the lowest first.
fn number<const N: usize>(bytes: &[u8], at: usize) -> Result<u64> {
    let part = bytes.get(at..at + N).ok_or("its directory is cut off")?;
    Ok(part.iter().rev().fold(0, |n, &byte| n << 8 | u64::from(byte)))
}

#[expect(clippy::needless_pass_by_value, reason = "as map_err hands it over")]
fn unreadable(error: std::io::Error) -> String {
    format!("it could not be read: {error}")
}
