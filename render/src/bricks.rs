//! Which parts of a volume a ray may leap over.
//!
//! A volume is cut into cubes, and for each the range of its values is measured once (`BrickRanges`, on any thread).
//! For a transfer function and the labels in place, `FreeSpace` then says of every cube how many cubes around it are
//! certain to show nothing.

use crate::context::{CountedTexture, GpuContext};
use crate::error::Result;
use crate::label_texture::LabelTexture;
use crate::transfer::TransferFunction;
use crate::upload;
use crate::volume_texture::VolumeTexture;
use limner_imaging::{Volume, VoxelBox, with_samples};
use rayon::prelude::*;
use std::sync::{Arc, Mutex};

/// Voxels along the side of a cube.
pub const SIDE: usize = 8;
/// Farther than this a ray leaps twice.
const MOST_CUBES: u8 = 12;

/// The smallest and largest stored sample in and just around each cube: interpolation reaches one voxel further.
pub struct BrickRanges {
    count: [usize; 3],
    stored: Arc<Vec<[f32; 2]>>,
}

impl BrickRanges {
    /// Reads every sample once. Slow enough for a worker thread.
    #[must_use]
    pub fn measure(volume: &Volume) -> Self {
        let count = bricks_in(volume.size());
        let all: Vec<usize> = (0..count[2] * count[1]).collect();
        let rows = all.par_iter().flat_map_iter(|&row| {
            let (j, k) = (row % count[1], row / count[1]);
            (0..count[0]).map(move |i| range_of(volume, VoxelBox::new([i, j, k], [i + 1, j + 1, k + 1])))
        });
        Self { count, stored: Arc::new(rows.collect()) }
    }

    /// As texels, for projections: a ray need not look into a cube that cannot beat what it has seen.
    pub(crate) fn texture(&self, gpu: &GpuContext, volume: &VolumeTexture) -> Result<CountedTexture> {
        let texture = upload::texture_3d(gpu, "brick ranges", self.count, wgpu::TextureFormat::Rg32Float)?;
        let texels: Vec<[f32; 2]> = self.stored.iter().map(|range| range.map(|x| volume.texel(f64::from(x)))).collect();
        upload::write_box(gpu, &texture.texture, VoxelBox::whole(self.count), bytemuck::cast_slice(&texels));
        Ok(texture)
    }
}

pub(crate) fn bricks_in(size: [usize; 3]) -> [usize; 3] {
    size.map(|n| n.div_ceil(SIDE))
}

#[expect(clippy::unnecessary_cast, reason = "the macro also meets f64")]
fn range_of(volume: &Volume, brick: VoxelBox) -> [f32; 2] {
    let size = volume.size();
    let inside = VoxelBox::new(brick.min.map(|n| n * SIDE), brick.max.map(|n| n * SIDE));
    let voxels = inside.grown([1; 3], size).intersection(&VoxelBox::whole(size));
    let channels = volume.channels();
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    with_samples!(volume.samples(), v => for k in voxels.min[2]..voxels.max[2] {
        for j in voxels.min[1]..voxels.max[1] {
            let start = volume.geometry.linear_index([voxels.min[0], j, k]) * channels;
            let end = start + (voxels.max[0] - voxels.min[0]) * channels;
            for &x in &v[start..end] {
                low = low.min(x as f64);
                high = high.max(x as f64);
            }
        }
    });
    [(low as f32).next_down(), (high as f32).next_up()]
}

/// For each cube: 0 where something may be seen, else how many cubes away the nearest such cube is.
pub struct FreeSpace {
    pub(crate) distances: CountedTexture,
    pub(crate) ranges: CountedTexture,
    /// The same in main memory, for the processor.
    pub(crate) count: [usize; 3],
    pub(crate) host_distances: Vec<u8>,
    pub(crate) stored: Arc<Vec<[f32; 2]>>,
    /// Distances for the window of the projection drawn last.
    pub(crate) below: Mutex<Option<(BelowKey, Arc<Vec<u8>>)>>,
}

/// A floor and a direction, bit by bit.
type BelowKey = (u32, u32);

impl FreeSpace {
    /// To be made again when the transfer function or the labels shown in 3D change.
    pub fn new<'a>(
        gpu: &GpuContext,
        volume: &VolumeTexture,
        ranges: &BrickRanges,
        function: &TransferFunction,
        labels: impl IntoIterator<Item = &'a LabelTexture>,
    ) -> Result<Self> {
        let may_show = |range: &[f32; 2]| {
            let [a, b] = range.map(|stored| volume.value(f64::from(stored)));
            // A cube of nothing but NaN has no range and shows nothing.
            a.is_finite() && b.is_finite() && !function.is_clear(a.min(b), a.max(b))
        };
        let mut may_show: Vec<bool> = ranges.stored.iter().map(may_show).collect();
        for labels in labels.into_iter().filter(|labels| labels.solid_size() == volume.geometry().size()) {
            for (may_show, may_hold) in may_show.iter_mut().zip(labels.occupied_bricks()) {
                *may_show |= may_hold;
            }
        }
        let host_distances = distances(ranges.count, &may_show);
        let texture = upload::texture_3d(gpu, "free space", ranges.count, wgpu::TextureFormat::R8Uint)?;
        upload::write_box(gpu, &texture.texture, VoxelBox::whole(ranges.count), &host_distances);
        Ok(Self {
            distances: texture,
            ranges: ranges.texture(gpu, volume)?,
            count: ranges.count,
            host_distances,
            stored: Arc::clone(&ranges.stored),
            below: Mutex::default(),
        })
    }
}

/// For each cube the chessboard distance to the nearest one that may show something, at most `MOST_CUBES`.
///
/// What is free is worn down by one cube on every side again and again; a cube's distance is how often it survived.
/// Whole rows of bytes are done at once, which is many times as fast as asking every cube for its neighbours.
pub(crate) fn distances(count: [usize; 3], may_show: &[bool]) -> Vec<u8> {
    let mut free: Vec<u8> = may_show.iter().map(|&may| u8::from(!may)).collect();
    let mut distances = free.clone();
    let mut before = vec![0; free.len()];
    for _ in 1..MOST_CUBES {
        // Neighbours along an axis lie `stride` apart.
        for (stride, length) in [(1, count[0]), (count[0], count[1]), (count[0] * count[1], count[2])] {
            before.copy_from_slice(&free);
            for (free, before) in free.chunks_exact_mut(stride * length).zip(before.chunks_exact(stride * length)) {
                for (free, lower) in free[stride..].iter_mut().zip(before) {
                    *free &= lower;
                }
                for (free, upper) in free.iter_mut().zip(&before[stride..]) {
                    *free &= upper;
                }
            }
        }
        for (distance, free) in distances.iter_mut().zip(&free) {
            *distance += free;
        }
    }
    distances
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::{Geometry, Samples, World};

    #[test]
    fn distances_are_chessboard_distances() {
        let count = [7, 9, 6];
        let sources = [[1, 2, 3], [6, 8, 0]];
        let index = |n: usize| [n % 7, n / 7 % 9, n / 63];
        let may_show: Vec<bool> = (0..378).map(|n| sources.contains(&index(n))).collect();
        for (n, distance) in distances(count, &may_show).iter().enumerate() {
            let nearest = |s: &[usize; 3]| (0..3).map(|a| index(n)[a].abs_diff(s[a])).max().unwrap();
            assert_eq!(usize::from(*distance), sources.iter().map(nearest).min().unwrap(), "{:?}", index(n));
        }
        assert_eq!(distances([40, 1, 1], &[false; 40]), [MOST_CUBES; 40]);
    }

    #[test]
    fn a_voxel_counts_in_its_cube_and_where_interpolation_reaches_it() {
        let size = [20, 17, 9];
        let geometry = Geometry::axis_aligned(size, World::default(), [1.0; 3]).unwrap();
        let mut samples = vec![0_i16; 20 * 17 * 9];
        samples[geometry.linear_index([8, 3, 7])] = 500;
        let ranges = BrickRanges::measure(&Volume::new(geometry, Samples::I16(samples), 1).unwrap());
        assert_eq!(ranges.count, [3, 3, 2]);
        let high: Vec<usize> = (0..18).filter(|&n| ranges.stored[n][1] > 499.0).collect();
        // Column 8 is the first of its cube and slice 7 the last: both are neighbours of the next cube.
        assert_eq!(high, [0, 1, 9, 10]);
    }
}
