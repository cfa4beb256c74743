//! A picture that is a header and then numbers: what NIfTI, NRRD and MetaImage come down to once the header is read.

use super::Reader;
use super::ahead::Ahead;
use super::gzip::Gzip;
use super::stored::{self, SampleType, Wanted};
use crate::error::{Error, Result};
use crate::geometry::Geometry;
use crate::orientation::Orientation;
use crate::sequence::Clock;
use crate::series::{Kind, Series};
use crate::task::{Task, Warning};
use crate::volume::{Facts, Samples, StackAxis, ValueMap, Volume, stats_of};
use crate::with_samples;
use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::ZlibDecoder;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

const BUFFER_BYTES: usize = 1 << 18;
/// A packed file shorter than this is unpacked before a thread has begun to.
const LONG_BYTES: u64 = 1 << 20;
/// Between two looks at whether the work was cancelled.
const SKIP_BYTES: u64 = 16 << 20;
/// What is unpacked in the blink of an eye.
const SOON_BYTES: usize = 12 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    Raw,
    Gzip,
    Zlib,
    Bzip2,
    /// Numbers written out, between white space or commas.
    Text,
}

impl Packing {
    /// What one byte may unpack to: what deflate and bzip2 can do at most, so a claim beyond it is a lie.
    const fn most(self) -> u64 {
        match self {
            Self::Raw => 1,
            Self::Gzip | Self::Zlib => 1040,
            Self::Bzip2 => 1 << 21,
            Self::Text => 8,
        }
    }

    /// What the file unpacks to; on a thread of its own where it is the only one and long enough.
    fn unpack(self, file: File, only: bool) -> std::io::Result<Box<dyn Read>> {
        let long = only && file.metadata()?.len() >= LONG_BYTES;
        let buffered = |file| BufReader::with_capacity(BUFFER_BYTES, file);
        Ok(match self {
            Self::Raw | Self::Text => Box::new(buffered(file)),
            Self::Gzip => ahead(long, Gzip::new(file))?,
            Self::Zlib => ahead(long, ZlibDecoder::new(buffered(file)))?,
            Self::Bzip2 => ahead(long, MultiBzDecoder::new(buffered(file)))?,
        })
    }
}

/// The stream itself, or what a thread reads of it.
fn ahead(long: bool, source: impl Read + Send + 'static) -> std::io::Result<Box<dyn Read>> {
    Ok(if long { Box::new(Ahead::new(source)?) } else { Box::new(source) })
}

/// Where the samples begin in their file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Bytes of the file, then bytes of what it unpacks to.
    After { file: u64, unpacked: u64 },
    /// The samples are the last bytes of the file.
    AtEnd,
}

#[derive(Clone, Debug)]
pub struct Described {
    pub path: PathBuf,
    /// The files the samples are in, in order.
    pub data: Vec<PathBuf>,
    pub start: Start,
    pub packing: Packing,
    pub kind: SampleType,
    pub big_endian: bool,
    pub geometry: Geometry,
    pub spacing_known: bool,
    pub channels: usize,
    pub times: usize,
    /// All times of a voxel lie side by side, instead of one volume after the other.
    pub times_fastest: bool,
    pub value_map: ValueMap,
    pub labels: bool,
    /// Two numbers per voxel, real and imaginary: the magnitude is shown.
    pub complex: bool,
    /// From one time to the next, where the file says so.
    pub time_step_ms: Option<f64>,
    pub warnings: Vec<Warning>,
}

impl Described {
    pub fn series(&self, format: &'static str) -> Result<Series> {
        if let Some(missing) = self.data.iter().find(|p| !p.is_file()) {
            let name = missing.file_name().unwrap_or_default().to_string_lossy();
            return Err(Error::malformed(
                &self.path,
                format!("the samples are missing: there is no file {name} beside this header"),
            ));
        }
        self.prove()?;
        let size = self.geometry.size();
        let kind = match size[2] {
            _ if self.labels => Kind::Segmentation,
            _ if self.times > 1 => Kind::Time4d,
            1 => Kind::Image,
            _ => Kind::Volume,
        };
        let mut files = vec![self.path.clone()];
        files.extend(self.data.iter().filter(|p| **p != self.path).cloned());
        Ok(Series {
            path: self.path.clone(),
            files,
            format,
            kind,
            modality: None,
            transfer_syntax: None,
            size,
            frames: self.times,
            frame_order: None,
            channels: if self.complex { 1 } else { self.channels.min(3) },
            dtype: match (self.complex, self.kind) {
                (true, SampleType::F64) => "complex128",
                (true, _) => "complex64",
                (false, kind) => kind.dtype(),
            },
            geometry: Some(self.geometry),
            value_map: self.value_map.clone(),
            title: self.path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
            uid: None,
            warnings: self.warnings.clone(),
        })
    }

    /// Samples of this description as a picture on `geometry`.
    fn dressed(&self, geometry: Geometry, samples: Samples) -> Result<Volume> {
        let (samples, channels) = match self.complex {
            true => (magnitudes(&samples), 1),
            false => without_alpha(samples, self.channels),
        };
        let mut volume = Volume::new(geometry, samples, channels)?;
        volume.value_map = self.value_map.clone();
        volume.spacing_known = self.spacing_known;
        if self.warnings.iter().any(|w| w.code == "no_orientation") {
            volume.orientation = Orientation::UNKNOWN;
        }
        volume.stack_axis = StackAxis::Space;
        volume.warnings.clone_from(&self.warnings);
        Ok(volume)
    }

    fn facts_of(&self, samples: &Samples) -> Facts {
        let shown = self.complex.then(|| magnitudes(samples));
        let stats = stats_of(shown.as_ref().unwrap_or(samples), std::slice::from_ref(&self.value_map));
        Facts { stats, sha256_samples: samples.sha256_hex() }
    }

    /// Samples of one time, and of all.
    fn counts(&self) -> Result<(usize, usize)> {
        let [i, j, k] = self.geometry.size();
        let overflow = || Error::TooLarge { path: self.path.clone(), reason: "the dimensions overflow".into() };
        let one = stored::count(&[i, j, k, self.channels], self.kind.bytes()).ok_or_else(overflow)?;
        let all = stored::count(&[one, self.times], self.kind.bytes()).ok_or_else(overflow)?;
        Ok((one, all))
    }

    /// Bytes in the files, or an error where the samples cannot be in them.
    fn prove(&self) -> Result<u64> {
        let (_, all) = self.counts()?;
        let mut on_disk = 0;
        for path in &self.data {
            on_disk += std::fs::metadata(path).map_err(Error::io(path, "could not read the file's size"))?.len();
        }
        let skipped = match self.start {
            Start::After { file, unpacked } if self.packing == Packing::Raw => file.saturating_add(unpacked),
            _ => 0,
        };
        let most = on_disk.saturating_sub(skipped).saturating_mul(self.packing.most());
        let needed = (all * self.kind.bytes()) as u64;
        if needed <= most {
            return Ok(on_disk);
        }
        let [i, j, k] = self.geometry.size();
        let reason = format!("{i}x{j}x{k} voxels, {} times, need {needed} bytes; at most {most} are there", self.times);
        Err(Error::truncated(&self.path, reason))
    }

    /// The stream of one data file, `further` bytes into its samples.
    fn open(&self, path: &Path, further: u64) -> Result<Box<dyn Read>> {
        let mut file = File::open(path).map_err(Error::io(path, "could not open the file"))?;
        let cannot_read = || Error::io(path, "could not read the file");
        let (from, skip) = match self.start {
            Start::After { file, unpacked } => (SeekFrom::Start(file), unpacked),
            Start::AtEnd => {
                let length = file.metadata().map_err(cannot_read())?.len();
                let bytes = (self.counts()?.1 / self.data.len().max(1) * self.kind.bytes()) as u64;
                (SeekFrom::Start(length.saturating_sub(bytes)), 0)
            }
        };
        let (from, skip) = match from {
            SeekFrom::Start(at) if self.packing == Packing::Raw => {
                (SeekFrom::Start(at.saturating_add(skip).saturating_add(further)), 0)
            }
            from => (from, skip),
        };
        file.seek(from).map_err(cannot_read())?;
        let mut source = self.packing.unpack(file, self.data.len() == 1).map_err(cannot_read())?;
        let skipped = std::io::copy(&mut (&mut source).take(skip), &mut std::io::sink()).unwrap_or(0);
        if skipped < skip {
            return Err(Error::truncated(path, "the file ends before the samples begin"));
        }
        Ok(source)
    }

    /// The samples of one time, or of all in stored order.
    fn read(&self, time: Option<usize>, task: &Task) -> Result<Samples> {
        let (one, all) = self.counts()?;
        let Some(time) = time.filter(|_| self.times > 1) else {
            return self.read_part(0, all, task);
        };
        if self.is_mixed() {
            let samples = self.read_part(0, all, task)?;
            return Ok(one_time(&samples, time, self.times, self.channels, self.times_fastest));
        }
        self.read_part(one * time, one, task)
    }

    /// Where one time or one slice cannot be told from the rest before all is read.
    fn is_mixed(&self) -> bool {
        self.packing == Packing::Text || (self.times_fastest && self.times > 1)
    }

    /// `count` samples from the one numbered `first` on, in stored order.
    fn read_part(&self, first: usize, count: usize, task: &Task) -> Result<Samples> {
        let source_bytes = self.prove()?.saturating_mul(4);
        let skip = (first * self.kind.bytes()) as u64;
        let mut source: Box<dyn Read> = Box::new(std::io::empty());
        // One plain file is entered where the samples are; anything else is read up to there.
        let (from, mut left) = if self.data.len() == 1 && self.packing == Packing::Raw { (skip, 0) } else { (0, skip) };
        for path in &self.data {
            source = Box::new(source.chain(self.open(path, from)?));
        }
        while left > 0 {
            task.cancel.check()?;
            let piece = left.min(SKIP_BYTES);
            let skipped = std::io::copy(&mut (&mut source).take(piece), &mut std::io::sink()).unwrap_or(0);
            if skipped < piece {
                return Err(Error::truncated(&self.path, "the file ends before the samples asked for"));
            }
            left -= piece;
        }
        let wanted = Wanted { path: &self.path, kind: self.kind, count, big_endian: self.big_endian, source_bytes };
        let samples = self.decode(&mut source, &wanted, task)?;
        if first + count == self.counts()?.1 && ends_wrong(&mut source) {
            let reason = "the packed samples do not match their checksum: some of them are wrong";
            return Err(Error::malformed(&self.path, reason));
        }
        Ok(samples)
    }

    fn decode(&self, source: &mut dyn Read, wanted: &Wanted<'_>, task: &Task) -> Result<Samples> {
        if self.packing == Packing::Text {
            stored::read_text(source, wanted, task)
        } else {
            stored::read(source, wanted, task)
        }
    }
}

impl Reader for Described {
    fn volume(&self, time: usize, task: &Task) -> Result<Volume> {
        if time >= self.times {
            let reason = format!("time {} was asked for, there are {}", time + 1, self.times);
            return Err(Error::malformed(&self.path, reason));
        }
        self.dressed(self.geometry, self.read(Some(time), task)?)
    }

    fn picture(&self, n: usize, task: &Task) -> Result<Volume> {
        if self.is_mixed() {
            return self.volume(0, task)?.slice(n);
        }
        let geometry = self.geometry.slice(n)?;
        let per_slice = geometry.voxel_count() * self.channels;
        self.dressed(geometry, self.read_part(n * per_slice, per_slice, task)?)
    }

    fn facts(&self, task: &Task) -> Result<Facts> {
        Ok(self.facts_of(&self.read(None, task)?))
    }

    fn volume_and_facts(&self, task: &Task) -> Result<(Volume, Facts)> {
        if self.times > 1 {
            return Ok((self.volume(0, task)?, self.facts(task)?));
        }
        let samples = self.read(None, task)?;
        let facts = self.facts_of(&samples);
        Ok((self.dressed(self.geometry, samples)?, facts))
    }

    fn clock(&self) -> Option<Clock> {
        self.time_step_ms.map(|step| Clock::even(self.times, step))
    }

    /// The middle, or of a packed file a slice that does not take long to unpack.
    fn first_of(&self, pictures: usize) -> usize {
        let (one, _) = self.counts().unwrap_or((1, 1));
        let slice_bytes = (one / pictures.max(1) * self.kind.bytes()).max(1);
        let soon = if self.packing == Packing::Raw { pictures } else { SOON_BYTES / slice_bytes };
        (pictures / 2).min(soon)
    }
}

/// Whether what was unpacked differs from what was packed; the decoder says so where the stream ends. A stream whose
/// end is lost, or that something follows, has told nothing of the kind.
fn ends_wrong(source: &mut dyn Read) -> bool {
    source.read(&mut [0]).is_err_and(|e| e.to_string().contains("checksum"))
}

/// How far numbers in pairs are from 0.
fn magnitudes(pairs: &Samples) -> Samples {
    match pairs {
        Samples::F32(v) => Samples::F32(v.as_chunks::<2>().0.iter().map(|[re, im]| re.hypot(*im)).collect()),
        Samples::F64(v) => Samples::F64(v.as_chunks::<2>().0.iter().map(|[re, im]| re.hypot(*im)).collect()),
        other => other.clone(),
    }
}

fn one_time(samples: &Samples, time: usize, times: usize, channels: usize, fastest: bool) -> Samples {
    with_samples!(samples, v => {
        if fastest {
            let voxels = v.chunks_exact(times * channels);
            voxels.flat_map(|x| &x[time * channels..(time + 1) * channels]).copied().collect::<Vec<_>>().into()
        } else {
            let one = v.len() / times;
            v[time * one..(time + 1) * one].to_vec().into()
        }
    })
}

/// Colour without its opacity, which no reader of a medical picture asks for.
fn without_alpha(samples: Samples, channels: usize) -> (Samples, usize) {
    match samples {
        Samples::U8(rgba) if channels == 4 => {
            (Samples::U8(rgba.as_chunks::<4>().0.iter().flat_map(|p| [p[0], p[1], p[2]]).collect()), 3)
        }
        samples => (samples, channels),
    }
}

/// Headers of files, each to a series or a failure.
pub fn scan(
    files: &[PathBuf],
    task: &Task,
    failed: &mut Vec<super::Failure>,
    format: &'static str,
    read: fn(&Path) -> Result<Described>,
) -> Result<Vec<Series>> {
    let mut found = Vec::new();
    for path in files {
        task.cancel.check()?;
        match read(path).and_then(|header| header.series(format)) {
            Ok(series) => found.push(series),
            Err(error) => failed.push(super::Failure { path: path.clone(), error }),
        }
    }
    Ok(found)
}
