//! Decoded items up to a budget of bytes; the one not used for longest goes first.

use crate::volume::Volume;
use crate::with_samples;
use std::collections::HashMap;
use std::sync::Arc;

pub struct Held {
    budget: usize,
    bytes: usize,
    /// Counts uses: an item's number is when it was last asked for.
    now: u64,
    items: HashMap<usize, (Arc<Volume>, u64)>,
}

impl Held {
    pub fn new(budget: usize) -> Self {
        Self { budget, bytes: 0, now: 0, items: HashMap::new() }
    }

    pub const fn budget(&self) -> usize {
        self.budget
    }

    pub fn get(&mut self, n: usize) -> Option<Arc<Volume>> {
        self.now += 1;
        let (item, used) = self.items.get_mut(&n)?;
        *used = self.now;
        Some(Arc::clone(item))
    }

    pub fn put(&mut self, n: usize, item: Arc<Volume>) {
        self.now += 1;
        self.bytes += bytes_of(&item);
        if let Some((old, _)) = self.items.insert(n, (item, self.now)) {
            self.bytes -= bytes_of(&old);
        }
        while self.bytes > self.budget && self.items.len() > 1 {
            let oldest = self.items.iter().min_by_key(|(_, (_, used))| *used).map(|(&n, _)| n);
            let Some((gone, _)) = oldest.and_then(|n| self.items.remove(&n)) else { return };
            self.bytes -= bytes_of(&gone);
        }
    }
}

pub fn bytes_of(volume: &Volume) -> usize {
    with_samples!(volume.samples(), v => std::mem::size_of_val(v.as_slice()))
}
