//! Who holds a session, and until when: one that does nothing and one that is not heard of any more give theirs back.

use super::answer::Refusal;
use super::work::{self, Bench, Job};
use axum::http::StatusCode;
use limner_imaging::Cancel;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, mpsc};

pub struct Leases {
    bench: Bench,
    pub most: usize,
    pub idle: Duration,
    pub liveness: Duration,
    held: Mutex<HashMap<String, Arc<Lease>>>,
    /// Sessions there have been; the log knows them by this.
    count: AtomicU64,
}

pub struct Lease {
    number: u64,
    pub jobs: mpsc::Sender<Job>,
    /// One request at a time holds a body in memory.
    pub turn: Semaphore,
    clock: Mutex<Clock>,
    /// Requests under way: while there are any the session is not given up.
    pub busy: AtomicUsize,
    /// Stops what the session is at.
    current: Mutex<Cancel>,
}

#[derive(Clone, Copy)]
struct Clock {
    /// When the user last did something.
    active: Instant,
    /// When the client was last heard of.
    seen: Instant,
}

impl Lease {
    fn heard(&self) {
        self.clock.lock().seen = Instant::now();
    }

    /// What is being done can be stopped by this from now on.
    pub fn at_work(&self, cancel: &Cancel) {
        *self.current.lock() = cancel.clone();
    }

    /// The user did something.
    pub fn acted(&self) {
        let now = Instant::now();
        *self.clock.lock() = Clock { active: now, seen: now };
    }
}

impl Leases {
    pub fn new(bench: Bench, most: usize, idle: Duration, liveness: Duration) -> Self {
        Self { bench, most, idle, liveness, held: Mutex::default(), count: AtomicU64::new(0) }
    }

    /// A session of one's own, and the token that names it.
    pub fn claim(&self) -> Result<String, Refusal> {
        let mut held = self.held.lock();
        if held.len() >= self.most {
            let detail = format!("the server is full: {} of {} sessions are taken", held.len(), self.most);
            return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, detail));
        }
        let number = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        let jobs = work::start(number, self.bench.clone()).map_err(|error| {
            log::error!("session {number} could not start: {error}");
            Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "the session could not start")
        })?;
        let now = Instant::now();
        let clock = Mutex::new(Clock { active: now, seen: now });
        let (turn, busy, current) = (Semaphore::new(1), AtomicUsize::new(0), Mutex::default());
        let lease = Lease { number, jobs, turn, clock, busy, current };
        let token = uuid::Uuid::new_v4().simple().to_string();
        held.insert(token.clone(), Arc::new(lease));
        log::info!("session {number} begins ({} of {})", held.len(), self.most);
        Ok(token)
    }

    /// The session of a token, without taking the question for a sign of life.
    pub fn peek(&self, token: Option<&str>) -> Result<Arc<Lease>, Refusal> {
        let token = token.ok_or_else(|| Refusal::gone("no session was named (X-Lease-Token)"))?;
        let lease = self.held.lock().get(token).cloned();
        lease.ok_or_else(|| Refusal::gone("this session is over or was never there: claim another one"))
    }

    pub fn get(&self, token: Option<&str>) -> Result<Arc<Lease>, Refusal> {
        let lease = self.peek(token)?;
        lease.heard();
        Ok(lease)
    }

    pub fn release(&self, token: Option<&str>) {
        if let Some(lease) = token.and_then(|token| self.held.lock().remove(token)) {
            end(&lease, "was given back");
        }
    }

    /// Gives up the sessions nobody is at any more.
    pub fn sweep(&self) {
        let now = Instant::now();
        let mut over = Vec::new();
        self.held.lock().retain(|_, lease| {
            let clock = *lease.clock.lock();
            let why = if lease.busy.load(Ordering::Relaxed) > 0 {
                None
            } else if now.saturating_duration_since(clock.seen) > self.liveness {
                Some("was not heard of any more")
            } else if now.saturating_duration_since(clock.active) > self.idle {
                Some("was idle")
            } else {
                None
            };
            over.extend(why.map(|why| (Arc::clone(lease), why)));
            why.is_none()
        });
        over.iter().for_each(|(lease, why)| end(lease, why));
    }

    pub fn close(&self) {
        let all: Vec<Arc<Lease>> = self.held.lock().drain().map(|(_, lease)| lease).collect();
        all.iter().for_each(|lease| end(lease, "ends with the server"));
    }

    /// Seconds until a session is given up for idleness.
    pub fn remaining_secs(&self, lease: &Lease) -> f64 {
        let active = lease.clock.lock().active;
        self.idle.saturating_sub(active.elapsed()).as_secs_f64()
    }
}

fn end(lease: &Lease, why: &str) {
    lease.current.lock().cancel();
    log::info!("session {} {why}", lease.number);
}
