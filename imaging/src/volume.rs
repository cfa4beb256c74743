//! A picture in memory: raw samples exactly as stored, where they lie, and how to turn them into values.

use crate::error::{Error, Result};
use crate::extras::Extras;
use crate::geometry::Geometry;
use crate::orientation::Orientation;
use crate::space::VoxelBox;
use crate::task::Warning;
use crate::window::Window;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::borrow::Cow;

/// Raw samples in the stored type. Order: slices, rows, columns, channels (channel fastest).
#[derive(Clone, Debug, PartialEq)]
pub enum Samples {
    U8(Vec<u8>),
    I8(Vec<i8>),
    U16(Vec<u16>),
    I16(Vec<i16>),
    U32(Vec<u32>),
    I32(Vec<i32>),
    U64(Vec<u64>),
    I64(Vec<i64>),
    F32(Vec<f32>),
    F64(Vec<f64>),
}

/// Runs the same expression on whatever vector a `Samples` holds.
#[macro_export]
macro_rules! with_samples {
    ($samples:expr, $v:ident => $body:expr) => {
        match $samples {
            $crate::Samples::U8($v) => $body,
            $crate::Samples::I8($v) => $body,
            $crate::Samples::U16($v) => $body,
            $crate::Samples::I16($v) => $body,
            $crate::Samples::U32($v) => $body,
            $crate::Samples::I32($v) => $body,
            $crate::Samples::U64($v) => $body,
            $crate::Samples::I64($v) => $body,
            $crate::Samples::F32($v) => $body,
            $crate::Samples::F64($v) => $body,
        }
    };
}

macro_rules! samples_from {
    ($($variant:ident $t:ty),*) => {$(
        impl From<Vec<$t>> for Samples {
            fn from(samples: Vec<$t>) -> Self {
                Self::$variant(samples)
            }
        }
    )*};
}
samples_from!(U8 u8, I8 i8, U16 u16, I16 i16, U32 u32, I32 i32, U64 u64, I64 i64, F32 f32, F64 f64);

impl Samples {
    #[must_use]
    pub fn len(&self) -> usize {
        with_samples!(self, v => v.len())
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One raw sample as f64 (64-bit integers beyond 2^53 round).
    #[must_use]
    #[expect(clippy::unnecessary_cast, reason = "the macro also meets f64")]
    pub fn get(&self, index: usize) -> f64 {
        with_samples!(self, v => v[index] as f64)
    }

    /// Bytes of one sample.
    #[must_use]
    pub const fn sample_bytes(&self) -> usize {
        match self {
            Self::U8(_) | Self::I8(_) => 1,
            Self::U16(_) | Self::I16(_) => 2,
            Self::U32(_) | Self::I32(_) | Self::F32(_) => 4,
            Self::U64(_) | Self::I64(_) | Self::F64(_) => 8,
        }
    }

    /// A copy of part of the samples; `None` where the range reaches outside.
    #[must_use]
    pub fn slice(&self, range: std::ops::Range<usize>) -> Option<Self> {
        Some(match self {
            Self::U8(v) => Self::U8(v.get(range)?.to_vec()),
            Self::I8(v) => Self::I8(v.get(range)?.to_vec()),
            Self::U16(v) => Self::U16(v.get(range)?.to_vec()),
            Self::I16(v) => Self::I16(v.get(range)?.to_vec()),
            Self::U32(v) => Self::U32(v.get(range)?.to_vec()),
            Self::I32(v) => Self::I32(v.get(range)?.to_vec()),
            Self::U64(v) => Self::U64(v.get(range)?.to_vec()),
            Self::I64(v) => Self::I64(v.get(range)?.to_vec()),
            Self::F32(v) => Self::F32(v.get(range)?.to_vec()),
            Self::F64(v) => Self::F64(v.get(range)?.to_vec()),
        })
    }

    /// The type's name as NumPy and CLI.md spell it.
    #[must_use]
    pub const fn dtype(&self) -> &'static str {
        match self {
            Self::U8(_) => "uint8",
            Self::I8(_) => "int8",
            Self::U16(_) => "uint16",
            Self::I16(_) => "int16",
            Self::U32(_) => "uint32",
            Self::I32(_) => "int32",
            Self::U64(_) => "uint64",
            Self::I64(_) => "int64",
            Self::F32(_) => "float32",
            Self::F64(_) => "float64",
        }
    }

    /// The samples as little-endian bytes: on most machines the very bytes in memory.
    #[must_use]
    pub fn bytes_le(&self) -> Cow<'_, [u8]> {
        if cfg!(target_endian = "little") {
            return Cow::Borrowed(with_samples!(self, v => bytemuck::cast_slice(v)));
        }
        Cow::Owned(with_samples!(self, v => v.iter().flat_map(|x| x.to_le_bytes()).collect()))
    }

    /// SHA-256 over the little-endian bytes, the hash CLI.md defines.
    #[must_use]
    pub fn sha256_hex(&self) -> String {
        Sha256::digest(self.bytes_le()).iter().map(|b| format!("{b:02x}")).collect()
    }
}

/// value = slope * stored + intercept, in `unit` (UCUM or a common short form such as HU).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueMap {
    pub slope: f64,
    pub intercept: f64,
    pub unit: Option<String>,
}

impl Default for ValueMap {
    fn default() -> Self {
        Self { slope: 1.0, intercept: 0.0, unit: None }
    }
}

impl ValueMap {
    #[must_use]
    pub fn value(&self, stored: f64) -> f64 {
        self.slope * stored + self.intercept
    }
}

/// What the third axis of the grid counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StackAxis {
    /// Millimetres in the patient: slices of a volume.
    #[default]
    Space,
    /// Frames in time; the geometry's third axis only numbers them.
    Time,
    /// Pictures in order, without time or place.
    Order,
}

/// A picture: one slice, a volume, or a stack of frames.
///
/// Invariant: `samples.len()` is `channels` times the voxel count, or that of one slice where only that one is in memory
/// (`of_one_slice`).
#[derive(Clone, Debug)]
pub struct Volume {
    pub geometry: Geometry,
    samples: Samples,
    only_slice: Option<usize>,
    channels: usize,
    pub value_map: ValueMap,
    pub stack_axis: StackAxis,
    /// False where the file names no spacing: lengths are then px, never mm.
    pub spacing_known: bool,
    /// Which letters its edges have.
    pub orientation: Orientation,
    /// Windows the file proposes, first is the default.
    pub windows: Vec<Window>,
    /// Small stored values are bright (MONOCHROME1).
    pub inverted: bool,
    pub modality: Option<String>,
    /// Grey curves, overlays, calibrated regions, uptake.
    pub extras: Extras,
    pub warnings: Vec<Warning>,
}

impl Volume {
    pub fn new(geometry: Geometry, samples: Samples, channels: usize) -> Result<Self> {
        let expected = geometry.voxel_count().checked_mul(channels);
        if channels == 0 || expected != Some(samples.len()) {
            return Err(Error::geometry(format!(
                "{} samples do not fill a grid of {:?} voxels with {channels} channels",
                samples.len(),
                geometry.size()
            )));
        }
        Ok(Self {
            geometry,
            samples,
            only_slice: None,
            channels,
            value_map: ValueMap::default(),
            stack_axis: StackAxis::Space,
            spacing_known: true,
            orientation: Orientation::Placed,
            windows: Vec::new(),
            inverted: false,
            modality: None,
            extras: Extras::default(),
            warnings: Vec::new(),
        })
    }

    /// A picture too long for memory on its whole grid, of which slice `k` is at hand: values are known there alone.
    pub fn of_one_slice(grid: Geometry, k: usize, picture: &Self) -> Result<Self> {
        let [columns, rows, slices] = grid.size();
        if picture.size() != [columns, rows, 1] || k >= slices {
            return Err(Error::geometry(format!(
                "a picture of {:?} voxels cannot be slice {} of {:?}",
                picture.size(),
                k + 1,
                grid.size()
            )));
        }
        Ok(Self { geometry: grid, only_slice: Some(k), ..picture.clone() })
    }

    /// The one slice that is in memory, where not all are. What reads `samples` as a whole is not for such a picture.
    #[must_use]
    pub const fn only_slice(&self) -> Option<usize> {
        self.only_slice
    }

    /// The voxels whose samples are in memory.
    #[must_use]
    pub fn in_memory(&self) -> VoxelBox {
        let whole = VoxelBox::whole(self.size());
        self.only_slice.map_or(whole, |k| whole.slice(2, k))
    }

    /// Where the samples of a voxel begin; `None` where they are not in memory.
    #[must_use]
    pub fn sample_at(&self, index: [usize; 3]) -> Option<usize> {
        let [i, j, k] = index;
        let k = match self.only_slice {
            Some(only) => (k == only).then_some(0)?,
            None => k,
        };
        Some(self.geometry.linear_index([i, j, k]) * self.channels)
    }

    #[must_use]
    pub const fn samples(&self) -> &Samples {
        &self.samples
    }

    #[must_use]
    pub fn into_samples(self) -> Samples {
        self.samples
    }

    #[must_use]
    pub const fn channels(&self) -> usize {
        self.channels
    }

    #[must_use]
    pub fn size(&self) -> [usize; 3] {
        self.geometry.size()
    }

    #[must_use]
    pub const fn is_colour(&self) -> bool {
        self.channels >= 3
    }

    /// One slice alone, where it lies, with all else this volume says of itself.
    pub fn slice(&self, k: usize) -> Result<Self> {
        let [columns, rows, slices] = self.size();
        let length = columns * rows * self.channels;
        let start = if k < slices { self.sample_at([0, 0, k]) } else { None };
        let samples = start.and_then(|start| self.samples.slice(start..start + length));
        let outside = || Error::geometry(format!("slice {} was asked for, there are {slices}", k + 1));
        Ok(Self {
            geometry: self.geometry.slice(k)?,
            samples: samples.ok_or_else(outside)?,
            only_slice: None,
            channels: self.channels,
            value_map: self.value_map.clone(),
            stack_axis: self.stack_axis,
            spacing_known: self.spacing_known,
            orientation: self.orientation,
            windows: self.windows.clone(),
            inverted: self.inverted,
            modality: self.modality.clone(),
            extras: self.extras.of_slice(k),
            warnings: self.warnings.clone(),
        })
    }

    /// The value at a voxel in the value map's unit (first channel); not a number where it is not in memory.
    #[must_use]
    pub fn value(&self, index: [usize; 3]) -> f64 {
        self.sample_at(index).map_or(f64::NAN, |at| self.value_map.value(self.samples.get(at)))
    }

    /// The samples as values, for formats that keep no value map: exact for whole slopes and offsets, else 64-bit floats.
    #[must_use]
    #[expect(clippy::unnecessary_cast, reason = "the macro also meets f64")]
    pub fn values(&self) -> Cow<'_, Samples> {
        let map = &self.value_map;
        if map.slope == 1.0 && map.intercept == 0.0 {
            return Cow::Borrowed(&self.samples);
        }
        let whole = map.slope.fract() == 0.0 && map.intercept.fract() == 0.0;
        let floats = matches!(self.samples, Samples::F32(_) | Samples::F64(_));
        let stats = stats_of(&self.samples, std::slice::from_ref(map)).unwrap_or_default();
        let fits = |low: f64, high: f64| whole && !floats && stats.min >= low && stats.max <= high;
        Cow::Owned(with_samples!(&self.samples, v => {
            let values = v.iter().map(|&x| map.value(x as f64));
            if fits(f64::from(i16::MIN), f64::from(i16::MAX)) {
                Samples::I16(values.map(|x| x as i16).collect())
            } else if fits(f64::from(i32::MIN), f64::from(i32::MAX)) {
                Samples::I32(values.map(|x| x as i32).collect())
            } else {
                Samples::F64(values.collect())
            }
        }))
    }

    /// The same picture as grey from 0 to 255 through a window, for formats and viewers that know nothing else.
    /// Colour stays as it is where it has eight bits.
    #[expect(clippy::unnecessary_cast, reason = "the macro also meets f64")]
    pub fn windowed(&self, window: Window) -> Result<Self> {
        if self.is_colour() {
            return Ok(self.clone());
        }
        let grey = |value: f64| {
            let grey = window.grey(value);
            ((if self.inverted { 1.0 - grey } else { grey }) * 255.0).round() as u8
        };
        let map = &self.value_map;
        let samples =
            with_samples!(&self.samples, v => v.iter().map(|&x| grey(map.value(x as f64))).collect::<Vec<u8>>());
        let mut out = Self::new(self.geometry, samples.into(), self.channels)?;
        out.stack_axis = self.stack_axis;
        out.spacing_known = self.spacing_known;
        out.orientation = self.orientation;
        out.modality.clone_from(&self.modality);
        out.warnings.clone_from(&self.warnings);
        Ok(out)
    }

    /// The same picture in standardised uptake by body weight (g/ml), where the file says enough to tell.
    #[must_use]
    pub fn in_suv(mut self) -> Option<Self> {
        let factor = self.extras.suv_factor.take()?;
        self.value_map.slope *= factor;
        self.value_map.intercept *= factor;
        self.value_map.unit = Some("g/ml".into());
        self.windows.clear();
        Some(self)
    }

    /// Minimum, maximum and mean of the finite values after rescale, over all channels.
    #[must_use]
    pub fn stats(&self) -> Option<Stats> {
        stats_of(&self.samples, std::slice::from_ref(&self.value_map))
    }

    /// A CT by its header, or, where the header was lost on the way, by its air: no other modality has values this
    /// far below zero in so much of the picture.
    #[must_use]
    pub fn looks_like_ct(&self) -> bool {
        const AIR_HU: f64 = -500.0;
        match self.modality.as_deref() {
            Some(modality) => modality == "CT",
            None => !self.is_colour() && crate::window::from_percentiles(self, 0.01, 0.995).low() < AIR_HU,
        }
    }

    /// The window to start with: the file's own, soft tissue for a CT, else the 1st to 99.5th percentile.
    #[must_use]
    pub fn default_window(&self) -> Window {
        match self.windows.first() {
            Some(window) => *window,
            None if self.looks_like_ct() => crate::window::CT_PRESETS[0].window,
            None => crate::window::from_percentiles(self, 0.01, 0.995),
        }
    }
}

/// Statistics of samples that are split evenly among value maps (one, or one per slice).
#[must_use]
#[expect(clippy::unnecessary_cast, reason = "the macro also meets f64")]
pub fn stats_of(samples: &Samples, value_maps: &[ValueMap]) -> Option<Stats> {
    let part = samples.len().div_ceil(value_maps.len().max(1)).max(1);
    let (mut min, mut max, mut sum, mut count) = (f64::INFINITY, f64::NEG_INFINITY, 0.0, 0_u64);
    with_samples!(samples, v => for (values, map) in v.chunks(part).zip(value_maps) {
        for &x in values {
            let value = map.value(x as f64);
            if value.is_finite() {
                min = min.min(value);
                max = max.max(value);
                sum += value;
                count += 1;
            }
        }
    });
    (count > 0).then(|| Stats { min, max, mean: sum / count as f64 })
}

/// What `limner info --stats` tells of the samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// After rescale; of colour, over the samples as stored.
    pub stats: Option<Stats>,
    /// Over the samples as stored, in the order CLI.md defines.
    pub sha256_samples: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Stats {
    pub min: f64,
    pub max: f64,
    pub mean: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::World;

    fn volume(samples: Samples) -> Volume {
        let geometry = Geometry::axis_aligned([2, 2, 1], World::default(), [1.0; 3]).unwrap();
        Volume::new(geometry, samples, 1).unwrap()
    }

    #[test]
    fn of_a_picture_of_which_one_slice_is_in_memory_only_that_one_has_values() {
        let grid = Geometry::axis_aligned([2, 2, 5], World::new(3.0, 0.0, -7.0), [1.0, 1.0, 2.5]).unwrap();
        let mut picture = volume(Samples::U8(vec![1, 2, 3, 4]));
        picture.value_map = ValueMap { slope: 10.0, intercept: 0.0, unit: None };
        let film = Volume::of_one_slice(grid, 3, &picture).unwrap();
        assert_eq!((film.size(), film.only_slice()), ([2, 2, 5], Some(3)));
        assert_eq!((film.value([1, 0, 3]), film.sample_at([1, 1, 3])), (20.0, Some(3)));
        assert_eq!(film.in_memory(), VoxelBox::new([0, 0, 3], [2, 2, 4]));
        assert!(film.value([1, 0, 2]).is_nan() && film.sample_at([0, 0, 4]).is_none());
        let slice = film.slice(3).unwrap();
        assert_eq!((slice.size(), slice.value([0, 1, 0]), slice.only_slice()), ([2, 2, 1], 30.0, None));
        assert_eq!(slice.geometry.world(crate::Voxel::centre([0; 3])).0.z, -7.0 + 3.0 * 2.5);
        assert!(film.slice(2).is_err() && film.slice(5).is_err());
        assert!(Volume::of_one_slice(grid, 5, &picture).is_err());
    }

    #[test]
    fn statistics_are_after_rescale_and_skip_what_is_not_a_number() {
        let mut v = volume(Samples::F32(vec![1.0, f32::NAN, 3.0, f32::INFINITY]));
        v.value_map = ValueMap { slope: -2.0, intercept: 10.0, unit: None };
        assert_eq!(v.stats(), Some(Stats { min: 4.0, max: 8.0, mean: 6.0 }));
    }

    #[test]
    fn the_hash_is_over_little_endian_bytes() {
        let v = Samples::I16(vec![1, -2]);
        let expected: String = Sha256::digest([1, 0, 0xfe, 0xff]).iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(v.sha256_hex(), expected);
    }

    #[test]
    fn samples_must_fill_the_grid() {
        let geometry = Geometry::axis_aligned([2, 2, 1], World::default(), [1.0; 3]).unwrap();
        assert!(Volume::new(geometry, Samples::U8(vec![0; 5]), 1).is_err());
        assert!(Volume::new(geometry, Samples::U8(vec![0; 12]), 3).is_ok());
    }
}
