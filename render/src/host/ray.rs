//! Rays through a volume and the bricks they pass: ray.wgsl.

use super::texel::{LANES, whole};
use crate::bricks::SIDE;
use crate::pass::raycast::{self, ViewUniform};
use crate::volume_scene::VolumeScene;
use glam::{Vec2, Vec3};

#[derive(Clone, Copy)]
pub(super) struct Ray {
    /// Voxel position at 0 mm, and voxels per mm.
    pub origin: Vec3,
    pub direction: Vec3,
    /// mm per voxel.
    inverse: Vec3,
    /// Shown up to here, in mm.
    pub far: f32,
}

impl Ray {
    #[inline(always)]
    pub fn at(&self, t: f32) -> Vec3 {
        self.origin + self.direction * t
    }
}

/// Rays and the bricks they pass: ray.wgsl.
pub(super) struct Rays<'a> {
    pub view: ViewUniform,
    is_perspective: bool,
    pub step_mm: f32,
    steps_per_mm: f32,
    count: [i32; 3],
    /// The last brick along each axis.
    last: Vec3,
    distances: &'a [u8],
}

impl<'a> Rays<'a> {
    pub fn new(scene: &VolumeScene<'_>, distances: &'a [u8]) -> Self {
        let view = raycast::uniform(scene);
        let is_perspective = scene.camera.eye_mm.is_some();
        let step_mm = view.forward[3];
        let count = scene.free_space.count.map(|n| n as i32);
        let last = Vec3::from_array(count.map(|n| n as f32 - 1.0));
        Self { view, is_perspective, step_mm, steps_per_mm: 1.0 / step_mm, count, last, distances }
    }

    /// The ray through a pixel and its first sample; `None` where it meets nothing.
    #[inline(always)]
    pub fn ray(&self, pixel: Vec2) -> Option<(Ray, f32)> {
        let view = &self.view;
        let three = |v: [f32; 4]| Vec3::new(v[0], v[1], v[2]);
        let on_plane =
            three(view.raster.origin) + pixel.x * three(view.raster.right) + pixel.y * three(view.raster.down);
        let (origin, direction, mut near) = if self.is_perspective {
            let eye = three(view.eye);
            let across = (pixel - Vec2::new(view.screen[0], view.screen[1])) * view.screen[2];
            (eye, (on_plane - eye) / across.extend(view.eye[3]).length(), 0.0)
        } else {
            (on_plane, three(view.forward), -1e30)
        };
        // A ray along a face must not divide by zero.
        let direction = Vec3::select(direction.abs().cmplt(Vec3::splat(1e-7)), Vec3::splat(1e-7), direction);
        let inverse = direction.recip();
        let a = (three(view.box_min) - origin) * inverse;
        let b = (three(view.box_max) - origin) * inverse;
        near = a.min(b).max_element().max(near);
        let mut far = a.max(b).min_element();
        let above = three(view.plane).dot(origin) - view.plane[3];
        let rise = three(view.plane).dot(direction);
        if rise > 0.0 {
            near = near.max(-above / rise);
        } else if rise < 0.0 {
            far = far.min(-above / rise);
        } else if above < 0.0 {
            return None;
        }
        // Neighbouring rays start a part of a step apart, so that steps do not show as rings.
        let part = (52.982_92 * pixel.dot(Vec2::new(0.067_110_56, 0.005_837_15)).fract()).fract();
        let first = near + part * self.step_mm;
        (first < far).then_some((Ray { origin, direction, inverse, far }, first))
    }

    /// The brick a position lies in, and its place among all.
    #[inline(always)]
    pub fn brick(&self, at: Vec3) -> (Vec3, usize) {
        let index = ((at + 0.5) * (1.0 / SIDE as f32)).floor();
        let [i, j, k] = index.clamp(Vec3::ZERO, self.last).to_array().map(whole);
        (index, ((k * self.count[1] + j) * self.count[0] + i) as usize)
    }

    /// The first step at or after the one where the ray leaves the cube that reaches `reach` bricks around a brick.
    #[inline(always)]
    pub fn leap(&self, ray: &Ray, brick: Vec3, reach: f32, t: f32) -> f32 {
        const BRICK: f32 = SIDE as f32;
        let low = (brick - reach) * BRICK - 0.5;
        let high = low + (2.0 * reach + 1.0) * BRICK;
        let edge = Vec3::select(ray.direction.cmpgt(Vec3::ZERO), high, low);
        let out = ((edge - ray.origin) * ray.inverse).min_element();
        t + ((out - t) * self.steps_per_mm).ceil().max(1.0) * self.step_mm
    }

    /// The next place a ray has to look at, and its brick.
    #[inline(always)]
    pub fn next(&self, ray: &Ray, mut t: f32) -> Option<Stop> {
        let mut has_leapt = false;
        while t < ray.far {
            let (brick, place) = self.brick(ray.at(t));
            let free = self.distances[place];
            if free == 0 {
                return Some(Stop { t, brick: place, has_leapt });
            }
            has_leapt = true;
            t = self.leap(ray, brick, f32::from(free) - 1.0, t);
        }
        None
    }

    /// From one sample to the next, in voxels.
    #[inline(always)]
    pub fn step(&self, ray: &Ray) -> Vec3 {
        ray.direction * self.step_mm
    }

    /// How many of the next eight samples are shown.
    #[inline(always)]
    pub fn shown(&self, ray: &Ray, t: f32) -> usize {
        whole(((ray.far - t) * self.steps_per_mm).ceil().clamp(1.0, LANES as f32)) as usize
    }
}

/// Where a ray has to look.
pub(super) struct Stop {
    pub t: f32,
    pub brick: usize,
    /// Something free lies between this and the place before.
    pub has_leapt: bool,
}
