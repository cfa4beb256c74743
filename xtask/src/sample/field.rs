//! A distance field sampled on a regular grid: expensive shapes are computed once and looked up often.

use glam::Vec3;
use rayon::prelude::*;

/// What a field answers outside its box: far from everything.
pub const FAR: f32 = 1.0e3;

#[derive(Clone, Debug)]
pub struct Field {
    origin: Vec3,
    step: f32,
    size: [usize; 3],
    values: Vec<f32>,
}

impl Field {
    /// Samples `distance` between the corners `low` and `high` every `step` millimetres.
    pub fn sampled(low: Vec3, high: Vec3, step: f32, distance: impl Fn(Vec3) -> f32 + Sync) -> Self {
        let count = ((high - low) / step).ceil();
        let size = [count.x as usize + 1, count.y as usize + 1, count.z as usize + 1];
        let values = (0..size[2] * size[1])
            .into_par_iter()
            .flat_map_iter(|row| {
                let distance = &distance;
                let y = low.y + (row % size[1]) as f32 * step;
                let z = low.z + (row / size[1]) as f32 * step;
                (0..size[0]).map(move |i| distance(Vec3::new(low.x + i as f32 * step, y, z)))
            })
            .collect();
        Self { origin: low, step, size, values }
    }

    /// Trilinear between the samples; `FAR` outside them.
    pub fn at(&self, p: Vec3) -> f32 {
        let g = (p - self.origin) / self.step;
        let [w, h, d] = self.size;
        let inside = g.x >= 0.0
            && g.y >= 0.0
            && g.z >= 0.0
            && g.x < (w - 1) as f32
            && g.y < (h - 1) as f32
            && g.z < (d - 1) as f32;
        if !inside {
            return FAR;
        }
        let (i, j, k) = (g.x as usize, g.y as usize, g.z as usize);
        let (fx, fy, fz) = (g.x - i as f32, g.y - j as f32, g.z - k as f32);
        let start = (k * h + j) * w + i;
        let row = |n: usize| self.values[n] + (self.values[n + 1] - self.values[n]) * fx;
        let layer = |n: usize| {
            let a = row(n);
            a + (row(n + w) - a) * fy
        };
        let a = layer(start);
        a + (layer(start + w * h) - a) * fz
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_field_is_read_back_exactly_between_its_samples() {
        let f = |p: Vec3| p.x + 2.0 * p.y - 0.5 * p.z;
        let field = Field::sampled(Vec3::new(-4.0, 0.0, 2.0), Vec3::new(4.0, 6.0, 9.0), 2.0, f);
        let p = Vec3::new(1.3, 4.1, 5.2);
        assert!((field.at(p) - f(p)).abs() < 1e-4);
        assert_eq!(field.at(Vec3::new(-4.1, 1.0, 3.0)), FAR);
    }
}
