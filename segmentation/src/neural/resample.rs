//! Patches seen from afar and back: the resampling of PyTorch's `interpolate`, step by step as it rounds on a CPU.
//!
//! Decisions hang on these numbers (is a voxel at least one half?), so ties must fall as they fell in training.

use super::encode::Field;
use super::window::Window;
use crate::half::rounded;
use limner_imaging::VoxelBox;
use rayon::prelude::*;

/// Where a value between two neighbours comes from.
#[derive(Clone, Copy, Debug)]
pub struct Tap {
    pub first: usize,
    pub second: usize,
    pub share: [f32; 2],
}

/// The taps of each of `to` places spread over `from`, centres aligned at the edges.
pub fn taps(from: usize, to: usize) -> Vec<Tap> {
    let scale = from as f32 / to as f32;
    let tap = |n: usize| {
        if from == to {
            return Tap { first: n, second: n, share: [1.0, 0.0] };
        }
        let at = (scale * (n as f32 + 0.5) - 0.5).max(0.0);
        let first = (at.floor() as usize).min(from - 1);
        let beyond = (at - first as f32).clamp(0.0, 1.0);
        Tap { first, second: (first + 1).min(from - 1), share: [1.0 - beyond, beyond] }
    };
    (0..to).map(tap).collect()
}

impl Tap {
    fn of(&self, first: f32, second: f32) -> f32 {
        first.mul_add(self.share[0], second * self.share[1])
    }
}

/// The nearest of `from` places for each of `to`.
pub fn nearest(from: usize, to: usize) -> Vec<usize> {
    let scale = from as f32 / to as f32;
    (0..to).map(|n| if from == to { n } else { ((n as f32 * scale).floor() as usize).min(from - 1) }).collect()
}

/// The stretch of `from` places that the n-th of `to` averages over.
fn stretch(n: usize, from: usize, to: usize) -> std::ops::Range<usize> {
    n * from / to..((n + 1) * from).div_ceil(to)
}

/// The places of `to` whose stretch meets a range.
fn touched(range: std::ops::Range<usize>, from: usize, to: usize) -> std::ops::Range<usize> {
    // The first stretch to end beyond the start, and the last to begin before the end.
    let low = (range.start * to / from).saturating_sub(1);
    let high = (range.end * to).div_ceil(from).min(to);
    let meets = |n: usize| {
        let own = stretch(n, from, to);
        own.start < range.end && own.end > range.start
    };
    let first = (low..high).find(|&n| meets(n)).unwrap_or(high);
    first..(first..high).rev().find(|&n| meets(n)).map_or(first, |n| n + 1)
}

/// Averages a field over boxes and divides, 16 bits after each step, into a plane of zeros of size `to`.
pub fn average(field: &Field, from: [usize; 3], to: [usize; 3], divisor: f32, plane: &mut [f32]) {
    let cells = std::array::from_fn(|a| touched(field.bounds.min[a]..field.bounds.max[a], from[a], to[a]));
    let [columns, rows, slices]: [std::ops::Range<usize>; 3] = cells;
    let [width, height, _] = field.bounds.size();
    plane.par_chunks_mut(to[0] * to[1]).enumerate().filter(|(k, _)| slices.contains(k)).for_each(|(k, slice)| {
        for j in rows.clone() {
            for i in columns.clone() {
                let parts = [stretch(i, from[0], to[0]), stretch(j, from[1], to[1]), stretch(k, from[2], to[2])];
                let inner: [std::ops::Range<usize>; 3] = std::array::from_fn(|a| {
                    let (low, high) = (field.bounds.min[a], field.bounds.max[a]);
                    parts[a].start.clamp(low, high) - low..parts[a].end.clamp(low, high) - low
                });
                let mut sum = 0.0_f32;
                let mut wide = 0.0_f32;
                for z in inner[2].clone() {
                    for y in inner[1].clone() {
                        for &value in &field.values[(z * height + y) * width..][inner[0].clone()] {
                            sum = rounded(sum + value);
                            wide += value;
                        }
                    }
                }
                // Sums of many strong prompts pass the largest 16-bit float; their mean does not.
                let mut mean = if sum.is_finite() { sum } else { wide };
                for part in parts.iter().rev() {
                    mean /= part.len() as f32;
                    if sum.is_finite() {
                        mean = rounded(mean);
                    }
                }
                slice[j * to[0] + i] = rounded(rounded(mean) / divisor);
            }
        }
    });
}

/// The largest value within `reach` along each axis, in a window of `size`.
pub fn dilated(field: &Field, reach: [usize; 3], size: [usize; 3]) -> Field {
    let mut current = Field { bounds: field.bounds, values: field.values.clone() };
    for axis in 0..3 {
        let mut margin = [0; 3];
        margin[axis] = reach[axis];
        let bounds = current.bounds.grown(margin, size);
        current = Field { bounds, values: widest(&current, &bounds, axis, reach[axis]) };
    }
    current
}

fn widest(field: &Field, bounds: &VoxelBox, axis: usize, reach: usize) -> Vec<f32> {
    let (from, to) = (field.bounds.size(), bounds.size());
    let shift = field.bounds.min[axis] - bounds.min[axis];
    let step = [1, from[0], from[0] * from[1]][axis];
    let mut values = vec![0.0; to.iter().product()];
    for (n, value) in values.iter_mut().enumerate() {
        let mut at = [n % to[0], n / to[0] % to[1], n / (to[0] * to[1])];
        let along = at[axis];
        at[axis] = 0;
        let start = (at[2] * from[1] + at[1]) * from[0] + at[0];
        let low = (along.saturating_sub(reach)).saturating_sub(shift);
        let high = (along + reach + 1).saturating_sub(shift).min(from[axis]);
        *value = (low..high).map(|x| field.values[start + x * step]).fold(0.0, f32::max);
    }
    values
}

/// Where a coarse answer says yes once it is spread over its window: only the part that holds any, columns fastest.
pub struct Spread {
    pub window: Window,
    pub voxels: Vec<bool>,
}

impl Spread {
    /// Of a patch of `size` whose values at least one half of the way up count as inside, spread over `over`, kept
    /// within an image.
    pub fn new(inside: &[bool], size: [usize; 3], over: &Window, image: [usize; 3]) -> Self {
        let limit = over.local(&over.clipped(image));
        let taps: [Vec<Tap>; 3] = std::array::from_fn(|a| taps(size[a], over.size[a]));
        let tight = tight_box(inside, size);
        let reached = |a: usize| {
            let near = |n: &usize| taps[a][*n].second >= tight.min[a] && taps[a][*n].first < tight.max[a];
            let first = (limit.min[a]..limit.max[a]).find(near);
            let last = (limit.min[a]..limit.max[a]).rev().find(near);
            first.zip(last).map_or(0..0, |(first, last)| first..last + 1)
        };
        let ranges: [std::ops::Range<usize>; 3] = std::array::from_fn(reached);
        if tight.is_empty() || ranges.iter().any(std::ops::Range::is_empty) {
            return Self { window: Window { min: over.min, size: [0; 3] }, voxels: Vec::new() };
        }
        let window = Window {
            min: std::array::from_fn(|a| over.min[a] + ranges[a].start as i64),
            size: ranges.clone().map(|r| r.len()),
        };
        let mut voxels = vec![false; window.len()];
        voxels.par_chunks_mut(window.size[0] * window.size[1]).enumerate().for_each(|(k, slice)| {
            let tz = taps[2][ranges[2].start + k];
            for (j, row) in slice.chunks_mut(window.size[0]).enumerate() {
                let ty = taps[1][ranges[1].start + j];
                spread_row(inside, size, [tz, ty], &taps[0][ranges[0].clone()], row);
            }
        });
        Self { window, voxels }
    }
}

fn spread_row(inside: &[bool], size: [usize; 3], [tz, ty]: [Tap; 2], along: &[Tap], row: &mut [bool]) {
    let line = |z: usize, y: usize| &inside[(z * size[1] + y) * size[0]..][..size[0]];
    let lines =
        [line(tz.first, ty.first), line(tz.first, ty.second), line(tz.second, ty.first), line(tz.second, ty.second)];
    for (out, tx) in row.iter_mut().zip(along) {
        let corners = lines.map(|line| [line[tx.first], line[tx.second]]);
        let count = corners.iter().flatten().filter(|&&c| c).count();
        *out = match count {
            0 => false,
            8 => true,
            _ => {
                let [a, b, c, d] = corners.map(|[x, y]| tx.of(f32::from(u8::from(x)), f32::from(u8::from(y))));
                tz.of(ty.of(a, b), ty.of(c, d)) >= 0.5
            }
        };
    }
}

/// The smallest box around what is true.
pub fn tight_box(inside: &[bool], size: [usize; 3]) -> VoxelBox {
    inside.chunks_exact(size[0].max(1)).enumerate().fold(VoxelBox::default(), |all, (n, row)| {
        let Some(first) = row.iter().position(|&v| v) else { return all };
        let last = row.iter().rposition(|&v| v).unwrap_or(first);
        let (j, k) = (n % size[1], n / size[1]);
        all.union(&VoxelBox::new([first, j, k], [last + 1, j + 1, k + 1]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_are_pytorchs_16_bits_at_a_time() {
        // torch.nn.functional.interpolate(x, (2, 1, 1), mode="area") of 0.1, 0.7, 0.3 in half precision, twice.
        let values: Vec<f32> = [0.1, 0.7, 0.3].map(rounded).to_vec();
        let field = Field { bounds: VoxelBox::new([1, 0, 0], [4, 1, 1]), values: values.clone() };
        let mut plane = vec![0.0; 2];
        average(&field, [5, 1, 1], [2, 1, 1], 1.0, &mut plane);
        let first = rounded(rounded(rounded(values[0]) + values[1]) / 3.0);
        let second = rounded(rounded(values[1] + values[2]) / 3.0);
        assert_eq!(plane, [first, second]);
    }

    #[test]
    fn strong_prompts_do_not_become_infinite_from_afar() {
        let field = Field { bounds: VoxelBox::new([0; 3], [4, 4, 4]), values: vec![60000.0; 64] };
        let mut plane = vec![0.0; 1];
        average(&field, [4; 3], [1; 3], 30000.0, &mut plane);
        assert_eq!(plane, [2.0]);
    }

    #[test]
    fn dilation_reaches_as_far_as_told_and_stops_at_the_window() {
        let mut field = Field { bounds: VoxelBox::new([1, 1, 0], [3, 2, 1]), values: vec![0.5, 2.0] };
        field = dilated(&field, [1, 2, 0], [4, 5, 3]);
        assert_eq!(field.bounds, VoxelBox::new([0, 0, 0], [4, 4, 1]));
        assert_eq!(field.values[..4], [0.5, 2.0, 2.0, 2.0]);
        assert_eq!(field.values[12..], [0.5, 2.0, 2.0, 2.0]);
    }

    #[test]
    fn ties_of_a_spread_answer_fall_as_pytorchs_do() {
        // interpolate(eye(2)[None, None, None].float(), (1, 3, 3), mode="trilinear") >= 0.5: the middle is one half.
        let over = Window { min: [5, 5, 0], size: [3, 3, 1] };
        let spread = Spread::new(&[true, false, false, true], [2, 2, 1], &over, [20, 20, 20]);
        assert_eq!(spread.window, over);
        assert_eq!(spread.voxels, [true, true, false, true, true, true, false, true, true]);
        let cut = Spread::new(&[true, false, false, true], [2, 2, 1], &over, [6, 20, 20]);
        assert_eq!((cut.window.size, cut.voxels), ([1, 3, 1], vec![true, true, false]));
        assert!(Spread::new(&[false; 4], [2, 2, 1], &over, [20; 3]).voxels.is_empty());
    }

    #[test]
    fn what_a_stretch_meets_is_what_is_touched() {
        for (from, to) in [(9, 4), (7, 7), (16, 5), (3, 2)] {
            for start in 0..from {
                for end in start + 1..=from {
                    let wanted: Vec<usize> = (0..to)
                        .filter(|&n| stretch(n, from, to).start < end && stretch(n, from, to).end > start)
                        .collect();
                    assert_eq!(touched(start..end, from, to).collect::<Vec<_>>(), wanted, "{from} {to} {start}..{end}");
                }
            }
        }
    }
}
