//! The frames of a cine or a 4D series on the adapter: the one shown and its neighbours in time, within a budget.
//!
//! Which frames to hold and which to fetch next is decided here; decoding happens elsewhere, on any thread.

use std::collections::BTreeMap;

/// Pictures by frame number. `T` is what a frame is on the adapter, usually a `VolumeTexture`.
pub struct FrameCache<T> {
    count: usize,
    budget_bytes: u64,
    held: BTreeMap<usize, (T, u64)>,
    current: usize,
    forwards: bool,
}

impl<T> FrameCache<T> {
    /// For a series of `count` frames that run in a circle.
    #[must_use]
    pub const fn new(count: usize, budget_bytes: u64) -> Self {
        Self { count, budget_bytes, held: BTreeMap::new(), current: 0, forwards: true }
    }

    /// The frame now shown; neighbours in the direction of play matter most.
    pub fn show(&mut self, frame: usize) {
        let frame = if self.count == 0 { 0 } else { frame % self.count };
        if frame != self.current {
            self.forwards = self.steps_ahead(frame, true) <= self.steps_ahead(frame, false);
            self.current = frame;
        }
    }

    #[must_use]
    pub fn get(&self, frame: usize) -> Option<&T> {
        self.held.get(&frame).map(|(picture, _)| picture)
    }

    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.held.values().map(|(_, bytes)| bytes).sum()
    }

    /// The frame to fetch next: the one shown, else the nearest in the direction of play. `None` where all that the
    /// budget allows are held.
    #[must_use]
    pub fn wanted(&self) -> Option<usize> {
        let room = self.frames_in_budget();
        (0..room).map(|n| self.nth(n)).find(|frame| !self.held.contains_key(frame))
    }

    /// Holds a frame and lets go of those that are farthest from being shown.
    pub fn insert(&mut self, frame: usize, picture: T, bytes: u64) {
        if frame >= self.count {
            return;
        }
        self.held.insert(frame, (picture, bytes));
        let order: Vec<usize> = (0..self.count).rev().map(|n| self.nth(n)).collect();
        for frame in order {
            if self.bytes() <= self.budget_bytes || frame == self.current {
                break;
            }
            self.held.remove(&frame);
        }
    }

    pub fn clear(&mut self) {
        self.held.clear();
    }

    /// How many frames fit, judged by those held. At least the one shown.
    fn frames_in_budget(&self) -> usize {
        let largest = self.held.values().map(|(_, bytes)| *bytes).max().unwrap_or(0);
        let room = self.budget_bytes.checked_div(largest).unwrap_or(1).max(1);
        self.count.min(usize::try_from(room).unwrap_or(usize::MAX))
    }

    /// The `n`-th frame in order of need: three ahead for each one behind.
    fn nth(&self, n: usize) -> usize {
        let behind = n / 4;
        let (steps, forwards) = if n % 4 == 3 { (behind + 1, !self.forwards) } else { (n - behind, self.forwards) };
        let steps = steps % self.count.max(1);
        if forwards { (self.current + steps) % self.count } else { (self.current + self.count - steps) % self.count }
    }

    fn steps_ahead(&self, frame: usize, forwards: bool) -> usize {
        let (from, to) = if forwards { (self.current, frame) } else { (frame, self.current) };
        (to + self.count - from) % self.count.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frame_shown_comes_first_then_those_ahead() {
        let mut cache = FrameCache::new(10, 500);
        cache.show(4);
        assert_eq!(cache.wanted(), Some(4));
        cache.insert(4, "four", 100);
        let mut fetched = Vec::new();
        while let Some(frame) = cache.wanted() {
            fetched.push(frame);
            cache.insert(frame, "other", 100);
        }
        assert_eq!(fetched, [5, 6, 3, 7]);
        assert_eq!(cache.bytes(), 500);
    }

    #[test]
    fn play_runs_in_a_circle_and_turns_with_the_user() {
        let mut cache = FrameCache::new(10, 300);
        cache.show(9);
        cache.insert(9, (), 100);
        cache.show(8);
        cache.insert(8, (), 100);
        assert_eq!(cache.wanted(), Some(7), "backwards");
        for frame in [7, 6, 5, 4, 3, 2, 1, 0, 9] {
            cache.show(frame);
            cache.insert(frame, (), 100);
            assert!(cache.bytes() <= 300);
            assert!(cache.get(frame).is_some());
        }
        assert_eq!(cache.wanted(), Some(8));
    }

    #[test]
    fn the_frame_shown_is_held_even_where_it_is_too_large() {
        let mut cache = FrameCache::new(3, 50);
        cache.show(1);
        cache.insert(1, (), 400);
        assert!(cache.get(1).is_some());
        assert_eq!(cache.wanted(), None);
        cache.insert(7, (), 1);
        assert_eq!(cache.bytes(), 400);
        let empty: FrameCache<()> = FrameCache::new(0, 50);
        assert_eq!(empty.wanted(), None);
    }
}
