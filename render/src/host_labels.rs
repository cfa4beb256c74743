//! Labels in main memory, for what the processor draws.
//!
//! They lie in bricks, of which only those that hold a label take memory: a layer over a volume of any size costs what
//! is painted on it. Boxes are written while pictures may be drawn from them, as on an adapter.

use limner_imaging::VoxelBox;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};

/// Voxels along the side of a brick, as a power of two.
const BITS: usize = 5;
const EDGE: usize = 1 << BITS;

pub(crate) struct HostLabels {
    /// Bricks along each axis.
    count: [usize; 3],
    bricks: Vec<OnceLock<Brick>>,
}

type Brick = Box<[AtomicU16]>;

impl HostLabels {
    pub fn new(size: [usize; 3]) -> Self {
        let count = size.map(|n| n.div_ceil(EDGE));
        Self { count, bricks: (0..count.iter().product()).map(|_| OnceLock::new()).collect() }
    }

    pub fn get(&self, voxel: [usize; 3]) -> u16 {
        self.near().get(voxel)
    }

    /// For labels that lie close to each other.
    pub const fn near(&self) -> Near<'_> {
        Near { labels: self, number: usize::MAX, brick: None }
    }

    #[inline(always)]
    const fn number(&self, [i, j, k]: [usize; 3]) -> usize {
        ((k >> BITS) * self.count[1] + (j >> BITS)) * self.count[0] + (i >> BITS)
    }

    /// Columns fastest. The box lies inside the grid and has as many voxels as there are labels.
    pub fn write_box(&self, at: VoxelBox, labels: &[u16]) {
        let [width, height, _] = at.size();
        for (row, labels) in labels.chunks_exact(width).enumerate() {
            let (j, k) = (at.min[1] + row % height, at.min[2] + row / height);
            let mut first = at.min[0];
            let mut rest = labels;
            while !rest.is_empty() {
                let (now, later) = rest.split_at((EDGE - first % EDGE).min(rest.len()));
                self.write_run([first, j, k], now);
                first += now.len();
                rest = later;
            }
        }
    }

    /// A part of a row that lies in one brick.
    fn write_run(&self, first: [usize; 3], labels: &[u16]) {
        let place = &self.bricks[self.number(first)];
        if place.get().is_none() && labels.iter().all(|&label| label == 0) {
            return;
        }
        let brick = place.get_or_init(|| (0..EDGE * EDGE * EDGE).map(|_| AtomicU16::new(0)).collect());
        for (place, label) in brick[offset(first)..].iter().zip(labels) {
            place.store(*label, Ordering::Relaxed);
        }
    }

    #[cfg(test)]
    fn bricks_held(&self) -> usize {
        self.bricks.iter().filter(|brick| brick.get().is_some()).count()
    }
}

#[inline(always)]
const fn offset([i, j, k]: [usize; 3]) -> usize {
    const INSIDE: usize = EDGE - 1;
    ((k & INSIDE) << (2 * BITS)) | ((j & INSIDE) << BITS) | (i & INSIDE)
}

/// Remembers the brick it last looked into.
pub(crate) struct Near<'a> {
    labels: &'a HostLabels,
    number: usize,
    brick: Option<&'a Brick>,
}

impl Near<'_> {
    #[inline(always)]
    pub fn get(&mut self, voxel: [usize; 3]) -> u16 {
        let number = self.labels.number(voxel);
        if number != self.number {
            self.number = number;
            self.brick = self.labels.bricks[number].get();
        }
        self.brick.map_or(0, |brick| brick[offset(voxel)].load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_across_bricks_is_read_as_it_was_written() {
        let size = [70, 40, 65];
        let labels = HostLabels::new(size);
        let at = VoxelBox::new([30, 5, 31], [67, 34, 64]);
        let value = |[i, j, k]: [usize; 3]| (1 + i * 3 + j * 101 + k * 907) as u16;
        let inside = |v: [usize; 3]| (0..3).all(|a| (at.min[a]..at.max[a]).contains(&v[a]));
        let mut written = Vec::new();
        for k in at.min[2]..at.max[2] {
            for j in at.min[1]..at.max[1] {
                written.extend((at.min[0]..at.max[0]).map(|i| value([i, j, k])));
            }
        }
        labels.write_box(at, &written);
        let mut near = labels.near();
        for n in 0..size.iter().product() {
            let voxel = [n % 70, n / 70 % 40, n / 2800];
            let expected = if inside(voxel) { value(voxel) } else { 0 };
            assert_eq!([labels.get(voxel), near.get(voxel)], [expected; 2], "{voxel:?}");
        }
    }

    #[test]
    fn only_what_is_painted_takes_memory() {
        let labels = HostLabels::new([2000, 2000, 3000]);
        assert_eq!(labels.bricks_held(), 0);
        labels.write_box(VoxelBox::new([0; 3], [2000, 3, 1]), &vec![0; 6000]);
        assert_eq!(labels.bricks_held(), 0, "nothing was painted");
        labels.write_box(VoxelBox::new([1998, 1999, 2999], [2000, 2000, 3000]), &[0, 9]);
        assert_eq!(labels.bricks_held(), 1);
        assert_eq!(labels.get([1999, 1999, 2999]), 9);
    }
}
