//! The marked places of a lattice, gathered in blocks, so that one far from all of them finds the nearest soon.

use super::Marked;
use rayon::prelude::*;

/// Places along each side of a block.
const SIDE: usize = 8;
/// How many shells of blocks are looked through: beyond, the distance transform is cheaper.
const MOST_SHELLS: usize = 8;

pub struct Blocks {
    /// Blocks along each axis.
    count: [usize; 3],
    /// Where each block's places begin; one more entry than blocks.
    starts: Vec<usize>,
    places: Vec<[u32; 3]>,
}

impl Blocks {
    pub fn of(to: &Marked<'_>) -> Self {
        let count = to.size.map(|n| n.div_ceil(SIDE));
        let [width, height, _] = to.size;
        // Blocks of one layer lie one after the other, so each layer of planes is gathered by itself.
        let layers: Vec<Vec<Vec<[u32; 3]>>> = to
            .on
            .par_chunks((width * height * SIDE).max(1))
            .enumerate()
            .map(|(layer, planes)| {
                let mut blocks = vec![Vec::new(); count[0] * count[1]];
                for (n, _) in planes.iter().enumerate().filter(|&(_, &on)| on) {
                    let at = [n % width, n / width % height, layer * SIDE + n / (width * height)];
                    blocks[at[1] / SIDE * count[0] + at[0] / SIDE].push(at.map(|x| x as u32));
                }
                blocks
            })
            .collect();
        let mut starts = vec![0];
        let mut places = Vec::new();
        for block in layers.into_iter().flatten() {
            places.extend(block);
            starts.push(places.len());
        }
        Self { count, starts, places }
    }

    /// The squared distance in mm to the nearest marked place; `None` where it lies beyond the blocks looked through.
    pub fn nearest(&self, place: usize, to: &Marked<'_>) -> Option<f32> {
        let [width, height, _] = to.size;
        let at = [place % width, place / width % height, place / (width * height)];
        let home = at.map(|x| x / SIDE);
        let finest = to.spacing.iter().copied().filter(|s| s.is_finite()).fold(f64::INFINITY, f64::min);
        let mut best = f64::INFINITY;
        for shell in 0..=MOST_SHELLS {
            // All places of this shell are at least so many steps away along one axis.
            let least = finest * (shell * SIDE).saturating_sub(SIDE - 1) as f64;
            if best <= least * least {
                return Some(best as f32);
            }
            self.shell(home, shell, |[i, j, k]| {
                let block = (k * self.count[1] + j) * self.count[0] + i;
                for other in &self.places[self.starts[block]..self.starts[block + 1]] {
                    best = best.min(squared(at, other.map(|x| x as usize), to.spacing));
                }
            });
        }
        let beyond = finest * (MOST_SHELLS * SIDE + 1) as f64;
        (best <= beyond * beyond).then_some(best as f32)
    }

    /// Visits the blocks exactly `distance` blocks from `home` along the axis on which they are farthest.
    fn shell(&self, home: [usize; 3], distance: usize, mut visit: impl FnMut([usize; 3])) {
        let range = |a: usize| {
            let last = (home[a] + distance).min(self.count[a] - 1);
            home[a].saturating_sub(distance)..=last
        };
        for k in range(2) {
            for j in range(1) {
                let inner = home[2].abs_diff(k) < distance && home[1].abs_diff(j) < distance;
                if !inner {
                    range(0).for_each(|i| visit([i, j, k]));
                    continue;
                }
                let ends = [home[0].checked_sub(distance), Some(home[0] + distance)];
                ends.into_iter().flatten().filter(|&i| i < self.count[0]).for_each(|i| visit([i, j, k]));
            }
        }
    }
}

fn squared(a: [usize; 3], b: [usize; 3], spacing: [f64; 3]) -> f64 {
    let along = |axis: usize| match a[axis].abs_diff(b[axis]) {
        0 => 0.0,
        steps => steps as f64 * spacing[axis],
    };
    (0..3).map(|axis| along(axis).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::distance;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn blocks_agree_with_the_transform(
            marks in proptest::collection::vec(0_usize..40 * 23 * 11, 1..40),
            spacing in [0.3_f64..4.0, 0.3_f64..4.0, 0.3_f64..4.0],
        ) {
            let size = [40, 23, 11];
            let mut on = vec![false; size.iter().product()];
            marks.iter().for_each(|&m| on[m] = true);
            let to = Marked { on: &on, size, spacing };
            let blocks = Blocks::of(&to);
            let all = distance::squared(&on, size, spacing, true);
            for (place, expected) in all.iter().enumerate().step_by(7) {
                if let Some(found) = blocks.nearest(place, &to) {
                    prop_assert!((found - expected).abs() <= 1e-4 * expected.max(1.0), "{found} {expected}");
                } else {
                    let beyond = spacing.iter().copied().fold(f64::INFINITY, f64::min) * 65.0;
                    prop_assert!(f64::from(*expected) > beyond * beyond * 0.999);
                }
            }
        }
    }
}
