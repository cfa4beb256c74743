//! The boxes of MP4 and MOV that say where the pictures of the first video track are (ISO/IEC 14496-12).

use super::yuv::{Matrix, Tone};
use super::{Codec, Sample, Track, unsupported};
use crate::error::{Error, Result};
use crate::task::Warning;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// The list of a day of frames is smaller.
const LARGEST_MOOV: u64 = 256 << 20;
const MOST_SAMPLES: usize = 1 << 24;

/// The bytes inside a box, read field by field; beyond the end there is nothing.
#[derive(Clone, Copy)]
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn u16(self, at: usize) -> Option<u16> {
        Some(u16::from_be_bytes(*self.0.get(at..)?.first_chunk()?))
    }

    fn u32(self, at: usize) -> Option<u32> {
        Some(u32::from_be_bytes(*self.0.get(at..)?.first_chunk()?))
    }

    fn u64(self, at: usize) -> Option<u64> {
        Some(u64::from_be_bytes(*self.0.get(at..)?.first_chunk()?))
    }

    fn from(self, at: usize) -> Option<Self> {
        self.0.get(at..).map(Self)
    }

    /// The boxes in here, by name.
    fn boxes(self) -> impl Iterator<Item = ([u8; 4], Bytes<'a>)> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let head: [u8; 8] = *rest.first_chunk()?;
            let name = [head[4], head[5], head[6], head[7]];
            let short = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
            let (start, end) = match short {
                0 => (8, rest.len()),
                1 => (16, usize::try_from(u64::from_be_bytes(*rest.get(8..)?.first_chunk()?)).ok()?),
                length => (8, length),
            };
            let inside = rest.get(start..end)?;
            rest = &rest[end..];
            Some((name, Bytes(inside)))
        })
    }

    fn child(self, name: &[u8; 4]) -> Option<Self> {
        self.boxes().find(|(n, _)| n == name).map(|(_, inside)| inside)
    }

    fn path(self, names: &[&[u8; 4]]) -> Option<Self> {
        names.iter().try_fold(self, |at, name| at.child(name))
    }

    /// How many entries of a table are really there: what the count says, as far as the bytes go.
    fn entries(self, count_at: usize, entry_bytes: usize) -> Option<usize> {
        let there = self.0.len().saturating_sub(count_at + 4) / entry_bytes;
        Some((self.u32(count_at)? as usize).min(there).min(MOST_SAMPLES))
    }
}

pub fn read(path: &Path) -> Result<Track> {
    let moov = moov(path)?;
    let moov = Bytes(&moov);
    let tracks: Vec<Bytes<'_>> = moov.boxes().filter(|(name, _)| name == b"trak").map(|(_, inside)| inside).collect();
    let is_video = |t: &&Bytes<'_>| t.path(&[b"mdia", b"hdlr"]).and_then(|h| h.0.get(8..12)) == Some(b"vide");
    let mut videos = tracks.iter().filter(is_video);
    let track = videos.next().ok_or_else(|| Error::malformed(path, "the file holds no video track"))?;
    let more = videos.count();
    let mut out = track_of(path, *track, moov.child(b"mvex").is_some())?;
    if more > 0 {
        let text = format!("the first video track is shown, {more} more are left out");
        out.warnings.push(Warning { code: "tracks_left_out".into(), text });
    }
    Ok(out)
}

/// The box that describes everything; it may lie before or after the pictures.
fn moov(path: &Path) -> Result<Vec<u8>> {
    let io = |doing| Error::io(path, doing);
    let mut file = File::open(path).map_err(io("could not open the file"))?;
    let length = file.metadata().map_err(io("could not read the file's size"))?.len();
    let mut at = 0_u64;
    while at.checked_add(8).is_some_and(|end| end <= length) {
        let mut head = [0; 16];
        file.seek(SeekFrom::Start(at)).map_err(io("could not read the file"))?;
        let have = (length - at).min(16) as usize;
        file.read_exact(&mut head[..have]).map_err(io("could not read the file"))?;
        let head = Bytes(&head);
        let (start, size) = match head.u32(0).unwrap_or(0) {
            0 => (8, length - at),
            1 => (16, head.u64(8).unwrap_or(0)),
            size => (8, u64::from(size)),
        };
        let end = at.checked_add(size).filter(|_| size >= start);
        let end = end.ok_or_else(|| Error::malformed(path, format!("the box at byte {at} has no sensible size")))?;
        if head.0[4..8] == *b"moov" {
            if end > length {
                return Err(Error::truncated(path, "the description of the video is cut"));
            }
            if size > LARGEST_MOOV {
                let reason = "the description of the video is too large to be one".into();
                return Err(Error::TooLarge { path: path.into(), reason });
            }
            file.seek(SeekFrom::Start(at + start)).map_err(io("could not read the file"))?;
            let mut out = Vec::new();
            file.take(size - start).read_to_end(&mut out).map_err(io("could not read the file"))?;
            return Ok(out);
        }
        at = end;
    }
    Err(Error::truncated(path, "the description of the video (moov) is missing: the recording was not finished"))
}

fn track_of(path: &Path, track: Bytes<'_>, fragmented: bool) -> Result<Track> {
    let lacks = |what: &str| Error::malformed(path, format!("the video track lacks its {what}"));
    let mdhd = track.path(&[b"mdia", b"mdhd"]).ok_or_else(|| lacks("header"))?;
    let long = mdhd.0.first() == Some(&1);
    let scale = mdhd.u32(if long { 20 } else { 12 }).filter(|&s| s > 0).ok_or_else(|| lacks("time scale"))?;
    let table = track.path(&[b"mdia", b"minf", b"stbl"]).ok_or_else(|| lacks("table of samples"))?;
    let entry = table.child(b"stsd").and_then(|d| d.from(8)).and_then(|d| d.boxes().next());
    let (fourcc, entry) = entry.ok_or_else(|| lacks("codec"))?;
    let description = Description::of(path, fourcc, entry)?;
    let samples = samples(table).ok_or_else(|| lacks("table of samples"))?;
    if samples.is_empty() && fragmented {
        let advice = "convert it, for example with: ffmpeg -i INPUT -c copy OUTPUT.mp4";
        return Err(Error::unsupported(path, "a video in fragments", advice));
    }
    let (shown, durations_ms) = times(table, samples.len(), f64::from(scale));
    let mut warnings = Vec::new();
    if track.child(b"tkhd").is_some_and(is_turned) {
        let text = "the video asks to be shown turned; it is shown as stored";
        warnings.push(Warning { code: "turned".into(), text: text.into() });
    }
    let Description { codec, size, setup, length_bytes, tone } = description;
    Ok(Track { codec, size, samples, shown, durations_ms, setup, length_bytes, tone, warnings })
}

/// The matrix of a track that is not simply drawn as it is.
fn is_turned(tkhd: Bytes<'_>) -> bool {
    let at = if tkhd.0.first() == Some(&1) { 52 } else { 40 };
    [tkhd.u32(at + 4), tkhd.u32(at + 12)].iter().any(|v| v.is_some_and(|v| v != 0))
}

struct Description {
    codec: Codec,
    size: [usize; 2],
    setup: Vec<u8>,
    length_bytes: usize,
    tone: Tone,
}

impl Description {
    fn of(path: &Path, fourcc: [u8; 4], entry: Bytes<'_>) -> Result<Self> {
        /// A visual entry has so many bytes before its own boxes.
        const BEFORE_BOXES: usize = 78;
        let lacks = || Error::malformed(path, "the description of the video's codec is cut");
        let side = |at| entry.u16(at).map(usize::from).ok_or_else(lacks);
        let size = [side(24)?, side(26)?];
        let inside = entry.from(BEFORE_BOXES).ok_or_else(lacks)?;
        let tone = inside.child(b"colr").and_then(tone_of).unwrap_or(Tone::usual(size[1]));
        let plain = |codec| Self { codec, size, setup: Vec::new(), length_bytes: 0, tone };
        match &fourcc {
            b"avc1" | b"avc3" => {
                let (setup, length_bytes) = inside.child(b"avcC").and_then(parameter_sets).ok_or_else(lacks)?;
                Ok(Self { setup, length_bytes, ..plain(Codec::H264) })
            }
            b"jpeg" | b"mjpg" | b"MJPG" => Ok(plain(Codec::MotionJpeg)),
            b"mp4v" if inside.child(b"esds").is_some_and(holds_jpeg) => Ok(plain(Codec::MotionJpeg)),
            _ => Err(unsupported(path, fourcc)),
        }
    }
}

/// Parameter sets with start codes, and how long the lengths in samples are.
fn parameter_sets(config: Bytes<'_>) -> Option<(Vec<u8>, usize)> {
    let bytes = config.0;
    let length_bytes = usize::from(*bytes.get(4)? & 3) + 1;
    let mut at = 6;
    let mut out = Vec::new();
    for (kind, count) in [(0, bytes.get(5)? & 0x1F), (1, 0)] {
        let count = if kind == 0 {
            count
        } else {
            at += 1;
            *bytes.get(at - 1)?
        };
        for _ in 0..count {
            let length = usize::from(config.u16(at)?);
            out.extend([0, 0, 0, 1]);
            out.extend(bytes.get(at + 2..at + 2 + length)?);
            at += 2 + length;
        }
    }
    Some((out, length_bytes))
}

/// An elementary stream whose object type is JPEG.
fn holds_jpeg(esds: Bytes<'_>) -> bool {
    const DECODER_CONFIG: u8 = 4;
    const JPEG: u8 = 0x6C;
    // The descriptor's tag, a length of one to four bytes, then the object type.
    esds.0.windows(6).any(|w| {
        let length = w[1..5].iter().take_while(|b| **b & 0x80 != 0).count();
        w[0] == DECODER_CONFIG && length < 4 && w[2 + length] == JPEG
    })
}

fn tone_of(colr: Bytes<'_>) -> Option<Tone> {
    if !matches!(colr.0.get(..4)?, b"nclx" | b"nclc") {
        return None;
    }
    let matrix = match colr.u16(8)? {
        1 => Matrix::Bt709,
        5 | 6 => Matrix::Bt601,
        _ => return None,
    };
    Some(Tone { matrix, full_range: colr.0.get(10).is_some_and(|b| b & 0x80 != 0) })
}

/// Where each sample is: sizes, which chunk it is in, where the chunks are.
fn samples(table: Bytes<'_>) -> Option<Vec<Sample>> {
    let sizes = table.child(b"stsz")?;
    let same = sizes.u32(4)?;
    let count = if same == 0 { sizes.entries(8, 4)? } else { (sizes.u32(8)? as usize).min(MOST_SAMPLES) };
    let size = |n: usize| if same == 0 { sizes.u32(12 + 4 * n) } else { Some(same) };
    let short = table.child(b"stco");
    let chunks = short.or_else(|| table.child(b"co64"))?;
    let chunk_count = chunks.entries(4, if short.is_some() { 4 } else { 8 })?;
    let chunk_at =
        |n: usize| if short.is_some() { chunks.u32(8 + 4 * n).map(u64::from) } else { chunks.u64(8 + 8 * n) };
    let runs = table.child(b"stsc")?;
    let run_count = runs.entries(4, 12)?;
    let keys = table.child(b"stss");
    let mut out = Vec::new();
    for run in 0..run_count {
        let first = (runs.u32(8 + 12 * run)? as usize).checked_sub(1)?;
        let per_chunk = runs.u32(12 + 12 * run)? as usize;
        let next = if run + 1 < run_count { runs.u32(8 + 12 * (run + 1))? as usize } else { usize::MAX };
        let last = next.checked_sub(1)?;
        for chunk in first..last.min(chunk_count) {
            let mut at = chunk_at(chunk)?;
            for _ in 0..per_chunk {
                if out.len() == count {
                    return Some(marked(out, keys));
                }
                let bytes = u64::from(size(out.len())?);
                out.push(Sample { at, bytes, key: keys.is_none() });
                at = at.checked_add(bytes)?;
            }
        }
    }
    Some(marked(out, keys))
}

/// Marks the samples that decode without others.
fn marked(mut samples: Vec<Sample>, keys: Option<Bytes<'_>>) -> Vec<Sample> {
    if let Some(keys) = keys {
        for n in 0..keys.entries(4, 4).unwrap_or(0) {
            let at = keys.u32(8 + 4 * n).and_then(|k| (k as usize).checked_sub(1));
            if let Some(sample) = at.and_then(|at| samples.get_mut(at)) {
                sample.key = true;
            }
        }
    }
    samples
}

/// The order samples are shown in, and for how long.
fn times(table: Bytes<'_>, count: usize, scale: f64) -> (Vec<usize>, Vec<f64>) {
    let mut decoded_at = Vec::with_capacity(count);
    let mut now = 0.0;
    let mut step = 0.0;
    each_run(table.child(b"stts"), count, |delta| {
        decoded_at.push(now);
        step = f64::from(delta);
        now += step;
    });
    while decoded_at.len() < count {
        decoded_at.push(now);
        now += step;
    }
    let mut shown_at = decoded_at;
    let mut n = 0;
    each_run(table.child(b"ctts"), count, |offset| {
        // Written as signed or not; both ways small offsets are meant.
        shown_at[n] += f64::from(offset.cast_signed());
        n += 1;
    });
    let mut shown: Vec<usize> = (0..count).collect();
    shown.sort_by(|&a, &b| shown_at[a].total_cmp(&shown_at[b]).then(a.cmp(&b)));
    let mut durations: Vec<f64> =
        shown.windows(2).map(|w| (shown_at[w[1]] - shown_at[w[0]]) * 1000.0 / scale).collect();
    durations.extend((count > 0).then_some(step * 1000.0 / scale));
    (shown, durations)
}

/// Calls `each` with the value of every sample a table of runs covers, `count` at most.
fn each_run(table: Option<Bytes<'_>>, count: usize, mut each: impl FnMut(u32)) {
    let Some(table) = table else { return };
    let mut left = count;
    for n in 0..table.entries(4, 8).unwrap_or(0) {
        let (Some(length), Some(value)) = (table.u32(8 + 8 * n), table.u32(12 + 8 * n)) else { return };
        for _ in 0..(length as usize).min(left) {
            each(value);
            left -= 1;
        }
    }
}
