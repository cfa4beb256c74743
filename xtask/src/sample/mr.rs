//! The MR scanner: one T2-weighted stack of the same body, coronal and tilted, on a grid of its own.

use super::body::{Body, Pose};
use super::maths::{bell, lerp, smoothstep};
use super::noise;
use super::random::Random;
use super::{Artefact, packed};
use anyhow::Result;
use glam::{DVec3, Vec3};
use limner_imaging::{Geometry, World};
use rayon::prelude::*;

const SIZE: [usize; 3] = [232, 176, 28];
const SPACING_MM: [f64; 3] = [1.65, 1.65, 7.0];
/// Where the middle of the stack lies in the patient.
const MIDDLE_MM: DVec3 = DVec3::new(2.0, 2.0, 14.0);
/// Single-shot spin echo: soft along the phase direction.
const EDGE_MM: f32 = 2.1;
const NOISE: f32 = 3.1;
/// Counts of the receiver for a signal of one.
const GAIN: f32 = 0.55;

/// The patient has breathed out, and lies a little differently than in the CT.
const POSE: Pose =
    Pose { shift_mm: Vec3::new(-3.0, 2.0, -4.0), turn: -0.02, nod: -0.015, breath_mm: 13.0, lesion_scale: 1.0 };

/// Columns run to the left, rows to the feet, slices to the back; all of it tilted by some degrees.
pub fn geometry() -> Result<Geometry> {
    let column = DVec3::new(0.994, 0.105, 0.017).normalize();
    let slice = DVec3::new(-0.108, 0.981, 0.161).reject_from(column).normalize();
    let row = slice.cross(column);
    let directions = [column, row, slice];
    let half = |a: usize| directions[a] * SPACING_MM[a] * (SIZE[a] as f64 - 1.0) / 2.0;
    let origin = MIDDLE_MM - half(0) - half(1) - half(2);
    Ok(Geometry::from_parts(SIZE, World(origin), SPACING_MM, directions)?)
}

pub fn files(body: &Body) -> Result<Vec<Artefact>> {
    let geometry = geometry()?;
    let slices: Vec<(Vec<i16>, Vec<u8>)> = (0..SIZE[2]).into_par_iter().map(|k| slice(body, &geometry, k)).collect();
    let (signal, labels): (Vec<Vec<i16>>, Vec<Vec<u8>>) = slices.into_iter().unzip();
    let signal = packed::nifti(&geometry, packed::Voxels::I16(&signal.concat()), "Limner sample study: T2-weighted MR");
    let labels = packed::nifti(&geometry, packed::Voxels::U8(&labels.concat()), "Limner sample study: true labels");
    Ok(vec![
        Artefact { path: "mr/mr.nii.gz".into(), bytes: signal },
        Artefact { path: "masks/mr.nii.gz".into(), bytes: labels },
    ])
}

fn slice(body: &Body, geometry: &Geometry, k: usize) -> (Vec<i16>, Vec<u8>) {
    let mut random = Random::stream("mr", k as u64);
    let affine = geometry.world_from_voxel();
    (0..SIZE[0] * SIZE[1])
        .map(|n| {
            let (i, j) = (n % SIZE[0], n / SIZE[0]);
            let at = |part: f64| affine.transform_point3(DVec3::new(i as f64, j as f64, k as f64 + part)).as_vec3();
            let mean =
                [-0.28, 0.0, 0.28].map(|part| body.look(&POSE, at(part), EDGE_MM).tissue.mr).iter().sum::<f32>() / 3.0;
            let received = mean * sensitivity(at(0.0), j);
            // The magnitude of a complex signal: noise never falls below zero.
            let (real, imaginary) = (received + NOISE * random.normal(), NOISE * random.normal());
            let signal = (real * real + imaginary * imaginary).sqrt();
            let signal = (GAIN * signal).round() as i16;
            (signal, body.look(&POSE, at(0.0), EDGE_MM).label as u8)
        })
        .unzip()
}

/// Coils are near the skin in front and behind, and their reach along the body is short.
fn sensitivity(p: Vec3, row: usize) -> f32 {
    let surface = lerp(0.80, 1.32, smoothstep(20.0, 130.0, p.y.abs()));
    let sides = 1.0 + 0.16 * smoothstep(60.0, 170.0, p.x.abs());
    let along = 0.34 + 0.72 * bell(p.z - 10.0, 105.0);
    let slow = 1.0 + 0.10 * noise::smooth(p / 120.0, 201);
    // The first and last rows of a coronal field of view lose signal.
    let ends = smoothstep(0.0, 9.0, row as f32).min(smoothstep(0.0, 9.0, (SIZE[1] - 1 - row) as f32));
    surface * sides * along * slow * lerp(0.75, 1.0, ends)
}
