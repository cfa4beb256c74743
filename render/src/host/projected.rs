//! A volume projected along rays: project.wgsl.
//!
//! A projection is cut short by its window: what lies beyond the window's end looks the same however far beyond, so
//! neither bricks that stay below it nor what comes after a sample above it is looked at.

use super::paint::ToneTable;
use super::ray::{Ray, Rays};
use super::texel::{LANES, Sampler};
use super::volume::Caster;
use crate::bricks::{self, FreeSpace};
use crate::pass::slice::projection_code;
use crate::scene::Tone;
use crate::volume_scene::VolumeScene;
use glam::Vec2;
use limner_imaging::Volume;
use limner_imaging::reslice::Projection;

pub(super) struct Projected<'a, S> {
    rays: Rays<'a>,
    sampler: S,
    tone: ToneTable,
    is_mean: bool,
    /// 1 for the largest stored sample, -1 for the smallest: then everything is turned round.
    sign: f32,
    /// Samples times sign: below the first they look like the first, above the second like the second.
    window: [f32; 2],
    /// The most that samples times sign reach in each brick.
    tops: Vec<f32>,
    distances: Option<std::sync::Arc<Vec<u8>>>,
}

impl<'a, S: Sampler> Projected<'a, S> {
    /// `bias` is what the sampler takes away from stored samples.
    pub fn new(
        scene: &'a VolumeScene<'_>,
        volume: &Volume,
        (sampler, bias): (S, f64),
        projection: Projection,
        tone: &Tone<'_>,
    ) -> Self {
        let map = &volume.value_map;
        let slope = if map.slope == 0.0 { 1.0 } else { map.slope };
        let stored = |value: f64| (value - map.intercept) / slope;
        let code = projection_code(projection, map.slope < 0.0);
        let sign = if code == 1 { -1.0 } else { 1.0 };
        let half = tone.window.width / 2.0;
        let ends = [-half, half].map(|from| (stored(tone.window.centre + from) - bias) as f32 * sign);
        let window = [ends[0].min(ends[1]), ends[0].max(ends[1])];
        let is_mean = code == 2;
        let of_range = |range: &[f32; 2]| (range[usize::from(sign > 0.0)] - bias as f32) * sign;
        let tops: Vec<f32> = scene.free_space.stored.iter().map(of_range).collect();
        let distances = (!is_mean).then(|| scene.free_space.below(window[0], sign, &tops));
        Self {
            rays: Rays::new(scene, &scene.free_space.host_distances),
            sampler,
            tone: ToneTable::new(tone, volume, bias),
            is_mean,
            sign,
            window,
            tops,
            distances,
        }
    }

    #[inline(always)]
    fn best(&self, ray: &Ray, mut t: f32) -> f32 {
        let [mut best, enough] = self.window;
        let step = self.rays.step(ray).to_array();
        let distances = self.distances.as_deref().map_or(&[][..], Vec::as_slice);
        while t < ray.far && best < enough {
            let (brick, place) = self.rays.brick(ray.at(t));
            let free = distances[place];
            if free > 0 || self.tops[place] <= best {
                t = self.rays.leap(ray, brick, f32::from(free.max(1)) - 1.0, t);
                continue;
            }
            let values = self.sampler.along(ray.at(t).to_array(), step);
            let shown = &values[..self.rays.shown(ray, t)];
            best = shown.iter().fold(best, |best, &value| best.max(value * self.sign));
            t += LANES as f32 * self.rays.step_mm;
        }
        best
    }

    #[inline(always)]
    fn mean(&self, ray: &Ray, mut t: f32) -> f32 {
        let (mut sum, mut total) = (0.0_f32, 0);
        let step = self.rays.step(ray).to_array();
        while t < ray.far {
            let values = self.sampler.along(ray.at(t).to_array(), step);
            let count = self.rays.shown(ray, t);
            sum += values[..count].iter().sum::<f32>();
            total += count;
            t += LANES as f32 * self.rays.step_mm;
        }
        sum / total.max(1) as f32
    }
}

impl<S: Sampler> Caster for Projected<'_, S> {
    #[inline(always)]
    fn pixel(&self, pixel: Vec2) -> Option<[f32; 3]> {
        let (ray, first) = self.rays.ray(pixel)?;
        let stored = if self.is_mean { self.mean(&ray, first) } else { self.best(&ray, first) * self.sign };
        let [r, g, b, _] = self.tone.pixel(stored);
        Some([r, g, b].map(|c| f32::from(c) / 255.0))
    }
}

impl FreeSpace {
    /// Distances to the next brick in which samples times `sign` reach above a floor; kept until the floor changes.
    fn below(&self, floor: f32, sign: f32, tops: &[f32]) -> std::sync::Arc<Vec<u8>> {
        let key = (floor.to_bits(), sign.to_bits());
        let mut kept = self.below.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((of, distances)) = &*kept
            && *of == key
        {
            return std::sync::Arc::clone(distances);
        }
        let may_show: Vec<bool> = tops.iter().map(|&top| top > floor).collect();
        let distances = std::sync::Arc::new(bricks::distances(self.count, &may_show));
        *kept = Some((key, std::sync::Arc::clone(&distances)));
        distances
    }
}
