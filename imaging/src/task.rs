//! What long work reports and listens to: progress, cancel, and warnings that do not stop it.

use crate::error::{Error, Result};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Set once by whoever wants the work to stop; the work asks between steps.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// For `?` between two steps of work.
    pub fn check(&self) -> Result<()> {
        if self.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }
}

/// How far the work is: a stage a user can read, steps done and steps in all (0 where unknown).
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<ProgressState>);

#[derive(Debug, Default)]
struct ProgressState {
    stage: Mutex<String>,
    done: AtomicU64,
    total: AtomicU64,
}

impl Progress {
    pub fn begin(&self, stage: impl Into<String>, total: u64) {
        *self.0.stage.lock().unwrap_or_else(PoisonError::into_inner) = stage.into();
        self.0.done.store(0, Ordering::Relaxed);
        self.0.total.store(total, Ordering::Relaxed);
    }

    pub fn advance(&self, steps: u64) {
        self.0.done.fetch_add(steps, Ordering::Relaxed);
    }

    #[must_use]
    pub fn stage(&self) -> String {
        self.0.stage.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    #[must_use]
    pub fn done_and_total(&self) -> (u64, u64) {
        (self.0.done.load(Ordering::Relaxed), self.0.total.load(Ordering::Relaxed))
    }
}

/// Something a user must know although the work went on: a stable code for scripts and a sentence for people.
/// The text never holds patient data.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Warning {
    pub code: String,
    pub text: String,
}

#[derive(Clone, Debug, Default)]
pub struct Warnings(Arc<Mutex<Vec<Warning>>>);

impl Warnings {
    /// Adds a warning; the same one twice says nothing new and is kept once.
    pub fn add(&self, code: &str, text: impl Into<String>) {
        let warning = Warning { code: code.into(), text: text.into() };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !all.contains(&warning) {
            all.push(warning);
        }
    }

    #[must_use]
    pub fn take(&self) -> Vec<Warning> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The three together, handed down through every long call. Clones share state.
#[derive(Clone, Debug, Default)]
pub struct Task {
    pub progress: Progress,
    pub cancel: Cancel,
    pub warnings: Warnings,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_see_the_same_state() {
        let task = Task::default();
        let worker = task.clone();
        worker.progress.begin("reading", 10);
        worker.progress.advance(3);
        worker.warnings.add("missing_slice", "one slice is missing at 12 mm");
        worker.warnings.add("missing_slice", "one slice is missing at 12 mm");
        task.cancel.cancel();
        assert_eq!(task.progress.done_and_total(), (3, 10));
        assert_eq!(task.warnings.take().len(), 1);
        assert!(matches!(worker.cancel.check(), Err(Error::Cancelled)));
    }
}
