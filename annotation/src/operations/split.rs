//! One label into several: by its islands, or by a plane. Each part but the first becomes an instance of its own.

use crate::command::{Command, PaintMode, PaintRule};
use crate::contents::Contents;
use crate::entity::LabelId;
use crate::error::{Error, Result};
use crate::labels::Label;
use crate::operations::{Target, find, islands_hang_together};
use crate::packed::PackedMask;
use limner_imaging::{Mask, Plane, Voxel, field};
use std::collections::BTreeSet;

/// More islands than this are dust; take the small ones away first.
const MAX_PARTS: usize = 256;

/// Gives every island but the largest a label of its own.
pub fn islands(contents: &Contents, target: Target) -> Result<Vec<Command>> {
    let (image, map) = find(contents, target)?;
    let found = field::components(&map.mask_on(target.layer, target.label), islands_hang_together(image));
    let mut parts: Vec<usize> = (0..found.len()).collect();
    parts.sort_by_key(|part| std::cmp::Reverse(found.parts()[*part].voxels));
    if parts.len() < 2 {
        return Err(Error::refused("the segment is one piece; there is nothing to split"));
    }
    if parts.len() > MAX_PARTS {
        let count = parts.len();
        return Err(Error::refused(format!("the segment is {count} pieces; remove the small ones first")));
    }
    let masks = parts[1..].iter().map(|part| found.mask(*part)).collect();
    relabelled(contents, target, masks)
}

/// Gives what lies on the far side of a plane a label of its own.
pub fn by_plane(contents: &Contents, target: Target, plane: &Plane) -> Result<Vec<Command>> {
    let (image, map) = find(contents, target)?;
    let mask = map.mask_on(target.layer, target.label);
    let beyond = |index: [usize; 3]| plane.mm_of(image.geometry.world(Voxel::centre(index))).z > 0.0;
    let far = Mask::from_fn(mask.bounds(), |index| mask.get(index) && beyond(index));
    if far.is_empty() || far.count() == mask.count() {
        return Err(Error::refused("the plane does not cut the segment"));
    }
    relabelled(contents, target, vec![far])
}

fn relabelled(contents: &Contents, target: Target, parts: Vec<Mask>) -> Result<Vec<Command>> {
    let label = contents.label_of_value(target.label).ok_or_else(|| Error::refused("the segment has no label"))?;
    let mut used: BTreeSet<u16> = contents.labels().iter().map(|label| label.value).collect();
    let mut commands = Vec::new();
    for (n, mask) in parts.into_iter().enumerate() {
        let value = (1..=u16::MAX).find(|value| !used.contains(value));
        let value = value.ok_or_else(|| Error::refused("no label value is free; remove labels that are not used"))?;
        used.insert(value);
        let part = Label {
            id: LabelId::new(),
            value,
            name: format!("{} {}", label.name, n + 2),
            colour: None,
            instance_of: Some(label.instance_of.unwrap_or(label.id)),
            ..label.clone()
        };
        commands.push(Command::AddLabel { label: part });
        commands.push(Command::Paint {
            image: target.image,
            layer: target.layer,
            label: value,
            mask: PackedMask::pack(&mask),
            mode: PaintMode::Set,
            rule: PaintRule::Inside(target.label),
        });
    }
    Ok(commands)
}
