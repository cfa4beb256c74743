//! One body, seen by every scanner of the sample study.
//!
//! Patient space is LPS in millimetres with its origin between T12 and L1. A `Pose` says how the patient lies and how
//! far he has breathed in; organs below the ribs follow the breath, bones do not.

mod chest;
mod gut;
pub mod ink;
pub mod kidneys;
pub mod liver;
mod ribs;
mod spine;
mod torso;
mod vessels;
mod wall;

use super::maths::{smoothstep, turned_x, turned_z};
use super::noise;
use chest::Chest;
use glam::Vec3;
use gut::Gut;
use ink::{Ink, Label, MUSCLE, VISCERAL_FAT};
use kidneys::Kidneys;
use liver::Liver;
use torso::Torso;
use vessels::Vessels;
use wall::Depths;

/// Depth of the body against its outlines as drawn.
const STOUTNESS: f32 = 1.07;

/// How the patient lies and breathes, and how far the disease has come.
#[derive(Clone, Copy, Debug)]
pub struct Pose {
    pub shift_mm: Vec3,
    /// About the long axis of the body, and about the axis from right to left.
    pub turn: f32,
    pub nod: f32,
    /// How far the diaphragm stands above where it stood at the first study, mm.
    pub breath_mm: f32,
    /// Size of the liver lesion, against the first study.
    pub lesion_scale: f32,
}

impl Pose {
    pub const FIRST: Self = Self { shift_mm: Vec3::ZERO, turn: 0.0, nod: 0.0, breath_mm: 0.0, lesion_scale: 1.0 };

    /// From the scanner to the body at rest.
    fn bones(&self, p: Vec3) -> Vec3 {
        let p = turned_x(turned_z(p - self.shift_mm, -self.turn), -self.nod);
        // The outlines were drawn for a flatter patient.
        Vec3::new(p.x, p.y / STOUTNESS, p.z)
    }

    /// From the body at rest to the organs, which ride on the breath.
    fn organs(&self, p: Vec3) -> Vec3 {
        let moving = smoothstep(-150.0, 70.0, p.z) * smoothstep(75.0, 40.0, p.y);
        Vec3::new(p.x, p.y + 0.12 * self.breath_mm * moving, p.z - self.breath_mm * moving)
    }
}

#[derive(Debug)]
pub struct Body {
    torso: Torso,
    chest: Chest,
    liver: Liver,
    kidneys: Kidneys,
    gut: Gut,
    vessels: Vessels,
}

impl Body {
    pub fn new() -> Self {
        let torso = Torso::new();
        // Below the diaphragm and inside the wall, with the muscle itself left out.
        let below = |p: Vec3| {
            let cavity = torso.cavity(p);
            (cavity + 1.6).max(torso.diaphragm(p, -cavity) + 2.7)
        };
        let above = |p: Vec3| {
            let cavity = torso.cavity(p);
            (cavity + 1.8).max(-torso.diaphragm(p, -cavity))
        };
        let chest = Chest::new(above);
        let liver = Liver::new(below);
        let kidneys = Kidneys::new(below);
        let no_mesentery = Vessels::new(Vec::new(), |_| true);
        let gut = Gut::new(|p| {
            let solid = liver.distance(p).min(kidneys.distance(p)).min(no_mesentery.distance(p));
            solid.min(-torso.cavity(p) - 3.0)
        });
        let free = |p: Vec3| liver.distance(p) > 1.0 && kidneys.distance(p) > 1.0 && torso.cavity(p) < -3.0;
        let vessels = Vessels::new(gut.served.clone(), free);
        Self { torso, chest, liver, kidneys, gut, vessels }
    }

    /// What a scanner of the given sharpness sees at a place.
    pub fn look(&self, pose: &Pose, at: Vec3, edge_mm: f32) -> Ink {
        let mut ink = Ink::new(edge_mm);
        let p = pose.bones(at);
        let skin = self.torso.skin(p);
        if skin > 4.0 {
            return ink;
        }
        let fascia = self.torso.fascia(p);
        let cavity = if fascia < 6.0 { self.torso.cavity(p) } else { fascia };
        wall::paint(&mut ink, p, Depths { skin, fascia, cavity });
        if cavity < 4.0 {
            self.look_inside(&mut ink, pose, p, cavity);
        }
        if fascia < 4.0 {
            ribs::paint(&mut ink, p, cavity);
            spine::paint(&mut ink, p);
        }
        ink
    }

    fn look_inside(&self, ink: &mut Ink, pose: &Pose, bones: Vec3, cavity: f32) {
        let p = pose.organs(bones);
        let dome = self.torso.diaphragm(p, -cavity);
        let lung = (cavity + 1.8).max(-dome);
        if dome < 4.0 {
            let strands = noise::rough(p / 7.0, 2, 91);
            let web = strand(p);
            ink.lay(cavity.max(dome), MUSCLE, Label::None);
            let fat = VISCERAL_FAT.varied(7.0 * strands, 0.05 * strands).mixed(MUSCLE, web);
            ink.lay((cavity + 0.4).max(dome + 2.4), fat, Label::None);
        }
        if lung < 3.0 {
            self.chest.paint(ink, p, lung);
        }
        if dome < 2.0 {
            self.vessels.paint_fine(ink, p);
            self.gut.paint(ink, p);
            self.kidneys.paint(ink, p);
            self.liver.paint(ink, p, pose.lesion_scale);
        }
        self.vessels.paint(ink, p);
    }

    /// The outline of the patient, for what lies around him.
    pub fn outside(&self, pose: &Pose, at: Vec3) -> f32 {
        self.torso.skin(pose.bones(at))
    }
}

/// Folds of the peritoneum and small vessels in the fat of the belly: faint lines that come and go.
fn strand(p: Vec3) -> f32 {
    let folded = p + 6.0 * noise::displacement(p / 17.0, 92);
    let sheet = noise::smooth(folded / Vec3::new(12.0, 12.0, 20.0), 93);
    let second = noise::smooth(folded / Vec3::new(8.0, 8.0, 30.0), 94);
    let line = smoothstep(0.09, 0.0, sheet.abs()).max(0.8 * smoothstep(0.10, 0.0, second.abs()));
    0.26 * line * smoothstep(-0.1, 0.55, noise::smooth(p / 24.0, 95))
}

impl Default for Body {
    fn default() -> Self {
        Self::new()
    }
}
