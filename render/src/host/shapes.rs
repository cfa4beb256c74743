//! Lines, rings and handles drawn by the processor: the same coverage as pass/shapes.wgsl.

use super::Pixel;
use super::paint::blend;
use crate::shapes::Mark;
use glam::Vec2;

pub(super) fn draw(marks: &[Mark], width: usize, pixels: &mut [Pixel]) {
    if width == 0 {
        return;
    }
    for mark in marks {
        let colour = [0, 1, 2].map(|c| (mark.colour[c] * 255.0).round() as u8);
        let rows = span(mark.from[1].min(mark.to[1]), mark.from[1].max(mark.to[1]), mark.reach(), pixels.len() / width);
        for y in rows {
            let [left, right] = ends_in_row(mark, y as f32 + 0.5);
            for x in span(left, right, mark.reach(), width) {
                let covered = mark.coverage(Vec2::new(x as f32 + 0.5, y as f32 + 0.5));
                if covered > 0.0 {
                    blend(&mut pixels[y * width + x], colour, mark.colour[3] * covered);
                }
            }
        }
    }
}

/// The pixels that a stretch and its reach can touch.
fn span(low: f32, high: f32, reach: f32, end: usize) -> std::ops::Range<usize> {
    // Casts of floats stop at the ends of the type.
    let first = (low - reach).floor() as usize;
    first.min(end)..((high + reach).ceil() as usize).min(end)
}

/// The part of a mark's middle line that a row of pixels can see, along the row: a long slanting line has few
/// pixels in each row.
fn ends_in_row(mark: &Mark, y: f32) -> [f32; 2] {
    let [from, to] = [Vec2::from_array(mark.from), Vec2::from_array(mark.to)];
    let rise = to.y - from.y;
    if rise.abs() < 1e-3 {
        return [from.x.min(to.x), from.x.max(to.x)];
    }
    let ends = [y - mark.reach(), y + mark.reach()].map(|y| from.lerp(to, ((y - from.y) / rise).clamp(0.0, 1.0)).x);
    [ends[0].min(ends[1]), ends[0].max(ends[1])]
}
