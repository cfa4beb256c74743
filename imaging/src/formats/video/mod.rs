//! Video: MP4 and MOV with H.264 or Motion JPEG, AVI with Motion JPEG. Frames are decoded one by one when asked for.
//!
//! Containers are read by hand and trusted in nothing: a table is believed as far as the bytes for it are there, a
//! frame as far as it lies in the file. What is shown is RGB; other codecs are named, with the command that converts.

mod avi;
mod film;
mod h264;
mod mp4;
mod yuv;

use super::{Failure, Format, Probe, Reader};
use crate::error::{Error, Result};
use crate::geometry::Geometry;
use crate::series::{Kind, Series};
use crate::space::World;
use crate::task::{Task, Warning};
use crate::volume::ValueMap;
use film::Film;
use std::path::{Path, PathBuf};
use yuv::Tone;

pub struct Video;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    H264,
    MotionJpeg,
}

/// One coded picture, in the order of decoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    pub at: u64,
    pub bytes: u64,
    /// Can be decoded without those before it.
    pub key: bool,
}

/// What a container says about its pictures.
#[derive(Clone, Debug)]
pub struct Track {
    pub codec: Codec,
    /// Columns and rows the container promises.
    pub size: [usize; 2],
    pub samples: Vec<Sample>,
    /// For each frame as shown the sample it comes from.
    pub shown: Vec<usize>,
    pub durations_ms: Vec<f64>,
    /// What the decoder needs before the first sample (H.264 parameter sets, with start codes).
    pub setup: Vec<u8>,
    /// How long the length before each unit of a sample is (H.264).
    pub length_bytes: usize,
    pub tone: Tone,
    pub warnings: Vec<Warning>,
}

/// No single coded picture is larger.
const LARGEST_SAMPLE: u64 = 256 << 20;
/// Columns and rows beyond this are no video.
const LONGEST_SIDE: usize = 16_384;

impl Format for Video {
    fn name(&self) -> &'static str {
        "video"
    }

    fn title(&self) -> &'static str {
        "Video (MP4, MOV, AVI; H.264, Motion JPEG)"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["mp4", "mov", "m4v", "avi"]
    }

    fn probe(&self, _path: &Path, head: &[u8]) -> Probe {
        let avi = head.starts_with(b"RIFF") && head.get(8..12) == Some(b"AVI ");
        let boxes: [&[u8]; 5] = [b"ftyp", b"moov", b"mdat", b"wide", b"free"];
        let mp4 = head.get(4..8).is_some_and(|name| boxes.contains(&name)) && head[0] == 0;
        if avi || mp4 { Probe::Mine } else { Probe::NotMine }
    }

    fn scan(&self, files: &[PathBuf], task: &Task, failed: &mut Vec<Failure>) -> Result<Vec<Series>> {
        let mut found = Vec::new();
        for path in files {
            task.cancel.check()?;
            match track_of(path).and_then(|track| series(path, &track)) {
                Ok(series) => found.push(series),
                Err(error) => failed.push(Failure { path: path.clone(), error }),
            }
        }
        Ok(found)
    }

    fn open(&self, series: &Series) -> Result<Box<dyn Reader>> {
        Ok(Box::new(Film::new(series, track_of(&series.path)?)?))
    }
}

fn track_of(path: &Path) -> Result<Track> {
    let track = if super::head(path, 4)?.starts_with(b"RIFF") { avi::read(path)? } else { mp4::read(path)? };
    let length = std::fs::metadata(path).map_err(Error::io(path, "could not read the file's size"))?.len();
    let inside = |s: &Sample| s.bytes <= LARGEST_SAMPLE && s.at.checked_add(s.bytes).is_some_and(|end| end <= length);
    if track.shown.is_empty() {
        return Err(Error::malformed(path, "the video holds no picture"));
    }
    if track.size.iter().any(|side| !(1..=LONGEST_SIDE).contains(side)) {
        return Err(Error::malformed(path, format!("the video claims {} x {} pixels", track.size[0], track.size[1])));
    }
    match track.samples.iter().position(|s| !inside(s)) {
        Some(n) => {
            let there = format!("{n} of {} frames are there", track.samples.len());
            Err(Error::truncated(path, there))
        }
        None => Ok(track),
    }
}

fn series(path: &Path, track: &Track) -> Result<Series> {
    let size = [track.size[0], track.size[1], track.shown.len()];
    let mut warnings = vec![Warning {
        code: "no_spacing".into(),
        text: "a video names no pixel spacing; lengths are in pixels".into(),
    }];
    warnings.extend(track.warnings.iter().cloned());
    Ok(Series {
        path: path.into(),
        files: vec![path.into()],
        format: "video",
        kind: if track.shown.len() == 1 { Kind::Image } else { Kind::Cine },
        modality: None,
        transfer_syntax: None,
        size,
        frames: 1,
        frame_order: None,
        channels: 3,
        dtype: "uint8",
        geometry: Some(Geometry::axis_aligned(size, World::default(), [1.0; 3])?),
        value_map: ValueMap::default(),
        title: path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
        uid: None,
        warnings,
    })
}

/// The error for a codec nobody here decodes: its name, and how to get a video that can be opened.
fn unsupported(path: &Path, fourcc: [u8; 4]) -> Error {
    const NAMES: &[(&[u8; 4], &str)] = &[
        (b"hvc1", "H.265"),
        (b"hev1", "H.265"),
        (b"HEVC", "H.265"),
        (b"av01", "AV1"),
        (b"vp09", "VP9"),
        (b"vp08", "VP8"),
        (b"mp4v", "MPEG-4 part 2"),
        (b"XVID", "MPEG-4 part 2"),
        (b"DIVX", "MPEG-4 part 2"),
        (b"DX50", "MPEG-4 part 2"),
        (b"FMP4", "MPEG-4 part 2"),
        (b"H264", "H.264 in AVI"),
        (b"h264", "H.264 in AVI"),
        (b"apch", "ProRes"),
        (b"apcn", "ProRes"),
        (b"apcs", "ProRes"),
        (b"ap4h", "ProRes"),
        (b"mpg2", "MPEG-2"),
        (b"cvid", "Cinepak"),
        (b"WMV3", "Windows Media"),
        (b"\0\0\0\0", "uncompressed frames"),
    ];
    let plain: String = fourcc.iter().map(|&b| if b.is_ascii_graphic() { char::from(b) } else { '?' }).collect();
    let name = NAMES.iter().find(|(code, _)| **code == fourcc).map_or("this codec", |(_, name)| name);
    Error::unsupported(
        path,
        format!("video in {name} ({plain})"),
        "convert it, for example with: ffmpeg -i INPUT -c:v libx264 -pix_fmt yuv420p OUTPUT.mp4",
    )
}
