//! A beating heart in the four-chamber view: outlines at the end of filling and of contraction, and what is between.
//!
//! The plane is that of the picture: x to the right (the patient's left), depth away from the transducer, in
//! millimetres.

use super::loft::{closed_curve, distance_to_curve};
use super::maths::{lerp, pow, sin, smoothstep};
use glam::Vec2;

type Points = &'static [[f32; 2]];

/// One chamber: its outline when the ventricles are full, and when they have emptied; same points in same order.
struct Chamber {
    full: Points,
    empty: Points,
}

#[rustfmt::skip]
const CHAMBERS: [Chamber; 5] = [
    // Left ventricle, inside.
    Chamber {
        full: &[[13., 27.], [4., 36.], [-1., 52.], [-3., 72.], [-3., 92.], [-2., 107.], [15., 109.], [33., 105.], [38., 92.], [40., 72.], [36., 52.], [27., 36.]],
        empty: &[[13., 32.], [8., 43.], [5., 57.], [3., 72.], [1., 86.], [0., 96.], [14., 98.], [28., 95.], [30., 84.], [30., 70.], [28., 56.], [21., 42.]],
    },
    // Left ventricle, outside.
    Chamber {
        full: &[[12., 17.], [-1., 28.], [-9., 50.], [-12., 75.], [-12., 98.], [-7., 110.], [15., 112.], [41., 109.], [48., 92.], [50., 72.], [46., 50.], [34., 28.]],
        empty: &[[12., 18.], [0., 30.], [-8., 52.], [-11., 75.], [-11., 90.], [-6., 99.], [14., 101.], [37., 98.], [45., 88.], [48., 72.], [45., 52.], [33., 29.]],
    },
    // Right ventricle.
    Chamber {
        full: &[[-11., 44.], [-17., 51.], [-31., 66.], [-44., 84.], [-51., 104.], [-32., 111.], [-14., 109.], [-15., 90.], [-13., 68.]],
        empty: &[[-11., 51.], [-17., 58.], [-29., 70.], [-38., 82.], [-43., 94.], [-28., 101.], [-13., 98.], [-14., 86.], [-13., 70.]],
    },
    // Left atrium.
    Chamber {
        full: &[[1., 112.], [16., 113.], [32., 110.], [37., 121.], [34., 134.], [24., 142.], [10., 142.], [0., 134.], [-2., 122.]],
        empty: &[[1., 101.], [14., 102.], [28., 99.], [37., 112.], [40., 129.], [33., 144.], [18., 150.], [2., 145.], [-3., 122.]],
    },
    // Right atrium.
    Chamber {
        full: &[[-14., 113.], [-30., 115.], [-46., 108.], [-54., 120.], [-52., 134.], [-40., 142.], [-22., 140.], [-12., 128.]],
        empty: &[[-13., 103.], [-27., 105.], [-41., 98.], [-55., 112.], [-58., 130.], [-48., 146.], [-27., 149.], [-12., 130.]],
    },
];

pub const LEFT_VENTRICLE: usize = 0;
pub const MUSCLE: usize = 1;
pub const RIGHT_VENTRICLE: usize = 2;
pub const LEFT_ATRIUM: usize = 3;
pub const RIGHT_ATRIUM: usize = 4;

/// The heart at one moment.
#[derive(Debug)]
pub struct Moment {
    /// Signed distances to the outlines on a grid: each is asked for a million times a picture.
    distances: Vec<Vec<f32>>,
    /// The openings between atria and ventricles, hinge to hinge.
    orifices: Vec<[Vec2; 2]>,
    /// Where points of the wall are now, and how far they have moved since the ventricle was full.
    moved: Vec<(Vec2, Vec2)>,
    /// Leaflets of mitral and tricuspid valve as short lines.
    leaflets: Vec<[Vec2; 3]>,
}

/// 0 when the ventricles are full, 1 when they have emptied. `phase` runs from 0 to 1 over one beat.
fn emptied(phase: f32) -> f32 {
    let squeeze = smoothstep(0.03, 0.36, phase);
    let early = 0.68 * smoothstep(0.42, 0.58, phase);
    let slow = 0.07 * smoothstep(0.58, 0.84, phase);
    let kick = 0.25 * smoothstep(0.85, 0.99, phase);
    squeeze - early - slow - kick
}

/// 0 with the valves between atria and ventricles shut, 1 wide open.
fn opened(phase: f32) -> f32 {
    let early = smoothstep(0.40, 0.47, phase) * (1.0 - 0.72 * smoothstep(0.52, 0.64, phase));
    let kick = 0.55 * smoothstep(0.82, 0.88, phase);
    let shut = 1.0 - smoothstep(0.94, 1.0, phase);
    (early + kick).min(1.0) * shut
}

impl Moment {
    pub fn at(phase: f32) -> Self {
        let share = emptied(phase);
        let mut moved = Vec::new();
        let outlines: Vec<Vec<Vec2>> = CHAMBERS
            .iter()
            .map(|chamber| {
                let now: Vec<[f32; 2]> = chamber
                    .full
                    .iter()
                    .zip(chamber.empty)
                    .map(|(&full, &empty)| {
                        let (full, empty) = (Vec2::from(full), Vec2::from(empty));
                        let at = full.lerp(empty, share);
                        moved.push((at, at - full));
                        at.to_array()
                    })
                    .collect();
                closed_curve(&now)
            })
            .collect();
        let annulus = |chamber: usize, n: usize| {
            Vec2::from(CHAMBERS[chamber].full[n]).lerp(Vec2::from(CHAMBERS[chamber].empty[n]), share)
        };
        let open = opened(phase) + 0.05 * sin(phase * 90.0) * opened(phase);
        let mut leaflets = Vec::new();
        let mut orifices = Vec::new();
        for (septal, lateral, long) in [
            (annulus(LEFT_VENTRICLE, 5), annulus(LEFT_VENTRICLE, 7), [23.0, 15.0]),
            (annulus(RIGHT_VENTRICLE, 6), annulus(RIGHT_VENTRICLE, 4), [15.0, 20.0]),
        ] {
            let width = (lateral - septal).length();
            let inset = (lateral - septal).normalize_or_zero() * 5.0;
            orifices.push([septal + inset, lateral - inset]);
            for (hinge, other, length) in [(septal, lateral, long[0]), (lateral, septal, long[1])] {
                let inward = (other - hinge).normalize_or_zero();
                let share = length / (long[0] + long[1]);
                let shut = hinge + inward * width * share + Vec2::new(0.0, -4.5);
                let wide = hinge + inward * (0.16 * width) + Vec2::new(0.0, -length);
                let tip = shut.lerp(wide, open);
                let belly = hinge.lerp(tip, 0.5) + Vec2::new(0.0, 2.2 * (1.0 - open)) - inward * (1.5 * open);
                leaflets.push([hinge, belly, tip]);
            }
        }
        let distances = outlines.iter().map(|outline| grid(outline)).collect();
        Self { distances, orifices, moved, leaflets }
    }

    /// Signed distance to the wall of a chamber, negative inside.
    pub fn distance(&self, chamber: usize, p: Vec2) -> f32 {
        let g = (p - GRID_LOW).clamp(Vec2::ZERO, GRID_LAST);
        let (i, j) = (g.x as usize, g.y as usize);
        let (fx, fy) = (g.x - i as f32, g.y - j as f32);
        let values = &self.distances[chamber];
        let row = |n: usize| lerp(values[n], values[n + 1], fx);
        lerp(row(j * GRID[0] + i), row((j + 1) * GRID[0] + i), fy)
    }

    /// Signed distance to the blood that stands in the openings of the valves.
    pub fn orifice(&self, n: usize, p: Vec2) -> f32 {
        let [a, b] = self.orifices[n];
        distance_to_line(a, b, p) - 10.0
    }

    /// Where the tissue that is at `p` now was when the ventricle was full: speckle moves with the tissue.
    pub fn material(&self, p: Vec2) -> Vec2 {
        let mut weight = 1e-6;
        let mut sum = Vec2::ZERO;
        for &(at, by) in &self.moved {
            let near = 1.0 / (at.distance_squared(p) + 16.0);
            let near = near * near;
            weight += near;
            sum += by * near;
        }
        // Far from the heart nothing moves.
        let far = 1.0 - smoothstep(8.0, 34.0, self.distance(MUSCLE, p).min(self.distance(RIGHT_ATRIUM, p)));
        p - sum / weight * far
    }

    /// Distance to the nearest valve leaflet.
    pub fn leaflet(&self, p: Vec2) -> f32 {
        let mut nearest = f32::MAX;
        for [hinge, belly, tip] in &self.leaflets {
            for (a, b) in [(hinge, belly), (belly, tip)] {
                nearest = nearest.min(distance_to_line(*a, *b, p));
            }
        }
        nearest
    }
}

/// The grid of the distances: one sample a millimetre over all the sector covers.
const GRID: [usize; 2] = [252, 172];
const GRID_LOW: Vec2 = Vec2::new(-125.0, 0.0);
const GRID_LAST: Vec2 = Vec2::new(250.0, 170.0);

fn grid(outline: &[Vec2]) -> Vec<f32> {
    let at = |n: usize| GRID_LOW + Vec2::new((n % GRID[0]) as f32, (n / GRID[0]) as f32);
    (0..GRID[0] * GRID[1]).map(|n| distance_to_curve(outline, at(n))).collect()
}

fn distance_to_line(a: Vec2, b: Vec2, p: Vec2) -> f32 {
    let edge = b - a;
    let t = ((p - a).dot(edge) / edge.length_squared().max(1e-6)).clamp(0.0, 1.0);
    p.distance(a + edge * t)
}

/// The electrocardiogram belonging to it, -0.3 to 1.
pub fn electrocardiogram(phase: f32) -> f32 {
    let wave = |at: f32, width: f32, height: f32| {
        let apart = (phase - at + 0.5).rem_euclid(1.0) - 0.5;
        height * pow(0.5, apart * apart / (width * width))
    };
    wave(0.86, 0.022, 0.13) - wave(0.985, 0.007, 0.12) + wave(0.0, 0.009, 1.0) - wave(0.018, 0.009, 0.26)
        + wave(0.30, 0.045, 0.26)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(moment: &Moment, chamber: usize) -> f32 {
        moment.distances[chamber].iter().filter(|&&d| d < 0.0).count() as f32
    }

    #[test]
    fn the_ventricle_empties_by_half_and_the_beat_closes() {
        let (full, empty) = (Moment::at(0.0), Moment::at(0.38));
        let share = area(&empty, LEFT_VENTRICLE) / area(&full, LEFT_VENTRICLE);
        assert!((0.4..0.65).contains(&share), "{share}");
        assert!(area(&empty, LEFT_ATRIUM) > area(&full, LEFT_ATRIUM));
        assert!((emptied(1.0) - emptied(0.0)).abs() < 0.02);
        assert!(opened(0.2) < 0.01 && opened(0.49) > 0.9);
    }
}
