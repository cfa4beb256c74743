//! Frames or slices that go on by themselves, each for its time.

use crate::app::App;
use crate::view_state::ViewportId;
use limner_imaging::StackAxis;
use std::time::{Duration, Instant};

/// What plays, and when the next frame is due.
#[derive(Clone, Copy, Debug)]
pub struct Cine {
    pub viewport: ViewportId,
    due: Instant,
}

/// Where a file does not say how long a frame lasts, and for slices.
const FRAMES_PER_SECOND: f64 = 15.0;
/// A machine that cannot keep up drops frames rather than fall behind by more than this.
const MOST_BEHIND: Duration = Duration::from_millis(250);

impl App {
    pub(crate) fn play_or_stop(&mut self) {
        let viewport = self.workspace.stage.active_id();
        let stop = self.cine.is_some_and(|cine| cine.viewport == viewport);
        self.cine = (!stop).then(|| Cine { viewport, due: Instant::now() });
        self.ctx.request_repaint();
    }

    /// Goes on where a frame is due, and asks to be woken for the next.
    pub(crate) fn advance_cine(&mut self) {
        let Some(cine) = self.cine else { return };
        let plays = self
            .workspace
            .shown_in(cine.viewport)
            .is_some_and(|(v, open)| !v.is_solid() && v.slice(&open.volume.geometry).1 > 1);
        if !plays {
            self.cine = None;
            return;
        }
        let now = Instant::now();
        let every = Duration::from_secs_f64(1.0 / FRAMES_PER_SECOND);
        let mut due = cine.due.max(now.checked_sub(MOST_BEHIND).unwrap_or(cine.due));
        let mut frames = 0;
        while due <= now {
            due += every;
            frames += 1;
        }
        if frames > 0 && !self.stroke.is_held() {
            self.step_round(cine.viewport, frames);
        }
        self.cine = Some(Cine { due, ..cine });
        self.ctx.request_repaint_after(due.saturating_duration_since(now));
    }

    /// After the last frame the first; in the order frames are stored or slices are read.
    fn step_round(&mut self, viewport: ViewportId, frames: isize) {
        self.workspace.look(viewport, |view, open| {
            let before = view.at;
            view.step(&open.volume, frames);
            if view.at == before {
                let last = view.slice(&open.volume.geometry).1 - 1;
                let first = if view.slice(&open.volume.geometry).0 == 0 { last } else { 0 };
                let first = if open.volume.stack_axis == StackAxis::Space { first } else { 0 };
                view.go_to_slice(&open.volume.geometry, first);
            }
        });
    }
}
