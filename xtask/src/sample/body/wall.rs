//! Skin, fat and the muscles of the trunk.

use super::ink::{FAT, Ink, Label, MUSCLE, SKIN};
use super::spine;
use crate::sample::maths::{atan2, ellipse, lerp, smoothstep};
use crate::sample::noise;
use glam::{Vec2, Vec3};

/// Signed distances to the envelopes, negative inside.
#[derive(Clone, Copy, Debug)]
pub struct Depths {
    pub skin: f32,
    pub fascia: f32,
    pub cavity: f32,
}

pub fn paint(ink: &mut Ink, p: Vec3, depths: Depths) {
    ink.lay(depths.skin, SKIN, Label::None);
    if depths.skin > -4.0 + ink.edge_mm() || depths.skin < -1.0 {
        let lobules = noise::smooth(p / 6.0, 41);
        ink.lay(depths.skin + 2.0, FAT.varied(4.0 * lobules, 0.04 * lobules), Label::None);
    }
    paint_subcutaneous(ink, p, depths);
    if depths.fascia < 3.0 {
        paint_muscle(ink, p, depths);
    }
}

/// Thin septa and small vessels in the fat under the skin.
fn paint_subcutaneous(ink: &mut Ink, p: Vec3, depths: Depths) {
    if depths.fascia < 0.0 || depths.skin > -3.0 {
        return;
    }
    let folded = p + 5.0 * noise::displacement(p / 14.0, 42);
    let sheet = noise::smooth(Vec3::new(folded.x / 13.0, folded.y / 13.0, folded.z / 34.0), 43);
    let mixed = 0.22 * smoothstep(0.06, 0.0, sheet.abs()) * smoothstep(-0.2, 0.5, noise::smooth(p / 22.0, 44));
    ink.tissue = ink.tissue.mixed(MUSCLE, mixed);
    // Scarpa's fascia: one faint line half way down.
    let total = depths.fascia - depths.skin;
    if p.z < 20.0 {
        let line = depths.fascia - 0.45 * total + 1.2 * noise::smooth(p / 12.0, 45);
        ink.film(line, 0.22, MUSCLE);
    }
    let vessel = noise::smooth(Vec3::new(p.x / 5.0, p.y / 5.0, p.z / 60.0), 46);
    let share = smoothstep(0.86, 0.95, vessel) * 0.8;
    ink.tissue = ink.tissue.mixed(MUSCLE, share);
}

fn paint_muscle(ink: &mut Ink, p: Vec3, depths: Depths) {
    let fibre = Vec3::new(p.x / 4.5, p.y / 4.5, p.z / 22.0);
    let grain = noise::smooth(fibre, 51);
    ink.lay(depths.fascia, MUSCLE.varied(5.0 * grain, 0.1 * grain), Label::None);
    if depths.cavity < -2.0 {
        return;
    }
    let angle = atan2(p.x.abs(), p.y);
    let wall = depths.cavity - depths.fascia;
    let share = (depths.cavity / wall.max(1.0)).clamp(0.0, 1.0);
    paint_planes(ink, p, angle, share * wall, wall);
    paint_back(ink, p, depths);
    paint_front(ink, p, share, wall);
    // Fat between and within the bundles, more of it low in the back.
    let back = smoothstep(1.2, 0.4, angle) * smoothstep(60.0, -60.0, p.z);
    let marble = noise::rough(Vec3::new(p.x / 6.5, p.y / 6.5, p.z / 30.0), 2, 52);
    let fatty = smoothstep(lerp(0.46, 0.24, back), 0.60, marble) * ink.coverage(depths.fascia + 1.5) * 0.75;
    ink.tissue = ink.tissue.mixed(FAT, fatty);
}

/// Fat planes between the layers: three flat muscles below the ribs, two sheets over them above.
fn paint_planes(ink: &mut Ink, p: Vec3, angle: f32, depth: f32, wall: f32) {
    let side = smoothstep(0.75, 0.95, angle) * smoothstep(2.75, 2.45, angle);
    let wave = 0.9 * noise::smooth(p / 16.0, 53);
    let over_ribs = depth - 10.6 - wave;
    let width = 0.9 + 1.1 * (0.5 + noise::smooth(p / 25.0, 54)).max(0.0);
    ink.film(over_ribs, side * width, FAT);
    let inner = depth - 0.30 * wall + wave;
    let below_ribs = smoothstep(-15.0, -45.0, p.z + 40.0 * (angle - 1.6));
    ink.film(inner, side * below_ribs * 0.9, FAT);
    // A thin layer of fat lies between muscle and peritoneum.
    ink.film(depth - 0.4, 0.7, FAT);
}

/// The columns along the spine, the square muscle of the loin, and the planes between them.
fn paint_back(ink: &mut Ink, p: Vec3, depths: Depths) {
    let (y, _) = spine::line(p.z);
    let q = Vec2::new(p.x.abs(), p.y - y);
    if q.x > 110.0 || q.y < -6.0 {
        return;
    }
    let low = smoothstep(80.0, -60.0, p.z);
    let wave = Vec2::new(noise::smooth(p / 14.0, 55), noise::smooth(p / 14.0, 56)) * 1.6;
    let column = ellipse(
        q - Vec2::new(lerp(34.0, 38.0, low), lerp(43.0, 42.0, low)) + wave,
        Vec2::new(lerp(33.0, 37.0, low), lerp(16.0, 21.0, low)),
    );
    let patchy = smoothstep(-0.55, 0.45, noise::smooth(p / 15.0, 60));
    ink.film(column, 0.2 + 1.2 * patchy, FAT);
    let multifidus = ellipse(q - Vec2::new(13.0, 36.0) + wave, Vec2::new(12.0, 15.0));
    ink.film(multifidus.max(column), 0.75 * patchy * patchy, FAT);
    let lateral = q.x - lerp(38.0, 46.0, low) - 0.25 * (q.y - 40.0) + wave.x;
    if column < 0.0 {
        ink.film(lateral, 1.1 * (1.0 - patchy), FAT);
    }
    paint_loin(ink, p, q, column, depths);
}

/// Below the twelfth rib: fat between psoas, the square muscle, the column and the flat muscles of the side.
fn paint_loin(ink: &mut Ink, p: Vec3, q: Vec2, column: f32, depths: Depths) {
    let low = smoothstep(0.0, -40.0, p.z);
    if low == 0.0 {
        return;
    }
    let wave = 2.0 * noise::smooth(p / 13.0, 58);
    let square = ellipse(q - Vec2::new(64.0, 29.0), Vec2::new(17.0, 9.0)) + wave;
    let side_ends = q.x - 82.0 - 0.9 * depths.cavity - wave;
    let back_sheet = depths.fascia + 5.0 + wave;
    let gap = (0.8 - square).max(0.8 - column).max(side_ends).max(back_sheet).max(52.0 - q.x).max(18.0 - q.y);
    ink.tint(gap + 4.0 * (1.0 - low), FAT);
    let psoas = q.y - lerp(6.0, 24.0, ((q.x - 24.0) / 28.0).clamp(0.0, 1.0));
    if (22.0..56.0).contains(&q.x) {
        ink.film(psoas - 1.0, 1.5 * low, FAT);
    }
}

/// The straight muscle of the belly in its sheath, with the white line in the middle.
fn paint_front(ink: &mut Ink, p: Vec3, share: f32, wall: f32) {
    let below_margin = smoothstep(44.0, 26.0, p.z);
    if p.y > -40.0 || below_margin == 0.0 {
        return;
    }
    let across = p.x.abs() + 2.0 * noise::smooth(p / 20.0, 57);
    let depth = share * wall;
    // The flat muscles of the side end in a wedge at the edge of the sheath.
    let fat = (across - 70.0 + 1.6 * (depth - 0.6 * wall).abs()).max(0.8 - depth).max(depth - wall + 0.6);
    ink.tint(fat + 6.0 * (1.0 - below_margin), FAT);
    let half = lerp(30.0, 27.0, below_margin);
    let straight = ellipse(Vec2::new(across - half - 4.0, depth - 0.62 * wall), Vec2::new(half, 0.34 * wall));
    ink.tint(straight, MUSCLE.varied(4.0 * noise::smooth(p / 5.0, 59), 0.1));
    // Its sheath.
    if across < 70.0 {
        ink.film(depth - 0.24 * wall, 0.5, MUSCLE);
        ink.film(depth - wall + 0.8, 0.5, MUSCLE);
    }
}
