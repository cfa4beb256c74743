//! Several objects on one grid: where they meet, the one that is surer wins; a locked one keeps what it has.

use super::Object;
use crate::engine::Prediction;
use limner_imaging::{Mask, VoxelBox};
use std::sync::Arc;

/// Decides whose a voxel is.
#[derive(Clone, Copy)]
pub struct Overlap<'a> {
    objects: &'a [Arc<Object>],
}

impl<'a> Overlap<'a> {
    #[must_use]
    pub const fn of(objects: &'a [Arc<Object>]) -> Self {
        Self { objects }
    }

    /// The label at a voxel, 0 for none. Of equals the one made first wins.
    #[must_use]
    pub fn label_at(&self, index: [usize; 3]) -> u16 {
        let mut best = (0, -1.0);
        for object in self.objects {
            let Some(prediction) = &object.prediction else { continue };
            if prediction.mask.get(index) {
                let sure = if object.locked { 2.0 } else { prediction.probability_at(index) };
                if sure > best.1 {
                    best = (object.label, sure);
                }
            }
        }
        best.0
    }

    /// What an object keeps after the others have taken theirs.
    #[must_use]
    pub fn mask_of(&self, label: u16) -> Option<Mask> {
        let prediction = self.prediction_of(label)?;
        let bounds = prediction.mask.tight_box();
        Some(Mask::from_fn(bounds, |index| prediction.mask.get(index) && self.label_at(index) == label))
    }

    /// The box around all masks.
    #[must_use]
    pub fn bounds(&self) -> VoxelBox {
        let boxes = self.objects.iter().filter_map(|o| o.prediction.as_ref()).map(|p| p.mask.tight_box());
        boxes.fold(VoxelBox::default(), |all, b| all.union(&b))
    }

    fn prediction_of(&self, label: u16) -> Option<&'a Arc<Prediction>> {
        self.objects.iter().find(|o| o.label == label)?.prediction.as_ref()
    }
}
