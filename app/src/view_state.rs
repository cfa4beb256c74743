//! How a picture is shown: never part of the document, never undone, never able to change stored data.

use crate::action::Tool;
use glam::DVec3;
use limner_imaging::reslice::Raster;
use limner_imaging::{Geometry, Plane, StackAxis, View, Volume, Window, World};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ViewState {
    pub view: View,
    /// The point all views go through.
    pub at: World,
    /// 1 fits the whole plane into the view.
    pub zoom: f64,
    /// How far the middle of the view lies from the middle of the plane.
    pub pan_mm: [f64; 2],
    pub window: Window,
    pub inverted: bool,
    pub show_labels: bool,
    pub label_opacity: f32,
}

/// Further in than this a voxel fills the screen; further out the picture is a dot.
const ZOOM: std::ops::RangeInclusive<f64> = 0.1..=64.0;

impl ViewState {
    /// As a picture is first shown: its stored plane, the middle, fitted, with the file's own window.
    pub fn first_look(volume: &Volume) -> Self {
        Self {
            view: View::of_stored_slices(&volume.geometry),
            at: middle_voxel(&volume.geometry),
            zoom: 1.0,
            pan_mm: [0.0; 2],
            window: volume.default_window(),
            inverted: false,
            show_labels: true,
            label_opacity: 0.45,
        }
    }

    pub fn plane(&self, geometry: &Geometry) -> Plane {
        Plane::of_view(geometry, self.view, self.at)
    }

    /// What a view of `size` pixels shows.
    pub fn raster(&self, volume: &Volume, size: [usize; 2]) -> Raster {
        let fitted = Raster::fitted(&self.plane(&volume.geometry), volume, size);
        let mm_per_pixel = fitted.mm_per_pixel / self.zoom;
        let shift = |axis: usize| {
            let half = size[axis] as f64 / 2.0;
            half * (fitted.mm_per_pixel - mm_per_pixel) + self.pan_mm[axis]
        };
        let plane = fitted.plane.through(fitted.plane.at_mm(shift(0), shift(1)));
        Raster { plane, mm_per_pixel, size }
    }

    /// Zooms so that the point under `pixel` stays where it is.
    pub fn zoom_about(&mut self, volume: &Volume, size: [usize; 2], pixel: [f64; 2], factor: f64) {
        let before = self.raster(volume, size);
        self.zoom = (self.zoom * factor).clamp(*ZOOM.start(), *ZOOM.end());
        let after = self.raster(volume, size);
        for axis in 0..2 {
            let from_middle = pixel[axis] - size[axis] as f64 / 2.0;
            self.pan_mm[axis] += from_middle * (before.mm_per_pixel - after.mm_per_pixel);
        }
    }

    pub fn pan(&mut self, mm_per_pixel: f64, pixels: [f64; 2]) {
        self.pan_mm[0] -= pixels[0] * mm_per_pixel;
        self.pan_mm[1] -= pixels[1] * mm_per_pixel;
    }

    pub fn fit(&mut self) {
        self.zoom = 1.0;
        self.pan_mm = [0.0; 2];
    }

    /// Which slice of this view is shown, and how many there are.
    pub fn slice(&self, geometry: &Geometry) -> (usize, usize) {
        let axis = self.view.slice_axis(geometry);
        let count = geometry.size()[axis];
        let index = geometry.voxel(self.at).0[axis].round().clamp(0.0, count as f64 - 1.0);
        (index as usize, count)
    }

    pub fn go_to_slice(&mut self, geometry: &Geometry, slice: usize) {
        let axis = self.view.slice_axis(geometry);
        let (_, count) = self.slice(geometry);
        let mut at = geometry.voxel(self.at);
        at.0[axis] = slice.min(count - 1) as f64;
        self.at = geometry.world(at);
    }

    /// Steps towards the feet, the front or the right for positive numbers, whichever way a volume is stored: down the
    /// wheel is down the body. Frames go on in their own order.
    pub fn step(&mut self, volume: &Volume, steps: isize) {
        let geometry = &volume.geometry;
        let axis = self.view.slice_axis(geometry);
        let onwards = match self.view {
            View::Axial => DVec3::NEG_Z,
            View::Coronal => DVec3::NEG_Y,
            View::Sagittal => DVec3::NEG_X,
        };
        let frames = axis == 2 && volume.stack_axis != StackAxis::Space;
        let steps = if frames || geometry.step(axis).dot(onwards) >= 0.0 { steps } else { -steps };
        let (slice, count) = self.slice(geometry);
        self.go_to_slice(geometry, slice.saturating_add_signed(steps).min(count - 1));
    }
}

/// The centre of the voxel in the middle of the grid.
fn middle_voxel(geometry: &Geometry) -> World {
    geometry.world(limner_imaging::Voxel::centre(geometry.size().map(|n| n / 2)))
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
    use limner_imaging::{Samples, Voxel};

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
        let under = |s: &ViewState| {
            let r = s.raster(&v, size);
            r.plane.at_mm(pixel[0] * r.mm_per_pixel, pixel[1] * r.mm_per_pixel)
        };
        let before = under(&state);
        for factor in [1.5, 2.0, 0.3] {
            state.zoom_about(&v, size, pixel, factor);
            assert!((under(&state).0 - before.0).length() < 1e-9);
        }
    }

    #[test]
    fn the_first_look_shows_the_middle_slice_fitted() {
        let v = volume();
        let mut state = ViewState::first_look(&v);
        assert_eq!(state.view, View::Axial);
        assert_eq!(state.slice(&v.geometry), (5, 10));
        let raster = state.raster(&v, [300, 200]);
        let fitted = Raster::fitted(&state.plane(&v.geometry), &v, [300, 200]);
        assert!((raster.plane.origin.0 - fitted.plane.origin.0).length() < 1e-9);
        assert!((raster.mm_per_pixel - fitted.mm_per_pixel).abs() < 1e-12);
        // Stored head to feet: a step towards the feet is a step up in the file.
        state.step(&v, 1);
        assert_eq!(state.slice(&v.geometry).0, 6);
        state.step(&v, 100);
        assert_eq!(state.slice(&v.geometry).0, 9);
        assert!((v.geometry.voxel(state.at).0 - Voxel::new(10.0, 15.0, 9.0).0).length() < 1e-9);
    }
}
