//! Volumes too large for the adapter: a smaller one for 3D, while slices keep every voxel.
//!
//! Slices of such a volume are drawn from main memory (`SliceScene::host`), where no limit holds; the texture is that
//! of the reduced volume, which lies in the same place in the patient.

use crate::context::{GpuContext, Tier};
use glam::{DAffine3, DVec3};
use limner_imaging::{Geometry, Result, Samples, Volume, VoxelBox, with_samples};
use rayon::prelude::*;

/// What one volume may take on an adapter of a tier. No adapter says how much memory it has.
const fn budget_bytes(tier: Tier) -> u64 {
    match tier {
        Tier::Full => 4 << 30,
        Tier::Weak => 1 << 30,
        Tier::Software => 2 << 30,
    }
}

/// A smaller volume that the adapter can hold; `None` where it can hold this one as it is.
pub fn to_fit(gpu: &GpuContext, volume: &Volume) -> Result<Option<Volume>> {
    let factor = factor_on(gpu, volume.size(), volume.channels());
    if factor == [1; 3] { Ok(None) } else { reduced(volume, factor).map(Some) }
}

/// How many numbers of 16 bits along each axis become one, where the adapter cannot hold the grid as it is. The same as
/// for a volume of one channel, so that its labels lie on the same grid.
pub(crate) fn factor(gpu: &GpuContext, size: [usize; 3]) -> [usize; 3] {
    factor_on(gpu, size, 1)
}

pub(crate) fn factor_on(gpu: &GpuContext, size: [usize; 3], channels: usize) -> [usize; 3] {
    let axis = gpu.limits().max_texture_dimension_3d as usize;
    factor_for(size, channels, axis, budget_bytes(gpu.tier))
}

pub(crate) fn size(size: [usize; 3], factor: [usize; 3]) -> [usize; 3] {
    std::array::from_fn(|a| size[a].div_ceil(factor[a]))
}

/// The grid of blocks of `factor` voxels, where they lie.
pub(crate) fn grid(geometry: &Geometry, factor: [usize; 3]) -> Result<Geometry> {
    let scale = DVec3::from_array(factor.map(|n| n as f64));
    let into_block = DAffine3::from_translation((scale - 1.0) / 2.0) * DAffine3::from_scale(scale);
    Geometry::new(size(geometry.size(), factor), geometry.world_from_voxel() * into_block)
}

/// How many voxels along each axis become one. The longest axis in voxels is reduced first.
fn factor_for(size: [usize; 3], channels: usize, axis: usize, bytes: u64) -> [usize; 3] {
    let mut factor = [1; 3];
    loop {
        let now = self::size(size, factor);
        // Wide samples and colour take four bytes in a texture, all others at most two.
        let texel_bytes = if channels >= 3 { 4 } else { 2 };
        let total = now.iter().map(|&n| n as u64).product::<u64>() * texel_bytes;
        let longest = (0..3).max_by_key(|&a| now[a]).unwrap_or(0);
        if (now[longest] <= axis && total <= bytes) || now[longest] == 1 {
            return factor;
        }
        factor[longest] *= 2;
    }
}

/// The labels of a box of blocks, columns fastest: each the most frequent of its block. A quarter of a block is enough,
/// so that thin things do not vanish.
pub(crate) fn labels(
    label: impl Fn([usize; 3]) -> u16 + Sync,
    full: [usize; 3],
    factor: [usize; 3],
    blocks: VoxelBox,
) -> Vec<u16> {
    let [width, height, depth] = blocks.size();
    let row = |row: usize| {
        let (j, k) = (blocks.min[1] + row % height, blocks.min[2] + row / height);
        let of_block = |i| {
            let range = |index: usize, a: usize| index * factor[a]..((index + 1) * factor[a]).min(full[a]);
            let voxels = range(k, 2).flat_map(|z| range(j, 1).flat_map(move |y| range(i, 0).map(move |x| [x, y, z])));
            most_frequent(voxels.map(&label))
        };
        (blocks.min[0]..blocks.min[0] + width).map(of_block).collect::<Vec<_>>()
    };
    (0..height * depth).into_par_iter().flat_map_iter(row).collect()
}

fn most_frequent(labels: impl Iterator<Item = u16>) -> u16 {
    let mut counts: Vec<(u16, usize)> = Vec::new();
    let mut total = 0;
    for label in labels {
        total += 1;
        if label == 0 {
            continue;
        }
        match counts.iter_mut().find(|(known, _)| *known == label) {
            Some((_, count)) => *count += 1,
            None => counts.push((label, 1)),
        }
    }
    let most = counts.into_iter().max_by_key(|&(label, count)| (count, std::cmp::Reverse(label)));
    most.filter(|(_, count)| count * 4 >= total).map_or(0, |(label, _)| label)
}

/// Every block of `factor` voxels as their mean.
#[expect(clippy::unnecessary_cast, reason = "the macro also meets f64")]
fn reduced(volume: &Volume, factor: [usize; 3]) -> Result<Volume> {
    let geometry = grid(&volume.geometry, factor)?;
    let size = geometry.size();
    let samples = match volume.samples() {
        Samples::U8(v) => Samples::U8(means(volume, v, size, factor, f64::from, |mean| mean.round() as u8)),
        Samples::U16(v) => Samples::U16(means(volume, v, size, factor, f64::from, |mean| mean.round() as u16)),
        Samples::I16(v) => Samples::I16(means(volume, v, size, factor, f64::from, |mean| mean.round() as i16)),
        other => with_samples!(other, v => {
            Samples::F32(means(volume, v, size, factor, |x| x as f64, |mean| mean as f32))
        }),
    };
    let mut small = Volume::new(geometry, samples, volume.channels())?;
    small.value_map = volume.value_map.clone();
    small.windows.clone_from(&volume.windows);
    small.inverted = volume.inverted;
    Ok(small)
}

fn means<T: Copy + Sync, U: Send>(
    volume: &Volume,
    samples: &[T],
    size: [usize; 3],
    factor: [usize; 3],
    wide: impl Fn(T) -> f64 + Sync + Send + Copy,
    narrow: impl Fn(f64) -> U + Sync + Send + Copy,
) -> Vec<U> {
    let (full, channels) = (volume.size(), volume.channels());
    let row = move |row: usize| {
        let (j, k) = (row % size[1], row / size[1]);
        (0..size[0] * channels).map(move |n| {
            let (i, channel) = (n / channels, n % channels);
            let range = |index: usize, a: usize| index * factor[a]..((index + 1) * factor[a]).min(full[a]);
            let (mut sum, mut count) = (0.0, 0.0);
            for z in range(k, 2) {
                for y in range(j, 1) {
                    for x in range(i, 0) {
                        sum += wide(samples[((z * full[1] + y) * full[0] + x) * channels + channel]);
                        count += 1.0;
                    }
                }
            }
            narrow(sum / count)
        })
    };
    (0..size[1] * size[2]).into_par_iter().flat_map_iter(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::{Voxel, World};

    #[test]
    fn the_longest_axes_give_way_until_it_fits() {
        assert_eq!(factor_for([512, 512, 300], 1, 2048, 1 << 30), [1; 3]);
        assert_eq!(factor_for([2000, 2000, 3000], 1, 2048, 64 << 30), [1, 1, 2]);
        let factor = factor_for([2000, 2000, 3000], 1, 2048, 1 << 30);
        assert_eq!(factor, [2, 4, 4]);
        assert_eq!(factor_for([5000, 1, 1], 3, 2048, 1 << 30), [4, 1, 1]);
    }

    #[test]
    fn labels_follow_their_volume_and_thin_ones_stay() {
        let full = [5, 4, 4];
        // A sheet of one voxel, a lone voxel, and two labels that share a block.
        let label = |[i, j, k]: [usize; 3]| match [i, j, k] {
            [_, 0, _] => 3,
            [2, 3, 3] => 5,
            [4, 2, 0] => 8,
            [4, 2..4, _] => 7,
            _ => 0,
        };
        let blocks = VoxelBox::new([0; 3], size(full, [2, 4, 2]));
        assert_eq!(blocks.size(), [3, 1, 2]);
        assert_eq!(labels(label, full, [2, 4, 2], blocks), [3, 3, 7, 3, 3, 7]);
        let part = VoxelBox::new([1, 1, 1], [3, 2, 2]);
        assert_eq!(labels(label, full, [2, 2, 2], part), [0, 7], "one voxel in eight is lost");
    }

    #[test]
    fn a_reduced_volume_lies_where_the_full_one_lies() {
        let geometry = Geometry::axis_aligned([8, 5, 4], World::new(10.0, 20.0, 30.0), [1.0, 2.0, 3.0]).unwrap();
        // A straight slope: the mean of a block is the value at its middle.
        let value = |[i, j, k]: [usize; 3]| (i * 8 + j * 100 + k * 1000) as i16;
        let samples = (0..160).map(|n| value([n % 8, n / 8 % 5, n / 40])).collect();
        let volume = Volume::new(geometry, Samples::I16(samples), 1).unwrap();
        let small = reduced(&volume, [4, 1, 2]).unwrap();
        assert_eq!(small.size(), [2, 5, 2]);
        for index in [[0, 0, 0], [1, 3, 1], [0, 4, 1]] {
            let at = volume.geometry.voxel(small.geometry.world(Voxel::centre(index)));
            let expected = at.0.x * 8.0 + at.0.y * 100.0 + at.0.z * 1000.0;
            assert!((small.value(index) - expected).abs() <= 0.5, "{index:?}");
        }
    }
}
