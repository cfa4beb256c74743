//! A DICOM series opened for reading: frames of one file, or slices in files of their own.

use super::file::DicomFile;
use super::header::Header;
use super::load::{Raw, Selection};
use super::mosaic::Mosaic;
use super::pixels::Frames;
use super::{no_pixels, timing};
use crate::error::{Error, Result};
use crate::formats::Reader;
use crate::geometry::Geometry;
use crate::sequence::Clock;
use crate::series::Series;
use crate::task::Task;
use crate::volume::{Facts, Volume};
use std::path::PathBuf;

pub struct Opened {
    series: Series,
    geometry: Geometry,
    times: usize,
    source: Source,
}

enum Source {
    /// One file; its frames in stack order, all times of a place side by side.
    Frames { frames: Box<Frames>, order: Vec<usize> },
    /// The series' own files, in stack order likewise.
    Files,
    /// Each of the series' files is one time, its slices tiled.
    Mosaics(Mosaic, [usize; 2]),
}

impl Opened {
    pub fn of(series: &Series) -> Result<Self> {
        let geometry = series.geometry.ok_or_else(|| no_pixels(&series.path))?;
        let unfolds = match series.files.first() {
            Some(first) if series.modality.as_deref() == Some("MR") => {
                Header::of(&DicomFile::open_header(first)?)?.unfolds()
            }
            _ => None,
        };
        let source = match (unfolds, series.files.as_slice()) {
            (Some((mosaic, tile)), _) => Source::Mosaics(mosaic, tile),
            (None, [one]) => {
                let frames = Box::new(Frames::open(one)?);
                let order = series.frame_order.clone().unwrap_or_else(|| vec![0]);
                Source::Frames { frames, order }
            }
            (None, _) => Source::Files,
        };
        Ok(Self { series: series.clone(), geometry, times: series.frames.max(1), source })
    }

    /// Places of the stack from `first` on, every `step`th.
    fn selection(&self, first: usize, step: usize) -> Selection<'_> {
        match &self.source {
            Source::Frames { frames, order } => {
                Selection::Frames(frames, order.iter().copied().skip(first).step_by(step).collect())
            }
            Source::Files | Source::Mosaics(..) => {
                self.files(self.series.files.iter().skip(first).step_by(step).collect())
            }
        }
    }

    fn files<'a>(&self, files: Vec<&'a PathBuf>) -> Selection<'a> {
        Selection::Files { files, signed: self.series.dtype.starts_with("int") }
    }

    /// Everything, in the order it is stored: what the facts are over.
    fn as_stored(&self) -> Selection<'_> {
        match &self.source {
            Source::Frames { frames, order } => {
                let mut stored = order.clone();
                stored.sort_unstable();
                Selection::Frames(frames, stored)
            }
            Source::Files | Source::Mosaics(..) => self.selection(0, 1),
        }
    }

    /// True where the first time in stack order is all there is, in stored order.
    fn is_as_stored(&self) -> bool {
        self.times == 1
            && match &self.source {
                Source::Frames { order, .. } => order.is_sorted(),
                Source::Files => true,
                Source::Mosaics(..) => false,
            }
    }
}

impl Reader for Opened {
    fn volume(&self, time: usize, task: &Task) -> Result<Volume> {
        if time >= self.times {
            let reason = format!("time {} was asked for, there are {}", time + 1, self.times);
            return Err(Error::malformed(&self.series.path, reason));
        }
        let mut raw = Raw::read(&self.selection(time, self.times), task)?;
        if let Source::Mosaics(mosaic, tile) = &self.source {
            raw.samples = mosaic.unfold(&raw.samples, raw.format.columns, *tile);
            // Drawn on the picture of tiles, they lie nowhere in the volume.
            raw.extras.overlays.clear();
        }
        raw.into_volume(self.geometry, &self.series)
    }

    fn picture(&self, n: usize, task: &Task) -> Result<Volume> {
        if matches!(self.source, Source::Mosaics(..)) {
            return self.volume(0, task)?.slice(n);
        }
        let geometry = self.geometry.slice(n)?;
        let outside = || Error::malformed(&self.series.path, format!("picture {} was asked for", n + 1));
        let selection = match &self.source {
            Source::Frames { frames, order } => {
                Selection::Frames(frames, vec![*order.get(n * self.times).ok_or_else(outside)?])
            }
            _ => self.files(vec![self.series.files.get(n * self.times).ok_or_else(outside)?]),
        };
        Raw::read(&selection, task)?.into_volume(geometry, &self.series)
    }

    fn facts(&self, task: &Task) -> Result<Facts> {
        Raw::read(&self.as_stored(), task)?.facts()
    }

    fn volume_and_facts(&self, task: &Task) -> Result<(Volume, Facts)> {
        if !self.is_as_stored() {
            return Ok((self.volume(0, task)?, self.facts(task)?));
        }
        let raw = Raw::read(&self.as_stored(), task)?;
        let facts = raw.facts()?;
        Ok((raw.into_volume(self.geometry, &self.series)?, facts))
    }

    fn clock(&self) -> Option<Clock> {
        match &self.source {
            Source::Frames { frames, order } => timing::of_frames(&frames.file.view(), order, self.times),
            Source::Files | Source::Mosaics(..) => timing::of_files(&self.series.files, self.times),
        }
    }
}
