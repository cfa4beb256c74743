//! A DICOM file opened as far as needed: preamble, file meta, transfer syntax, then elements up to the pixel data.
//!
//! What a careful reader can still make sense of (no preamble, no meta, a wrong transfer syntax) is read with a warning.

use super::dataset::{self, Fault, Layout, PixelPlace, Read as ElementsRead, View};
use super::syntax::{self, Syntax};
use super::tags;
use crate::error::{Error, Result};
use crate::formats::at_place;
use crate::task::Warning;
use dicom_core::VR;
use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Enough for the header of most files; one that needs more is read again with more.
const FIRST_BYTES: usize = 16 << 10;
const GROWTH: usize = 8;
/// Deflate packs at most about 1 to 1032, so a small file can hide much. A deflated data set may unpack to the first of
/// these, or to so many times its packed bytes, but never beyond the second; no real one of that size comes near.
const INFLATED_ALWAYS: u64 = 64 << 20;
const INFLATED_MOST: u64 = 2 << 30;
const INFLATED_TIMES: u64 = 32;

/// The opened file. `bytes` is a head of it, or all of it (after inflating, where the syntax deflates).
pub struct DicomFile {
    pub path: PathBuf,
    pub bytes: Vec<u8>,
    /// Of the whole file (after inflating), however much of it `bytes` holds.
    pub length: u64,
    pub syntax: Syntax,
    /// The layout the elements really have.
    pub layout: Layout,
    pub pixels: Option<PixelPlace>,
    pub warnings: Vec<Warning>,
    /// Where the bytes beyond `bytes` are.
    disk: Option<File>,
    elements: dataset::Dataset,
}

impl DicomFile {
    pub fn view(&self) -> View<'_> {
        View { bytes: &self.bytes, dataset: &self.elements, layout: self.layout }
    }

    /// Bytes of the file, from memory where they are held.
    pub fn bytes_at(&self, range: Range<usize>) -> Result<Cow<'_, [u8]>> {
        if let Some(held) = self.bytes.get(range.clone()) {
            return Ok(Cow::Borrowed(held));
        }
        if range.end as u64 > self.length {
            return Err(Error::truncated(&self.path, "the file ends within the pixels"));
        }
        let mut out = vec![0; range.len()];
        self.read_into(&mut out, range.start)?;
        Ok(Cow::Owned(out))
    }

    /// The same into a place of the caller's.
    pub fn read_into(&self, out: &mut [u8], at: usize) -> Result<()> {
        // What the header reading has fetched beyond the header is not fetched again.
        let held = self.bytes.get(at..).unwrap_or_default();
        let (first, rest) = out.split_at_mut(held.len().min(out.len()));
        first.copy_from_slice(&held[..first.len()]);
        if rest.is_empty() {
            return Ok(());
        }
        let Some(disk) = &self.disk else {
            return Err(Error::truncated(&self.path, "the file ends within the pixels"));
        };
        let outcome = at_place::read_exact(disk, rest, (at + first.len()) as u64);
        outcome.map_err(|e| match e.kind() {
            std::io::ErrorKind::UnexpectedEof => Error::truncated(&self.path, "the file ends within the pixels"),
            _ => Error::io(&self.path, "could not read the pixels")(e),
        })
    }

    /// Reads no more of the file than the header takes.
    pub fn open_header(path: &Path) -> Result<Self> {
        let (mut file, length) = open(path)?;
        let mut bytes = Vec::new();
        let mut wanted = FIRST_BYTES;
        loop {
            let more = (wanted - bytes.len()) as u64;
            (&mut file).take(more).read_to_end(&mut bytes).map_err(Error::io(path, "could not read the file"))?;
            let whole = bytes.len() as u64 >= length || bytes.len() < wanted;
            match Parsed::of(path, &bytes, whole)? {
                Parsed::Deflated(at) => {
                    file.read_to_end(&mut bytes).map_err(Error::io(path, "could not read the file"))?;
                    return Self::inflated(path, &bytes, at);
                }
                Parsed::Elements(parts) => {
                    let disk = (!whole).then_some(file);
                    return Ok(DicomFile { disk, ..parts.into_file(path, bytes, length)? });
                }
                Parsed::NeedsMore => wanted = wanted.saturating_mul(GROWTH),
            }
        }
    }

    /// Reads all of the file.
    pub fn open_whole(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(Error::io(path, "could not read the file"))?;
        let length = bytes.len() as u64;
        match Parsed::of(path, &bytes, true)? {
            Parsed::Deflated(at) => Self::inflated(path, &bytes, at),
            Parsed::Elements(parts) => parts.into_file(path, bytes, length),
            Parsed::NeedsMore => Err(Error::truncated(path, "the header is not complete")),
        }
    }

    fn inflated(path: &Path, packed: &[u8], at: usize) -> Result<Self> {
        let mut bytes = packed[..at].to_vec();
        let limit = (packed.len() as u64).saturating_mul(INFLATED_TIMES).clamp(INFLATED_ALWAYS, INFLATED_MOST);
        let mut stream = flate2::read::DeflateDecoder::new(&packed[at..]).take(limit);
        let outcome = stream.read_to_end(&mut bytes);
        if stream.limit() == 0 {
            return Err(Error::TooLarge {
                path: path.into(),
                reason: format!(
                    "the deflated data set unpacks beyond {} MB, more than so small a file holds",
                    limit >> 20
                ),
            });
        }
        let length = bytes.len() as u64;
        let mut parts = Parts::of(path, &bytes, at, find_syntax_of_deflated(), Vec::new());
        if outcome.is_err() {
            parts.warn("truncated", "the deflated data set ends early; what was unpacked is used");
        }
        parts.into_file(path, bytes, length)
    }
}

fn open(path: &Path) -> Result<(File, u64)> {
    let file = File::open(path).map_err(Error::io(path, "could not open the file"))?;
    let length = file.metadata().map_err(Error::io(path, "could not read the file's size"))?.len();
    Ok((file, length))
}

fn find_syntax_of_deflated() -> Syntax {
    syntax::SYNTAXES.iter().find(|s| s.deflated).copied().unwrap_or(syntax::EXPLICIT)
}

enum Parsed {
    Elements(Parts),
    /// The data set from here on is deflated.
    Deflated(usize),
    NeedsMore,
}

struct Parts {
    syntax: Syntax,
    layout: Layout,
    read: ElementsRead,
    warnings: Vec<Warning>,
}

impl Parsed {
    fn of(path: &Path, bytes: &[u8], whole: bool) -> Result<Self> {
        let mut warnings = Vec::new();
        let start = if bytes.get(128..132) == Some(b"DICM") {
            132
        } else {
            warnings.push(warning("no_preamble", "the file has no DICOM preamble; it is read without"));
            0
        };
        let (meta, at) = dataset::read(bytes, start, Layout::EXPLICIT, 2);
        if !whole && meta.fault.as_ref().is_some_and(|(_, fault)| *fault == Fault::Ends) {
            return Ok(Self::NeedsMore);
        }
        let view = View { bytes, dataset: &meta.dataset, layout: Layout::EXPLICIT };
        let named = view.text(tags::TRANSFER_SYNTAX);
        let syntax = match named.map(|uid| (uid, syntax::find(uid))) {
            Some((_, Some(syntax))) => syntax,
            Some((uid, None)) => {
                return Err(Error::unsupported(
                    path,
                    format!("the transfer syntax {}", plain(uid)),
                    "convert it first, for example with dcmdjpeg or gdcmconv",
                ));
            }
            None => {
                let syntax = syntax::native_with(guess_layout(bytes, at).unwrap_or(Layout::IMPLICIT));
                warnings.push(warning(
                    "no_transfer_syntax",
                    "the file names no transfer syntax; it was guessed from the bytes",
                ));
                syntax
            }
        };
        if syntax.deflated {
            return Ok(Self::Deflated(at));
        }
        let parts = Parts::of(path, bytes, at, syntax, warnings);
        let ends = matches!(parts.read.fault, Some((_, Fault::Ends)));
        Ok(if ends && !whole { Self::NeedsMore } else { Self::Elements(parts) })
    }
}

impl Parts {
    fn of(_path: &Path, bytes: &[u8], at: usize, syntax: Syntax, warnings: Vec<Warning>) -> Self {
        let layout = guess_layout(bytes, at).unwrap_or(syntax.layout);
        let (read, _) = dataset::read(bytes, at, layout, u16::MAX);
        let mut parts = Self { syntax, layout, read, warnings };
        if layout != syntax.layout {
            parts.warn(
                "wrong_transfer_syntax",
                "the elements are not laid out as the transfer syntax says; the bytes were believed",
            );
            if parts.syntax.coding == syntax::Coding::Native {
                parts.syntax = syntax::native_with(layout);
            }
        }
        parts
    }

    fn warn(&mut self, code: &str, text: &str) {
        self.warnings.push(warning(code, text));
    }

    fn into_file(mut self, path: &Path, bytes: Vec<u8>, length: u64) -> Result<DicomFile> {
        if self.read.dataset.elements.is_empty() {
            return Err(Error::malformed(path, "this is not a DICOM file: no element could be read"));
        }
        match self.read.fault.take() {
            Some((at, Fault::Ends)) => {
                self.warn("truncated", &format!("the file ends within the element at byte {at}"));
            }
            Some((at, Fault::Broken(why))) => {
                self.warn("malformed", &format!("the header is broken at byte {at}: {why}; what came before was read"));
            }
            None => {}
        }
        if !plausible(&self.read.dataset) {
            return Err(Error::malformed(path, "this is not a DICOM file: its first bytes are no known elements"));
        }
        Ok(DicomFile {
            path: path.into(),
            bytes,
            length,
            syntax: self.syntax,
            layout: self.layout,
            pixels: self.read.pixels,
            warnings: self.warnings,
            disk: None,
            elements: self.read.dataset,
        })
    }
}

/// Text and other formats may parse as one odd element; DICOM has at least one known one.
fn plausible(dataset: &dataset::Dataset) -> bool {
    dataset.elements.iter().any(|e| e.vr != VR::UN && e.tag & 0xFFFF != 0)
}

/// From the first element: little-endian groups are small, and a VR is two known letters.
fn guess_layout(bytes: &[u8], at: usize) -> Option<Layout> {
    let head = bytes.get(at..at + 6)?;
    let little = u16::from_le_bytes([head[0], head[1]]);
    let big = u16::from_be_bytes([head[0], head[1]]);
    if little == 0 {
        return None;
    }
    let explicit = VR::from_binary([head[4], head[5]]).is_some();
    Some(Layout { explicit, big_endian: explicit && big < little })
}

pub fn warning(code: &str, text: impl Into<String>) -> Warning {
    Warning { code: code.into(), text: text.into() }
}

/// A UID cut to what a UID may hold, so that a broken file cannot smuggle text into a message.
fn plain(uid: &str) -> String {
    uid.chars().filter(|c| c.is_ascii_digit() || *c == '.').take(64).collect()
}
