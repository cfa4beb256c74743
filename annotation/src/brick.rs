//! A label layer is cut into bricks of up to 32 voxels a side. Clones share them until one is written to.

use limner_imaging::VoxelBox;
use std::sync::Arc;

/// The longest side of a brick. Bricks at the end of the grid are as short as the grid, so a flat picture costs no depth.
pub const EDGE: usize = 32;

/// The values of one brick. Kept canonical: values that are all the same are `Uniform`, so equal content compares equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Brick {
    Uniform(u16),
    /// Columns fastest, then rows, then slices of the brick's own box.
    Dense(Arc<Vec<u16>>),
}

impl Brick {
    #[must_use]
    pub fn get(&self, offset: usize) -> u16 {
        match self {
            Self::Uniform(value) => *value,
            Self::Dense(values) => values[offset],
        }
    }

    pub(crate) fn dense(&mut self, len: usize) -> &mut [u16] {
        if let Self::Uniform(value) = self {
            *self = Self::Dense(Arc::new(vec![*value; len]));
        }
        match self {
            Self::Dense(values) => Arc::<Vec<u16>>::make_mut(values).as_mut_slice(),
            Self::Uniform(_) => &mut [],
        }
    }

    /// Back to one value where all are the same.
    pub(crate) fn collapse(&mut self) {
        let Self::Dense(values) = self else { return };
        let first = values[0];
        // Piece by piece without a branch a value, so that the processor compares many at once: undo empties bricks.
        if values.chunks(256).all(|piece| piece.iter().fold(true, |same, value| same & (*value == first))) {
            *self = Self::Uniform(first);
        }
    }
}

/// How a grid is cut into bricks: numbered like voxels, columns fastest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    pub size: [usize; 3],
}

impl Grid {
    fn bricks_along(&self) -> [usize; 3] {
        self.size.map(|n| n.div_ceil(EDGE))
    }

    #[must_use]
    pub fn brick_count(&self) -> usize {
        self.bricks_along().iter().product()
    }

    /// The voxels of a brick.
    #[must_use]
    pub fn brick_box(&self, number: u32) -> VoxelBox {
        let along = self.bricks_along();
        let number = number as usize;
        let at = [number % along[0], number / along[0] % along[1], number / (along[0] * along[1])];
        let min = at.map(|n| n * EDGE);
        VoxelBox::new(min, std::array::from_fn(|a| (min[a] + EDGE).min(self.size[a])))
    }

    /// The bricks that a box touches.
    pub fn bricks_in(&self, bounds: VoxelBox) -> impl Iterator<Item = u32> + use<> {
        let along = self.bricks_along();
        let bounds = bounds.intersection(&VoxelBox::whole(self.size));
        let first = bounds.min.map(|n| n / EDGE);
        let last = if bounds.is_empty() { first } else { bounds.max.map(|n| n.div_ceil(EDGE)) };
        (first[2]..last[2]).flat_map(move |k| {
            (first[1]..last[1])
                .flat_map(move |j| (first[0]..last[0]).map(move |i| ((k * along[1] + j) * along[0] + i) as u32))
        })
    }
}

/// Where a voxel lies in the values of a box.
pub(crate) fn offset_in(bounds: &VoxelBox, [i, j, k]: [usize; 3]) -> usize {
    let size = bounds.size();
    ((k - bounds.min[2]) * size[1] + j - bounds.min[1]) * size[0] + i - bounds.min[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bricks_tile_the_grid() {
        let grid = Grid { size: [70, 33, 5] };
        assert_eq!(grid.brick_count(), 6);
        let total: usize = (0..6).map(|n| grid.brick_box(n).len()).sum();
        assert_eq!(total, 70 * 33 * 5);
        assert_eq!(grid.brick_box(5), VoxelBox::new([64, 32, 0], [70, 33, 5]));
        assert_eq!(grid.bricks_in(VoxelBox::new([31, 0, 0], [33, 1, 1])).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(grid.bricks_in(VoxelBox::whole([99, 99, 99])).count(), 6);
        assert_eq!(grid.bricks_in(VoxelBox::default()).count(), 0);
    }
}
