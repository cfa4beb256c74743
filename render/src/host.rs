//! Slices drawn by the processor, where the processor would draw them anyway.
//!
//! A software adapter is several times slower at this than plain code: it knows nothing of rows, spans or caches. The
//! pixels are those of the shaders (slice.wgsl, tone.wgsl, labels.wgsl) within one grey level; the same tests hold
//! both against the CPU reference. Volumes too large for the adapter are drawn here too (reduce.rs). What is not simple enough for this path is drawn by the adapter.

use crate::context::{GpuContext, Tier};
use crate::label_texture::HostLabels;
use crate::palette::Palette;
use crate::scene::{LabelLayer, SliceScene};
use glam::DVec3;
use limner_imaging::reslice::{Interpolation, Raster};
use limner_imaging::{Geometry, Samples, Volume};
use rayon::prelude::*;
use std::borrow::Cow;
use std::ops::Range;
use wgpu::util::DeviceExt as _;

type Pixel = [u8; 4];

/// The picture, or `None` where the adapter has to draw it.
pub(crate) fn draw(scene: &SliceScene<'_>, gpu: &GpuContext) -> Option<Vec<Pixel>> {
    let volume = scene.host?;
    let is_reduced = volume.size() != scene.volume.geometry().size();
    if gpu.tier != Tier::Software && !is_reduced {
        return None;
    }
    let is_plain = scene.second.is_none()
        && scene.heat.is_empty()
        && scene.slab.is_none()
        && scene.interpolation != Interpolation::Cubic;
    if !is_plain || volume.channels() != 1 {
        return None;
    }
    let mut pixels = match volume.samples() {
        Samples::U8(v) => draw_samples(scene, volume, v, f32::from),
        Samples::I8(v) => draw_samples(scene, volume, v, f32::from),
        Samples::U16(v) => draw_samples(scene, volume, v, f32::from),
        Samples::I16(v) => draw_samples(scene, volume, v, f32::from),
        Samples::F32(v) => draw_samples(scene, volume, v, |x| x),
        _ => return None,
    };
    for layer in &scene.labels {
        let labels = layer.texture.host()?;
        if layer.texture.size() == volume.size() {
            draw_labels(scene, layer, labels, &volume.geometry, &mut pixels);
        }
    }
    Some(pixels)
}

/// Puts the pixels into the target as part of the encoder's work.
pub(crate) fn copy(gpu: &GpuContext, encoder: &mut wgpu::CommandEncoder, pixels: &[Pixel], target: &wgpu::Texture) {
    let row = target.width() as usize * 4;
    let padded = row.next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT as usize);
    let mut bytes = Cow::Borrowed(bytemuck::cast_slice(pixels));
    if padded != row {
        let lines = bytes.chunks_exact(row);
        let with_gaps = lines.flat_map(|line| line.iter().copied().chain(std::iter::repeat_n(0, padded - row)));
        bytes = Cow::Owned(with_gaps.collect());
    }
    let buffer = gpu.device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
        label: Some("picture"),
        contents: &bytes,
        usage: wgpu::BufferUsages::COPY_SRC,
    });
    let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(padded as u32), rows_per_image: None };
    let source = wgpu::TexelCopyBufferInfo { buffer: &buffer, layout };
    encoder.copy_buffer_to_texture(source, target.as_image_copy(), target.size());
}

/// Can `copy` write this target?
pub(crate) fn takes_copies(target: &wgpu::Texture, size: [usize; 2]) -> bool {
    target.usage().contains(wgpu::TextureUsages::COPY_DST)
        && target.format() == crate::target::Target::FORMAT
        && [target.width() as usize, target.height() as usize] == size
}

/// A raster on a grid, row by row: where its pixels lie and which of them lie inside.
struct Rows {
    origin: DVec3,
    right: DVec3,
    down: DVec3,
    size: [usize; 3],
}

impl Rows {
    fn new(raster: &Raster, geometry: &Geometry) -> Self {
        let voxel_from_world = geometry.voxel_from_world();
        let along = |direction: DVec3| voxel_from_world.transform_vector3(direction * raster.mm_per_pixel);
        let origin = voxel_from_world.transform_point3(raster.plane.origin.0);
        Self { origin, right: along(raster.plane.right), down: along(raster.plane.down), size: geometry.size() }
    }

    /// Voxel position of the centre of the pixel `x` = 0 of a row, and of one pixel to the right.
    fn row(&self, y: f64) -> ([f32; 3], [f32; 3]) {
        let start = self.origin + self.right * 0.5 + self.down * (y + 0.5);
        (start.as_vec3().to_array(), self.right.as_vec3().to_array())
    }

    /// The pixels from `first` to `end` of a row that lie inside the grid.
    fn inside(&self, start: [f32; 3], step: [f32; 3], first: i64, end: i64) -> Range<i64> {
        let (mut low, mut high) = (first as f32, end as f32);
        for a in 0..3 {
            let edges = [-0.5, self.size[a] as f32 - 0.5];
            if step[a].abs() > 1e-12 {
                let [p, q] = edges.map(|edge| (edge - start[a]) / step[a]);
                low = low.max(p.min(q));
                high = high.min(p.max(q));
            } else if !(edges[0]..edges[1]).contains(&start[a]) {
                return first..first;
            }
        }
        if low >= high {
            return first..first;
        }
        // Rounding may be off by one at either end.
        let is_inside =
            |x: i64| (0..3).all(|a| (-0.5..self.size[a] as f32 - 0.5).contains(&(start[a] + x as f32 * step[a])));
        let (mut low, mut high) = (low.floor() as i64, high.ceil() as i64 + 1);
        (low, high) = (low.max(first), high.min(end));
        while low < high && !is_inside(low) {
            low += 1;
        }
        while low < high && !is_inside(high - 1) {
            high -= 1;
        }
        low..high
    }
}

fn draw_samples<T: Copy + Sync>(
    scene: &SliceScene<'_>,
    volume: &Volume,
    samples: &[T],
    float: impl Fn(T) -> f32 + Sync + Copy,
) -> Vec<Pixel> {
    let [width, height] = scene.raster.size;
    let rows = Rows::new(&scene.raster, &volume.geometry);
    let tone = ToneTable::new(scene, volume);
    let [r, g, b] = scene.background;
    let mut pixels = vec![[r, g, b, 255]; width * height];
    pixels.par_chunks_exact_mut(width.max(1)).enumerate().for_each(|(y, line)| {
        let (start, step) = rows.row(y as f64);
        let inside = rows.inside(start, step, 0, width as i64);
        let line = &mut line[inside.start as usize..inside.end as usize];
        for (x, pixel) in inside.zip(line) {
            let at = std::array::from_fn(|a| start[a] + x as f32 * step[a]);
            let stored = match scene.interpolation {
                Interpolation::Nearest => float(samples[nearest(at, rows.size)]),
                Interpolation::Linear | Interpolation::Cubic => linear(at, rows.size, samples, float),
            };
            *pixel = tone.pixel(stored);
        }
    });
    pixels
}

/// The place of the nearest sample of a position inside the grid.
fn nearest(at: [f32; 3], size: [usize; 3]) -> usize {
    let [i, j, k] = at.map(|x| (x + 0.5) as usize);
    (k * size[1] + j) * size[0] + i
}

fn linear<T: Copy>(at: [f32; 3], size: [usize; 3], samples: &[T], float: impl Fn(T) -> f32) -> f32 {
    let p: [f32; 3] = std::array::from_fn(|a| at[a].clamp(0.0, size[a] as f32 - 1.0));
    let low = p.map(|x| x as usize);
    let f: [f32; 3] = std::array::from_fn(|a| p[a] - low[a] as f32);
    let strides = [1, size[0], size[0] * size[1]];
    // At the last voxel there is no next one.
    let next: [usize; 3] = std::array::from_fn(|a| if low[a] + 1 < size[a] { strides[a] } else { 0 });
    let base = low[2] * strides[2] + low[1] * strides[1] + low[0];
    // Each weight of zero leaves its sample out, as in the reference: it may be no number.
    let mix = |a: f32, b: f32, f: f32| if f == 0.0 { a } else { a * (1.0 - f) + b * f };
    let row = |from: usize| mix(float(samples[from]), float(samples[from + next[0]]), f[0]);
    let near = mix(row(base), row(base + next[1]), f[1]);
    let far = mix(row(base + next[2]), row(base + next[2] + next[1]), f[1]);
    mix(near, far, f[2])
}

/// Window, inversion, gamma and colour map as one table.
struct ToneTable {
    low: f32,
    scale: f32,
    entries: Vec<Pixel>,
}

impl ToneTable {
    fn new(scene: &SliceScene<'_>, volume: &Volume) -> Self {
        let map = &volume.value_map;
        let (low, scale) = if map.slope == 0.0 {
            (-scene.window.grey(map.intercept), 0.0)
        } else {
            ((scene.window.low() - map.intercept) / map.slope, map.slope / scene.window.width)
        };
        let is_bent = scene.gamma != 1.0 && scene.gamma > 0.0;
        // A bent curve is steep at its dark end.
        let count = if is_bent { 1 << 14 } else { 256 };
        let entries = (0..count).map(|n| {
            let grey = n as f32 / (count - 1) as f32;
            let grey = if scene.inverted { 1.0 - grey } else { grey };
            let grey = if is_bent { grey.powf(1.0 / scene.gamma) } else { grey };
            let level = (grey * 255.0).round() as u8;
            let [r, g, b] = scene.colour_map.map_or([level; 3], |map| map.entry(level));
            [r, g, b, 255]
        });
        Self { low: low as f32, scale: scale as f32, entries: entries.collect() }
    }

    fn pixel(&self, stored: f32) -> Pixel {
        let grey = if self.scale == 0.0 { -self.low } else { (stored - self.low) * self.scale };
        let last = (self.entries.len() - 1) as f32;
        // What is no number becomes 0.
        self.entries[(grey * last + 0.5).clamp(0.0, last) as usize]
    }
}

/// The labels under the pixels of a raster and of a margin around it.
struct LabelPicture {
    margin: usize,
    width: usize,
    labels: Vec<u16>,
}

impl LabelPicture {
    fn new(raster: &Raster, geometry: &Geometry, labels: &HostLabels, margin: usize) -> Self {
        let rows = Rows::new(raster, geometry);
        let [width, height] = raster.size.map(|n| n + 2 * margin);
        let mut picture = vec![0; width * height];
        picture.par_chunks_exact_mut(width.max(1)).enumerate().for_each(|(y, line)| {
            let (start, step) = rows.row(y as f64 - margin as f64);
            let first = -(margin as i64);
            let inside = rows.inside(start, step, first, first + width as i64);
            let line = &mut line[(inside.start - first) as usize..(inside.end - first) as usize];
            for (x, label) in inside.zip(line) {
                let at = std::array::from_fn(|a| start[a] + x as f32 * step[a]);
                *label = labels.get(nearest(at, rows.size));
            }
        });
        Self { margin, width, labels: picture }
    }

    /// Labels of one row, margins included; rows count from the first of the margin.
    fn row(&self, y: usize) -> &[u16] {
        &self.labels[y * self.width..(y + 1) * self.width]
    }

    /// `is_outline` of labels.wgsl for a pixel of the picture.
    fn is_outline(&self, x: usize, y: usize, width: usize) -> bool {
        let (x, y) = (x + self.margin, y + self.margin);
        let d = diagonal(width);
        let label = self.row(y)[x];
        let differs = |x: usize, y: usize| self.row(y)[x] != label;
        differs(x + width, y)
            || differs(x - width, y)
            || differs(x, y + width)
            || differs(x, y - width)
            || differs(x + d, y + d)
            || differs(x - d, y - d)
            || differs(x + d, y - d)
            || differs(x - d, y + d)
    }
}

fn diagonal(width: usize) -> usize {
    ((width as f32 * std::f32::consts::FRAC_1_SQRT_2).round() as usize).max(1)
}

fn draw_labels(
    scene: &SliceScene<'_>,
    layer: &LabelLayer<'_>,
    labels: &HostLabels,
    geometry: &Geometry,
    pixels: &mut [Pixel],
) {
    const SELECTED_WIDTH: usize = 2;
    let width = layer.outline_width();
    let picture = LabelPicture::new(&scene.raster, geometry, labels, width * SELECTED_WIDTH);
    let palette: &Palette = layer.palette;
    let fill = layer.opacity.clamp(0.0, 1.0);
    pixels.par_chunks_exact_mut(scene.raster.size[0].max(1)).enumerate().for_each(|(y, line)| {
        let margin = picture.margin;
        let row = &picture.row(y + margin)[margin..];
        for (x, (pixel, &label)) in line.iter_mut().zip(row).enumerate() {
            if label == 0 {
                continue;
            }
            let style = palette.style(label);
            if !style.visible {
                continue;
            }
            let width = if style.selected { width * SELECTED_WIDTH } else { width };
            let is_outline = width > 0 && picture.is_outline(x, y, width);
            let fill = if palette.is_hatched() { hatched(fill, label, x, y) } else { fill };
            blend(pixel, style.colour, if is_outline { 1.0 } else { fill });
        }
    });
}

/// `hatched` of labels.wgsl.
fn hatched(fill: f32, label: u16, x: usize, y: usize) -> f32 {
    let along = match label % 4 {
        0 => x + y,
        1 => x + 8 * (y / 8 + 1) - y,
        2 => y,
        _ => x,
    };
    if along % 8 < 3 { fill * 0.5 + 0.5 } else { fill * 0.5 }
}

fn blend(pixel: &mut Pixel, colour: [u8; 3], opacity: f32) {
    for (below, above) in pixel.iter_mut().zip(colour) {
        *below = (f32::from(*below) * (1.0 - opacity) + f32::from(above) * opacity + 0.5) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volume_texture::VolumeTexture;
    use limner_imaging::{Plane, View, Window, World};

    #[test]
    fn a_software_adapter_leaves_plain_slices_to_the_processor() {
        let Some(gpu) = crate::context::for_tests() else { return };
        let geometry = Geometry::axis_aligned([9, 8, 7], World::default(), [1.0; 3]).unwrap();
        let volume = Volume::new(geometry, Samples::I16((0..504).collect()), 1).unwrap();
        let texture = VolumeTexture::new(&gpu, &volume).unwrap();
        let plane = Plane::of_view(&geometry, View::Axial, geometry.centre());
        let raster = Raster::fitted(&plane, &volume, [30, 20]);
        let scene = SliceScene::new(&texture, raster, Window::from_range(0.0, 500.0));
        assert!(draw(&scene, &gpu).is_none(), "nothing in main memory");
        let scene = SliceScene { host: Some(&volume), ..scene };
        assert_eq!(draw(&scene, &gpu).is_some(), gpu.tier == Tier::Software);
        let cubic = SliceScene { interpolation: Interpolation::Cubic, ..scene };
        assert!(draw(&cubic, &gpu).is_none(), "left to the adapter");
    }

    #[test]
    fn a_span_holds_exactly_the_pixels_inside() {
        let geometry = Geometry::axis_aligned([9, 8, 7], World::default(), [1.0; 3]).unwrap();
        let plane = Plane::oblique(geometry.centre(), DVec3::new(0.3, 0.5, 0.8)).unwrap();
        for mm_per_pixel in [0.07, 0.31, 2.0] {
            let raster = Raster { plane: plane.through(plane.at_mm(-7.0, -6.0)), mm_per_pixel, size: [60, 50] };
            let rows = Rows::new(&raster, &geometry);
            for y in 0..50 {
                let (start, step) = rows.row(f64::from(y));
                let span = rows.inside(start, step, -3, 60);
                for x in -3..60_i64 {
                    let at: [f32; 3] = std::array::from_fn(|a| start[a] + x as f32 * step[a]);
                    let is_inside = (0..3).all(|a| at[a] >= -0.5 && at[a] < rows.size[a] as f32 - 0.5);
                    assert_eq!(span.contains(&x), is_inside, "{x} {y} {mm_per_pixel}");
                }
            }
        }
    }
}
