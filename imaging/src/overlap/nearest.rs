//! How far each element of one surface is from the other.
//!
//! Two masks of the same thing have surfaces a few voxels apart, so each element looks around itself first, the nearest
//! places before the farther ones: the first hit is the answer, exactly. The few that find nothing look through blocks of
//! the lattice, again the nearest first. Where a sample of elements finds nothing near, and for what lies beyond the
//! blocks, the distance transform of the whole box answers instead.

mod blocks;

use crate::field::distance::squared;
use blocks::Blocks;
use rayon::prelude::*;

/// How far to look, in steps of the finest axis.
const REACH: f64 = 7.0;
/// Every so many elements one is tried before the rest.
const SAMPLED: usize = 97;
/// With more than this share of the sample alone, the whole transform is cheaper.
const MOST_ALONE: f64 = 0.1;

/// A lattice with the places of one surface marked.
pub struct Marked<'a> {
    pub on: &'a [bool],
    pub size: [usize; 3],
    pub spacing: [f64; 3],
}

/// A place nearby: how far along each axis, how far in the lattice, and its distance in mm, squared.
struct Step {
    along: [isize; 3],
    offset: isize,
    squared: f32,
}

/// The squared distance in mm from each of `places` (indices of the lattice) to the nearest marked one.
pub fn squared_distances(places: &[usize], to: &Marked<'_>) -> Vec<f32> {
    let around = Around::of(to);
    let sample: Vec<usize> = places.iter().copied().step_by(SAMPLED).collect();
    let alone = sample.iter().filter(|&&place| around.nearest(place, to).is_none()).count();
    if alone as f64 > MOST_ALONE * sample.len() as f64 {
        let all = squared(to.on, to.size, to.spacing, true);
        return places.par_iter().map(|&place| all[place]).collect();
    }
    let mut out: Vec<f32> =
        places.par_iter().map(|&place| around.nearest(place, to).unwrap_or(f32::INFINITY)).collect();
    if out.contains(&f32::INFINITY) {
        let blocks = Blocks::of(to);
        let alone = out.par_iter_mut().zip(places).filter(|(d, _)| d.is_infinite());
        alone.for_each(|(d, &place)| *d = blocks.nearest(place, to).unwrap_or(f32::INFINITY));
    }
    if out.contains(&f32::INFINITY) {
        let all = squared(to.on, to.size, to.spacing, true);
        out.iter_mut().zip(places).filter(|(d, _)| d.is_infinite()).for_each(|(d, &place)| *d = all[place]);
    }
    out
}

struct Around {
    /// Nearest first.
    steps: Vec<Step>,
    /// The largest step along each axis.
    reach: [usize; 3],
}

impl Around {
    fn of(to: &Marked<'_>) -> Self {
        let finest = to.spacing.iter().copied().filter(|s| s.is_finite()).fold(f64::INFINITY, f64::min);
        let radius = REACH * finest;
        let reach: [usize; 3] = std::array::from_fn(|a| {
            let steps = (radius / to.spacing[a]).floor() as usize;
            steps.min(to.size[a].saturating_sub(1))
        });
        let range = |a: usize| -(reach[a] as isize)..=reach[a] as isize;
        let mut steps = Vec::new();
        for k in range(2) {
            for j in range(1) {
                for i in range(0) {
                    let mm: [f64; 3] = std::array::from_fn(|a| {
                        let steps = [i, j, k][a];
                        if steps == 0 { 0.0 } else { steps as f64 * to.spacing[a] }
                    });
                    let squared: f64 = mm.iter().map(|x| x * x).sum();
                    if squared <= radius * radius {
                        let offset = (k * to.size[1] as isize + j) * to.size[0] as isize + i;
                        steps.push(Step { along: [i, j, k], offset, squared: squared as f32 });
                    }
                }
            }
        }
        steps.sort_by(|a, b| a.squared.total_cmp(&b.squared));
        Self { steps, reach }
    }

    fn nearest(&self, place: usize, to: &Marked<'_>) -> Option<f32> {
        let [width, height, _] = to.size;
        let at = [place % width, place / width % height, place / (width * height)];
        let inner = (0..3).all(|a| at[a] >= self.reach[a] && at[a] + self.reach[a] < to.size[a]);
        let found = if inner {
            // Every step stays inside the lattice, so it is one addition.
            self.steps.iter().find(|s| to.on[place.wrapping_add_signed(s.offset)])
        } else {
            let inside =
                |s: &&Step| (0..3).all(|a| at[a].checked_add_signed(s.along[a]).is_some_and(|x| x < to.size[a]));
            self.steps.iter().filter(inside).find(|s| to.on[place.wrapping_add_signed(s.offset)])
        };
        found.map(|s| s.squared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn near_and_far_agree_with_the_transform(
            seed in proptest::collection::vec(0_u16..1000, 24 * 9 * 11),
            share in 0_u16..60,
            spacing in [0.3_f64..4.0, 0.3_f64..4.0, 0.3_f64..4.0],
        ) {
            let size = [24, 9, 11];
            let on: Vec<bool> = seed.iter().map(|&x| x < share).collect();
            let all = squared(&on, size, spacing, true);
            let places: Vec<usize> = (0..on.len()).collect();
            let found = squared_distances(&places, &Marked { on: &on, size, spacing });
            for (a, b) in found.iter().zip(&all) {
                prop_assert!(a == b || (a - b).abs() < 1e-4 * b.max(1.0), "{a} {b}");
            }
        }
    }
}
