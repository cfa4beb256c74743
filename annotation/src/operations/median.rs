//! Majority smoothing: a voxel belongs where more than half of the ball around it does. Thin spikes and pits go, straight
//! walls stay where they are.

use limner_imaging::{Mask, VoxelBox};
use rayon::prelude::*;

/// Counts along rows by running sums, so that a large ball costs its surface and not its volume.
#[must_use]
pub fn median(mask: &Mask, radius_mm: f64, spacing_mm: [f64; 3], grid: [usize; 3]) -> Mask {
    let tight = mask.tight_box();
    let reach = spacing_mm.map(|spacing| (radius_mm / spacing).floor() as usize);
    if tight.is_empty() || reach == [0; 3] {
        return mask.clone();
    }
    let bounds = tight.grown(reach, grid);
    let sums = RunningSums::new(&mask.within(bounds));
    let rows = rows_of_ball(radius_mm, spacing_mm, reach);
    let size = bounds.size();
    let voxels: Vec<bool> = (0..bounds.len())
        .into_par_iter()
        .map(|n| {
            let at = [n % size[0], n / size[0] % size[1], n / (size[0] * size[1])].map(|x| x as isize);
            let (mut inside, mut all) = (0_usize, 0_usize);
            for &(dj, dk, half) in &rows {
                // Beyond the image there is nothing to ask; beyond the box there is only outside.
                let (j, k) = (at[1] + dj, at[2] + dk);
                let in_image = |x: isize, axis: usize| {
                    let x = x + bounds.min[axis] as isize;
                    x >= 0 && x < grid[axis] as isize
                };
                if !in_image(j, 1) || !in_image(k, 2) {
                    continue;
                }
                let first = bounds.min[0] as isize + at[0] - half;
                let last = bounds.min[0] as isize + at[0] + half;
                all += (last.min(grid[0] as isize - 1) - first.max(0) + 1) as usize;
                inside += sums.between(at[0] - half, at[0] + half, j, k);
            }
            inside * 2 > all
        })
        .collect();
    Mask::from_voxels(bounds, voxels).unwrap_or_else(|| mask.clone())
}

/// The rows a ball is made of: how far they lie from its centre along rows and slices, and half their length.
fn rows_of_ball(radius_mm: f64, spacing_mm: [f64; 3], reach: [usize; 3]) -> Vec<(isize, isize, isize)> {
    let [_, rj, rk] = reach.map(|r| r as isize);
    let mut rows = Vec::new();
    for dk in -rk..=rk {
        for dj in -rj..=rj {
            // An infinite spacing reaches nowhere: its offset is 0, and 0 times infinity is no distance.
            let mm = |d: isize, spacing: f64| if d == 0 { 0.0 } else { d as f64 * spacing };
            let rest = radius_mm * radius_mm - mm(dj, spacing_mm[1]).powi(2) - mm(dk, spacing_mm[2]).powi(2);
            if rest >= 0.0 {
                rows.push((dj, dk, (rest.sqrt() / spacing_mm[0]).floor() as isize));
            }
        }
    }
    rows
}

struct RunningSums {
    size: [usize; 3],
    /// For every row one more than its voxels.
    sums: Vec<u32>,
}

impl RunningSums {
    fn new(mask: &Mask) -> Self {
        let bounds: VoxelBox = mask.bounds();
        let size = bounds.size();
        let mut sums = Vec::with_capacity((size[0] + 1) * size[1] * size[2]);
        for row in mask.voxels().chunks_exact(size[0].max(1)) {
            let mut sum = 0;
            sums.push(0);
            for voxel in row {
                sum += u32::from(*voxel);
                sums.push(sum);
            }
        }
        Self { size, sums }
    }

    /// Voxels from `first` to `last` of a row; 0 outside.
    fn between(&self, first: isize, last: isize, j: isize, k: isize) -> usize {
        let [width, height, depth] = self.size.map(|n| n as isize);
        if j < 0 || j >= height || k < 0 || k >= depth || last < 0 || first >= width {
            return 0;
        }
        let start = ((k * height + j) * (width + 1)) as usize;
        let end = start + (last.min(width - 1) + 1) as usize;
        (self.sums[end] - self.sums[start + first.max(0) as usize]) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: [usize; 3] = [30, 26, 9];

    #[test]
    fn it_is_the_median_of_the_ball() {
        let bounds = VoxelBox::new([0, 2, 1], [29, 26, 9]);
        let mask = Mask::from_fn(bounds, |[i, j, k]| (i * 7 + j * 13 + k * 5) % 11 < 6 && i + j > 8);
        let spacing = [0.8, 1.0, 2.0];
        let smooth = median(&mask, 2.1, spacing, GRID);
        let expected = Mask::from_fn(VoxelBox::whole(GRID), |at| {
            let mut votes = [0, 0];
            for other in Mask::from_fn(VoxelBox::whole(GRID), |_| true).indices() {
                let mm: f64 = (0..3).map(|a| ((at[a] as f64 - other[a] as f64) * spacing[a]).powi(2)).sum();
                if mm <= 2.1 * 2.1 {
                    votes[usize::from(mask.get(other))] += 1;
                }
            }
            votes[1] > votes[0]
        });
        assert_eq!(smooth.within(VoxelBox::whole(GRID)), expected);
    }

    #[test]
    fn spikes_go_walls_stay_and_frames_do_not_touch() {
        let whole = VoxelBox::whole(GRID);
        let mask = Mask::from_fn(whole, |v| v[0] < 15 || v == [15, 10, 4]);
        assert_eq!(median(&mask, 2.0, [1.0, 1.0, 1.0], GRID).within(whole), Mask::from_fn(whole, |v| v[0] < 15));
        let frame = Mask::from_fn(whole, |v| v[2] == 3 && v[0] < 15);
        assert_eq!(median(&frame, 2.0, [1.0, 1.0, f64::INFINITY], GRID).within(whole), frame);
    }
}
