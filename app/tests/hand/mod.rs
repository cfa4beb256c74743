//! A hand for tests: the application in a harness, and what a user does to it by pointer and keys.

use eframe::egui::{Event, Key, Modifiers, Pos2, Rect, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use limner::app::{App, Start};
use limner::paths::Paths;
use limner_annotation::Document;
use limner_imaging::World;
use std::path::Path;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(90);

pub struct Hand {
    pub window: Harness<'static, App>,
}

impl Hand {
    /// The window on the sample study's first CT.
    pub fn on_sample(home: &Path) -> Self {
        Self::on(home, Start::Sample)
    }

    pub fn on(home: &Path, start: Start) -> Self {
        let paths = Paths::under(home);
        let window = Harness::builder()
            .with_size([1400.0, 900.0])
            .with_max_steps(64)
            .wgpu()
            .build_eframe(move |cc| App::new(cc, paths, start).expect("the application starts"));
        let mut hand = Self { window };
        // The model opens beside everything else and would take the place of one that a test puts in.
        hand.wait("a picture and a model", |app| {
            let opened = app.assist.tried.as_ref().is_none_or(|tried| tried.outcome.is_some());
            app.workspace.open().is_some() && opened
        });
        hand
    }

    pub fn app(&self) -> &App {
        self.window.state()
    }

    pub fn document(&self) -> &Document {
        self.app().workspace.project.as_ref().expect("a project is open").document()
    }

    /// Steps until `done`, as a window that waits for a job does.
    pub fn wait(&mut self, what: &str, done: impl Fn(&App) -> bool) {
        let start = Instant::now();
        while !done(self.app()) {
            let notices = self.app().notices.shown();
            assert!(start.elapsed() < PATIENCE, "waited in vain: {what}; notices {notices:?}");
            self.window.step();
            std::thread::sleep(Duration::from_millis(5));
        }
        self.window.step();
    }

    /// Waits for the engine's own answer, the preview's does not count.
    pub fn wait_for_answer(&mut self) {
        self.wait("an answer", |app| {
            let answer = app.assist.talk().and_then(|talk| talk.answer());
            answer.is_some_and(|answer| !answer.is_preview)
        });
    }

    pub fn key(&mut self, key: Key) {
        self.chord(Modifiers::NONE, key);
    }

    pub fn chord(&mut self, modifiers: Modifiers, key: Key) {
        self.window.key_press_modifiers(modifiers, key);
        self.window.step();
        self.window.step();
    }

    pub fn hold(&mut self, modifiers: Modifiers) {
        self.window.event(Event::ModifiersChanged(modifiers));
        self.window.step();
    }

    fn rect(&self) -> Rect {
        self.window.get_by_label("Axial view").rect()
    }

    /// Where a place is seen in the axial view: mm to the right and down of the middle of the picture.
    pub fn at_mm(&self, right: f64, down: f64) -> Pos2 {
        let (viewport, open) = self.app().workspace.active().expect("a picture is open");
        let raster = viewport.raster(&open.volume);
        let centre = open.volume.geometry.centre();
        let here = World(centre.0 + raster.plane.right * right + raster.plane.down * down);
        let (pixel, _) = limner_render::pick::screen(&raster, here);
        let scale = self.window.ctx.pixels_per_point();
        self.rect().min + vec2(pixel.0.x as f32, pixel.0.y as f32) / scale
    }

    pub fn hover(&mut self, at: Pos2) {
        self.window.hover_at(at);
        self.window.step();
    }

    pub fn click(&mut self, at: Pos2) {
        self.drag(&[at]);
    }

    /// Presses at the first point, goes through the others and lets go at the last.
    pub fn drag(&mut self, way: &[Pos2]) {
        self.hover(way[0]);
        self.window.drag_at(way[0]);
        self.window.step();
        for at in &way[1..] {
            self.hover(*at);
        }
        self.window.drop_at(way[way.len() - 1]);
        self.window.step();
        // Another click soon after would be taken for a double click.
        std::thread::sleep(Duration::from_millis(10));
        self.window.step();
    }

    /// Voxels of the picture in view that have a label.
    pub fn voxels(&self) -> u64 {
        self.document().labels().iter().map(|label| self.voxels_of(&label.name)).sum()
    }

    pub fn voxels_of(&self, name: &str) -> u64 {
        let image = self.app().workspace.open().expect("a picture is open").image;
        let document = self.document();
        let label = document.labels().into_iter().find(|label| label.name == name).expect("the label is there");
        document.label_map(image).map_or(0, |map| map.count(label.value))
    }
}
