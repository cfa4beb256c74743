//! From a place on the screen to a place in the patient, and back. Pure arithmetic, no GPU.

use glam::DVec2;
use limner_imaging::reslice::Raster;
use limner_imaging::{Geometry, Pixel, Voxel, World};

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

#[cfg(test)]
mod tests {
    use super::*;
    use glam::DVec3;
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
}
