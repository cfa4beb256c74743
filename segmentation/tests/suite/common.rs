//! Pictures with known answers.

use glam::DVec3;
use limner_imaging::{Geometry, Mask, Samples, Task, Volume, VoxelBox, World};
use limner_segmentation::classical::Classical;
use limner_segmentation::{Engine, Prediction, Prompt, Request};

/// Noise in [-1, 1] that is the same on every machine.
pub fn noise(index: [usize; 3]) -> f64 {
    let mut x = (index[0] as u64) << 42 | (index[1] as u64) << 21 | index[2] as u64;
    for _ in 0..3 {
        x = (x ^ (x >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
    (x >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

/// A 16-bit volume from a value per voxel.
pub fn volume(size: [usize; 3], spacing_mm: [f64; 3], value: impl Fn([usize; 3]) -> f64) -> Volume {
    let geometry = Geometry::axis_aligned(size, World::new(-20.0, 5.0, 3.0), spacing_mm).unwrap();
    let samples = voxels(size).map(|index| value(index).round() as i16).collect();
    Volume::new(geometry, Samples::I16(samples), 1).unwrap()
}

pub fn colour(size: [usize; 3], value: impl Fn([usize; 3]) -> [u8; 3]) -> Volume {
    let geometry = Geometry::axis_aligned(size, World::default(), [1.0; 3]).unwrap();
    Volume::new(geometry, Samples::U8(voxels(size).flat_map(value).collect()), 3).unwrap()
}

pub fn voxels([width, height, depth]: [usize; 3]) -> impl Iterator<Item = [usize; 3]> {
    (0..depth).flat_map(move |k| (0..height).flat_map(move |j| (0..width).map(move |i| [i, j, k])))
}

/// Millimetres from a voxel to a centre.
pub fn mm_from(index: [usize; 3], centre: [f64; 3], spacing_mm: [f64; 3]) -> f64 {
    let offset = std::array::from_fn(|a| (index[a] as f64 - centre[a]) * spacing_mm[a]);
    DVec3::from_array(offset).length()
}

pub fn truth(size: [usize; 3], inside: impl FnMut([usize; 3]) -> bool) -> Mask {
    Mask::from_fn(VoxelBox::whole(size), inside)
}

pub fn dice(a: &Mask, b: &Mask) -> f64 {
    let both = a.indices().filter(|&index| b.get(index)).count();
    2.0 * both as f64 / (a.count() + b.count()) as f64
}

pub fn predict(image: &Volume, prompts: &[Prompt]) -> Prediction {
    let request = Request::new(image, prompts);
    Classical::default().predict(&request, &Task::default()).unwrap()
}

/// One value inside, another outside.
pub fn bright(inside: bool, within: f64, without: f64) -> f64 {
    if inside { within } else { without }
}
