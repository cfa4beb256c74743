//! From a place on the screen to a place in the patient, and back. Pure arithmetic, no GPU.

use crate::camera::Camera;
use crate::transfer::TransferFunction;
use glam::DVec2;
use limner_imaging::reslice::{self, Interpolation, Raster};
use limner_imaging::{Geometry, Pixel, Volume, Voxel, World};

/// The point under a screen position; (0, 0) is the outer corner of the first pixel.
#[must_use]
pub fn world(raster: &Raster, at: Pixel) -> World {
    raster.plane.at_mm(at.0.x * raster.mm_per_pixel, at.0.y * raster.mm_per_pixel)
}

/// The position on a volume's grid under a screen position.
#[must_use]
pub fn voxel(raster: &Raster, geometry: &Geometry, at: Pixel) -> Voxel {
    geometry.voxel(world(raster, at))
}

/// The voxel under a screen position, `None` outside the grid.
#[must_use]
pub fn voxel_index(raster: &Raster, geometry: &Geometry, at: Pixel) -> Option<[usize; 3]> {
    voxel(raster, geometry, at).index_in(geometry.size())
}

/// Where a point lies on the screen, and how many millimetres behind (positive) the plane it is.
#[must_use]
pub fn screen(raster: &Raster, at: World) -> (Pixel, f64) {
    let mm = raster.plane.mm_of(at);
    (Pixel(DVec2::new(mm.x, mm.y) / raster.mm_per_pixel), mm.z)
}

/// The point of a shaded volume that is seen under a screen position: where half of the light is stopped.
#[must_use]
pub fn seen(
    volume: &Volume,
    transfer: &TransferFunction,
    camera: &Camera,
    size: [usize; 2],
    at: Pixel,
) -> Option<World> {
    let mut clear = 1.0;
    let step_mm = step_mm(volume);
    samples(volume, camera, size, at).find_map(|(point, value)| {
        clear *= f64::from(1.0 - transfer.at(value)[3]).powf(step_mm);
        (clear <= 0.5).then_some(point)
    })
}

/// The point of a projection that is seen under a screen position: where the value is the largest.
#[must_use]
pub fn brightest(volume: &Volume, camera: &Camera, size: [usize; 2], at: Pixel) -> Option<World> {
    samples(volume, camera, size, at).max_by(|a, b| a.1.total_cmp(&b.1)).map(|(point, _)| point)
}

fn step_mm(volume: &Volume) -> f64 {
    volume.geometry.spacing_mm().into_iter().fold(f64::INFINITY, f64::min) / 2.0
}

/// Points and values along a line of sight, from the eye inwards, inside the volume.
fn samples(volume: &Volume, camera: &Camera, size: [usize; 2], at: Pixel) -> impl Iterator<Item = (World, f64)> {
    let (origin, direction) = camera.ray(size, at);
    let centre = volume.geometry.centre().0;
    let reach = volume.geometry.corners().map(|corner| corner.0.distance(centre)).fold(0.0, f64::max)
        + volume.geometry.spacing_mm().into_iter().fold(0.0, f64::max);
    let middle = (centre - origin.0).dot(direction);
    let nearest = if camera.eye_mm.is_some() { 0.0 } else { f64::NEG_INFINITY };
    let start = (middle - reach).max(nearest);
    let step_mm = step_mm(volume);
    let count = ((middle + reach - start) / step_mm).max(0.0) as usize;
    (0..count).filter_map(move |n| {
        let point = World(origin.0 + direction * (start + n as f64 * step_mm));
        let value = reslice::value_at(volume, volume.geometry.voxel(point), Interpolation::Linear)?;
        Some((point, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::TransferPoint;
    use glam::DVec3;
    use limner_imaging::Samples;
    use limner_imaging::{Plane, View};

    fn tilted() -> Geometry {
        let directions = [DVec3::new(-0.8, 0.6, 0.0), DVec3::new(0.6, 0.8, 0.0), DVec3::new(0.0, 0.0, 1.0)];
        Geometry::from_parts([20, 30, 10], World::new(5.0, -7.0, 11.0), [0.5, 0.8, 3.0], directions).unwrap()
    }

    #[test]
    fn a_voxel_is_found_under_the_pixel_it_is_drawn_at() {
        let geometry = tilted();
        for view in View::ALL {
            let marked = [17, 4, 8];
            let world_of_mark = geometry.world(Voxel::centre(marked));
            let plane = Plane::of_view(&geometry, view, world_of_mark);
            let raster =
                Raster { plane: plane.through(plane.at_mm(-12.0, -9.0)), mm_per_pixel: 0.25, size: [200, 150] };
            let (at, depth_mm) = screen(&raster, world_of_mark);
            assert!((at.0 - DVec2::new(48.0, 36.0)).length() < 1e-9, "{view:?} {at:?}");
            assert!(depth_mm.abs() < 1e-9);
            assert_eq!(voxel_index(&raster, &geometry, at), Some(marked));
            assert!((world(&raster, at).0 - world_of_mark.0).length() < 1e-9);
        }
    }

    #[test]
    fn outside_the_grid_there_is_no_voxel() {
        let geometry = tilted();
        let plane = Plane::of_view(&geometry, View::Axial, geometry.centre());
        let raster = Raster { plane, mm_per_pixel: 1.0, size: [10, 10] };
        assert_eq!(voxel_index(&raster, &geometry, Pixel(DVec2::new(-500.0, 3.0))), None);
    }

    /// A ball off the middle, met on the side that faces the eye.
    #[test]
    fn in_3d_the_near_side_of_a_thing_is_picked() {
        let geometry = tilted();
        let ball = geometry.world(Voxel::new(12.0, 20.0, 5.0));
        let radius_mm = 3.5;
        let index = |n: usize| [n % 20, n / 20 % 30, n / 600];
        let height = |n: usize| {
            let away = geometry.world(Voxel::centre(index(n))).0.distance(ball.0);
            (1000.0 * (1.0 + (radius_mm - away) / radius_mm)).max(0.0)
        };
        let samples = (0..geometry.voxel_count()).map(|n| height(n) as i16).collect();
        let volume = Volume::new(geometry, Samples::I16(samples), 1).unwrap();
        let point = |value, opacity_per_mm| TransferPoint { value, colour: [255; 3], opacity_per_mm };
        let transfer = TransferFunction::new(vec![point(990.0, 0.0), point(1000.0, 1.0)]);
        let size = [200, 160];
        let front = Camera::from_front(&geometry, size);
        for camera in [front, front.turned(1.0, 0.5), Camera { eye_mm: Some(60.0), ..front.turned(-2.0, 0.3) }] {
            let (on_plane, depth_mm) = screen(&camera.raster(size), ball);
            let half = DVec2::new(100.0, 80.0);
            let scale = camera.eye_mm.map_or(1.0, |eye_mm| eye_mm / (eye_mm + depth_mm));
            let at = Pixel(half + (on_plane.0 - half) * scale);
            let (_, direction) = camera.ray(size, at);
            let expected = ball.0 - direction * radius_mm;
            let found = seen(&volume, &transfer, &camera, size, at).unwrap();
            assert!(found.0.distance(expected) < 0.8, "{camera:?}: {found:?}, expected {expected}");
            let middle = brightest(&volume, &camera, size, at).unwrap();
            assert!(middle.0.distance(ball.0) < 1.0, "{camera:?}: {middle:?}, expected {ball:?}");
            let corner = Pixel(DVec2::new(1.0, 1.0));
            assert_eq!(seen(&volume, &transfer, &camera, size, corner), None);
        }
    }
}
