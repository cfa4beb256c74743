//! Slices on the CPU: the plain, exact reference that the GPU is tested against.

use crate::geometry::Geometry;
use crate::plane::Plane;
use crate::space::{Voxel, World};
use crate::volume::Volume;
use glam::DVec3;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    Nearest,
    Linear,
    /// Catmull-Rom: smooth, and exact at voxel centres.
    Cubic,
}

/// What a slab shows of the values across its thickness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Projection {
    Maximum,
    Minimum,
    Mean,
}

/// A thick slice, centred on its plane.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slab {
    pub projection: Projection,
    pub thickness_mm: f64,
}

impl Slab {
    /// Where to sample across a plane of `geometry`, in mm from the plane: about once per voxel passed.
    #[must_use]
    pub fn offsets_mm(&self, geometry: &Geometry, plane: &Plane) -> Vec<f64> {
        const MOST: f64 = 4096.0;
        let voxels_per_mm = geometry.voxel_from_world().transform_vector3(plane.normal()).abs().max_element();
        let thickness = if self.thickness_mm.is_finite() { self.thickness_mm.max(0.0) } else { 0.0 };
        let count = (thickness * voxels_per_mm).round().clamp(1.0, MOST);
        (0..count as usize).map(|n| ((n as f64 + 0.5) / count - 0.5) * thickness).collect()
    }
}

/// A rectangle of square pixels on a plane: the corner of the first pixel and how many millimetres one pixel is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Raster {
    /// `origin` is the outer corner of the top left pixel.
    pub plane: Plane,
    pub mm_per_pixel: f64,
    pub size: [usize; 2],
}

impl Raster {
    /// The whole of a volume's plane, fitted into `size` pixels and centred.
    #[must_use]
    pub fn fitted(plane: &Plane, volume: &Volume, size: [usize; 2]) -> Self {
        let [low, high] = plane.extent_mm(&volume.geometry);
        let wide = high[0] - low[0];
        let tall = high[1] - low[1];
        let mm_per_pixel = (wide / size[0] as f64).max(tall / size[1] as f64);
        let left = f64::midpoint(low[0], high[0]) - mm_per_pixel * size[0] as f64 / 2.0;
        let top = f64::midpoint(low[1], high[1]) - mm_per_pixel * size[1] as f64 / 2.0;
        Self { plane: plane.through(plane.at_mm(left, top)), mm_per_pixel, size }
    }

    /// The volume voxel position under the centre of a pixel.
    #[must_use]
    pub fn voxel_of_pixel(&self, volume: &Volume, x: usize, y: usize) -> Voxel {
        let right = (x as f64 + 0.5) * self.mm_per_pixel;
        let down = (y as f64 + 0.5) * self.mm_per_pixel;
        volume.geometry.voxel(self.plane.at_mm(right, down))
    }
}

/// Values of the first channel on a raster, in the volume's unit; `None` outside the volume.
#[must_use]
pub fn values(volume: &Volume, raster: &Raster, interpolation: Interpolation) -> Vec<Option<f64>> {
    let [width, height] = raster.size;
    (0..height)
        .into_par_iter()
        .flat_map_iter(|y| {
            (0..width).map(move |x| value_at(volume, raster.voxel_of_pixel(volume, x, y), interpolation))
        })
        .collect()
}

/// The value at any position, `None` outside the grid. At the outer half voxel the edge value goes on.
#[must_use]
pub fn value_at(volume: &Volume, at: Voxel, interpolation: Interpolation) -> Option<f64> {
    let size = volume.size();
    let nearest = at.index_in(size)?;
    if interpolation == Interpolation::Nearest {
        return Some(volume.value(nearest));
    }
    let top = DVec3::from_array(size.map(|n| n as f64 - 1.0));
    let p = at.0.clamp(DVec3::ZERO, top);
    let base = p.floor();
    let f = (p - base).to_array();
    let weights = f.map(|f| weights(interpolation, f));
    let base = base.to_array().map(|x| x as isize);
    let index = |axis: usize, tap: usize| (base[axis] + tap as isize - 1).clamp(0, size[axis] as isize - 1) as usize;
    let mut sum = 0.0;
    for tap in 0..64_usize {
        let taps = [tap & 3, tap >> 2 & 3, tap >> 4];
        let weight: f64 = (0..3).map(|a| weights[a][taps[a]]).product();
        if weight != 0.0 {
            sum += weight * volume.value(std::array::from_fn(|a| index(a, taps[a])));
        }
    }
    Some(sum)
}

/// Weights of the voxels from one before to two after, `f` of the way from the second to the third.
fn weights(interpolation: Interpolation, f: f64) -> [f64; 4] {
    match interpolation {
        Interpolation::Nearest => [0.0, f64::from(f < 0.5), f64::from(f >= 0.5), 0.0],
        Interpolation::Linear => [0.0, 1.0 - f, f, 0.0],
        Interpolation::Cubic => {
            let (f2, f3) = (f * f, f * f * f);
            [-0.5 * f3 + f2 - 0.5 * f, 1.5 * f3 - 2.5 * f2 + 1.0, -1.5 * f3 + 2.0 * f2 + 0.5 * f, 0.5 * f3 - 0.5 * f2]
        }
    }
}

/// Values of a slab on a raster. Where only a part of the thickness lies in the volume, that part is shown.
#[must_use]
pub fn slab_values(volume: &Volume, raster: &Raster, slab: Slab, interpolation: Interpolation) -> Vec<Option<f64>> {
    let [width, height] = raster.size;
    let offsets = slab.offsets_mm(&volume.geometry, &raster.plane);
    let normal = raster.plane.normal();
    let values_at = |x, y| {
        let on_plane = volume.geometry.world(raster.voxel_of_pixel(volume, x, y)).0;
        let along = offsets.iter().map(move |mm| volume.geometry.voxel(World(on_plane + normal * *mm)));
        let inside: Vec<f64> = along.filter_map(|at| value_at(volume, at, interpolation)).collect();
        let count = inside.len();
        let value = match slab.projection {
            Projection::Maximum => inside.into_iter().reduce(f64::max)?,
            Projection::Minimum => inside.into_iter().reduce(f64::min)?,
            Projection::Mean => inside.into_iter().reduce(|a, b| a + b)? / count as f64,
        };
        Some(value)
    };
    (0..height)
        .into_par_iter()
        .flat_map_iter(|y| (0..width).map(move |x| (x, y)))
        .map(|(x, y)| values_at(x, y))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Geometry;
    use crate::plane::View;
    use crate::space::World;
    use crate::volume::Samples;

    /// Every voxel differs, so a flip or a swapped axis cannot hide.
    fn ramp(directions: [DVec3; 3]) -> Volume {
        let geometry =
            Geometry::from_parts([4, 5, 6], World::new(7.0, -3.0, 2.0), [1.0, 2.0, 3.0], directions).unwrap();
        let samples = (0..120).map(|n| n as i16).collect();
        Volume::new(geometry, Samples::I16(samples), 1).unwrap()
    }

    #[test]
    fn the_world_position_decides_not_the_stored_order() {
        let v = ramp([DVec3::NEG_X, DVec3::Y, DVec3::NEG_Z]);
        let through = v.geometry.world(Voxel::centre([0, 0, 2]));
        let plane = Plane::of_view(&v.geometry, View::Axial, through);
        let raster = Raster::fitted(&plane, &v, [40, 100]);
        let out = values(&v, &raster, Interpolation::Nearest);
        // Screen right is the patient's left, and columns run to the right here: the last column comes first.
        assert_eq!(out[50 * 40 + 1], Some(v.value([3, 2, 2])));
        assert_eq!(out[50 * 40 + 38], Some(v.value([0, 2, 2])));
    }

    #[test]
    fn linear_hits_voxel_centres_exactly_and_midpoints_halfway() {
        let v = ramp([DVec3::X, DVec3::Y, DVec3::Z]);
        assert_eq!(value_at(&v, Voxel::new(2.0, 3.0, 4.0), Interpolation::Linear), Some(v.value([2, 3, 4])));
        assert_eq!(value_at(&v, Voxel::new(0.5, 0.0, 0.0), Interpolation::Linear), Some(0.5));
        assert_eq!(value_at(&v, Voxel::new(-0.5, 0.0, 0.0), Interpolation::Linear), Some(0.0));
        assert_eq!(value_at(&v, Voxel::new(-0.6, 0.0, 0.0), Interpolation::Linear), None);
    }

    #[test]
    fn cubic_is_exact_on_centres_and_on_straight_slopes() {
        let v = ramp([DVec3::X, DVec3::Y, DVec3::Z]);
        assert_eq!(value_at(&v, Voxel::new(2.0, 3.0, 4.0), Interpolation::Cubic), Some(v.value([2, 3, 4])));
        let between = value_at(&v, Voxel::new(1.25, 2.5, 2.75), Interpolation::Cubic).unwrap();
        let expected = 1.25 + 2.5 * 4.0 + 2.75 * 20.0;
        assert!((between - expected).abs() < 1e-9, "{between}");
    }

    #[test]
    fn a_slab_sees_the_voxels_it_is_thick() {
        let v = ramp([DVec3::X, DVec3::Y, DVec3::Z]);
        let plane = Plane::of_view(&v.geometry, View::Axial, v.geometry.world(Voxel::centre([0, 0, 2])));
        let raster = Raster { mm_per_pixel: 1.0, size: [4, 10], ..Raster::fitted(&plane, &v, [4, 10]) };
        let of = |projection, thickness_mm| {
            let slab = Slab { projection, thickness_mm };
            slab_values(&v, &raster, slab, Interpolation::Nearest)[5 * 4 + 1].unwrap()
        };
        let middle = v.value([1, 2, 2]);
        assert_eq!(of(Projection::Maximum, 9.0), middle + 20.0);
        assert_eq!(of(Projection::Minimum, 9.0), middle - 20.0);
        assert_eq!(of(Projection::Mean, 9.0), middle);
        assert_eq!(of(Projection::Maximum, 0.0), middle);
        // Slices 0 to 5 exist: what lies beyond does not count.
        assert_eq!(of(Projection::Minimum, 300.0), middle - 40.0);
    }
}
