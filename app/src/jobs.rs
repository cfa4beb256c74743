//! Work off the frame: one named thread per job, a bounded channel back, progress and cancel while it runs.
//!
//! A job answers with a change to make; the change runs in `logic()`, on the window's thread. A job that panics
//! becomes an error like any other.

use crate::app::App;
use crossbeam_channel::{Receiver, Sender, bounded};
use limner_imaging::Task;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

/// What a finished job does to the application.
pub type Apply = Box<dyn FnOnce(&mut App) + Send>;

/// What a job answers: the change to make, or why there is none.
pub struct Finished {
    pub id: u64,
    pub title: String,
    pub outcome: anyhow::Result<Apply>,
    /// False for what a job tells while it goes on working.
    is_last: bool,
}

/// Tells the window of a part that is done while the job goes on.
pub struct Teller {
    id: u64,
    title: String,
    send: Sender<Finished>,
    wake: eframe::egui::Context,
}

impl Teller {
    /// Waits where the window is behind.
    pub fn tell(&self, apply: Apply) {
        let told = Finished { id: self.id, title: self.title.clone(), outcome: Ok(apply), is_last: false };
        // The window is gone: nobody is left to tell.
        let _ = self.send.send(told);
        self.wake.request_repaint();
    }
}

pub struct Running {
    pub id: u64,
    pub title: String,
    pub task: Task,
    pub since: Instant,
    /// Jobs of one slot replace each other: the newest wins, the older is cancelled.
    slot: Option<&'static str>,
    /// Nobody asked for it, so nobody is told of it.
    pub quiet: bool,
}

pub struct Jobs {
    running: Vec<Running>,
    next_id: u64,
    send: Sender<Finished>,
    receive: Receiver<Finished>,
    wake: eframe::egui::Context,
}

/// More answers than this waiting at once and the workers wait for the window.
const ANSWERS_WAITING: usize = 64;

impl Jobs {
    pub fn new(wake: eframe::egui::Context) -> Self {
        let (send, receive) = bounded(ANSWERS_WAITING);
        Self { running: Vec::new(), next_id: 1, send, receive, wake }
    }

    /// Whom to wake from now on. Jobs that run already are looked for by whoever waits for them.
    pub fn wake(&mut self, wake: eframe::egui::Context) {
        self.wake = wake;
    }

    pub fn start(
        &mut self,
        title: impl Into<String>,
        work: impl FnOnce(&Task) -> anyhow::Result<Apply> + Send + 'static,
    ) {
        self.launch(title.into(), (None, false), |task, _| work(task));
    }

    /// Work nobody asked for, such as thumbnails: not shown, and silent about what fails.
    pub fn start_quiet(
        &mut self,
        slot: &'static str,
        work: impl FnOnce(&Task) -> anyhow::Result<Apply> + Send + 'static,
    ) {
        self.launch(slot.to_owned(), (Some(slot), true), |task, _| work(task));
    }

    /// Like `start`, but cancels the job that holds the slot now.
    pub fn start_latest(
        &mut self,
        slot: &'static str,
        title: impl Into<String>,
        work: impl FnOnce(&Task) -> anyhow::Result<Apply> + Send + 'static,
    ) {
        self.start_telling(slot, title, |task, _| work(task));
    }

    /// The same for work whose parts are of use before the whole is done.
    pub fn start_telling(
        &mut self,
        slot: &'static str,
        title: impl Into<String>,
        work: impl FnOnce(&Task, &Teller) -> anyhow::Result<Apply> + Send + 'static,
    ) {
        for job in self.running.iter().filter(|j| j.slot == Some(slot)) {
            job.task.cancel.cancel();
        }
        self.launch(title.into(), (Some(slot), false), work);
    }

    fn launch(
        &mut self,
        title: String,
        (slot, quiet): (Option<&'static str>, bool),
        work: impl FnOnce(&Task, &Teller) -> anyhow::Result<Apply> + Send + 'static,
    ) {
        let id = self.next_id;
        self.next_id += 1;
        let task = Task::default();
        let teller = Teller { id, title: title.clone(), send: self.send.clone(), wake: self.wake.clone() };
        let job_task = task.clone();
        let started = std::thread::Builder::new().name(format!("job {id}")).spawn(move || {
            let outcome = catch_unwind(AssertUnwindSafe(|| work(&job_task, &teller))).unwrap_or_else(|panic| {
                Err(anyhow::anyhow!("an internal fault stopped the work: {}", text_of(&*panic)))
            });
            let Teller { id, title, send, wake } = teller;
            // The window is gone: nobody is left to tell.
            let _ = send.send(Finished { id, title, outcome, is_last: true });
            wake.request_repaint();
        });
        match started {
            Ok(_) => self.running.push(Running { id, title, task, since: Instant::now(), slot, quiet }),
            Err(error) => {
                let outcome = Err(anyhow::Error::from(error).context("no thread could be started"));
                let _ = self.send.try_send(Finished { id, title, outcome, is_last: true });
            }
        }
    }

    /// The next finished job, newest state of the list included. A cancelled job is dropped without a word.
    pub fn next_finished(&mut self) -> Option<Finished> {
        loop {
            let finished = self.receive.try_recv().ok()?;
            let position = self.running.iter().position(|j| j.id == finished.id);
            if !finished.is_last {
                match position.filter(|&n| !self.running[n].task.cancel.is_cancelled()) {
                    Some(_) => return Some(finished),
                    None => continue,
                }
            }
            let untold = position
                .map(|n| self.running.remove(n))
                .is_some_and(|job| job.task.cancel.is_cancelled() || job.quiet && finished.outcome.is_err());
            if !untold {
                return Some(finished);
            }
        }
    }

    pub fn is_busy(&self, slot: &str) -> bool {
        self.running.iter().any(|job| job.slot == Some(slot))
    }

    pub fn running(&self) -> &[Running] {
        &self.running
    }

    pub fn cancel_all(&self) {
        for job in &self.running {
            job.task.cancel.cancel();
        }
    }
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".into())
}
