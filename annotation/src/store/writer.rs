//! The thread that owns the store. Commits go in by a bounded channel; what is stored for good is a number others read.
//!
//! What must hold: batches are stored in the order they came; after the first failure nothing more is stored (a gap in
//! the log would be a lie), the failure stays readable, and the document keeps everything in memory.

use crate::error::{Error, Result};
use crate::id::Revision;
use crate::step::{Batch, Sink, StepPayload};
use crate::store::Store;
use crossbeam_channel::{Receiver, Sender, bounded};
use parking_lot::{Condvar, Mutex};
use std::sync::Arc;
use std::thread::JoinHandle;

/// Commits that may wait for the disk. A hand makes a few a second; a disk this far behind has stopped.
const WAITING_LIMIT: usize = 4096;

enum Message {
    Append(Box<Batch>),
    /// Anything that needs the store itself; it answers by a channel of its own.
    Run(Work),
}

/// Told of every revision that is stored, on the store's thread.
pub(crate) type OnStored = Box<dyn FnMut(Revision) + Send>;
type Work = Box<dyn FnOnce(&mut dyn Store) + Send>;

#[derive(Debug)]
struct Status {
    acknowledged: Revision,
    /// The last revision handed in.
    expected: Revision,
    fault: Option<Arc<Error>>,
    stopped: bool,
}

#[derive(Debug)]
struct Shared {
    status: Mutex<Status>,
    news: Condvar,
}

/// The owner's end: dropping it waits until everything is stored.
#[derive(Debug)]
pub struct Writer {
    handle: WriterHandle,
    thread: Option<JoinHandle<()>>,
}

/// A document's end.
#[derive(Clone)]
pub struct WriterHandle {
    sender: Option<Sender<Message>>,
    shared: Arc<Shared>,
}

impl std::fmt::Debug for WriterHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WriterHandle").field("status", &self.shared.status).finish()
    }
}

impl Writer {
    /// Starts the thread on a store that holds everything up to `at`.
    pub(crate) fn start(mut store: Box<dyn Store>, at: Revision, witness: OnStored) -> Result<Self> {
        let (sender, receiver) = bounded(WAITING_LIMIT);
        let status = Status { acknowledged: at, expected: at, fault: None, stopped: false };
        let shared = Arc::new(Shared { status: Mutex::new(status), news: Condvar::new() });
        let for_thread = shared.clone();
        let thread = std::thread::Builder::new()
            .name("limner-store".into())
            .spawn(move || serve(store.as_mut(), &receiver, &for_thread, witness))
            .map_err(Error::io(std::path::Path::new(""), "could not start the thread that stores the project"))?;
        Ok(Self { handle: WriterHandle { sender: Some(sender), shared }, thread: Some(thread) })
    }

    #[must_use]
    pub fn handle(&self) -> WriterHandle {
        self.handle.clone()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // The handles of documents are gone by now or send into a closed channel; the thread ends when all are.
        self.handle.sender = None;
        if let Some(thread) = self.thread.take() {
            // A panic there has been reported as a fault.
            let _ = thread.join();
        }
    }
}

impl WriterHandle {
    #[must_use]
    pub fn fault(&self) -> Option<Arc<Error>> {
        self.shared.status.lock().fault.clone()
    }

    /// Returns when everything handed in is stored, or with the reason why it will not be.
    pub fn wait_until_synced(&self) -> Result<(), Arc<Error>> {
        let mut status = self.shared.status.lock();
        loop {
            if let Some(fault) = &status.fault {
                return Err(fault.clone());
            }
            if status.acknowledged >= status.expected {
                return Ok(());
            }
            if status.stopped {
                return Err(Arc::new(Error::WriterGone));
            }
            self.shared.news.wait(&mut status);
        }
    }

    /// Runs something on the store, after all that was handed in before, and waits for its answer.
    pub fn run<T: Send + 'static>(&self, work: impl FnOnce(&mut dyn Store) -> Result<T> + Send + 'static) -> Result<T> {
        let (answer, result) = bounded(1);
        let message = Message::Run(Box::new(move |store| {
            // Whoever asked may have gone; then nobody needs the answer.
            let _ = answer.send(work(store));
        }));
        let sender = self.sender.as_ref().ok_or(Error::WriterGone)?;
        sender.send(message).map_err(|_| Error::WriterGone)?;
        result.recv().map_err(|_| Error::WriterGone)?
    }
}

impl Sink for WriterHandle {
    fn keep(&self, batch: Batch) {
        self.shared.status.lock().expected = batch.entry.revision;
        let sent = self.sender.as_ref().map(|sender| sender.send(Message::Append(Box::new(batch))));
        if !matches!(sent, Some(Ok(()))) {
            let mut status = self.shared.status.lock();
            status.fault.get_or_insert(Arc::new(Error::WriterGone));
            self.shared.news.notify_all();
        }
    }

    fn payload(&self, revision: Revision) -> Result<Arc<StepPayload>> {
        self.run(move |store| store.payload(revision))
    }

    fn acknowledged(&self) -> Revision {
        self.shared.status.lock().acknowledged
    }
}

fn serve(store: &mut dyn Store, messages: &Receiver<Message>, shared: &Shared, mut on_stored: OnStored) {
    // Also says so when this thread unwinds.
    let _stopped = OnDrop(|| {
        shared.status.lock().stopped = true;
        shared.news.notify_all();
    });
    for message in messages {
        match message {
            Message::Run(work) => work(store),
            Message::Append(batch) => {
                if shared.status.lock().fault.is_some() {
                    continue;
                }
                let outcome = store.append(&batch);
                if outcome.is_ok() {
                    on_stored(batch.entry.revision);
                }
                let mut status = shared.status.lock();
                match outcome {
                    Ok(()) => status.acknowledged = batch.entry.revision,
                    Err(error) => status.fault = Some(Arc::new(error)),
                }
                shared.news.notify_all();
            }
        }
    }
}

struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
