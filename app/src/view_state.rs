//! How a picture is shown: never part of the document, never undone, never able to change stored data.

use crate::action::Tool;
use crate::picture::SOLID_ZOOM;
use glam::DVec3;
use limner_imaging::reslice::Raster;
use limner_imaging::{Geometry, Plane, StackAxis, View, Volume, Voxel, Window, World};
use limner_render::Camera;
use serde::{Deserialize, Serialize};

/// A place in the layout. Each shows its own thing, always.
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

    pub const fn index(self) -> usize {
        match self {
            Self::Slice(View::Axial) => 0,
            Self::Slice(View::Sagittal) => 1,
            Self::Slice(View::Coronal) => 2,
            Self::Solid => 3,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Slice(view) => view.name(),
            Self::Solid => "3D",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// Only the active pane.
    One,
    /// The three planes and the volume.
    Four,
}

/// How a plane lies in its pane.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct PlaneCamera {
    /// 1 fits the whole plane into the pane.
    zoom: f64,
    /// How far the middle of the pane lies from the middle of the plane.
    pan_mm: [f64; 2],
}

impl PlaneCamera {
    const FITTED: Self = Self { zoom: 1.0, pan_mm: [0.0; 2] };
}

/// How the volume is turned in 3D.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    right: DVec3,
    down: DVec3,
    zoom: f64,
}

impl Turn {
    /// From the patient's front, upright.
    const FRONT: Self = Self { right: DVec3::X, down: DVec3::NEG_Z, zoom: SOLID_ZOOM };
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ViewState {
    /// The point all planes go through.
    pub at: World,
    pub layout: Layout,
    pub active: Pane,
    pub window: Window,
    pub inverted: bool,
    pub show_labels: bool,
    pub label_opacity: f32,
    planes: [PlaneCamera; 3],
    turn: Turn,
}

/// Further in than this a voxel fills the screen; further out the picture is a dot.
const ZOOM: std::ops::RangeInclusive<f64> = 0.1..=64.0;
/// A drag across this many pixels turns the volume by a radian.
const PIXELS_PER_RADIAN: f64 = 160.0;

impl ViewState {
    /// As a picture is first shown: its stored plane, the middle, fitted, with the file's own window.
    pub fn first_look(volume: &Volume) -> Self {
        Self {
            at: middle_voxel(&volume.geometry),
            layout: Layout::One,
            active: Pane::Slice(View::of_stored_slices(&volume.geometry)),
            window: volume.default_window(),
            inverted: false,
            show_labels: true,
            label_opacity: 0.45,
            planes: [PlaneCamera::FITTED; 3],
            turn: Turn::FRONT,
        }
    }

    /// The panes on screen, in reading order.
    pub fn panes(&self) -> &[Pane] {
        match self.layout {
            Layout::One => std::slice::from_ref(&self.active),
            Layout::Four => &Pane::ALL,
        }
    }

    /// The plane that keys scroll: the active one, or the axial while the volume is in front.
    pub const fn view(&self) -> View {
        match self.active {
            Pane::Slice(view) => view,
            Pane::Solid => View::Axial,
        }
    }

    pub fn plane(&self, geometry: &Geometry, view: View) -> Plane {
        Plane::of_view(geometry, view, self.at)
    }

    const fn plane_camera(&mut self, view: View) -> &mut PlaneCamera {
        &mut self.planes[Pane::Slice(view).index()]
    }

    /// What a pane of `size` pixels shows of a plane.
    pub fn raster(&self, volume: &Volume, view: View, size: [usize; 2]) -> Raster {
        let camera = self.planes[Pane::Slice(view).index()];
        let fitted = Raster::fitted(&self.plane(&volume.geometry, view), volume, size);
        let mm_per_pixel = fitted.mm_per_pixel / camera.zoom;
        let shift = |axis: usize| {
            let half = size[axis] as f64 / 2.0;
            half * (fitted.mm_per_pixel - mm_per_pixel) + camera.pan_mm[axis]
        };
        let plane = fitted.plane.through(fitted.plane.at_mm(shift(0), shift(1)));
        Raster { plane, mm_per_pixel, size }
    }

    /// Where the eye of the 3D pane is.
    pub fn camera(&self, geometry: &Geometry, size: [usize; 2]) -> Camera {
        let plane = Plane { origin: geometry.centre(), right: self.turn.right, down: self.turn.down };
        Camera::framing(geometry, &plane, size).zoomed(self.turn.zoom)
    }

    /// Zooms so that the point under `pixel` stays where it is; the volume zooms about its middle.
    pub fn zoom_about(&mut self, volume: &Volume, pane: Pane, size: [usize; 2], pixel: [f64; 2], factor: f64) {
        let Pane::Slice(view) = pane else {
            self.turn.zoom = (self.turn.zoom * factor).clamp(*ZOOM.start(), *ZOOM.end());
            return;
        };
        let before = self.raster(volume, view, size);
        let camera = self.plane_camera(view);
        camera.zoom = (camera.zoom * factor).clamp(*ZOOM.start(), *ZOOM.end());
        let after = self.raster(volume, view, size);
        for axis in 0..2 {
            let from_middle = pixel[axis] - size[axis] as f64 / 2.0;
            self.plane_camera(view).pan_mm[axis] += from_middle * (before.mm_per_pixel - after.mm_per_pixel);
        }
    }

    pub fn pan(&mut self, view: View, mm_per_pixel: f64, pixels: [f64; 2]) {
        let camera = self.plane_camera(view);
        camera.pan_mm[0] -= pixels[0] * mm_per_pixel;
        camera.pan_mm[1] -= pixels[1] * mm_per_pixel;
    }

    /// Turns the volume under the pointer.
    pub fn turn(&mut self, geometry: &Geometry, pixels: [f64; 2]) {
        let camera = self.camera(geometry, [1, 1]);
        let turned = camera.turned(pixels[0] / PIXELS_PER_RADIAN, pixels[1] / PIXELS_PER_RADIAN);
        (self.turn.right, self.turn.down) = (turned.right, turned.down);
    }

    pub const fn fit(&mut self) {
        self.planes = [PlaneCamera::FITTED; 3];
        self.turn = Turn::FRONT;
    }

    /// Which slice of a plane is shown, and how many there are.
    pub fn slice(&self, view: View, geometry: &Geometry) -> (usize, usize) {
        let axis = view.slice_axis(geometry);
        let count = geometry.size()[axis];
        let index = geometry.voxel(self.at).0[axis].round().clamp(0.0, count as f64 - 1.0);
        (index as usize, count)
    }

    pub fn go_to_slice(&mut self, view: View, geometry: &Geometry, slice: usize) {
        let axis = view.slice_axis(geometry);
        let (_, count) = self.slice(view, geometry);
        let mut at = geometry.voxel(self.at);
        at.0[axis] = slice.min(count - 1) as f64;
        self.at = geometry.world(at);
    }

    /// Puts the crosshair on a point, kept within the grid.
    pub fn go_to(&mut self, geometry: &Geometry, at: World) {
        let top = DVec3::from_array(geometry.size().map(|n| n as f64 - 1.0));
        let voxel = geometry.voxel(at).0.round().clamp(DVec3::ZERO, top);
        self.at = geometry.world(Voxel(voxel));
    }

    /// Steps towards the feet, the front or the right for positive numbers, whichever way a volume is stored: down the
    /// wheel is down the body. Frames go on in their own order.
    pub fn step(&mut self, volume: &Volume, view: View, steps: isize) {
        let geometry = &volume.geometry;
        let axis = view.slice_axis(geometry);
        let onwards = match view {
            View::Axial => DVec3::NEG_Z,
            View::Coronal => DVec3::NEG_Y,
            View::Sagittal => DVec3::NEG_X,
        };
        let frames = axis == 2 && volume.stack_axis != StackAxis::Space;
        let steps = if frames || geometry.step(axis).dot(onwards) >= 0.0 { steps } else { -steps };
        let (slice, count) = self.slice(view, geometry);
        self.go_to_slice(view, geometry, slice.saturating_add_signed(steps).min(count - 1));
    }
}

/// The centre of the voxel in the middle of the grid.
fn middle_voxel(geometry: &Geometry) -> World {
    geometry.world(Voxel::centre(geometry.size().map(|n| n / 2)))
}

/// What the hand holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hand {
    pub tool: Tool,
    pub brush_radius_mm: f64,
    /// Whether the next prompt says "this" or "not this".
    pub positive: bool,
}

impl Default for Hand {
    fn default() -> Self {
        Self { tool: Tool::Window, brush_radius_mm: 8.0, positive: true }
    }
}

impl Hand {
    pub fn resize_brush(&mut self, factor: f64) {
        self.brush_radius_mm = (self.brush_radius_mm * factor).clamp(0.1, 200.0);
    }
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

    #[test]
    fn zooming_keeps_the_point_under_the_pointer() {
        let v = volume();
        let mut state = ViewState::first_look(&v);
        let (size, pixel) = ([300, 200], [40.0, 150.0]);
        for view in View::ALL {
            let under = |s: &ViewState| {
                let r = s.raster(&v, view, size);
                r.plane.at_mm(pixel[0] * r.mm_per_pixel, pixel[1] * r.mm_per_pixel)
            };
            let before = under(&state);
            for factor in [1.5, 2.0, 0.3] {
                state.zoom_about(&v, Pane::Slice(view), size, pixel, factor);
                assert!((under(&state).0 - before.0).length() < 1e-9);
            }
        }
    }

    #[test]
    fn the_first_look_shows_the_middle_slice_fitted() {
        let v = volume();
        let mut state = ViewState::first_look(&v);
        assert_eq!(state.active, Pane::Slice(View::Axial));
        assert_eq!(state.slice(View::Axial, &v.geometry), (5, 10));
        let raster = state.raster(&v, View::Axial, [300, 200]);
        let fitted = Raster::fitted(&state.plane(&v.geometry, View::Axial), &v, [300, 200]);
        assert!((raster.plane.origin.0 - fitted.plane.origin.0).length() < 1e-9);
        assert!((raster.mm_per_pixel - fitted.mm_per_pixel).abs() < 1e-12);
        // Stored head to feet: a step towards the feet is a step up in the file.
        state.step(&v, View::Axial, 1);
        assert_eq!(state.slice(View::Axial, &v.geometry).0, 6);
        state.step(&v, View::Axial, 100);
        assert_eq!(state.slice(View::Axial, &v.geometry).0, 9);
        assert!((v.geometry.voxel(state.at).0 - Voxel::new(10.0, 15.0, 9.0).0).length() < 1e-9);
    }

    #[test]
    fn the_crosshair_stays_on_voxels_of_the_grid() {
        let v = volume();
        let mut state = ViewState::first_look(&v);
        state.go_to(&v.geometry, v.geometry.world(Voxel::new(-4.0, 7.3, 99.0)));
        assert!((v.geometry.voxel(state.at).0 - Voxel::new(0.0, 7.0, 9.0).0).length() < 1e-9);
    }

    #[test]
    fn turning_back_gives_the_first_view_again() {
        let v = volume();
        let mut state = ViewState::first_look(&v);
        let first = state.camera(&v.geometry, [100, 100]);
        state.turn(&v.geometry, [50.0, 0.0]);
        assert!(state.camera(&v.geometry, [100, 100]).right.distance(first.right) > 0.1);
        state.turn(&v.geometry, [-50.0, 0.0]);
        assert!(state.camera(&v.geometry, [100, 100]).right.distance(first.right) < 1e-9);
    }
}
