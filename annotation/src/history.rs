//! What can be undone and redone. Unlimited in depth, limited in bytes: the payloads of old steps are dropped once they
//! are in the store, and read back when an undo reaches them.

use crate::error::{Error, Result};
use crate::id::Revision;
use crate::step::{Act, LogEntry, Sink, StepPayload};
use std::sync::Arc;

/// Bytes of payloads kept in memory unless set otherwise.
pub const DEFAULT_BUDGET_BYTES: usize = 64 << 20;

#[derive(Debug)]
pub(crate) struct History {
    done: Vec<Entry>,
    undone: Vec<Entry>,
    bytes: usize,
    /// Entries of `done` before this one have spilled.
    spilled: usize,
    pub budget_bytes: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub revision: Revision,
    pub name: String,
    payload: Option<Arc<StepPayload>>,
}

impl Default for History {
    fn default() -> Self {
        Self { done: Vec::new(), undone: Vec::new(), bytes: 0, spilled: 0, budget_bytes: DEFAULT_BUDGET_BYTES }
    }
}

impl History {
    /// The stacks as a log leaves them, all payloads in the store. `None` where an undo or redo does not fit.
    pub(crate) fn from_log<'a>(log: impl IntoIterator<Item = &'a LogEntry>) -> Option<Self> {
        let mut history = Self::default();
        for entry in log {
            match entry.act {
                Act::Step => {
                    history.undone.clear();
                    let (revision, name) = (entry.revision, entry.info.name.clone());
                    history.done.push(Entry { revision, name, payload: None });
                }
                Act::Quiet => {}
                Act::Undo { of } => {
                    let step = history.done.pop().filter(|step| step.revision == of)?;
                    history.undone.push(step);
                }
                Act::Redo { of } => {
                    let step = history.undone.pop().filter(|step| step.revision == of)?;
                    history.done.push(step);
                }
            }
        }
        history.spilled = history.done.len();
        Some(history)
    }

    pub(crate) fn push(&mut self, revision: Revision, name: String, payload: Arc<StepPayload>) {
        self.bytes += payload.bytes();
        for dropped in self.undone.drain(..) {
            self.bytes -= dropped.payload.map_or(0, |p| p.bytes());
        }
        self.done.push(Entry { revision, name, payload: Some(payload) });
    }

    pub(crate) fn last_done(&self) -> Option<&Entry> {
        self.done.last()
    }

    pub(crate) fn last_undone(&self) -> Option<&Entry> {
        self.undone.last()
    }

    /// Moves the last step done to the undone ones.
    pub(crate) fn undo(&mut self) {
        self.undone.extend(self.done.pop());
        self.spilled = self.spilled.min(self.done.len());
    }

    pub(crate) fn redo(&mut self) {
        self.done.extend(self.undone.pop());
    }

    /// Drops the oldest payloads over the budget, as far as the store has them.
    pub(crate) fn spill(&mut self, stored: Revision) {
        while self.bytes > self.budget_bytes {
            match self.done.get_mut(self.spilled) {
                Some(entry) if entry.revision <= stored => {
                    self.bytes -= entry.payload.take().map_or(0, |p| p.bytes());
                    self.spilled += 1;
                }
                _ => break,
            }
        }
    }

    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Entry {
    pub(crate) fn payload(&self, sink: Option<&dyn Sink>) -> Result<Arc<StepPayload>> {
        match (&self.payload, sink) {
            (Some(payload), _) => Ok(payload.clone()),
            (None, Some(sink)) => sink.payload(self.revision),
            (None, None) => Err(Error::ReadOnly),
        }
    }
}
