//! The times of a 4D series: one is in memory as the picture that is shown, the others are decoded when they are
//! wanted and a few ahead of that, on a thread of their own.

use crate::app::App;
use eframe::egui::Context;
use limner_annotation::ImageId;
use limner_imaging::{Prefetch, Sequence};
use std::sync::Arc;

/// How many times are fetched beyond the one that is wanted.
const AHEAD: usize = 8;

pub struct Times {
    sequence: Arc<Sequence>,
    prefetch: Prefetch,
    shown: usize,
    /// Asked for, and shown as soon as it is decoded.
    wanted: Option<usize>,
    /// Where the last wish began.
    asked: Option<usize>,
}

impl Times {
    pub fn new(sequence: Arc<Sequence>, wake: Context) -> Self {
        let prefetch = Prefetch::new(Arc::clone(&sequence), move || wake.request_repaint());
        Self { sequence, prefetch, shown: 0, wanted: None, asked: None }
    }

    pub const fn shown(&self) -> usize {
        self.shown
    }

    pub fn count(&self) -> usize {
        self.sequence.len()
    }

    pub const fn is_waiting(&self) -> bool {
        self.wanted.is_some()
    }

    /// Whether a time is decoded.
    pub fn is_held(&self, time: usize) -> bool {
        self.sequence.held(time).is_some()
    }

    /// A wish takes the place of the one before and stops its work, so the same is not wished for twice.
    fn ask(&mut self, time: usize) {
        if self.asked != Some(time) {
            self.asked = Some(time);
            self.prefetch.ask(time, AHEAD);
        }
    }

    /// While the last time that was wished for is there already, the next ones are fetched.
    fn stay_ahead(&mut self) {
        let Some(asked) = self.asked else { return };
        let count = self.count();
        let last = (asked + AHEAD.min(count - 1)) % count;
        let next = (last + 1) % count;
        if self.is_held(last) && !self.is_held(next) {
            self.ask(next);
        }
    }
}

impl App {
    /// Shows another time of a picture; false where it is still being decoded.
    pub(crate) fn show_time(&mut self, image: ImageId, time: usize) -> bool {
        let Some(open) = self.workspace.pictures.get_mut(&image) else { return true };
        let Some(times) = &mut open.times else { return true };
        let time = time.min(times.count().saturating_sub(1));
        if times.shown == time {
            times.wanted = None;
            return true;
        }
        let Some(volume) = times.sequence.held(time) else {
            times.wanted = Some(time);
            times.ask(time);
            return false;
        };
        (times.shown, times.wanted) = (time, None);
        times.stay_ahead();
        open.volume = Arc::clone(&volume);
        if let Err(error) = self.gpu.change_volume(image, &volume) {
            self.notices.error("This time could not be shown", &error);
        }
        if let Some(project) = &self.workspace.project {
            self.work.measures.add_picture(project.document(), image, &volume);
        }
        true
    }

    /// Shows the times that were waited for and have arrived.
    pub(crate) fn receive_times(&mut self) {
        let mut waiting = Vec::new();
        let mut failed = None;
        for open in self.workspace.pictures.values_mut() {
            let Some(times) = &mut open.times else { continue };
            if let Some((time, why)) = times.prefetch.take_failure() {
                (times.wanted, times.asked) = (None, None);
                failed = Some(format!("Time {}: {why}", time + 1));
            }
            waiting.extend(times.wanted.map(|time| (open.image, time)));
        }
        for (image, time) in waiting {
            self.show_time(image, time);
        }
        if let Some(why) = failed {
            self.cine = None;
            self.notices.warning("A time could not be decoded", vec![why]);
        }
    }

    /// One time on or back, in a circle; frames of a film alike.
    pub(crate) fn step_time(&mut self, by: isize) {
        let active = self.workspace.stage.active_id();
        let Some((viewport, open)) = self.workspace.shown_in(active) else { return };
        let Some((clock, shown)) = crate::cine::playing(viewport, open) else { return };
        let count = clock.frames() as isize;
        let wanted = open.times.as_ref().and_then(|times| times.wanted).unwrap_or(shown);
        self.show_frame(active, (wanted as isize + by).rem_euclid(count) as usize);
    }
}
