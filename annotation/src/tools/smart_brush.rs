//! A brush that stays on its side of an edge: of the dab only what hangs together with the pointer and looks like what
//! lies under it.

use super::path::Gather;
use super::{Makes, Scene, ToolInfo, brush, range_brush};
use crate::command::PaintMode;
use crate::operations::region::in_range;
use limner_imaging::field::{Connectivity, components};
use limner_imaging::{Mask, Voxel, VoxelBox, World};

pub(super) const SMART_BRUSH: ToolInfo = ToolInfo {
    name: "smart-brush",
    title: "Smart brush",
    key: Some('x'),
    hint: "Paints what looks like the place under the pointer and stops at edges",
    gather: Gather::Stroke,
    makes: Makes::Dab { mode: PaintMode::Set, mask: dab },
};

fn dab(scene: &Scene<'_>, _from: World, to: World) -> Mask {
    let nothing = || Mask::empty(VoxelBox::default());
    let pointed = scene.volume.geometry.voxel(to);
    let Some([low, high]) = range_brush::around(scene, to) else { return nothing() };
    // Only around the pointer itself: the way there may have crossed an edge.
    let dab = brush::dab(scene, to, to);
    // Of the dab's own voxels: a pointer half way between two slices belongs to the one that is painted.
    let apart = |index: &[usize; 3]| Voxel::centre(*index).0.distance_squared(pointed.0);
    let Some(seed) = dab.indices().min_by(|a, b| apart(a).total_cmp(&apart(b))) else { return nothing() };
    let mut alike = in_range(&dab, scene.volume, low, high);
    alike.set(seed, true);
    let parts = components(&alike, Connectivity::Face6);
    parts.at(seed).map_or_else(nothing, |part| parts.mask(part))
}
