//! Decoding ahead of what is shown, on a thread of its own. The latest wish replaces the one before.

use super::{Sequence, held};
use crate::error::Error;
use crate::task::{Cancel, Task};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Brings items of a sequence into its memory: the one asked for, then those after it. Dropping it stops the work.
pub struct Prefetch {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    wish: Mutex<Wish>,
    woken: Condvar,
}

#[derive(Default)]
struct Wish {
    /// The item, how many after it, and what stops the work on it.
    asked: Option<(usize, usize, Cancel)>,
    running: Cancel,
    closed: bool,
    failed: Option<(usize, String)>,
}

impl Prefetch {
    /// `arrived` is called on the worker's thread after each item: a window asks for a repaint there.
    pub fn new(sequence: Arc<Sequence>, arrived: impl Fn() + Send + 'static) -> Self {
        let shared = Arc::new(Shared::default());
        let worker = Arc::clone(&shared);
        let spawned =
            std::thread::Builder::new().name("frames-ahead".into()).spawn(move || work(&sequence, &worker, &arrived));
        if let Err(error) = spawned {
            shared.lock().failed = Some((0, format!("no thread could be started ({error})")));
        }
        Self { shared }
    }

    /// Wishes for item `n` and as many as `ahead` after it, going round at the end. Never waits.
    pub fn ask(&self, n: usize, ahead: usize) {
        let mut wish = self.shared.lock();
        wish.running.cancel();
        wish.running = Cancel::default();
        wish.asked = Some((n, ahead, wish.running.clone()));
        self.shared.woken.notify_one();
    }

    /// The item that could not be decoded last, and why; asking takes the word away.
    #[must_use]
    pub fn take_failure(&self) -> Option<(usize, String)> {
        self.shared.lock().failed.take()
    }
}

impl Drop for Prefetch {
    fn drop(&mut self) {
        let mut wish = self.shared.lock();
        wish.closed = true;
        wish.running.cancel();
        self.shared.woken.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Wish> {
        self.wish.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a wish; `None` when nobody will have one again.
    fn next(&self) -> Option<(usize, usize, Cancel)> {
        let mut wish = self.lock();
        loop {
            if wish.closed {
                return None;
            }
            if let Some(asked) = wish.asked.take() {
                return Some(asked);
            }
            wish = self.woken.wait(wish).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn work(sequence: &Sequence, shared: &Shared, arrived: &impl Fn()) {
    while let Some((first, ahead, cancel)) = shared.next() {
        let task = Task { cancel, ..Task::default() };
        let mut ahead = ahead;
        let mut step = 0;
        while step <= ahead && !task.cancel.is_cancelled() {
            let at = if first < sequence.len() { (first + step) % sequence.len() } else { first };
            let new = sequence.held(at).is_none();
            match sequence.item(at, &task) {
                // More than fits would only drive out what was just fetched.
                Ok(item) => ahead = ahead.min(sequence.ahead(held::bytes_of(&item))),
                Err(Error::Cancelled) => break,
                Err(error) => {
                    shared.lock().failed = Some((at, error.to_string()));
                    arrived();
                    break;
                }
            }
            if new {
                arrived();
            }
            step += 1;
        }
    }
}
