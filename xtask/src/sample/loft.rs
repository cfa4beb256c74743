//! Solids through a stack of hand-drawn outlines: how the organs get their shape.
//!
//! Each outline becomes a signed distance on a flat grid; between two levels the distances are blended, so outlines
//! need not have the same number of points.

use super::field::FAR;
use glam::Vec2;
use rayon::prelude::*;

/// One outline: its height, and its corner points (x, y) in order; the curve through them is closed and smooth.
pub type Outline = (f32, &'static [[f32; 2]]);

const STEP_MM: f32 = 2.5;
const MARGIN_MM: f32 = 30.0;

#[derive(Clone, Debug)]
pub struct Loft {
    low: Vec2,
    size: [usize; 2],
    heights: Vec<f32>,
    /// One flat grid of distances per height.
    levels: Vec<Vec<f32>>,
    /// Whether the solid goes on beyond its first and last outline.
    open: bool,
}

impl Loft {
    /// Outlines from the lowest to the highest.
    pub fn new(outlines: &[Outline]) -> Self {
        let curves: Vec<(f32, Vec<Vec2>)> = outlines.iter().map(|&(z, points)| (z, closed_curve(points))).collect();
        Self::through(&curves, false)
    }

    /// From the left half of each outline (front to back); the right half mirrors it. Goes on beyond both ends.
    pub fn mirrored(halves: &[Outline]) -> Self {
        let curves: Vec<(f32, Vec<Vec2>)> = halves
            .iter()
            .map(|&(z, half)| {
                let back = half[1..half.len() - 1].iter().rev().map(|&[x, y]| [-x, y]);
                let whole: Vec<[f32; 2]> = half.iter().copied().chain(back).collect();
                (z, closed_curve(&whole))
            })
            .collect();
        Self::through(&curves, true)
    }

    fn through(curves: &[(f32, Vec<Vec2>)], open: bool) -> Self {
        let points = || curves.iter().flat_map(|(_, curve)| curve.iter().copied());
        let low = points().fold(Vec2::splat(FAR), Vec2::min) - MARGIN_MM;
        let high = points().fold(Vec2::splat(-FAR), Vec2::max) + MARGIN_MM;
        let count = ((high - low) / STEP_MM).ceil();
        let size = [count.x as usize + 2, count.y as usize + 2];
        let levels = curves
            .par_iter()
            .map(|(_, curve)| {
                (0..size[0] * size[1])
                    .map(|n| {
                        let at = low + Vec2::new((n % size[0]) as f32, (n / size[0]) as f32) * STEP_MM;
                        distance_to_curve(curve, at)
                    })
                    .collect()
            })
            .collect();
        Self { low, size, heights: curves.iter().map(|(z, _)| *z).collect(), levels, open }
    }

    /// Signed distance in mm, negative inside.
    pub fn at(&self, p: glam::Vec3) -> f32 {
        let last = self.heights.len() - 1;
        let flat = Vec2::new(p.x, p.y);
        let beyond = (self.heights[0] - p.z).max(p.z - self.heights[last]);
        if beyond >= 0.0 {
            let level = if p.z <= self.heights[0] { 0 } else { last };
            return self.level(level, flat) + if self.open { 0.0 } else { beyond };
        }
        let n = (1..last).find(|&n| p.z < self.heights[n]).unwrap_or(last) - 1;
        let (z0, z1) = (self.heights[n], self.heights[n + 1]);
        let t = (p.z - z0) / (z1 - z0);
        let (a, b) = (self.level(n, flat), self.level(n + 1, flat));
        // Hermite: the surface keeps its slope across a level, so no creases show in coronal views.
        let slope_at = |before: usize, after: usize| {
            (self.level(after, flat) - self.level(before, flat)) / (self.heights[after] - self.heights[before])
        };
        let m0 = slope_at(n.saturating_sub(1), n + 1) * (z1 - z0);
        let m1 = slope_at(n, (n + 2).min(last)) * (z1 - z0);
        let (t2, t3) = (t * t, t * t * t);
        a * (2.0 * t3 - 3.0 * t2 + 1.0) + b * (3.0 * t2 - 2.0 * t3) + m0 * (t3 - 2.0 * t2 + t) + m1 * (t3 - t2)
    }

    fn level(&self, n: usize, flat: Vec2) -> f32 {
        let g = (flat - self.low) / STEP_MM;
        let last = Vec2::new((self.size[0] - 2) as f32, (self.size[1] - 2) as f32);
        let kept = g.clamp(Vec2::ZERO, last);
        let outside = g.distance(kept) * STEP_MM;
        let (i, j) = (kept.x as usize, kept.y as usize);
        let (fx, fy) = (kept.x - i as f32, kept.y - j as f32);
        let grid = &self.levels[n];
        let row = |m: usize| grid[m] + (grid[m + 1] - grid[m]) * fx;
        let a = row(j * self.size[0] + i);
        a + (row((j + 1) * self.size[0] + i) - a) * fy + outside
    }
}

/// A closed Catmull-Rom curve as a fine polygon.
pub fn closed_curve(points: &[[f32; 2]]) -> Vec<Vec2> {
    const PER_SPAN: usize = 8;
    let n = points.len();
    let at = |i: usize| Vec2::from(points[i % n]);
    (0..n)
        .flat_map(|i| {
            let (a, b, c, d) = (at(i + n - 1), at(i), at(i + 1), at(i + 2));
            (0..PER_SPAN).map(move |s| catmull_rom(a, b, c, d, s as f32 / PER_SPAN as f32))
        })
        .collect()
}

fn catmull_rom(a: Vec2, b: Vec2, c: Vec2, d: Vec2, t: f32) -> Vec2 {
    0.5 * (2.0 * b
        + (c - a) * t
        + (2.0 * a - 5.0 * b + 4.0 * c - d) * (t * t)
        + (3.0 * b - a - 3.0 * c + d) * (t * t * t))
}

/// Signed distance from a closed polygon, negative inside.
pub fn distance_to_curve(curve: &[Vec2], p: Vec2) -> f32 {
    let mut nearest = f32::MAX;
    let mut inside = false;
    let mut a = curve[curve.len() - 1];
    for &b in curve {
        let edge = b - a;
        let t = ((p - a).dot(edge) / edge.length_squared().max(1e-9)).clamp(0.0, 1.0);
        nearest = nearest.min(p.distance_squared(a + edge * t));
        if (a.y > p.y) != (b.y > p.y) && p.x < a.x + edge.x * (p.y - a.y) / edge.y {
            inside = !inside;
        }
        a = b;
    }
    if inside { -nearest.sqrt() } else { nearest.sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::Vec3;

    #[test]
    fn a_loft_through_two_squares_is_as_wide_as_they_are_half_way() {
        const SMALL: [[f32; 2]; 4] = [[-10.0, -10.0], [10.0, -10.0], [10.0, 10.0], [-10.0, 10.0]];
        const LARGE: [[f32; 2]; 4] = [[-20.0, -20.0], [20.0, -20.0], [20.0, 20.0], [-20.0, 20.0]];
        let loft = Loft::new(&[(0.0, &SMALL), (40.0, &LARGE)]);
        let edge = |z: f32| (0..400).map(|n| n as f32 * 0.1).find(|&x| loft.at(Vec3::new(x, 0.0, z)) > 0.0).unwrap();
        let (low, middle, high) = (edge(0.1), edge(20.0), edge(39.9));
        assert!(low > 10.0 && low < 13.5 && high > 20.0 && high < 26.0, "{low} {high}");
        assert!((middle - (low + high) / 2.0).abs() < 1.0, "{middle}");
        assert!(loft.at(Vec3::new(0.0, 0.0, 70.0)) > 0.0);
    }
}
