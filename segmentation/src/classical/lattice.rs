//! The grid the classical engine works on: every n-th voxel of a box, so that the work is bounded whatever the image.

use limner_imaging::VoxelBox;

/// Cells of `stride` voxels that cover a box of the image. The last cell of an axis may be cut short.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lattice {
    pub bounds: VoxelBox,
    pub stride: [usize; 3],
    pub size: [usize; 3],
    /// How far apart cells are, in units of the finest voxel spacing.
    pub step: [f32; 3],
}

impl Lattice {
    /// Covers `bounds` with cells of about `cell` finest voxels; an axis of thick slices keeps its own step.
    pub fn covering(bounds: VoxelBox, spacing: [f64; 3], cell: f64) -> Self {
        let finest = spacing.into_iter().fold(f64::INFINITY, f64::min);
        let extent = bounds.size();
        let stride = std::array::from_fn(|a| {
            let wanted = (cell * finest / spacing[a]).round().max(1.0) as usize;
            wanted.min(extent[a].max(1))
        });
        let size = std::array::from_fn(|a| extent[a].div_ceil(stride[a]));
        let step = std::array::from_fn(|a| (spacing[a] * stride[a] as f64 / finest) as f32);
        Self { bounds, stride, size, step }
    }

    pub fn len(&self) -> usize {
        self.size.iter().product()
    }

    pub fn is_full_resolution(&self) -> bool {
        self.stride == [1; 3]
    }

    pub fn offset(&self, [i, j, k]: [usize; 3]) -> usize {
        (k * self.size[1] + j) * self.size[0] + i
    }

    /// The cell a voxel of the image lies in.
    pub fn cell_of(&self, voxel: [usize; 3]) -> Option<[usize; 3]> {
        self.bounds.contains(voxel).then(|| std::array::from_fn(|a| (voxel[a] - self.bounds.min[a]) / self.stride[a]))
    }

    /// The voxel in the middle of a cell.
    pub fn centre_of(&self, cell: [usize; 3]) -> [usize; 3] {
        std::array::from_fn(|a| {
            (self.bounds.min[a] + cell[a] * self.stride[a] + self.stride[a] / 2).min(self.bounds.max[a] - 1)
        })
    }

    /// All cells, columns fastest.
    pub fn cells(&self) -> impl Iterator<Item = [usize; 3]> + use<> {
        let [width, height, depth] = self.size;
        (0..depth).flat_map(move |k| (0..height).flat_map(move |j| (0..width).map(move |i| [i, j, k])))
    }
}

/// The same cells with a rim of one on every side, so that neighbours need no bounds checks.
#[derive(Clone, Copy, Debug)]
pub struct Rimmed {
    pub size: [usize; 3],
    pub row: usize,
    pub slab: usize,
}

impl Rimmed {
    pub const fn of(size: [usize; 3]) -> Self {
        Self { size, row: size[0] + 2, slab: (size[0] + 2) * (size[1] + 2) }
    }

    pub const fn len(&self) -> usize {
        self.slab * (self.size[2] + 2)
    }

    /// Where the first cell of a row lies.
    pub const fn row_start(&self, j: usize, k: usize) -> usize {
        (k + 1) * self.slab + (j + 1) * self.row + 1
    }

    pub fn spread<T: Copy>(&self, cells: &[T], rim: T) -> Vec<T> {
        let mut out = vec![rim; self.len()];
        for (n, row) in cells.chunks_exact(self.size[0]).enumerate() {
            let start = self.row_start(n % self.size[1], n / self.size[1]);
            out[start..start + self.size[0]].copy_from_slice(row);
        }
        out
    }

    pub fn gather<T: Copy>(&self, rimmed: &[T]) -> Vec<T> {
        let mut out = Vec::with_capacity(self.size.iter().product());
        for k in 0..self.size[2] {
            for j in 0..self.size[1] {
                let start = self.row_start(j, k);
                out.extend_from_slice(&rimmed[start..start + self.size[0]]);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thick_slices_keep_their_own_step() {
        let bounds = VoxelBox::new([10, 20, 3], [31, 60, 9]);
        let lattice = Lattice::covering(bounds, [0.5, 0.5, 4.0], 4.0);
        assert_eq!((lattice.stride, lattice.size), ([4, 4, 1], [6, 10, 6]));
        assert_eq!(lattice.step, [4.0, 4.0, 8.0]);
        assert_eq!(lattice.cell_of([30, 20, 3]), Some([5, 0, 0]));
        assert_eq!(lattice.cell_of([31, 20, 3]), None);
        for cell in lattice.cells() {
            assert_eq!(lattice.cell_of(lattice.centre_of(cell)), Some(cell));
        }
    }

    #[test]
    fn a_rim_comes_and_goes() {
        let rimmed = Rimmed::of([3, 2, 2]);
        let cells: Vec<u8> = (1..13).collect();
        let spread = rimmed.spread(&cells, 0);
        assert_eq!(spread.iter().filter(|&&x| x == 0).count(), rimmed.len() - 12);
        assert_eq!(rimmed.gather(&spread), cells);
    }
}
