//! One look of the network: picture, previous mask and prompts of a window, brought to the size of a patch.

use super::contract::Contract;
use super::encode::{Ball, Encoded, Field};
use super::resample::{Tap, average, dilated, nearest, taps};
use super::shares::Shares;
use super::similarity::{Marks, similarity};
use super::window::Window;
use crate::half::rounded;
use crate::intensities::{Intensities, Reader};
use limner_imaging::VoxelBox;
use rayon::prelude::*;

/// Everything looks are made of; the same for all looks of one question.
pub struct Scene<'a> {
    pub size: [usize; 3],
    /// One for each channel the network wants of the picture.
    pub readers: Vec<Reader<'a>>,
    pub intensities: Intensities,
    pub contract: &'a Contract,
    pub ball: &'a Ball,
    pub encoded: &'a Encoded,
}

/// What goes into the network, channel after channel, and which voxels of the patch belonged before.
pub struct View {
    pub input: Vec<f32>,
    pub before: Vec<bool>,
}

impl Scene<'_> {
    /// A window at its own size, with `previous` as the mask so far.
    pub fn close(&self, window: &Window, previous: &Shares) -> View {
        let plane = window.len();
        let mut input = vec![0.0; plane * (self.readers.len() + self.contract.channels)];
        let before = previous.inside(window);
        let (pictures, prompts) = input.split_at_mut(plane * self.readers.len());
        for (reader, plane) in self.readers.iter().zip(pictures.chunks_exact_mut(plane)) {
            self.picture(reader, window, plane);
        }
        for (channel, plane) in prompts.chunks_exact_mut(plane).enumerate() {
            if channel == self.contract.previous {
                for (value, &inside) in plane.iter_mut().zip(&before) {
                    *value = f32::from(u8::from(inside));
                }
            } else if let Some(field) = self.encoded.field(channel, window, self.size, self.ball) {
                self.ink(&field, window, plane);
            }
        }
        self.compare(&mut input, window.size);
        View { input, before }
    }

    /// The channels that say how much a voxel looks like what was marked, behind all others.
    fn compare(&self, input: &mut Vec<f32>, patch: [usize; 3]) {
        if self.contract.similarity.is_empty() {
            return;
        }
        let plane: usize = patch.iter().product();
        let (pictures, prompts) = input.split_at(plane * self.readers.len());
        let ink = Marks::of(self.contract, prompts, plane);
        let found: Vec<f32> = self
            .contract
            .similarity
            .iter()
            .flat_map(|&reach| similarity(pictures, self.readers.len(), patch, &ink, reach))
            .collect();
        input.extend(found);
    }

    /// A wider window brought down to `patch`, seen from `zoom` times as far.
    pub fn far(&self, window: &Window, patch: [usize; 3], zoom: f64, previous: &Shares) -> View {
        let plane = patch.iter().product();
        let mut input = vec![0.0; plane * (self.readers.len() + self.contract.channels)];
        let (pictures, prompts) = input.split_at_mut(plane * self.readers.len());
        for (reader, plane) in self.readers.iter().zip(pictures.chunks_exact_mut(plane)) {
            self.small_picture(reader, window, patch, plane);
        }
        let part = previous.part(window);
        let reach = (odd_near(2.0 * zoom - 1.0) - 1) / 2;
        let reach = patch.map(|n| if n > 1 { reach } else { 0 });
        let thin: Vec<usize> = [self.contract.point, self.contract.scribble].into_iter().flatten().flatten().collect();
        for (channel, plane) in prompts.chunks_exact_mut(plane).enumerate() {
            let field = if channel == self.contract.previous {
                part.as_ref().map(|(bounds, inside)| Field {
                    bounds: *bounds,
                    values: inside.iter().map(|&v| f32::from(u8::from(v))).collect(),
                })
            } else {
                self.encoded.field(channel, window, self.size, self.ball)
            };
            let Some(mut field) = field else { continue };
            if thin.contains(&channel) {
                field = dilated(&field, reach, window.size);
            }
            let divisor = if channel == self.contract.previous { 1.0 } else { self.encoded.strength };
            average(&field, window.size, patch, divisor, plane);
        }
        let before = match part {
            Some((bounds, inside)) => fewer(&bounds, &inside, window.size, patch),
            None => vec![false; plane],
        };
        self.compare(&mut input, patch);
        View { input, before }
    }

    fn ink(&self, field: &Field, window: &Window, plane: &mut [f32]) {
        let [width, height, _] = field.bounds.size();
        for (n, row) in field.values.chunks_exact(width).enumerate() {
            let [i, j, k] = field.bounds.min;
            let start = ((k + n / height) * window.size[1] + j + n % height) * window.size[0] + i;
            for (value, &stored) in plane[start..start + width].iter_mut().zip(row) {
                *value = rounded(stored / self.encoded.strength);
            }
        }
    }

    fn picture(&self, reader: &Reader, window: &Window, plane: &mut [f32]) {
        plane.par_chunks_mut(window.size[0] * window.size[1]).enumerate().for_each(|(k, slice)| {
            for (j, row) in slice.chunks_mut(window.size[0]).enumerate() {
                self.row(reader, window, [j, k], row);
            }
        });
    }

    /// A row of the window, normalised; what lies beyond the image is 0.
    fn row(&self, reader: &Reader, window: &Window, [j, k]: [usize; 2], row: &mut [f32]) {
        let seen = window.clipped(self.size);
        let inner = window.local(&seen);
        if !(inner.min[1]..inner.max[1]).contains(&j) || !(inner.min[2]..inner.max[2]).contains(&k) {
            row.fill(0.0);
            return;
        }
        row[..inner.min[0]].fill(0.0);
        row[inner.max[0]..].fill(0.0);
        let start = [seen.min[0], seen.min[1] + j - inner.min[1], seen.min[2] + k - inner.min[2]];
        let values = &mut row[inner.min[0]..inner.max[0]];
        reader.row(start, values);
        for value in values {
            *value = (*value - self.intensities.mean) / self.intensities.spread;
        }
    }

    fn small_picture(&self, reader: &Reader, window: &Window, patch: [usize; 3], plane: &mut [f32]) {
        let taps: [Vec<Tap>; 3] = std::array::from_fn(|a| taps(window.size[a], patch[a]));
        plane.par_chunks_mut(patch[0] * patch[1]).enumerate().for_each(|(k, slice)| {
            let tz = taps[2][k];
            let mut rows = vec![vec![0.0; window.size[0]]; 4];
            for (j, out) in slice.chunks_mut(patch[0]).enumerate() {
                let ty = taps[1][j];
                let places =
                    [[ty.first, tz.first], [ty.second, tz.first], [ty.first, tz.second], [ty.second, tz.second]];
                for (row, place) in rows.iter_mut().zip(places) {
                    self.row(reader, window, place, row);
                }
                for (value, tx) in out.iter_mut().zip(&taps[0]) {
                    let along = |row: &[f32]| row[tx.first] * tx.share[0] + row[tx.second] * tx.share[1];
                    let near = along(&rows[0]) * ty.share[0] + along(&rows[1]) * ty.share[1];
                    let far = along(&rows[2]) * ty.share[0] + along(&rows[3]) * ty.share[1];
                    *value = near * tz.share[0] + far * tz.share[1];
                }
            }
        });
    }
}

/// The odd number next to a positive one; of two equally near the larger.
fn odd_near(number: f64) -> usize {
    let (low, high) = (number.floor() as usize, number.ceil() as usize);
    if high % 2 == 1 {
        high
    } else if low % 2 == 1 {
        low
    } else {
        high + 1
    }
}

/// The nearest voxels of a window of `from`, of which only a part holds anything.
fn fewer(part: &VoxelBox, inside: &[bool], from: [usize; 3], to: [usize; 3]) -> Vec<bool> {
    let places: [Vec<usize>; 3] = std::array::from_fn(|a| nearest(from[a], to[a]));
    let [width, height, _] = part.size();
    let mut out = Vec::with_capacity(to.iter().product());
    for &k in &places[2] {
        for &j in &places[1] {
            out.extend(places[0].iter().map(|&i| {
                part.contains([i, j, k]) && {
                    let [x, y, z] = [i - part.min[0], j - part.min[1], k - part.min[2]];
                    inside[(z * height + y) * width + x]
                }
            }));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::odd_near;

    #[test]
    fn kernels_are_odd() {
        for (number, odd) in [(2.0, 3), (3.5, 3), (2.9, 3), (4.1, 5), (7.0, 7), (1.0, 1), (5.75, 5)] {
            assert_eq!(odd_near(number), odd, "{number}");
        }
    }
}
