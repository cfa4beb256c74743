//! A segment on another image: the next time point, another sequence, a picture on another grid. Voxels are carried over
//! through the patient, so that the two grids may differ in every way.

use crate::command::{Command, PaintMode, PaintRule};
use crate::contents::Contents;
use crate::entity::ImageId;
use crate::error::{Error, Result};
use crate::operations::{Target, find};
use crate::packed::PackedMask;
use glam::DVec3;
use limner_imaging::{Mask, StackAxis, Voxel, VoxelBox, World};

/// Paints a segment on another image, `offset_mm` further: where the patient lay otherwise, the hand has measured by how
/// much.
pub fn to_image(
    contents: &Contents,
    target: Target,
    to: ImageId,
    layer: usize,
    offset_mm: [f64; 3],
    rule: PaintRule,
) -> Result<Command> {
    let (image, map) = find(contents, target)?;
    let other = contents.image(to).ok_or(Error::Missing { key: to.into() })?;
    if image.stack_axis != StackAxis::Space || other.stack_axis != StackAxis::Space {
        return Err(Error::refused("only images in space can share a place; copy frames slice by slice"));
    }
    let offset = DVec3::from(offset_mm);
    if !offset.is_finite() {
        return Err(Error::refused("the offset must be a finite number of millimetres"));
    }
    let mask = map.mask_on(target.layer, target.label);
    let carried = resampled(&mask, &image.geometry, &other.geometry, offset);
    if carried.is_empty() {
        return Err(Error::refused("the segment does not reach into the other image"));
    }
    let (mask, mode) = (PackedMask::pack(&carried), PaintMode::Set);
    Ok(Command::Paint { image: to, layer, label: target.label, mask, mode, rule })
}

/// The voxels of a grid whose centres lie in voxels of the mask.
fn resampled(mask: &Mask, from: &limner_imaging::Geometry, to: &limner_imaging::Geometry, offset: DVec3) -> Mask {
    let tight = mask.tight_box();
    let (mut low, mut high) = (DVec3::INFINITY, DVec3::NEG_INFINITY);
    for corner in 0..8 {
        let at = std::array::from_fn(|a| {
            let end = if corner >> a & 1 == 0 { tight.min[a] } else { tight.max[a] };
            end as f64 - 0.5
        });
        let moved = to.voxel(World(from.world(Voxel(DVec3::from_array(at))).0 + offset)).0;
        (low, high) = (low.min(moved), high.max(moved));
    }
    let size = to.size();
    let min: [usize; 3] = std::array::from_fn(|a| (low[a].floor().max(0.0) as usize).min(size[a]));
    let max = std::array::from_fn(|a| ((high[a].ceil() + 1.0).max(0.0) as usize).clamp(min[a], size[a]));
    Mask::from_fn(VoxelBox::new(min, max), |index| {
        let at = World(to.world(Voxel::centre(index)).0 - offset);
        from.voxel(at).index_in(from.size()).is_some_and(|voxel| mask.get(voxel))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::Geometry;

    #[test]
    fn a_ball_lands_at_its_place_on_another_grid() {
        let turn = glam::DMat3::from_axis_angle(DVec3::new(1.0, 2.0, 0.5).normalize(), 0.5);
        let directions = [turn * DVec3::X, turn * DVec3::Y, turn * DVec3::NEG_Z];
        let from = Geometry::axis_aligned([50, 40, 30], World::new(-10.0, 3.0, 7.0), [0.8, 1.0, 1.5]).unwrap();
        let middle = from.centre().0;
        let to = Geometry::from_parts([70, 70, 60], World::default(), [1.1, 0.7, 0.9], directions).unwrap();
        let shift = middle - to.centre().0;
        let to = Geometry::from_parts([70, 70, 60], World(shift), [1.1, 0.7, 0.9], directions).unwrap();
        let ball =
            |g: &Geometry, index: [usize; 3], centre: DVec3| g.world(Voxel::centre(index)).0.distance(centre) <= 9.0;
        let mask = Mask::from_fn(VoxelBox::whole(from.size()), |v| ball(&from, v, middle));
        let offset = DVec3::new(2.0, -1.0, 3.0);
        let carried = resampled(&mask, &from, &to, offset);
        let expected = Mask::from_fn(VoxelBox::whole(to.size()), |v| ball(&to, v, middle + offset));
        let differing = expected.indices().filter(|v| !carried.get(*v)).count()
            + carried.indices().filter(|v| !expected.get(*v)).count();
        assert!(expected.count() > 3000 && differing * 6 < expected.count(), "{differing} of {}", expected.count());
    }
}
