//! The surfaces of one layer of labels within a ray: surface.wgsl.

use super::ray::Ray;
use super::shaded::lit;
use crate::bricks;
use crate::host_labels::HostLabels;
use crate::palette::Palette;
use crate::volume_scene::LabelSurfaces;
use glam::{Mat3, Vec3};

pub(super) struct Surface<'a> {
    labels: &'a HostLabels,
    palette: &'a Palette,
    size: [usize; 3],
    pub opacity: f32,
    /// Bricks from which eight steps of a ray may reach a label.
    near: Vec<bool>,
}

/// The label each layer's ray is in.
#[derive(Default)]
pub(super) struct Met(Vec<u16>);

impl Met {
    pub fn forget(&mut self) {
        self.0.fill(0);
    }

    pub fn last(&mut self, layer: usize) -> &mut u16 {
        if self.0.len() <= layer {
            self.0.resize(layer + 1, 0);
        }
        &mut self.0[layer]
    }
}

impl<'a> Surface<'a> {
    /// `None` where the labels are only on the adapter.
    pub fn new(surfaces: &LabelSurfaces<'a>) -> Option<Self> {
        let size = surfaces.texture.solid_size();
        let occupied: Vec<bool> = surfaces.texture.occupied_bricks().collect();
        Some(Self {
            labels: surfaces.texture.solid_host()?,
            palette: surfaces.palette,
            size,
            opacity: surfaces.opacity.clamp(0.0, 1.0),
            near: bricks::distances(bricks::bricks_in(size), &occupied).into_iter().map(|away| away <= 1).collect(),
        })
    }

    pub fn is_near(&self, brick: usize) -> bool {
        self.near[brick]
    }

    /// The lit colour where the ray enters another label between the step before `t` and `t`.
    pub fn meet(&self, last: &mut u16, ray: &Ray, t: f32, step_mm: f32, mm_gradient: Mat3) -> Option<Vec3> {
        let label = self.shown_label(ray.at(t), *last);
        let is_new = label != 0 && label != *last;
        *last = label;
        is_new.then(|| self.lit_surface(ray, t - step_mm, t, label, mm_gradient))
    }

    /// The shown label whose smooth body holds a point, 0 for none. One the ray is in already needs no second look.
    fn shown_label(&self, at: Vec3, last: u16) -> u16 {
        let top = Vec3::from_array(self.size.map(|n| n as f32 - 1.0));
        let label = self.labels.get(at.clamp(Vec3::ZERO, top).to_array().map(|x| (x + 0.5) as usize));
        if label == last {
            return label;
        }
        let is_shown = label != 0 && self.palette.style(label).visible && self.part_of(at, label) >= 0.5;
        if is_shown { label } else { 0 }
    }

    /// How much of the neighbourhood carries a label, from 0 to 1.
    fn part_of(&self, at: Vec3, label: u16) -> f32 {
        let p = at.clamp(Vec3::ZERO, Vec3::from_array(self.size.map(|n| n as f32 - 1.0))).to_array();
        let low = p.map(|x| x as usize);
        let f: [f32; 3] = std::array::from_fn(|a| p[a] - low[a] as f32);
        let high: [usize; 3] = std::array::from_fn(|a| (low[a] + 1).min(self.size[a] - 1));
        let mut near = self.labels.near();
        let mut has = |i, j, k| if near.get([i, j, k]) == label { 1.0 } else { 0.0 };
        let mix = |a: f32, b: f32, f: f32| a + (b - a) * f;
        let mut row = |j, k| mix(has(low[0], j, k), has(high[0], j, k), f[0]);
        let mut sheet = |k| mix(row(low[1], k), row(high[1], k), f[1]);
        mix(sheet(low[2]), sheet(high[2]), f[2])
    }

    fn lit_surface(&self, ray: &Ray, before: f32, here: f32, label: u16, mm_gradient: Mat3) -> Vec3 {
        let (mut outside, mut inside) = (before, here);
        for _ in 0..4 {
            let middle = 0.5 * (outside + inside);
            if self.part_of(ray.at(middle), label) >= 0.5 {
                inside = middle;
            } else {
                outside = middle;
            }
        }
        let at = ray.at(inside);
        // Wider than a voxel, so that the steps of the label map are smoothed over.
        const REACH: f32 = 1.4;
        let along = |axis: Vec3| self.part_of(at + axis * REACH, label) - self.part_of(at - axis * REACH, label);
        let slope = Vec3::new(along(Vec3::X), along(Vec3::Y), along(Vec3::Z));
        let colour = Vec3::from_array(self.palette.style(label).colour.map(|c| f32::from(c) / 255.0));
        lit(colour, slope, mm_gradient, ray.direction, 1.0)
    }
}
