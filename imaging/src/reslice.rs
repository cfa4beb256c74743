//! Slices on the CPU: the plain, exact reference that the GPU is tested against.

use crate::plane::Plane;
use crate::space::Voxel;
use crate::volume::Volume;
use glam::DVec3;
use rayon::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    Nearest,
    Linear,
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
    let f = p - base;
    let low = base.to_array().map(|x| x as usize);
    let high: [usize; 3] = std::array::from_fn(|a| (low[a] + 1).min(size[a] - 1));
    let mut sum = 0.0;
    for corner in 0..8_usize {
        let index = std::array::from_fn(|a| if corner >> a & 1 == 1 { high[a] } else { low[a] });
        let weight: f64 = (0..3).map(|a| if corner >> a & 1 == 1 { f[a] } else { 1.0 - f[a] }).product();
        if weight > 0.0 {
            sum += weight * volume.value(index);
        }
    }
    Some(sum)
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
}
