//! What a network looks at: a box of voxels that may reach beyond the image, where it sees nothing.

use limner_imaging::VoxelBox;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub min: [i64; 3],
    pub size: [usize; 3],
}

impl Window {
    pub fn centred(centre: [i64; 3], size: [usize; 3]) -> Self {
        Self { min: std::array::from_fn(|a| centre[a] - (size[a] / 2) as i64), size }
    }

    pub fn of(bounds: &VoxelBox) -> Self {
        Self { min: bounds.min.map(|x| x as i64), size: bounds.size() }
    }

    /// Moved so that as little as possible of it lies outside an image of `size`; around the image where it is larger.
    pub fn moved_inside(self, size: [usize; 3]) -> Self {
        let min = std::array::from_fn(|a| {
            let spare = size[a] as i64 - self.size[a] as i64;
            if spare < 0 { spare.div_euclid(2) } else { self.min[a].clamp(0, spare) }
        });
        Self { min, ..self }
    }

    pub const fn max(&self, axis: usize) -> i64 {
        self.min[axis] + self.size[axis] as i64
    }

    pub fn len(&self) -> usize {
        self.size.iter().product()
    }

    /// The part within an image of `size`; empty where there is none.
    pub fn clipped(&self, size: [usize; 3]) -> VoxelBox {
        let min = std::array::from_fn(|a| self.min[a].clamp(0, size[a] as i64) as usize);
        let max = std::array::from_fn(|a| (self.max(a).clamp(0, size[a] as i64) as usize).max(min[a]));
        VoxelBox { min, max }
    }

    /// A box of the image in this window's own voxels; it must lie within.
    pub fn local(&self, bounds: &VoxelBox) -> VoxelBox {
        let shift = |corner: [usize; 3]| std::array::from_fn(|a| (corner[a] as i64 - self.min[a]) as usize);
        VoxelBox { min: shift(bounds.min), max: shift(bounds.max) }
    }

    pub fn union(&self, other: &Self) -> Self {
        let min = std::array::from_fn(|a| self.min[a].min(other.min[a]));
        let max: [i64; 3] = std::array::from_fn(|a| self.max(a).max(other.max(a)));
        Self { min, size: std::array::from_fn(|a| (max[a] - min[a]) as usize) }
    }

    /// Where both overlap.
    pub fn shared(&self, other: &Self) -> Option<Self> {
        let min: [i64; 3] = std::array::from_fn(|a| self.min[a].max(other.min[a]));
        let max: [i64; 3] = std::array::from_fn(|a| self.max(a).min(other.max(a)));
        (0..3).all(|a| max[a] > min[a]).then(|| Self { min, size: std::array::from_fn(|a| (max[a] - min[a]) as usize) })
    }

    /// Where the row at (j, k) of the world begins within this window's memory, columns fastest.
    pub fn row(&self, i: i64, j: i64, k: i64) -> usize {
        let [x, y, z] = [i - self.min[0], j - self.min[1], k - self.min[2]].map(|x| x as usize);
        (z * self.size[1] + y) * self.size[0] + x
    }

    /// Calls `visit` with where each row of the overlap begins in this window's memory and in the other's, and how
    /// long it is.
    pub fn shared_rows(&self, other: &Self, mut visit: impl FnMut(usize, usize, usize)) {
        let Some(both) = self.shared(other) else { return };
        for k in both.min[2]..both.max(2) {
            for j in both.min[1]..both.max(1) {
                visit(self.row(both.min[0], j, k), other.row(both.min[0], j, k), both.size[0]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_over_the_edge_sees_the_part_that_is_there() {
        let window = Window::centred([1, 10, 5], [5, 4, 3]);
        assert_eq!((window.min, window.max(1)), ([-1, 8, 4], 12));
        assert_eq!(window.clipped([20, 11, 30]), VoxelBox::new([0, 8, 4], [4, 11, 7]));
        assert_eq!(window.local(&VoxelBox::new([0, 8, 4], [4, 11, 7])), VoxelBox::new([1, 0, 0], [5, 3, 3]));
        assert!(window.clipped([20, 8, 30]).is_empty());
    }

    #[test]
    fn a_window_moves_inside_or_stands_around() {
        let window = Window { min: [-3, 18, 2], size: [10, 10, 9] };
        assert_eq!(window.moved_inside([20, 20, 4]).min, [0, 10, -3]);
    }

    #[test]
    fn rows_that_two_windows_share_are_found_in_both() {
        let (a, b) = (Window { min: [-1, 0, 0], size: [4, 3, 2] }, Window { min: [1, 1, 1], size: [5, 5, 5] });
        let mut rows = Vec::new();
        a.shared_rows(&b, |x, y, n| rows.push((x, y, n)));
        assert_eq!(rows, [(18, 0, 2), (22, 5, 2)]);
        assert_eq!(a.union(&b), Window { min: [-1, 0, 0], size: [7, 6, 6] });
    }
}
