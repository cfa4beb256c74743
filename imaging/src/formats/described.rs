//! A picture that is a header and then numbers: what NIfTI, NRRD and MetaImage come down to once the header is read.

use super::stored::{self, SampleType, Wanted};
use crate::error::{Error, Result};
use crate::geometry::Geometry;
use crate::series::{Kind, Series};
use crate::task::{Task, Warning};
use crate::volume::{Facts, Samples, StackAxis, ValueMap, Volume, stats_of};
use crate::with_samples;
use bzip2::read::MultiBzDecoder;
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

const BUFFER_BYTES: usize = 1 << 18;

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

    fn unpack(self, source: impl Read + 'static) -> Box<dyn Read> {
        match self {
            Self::Raw | Self::Text => Box::new(source),
            Self::Gzip => Box::new(MultiGzDecoder::new(source)),
            Self::Zlib => Box::new(ZlibDecoder::new(source)),
            Self::Bzip2 => Box::new(MultiBzDecoder::new(source)),
        }
    }
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
            channels: self.channels.min(3),
            dtype: self.kind.dtype(),
            geometry: Some(self.geometry),
            value_map: self.value_map.clone(),
            title: self.path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
            uid: None,
            warnings: self.warnings.clone(),
        })
    }

    /// One time; where there are several and none was asked for, the first, with a warning.
    pub fn volume(&self, time: Option<usize>, task: &Task) -> Result<Volume> {
        let which = time.unwrap_or(0);
        if which >= self.times {
            return Err(Error::malformed(
                &self.path,
                format!("time {} was asked for, there are {}", which + 1, self.times),
            ));
        }
        let (samples, channels) = without_alpha(self.read(Some(which), task)?, self.channels);
        let mut volume = Volume::new(self.geometry, samples, channels)?;
        volume.value_map = self.value_map.clone();
        volume.spacing_known = self.spacing_known;
        volume.stack_axis = StackAxis::Space;
        volume.warnings.clone_from(&self.warnings);
        if time.is_none() && self.times > 1 {
            let text = format!("the first of {} times is shown", self.times);
            task.warnings.add("first_time_only", &text);
            volume.warnings.push(Warning { code: "first_time_only".into(), text });
        }
        Ok(volume)
    }

    pub fn facts(&self, task: &Task) -> Result<Facts> {
        let samples = self.read(None, task)?;
        let stats = stats_of(&samples, std::slice::from_ref(&self.value_map));
        Ok(Facts { stats, sha256_samples: samples.sha256_hex() })
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

    fn open(&self, path: &Path) -> Result<Box<dyn Read>> {
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
        file.seek(from).map_err(cannot_read())?;
        let mut source = self.packing.unpack(BufReader::with_capacity(BUFFER_BYTES, file));
        let skipped = std::io::copy(&mut (&mut source).take(skip), &mut std::io::sink()).unwrap_or(0);
        if skipped < skip {
            return Err(Error::truncated(path, "the file ends before the samples begin"));
        }
        Ok(source)
    }

    /// The samples of one time, or of all in stored order.
    fn read(&self, time: Option<usize>, task: &Task) -> Result<Samples> {
        let source_bytes = self.prove()?.saturating_mul(4);
        let (one, all) = self.counts()?;
        let mut source: Box<dyn Read> = Box::new(std::io::empty());
        for path in &self.data {
            source = Box::new(source.chain(self.open(path)?));
        }
        let mut wanted =
            Wanted { path: &self.path, kind: self.kind, count: all, big_endian: self.big_endian, source_bytes };
        let Some(time) = time.filter(|_| self.times > 1) else {
            return self.decode(&mut source, &wanted, task);
        };
        if self.times_fastest || self.packing == Packing::Text {
            let samples = self.decode(&mut source, &wanted, task)?;
            return Ok(one_time(&samples, time, self.times, self.channels, self.times_fastest));
        }
        let skip = (one * self.kind.bytes()) as u64 * time as u64;
        let skipped = std::io::copy(&mut (&mut source).take(skip), &mut std::io::sink()).unwrap_or(0);
        if skipped < skip {
            return Err(Error::truncated(&self.path, format!("the file ends before time {}", time + 1)));
        }
        wanted.count = one;
        self.decode(&mut source, &wanted, task)
    }

    fn decode(&self, source: &mut dyn Read, wanted: &Wanted<'_>, task: &Task) -> Result<Samples> {
        if self.packing == Packing::Text {
            stored::read_text(source, wanted, task)
        } else {
            stored::read(source, wanted, task)
        }
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
