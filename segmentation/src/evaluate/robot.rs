//! The simulated user: prompts made from the reference and from what is still wrong.
//!
//! Everything is a function of its input and a seed, so that two runs give the same prompts.

use crate::mersenne::Mersenne;
use crate::prompt::{Prompt, Shape};
use crate::raster::across;
use limner_imaging::field::{Connectivity, components, distance_to};
use limner_imaging::{Mask, Voxel, VoxelBox};

/// How the click of a round is placed within the largest error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// At the deepest voxel.
    Centre,
    /// Anywhere at least half as deep, as a hand would.
    Jittered,
}

/// What the challenge's own evaluator seeds NumPy with, anew for each click.
const CHALLENGE_SEED: u32 = 42;

/// Numbers that look random and are a function of the seed.
#[derive(Clone, Copy, Debug)]
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x ^ (x >> 31)) % end.max(1) as u64) as usize
    }
}

/// Where the answer and the reference differ.
pub fn error_of(reference: &Mask, answer: &Mask) -> Mask {
    let both = reference.bounds().union(&answer.bounds());
    let mut error = reference.within(both);
    for (voxel, &other) in error.voxels_mut().iter_mut().zip(answer.within(both).voxels()) {
        *voxel ^= other;
    }
    error
}

/// The part of a mask with most voxels, corners touching; of equals the first. `None` for an empty mask.
fn largest_part(mask: &Mask) -> Option<Mask> {
    let parts = components(mask, Connectivity::Corner26);
    let part = parts.mask(parts.largest()?);
    Some(part.within(part.tight_box()))
}

/// For each voxel of the bounds how many voxels deep it lies; what is beyond the bounds is outside, except along
/// axes in `flat`, which do not count.
fn depth(part: &Mask, flat: [bool; 3]) -> Vec<f32> {
    let (low, size) = (part.bounds().min, part.bounds().size());
    let rim = flat.map(|flat| usize::from(!flat));
    let rimmed = VoxelBox::whole(std::array::from_fn(|a| size[a] + 2 * rim[a]));
    let inside =
        |at: [usize; 3]| (0..3).all(|a| at[a] >= rim[a]) && part.get(std::array::from_fn(|a| at[a] - rim[a] + low[a]));
    let outside = Mask::from_fn(rimmed, |at| !inside(at));
    let distances = distance_to(&outside, flat.map(|flat| if flat { f64::INFINITY } else { 1.0 }));
    let shifted = Mask::from_fn(VoxelBox::whole(size), |_| true);
    shifted.indices().map(|at| distances.get(std::array::from_fn(|a| at[a] + rim[a])).unwrap_or(0.0)).collect()
}

/// The click of a round: in the largest error, for or against as the reference says. `None` where nothing is wrong.
pub fn click(reference: &Mask, answer: &Mask, size: [usize; 3], aim: Aim, dice: &mut Dice) -> Option<Prompt> {
    let part = largest_part(&error_of(reference, answer))?;
    let depth = depth(&part, size.map(|n| n == 1));
    let deepest = depth.iter().copied().fold(0.0, f32::max);
    let least = if aim == Aim::Centre { deepest } else { 0.5 * deepest };
    let full = Mask::from_voxels(part.bounds(), depth.iter().map(|&d| d > 0.0 && d >= least).collect())?;
    let candidates: Vec<[usize; 3]> = full.indices().collect();
    let chosen = match aim {
        Aim::Centre => Mersenne::seeded(CHALLENGE_SEED).choice(candidates.len()),
        Aim::Jittered => dice.below(candidates.len()),
    };
    let at = *candidates.get(chosen)?;
    Some(Prompt::point(at, reference.get(at)))
}

/// The loose box of the challenge: in the slice of the middle voxel, wider on all sides by the same 0 to 5 voxels,
/// scaled to an image of 256.
pub fn loose_box(reference: &Mask, size: [usize; 3], dice: &mut Dice) -> Option<Prompt> {
    let slices: Vec<usize> = reference.indices().map(|voxel| voxel[2]).collect();
    let middle = *slices.get(slices.len() / 2)?;
    let tight = reference.within(reference.bounds().slice(2, middle)).tight_box();
    let shift = dice.below(6);
    let margin = [shift * size[0] / 256, shift * size[1] / 256, 0];
    Some(Prompt::positive(Shape::Box { bounds: tight.grown(margin, size) }))
}

/// A line along the middle of the largest error, in the slice where that is largest.
pub fn scribble(reference: &Mask, answer: &Mask, size: [usize; 3]) -> Option<Prompt> {
    let (axis, flat) = largest_slice(&largest_part(&error_of(reference, answer))?, size)?;
    let (u, v) = across(axis);
    let extent = flat.bounds().size();
    // Along the longer side; the middle of the widest run of each row or column.
    let (along, over) = if extent[u] >= extent[v] { (u, v) } else { (v, u) };
    let bounds = flat.bounds();
    let mut middle: Vec<[f64; 3]> = Vec::new();
    for step in bounds.min[along]..bounds.max[along] {
        let inside = |at: usize| {
            let mut index = bounds.min;
            (index[along], index[over]) = (step, at);
            flat.get(index)
        };
        let run = widest_run(bounds.min[over]..bounds.max[over], inside)?;
        let mut at = bounds.min.map(|x| x as f64);
        (at[along], at[over]) = (step as f64, f64::midpoint(run.start as f64, run.end as f64 - 1.0).floor());
        middle.push(at);
    }
    let cut = middle.len() / 8;
    let kept = &middle[cut..middle.len() - cut];
    let points: Vec<Voxel> = kept.iter().map(|p| Voxel::new(p[0], p[1], p[2])).collect();
    let first = points.get(points.len() / 2)?.index_in(size)?;
    Some(Prompt { shape: Shape::Scribble { axis, points }, positive: reference.get(first) })
}

/// A loose outline around the largest error, in the slice where that is largest; against it a tight one.
pub fn lasso(reference: &Mask, answer: &Mask, size: [usize; 3]) -> Option<Prompt> {
    let part = largest_part(&error_of(reference, answer))?;
    let positive = reference.get(part.indices().next()?);
    let (axis, flat) = largest_slice(&part, size)?;
    let (u, v) = across(axis);
    let voxels: Vec<[usize; 3]> = flat.indices().collect();
    let mean = |a: usize| voxels.iter().map(|p| p[a] as f64).sum::<f64>() / voxels.len() as f64;
    let (cu, cv) = (mean(u), mean(v));
    let mut reach = [0.0_f64; DIRECTIONS];
    for voxel in &voxels {
        let (du, dv) = (voxel[u] as f64 - cu, voxel[v] as f64 - cv);
        let turn = dv.atan2(du).rem_euclid(std::f64::consts::TAU) / std::f64::consts::TAU;
        let direction = (turn * DIRECTIONS as f64) as usize % DIRECTIONS;
        reach[direction] = reach[direction].max(du.hypot(dv));
    }
    let mut at = flat.bounds().min.map(|x| x as f64);
    let points = (0..DIRECTIONS).map(|n| {
        let around = reach[n].max(reach[(n + 1) % DIRECTIONS]).max(reach[(n + DIRECTIONS - 1) % DIRECTIONS]);
        let radius = if positive { 1.1 * around + 1.5 } else { reach[n].max(0.5) };
        let angle = (n as f64 + 0.5) / DIRECTIONS as f64 * std::f64::consts::TAU;
        at[u] = (cu + radius * angle.cos()).clamp(0.0, size[u] as f64 - 1.0);
        at[v] = (cv + radius * angle.sin()).clamp(0.0, size[v] as f64 - 1.0);
        Voxel::new(at[0], at[1], at[2])
    });
    Some(Prompt { shape: Shape::Lasso { axis, points: points.collect() }, positive })
}

/// How many corners a drawn outline has.
const DIRECTIONS: usize = 24;

/// The slice with most voxels across the stored slices (or the only one there is), and the part within it.
fn largest_slice(part: &Mask, size: [usize; 3]) -> Option<(usize, Mask)> {
    let axis = (0..3).rev().find(|&a| size[a] > 1 && (a == 2 || size[2] > 1)).unwrap_or(2);
    let axis = if size[2] == 1 { 2 } else { axis };
    let bounds = part.bounds();
    let slices = (bounds.min[axis]..bounds.max[axis]).map(|at| part.within(bounds.slice(axis, at)));
    let largest = slices.max_by_key(Mask::count)?;
    // Of several pieces in the slice the largest is drawn on.
    Some((axis, largest_part(&largest)?))
}

fn widest_run(range: std::ops::Range<usize>, inside: impl Fn(usize) -> bool) -> Option<std::ops::Range<usize>> {
    let mut best: Option<std::ops::Range<usize>> = None;
    let mut start = None;
    for at in range.start..=range.end {
        let here = at < range.end && inside(at);
        match (here, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                if best.as_ref().is_none_or(|b| at - from > b.len()) {
                    best = Some(from..at);
                }
                start = None;
            }
            _ => {}
        }
    }
    best
}

/// Recorded strokes: one scribble for each part of a drawn mask, through every voxel of it.
pub fn strokes(drawn: &Mask, positive: bool) -> Vec<Prompt> {
    let mut left = drawn.clone();
    let mut prompts = Vec::new();
    for start in drawn.indices() {
        if !left.get(start) {
            continue;
        }
        let points = tour(&mut left, start);
        let points = points.into_iter().map(Voxel::centre).collect();
        prompts.push(Prompt { shape: Shape::Scribble { axis: 2, points }, positive });
    }
    prompts
}

/// A walk from neighbour to neighbour through all of a part, which is taken out of the mask.
fn tour(left: &mut Mask, start: [usize; 3]) -> Vec<[usize; 3]> {
    left.set(start, false);
    let (mut path, mut walk) = (vec![start], vec![start]);
    while let Some(&at) = path.last() {
        let near = VoxelBox::new(at, at.map(|x| x + 1)).grown([1, 1, 0], left.bounds().max);
        let next = Mask::from_fn(near, |voxel| left.get(voxel)).indices().next();
        match next {
            Some(next) => {
                left.set(next, false);
                path.push(next);
                walk.push(next);
            }
            None => {
                path.pop();
                walk.extend(path.last());
            }
        }
    }
    walk
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raster;

    #[test]
    fn strokes_cover_exactly_what_was_drawn() {
        let size = [30, 20, 1];
        let drawn = Mask::from_fn(VoxelBox::whole(size), |[i, j, _]| {
            (j == 5 && i < 25) || (i == 8 && j > 2 && j < 15) || (i > 20 && j > 12 && (i + j) % 3 != 0)
        });
        let mut covered: Vec<[usize; 3]> = Vec::new();
        for prompt in strokes(&drawn, true) {
            let Shape::Scribble { points, .. } = prompt.shape else { panic!("a stroke is a scribble") };
            covered.extend(raster::line(&points, size));
        }
        covered.sort_unstable_by_key(|&[i, j, k]| [k, j, i]);
        covered.dedup();
        assert_eq!(covered, drawn.indices().collect::<Vec<_>>());
    }

    #[test]
    fn prompts_name_the_side_they_are_on() {
        let size = [40, 40, 12];
        let ball = |centre: [f64; 3], radius: f64| {
            Mask::from_fn(VoxelBox::whole(size), |v| {
                (0..3).map(|a| (v[a] as f64 - centre[a]).powi(2)).sum::<f64>() <= radius * radius
            })
        };
        let reference = ball([20.0, 20.0, 6.0], 5.0);
        let nothing = Mask::empty(VoxelBox::default());
        let mut dice = Dice(1);
        let first = click(&reference, &nothing, size, Aim::Centre, &mut dice).unwrap();
        assert_eq!(first, Prompt::point([20, 20, 6], true));
        let too_much = ball([20.0, 20.0, 6.0], 5.5).within(VoxelBox::whole(size));
        let answer = Mask::from_fn(VoxelBox::whole(size), |v| too_much.get(v) || (v[0] > 32 && v[1] > 32));
        let second = click(&reference, &answer, size, Aim::Centre, &mut dice).unwrap();
        assert!(!second.positive);
        for aim in [scribble, lasso] {
            assert!(aim(&reference, &nothing, size).unwrap().positive);
            let against = aim(&reference, &answer, size).unwrap();
            assert!(!against.positive && against.bounds(size).min[0] > 30);
        }
        let Shape::Box { bounds } = loose_box(&reference, size, &mut dice).unwrap().shape else { panic!("a box") };
        assert_eq!((bounds.min[2], bounds.max[2]), (6, 7));
        assert!(bounds.contains([16, 16, 6]) && bounds.contains([24, 24, 6]));
        assert!(click(&reference, &reference, size, Aim::Centre, &mut dice).is_none());
    }
}
