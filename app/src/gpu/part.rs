//! Labels come by voxels of the whole picture; of a long film the adapter holds one frame.

use limner_imaging::{Volume, VoxelBox};
use std::borrow::Cow;

/// Which voxels of a picture are on the adapter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    pub voxels: VoxelBox,
    pub is_all: bool,
}

impl Part {
    pub fn of(volume: &Volume) -> Self {
        Self { voxels: volume.in_memory(), is_all: volume.only_slice().is_none() }
    }

    pub fn size(&self) -> [usize; 3] {
        self.voxels.size()
    }

    /// What of some labels lies on the part, and where on it, columns fastest. `None` for nothing.
    pub fn cut<'a>(&self, bounds: VoxelBox, labels: &'a [u16]) -> Option<(VoxelBox, Cow<'a, [u16]>)> {
        let kept = bounds.intersection(&self.voxels);
        if kept.is_empty() || labels.len() != bounds.len() {
            return None;
        }
        let placed = |at: [usize; 3]| std::array::from_fn(|axis| at[axis] - self.voxels.min[axis]);
        let place = VoxelBox::new(placed(kept.min), placed(kept.max));
        if kept == bounds {
            return Some((place, Cow::Borrowed(labels)));
        }
        let [columns, rows, _] = bounds.size();
        let mut cut = Vec::with_capacity(kept.len());
        for k in kept.min[2]..kept.max[2] {
            for j in kept.min[1]..kept.max[1] {
                let row = ((k - bounds.min[2]) * rows + j - bounds.min[1]) * columns;
                cut.extend_from_slice(&labels[row + kept.min[0] - bounds.min[0]..row + kept.max[0] - bounds.min[0]]);
            }
        }
        Some((place, Cow::Owned(cut)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_cut_to_the_frame_that_is_there() {
        let bounds = VoxelBox::new([2, 1, 4], [5, 3, 8]);
        let labels: Vec<u16> = (0..bounds.len() as u16).collect();
        let part = |min, max| Part { voxels: VoxelBox::new(min, max), is_all: false };
        let (place, cut) = part([0, 0, 6], [9, 9, 7]).cut(bounds, &labels).unwrap();
        assert_eq!((place, &*cut), (VoxelBox::new([2, 1, 0], [5, 3, 1]), &[12, 13, 14, 15, 16, 17][..]));
        let (place, cut) = part([3, 2, 5], [4, 9, 7]).cut(bounds, &labels).unwrap();
        assert_eq!((place, &*cut), (VoxelBox::new([0, 0, 0], [1, 1, 2]), &[10, 16][..]));
        assert!(part([0, 0, 9], [9, 9, 10]).cut(bounds, &labels).is_none());
        let whole = part([0, 0, 0], [9, 9, 9]).cut(bounds, &labels).unwrap();
        assert_eq!((whole.0, whole.1.len()), (bounds, labels.len()));
    }
}
