//! Masks and voxel changes as run lengths: what commands carry, the log stores and undo keeps.
//!
//! Both forms run over a box with columns fastest, then rows, then slices. They come from files and scripts as well as
//! from our own tools, so a form that does not fit its box is refused when it is read.

use crate::brick::offset_in;
use limner_imaging::{Mask, VoxelBox};
use serde::{Deserialize, Serialize};

/// A mask as run lengths. On paper: the box and counts, first those outside, then those inside, and so on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "MaskForm", into = "MaskForm")]
pub struct PackedMask {
    bounds: VoxelBox,
    /// Variable-length counts, first outside.
    runs: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MaskForm {
    min: [usize; 3],
    max: [usize; 3],
    counts: Vec<u64>,
}

impl PackedMask {
    /// Packs what belongs, in the smallest box around it.
    #[must_use]
    pub fn pack(mask: &Mask) -> Self {
        let bounds = mask.tight_box();
        let mut runs = Vec::new();
        let (mut inside, mut count) = (false, 0_u64);
        for k in bounds.min[2]..bounds.max[2] {
            for j in bounds.min[1]..bounds.max[1] {
                let skipped = bounds.min[0] - mask.bounds().min[0];
                for &voxel in &mask.row(j, k)[skipped..skipped + bounds.size()[0]] {
                    if voxel == inside {
                        count += 1;
                    } else {
                        push_number(&mut runs, count);
                        (inside, count) = (voxel, 1);
                    }
                }
            }
        }
        if inside {
            push_number(&mut runs, count);
        }
        Self { bounds, runs }
    }

    /// Every voxel of a box.
    #[must_use]
    pub fn full(bounds: VoxelBox) -> Self {
        let mut runs = Vec::new();
        push_number(&mut runs, 0);
        push_number(&mut runs, bounds.len() as u64);
        Self { bounds, runs }
    }

    #[must_use]
    pub fn unpack(&self) -> Mask {
        let mut voxels = Vec::with_capacity(self.bounds.len());
        for (inside, count) in self.runs() {
            voxels.resize(voxels.len() + count, inside);
        }
        voxels.resize(self.bounds.len(), false);
        Mask::from_voxels(self.bounds, voxels).unwrap_or_else(|| Mask::empty(self.bounds))
    }

    #[must_use]
    pub const fn bounds(&self) -> VoxelBox {
        self.bounds
    }

    #[must_use]
    pub fn count(&self) -> usize {
        self.runs().filter(|&(inside, _)| inside).map(|(_, count)| count).sum()
    }

    #[must_use]
    pub fn bytes(&self) -> usize {
        self.runs.len()
    }

    /// Sets the voxels that belong in a mask whose bounds hold this one's.
    pub(crate) fn add_to(&self, mask: &mut Mask) {
        let mut at = 0;
        for (inside, count) in self.runs() {
            if inside {
                indices(self.bounds, at, count).for_each(|index| mask.set(index, true));
            }
            at += count;
        }
    }

    fn runs(&self) -> impl Iterator<Item = (bool, usize)> + '_ {
        let mut bytes = self.runs.as_slice();
        let mut inside = true;
        std::iter::from_fn(move || {
            let count = take_number(&mut bytes)?;
            inside = !inside;
            Some((inside, count as usize))
        })
    }

    /// The mask as wishes: `value` where it is inside, nothing elsewhere.
    pub(crate) fn wishes(&self, value: u16) -> Wishes<impl Iterator<Item = (u32, usize)> + '_> {
        let value = u32::from(value);
        let runs = self.runs().map(move |(inside, count)| (if inside { value } else { UNTOUCHED }, count));
        Wishes { bounds: self.bounds, runs, rest: (UNTOUCHED, 0) }
    }
}

impl From<PackedMask> for MaskForm {
    fn from(mask: PackedMask) -> Self {
        let counts = mask.runs().map(|(_, count)| count as u64).collect();
        Self { min: mask.bounds.min, max: mask.bounds.max, counts }
    }
}

impl TryFrom<MaskForm> for PackedMask {
    type Error = String;

    fn try_from(form: MaskForm) -> Result<Self, String> {
        let bounds = checked_box(form.min, form.max)?;
        check_total(bounds, form.counts.iter().copied())?;
        let mut runs = Vec::with_capacity(form.counts.len());
        for count in form.counts {
            push_number(&mut runs, count);
        }
        Ok(Self { bounds, runs })
    }
}

/// Not a label: this voxel is left as it is.
pub(crate) const UNTOUCHED: u32 = u32::MAX;

/// New values for some voxels of a box. On paper: the box and runs of `[count, value]`, null where nothing is set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "PatchForm", into = "PatchForm")]
pub struct Patch {
    bounds: VoxelBox,
    /// Pairs of variable-length numbers: a count, then the value plus one, or 0 for untouched.
    runs: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PatchForm {
    min: [usize; 3],
    max: [usize; 3],
    runs: Vec<(u64, Option<u16>)>,
}

impl Patch {
    /// From a value per voxel of the box, `None` where nothing is set. `None` where the lengths differ.
    #[must_use]
    pub fn from_values(bounds: VoxelBox, values: impl ExactSizeIterator<Item = Option<u16>>) -> Option<Self> {
        if values.len() != bounds.len() {
            return None;
        }
        let mut packer = Packer::new(bounds);
        for value in values {
            packer.push(value.map_or(UNTOUCHED, u32::from), 1);
        }
        Some(packer.finish())
    }

    #[must_use]
    pub const fn bounds(&self) -> VoxelBox {
        self.bounds
    }

    #[must_use]
    pub fn bytes(&self) -> usize {
        self.runs.len()
    }

    /// The values set somewhere, each once.
    #[must_use]
    pub fn values(&self) -> std::collections::BTreeSet<u16> {
        self.runs().filter_map(|(value, _)| u16::try_from(value).ok()).collect()
    }

    /// One patch that takes back what several take back one after the other, given in the order they were made: where
    /// two know a voxel, the older one knows what it was.
    pub(crate) fn joined_undo(patches: &[&Self]) -> Self {
        let bounds = patches.iter().fold(VoxelBox::default(), |all, patch| all.union(&patch.bounds));
        let mut values = vec![UNTOUCHED; bounds.len()];
        for patch in patches.iter().rev() {
            let mut at = 0;
            for (value, count) in patch.runs() {
                if value != UNTOUCHED {
                    for index in indices(patch.bounds, at, count) {
                        values[offset_in(&bounds, index)] = value;
                    }
                }
                at += count;
            }
        }
        let mut packer = Packer::new(bounds);
        for run in values.chunk_by(|a, b| a == b) {
            packer.push(run[0], run.len());
        }
        packer.finish()
    }

    pub(crate) fn runs(&self) -> impl Iterator<Item = (u32, usize)> + '_ {
        let mut bytes = self.runs.as_slice();
        std::iter::from_fn(move || {
            let count = take_number(&mut bytes)?;
            let value = take_number(&mut bytes)?;
            let value = if value == 0 { UNTOUCHED } else { (value - 1) as u32 };
            Some((value, count as usize))
        })
    }

    pub(crate) fn wishes(&self) -> Wishes<impl Iterator<Item = (u32, usize)> + '_> {
        Wishes { bounds: self.bounds, runs: self.runs(), rest: (UNTOUCHED, 0) }
    }
}

impl From<Patch> for PatchForm {
    fn from(patch: Patch) -> Self {
        let runs = patch.runs().map(|(value, count)| (count as u64, u16::try_from(value).ok())).collect();
        Self { min: patch.bounds.min, max: patch.bounds.max, runs }
    }
}

impl TryFrom<PatchForm> for Patch {
    type Error = String;

    fn try_from(form: PatchForm) -> Result<Self, String> {
        let bounds = checked_box(form.min, form.max)?;
        check_total(bounds, form.runs.iter().map(|&(count, _)| count))?;
        let mut packer = Packer::new(bounds);
        for (count, value) in form.runs {
            packer.push(value.map_or(UNTOUCHED, u32::from), count as usize);
        }
        Ok(packer.finish())
    }
}

/// Builds a patch from values in order, joining equal neighbours.
pub(crate) struct Packer {
    bounds: VoxelBox,
    runs: Vec<u8>,
    value: u32,
    count: usize,
}

impl Packer {
    pub(crate) const fn new(bounds: VoxelBox) -> Self {
        Self { bounds, runs: Vec::new(), value: UNTOUCHED, count: 0 }
    }

    pub(crate) fn push(&mut self, value: u32, count: usize) {
        if value == self.value {
            self.count += count;
        } else {
            self.flush();
            (self.value, self.count) = (value, count);
        }
    }

    fn flush(&mut self) {
        if self.count > 0 {
            push_number(&mut self.runs, self.count as u64);
            push_number(&mut self.runs, if self.value == UNTOUCHED { 0 } else { u64::from(self.value) + 1 });
        }
    }

    pub(crate) fn finish(mut self) -> Patch {
        // What follows the last change is untouched anyway.
        if self.value != UNTOUCHED {
            self.flush();
        }
        Patch { bounds: self.bounds, runs: self.runs }
    }
}

/// A value wished for each voxel of a box, read piece by piece so that no copy of the whole box is needed.
pub(crate) struct Wishes<Runs> {
    bounds: VoxelBox,
    runs: Runs,
    rest: (u32, usize),
}

impl<Runs: Iterator<Item = (u32, usize)>> Wishes<Runs> {
    pub(crate) const fn bounds(&self) -> VoxelBox {
        self.bounds
    }

    /// The next `out.len()` wishes.
    pub(crate) fn fill(&mut self, mut out: &mut [u32]) {
        while !out.is_empty() {
            if self.rest.1 == 0 {
                self.rest = self.runs.next().unwrap_or((UNTOUCHED, usize::MAX));
                continue;
            }
            let count = self.rest.1.min(out.len());
            let (now, later) = out.split_at_mut(count);
            now.fill(self.rest.0);
            self.rest.1 -= count;
            out = later;
        }
    }
}

/// The voxels of a run that starts at a position of a box.
pub(crate) fn indices(bounds: VoxelBox, start: usize, count: usize) -> impl Iterator<Item = [usize; 3]> {
    let size = bounds.size();
    (start..start + count).map(move |n| {
        let offset = [n % size[0], n / size[0] % size[1], n / (size[0] * size[1])];
        std::array::from_fn(|a| bounds.min[a] + offset[a])
    })
}

/// A box whose size can be computed without overflow and whose ends are in order.
fn checked_box(min: [usize; 3], max: [usize; 3]) -> Result<VoxelBox, String> {
    if (0..3).any(|a| max[a] < min[a]) {
        return Err(format!("the box from {min:?} to {max:?} ends before it begins"));
    }
    let size: [usize; 3] = std::array::from_fn(|a| max[a] - min[a]);
    let len = size[0].checked_mul(size[1]).and_then(|n| n.checked_mul(size[2]));
    if len.is_none() {
        return Err(format!("the box from {min:?} to {max:?} is too large"));
    }
    Ok(VoxelBox::new(min, max))
}

fn check_total(bounds: VoxelBox, counts: impl Iterator<Item = u64>) -> Result<(), String> {
    let mut total = 0_u64;
    for count in counts {
        total = total.saturating_add(count);
    }
    if total > bounds.len() as u64 {
        return Err(format!("{total} voxels in runs do not fit a box of {} voxels", bounds.len()));
    }
    Ok(())
}

/// Seven bits a byte, least first, the top bit set on all but the last.
pub(crate) fn push_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

pub(crate) fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_mask_is_packed_in_its_tight_box() {
        let mask = Mask::from_fn(VoxelBox::new([0; 3], [6, 5, 4]), |v| [[2, 1, 1], [3, 1, 1], [4, 2, 1]].contains(&v));
        let packed = PackedMask::pack(&mask);
        assert_eq!(packed.bounds(), VoxelBox::new([2, 1, 1], [5, 3, 2]));
        assert_eq!(serde_json::to_string(&packed).unwrap(), r#"{"min":[2,1,1],"max":[5,3,2],"counts":[0,2,3,1]}"#);
        assert_eq!(packed.unpack().within(mask.bounds()), mask);
    }

    #[test]
    fn forms_that_do_not_fit_are_refused() {
        for bad in [
            r#"{"min":[0,0,0],"max":[2,2,1],"counts":[5]}"#,
            r#"{"min":[3,0,0],"max":[2,2,1],"counts":[]}"#,
            r#"{"min":[0,0,0],"max":[4294967296,4294967296,4294967296],"counts":[]}"#,
            r#"{"min":[0,0,0],"max":[2,2,1],"counts":[18446744073709551615,2]}"#,
            r#"{"min":[0,0,0],"max":[2,2,1],"counts":[],"more":1}"#,
        ] {
            assert!(serde_json::from_str::<PackedMask>(bad).is_err(), "{bad}");
        }
        assert!(serde_json::from_str::<Patch>(r#"{"min":[0,0,0],"max":[2,1,1],"runs":[[3,1]]}"#).is_err());
    }

    proptest! {
        #[test]
        fn packing_loses_nothing(size in prop::array::uniform3(1_usize..7), seed: u64) {
            let bounds = VoxelBox::new([3, 1, 2], [3 + size[0], 1 + size[1], 2 + size[2]]);
            let mask = Mask::from_fn(bounds, |[i, j, k]| (seed >> ((i * 7 + j * 5 + k * 11) % 64)) & 1 == 1);
            let text = serde_json::to_string(&PackedMask::pack(&mask)).unwrap();
            let back: PackedMask = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(back.count(), mask.count());
            prop_assert_eq!(back.unpack().within(bounds), mask);
        }

        #[test]
        fn patches_come_back_from_text(values in prop::collection::vec(prop::option::of(0_u16..4), 24)) {
            let bounds = VoxelBox::new([1, 0, 5], [5, 3, 7]);
            let patch = Patch::from_values(bounds, values.iter().copied()).unwrap();
            let back: Patch = serde_json::from_str(&serde_json::to_string(&patch).unwrap()).unwrap();
            prop_assert_eq!(&back, &patch);
            let mut wishes = vec![0; 24];
            let mut reader = patch.wishes();
            let (head, tail) = wishes.split_at_mut(7);
            reader.fill(head);
            reader.fill(tail);
            let expected: Vec<u32> = values.iter().map(|v| v.map_or(UNTOUCHED, u32::from)).collect();
            prop_assert_eq!(wishes, expected);
        }
    }
}
