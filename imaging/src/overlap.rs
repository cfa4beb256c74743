//! How well two masks agree: Dice, IoU, and distances between their surfaces.
//!
//! Surfaces are those of DeepMind's surface-distance (Apache-2.0), so that scores can be compared with published ones:
//! a surface element per corner of the voxel lattice, its area by marching cubes from the eight voxels around it, its
//! distance to the nearest element of the other surface. In a grid of one slice elements are contour lengths.
//!
//! Where both masks are empty every score is 1 and there are no distances; where one is, every score is 0.

mod nearest;
mod surfel;

use crate::geometry::Geometry;
use crate::mask::Mask;
use crate::space::VoxelBox;
use nearest::Marked;
use rayon::prelude::*;

/// Distances are kept in 32 bits; one on the tolerance must not depend on its last digit.
const RIM: f64 = 1.0 + 1e-6;

/// Counts of voxels in two masks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overlap {
    pub both: usize,
    pub reference: usize,
    pub predicted: usize,
}

impl Overlap {
    #[must_use]
    pub fn of(reference: &Mask, predicted: &Mask) -> Self {
        let mut shared = reference.bounds().intersection(&predicted.bounds());
        if shared.is_empty() {
            // Boxes side by side: an empty intersection lies in neither, and there is nothing to read in it.
            shared = VoxelBox::default();
        }
        let both = (shared.min[2]..shared.max[2])
            .flat_map(|k| (shared.min[1]..shared.max[1]).map(move |j| (j, k)))
            .map(|(j, k)| {
                let part = |mask: &'_ Mask| shared.min[0] - mask.bounds().min[0]..shared.max[0] - mask.bounds().min[0];
                let (a, b) = (&reference.row(j, k)[part(reference)], &predicted.row(j, k)[part(predicted)]);
                a.iter().zip(b).filter(|&(&a, &b)| a && b).count()
            })
            .sum();
        Self { both, reference: reference.count(), predicted: predicted.count() }
    }

    #[must_use]
    pub fn dice(&self) -> f64 {
        ratio(2 * self.both, self.reference + self.predicted)
    }

    #[must_use]
    pub fn iou(&self) -> f64 {
        ratio(self.both, self.reference + self.predicted - self.both)
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// One element of a surface: how far the other surface is, and how large the element is (mm² or, in one slice, mm).
#[derive(Clone, Copy, Debug, PartialEq)]
struct Element {
    mm: f32,
    area: f32,
}

/// Distances between two surfaces, each side's elements sorted by distance.
#[derive(Clone, Debug)]
pub struct SurfaceDistances {
    reference: Vec<Element>,
    predicted: Vec<Element>,
}

impl SurfaceDistances {
    /// Both masks lie on the grid of `geometry`.
    #[must_use]
    pub fn of(reference: &Mask, predicted: &Mask, geometry: &Geometry) -> Self {
        let tight = reference.tight_box().union(&predicted.tight_box());
        let flat = geometry.size()[2] == 1;
        let spacing = geometry.spacing_mm();
        let (a, b) = rayon::join(
            || Surface::of(reference, tight, spacing, flat),
            || Surface::of(predicted, tight, spacing, flat),
        );
        let (to_b, to_a) = rayon::join(|| a.distances_to(&b), || b.distances_to(&a));
        Self { reference: a.elements(&to_b), predicted: b.elements(&to_a) }
    }

    fn one_side_empty(&self) -> Option<f64> {
        match (self.reference.is_empty(), self.predicted.is_empty()) {
            (true, true) => Some(1.0),
            (false, false) => None,
            _ => Some(0.0),
        }
    }

    /// Normalised surface Dice: the share of both surfaces that lies within `tolerance_mm` of the other.
    #[must_use]
    pub fn nsd(&self, tolerance_mm: f64) -> f64 {
        if let Some(score) = self.one_side_empty() {
            return score;
        }
        let within = |e: &&Element| f64::from(e.mm) <= tolerance_mm * RIM;
        let area = |e: &Element| f64::from(e.area);
        let both = || self.reference.iter().chain(&self.predicted);
        both().filter(within).map(area).sum::<f64>() / both().map(area).sum::<f64>()
    }

    /// The distance below which `percent` of each surface's area lies, the larger of both; 100 is the Hausdorff distance.
    /// `None` where a mask is empty.
    #[must_use]
    pub fn hausdorff_mm(&self, percent: f64) -> Option<f64> {
        if self.one_side_empty().is_some() {
            return None;
        }
        let one_way = |elements: &[Element]| {
            if percent >= 100.0 {
                return elements.last().map(|e| f64::from(e.mm));
            }
            let total: f64 = elements.iter().map(|e| f64::from(e.area)).sum();
            let mut sum = 0.0;
            let reached = elements.iter().find(|e| {
                sum += f64::from(e.area);
                sum / total >= percent / 100.0
            });
            reached.or(elements.last()).map(|e| f64::from(e.mm))
        };
        one_way(&self.reference).zip(one_way(&self.predicted)).map(|(a, b)| a.max(b))
    }

    /// The mean distance over both surfaces, by area. `None` where a mask is empty.
    #[must_use]
    pub fn assd_mm(&self) -> Option<f64> {
        if self.one_side_empty().is_some() {
            return None;
        }
        let (mut sum, mut area) = (0.0, 0.0);
        for e in self.reference.iter().chain(&self.predicted) {
            sum += f64::from(e.mm) * f64::from(e.area);
            area += f64::from(e.area);
        }
        Some(sum / area)
    }
}

/// The corners of the voxel lattice where a mask begins or ends.
struct Surface {
    size: [usize; 3],
    spacing: [f64; 3],
    on: Vec<bool>,
    /// Lattice index and area of each element.
    elements: Vec<(usize, f32)>,
}

impl Surface {
    fn of(mask: &Mask, tight: VoxelBox, spacing: [f64; 3], flat: bool) -> Self {
        let cells = tight.size();
        let size = [cells[0] + 1, cells[1] + 1, cells[2] + usize::from(!flat)];
        let areas = if flat { surfel::lengths(spacing) } else { surfel::areas(spacing) };
        let mut on = vec![false; if tight.is_empty() { 0 } else { size.iter().product() }];
        let plane = size[0] * size[1];
        let mask = mask.within(tight);
        let parts: Vec<Vec<(usize, f32)>> = on
            .par_chunks_mut(plane)
            .enumerate()
            .map(|(k, on)| {
                let mut found = Vec::new();
                let mut codes = vec![0; size[0]];
                for j in 0..size[1] {
                    codes_of_row(&mask, tight, [j, k], flat, &mut codes);
                    for (i, &code) in codes.iter().enumerate() {
                        if surfel::is_surface(code, flat) {
                            let at = j * size[0] + i;
                            on[at] = true;
                            found.push((k * plane + at, areas[usize::from(code)]));
                        }
                    }
                }
                found
            })
            .collect();
        Self { size, spacing, on, elements: parts.concat() }
    }

    /// Of each element to the other surface, squared.
    fn distances_to(&self, other: &Self) -> Vec<f32> {
        let places: Vec<usize> = self.elements.iter().map(|&(at, _)| at).collect();
        let Self { on, size, spacing, .. } = other;
        nearest::squared_distances(&places, &Marked { on, size: *size, spacing: *spacing })
    }

    fn elements(&self, squared_to_other: &[f32]) -> Vec<Element> {
        let element = |(&(_, area), squared): (&(usize, f32), &f32)| Element { mm: squared.sqrt(), area };
        let mut all: Vec<Element> = self.elements.iter().zip(squared_to_other).map(element).collect();
        all.par_sort_unstable_by(|a, b| a.mm.total_cmp(&b.mm).then(a.area.total_cmp(&b.area)));
        all
    }
}

/// For each corner of a lattice row the voxels around it, one bit each; beyond the box nothing belongs.
fn codes_of_row(mask: &Mask, tight: VoxelBox, [j, k]: [usize; 2], flat: bool, codes: &mut [u8]) {
    let cells = tight.size();
    let row = |j: Option<usize>, k: Option<usize>| match (j, k) {
        (Some(j), Some(k)) if j < cells[1] && k < cells[2] => Some(mask.row(tight.min[1] + j, tight.min[2] + k)),
        _ => None,
    };
    let (before, here) = (j.checked_sub(1), Some(j));
    let rows = if flat {
        [row(before, Some(k)), row(here, Some(k)), None, None]
    } else {
        [row(before, k.checked_sub(1)), row(before, Some(k)), row(here, k.checked_sub(1)), row(here, Some(k))]
    };
    let bits = if flat { 2 } else { 4 };
    codes.fill(0);
    for (n, row) in rows.into_iter().take(bits).enumerate() {
        let Some(row) = row else { continue };
        let low = bits - 1 - n;
        for (i, &v) in row.iter().enumerate() {
            codes[i] |= u8::from(v) << low;
            codes[i + 1] |= u8::from(v) << (low + bits);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::World;

    fn grid(size: [usize; 3], spacing: [f64; 3]) -> Geometry {
        Geometry::axis_aligned(size, World::default(), spacing).unwrap()
    }

    fn block(min: [usize; 3], max: [usize; 3]) -> Mask {
        Mask::from_fn(VoxelBox::new(min, max), |_| true)
    }

    #[test]
    fn masks_side_by_side_share_nothing() {
        let left = Mask::from_fn(VoxelBox::new([0, 0, 0], [3, 4, 5]), |_| true);
        let right = Mask::from_fn(VoxelBox::new([7, 1, 1], [9, 3, 4]), |_| true);
        for (a, b) in [(&left, &right), (&right, &left)] {
            let overlap = Overlap::of(a, b);
            assert_eq!((overlap.both, overlap.dice()), (0, 0.0));
        }
    }

    #[test]
    fn counts_hold_in_any_bounds() {
        let a = block([1, 1, 1], [5, 4, 3]);
        let b = block([3, 2, 0], [9, 9, 2]);
        let overlap = Overlap::of(&a, &b);
        assert_eq!(overlap, Overlap { both: 4, reference: 24, predicted: 84 });
        assert!((overlap.dice() - 8.0 / 108.0).abs() < 1e-12);
        assert!((overlap.iou() - 4.0 / 104.0).abs() < 1e-12);
    }

    #[test]
    fn empty_masks_follow_the_rule() {
        let g = grid([8, 8, 8], [1.0; 3]);
        let (nothing, some) = (Mask::empty(VoxelBox::default()), block([1, 1, 1], [3, 3, 3]));
        let neither = SurfaceDistances::of(&nothing, &nothing, &g);
        assert_eq!((neither.nsd(1.0), neither.hausdorff_mm(95.0), neither.assd_mm()), (1.0, None, None));
        let one = SurfaceDistances::of(&some, &nothing, &g);
        assert_eq!((one.nsd(1.0), one.hausdorff_mm(95.0)), (0.0, None));
        assert_eq!((Overlap::of(&nothing, &nothing).dice(), Overlap::of(&some, &nothing).dice()), (1.0, 0.0));
    }

    #[test]
    fn a_shifted_block_is_as_far_as_it_was_shifted() {
        let g = grid([64, 40, 40], [0.5, 1.0, 2.0]);
        let (a, b) = (block([4, 4, 4], [24, 24, 24]), block([10, 4, 4], [30, 24, 24]));
        let d = SurfaceDistances::of(&a, &b, &g);
        assert_eq!(d.hausdorff_mm(100.0), Some(3.0));
        assert_eq!(SurfaceDistances::of(&a, &a, &g).nsd(0.0), 1.0);
        assert!(d.nsd(3.0) == 1.0 && d.nsd(2.9) < 1.0);
    }

    /// Distances by comparing every element with every other.
    #[test]
    fn distances_agree_with_brute_force() {
        let spacing = [0.8, 1.3, 2.5];
        let g = grid([14, 12, 9], spacing);
        let ball = |c: [f64; 3], r: f64| {
            Mask::from_fn(VoxelBox::whole([14, 12, 9]), |v| {
                (0..3).map(|a| (v[a] as f64 - c[a]).powi(2)).sum::<f64>() < r * r
            })
        };
        let (a, b) = (ball([6.0, 5.0, 4.0], 3.2), ball([7.0, 6.0, 4.0], 2.6));
        let tight = a.tight_box().union(&b.tight_box());
        let (sa, sb) = (Surface::of(&a, tight, spacing, false), Surface::of(&b, tight, spacing, false));
        let place = |s: &Surface, at: usize| {
            [at % s.size[0], at / s.size[0] % s.size[1], at / (s.size[0] * s.size[1])].map(|x| x as f64)
        };
        let brute = |from: &Surface, to: &Surface| -> Vec<(f64, f64)> {
            let distance =
                |p: [f64; 3], q: [f64; 3]| (0..3).map(|a| ((p[a] - q[a]) * spacing[a]).powi(2)).sum::<f64>().sqrt();
            let nearest = |p| to.elements.iter().map(|e| distance(p, place(to, e.0))).fold(f64::INFINITY, f64::min);
            from.elements.iter().map(|e| (nearest(place(from, e.0)), f64::from(e.1))).collect()
        };
        let all = [brute(&sa, &sb), brute(&sb, &sa)].concat();
        let area: f64 = all.iter().map(|e| e.1).sum();
        let d = SurfaceDistances::of(&a, &b, &g);
        for tolerance in [0.5, 1.0, 2.0, 3.0] {
            let expected = all.iter().filter(|e| e.0 <= tolerance * RIM).map(|e| e.1).sum::<f64>() / area;
            assert!((d.nsd(tolerance) - expected).abs() < 1e-6);
        }
        let mean = all.iter().map(|e| e.0 * e.1).sum::<f64>() / area;
        assert!((d.assd_mm().unwrap() - mean).abs() < 1e-5);
    }
}
