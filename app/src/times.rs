//! The times of a 4D series and the frames of a long film: one is in memory as the picture that is shown, the others are
//! decoded when they are wanted and a few ahead of that, on a thread of their own.

use crate::app::App;
use crate::gpu::Part;
use crate::overlay;
use crate::workspace::OpenPicture;
use eframe::egui::Context;
use limner_annotation::ImageId;
use limner_imaging::{Each, Prefetch, Sequence, Task, Volume};
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

    pub fn sequence(&self) -> Arc<Sequence> {
        Arc::clone(&self.sequence)
    }

    pub const fn is_waiting(&self) -> bool {
        self.wanted.is_some()
    }

    /// Whether its items are the slices of one picture, and not volumes.
    pub fn is_film(&self) -> bool {
        self.sequence.each() == Each::Picture
    }

    /// For messages.
    fn name(&self) -> &'static str {
        if self.is_film() { "frame" } else { "time" }
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

    /// A time if it is decoded; else it is asked for.
    fn take(&mut self, time: usize) -> Option<Arc<Volume>> {
        let Some(volume) = self.sequence.held(time) else {
            self.wanted = Some(time);
            self.ask(time);
            return None;
        };
        (self.shown, self.wanted) = (time, None);
        if self.asked.is_none() {
            self.ask(time);
        }
        self.stay_ahead();
        Some(volume)
    }
}

/// The slices of a picture one by one, on whatever thread: of a long film each is decoded when it is asked for.
#[derive(Clone)]
pub struct Frames {
    pub(crate) volume: Arc<Volume>,
    pub(crate) film: Option<Arc<Sequence>>,
}

impl Frames {
    /// The picture on its whole grid, with at least this slice in memory.
    pub fn with(&self, slice: usize, task: &Task) -> anyhow::Result<Arc<Volume>> {
        match &self.film {
            Some(film) => Ok(Arc::new(Volume::of_one_slice(self.volume.geometry, slice, &*film.item(slice, task)?)?)),
            None => Ok(Arc::clone(&self.volume)),
        }
    }

    /// One slice as a picture of its own, where it lies.
    pub fn alone(&self, slice: usize, task: &Task) -> anyhow::Result<Arc<Volume>> {
        match &self.film {
            Some(film) => Ok(film.item(slice, task)?),
            None => Ok(Arc::new(self.volume.slice(slice)?)),
        }
    }

    /// Whichever slices of it are in memory: its grid, its names.
    pub fn volume(&self) -> &Volume {
        &self.volume
    }

    pub const fn is_film(&self) -> bool {
        self.film.is_some()
    }
}

impl OpenPicture {
    /// Puts another time in the place of the one in memory.
    fn hold(&mut self, time: usize, item: Arc<Volume>) -> limner_imaging::Result<()> {
        let is_film = self.times.as_ref().is_some_and(Times::is_film);
        self.volume = if is_film {
            Arc::new(Volume::of_one_slice(self.volume.geometry, time, &item)?)
        } else {
            Arc::clone(&item)
        };
        self.drawn = item;
        Ok(())
    }
}

impl App {
    /// Shows another time of a picture, or another frame of a long film; false where it is still being decoded.
    pub(crate) fn show_time(&mut self, image: ImageId, time: usize) -> bool {
        let Some(open) = self.workspace.pictures.get_mut(&image) else { return true };
        let Some(times) = &mut open.times else { return true };
        let time = time.min(times.count().saturating_sub(1));
        if times.shown == time {
            times.wanted = None;
            return true;
        }
        let Some(item) = times.take(time) else { return false };
        if let Err(error) = self.put_time(image, time, item) {
            self.notices.error("This time could not be shown", &error);
        }
        true
    }

    fn put_time(&mut self, image: ImageId, time: usize, item: Arc<Volume>) -> anyhow::Result<()> {
        let Some(open) = self.workspace.pictures.get_mut(&image) else { return Ok(()) };
        open.hold(time, item)?;
        let part = Part::of(&open.volume);
        self.gpu.change_volume(image, &open.drawn, part)?;
        if !part.is_all {
            self.gpu.show_drawings(image, &open.drawn)?;
        }
        let Some(project) = &self.workspace.project else { return Ok(()) };
        self.work.measures.add_picture(project.document(), image, &open.volume);
        if !part.is_all {
            overlay::await_painted(&mut self.gpu, project.document(), open);
            self.show_proposal();
            for id in self.workspace.stage.showing(image) {
                self.workspace.look(id, |view, open| view.go_to_slice(&open.volume.geometry, time));
            }
        }
        Ok(())
    }

    /// However a view came to another frame of a long film, the frame is shown; until it is decoded the view stays where it
    /// was, so that no frame is ever seen with the number, or the labels, of another.
    pub(crate) fn follow_films(&mut self) {
        for id in self.workspace.stage.visible() {
            let Some((view, open)) = self.workspace.shown_in(id) else { continue };
            let Some(times) = open.times.as_ref().filter(|times| times.is_film()) else { continue };
            let (image, shown, wanted) = (open.image, times.shown, view.slice(&open.volume.geometry).0);
            if wanted != shown && !self.show_time(image, wanted) {
                self.workspace.look(id, |view, open| view.go_to_slice(&open.volume.geometry, shown));
            }
        }
    }

    /// Shows the times that were waited for and have arrived.
    pub(crate) fn receive_times(&mut self) {
        let mut waiting = Vec::new();
        let mut failed = None;
        for open in self.workspace.pictures.values_mut() {
            let Some(times) = &mut open.times else { continue };
            if let Some((time, why)) = times.prefetch.take_failure() {
                (times.wanted, times.asked) = (None, None);
                failed = Some((times.name(), format!("{} {}: {why}", times.name(), time + 1)));
            }
            // A stroke in hand stays on the frame it began on.
            let wanted = times.wanted.filter(|_| !(times.is_film() && self.stroke.is_held()));
            waiting.extend(wanted.map(|time| (open.image, time)));
        }
        for (image, time) in waiting {
            self.show_time(image, time);
        }
        if let Some((what, why)) = failed {
            self.cine = None;
            self.notices.warning(format!("A {what} could not be decoded"), vec![why]);
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
