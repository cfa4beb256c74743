//! Smooth noise in space: what makes a surface uneven and a tissue grainy.

use super::random::hash;
use glam::Vec3;

/// Value noise in about [-1, 1], one bump per unit of length.
pub fn smooth(p: Vec3, seed: u32) -> f32 {
    let base = p.floor();
    let f = p - base;
    let w = f * f * (Vec3::splat(3.0) - 2.0 * f);
    let [i, j, k] = [base.x as i32, base.y as i32, base.z as i32];
    let corner =
        |di: i32, dj: i32, dk: i32| hash([i + di, j + dj, k + dk], seed) as f32 * (2.0 / 4_294_967_296.0) - 1.0;
    let row = |dj, dk| {
        let a = corner(0, dj, dk);
        a + (corner(1, dj, dk) - a) * w.x
    };
    let layer = |dk| {
        let a = row(0, dk);
        a + (row(1, dk) - a) * w.y
    };
    let a = layer(0);
    a + (layer(1) - a) * w.z
}

/// Several sizes of bumps on top of each other, each half as large and half as high.
pub fn rough(p: Vec3, octaves: u32, seed: u32) -> f32 {
    let mut sum = 0.0;
    let mut scale = 1.0;
    let mut height = 0.5;
    for octave in 0..octaves {
        sum += height * smooth(p * scale + Vec3::splat(17.3 * octave as f32), seed.wrapping_add(octave));
        scale *= 2.03;
        height *= 0.5;
    }
    sum
}

/// A smooth displacement: three independent noises.
pub fn displacement(p: Vec3, seed: u32) -> Vec3 {
    Vec3::new(smooth(p, seed), smooth(p, seed ^ 0x1111), smooth(p, seed ^ 0x2222))
}
