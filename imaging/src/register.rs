//! Lays one volume over another by turning and moving it as a whole: normalised mutual information, coarse to fine.
//!
//! Mutual information asks only how well one picture's values tell the other's, so a CT and an MR can be matched. The
//! answer goes from the fixed volume's world to the moving one's; stored geometry is never touched. No derivatives: a
//! pattern search over three turns and three shifts, all in millimetres, on samples spread evenly over the fixed
//! volume, is quick enough and gives the same answer on every machine.

mod level;
mod score;

use crate::error::{Error, Result};
use crate::space::World;
use crate::task::Task;
use crate::volume::Volume;
use glam::{DAffine3, DQuat, DVec3};
use level::Level;
use score::{Overlap, Samples};

/// Where the moving volume was found to lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Registration {
    /// From the fixed volume's world to the moving volume's.
    pub moving_from_fixed: DAffine3,
    /// Normalised mutual information before and after: 1 says nothing of each other, 2 all.
    pub score_before: f64,
    pub score_after: f64,
}

/// One resolution of the search: block size in voxels of the finer grid, samples, first and last step in millimetres.
struct Stage {
    block_mm: f64,
    samples: usize,
    first_step_mm: f64,
    last_step_mm: f64,
}

const STAGES: [Stage; 3] = [
    Stage { block_mm: 6.0, samples: 12_000, first_step_mm: 16.0, last_step_mm: 1.5 },
    Stage { block_mm: 3.0, samples: 24_000, first_step_mm: 3.0, last_step_mm: 0.5 },
    Stage { block_mm: 1.5, samples: 40_000, first_step_mm: 0.8, last_step_mm: 0.08 },
];

/// Finds how `moving` lies to `fixed`. Both keep their stored geometry; `start` is a first guess, such as what a hand
/// has adjusted.
pub fn register(fixed: &Volume, moving: &Volume, start: Option<DAffine3>, task: &Task) -> Result<Registration> {
    for volume in [fixed, moving] {
        if volume.is_colour() || volume.size().contains(&1) || !volume.spacing_known {
            return Err(Error::geometry("only grey volumes with known spacing and depth can be laid over each other"));
        }
    }
    task.progress.begin("matching the volumes", STAGES.len() as u64);
    let centre = fixed.geometry.centre();
    let reach_mm = fixed.geometry.corners().map(|corner| corner.0.distance(centre.0)).fold(1.0, f64::max) / 2.0;
    let mut pose: Option<Pose> = None;
    let mut score_before = 1.0;
    let mut score_after = 1.0;
    for stage in &STAGES {
        let (from, to) = (Level::of(fixed, stage.block_mm, task)?, Level::of(moving, stage.block_mm, task)?);
        let samples = Samples::spread(&from, stage.samples);
        let search = Search { samples: &samples, moving: &to, centre, reach_mm, task };
        let begin = match pose {
            Some(pose) => pose,
            None => {
                let identity = Pose::of(start.unwrap_or(DAffine3::IDENTITY), centre);
                score_before = search.score(&identity);
                search.best_start(start, &from, &to)
            }
        };
        let (found, score) = search.climb(begin, stage)?;
        (pose, score_after) = (Some(found), score);
        task.progress.advance(1);
    }
    let pose = pose.unwrap_or_default();
    if score_after < 1.0 + 1e-6 {
        return Err(Error::geometry("the volumes have nothing in common to be matched by; move one by hand first"));
    }
    Ok(Registration { moving_from_fixed: pose.transform(centre, reach_mm), score_before, score_after })
}

/// Three turns and three shifts. Turns are counted in millimetres at the edge, so that all six weigh alike.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Pose([f64; 6]);

impl Pose {
    /// Only turns about `centre` and shifts are kept of `transform`.
    fn of(transform: DAffine3, centre: World) -> Self {
        let shift = transform.transform_point3(centre.0) - centre.0;
        Self([0.0, 0.0, 0.0, shift.x, shift.y, shift.z])
    }

    fn transform(&self, centre: World, reach_mm: f64) -> DAffine3 {
        let [a, b, c, x, y, z] = self.0;
        let turn = DQuat::from_scaled_axis(DVec3::new(a, b, c) / reach_mm);
        let about = DAffine3::from_translation(centre.0) * DAffine3::from_quat(turn);
        DAffine3::from_translation(DVec3::new(x, y, z)) * about * DAffine3::from_translation(-centre.0)
    }
}

struct Search<'a> {
    samples: &'a Samples,
    moving: &'a Level,
    centre: World,
    reach_mm: f64,
    task: &'a Task,
}

impl Search<'_> {
    fn score(&self, pose: &Pose) -> f64 {
        let Overlap { share, information } =
            self.samples.against(self.moving, &pose.transform(self.centre, self.reach_mm));
        /// Less than this in common is chance.
        const LEAST_SHARE: f64 = 0.2;
        if share < LEAST_SHARE { share / LEAST_SHARE } else { information }
    }

    /// As the files lie, or middle on middle, whichever agrees better.
    fn best_start(&self, start: Option<DAffine3>, fixed: &Level, moving: &Level) -> Pose {
        let shift = |by: DVec3| Pose([0.0, 0.0, 0.0, by.x, by.y, by.z]);
        let guesses = [
            Pose::of(start.unwrap_or(DAffine3::IDENTITY), self.centre),
            shift(moving.middle - fixed.middle),
            shift(moving.mass_middle - fixed.mass_middle),
        ];
        let best = guesses.into_iter().max_by(|a, b| self.score(a).total_cmp(&self.score(b)));
        best.unwrap_or_default()
    }

    /// Steps along each of the six directions while that helps, then with half the step; after a round that helped the
    /// whole way of the round is tried once more.
    fn climb(&self, begin: Pose, stage: &Stage) -> Result<(Pose, f64)> {
        let (mut pose, mut score) = (begin, self.score(&begin));
        let mut step = stage.first_step_mm;
        while step >= stage.last_step_mm {
            self.task.cancel.check()?;
            let before = pose;
            for axis in 0..6 {
                (pose, score) = self.step_along(pose, score, axis, step);
            }
            if pose == before {
                step /= 2.0;
                continue;
            }
            let leap = Pose(std::array::from_fn(|n| 2.0 * pose.0[n] - before.0[n]));
            let there = self.score(&leap);
            if there > score {
                (pose, score) = (leap, there);
            }
        }
        Ok((pose, score))
    }

    fn step_along(&self, pose: Pose, score: f64, axis: usize, step: f64) -> (Pose, f64) {
        for by in [step, -step] {
            let mut next = pose;
            next.0[axis] += by;
            let there = self.score(&next);
            if there > score {
                return (next, there);
            }
        }
        (pose, score)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Geometry;
    use crate::space::Voxel;
    use crate::volume::Samples as Stored;

    /// A body with parts of different value and size, no two sides alike, on any grid.
    fn body(geometry: Geometry, contrast: impl Fn(f64) -> f64) -> Volume {
        let parts = [
            (DVec3::new(0.0, 0.0, 0.0), DVec3::new(52.0, 38.0, 60.0), 40.0),
            (DVec3::new(20.0, -8.0, 14.0), DVec3::new(16.0, 12.0, 20.0), 120.0),
            (DVec3::new(-24.0, 6.0, -20.0), DVec3::new(10.0, 14.0, 12.0), 80.0),
            (DVec3::new(-6.0, 20.0, 24.0), DVec3::new(8.0, 6.0, 26.0), 200.0),
            (DVec3::new(8.0, -18.0, -26.0), DVec3::new(12.0, 8.0, 8.0), 160.0),
        ];
        let value = |at: DVec3| {
            let mut inside = parts.iter().filter(|(centre, size, _)| ((at - *centre) / *size).length() < 1.0);
            inside.next_back().map_or(0.0, |part| part.2) + (at.x * 0.21).sin() * 3.0
        };
        let [columns, rows, slices] = geometry.size();
        let voxels = (0..slices).flat_map(|k| (0..rows).flat_map(move |j| (0..columns).map(move |i| [i, j, k])));
        let samples = voxels.map(|index| contrast(value(geometry.world(Voxel::centre(index)).0)) as i16).collect();
        Volume::new(geometry, Stored::I16(samples), 1).unwrap()
    }

    fn moved(geometry: &Geometry, by: DAffine3) -> Geometry {
        Geometry::new(geometry.size(), by * geometry.world_from_voxel()).unwrap()
    }

    #[test]
    fn a_turned_and_shifted_copy_of_another_contrast_is_found_again() {
        let fixed_grid =
            Geometry::axis_aligned([60, 50, 45], World::new(-60.0, -50.0, -66.0), [2.0, 2.0, 3.0]).unwrap();
        let fixed = body(fixed_grid, |v| v);
        let directions = [DVec3::NEG_X, DVec3::NEG_Z, DVec3::NEG_Y];
        let other_grid =
            Geometry::from_parts([56, 64, 48], World::new(58.0, 52.0, 66.0), [2.1, 2.1, 2.2], directions).unwrap();
        let truth = DAffine3::from_rotation_translation(
            DQuat::from_scaled_axis(DVec3::new(0.12, -0.09, 0.16)),
            DVec3::new(9.0, -7.0, 12.0),
        );
        // Bright becomes dark in no straight way, as between modalities.
        let same_place = body(other_grid, |v| 500.0 - 3.0 * v + 0.006 * v * v);
        let moving = Volume::new(moved(&other_grid, truth), same_place.samples().clone(), 1).unwrap();
        let found = register(&fixed, &moving, None, &Task::default()).unwrap();
        assert!(found.score_after > found.score_before);
        let corners: Vec<World> = fixed_grid.corners().collect();
        let away = |p: &World| {
            let half = p.0 * 0.7;
            found.moving_from_fixed.transform_point3(half).distance(truth.transform_point3(half))
        };
        let worst = corners.iter().map(away).fold(0.0, f64::max);
        assert!(worst < 1.5, "a point is {worst:.2} mm away from where it belongs");
    }

    #[test]
    fn a_cancelled_search_ends_and_flat_pictures_are_refused() {
        let grid = Geometry::axis_aligned([20, 20, 20], World::default(), [4.0; 3]).unwrap();
        let volume = body(grid, |v| v);
        let task = Task::default();
        task.cancel.cancel();
        assert!(matches!(register(&volume, &volume, None, &task), Err(Error::Cancelled)));
        let flat = Geometry::axis_aligned([20, 20, 1], World::default(), [4.0; 3]).unwrap();
        let picture = Volume::new(flat, Stored::I16(vec![0; 400]), 1).unwrap();
        assert!(register(&volume, &picture, None, &Task::default()).is_err());
        let empty = Volume::new(grid, Stored::I16(vec![7; 8000]), 1).unwrap();
        assert!(register(&volume, &empty, None, &Task::default()).is_err());
    }
}
