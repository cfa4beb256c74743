//! One island of a label: the piece under the click, kept alone or taken away.

use super::path::Gather;
use super::{Makes, Scene, ToolInfo};
use crate::command::PaintMode;
use limner_imaging::field::{Connectivity, components};
use limner_imaging::{Mask, StackAxis, World};

pub(super) const KEEP_ISLAND: ToolInfo = ToolInfo {
    name: "keep-island",
    title: "Keep island",
    key: None,
    hint: "Click a piece of the label in hand: every other piece goes",
    gather: Gather::CLICK,
    makes: Makes::Area { mode: PaintMode::Erase, mask: others },
};

pub(super) const REMOVE_ISLAND: ToolInfo = ToolInfo {
    name: "remove-island",
    title: "Remove island",
    key: None,
    hint: "Click a piece of the label in hand: it goes",
    gather: Gather::CLICK,
    makes: Makes::Area { mode: PaintMode::Erase, mask: this },
};

fn this(scene: &Scene<'_>, points: &[World]) -> Result<Mask, &'static str> {
    Ok(split(scene, points)?.0)
}

fn others(scene: &Scene<'_>, points: &[World]) -> Result<Mask, &'static str> {
    let rest = split(scene, points)?.1;
    if rest.is_empty() { Err("The label has no other piece") } else { Ok(rest) }
}

/// The piece under the click, and the rest of the label.
fn split(scene: &Scene<'_>, points: &[World]) -> Result<(Mask, Mask), &'static str> {
    let geometry = &scene.volume.geometry;
    let seed = points.first().and_then(|at| geometry.voxel(*at).index_in(geometry.size()));
    let seed = seed.filter(|seed| (scene.painted)(*seed) == scene.label).ok_or("Click on the label in hand")?;
    let all = (scene.label_mask)();
    let space = scene.volume.stack_axis == StackAxis::Space;
    let parts = components(&all, if space { Connectivity::Corner26 } else { Connectivity::Slice8 });
    let part = parts.at(seed).ok_or("Click on the label in hand")?;
    Ok((parts.mask(part), parts.keep(|n, _| n != part)))
}
