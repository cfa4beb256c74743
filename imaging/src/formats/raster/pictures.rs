//! The pictures of one series, decoded one by one or all at once.

use super::film::GifFrames;
use super::opened::Opened;
use super::pages::Pages;
use super::{film, samples, unreadable};
use crate::error::{Error, Result};
use crate::formats::Reader;
use crate::geometry::Geometry;
use crate::orientation::Orientation;
use crate::sequence::Clock;
use crate::series::{Kind, Series};
use crate::task::{Task, Warning};
use crate::volume::{Facts, Samples, StackAxis, Volume};
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Samples, channels, and whether an opacity that was not full was dropped.
pub type Picture = (Samples, usize, bool);

pub struct Pictures {
    series: Series,
    source: Source,
}

enum Source {
    /// Each in a file of its own.
    Files(Vec<PathBuf>),
    Pages(PathBuf, Pages),
    /// Frames build on one another: the decoder stays where it is, and starts over for an earlier frame.
    Film(PathBuf, Mutex<Option<At>>),
}

struct At {
    next: usize,
    frames: GifFrames,
}

impl Pictures {
    pub fn of(series: &Series) -> Result<Self> {
        let source = match (series.files.as_slice(), series.kind) {
            ([path], Kind::Cine) => Source::Film(path.clone(), Mutex::new(None)),
            ([path], Kind::Stack) => Source::Pages(path.clone(), Pages::of(path)?),
            (files, _) => Source::Files(files.to_vec()),
        };
        Ok(Self { series: series.clone(), source })
    }

    /// Asks whether to go on, and refuses a picture of another size than the first.
    fn check(&self, path: &Path, size: [usize; 2], task: &Task) -> Result<()> {
        task.cancel.check()?;
        if size != self.series.size[..2] {
            return Err(Error::malformed(path, "this picture is not as large as the first of its stack"));
        }
        task.progress.advance(1);
        Ok(())
    }

    fn decoded(&self, path: &Path, opened: Opened, task: &Task) -> Result<Picture> {
        self.check(path, opened.size(), task)?;
        opened.decode(path)
    }

    fn missing(&self, path: &Path, there: usize) -> Error {
        Error::truncated(path, format!("{there} of {} pictures are there", self.series.size[2]))
    }

    fn one(&self, n: usize, task: &Task) -> Result<Picture> {
        match &self.source {
            Source::Files(files) => {
                let path = files.get(n).ok_or_else(|| self.missing(&self.series.path, files.len()))?;
                self.decoded(path, Opened::first(path)?.1, task)
            }
            Source::Pages(path, pages) => {
                let opened = Opened::page(path, pages, n).ok_or_else(|| self.missing(path, n))??;
                self.decoded(path, opened, task)
            }
            Source::Film(path, at) => {
                let mut at = at.lock().unwrap_or_else(PoisonError::into_inner);
                if at.as_ref().is_none_or(|at| at.next > n) {
                    *at = Some(At { next: 0, frames: film::gif(path)? });
                }
                let Some(film) = at.as_mut() else { return Err(self.missing(path, n)) };
                let skipped = n - film.next;
                let frame = film.frames.nth(skipped);
                film.next = n + 1;
                let frame = frame.ok_or_else(|| self.missing(path, n))?.map_err(|e| unreadable(path, &e))?;
                self.check(path, [frame.width() as usize, frame.height() as usize], task)?;
                Ok(samples(frame))
            }
        }
    }

    fn all(&self, task: &Task) -> Result<Vec<Picture>> {
        let count = self.series.size[2];
        task.progress.begin("reading pictures", count as u64);
        match self.source {
            Source::Film(..) => (0..count).map(|n| self.one(n, task)).collect(),
            _ => (0..count).into_par_iter().map(|n| self.one(n, task)).collect(),
        }
    }

    fn dressed(&self, pictures: Vec<Picture>, geometry: Geometry) -> Result<Volume> {
        let opacity_dropped = pictures.iter().any(|p| p.2);
        let channels = pictures.first().map_or(1, |p| p.1);
        let samples = joined(pictures.into_iter().map(|p| p.0)).ok_or_else(|| {
            Error::malformed(&self.series.path, "the pictures of this stack hold different types of samples")
        })?;
        let mut volume = Volume::new(geometry, samples, channels)?;
        volume.stack_axis = if self.series.kind == Kind::Cine { StackAxis::Time } else { StackAxis::Order };
        volume.spacing_known = false;
        volume.orientation = Orientation::UNKNOWN;
        volume.warnings.clone_from(&self.series.warnings);
        if opacity_dropped {
            volume.warnings.push(Warning { code: "opacity".into(), text: "the picture's opacity is not shown".into() });
        }
        Ok(volume)
    }

    fn grid(&self) -> Result<Geometry> {
        let none = || Error::malformed(&self.series.path, "the pictures of this stack have no common size");
        self.series.geometry.ok_or_else(none)
    }
}

impl Reader for Pictures {
    fn volume(&self, time: usize, task: &Task) -> Result<Volume> {
        if time > 0 {
            let reason = format!("time {} was asked for, there is one", time + 1);
            return Err(Error::malformed(&self.series.path, reason));
        }
        self.dressed(self.all(task)?, self.grid()?)
    }

    fn picture(&self, n: usize, task: &Task) -> Result<Volume> {
        self.dressed(vec![self.one(n, task)?], self.grid()?.slice(n)?)
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
        match &self.source {
            Source::Film(path, _) => Some(Clock::from_durations(&film::gif_durations_ms(path).ok()?)),
            _ => None,
        }
    }

    /// A film begins at its beginning: a later frame would be decoded after all before it.
    fn first_of(&self, pictures: usize) -> usize {
        if matches!(self.source, Source::Film(..)) { 0 } else { pictures / 2 }
    }
}

/// Samples of all pictures one after the other; `None` where their types differ.
fn joined(mut all: impl Iterator<Item = Samples>) -> Option<Samples> {
    let mut out = all.next()?;
    for next in all {
        macro_rules! append {
            ($($kind:ident),*) => {
                match (&mut out, next) {
                    $((Samples::$kind(a), Samples::$kind(b)) => a.extend(b),)*
                    _ => return None,
                }
            };
        }
        append!(U8, I8, U16, I16, U32, I32, U64, I64, F32, F64);
    }
    Some(out)
}
