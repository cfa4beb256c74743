//! Tubes along smooth curves, found quickly by place: vessels, bowel, stomach, bronchi.

use super::field::FAR;
use super::maths::{along, lerp};
use glam::Vec3;

/// A stretch of tube; `from` and `to` are millimetres along the whole tube.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    pub a: Vec3,
    pub b: Vec3,
    pub radius_a: f32,
    pub radius_b: f32,
    pub from: f32,
    pub to: f32,
    /// Which tube this is part of.
    pub tube: u32,
}

/// A smooth curve through (x, y, z, radius) as short stretches.
pub fn curve(points: &[[f32; 4]], tube: u32) -> Vec<Stretch> {
    const PER_SPAN: usize = 6;
    let at = |i: isize| points[i.clamp(0, points.len() as isize - 1) as usize];
    let mut path: Vec<(Vec3, f32)> = Vec::new();
    for i in 0..points.len() as isize - 1 {
        let (a, b, c, d) = (at(i - 1), at(i), at(i + 1), at(i + 2));
        for s in 0..PER_SPAN {
            let t = s as f32 / PER_SPAN as f32;
            let q: [f32; 4] = std::array::from_fn(|n| catmull_rom(a[n], b[n], c[n], d[n], t));
            path.push((Vec3::new(q[0], q[1], q[2]), q[3]));
        }
    }
    let end = at(points.len() as isize - 1);
    path.push((Vec3::new(end[0], end[1], end[2]), end[3]));
    chain(&path, tube)
}

/// The stretches between the points of a path.
pub fn chain(path: &[(Vec3, f32)], tube: u32) -> Vec<Stretch> {
    let mut from = 0.0;
    path.windows(2)
        .map(|pair| {
            let ((a, radius_a), (b, radius_b)) = (pair[0], pair[1]);
            let to = from + a.distance(b);
            let stretch = Stretch { a, b, radius_a, radius_b, from, to, tube };
            from = to;
            stretch
        })
        .collect()
}

fn catmull_rom(a: f32, b: f32, c: f32, d: f32, t: f32) -> f32 {
    0.5 * (2.0 * b
        + (c - a) * t
        + (2.0 * a - 5.0 * b + 4.0 * c - d) * (t * t)
        + (3.0 * b - a - 3.0 * c + d) * (t * t * t))
}

/// What is nearest to a place.
#[derive(Clone, Copy, Debug)]
pub struct Nearest {
    /// To the wall, negative inside.
    pub distance: f32,
    /// To the centre line.
    pub from_axis: f32,
    pub radius: f32,
    /// Millimetres along the tube.
    pub along: f32,
    /// From the centre line to the place.
    pub offset: Vec3,
    pub tube: u32,
}

const NOTHING: Nearest =
    Nearest { distance: FAR, from_axis: FAR, radius: 0.0, along: 0.0, offset: Vec3::ZERO, tube: u32::MAX };

/// Many stretches behind a grid of cells.
#[derive(Clone, Debug)]
pub struct Tubes {
    low: Vec3,
    cell: f32,
    size: [usize; 3],
    cells: Vec<Vec<u32>>,
    stretches: Vec<Stretch>,
}

impl Tubes {
    /// `reach` is how far from a wall a place still gets an answer.
    pub fn new(stretches: Vec<Stretch>, reach: f32) -> Self {
        let cell = 8.0;
        let grown = |s: &Stretch| s.radius_a.max(s.radius_b) + reach;
        let low = stretches.iter().fold(Vec3::splat(FAR), |low, s| low.min(s.a.min(s.b) - grown(s)));
        let high = stretches.iter().fold(Vec3::splat(-FAR), |high, s| high.max(s.a.max(s.b) + grown(s)));
        let size = ((high - low).max(Vec3::ZERO) / cell).floor();
        let size = [size.x as usize + 1, size.y as usize + 1, size.z as usize + 1];
        let mut tubes = Self { low, cell, size, cells: vec![Vec::new(); size[0] * size[1] * size[2]], stretches };
        for n in 0..tubes.stretches.len() {
            tubes.insert(n, reach);
        }
        tubes
    }

    fn insert(&mut self, n: usize, reach: f32) {
        let s = self.stretches[n];
        let grown = s.radius_a.max(s.radius_b) + reach;
        let from = ((s.a.min(s.b) - grown - self.low) / self.cell).floor();
        let to = ((s.a.max(s.b) + grown - self.low) / self.cell).floor();
        let half_diagonal = self.cell * 0.867;
        for k in from.z as usize..=(to.z as usize).min(self.size[2] - 1) {
            for j in from.y as usize..=(to.y as usize).min(self.size[1] - 1) {
                for i in from.x as usize..=(to.x as usize).min(self.size[0] - 1) {
                    let centre = self.low + (Vec3::new(i as f32, j as f32, k as f32) + 0.5) * self.cell;
                    if along(centre, s.a, s.b).1 < grown + half_diagonal {
                        self.cells[(k * self.size[1] + j) * self.size[0] + i].push(n as u32);
                    }
                }
            }
        }
    }

    pub fn nearest(&self, p: Vec3) -> Nearest {
        let g = ((p - self.low) / self.cell).floor();
        let outside = g.min_element() < 0.0
            || g.x >= self.size[0] as f32
            || g.y >= self.size[1] as f32
            || g.z >= self.size[2] as f32;
        if outside {
            return NOTHING;
        }
        let cell = (g.z as usize * self.size[1] + g.y as usize) * self.size[0] + g.x as usize;
        let mut best = NOTHING;
        for &n in &self.cells[cell] {
            let s = &self.stretches[n as usize];
            let (t, from_axis) = along(p, s.a, s.b);
            let radius = lerp(s.radius_a, s.radius_b, t);
            if from_axis - radius < best.distance {
                let along = lerp(s.from, s.to, t);
                let offset = p - s.a.lerp(s.b, t);
                best = Nearest { distance: from_axis - radius, from_axis, radius, along, offset, tube: s.tube };
            }
        }
        best
    }

    pub fn distance(&self, p: Vec3) -> f32 {
        self.nearest(p).distance
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_finds_what_a_search_of_all_stretches_finds() {
        let points = [[0.0, 0.0, 0.0, 3.0], [20.0, 5.0, 10.0, 2.0], [35.0, -12.0, 30.0, 1.0], [60.0, 0.0, 31.0, 2.0]];
        let stretches = curve(&points, 7);
        let tubes = Tubes::new(stretches.clone(), 6.0);
        let mut close = 0;
        for n in 0..4000 {
            let p = Vec3::new((n % 17) as f32 * 4.0 - 4.0, (n / 17 % 15) as f32 * 2.0 - 16.0, (n / 255) as f32 * 2.5);
            let direct = stretches.iter().map(|s| {
                let (t, d) = along(p, s.a, s.b);
                d - lerp(s.radius_a, s.radius_b, t)
            });
            let direct = direct.fold(FAR, f32::min);
            if direct < 6.0 {
                close += 1;
                assert!((tubes.distance(p) - direct).abs() < 1e-4, "{p}");
                assert_eq!(tubes.nearest(p).tube, 7);
            }
        }
        assert!(close > 100);
    }
}
