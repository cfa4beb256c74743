//! A volume at a lower resolution: means of blocks, as plain numbers.

use crate::error::Result;
use crate::task::Task;
use crate::volume::Volume;
use crate::with_samples;
use glam::{DAffine3, DVec3};
use rayon::prelude::*;

pub struct Level {
    pub size: [usize; 3],
    pub values: Vec<f32>,
    /// Block centres count from 0.
    pub world_from_block: DAffine3,
    pub block_from_world: DAffine3,
    /// The range that almost all values lie in.
    pub range: [f32; 2],
    pub middle: DVec3,
    /// The middle of what is bright.
    pub mass_middle: DVec3,
}

impl Level {
    /// Blocks of about `block_mm`, never smaller than a voxel.
    pub fn of(volume: &Volume, block_mm: f64, task: &Task) -> Result<Self> {
        task.cancel.check()?;
        let full = volume.size();
        let spacing = volume.geometry.spacing_mm();
        let block: [usize; 3] =
            std::array::from_fn(|a| ((block_mm / spacing[a]).round() as usize).clamp(1, full[a].div_ceil(4).max(1)));
        let size: [usize; 3] = std::array::from_fn(|a| full[a] / block[a]);
        let values = block_means(volume, block, size);
        let scale = DVec3::from_array(block.map(|n| n as f64));
        let shift = DVec3::from_array(block.map(|n| (n as f64 - 1.0) / 2.0));
        let world_from_block =
            volume.geometry.world_from_voxel() * DAffine3::from_translation(shift) * DAffine3::from_scale(scale);
        let range = range_of(&values);
        let mut level = Self {
            size,
            values,
            world_from_block,
            block_from_world: world_from_block.inverse(),
            range,
            middle: volume.geometry.centre().0,
            mass_middle: DVec3::ZERO,
        };
        level.mass_middle = level.middle_of_mass();
        Ok(level)
    }

    fn middle_of_mass(&self) -> DVec3 {
        let [columns, rows, _] = self.size;
        let mut mass = 0.0;
        let mut sum = DVec3::ZERO;
        for (n, &value) in self.values.iter().enumerate() {
            let weight = f64::from((value.clamp(self.range[0], self.range[1]) - self.range[0]).max(0.0));
            mass += weight;
            let at = [n % columns, n / columns % rows, n / (columns * rows)];
            sum += DVec3::from_array(at.map(|x| x as f64)) * weight;
        }
        if mass > 0.0 { self.world_from_block.transform_point3(sum / mass) } else { self.middle }
    }

    /// The value between blocks; `None` outside.
    pub fn at(&self, p: DVec3) -> Option<f32> {
        let [columns, rows, slices] = self.size;
        let top = DVec3::new(columns as f64 - 1.0, rows as f64 - 1.0, slices as f64 - 1.0);
        if !(p.cmpge(DVec3::ZERO).all() && p.cmple(top).all()) {
            return None;
        }
        let base = p.floor();
        let f = (p - base).as_vec3();
        let start = [base.x as usize, base.y as usize, base.z as usize];
        let next = |axis: usize, stride: usize| if start[axis] + 1 < self.size[axis] { stride } else { 0 };
        let (right, down, behind) = (next(0, 1), next(1, columns), next(2, columns * rows));
        let n = (start[2] * rows + start[1]) * columns + start[0];
        let line = |n: usize| self.values[n] + (self.values[n + right] - self.values[n]) * f.x;
        let plane = |n: usize| {
            let near = line(n);
            near + (line(n + down) - near) * f.y
        };
        let near = plane(n);
        Some(near + (plane(n + behind) - near) * f.z)
    }
}

#[expect(clippy::unnecessary_cast, reason = "the macro also meets f32")]
fn block_means(volume: &Volume, block: [usize; 3], size: [usize; 3]) -> Vec<f32> {
    let full = volume.size();
    let (slope, intercept) = (volume.value_map.slope, volume.value_map.intercept);
    let share = 1.0 / (block[0] * block[1] * block[2]) as f64;
    let channels = volume.channels();
    with_samples!(volume.samples(), samples => {
        (0..size[2]).into_par_iter().flat_map_iter(|k| {
            let mut sums = vec![0.0_f64; size[0] * size[1]];
            for z in k * block[2]..(k + 1) * block[2] {
                for y in 0..size[1] * block[1] {
                    let row = (z * full[1] + y) * full[0];
                    let into = y / block[1] * size[0];
                    for x in 0..size[0] * block[0] {
                        let value = samples[(row + x) * channels] as f64;
                        sums[into + x / block[0]] += if value.is_finite() { value } else { 0.0 };
                    }
                }
            }
            sums.into_iter().map(move |sum| (slope * sum * share + intercept) as f32)
        }).collect()
    })
}

/// Outliers, such as metal, would leave everything else in one bin.
fn range_of(values: &[f32]) -> [f32; 2] {
    const LOW: f64 = 0.005;
    let stride = (values.len() / 200_000).max(1);
    let mut some: Vec<f32> = values.iter().copied().step_by(stride).collect();
    some.sort_unstable_by(f32::total_cmp);
    let at = |share: f64| some.get((some.len().saturating_sub(1) as f64 * share) as usize).copied().unwrap_or(0.0);
    [at(LOW), at(1.0 - LOW)]
}
