//! Which patches to refine: few boxes that together cover what has changed, with a margin that every patch sees but
//! does not answer for. Greedy over a coarse grid of centres, the rest by chance that is the same every time.

use super::resample::tight_box;
use crate::mersenne::Mersenne;

/// What a patch leaves to its neighbours along an axis.
const MARGIN: usize = 24;

const MOST_HALVINGS: usize = 3;
/// How many centres are tried by chance, where no grid met the mask and where the grid left something over.
const TRIES_ALONE: usize = 25;
const TRIES_AFTER: usize = 10;

/// The corners of the boxes of `patch`, in the mask's voxels; they may reach beyond it.
pub fn boxes(inside: Vec<bool>, size: [usize; 3], patch: [usize; 3], random: &mut Mersenne) -> Vec<[i64; 3]> {
    let tight = tight_box(&inside, size);
    if tight.is_empty() {
        return Vec::new();
    }
    let mut cover = Cover { left: inside, size, patch, random };
    // A quarter of the way from the first voxel to the last.
    let extent: [usize; 3] = std::array::from_fn(|a| tight.max[a] - 1 - tight.min[a]);
    let mut stride = extent.map(|n| ((n as f64 / 4.0).round_ties_even() as usize).max(1));
    for _ in 0..=MOST_HALVINGS {
        let axis = |a: usize| (tight.min[a]..tight.max[a]).step_by(stride[a]);
        let grid = axis(2).flat_map(|k| axis(1).flat_map(move |j| axis(0).map(move |i| [i, j, k])));
        let centres: Vec<[usize; 3]> = grid.filter(|&at| cover.left[cover.offset(at)]).collect();
        if !centres.is_empty() {
            let mut found = cover.greedily(centres);
            found.extend(cover.by_chance(TRIES_AFTER));
            return found;
        }
        stride = stride.map(|s| (s / 2).max(1));
    }
    cover.by_chance(TRIES_ALONE)
}

struct Cover<'a> {
    /// What no box has covered yet.
    left: Vec<bool>,
    size: [usize; 3],
    patch: [usize; 3],
    random: &'a mut Mersenne,
}

impl Cover<'_> {
    const fn offset(&self, [i, j, k]: [usize; 3]) -> usize {
        (k * self.size[1] + j) * self.size[0] + i
    }

    fn greedily(&mut self, mut centres: Vec<[usize; 3]>) -> Vec<[i64; 3]> {
        let mut found = Vec::new();
        while !centres.is_empty() {
            let mut best = ([0; 3], 0);
            for &centre in &centres {
                let covered = self.covered(centre);
                if covered > best.1 {
                    best = (centre, covered);
                }
            }
            if best.1 == 0 {
                break;
            }
            found.push(self.take(best.0));
            centres.retain(|&at| self.left[self.offset(at)]);
        }
        found
    }

    fn by_chance(&mut self, tries: usize) -> Vec<[i64; 3]> {
        let mut found = Vec::new();
        loop {
            let plane = self.size[0] * self.size[1];
            let counts: Vec<usize> =
                self.left.chunks_exact(plane).map(|slice| slice.iter().filter(|&&v| v).count()).collect();
            let total: usize = counts.iter().sum();
            if total == 0 {
                return found;
            }
            let mut best: Option<([usize; 3], usize)> = None;
            for _ in 0..tries {
                let drawn = self.random.choice(total);
                let Some(centre) = self.nth(&counts, drawn) else { continue };
                let covered = self.covered(centre);
                if best.is_none_or(|(_, most)| covered > most) {
                    best = Some((centre, covered));
                }
            }
            let Some((centre, _)) = best else { return found };
            found.push(self.take(centre));
        }
    }

    /// The n-th voxel that is left.
    fn nth(&self, counts: &[usize], mut n: usize) -> Option<[usize; 3]> {
        let k = counts.iter().position(|&count| {
            let here = n < count;
            if !here {
                n -= count;
            }
            here
        })?;
        let plane = self.size[0] * self.size[1];
        let slice = &self.left[k * plane..(k + 1) * plane];
        let at = slice.iter().enumerate().filter(|&(_, &v)| v).nth(n)?.0;
        Some([at % self.size[0], at / self.size[0], k])
    }

    /// What a box around a centre answers for, along each axis.
    fn core(&self, centre: [usize; 3]) -> [std::ops::Range<usize>; 3] {
        std::array::from_fn(|a| {
            let margin = margin(self.patch[a]);
            let half = self.patch[a] / 2;
            let low = (centre[a] + margin).saturating_sub(half);
            let high = (centre[a] + self.patch[a] - half).saturating_sub(margin).min(self.size[a]);
            low..high.max(low)
        })
    }

    fn rows(
        &self,
        [columns, rows, slices]: [std::ops::Range<usize>; 3],
    ) -> impl Iterator<Item = std::ops::Range<usize>> + use<> {
        let [width, height, _] = self.size;
        slices.flat_map(move |k| {
            let columns = columns.clone();
            rows.clone().map(move |j| {
                let start = (k * height + j) * width;
                start + columns.start..start + columns.end
            })
        })
    }

    fn covered(&self, centre: [usize; 3]) -> usize {
        self.rows(self.core(centre)).map(|row| self.left[row].iter().map(|&v| usize::from(v)).sum::<usize>()).sum()
    }

    /// Marks what a box covers, and names its corner.
    fn take(&mut self, centre: [usize; 3]) -> [i64; 3] {
        for row in self.rows(self.core(centre)) {
            self.left[row].fill(false);
        }
        let at = self.offset(centre);
        self.left[at] = false;
        std::array::from_fn(|a| centre[a] as i64 - (self.patch[a] / 2) as i64)
    }
}

/// A patch too small for the margin keeps half of itself.
const fn margin(patch: usize) -> usize {
    if patch > 2 * MARGIN { MARGIN } else { patch / 4 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(size: [usize; 3], patch: usize, inside: impl Fn([usize; 3]) -> bool) -> Vec<[i64; 3]> {
        let voxels = (0..size.iter().product::<usize>())
            .map(|n| inside([n % size[0], n / size[0] % size[1], n / (size[0] * size[1])]))
            .collect();
        boxes(voxels, size, [patch; 3], &mut Mersenne::seeded(0))
    }

    #[test]
    fn a_small_change_needs_one_box() {
        assert_eq!(found([40, 40, 40], 64, |[i, j, k]| i == 20 && j == 10 && k == 5), [[-12, -22, -27]]);
        assert!(found([40, 40, 40], 64, |_| false).is_empty());
    }

    #[test]
    fn everything_is_covered_with_the_margin_and_the_same_way_each_time() {
        let size = [150, 40, 30];
        let inside = |[i, j, k]: [usize; 3]| (i / 3 + j + k) % 7 == 0;
        let all = found(size, 64, inside);
        assert_eq!(all, found(size, 64, inside));
        for n in 0..size.iter().product::<usize>() {
            let at = [n % size[0], n / size[0] % size[1], n / (size[0] * size[1])];
            let core = |corner: &[i64; 3]| (0..3).all(|a| (corner[a] + 24..corner[a] + 40).contains(&(at[a] as i64)));
            assert!(!inside(at) || all.iter().any(core), "{at:?}");
        }
    }

    #[test]
    fn patches_smaller_than_two_margins_still_cover() {
        assert!(found([60, 60, 4], 16, |[i, j, _]| i == j).len() > 4);
    }
}
