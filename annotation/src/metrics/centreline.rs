//! Centreline Dice for things that matter by their course: vessels, airways, nerves.
//!
//! The centreline is by thinning (Lee, Kashyap and Chu 1994): voxels that can go without changing what hangs together are
//! taken from one side after the other. The order of the sides is that of scikit-image, so that centrelines are equal.

use limner_imaging::{Mask, VoxelBox};

/// Sides in the order they are taken: rows before and after, columns after and before, slices after and before.
const SIDES: [(usize, bool); 6] = [(1, false), (1, true), (0, true), (0, false), (2, true), (2, false)];

/// The voxels of a mask's centreline, in the mask's bounds.
#[must_use]
pub fn centreline(mask: &Mask) -> Mask {
    let bounds = mask.bounds();
    let size = bounds.size();
    let mut grid = Padded::of(mask);
    // A single slice is thinned from four sides.
    let sides = if size[2] == 1 { &SIDES[..4] } else { &SIDES[..] };
    let mut left = grid.inside();
    let mut unchanged = 0;
    while unchanged < sides.len() {
        unchanged = 0;
        for &(axis, after) in sides {
            let step = grid.steps[axis];
            let beside = |at: usize| if after { at + step } else { at - step };
            let loose = |at: &usize| !grid.on[beside(*at)] && may_go(grid.around(*at));
            let candidates: Vec<usize> = left.iter().copied().filter(loose).collect();
            let mut changed = false;
            for at in candidates {
                // Others have gone since: what is around must still hang together.
                if holds_without(grid.around(at)) {
                    grid.on[at] = false;
                    changed = true;
                }
            }
            if changed {
                left.retain(|at| grid.on[*at]);
            } else {
                unchanged += 1;
            }
        }
    }
    let mut out = Mask::empty(bounds);
    let min = bounds.min;
    for at in left {
        let [i, j, k] = grid.index(at);
        out.set([min[0] + i, min[1] + j, min[2] + k], true);
    }
    out
}

/// The mask with one empty voxel around it.
struct Padded {
    on: Vec<bool>,
    steps: [usize; 3],
}

impl Padded {
    fn of(mask: &Mask) -> Self {
        let size = mask.bounds().size().map(|n| n + 2);
        let steps = [1, size[0], size[0] * size[1]];
        let mut on = vec![false; size.iter().product()];
        for index in mask.indices() {
            let at: usize = (0..3).map(|a| (index[a] - mask.bounds().min[a] + 1) * steps[a]).sum();
            on[at] = true;
        }
        Self { on, steps }
    }

    fn inside(&self) -> Vec<usize> {
        (0..self.on.len()).filter(|at| self.on[*at]).collect()
    }

    fn index(&self, at: usize) -> [usize; 3] {
        [at % self.steps[1] - 1, at / self.steps[1] % (self.steps[2] / self.steps[1]) - 1, at / self.steps[2] - 1]
    }

    /// The 27 voxels around a place, one bit each, columns fastest.
    fn around(&self, at: usize) -> u32 {
        let mut bits = 0;
        let corner = at - self.steps[2] - self.steps[1] - 1;
        for n in 0..9 {
            let start = corner + n / 3 * self.steps[2] + n % 3 * self.steps[1];
            let row = &self.on[start..start + 3];
            bits |= (u32::from(row[0]) | u32::from(row[1]) << 1 | u32::from(row[2]) << 2) << (3 * n);
        }
        bits
    }
}

const CENTRE: u32 = 1 << 13;
/// Of the centre: over faces, and over faces and edges.
const FACES: u32 = touching(13, 1);
const EDGES: u32 = touching(13, 2);
/// Of each of the 27 places: all that touch it, and those that share a face.
const CORNERS_OF: [u32; 27] = neighbours(3);
const FACES_OF: [u32; 27] = neighbours(1);

/// The places that differ from `place` by one step on at most `axes` axes.
const fn touching(place: usize, axes: usize) -> u32 {
    let mut bits = 0;
    let mut other = 0_usize;
    while other < 27 {
        let (x, y, z) =
            ((other % 3).abs_diff(place % 3), (other / 3 % 3).abs_diff(place / 3 % 3), (other / 9).abs_diff(place / 9));
        if x <= 1 && y <= 1 && z <= 1 && other != place && x + y + z <= axes {
            bits |= 1 << other;
        }
        other += 1;
    }
    bits
}

const fn neighbours(axes: usize) -> [u32; 27] {
    let mut all = [0; 27];
    let mut place = 0;
    while place < 27 {
        all[place] = touching(place, axes);
        place += 1;
    }
    all
}

/// Whether the object around the centre is in one piece over corners, or not there at all.
fn holds_without(around: u32) -> bool {
    let object = around & !CENTRE;
    object == 0 || in_one_piece(object, object, &CORNERS_OF)
}

/// Whether the centre is no end of a line, and what is around it hangs together as before without it: the object in one
/// piece over corners, the background in one piece over faces.
fn may_go(around: u32) -> bool {
    let object = around & !CENTRE;
    if object.count_ones() <= 1 {
        return false;
    }
    let background = !around & EDGES;
    in_one_piece(object, object, &CORNERS_OF) && in_one_piece(background, background & FACES, &FACES_OF)
}

/// Whether all of `wanted` is reached from one of it within `through`.
fn in_one_piece(through: u32, wanted: u32, neighbours: &[u32; 27]) -> bool {
    if wanted == 0 {
        return false;
    }
    let mut reached = wanted & wanted.wrapping_neg();
    let mut fresh = reached;
    while fresh != 0 {
        let mut next = 0;
        while fresh != 0 {
            next |= neighbours[fresh.trailing_zeros() as usize];
            fresh &= fresh - 1;
        }
        fresh = next & through & !reached;
        reached |= fresh;
    }
    wanted & !reached == 0
}

/// Centreline Dice: the harmonic mean of how much of each centreline lies in the other mask. 1 where both masks are
/// empty, 0 where one is or where no centreline meets the other mask.
#[must_use]
pub fn centreline_dice(reference: &Mask, predicted: &Mask) -> f64 {
    if reference.is_empty() || predicted.is_empty() {
        return if reference.is_empty() && predicted.is_empty() { 1.0 } else { 0.0 };
    }
    let inside = |line: &Mask, mask: &Mask| {
        line.indices().filter(|index| mask.get(*index)).count() as f64 / line.count().max(1) as f64
    };
    let (precision, sensitivity) = rayon::join(
        || inside(&centreline(&tight(predicted)), reference),
        || inside(&centreline(&tight(reference)), predicted),
    );
    super::share(2.0 * precision * sensitivity, precision + sensitivity).unwrap_or(0.0)
}

/// In its own bounds, but as thick as before: a mask in one slice of many is thinned as a volume.
fn tight(mask: &Mask) -> Mask {
    let VoxelBox { min, max } = mask.tight_box();
    let mut bounds = VoxelBox::new(min, max);
    if mask.bounds().size()[2] > 1 && max[2] - min[2] == 1 {
        bounds.max[2] += 1;
    }
    mask.within(bounds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_thins_to_a_line_and_a_ring_stays_a_ring() {
        let bar = Mask::from_fn(VoxelBox::whole([20, 5, 5]), |_| true);
        let line = centreline(&bar);
        assert!(line.count() >= 14 && line.count() <= 20, "{}", line.count());
        assert!(line.indices().all(|[_, j, k]| j == 2 && k == 2));
        let ring = Mask::from_fn(VoxelBox::whole([21, 21, 1]), |[i, j, _]| {
            let r2 = (i as i32 - 10).pow(2) + (j as i32 - 10).pow(2);
            (25..100).contains(&r2)
        });
        let thin = centreline(&ring);
        let parts = limner_imaging::field::components(&thin, limner_imaging::field::Connectivity::Corner26);
        assert_eq!(parts.len(), 1);
        assert!(!thin.get([10, 10, 0]) && thin.count() > 20);
    }

    #[test]
    fn empty_masks_follow_the_rule() {
        let nothing = Mask::empty(VoxelBox::default());
        let bar = Mask::from_fn(VoxelBox::whole([9, 3, 3]), |_| true);
        assert_eq!(centreline_dice(&nothing, &nothing), 1.0);
        assert_eq!(centreline_dice(&nothing, &bar), 0.0);
        assert_eq!(centreline_dice(&bar, &bar), 1.0);
    }
}
