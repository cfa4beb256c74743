//! One volume on one plane, thin or as a slab, row by row: slice.wgsl, slab.wgsl and the finishes.

use super::Pixel;
use super::paint::{ToneTable, blend};
use super::rows::Rows;
use super::texel::{Grid, Texel};
use crate::colour_map::ColourMap;
use crate::pass::Finish;
use crate::pass::slice::projection_code;
use crate::scene::Tone;
use glam::DAffine3;
use limner_imaging::reslice::{Interpolation, Raster, Slab};
use limner_imaging::{Samples, Volume, with_samples};
use std::ops::Range;

pub(super) struct Layer<'a> {
    volume: &'a Volume,
    /// One for each sample across a slab, one for a thin slice.
    sheets: Vec<Rows>,
    /// `PROJECTION` of slab.wgsl.
    projection: u32,
    interpolation: Interpolation,
    bias: f64,
    tone: ToneTable,
    finish: Finish,
    background: [u8; 3],
}

/// What differs from layer to layer.
pub(super) struct Recipe<'a> {
    pub volume: &'a Volume,
    /// From the scene's world to the world of this volume.
    pub moved: DAffine3,
    pub tone: Tone<'a>,
    pub finish: Finish,
}

/// What the layers of a picture share.
#[derive(Clone, Copy)]
pub(super) struct Shared<'a> {
    pub raster: &'a Raster,
    pub interpolation: Interpolation,
    pub slab: Option<Slab>,
    pub background: [u8; 3],
}

/// A row of a layer: values of up to three channels, and how many samples each pixel has.
pub(super) struct Row {
    values: [Vec<f32>; 3],
    sheet: Vec<f32>,
    seen: Vec<u16>,
}

impl Row {
    pub fn new(width: usize) -> Self {
        let channel = || vec![0.0; width];
        Self { values: [channel(), channel(), channel()], sheet: channel(), seen: vec![0; width] }
    }
}

impl<'a> Layer<'a> {
    pub fn new(recipe: &Recipe<'a>, shared: Shared<'_>) -> Self {
        let Recipe { volume, moved, tone, finish } = *recipe;
        let geometry = &volume.geometry;
        let voxel_from_world = geometry.voxel_from_world() * moved;
        let plane = Rows::new(shared.raster, voxel_from_world, geometry.size());
        let normal = voxel_from_world.transform_vector3(shared.raster.plane.normal());
        let sheets = match shared.slab {
            None => vec![plane],
            Some(slab) => {
                let offsets = slab.offsets_mm(geometry, &shared.raster.plane);
                offsets.into_iter().map(|mm| plane.shifted(normal * mm)).collect()
            }
        };
        let is_falling = volume.value_map.slope < 0.0;
        let bias = bias(volume, &tone);
        Self {
            volume,
            sheets,
            projection: shared.slab.map_or(0, |slab| projection_code(slab.projection, is_falling)),
            interpolation: shared.interpolation,
            bias,
            tone: ToneTable::new(&tone, volume, bias),
            finish,
            background: shared.background,
        }
    }

    /// Lays row `y` over what `pixels` hold.
    pub fn draw_row(&self, y: usize, row: &mut Row, pixels: &mut [Pixel]) {
        self.sample_row(y, row);
        if self.finish == Finish::Opaque && !self.volume.is_colour() {
            for run in runs(&row.seen) {
                self.tone.pixels(&row.values[0][run.clone()], &mut pixels[run]);
            }
            return;
        }
        for (x, pixel) in pixels.iter_mut().enumerate() {
            let (colour, opacity) = if row.seen[x] > 0 { self.paint(x, y, row) } else { self.blank(x, y) };
            if opacity > 0.0 {
                blend(pixel, colour, opacity);
            }
        }
    }

    fn sample_row(&self, y: usize, row: &mut Row) {
        let channels = if self.volume.is_colour() { 3 } else { 1 };
        for channel in 0..channels {
            row.seen.fill(0);
            with_samples!(self.volume.samples(), samples => {
                let (size, bias) = (self.volume.size(), self.bias);
                let grid = Grid { samples, size, channels: self.volume.channels(), channel, bias };
                self.sample_channel(&grid, y, channel, row);
            });
        }
    }

    fn sample_channel<T: Texel>(&self, grid: &Grid<'_, T>, y: usize, channel: usize, row: &mut Row) {
        let Row { values, sheet, seen } = row;
        let values = &mut values[channel];
        for rows in &self.sheets {
            let line = rows.row(y as f64);
            let span = rows.inside(&line, 0, seen.len() as i64);
            let (first, span) = (span.start as f32, span.start as usize..span.end as usize);
            if self.sheets.len() == 1 {
                grid.line(self.interpolation, &line, first, &mut values[span.clone()]);
                seen[span].fill(1);
                return;
            }
            grid.line(self.interpolation, &line, first, &mut sheet[span.clone()]);
            let sheet = &sheet[span.clone()];
            for ((value, seen), &sample) in values[span.clone()].iter_mut().zip(&mut seen[span]).zip(sheet) {
                *value = match (*seen, self.projection) {
                    (0, _) => sample,
                    (_, 0) => value.max(sample),
                    (_, 1) => value.min(sample),
                    _ => *value + sample,
                };
                *seen += 1;
            }
        }
        const MEAN: u32 = 2;
        if self.projection == MEAN {
            for (value, &seen) in values.iter_mut().zip(seen.iter()).filter(|(_, seen)| **seen > 0) {
                *value /= f32::from(seen);
            }
        }
    }

    /// `paint` of the finishes: colour and opacity where the volume is.
    fn paint(&self, x: usize, y: usize, row: &Row) -> ([u8; 3], f32) {
        let stored = self.stored(x, row);
        let colour = if self.volume.is_colour() {
            stored.map(|stored| (self.tone.level(stored) * 255.0).round() as u8)
        } else {
            let [r, g, b, _] = self.tone.pixel(stored[0]);
            [r, g, b]
        };
        let opacity = match self.finish {
            Finish::Opaque => 1.0,
            Finish::Fusion { hides_low: true, .. } if stored.iter().all(|&s| self.tone.raw_grey(s) <= 0.0) => 0.0,
            Finish::Fusion { opacity, .. } => opacity.clamp(0.0, 1.0),
            Finish::Heat { opacity } => opacity.clamp(0.0, 1.0) * self.tone.level(stored[0]),
            _ => self.share(x, y),
        };
        (colour, opacity)
    }

    /// `blank` of the finishes: where the volume does not reach.
    fn blank(&self, x: usize, y: usize) -> ([u8; 3], f32) {
        match self.finish {
            Finish::Opaque | Finish::Fusion { .. } | Finish::Heat { .. } => (self.background, 0.0),
            _ => (self.background, self.share(x, y)),
        }
    }

    /// `share` of compare.wgsl.
    fn share(&self, x: usize, y: usize) -> f32 {
        let [x, y] = [x, y].map(|n| n as f32 + 0.5);
        let is_shown = |shown: bool| f32::from(u8::from(shown));
        let [parameter, ..] = self.finish.parameters();
        match self.finish {
            Finish::Checkerboard { .. } => is_shown(((x / parameter) as u32 + (y / parameter) as u32) & 1 == 1),
            Finish::SwipeRight { .. } => is_shown(x >= parameter),
            Finish::SwipeDown { .. } => is_shown(y >= parameter),
            Finish::Opaque | Finish::Fusion { .. } | Finish::Heat { .. } | Finish::Blend { .. } => parameter,
        }
    }

    fn stored(&self, x: usize, row: &Row) -> [f32; 3] {
        let one = row.values[0][x];
        if self.volume.is_colour() { [one, row.values[1][x], row.values[2][x]] } else { [one; 3] }
    }

    fn value(&self, x: usize, row: &Row) -> Option<f64> {
        (row.seen[x] > 0).then(|| self.volume.value_map.value(f64::from(row.values[0][x]) + self.bias))
    }
}

/// Second minus first (difference.wgsl).
pub(super) struct Difference<'a> {
    pub first: Layer<'a>,
    pub second: Layer<'a>,
    pub range: f64,
    pub map: &'a ColourMap,
}

impl Difference<'_> {
    pub fn draw_row(&self, y: usize, rows: &mut [Row; 2], pixels: &mut [Pixel]) {
        self.first.sample_row(y, &mut rows[0]);
        self.second.sample_row(y, &mut rows[1]);
        let range = self.range.max(f64::from(f32::MIN_POSITIVE));
        for (x, pixel) in pixels.iter_mut().enumerate() {
            let Some((value, other)) = self.first.value(x, &rows[0]).zip(self.second.value(x, &rows[1])) else {
                continue;
            };
            let change = ((other - value) / range * 0.5 + 0.5).clamp(0.0, 1.0);
            let [r, g, b] = self.map.entry((change * 255.0 + 0.5) as u8);
            *pixel = [r, g, b, 255];
        }
    }
}

/// Where samples are. A slab's corner may lie between two of its sheets, so there can be several.
fn runs(seen: &[u16]) -> impl Iterator<Item = Range<usize>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from + seen[from..].iter().position(|&n| n > 0)?;
        let end = seen[start..].iter().position(|&n| n == 0).map_or(seen.len(), |n| start + n);
        from = end;
        Some(start..end)
    })
}

/// Wide types are held as distances from the middle of the window: f32 is exact enough near it.
fn bias(volume: &Volume, tone: &Tone<'_>) -> f64 {
    let map = &volume.value_map;
    match volume.samples() {
        Samples::U8(_) | Samples::I8(_) | Samples::U16(_) | Samples::I16(_) | Samples::F32(_) => 0.0,
        _ if map.slope == 0.0 => 0.0,
        _ => ((tone.window.centre - map.intercept) / map.slope).round(),
    }
}
