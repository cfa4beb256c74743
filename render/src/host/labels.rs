//! Layers of labels over a slice (labels.wgsl).

use super::Pixel;
use super::paint::{blend, blend_run};
use super::rows::Rows;
use super::texel::{self, LANES, Line, Work, nearest};
use crate::host_labels::HostLabels;
use crate::palette::Palette;
use crate::pass::labels::LabelPart;
use crate::scene::LabelLayer;
use limner_imaging::Geometry;
use limner_imaging::reslice::Raster;
use rayon::prelude::*;

/// A selected label has an outline this many times as wide.
const SELECTED_WIDTH: usize = 2;

/// The labels under the pixels of a raster and of a margin around it.
pub(super) struct LabelPicture {
    margin: usize,
    width: usize,
    labels: Vec<u16>,
}

impl LabelPicture {
    pub fn new(raster: &Raster, geometry: &Geometry, labels: &HostLabels, layer: &LabelLayer<'_>) -> Self {
        let margin = layer.outline_width() * SELECTED_WIDTH;
        let rows = Rows::new(raster, geometry.voxel_from_world(), geometry.size());
        let [width, height] = raster.size.map(|n| n + 2 * margin);
        let mut picture = vec![0; width * height];
        picture.par_chunks_exact_mut(width.max(1)).enumerate().for_each(|(y, row)| {
            let line = rows.row(y as f64 - margin as f64);
            let first = -(margin as i64);
            let inside = rows.inside(&line, first, first + width as i64);
            let (from, to) = ((inside.start - first) as usize, (inside.end - first) as usize);
            texel::run(LabelLine { labels, line: &line, first: inside.start as f32, out: &mut row[from..to] });
        });
        Self { margin, width, labels: picture }
    }

    /// Labels of one row, margins included; rows count from the first of the margin.
    fn row(&self, y: usize) -> &[u16] {
        &self.labels[y * self.width..(y + 1) * self.width]
    }
}

struct LabelLine<'a> {
    labels: &'a HostLabels,
    line: &'a Line,
    first: f32,
    out: &'a mut [u16],
}

impl Work for LabelLine<'_> {
    #[inline(always)]
    fn run(self) {
        let mut near = self.labels.near();
        for (n, labels) in self.out.chunks_mut(LANES).enumerate() {
            let at = nearest(self.line, self.first + (n * LANES) as f32);
            for (lane, label) in labels.iter_mut().enumerate() {
                *label = near.get([at[0][lane] as usize, at[1][lane] as usize, at[2][lane] as usize]);
            }
        }
    }
}

/// `is_outline` of labels.wgsl for a row of the picture and one width: not 0 where some neighbour is another body.
fn outline_row(picture: &LabelPicture, y: usize, width: usize, body_bits: u16, out: &mut [u16]) {
    let margin = picture.margin;
    let diagonal = ((width as f32 * std::f32::consts::FRAC_1_SQRT_2).round() as usize).max(1).min(margin);
    let count = out.len();
    let part = |y: usize, from: usize| &picture.row(y)[from..from + count];
    let here = part(y, margin);
    let (w, d) = (width, diagonal);
    let around = [
        [part(y, margin - w), part(y, margin + w)],
        [part(y - w, margin), part(y + w, margin)],
        [part(y - d, margin - d), part(y - d, margin + d)],
        [part(y + d, margin - d), part(y + d, margin + d)],
    ];
    out.fill(0);
    for [one, other] in around {
        for (((out, here), one), other) in out.iter_mut().zip(here).zip(one).zip(other) {
            *out |= ((one ^ here) | (other ^ here)) & body_bits;
        }
    }
}

/// Draws a layer, or the part of it that is asked for, over the pixels of `raster_width` columns.
pub(super) fn draw(
    layer: &LabelLayer<'_>,
    picture: &LabelPicture,
    part: LabelPart,
    raster_width: usize,
    pixels: &mut [Pixel],
) {
    let raster_width = raster_width.max(1);
    pixels.par_chunks_mut(raster_width * super::BAND).enumerate().for_each(|(band, pixels)| {
        let mut outlines = [vec![0; raster_width], vec![0; raster_width]];
        for (n, line) in pixels.chunks_exact_mut(raster_width).enumerate() {
            draw_row(layer, picture, part, band * super::BAND + n, &mut outlines, line);
        }
    });
}

fn draw_row(
    layer: &LabelLayer<'_>,
    picture: &LabelPicture,
    part: LabelPart,
    y: usize,
    outlines: &mut [Vec<u16>; 2],
    line: &mut [Pixel],
) {
    let palette: &Palette = layer.palette;
    let width = layer.outline_width();
    let fill = if part == LabelPart::Outline { 0.0 } else { layer.opacity.clamp(0.0, 1.0) };
    let row = &picture.row(y + picture.margin)[picture.margin..][..line.len()];
    if row.iter().all(|&label| label == 0) {
        return;
    }
    let has_outline = width > 0 && part != LabelPart::Fill;
    let mut are_ready = [!has_outline; 2];
    let mut first = 0;
    let [left, right] = layer.columns_of(row.len());
    for run in row.chunk_by(|a, b| a == b) {
        let (label, from, to) = (run[0], first.clamp(left, right), (first + run.len()).clamp(left, right));
        first += run.len();
        if from == to {
            continue;
        }
        let style = palette.style(label);
        if label == 0 || !style.visible {
            continue;
        }
        let (wide, is_body) = (usize::from(style.selected), label & palette.body_bits() != 0);
        if !are_ready[wide] {
            let width = width * [1, SELECTED_WIDTH][wide];
            outline_row(picture, y + picture.margin, width, palette.body_bits(), &mut outlines[wide]);
            are_ready[wide] = true;
        }
        let mut x = from;
        for alike in outlines[wide][from..to].chunk_by(|a, b| (*a != 0) == (*b != 0)) {
            let pixels = &mut line[x..x + alike.len()];
            if has_outline && is_body && alike[0] != 0 {
                if style.dashed {
                    pixels.iter_mut().zip(x..).for_each(|(pixel, x)| blend(pixel, dashed(style.colour, x, y), 1.0));
                } else {
                    blend_run(pixels, style.colour, 1.0);
                }
            } else if part == LabelPart::Outline || !style.filled {
                // Nothing within the outline.
            } else if palette.is_hatched() {
                for (n, pixel) in pixels.iter_mut().enumerate() {
                    blend(pixel, style.colour, hatched(fill, label, x + n, y));
                }
            } else {
                blend_run(pixels, style.colour, fill);
            }
            x += alike.len();
        }
    }
}

/// `dashed` of labels.wgsl.
fn dashed(colour: [u8; 3], x: usize, y: usize) -> [u8; 3] {
    let [r, g, b] = colour.map(u32::from);
    match (x + y) % 10 {
        ..5 => colour,
        _ if 3 * r + 6 * g + b > 1800 => [0; 3],
        _ => [255; 3],
    }
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
