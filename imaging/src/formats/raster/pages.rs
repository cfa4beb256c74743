//! The pages of a TIFF. The image decoder reads the first page a header points at, so each page gets a view of the
//! file whose header points at it.
//!
//! The list of pages is the file's claim: it is followed within the file only, and never round in a circle.

use crate::error::{Error, Result};
use std::fs::File;
use std::io::{Read, Result as IoResult, Seek, SeekFrom};
use std::path::Path;

/// More pages than this are no stack a person looks at.
const MOST_PAGES: usize = 1 << 16;

/// Where the pages start, and where in the header that is written.
pub struct Pages {
    starts: Vec<u64>,
    layout: Layout,
    /// The list breaks off: it leaves the file, or comes back to a page it had.
    pub broken: bool,
}

#[derive(Clone, Copy)]
struct Layout {
    big_endian: bool,
    /// 64-bit offsets.
    big: bool,
}

impl Layout {
    /// `None` where the header is no TIFF's.
    fn of(header: [u8; 4]) -> Option<Self> {
        match header {
            [b'I', b'I', 42, 0] => Some(Self { big_endian: false, big: false }),
            [b'I', b'I', 43, 0] => Some(Self { big_endian: false, big: true }),
            [b'M', b'M', 0, 42] => Some(Self { big_endian: true, big: false }),
            [b'M', b'M', 0, 43] => Some(Self { big_endian: true, big: true }),
            _ => None,
        }
    }

    const fn offset_bytes(self) -> usize {
        if self.big { 8 } else { 4 }
    }

    /// Where the header holds the start of the first page.
    const fn first_at(self) -> u64 {
        if self.big { 8 } else { 4 }
    }

    fn number(self, file: &mut File, at: u64, bytes: usize) -> IoResult<u64> {
        let mut raw = [0; 8];
        file.seek(SeekFrom::Start(at))?;
        if self.big_endian {
            file.read_exact(&mut raw[8 - bytes..])?;
            return Ok(u64::from_be_bytes(raw));
        }
        file.read_exact(&mut raw[..bytes])?;
        Ok(u64::from_le_bytes(raw))
    }

    /// The start of the page after the one at `start`; 0 after the last.
    fn next(self, file: &mut File, start: u64) -> IoResult<u64> {
        let (count_bytes, entry_bytes) = if self.big { (8, 20) } else { (2, 12) };
        let entries = self.number(file, start, count_bytes)?;
        let at = entries.checked_mul(entry_bytes).and_then(|n| n.checked_add(start)?.checked_add(count_bytes as u64));
        self.number(file, at.ok_or(std::io::ErrorKind::UnexpectedEof)?, self.offset_bytes())
    }

    fn bytes_of(self, start: u64) -> Vec<u8> {
        match (self.big, self.big_endian) {
            (true, true) => start.to_be_bytes().to_vec(),
            (true, false) => start.to_le_bytes().to_vec(),
            (false, true) => (start as u32).to_be_bytes().to_vec(),
            (false, false) => (start as u32).to_le_bytes().to_vec(),
        }
    }
}

impl Pages {
    pub fn of(path: &Path) -> Result<Self> {
        let mut file = File::open(path).map_err(Error::io(path, "could not open the file"))?;
        let mut header = [0; 4];
        file.read_exact(&mut header).map_err(Error::io(path, "could not read the file"))?;
        let layout = Layout::of(header).ok_or_else(|| Error::malformed(path, "the TIFF header is not a known one"))?;
        let mut pages = Self { starts: Vec::new(), layout, broken: false };
        let mut seen = std::collections::HashSet::new();
        let mut next = layout.number(&mut file, layout.first_at(), layout.offset_bytes());
        loop {
            match next {
                Ok(0) => return Ok(pages),
                Ok(start) if pages.starts.len() < MOST_PAGES && seen.insert(start) => {
                    next = layout.next(&mut file, start);
                    pages.starts.push(start);
                }
                _ => {
                    pages.broken = true;
                    return Ok(pages);
                }
            }
        }
    }

    pub const fn count(&self) -> usize {
        self.starts.len()
    }

    /// The file as if this page were its first; `None` past the last.
    pub fn view(&self, path: &Path, page: usize) -> Option<Result<PageView>> {
        let start = *self.starts.get(page)?;
        let file = File::open(path).map_err(Error::io(path, "could not open the file"));
        Some(file.map(|file| PageView {
            file,
            at: 0,
            patch_at: self.layout.first_at(),
            patch: self.layout.bytes_of(start),
        }))
    }
}

/// A file with a few bytes of its header replaced.
pub struct PageView {
    file: File,
    at: u64,
    patch_at: u64,
    patch: Vec<u8>,
}

impl Read for PageView {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        let filled = self.file.read(buffer)?;
        for (n, &byte) in self.patch.iter().enumerate() {
            let position = (self.patch_at + n as u64).checked_sub(self.at);
            if let Some(slot) = position.and_then(|p| buffer[..filled].get_mut(usize::try_from(p).ok()?)) {
                *slot = byte;
            }
        }
        self.at += filled as u64;
        Ok(filled)
    }
}

impl Seek for PageView {
    fn seek(&mut self, to: SeekFrom) -> IoResult<u64> {
        self.at = self.file.seek(to)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use crate::Task;
    use crate::formats::{open_single, scan};
    use crate::volume::{Samples, StackAxis};

    /// A grey 8-bit TIFF of these pages (columns, samples) in this byte order.
    fn tiff(pages: &[(u32, Vec<u8>)], big_endian: bool) -> Vec<u8> {
        let short = |x: u16| if big_endian { x.to_be_bytes() } else { x.to_le_bytes() };
        let long = |x: u32| if big_endian { x.to_be_bytes() } else { x.to_le_bytes() };
        let mut out = if big_endian { b"MM".to_vec() } else { b"II".to_vec() };
        out.extend(short(42));
        out.extend(long(8 + pages[0].1.len() as u32));
        for (n, (columns, samples)) in pages.iter().enumerate() {
            let samples_at = out.len() as u32;
            out.extend(samples);
            let rows = samples.len() as u32 / columns;
            let entries = [
                (256, *columns),
                (257, rows),
                (258, 8),
                (259, 1),
                (262, 1),
                (273, samples_at),
                (277, 1),
                (278, rows),
                (279, samples.len() as u32),
            ];
            out.extend(short(entries.len() as u16));
            for (tag, value) in entries {
                const LONG: u16 = 4;
                out.extend(short(tag).into_iter().chain(short(LONG)).chain(long(1)).chain(long(value)));
            }
            let next = pages.get(n + 1).map_or(0, |p| out.len() as u32 + 4 + p.1.len() as u32);
            out.extend(long(next));
        }
        out
    }

    #[test]
    fn pages_of_one_kind_are_a_stack() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pages.tif");
        for big_endian in [false, true] {
            let pages: Vec<_> = (0..3).map(|p| (3, (p * 6..p * 6 + 6).collect())).collect();
            std::fs::write(&path, tiff(&pages, big_endian)).unwrap();
            let volume = open_single(&path, &Task::default()).unwrap();
            assert_eq!(volume.geometry.size(), [3, 2, 3]);
            assert_eq!(volume.samples(), &Samples::U8((0..18).collect()));
            assert_eq!(volume.stack_axis, StackAxis::Order);
            let found = scan(&path, &Task::default()).unwrap();
            let facts = found.series[0].facts(&Task::default()).unwrap();
            assert_eq!(facts.sha256_samples, volume.samples().sha256_hex());
            assert_eq!(facts.stats.unwrap().max, 17.0);
        }
    }

    #[test]
    fn pages_that_differ_are_left_out_aloud() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pages.tif");
        std::fs::write(&path, tiff(&[(3, vec![7; 6]), (3, vec![8; 6]), (2, vec![9; 6])], false)).unwrap();
        let volume = open_single(&path, &Task::default()).unwrap();
        assert_eq!(volume.samples(), &Samples::U8(vec![7; 6]));
        let warning = volume.warnings.iter().find(|w| w.code == "pages_left_out").unwrap();
        assert!(warning.text.contains("2 are left out"), "{}", warning.text);
    }

    #[test]
    fn a_list_of_pages_that_goes_round_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pages.tif");
        let whole = tiff(&[(3, vec![7; 6]), (3, vec![8; 6])], false);
        for next in [14_u32, u32::MAX] {
            let mut bytes = whole.clone();
            let last = bytes.len() - 4;
            bytes[last..].copy_from_slice(&next.to_le_bytes());
            std::fs::write(&path, bytes).unwrap();
            let volume = open_single(&path, &Task::default()).unwrap();
            assert!(volume.warnings.iter().any(|w| w.code == "malformed"));
        }
    }
}
