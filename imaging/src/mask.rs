//! A set of voxels within a box: what engines return, tools paint and metrics compare.

use crate::space::VoxelBox;

/// Which voxels of `bounds` belong. Outside the bounds nothing does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    bounds: VoxelBox,
    voxels: Vec<bool>,
}

impl Mask {
    #[must_use]
    pub fn empty(bounds: VoxelBox) -> Self {
        Self { bounds, voxels: vec![false; bounds.len()] }
    }

    #[must_use]
    pub fn from_fn(bounds: VoxelBox, mut inside: impl FnMut([usize; 3]) -> bool) -> Self {
        let mut voxels = Vec::with_capacity(bounds.len());
        for k in bounds.min[2]..bounds.max[2] {
            for j in bounds.min[1]..bounds.max[1] {
                voxels.extend((bounds.min[0]..bounds.max[0]).map(|i| inside([i, j, k])));
            }
        }
        Self { bounds, voxels }
    }

    /// From one flag per voxel of `bounds`, columns fastest. `None` where the lengths differ.
    #[must_use]
    pub fn from_voxels(bounds: VoxelBox, voxels: Vec<bool>) -> Option<Self> {
        (voxels.len() == bounds.len()).then_some(Self { bounds, voxels })
    }

    #[must_use]
    pub const fn bounds(&self) -> VoxelBox {
        self.bounds
    }

    /// One flag per voxel of the bounds, columns fastest.
    #[must_use]
    pub fn voxels(&self) -> &[bool] {
        &self.voxels
    }

    pub fn voxels_mut(&mut self) -> &mut [bool] {
        &mut self.voxels
    }

    /// A flat mask on another slice along its flat axis.
    #[must_use]
    pub fn moved_to(mut self, axis: usize, slice: usize) -> Self {
        debug_assert!(self.voxels.is_empty() || self.bounds.size()[axis] == 1, "only what is flat lies on a slice");
        (self.bounds.min[axis], self.bounds.max[axis]) = (slice, slice + self.bounds.size()[axis]);
        self
    }

    #[must_use]
    pub fn get(&self, index: [usize; 3]) -> bool {
        self.bounds.contains(index) && self.voxels[self.offset(index)]
    }

    /// Sets a voxel inside the bounds; one outside is left alone.
    pub fn set(&mut self, index: [usize; 3], value: bool) {
        if self.bounds.contains(index) {
            let offset = self.offset(index);
            self.voxels[offset] = value;
        }
    }

    /// The flags of one row of the bounds.
    #[must_use]
    pub fn row(&self, j: usize, k: usize) -> &[bool] {
        let start = self.offset([self.bounds.min[0], j, k]);
        &self.voxels[start..start + self.bounds.size()[0]]
    }

    #[must_use]
    pub fn count(&self) -> usize {
        self.voxels.iter().filter(|&&v| v).count()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.voxels.contains(&true)
    }

    /// The indices that belong, columns fastest.
    pub fn indices(&self) -> impl Iterator<Item = [usize; 3]> + '_ {
        let [width, height, _] = self.bounds.size();
        let min = self.bounds.min;
        self.voxels
            .iter()
            .enumerate()
            .filter(|&(_, &inside)| inside)
            .map(move |(n, _)| [min[0] + n % width, min[1] + n / width % height, min[2] + n / (width * height)])
    }

    /// The smallest box around the voxels that belong; empty where none do.
    #[must_use]
    pub fn tight_box(&self) -> VoxelBox {
        let mut tight = VoxelBox::default();
        for k in self.bounds.min[2]..self.bounds.max[2] {
            for j in self.bounds.min[1]..self.bounds.max[1] {
                let row = self.row(j, k);
                let Some(first) = row.iter().position(|&v| v) else { continue };
                let last = row.iter().rposition(|&v| v).unwrap_or(first);
                let i = self.bounds.min[0];
                tight = tight.union(&VoxelBox::new([i + first, j, k], [i + last + 1, j + 1, k + 1]));
            }
        }
        tight
    }

    /// The same voxels in other bounds; what lies outside the new bounds is dropped.
    #[must_use]
    pub fn within(&self, bounds: VoxelBox) -> Self {
        let mut out = Self::empty(bounds);
        let shared = self.bounds.intersection(&bounds);
        if shared.is_empty() {
            return out;
        }
        for k in shared.min[2]..shared.max[2] {
            for j in shared.min[1]..shared.max[1] {
                let from = self.offset([shared.min[0], j, k]);
                let to = out.offset([shared.min[0], j, k]);
                let width = shared.size()[0];
                out.voxels[to..to + width].copy_from_slice(&self.voxels[from..from + width]);
            }
        }
        out
    }

    /// A flat mask moved to another slice.
    #[must_use]
    pub fn on_slice(&self, k: usize) -> Self {
        let VoxelBox { min, max } = self.bounds;
        let thickness = max[2].saturating_sub(min[2]);
        let bounds = VoxelBox::new([min[0], min[1], k], [max[0], max[1], k + thickness]);
        Self { bounds, voxels: self.voxels.clone() }
    }

    fn offset(&self, index: [usize; 3]) -> usize {
        let size = self.bounds.size();
        let [i, j, k] = std::array::from_fn(|a| index[a] - self.bounds.min[a]);
        (k * size[1] + j) * size[0] + i
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_knows_its_voxels_in_any_bounds() {
        let bounds = VoxelBox::new([2, 3, 4], [6, 8, 9]);
        let wanted = [[3, 4, 5], [5, 7, 8], [2, 3, 4]];
        let mask = Mask::from_fn(bounds, |v| wanted.contains(&v));
        assert_eq!(mask.count(), 3);
        assert_eq!(mask.tight_box(), bounds.intersection(&VoxelBox::new([2, 3, 4], [6, 8, 9])));
        let mut found: Vec<_> = mask.indices().collect();
        found.sort_unstable();
        assert_eq!(found, [[2, 3, 4], [3, 4, 5], [5, 7, 8]]);
        let cut = mask.within(VoxelBox::new([0, 0, 5], [6, 6, 6]));
        assert_eq!(cut.indices().collect::<Vec<_>>(), [[3, 4, 5]]);
        assert!(!mask.get([0, 0, 0]));
        assert!(mask.within(VoxelBox::new([0, 3, 4], [1, 8, 9])).is_empty());
    }
}
