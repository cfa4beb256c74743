//! The memory of a network at work: a few buffers that its tensors take turns in.
//!
//! The first run on a size writes down which buffer each step takes; every later run follows that plan, so nothing is
//! allocated while a network runs. A buffer goes to the next tensor it is large enough for, whatever its shape.

use super::tensor::{Shape, Tensor};
use std::collections::HashMap;

#[derive(Debug, Default)]
pub struct Arena {
    slots: Vec<Slot>,
    plans: HashMap<[usize; 3], Vec<usize>>,
}

#[derive(Debug)]
struct Slot {
    length: usize,
    /// Away while a tensor lives in it, and gone for good where a run was cancelled.
    buffer: Option<Vec<f32>>,
    busy: bool,
    last: Option<Shape>,
}

/// The steps of one run.
pub struct Steps<'a> {
    arena: &'a mut Arena,
    plan: Vec<usize>,
    at: usize,
    size: [usize; 3],
}

/// A buffer is not given to a tensor that would leave more of it empty: the large ones are wanted again.
const MOST_SPARE: usize = 2;

impl Arena {
    pub fn begin(&mut self, size: [usize; 3]) -> Steps<'_> {
        for slot in &mut self.slots {
            slot.busy = false;
        }
        let plan = self.plans.get(&size).cloned().unwrap_or_default();
        Steps { arena: self, plan, at: 0, size }
    }

    pub fn bytes(&self) -> usize {
        self.slots.iter().map(|slot| slot.length * size_of::<f32>()).sum()
    }

    /// The free buffer that leaves the least of itself empty, or a new one.
    fn choose(&mut self, needed: usize) -> usize {
        let fits = |slot: &Slot| !slot.busy && slot.length >= needed && slot.length <= MOST_SPARE * needed;
        let found = (0..self.slots.len()).filter(|&n| fits(&self.slots[n])).min_by_key(|&n| self.slots[n].length);
        found.unwrap_or_else(|| {
            self.slots.push(Slot { length: needed, buffer: None, busy: false, last: None });
            self.slots.len() - 1
        })
    }
}

impl Steps<'_> {
    /// A tensor whose rim is zero; what lies within is left from before.
    pub fn take(&mut self, shape: Shape) -> Tensor {
        let needed = shape.len() + shape.tail();
        let slot = match self.plan.get(self.at) {
            Some(&slot) => slot,
            None => {
                let slot = self.arena.choose(needed);
                self.plan.push(slot);
                slot
            }
        };
        self.at += 1;
        let place = &mut self.arena.slots[slot];
        place.busy = true;
        let kept = place.buffer.take();
        let fresh = kept.is_none();
        let data = kept.unwrap_or_else(|| vec![0.0; place.length]);
        let other = place.last.replace(shape) != Some(shape);
        let mut tensor = Tensor { shape, data, slot };
        if other && !fresh {
            tensor.clear_rim();
        }
        tensor
    }

    pub fn give(&mut self, tensor: Tensor) {
        let slot = &mut self.arena.slots[tensor.slot];
        slot.busy = false;
        slot.buffer = Some(tensor.data);
    }

    /// Keeps the plan for the next run.
    pub fn finish(self) {
        self.arena.plans.insert(self.size, self.plan);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(blocks: usize, width: usize) -> Shape {
        Shape { blocks, size: [2, 3, width], rim: [1; 3] }
    }

    fn run(arena: &mut Arena) {
        let mut steps = arena.begin([2, 3, 4]);
        let mut a = steps.take(shape(1, 8));
        a.data.fill(f32::NAN);
        let b = steps.take(shape(2, 3));
        steps.give(a);
        let c = steps.take(shape(1, 5));
        let inner: usize =
            (0..3).map(|y| c.shape.row_start(0, 0, y)).filter(|&start| !c.data[start].is_finite()).count();
        assert_eq!(inner, 3, "the buffer of the first tensor is used again");
        let rim = (0..c.data.len()).filter(|&n| !c.data[n].is_finite()).count();
        assert_eq!(rim, 2 * 3 * 5 * crate::network::isa::BLOCK, "only what lies within is left from before");
        steps.give(b);
        steps.give(c);
        steps.finish();
    }

    #[test]
    fn later_runs_follow_the_plan_of_the_first() {
        let mut arena = Arena::default();
        run(&mut arena);
        let (bytes, plans) = (arena.bytes(), arena.plans.clone());
        run(&mut arena);
        assert_eq!((arena.bytes(), arena.plans), (bytes, plans));
    }
}
