//! Frames, times or slices that go on by themselves, each for as long as its file says.
//!
//! What is shown follows the clock, so a machine that cannot keep up drops frames and keeps the time. A time of a 4D
//! series that is not decoded yet holds the clock until it is there: the first round may be slow, no round is wrong.

use crate::app::App;
use crate::view_state::{Viewport, ViewportId};
use crate::workspace::OpenPicture;
use limner_imaging::Clock;
use std::time::{Duration, Instant};

/// What plays, and since when.
#[derive(Clone, Copy, Debug)]
pub struct Cine {
    pub viewport: ViewportId,
    /// Where the clock stood at `since`.
    from_ms: f64,
    since: Instant,
    /// What was shown last: whoever moves on by hand moves the clock.
    shown: Option<usize>,
}

/// For slices, which have no time of their own.
const SLICES_PER_SECOND: f64 = 15.0;
/// How many times as fast as the file says.
pub const SPEEDS: [f64; 5] = [0.25, 0.5, 1.0, 2.0, 4.0];

impl Cine {
    pub fn new(viewport: ViewportId) -> Self {
        Self { viewport, from_ms: 0.0, since: Instant::now(), shown: None }
    }

    fn at_ms(&self, speed: f64) -> f64 {
        self.from_ms + self.since.elapsed().as_secs_f64() * 1000.0 * speed
    }

    /// The same, from the beginning of a frame.
    fn from(self, clock: &Clock, frame: usize) -> Self {
        Self { from_ms: clock.start_ms(frame), since: Instant::now(), shown: Some(frame), ..self }
    }
}

/// What plays in a view: its clock, and which frame is shown.
pub fn playing(viewport: &Viewport, open: &OpenPicture) -> Option<(Clock, usize)> {
    if let Some(times) = open.times.as_ref().filter(|times| !times.is_film()) {
        return Some((open.clock.clone()?, times.shown()));
    }
    let (slice, count) = viewport.slice(&open.volume.geometry);
    let even = || Clock::even(count, 1000.0 / SLICES_PER_SECOND);
    let clock = open.clock.clone().filter(|clock| clock.frames() == count).unwrap_or_else(even);
    (!viewport.is_solid() && count > 1).then_some((clock, slice))
}

impl App {
    pub(crate) fn play_or_stop(&mut self) {
        let viewport = self.workspace.stage.active_id();
        let stop = self.cine.is_some_and(|cine| cine.viewport == viewport);
        self.cine = (!stop).then(|| Cine::new(viewport));
        self.ctx.request_repaint();
    }

    /// Goes on where a frame is due, and asks to be woken for the next.
    pub(crate) fn advance_cine(&mut self) {
        let Some(mut cine) = self.cine else { return };
        let Some((viewport, open)) = self.workspace.shown_in(cine.viewport) else {
            self.cine = None;
            return;
        };
        let Some((clock, shown)) = playing(viewport, open) else {
            self.cine = None;
            return;
        };
        let speed = self.settings.look.speed();
        if cine.shown != Some(shown) || self.stroke.is_held() {
            // It begins, or a hand moved on: time goes on from there.
            cine = cine.from(&clock, shown);
        }
        let due = clock.frame_at_looped(cine.at_ms(speed));
        if due != shown {
            if self.show_frame(cine.viewport, due) {
                cine.shown = Some(due);
            } else {
                cine = cine.from(&clock, shown);
                self.cine = Some(cine);
                // The decoder wakes the window.
                return;
            }
        }
        self.cine = Some(cine);
        let total = clock.total_ms().max(1.0);
        let left_ms = (clock.start_ms(due + 1) - cine.at_ms(speed).rem_euclid(total)).max(1.0) / speed;
        self.ctx.request_repaint_after(Duration::from_secs_f64(left_ms / 1000.0));
    }

    /// Shows a frame, a time or a slice; false where it is still being decoded.
    pub(crate) fn show_frame(&mut self, viewport: ViewportId, frame: usize) -> bool {
        let Some((_, open)) = self.workspace.shown_in(viewport) else { return true };
        if open.times.is_some() {
            let image = open.image;
            return self.show_time(image, frame);
        }
        self.workspace.look(viewport, |view, open| view.go_to_slice(&open.volume.geometry, frame));
        true
    }
}
