//! Volumes in 3D drawn by the processor: the rays of ray.wgsl, raycast.wgsl and project.wgsl.
//!
//! A ray leaps over what shows nothing and then looks at eight samples at once, along itself: neighbouring samples lie
//! in the same cache lines. Gradients are only computed where something is seen. A projection is cut short by its
//! window: what lies beyond the window's end looks the same however far beyond, so neither bricks that stay below it
//! nor what comes after a sample above it is looked at. Colours are those of the shaders, not bit for bit: eight
//! samples may reach into a brick the shader leaps over.

use super::Pixel;
use super::paint::ToneTable;
use super::surface::{Met, Surface};
use super::texel::{Grid, LANES, Lanes, Texel};
use crate::bricks::{self, FreeSpace, SIDE};
use crate::context::{GpuContext, Tier};
use crate::pass::raycast::{self, ViewUniform};
use crate::pass::slice::projection_code;
use crate::scene::Tone;
use crate::transfer::TransferTable;
use crate::volume_scene::{VolumeMode, VolumeScene};
use glam::{Mat3, Vec2, Vec3};
use limner_imaging::reslice::Projection;
use limner_imaging::{Volume, with_samples};
use rayon::prelude::*;
use std::ops::Range;

/// Side of the square of pixels whose rays are cast one after the other: they share cache lines.
const TILE: usize = 16;
const OPAQUE: f32 = 0.985;
/// A slope of this many table entries per voxel is a surface.
const SURFACE_SLOPE: f32 = 40.0;
const LAST_ENTRY: f32 = 1023.0;
/// A sample that adds less than this to the picture is not worth a gradient.
const UNLIT: f32 = 0.5 / 255.0;

/// Some rows of the picture, or `None` where the adapter has to draw it.
pub(crate) fn draw(scene: &VolumeScene<'_>, gpu: &GpuContext, rows: Range<usize>) -> Option<Vec<Pixel>> {
    let volume = scene.host_volume()?;
    let is_partial = scene.volume.is_partial();
    if gpu.tier != Tier::Software && !is_partial || scene.free_space.count != bricks::bricks_in(volume.size()) {
        return None;
    }
    let fitting = scene.labels.iter().filter(|labels| labels.texture.solid_size() == volume.size());
    let surfaces = fitting.map(Surface::new).collect::<Option<Vec<_>>>();
    // While the adapter waits for its volume, a picture without surfaces says more than one of half a volume.
    let surfaces = if is_partial { surfaces.unwrap_or_default() } else { surfaces? };
    let width = scene.size[0].max(1);
    let [r, g, b] = scene.background;
    let mut pixels = gpu.staging().picture(width * rows.len(), [r, g, b, 255]);
    with_samples!(volume.samples(), samples => {
        let (size, channels) = (volume.size(), volume.channels());
        let grid = Grid { samples, size, channels, channel: 0, bias: 0.0 };
        match &scene.mode {
            VolumeMode::Shaded { transfer } => {
                let shaded = Shaded::new(scene, volume, grid, transfer, surfaces);
                cast(width, rows.start, &mut pixels, |at| shaded.pixel(at));
            }
            VolumeMode::Projected { projection, tone } => {
                let projected = Projected::new(scene, volume, grid, *projection, tone);
                cast(width, rows.start, &mut pixels, |at| projected.pixel(at));
            }
        }
    });
    Some(pixels)
}

fn cast(width: usize, first_row: usize, pixels: &mut [Pixel], pixel: impl Fn(Vec2) -> Option<[f32; 3]> + Sync) {
    pixels.par_chunks_mut(width * TILE).enumerate().for_each(|(band, pixels)| {
        for left in (0..width).step_by(TILE) {
            for (y, line) in pixels.chunks_exact_mut(width).enumerate() {
                let y = (first_row + band * TILE + y) as f32 + 0.5;
                for (x, place) in line.iter_mut().enumerate().skip(left).take(TILE) {
                    if let Some(colour) = pixel(Vec2::new(x as f32 + 0.5, y)) {
                        let [r, g, b] = colour.map(|c| (c * 255.0 + 0.5) as u8);
                        *place = [r, g, b, 255];
                    }
                }
            }
        }
    });
}

#[derive(Clone, Copy)]
pub(super) struct Ray {
    /// Voxel position at 0 mm, and voxels per mm.
    pub origin: Vec3,
    pub direction: Vec3,
    /// Shown up to here, in mm.
    far: f32,
}

impl Ray {
    pub fn at(&self, t: f32) -> Vec3 {
        self.origin + self.direction * t
    }
}

/// Rays and the bricks they pass: ray.wgsl.
struct Rays<'a> {
    view: ViewUniform,
    is_perspective: bool,
    step_mm: f32,
    count: [usize; 3],
    distances: &'a [u8],
}

impl<'a> Rays<'a> {
    fn new(scene: &VolumeScene<'_>, distances: &'a [u8]) -> Self {
        let view = raycast::uniform(scene);
        let is_perspective = scene.camera.eye_mm.is_some();
        Self { step_mm: view.forward[3], view, is_perspective, count: scene.free_space.count, distances }
    }

    /// The ray through a pixel and its first sample; `None` where it meets nothing.
    fn ray(&self, pixel: Vec2) -> Option<(Ray, f32)> {
        let view = &self.view;
        let three = |v: [f32; 4]| Vec3::new(v[0], v[1], v[2]);
        let on_plane =
            three(view.raster.origin) + pixel.x * three(view.raster.right) + pixel.y * three(view.raster.down);
        let (origin, direction, mut near) = if self.is_perspective {
            let eye = three(view.eye);
            let across = (pixel - Vec2::new(view.screen[0], view.screen[1])) * view.screen[2];
            (eye, (on_plane - eye) / across.extend(view.eye[3]).length(), 0.0)
        } else {
            (on_plane, three(view.forward), -1e30)
        };
        // A ray along a face must not divide by zero.
        let direction = Vec3::select(direction.abs().cmplt(Vec3::splat(1e-7)), Vec3::splat(1e-7), direction);
        let a = (three(view.box_min) - origin) / direction;
        let b = (three(view.box_max) - origin) / direction;
        near = a.min(b).max_element().max(near);
        let mut far = a.max(b).min_element();
        let above = three(view.plane).dot(origin) - view.plane[3];
        let rise = three(view.plane).dot(direction);
        if rise > 0.0 {
            near = near.max(-above / rise);
        } else if rise < 0.0 {
            far = far.min(-above / rise);
        } else if above < 0.0 {
            return None;
        }
        // Neighbouring rays start a part of a step apart, so that steps do not show as rings.
        let part = (52.982_92 * pixel.dot(Vec2::new(0.067_110_56, 0.005_837_15)).fract()).fract();
        let first = near + part * self.step_mm;
        (first < far).then_some((Ray { origin, direction, far }, first))
    }

    fn brick(&self, at: Vec3) -> ([f32; 3], usize) {
        let index = ((at + 0.5) / SIDE as f32).floor().to_array();
        let place: [usize; 3] = std::array::from_fn(|a| (index[a] as usize).min(self.count[a] - 1));
        (index, (place[2] * self.count[1] + place[1]) * self.count[0] + place[0])
    }

    /// The first step at or after the one where the ray leaves the cube that reaches `reach` bricks around a brick.
    fn leap(&self, ray: &Ray, brick: [f32; 3], reach: f32, t: f32) -> f32 {
        const BRICK: f32 = SIDE as f32;
        let low = (Vec3::from_array(brick) - reach) * BRICK - 0.5;
        let high = low + (2.0 * reach + 1.0) * BRICK;
        let edge = Vec3::select(ray.direction.cmpgt(Vec3::ZERO), high, low);
        let out = ((edge - ray.origin) / ray.direction).min_element();
        t + ((out - t) / self.step_mm).ceil().max(1.0) * self.step_mm
    }

    /// The next place a ray has to look at, and its brick.
    fn next(&self, ray: &Ray, mut t: f32) -> Option<Stop> {
        let mut has_leapt = false;
        while t < ray.far {
            let (brick, place) = self.brick(ray.at(t));
            let free = self.distances[place];
            if free == 0 {
                return Some(Stop { t, brick: place, has_leapt });
            }
            has_leapt = true;
            t = self.leap(ray, brick, f32::from(free) - 1.0, t);
        }
        None
    }

    /// Positions of the next eight samples, and how many of them are shown.
    fn positions(&self, ray: &Ray, t: f32) -> ([Lanes; 3], usize) {
        let (origin, along) = (ray.at(t).to_array(), (ray.direction * self.step_mm).to_array());
        let positions = std::array::from_fn(|a| std::array::from_fn(|n| origin[a] + along[a] * n as f32));
        let count = ((ray.far - t) / self.step_mm).ceil().clamp(1.0, LANES as f32) as usize;
        (positions, count)
    }
}

/// Where a ray has to look.
struct Stop {
    t: f32,
    brick: usize,
    /// Something free lies between this and the place before.
    has_leapt: bool,
}

struct Shaded<'a, T> {
    rays: Rays<'a>,
    grid: Grid<'a, T>,
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
    fn add(&mut self, colour: Vec3, opacity: f32) {
        let part = (1.0 - self.covered) * opacity;
        self.colour += part * colour;
        self.covered += part;
    }
}

/// The lamp at the eye of light.wgsl. `weight` says how far a slope can be trusted.
pub(super) fn lit(colour: Vec3, slope: Vec3, mm_gradient: Mat3, direction: Vec3, weight: f32) -> Vec3 {
    let across = mm_gradient * slope;
    let facing = (slope.dot(direction).abs() / across.length().max(1e-12)).min(1.0);
    let shine = {
        let eighth = facing.powi(8);
        0.25 * eighth * eighth * eighth
    };
    colour.lerp(colour * (0.3 + 0.7 * facing) + shine, weight)
}

impl<'a, T: Texel> Shaded<'a, T> {
    fn new(
        scene: &'a VolumeScene<'_>,
        volume: &Volume,
        grid: Grid<'a, T>,
        transfer: &TransferTable,
        surfaces: Vec<Surface<'a>>,
    ) -> Self {
        let rays = Rays::new(scene, &scene.free_space.host_distances);
        let (low, high) = transfer.function().range();
        let map = &volume.value_map;
        let per_value = f64::from(LAST_ENTRY) / (high - low);
        let stored = |value: f64| (value - map.intercept) / map.slope;
        let bias = if T::TAKES_BIAS && map.slope != 0.0 { stored(low).round() } else { 0.0 };
        let grid = Grid { bias, ..grid };
        // Where all samples have one value, `low` is its entry.
        let is_constant = map.slope == 0.0;
        let low = if is_constant { (map.intercept - low) * per_value } else { stored(low) - bias };
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
        Self { rays, grid, low, scale, entries, visible, surfaces, mm_gradient, background }
    }

    fn pixel(&self, pixel: Vec2) -> Option<[f32; 3]> {
        let (ray, mut t) = self.rays.ray(pixel)?;
        let mut light = Light { colour: Vec3::ZERO, covered: 0.0 };
        let mut met = Met::default();
        while light.covered < OPAQUE {
            let Some(stop) = self.rays.next(&ray, t) else { break };
            t = stop.t;
            if stop.has_leapt {
                met.forget();
            }
            let (positions, count) = self.rays.positions(&ray, t);
            let values = self.grid.linear_at(&positions);
            let near_label = self.surfaces.iter().any(|surface| surface.is_near(stop.brick));
            let [low, high] = self.visible;
            if near_label || values.iter().fold(false, |any, &v| any | ((v >= low) & (v <= high))) {
                for (n, &value) in values[..count].iter().enumerate() {
                    let here = t + n as f32 * self.rays.step_mm;
                    if near_label {
                        self.meet_labels(&mut met, &ray, here, &mut light);
                    }
                    self.add(value, &ray, here, &mut light);
                    if light.covered >= OPAQUE {
                        break;
                    }
                }
            }
            t += LANES as f32 * self.rays.step_mm;
        }
        Some((light.colour + (1.0 - light.covered) * self.background).to_array())
    }

    fn meet_labels(&self, met: &mut Met, ray: &Ray, t: f32, light: &mut Light) {
        for (layer, surface) in self.surfaces.iter().enumerate() {
            if let Some(colour) = surface.meet(met.last(layer), ray, t, self.rays.step_mm, self.mm_gradient) {
                light.add(colour, surface.opacity);
            }
        }
    }

    fn add(&self, stored: f32, ray: &Ray, t: f32, light: &mut Light) {
        let entry = if self.scale == 0.0 { self.low } else { (stored - self.low) * self.scale };
        let [r, g, b, opacity] = self.entries[(entry.clamp(0.0, LAST_ENTRY) + 0.5) as usize];
        if opacity <= 0.0 {
            return;
        }
        let mut shown = Vec3::new(r, g, b);
        if (1.0 - light.covered) * opacity > UNLIT {
            let slope = self.slope(ray.at(t));
            let weight = (slope.length() * self.scale.abs() * 0.5 / SURFACE_SLOPE).min(1.0);
            shown = lit(shown, slope, self.mm_gradient, ray.direction, weight);
        }
        light.add(shown, opacity);
    }

    fn slope(&self, at: Vec3) -> Vec3 {
        let mut positions = at.to_array().map(|x| [x; LANES]);
        for (axis, lanes) in positions.iter_mut().enumerate() {
            lanes[2 * axis] += 1.0;
            lanes[2 * axis + 1] -= 1.0;
        }
        let v = self.grid.linear_at(&positions);
        Vec3::new(v[0] - v[1], v[2] - v[3], v[4] - v[5])
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

struct Projected<'a, T> {
    rays: Rays<'a>,
    grid: Grid<'a, T>,
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

impl<'a, T: Texel> Projected<'a, T> {
    fn new(
        scene: &'a VolumeScene<'_>,
        volume: &Volume,
        grid: Grid<'a, T>,
        projection: Projection,
        tone: &Tone<'_>,
    ) -> Self {
        let map = &volume.value_map;
        let slope = if map.slope == 0.0 { 1.0 } else { map.slope };
        let stored = |value: f64| (value - map.intercept) / slope;
        let bias = if T::TAKES_BIAS { stored(tone.window.centre).round() } else { 0.0 };
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
            grid: Grid { bias, ..grid },
            tone: ToneTable::new(tone, volume, bias),
            is_mean,
            sign,
            window,
            tops,
            distances,
        }
    }

    fn pixel(&self, pixel: Vec2) -> Option<[f32; 3]> {
        let (ray, first) = self.rays.ray(pixel)?;
        let stored = if self.is_mean { self.mean(&ray, first) } else { self.best(&ray, first) * self.sign };
        let [r, g, b, _] = self.tone.pixel(stored);
        Some([r, g, b].map(|c| f32::from(c) / 255.0))
    }

    fn best(&self, ray: &Ray, mut t: f32) -> f32 {
        let [mut best, enough] = self.window;
        let distances = self.distances.as_deref().map_or(&[][..], Vec::as_slice);
        while t < ray.far && best < enough {
            let (brick, place) = self.rays.brick(ray.at(t));
            let free = distances[place];
            if free > 0 || self.tops[place] <= best {
                t = self.rays.leap(ray, brick, f32::from(free.max(1)) - 1.0, t);
                continue;
            }
            let (positions, count) = self.rays.positions(ray, t);
            let values = self.grid.linear_at(&positions);
            best = values[..count].iter().fold(best, |best, &value| best.max(value * self.sign));
            t += LANES as f32 * self.rays.step_mm;
        }
        best
    }

    fn mean(&self, ray: &Ray, mut t: f32) -> f32 {
        let (mut sum, mut total) = (0.0_f32, 0);
        while t < ray.far {
            let (positions, count) = self.rays.positions(ray, t);
            sum += self.grid.linear_at(&positions)[..count].iter().sum::<f32>();
            total += count;
            t += LANES as f32 * self.rays.step_mm;
        }
        sum / total.max(1) as f32
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
