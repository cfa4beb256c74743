//! From where a volume is looked at in 3D.
//!
//! What the camera sees is described by the same `Raster` a slice has: the plane through its target, pixel by pixel.
//! Picking, scale bars and shapes therefore work in 3D as they do on slices.

use glam::{DQuat, DVec3};
use limner_imaging::reslice::Raster;
use limner_imaging::{Geometry, Pixel, Plane, World};

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// Stays in the middle of the picture, and is what the camera turns about.
    pub target: World,
    /// Unit vectors at right angles.
    pub right: DVec3,
    pub down: DVec3,
    /// At the target.
    pub mm_per_pixel: f64,
    /// How far the eye is from the target; rays are parallel where there is none.
    pub eye_mm: Option<f64>,
}

impl Camera {
    /// Looks at the middle of a grid along `plane`'s normal, with all of the grid in a picture of `size` however it
    /// is turned.
    #[must_use]
    pub fn framing(geometry: &Geometry, plane: &Plane, size: [usize; 2]) -> Self {
        let target = geometry.centre();
        let reach = geometry.corners().map(|corner| corner.0.distance(target.0)).fold(1.0, f64::max);
        let pixels = size[0].min(size[1]).max(1) as f64;
        Self { target, right: plane.right, down: plane.down, mm_per_pixel: 2.0 * reach / pixels, eye_mm: None }
    }

    /// From the patient's front, upright.
    #[must_use]
    pub fn from_front(geometry: &Geometry, size: [usize; 2]) -> Self {
        let plane = Plane { origin: geometry.centre(), right: DVec3::X, down: DVec3::NEG_Z };
        Self::framing(geometry, &plane, size)
    }

    /// Follows a drag over the picture: the near side of the volume moves with the pointer.
    #[must_use]
    pub fn turned(self, right_radians: f64, down_radians: f64) -> Self {
        let turn = DQuat::from_axis_angle(self.down, right_radians) * DQuat::from_axis_angle(self.right, -down_radians);
        let right = (turn * self.right).normalize();
        let down = turn * self.down;
        Self { right, down: (down - right * down.dot(right)).normalize(), ..self }
    }

    /// Everything seen becomes `factor` times as large.
    #[must_use]
    pub fn zoomed(self, factor: f64) -> Self {
        Self { mm_per_pixel: self.mm_per_pixel / factor.max(f64::MIN_POSITIVE), ..self }
    }

    /// The plane through the target, pixel by pixel.
    #[must_use]
    pub fn raster(&self, size: [usize; 2]) -> Raster {
        let plane = Plane { origin: self.target, right: self.right, down: self.down };
        let [half_wide, half_tall] = size.map(|n| n as f64 / 2.0 * self.mm_per_pixel);
        Raster { plane: plane.through(plane.at_mm(-half_wide, -half_tall)), mm_per_pixel: self.mm_per_pixel, size }
    }

    /// The line of sight through a place of a picture of `size`: a point on it, and its direction of length 1.
    #[must_use]
    pub fn ray(&self, size: [usize; 2], at: Pixel) -> (World, DVec3) {
        let on_plane = crate::pick::world(&self.raster(size), at);
        match self.eye_mm {
            None => (on_plane, self.forward()),
            Some(eye_mm) => {
                let eye = self.target.0 - self.forward() * eye_mm;
                (World(eye), (on_plane.0 - eye).normalize())
            }
        }
    }

    /// Into the picture.
    #[must_use]
    pub fn forward(&self) -> DVec3 {
        self.right.cross(self.down)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turning_keeps_the_axes_square_and_follows_the_pointer() {
        let geometry = Geometry::axis_aligned([10, 20, 30], World::new(1.0, 2.0, 3.0), [1.0, 1.0, 2.0]).unwrap();
        let camera = Camera::from_front(&geometry, [200, 100]);
        assert!((camera.forward() - DVec3::Y).length() < 1e-12, "the eye is in front and looks back");
        let mut turned = camera;
        for _ in 0..1000 {
            turned = turned.turned(0.01, 0.02);
        }
        assert!(turned.right.dot(turned.down).abs() < 1e-9);
        assert!((turned.right.length() - 1.0).abs() < 1e-9);
        // A point on the near side, before and after a small turn to the right and down.
        let near = World(camera.target.0 - camera.forward() * 10.0);
        let seen = |camera: &Camera| crate::pick::screen(&camera.raster([200, 100]), near).0;
        let moved = seen(&camera.turned(0.1, 0.1)).0 - seen(&camera).0;
        assert!(moved.x > 0.0 && moved.y > 0.0, "{moved}");
    }

    #[test]
    fn the_target_is_in_the_middle() {
        let geometry = Geometry::axis_aligned([10, 20, 30], World::new(1.0, 2.0, 3.0), [1.0, 1.0, 2.0]).unwrap();
        let camera = Camera::from_front(&geometry, [200, 100]);
        let (at, depth) = crate::pick::screen(&camera.raster([200, 100]), camera.target);
        assert!((at.0 - glam::DVec2::new(100.0, 50.0)).length() < 1e-9 && depth.abs() < 1e-9);
    }
}
