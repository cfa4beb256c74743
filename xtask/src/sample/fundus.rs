//! The retina of a right eye as a fundus camera sees it.
//!
//! Coordinates: the centre of the picture is the origin, 1 is the edge of the field, x to the right (towards the
//! nose), y down.

use super::loft::distance_to_curve;
use super::maths::{TAU, atan2, bell, exp, lerp, sin, sin_cos, smoothstep};
use super::random::Random;
use super::{Artefact, noise, packed};
use glam::{Vec2, Vec3};
use rayon::prelude::*;

pub const SIZE: usize = 608;
const FIELD: f32 = 292.0;
const DISC: Vec2 = Vec2::new(0.50, -0.03);
const DISC_SEMI: Vec2 = Vec2::new(0.118, 0.130);
const CUP: Vec2 = Vec2::new(0.487, -0.028);
const CUP_SEMI: Vec2 = Vec2::new(0.050, 0.056);
const FOVEA: Vec2 = Vec2::new(-0.16, 0.03);

/// A stretch of vessel on the retina.
#[derive(Clone, Copy, Debug)]
struct Piece {
    a: Vec2,
    b: Vec2,
    half_width: f32,
    vein: bool,
}

pub fn files() -> Vec<Artefact> {
    let (picture, labels) = eye();
    vec![
        Artefact { path: "fundus/fundus.png".into(), bytes: packed::png(&picture, SIZE, SIZE, 3) },
        Artefact { path: "masks/fundus.png".into(), bytes: packed::png(&labels, SIZE, SIZE, 1) },
    ]
}

/// RGB samples and labels.
pub fn eye() -> (Vec<u8>, Vec<u8>) {
    let tree = tree();
    let spots = Spots::new(&tree);
    let rows: Vec<(Vec<u8>, Vec<u8>)> = (0..SIZE)
        .into_par_iter()
        .map(|y| {
            let mut random = Random::stream("fundus", y as u64);
            let near: Vec<&Piece> = tree.iter().filter(|piece| reaches(piece, y)).collect();
            let pixel = |x: usize| look(&near, &spots, place(x as f32, y as f32), random.normal());
            let (colours, labels): (Vec<[u8; 3]>, Vec<u8>) = (0..SIZE).map(pixel).unzip();
            (colours.concat(), labels)
        })
        .collect();
    let (picture, labels): (Vec<Vec<u8>>, Vec<Vec<u8>>) = rows.into_iter().unzip();
    (picture.concat(), labels.concat())
}

fn place(x: f32, y: f32) -> Vec2 {
    let middle = (SIZE as f32 - 1.0) / 2.0;
    Vec2::new(x - middle, y - middle) / FIELD
}

fn reaches(piece: &Piece, row: usize) -> bool {
    let y = place(0.0, row as f32).y;
    let margin = piece.half_width + 0.02;
    piece.a.y.min(piece.b.y) - margin < y && y < piece.a.y.max(piece.b.y) + margin
}

fn look(near: &[&Piece], spots: &Spots, p: Vec2, grain: f32) -> ([u8; 3], u8) {
    let out = p.length();
    if out > 1.03 {
        return ([0; 3], 0);
    }
    let at = Vec3::new(p.x, p.y, 0.0);
    let mut colour = background(p, at);
    let mut label = 0;
    let disc = paint_disc(&mut colour, &mut label, p, at);
    spots.paint(&mut colour, &mut label, p);
    paint_vessels(&mut colour, &mut label, near, p, disc);
    // The lamp lights the middle best, and the edge of the field is soft.
    let light = (1.06 - 0.50 * out * out * out) * (1.0 + 0.10 * p.x - 0.05 * p.y);
    let edge = smoothstep(1.006, 0.985, out);
    let crescent = 0.05 * smoothstep(0.90, 1.0, out) * smoothstep(-0.2, 0.9, -p.x);
    let graded = colour.map(|c| ((c * light + crescent) * (1.0 + 0.010 * grain)).clamp(0.0, 1.0) * edge);
    (graded.map(|c| (255.0 * c).round() as u8), if out < 0.995 { label } else { 0 })
}

/// Pigment and choroid: orange, mottled, with the large vessels of the choroid shining through.
fn background(p: Vec2, at: Vec3) -> [f32; 3] {
    let folded = at + 0.10 * noise::displacement(at * 4.0, 501);
    let choroid = noise::smooth(Vec3::new(folded.x * 7.0, folded.y * 16.0, 0.0), 502).abs();
    let ridge = smoothstep(0.22, 0.0, choroid) * (0.35 + 0.65 * smoothstep(0.25, 0.85, p.length()));
    let cloud = noise::rough(at * 3.0, 3, 503);
    let fine = noise::rough(at * 42.0, 2, 504);
    let macula = bell(p.distance(FOVEA), 0.165);
    let pit = bell(p.distance(FOVEA), 0.055);
    let brightness = 1.0 + 0.13 * cloud + 0.05 * fine + 0.055 * ridge - 0.24 * macula - 0.14 * pit;
    let mut colour = [0.80 * brightness, 0.385 * brightness, 0.165 * brightness];
    colour[1] *= 1.0 + 0.05 * ridge - 0.16 * macula - 0.08 * pit;
    colour[2] *= 1.0 - 0.20 * macula + 0.08 * fine;
    // Nerve fibres run in fine arcs from the disc above and below the macula.
    let from_disc = p - DISC;
    let angle = atan2(from_disc.y, -from_disc.x);
    let fan = sin(angle * 70.0 + 5.0 * noise::smooth(at * 9.0, 505));
    let arc = bell(from_disc.length() - 0.30, 0.13) * bell(angle.abs() - 0.95, 0.34);
    let sheen = 0.035 * arc * (0.6 + 0.4 * fan);
    // The reflex of the fovea, and the faint ring around the macula.
    let reflex = 0.20 * bell(p.distance(FOVEA + Vec2::new(0.004, -0.003)), 0.008);
    for (n, channel) in colour.iter_mut().enumerate() {
        *channel += sheen * [0.9, 1.0, 0.7][n] + reflex * [0.9, 0.75, 0.5][n];
    }
    colour
}

/// Rim and cup; answers how far inside the disc a place is (0 outside, 1 well inside).
fn paint_disc(colour: &mut [f32; 3], label: &mut u8, p: Vec2, at: Vec3) -> f32 {
    let wobble = 0.004 * noise::smooth(at * 14.0, 511);
    let disc = super::maths::ellipse(p - DISC, DISC_SEMI) + wobble;
    let cup = super::maths::ellipse(p - CUP, CUP_SEMI) + 1.5 * wobble;
    // A pale crescent and some pigment along the temporal edge.
    let temporal = smoothstep(0.0, -0.10, p.x - DISC.x);
    mix(colour, [0.86, 0.56, 0.32], 0.5 * temporal * bell(disc - 0.010, 0.010));
    mix(colour, [0.42, 0.20, 0.10], 0.35 * temporal * bell(disc - 0.026, 0.006));
    let inside = smoothstep(0.012, -0.012, disc);
    let streak = 0.03 * noise::smooth(Vec3::new(at.x * 60.0, at.y * 24.0, 0.0), 512);
    let rim = [0.93 + streak, 0.62 + streak, 0.36 + streak];
    mix(colour, rim, inside);
    let pallor = smoothstep(0.030, -0.022, cup);
    mix(colour, [0.985, 0.86, 0.64], 0.92 * pallor);
    let lamina = smoothstep(0.2, 0.7, noise::smooth(at * 95.0, 513)) * smoothstep(-0.012, -0.035, cup);
    mix(colour, [0.80, 0.64, 0.46], 0.30 * lamina);
    if cup < 0.0 {
        *label = 2;
    } else if disc < 0.0 {
        *label = 1;
    }
    inside
}

fn mix(colour: &mut [f32; 3], other: [f32; 3], share: f32) {
    for (channel, wanted) in colour.iter_mut().zip(other) {
        *channel = lerp(*channel, wanted, share);
    }
}

fn paint_vessels(colour: &mut [f32; 3], label: &mut u8, near: &[&Piece], p: Vec2, disc: f32) {
    // Veins first: where they cross, arteries mostly run in front.
    for vein in [true, false] {
        let mut nearest = f32::MAX;
        let mut half_width = 0.0;
        for piece in near.iter().filter(|piece| piece.vein == vein) {
            let edge = piece.b - piece.a;
            let t = ((p - piece.a).dot(edge) / edge.length_squared().max(1e-9)).clamp(0.0, 1.0);
            let distance = p.distance(piece.a + edge * t) - piece.half_width;
            if distance < nearest {
                nearest = distance;
                half_width = piece.half_width;
            }
        }
        let soft = 1.15 / FIELD;
        let cover = smoothstep(soft, -soft, nearest) * (half_width * FIELD / 0.9).min(1.0);
        if cover <= 0.0 {
            continue;
        }
        // Blood takes away green and blue; thick columns take more.
        let thick = smoothstep(0.0, 0.012, half_width);
        let kept = if vein { [0.66, 0.40, 0.50] } else { [0.84, 0.53, 0.56] };
        let shade = 0.55 + 0.45 * thick;
        for (channel, kept) in colour.iter_mut().zip(kept) {
            *channel *= lerp(1.0, lerp(1.0, kept, shade), cover * (1.0 - 0.12 * disc));
        }
        // The light streak along the middle of an artery.
        let middle = bell(nearest + half_width, half_width * 0.34);
        let reflex = if vein { 0.05 } else { 0.17 } * thick * middle * cover;
        mix(colour, [1.0, 0.74, 0.50], reflex);
        if nearest < 0.0 && half_width * FIELD > 0.55 {
            *label = if vein { 4 } else { 3 };
        }
    }
}

/// The great arcades: the points they pass from the disc outwards, their half width there, and whether they are veins.
#[rustfmt::skip]
const TRUNKS: [(&[[f32; 2]], f32, bool); 9] = [
    (&[[0.48, -0.02], [0.46, -0.14], [0.38, -0.31], [0.20, -0.46], [-0.06, -0.53], [-0.34, -0.49], [-0.60, -0.40], [-0.80, -0.37], [-1.0, -0.40]], 0.0155, true),
    (&[[0.49, -0.03], [0.49, -0.13], [0.42, -0.26], [0.27, -0.38], [0.02, -0.46], [-0.22, -0.45], [-0.46, -0.52], [-0.66, -0.62], [-0.80, -0.74]], 0.0115, false),
    (&[[0.48, -0.02], [0.45, 0.10], [0.36, 0.27], [0.18, 0.43], [-0.08, 0.51], [-0.36, 0.50], [-0.62, 0.43], [-0.82, 0.36], [-1.0, 0.36]], 0.0160, true),
    (&[[0.49, -0.02], [0.47, 0.11], [0.41, 0.30], [0.26, 0.47], [0.02, 0.58], [-0.24, 0.62], [-0.50, 0.66], [-0.64, 0.74], [-0.70, 0.84]], 0.0115, false),
    (&[[0.50, -0.03], [0.53, -0.16], [0.62, -0.32], [0.72, -0.50], [0.78, -0.64]], 0.0120, true),
    (&[[0.50, -0.03], [0.56, -0.14], [0.69, -0.26], [0.82, -0.42], [0.90, -0.56]], 0.0085, false),
    (&[[0.50, -0.02], [0.54, 0.12], [0.63, 0.28], [0.70, 0.46], [0.74, 0.70]], 0.0120, true),
    (&[[0.50, -0.02], [0.57, 0.09], [0.71, 0.20], [0.84, 0.34], [0.95, 0.44]], 0.0085, false),
    (&[[0.47, -0.02], [0.40, -0.05], [0.30, -0.07], [0.18, -0.06], [0.08, -0.03]], 0.0036, false),
];

/// The arcades with their branches.
fn tree() -> Vec<Piece> {
    let mut random = Random::stream("fundus vessels", 0);
    let mut pieces = Vec::new();
    for (points, half_width, vein) in TRUNKS {
        let path = meandering(points, &mut random);
        let count = path.len();
        for n in 1..count {
            let taper = |n: usize| half_width * (1.0 - 0.80 * n as f32 / count as f32);
            pieces.push(Piece { a: path[n - 1], b: path[n], half_width: taper(n), vein });
            let far_from_disc = path[n].distance(DISC) > 0.17;
            if far_from_disc && n % 7 == 3 + usize::from(vein) && half_width > 0.005 {
                let side = if (n / 7) % 2 == 0 { 1.0 } else { -1.0 };
                let heading = (path[n] - path[n - 1]).normalize_or_zero();
                let towards = turned(heading, side * random.between(0.55, 1.0));
                let start = Piece { a: path[n], b: path[n] + towards, half_width: 0.52 * taper(n), vein };
                branch(&mut pieces, &mut random, start, 3);
            }
        }
    }
    pieces
}

fn turned(v: Vec2, angle: f32) -> Vec2 {
    let (s, c) = sin_cos(angle);
    Vec2::new(c * v.x - s * v.y, s * v.x + c * v.y)
}

/// A smooth curve through the points, with the small windings of a real vessel.
fn meandering(points: &[[f32; 2]], random: &mut Random) -> Vec<Vec2> {
    let line: Vec<[f32; 4]> = points.iter().map(|&[x, y]| [x, y, 0.0, 0.0]).collect();
    let shift = random.between(0.0, 50.0);
    let mut path: Vec<Vec2> = super::tube::curve(&line, 0).iter().map(|s| Vec2::new(s.b.x, s.b.y)).collect();
    path.insert(0, Vec2::from(points[0]));
    path.iter()
        .map(|&p| {
            let far = smoothstep(0.05, 0.3, p.distance(DISC));
            let wave = noise::displacement(Vec3::new(p.x * 9.0, p.y * 9.0, shift), 521);
            p + 0.016 * far * Vec2::new(wave.x, wave.y)
        })
        .collect()
}

/// A branch that wanders, thins out and forks; none crosses the fovea.
fn branch(pieces: &mut Vec<Piece>, random: &mut Random, start: Piece, depth: u32) {
    let (mut at, mut heading, mut half_width, vein) = (start.a, start.b - start.a, start.half_width, start.vein);
    let steps = 9 + random.below(14) + 4 * depth as usize;
    for n in 0..steps {
        let away = at - FOVEA;
        let repelled = away.normalize_or_zero() * 0.10 * bell(away.length(), 0.17);
        let outward = (at - DISC).normalize_or_zero() * 0.045;
        heading = (turned(heading, 0.17 * random.normal()) + repelled + outward).normalize_or_zero();
        let next = at + heading * 0.021;
        if next.length() > 1.02 || next.distance(FOVEA) < 0.075 || half_width < 0.0011 {
            return;
        }
        pieces.push(Piece { a: at, b: next, half_width, vein });
        at = next;
        half_width *= 0.978;
        if depth > 0 && n > 3 && random.unit() < 0.13 {
            let side = if random.unit() < 0.5 { 1.0 } else { -1.0 };
            let towards = turned(heading, side * random.between(0.5, 0.95));
            branch(pieces, random, Piece { a: at, b: at + towards, half_width: half_width * 0.74, vein }, depth - 1);
            half_width *= 0.88;
            heading = turned(heading, -side * 0.2);
        }
    }
}

/// Small signs of diabetes: exudates, dot haemorrhages, microaneurysms.
#[derive(Debug)]
struct Spots {
    exudates: Vec<(Vec2, f32)>,
    bleedings: Vec<(Vec2, f32)>,
    blot: Vec<Vec2>,
}

impl Spots {
    fn new(tree: &[Piece]) -> Self {
        let mut random = Random::stream("fundus spots", 0);
        let centre = Vec2::new(-0.46, 0.17);
        let exudates = (0..24)
            .map(|_| {
                // A broken ring of fatty deposits around a leaking spot.
                let angle = random.between(0.6, 4.6);
                let (s, c) = sin_cos(angle);
                let reach = 0.085 + 0.018 * random.normal();
                (centre + reach * Vec2::new(c, s), random.between(0.0035, 0.0095))
            })
            .collect();
        let mut bleedings = Vec::new();
        while bleedings.len() < 15 {
            let at = Vec2::new(random.between(-0.75, 0.25), random.between(-0.5, 0.55));
            let clear = tree.iter().all(|piece| piece.a.distance(at) > 0.02);
            if clear && at.distance(FOVEA) > 0.14 {
                bleedings.push((at, random.between(0.0035, 0.0075)));
            }
        }
        let blot = (0..14)
            .map(|n| {
                let (s, c) = sin_cos(n as f32 / 14.0 * TAU);
                Vec2::new(-0.30, -0.27) + random.between(0.014, 0.026) * Vec2::new(c, 0.8 * s)
            })
            .collect();
        Self { exudates, bleedings, blot }
    }

    fn paint(&self, colour: &mut [f32; 3], label: &mut u8, p: Vec2) {
        let blot = distance_to_curve(&self.blot, p);
        let dots = self.bleedings.iter().map(|&(at, r)| p.distance(at) - r).fold(f32::MAX, f32::min);
        let blood = blot.min(dots);
        mix(colour, [0.40, 0.075, 0.05], 0.82 * smoothstep(0.005, -0.004, blood));
        let at = Vec3::new(p.x, p.y, 0.0) * 90.0;
        let rough = 0.004 * noise::smooth(at, 531);
        let fat = self.exudates.iter().map(|&(at, r)| p.distance(at) - r).fold(f32::MAX, f32::min) + rough;
        mix(colour, [0.97, 0.86, 0.52], 0.88 * smoothstep(0.0035, -0.003, fat));
        // A little swelling makes the ring area paler.
        let swollen = exp(-p.distance_squared(Vec2::new(-0.46, 0.17)) / 0.010);
        mix(colour, [0.88, 0.56, 0.30], 0.16 * swollen);
        if blood < 0.0 {
            *label = 6;
        }
        if fat < 0.0 {
            *label = 5;
        }
    }
}
