//! A brush that paints only voxels whose value lies in a range.

use super::path::Gather;
use super::{Makes, Scene, ToolInfo, brush};
use crate::command::PaintMode;
use crate::operations::region::in_range;
use limner_imaging::{Mask, World};

pub(super) const RANGE_BRUSH: ToolInfo = ToolInfo {
    name: "range-brush",
    title: "Threshold brush",
    key: Some('q'),
    hint: "Paints only values in a range; the first touch sets the range, the tool bar changes it",
    gather: Gather::Stroke,
    makes: Makes::Dab { mode: PaintMode::Set, mask: dab },
};

fn dab(scene: &Scene<'_>, from: World, to: World) -> Mask {
    let Some([low, high]) = scene.settings.range.or_else(|| around(scene, from)) else {
        return Mask::empty(limner_imaging::VoxelBox::default());
    };
    in_range(&brush::dab(scene, from, to), scene.volume, low, high)
}

/// The values found around a place: the middle of those near by, and `tolerance` deviations to both sides. `None`
/// outside the picture.
#[must_use]
pub fn around(scene: &Scene<'_>, at: World) -> Option<[f64; 2]> {
    let geometry = &scene.volume.geometry;
    let size = geometry.size();
    let centre = geometry.voxel(at).index_in(size)?;
    let here = scene.volume.value(centre);
    if !here.is_finite() {
        return None;
    }
    let spacing = geometry.spacing_mm();
    let finest = spacing.into_iter().fold(f64::INFINITY, f64::min);
    // A neighbourhood that is as wide in mm along every axis, and never leaves a frame of a stack in time.
    let reach = |a: usize| {
        let frames = a == 2 && scene.volume.stack_axis != limner_imaging::StackAxis::Space;
        if frames { 0 } else { (NEIGHBOURHOOD * finest / spacing[a]).round() as usize }
    };
    let near = limner_imaging::VoxelBox::new(centre, centre.map(|n| n + 1)).grown(std::array::from_fn(reach), size);
    let mut values: Vec<f64> =
        Mask::from_fn(near, |_| true).indices().map(|v| scene.volume.value(v)).filter(|v| v.is_finite()).collect();
    values.sort_unstable_by(f64::total_cmp);
    let middle = *values.get(values.len() / 2)?;
    // The median distance from the middle, made comparable with a standard deviation: an edge near by, or a single hot
    // voxel, does not widen the range.
    let mut apart: Vec<f64> = values.iter().map(|v| (v - middle).abs()).collect();
    apart.sort_unstable_by(f64::total_cmp);
    let deviation = (apart[apart.len() / 2] * 1.4826).max(scene.volume.value_map.slope.abs() * 0.5);
    let reach = scene.settings.tolerance.max(0.0) * deviation;
    // What is pointed at always belongs.
    Some([(middle - reach).min(here), (middle + reach).max(here)])
}

/// How far "near by" reaches, in finest voxels.
const NEIGHBOURHOOD: f64 = 3.0;
