//! Where an object ends when nobody said so: of all regions that grow from the seeds in geodesic order, the one
//! whose rim has the strongest mean edge.
//!
//! Every face between two cells is on the rim of the regions between their two distances, so one pass over the faces
//! and one running sum give the score of every region at once.

use super::features::{Features, distance};
use super::lattice::Lattice;
use rayon::prelude::*;

const BINS: usize = 2048;

/// How strong a face can count; beyond it an edge is an edge.
const STRONGEST: f32 = 4.0;

/// A rim must be about as large as this many faces to be believed; smaller ones are noise.
const LEAST_RIM: f32 = 60.0;

/// A step of this many times the usual one is still noise.
const NOISE_SHARE: f32 = 2.0;

/// Rims this close to the best are the same rim, a cell more or less.
const SAME_SHARE: f32 = 0.97;

/// Where to cut, and whether the rim there stands out from the noise.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    /// The geodesic distance of the rim. Infinite where everything is one.
    pub distance: f32,
    pub believable: bool,
}

/// The best cut. `noise` is the usual difference between neighbours; only what is well beyond it counts as edge.
pub fn best<const N: usize>(lattice: &Lattice, features: &Features<N>, distances: &[f32], noise: f32) -> Cut {
    let longest = distances.iter().copied().filter(|d| d.is_finite()).fold(0.0, f32::max);
    if longest <= 0.0 {
        return Cut { distance: f32::INFINITY, believable: false };
    }
    let bin = |&d: &f32| if d.is_finite() { ((d / longest).sqrt() * (BINS - 1) as f32) as usize } else { BINS };
    let bins: Vec<usize> = distances.par_iter().map(bin).collect();
    let mut rim = vec![0.0_f32; BINS + 1];
    let mut strength = vec![0.0_f32; BINS + 1];
    let mut open = vec![0.0_f32; BINS + 1];
    let flat = lattice.size.iter().filter(|&&n| n > 1).count() < 3;
    let strides = [1, lattice.size[0], lattice.size[0] * lattice.size[1]];
    for (n, cell) in lattice.cells().enumerate() {
        let here = bins[n];
        for axis in 0..3 {
            if lattice.size[axis] == 1 {
                continue;
            }
            let area = face_area(lattice, axis, flat);
            let at_edge = cell[axis] == 0 || cell[axis] + 1 == lattice.size[axis];
            if at_edge && here < BINS {
                open[here] += area;
            }
            if cell[axis] + 1 == lattice.size[axis] {
                continue;
            }
            let there = bins[n + strides[axis]];
            let (low, high) = (here.min(there), here.max(there));
            if low < high {
                let step = distance(&features.cells[n], &features.cells[n + strides[axis]]);
                let edge = (step - NOISE_SHARE * noise).clamp(0.0, STRONGEST);
                rim[low] += area;
                rim[high] -= area;
                strength[low] += area * edge;
                strength[high] -= area * edge;
            }
        }
    }
    let (bins, score) = strongest_rim(&rim, &strength, &open);
    let distance_of = |bin: usize| longest * (bin as f32 / (BINS - 1) as f32).powi(2);
    let distance = f32::midpoint(distance_of(bins.start + 1), distance_of(bins.end));
    Cut { distance, believable: score > NOISE_SHARE * noise }
}

fn face_area(lattice: &Lattice, axis: usize, flat: bool) -> f32 {
    (0..3).filter(|&a| a != axis && !(flat && lattice.size[a] == 1)).map(|a| lattice.step[a]).product()
}

/// The bins over which the region with the best rim stays as it is, and its score. Faces on the edge of the lattice
/// are rim without an edge.
fn strongest_rim(rim: &[f32], strength: &[f32], open: &[f32]) -> (std::ops::Range<usize>, f32) {
    let (mut best, mut best_score) = (0..1, 0.0);
    let (mut area, mut sum, mut at_edge) = (0.0, 0.0, 0.0);
    for bin in 0..BINS {
        area += rim[bin];
        sum += strength[bin];
        at_edge += open[bin];
        let score = sum / (area + at_edge + LEAST_RIM);
        if score > best_score {
            (best, best_score) = (bin..bin + 1, score);
        } else if best.end == bin && score >= SAME_SHARE * best_score {
            best.end = bin + 1;
        }
    }
    (best, best_score)
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::VoxelBox;

    #[test]
    fn the_cut_falls_on_the_edge_of_a_ball() {
        let lattice = Lattice::covering(VoxelBox::whole([31, 31, 31]), [1.0; 3], 1.0);
        let radius = |[i, j, k]: [usize; 3]| [i, j, k].iter().map(|&x| (x as f32 - 15.0).powi(2)).sum::<f32>().sqrt();
        let features =
            Features { cells: lattice.cells().map(|c| [if radius(c) <= 8.0 { 1.0 } else { 0.0 }]).collect() };
        let distances: Vec<f32> = lattice.cells().map(radius).collect();
        let cut = best(&lattice, &features, &distances, 0.0);
        assert!((cut.distance - 8.0).abs() < 0.5 && cut.believable, "{cut:?}");
    }
}
