//! The proposal on the picture: what accepting would paint, where the engine is not sure, and a soft edge around it.

use crate::app::App;
use crate::gpu::Proposed;
use limner_annotation::Label;
use limner_imaging::{Mask, VoxelBox};

/// Voxels of a mask that are less likely than this are drawn paler: there the next prompt helps most.
const SURE: f32 = 0.75;
/// Voxels outside a mask that are at least this likely are its soft edge.
const NEAR: f32 = 0.4;
/// How far from the mask its soft edge reaches, in voxels. What lies farther off is another object that looks alike: of
/// no help, and to the eye a mistake.
const SOFT_EDGE: usize = 4;

impl App {
    /// Puts the proposal on the screen, or takes the last one off.
    pub(crate) fn show_proposal(&mut self) {
        let shown = self.work.shown_proposal.take();
        let offered = self.assist.proposal();
        if let Some((image, bounds)) = shown
            && offered.is_none_or(|(new, ..)| new != image)
            && let Err(error) = self.gpu.write_proposal(image, bounds, &vec![Proposed::No; bounds.len()], [255; 3])
        {
            self.notices.error("The proposal could not be taken off", &error);
        }
        let Some((image, label, mask)) = offered else { return };
        let before = shown.filter(|(old, _)| *old == image).map_or_else(VoxelBox::default, |(_, bounds)| bounds);
        let share = self.assist.certainty();
        let tight = mask.tight_box();
        let after = if share.is_some() { with_edge(tight, mask.bounds()) } else { tight };
        let mut bounds = before.union(&after);
        if let Some(open) = self.workspace.pictures.get(&image) {
            bounds = bounds.intersection(&open.volume.in_memory());
        }
        let edge = share.is_some().then(|| soft_edge(&mask.within(after)));
        let is_near = |index| edge.as_ref().is_some_and(|edge| edge.get(index));
        // All of a preview is pale: nothing of it is the model's word yet.
        let is_preview = self.shows_preview();
        let certain = |index: [usize; 3]| match (mask.get(index), &share) {
            (false, _) if is_preview => Proposed::No,
            (false, Some(answer)) if is_near(index) && answer.probability_at(index) >= NEAR => Proposed::Near,
            (false, _) => Proposed::No,
            (true, _) if is_preview => Proposed::Unsure,
            (true, Some(answer)) if answer.probability_at(index) < SURE => Proposed::Unsure,
            (true, _) => Proposed::Yes,
        };
        let proposed: Vec<Proposed> = Mask::from_fn(bounds, |_| true).indices().map(certain).collect();
        let colour = self.document().and_then(|d| d.label(label)).map_or([255; 3], Label::colour);
        let drawn = self.gpu.write_proposal(image, bounds, &proposed, colour);
        self.work.shown_proposal = Some((image, after));
        if let Err(error) = drawn {
            self.notices.error("The proposal could not be drawn", &error);
        }
    }
}

/// A box with room for the soft edge, as far as the engine has looked.
fn with_edge(tight: VoxelBox, looked_at: VoxelBox) -> VoxelBox {
    if tight.is_empty() {
        return tight;
    }
    let min = std::array::from_fn(|a| tight.min[a].saturating_sub(SOFT_EDGE).max(looked_at.min[a]));
    let max = std::array::from_fn(|a| (tight.max[a] + SOFT_EDGE).min(looked_at.max[a]));
    VoxelBox { min, max }
}

/// The voxels of a mask and those around them, in its bounds: along one axis after the other.
fn soft_edge(mask: &Mask) -> Mask {
    let mut near = mask.clone();
    let size = mask.bounds().size();
    let strides = [1, size[0], size[0] * size[1]];
    for axis in 0..3 {
        let (stride, along) = (strides[axis], size[axis]);
        let before = near.voxels().to_vec();
        let starts = (0..before.len()).filter(|n| n / stride % along.max(1) == 0);
        let voxels = near.voxels_mut();
        for start in starts {
            let line = || (0..along).map(|n| start + n * stride);
            spread(line(), &before, voxels);
            spread(line().rev(), &before, voxels);
        }
    }
    near
}

/// Marks what comes within reach after a voxel on the way along a line.
fn spread(line: impl Iterator<Item = usize>, before: &[bool], near: &mut [bool]) {
    let mut left = 0;
    for at in line {
        if before[at] {
            left = SOFT_EDGE;
        } else if left > 0 {
            near[at] = true;
            left -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_edge_stays_beside_the_mask() {
        let bounds = VoxelBox::new([2, 3, 1], [22, 23, 12]);
        let mask = Mask::from_fn(bounds, |v| v == [10, 11, 6]);
        let edge = soft_edge(&mask);
        assert_eq!(edge.tight_box(), VoxelBox::new([6, 7, 2], [15, 16, 11]));
        assert_eq!(edge.count(), 9 * 9 * 9);
        let corner = Mask::from_fn(bounds, |v| v == [2, 3, 1]);
        assert_eq!(soft_edge(&corner).count(), 5 * 5 * 5);
        assert!(soft_edge(&Mask::empty(bounds)).is_empty());
    }
}
