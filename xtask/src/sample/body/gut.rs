//! Stomach with its gas and fluid, duodenum, loops of small bowel, colon, pancreas.

use super::ink::{AIR, CHYME, Ink, Label, PANCREAS, STOOL, Tissue, VISCERAL_FAT, WALL};
use crate::sample::maths::{sin, smoothstep};
use crate::sample::noise;
use crate::sample::random::Random;
use crate::sample::tube::{Nearest, Stretch, Tubes, chain, curve};
use glam::Vec3;

const STOMACH: &[[f32; 4]] = &[
    [58., 22., 74., 14.],
    [64., 18., 60., 27.],
    [74., 2., 44., 31.],
    [80., -22., 26., 29.],
    [74., -44., 2., 25.],
    [54., -58., -18., 21.],
    [24., -62., -27., 17.],
    [-2., -56., -24., 13.],
    [-18., -48., -20., 9.],
    [-26., -43., -18., 5.],
];
const DUODENUM: &[[f32; 4]] = &[
    [-27., -43., -18., 9.],
    [-36., -38., -19., 12.],
    [-46., -24., -30., 12.],
    [-48., -14., -50., 12.],
    [-46., -12., -74., 12.],
    [-30., -14., -88., 11.],
    [0., -20., -90., 10.],
    [24., -20., -80., 11.],
    [32., -26., -58., 11.],
];
const COLON: &[[f32; 4]] = &[
    [-98., 14., -140., 25.],
    [-100., 12., -112., 25.],
    [-98., 2., -90., 24.],
    [-88., -24., -76., 22.],
    [-72., -50., -74., 20.],
    [-44., -68., -72., 20.],
    [-8., -72., -78., 19.],
    [28., -72., -72., 19.],
    [64., -66., -52., 19.],
    [96., -50., -26., 19.],
    [116., -32., 0., 19.],
    [122., -14., 14., 18.],
    [121., 8., -6., 16.],
    [117., 20., -34., 14.],
    [114., 24., -70., 14.],
    [112., 24., -140., 14.],
];
const PANCREAS_LINE: &[[f32; 4]] = &[
    [97., 20., 24., 8.],
    [80., 10., 22., 9.5],
    [56., -4., 14., 9.5],
    [30., -18., 4., 9.],
    [8., -27., -6., 8.5],
    [-10., -28., -12., 11.],
    [-22., -24., -24., 13.5],
    [-24., -19., -40., 12.],
    [-16., -14., -52., 8.],
];

#[derive(Debug)]
pub struct Gut {
    stomach: Tubes,
    colon: Tubes,
    bowel: Tubes,
    pancreas: Tubes,
    /// Where the mesentery sends its vessels.
    pub served: Vec<Vec3>,
}

impl Gut {
    /// `room` is the free distance to the walls and the solid organs.
    pub fn new(room: impl Fn(Vec3) -> f32) -> Self {
        let stomach = Tubes::new(curve(STOMACH, 0), 12.0);
        let colon = Tubes::new(curve(COLON, 0), 12.0);
        let pancreas = Tubes::new(curve(PANCREAS_LINE, 0), 8.0);
        let duodenum = curve(DUODENUM, 1);
        let taken = Tubes::new(duodenum.clone(), 14.0);
        let free = |p: Vec3| {
            let tubes = stomach.distance(p).min(colon.distance(p)).min(taken.distance(p)).min(pancreas.distance(p));
            // Loops keep below the stomach and in front of the kidneys.
            room(p).min(tubes).min(6.0 - p.z).min(42.0 - p.y)
        };
        let loops = small_bowel(free);
        let served = loops.iter().map(|s| s.a).collect();
        let bowel = Tubes::new(duodenum.into_iter().chain(loops).collect(), 8.0);
        Self { stomach, colon, bowel, pancreas, served }
    }

    pub fn paint(&self, ink: &mut Ink, p: Vec3) {
        let wavy = p + 2.2 * noise::displacement(p / 12.0, 101);
        self.paint_bowel(ink, wavy, p);
        self.paint_colon(ink, wavy, p);
        self.paint_pancreas(ink, p);
        self.paint_stomach(ink, p);
    }

    fn paint_bowel(&self, ink: &mut Ink, wavy: Vec3, p: Vec3) {
        let near = self.bowel.nearest(wavy);
        if near.distance > 4.0 {
            return;
        }
        // Folds run around the bowel: more of them in the upper loops.
        let folds = sin(near.along / 1.5 + 4.0 * noise::smooth(p / 8.0, 102));
        let pinch = 1.6 * noise::smooth(Vec3::splat(near.along / 26.0), 103 + near.tube);
        let outside = near.distance + pinch;
        ink.lay(outside, WALL.varied(6.0 * noise::smooth(p / 4.0, 104), 0.0), Label::SmallBowel);
        let filled = noise::smooth(Vec3::splat(near.along / 55.0), 105 + near.tube);
        let inner = outside + 2.4 + 0.9 * folds + 3.4 * smoothstep(0.1, -0.5, filled);
        let speckle = noise::rough(p / 3.0, 2, 106);
        ink.tint(inner, CHYME.varied(14.0 * speckle - 6.0, 0.1 * speckle + 0.25 * filled));
        let bubble = noise::smooth(Vec3::splat(near.along / 30.0), 107 + near.tube);
        let level = near.offset.y + near.radius * (0.75 - 0.5 * smoothstep(0.45, 0.9, bubble));
        if bubble > 0.45 {
            ink.tint(inner.max(level) + 0.8, AIR);
        }
    }

    fn paint_colon(&self, ink: &mut Ink, wavy: Vec3, p: Vec3) {
        let near = self.colon.nearest(wavy);
        if near.distance > 6.0 {
            return;
        }
        let haustra = 0.15 * near.radius * sin(near.along / 5.6 + 2.0 * noise::smooth(p / 20.0, 108));
        let outside = near.distance + haustra + 1.6 * noise::smooth(p / 9.0, 109);
        ink.tint(outside - 0.8, VISCERAL_FAT);
        ink.lay(outside, WALL, Label::Colon);
        let inner = outside + 2.0;
        ink.tint(inner, stool(p));
        // Gas collects at the front; how much of it changes along the way.
        let gas = noise::smooth(Vec3::splat(near.along / 45.0), 110);
        let level = near.offset.y + near.radius * (0.35 - 0.9 * gas) + 2.0 * noise::smooth(p / 6.0, 111);
        ink.tint(inner.max(level), AIR);
    }

    fn paint_pancreas(&self, ink: &mut Ink, p: Vec3) {
        let lobules = 2.2 * noise::smooth(p / 7.0, 112) + 1.3 * noise::smooth(p / 3.6, 113);
        let d = self.pancreas.distance(p) + lobules;
        if d < 2.0 {
            let grain = noise::rough(p / 4.5, 2, 114);
            ink.lay(d, PANCREAS.varied(9.0 * grain, 0.1 * grain), Label::Pancreas);
            // Fat between the lobules.
            let cleft = smoothstep(0.30, 0.62, noise::smooth(p / 3.8, 115)) * ink.coverage(d) * 0.45;
            ink.tissue = ink.tissue.mixed(VISCERAL_FAT, cleft);
        }
    }

    fn paint_stomach(&self, ink: &mut Ink, p: Vec3) {
        let near = self.stomach.nearest(p + 2.5 * noise::displacement(p / 18.0, 116));
        if near.distance > 5.0 {
            return;
        }
        let d = near.distance + 1.2 * noise::smooth(p / 10.0, 117);
        ink.tint(d - 0.8, VISCERAL_FAT);
        ink.lay(d, WALL.varied(4.0 * noise::smooth(p / 5.0, 118), 0.0), Label::Stomach);
        let inner = d + 3.4 + rugae(&near, p);
        ink.film(inner + 0.6, 0.8, WALL.varied(45.0, 0.3));
        let lumps = noise::rough(p / 6.0, 3, 119);
        ink.tint(inner, CHYME.varied(22.0 * smoothstep(0.0, 0.6, lumps) + 6.0 * lumps, 0.15 * lumps));
        // In a lying patient gas rises to the front and makes a level.
        let froth = 1.2 * smoothstep(-57.0, -60.0, p.y) * noise::smooth(p / 2.5, 120);
        ink.tint(inner.max(p.y + 59.0 + froth), AIR);
    }
}

fn rugae(near: &Nearest, p: Vec3) -> f32 {
    let around = crate::sample::maths::atan2(near.offset.x, near.offset.y);
    let fold = sin(around * 9.0 + 2.5 * noise::smooth(p / 16.0, 121));
    let where_folded = smoothstep(-0.3, 0.5, noise::smooth(p / 26.0, 122));
    // Gas stretches the wall flat.
    1.7 * fold.max(-0.2) * where_folded * smoothstep(-62.0, -52.0, p.y)
}

fn stool(p: Vec3) -> Tissue {
    let lumps = noise::rough(p / 8.0, 3, 123);
    let bubbles = smoothstep(0.34, 0.66, noise::smooth(p / 3.6, 124) * 0.62 + 0.7 * lumps);
    STOOL.varied(34.0 * lumps, 0.3 * lumps).mixed(AIR, bubbles * 0.7)
}

/// Loops that wind through the free room without running into themselves.
fn small_bowel(free: impl Fn(Vec3) -> f32) -> Vec<Stretch> {
    let mut random = Random::stream("small bowel", 0);
    let mut taken: Vec<Vec3> = Vec::new();
    let mut stretches = Vec::new();
    for n in 0..2500 {
        let start = Vec3::new(random.between(-95.0, 100.0), random.between(-80.0, 30.0), random.between(-140.0, 0.0));
        if free(start) < 0.8 * LOOP_MM || nearest_of(&taken, start) < 1.8 * LOOP_MM {
            continue;
        }
        let path = winding(start, &taken, &free, &mut random);
        if path.len() > 6 {
            let with_radius: Vec<(Vec3, f32)> = path.iter().map(|&p| (p, LOOP_MM)).collect();
            stretches.extend(chain(&with_radius, 2 + n));
            taken.extend(path);
        }
    }
    stretches
}

/// Half the width of a loop.
const LOOP_MM: f32 = 11.0;
const LOOP_STEP_MM: f32 = 5.0;

/// One loop from `start` until it has nowhere to go.
fn winding(start: Vec3, taken: &[Vec3], free: &impl Fn(Vec3) -> f32, random: &mut Random) -> Vec<Vec3> {
    let mut path = vec![start];
    let mut heading = Vec3::new(random.normal(), random.normal(), 0.5 * random.normal()).normalize_or_zero();
    while path.len() < 120 {
        let here = path[path.len() - 1];
        let space = |p: Vec3| {
            let own = nearest_of(&path[..path.len().saturating_sub(6)], p).min(nearest_of(taken, p));
            (own - 1.72 * LOOP_MM).min(free(p) - 0.7 * LOOP_MM)
        };
        let mut best = (f32::MIN, Vec3::ZERO);
        for _ in 0..20 {
            let turn = Vec3::new(random.normal(), random.normal(), 0.7 * random.normal());
            let towards = (heading + 0.5 * turn).normalize_or_zero();
            let room = space(here + towards * LOOP_STEP_MM).min(space(here + towards * (2.0 * LOOP_STEP_MM)) + 2.0);
            // Loops hug what is already there.
            let score = 1.5 * towards.dot(heading) - 0.05 * room;
            if room > 0.0 && score > best.0 {
                best = (score, towards);
            }
        }
        if best.0 == f32::MIN {
            break;
        }
        heading = best.1;
        path.push(here + heading * LOOP_STEP_MM);
    }
    path
}

fn nearest_of(places: &[Vec3], p: Vec3) -> f32 {
    places.iter().map(|q| q.distance_squared(p)).fold(f32::MAX, f32::min).sqrt()
}
