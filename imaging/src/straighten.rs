//! A sheared stack (a CT taken with a tilted gantry) resampled so that its slices lie straight above one another.
//!
//! The planes stay where they are, so nothing is interpolated between slices: each is moved within its own plane, and
//! the grid grows by what the stack leans. What no slice covers gets the smallest stored value, which in a CT is air.

use crate::error::{Error, Result};
use crate::geometry::Geometry;
use crate::task::Task;
use crate::volume::{Samples, Volume};
use crate::with_samples;
use glam::{DAffine3, DMat3, DVec3};
use rayon::prelude::*;

/// A lean below this much of a voxel over the whole stack is rounding.
const STRAIGHT_VOXELS: f64 = 0.01;

/// How each slice is moved, in voxels, and the grid that holds all of them.
struct Plan {
    geometry: Geometry,
    /// Of slice 0; slice k is moved by `first + k * each`.
    first: [f64; 2],
    each: [f64; 2],
}

/// True where `straighten` would change anything.
#[must_use]
pub fn is_sheared(geometry: &Geometry) -> bool {
    let [_, _, slices] = geometry.size();
    lean(geometry).iter().any(|each| each.abs() * (slices as f64 - 1.0) > STRAIGHT_VOXELS)
}

/// How far each slice lies from straight above the one before, in columns and rows.
fn lean(geometry: &Geometry) -> [f64; 2] {
    let normal = geometry.step(0).cross(geometry.step(1)).normalize_or_zero();
    let aside = geometry.step(2) - normal * geometry.step(2).dot(normal);
    // In the plane's own axes, which need not be at right angles.
    let inside = DMat3::from_cols(geometry.step(0), geometry.step(1), normal).inverse() * aside;
    [inside.x, inside.y]
}

fn plan(geometry: &Geometry) -> Result<Plan> {
    let [columns, rows, slices] = geometry.size();
    let each = lean(geometry);
    let whole = each.map(|x| x * (slices as f64 - 1.0));
    let first = whole.map(|x| (-x).max(0.0));
    let grown = whole.map(|x| x.abs().ceil() as usize);
    let normal = geometry.step(0).cross(geometry.step(1)).normalize_or_zero();
    let up: DVec3 = normal * geometry.step(2).dot(normal);
    let from = geometry.world_from_voxel();
    let matrix3 = DMat3::from_cols(geometry.step(0), geometry.step(1), up);
    let translation = from.translation - geometry.step(0) * first[0] - geometry.step(1) * first[1];
    let size = [columns + grown[0], rows + grown[1], slices];
    Ok(Plan { geometry: Geometry::new(size, DAffine3 { matrix3, translation })?, first, each })
}

/// The same picture on a grid at right angles. One that is straight already comes back as it is. `nearest` is for
/// label maps, between whose values there is nothing.
pub fn straighten(volume: &Volume, nearest: bool, task: &Task) -> Result<Volume> {
    if !is_sheared(&volume.geometry) {
        return Ok(volume.clone());
    }
    let plan = plan(&volume.geometry)?;
    let most = volume.geometry.voxel_count().saturating_mul(8);
    if plan.geometry.voxel_count() > most {
        return Err(Error::geometry("the stack leans so far that straight it would be more than eight times as large"));
    }
    let samples = resampled(volume, &plan, nearest, task)?;
    let mut out = Volume::new(plan.geometry, samples, volume.channels())?;
    out.value_map = volume.value_map.clone();
    out.stack_axis = volume.stack_axis;
    out.spacing_known = volume.spacing_known;
    out.orientation = volume.orientation;
    out.windows.clone_from(&volume.windows);
    out.inverted = volume.inverted;
    out.modality.clone_from(&volume.modality);
    out.extras = volume.extras.clone();
    // Drawn pixel by pixel on the slices as they were.
    out.extras.overlays.clear();
    out.warnings = volume.warnings.iter().filter(|w| w.code != "gantry_tilt").cloned().collect();
    Ok(out)
}

#[expect(clippy::unnecessary_cast, reason = "the macro also meets f64")]
fn resampled(volume: &Volume, plan: &Plan, nearest: bool, task: &Task) -> Result<Samples> {
    let [columns, rows, slices] = volume.size();
    let [wide, high, _] = plan.geometry.size();
    let channels = volume.channels();
    task.progress.begin("straightening slices", slices as u64);
    with_samples!(volume.samples(), v => {
        let background = v.iter().copied().fold(v[0], |a, b| if b < a { b } else { a });
        let mut out = vec![background; wide * high * slices * channels];
        out.par_chunks_mut(wide * high * channels).enumerate().try_for_each(|(k, slice)| {
            task.cancel.check()?;
            task.progress.advance(1);
            let [right, down] = [0, 1].map(|a| plan.first[a] + k as f64 * plan.each[a]);
            let source = &v[k * columns * rows * channels..][..columns * rows * channels];
            for j in 0..high {
                let Some((r0, r1, fr)) = between(j as f64 - down, rows) else { continue };
                for i in 0..wide {
                    let Some((c0, c1, fc)) = between(i as f64 - right, columns) else { continue };
                    for c in 0..channels {
                        let at = |r: usize, col: usize| source[(r * columns + col) * channels + c] as f64;
                        let value = if nearest {
                            at(if fr < 0.5 { r0 } else { r1 }, if fc < 0.5 { c0 } else { c1 })
                        } else {
                            let row = |r: usize| at(r, c0) * (1.0 - fc) + at(r, c1) * fc;
                            row(r0) * (1.0 - fr) + row(r1) * fr
                        };
                        slice[(j * wide + i) * channels + c] = Round::back(value);
                    }
                }
            }
            Ok::<(), Error>(())
        })?;
        Ok(out.into())
    })
}

/// The two neighbours of a place among `count`, and how far it is from the first to the second.
fn between(at: f64, count: usize) -> Option<(usize, usize, f64)> {
    const RIM: f64 = 1e-9;
    if at < -RIM || at > count as f64 - 1.0 + RIM {
        return None;
    }
    let first = (at.max(0.0).floor() as usize).min(count - 1);
    Some((first, (first + 1).min(count - 1), (at - first as f64).clamp(0.0, 1.0)))
}

/// A value back in the stored type: integers to the nearest.
trait Round {
    fn back(value: f64) -> Self;
}

macro_rules! rounds {
    ($($t:ty),*) => {$(impl Round for $t { fn back(value: f64) -> Self { value.round() as Self } })*};
}
rounds!(u8, i8, u16, i16, u32, i32, u64, i64);

impl Round for f32 {
    fn back(value: f64) -> Self {
        value as Self
    }
}

impl Round for f64 {
    fn back(value: f64) -> Self {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Voxel;
    use crate::space::World;

    /// Values that grow linearly through space: a place gives the same value before and after.
    fn ramp(world: World) -> f64 {
        5000.0 + 10.0 * world.0.x + 7.0 * world.0.y + 3.0 * world.0.z
    }

    #[test]
    fn a_place_keeps_its_value() {
        for lean in [DVec3::new(0.0, 0.9, 2.0), DVec3::new(-0.7, 0.0, 2.0), DVec3::new(0.4, -1.1, -2.0)] {
            let matrix3 = DMat3::from_cols(DVec3::X * 0.5, DVec3::Y * 0.8, lean);
            let affine = DAffine3 { matrix3, translation: DVec3::new(3.0, -20.0, 7.0) };
            let geometry = Geometry::new([9, 8, 6], affine).unwrap();
            let mut samples = Vec::new();
            for k in 0..6 {
                for j in 0..8 {
                    samples.extend((0..9).map(|i| ramp(geometry.world(Voxel::centre([i, j, k])))));
                }
            }
            let volume = Volume::new(geometry, Samples::F64(samples), 1).unwrap();
            assert!(is_sheared(&geometry));
            let straight = straighten(&volume, false, &Task::default()).unwrap();
            assert!(!is_sheared(&straight.geometry));
            assert!(
                (straight.geometry.step(2).dot(DVec3::X)).abs() + (straight.geometry.step(2).dot(DVec3::Y)).abs()
                    < 1e-12
            );
            let [wide, high, slices] = straight.size();
            let mut compared = 0;
            for k in 0..slices {
                for j in 0..high {
                    for i in 0..wide {
                        let world = straight.geometry.world(Voxel::centre([i, j, k]));
                        let inside = geometry.voxel(world).0;
                        let covered = (0..3).all(|a| inside[a] > 0.01 && inside[a] < volume.size()[a] as f64 - 1.01);
                        if covered {
                            assert!((straight.value([i, j, k]) - ramp(world)).abs() < 1e-6);
                            compared += 1;
                        }
                    }
                }
            }
            assert!(compared > 100);
        }
    }

    #[test]
    fn what_is_straight_stays_as_it_is() {
        let volume = crate::testing::phantoms().remove(0);
        let same = straighten(&volume, false, &Task::default()).unwrap();
        assert_eq!((same.samples(), same.geometry), (volume.samples(), volume.geometry));
    }
}
