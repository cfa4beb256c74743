//! From a scanned series to samples: frames decoded in parallel, each file opened once.

use super::arrange::Stack;
use super::file::warning;
use super::header::{Colour, Header, PixelFormat, SampleKind};
use super::pixels::Frames;
use super::{colour, extras};
use crate::buffer;
use crate::error::{Error, Result};
use crate::extras::{Extras, Overlay};
use crate::geometry::Geometry;
use crate::orientation::Orientation;
use crate::series::{Kind, Series};
use crate::task::{Task, Warning};
use crate::volume::{Facts, Samples, ValueMap, Volume, stats_of};
use crate::with_samples;
use rayon::prelude::*;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// What a coded byte may unpack to before the claim is no longer believed; constant pictures pack well, not beyond this.
const UNPACK_LIMIT: u64 = 4096;
/// Below this no proof is asked for.
const SMALL_BYTES: u64 = 16 << 20;

/// Runs the same expression with `T` the type `format` stores its samples in.
macro_rules! with_kind {
    ($format:expr, $t:ident => $body:expr) => {
        match ($format.kind, $format.allocated) {
            (SampleKind::Unsigned, 1 | 8) => {
                type $t = u8;
                $body
            }
            (SampleKind::Unsigned, 16) => {
                type $t = u16;
                $body
            }
            (SampleKind::Unsigned, 32) => {
                type $t = u32;
                $body
            }
            (SampleKind::Unsigned, _) => {
                type $t = u64;
                $body
            }
            (SampleKind::Signed, 1 | 8) => {
                type $t = i8;
                $body
            }
            (SampleKind::Signed, 16) => {
                type $t = i16;
                $body
            }
            (SampleKind::Signed, 32) => {
                type $t = i32;
                $body
            }
            (SampleKind::Signed, _) => {
                type $t = i64;
                $body
            }
            (SampleKind::Float, 64) => {
                type $t = f64;
                $body
            }
            (SampleKind::Float, _) => {
                type $t = f32;
                $body
            }
        }
    };
}

/// The samples as stored, with what is needed to turn them into values.
pub struct Raw {
    pub samples: Samples,
    pub first: Header,
    pub format: PixelFormat,
    /// One for each slice, or a single one for all.
    pub value_maps: Vec<ValueMap>,
    pub extras: Extras,
    pub warnings: Vec<Warning>,
}

/// Which frames of which files, in the order wanted.
pub enum Selection<'a> {
    Files {
        files: Vec<&'a PathBuf>,
        /// The stack holds signed samples, though a slice of it may not.
        signed: bool,
    },
    Frames(&'a Frames, Vec<usize>),
}

impl Raw {
    pub fn read(selection: &Selection<'_>, task: &Task) -> Result<Self> {
        match selection {
            Selection::Files { files, signed } => Self::read_files(files, *signed, task),
            Selection::Frames(frames, order) => Self::read_frames(frames, order, task),
        }
    }

    fn read_files(files: &[&PathBuf], signed: bool, task: &Task) -> Result<Self> {
        let first = Frames::open(files[0])?;
        let on_disk = files.iter().map(|f| std::fs::metadata(f).map_or(0, |m| m.len())).sum();
        prove(&first, files.len(), on_disk)?;
        task.progress.begin("reading slices", files.len() as u64);
        let kind = if signed { SampleKind::Signed } else { first.format.kind };
        let (format, per_slice) = (PixelFormat { kind, ..first.format }, first.format.samples());
        let read_one = |n: usize| -> Result<Frames> {
            task.cancel.check()?;
            let frames = Frames::open(files[n])?;
            if !frames.format.fits_beside(&format) {
                return Err(Error::malformed(files[n], "this slice is stored unlike the first of its series"));
            }
            Ok(frames)
        };
        let mut maps = vec![ValueMap::default(); files.len()];
        let notes = Mutex::new(Vec::new());
        let drawn = Mutex::new(Vec::new());
        let samples = with_kind!(format, T => {
            let mut samples: Vec<T> = buffer::zeros(per_slice * files.len());
            samples.par_chunks_mut(per_slice).zip(maps.par_iter_mut()).enumerate().try_for_each(|(n, (slice, map))| {
                let frames = read_one(n)?;
                if frames.format.kind == format.kind {
                    frames.read(0, slice)?;
                } else {
                    read_in_own_type(&frames, bytemuck::cast_slice_mut(slice))?;
                }
                *map = frames.header.value_map_of(0).clone();
                if let Some(note) = frames.note {
                    notes.lock().unwrap_or_else(PoisonError::into_inner).push(note);
                }
                collect(&drawn, extras::overlays(&frames, 0, n));
                task.progress.advance(1);
                Ok::<(), Error>(())
            })?;
            samples.into()
        });
        let notes = notes.into_inner().unwrap_or_default();
        Ok(Self::assembled(samples, &first, maps, notes.into_iter().next()).with_overlays(drawn))
    }

    fn read_frames(frames: &Frames, order: &[usize], task: &Task) -> Result<Self> {
        prove(frames, order.len(), frames.file.length)?;
        task.progress.begin("reading frames", order.len() as u64);
        let (format, per_slice) = (frames.format, frames.format.samples());
        let drawn = Mutex::new(Vec::new());
        let samples = with_kind!(format, T => {
            let mut samples: Vec<T> = buffer::zeros(per_slice * order.len());
            samples.par_chunks_mut(per_slice).zip(order).enumerate().try_for_each(|(place, (slice, &n))| {
                task.cancel.check()?;
                frames.read(n, slice)?;
                collect(&drawn, extras::overlays(frames, n, place));
                task.progress.advance(1);
                Ok::<(), Error>(())
            })?;
            samples.into()
        });
        let maps = order.iter().map(|&n| frames.header.value_map_of(n).clone()).collect();
        Ok(Self::assembled(samples, frames, maps, frames.note).with_overlays(drawn))
    }

    fn assembled(samples: Samples, first: &Frames, mut value_maps: Vec<ValueMap>, note: Option<&str>) -> Self {
        if value_maps.windows(2).all(|m| m[0] == m[1]) {
            value_maps.truncate(1);
        }
        let mut warnings = first.file.warnings.clone();
        warnings.extend(note.map(|n| warning("wrong_transfer_syntax", n)));
        Self {
            samples,
            format: first.format,
            first: first.header.clone(),
            value_maps,
            extras: extras::of_file(&first.file.view()),
            warnings,
        }
    }

    /// Overlays arrive in the order threads finish; they are kept in the order of slices.
    fn with_overlays(mut self, drawn: Mutex<Vec<Overlay>>) -> Self {
        self.extras.overlays = drawn.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.extras.overlays.sort_by_key(|o| o.mask.bounds().min[2]);
        self
    }

    /// Samples whose value map holds for all of them: slices with maps of their own become values.
    #[expect(clippy::unnecessary_cast, reason = "the macro also meets f64")]
    fn one_value_map(&mut self) -> ValueMap {
        if let [map] = self.value_maps.as_slice() {
            return map.clone();
        }
        let per_slice = self.format.samples();
        let maps = &self.value_maps;
        let values: Vec<f32> = with_samples!(&self.samples, v => {
            v.par_iter().enumerate().map(|(n, &x)| maps[n / per_slice].value(x as f64) as f32).collect()
        });
        self.samples = Samples::F32(values);
        ValueMap { unit: maps[0].unit.clone(), ..ValueMap::default() }
    }

    /// Statistics and hash of the samples as stored.
    pub fn facts(&self) -> Result<Facts> {
        let sha256_samples = self.samples.sha256_hex();
        let stats = if self.first.has_modality_lut && matches!(self.format.colour, Colour::Grey { .. }) {
            let samples = colour::through_modality_lut(&self.first.path, &self.samples)?;
            stats_of(&samples, &[ValueMap::default()])
        } else {
            stats_of(&self.samples, &self.value_maps)
        };
        Ok(Facts { stats, sha256_samples })
    }

    /// The picture as a user sees it: values in one map, colour as RGB.
    pub fn into_volume(mut self, geometry: Geometry, series: &Series) -> Result<Volume> {
        let path = self.first.path.clone();
        let (samples, channels, value_map) = match self.format.colour {
            Colour::Grey { .. } => {
                let mut value_map = self.one_value_map();
                if self.first.has_modality_lut {
                    self.samples = colour::through_modality_lut(&path, &self.samples)?;
                    value_map = ValueMap::default();
                }
                (self.samples, self.format.channels, value_map)
            }
            Colour::Palette => (colour::through_palette(&path, &self.samples)?, 3, ValueMap::default()),
            Colour::YbrFull | Colour::Ybr422 => (colour::rgb_from_ybr(self.samples, &path)?, 3, ValueMap::default()),
            Colour::Rgb => (self.samples, self.format.channels, ValueMap::default()),
        };
        let mut volume = Volume::new(geometry, samples, channels)?;
        let has_order = !series.warnings.iter().any(|w| w.code == "mixed_frames");
        volume.orientation = if has_order { self.first.orientation() } else { Orientation::UNKNOWN };
        volume.value_map = value_map;
        volume.stack_axis = Stack::axis(series.kind);
        volume.windows = self.first.windows;
        volume.inverted = self.format.colour == Colour::Grey { inverted: true };
        volume.modality = self.first.modality;
        volume.extras = self.extras;
        // What the list said of the series holds for its picture: lengths are px in both or mm in both.
        volume.spacing_known = !series.warnings.iter().any(|w| w.code == "no_spacing");
        volume.warnings = series.warnings.clone();
        volume.warnings.extend(self.warnings.into_iter().filter(|w| !series.warnings.contains(w)));
        if series.kind == Kind::Segmentation {
            volume.windows.clear();
        }
        Ok(volume)
    }
}

/// Samples whose own type has the same size and the same bits for all their values.
fn read_in_own_type(frames: &Frames, slice: &mut [u8]) -> Result<()> {
    with_kind!(frames.format, T => frames.read::<T>(0, bytemuck::cast_slice_mut(slice)))
}

fn collect(all: &Mutex<Vec<Overlay>>, some: Vec<Overlay>) {
    if !some.is_empty() {
        all.lock().unwrap_or_else(PoisonError::into_inner).extend(some);
    }
}

/// Refuses a picture the bytes on disk cannot hold, before any memory is taken for it.
fn prove(first: &Frames, slices: usize, on_disk: u64) -> Result<()> {
    let format = &first.format;
    let bytes = (format.samples() as u64).saturating_mul(format.sample_bytes() as u64).saturating_mul(slices as u64);
    let factor = if first.is_native() { 8 } else { UNPACK_LIMIT };
    if bytes <= SMALL_BYTES || bytes <= on_disk.saturating_mul(factor) {
        return Ok(());
    }
    let reason =
        format!("{slices} frames of {}x{} pixels are more than {on_disk} bytes can hold", format.columns, format.rows);
    Err(Error::TooLarge { path: first.file.path.clone(), reason })
}
