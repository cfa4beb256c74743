//! Ribs 5 to 12 with their cartilage, and the lower end of the breastbone.
//!
//! A rib runs in the chest wall at a fixed depth; where it is follows from the angle around the body.

use super::ink::{CARTILAGE, CORTEX, Ink, Label, RIB_MARROW, Tissue};
use crate::sample::maths::{atan2, ellipse, lerp, smoothstep};
use crate::sample::noise;
use glam::{Vec2, Vec3};

struct Rib {
    /// Height where the rib meets its vertebra.
    back: f32,
    /// Angle and height where bone ends (0 is the back, pi the front).
    joint: [f32; 2],
    /// Angle and height where the cartilage ends; the same as `joint` for a floating rib.
    front: [f32; 2],
}

const START: f32 = 0.36;
const RIBS: [Rib; 9] = [
    Rib { back: 230.0, joint: [2.62, 142.0], front: [3.06, 150.0] },
    Rib { back: 206.0, joint: [2.62, 110.0], front: [3.06, 120.0] },
    Rib { back: 182.0, joint: [2.56, 76.0], front: [3.06, 94.0] },
    Rib { back: 158.0, joint: [2.48, 42.0], front: [3.02, 74.0] },
    Rib { back: 133.0, joint: [2.34, 6.0], front: [2.93, 58.0] },
    Rib { back: 107.0, joint: [2.14, -24.0], front: [2.80, 36.0] },
    Rib { back: 80.0, joint: [1.98, -48.0], front: [2.60, 6.0] },
    Rib { back: 52.0, joint: [1.74, -52.0], front: [1.80, -54.0] },
    Rib { back: 23.0, joint: [1.10, -30.0], front: [1.15, -33.0] },
];
/// Centre of a rib, outwards from the inner side of the chest wall.
const DEPTH_MM: f32 = 5.2;

/// Paints bone and cartilage. `outside` is the distance out of the cavity.
pub fn paint(ink: &mut Ink, p: Vec3, outside: f32) {
    if !(-2.0..14.0).contains(&outside) {
        return;
    }
    let angle = atan2(p.x.abs(), p.y);
    let reach = Vec2::new(p.x, p.y).length();
    let side = if p.x > 0.0 { 1.5 } else { 0.0 };
    let wobble = 1.6 * noise::smooth(p / 30.0, 31);
    let mut bone = f32::MAX;
    let mut cartilage = f32::MAX;
    for rib in &RIBS {
        let (height, slope) = height_of(rib, angle, reach);
        let off = (p.z - height - side - wobble) / (1.0 + slope * slope).sqrt();
        if off.abs() > 14.0 {
            continue;
        }
        let in_section = Vec2::new(outside - DEPTH_MM, off);
        let past_joint = (angle - rib.joint[0]) * reach;
        let before_start = (START - angle) * reach;
        let solid = ellipse(in_section, Vec2::new(3.5, 6.4));
        bone = bone.min(solid.max(past_joint).max(before_start));
        let soft = ellipse(in_section, Vec2::new(4.2, 6.6));
        cartilage = cartilage.min(soft.max((angle - rib.front[0]) * reach).max(-past_joint));
    }
    let (sternum, xiphoid) = breastbone(p, outside);
    ink.lay(cartilage.min(xiphoid), CARTILAGE.varied(18.0 * noise::smooth(p / 3.0, 32), 0.1), Label::None);
    // Calcified spots along the edge of the cartilage.
    let chalk = smoothstep(0.45, 0.8, noise::smooth(p / 3.5, 33)) * ink.coverage((cartilage + 1.0).abs() - 1.0);
    ink.tissue.hu += 170.0 * chalk;
    let bone = bone.min(sternum) + 0.5 * noise::smooth(p / 4.0, 34);
    let grain = noise::smooth(p / 2.5, 35);
    ink.lay(bone, Tissue { hu: 900.0, ..CORTEX }, Label::Ribs);
    ink.tint(bone + 1.5, RIB_MARROW.varied(60.0 * grain, 0.1 * grain));
}

fn height_of(rib: &Rib, angle: f32, reach: f32) -> (f32, f32) {
    let [joint, low] = rib.joint;
    if angle < joint {
        let t = ((angle - START) / (joint - START)).max(0.0);
        let height = lerp(rib.back, low, 0.55 * t + 0.45 * smoothstep(0.0, 1.0, t));
        (height, (rib.back - low) / ((joint - START) * reach.max(60.0)))
    } else {
        let [front, high] = rib.front;
        let t = ((angle - joint) / (front - joint).max(0.05)).min(1.0);
        (lerp(low, high, t * t), (high - low) * 2.0 * t / ((front - joint).max(0.05) * reach.max(60.0)))
    }
}

fn breastbone(p: Vec3, outside: f32) -> (f32, f32) {
    let across = p.x.abs();
    let thick = (outside - 7.0).abs();
    let sternum = Vec3::new(across - 15.0, thick - 5.0, 84.0 - p.z).max_element();
    let narrow = lerp(4.0, 10.0, ((p.z - 52.0) / 32.0).clamp(0.0, 1.0));
    let xiphoid = Vec3::new(across - narrow, (outside - 6.0).abs() - 3.0, (p.z - 68.0).abs() - 16.0).max_element();
    let front = if p.y < 0.0 { 0.0 } else { 100.0 };
    (sternum + front, xiphoid + front)
}
