//! Liver with its vessels, gallbladder, and the lesion that grows between the two CT studies.

use super::ink::{BILE, BLOOD_VEIN, Ink, LIVER, Label, METASTASIS, NECROSIS, VISCERAL_FAT, WALL};
use crate::sample::field::Field;
use crate::sample::loft::{Loft, Outline};
use crate::sample::maths::{smooth_min, smoothstep};
use crate::sample::noise;
use crate::sample::random::Random;
use crate::sample::tree::{Growth, grow, scatter};
use crate::sample::tube::{Tubes, curve};
use glam::{Vec2, Vec3};

#[rustfmt::skip]
const OUTLINES: &[Outline] = &[
    (-92.0, &[[-128., -2.], [-116., -10.], [-106., 0.], [-112., 14.], [-126., 12.]]),
    (-70.0, &[[-148., 5.], [-132., -34.], [-116., -46.], [-100., -42.], [-94., -24.], [-98., 4.], [-106., 24.], [-122., 30.], [-146., 26.]]),
    (-45.0, &[[-150., 0.], [-132., -48.], [-106., -72.], [-82., -74.], [-70., -62.], [-72., -42.], [-78., -20.], [-88., 10.], [-96., 36.], [-116., 44.], [-146., 32.]]),
    (-20.0, &[[-150., 0.], [-132., -58.], [-96., -88.], [-50., -92.], [-22., -82.], [-28., -64.], [-48., -50.], [-56., -34.], [-60., -12.], [-76., 14.], [-84., 40.], [-104., 56.], [-134., 50.], [-150., 28.]]),
    (0.0, &[[-150., 0.], [-132., -62.], [-88., -94.], [-30., -96.], [8., -84.], [26., -68.], [14., -54.], [-12., -47.], [-34., -40.], [-47., -24.], [-42., -8.], [-50., 6.], [-64., 22.], [-72., 46.], [-96., 64.], [-130., 60.], [-150., 30.]]),
    (28.0, &[[-152., 0.], [-132., -66.], [-82., -97.], [-18., -98.], [30., -86.], [56., -66.], [42., -47.], [13., -34.], [-6., -24.], [-3., -4.], [-12., 8.], [-32., 15.], [-46., 36.], [-62., 56.], [-86., 76.], [-124., 68.], [-150., 36.]]),
    (58.0, &[[-154., 0.], [-132., -68.], [-78., -98.], [-10., -98.], [42., -87.], [74., -62.], [60., -40.], [30., -26.], [8., -15.], [-2., 6.], [-20., 22.], [-46., 48.], [-76., 80.], [-118., 76.], [-152., 36.]]),
    (110.0, &[[-154., 0.], [-132., -68.], [-78., -98.], [-10., -98.], [42., -87.], [74., -62.], [60., -40.], [30., -26.], [8., -15.], [-2., 6.], [-20., 22.], [-46., 48.], [-76., 80.], [-118., 76.], [-152., 36.]]),
];

/// Where the metastasis sits (segment VIII/V) and its radius at the first study.
pub const LESION: Vec3 = Vec3::new(-99.0, -22.0, 27.0);
pub const LESION_RADIUS_MM: f32 = 11.0;

#[derive(Debug)]
pub struct Liver {
    shape: Field,
    portal: Tubes,
    hepatic: Tubes,
    gallbladder: Tubes,
}

impl Liver {
    /// `roof` is the distance to what bounds the liver: chest wall and diaphragm.
    pub fn new(roof: impl Fn(Vec3) -> f32 + Sync) -> Self {
        let loft = Loft::new(OUTLINES);
        let low = Vec3::new(-152.0, -104.0, -104.0);
        let high = Vec3::new(84.0, 90.0, 106.0);
        let shape = Field::sampled(low, high, 2.0, |p| {
            let bumps = 2.6 * noise::smooth(p / 34.0, 61) + 0.8 * noise::smooth(p / 11.0, 62);
            -smooth_min(-(loft.at(p) + bumps), 3.2 - roof(p), 6.0)
        });
        let gallbladder = curve(
            &[
                [-42., -30., -8., 2.5],
                [-47., -38., -14., 5.],
                [-54., -54., -30., 12.5],
                [-60., -68., -46., 15.],
                [-63., -76., -56., 11.],
            ],
            0,
        );
        let [portal, hepatic] = vessels(&shape);
        Self { shape, portal, hepatic, gallbladder: Tubes::new(gallbladder, 10.0) }
    }

    pub fn distance(&self, p: Vec3) -> f32 {
        self.shape.at(p)
    }

    pub fn paint(&self, ink: &mut Ink, p: Vec3, lesion_scale: f32) {
        let gallbladder = self.gallbladder.distance(p) + 0.8 * noise::smooth(p / 12.0, 63);
        let d = self.shape.at(p).max(1.5 - gallbladder);
        if d < 4.0 {
            ink.tint(d - 0.9 - 1.2 * noise::smooth(p / 15.0, 64), VISCERAL_FAT);
            let patch = noise::rough(p / 22.0, 3, 65);
            ink.lay(d, LIVER.varied(5.0 * patch, 0.07 * patch), Label::Liver);
        }
        if d < 4.0 {
            paint_fissure(ink, p);
        }
        if d < -1.0 {
            self.paint_vessels(ink, p);
            paint_lesion(ink, p, lesion_scale);
        }
        if gallbladder < 6.0 {
            ink.tint(gallbladder - 1.6, WALL);
            ink.lay(gallbladder, BILE.varied(0.0, 0.03 * noise::smooth(p / 9.0, 66)), Label::Gallbladder);
        }
    }

    fn paint_vessels(&self, ink: &mut Ink, p: Vec3) {
        let wavy = p + 1.3 * noise::displacement(p / 16.0, 67);
        let portal = self.portal.nearest(wavy);
        // Around the portal branches runs a sheath of fat and bile ducts.
        if portal.radius > 1.8 {
            ink.tint(portal.distance - 0.6, LIVER.varied(-24.0, 0.5));
        }
        ink.tint(portal.distance, BLOOD_VEIN);
        ink.tint(self.hepatic.distance(wavy), BLOOD_VEIN.varied(-3.0, 0.0));
    }
}

fn vessels(shape: &Field) -> [Tubes; 2] {
    let low = Vec3::new(-150.0, -100.0, -95.0);
    let high = Vec3::new(80.0, 85.0, 100.0);
    let mut random = Random::stream("liver vessels", 0);
    let mut inside = |count, depth: f32| scatter(low, high, count, &mut random, |p| shape.at(p) < -depth);
    let (first, second) = (inside(430, 5.0), inside(330, 7.0));
    let v = Vec3::new;
    let portal_roots = [
        vec![v(-38., -22., 6.), v(-50., -21., 13.), v(-62., -18., 17.), v(-76., -16., 18.)],
        vec![v(-50., -21., 13.), v(-36., -36., 22.), v(-18., -50., 27.), v(-4., -60., 30.)],
    ];
    let cava = v(-24., -2., 74.);
    let hepatic_roots = [
        vec![cava, v(-38., 3., 74.), v(-56., 6., 70.), v(-74., 6., 62.)],
        vec![cava, v(-28., -14., 75.), v(-36., -30., 68.), v(-44., -46., 54.)],
        vec![cava, v(-18., -14., 75.), v(-6., -30., 70.), v(10., -48., 62.)],
    ];
    let growth = Growth { step: 3.5, served: 6.5, pull: 60.0, twig: 0.8, law: 2.45, trunk: 6.8 };
    let stays = |p: Vec3| shape.at(p) < -2.5;
    let portal = grow(&portal_roots, first, growth, stays);
    let hepatic = grow(&hepatic_roots, second, Growth { trunk: 5.8, twig: 0.75, ..growth }, stays);
    [Tubes::new(portal, 3.0), Tubes::new(hepatic, 3.0)]
}

/// The round ligament runs in a cleft full of fat between the left and the quadrate lobe.
fn paint_fissure(ink: &mut Ink, p: Vec3) {
    let low = smoothstep(52.0, 0.0, p.z);
    let bend = 3.0 * noise::smooth(p / 16.0, 72);
    let cleft = (p.x - 3.0 - 0.22 * (p.y + 70.0) + bend).abs() - 2.2 * low;
    let depth = p.y + 88.0 - 34.0 * low;
    ink.lay(cleft.max(depth).max(p.z - 46.0), VISCERAL_FAT, Label::None);
    let ligament = Vec2::new(p.x - 5.0 + bend, p.y + 92.0 - 30.0 * low).length() - 2.4;
    ink.tint(ligament.max(p.z - 30.0), WALL.varied(-30.0, 0.0));
}

/// Distance to the surface of the metastasis. A scale of 1.4 is exactly the same shape 1.4 times as large.
pub fn lesion_distance(p: Vec3, scale: f32) -> f32 {
    let q = (p - LESION) / scale;
    let bulge = 2.3 * noise::smooth(q / 8.0 + Vec3::splat(3.1), 68) + 0.6 * noise::smooth(q / 3.5, 69);
    (q.length() - LESION_RADIUS_MM - bulge) * scale
}

fn paint_lesion(ink: &mut Ink, p: Vec3, scale: f32) {
    let d = lesion_distance(p, scale);
    if d > 6.0 {
        return;
    }
    // A soft margin, a rim that takes up some contrast, and a dead centre.
    let rim = smoothstep(-4.5, -0.5, d);
    let dead = smoothstep(-5.0, -9.0, d + 2.0 * noise::smooth(p / 4.0, 70));
    let grain = noise::rough(p / 4.0, 2, 71);
    let tissue = METASTASIS.mixed(NECROSIS, dead * 0.8).varied(26.0 * rim + 7.0 * grain, 0.12 * grain);
    let soft = (0.5 - d / 2.6).clamp(0.0, 1.0);
    ink.tissue = ink.tissue.mixed(tissue, soft);
    if d < 0.0 {
        ink.label = Label::LiverLesion;
    }
}
