//! Says on a terminal how far a command is, and stops it on Ctrl+C without leaving half a file.
//! Into a file or a pipe nothing is said.

use limner_imaging::{Cancel, Progress, Task};
use std::io::{IsTerminal as _, Write as _};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A process runs one command, so it has one progress and one wish to stop.
static STATE: LazyLock<(Cancel, Progress)> = LazyLock::new(Default::default);
/// Whether a line of progress may stand on the terminal.
static TELLING: AtomicBool = AtomicBool::new(false);
const CLEAR: &str = "\r\x1b[K";
/// What a shell says of a program ended by Ctrl+C.
pub const INTERRUPTED: u8 = 130;

/// For one piece of work: its progress is shown, Ctrl+C cancels it, its warnings are its own.
pub fn task() -> Task {
    let (cancel, progress) = STATE.clone();
    Task { cancel, progress, ..Task::default() }
}

pub fn was_interrupted() -> bool {
    STATE.0.is_cancelled()
}

/// Runs a command; a thread beside it keeps one line of stderr up to date.
pub fn watched<T>(command: impl FnOnce() -> T) -> T {
    // Where no handler can be set Ctrl+C ends the process, as it does everywhere.
    let _ = ctrlc::set_handler(interrupt);
    if !std::io::stderr().is_terminal() {
        return command();
    }
    TELLING.store(true, Ordering::Relaxed);
    std::thread::scope(|scope| {
        let teller = std::thread::Builder::new().name("progress".into());
        // Without the thread the work is done in silence.
        let teller = teller.spawn_scoped(scope, || {
            while TELLING.load(Ordering::Relaxed) {
                tell(&STATE.1);
                std::thread::park_timeout(Duration::from_millis(200));
            }
            let _ = write!(std::io::stderr(), "{CLEAR}");
        });
        // Also where the work panics: the scope waits for its thread.
        let _over = Over(teller.as_ref().ok().map(|teller| teller.thread().clone()));
        command()
    })
}

/// Takes the line of progress away before something else is written.
pub fn make_room() {
    if TELLING.load(Ordering::Relaxed) {
        let _ = write!(std::io::stderr(), "{CLEAR}");
    }
}

/// The first time the work ends where it can be left; the second time at once.
fn interrupt() {
    if was_interrupted() {
        std::process::exit(INTERRUPTED.into());
    }
    STATE.0.cancel();
    super::note("limner: stopping; Ctrl+C again ends it at once");
}

struct Over(Option<std::thread::Thread>);

impl Drop for Over {
    fn drop(&mut self) {
        TELLING.store(false, Ordering::Relaxed);
        if let Some(teller) = &self.0 {
            teller.unpark();
        }
    }
}

fn tell(progress: &Progress) {
    let (done, total) = progress.done_and_total();
    if total > 0 {
        let _ = write!(std::io::stderr(), "{CLEAR}{}: {}", progress.stage(), share(done, total));
        let _ = std::io::stderr().flush();
    }
}

/// Small numbers are things one can count; of bytes and voxels the share says more.
fn share(done: u64, total: u64) -> String {
    if total < 10_000 {
        return format!("{done} of {total}");
    }
    format!("{} %", u128::from(done.min(total)) * 100 / u128::from(total))
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn files_are_counted_and_bytes_are_a_share() {
        assert_eq!(share(3, 400), "3 of 400");
        assert_eq!(share(u64::MAX / 2, u64::MAX), "49 %");
        assert_eq!(share(12_000, 10_000), "100 %");
    }
}
