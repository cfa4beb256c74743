//! A lost graphics device takes nothing with it: the same application goes on in another window.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not so")]

use eframe::egui::{Event, Modifiers, PointerButton, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use limner::app::{App, Start};
use limner::paths::Paths;
use limner::renewal::{Shelf, Shell};
use limner::view_state::Pane;
use std::rc::Rc;
use std::time::{Duration, Instant};

fn harness(make: impl FnOnce(&mut eframe::CreationContext<'_>) -> Shell) -> Harness<'static, Shell> {
    Harness::builder().with_size([1280.0, 800.0]).with_max_steps(64).wgpu().build_eframe(make)
}

fn wait(window: &mut Harness<'_, Shell>, what: &str, done: impl Fn(&App) -> bool) {
    let start = Instant::now();
    while !done(window.state().app().unwrap()) {
        assert!(start.elapsed() < Duration::from_secs(120), "waited in vain: {what}");
        window.step();
        std::thread::sleep(Duration::from_millis(5));
    }
    window.step();
}

fn drag(window: &mut Harness<'_, Shell>, by: eframe::egui::Vec2) {
    let from = window.get_by_label("Axial view").rect().center();
    for step in 0..=4 {
        let pos = from + by * (step as f32 / 4.0);
        window.event(Event::PointerMoved(pos));
        if step == 0 || step == 4 {
            let pressed = step == 0;
            let (button, modifiers) = (PointerButton::Primary, Modifiers::NONE);
            window.event(Event::PointerButton { pos, button, pressed, modifiers });
        }
        window.step();
    }
}

/// Every view that is seen, as it is drawn now.
fn pictures(app: &App) -> Vec<(Pane, Vec<u8>)> {
    let stage = &app.workspace.stage;
    let seen = stage.visible().into_iter().filter_map(|id| {
        let (viewport, open) = app.workspace.shown_in(id)?;
        let picture = app.gpu.snapshot((id, viewport, open), &app.workspace, Default::default(), 1).unwrap();
        Some((viewport.pane, picture.into_raw()))
    });
    seen.collect()
}

#[test]
fn another_window_shows_what_the_lost_one_showed() {
    let home = tempfile::tempdir().unwrap();
    let (paths, shelf) = (Paths::under(home.path()), Shelf::default());
    let mut first = {
        let shelf = Rc::clone(&shelf);
        harness(move |cc| Shell::new(App::new(cc, paths, Start::Sample).unwrap(), shelf))
    };
    wait(&mut first, "the sample study", |app| app.workspace.open().is_some());
    first.get_by_label("Three planes and 3D").click();
    first.step();
    first.get_by_label("Brush").click();
    first.step();
    drag(&mut first, vec2(50.0, 10.0));
    first.get_by_label("Scribble").click();
    first.step();
    drag(&mut first, vec2(-60.0, -20.0));
    // The preview comes first; the model's own answer would arrive between the two pictures.
    wait(&mut first, "the whole answer", |app| {
        let answer = app.assist.talk().and_then(|talk| talk.answer());
        answer.is_some_and(|answer| !answer.is_preview && !answer.is_part)
    });
    for _ in 0..400 {
        // Until the volume is sharp.
        first.step();
    }
    let app = first.state().app().unwrap();
    let revision = app.workspace.project.as_ref().unwrap().document().revision();
    let before = pictures(app);
    assert_eq!(before.len(), 4);
    let held = app.gpu.memory().1;

    app.gpu.lose();
    assert!(app.gpu.is_lost());
    // A frame after the loss draws nothing, breaks nothing and closes the window.
    first.step();
    drop(first);
    let mut kept = shelf.take().expect("the application is kept");

    let mut second = harness(move |cc| {
        kept.app.move_to(cc).unwrap();
        Shell::new(kept.app, shelf)
    });
    for _ in 0..400 {
        second.step();
    }
    let app = second.state().app().unwrap();
    assert!(!app.gpu.is_lost());
    assert_eq!(app.workspace.project.as_ref().unwrap().document().revision(), revision);
    assert!(app.assist.proposal().is_some());
    assert_eq!(app.gpu.memory().1, held);
    for ((pane, before), (_, after)) in before.iter().zip(&pictures(app)) {
        assert!(before == after, "{pane:?} differs");
    }
    // And work goes on.
    second.get_by_label("Accept proposal").click();
    wait(&mut second, "the accepted step", |app| {
        app.workspace.project.as_ref().unwrap().document().revision() > revision
    });
}
