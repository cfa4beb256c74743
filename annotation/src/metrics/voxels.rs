//! One object in two versions. Surfaces and empty masks are those of `limner_imaging::overlap`.

use limner_imaging::overlap::{Overlap, SurfaceDistances};
use limner_imaging::{Geometry, Mask};
use serde::{Deserialize, Serialize};

/// How well a predicted mask meets its reference. Distances do not exist where a mask is empty.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MaskScores {
    pub dice: f64,
    pub iou: f64,
    pub nsd: f64,
    pub hd_mm: Option<f64>,
    pub hd95_mm: Option<f64>,
    pub assd_mm: Option<f64>,
    pub reference_mm3: f64,
    pub predicted_mm3: f64,
}

impl MaskScores {
    /// Both masks lie on the grid of `geometry`.
    #[must_use]
    pub fn of(reference: &Mask, predicted: &Mask, geometry: &Geometry, tolerance_mm: f64) -> Self {
        Self::with_overlap(Overlap::of(reference, predicted), reference, predicted, geometry, tolerance_mm)
    }

    /// Where the voxels have been counted already.
    #[must_use]
    pub fn with_overlap(
        overlap: Overlap,
        reference: &Mask,
        predicted: &Mask,
        geometry: &Geometry,
        tolerance_mm: f64,
    ) -> Self {
        let surfaces = SurfaceDistances::of(reference, predicted, geometry);
        let voxel_mm3 = geometry.voxel_volume_mm3();
        Self {
            dice: overlap.dice(),
            iou: overlap.iou(),
            nsd: surfaces.nsd(tolerance_mm),
            hd_mm: surfaces.hausdorff_mm(100.0),
            hd95_mm: surfaces.hausdorff_mm(95.0),
            assd_mm: surfaces.assd_mm(),
            reference_mm3: overlap.reference as f64 * voxel_mm3,
            predicted_mm3: overlap.predicted as f64 * voxel_mm3,
        }
    }

    #[must_use]
    pub fn volume_difference_mm3(&self) -> f64 {
        self.predicted_mm3 - self.reference_mm3
    }

    /// The difference as a share of the reference; `None` where the reference is empty.
    #[must_use]
    pub fn relative_volume_difference(&self) -> Option<f64> {
        super::share(self.volume_difference_mm3(), self.reference_mm3)
    }
}
