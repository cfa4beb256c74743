//! Volumes in 3D drawn by the processor: the rays of raycast.wgsl and project.wgsl.
//!
//! A ray leaps over what shows nothing and then looks at eight samples at once, along itself: neighbouring samples lie
//! in the same cache lines.

use super::Pixel;
use super::projected::Projected;
use super::shaded::Shaded;
use super::surface::Surface;
use super::texel::{Grid, Sampler, Texel};
use crate::bricks;
use crate::context::{GpuContext, Tier};
use crate::volume_scene::{VolumeMode, VolumeScene};
use glam::Vec2;
use limner_imaging::{ValueMap, Volume, with_samples};
use rayon::prelude::*;
use std::ops::Range;

/// Side of the square of pixels whose rays are cast one after the other: they share cache lines.
const TILE: usize = 16;

/// What a ray through a pixel sees; `None` is the background. Compiled into the loop over a tile, so that all of it
/// uses what the processor has.
pub(super) trait Caster: Sync {
    fn pixel(&self, at: Vec2) -> Option<[f32; 3]>;
}

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
    let [r, g, b] = scene.background;
    let mut pixels = gpu.staging().picture(scene.size[0].max(1) * rows.len(), [r, g, b, 255]);
    with_samples!(volume.samples(), samples => {
        let (size, channels) = (volume.size(), volume.channels());
        let grid = Grid { samples, size, channels, channel: 0, bias: 0.0 };
        draw_grid(scene, volume, grid, surfaces, (rows.start, &mut pixels));
    });
    Some(pixels)
}

fn draw_grid<'a, T: Texel>(
    scene: &'a VolumeScene<'_>,
    volume: &Volume,
    grid: Grid<'a, T>,
    surfaces: Vec<Surface<'a>>,
    into: (usize, &mut [Pixel]),
) {
    let grid = Grid { bias: if T::TAKES_BIAS { bias(scene, &volume.value_map) } else { 0.0 }, ..grid };
    match T::wide(&grid) {
        Some(wide) => draw_sampled(scene, volume, (wide, grid.bias), surfaces, into),
        None => draw_sampled(scene, volume, (grid, grid.bias), surfaces, into),
    }
}

/// Samples of wide types are held as distances from a value that is shown: f32 is exact enough near it.
fn bias(scene: &VolumeScene<'_>, map: &ValueMap) -> f64 {
    let value = match &scene.mode {
        VolumeMode::Shaded { transfer } => transfer.function().range().0,
        VolumeMode::Projected { tone, .. } => tone.window.centre,
    };
    if map.slope == 0.0 { 0.0 } else { ((value - map.intercept) / map.slope).round() }
}

fn draw_sampled<'a, S: Sampler>(
    scene: &'a VolumeScene<'_>,
    volume: &Volume,
    sampler: (S, f64),
    surfaces: Vec<Surface<'a>>,
    (first_row, pixels): (usize, &mut [Pixel]),
) {
    let width = scene.size[0].max(1);
    match &scene.mode {
        VolumeMode::Shaded { transfer } => {
            let shaded = Shaded::new(scene, &volume.value_map, sampler, transfer, surfaces);
            cast::<S>(width, first_row, pixels, &shaded);
        }
        VolumeMode::Projected { projection, tone } => {
            let projected = Projected::new(scene, volume, sampler, *projection, tone);
            cast::<S>(width, first_row, pixels, &projected);
        }
    }
}

fn cast<S: Sampler>(width: usize, first_row: usize, pixels: &mut [Pixel], caster: &impl Caster) {
    pixels.par_chunks_mut(width * TILE).enumerate().for_each(|(band, pixels)| {
        for left in (0..width).step_by(TILE) {
            S::run(Tile { caster, width, left, top: first_row + band * TILE, pixels });
        }
    });
}

/// A square of pixels of a band.
struct Tile<'a, C> {
    caster: &'a C,
    width: usize,
    left: usize,
    top: usize,
    pixels: &'a mut [Pixel],
}

impl<C: Caster> super::texel::Work for Tile<'_, C> {
    #[inline(always)]
    fn run(self) {
        for (y, line) in self.pixels.chunks_exact_mut(self.width).enumerate() {
            let y = (self.top + y) as f32 + 0.5;
            for (x, place) in line.iter_mut().enumerate().skip(self.left).take(TILE) {
                if let Some(colour) = self.caster.pixel(Vec2::new(x as f32 + 0.5, y)) {
                    let [r, g, b] = colour.map(|c| (c * 255.0 + 0.5) as u8);
                    *place = [r, g, b, 255];
                }
            }
        }
    }
}
