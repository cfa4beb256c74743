//! The bucket: the enclosed area around a click, on its slice.

use super::path::Gather;
use super::sheet::Sheet;
use super::{Makes, Scene, ToolInfo};
use crate::command::PaintMode;
use limner_imaging::{Mask, VoxelBox, World};

pub(super) const FILL: ToolInfo = ToolInfo {
    name: "fill",
    title: "Fill",
    key: None,
    hint: "Click inside an outline to fill it on this slice",
    gather: Gather::CLICK,
    makes: Makes::Area { mode: PaintMode::Set, mask: area },
};

/// What has the same label as the voxel under the click and hangs together with it on the plane. Nothing where that
/// reaches the edge of the picture: an area that is not enclosed was not meant.
fn area(scene: &Scene<'_>, points: &[World]) -> Result<Mask, &'static str> {
    let outside = "Click inside the picture";
    let at = points.first().ok_or(outside)?;
    let sheet = Sheet::new(&scene.volume.geometry, &scene.plane).ok_or(outside)?;
    let [width, height] = sheet.columns();
    let column = (sheet.column(*at) + 0.5).floor();
    if !(0.0..width as f64).contains(&column.x) || !(0.0..height as f64).contains(&column.y) {
        return Err(outside);
    }
    let start = [column.x as usize, column.y as usize];
    let seed = sheet.voxel(start[0], start[1]).ok_or(outside)?;
    let value = (scene.painted)(seed);
    if value == scene.label {
        return Err("This area has the label already");
    }
    let mut seen = vec![false; width * height];
    seen[start[1] * width + start[0]] = true;
    let (mut waiting, mut found) = (vec![start], vec![seed]);
    while let Some([b, c]) = waiting.pop() {
        if b == 0 || c == 0 || b + 1 == width || c + 1 == height {
            return Err("The area is open: it reaches the edge of the picture");
        }
        for [b, c] in [[b - 1, c], [b + 1, c], [b, c - 1], [b, c + 1]] {
            if std::mem::replace(&mut seen[c * width + b], true) {
                continue;
            }
            if let Some(voxel) = sheet.voxel(b, c).filter(|voxel| (scene.painted)(*voxel) == value) {
                found.push(voxel);
                waiting.push([b, c]);
            }
        }
    }
    let bounds = found.iter().fold(VoxelBox::default(), |all, v| all.union(&VoxelBox::new(*v, v.map(|n| n + 1))));
    let mut mask = Mask::empty(bounds);
    found.into_iter().for_each(|voxel| mask.set(voxel, true));
    Ok(mask)
}
