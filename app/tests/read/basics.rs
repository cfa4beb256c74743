//! The list of IHE's Basic Image Review profile, as acceptance; and the hands that are no right hand with a mouse.

use crate::hand::Hand;
use eframe::egui::{
    Event, Key, Modifiers, MouseWheelSource, MouseWheelUnit, PointerButton, Pos2, TouchDeviceId, TouchId, TouchPhase,
    vec2,
};
use egui_kittest::kittest::Queryable as _;
use limner::action::{Action, Tool};
use limner::app::App;
use limner::outbox::Request;
use limner_annotation::tools::ToolId;
use limner_imaging::StackAxis;

fn slice(app: &App) -> usize {
    let (viewport, open) = app.workspace.active().unwrap();
    viewport.slice(&open.volume.geometry).0
}

fn wheel(hand: &mut Hand, unit: MouseWheelUnit, delta: f32) {
    let (phase, source, modifiers) = (TouchPhase::Move, MouseWheelSource::Wheel, Modifiers::NONE);
    hand.window.event(Event::MouseWheel { unit, delta: vec2(0.0, delta), phase, source, modifiers });
    for _ in 0..12 {
        hand.window.step();
    }
}

fn series(app: &App, place: &str) -> usize {
    let named = |s: &limner_imaging::Series| s.path.file_name().is_some_and(|n| n.to_string_lossy() == place);
    app.workspace.found.iter().position(named).expect("the sample has this series")
}

#[test]
fn the_basic_image_review_list_of_ihe_is_met_on_the_sample_study() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    // A strip of thumbnails with what the series are, and whose.
    hand.wait("the studies", |app| !app.workspace.patients.is_empty());
    let count = hand.app().workspace.found.len();
    hand.wait("the thumbnails", |app| (0..app.workspace.found.len()).all(|n| app.thumbnails.is_made(n)));
    assert!(count >= 6);
    assert!(hand.window.query_all_by_label_contains("SAMPLE, LIMNER").next().is_some(), "demographics are shown");

    // The first picture: the first or the middle one, scaled to fit, windowed, annotated.
    let (viewport, open) = hand.app().workspace.active().unwrap();
    let (first, slices) = viewport.slice(&open.volume.geometry);
    assert!(first == 0 || first == slices / 2, "slice {first} of {slices}");
    assert!(viewport.camera.zoom == 1.0 && hand.app().window_name().is_some());
    assert!(hand.app().settings.look.text_on_pictures && open.volume.spacing_known);
    // Scrolling needs no tool: the wheel and the arrows do it with any in hand.
    let at = hand.at_mm(0.0, 0.0);
    hand.hover(at);
    for tool in [Tool::Window, Tool::Use(ToolId::named("brush").unwrap())] {
        hand.window.state_mut().act(Action::Tool(tool));
        let before = slice(hand.app());
        wheel(&mut hand, MouseWheelUnit::Line, -1.0);
        assert_eq!(slice(hand.app()).abs_diff(before), 1, "a notch is one slice");
        let before = slice(hand.app());
        hand.key(Key::ArrowDown);
        assert_ne!(slice(hand.app()), before);
    }

    // Two sets side by side with scroll, pan and zoom together, and lines that say where.
    hand.window.state_mut().act(Action::Tool(Tool::Window));
    let other = series(hand.app(), "ct_followup");
    hand.window.state_mut().act(Action::Arrange(limner::view_state::Arrangement::grid(1, 2)));
    let views = hand.app().workspace.stage.visible();
    hand.window.state_mut().carry_out(Request::OpenSeries(other, Some(views[1])));
    hand.wait("the other set", |app| app.workspace.pictures.len() == 2);
    for action in [Action::LinkPlace, Action::LinkCamera] {
        if !hand.app().is_on(action) {
            hand.window.state_mut().act(action);
        }
    }
    hand.window.state_mut().carry_out(Request::Activate(views[0]));
    let seen = |hand: &Hand, n: usize| {
        let (viewport, open) = hand.app().workspace.shown_in(views[n]).unwrap();
        (viewport.slice(&open.volume.geometry).0, viewport.camera.zoom, viewport.camera.pan_mm)
    };
    let before = seen(&hand, 1);
    hand.key(Key::ArrowDown);
    hand.key(Key::Plus);
    let after = seen(&hand, 1);
    assert!(after.0 != before.0 && after.1 > before.1, "the other set stayed: {before:?}, {after:?}");
    assert!(hand.app().settings.look.reference_lines);

    // Distance and angle, by key or by name.
    for name in ["ruler", "angle"] {
        assert!(hand.app().why_not(Action::Tool(Tool::Use(ToolId::named(name).unwrap()))).is_none(), "{name}");
    }
    // Cine goes on by its own clock.
    let film = series(hand.app(), "cine.dcm");
    hand.window.state_mut().carry_out(Request::OpenSeries(film, Some(views[0])));
    hand.wait("the film", |app| {
        app.workspace.active().is_some_and(|(_, open)| open.volume.stack_axis == StackAxis::Time)
    });
    hand.window.state_mut().act(Action::PlayCine);
    let before = slice(hand.app());
    hand.wait("the next frame", move |app| slice(app) != before);
}

#[test]
fn a_touch_pad_scrolls_in_small_parts_and_zooms_by_a_pinch() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    let at = hand.at_mm(0.0, 0.0);
    hand.hover(at);
    let before = slice(hand.app());
    for _ in 0..8 {
        wheel(&mut hand, MouseWheelUnit::Point, -8.0);
    }
    let moved = slice(hand.app()).abs_diff(before);
    assert!((1..=4).contains(&moved), "64 points of travel went {moved} slices");
    let zoom = |hand: &Hand| hand.app().workspace.active().unwrap().0.camera.zoom;
    let (before, place) = (zoom(&hand), slice(hand.app()));
    hand.window.event(Event::Zoom(1.5));
    hand.window.step();
    hand.window.step();
    assert!((zoom(&hand) / before - 1.5).abs() < 0.01 && slice(hand.app()) == place);
}

#[test]
fn a_left_handed_mouse_has_the_tool_at_the_right_and_the_zoom_at_the_left() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    let drag = |hand: &mut Hand, button: PointerButton| {
        let (from, to) = (hand.at_mm(-20.0, 0.0), hand.at_mm(10.0, -30.0));
        let press = |pos: Pos2, pressed| Event::PointerButton { pos, button, pressed, modifiers: Modifiers::NONE };
        for event in [Event::PointerMoved(from), press(from, true), Event::PointerMoved(to), press(to, false)] {
            hand.window.event(event);
            hand.window.step();
        }
        let viewport = hand.app().workspace.active().unwrap().0;
        (viewport.window.width, viewport.camera.zoom)
    };
    let begin = (hand.app().workspace.active().unwrap().0.window.width, 1.0);
    let mut look = hand.app().settings.look.clone();
    look.left_handed = true;
    hand.window.state_mut().carry_out(Request::SetLook(look));
    let zoomed = drag(&mut hand, PointerButton::Primary);
    assert!(zoomed.0 == begin.0 && zoomed.1 != begin.1, "{zoomed:?}");
    let windowed = drag(&mut hand, PointerButton::Secondary);
    assert!(windowed.0 != begin.0 && windowed.1 == zoomed.1, "{windowed:?}");
}

#[test]
fn a_pen_that_presses_harder_paints_wider() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    hand.window.state_mut().act(Action::Tool(Tool::Use(ToolId::named("brush").unwrap())));
    hand.window.state_mut().hand.settings.radius_mm = 12.0;
    let mut dab = |force: f32| {
        let (pos, before) = (hand.at_mm(-60.0, -20.0), hand.voxels());
        let touch = |phase, force| {
            let (device_id, id) = (TouchDeviceId(1), TouchId(1));
            Event::Touch { device_id, id, phase, pos, force: Some(force) }
        };
        let press = |pressed| {
            let (button, modifiers) = (PointerButton::Primary, Modifiers::NONE);
            Event::PointerButton { pos, button, pressed, modifiers }
        };
        hand.hover(pos);
        for (events, phase) in [(true, TouchPhase::Start), (false, TouchPhase::End)] {
            hand.window.event(touch(phase, force));
            hand.window.event(press(events));
            hand.window.step();
        }
        hand.window.step();
        let painted = hand.voxels() - before;
        hand.chord(Modifiers::COMMAND, Key::Z);
        painted
    };
    let (light, hard) = (dab(0.1), dab(1.0));
    assert!(light > 0 && hard > 2 * light, "{light} voxels by a light pen, {hard} by a hard one");
}
