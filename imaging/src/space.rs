//! The three spaces a position can be in, as types, so that mixing them up does not compile.
//!
//! `Voxel` counts from voxel centres (0.0 is the middle of the first voxel). `Pixel` counts from the outer corner of
//! the first pixel (FORMATS 0.1). `World` is patient space, LPS, in millimetres.

use glam::{DVec2, DVec3};
use serde::{Deserialize, Serialize};

/// A position in patient space: LPS, millimetres.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct World(pub DVec3);

/// A position on a volume's grid: (column, row, slice), integers are voxel centres.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Voxel(pub DVec3);

/// A position on one picture: (column, row), integers are pixel corners.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pixel(pub DVec2);

impl World {
    #[must_use]
    pub const fn new(x: f64, y: f64, z: f64) -> Self {
        Self(DVec3::new(x, y, z))
    }
}

impl Voxel {
    #[must_use]
    pub const fn new(i: f64, j: f64, k: f64) -> Self {
        Self(DVec3::new(i, j, k))
    }

    /// The centre of the voxel with these indices.
    #[must_use]
    pub fn centre(index: [usize; 3]) -> Self {
        Self(DVec3::from_array(index.map(|x| x as f64)))
    }

    /// The voxel this position lies in, or `None` outside a grid of `size`.
    #[must_use]
    pub fn index_in(self, size: [usize; 3]) -> Option<[usize; 3]> {
        let rounded = (self.0 + 0.5).floor().to_array();
        let inside = (0..3).all(|a| rounded[a] >= 0.0 && rounded[a] < size[a] as f64);
        inside.then(|| rounded.map(|x| x as usize))
    }
}

/// A half-open box of voxels: `min` is inside, `max` is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct VoxelBox {
    pub min: [usize; 3],
    pub max: [usize; 3],
}

impl VoxelBox {
    #[must_use]
    pub const fn new(min: [usize; 3], max: [usize; 3]) -> Self {
        Self { min, max }
    }

    /// The whole of a grid of `size`.
    #[must_use]
    pub const fn whole(size: [usize; 3]) -> Self {
        Self { min: [0; 3], max: size }
    }

    #[must_use]
    pub fn size(&self) -> [usize; 3] {
        std::array::from_fn(|a| self.max[a].saturating_sub(self.min[a]))
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.size().iter().product()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[must_use]
    pub fn contains(&self, index: [usize; 3]) -> bool {
        (0..3).all(|a| (self.min[a]..self.max[a]).contains(&index[a]))
    }

    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let min = std::array::from_fn(|a| self.min[a].max(other.min[a]));
        let max = std::array::from_fn(|a| self.max[a].min(other.max[a]).max(min[a]));
        Self { min, max }
    }

    /// The smallest box around both; an empty box adds nothing.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        if self.is_empty() {
            return *other;
        }
        if other.is_empty() {
            return *self;
        }
        Self {
            min: std::array::from_fn(|a| self.min[a].min(other.min[a])),
            max: std::array::from_fn(|a| self.max[a].max(other.max[a])),
        }
    }

    /// The slice `at` across `axis`, as wide as the box. It may lie outside the box.
    #[must_use]
    pub fn slice(mut self, axis: usize, at: usize) -> Self {
        (self.min[axis], self.max[axis]) = (at, at + 1);
        self
    }

    /// Grown by `margin` voxels on every side, kept within a grid of `size`.
    #[must_use]
    pub fn grown(&self, margin: [usize; 3], size: [usize; 3]) -> Self {
        Self {
            min: std::array::from_fn(|a| self.min[a].saturating_sub(margin[a])),
            max: std::array::from_fn(|a| (self.max[a] + margin[a]).min(size[a])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voxel_reaches_half_a_step_to_each_side() {
        let size = [4, 3, 2];
        assert_eq!(Voxel::new(-0.5, 0.0, 0.0).index_in(size), Some([0, 0, 0]));
        assert_eq!(Voxel::new(-0.51, 0.0, 0.0).index_in(size), None);
        assert_eq!(Voxel::new(3.49, 2.4, 1.4).index_in(size), Some([3, 2, 1]));
        assert_eq!(Voxel::new(3.5, 0.0, 0.0).index_in(size), None);
        assert_eq!(Voxel::new(f64::NAN, 0.0, 0.0).index_in(size), None);
    }

    #[test]
    fn boxes_are_half_open() {
        let a = VoxelBox::new([1, 1, 1], [4, 3, 2]);
        assert_eq!(a.len(), 6);
        assert!(a.contains([3, 2, 1]) && !a.contains([4, 2, 1]));
        assert!(a.intersection(&VoxelBox::new([4, 0, 0], [9, 9, 9])).is_empty());
        assert_eq!(a.union(&VoxelBox::default()), a);
        assert_eq!(a.grown([2, 2, 2], [5, 5, 5]), VoxelBox::new([0, 0, 0], [5, 5, 4]));
        assert_eq!(a.slice(1, 2), VoxelBox::new([1, 2, 1], [4, 3, 2]));
        assert_eq!(a.slice(2, 7), VoxelBox::new([1, 1, 7], [4, 3, 8]));
    }
}
