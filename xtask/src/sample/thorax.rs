//! A whole chest, standing, for the film: only what weakens X-rays counts, given as attenuation per millimetre.
//!
//! Same axes as everywhere (LPS); z = 0 is the height of the right dome of the diaphragm.

use super::loft::{Loft, Outline, distance_to_curve};
use super::maths::{atan2, bell, capsule, ellipse, ellipsoid, lerp, smooth_min, smoothstep, turned_y};
use super::noise;
use super::random::Random;
use super::tree::{Growth, grow, scatter};
use super::tube::{Tubes, curve};
use glam::{Vec2, Vec3};

#[rustfmt::skip]
const CAGE: &[Outline] = &[
    (-110.0, &[[0., -92.], [50., -90.], [100., -62.], [128., -10.], [120., 45.], [80., 74.], [34., 62.], [0., 40.]]),
    (-40.0, &[[0., -98.], [55., -95.], [108., -62.], [137., -6.], [128., 52.], [84., 88.], [36., 76.], [0., 48.]]),
    (30.0, &[[0., -96.], [52., -94.], [106., -62.], [134., -4.], [126., 54.], [82., 94.], [36., 84.], [0., 52.]]),
    (100.0, &[[0., -84.], [48., -83.], [101., -56.], [127., 2.], [119., 58.], [78., 92.], [36., 84.], [0., 54.]]),
    (155.0, &[[0., -62.], [42., -62.], [87., -42.], [111., 10.], [103., 56.], [68., 84.], [33., 78.], [0., 52.]]),
    (190.0, &[[0., -38.], [34., -38.], [68., -24.], [88., 14.], [82., 50.], [54., 70.], [28., 66.], [0., 46.]]),
    (210.0, &[[0., -16.], [24., -18.], [50., -8.], [66., 18.], [62., 44.], [42., 58.], [22., 56.], [0., 42.]]),
    (226.0, &[[0., 6.], [15., 4.], [30., 10.], [40., 24.], [38., 40.], [26., 50.], [13., 48.], [0., 41.]]),
];
#[rustfmt::skip]
const BODY: &[Outline] = &[
    (-170.0, &[[0., -118.], [70., -114.], [128., -82.], [158., -8.], [148., 62.], [90., 108.], [40., 112.], [0., 104.]]),
    (-40.0, &[[0., -122.], [70., -122.], [132., -88.], [164., -4.], [156., 70.], [96., 116.], [40., 120.], [0., 112.]]),
    (60.0, &[[0., -118.], [70., -128.], [136., -96.], [172., -2.], [164., 78.], [100., 124.], [40., 126.], [0., 118.]]),
    (130.0, &[[0., -100.], [70., -112.], [142., -84.], [186., 2.], [178., 80.], [104., 122.], [40., 124.], [0., 116.]]),
    (185.0, &[[0., -70.], [60., -80.], [140., -56.], [204., 8.], [196., 68.], [110., 108.], [40., 108.], [0., 104.]]),
    (215.0, &[[0., -44.], [44., -50.], [96., -26.], [178., 14.], [170., 54.], [92., 82.], [36., 88.], [0., 88.]]),
    (240.0, &[[0., -38.], [32., -36.], [54., -8.], [66., 18.], [60., 48.], [46., 66.], [26., 74.], [0., 76.]]),
    (290.0, &[[0., -44.], [30., -38.], [50., -10.], [56., 16.], [52., 42.], [40., 58.], [22., 66.], [0., 68.]]),
];

/// Per millimetre, at the energy of a chest film.
const WATER: f32 = 0.0185;
const LUNG: f32 = 0.0046;
const COMPACT: f32 = 0.043;
const SPONGY: f32 = 0.0199;

#[derive(Debug)]
pub struct Thorax {
    cage: Loft,
    body: Loft,
    vessels: Tubes,
    great: Tubes,
    airways: Tubes,
    clavicles: Tubes,
}

/// What a place is made of, for the ray and for the mask.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spot {
    pub attenuation: f32,
    pub lung: bool,
    pub heart: bool,
    pub clavicle: bool,
    /// Within the cage but neither lung nor heart: what hides the lung behind it.
    pub dense: bool,
}

impl Thorax {
    pub fn new() -> Self {
        let clavicles = [-1.0_f32, 1.0].into_iter().flat_map(|s| {
            curve(
                &[
                    [13.0 * s, -58.0, 176.0, 8.5],
                    [38.0 * s, -66.0, 184.0, 6.6],
                    [72.0 * s, -58.0, 194.0, 5.8],
                    [108.0 * s, -30.0, 202.0, 5.6],
                    [142.0 * s, -6.0, 204.0, 6.6],
                    [162.0 * s, 2.0, 203.0, 7.4],
                ],
                0,
            )
        });
        let mut thorax = Self {
            cage: Loft::mirrored(CAGE),
            body: Loft::mirrored(BODY),
            vessels: Tubes::new(Vec::new(), 1.0),
            great: great_vessels(),
            airways: airways(),
            clavicles: Tubes::new(clavicles.collect(), 4.0),
        };
        thorax.vessels = lung_vessels(&thorax);
        thorax
    }

    fn lung(&self, p: Vec3, cage: f32) -> f32 {
        let above = p.z - 228.0 + 0.006 * (p.x * p.x).min(5000.0);
        (cage + 2.0).max(-diaphragm(p, -cage)).max(above).max(2.0 - self.middle(p))
    }

    /// Heart and great vessels with the fat around them.
    fn middle(&self, p: Vec3) -> f32 {
        let waist = bell(p.z - 128.0, 22.0) * if p.x > 0.0 { 5.0 } else { 0.0 };
        let half = lerp(15.0, 24.0, smoothstep(70.0, 190.0, p.z)) - waist + 4.0 * noise::smooth(p / 34.0, 401);
        let column = ellipse(Vec2::new(p.x, p.y - 10.0), Vec2::new(half, 62.0));
        let spine = ellipse(Vec2::new(p.x, p.y - 60.0), Vec2::new(16.0, 22.0));
        smooth_min(heart(p), column.min(spine), 12.0).min(self.great.distance(p) - 1.5)
    }

    pub fn spot(&self, p: Vec3) -> Spot {
        let body = self.body.at(p) + 1.5 * noise::smooth(p / 30.0, 402);
        if body > 1.0 {
            return Spot::default();
        }
        let cage = self.cage.at(p);
        let fat = smoothstep(-14.0, -9.0, body) * 0.08 + 0.92;
        let mut spot = Spot { attenuation: WATER * fat * filled(body), ..Spot::default() };
        if cage < 1.0 {
            self.inside(&mut spot, p, cage);
        }
        let windpipe = self.airways.distance(p);
        spot.attenuation *= 1.0 - filled(windpipe);
        let bone = ribs(p, cage).min(scapula(p)).min(sternum(p));
        shell(&mut spot, bone, 1.3);
        let clavicle = self.clavicles.distance(p);
        shell(&mut spot, clavicle, 1.7);
        spot.clavicle = clavicle < 0.0;
        spine(&mut spot, p);
        spot
    }

    fn inside(&self, spot: &mut Spot, p: Vec3, cage: f32) {
        spot.heart = heart(p) < 0.0;
        let lung = self.lung(p, cage);
        if lung < 1.0 {
            spot.lung = lung < 0.0;
            let patch = 1.0 + 0.16 * noise::rough(p / 10.0, 3, 403);
            let wavy = p + 2.0 * noise::displacement(p / 14.0, 404);
            let tissue = lerp(LUNG * patch, WATER, filled(self.vessels.distance(wavy)));
            spot.attenuation = lerp(spot.attenuation, tissue, filled(lung));
        } else {
            spot.attenuation *= 1.0 - filled(gas(p));
        }
        spot.dense = lung > 4.0 && cage < -8.0;
    }
}

impl Default for Thorax {
    fn default() -> Self {
        Self::new()
    }
}

/// The share of a step along the ray that a solid fills; hard edges would show as rings.
fn filled(distance: f32) -> f32 {
    (0.5 - 0.5 * distance).clamp(0.0, 1.0)
}

fn shell(spot: &mut Spot, bone: f32, cortex: f32) {
    if bone < 1.0 {
        let inner = smoothstep(-cortex - 0.8, -cortex + 0.8, bone);
        spot.attenuation = lerp(spot.attenuation, lerp(SPONGY, COMPACT, inner), filled(bone));
    }
}

fn heart(p: Vec3) -> f32 {
    let q = p + 3.0 * noise::displacement(p / 40.0, 405);
    let v = Vec3::new;
    let left = ellipsoid(turned_y(q - v(30.0, -28.0, 18.0), 0.62), v(64.0, 46.0, 44.0));
    let right = ellipsoid(q - v(-16.0, -26.0, 30.0), v(32.0, 40.0, 46.0));
    let outflow = ellipsoid(q - v(14.0, -34.0, 72.0), v(28.0, 30.0, 34.0));
    smooth_min(smooth_min(left, right, 16.0), outflow, 18.0)
}

/// Distance below the domes (negative below).
fn diaphragm(p: Vec3, inside: f32) -> f32 {
    let right = 22.0 * bell(p.x + 70.0, 52.0) * bell(p.y + 12.0, 60.0);
    let left = 12.0 * bell(p.x - 76.0, 48.0) * bell(p.y + 8.0, 56.0);
    let top = -20.0 + right + left + 1.5 * noise::smooth(p / 34.0, 406);
    let fixed = lerp(-78.0, -34.0, ((60.0 - p.y) / 140.0).clamp(0.0, 1.0));
    let t = 1.0 - (inside / 60.0).clamp(0.0, 1.0);
    (p.z - lerp(fixed, top, 1.0 - t * t * t * t)) * 0.8
}

/// The air in the stomach and in a bend of the colon.
fn gas(p: Vec3) -> f32 {
    let v = Vec3::new;
    let bumpy = 4.0 * noise::smooth(p / 12.0, 407);
    let bubble = (ellipsoid(p - v(64.0, 2.0, -40.0), v(30.0, 26.0, 17.0)) + 0.6 * bumpy).max(-50.0 - p.z);
    bubble.min(ellipsoid(p - v(104.0, -20.0, -66.0), v(18.0, 16.0, 22.0)) + bumpy)
}

/// Heights of the twelve ribs: at the spine, at the side, at the front end; and the angle of that end.
#[rustfmt::skip]
const RIBS: [[f32; 4]; 12] = [
    [214., 204., 180., 2.60], [200., 180., 152., 2.62], [180., 150., 120., 2.62], [158., 120., 88., 2.62],
    [135., 92., 58., 2.60], [112., 66., 30., 2.56], [89., 40., 0., 2.50], [66., 14., -30., 2.38],
    [43., -12., -56., 2.22], [20., -36., -76., 2.05], [-4., -60., -72., 1.75], [-28., -66., -70., 1.20],
];

fn ribs(p: Vec3, cage: f32) -> f32 {
    if !(-1.0..12.0).contains(&cage) {
        return f32::MAX;
    }
    let angle = atan2(p.x.abs(), p.y - 10.0);
    let reach = Vec2::new(p.x, p.y - 10.0).length();
    let tilt = 2.0 * noise::smooth(Vec3::new(p.x / 60.0, p.y / 60.0, p.z / 18.0), 408);
    let mut nearest = f32::MAX;
    for (n, &[back, side, front, end]) in RIBS.iter().enumerate() {
        let middle = 1.62;
        let height = if angle < middle {
            let t = (angle - 0.3) / (middle - 0.3);
            lerp(back, side, t * t * 0.7 + 0.3 * t)
        } else {
            lerp(side, front, ((angle - middle) / (end - middle)).min(1.2))
        };
        let off = (p.z - height - tilt) * 0.86;
        let half = if n == 0 { 7.5 } else { 6.2 };
        let section = ellipse(Vec2::new(cage - 4.6, off), Vec2::new(3.0, half));
        nearest = nearest.min(section.max((angle - end) * reach).max((0.26 - angle) * reach));
    }
    nearest
}

/// Blade, spine and socket of the shoulder blade, and the head of the upper arm.
fn scapula(p: Vec3) -> f32 {
    let v = Vec3::new;
    let m = v(p.x.abs(), p.y, p.z + if p.x > 0.0 { 3.0 } else { 0.0 });
    // The blade is a triangle, seen nearly from the edge when the shoulders are rolled forward.
    let plane = 92.0 - 0.72 * (m.x - 100.0) - 0.0016 * (m.z - 130.0) * (m.z - 130.0);
    let outline = [Vec2::new(116.0, 58.0), Vec2::new(101.0, 150.0), Vec2::new(106.0, 194.0), Vec2::new(158.0, 184.0)];
    let blade = distance_to_curve(&outline, Vec2::new(m.x, m.z)).max((m.y - plane).abs() * 0.8 - 1.3);
    let border = capsule(m, v(118.0, 74.0, 62.0), v(152.0, 44.0, 178.0), 3.6, 5.0);
    let ridge = capsule(m, v(98.0, 92.0, 178.0), v(168.0, 40.0, 206.0), 3.4, 5.6);
    let coracoid = capsule(m, v(150.0, 26.0, 192.0), v(138.0, 4.0, 190.0), 6.0, 4.5);
    let socket = ellipsoid(m - v(160.0, 34.0, 180.0), v(9.0, 12.0, 19.0));
    let head = ellipsoid(m - v(186.0, 28.0, 184.0), v(24.0, 24.0, 25.0));
    let shaft = capsule(m, v(190.0, 28.0, 176.0), v(212.0, 30.0, 20.0), 14.0, 11.0);
    blade.min(border).min(ridge).min(coracoid).min(socket).min(smooth_min(head, shaft, 8.0))
}

fn sternum(p: Vec3) -> f32 {
    let front = lerp(-92.0, -54.0, ((p.z - 60.0) / 110.0).clamp(0.0, 1.0));
    let wide = lerp(15.0, 25.0, smoothstep(140.0, 172.0, p.z));
    (p.x.abs() - wide).max((p.y - front).abs() - 5.0).max((p.z - 112.0).abs() - 64.0)
}

fn spine(spot: &mut Spot, p: Vec3) {
    let line = 62.0 - 0.00045 * (p.z - 90.0) * (p.z - 90.0);
    let q = Vec3::new(p.x - 1.5 * noise::smooth(Vec3::new(0.0, 0.0, p.z / 90.0), 409), p.y - line, p.z);
    if q.x.abs() > 34.0 || q.y.abs() > 60.0 {
        return;
    }
    // The vertebrae get taller towards the feet.
    let pitch = lerp(27.0, 19.0, smoothstep(-140.0, 240.0, q.z));
    let within = (q.z / pitch - (q.z / pitch).round()) * pitch;
    let wide = lerp(21.0, 14.5, smoothstep(-140.0, 200.0, q.z));
    let waist = 1.6 * (1.0 - (within * 2.4 / pitch) * (within * 2.4 / pitch));
    let body = ellipse(Vec2::new(q.x, q.y), Vec2::new(wide - waist, 16.0)).max(within.abs() - pitch * 0.41);
    let m = Vec3::new(q.x.abs(), q.y, within);
    let v = Vec3::new;
    let pedicle = capsule(m, v(wide * 0.62, 12.0, 3.0), v(wide * 0.7, 26.0, 3.0), 4.4, 4.4);
    let transverse = capsule(m, v(wide * 0.7, 26.0, 2.0), v(30.0, 36.0, 4.0), 4.0, 3.6);
    let process = (q.x.abs() - 2.4).max((q.y - 42.0).abs() - 14.0).max((within + 0.5 * (q.y - 36.0)).abs() - 7.0);
    shell(spot, pedicle.min(transverse).min(process), 0.5);
    shell(spot, body, 0.55);
}

fn great_vessels() -> Tubes {
    let aorta = [
        [2.0, -24.0, 56.0, 15.0],
        [-12.0, -20.0, 92.0, 15.5],
        [-12.0, -8.0, 124.0, 15.0],
        [2.0, 12.0, 143.0, 14.5],
        [19.0, 32.0, 137.0, 14.0],
        [24.0, 42.0, 112.0, 13.0],
        [22.0, 42.0, 60.0, 12.5],
        [14.0, 38.0, -20.0, 12.0],
        [6.0, 30.0, -120.0, 11.0],
    ];
    let cava = [
        [-14.0, -20.0, 182.0, 8.0],
        [-24.0, -16.0, 150.0, 9.5],
        [-27.0, -14.0, 110.0, 10.0],
        [-26.0, -16.0, 60.0, 11.0],
    ];
    let left_artery =
        [[10.0, -24.0, 84.0, 14.0], [22.0, -8.0, 106.0, 13.0], [36.0, 14.0, 108.0, 11.0], [46.0, 26.0, 92.0, 8.0]];
    let right_artery =
        [[14.0, -10.0, 96.0, 12.0], [-14.0, 2.0, 96.0, 10.0], [-36.0, 8.0, 92.0, 9.0], [-46.0, 14.0, 70.0, 7.5]];
    let branches = [[0.0, 2.0, 150.0, 6.0], [-4.0, -2.0, 185.0, 6.0], [-18.0, 2.0, 225.0, 4.5]];
    let left_branch = [[16.0, 18.0, 148.0, 6.0], [22.0, 14.0, 190.0, 5.0], [30.0, 8.0, 228.0, 4.5]];
    let all: [&[[f32; 4]]; 6] = [&aorta, &cava, &left_artery, &right_artery, &branches, &left_branch];
    Tubes::new(all.into_iter().flat_map(|line| curve(line, 0)).collect(), 14.0)
}

fn airways() -> Tubes {
    let trachea = [[1.0, 8.0, 290.0, 8.5], [1.0, 14.0, 210.0, 8.5], [-1.0, 22.0, 150.0, 8.2], [-2.0, 24.0, 118.0, 8.0]];
    let right =
        [[-2.0, 24.0, 120.0, 7.5], [-20.0, 26.0, 98.0, 6.8], [-38.0, 28.0, 76.0, 5.0], [-46.0, 34.0, 48.0, 3.2]];
    let left = [[-2.0, 24.0, 120.0, 6.8], [22.0, 26.0, 102.0, 6.2], [42.0, 28.0, 86.0, 4.8], [52.0, 36.0, 60.0, 3.0]];
    Tubes::new([trachea, right, left].iter().flat_map(|line| curve(line, 0)).collect(), 2.0)
}

fn lung_vessels(thorax: &Thorax) -> Tubes {
    let mut random = Random::stream("film vessels", 0);
    let mut all = Vec::new();
    for side in [-1.0_f32, 1.0] {
        let lung = |p: Vec3| thorax.lung(p, thorax.cage.at(p));
        let hilum = Vec3::new(40.0 * side, 16.0, if side > 0.0 { 98.0 } else { 88.0 });
        let v = |x: f32, y: f32, z: f32| hilum + Vec3::new(x * side, y, z);
        let roots = [
            vec![hilum, v(7.0, 6.0, -18.0), v(11.0, 12.0, -38.0), v(14.0, 18.0, -56.0)],
            vec![hilum, v(8.0, 2.0, 16.0), v(14.0, 2.0, 34.0)],
            vec![v(-6.0, -10.0, -16.0), v(8.0, -16.0, -26.0), v(20.0, -22.0, -34.0)],
        ];
        let (low, high) = (Vec3::new(-140.0, -98.0, -80.0), Vec3::new(140.0, 96.0, 212.0));
        let wanted = |p: Vec3| p.x * side > 20.0 && lung(p) < -5.0;
        let places = scatter(low, high, 900, &mut random, wanted);
        let growth = Growth { step: 5.0, served: 9.0, pull: 120.0, twig: 0.75, law: 2.25, trunk: 7.5 };
        all.extend(grow(&roots, places, growth, |p| p.x * side > 12.0 && (lung(p) < 0.0 || p.distance(hilum) < 40.0)));
    }
    Tubes::new(all, 2.0)
}
