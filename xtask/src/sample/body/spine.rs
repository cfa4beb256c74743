//! Vertebrae T7 to L5 with their arches and processes, discs, and what lies in the canal.

use super::ink::{CEREBROSPINAL, CORD, CORTEX, DISC, FAT, Ink, Label, MARROW, Tissue};
use crate::sample::maths::{capsule, ellipse, lerp, smooth_min, smoothstep};
use crate::sample::noise;
use glam::{Vec2, Vec3};

/// Heights of the vertebral centres, L5 first.
const CENTRES: [f32; 12] = [-162.0, -127.0, -91.0, -55.0, -20.0, 13.0, 43.0, 71.0, 98.0, 124.0, 149.0, 173.0];
/// The line through the vertebral centres: (z, y).
const LINE: [[f32; 2]; 6] = [[-170.0, 20.0], [-120.0, 23.0], [-60.0, 30.0], [0.0, 36.5], [70.0, 41.5], [170.0, 46.0]];

#[derive(Clone, Copy)]
struct Vertebra {
    half_width: f32,
    half_depth: f32,
    half_height: f32,
    /// 0 in the chest, 1 in the loin: how the processes point.
    lumbar: f32,
}

impl Vertebra {
    fn at(z: f32) -> Self {
        let t = ((150.0 - z) / 280.0).clamp(0.0, 1.0);
        Self {
            half_width: lerp(14.5, 24.0, t),
            half_depth: lerp(14.0, 17.0, t),
            half_height: lerp(10.4, 14.0, t),
            lumbar: smoothstep(45.0, -10.0, z),
        }
    }

    fn body(&self, q: Vec3) -> f32 {
        // The waist between the end plates, and the flat back towards the canal.
        let waist = 2.2 * (1.0 - (q.z / self.half_height) * (q.z / self.half_height)).max(0.0);
        let round = ellipse(Vec2::new(q.x, q.y), Vec2::new(self.half_width, self.half_depth) - waist);
        let back = q.y - self.half_depth + 2.4 + 0.004 * q.x * q.x;
        let hollow = 1.6 * (1.0 - (q.x * q.x + q.y * q.y) / 260.0).max(0.0);
        let plates = q.z.abs() - self.half_height + hollow;
        -smooth_min(-round.max(back), -plates, 3.0)
    }

    fn canal(&self, q: Vec3) -> f32 {
        ellipse(Vec2::new(q.x, q.y - self.half_depth - 7.4), Vec2::new(11.0, 7.6))
    }

    fn arch(&self, q: Vec3) -> f32 {
        let (b, h, l) = (self.half_depth, self.half_height, self.lumbar);
        let m = Vec3::new(q.x.abs(), q.y - b, q.z);
        let v = Vec3::new;
        let pedicle = capsule(m, v(self.half_width * 0.62, -4.0, h * 0.35), v(13.6, 10.0, h * 0.3), 4.6, 4.2);
        let superior = capsule(m, v(16.6, 9.5, h * 1.05), v(14.5, 12.0, 0.0), 3.0, 4.0);
        let inferior = capsule(m, v(13.0, 14.5, 0.0), v(12.2, 15.8, -h * 1.3), 4.0, 3.0);
        let lamina = capsule(m, v(13.5, 14.0, 1.0), v(1.5, 20.5, -3.0), 3.2, 3.0);
        let lower_lamina = capsule(m, v(12.5, 15.0, -6.0), v(1.5, 21.0, -9.0), 2.8, 2.8);
        let chest = capsule(m, v(13.0, 12.5, 2.0), v(28.0, 21.0, 5.0), 4.4, 4.8);
        let loin = capsule(m, v(14.0, 11.0, 1.0), v(37.0, 10.0, 3.0), 3.6, 2.6);
        let transverse = lerp(chest, loin, l);
        let ring = smooth_min(smooth_min(pedicle, superior.min(inferior), 3.0), lamina.min(lower_lamina), 3.0);
        smooth_min(smooth_min(ring, transverse, 3.0), self.spinous(m), 3.0)
    }

    fn spinous(&self, m: Vec3) -> f32 {
        let slope = lerp(0.75, 0.22, self.lumbar);
        let z = m.z + 5.0 + slope * (m.y - 20.0);
        let (length, height) = (22.0, lerp(4.5, 8.0, self.lumbar));
        let tip = ((m.y - 20.0) / length).clamp(0.0, 1.0);
        let thick = 1.7 + 1.5 * tip * tip;
        let outside = Vec3::new(m.x - thick, (m.y - 31.0).abs() - 11.0, z.abs() - height);
        outside.max(Vec3::ZERO).length() + outside.max_element().min(0.0) - 0.8
    }
}

/// The line through the vertebral bodies: y and its slope at a height.
pub fn line(z: f32) -> (f32, f32) {
    let n = (1..LINE.len() - 1).find(|&n| z < LINE[n][0]).unwrap_or(LINE.len() - 1);
    let [[z0, y0], [z1, y1]] = [LINE[n - 1], LINE[n]];
    let t = smoothstep(0.0, 1.0, (z - z0) / (z1 - z0)) * 0.4 + 0.6 * (z - z0) / (z1 - z0);
    (lerp(y0, y1, t), (y1 - y0) / (z1 - z0))
}

/// Paints bone, disc and canal; far from the spine it does nothing.
pub fn paint(ink: &mut Ink, p: Vec3) {
    let (y, slope) = line(p.z);
    let q = Vec3::new(p.x - 1.5 * noise::smooth(Vec3::new(0.0, 0.0, p.z / 80.0), 21), p.y - y, p.z);
    if q.x.abs() > 46.0 || q.y < -24.0 || q.y > 66.0 {
        return;
    }
    let rough = 0.7 * noise::smooth(p / 5.0, 22) + 0.5 * noise::smooth(p / 2.3, 23);
    let height = q.z + slope * q.y;
    let mut bone = f32::MAX;
    let mut body = f32::MAX;
    for centre in CENTRES {
        let local = Vec3::new(q.x, q.y, height - centre);
        if local.z.abs() < 34.0 {
            let vertebra = Vertebra::at(centre);
            let this_body = vertebra.body(local);
            body = body.min(this_body);
            bone = bone.min(this_body.min(vertebra.arch(local).max(-vertebra.canal(local))));
        }
    }
    let vertebra = Vertebra::at(p.z);
    let canal = vertebra.canal(q);
    paint_disc(ink, q, body, vertebra);
    paint_canal(ink, q, canal, vertebra, p.z);
    paint_bone(ink, p, bone + rough * 0.6, body);
}

fn paint_disc(ink: &mut Ink, q: Vec3, body: f32, vertebra: Vertebra) {
    let flat = Vec2::new(q.x, q.y);
    let around = ellipse(flat, Vec2::new(vertebra.half_width - 0.6, vertebra.half_depth - 0.6));
    let disc = around.max(q.y - vertebra.half_depth + 2.2);
    let nucleus = smoothstep(0.0, -9.0, around);
    ink.lay(disc, DISC.varied(14.0 * (1.0 - nucleus), 0.9 * nucleus - 0.45), Label::Spine);
    // The rim of the end plates stands out a little: the first sign of age.
    ink.film(body.max(around.abs() - 2.0), 0.8, CORTEX);
}

fn paint_canal(ink: &mut Ink, q: Vec3, canal: f32, vertebra: Vertebra, z: f32) {
    if canal > 2.0 {
        return;
    }
    ink.lay(canal, FAT.varied(45.0, -0.1), Label::SpinalCanal);
    let centre = Vec2::new(q.x, q.y - vertebra.half_depth - 6.8);
    ink.tint(ellipse(centre, Vec2::new(8.8, 6.4)), CEREBROSPINAL);
    // The cord ends at L1; below it the roots of the cauda equina hang towards the back.
    let cord = ellipse(centre, Vec2::new(4.6, 3.6)) + smoothstep(-2.0, -30.0, z) * 6.0;
    ink.tint(cord, CORD);
    let roots = noise::smooth(Vec3::new(q.x / 1.4, q.y / 1.4, z / 30.0), 24);
    if z < -10.0 && centre.y > -0.5 {
        let share = smoothstep(0.2, 0.7, roots) * ink.coverage(ellipse(centre, Vec2::new(7.0, 5.4)));
        ink.tissue = ink.tissue.mixed(CORD, share);
    }
}

fn paint_bone(ink: &mut Ink, p: Vec3, bone: f32, body: f32) {
    if bone > ink.edge_mm() {
        return;
    }
    let in_body = body < bone + 0.8;
    let trabeculae =
        noise::smooth(Vec3::new(p.x / 2.1, p.y / 2.1, p.z / 4.0), 25) * 0.6 + noise::smooth(p / 8.0, 26) * 0.5;
    let marrow = MARROW.varied(46.0 * trabeculae, 0.14 * trabeculae);
    let (shell, cortex): (f32, Tissue) =
        if in_body { (1.1, Tissue { hu: 620.0, ..CORTEX }) } else { (1.9, Tissue { hu: 860.0, ..CORTEX }) };
    ink.lay(bone, cortex, Label::Spine);
    let inner = if in_body { marrow } else { marrow.varied(90.0, -0.2) };
    ink.tint(bone + shell, inner);
    // Density rises towards the shell.
    let near = smoothstep(-6.0, -1.0, bone);
    ink.tissue.hu += near * 60.0 * ink.coverage(bone + shell);
}
