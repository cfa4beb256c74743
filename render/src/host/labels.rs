//! Layers of labels over a slice (labels.wgsl).

use super::Pixel;
use super::paint::blend;
use super::rows::Rows;
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
            let row = &mut row[(inside.start - first) as usize..(inside.end - first) as usize];
            let mut near = labels.near();
            for (x, label) in inside.zip(row) {
                *label = near.get(line.at(x as f32).map(|x| (x + 0.5) as usize));
            }
        });
        Self { margin, width, labels: picture }
    }

    /// Labels of one row, margins included; rows count from the first of the margin.
    fn row(&self, y: usize) -> &[u16] {
        &self.labels[y * self.width..(y + 1) * self.width]
    }
}

/// The rows an outline of one width looks at, for one row of the picture.
struct Neighbours<'a> {
    width: usize,
    diagonal: usize,
    here: &'a [u16],
    straight: [&'a [u16]; 2],
    slanting: [&'a [u16]; 2],
}

impl<'a> Neighbours<'a> {
    fn new(picture: &'a LabelPicture, y: usize, width: usize) -> Self {
        let diagonal = ((width as f32 * std::f32::consts::FRAC_1_SQRT_2).round() as usize).max(1).min(picture.margin);
        let [straight, slanting] = [width, diagonal].map(|reach| [picture.row(y - reach), picture.row(y + reach)]);
        Self { width, diagonal, here: picture.row(y), straight, slanting }
    }

    /// `is_outline` of labels.wgsl; `x` counts from the margin's first pixel.
    fn is_outline(&self, x: usize) -> bool {
        let (w, d, label) = (self.width, self.diagonal, self.here[x]);
        self.here[x - w] != label
            || self.here[x + w] != label
            || self.straight.iter().any(|row| row[x] != label)
            || self.slanting.iter().any(|row| row[x - d] != label || row[x + d] != label)
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
    let palette: &Palette = layer.palette;
    let width = layer.outline_width();
    let fill = if part == LabelPart::Outline { 0.0 } else { layer.opacity.clamp(0.0, 1.0) };
    let has_outline = width > 0 && part != LabelPart::Fill;
    pixels.par_chunks_exact_mut(raster_width.max(1)).enumerate().for_each(|(y, line)| {
        let margin = picture.margin;
        let row = &picture.row(y + margin)[margin..];
        if row[..line.len()].iter().all(|&label| label == 0) {
            return;
        }
        let near = has_outline.then(|| [1, SELECTED_WIDTH].map(|n| Neighbours::new(picture, y + margin, width * n)));
        let mut last = (0, palette.style(0));
        for (x, (pixel, &label)) in line.iter_mut().zip(row).enumerate() {
            if label == 0 {
                continue;
            }
            if label != last.0 {
                last = (label, palette.style(label));
            }
            let style = last.1;
            if !style.visible {
                continue;
            }
            let is_outline = near.as_ref().is_some_and(|near| near[usize::from(style.selected)].is_outline(x + margin));
            if is_outline {
                blend(pixel, style.colour, 1.0);
            } else if part != LabelPart::Outline {
                let fill = if palette.is_hatched() { hatched(fill, label, x, y) } else { fill };
                blend(pixel, style.colour, fill);
            }
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
