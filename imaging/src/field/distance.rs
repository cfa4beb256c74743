//! The exact Euclidean distance transform, one axis after the other.
//!
//! Along each axis the squared distance is the lower envelope of parabolas (Maurer, Qi and Raghavan 2003), decided
//! without divisions in 64 bits and kept in 32. Spacing is per axis; an axis of infinite spacing does not count, which
//! makes every slice stand for itself. Voxel axes are taken to be at right angles.

use crate::buffer;
use crate::mask::Mask;
use crate::space::VoxelBox;
use rayon::prelude::*;

/// Columns taken out of a plane at once: a cache line of them.
const BLOCK: usize = 16;

/// A distance in mm per voxel of the bounds, columns fastest; infinite where there is nothing to be near to.
#[derive(Clone, Debug)]
pub struct DistanceField {
    pub bounds: VoxelBox,
    pub mm: Vec<f32>,
}

impl DistanceField {
    #[must_use]
    pub fn get(&self, index: [usize; 3]) -> Option<f32> {
        let size = self.bounds.size();
        let [i, j, k] = std::array::from_fn(|a| index[a].wrapping_sub(self.bounds.min[a]));
        self.bounds.contains(index).then(|| self.mm[(k * size[1] + j) * size[0] + i])
    }
}

/// From every voxel of the mask's bounds to the centre of the nearest voxel that belongs to the mask.
#[must_use]
pub fn distance_to(mask: &Mask, spacing_mm: [f64; 3]) -> DistanceField {
    let mut mm = squared(mask.voxels(), mask.bounds().size(), spacing_mm, true);
    mm.par_iter_mut().for_each(|d| *d = d.sqrt());
    DistanceField { bounds: mask.bounds(), mm }
}

/// Positive outside (to the nearest voxel inside), negative inside (to the nearest outside), within the mask's bounds.
#[must_use]
pub fn signed_distance(mask: &Mask, spacing_mm: [f64; 3]) -> DistanceField {
    let mut field = distance_to(mask, spacing_mm);
    let inside = squared(mask.voxels(), mask.bounds().size(), spacing_mm, false);
    field.mm.par_iter_mut().zip(&inside).for_each(|(d, &i)| *d -= if *d == 0.0 { i.sqrt() } else { 0.0 });
    field
}

/// Squared distances to the nearest voxel that is `to`.
pub(crate) fn squared(voxels: &[bool], size: [usize; 3], spacing_mm: [f64; 3], to: bool) -> Vec<f32> {
    let [width, height, depth] = size;
    let mut out = buffer::zeros(voxels.len());
    if voxels.is_empty() {
        return out;
    }
    let plane = width * height;
    out.par_chunks_mut(plane).zip(voxels.par_chunks(plane)).for_each(|(out, voxels)| {
        let mut scratch = Scratch::default();
        for (out, row) in out.chunks_exact_mut(width).zip(voxels.chunks_exact(width)) {
            along_row(out, row, spacing_mm[0], to);
        }
        if height > 1 && spacing_mm[1].is_finite() {
            let mut rows: Vec<&mut [f32]> = out.chunks_exact_mut(width).collect();
            across(&mut rows, spacing_mm[1], &mut scratch);
        }
    });
    if depth > 1 && spacing_mm[2].is_finite() {
        let mut planes: Vec<Vec<&mut [f32]>> = (0..height).map(|_| Vec::with_capacity(depth)).collect();
        for (n, row) in out.chunks_exact_mut(width).enumerate() {
            planes[n % height].push(row);
        }
        planes.par_iter_mut().for_each_init(Scratch::default, |scratch, rows| across(rows, spacing_mm[2], scratch));
    }
    out
}

/// Two sweeps over one row.
fn along_row(out: &mut [f32], row: &[bool], spacing: f64, to: bool) {
    let squared = |steps: usize| {
        let mm = if steps == 0 { 0.0 } else { steps as f64 * spacing };
        (mm * mm) as f32
    };
    let mut last = None;
    for (i, (out, &v)) in out.iter_mut().zip(row).enumerate() {
        if v == to {
            last = Some(i);
        }
        *out = last.map_or(f32::INFINITY, |n| squared(i - n));
    }
    let Some(last) = last else { return };
    let mut next = last;
    for i in (0..last).rev() {
        if row[i] == to {
            next = i;
        }
        let ahead = squared(next - i);
        if ahead < out[i] {
            out[i] = ahead;
        }
    }
}

/// Buffers one thread uses again and again.
#[derive(Default)]
struct Scratch {
    columns: Vec<f32>,
    /// Height and place of the parabolas of the envelope.
    envelope: Vec<(f64, f64)>,
}

/// Transforms every column of a plane of rows.
fn across(rows: &mut [&mut [f32]], spacing: f64, scratch: &mut Scratch) {
    let (length, width) = (rows.len(), rows[0].len());
    scratch.columns.resize(length * BLOCK, 0.0);
    for start in (0..width).step_by(BLOCK) {
        let block = BLOCK.min(width - start);
        for (n, row) in rows.iter().enumerate() {
            for (b, value) in row[start..start + block].iter().enumerate() {
                scratch.columns[b * length + n] = *value;
            }
        }
        for column in scratch.columns.chunks_exact_mut(length).take(block) {
            along_column(column, spacing, &mut scratch.envelope);
        }
        for (n, row) in rows.iter_mut().enumerate() {
            for (b, value) in row[start..start + block].iter_mut().enumerate() {
                *value = scratch.columns[b * length + n];
            }
        }
    }
}

fn along_column(column: &mut [f32], spacing: f64, envelope: &mut Vec<(f64, f64)>) {
    envelope.clear();
    let mut flat = true;
    for (n, &height) in column.iter().enumerate() {
        flat &= height == 0.0;
        if height == f32::INFINITY {
            continue;
        }
        let new = (f64::from(height), n as f64 * spacing);
        while let [.., before, last] = envelope.as_slice() {
            if !hidden(*before, *last, new) {
                break;
            }
            envelope.pop();
        }
        envelope.push(new);
    }
    if flat || envelope.is_empty() {
        return;
    }
    let mut nearest = envelope.as_slice();
    for (n, out) in column.iter_mut().enumerate() {
        let at = n as f64 * spacing;
        let value = |(height, place): (f64, f64)| height + (place - at) * (place - at);
        while let [first, second, ..] = nearest
            && value(*second) <= value(*first)
        {
            nearest = &nearest[1..];
        }
        *out = value(nearest[0]) as f32;
    }
}

/// True where the parabola in the middle is nowhere the lowest.
fn hidden(a: (f64, f64), b: (f64, f64), c: (f64, f64)) -> bool {
    let (ab, bc, ac) = (b.1 - a.1, c.1 - b.1, c.1 - a.1);
    ac * b.0 - bc * a.0 - ab * c.0 - ab * bc * ac > 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn nearest(mask: &Mask, from: [usize; 3], spacing: [f64; 3], to: bool) -> f64 {
        let all = Mask::from_fn(mask.bounds(), |_| true);
        all.indices()
            .filter(|&v| mask.get(v) == to)
            .map(|v| (0..3).map(|a| ((v[a] as f64 - from[a] as f64) * spacing[a]).powi(2)).sum::<f64>().sqrt())
            .fold(f64::INFINITY, f64::min)
    }

    proptest! {
        #[test]
        fn every_distance_is_the_smallest(
            seed in proptest::collection::vec(0_u8..100, 6 * 7 * 5),
            share in 0_u8..30,
            spacing in [0.3_f64..4.0, 0.3_f64..4.0, 0.3_f64..4.0],
        ) {
            let bounds = VoxelBox::new([2, 0, 1], [8, 7, 6]);
            let mask = Mask::from_voxels(bounds, seed.iter().map(|&x| x < share).collect()).unwrap();
            let field = distance_to(&mask, spacing);
            let signed = signed_distance(&mask, spacing);
            for v in Mask::from_fn(bounds, |_| true).indices() {
                let expected = nearest(&mask, v, spacing, true);
                let found = f64::from(field.get(v).unwrap());
                prop_assert!(found == expected || (found - expected).abs() < 1e-5 * expected.max(1.0), "{found} {expected}");
                let inside = nearest(&mask, v, spacing, false);
                let found = f64::from(signed.get(v).unwrap());
                let expected = if expected > 0.0 { expected } else { -inside };
                prop_assert!(found == expected || (found - expected).abs() < 1e-5 * expected.abs().max(1.0));
            }
        }
    }

    #[test]
    fn an_infinite_axis_keeps_slices_apart() {
        let bounds = VoxelBox::whole([4, 4, 2]);
        let mask = Mask::from_fn(bounds, |v| v == [0, 0, 0]);
        let field = distance_to(&mask, [1.0, 2.0, f64::INFINITY]);
        assert_eq!(field.get([3, 2, 0]), Some(5.0));
        assert_eq!(field.get([0, 0, 1]), Some(f32::INFINITY));
        assert_eq!(field.get([4, 0, 0]), None);
    }
}
