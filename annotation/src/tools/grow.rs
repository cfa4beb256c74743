//! Region growing: everything that hangs together with a click while its values stay near those around it.

use super::path::Gather;
use super::{Makes, Scene, ToolInfo, range_brush};
use crate::command::PaintMode;
use limner_imaging::{Mask, StackAxis, Volume, VoxelBox, World};
use std::collections::VecDeque;

pub(super) const GROW: ToolInfo = ToolInfo {
    name: "grow",
    title: "Region grow",
    key: None,
    hint: "Click: paints what hangs together with the place and looks like it; the tool bar sets how alike",
    gather: Gather::CLICK,
    makes: Makes::Area { mode: PaintMode::Set, mask: area },
};

/// A region larger than this was not meant, and would keep the hand waiting.
const MOST_VOXELS: usize = 8 << 20;

fn area(scene: &Scene<'_>, points: &[World]) -> Result<Mask, &'static str> {
    let outside = "Click inside the picture";
    let at = *points.first().ok_or(outside)?;
    let geometry = &scene.volume.geometry;
    let seed = geometry.voxel(at).index_in(geometry.size()).ok_or(outside)?;
    let [low, high] = range_brush::around(scene, at).ok_or("There is no value to grow from")?;
    region(scene.volume, seed, |value| (low..=high).contains(&value))
        .ok_or("The region is larger than 8 million voxels: lower the tolerance")
}

/// What hangs together with a voxel over faces while its values belong; frames do not hang together. `None` where it
/// grows beyond reason. Costs what is found, not what the volume holds.
fn region(volume: &Volume, seed: [usize; 3], belongs: impl Fn(f64) -> bool) -> Option<Mask> {
    let size = volume.size();
    let axes = if volume.stack_axis == StackAxis::Space { 3 } else { 2 };
    let mut seen = vec![0_u64; volume.geometry.voxel_count().div_ceil(64)];
    let mut take = |index: [usize; 3]| {
        let n = volume.geometry.linear_index(index);
        let before = seen[n / 64];
        seen[n / 64] |= 1 << (n % 64);
        seen[n / 64] != before
    };
    let mut waiting = VecDeque::from([seed]);
    let mut found = Vec::new();
    take(seed);
    while let Some(index) = waiting.pop_front() {
        found.push(index);
        if found.len() > MOST_VOXELS {
            return None;
        }
        for axis in 0..axes {
            for up in [false, true] {
                let mut next = index;
                next[axis] = if up { index[axis] + 1 } else { index[axis].wrapping_sub(1) };
                if next[axis] < size[axis] && take(next) && belongs(volume.value(next)) {
                    waiting.push_back(next);
                }
            }
        }
    }
    let bounds = found.iter().fold(VoxelBox::default(), |all, v| all.union(&VoxelBox::new(*v, v.map(|n| n + 1))));
    let mut mask = Mask::empty(bounds);
    found.into_iter().for_each(|voxel| mask.set(voxel, true));
    Some(mask)
}
