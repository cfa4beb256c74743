//! Pictures one after the other, in time or in order, each decoded when it is asked for.
//!
//! A film's items are single pictures, a 4D series' items are volumes. What was decoded is held while a budget of
//! bytes allows; what was not used for longest goes first. Nothing here waits for anything but the decoding itself:
//! whoever draws asks `held`, and lets a `Prefetch` bring the rest.

mod clock;
mod held;
mod prefetch;

pub use clock::Clock;
pub use prefetch::Prefetch;

use crate::error::{Error, Result};
use crate::formats::Reader;
use crate::series::{Kind, Series};
use crate::task::Task;
use crate::volume::Volume;
use held::Held;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What one item of a sequence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Each {
    /// One slice: a frame of a film, a page, a slice of a stack.
    Picture,
    /// A whole volume: one time of a 4D series.
    Volume,
}

pub struct Sequence {
    reader: Box<dyn Reader>,
    path: PathBuf,
    each: Each,
    clock: Clock,
    held: Mutex<Held>,
}

impl Sequence {
    /// What a sequence holds of decoded items unless told otherwise.
    pub const USUAL_BUDGET_BYTES: usize = 512 << 20;

    /// Opens a series without decoding anything.
    pub fn open(series: &Series) -> Result<Self> {
        let each = if series.kind == Kind::Time4d { Each::Volume } else { Each::Picture };
        let items = if each == Each::Volume { series.frames } else { series.size[2] };
        let reader = series.open()?;
        let clock = reader.clock().filter(|c| c.frames() == items).unwrap_or_else(|| Clock::assumed(items));
        let held = Mutex::new(Held::new(Self::USUAL_BUDGET_BYTES));
        Ok(Self { reader, path: series.path.clone(), each, clock, held })
    }

    /// The same, holding decoded items up to this many bytes (the one asked for last is always held).
    #[must_use]
    pub fn with_budget_bytes(self, bytes: usize) -> Self {
        Self { held: Mutex::new(Held::new(bytes)), ..self }
    }

    #[must_use]
    pub const fn each(&self) -> Each {
        self.each
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.clock.frames()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// One item, decoded now unless it is held.
    pub fn item(&self, n: usize, task: &Task) -> Result<Arc<Volume>> {
        if let Some(item) = self.held(n) {
            return Ok(item);
        }
        if n >= self.len() {
            let reason = format!("frame {} was asked for, there are {}", n + 1, self.len());
            return Err(Error::malformed(&self.path, reason));
        }
        let item = Arc::new(match self.each {
            Each::Picture => self.reader.picture(n, task)?,
            Each::Volume => self.reader.volume(n, task)?,
        });
        self.lock().put(n, Arc::clone(&item));
        Ok(item)
    }

    /// One item, if it is held; never waits for a decoder.
    #[must_use]
    pub fn held(&self, n: usize) -> Option<Arc<Volume>> {
        self.lock().get(n)
    }

    /// How many items after one that takes `bytes` may be fetched ahead without driving each other out.
    fn ahead(&self, bytes: usize) -> usize {
        (self.lock().budget() / bytes.max(1)).saturating_sub(1).min(self.len().saturating_sub(1))
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Sequence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sequence").field("each", &self.each).field("len", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Geometry;
    use crate::space::World;
    use crate::volume::{Facts, Samples};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::{Duration, Instant};

    /// Frames of 100 bytes that hold their number, and how often one was decoded.
    struct Counted(Arc<AtomicUsize>);

    impl Reader for Counted {
        fn volume(&self, _time: usize, _task: &Task) -> Result<Volume> {
            unreachable!("only pictures are asked for")
        }

        fn picture(&self, n: usize, _task: &Task) -> Result<Volume> {
            self.0.fetch_add(1, Ordering::Relaxed);
            let geometry = Geometry::axis_aligned([10, 10, 1], World::default(), [1.0; 3])?;
            Volume::new(geometry, Samples::U8(vec![n as u8; 100]), 1)
        }

        fn facts(&self, _task: &Task) -> Result<Facts> {
            unreachable!("only pictures are asked for")
        }
    }

    fn sequence(budget: usize) -> (Sequence, Arc<AtomicUsize>) {
        let decoded = Arc::new(AtomicUsize::new(0));
        let held = Mutex::new(Held::new(budget));
        let reader = Box::new(Counted(Arc::clone(&decoded)));
        let clock = Clock::even(6, 40.0);
        (Sequence { reader, path: "a".into(), each: Each::Picture, clock, held }, decoded)
    }

    #[test]
    fn items_are_decoded_once_while_they_are_held() {
        let (sequence, decoded) = sequence(250);
        let task = Task::default();
        assert!(sequence.held(4).is_none());
        for n in [4, 4, 1, 4, 1] {
            assert_eq!(sequence.item(n, &task).unwrap().samples().get(0), n as f64);
        }
        assert_eq!(decoded.load(Ordering::Relaxed), 2);
        sequence.item(5, &task).unwrap();
        assert!(sequence.held(4).is_none(), "the one not used for longest goes");
        assert!(sequence.held(1).is_some());
        assert!(sequence.item(6, &task).is_err());
    }

    #[test]
    fn what_comes_next_is_fetched_and_the_wish_of_before_is_dropped() {
        let (sequence, decoded) = sequence(1 << 20);
        let sequence = Arc::new(sequence);
        let arrived = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&arrived);
        let prefetch = Prefetch::new(Arc::clone(&sequence), move || {
            count.fetch_add(1, Ordering::Relaxed);
        });
        prefetch.ask(4, 2);
        let deadline = Instant::now() + Duration::from_secs(20);
        while arrived.load(Ordering::Relaxed) < 3 && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(2));
        }
        let held: Vec<bool> = (0..6).map(|n| sequence.held(n).is_some()).collect();
        assert_eq!(held, [true, false, false, false, true, true], "the film goes round");
        assert_eq!(decoded.load(Ordering::Relaxed), 3);
        drop(prefetch);
    }
}
