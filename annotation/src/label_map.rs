//! The labels painted on one image: several layers, so that segments may overlap, each in copy-on-write bricks.
//!
//! What must hold: every voxel count is the number of voxels with that value; a brick of nothing is absent. Two layers
//! with the same voxels are therefore equal.

use crate::brick::{Brick, Grid, offset_in};
use crate::packed::{Packer, Patch, UNTOUCHED, Wishes};
use limner_imaging::{Mask, VoxelBox};
use std::collections::{BTreeMap, BTreeSet};

/// All layers of one image. There is always at least one.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelMap {
    size: [usize; 3],
    layers: Vec<Layer>,
}

impl LabelMap {
    #[must_use]
    pub fn new(size: [usize; 3]) -> Self {
        Self { size, layers: vec![Layer::new(size)] }
    }

    #[must_use]
    pub const fn size(&self) -> [usize; 3] {
        self.size
    }

    #[must_use]
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The values in a box of a layer, columns fastest; 0 where nothing is labelled, also outside the image.
    #[must_use]
    pub fn copy_box(&self, layer: usize, bounds: VoxelBox) -> Vec<u16> {
        self.layers.get(layer).map_or_else(|| vec![0; bounds.len()], |l| l.copy_box(bounds))
    }

    /// The voxels of a label over all layers, in their tight box.
    #[must_use]
    pub fn mask_of(&self, value: u16) -> Mask {
        let tight = self.layers.iter().fold(VoxelBox::default(), |all, layer| all.union(&layer.box_of(value)));
        let mut mask = Mask::empty(tight);
        for layer in &self.layers {
            layer.add_to_mask(value, &mut mask);
        }
        mask
    }

    /// The voxels of a label on one layer, in their tight box.
    #[must_use]
    pub fn mask_on(&self, layer: usize, value: u16) -> Mask {
        let Some(layer) = self.layers.get(layer) else { return Mask::empty(VoxelBox::default()) };
        let mut mask = Mask::empty(layer.box_of(value));
        layer.add_to_mask(value, &mut mask);
        mask
    }

    /// Voxels of a label over all layers; one that several layers hold counts once.
    #[must_use]
    pub fn count(&self, value: u16) -> u64 {
        let holding: Vec<&Layer> = self.layers.iter().filter(|layer| layer.count(value) > 0).collect();
        let all: u64 = holding.iter().map(|layer| layer.count(value)).sum();
        // Layers rarely share a label: only where they do are voxels looked at.
        let again = |n: usize| holding[n].count_again(value, &holding[..n]);
        all - (1..holding.len()).map(again).sum::<u64>()
    }

    /// The labels that have at least one voxel.
    #[must_use]
    pub fn values(&self) -> BTreeSet<u16> {
        self.layers.iter().flat_map(Layer::values).collect()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.layers.iter().all(|layer| layer.bricks.is_empty())
    }

    /// Adds empty layers, or drops the last ones, which must be empty.
    pub(crate) fn set_layer_count(&mut self, count: usize) {
        self.layers.resize_with(count.max(1), || Layer::new(self.size));
    }

    pub(crate) fn layer_mut(&mut self, layer: usize) -> Option<&mut Layer> {
        self.layers.get_mut(layer)
    }
}

/// One value per voxel; 0 is "not labelled".
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    grid: Grid,
    bricks: BTreeMap<u32, Brick>,
    counts: BTreeMap<u16, u64>,
}

/// What a write did.
#[derive(Debug)]
pub(crate) struct Written {
    /// Puts the old values back.
    pub undo: Patch,
    /// The smallest box around the changed voxels; empty where nothing changed.
    pub changed: VoxelBox,
    pub bricks: Vec<u32>,
}

impl Layer {
    fn new(size: [usize; 3]) -> Self {
        Self { grid: Grid { size }, bricks: BTreeMap::new(), counts: BTreeMap::new() }
    }

    #[must_use]
    pub fn get(&self, index: [usize; 3]) -> u16 {
        let at = VoxelBox::new(index, index.map(|n| n + 1));
        self.grid
            .bricks_in(at)
            .next()
            .and_then(|n| Some(self.bricks.get(&n)?.get(offset_in(&self.grid.brick_box(n), index))))
            .unwrap_or(0)
    }

    #[must_use]
    pub fn count(&self, value: u16) -> u64 {
        self.counts.get(&value).copied().unwrap_or(0)
    }

    /// The labels that have at least one voxel here.
    pub fn values(&self) -> impl Iterator<Item = u16> + '_ {
        self.counts.keys().copied()
    }

    #[must_use]
    pub fn brick(&self, number: u32) -> Option<&Brick> {
        self.bricks.get(&number)
    }

    /// The bricks that hold anything, with their numbers.
    pub fn painted_bricks(&self) -> impl Iterator<Item = (u32, &Brick)> {
        self.bricks.iter().map(|(number, brick)| (*number, brick))
    }

    #[cfg(test)]
    const fn bricks(&self) -> &BTreeMap<u32, Brick> {
        &self.bricks
    }

    /// Whether anything may be painted in a box: exact to the brick.
    #[must_use]
    pub fn touches(&self, bounds: VoxelBox) -> bool {
        self.grid.bricks_in(bounds).any(|number| self.bricks.contains_key(&number))
    }

    #[must_use]
    pub const fn grid(&self) -> Grid {
        self.grid
    }

    fn copy_box(&self, bounds: VoxelBox) -> Vec<u16> {
        let mut out = vec![0; bounds.len()];
        for number in self.grid.bricks_in(bounds) {
            let Some(brick) = self.bricks.get(&number) else { continue };
            let brick_box = self.grid.brick_box(number);
            let part = brick_box.intersection(&bounds);
            for_each_row(part, |row, width| {
                let to = offset_in(&bounds, row);
                let to = &mut out[to..to + width];
                match brick {
                    Brick::Uniform(value) => to.fill(*value),
                    Brick::Dense(values) => {
                        let from = offset_in(&brick_box, row);
                        to.copy_from_slice(&values[from..from + width]);
                    }
                }
            });
        }
        out
    }

    /// The tight box of a label.
    #[must_use]
    pub fn box_of(&self, value: u16) -> VoxelBox {
        let mut tight = VoxelBox::default();
        if self.count(value) == 0 {
            return tight;
        }
        for (&number, brick) in &self.bricks {
            let brick_box = self.grid.brick_box(number);
            match brick {
                Brick::Uniform(v) if *v == value => tight = tight.union(&brick_box),
                Brick::Uniform(_) => {}
                Brick::Dense(values) => for_each_row(brick_box, |[i, j, k], width| {
                    let from = offset_in(&brick_box, [i, j, k]);
                    let row = &values[from..from + width];
                    if let Some(first) = row.iter().position(|v| *v == value) {
                        let last = row.iter().rposition(|v| *v == value).unwrap_or(first);
                        tight = tight.union(&VoxelBox::new([i + first, j, k], [i + last + 1, j + 1, k + 1]));
                    }
                }),
            }
        }
        tight
    }

    /// The voxels of a label that one of the layers before holds as well.
    fn count_again(&self, value: u16, before: &[&Self]) -> u64 {
        let mut again = 0;
        for (number, brick) in &self.bricks {
            let others: Vec<&Brick> = before.iter().filter_map(|layer| layer.bricks.get(number)).collect();
            if others.is_empty() {
                continue;
            }
            let len = self.grid.brick_box(*number).len();
            let held = |at: &usize| brick.get(*at) == value && others.iter().any(|other| other.get(*at) == value);
            again += (0..len).filter(held).count() as u64;
        }
        again
    }

    fn add_to_mask(&self, value: u16, mask: &mut Mask) {
        if self.count(value) == 0 {
            return;
        }
        let bounds = mask.bounds();
        let voxels = mask.voxels_mut();
        for number in self.grid.bricks_in(bounds) {
            let Some(brick) = self.bricks.get(&number) else { continue };
            let brick_box = self.grid.brick_box(number);
            for_each_row(brick_box.intersection(&bounds), |row, width| {
                let (from, to) = (offset_in(&brick_box, row), offset_in(&bounds, row));
                for x in 0..width {
                    voxels[to + x] |= brick.get(from + x) == value;
                }
            });
        }
    }

    /// Sets each wished value where `may_replace` allows the value that is there. The box must lie in the grid.
    pub(crate) fn write(
        &mut self,
        mut wishes: Wishes<impl Iterator<Item = (u32, usize)>>,
        may_replace: impl Fn(u16) -> bool,
    ) -> Written {
        let mut undo = Packer::new(wishes.bounds());
        let mut written = Changed::default();
        let (mut wished, mut old) = (Vec::new(), Vec::new());
        for chunk in chunks(wishes.bounds()) {
            wished.resize(chunk.len(), UNTOUCHED);
            wishes.fill(&mut wished);
            old.clear();
            old.resize(chunk.len(), UNTOUCHED);
            for number in self.grid.bricks_in(chunk) {
                self.write_brick(number, chunk, (&wished, &mut old), &may_replace, &mut written);
            }
            for run in old.chunk_by(|a, b| a == b) {
                undo.push(run[0], run.len());
            }
        }
        written.tally.apply_to(&mut self.counts);
        written.bricks.sort_unstable();
        written.bricks.dedup();
        Written { undo: undo.finish(), changed: written.bounds, bricks: written.bricks }
    }

    fn write_brick(
        &mut self,
        number: u32,
        chunk: VoxelBox,
        (wished, old): (&[u32], &mut [u32]),
        may_replace: &impl Fn(u16) -> bool,
        written: &mut Changed,
    ) {
        let brick_box = self.grid.brick_box(number);
        let part = brick_box.intersection(&chunk);
        let brick = self.bricks.get(&number).cloned().unwrap_or(Brick::Uniform(0));
        let mut changed = VoxelBox::default();
        for_each_row(part, |[i, j, k], width| {
            let (from, to) = (offset_in(&brick_box, [i, j, k]), offset_in(&chunk, [i, j, k]));
            let (wished, old) = (&wished[to..to + width], &mut old[to..to + width]);
            // Boxes are joined once a row: once a voxel was most of the time that undoing a whole organ took.
            let (mut first, mut end) = (width, 0);
            for x in 0..width {
                let wish = wished[x];
                if wish == UNTOUCHED {
                    continue;
                }
                let before = brick.get(from + x);
                if wish != u32::from(before) && may_replace(before) {
                    old[x] = u32::from(before);
                    written.tally.add(before, wish as u16);
                    (first, end) = (first.min(x), x + 1);
                }
            }
            if first < end {
                changed = changed.union(&VoxelBox::new([i + first, j, k], [i + end, j + 1, k + 1]));
            }
        });
        if changed.is_empty() {
            return;
        }
        // The clone above would make the brick shared and its copy certain.
        drop(brick);
        let brick = self.bricks.entry(number).or_insert(Brick::Uniform(0));
        let values = brick.dense(brick_box.len());
        for_each_row(changed, |row, width| {
            let (from, to) = (offset_in(&brick_box, row), offset_in(&chunk, row));
            for x in 0..width {
                if old[to + x] != UNTOUCHED {
                    values[from + x] = wished[to + x] as u16;
                }
            }
        });
        brick.collapse();
        if *brick == Brick::Uniform(0) {
            self.bricks.remove(&number);
        }
        written.bounds = written.bounds.union(&changed);
        written.bricks.push(number);
    }

    /// Puts a stored brick in place. `None` where it does not have the brick's number of values.
    pub(crate) fn load_brick(&mut self, number: u32, brick: Brick) -> Option<()> {
        if number as usize >= self.grid.brick_count() {
            return None;
        }
        let len = self.grid.brick_box(number).len();
        match &brick {
            Brick::Uniform(value) => self.tally_loaded(*value, len as u64),
            Brick::Dense(values) if values.len() == len => {
                for run in values.chunk_by(|a, b| a == b) {
                    self.tally_loaded(run[0], run.len() as u64);
                }
            }
            Brick::Dense(_) => return None,
        }
        self.bricks.insert(number, brick);
        Some(())
    }

    fn tally_loaded(&mut self, value: u16, count: u64) {
        if value != 0 {
            *self.counts.entry(value).or_default() += count;
        }
    }
}

#[derive(Default)]
struct Changed {
    bounds: VoxelBox,
    bricks: Vec<u32>,
    tally: Tally,
}

/// Counts replaced values. Neighbours mostly change alike, so the last pair is counted apart from the table.
#[derive(Default)]
struct Tally {
    last: (u16, u16),
    run: i64,
    change: BTreeMap<u16, i64>,
}

impl Tally {
    fn add(&mut self, before: u16, after: u16) {
        if self.last == (before, after) {
            self.run += 1;
        } else {
            self.flush();
            (self.last, self.run) = ((before, after), 1);
        }
    }

    fn flush(&mut self) {
        *self.change.entry(self.last.0).or_default() -= self.run;
        *self.change.entry(self.last.1).or_default() += self.run;
    }

    fn apply_to(mut self, counts: &mut BTreeMap<u16, u64>) {
        self.flush();
        for (value, change) in self.change {
            let count = counts.get(&value).copied().unwrap_or(0).saturating_add_signed(change);
            if value != 0 && count > 0 {
                counts.insert(value, count);
            } else {
                counts.remove(&value);
            }
        }
    }
}

/// Pieces of a box that follow each other in voxel order and do not cut more bricks than they must, so that a write to
/// a whole volume needs room for one layer of bricks only.
fn chunks(bounds: VoxelBox) -> impl Iterator<Item = VoxelBox> {
    // A flat box may be cut along its rows as well.
    let axis = if bounds.size()[2] == 1 { 1 } else { 2 };
    let mut start = bounds.min[axis];
    let end = if bounds.is_empty() { start } else { bounds.max[axis] };
    std::iter::from_fn(move || {
        (start < end).then(|| {
            let stop = ((start / crate::brick::EDGE + 1) * crate::brick::EDGE).min(end);
            let mut chunk = bounds;
            chunk.min[axis] = start;
            chunk.max[axis] = stop;
            start = stop;
            chunk
        })
    })
}

/// Calls with the first voxel and the width of every row of a box.
fn for_each_row(bounds: VoxelBox, mut row: impl FnMut([usize; 3], usize)) {
    if bounds.is_empty() {
        return;
    }
    for k in bounds.min[2]..bounds.max[2] {
        for j in bounds.min[1]..bounds.max[1] {
            row([bounds.min[0], j, k], bounds.size()[0]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packed::PackedMask;
    use proptest::prelude::*;

    fn paint(map: &mut LabelMap, bounds: VoxelBox, value: u16) -> Written {
        let mask = PackedMask::pack(&Mask::from_fn(bounds, |[i, j, k]| (i + 2 * j + 3 * k) % 4 != 0));
        map.layer_mut(0).unwrap().write(mask.wishes(value), |_| true)
    }

    #[test]
    fn writing_knows_what_it_changed_and_how_to_take_it_back() {
        let mut map = LabelMap::new([70, 40, 50]);
        paint(&mut map, VoxelBox::new([5, 5, 5], [60, 39, 49]), 3);
        let before = map.clone();
        let written = paint(&mut map, VoxelBox::new([20, 0, 30], [70, 20, 40]), 9);
        assert_ne!(map, before);
        assert_eq!(map.count(9), map.mask_of(9).count() as u64);
        assert_eq!(map.count(3), map.mask_of(3).count() as u64);
        assert!(written.changed.min[0] >= 20 && written.changed.max[0] == 70);
        map.layer_mut(0).unwrap().write(written.undo.wishes(), |_| true);
        assert_eq!(map, before);
    }

    #[test]
    fn what_may_not_be_replaced_stays() {
        let mut map = LabelMap::new([40, 40, 1]);
        paint(&mut map, VoxelBox::new([0, 0, 0], [20, 40, 1]), 1);
        let kept = map.count(1);
        let whole = PackedMask::pack(&Mask::from_fn(VoxelBox::whole([40, 40, 1]), |_| true));
        map.layer_mut(0).unwrap().write(whole.wishes(2), |old| old != 1);
        assert_eq!(map.count(1), kept);
        assert_eq!(map.count(2), 1600 - kept);
    }

    #[test]
    fn a_filled_and_cleared_map_is_as_new() {
        let mut map = LabelMap::new([33, 33, 33]);
        let whole = PackedMask::pack(&Mask::from_fn(VoxelBox::whole([33; 3]), |_| true));
        map.layer_mut(0).unwrap().write(whole.wishes(7), |_| true);
        assert!(map.layers()[0].bricks().values().all(|b| *b == Brick::Uniform(7)));
        map.layer_mut(0).unwrap().write(whole.wishes(0), |_| true);
        assert_eq!(map, LabelMap::new([33; 3]));
    }

    proptest! {
        #[test]
        fn copies_agree_with_single_voxels(min in prop::array::uniform3(0_usize..40), size in prop::array::uniform3(1_usize..40)) {
            let mut map = LabelMap::new([50, 45, 40]);
            paint(&mut map, VoxelBox::new([3, 4, 5], [44, 40, 39]), 5);
            let bounds = VoxelBox::new(min, std::array::from_fn(|a| min[a] + size[a]));
            let copied = map.copy_box(0, bounds);
            let mask = Mask::from_fn(bounds, |v| map.layers()[0].get(v) == 5);
            prop_assert_eq!(copied.iter().map(|v| *v == 5).collect::<Vec<_>>(), mask.voxels());
            prop_assert_eq!(map.mask_of(5).within(bounds), mask);
        }
    }

    #[test]
    fn a_voxel_on_two_layers_counts_once() {
        let mut map = LabelMap::new([70, 40, 50]);
        map.set_layer_count(3);
        let mut put = |layer: usize, bounds, value| {
            let mask = PackedMask::pack(&Mask::from_fn(bounds, |_| true));
            map.layer_mut(layer).unwrap().write(mask.wishes(value), |_| true);
        };
        let first = VoxelBox::new([0, 0, 0], [40, 30, 10]);
        put(0, first, 3);
        put(1, VoxelBox::new([20, 0, 0], [60, 30, 10]), 3);
        put(2, first, 3);
        put(2, VoxelBox::new([0, 0, 0], [10, 10, 10]), 4);
        assert_eq!(map.count(3), 60 * 30 * 10);
        assert_eq!(map.count(3), map.mask_of(3).count() as u64);
        assert_eq!(map.count(4), 1000);
    }
}
