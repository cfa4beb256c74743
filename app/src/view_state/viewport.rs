//! One viewport: which picture, which plane of it or the volume, from where, and in which window.

use super::solid::SolidView;
use crate::picture::SOLID_ZOOM;
use glam::{DQuat, DVec3};
use limner_annotation::ImageId;
use limner_imaging::reslice::{Raster, Slab};
use limner_imaging::{Geometry, Plane, StackAxis, View, Volume, Voxel, Window, World};
use limner_render::Camera;
use serde::{Deserialize, Serialize};

/// Names a viewport for as long as it is on the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ViewportId(pub u32);

/// What of a picture a viewport shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pane {
    Slice(View),
    /// The volume in 3D.
    Solid,
}

impl Pane {
    /// In reading order of the four-up layout.
    pub const ALL: [Self; 4] =
        [Self::Slice(View::Axial), Self::Slice(View::Sagittal), Self::Slice(View::Coronal), Self::Solid];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Slice(view) => view.name(),
            Self::Solid => "3D",
        }
    }
}

/// How a plane lies in its viewport.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlaneCamera {
    /// 1 fits the whole plane into the viewport.
    pub zoom: f64,
    /// How far the middle of the viewport lies from the middle of the plane.
    pub pan_mm: [f64; 2],
}

impl PlaneCamera {
    pub const FITTED: Self = Self { zoom: 1.0, pan_mm: [0.0; 2] };
}

/// How the volume is turned in 3D.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    right: DVec3,
    down: DVec3,
    zoom: f64,
    /// How far what is in the middle lies from the middle of the volume, to the right and down.
    pan_mm: [f64; 2],
}

impl Turn {
    /// From the patient's front, upright.
    const FRONT: Self = Self { right: DVec3::X, down: DVec3::NEG_Z, zoom: SOLID_ZOOM, pan_mm: [0.0; 2] };
}

/// Another picture laid over the one a viewport shows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Over {
    pub image: ImageId,
    pub how: How,
}

/// How two pictures share a viewport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// In colour, clear where it has nothing to say: PET over CT.
    Colour,
    /// Half of each.
    Blend,
    /// Squares of one and of the other.
    Checkerboard,
    /// The other at the right of the middle.
    Swipe,
    /// What one has and the other has not.
    Difference,
}

impl How {
    pub const ALL: [Self; 5] = [Self::Colour, Self::Blend, Self::Checkerboard, Self::Swipe, Self::Difference];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Colour => "In colour",
            Self::Blend => "Half and half",
            Self::Checkerboard => "Checkerboard",
            Self::Swipe => "Right half",
            Self::Difference => "Difference",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Viewport {
    /// The picture it shows or waits for.
    pub image: Option<ImageId>,
    pub pane: Pane,
    /// The point its plane goes through.
    pub at: World,
    pub window: Window,
    pub inverted: bool,
    /// A thick slice in place of a thin one.
    pub slab: Option<Slab>,
    /// The patient's left on the screen's left, where the plane has a left.
    pub neurological: bool,
    /// Left and right changed over by hand.
    pub mirrored: bool,
    /// Quarters turned clockwise by hand.
    pub quarters: u8,
    /// The directions right and down of a plane that was turned away from the picture's own.
    pub tilt: Option<[DVec3; 2]>,
    pub camera: PlaneCamera,
    pub turn: Turn,
    #[serde(default)]
    pub solid: SolidView,
    /// Another picture over this one.
    #[serde(default)]
    pub over: Option<Over>,
    /// In pixels, as last laid out.
    #[serde(skip, default = "one_pixel")]
    pub size: [usize; 2],
}

const fn one_pixel() -> [usize; 2] {
    [1, 1]
}

/// Further in than this a voxel fills the screen; further out the picture is a dot.
const ZOOM: std::ops::RangeInclusive<f64> = 0.1..=64.0;
/// A drag across this many pixels turns the volume by a radian.
const PIXELS_PER_RADIAN: f64 = 160.0;

impl Viewport {
    /// Shows nothing yet.
    pub fn empty() -> Self {
        Self {
            image: None,
            pane: Pane::Slice(View::Axial),
            at: World::default(),
            window: Window::new(400.0, 40.0),
            inverted: false,
            slab: None,
            neurological: false,
            mirrored: false,
            quarters: 0,
            tilt: None,
            camera: PlaneCamera::FITTED,
            turn: Turn::FRONT,
            solid: SolidView::default(),
            over: None,
            size: one_pixel(),
        }
    }

    /// As a picture is first shown: its stored plane, the middle, fitted, in the window its file asks for.
    pub fn first_look(image: ImageId, volume: &Volume, window: Window) -> Self {
        Self {
            image: Some(image),
            pane: Pane::Slice(View::of_stored_slices(&volume.geometry)),
            at: first_place(volume),
            window,
            ..Self::empty()
        }
    }

    /// The same look at another pane of the same picture.
    pub fn of_pane(&self, pane: Pane) -> Self {
        let camera = PlaneCamera::FITTED;
        Self { pane, tilt: None, mirrored: false, quarters: 0, camera, ..self.clone() }
    }

    pub fn show_pane(&mut self, pane: Pane) {
        *self = self.of_pane(pane);
    }

    /// The patient plane it shows or was turned from; the axial one for the volume in 3D.
    pub const fn view(&self) -> View {
        match self.pane {
            Pane::Slice(view) => view,
            Pane::Solid => View::Axial,
        }
    }

    pub const fn is_solid(&self) -> bool {
        matches!(self.pane, Pane::Solid)
    }

    /// Whether its plane lies across the voxels, so that what is under a pixel is no whole voxel.
    pub const fn is_oblique(&self) -> bool {
        self.tilt.is_some() && !self.is_solid()
    }

    pub fn plane(&self, geometry: &Geometry) -> Plane {
        let plane = Plane::of_view(geometry, self.view(), self.at);
        let mut plane = self.tilt.map_or(plane, |[right, down]| Plane { right, down, ..plane });
        let has_left = self.view() != View::Sagittal;
        if (self.neurological && has_left) != self.mirrored {
            plane.right = -plane.right;
        }
        for _ in 0..self.quarters % 4 {
            (plane.right, plane.down) = (-plane.down, plane.right);
        }
        plane
    }

    /// Turns the plane about an axis through its point.
    pub fn tilt_about(&mut self, geometry: &Geometry, axis: DVec3, radians: f64) {
        let Some(axis) = axis.try_normalize() else { return };
        let own = Plane::of_view(geometry, self.view(), self.at);
        let plane = self.tilt.map_or(own, |[right, down]| Plane { right, down, ..own });
        let turn = DQuat::from_axis_angle(axis, radians);
        let right = (turn * plane.right).normalize();
        let down = turn * plane.down;
        self.tilt = Some([right, (down - right * down.dot(right)).normalize()]);
    }

    /// Shows a plane that may lie any way, through its origin.
    pub const fn lie_on(&mut self, plane: Plane) {
        self.pane = Pane::Slice(self.view());
        (self.at, self.tilt, self.mirrored, self.quarters) = (plane.origin, Some([plane.right, plane.down]), false, 0);
    }

    /// How far the plane was turned, in degrees.
    pub fn tilt_degrees(&self, geometry: &Geometry) -> f64 {
        let own = Plane::of_view(geometry, self.view(), self.at).normal();
        self.tilt.map_or(0.0, |[right, down]| right.cross(down).angle_between(own).to_degrees())
    }

    /// What the viewport shows of its plane.
    pub fn raster(&self, volume: &Volume) -> Raster {
        let size = self.size;
        let fitted = Raster::fitted(&self.plane(&volume.geometry), volume, size);
        let mm_per_pixel = fitted.mm_per_pixel / self.camera.zoom;
        let shift = |axis: usize| {
            let half = size[axis] as f64 / 2.0;
            half * (fitted.mm_per_pixel - mm_per_pixel) + self.camera.pan_mm[axis]
        };
        let plane = fitted.plane.through(fitted.plane.at_mm(shift(0), shift(1)));
        Raster { plane, mm_per_pixel, size }
    }

    /// The point of the patient in the middle of the viewport.
    pub fn middle(&self, volume: &Volume) -> World {
        let raster = self.raster(volume);
        let half = raster.size.map(|n| n as f64 / 2.0 * raster.mm_per_pixel);
        raster.plane.at_mm(half[0], half[1])
    }

    /// Puts a point in the middle at a given scale, as far as the plane reaches it.
    pub fn centre_on(&mut self, volume: &Volume, middle: World, mm_per_pixel: f64) {
        self.camera = PlaneCamera::FITTED;
        let fitted = self.raster(volume);
        let offset = fitted.plane.mm_of(middle);
        let half = fitted.size.map(|n| n as f64 / 2.0 * fitted.mm_per_pixel);
        self.camera.pan_mm = [offset.x - half[0], offset.y - half[1]];
        self.camera.zoom = (fitted.mm_per_pixel / mm_per_pixel).clamp(*ZOOM.start(), *ZOOM.end());
    }

    /// Where the eye of a 3D viewport is.
    pub fn solid_camera(&self, geometry: &Geometry) -> Camera {
        let plane = Plane { origin: geometry.centre(), right: self.turn.right, down: self.turn.down };
        let camera = Camera::framing(geometry, &plane, self.size).zoomed(self.turn.zoom);
        let [right, down] = self.turn.pan_mm;
        Camera { target: plane.at_mm(right, down), ..camera }
    }

    /// Zooms so that the point under `pixel` stays where it is; the volume zooms about its middle.
    pub fn zoom_about(&mut self, volume: &Volume, pixel: [f64; 2], factor: f64) {
        if self.is_solid() {
            self.turn.zoom = (self.turn.zoom * factor).clamp(*ZOOM.start(), *ZOOM.end());
            return;
        }
        let before = self.raster(volume);
        self.camera.zoom = (self.camera.zoom * factor).clamp(*ZOOM.start(), *ZOOM.end());
        let after = self.raster(volume);
        for (axis, at) in pixel.into_iter().enumerate() {
            let from_middle = at - self.size[axis] as f64 / 2.0;
            self.camera.pan_mm[axis] += from_middle * (before.mm_per_pixel - after.mm_per_pixel);
        }
    }

    pub fn pan(&mut self, volume: &Volume, pixels: [f64; 2]) {
        let (mm_per_pixel, pan_mm) = if self.is_solid() {
            (self.solid_camera(&volume.geometry).mm_per_pixel, &mut self.turn.pan_mm)
        } else {
            (self.raster(volume).mm_per_pixel, &mut self.camera.pan_mm)
        };
        pan_mm[0] -= pixels[0] * mm_per_pixel;
        pan_mm[1] -= pixels[1] * mm_per_pixel;
    }

    /// Turns the volume under the pointer.
    pub fn turn(&mut self, geometry: &Geometry, pixels: [f64; 2]) {
        let turned = self.solid_camera(geometry).turned(pixels[0] / PIXELS_PER_RADIAN, pixels[1] / PIXELS_PER_RADIAN);
        (self.turn.right, self.turn.down) = (turned.right, turned.down);
    }

    /// The whole picture, upright, the plane as it is stored.
    pub const fn fit(&mut self) {
        self.camera = PlaneCamera::FITTED;
        self.turn = Turn::FRONT;
        self.tilt = None;
        self.mirrored = false;
        self.quarters = 0;
    }

    /// Which slice is shown, and how many there are.
    pub fn slice(&self, geometry: &Geometry) -> (usize, usize) {
        let axis = self.view().slice_axis(geometry);
        let count = geometry.size()[axis];
        let index = geometry.voxel(self.at).0[axis].round().clamp(0.0, count as f64 - 1.0);
        (index as usize, count)
    }

    pub fn go_to_slice(&mut self, geometry: &Geometry, slice: usize) {
        let axis = self.view().slice_axis(geometry);
        let (_, count) = self.slice(geometry);
        let mut at = geometry.voxel(self.at);
        at.0[axis] = slice.min(count - 1) as f64;
        self.at = geometry.world(at);
    }

    /// Puts the crosshair on a point, kept on the voxels of the grid.
    pub fn go_to(&mut self, geometry: &Geometry, at: World) {
        let top = DVec3::from_array(geometry.size().map(|n| n as f64 - 1.0));
        let voxel = geometry.voxel(at).0.round().clamp(DVec3::ZERO, top);
        self.at = geometry.world(Voxel(voxel));
    }

    /// Steps towards the feet, the front or the right for positive numbers, whichever way a volume is stored: down the
    /// wheel is down the body. Frames go on in their own order.
    pub fn step(&mut self, volume: &Volume, steps: isize) {
        let geometry = &volume.geometry;
        let onwards = match self.view() {
            View::Axial => DVec3::NEG_Z,
            View::Coronal => DVec3::NEG_Y,
            View::Sagittal => DVec3::NEG_X,
        };
        if self.is_oblique() {
            self.step_across(geometry, onwards, steps);
            return;
        }
        let axis = self.view().slice_axis(geometry);
        let frames = axis == 2 && volume.stack_axis != StackAxis::Space;
        let steps = if frames || geometry.step(axis).dot(onwards) >= 0.0 { steps } else { -steps };
        let (slice, count) = self.slice(geometry);
        self.go_to_slice(geometry, slice.saturating_add_signed(steps).min(count - 1));
    }

    /// About one voxel a step, as far as the grid reaches.
    fn step_across(&mut self, geometry: &Geometry, onwards: DVec3, steps: isize) {
        let normal = self.plane(geometry).normal();
        let normal = if normal.dot(onwards) < 0.0 { -normal } else { normal };
        let voxels_per_mm = geometry.voxel_from_world().transform_vector3(normal).abs().max_element();
        let to = World(self.at.0 + normal * (steps as f64 / voxels_per_mm));
        if geometry.voxel(to).index_in(geometry.size()).is_some() {
            self.at = to;
        }
    }
}

/// The centre of the voxel in the middle, of a long film on the frame that is in memory.
fn first_place(volume: &Volume) -> World {
    let [i, j, k] = volume.size().map(|n| n / 2);
    volume.geometry.world(Voxel::centre([i, j, volume.only_slice().unwrap_or(k)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::Samples;

    fn volume() -> Volume {
        let geometry = Geometry::from_parts(
            [20, 30, 10],
            World::new(5.0, -40.0, 100.0),
            [1.0, 0.5, 4.0],
            [DVec3::X, DVec3::Y, DVec3::NEG_Z],
        );
        Volume::new(geometry.unwrap(), Samples::U8(vec![0; 6000]), 1).unwrap()
    }

    fn first_look(volume: &Volume) -> Viewport {
        Viewport { size: [300, 200], ..Viewport::first_look(ImageId::new(), volume, Window::new(400.0, 40.0)) }
    }

    #[test]
    fn zooming_keeps_the_point_under_the_pointer() {
        let v = volume();
        let pixel = [40.0, 150.0];
        for view in View::ALL {
            let mut port = first_look(&v).of_pane(Pane::Slice(view));
            port.tilt_about(&v.geometry, DVec3::new(0.3, 1.0, 0.2), 0.4);
            let under = |port: &Viewport| {
                let r = port.raster(&v);
                r.plane.at_mm(pixel[0] * r.mm_per_pixel, pixel[1] * r.mm_per_pixel)
            };
            let before = under(&port);
            for factor in [1.5, 2.0, 0.3] {
                port.zoom_about(&v, pixel, factor);
                assert!((under(&port).0 - before.0).length() < 1e-9);
            }
        }
    }

    #[test]
    fn the_first_look_shows_the_middle_slice_fitted() {
        let v = volume();
        let mut port = first_look(&v);
        assert_eq!(port.pane, Pane::Slice(View::Axial));
        assert_eq!(port.slice(&v.geometry), (5, 10));
        let raster = port.raster(&v);
        let fitted = Raster::fitted(&port.plane(&v.geometry), &v, [300, 200]);
        assert!((raster.plane.origin.0 - fitted.plane.origin.0).length() < 1e-9);
        assert!((raster.mm_per_pixel - fitted.mm_per_pixel).abs() < 1e-12);
        // Stored head to feet: a step towards the feet is a step up in the file.
        port.step(&v, 1);
        assert_eq!(port.slice(&v.geometry).0, 6);
        port.step(&v, 100);
        assert_eq!(port.slice(&v.geometry).0, 9);
        assert!((v.geometry.voxel(port.at).0 - Voxel::new(10.0, 15.0, 9.0).0).length() < 1e-9);
    }

    #[test]
    fn the_crosshair_stays_on_voxels_of_the_grid() {
        let v = volume();
        let mut port = first_look(&v);
        port.go_to(&v.geometry, v.geometry.world(Voxel::new(-4.0, 7.3, 99.0)));
        assert!((v.geometry.voxel(port.at).0 - Voxel::new(0.0, 7.0, 9.0).0).length() < 1e-9);
    }

    #[test]
    fn turning_back_gives_the_first_view_again() {
        let v = volume();
        let mut port = first_look(&v).of_pane(Pane::Solid);
        let first = port.solid_camera(&v.geometry);
        port.turn(&v.geometry, [50.0, 0.0]);
        assert!(port.solid_camera(&v.geometry).right.distance(first.right) > 0.1);
        port.turn(&v.geometry, [-50.0, 0.0]);
        assert!(port.solid_camera(&v.geometry).right.distance(first.right) < 1e-9);
    }

    #[test]
    fn mirroring_and_turning_change_what_is_right_and_down_and_the_letters_follow() {
        let v = volume();
        let letters = |port: &Viewport| -> String {
            port.plane(&v.geometry).screen_sides().map(limner_imaging::Side::letter).iter().collect()
        };
        let mut port = first_look(&v);
        assert_eq!(letters(&port), "RLAP");
        port.quarters = 1;
        assert_eq!(letters(&port), "PARL", "the patient's front, once at the top, is at the right");
        port.mirrored = true;
        assert_eq!(letters(&port), "PALR");
        port.fit();
        port.neurological = true;
        assert_eq!(letters(&port), "LRAP");
        assert_eq!(letters(&port.of_pane(Pane::Slice(View::Sagittal))), "APSI", "a sagittal plane has no left");
    }

    #[test]
    fn a_tilted_plane_goes_through_its_point_steps_along_its_normal_and_stays_in_the_grid() {
        let v = volume();
        let mut port = first_look(&v);
        let at = port.at;
        port.tilt_about(&v.geometry, DVec3::X, 0.5);
        assert!(port.is_oblique() && (port.tilt_degrees(&v.geometry) - 0.5_f64.to_degrees()).abs() < 1e-9);
        assert!(port.plane(&v.geometry).mm_of(at).z.abs() < 1e-9);
        port.step(&v, 1);
        let moved = port.at.0 - at.0;
        assert!(moved.z < 0.0, "onwards is towards the feet");
        assert!(moved.normalize().dot(port.plane(&v.geometry).normal()).abs() > 1.0 - 1e-9);
        port.step(&v, 10_000);
        assert!(v.geometry.voxel(port.at).index_in(v.size()).is_some());
        port.fit();
        assert!(!port.is_oblique());
    }

    #[test]
    fn centring_shows_the_same_place_at_the_same_scale() {
        let v = volume();
        let mut one = first_look(&v);
        one.zoom_about(&v, [40.0, 50.0], 3.0);
        let mut other = Viewport { size: [120, 400], ..first_look(&v) };
        other.centre_on(&v, one.middle(&v), one.raster(&v).mm_per_pixel);
        assert!((other.middle(&v).0 - one.middle(&v).0).length() < 1e-9);
        assert!((other.raster(&v).mm_per_pixel - one.raster(&v).mm_per_pixel).abs() < 1e-12);
    }
}
