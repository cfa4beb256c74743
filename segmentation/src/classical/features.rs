//! What a cell looks like: its values, set against what is around the seeds, so that one set of weights serves CT,
//! MR, colour pictures and label-like images alike.

use super::lattice::Lattice;
use limner_imaging::{Result, Task, Volume, with_samples};
use rayon::prelude::*;

/// The values of `N` channels in each cell. `N` is 1 or 3.
#[derive(Clone, Debug)]
pub struct Features<const N: usize> {
    pub cells: Vec<[f32; N]>,
}

/// Cells larger than this many voxels along an axis are judged by a sample of their voxels.
const SAMPLES_PER_AXIS: usize = 3;

impl<const N: usize> Features<N> {
    /// The mean of each cell, in the volume's unit. What is not finite counts as the smallest value around.
    pub fn read(volume: &Volume, lattice: &Lattice, task: &Task) -> Result<Self> {
        task.cancel.check()?;
        let row = |n: usize| (0..lattice.size[0]).map(move |i| [i, n % lattice.size[1], n / lattice.size[1]]);
        let rows = (0..lattice.size[1] * lattice.size[2]).into_par_iter();
        let mut cells: Vec<[f32; N]> =
            rows.flat_map_iter(|n| row(n).map(|cell| mean_of_cell(volume, lattice, cell))).collect();
        let lowest = cells.iter().flatten().copied().filter(|x| x.is_finite()).fold(f32::INFINITY, f32::min);
        let lowest = if lowest.is_finite() { lowest } else { 0.0 };
        for value in cells.iter_mut().flatten() {
            if !value.is_finite() {
                *value = lowest;
            }
        }
        Ok(Self { cells })
    }

    /// Puts `centre` at zero and `spread` at one, and flattens what is far away: bone against air matters no more
    /// than bone against fat when the question is liver.
    pub fn normalise(&mut self, centre: [f32; N], spread: f32, knee: f32) {
        for cell in &mut self.cells {
            for c in 0..N {
                let x = (cell[c] - centre[c]) / spread;
                cell[c] = x / (1.0 + x.abs() / knee);
            }
        }
    }
}

#[expect(clippy::unnecessary_cast, reason = "the macro also meets f64")]
fn mean_of_cell<const N: usize>(volume: &Volume, lattice: &Lattice, cell: [usize; 3]) -> [f32; N] {
    let low: [usize; 3] = std::array::from_fn(|a| lattice.bounds.min[a] + cell[a] * lattice.stride[a]);
    let high: [usize; 3] = std::array::from_fn(|a| (low[a] + lattice.stride[a]).min(lattice.bounds.max[a]));
    let hop = lattice.stride.map(|s| s.div_ceil(SAMPLES_PER_AXIS));
    let (mut sum, mut count) = ([0.0_f64; N], 0.0);
    let channels = volume.channels();
    with_samples!(volume.samples(), v => {
        for k in (low[2]..high[2]).step_by(hop[2]) {
            for j in (low[1]..high[1]).step_by(hop[1]) {
                for i in (low[0]..high[0]).step_by(hop[0]) {
                    let at = volume.geometry.linear_index([i, j, k]) * channels;
                    for c in 0..N.min(channels) {
                        sum[c] += v[at + c] as f64;
                    }
                    count += 1.0;
                }
            }
        }
    });
    std::array::from_fn(|c| if c < channels { volume.value_map.value(sum[c] / count) as f32 } else { 0.0 })
}

/// The middle of some numbers, by count. Zero for none.
pub fn median(values: &mut [f32]) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f32::total_cmp).1
}

#[inline]
pub fn distance<const N: usize>(a: &[f32; N], b: &[f32; N]) -> f32 {
    if N == 1 {
        return (a[0] - b[0]).abs();
    }
    let mut sum = 0.0;
    for c in 0..N {
        sum += (a[c] - b[c]) * (a[c] - b[c]);
    }
    sum.sqrt()
}
