//! What a network must know of a picture's values: mean and spread of the part that is not empty.
//!
//! Measured over the box around all voxels that are not zero, over the first channel (of a colour picture over its
//! brightness), as nnInteractive does, whose networks expect it so.

use crate::error::Result;
use limner_imaging::{Task, Volume, VoxelBox, with_samples};
use rayon::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Intensities {
    pub mean: f32,
    /// The standard deviation; 1 where all values are the same.
    pub spread: f32,
}

/// How much of red, green and blue is brightness (ITU-R BT.601).
pub(crate) const BRIGHTNESS: [f32; 3] = [0.299, 0.587, 0.114];

/// Reads one channel of a picture, or its brightness, a row at a time. Numbers that are none count as 0.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    volume: &'a Volume,
    channel: Channel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    Of(usize),
    Brightness,
}

impl<'a> Reader<'a> {
    pub const fn new(volume: &'a Volume, channel: Channel) -> Self {
        Self { volume, channel }
    }

    /// The channel that statistics are taken of.
    pub const fn first(volume: &'a Volume) -> Self {
        Self::new(volume, if volume.channels() >= BRIGHTNESS.len() { Channel::Brightness } else { Channel::Of(0) })
    }

    /// Every channel by itself.
    pub fn all(volume: &'a Volume) -> Vec<Self> {
        (0..volume.channels()).map(|channel| Self::new(volume, Channel::Of(channel))).collect()
    }

    /// The values of `out.len()` voxels from `start` on, along the row.
    pub fn row(&self, start: [usize; 3], out: &mut [f32]) {
        let channels = self.volume.channels();
        let from = self.volume.geometry.linear_index(start) * channels;
        let map = &self.volume.value_map;
        let (slope, intercept) = (map.slope, map.intercept);
        let value = |stored: f64| {
            let value = (slope * stored + intercept) as f32;
            if value.is_finite() { value } else { 0.0 }
        };
        self.stored(from, channels, out, value);
    }

    #[expect(clippy::unnecessary_cast, reason = "the macro also meets f64")]
    fn stored(&self, from: usize, channels: usize, out: &mut [f32], value: impl Fn(f64) -> f32) {
        with_samples!(self.volume.samples(), v => {
            let pixels = v[from..from + out.len() * channels].chunks_exact(channels);
            match self.channel {
                Channel::Of(channel) => {
                    for (out, pixel) in out.iter_mut().zip(pixels) {
                        *out = value(pixel[channel] as f64);
                    }
                }
                Channel::Brightness => {
                    for (out, pixel) in out.iter_mut().zip(pixels) {
                        *out = BRIGHTNESS.iter().zip(pixel).map(|(&share, &x)| share * value(x as f64)).sum();
                    }
                }
            }
        });
    }
}

impl Intensities {
    pub fn of(volume: &Volume, task: &Task) -> Result<Self> {
        let reader = Reader::first(volume);
        let bounds = not_empty(volume, &reader, task)?;
        let slices = |of: &(dyn Fn(f64) -> f64 + Sync)| {
            let sums: Result<Vec<f64>> = (bounds.min[2]..bounds.max[2])
                .into_par_iter()
                .map(|k| {
                    task.cancel.check()?;
                    let mut row = vec![0.0; bounds.size()[0]];
                    let mut sum = 0.0;
                    for j in bounds.min[1]..bounds.max[1] {
                        reader.row([bounds.min[0], j, k], &mut row);
                        sum += row.iter().map(|&x| of(f64::from(x))).sum::<f64>();
                    }
                    Ok(sum)
                })
                .collect();
            sums.map(|sums| sums.into_iter().sum::<f64>())
        };
        let count = bounds.len() as f64;
        let mean = slices(&|x| x)? / count.max(1.0);
        let variance = slices(&|x| (x - mean) * (x - mean))? / (count - 1.0).max(1.0);
        let spread = variance.sqrt() as f32;
        Ok(Self { mean: mean as f32, spread: if spread > 0.0 { spread } else { 1.0 } })
    }
}

/// The box around all voxels that are not zero in some channel; of a picture of nothing the whole.
fn not_empty(volume: &Volume, reader: &Reader, task: &Task) -> Result<VoxelBox> {
    let size = volume.size();
    let boxes: Result<Vec<VoxelBox>> = (0..size[2])
        .into_par_iter()
        .map(|k| {
            task.cancel.check()?;
            let mut row = vec![0.0; size[0]];
            let mut found = VoxelBox::default();
            for j in 0..size[1] {
                reader.row([0, j, k], &mut row);
                let Some(first) = row.iter().position(|&x| x != 0.0) else { continue };
                let last = row.iter().rposition(|&x| x != 0.0).unwrap_or(first);
                found = found.union(&VoxelBox::new([first, j, k], [last + 1, j + 1, k + 1]));
            }
            Ok(found)
        })
        .collect();
    let found = boxes?.into_iter().fold(VoxelBox::default(), |all, b| all.union(&b));
    Ok(if found.is_empty() { VoxelBox::whole(size) } else { found })
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::{Geometry, Samples, World};

    #[test]
    fn an_empty_rim_does_not_count_and_a_colour_picture_is_measured_by_its_brightness() {
        let size = [6, 5, 4];
        let geometry = Geometry::axis_aligned(size, World::default(), [1.0; 3]).unwrap();
        let inside = |n: usize| (1..4).contains(&(n % 6)) && n / 6 % 5 == 2 && n / 30 == 1;
        let grey: Vec<i16> = (0..120).map(|n| if inside(n) { (n % 6) as i16 } else { 0 }).collect();
        let found = Intensities::of(&Volume::new(geometry, Samples::I16(grey), 1).unwrap(), &Task::default()).unwrap();
        assert_eq!(found, Intensities { mean: 2.0, spread: 1.0 });
        let colour: Vec<u8> =
            (0..120).flat_map(|n| if inside(n) { [100, 50, 10 * (n % 6) as u8] } else { [0; 3] }).collect();
        let found = Intensities::of(&Volume::new(geometry, Samples::U8(colour), 3).unwrap(), &Task::default()).unwrap();
        assert!((found.mean - (29.9 + 29.35 + 2.28)).abs() < 1e-3 && (found.spread - 1.14).abs() < 1e-3);
        let flat = Volume::new(geometry, Samples::F32(vec![f32::NAN; 120]), 1).unwrap();
        assert_eq!(Intensities::of(&flat, &Task::default()).unwrap(), Intensities { mean: 0.0, spread: 1.0 });
    }
}
