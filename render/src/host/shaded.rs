//! A volume shaded by a transfer function: raycast.wgsl.
//!
//! Gradients are only computed where something is seen. Colours are those of the shader, not bit for bit: eight samples
//! may reach into a brick the shader leaps over.

use super::ray::{Ray, Rays, Stop};
use super::surface::{Met, Surface};
use super::texel::{LANES, Sampler};
use super::volume::Caster;
use crate::transfer::TransferTable;
use crate::volume_scene::VolumeScene;
use glam::{Mat3, Vec2, Vec3};
use limner_imaging::ValueMap;

const OPAQUE: f32 = 0.985;
/// A slope of this many table entries per voxel is a surface.
const SURFACE_SLOPE: f32 = 40.0;
const LAST_ENTRY: f32 = 1023.0;
/// A sample that adds less than this to the picture is not worth a gradient.
const UNLIT: f32 = 0.5 / 255.0;

pub(super) struct Shaded<'a, S> {
    rays: Rays<'a>,
    sampler: S,
    /// `entry = (stored - low) * scale`
    low: f32,
    scale: f32,
    /// Colour, and what one step hides.
    entries: Vec<[f32; 4]>,
    /// Stored samples outside this range show nothing.
    visible: [f32; 2],
    surfaces: Vec<Surface<'a>>,
    mm_gradient: Mat3,
    background: Vec3,
}

/// What has reached the eye of a ray.
struct Light {
    colour: Vec3,
    covered: f32,
}

impl Light {
    #[inline(always)]
    fn add(&mut self, colour: Vec3, opacity: f32) {
        let part = (1.0 - self.covered) * opacity;
        self.colour += part * colour;
        self.covered += part;
    }
}

/// The lamp at the eye of light.wgsl. `weight` says how far a slope can be trusted.
#[inline(always)]
pub(super) fn lit(colour: Vec3, slope: Vec3, mm_gradient: Mat3, direction: Vec3, weight: f32) -> Vec3 {
    let across = mm_gradient * slope;
    let facing = (slope.dot(direction).abs() / across.length().max(1e-12)).min(1.0);
    let shine = {
        let eighth = facing.powi(8);
        0.25 * eighth * eighth * eighth
    };
    colour.lerp(colour * (0.3 + 0.7 * facing) + shine, weight)
}

impl<'a, S: Sampler> Shaded<'a, S> {
    /// `bias` is what the sampler takes away from stored samples.
    pub fn new(
        scene: &'a VolumeScene<'_>,
        map: &ValueMap,
        (sampler, bias): (S, f64),
        transfer: &TransferTable,
        surfaces: Vec<Surface<'a>>,
    ) -> Self {
        let rays = Rays::new(scene, &scene.free_space.host_distances);
        let (low, high) = transfer.function().range();
        let per_value = f64::from(LAST_ENTRY) / (high - low);
        // Where all samples have one value, `low` is its entry.
        let is_constant = map.slope == 0.0;
        let low =
            if is_constant { (map.intercept - low) * per_value } else { (low - map.intercept) / map.slope - bias };
        let scale = map.slope * per_value;
        let step_mm = rays.step_mm;
        let entries: Vec<[f32; 4]> =
            transfer.entries().iter().map(|&[r, g, b, a]| [r, g, b, 1.0 - (-a * step_mm).exp()]).collect();
        let visible = visible_range(&entries, low as f32, scale as f32);
        let gradient = rays.view.mm_gradient.map(|v| Vec3::new(v[0], v[1], v[2]));
        let mm_gradient = Mat3::from_cols(gradient[0], gradient[1], gradient[2]);
        let [r, g, b, _] = rays.view.background;
        let background = Vec3::new(r, g, b);
        let (low, scale) = (low as f32, scale as f32);
        Self { rays, sampler, low, scale, entries, visible, surfaces, mm_gradient, background }
    }

    /// Adds what `count` samples from `t` on show.
    #[inline(always)]
    fn add_all(&self, stop: &Stop, values: &[f32], ray: &Ray, met: &mut Met, light: &mut Light) {
        let is_near = self.surfaces.iter().any(|surface| surface.is_near(stop.brick));
        let [low, high] = self.visible;
        if !is_near && !values.iter().fold(false, |any, &v| any | ((v >= low) & (v <= high))) {
            return;
        }
        for (n, &value) in values.iter().enumerate() {
            let here = stop.t + n as f32 * self.rays.step_mm;
            if is_near {
                self.meet_labels(met, ray, here, light);
            }
            self.add(value, ray, here, light);
            if light.covered >= OPAQUE {
                break;
            }
        }
    }

    fn meet_labels(&self, met: &mut Met, ray: &Ray, t: f32, light: &mut Light) {
        for (layer, surface) in self.surfaces.iter().enumerate() {
            if let Some(colour) = surface.meet(met.last(layer), ray, t, self.rays.step_mm, self.mm_gradient) {
                light.add(colour, surface.opacity);
            }
        }
    }

    #[inline(always)]
    fn add(&self, stored: f32, ray: &Ray, t: f32, light: &mut Light) {
        let entry = if self.scale == 0.0 { self.low } else { (stored - self.low) * self.scale };
        let [r, g, b, opacity] = self.entries[(entry.clamp(0.0, LAST_ENTRY) + 0.5) as i32 as usize];
        if opacity <= 0.0 {
            return;
        }
        let mut shown = Vec3::new(r, g, b);
        if (1.0 - light.covered) * opacity > UNLIT {
            let slope = Vec3::from_array(self.sampler.slope(ray.at(t).to_array()));
            let weight = (slope.length() * self.scale.abs() * 0.5 / SURFACE_SLOPE).min(1.0);
            shown = lit(shown, slope, self.mm_gradient, ray.direction, weight);
        }
        light.add(shown, opacity);
    }
}

impl<S: Sampler> Caster for Shaded<'_, S> {
    #[inline(always)]
    fn pixel(&self, pixel: Vec2) -> Option<[f32; 3]> {
        let (ray, mut t) = self.rays.ray(pixel)?;
        let step = self.rays.step(&ray).to_array();
        let mut light = Light { colour: Vec3::ZERO, covered: 0.0 };
        let mut met = Met::default();
        while light.covered < OPAQUE {
            let Some(stop) = self.rays.next(&ray, t) else { break };
            if stop.has_leapt {
                met.forget();
            }
            let values = self.sampler.along(ray.at(stop.t).to_array(), step);
            let count = self.rays.shown(&ray, stop.t);
            self.add_all(&stop, &values[..count], &ray, &mut met, &mut light);
            t = stop.t + LANES as f32 * self.rays.step_mm;
        }
        Some((light.colour + (1.0 - light.covered) * self.background).to_array())
    }
}

/// Stored samples between which some entry hides something.
fn visible_range(entries: &[[f32; 4]], low: f32, scale: f32) -> [f32; 2] {
    let is_seen = |entry: &[f32; 4]| entry[3] > 0.0;
    let (Some(first), Some(last)) = (entries.iter().position(is_seen), entries.iter().rposition(is_seen)) else {
        return [f32::INFINITY, f32::NEG_INFINITY];
    };
    if scale == 0.0 {
        return [f32::NEG_INFINITY, f32::INFINITY];
    }
    // Beyond the table its ends go on.
    let end = |entry: usize, outwards: f32| {
        let is_end = entry == 0 || entry == entries.len() - 1;
        if is_end { outwards * scale.signum() * f32::INFINITY } else { low + (entry as f32 + outwards) / scale }
    };
    let ends = [end(first, -1.0), end(last, 1.0)];
    [ends[0].min(ends[1]), ends[0].max(ends[1])]
}
