//! A session held at a server: a thread beside it tells the server now and then that we are still there, and gives the
//! session back when it is no longer needed.

use super::line::{Body, Call, Line, SHORT, Trouble};
use crate::wire::path;
use limner_imaging::Cancel;
use parking_lot::{Condvar, Mutex};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

const QUICK: Duration = Duration::from_secs(15);
const LEAVING: Duration = Duration::from_secs(3);
/// However short a server's patience: no more often than this, and no less often than that.
const OFTEN: Duration = Duration::from_millis(200);
const SELDOM: Duration = Duration::from_secs(30);

/// Sessions that have not been given back yet.
static HELD: (Mutex<usize>, Condvar) = (Mutex::new(0), Condvar::new());

/// Waits until the sessions nobody needs any more have been given back, but no longer than this: for a program that
/// ends.
pub fn farewell(most: Duration) {
    let end = Instant::now() + most;
    let (held, changed) = &HELD;
    let mut held = held.lock();
    while *held > 0 && !changed.wait_until(&mut held, end).timed_out() {}
}

pub struct Lease {
    pub token: String,
    lost: Arc<AtomicBool>,
    /// Dropped with the lease: the thread beside it hears that and leaves.
    _held: SyncSender<()>,
}

impl Lease {
    pub fn claim(line: &Arc<Line>, cancel: &Cancel) -> Result<Self, Trouble> {
        let call = Call { path: path::CLAIM, body: Body::Json(json!({})), lease: None, time: QUICK, most: SHORT };
        let reply = line.ask(call, cancel)?;
        let said: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        let token = said["lease_token"].as_str().filter(|token| is_plain(token));
        let token = token.ok_or_else(|| Trouble::Stranger("it gives no session".into()))?.to_owned();
        let liveness = said["liveness_timeout_seconds"].as_f64().filter(|secs| secs.is_finite() && *secs > 0.0);
        let patience =
            Duration::try_from_secs_f64(liveness.unwrap_or(60.0) / 2.0).unwrap_or(SELDOM).clamp(OFTEN, SELDOM);
        let lost = Arc::new(AtomicBool::new(false));
        let (held, over) = sync_channel(0);
        let beside = Beside { line: Arc::clone(line), token: token.clone(), lost: Arc::clone(&lost) };
        *HELD.0.lock() += 1;
        let started = std::thread::Builder::new().name("lease".into()).spawn(move || {
            while over.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                beside.say_alive();
            }
            beside.leave();
        });
        if let Err(error) = started {
            *HELD.0.lock() -= 1;
            return Err(Trouble::Unreachable(error.to_string()));
        }
        Ok(Self { token, lost, _held: held })
    }

    /// Whether the server has said that it knows this session no longer.
    pub fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }
}

/// What may stand in a header.
fn is_plain(token: &str) -> bool {
    (1..=256).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic())
}

struct Beside {
    line: Arc<Line>,
    token: String,
    lost: Arc<AtomicBool>,
}

impl Beside {
    fn say(&self, path: &'static str, time: Duration) -> Result<(), Trouble> {
        let call = Call { path, body: Body::Json(json!({})), lease: Some(self.token.clone()), time, most: SHORT };
        self.line.wait(call).map(|_| ())
    }

    fn say_alive(&self) {
        // A server that does not answer now may do so the next time.
        if let Err(Trouble::Gone(_)) = self.say(path::HEARTBEAT, QUICK) {
            self.lost.store(true, Ordering::Relaxed);
        }
    }

    fn leave(&self) {
        if !self.lost.load(Ordering::Relaxed) {
            // A server that is gone needs nothing back.
            let _ = self.say(path::RELEASE, LEAVING);
        }
        *HELD.0.lock() -= 1;
        HELD.1.notify_all();
    }
}
