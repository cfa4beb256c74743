//! Spleen, kidneys with cortex, pyramids and sinus, the cyst that stays as it is, and the adrenal glands.

use super::ink::{
    ADRENAL, BLOOD_VEIN, CYST, Ink, KIDNEY_CORTEX, KIDNEY_MEDULLA, Label, MUSCLE, SPLEEN, URINE, VISCERAL_FAT,
};
use crate::sample::field::Field;
use crate::sample::loft::{Loft, Outline};
use crate::sample::maths::{capsule, ellipsoid, smooth_min, smoothstep, turned_x, turned_y, turned_z};
use crate::sample::noise;
use glam::Vec3;

#[rustfmt::skip]
const SPLEEN_OUTLINES: &[Outline] = &[
    (-26.0, &[[124., 22.], [112., 18.], [104., 32.], [110., 46.], [124., 42.]]),
    (0.0, &[[148., 12.], [138., 50.], [112., 62.], [92., 56.], [94., 42.], [103., 24.], [112., 2.], [142., -8.]]),
    (30.0, &[[152., 0.], [140., 50.], [112., 74.], [86., 72.], [82., 60.], [92., 46.], [96., 32.], [92., 18.], [106., -6.], [118., -30.], [148., -32.]]),
    (58.0, &[[152., 10.], [134., 60.], [104., 80.], [84., 76.], [86., 60.], [95., 44.], [102., 22.], [113., -10.], [146., -22.]]),
    (88.0, &[[148., 10.], [126., 56.], [98., 70.], [80., 66.], [92., 46.], [110., 26.], [122., 2.], [142., -12.]]),
];

/// A kidney's own frame: z along its length, x out of the hilum, y across.
#[derive(Debug)]
struct Kidney {
    centre: Vec3,
    semi: Vec3,
    /// -1 on the patient's right, 1 on the left.
    side: f32,
    seed: u32,
}

impl Kidney {
    fn local(&self, p: Vec3) -> Vec3 {
        let q = p - self.centre;
        // Upper poles lean towards the spine and the back; the hilum looks inwards and to the front.
        let q = turned_y(q, self.side * 0.26);
        let q = turned_x(q, -0.16);
        let q = Vec3::new(-self.side * q.x, q.y, q.z);
        turned_z(q, 0.60)
    }

    fn surface(&self, q: Vec3) -> f32 {
        // The bean is bent around its hilum.
        let bent = Vec3::new(q.x + 0.0042 * q.z * q.z, q.y, q.z);
        let lobes = 0.9 * noise::smooth(q / 13.0, self.seed);
        ellipsoid(bent - Vec3::new(2.0, 0.0, 0.0), self.semi) + lobes
    }

    fn sinus(&self, q: Vec3) -> f32 {
        let room = ellipsoid(q - Vec3::new(13.0, 0.0, 0.0), Vec3::new(20.0, 8.5, 26.0));
        room + 3.4 * noise::smooth(q / 8.0, self.seed ^ 1) + 1.2 * noise::smooth(q / 3.5, self.seed ^ 2)
    }

    fn paint(&self, ink: &mut Ink, p: Vec3, label: Label) {
        let q = self.local(p);
        if q.x.abs() > 52.0 || q.y.abs() > 48.0 || q.z.abs() > 80.0 {
            return;
        }
        let surface = self.surface(q);
        // Gerota's fascia: a hair line in the fat around the kidney.
        let gerota = surface - 11.0 - 3.0 * noise::smooth(p / 20.0, 81);
        ink.film(gerota, 0.20, MUSCLE);
        if surface > 2.0 {
            return;
        }
        let sinus = self.sinus(q);
        let grain = noise::rough(p / 7.0, 2, 82);
        ink.lay(surface, KIDNEY_CORTEX.varied(5.0 * grain, 0.05 * grain), label);
        let pyramid = self.pyramid(q, surface, sinus);
        ink.tint(pyramid, KIDNEY_MEDULLA.varied(5.0 * grain, 0.05 * grain));
        ink.lay(sinus.max(surface - 3.0), VISCERAL_FAT.varied(12.0, 0.0), Label::None);
        self.paint_hilum(ink, q, sinus);
    }

    /// Cones with their tips in the sinus, separated by columns of cortex.
    fn pyramid(&self, q: Vec3, surface: f32, sinus: f32) -> f32 {
        let q = q + 3.5 * noise::displacement(q / 15.0, self.seed ^ 5);
        let from_hilum = q - Vec3::new(10.0, 0.0, q.z * 0.45);
        let around = crate::sample::maths::atan2(from_hilum.y, -from_hilum.x);
        let cell = Vec3::new(q.z / 16.5 + 0.35 * noise::smooth(q / 30.0, self.seed ^ 6), around / 0.95, 0.0);
        let offset = cell - cell.round();
        let wide = 0.35 + 0.10 * noise::smooth(q / 12.0, self.seed ^ 3);
        let in_cone = (offset.x * offset.x + offset.y * offset.y).sqrt() - wide;
        let below_cortex = surface + 7.5 + 1.5 * noise::smooth(q / 8.0, self.seed ^ 4);
        (in_cone * 14.0).max(below_cortex).max(-sinus)
    }

    /// Pelvis, calices and vessels in the fat of the sinus.
    fn paint_hilum(&self, ink: &mut Ink, q: Vec3, sinus: f32) {
        let v = Vec3::new;
        let pelvis = ellipsoid(q - v(22.0, 2.0, -4.0), v(11.0, 5.0, 7.0));
        let mut calices = pelvis;
        for z in [-20.0, -7.0, 7.0, 20.0] {
            let calix = capsule(q, v(18.0, 1.0, z * 0.4 - 3.0), v(4.0, 0.0, z), 2.6, 3.4);
            calices = smooth_min(calices, calix, 2.0);
        }
        ink.tint(calices.max(sinus), URINE);
        let mut vessel = capsule(q, v(40.0, -5.0, 2.0), v(20.0, -4.5, 0.0), 4.4, 3.6);
        for z in [-24.0, -13.0, 0.0, 13.0, 24.0] {
            vessel =
                vessel.min(capsule(q, v(20.0, -4.5, z * 0.15), v(1.0, if z > 0.0 { -4.5 } else { 4.5 }, z), 2.4, 1.5));
        }
        ink.tint(vessel.max(sinus - 4.0), BLOOD_VEIN);
    }
}

#[derive(Debug)]
pub struct Kidneys {
    spleen: Field,
    right: Kidney,
    left: Kidney,
}

/// Where the simple cyst bulges out of the left kidney.
pub const CYST_CENTRE: Vec3 = Vec3::new(99.0, 30.0, -36.0);
pub const CYST_RADIUS_MM: f32 = 11.5;

impl Kidneys {
    pub fn new(roof: impl Fn(Vec3) -> f32 + Sync) -> Self {
        let loft = Loft::new(SPLEEN_OUTLINES);
        let spleen = Field::sampled(Vec3::new(62.0, -34.0, -34.0), Vec3::new(154.0, 86.0, 92.0), 2.0, |p| {
            let bumps = 2.0 * noise::smooth(p / 22.0, 83) + 0.8 * noise::smooth(p / 9.0, 84);
            -smooth_min(-(loft.at(p) + bumps), -roof(p), 5.0)
        });
        let right =
            Kidney { centre: Vec3::new(-66.0, 30.0, -34.0), semi: Vec3::new(28.0, 25.0, 54.0), side: -1.0, seed: 91 };
        let left =
            Kidney { centre: Vec3::new(68.0, 31.0, -14.0), semi: Vec3::new(28.5, 26.0, 57.0), side: 1.0, seed: 95 };
        Self { spleen, right, left }
    }

    /// Free distance to the nearest of these organs.
    pub fn distance(&self, p: Vec3) -> f32 {
        let right = self.right.surface(self.right.local(p));
        let left = self.left.surface(self.left.local(p));
        self.spleen.at(p).min(right).min(left).min(p.distance(CYST_CENTRE) - CYST_RADIUS_MM)
    }

    pub fn paint(&self, ink: &mut Ink, p: Vec3) {
        let spleen = self.spleen.at(p);
        if spleen < 4.0 {
            ink.tint(spleen - 0.8, VISCERAL_FAT);
            let grain = noise::rough(p / 16.0, 2, 85);
            ink.lay(spleen, SPLEEN.varied(4.0 * grain, 0.05 * grain), Label::Spleen);
        }
        self.right.paint(ink, p, Label::RightKidney);
        self.left.paint(ink, p, Label::LeftKidney);
        let cyst = cyst_distance(p);
        ink.tint(cyst - 0.5, KIDNEY_CORTEX.varied(-110.0, -0.4));
        ink.lay(cyst, CYST, Label::KidneyCyst);
        paint_adrenals(ink, p);
    }
}

pub fn cyst_distance(p: Vec3) -> f32 {
    p.distance(CYST_CENTRE) - CYST_RADIUS_MM + 0.5 * noise::smooth(p / 9.0, 86)
}

fn paint_adrenals(ink: &mut Ink, p: Vec3) {
    let v = Vec3::new;
    let flat = Vec3::new(1.0, 1.0, 0.45);
    let q = (p + 1.5 * noise::displacement(p / 9.0, 87)) * flat;
    let z = |height: f32| height * 0.45;
    let mut gland = f32::MAX;
    // Each is an upside-down Y: a body and two limbs.
    for [body, inner, outer] in [
        [v(37., 8., z(20.)), v(33., 22., z(18.)), v(46., 20., z(16.))],
        [v(-36., 12., z(24.)), v(-31., 27., z(22.)), v(-40., 28., z(20.))],
    ] {
        gland = gland.min(capsule(q, body, inner, 2.6, 2.0)).min(capsule(q, body, outer, 2.6, 1.8));
    }
    let fade = smoothstep(13.0, 17.0, (p.z - 20.0).abs()) * 6.0;
    ink.tint(gland + fade, ADRENAL);
}
