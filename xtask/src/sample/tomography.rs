//! The noise and the streaks of a CT scanner, made the way a scanner makes them.
//!
//! The slice is projected, photons are counted, and only the error is reconstructed by filtered back-projection. So
//! noise has its fine ringing texture, is stronger in the middle and along the shoulders of the body, and dense bone
//! throws faint dark bands.

use super::maths::{exp, sin_cos, smoothstep};
use super::random::Random;

const VIEWS: usize = 240;
/// Attenuation of water per millimetre.
const WATER: f32 = 0.0195;

/// A square slice in HU with pixels of `pixel_mm`.
#[derive(Clone, Copy, Debug)]
pub struct Slice<'a> {
    pub hu: &'a [f32],
    pub size: usize,
    pub pixel_mm: f32,
}

/// What one slice is off by, in HU. `strength` is the deviation in the middle of a body of ordinary size.
pub fn error_of(slice: Slice, strength: f32, random: &mut Random) -> Vec<f32> {
    let angles: Vec<(f32, f32)> = (0..VIEWS).map(|v| sin_cos(std::f32::consts::PI * v as f32 / VIEWS as f32)).collect();
    let coarse = Coarse::of(slice);
    let kernel = kernel();
    let sinogram: Vec<Vec<f32>> = angles
        .iter()
        .map(|&direction| {
            let errors: Vec<f32> = coarse
                .projected(direction, slice.size)
                .into_iter()
                .map(|ray| {
                    // The tube gives more current where the patient is thicker.
                    let noise = exp(0.30 * (ray.water - 4.0)) * random.normal();
                    strength * 0.95 * noise - 1.1 * ray.bone * ray.bone
                })
                .collect();
            filtered(&errors, &kernel)
        })
        .collect();
    let mut error = backprojected(&sinogram, &angles, slice.size);
    // The reconstruction knows air when it sees it, and keeps it quiet.
    for (error, hu) in error.iter_mut().zip(slice.hu) {
        *error *= 0.22 + 0.78 * smoothstep(-990.0, -900.0, *hu);
    }
    error
}

struct Ray {
    water: f32,
    bone: f32,
}

/// Half the resolution is enough to count photons.
struct Coarse {
    size: usize,
    step_mm: f32,
    water: Vec<f32>,
    bone: Vec<f32>,
}

impl Coarse {
    fn of(slice: Slice) -> Self {
        let size = slice.size / 2;
        let mean = |n: usize| {
            let (i, j) = (2 * (n % size), 2 * (n / size));
            let at = |i: usize, j: usize| slice.hu[j * slice.size + i];
            (at(i, j) + at(i + 1, j) + at(i, j + 1) + at(i + 1, j + 1)) / 4.0
        };
        let hu: Vec<f32> = (0..size * size).map(mean).collect();
        let water = hu.iter().map(|h| (1.0 + h / 1000.0).max(0.0) * WATER).collect();
        let bone = hu.iter().map(|h| ((h - 180.0) / 1000.0).max(0.0) * WATER).collect();
        Self { size, step_mm: slice.pixel_mm * 2.0, water, bone }
    }

    /// Line integrals for `count` detectors, each as wide as a pixel of the full slice.
    fn projected(&self, (s, c): (f32, f32), count: usize) -> Vec<Ray> {
        let half = self.size as f32 / 2.0 - 0.5;
        let detectors = count / 2;
        let line = |d: usize| {
            let t = d as f32 - (detectors as f32 / 2.0 - 0.5);
            let mut ray = Ray { water: 0.0, bone: 0.0 };
            for step in 0..self.size {
                let u = step as f32 - half;
                let (x, y) = (t * c - u * s + half, t * s + u * c + half);
                let (i, j) = ((x + 0.5).floor(), (y + 0.5).floor());
                if i >= 0.0 && j >= 0.0 && i < self.size as f32 && j < self.size as f32 {
                    let n = j as usize * self.size + i as usize;
                    ray.water += self.water[n];
                    ray.bone += self.bone[n];
                }
            }
            (ray.water * self.step_mm, ray.bone * self.step_mm)
        };
        let lines: Vec<(f32, f32)> = (0..detectors).map(line).collect();
        (0..count)
            .map(|d| {
                let at = (d as f32 / 2.0 - 0.25).clamp(0.0, (detectors - 1) as f32);
                let n = (at as usize).min(detectors - 2);
                let f = at - n as f32;
                let mix = |a: f32, b: f32| a + (b - a) * f;
                Ray { water: mix(lines[n].0, lines[n + 1].0), bone: mix(lines[n].1, lines[n + 1].1) }
            })
            .collect()
    }
}

const REACH: usize = 24;

/// The ramp filter, softened as in a kernel for soft tissue.
fn kernel() -> Vec<f32> {
    // Sampled ramp (Kak and Slaney): 1/4 in the middle, -1/(pi n)^2 at odd n.
    let ramp = |n: i64| match n {
        0 => 0.25,
        n if n % 2 == 0 => 0.0,
        n => -1.0 / (9.869_604 * (n * n) as f32),
    };
    let soft = [0.09, 0.25, 0.32, 0.25, 0.09];
    (0..=2 * REACH as i64).map(|n| (0..5).map(|m| soft[m as usize] * ramp(n - REACH as i64 + m - 2)).sum()).collect()
}

fn filtered(row: &[f32], kernel: &[f32]) -> Vec<f32> {
    (0..row.len())
        .map(|d| {
            let low = REACH.saturating_sub(d);
            let high = (2 * REACH + 1).min(row.len() + REACH - d);
            (low..high).map(|n| kernel[n] * row[d + n - REACH]).sum()
        })
        .collect()
}

fn backprojected(sinogram: &[Vec<f32>], angles: &[(f32, f32)], size: usize) -> Vec<f32> {
    let half = size as f32 / 2.0 - 0.5;
    let mut out = vec![0.0; size * size];
    let last = size as f32 - 1.001;
    for (row, &(s, c)) in sinogram.iter().zip(angles) {
        for (j, line) in out.chunks_exact_mut(size).enumerate() {
            let start = (j as f32 - half) * s - half * c + half;
            for (i, value) in line.iter_mut().enumerate() {
                let at = (start + i as f32 * c).clamp(0.0, last);
                let n = at as usize;
                let f = at - n as f32;
                *value += row[n] + (row[n + 1] - row[n]) * f;
            }
        }
    }
    out
}
