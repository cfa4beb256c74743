//! What lies above the diaphragm: lungs with their vessels and fissures, the heart and the fat around it.

use super::ink::{AIR, BLOOD_VEIN, FAT, HEART_BLOOD, Ink, LUNG, Label, MUSCLE, MYOCARDIUM, Tissue};
use crate::sample::loft::{Loft, Outline};
use crate::sample::maths::{along, capsule, ellipsoid, lerp, smooth_min, smoothstep};
use crate::sample::noise;
use crate::sample::random::Random;
use crate::sample::tree::{Growth, grow, scatter};
use crate::sample::tube::Tubes;
use glam::Vec3;

#[rustfmt::skip]
const MEDIASTINUM: &[Outline] = &[
    (0.0, &[[18., 14.], [16., 30.], [0., 34.], [-16., 30.], [-14., 14.], [2., 4.]]),
    (40.0, &[[30., 6.], [30., 24.], [18., 38.], [0., 36.], [-18., 36.], [-22., 20.], [-14., 4.], [8., -8.]]),
    (66.0, &[[30., -8.], [30., 22.], [20., 40.], [0., 38.], [-19., 38.], [-22., 20.], [-34., 2.], [-34., -14.], [-10., -20.], [14., -16.]]),
    (80.0, &[[82., -52.], [76., -35.], [56., -26.], [36., -17.], [26., 2.], [34., 18.], [33., 34.], [20., 43.], [0., 38.], [-19., 39.], [-21., 20.], [-26., 8.], [-37., 2.], [-38., -18.], [-26., -40.], [0., -64.], [46., -74.], [72., -66.]]),
    (96.0, &[[90., -50.], [84., -28.], [60., -14.], [42., -2.], [36., 12.], [39., 24.], [35., 37.], [22., 45.], [0., 40.], [-19., 40.], [-22., 22.], [-30., 7.], [-39., 0.], [-45., -22.], [-37., -58.], [0., -80.], [50., -80.], [80., -68.]]),
    (125.0, &[[94., -40.], [84., -14.], [60., 8.], [44., 22.], [42., 36.], [26., 46.], [0., 42.], [-19., 42.], [-24., 22.], [-38., 10.], [-50., -18.], [-44., -54.], [-14., -82.], [40., -82.], [80., -66.]]),
    (155.0, &[[84., -34.], [72., -6.], [56., 14.], [46., 26.], [43., 38.], [27., 48.], [0., 44.], [-19., 44.], [-26., 26.], [-40., 14.], [-50., -10.], [-46., -48.], [-20., -82.], [30., -82.], [68., -66.]]),
];

#[derive(Debug)]
pub struct Chest {
    mediastinum: Loft,
    vessels: Tubes,
    bronchi: Tubes,
}

impl Chest {
    /// `lung` is the distance to the surface of the lungs before the mediastinum is taken out.
    pub fn new(lung: impl Fn(Vec3) -> f32 + Sync) -> Self {
        let mediastinum = Loft::new(MEDIASTINUM);
        let aerated = |p: Vec3| lung(p).max(-mediastinum.at(p));
        let (vessels, bronchi) = lung_trees(aerated);
        Self { mediastinum, vessels, bronchi }
    }

    /// `lung` is the distance to the pleura of chest wall and diaphragm.
    pub fn paint(&self, ink: &mut Ink, p: Vec3, lung: f32) {
        let middle = self.mediastinum.at(p) + 1.4 * noise::smooth(p / 13.0, 141);
        if lung > 3.0 {
            return;
        }
        let grain = noise::smooth(p / 7.0, 142);
        ink.lay(lung, FAT.varied(6.0 * grain, 0.0), Label::None);
        self.paint_lung(ink, p, lung.max(-middle));
        if middle < 2.0 {
            paint_heart(ink, p, lung);
        }
    }

    fn paint_lung(&self, ink: &mut Ink, p: Vec3, lung: f32) {
        if lung > 2.0 {
            return;
        }
        // Gravity: the back of a lying patient's lung holds more blood and less air.
        let dependent = smoothstep(-60.0, 85.0, p.y);
        let lobules = noise::rough(p / 9.0, 3, 143);
        let stripes = smoothstep(14.0, 0.0, -lung) * dependent;
        let tissue = LUNG.varied(52.0 * dependent + 22.0 * lobules + 70.0 * stripes * stripes, 0.3 * lobules);
        let label = if p.x > 0.0 { Label::LeftLung } else { Label::RightLung };
        ink.tint(lung - 1.0, MUSCLE);
        ink.lay(lung, tissue, label);
        if lung > -1.0 {
            return;
        }
        // The oblique fissure: a line with a bare strip on both sides.
        let side = if p.x > 0.0 { -14.0 } else { -22.0 };
        let bulge = (p.x.abs() - 84.0) / 40.0;
        let fissure =
            (p.y - side - 0.62 * (118.0 - p.z) + 9.0 * bulge * bulge) * 0.85 + 5.0 * noise::smooth(p / 38.0, 144);
        ink.film(fissure, 0.20, MUSCLE);
        let wavy = p + 1.6 * noise::displacement(p / 11.0, 145);
        let bronchus = self.bronchi.nearest(wavy);
        ink.tint(bronchus.distance - 0.9, MUSCLE);
        ink.tint(bronchus.distance, AIR);
        let vessel = self.vessels.distance(wavy).max(1.0 - bronchus.distance);
        ink.tint(vessel, Tissue { hu: 120.0, ..BLOOD_VEIN });
    }
}

fn lung_trees(aerated: impl Fn(Vec3) -> f32) -> (Tubes, Tubes) {
    let mut random = Random::stream("lung vessels", 0);
    let mut vessels = Vec::new();
    let mut bronchi = Vec::new();
    for side in [-1.0_f32, 1.0] {
        let (low, high) = (
            Vec3::new(14.0_f32.min(150.0 * side), -90.0, -25.0),
            Vec3::new((-14.0_f32).max(150.0 * side), 85.0, 165.0),
        );
        let wanted = |p: Vec3| p.x * side > 14.0 && aerated(p) < -3.0;
        let hilum = Vec3::new(40.0 * side, 12.0, 176.0);
        let lower = Vec3::new(46.0 * side, 26.0, 150.0);
        let root = vec![hilum, Vec3::new(43.0 * side, 20.0, 164.0), lower, Vec3::new(52.0 * side, 32.0, 138.0)];
        let growth = Growth { step: 4.0, served: 6.0, pull: 70.0, twig: 0.62, law: 2.6, trunk: 6.0 };
        let stays = |p: Vec3| p.x * side > 10.0 && (p.z > 140.0 || aerated(p) < 1.0);
        let places = scatter(low, high, 1100, &mut random, wanted);
        // Veins run apart from the arteries, towards the left atrium.
        let venous_root: Vec<Vec3> = root.iter().map(|&p| p + Vec3::new(-6.0 * side, -16.0, -6.0)).collect();
        vessels.extend(grow(std::slice::from_ref(&root), places, growth, stays));
        let places = scatter(low, high, 600, &mut random, wanted);
        vessels.extend(grow(&[venous_root], places, growth, stays));
        let airway: Vec<Vec3> = root.iter().map(|&p| p + Vec3::new(6.0 * side, -4.0, 0.0)).collect();
        let places = scatter(low, high, 22, &mut random, |p| wanted(p) && p.z > 60.0 && aerated(p) < -18.0);
        bronchi.extend(grow(&[airway], places, Growth { twig: 0.9, trunk: 3.4, ..growth }, stays));
    }
    (Tubes::new(vessels, 3.0), Tubes::new(bronchi, 3.5))
}

fn paint_heart(ink: &mut Ink, p: Vec3, lung: f32) {
    let v = Vec3::new;
    let q = p + 2.0 * noise::displacement(p / 18.0, 146);
    let left_axis = (v(28.0, -10.0, 126.0), v(74.0, -48.0, 95.0));
    let left_outer = capsule(q, left_axis.0, left_axis.1, 32.0, 19.0);
    let left_inner = capsule(q, left_axis.0, left_axis.1, 22.5, 9.0);
    let right_outer = capsule(q, v(-4.0, -44.0, 112.0), v(52.0, -60.0, 90.0), 26.0, 17.0);
    let right_inner = (right_outer + 4.0).max(-(left_outer - 0.5));
    let right_atrium = ellipsoid(q - v(-23.0, -24.0, 122.0), v(23.0, 27.0, 36.0));
    let left_atrium = ellipsoid(q - v(10.0, 8.0, 150.0), v(30.0, 17.0, 22.0));
    let outer = smooth_min(smooth_min(left_outer, right_outer, 7.0), right_atrium.min(left_atrium), 3.0);
    // The heart rests on the diaphragm and keeps off the chest wall.
    let outer = outer.max(lung + 4.0);
    ink.film(outer - 4.0 - 2.0 * noise::smooth(p / 17.0, 147), 0.5, MUSCLE);
    if outer > 2.0 {
        return;
    }
    let grain = noise::smooth(p / 8.0, 148);
    ink.lay(outer, MYOCARDIUM.varied(5.0 * grain, 0.1 * grain), Label::Heart);
    // Fat in the grooves between atria and ventricles, with a coronary artery in it.
    let (t, from_groove) = along(q, v(-6.0, -66.0, 118.0), v(-10.0, -14.0, 104.0));
    let groove = from_groove - lerp(3.6, 2.8, t);
    ink.lay(groove.max(outer - 3.0), FAT, Label::None);
    ink.tint(from_groove - 1.2, HEART_BLOOD);
    let trabeculae = 1.8 * noise::smooth(p / 4.5, 149);
    let chambers =
        (left_inner + trabeculae).min(right_inner + trabeculae).min(right_atrium + 2.2).min(left_atrium + 2.2);
    ink.tint(chambers.max(outer + 2.2).max(1.0 - groove), HEART_BLOOD);
}
