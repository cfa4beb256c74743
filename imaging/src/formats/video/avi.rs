//! AVI: chunks in lists, the pictures of one stream one chunk each.

use super::yuv::Tone;
use super::{Codec, Sample, Track, unsupported};
use crate::error::{Error, Result};
use crate::task::Warning;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// The header list of a sane file is smaller.
const LARGEST_HEADER: u64 = 1 << 20;
const MOST_FRAMES: usize = 1 << 24;
const DEPTH_LIMIT: usize = 8;

/// The first video stream: its number, how long a frame stays, its size and codec.
struct Stream {
    number: usize,
    frame_ms: f64,
    size: [usize; 2],
    fourcc: [u8; 4],
}

pub fn read(path: &Path) -> Result<Track> {
    let io = |doing| Error::io(path, doing);
    let file = File::open(path).map_err(io("could not open the file"))?;
    let length = file.metadata().map_err(io("could not read the file's size"))?.len();
    let mut walk =
        Walk { file: BufReader::new(file), length, at: 0, header: Vec::new(), samples: Vec::new(), cut: false };
    walk.chunks(length, 0).map_err(io("could not read the file"))?;
    let stream = stream(&walk.header).ok_or_else(|| Error::malformed(path, "the file describes no video stream"))?;
    if !matches!(&stream.fourcc, b"MJPG" | b"mjpg" | b"JPEG" | b"jpeg" | b"dmb1") {
        return Err(unsupported(path, stream.fourcc));
    }
    let wanted = |name: [u8; 4]| stream_of(name) == Some(stream.number) && matches!(&name[2..], b"dc" | b"db");
    let mut samples = Vec::new();
    let mut shown: Vec<usize> = Vec::new();
    for (_, sample) in walk.samples.into_iter().filter(|(name, _)| wanted(*name)) {
        // An empty chunk says "the same picture again".
        if sample.bytes > 0 {
            samples.push(sample);
        } else if samples.is_empty() {
            continue;
        }
        shown.push(samples.len() - 1);
    }
    let mut warnings = Vec::new();
    if walk.cut {
        let text = format!("the file ends early; the {} frames before that are shown", shown.len());
        warnings.push(Warning { code: "truncated".into(), text });
    }
    let durations_ms = vec![stream.frame_ms; shown.len()];
    let tone = Tone::usual(stream.size[1]);
    let (codec, size) = (Codec::MotionJpeg, stream.size);
    Ok(Track { codec, size, samples, shown, durations_ms, setup: Vec::new(), length_bytes: 0, tone, warnings })
}

/// The stream a chunk belongs to: its name begins with the number.
fn stream_of(name: [u8; 4]) -> Option<usize> {
    std::str::from_utf8(&name[..2]).ok()?.parse().ok()
}

struct Walk {
    file: BufReader<File>,
    length: u64,
    at: u64,
    /// The bytes of the header list.
    header: Vec<u8>,
    samples: Vec<([u8; 4], Sample)>,
    /// The last chunk reaches beyond the file.
    cut: bool,
}

impl Walk {
    /// Goes through the chunks up to `end`. Lists are entered, pictures noted, the rest is jumped over.
    fn chunks(&mut self, end: u64, depth: usize) -> std::io::Result<()> {
        while self.at + 8 <= end && !self.cut {
            let mut head = [0; 8];
            self.file.read_exact(&mut head)?;
            self.at += 8;
            let name = [head[0], head[1], head[2], head[3]];
            let size = u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]));
            let (start, after) = (self.at, self.at + size + size % 2);
            if matches!(&name, b"RIFF" | b"LIST") && size >= 4 && start + 4 <= self.length && depth < DEPTH_LIMIT {
                let mut kind = [0; 4];
                self.file.read_exact(&mut kind)?;
                self.at += 4;
                match &kind {
                    b"hdrl" if size <= LARGEST_HEADER => {
                        (&mut self.file).take(size - 4).read_to_end(&mut self.header)?;
                        self.at = start + 4 + self.header.len() as u64;
                    }
                    b"AVI " | b"AVIX" | b"movi" | b"rec " => self.chunks(after.min(end), depth + 1)?,
                    _ => {}
                }
                self.cut |= start + size > self.length;
            } else if start + size > self.length {
                self.cut = stream_of(name).is_some();
                return Ok(());
            } else if stream_of(name).is_some() && self.samples.len() < MOST_FRAMES {
                self.samples.push((name, Sample { at: start, bytes: size, key: true }));
            }
            self.jump(after.min(self.length))?;
        }
        Ok(())
    }

    fn jump(&mut self, to: u64) -> std::io::Result<()> {
        self.file.seek_relative(to as i64 - self.at as i64)?;
        self.at = to;
        Ok(())
    }
}

/// The first video stream the header list describes.
fn stream(header: &[u8]) -> Option<Stream> {
    let mut number = 0;
    for (name, list) in Chunks(header) {
        let Some(inside) = list.strip_prefix(b"strl").filter(|_| &name == b"LIST") else { continue };
        let chunk = |wanted: &[u8; 4]| Chunks(inside).find(|(n, _)| n == wanted).map(|(_, bytes)| bytes);
        let (Some(about), Some(picture)) = (chunk(b"strh"), chunk(b"strf")) else {
            number += 1;
            continue;
        };
        if about.starts_with(b"vids") {
            let number_at = |bytes: &[u8], at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
            let (scale, rate) = (number_at(about, 20)?, number_at(about, 24)?);
            let side = |at| number_at(picture, at).map(|v| v.cast_signed().unsigned_abs() as usize);
            let frame_ms = f64::from(scale) * 1000.0 / f64::from(rate.max(1));
            let fourcc = *picture.get(16..)?.first_chunk()?;
            return Some(Stream { number, frame_ms, size: [side(4)?, side(8)?], fourcc });
        }
        number += 1;
    }
    None
}

/// The chunks of a list in memory.
struct Chunks<'a>(&'a [u8]);

impl<'a> Iterator for Chunks<'a> {
    type Item = ([u8; 4], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let name = *self.0.first_chunk()?;
        let size = u32::from_le_bytes(*self.0.get(4..)?.first_chunk()?) as usize;
        let inside = self.0.get(8..8_usize.checked_add(size)?)?;
        self.0 = self.0.get(8 + size + size % 2..).unwrap_or_default();
        Some((name, inside))
    }
}

#[cfg(test)]
#[path = "../../../tests/support/avi.rs"]
mod made;

#[cfg(test)]
mod tests {
    use super::made::{self, chunk, list};
    use crate::formats::{open_single, scan};
    use crate::task::Task;
    use crate::volume::StackAxis;

    /// A film of these greys, 40 ms a frame; an empty chunk is put after the first.
    fn film(greys: &[u8], fourcc: &[u8; 4]) -> Vec<u8> {
        let size = [16, 8];
        let sound = list(b"strl", &[chunk(b"strh", b"auds0000"), chunk(b"strf", &[0; 18])]);
        let mut frames = Vec::new();
        for (n, &grey) in greys.iter().enumerate() {
            frames.push(chunk(b"00wb", b"sound"));
            frames.push(chunk(b"01dc", &made::jpeg(&[grey; 16 * 8], size, 100)));
            if n == 0 {
                frames.push(chunk(b"01dc", &[]));
            }
        }
        made::film(&[sound, made::pictures(size, fourcc)], &frames)
    }

    #[test]
    fn frames_come_one_by_one_and_repeats_are_frames() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("film.avi");
        std::fs::write(&path, film(&[10, 200, 90], b"MJPG")).unwrap();
        let volume = open_single(&path, &Task::default()).unwrap();
        assert_eq!((volume.size(), volume.channels(), volume.stack_axis), ([16, 8, 4], 3, StackAxis::Time));
        let series = scan(&path, &Task::default()).unwrap().series.remove(0);
        let sequence = series.sequence().unwrap();
        let grey = |n: usize| sequence.item(n, &Task::default()).unwrap().samples().get(0);
        assert_eq!([3, 0, 1, 2].map(grey), [90.0, 10.0, 10.0, 200.0]);
        assert_eq!(sequence.clock().total_ms(), 160.0);
        assert_eq!(volume.samples().get(16 * 8 * 3 * 2), 200.0);
    }

    #[test]
    fn other_codecs_are_named_and_cut_files_say_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("film.avi");
        std::fs::write(&path, film(&[10], b"XVID")).unwrap();
        let error = open_single(&path, &Task::default()).unwrap_err().to_string();
        assert!(error.contains("MPEG-4 part 2 (XVID)") && error.contains("ffmpeg"), "{error}");
        let whole = film(&[10, 200, 90], b"MJPG");
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            if let Ok(volume) = open_single(&path, &Task::default()) {
                assert!(volume.warnings.iter().any(|w| w.code == "truncated"), "cut at {length} of {}", whole.len());
            }
        }
    }
}
