//! The dabs of a stroke become one paint with one undo when a step is committed.
//!
//! Painting twice with the same label under the same rule equals painting once under the union of the masks, so the
//! joined command has the same effect.

use crate::command::{Command, PaintMode, PaintRule};
use crate::edit::Edit;
use crate::entity::ImageId;
use crate::packed::{PackedMask, Patch};
use crate::step::StepPayload;
use limner_imaging::{Mask, VoxelBox};

/// Dabs are joined up to this many voxels of common box; beyond it they stay apart.
const LIMIT_VOXELS: usize = 1 << 23;

/// A command of an open step, with the edits that take it back.
#[derive(Debug)]
pub(crate) struct Staged {
    pub command: Command,
    pub undo: Vec<Edit>,
}

/// A paint that changed voxels and nothing else.
struct Dab<'a> {
    brush: (ImageId, usize, u16, PaintMode, PaintRule),
    mask: &'a PackedMask,
    undo: &'a Patch,
}

impl Staged {
    fn dab(&self) -> Option<Dab<'_>> {
        match (&self.command, self.undo.as_slice()) {
            (Command::Paint { image, layer, label, mask, mode, rule }, [Edit::Voxels { patch, .. }]) => {
                Some(Dab { brush: (*image, *layer, *label, *mode, *rule), mask, undo: patch })
            }
            _ => None,
        }
    }
}

pub(crate) fn joined(staged: Vec<Staged>) -> StepPayload {
    let mut payload = StepPayload { commands: Vec::new(), undo: Vec::new(), touch: None };
    let mut rest = staged.into_iter();
    while let Some(first) = rest.as_slice().first() {
        let dabs = stroke_at_start(rest.as_slice());
        let count = dabs.len().max(1);
        match dabs.as_slice() {
            [Dab { brush: (image, layer, label, mode, rule), .. }, _, ..] => {
                let (image, layer, label, mode, rule) = (*image, *layer, *label, *mode, *rule);
                let patches: Vec<_> = dabs.iter().map(|dab| dab.undo).collect();
                payload.undo.push(Edit::Voxels { image, layer, patch: Patch::joined_undo(&patches) });
                payload.commands.push(Command::Paint { image, layer, label, mask: union(&dabs), mode, rule });
            }
            _ => {
                payload.commands.push(first.command.clone());
                payload.undo.extend(first.undo.iter().cloned());
            }
        }
        rest.by_ref().take(count).for_each(drop);
    }
    payload
}

/// The dabs from the start on that are one stroke.
fn stroke_at_start(staged: &[Staged]) -> Vec<Dab<'_>> {
    let mut bounds = VoxelBox::default();
    let mut dabs: Vec<Dab<'_>> = Vec::new();
    for dab in staged.iter().map_while(Staged::dab) {
        bounds = bounds.union(&dab.mask.bounds());
        if dabs.first().is_some_and(|first| first.brush != dab.brush) || bounds.len() > LIMIT_VOXELS {
            break;
        }
        dabs.push(dab);
    }
    dabs
}

fn union(dabs: &[Dab<'_>]) -> PackedMask {
    let bounds = dabs.iter().fold(VoxelBox::default(), |all, dab| all.union(&dab.mask.bounds()));
    let mut union = Mask::empty(bounds);
    dabs.iter().for_each(|dab| dab.mask.add_to(&mut union));
    PackedMask::pack(&union)
}
