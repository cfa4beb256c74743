//! What a file lays over its own pixels (overlay planes), as labels that belong to nobody.

use crate::gpu::GuestLayers;
use limner_imaging::extras::OverlayKind;
use limner_imaging::{Volume, VoxelBox};
use limner_render::LabelStyle;
use std::collections::BTreeMap;

const KINDS: [(OverlayKind, [u8; 3]); 2] =
    [(OverlayKind::Graphics, [255, 214, 92]), (OverlayKind::RegionOfInterest, [86, 180, 233])];

/// `None` where the file draws nothing. Kinds lie in layers of their own; planes of one kind are joined slice by slice.
pub fn of(volume: &Volume) -> Option<GuestLayers> {
    let [columns, rows, _] = volume.size();
    let whole = VoxelBox::whole(volume.size());
    let mut layers = Vec::new();
    for (n, (kind, _)) in KINDS.iter().enumerate() {
        let mut slices: BTreeMap<usize, Vec<u16>> = BTreeMap::new();
        for overlay in volume.extras.overlays.iter().filter(|overlay| overlay.kind == *kind) {
            let k = overlay.mask.bounds().min[2];
            let slice = slices.entry(k).or_insert_with(|| vec![0; columns * rows]);
            for (label, &drawn) in slice.iter_mut().zip(overlay.mask.within(whole.slice(2, k)).voxels()) {
                *label |= if drawn { n as u16 + 1 } else { 0 };
            }
        }
        if !slices.is_empty() {
            layers.push(slices.into_iter().map(|(k, labels)| (whole.slice(2, k), labels)).collect());
        }
    }
    let styles = KINDS.iter().zip(1..).map(|((_, colour), value)| (value, LabelStyle::new(*colour))).collect();
    (!layers.is_empty()).then_some(GuestLayers { layers, styles })
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::extras::Overlay;
    use limner_imaging::{Geometry, Mask, Samples, World};

    #[test]
    fn planes_of_a_kind_are_joined_and_kinds_kept_apart() {
        let geometry = Geometry::axis_aligned([4, 3, 2], World::default(), [1.0; 3]).unwrap();
        let mut volume = Volume::new(geometry, Samples::U8(vec![0; 24]), 1).unwrap();
        assert!(of(&volume).is_none());
        let plane = |kind, column: usize, k: usize| Overlay {
            kind,
            mask: Mask::from_fn(VoxelBox::new([column, 0, k], [column + 1, 3, k + 1]), |_| true),
        };
        volume.extras.overlays = vec![
            plane(OverlayKind::Graphics, 0, 1),
            plane(OverlayKind::Graphics, 2, 1),
            plane(OverlayKind::RegionOfInterest, 2, 1),
        ];
        let drawn = of(&volume).unwrap();
        assert_eq!(drawn.layers.len(), 2);
        assert_eq!(drawn.layers[0], [(VoxelBox::new([0, 0, 1], [4, 3, 2]), [1, 0, 1, 0].repeat(3))]);
        assert_eq!(drawn.layers[1], [(VoxelBox::new([0, 0, 1], [4, 3, 2]), [0, 0, 2, 0].repeat(3))]);
    }
}
