//! The frames of one video, decoded when asked for.

use super::h264::Stream;
use super::{Codec, Sample, Track};
use crate::error::{Error, Result};
use crate::formats::{Reader, at_place};
use crate::geometry::Geometry;
use crate::orientation::Orientation;
use crate::sequence::Clock;
use crate::series::Series;
use crate::task::Task;
use crate::volume::{Facts, Samples, StackAxis, Volume};
use rayon::prelude::*;
use std::fs::File;
use std::sync::{Mutex, PoisonError};

/// A whole video in memory is for short ones; longer ones are watched frame by frame.
const MOST_BYTES: usize = 4 << 30;
/// No codec packs more pixels than this into a byte of a video worth reading.
const UNPACK_LIMIT: u64 = 4096;
const SMALL_BYTES: usize = 64 << 20;

pub struct Film {
    series: Series,
    grid: Geometry,
    track: Track,
    file: File,
    stream: Mutex<Stream>,
}

impl Film {
    pub fn new(series: &Series, track: Track) -> Result<Self> {
        let path = &series.path;
        let file = File::open(path).map_err(Error::io(path, "could not open the file"))?;
        let size = [track.size[0], track.size[1], track.shown.len()];
        let grid = series.geometry.filter(|g| g.size() == size);
        let changed = || Error::malformed(path, "the video is not the one that was listed");
        Ok(Self {
            series: series.clone(),
            grid: grid.ok_or_else(changed)?,
            track,
            file,
            stream: Mutex::new(Stream::new()),
        })
    }

    fn coded(&self, n: usize) -> Result<Vec<u8>> {
        let Sample { at, bytes, .. } = self.track.samples[n];
        let mut coded = vec![0; bytes as usize];
        at_place::read_exact(&self.file, &mut coded, at).map_err(|e| match e.kind() {
            std::io::ErrorKind::UnexpectedEof => Error::truncated(&self.series.path, format!("frame {} is cut", n + 1)),
            _ => Error::io(&self.series.path, "could not read a frame")(e),
        })?;
        Ok(coded)
    }

    /// Frame `n` as shown, in RGB.
    fn frame(&self, n: usize) -> Result<Vec<u8>> {
        let missing = || Error::malformed(&self.series.path, format!("frame {} was asked for", n + 1));
        let sample = *self.track.shown.get(n).ok_or_else(missing)?;
        let broken = |why: String| Error::malformed(&self.series.path, format!("frame {}: {why}", n + 1));
        match self.track.codec {
            Codec::MotionJpeg => jpeg(&self.coded(sample)?, self.track.size).map_err(broken),
            Codec::H264 => {
                let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
                stream.picture(&self.track, sample, |s| self.coded(s), broken)
            }
        }
    }

    fn dressed(&self, geometry: Geometry, rgb: Vec<u8>) -> Result<Volume> {
        let mut volume = Volume::new(geometry, Samples::U8(rgb), 3)?;
        volume.stack_axis = StackAxis::Time;
        volume.spacing_known = false;
        volume.orientation = Orientation::UNKNOWN;
        volume.warnings.clone_from(&self.series.warnings);
        Ok(volume)
    }
}

/// One JPEG as RGB. Its size is compared before it is decoded.
fn jpeg(coded: &[u8], size: [usize; 2]) -> std::result::Result<Vec<u8>, String> {
    let mut decoder = jpeg_decoder::Decoder::new(coded);
    decoder.read_info().map_err(|e| format!("JPEG: {e}"))?;
    let info = decoder.info().ok_or("JPEG: no frame header")?;
    if [usize::from(info.width), usize::from(info.height)] != size {
        return Err(format!("it is {} x {} pixels, {} x {} were promised", info.width, info.height, size[0], size[1]));
    }
    decoder.set_max_decoding_buffer_size(size[0] * size[1] * 4);
    let pixels = decoder.decode().map_err(|e| format!("JPEG: {e}"))?;
    match info.pixel_format {
        jpeg_decoder::PixelFormat::RGB24 => Ok(pixels),
        jpeg_decoder::PixelFormat::L8 => Ok(pixels.iter().flat_map(|&grey| [grey; 3]).collect()),
        other => Err(format!("JPEG: its pixels are {other:?}")),
    }
}

impl Reader for Film {
    fn volume(&self, time: usize, task: &Task) -> Result<Volume> {
        let count = self.track.shown.len();
        let one = self.track.size[0] * self.track.size[1] * 3;
        if time > 0 {
            return Err(Error::malformed(&self.series.path, format!("time {} was asked for, there is one", time + 1)));
        }
        let bytes = one.saturating_mul(count);
        let coded: u64 = self.track.samples.iter().map(|s| s.bytes).sum();
        if bytes > MOST_BYTES || (bytes > SMALL_BYTES && bytes as u64 / UNPACK_LIMIT > coded) {
            let reason = format!("{count} frames are more than memory should hold at once; ask for single frames");
            return Err(Error::TooLarge { path: self.series.path.clone(), reason });
        }
        task.progress.begin("decoding frames", count as u64);
        let mut rgb = vec![0; bytes];
        let decode = |(n, out): (usize, &mut [u8])| {
            task.cancel.check()?;
            out.copy_from_slice(&self.frame(n)?);
            task.progress.advance(1);
            Ok(())
        };
        match self.track.codec {
            Codec::MotionJpeg => rgb.par_chunks_exact_mut(one).enumerate().try_for_each(decode)?,
            // Frames build on one another.
            Codec::H264 => rgb.chunks_exact_mut(one).enumerate().try_for_each(decode)?,
        }
        self.dressed(self.grid, rgb)
    }

    fn picture(&self, n: usize, task: &Task) -> Result<Volume> {
        task.cancel.check()?;
        self.dressed(self.grid.slice(n)?, self.frame(n)?)
    }

    fn facts(&self, task: &Task) -> Result<Facts> {
        Ok(self.volume_and_facts(task)?.1)
    }

    fn volume_and_facts(&self, task: &Task) -> Result<(Volume, Facts)> {
        let volume = self.volume(0, task)?;
        let facts = Facts { stats: volume.stats(), sha256_samples: volume.samples().sha256_hex() };
        Ok((volume, facts))
    }

    fn clock(&self) -> Option<Clock> {
        Some(Clock::from_durations(&self.track.durations_ms))
    }

    /// A film begins at its beginning.
    fn first_of(&self, _pictures: usize) -> usize {
        0
    }
}
