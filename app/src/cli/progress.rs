//! Says on a terminal how far long work is. Into a file or a pipe nothing is said.

use limner_imaging::{Progress, Task};
use std::io::{IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Runs the work; a thread beside it keeps one line of stderr up to date.
pub fn with_progress<T>(work: impl FnOnce(&Task) -> T) -> T {
    let task = Task::default();
    if !std::io::stderr().is_terminal() {
        return work(&task);
    }
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let teller = std::thread::Builder::new().name("progress".into());
        let (progress, over) = (&task.progress, &over);
        // Without the thread the work is done in silence.
        let _ = teller.spawn_scoped(scope, move || {
            while !over.load(Ordering::Relaxed) {
                tell(progress);
                std::thread::park_timeout(Duration::from_millis(200));
            }
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        });
        // Also where the work panics: the scope waits for its thread.
        let _over = Over(over);
        work(&task)
    })
}

struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn tell(progress: &Progress) {
    let (done, total) = progress.done_and_total();
    if total > 0 {
        let _ = write!(std::io::stderr(), "\r\x1b[K{}: {done} of {total}", progress.stage());
        let _ = std::io::stderr().flush();
    }
}
