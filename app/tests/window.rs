//! The application in a test harness, driven by accessible labels: what a user does first, without a screen.

use eframe::egui::accesskit::Role;
use eframe::egui::{Event, Id, Key, Modifiers, MouseWheelSource, MouseWheelUnit, Pos2, Rect, TouchPhase, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use limner::action::{ACTIONS, Action, Ask, Tool};
use limner::app::{App, Start};
use limner::case::{Errand, Page};
use limner::outbox::{LabelAct, Request};
use limner::panels::dialog::{Dialog, PathPage, Purpose};
use limner::panels::export::ExportPage;
use limner::panels::settings::SettingsPage;
use limner::paths::Paths;
use limner::view_state::Arrangement;
use limner_annotation::exchange::{EXCHANGES, Holds};
use limner_annotation::tools::ToolId;
use limner_annotation::{Command, Project};
use limner_imaging::{Task, View};
use std::path::Path;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

fn window(home: &Path, start: Start) -> Harness<'static, App> {
    window_of([1280.0, 800.0], home, start)
}

fn window_of(size: [f32; 2], home: &Path, start: Start) -> Harness<'static, App> {
    let paths = Paths::under(home);
    Harness::builder()
        .with_size(size)
        .with_max_steps(64)
        .wgpu()
        .build_eframe(move |cc| App::new(cc, paths, start).expect("the application starts"))
}

/// Steps until `done`, as a window that waits for a job does.
fn wait(window: &mut Harness<'_, App>, what: &str, done: impl Fn(&App) -> bool) {
    let start = Instant::now();
    while !done(window.state()) {
        assert!(start.elapsed() < PATIENCE, "waited in vain: {what}; notices {:?}", window.state().notices.shown());
        window.step();
        std::thread::sleep(Duration::from_millis(5));
    }
    window.step();
}

fn voxels(app: &App) -> u64 {
    let (Some(project), Some(open)) = (&app.workspace.project, app.workspace.open()) else { return 0 };
    let document = project.document();
    let map = document.label_map(open.image);
    document.labels().iter().map(|l| map.map_or(0, |m| m.count(l.value))).sum()
}

fn slice(app: &App) -> usize {
    let (viewport, open) = app.workspace.active().expect("a picture is open");
    viewport.slice(&open.volume.geometry).0
}

fn drag(window: &mut Harness<'_, App>, from: Pos2, by: Vec2) {
    window.hover_at(from);
    window.step();
    window.drag_at(from);
    window.step();
    for step in 1..=4 {
        window.hover_at(from + by * (step as f32 / 4.0));
        window.step();
    }
    window.drop_at(from + by);
    window.step();
}

/// The sample study with the brush in hand, and the middle of its first picture.
fn with_brush(home: &Path) -> (Harness<'static, App>, Pos2) {
    let mut window = window(home, Start::Sample);
    wait(&mut window, "the sample study", |app| app.workspace.open().is_some());
    window.get_by_label("Brush").click();
    window.step();
    let middle = window.get_by_label("Axial view").rect().center();
    (window, middle)
}

fn saved(app: &App) -> bool {
    app.is_safe_to_quit()
}

#[test]
fn open_scroll_window_paint_prompt_undo_and_return() {
    let home = tempfile::tempdir().unwrap();
    let mut w = window(home.path(), Start::Continue);
    w.step();
    w.get_by_label("Open sample study").click();
    wait(&mut w, "the sample study", |app| app.workspace.open().is_some());

    let view = w.get_by_label("Axial view").rect();
    let middle = view.center();
    let first = slice(w.state());
    w.hover_at(middle);
    w.step();
    let wheel = Event::MouseWheel {
        unit: MouseWheelUnit::Line,
        delta: vec2(0.0, -2.0),
        phase: TouchPhase::Move,
        source: MouseWheelSource::Wheel,
        modifiers: Modifiers::NONE,
    };
    w.event(wheel);
    for _ in 0..30 {
        w.step();
    }
    assert_ne!(slice(w.state()), first, "the wheel does not scroll");

    let window_before = w.state().workspace.stage.active().window;
    drag(&mut w, middle, vec2(60.0, 20.0));
    let window_after = w.state().workspace.stage.active().window;
    assert!(window_after.width > window_before.width && window_after.centre > window_before.centre);

    w.get_by_label("Brush").click();
    w.step();
    drag(&mut w, middle, vec2(50.0, 10.0));
    let painted = voxels(w.state());
    assert!(painted > 0, "the brush painted nothing");

    w.get_by_label("Scribble").click();
    w.step();
    drag(&mut w, middle + vec2(-200.0, -80.0), vec2(40.0, 60.0));
    wait(&mut w, "a proposal", |app| app.assist.certainty().is_some() && !app.assist.is_preview());
    assert_eq!(voxels(w.state()), painted, "a proposal is not paint");
    // What its shades mean stands beside it.
    w.get_by_label_contains("The pale rim outside: nearly, and not painted");
    w.get_by_label("Accept proposal").click();
    w.step();
    // At once, or as soon as the whole of it is there.
    wait(&mut w, "the paint of what was accepted", move |app| voxels(app) > painted);

    w.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    w.step();
    assert_eq!(voxels(w.state()), painted, "undo does not take the proposal back");
    wait(&mut w, "the store", saved);
    w.key_press_modifiers(Modifiers::COMMAND, Key::Q);
    w.step();
    drop(w);

    let mut again = window(home.path(), Start::Continue);
    wait(&mut again, "the last picture", |app| app.workspace.open().is_some());
    assert_eq!(voxels(again.state()), painted, "the work is not there at the next start");
    assert!(again.state().workspace.project.as_ref().unwrap().document().can_redo().is_some());
}

#[test]
fn the_planes_follow_the_crosshair_and_the_volume_follows_the_drag() {
    let home = tempfile::tempdir().unwrap();
    let mut w = window(home.path(), Start::Sample);
    wait(&mut w, "the sample study", |app| app.workspace.open().is_some());
    w.get_by_label("Three planes and 3D").click();
    w.step();
    w.get_by_label("Crosshair").click();
    w.step();
    let at = |w: &Harness<'_, App>| w.state().workspace.stage.active().at;
    let before = at(&w);
    let axial = w.get_by_label("Axial view").rect();
    drag(&mut w, axial.center(), vec2(40.0, 25.0));
    let moved = at(&w).0 - before.0;
    assert!(moved.x > 5.0 && moved.y > 5.0 && moved.z.abs() < 1e-9, "right and down is left and back: {moved}");
    let sagittal = w.get_by_label("Sagittal view").rect();
    drag(&mut w, sagittal.center(), vec2(0.0, 30.0));
    assert!(at(&w).0.z < before.0.z, "down is towards the feet");

    let camera = |w: &Harness<'_, App>| {
        let workspace = &w.state().workspace;
        let solid = workspace.stage.iter().find(|(_, v)| v.is_solid()).unwrap().1;
        solid.solid_camera(&workspace.open().unwrap().volume.geometry)
    };
    let front = camera(&w);
    let solid = w.get_by_label("3D view").rect();
    drag(&mut w, solid.center(), vec2(60.0, 0.0));
    assert!(camera(&w).right.distance(front.right) > 0.1, "the volume does not turn");
}

#[test]
fn every_action_says_why_it_cannot_be_done_before_a_picture_is_open() {
    let home = tempfile::tempdir().unwrap();
    let mut w = window(home.path(), Start::Continue);
    w.step();
    // None of these may panic or change anything while nothing is open.
    for entry in ACTIONS.iter().filter(|e| !matches!(e.action, Action::Quit | Action::OpenSample)) {
        let app = w.state_mut();
        if app.why_not(entry.action).is_some() {
            app.act(entry.action);
        }
        assert!(app.workspace.open().is_none() && app.notices.shown().is_empty(), "{}", entry.title);
    }
    w.step();
}

#[test]
fn a_path_that_holds_nothing_is_an_error_that_names_it() {
    let home = tempfile::tempdir().unwrap();
    let nothing = home.path().join("nothing here");
    let mut w = window(home.path(), Start::Path(nothing.clone()));
    wait(&mut w, "a notice", |app| !app.notices.shown().is_empty());
    let notice = &w.state().notices.shown()[0];
    assert!(notice.causes.iter().any(|c| c.contains("nothing here")), "{notice:?}");
    assert!(w.state().workspace.open().is_none());
}

#[test]
fn in_a_small_window_every_button_is_in_reach_and_the_list_takes_the_place_of_the_labels() {
    let home = tempfile::tempdir().unwrap();
    // What 1000 by 700 pixels hold of text one and a half times as large.
    let mut w = window_of([667.0, 467.0], home.path(), Start::Sample);
    wait(&mut w, "the sample study", |app| app.workspace.open().is_some());
    let all = w.ctx.content_rect();
    for name in ["Menu", "Undo", "Redo", "Command palette…", "Show series list", "Show labels panel"] {
        let button = w.get_by_label(name).rect();
        assert!(all.contains_rect(button), "{name}: {button:?}");
    }
    assert!(!w.state().is_on(Action::ToggleBrowser), "there is no room for it");
    w.get_by_label("Show series list").click();
    w.run_steps(3);
    assert!(w.state().is_on(Action::ToggleBrowser) && !w.state().settings.look.inspector);
}

/// What stands in the bar over the pictures while a brush is in the hand.
const BAR: [&str; 8] =
    ["Sphere", "Paint over", "Plane", "Window presets", "Slab thickness", "Links", "Three planes and 3D", "Layout"];

fn place_of(w: &Harness<'_, App>, name: &str) -> Option<Rect> {
    w.query_all_by_label(name).next().map(|node| node.rect())
}

#[test]
fn what_finds_no_room_in_the_bar_over_the_pictures_is_behind_a_button_at_its_end() {
    for width in [1280.0, 1000.0, 780.0] {
        let home = tempfile::tempdir().unwrap();
        let mut w = window_of([width, 700.0], home.path(), Start::Sample);
        wait(&mut w, "the sample study", |app| app.workspace.open().is_some());
        w.state_mut().act(Action::Case(Errand::Page(Page::Review)));
        w.state_mut().act(Action::Tool(Tool::Use(ToolId::named("brush").unwrap())));
        w.run_steps(6);
        let bar = w.get_by_label("Axial view").rect().expand2(vec2(2.0, 0.0)).x_range();
        let mut seen: Vec<(&str, Rect)> = BAR.iter().filter_map(|name| Some((*name, place_of(&w, name)?))).collect();
        seen.sort_by(|(_, a), (_, b)| a.left().total_cmp(&b.left()));
        for (name, rect) in &seen {
            assert!(bar.contains(rect.left()) && bar.contains(rect.right()), "{width}: {name} is cut off at {rect:?}");
        }
        for pair in seen.windows(2) {
            assert!(pair[0].1.right() <= pair[1].1.left() + 0.5, "{width}: {pair:?} lie over each other");
        }
        let missing: Vec<&str> = BAR.into_iter().filter(|name| seen.iter().all(|(one, _)| one != name)).collect();
        assert!(width > 800.0 || missing.contains(&"Links"), "{missing:?}");
        if missing.is_empty() {
            continue;
        }
        w.get_by_label("More").click();
        w.run_steps(3);
        for name in missing {
            let rect = place_of(&w, name).unwrap_or_else(|| panic!("{width}: {name} is nowhere"));
            assert!(w.ctx.content_rect().contains_rect(rect), "{width}: {name} at {rect:?}");
        }
    }
}

#[test]
fn the_answer_to_a_proposal_stays_in_the_bar_of_a_small_window() {
    // 1000 by 700 pixels, with text of its own size and one and a half times as large, labels or questions beside it.
    for (size, questions) in [([1000.0, 700.0], false), ([1000.0, 700.0], true), ([667.0, 467.0], false)] {
        let home = tempfile::tempdir().unwrap();
        let mut w = window_of(size, home.path(), Start::Sample);
        wait(&mut w, "the sample study", |app| app.workspace.open().is_some());
        if questions {
            w.state_mut().act(Action::Ask(Ask::Panel));
        }
        w.state_mut().act(Action::Tool(Tool::Use(ToolId::named("point").unwrap())));
        w.run_steps(6);
        let middle = w.get_by_label("Axial view").rect().center();
        drag(&mut w, middle, Vec2::ZERO);
        assert!(w.state().assist.is_busy(), "{size:?}: the click is no prompt");
        w.run_steps(6);
        let view = w.get_by_label("Axial view").rect();
        for name in ["Positive", Action::Accept.title(), Action::Reject.title()] {
            let rect = place_of(&w, name).unwrap_or_else(|| panic!("{size:?}: {name} is nowhere"));
            let inside = view.left() <= rect.left() && rect.right() <= view.right() && rect.bottom() <= view.top();
            assert!(inside, "{size:?}: {name} at {rect:?} is not whole over {view:?}");
        }
    }
}

#[test]
fn what_is_behind_the_button_of_the_bar_opens_its_own_list_and_esc_closes_one_after_the_other() {
    let home = tempfile::tempdir().unwrap();
    let mut w = window_of([780.0, 700.0], home.path(), Start::Sample);
    wait(&mut w, "the sample study", |app| app.workspace.open().is_some());
    w.state_mut().act(Action::Case(Errand::Page(Page::Review)));
    w.run_steps(6);
    let list = "Link zoom and pan";
    w.get_by_label("More").click();
    w.run_steps(3);
    let before = w.state().workspace.stage.links.camera;
    w.get_by_label("Links").click();
    w.run_steps(3);
    w.get_by_label_contains(list).click();
    w.run_steps(3);
    assert_ne!(w.state().workspace.stage.links.camera, before, "a list inside of it does nothing");
    assert!(place_of(&w, "Links").is_some(), "the choice closed more than its list");
    w.get_by_label("Links").click();
    w.run_steps(3);
    assert!(w.query_by_label_contains(list).is_some());
    w.key_press(Key::Escape);
    w.run_steps(3);
    assert!(w.query_by_label_contains(list).is_none() && place_of(&w, "Links").is_some());
    w.key_press(Key::Escape);
    w.run_steps(3);
    assert!(place_of(&w, "Links").is_none(), "Esc does not close it");
}

#[test]
fn of_many_notices_the_newest_are_seen_entire_and_the_pictures_keep_their_room() {
    let home = tempfile::tempdir().unwrap();
    let mut w = window(home.path(), Start::Sample);
    wait(&mut w, "the sample study", |app| app.workspace.open().is_some());
    w.state_mut().notices.dismiss_all();
    for n in 0..7 {
        let cause = anyhow::anyhow!("a long cause, word by word. ").context("The reason. ".repeat(20));
        w.state_mut().notices.error(format!("Trouble {n}"), &cause);
    }
    w.run_steps(6);
    let seen = |w: &Harness<'_, App>| w.query_all_by_label_contains("Trouble").count();
    let area = |w: &Harness<'_, App>| w.ctx.memory(|m| m.area_rect(Id::unique("notices"))).expect("they are shown");
    let newest = seen(&w);
    assert!((1..7).contains(&newest) && area(&w).height() <= 800.0 / 3.0, "{newest} at {:?}", area(&w));
    for name in ["Trouble", "Dismiss"] {
        for node in w.query_all_by_label_contains(name) {
            assert!(area(&w).contains_rect(node.rect()), "{name} at {:?} is cut off by {:?}", node.rect(), area(&w));
        }
    }
    w.get_by_label(&format!("and {} more", 7 - newest)).click();
    w.run_steps(4);
    assert_eq!(seen(&w), 7);
    assert!(area(&w).height() <= 800.0 / 3.0, "{:?}", area(&w));
    w.get_by_label("Dismiss all").click();
    w.run_steps(2);
    assert!(w.state().notices.shown().is_empty());
}

fn series_named(app: &App, place: &str) -> usize {
    let named = |s: &limner_imaging::Series| s.path.file_name().is_some_and(|n| n.to_string_lossy() == place);
    app.workspace.found.iter().position(named).expect("the sample has this series")
}

#[test]
fn two_pictures_side_by_side_go_together_until_their_link_is_cut() {
    let home = tempfile::tempdir().unwrap();
    let mut w = window(home.path(), Start::Sample);
    wait(&mut w, "the sample study", |app| app.workspace.open().is_some());
    w.state_mut().act(Action::Arrange(Arrangement::grid(1, 2)));
    w.step();
    let views = w.state().workspace.stage.visible();
    w.state_mut().act(Action::NextView);
    let second = series_named(w.state(), "ct_followup");
    w.state_mut().carry_out(Request::OpenSeries(second, None));
    wait(&mut w, "the second picture", |app| app.workspace.pictures.len() == 2);
    let height = |w: &Harness<'_, App>, n: usize| w.state().workspace.stage.get(views[n]).unwrap().at.0.z;
    let (first, other) = (height(&w, 0), height(&w, 1));
    w.state_mut().carry_out(Request::Scroll { viewport: views[0], steps: 3 });
    let (moved, followed) = (height(&w, 0) - first, height(&w, 1) - other);
    assert!(moved < -1.0 && (moved - followed).abs() < 1e-6, "{moved} and {followed}");
    w.state_mut().act(Action::LinkPlace);
    w.state_mut().carry_out(Request::Scroll { viewport: views[0], steps: 3 });
    assert!((height(&w, 1) - other - followed).abs() < 1e-9, "a cut link still pulls");
    w.step();
    assert!(w.get_all_by_label("Axial view").count() == 1 && w.get_all_by_label("Axial view 2").count() == 1);
}

#[test]
fn a_photo_offers_no_planes_and_its_keys_say_why() {
    let home = tempfile::tempdir().unwrap();
    let mut w = window(home.path(), Start::Sample);
    wait(&mut w, "the sample study", |app| app.workspace.open().is_some());
    w.state_mut().act(Action::FourUp);
    let photo = series_named(w.state(), "fundus.png");
    w.state_mut().carry_out(Request::OpenSeries(photo, None));
    wait(&mut w, "the photo", |app| app.workspace.open().is_some_and(|open| open.series == Some(photo)));
    let app = w.state();
    assert_eq!(app.workspace.stage.visible().len(), 1, "four panes of one photo");
    for action in [Action::Show(View::Coronal), Action::Show(View::Sagittal), Action::ShowSolid, Action::FourUp] {
        assert!(app.why_not(action).is_some(), "{}", action.title());
    }
    assert!(app.why_not(Action::WindowPreset(0)).is_some(), "a colour picture has no window");
}

#[test]
fn digits_are_windows_while_reading_and_not_while_annotating() {
    let home = tempfile::tempdir().unwrap();
    let mut w = window(home.path(), Start::Sample);
    wait(&mut w, "the sample study", |app| app.workspace.open().is_some());
    let shown = |w: &Harness<'_, App>| w.state().workspace.stage.active().window;
    w.key_press(Key::Num2);
    w.step();
    let lung = w.state().settings.windows[1].window();
    assert_eq!(shown(&w), lung);
    w.state_mut().act(Action::Tool(Tool::Use(ToolId::named("brush").unwrap())));
    w.key_press(Key::Num4);
    w.step();
    assert_eq!(shown(&w), lung, "a digit is a label while the brush is in hand");
    w.key_press(Key::F4);
    w.step();
    assert_eq!(shown(&w), w.state().settings.windows[3].window());
}

/// At a text size of 150 % a window of 1000 × 700 pixels is so many points large.
#[test]
fn every_dialog_lies_in_a_small_window_with_its_title_and_its_buttons() {
    let home = tempfile::tempdir().unwrap();
    let mut w = window_of([667.0, 467.0], home.path(), Start::Sample);
    // What still runs can be cancelled too, by a button of the same name.
    wait(&mut w, "the sample study and quiet", |app| {
        app.workspace.open().is_some() && app.jobs.running().iter().all(|job| job.quiet)
    });
    let whole = w.ctx.content_rect();
    let check = |w: &mut Harness<'_, App>, what: &str, names: &[&str]| {
        w.run_steps(6);
        for name in names {
            let rect = w.get_by_label(name).rect();
            assert!(whole.contains_rect(rect), "{what}: {name} lies at {rect:?}");
        }
    };
    for page in SettingsPage::ALL {
        w.state_mut().dialog = Some(Dialog::Settings(page));
        check(&mut w, &format!("{page:?}"), &["Close", "Grey windows"]);
    }
    w.state_mut().dialog = Some(Dialog::About);
    check(&mut w, "about", &["Close", "About Limner", "Copy"]);
    // The last format of the list is seen too, and named beside it.
    let last = EXCHANGES.iter().rev().find(|exchange| exchange.holds() == Holds::Questions).unwrap();
    w.state_mut().dialog = Some(Dialog::Export(Box::new(ExportPage::new(last.name()))));
    let chosen = format!("As {}", last.title());
    check(&mut w, "export", &["Close", "Choose a folder…", "Cancel", last.title(), &chosen]);
    let long = PathPage::new(Purpose::Predictions, "/somewhere".into());
    w.state_mut().dialog = Some(Dialog::Path(Box::new(long)));
    check(&mut w, "a path", &[Purpose::Predictions.title().as_str(), "Path", "Cancel"]);
}

#[test]
fn who_has_the_keys_is_said_while_a_button_has_them() {
    let home = tempfile::tempdir().unwrap();
    let mut w = window(home.path(), Start::Sample);
    wait(&mut w, "the sample study", |app| app.workspace.open().is_some());
    let said = "Keys go to the field or button in focus; Esc gives them back to the picture";
    assert!(w.query_by_label(said).is_none());
    w.key_press(Key::Tab);
    w.run_steps(3);
    let before = w.state().hand.tool;
    w.key_press(Key::B);
    w.run_steps(2);
    assert!(w.query_by_label(said).is_some() && w.state().hand.tool == before);
    w.key_press(Key::Escape);
    w.run_steps(3);
    assert!(w.query_by_label(said).is_none());
    w.key_press(Key::B);
    w.run_steps(2);
    assert!(w.state().hand.tool != before, "the keys are the picture's again");
}

#[test]
fn the_palette_finds_every_action_that_can_be_done() {
    let home = tempfile::tempdir().unwrap();
    let mut w = window(home.path(), Start::Sample);
    wait(&mut w, "the sample study", |app| app.workspace.open().is_some());
    let possible = ACTIONS.iter().filter(|e| w.state().why_not(e.action).is_none());
    let titles: Vec<String> = possible.map(|e| w.state().title_of(e.action)).collect();
    for title in titles {
        w.state_mut().dialog = Some(Dialog::Palette { text: title.clone(), chosen: 0 });
        // A window of its own is measured in its first frame and seen in its second.
        w.step();
        w.step();
        assert!(w.query_all_by_label(&title).next().is_some(), "{title}");
    }
}

#[test]
fn the_palette_shows_what_is_impossible_just_now_with_the_reason_and_does_not_do_it() {
    let home = tempfile::tempdir().unwrap();
    let mut w = window(home.path(), Start::Sample);
    wait(&mut w, "the sample study", |app| app.workspace.open().is_some());
    let reason = w.state().why_not(Action::DeleteThing).expect("nothing is there to be deleted");
    let row = format!("{}: {reason}", Action::DeleteThing.title());
    w.state_mut().dialog = Some(Dialog::palette());
    w.run_steps(3);
    assert!(w.query_by_label(&row).is_none(), "the list is long enough while nothing is typed");
    w.state_mut().dialog = Some(Dialog::Palette { text: "delete shape".into(), chosen: 0 });
    w.run_steps(3);
    assert!(w.query_by_label(&row).is_some());
    w.key_press(Key::Enter);
    w.run_steps(3);
    assert!(w.query_by_label(&row).is_some(), "the palette stays and says why");
    // What can be done comes first, however well the rest answers.
    w.state_mut().dialog = Some(Dialog::Palette { text: "label".into(), chosen: 0 });
    w.run_steps(3);
    let row = |node: egui_kittest::Node<'_>| {
        let node = node.accesskit_node();
        let place = node.bounding_box().filter(|place| place.x1 - place.x0 > 400.0)?;
        (node.role() == Role::Button).then(|| (place.y0, node.is_disabled()))
    };
    let mut rows: Vec<(f64, bool)> = w.root().children_recursive().filter_map(row).collect();
    rows.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let first = rows.iter().position(|(_, is_grey)| *is_grey).expect("something is impossible");
    assert!(first > 0 && rows[first..].iter().all(|(_, is_grey)| *is_grey), "{rows:?}");
}

#[test]
fn the_key_sheet_stays_where_it_is_while_somebody_searches_in_it() {
    let home = tempfile::tempdir().unwrap();
    let mut w = window(home.path(), Start::Continue);
    let mut places = Vec::new();
    for text in ["", "zoom", "nothing is called so"] {
        w.state_mut().dialog = Some(Dialog::Keys { text: text.into() });
        w.run_steps(4);
        places.push(w.get_by_label("Find a command or a key").rect());
    }
    assert!(places.iter().all(|place| *place == places[0]), "{places:?}");
}

#[test]
fn the_tour_can_be_walked_through_and_ends_with_what_else_there_is() {
    let home = tempfile::tempdir().unwrap();
    let mut w = window(home.path(), Start::Continue);
    w.step();
    w.get_by_label("Tour of the sample study").click();
    wait(&mut w, "the sample study", |app| app.workspace.open().is_some());
    for on in ["Next step", "Next step", "Next step", "Next step", "What else there is"] {
        w.get_by_label(on).click();
        w.step();
        w.step();
    }
    assert!(w.query_by_label("That was the tour. There is more").is_some());
    let card = w.ctx.memory(|m| m.area_rect(Id::unique("tour"))).expect("it is shown");
    let view = w.get_by_label("Axial view").rect();
    let middle = view.shrink2(view.size() / 4.0);
    assert!(!card.intersects(middle), "the card at {card:?} hides the organ in {middle:?}");
    // The page has this button too; the tour stands over everything.
    let places = w.query_all_by_label("Work list").collect::<Vec<_>>();
    places.iter().min_by(|a, b| a.rect().left().total_cmp(&b.rect().left())).expect("it is named").click();
    drop(places);
    w.step();
    w.step();
    assert_eq!(w.state().case.page, Page::Cases);
    w.get_by_label("Close").click();
    w.step();
    assert!(w.state().tour.is_none());
}

#[test]
fn after_a_session_that_did_not_end_its_work_is_one_press_away_whatever_is_opened() {
    let home = tempfile::tempdir().unwrap();
    let (mut first, middle) = with_brush(home.path());
    drag(&mut first, middle, vec2(50.0, 10.0));
    let painted = voxels(first.state());
    assert!(painted > 0);
    wait(&mut first, "the store", saved);
    drop(first);

    let mut next = window(home.path(), Start::Sample);
    wait(&mut next, "the sample study", |app| app.workspace.open().is_some());
    assert_eq!(voxels(next.state()), 0, "what is opened by name is not the project of last time");
    next.get_by_label("Limner did not end properly last time");
    next.get_by_label("Open that project").click();
    wait(&mut next, "the work of last time", |app| voxels(app) == painted);
    assert!(next.query_by_label("Open that project").is_none(), "what was answered is gone");
    drop(next);

    let mut again = window(home.path(), Start::Continue);
    wait(&mut again, "the work of last time", |app| voxels(app) == painted);
    again.get_by_label("Every step up to the last green dot was on disk and is here again");
}

/// To open a picture and to count the time are no acts of a user's: nothing of them is taken back.
#[test]
fn undo_takes_back_paint_and_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    let mut w = window(home.path(), Start::Sample);
    wait(&mut w, "the sample study", |app| app.workspace.open().is_some());
    assert!(w.state().why_not(Action::Undo).is_some(), "there is nothing to undo");
    w.get_by_label("Brush").click();
    w.step();
    let middle = w.get_by_label("Axial view").rect().center();
    drag(&mut w, middle, vec2(50.0, 10.0));
    assert!(voxels(w.state()) > 0);
    let first = w.state().workspace.open().unwrap().image;
    // On to another case, which notes the time of this one, and back to what was done before.
    let other = w.state().workspace.found.iter().position(|series| series.path.ends_with("mr.nii.gz")).unwrap();
    w.state_mut().carry_out(Request::OpenSeries(other, None));
    wait(&mut w, "the other picture", |app| app.workspace.open().is_some_and(|open| open.image != first));
    w.step();
    let painted = |app: &App| {
        let document = app.workspace.project.as_ref().unwrap().document();
        document.label_map(first).is_some_and(|map| !map.is_empty())
    };
    assert!(painted(w.state()));
    w.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    w.step();
    assert!(!painted(w.state()), "the stroke was not what undo took back");
    w.key_press_modifiers(Modifiers::COMMAND, Key::Y);
    w.step();
    assert!(painted(w.state()), "a note of the time is no end of redo");
    while w.state().why_not(Action::Undo).is_none() {
        w.state_mut().act(Action::Undo);
    }
    assert_eq!(w.state().workspace.project.as_ref().unwrap().document().images().len(), 2);
}

#[test]
fn hidden_labels_are_not_painted_over_and_the_hand_comes_back_as_it_was() {
    let home = tempfile::tempdir().unwrap();
    let (mut w, middle) = with_brush(home.path());
    drag(&mut w, middle, vec2(50.0, 0.0));
    let labels = |app: &App| -> Vec<limner_annotation::Label> {
        app.workspace.project.as_ref().unwrap().document().labels().into_iter().cloned().collect()
    };
    let count = |app: &App, value: u16| {
        let open = app.workspace.open().unwrap();
        app.workspace.project.as_ref().unwrap().document().label_map(open.image).unwrap().count(value)
    };
    let first = labels(w.state())[0].clone();
    let before = count(w.state(), first.value);
    w.state_mut().carry_out(Request::Label(first.id, LabelAct::Show(false)));
    w.state_mut().carry_out(Request::NewLabelNamed("over it".into()));
    drag(&mut w, middle - vec2(0.0, 30.0), vec2(20.0, 60.0));
    assert_eq!(count(w.state(), first.value), before, "what is hidden stays");
    let second = labels(w.state())[1].clone();
    assert!(count(w.state(), second.value) > 0);
    w.state_mut().carry_out(Request::Label(first.id, LabelAct::Show(true)));
    drag(&mut w, middle - vec2(0.0, 30.0), vec2(20.0, 60.0));
    assert!(count(w.state(), first.value) < before, "what is shown is painted over");

    // Saved under another name, killed, and opened again: the new file, the same label in the hand, digits for both.
    let path = home.path().join("named.limner");
    w.state_mut().carry_out(Request::SaveProjectAs(path.clone()));
    wait(&mut w, "the store", saved);
    drop(w);
    let mut again = window(home.path(), Start::Continue);
    wait(&mut again, "the project", |app| app.workspace.open().is_some());
    assert_eq!(again.state().workspace.project.as_ref().unwrap().path(), path);
    assert!([first.id, second.id].iter().all(|id| again.state().work.recent.digit(*id).is_some()));
    assert!(!again.state().workspace.project.as_ref().unwrap().is_read_only(), "the work goes on");
}

#[test]
fn a_deleted_label_comes_back_by_undo_with_its_digit() {
    let home = tempfile::tempdir().unwrap();
    let (mut w, _) = with_brush(home.path());
    for name in ["first", "second"] {
        w.state_mut().carry_out(Request::NewLabelNamed(name.into()));
    }
    let id = |app: &App, name: &str| {
        let labels = app.workspace.project.as_ref().unwrap().document().labels();
        labels.into_iter().find(|label| label.name == name).map(|label| label.id)
    };
    let first = id(w.state(), "first").unwrap();
    let before = w.state().work.recent.digit(first);
    assert!(before.is_some());
    w.state_mut().carry_out(Request::Label(first, LabelAct::Delete));
    assert_eq!((id(w.state(), "first"), w.state().work.recent.digit(first)), (None, None));
    w.state_mut().act(Action::Undo);
    assert_eq!((id(w.state(), "first"), w.state().work.recent.digit(first)), (Some(first), before));
}

#[test]
fn a_moved_picture_is_missed_in_its_place_and_found_again_in_a_folder() {
    let home = tempfile::tempdir().unwrap();
    let place = home.path().join("pictures");
    std::fs::create_dir(&place).unwrap();
    let mut w = window(home.path(), Start::Sample);
    wait(&mut w, "the sample study", |app| app.workspace.found.len() > 3);
    let source = w.state().workspace.found.iter().find(|s| s.path.ends_with("mr.nii.gz")).unwrap().path.clone();
    drop(w);
    let picture = place.join("mr.nii.gz");
    std::fs::copy(&source, &picture).unwrap();
    let path = home.path().join("study.limner");
    let mut project = Project::create(&path, "Study", "reader").unwrap();
    let series = limner_imaging::formats::scan(&picture, &Task::default()).unwrap().series.remove(0);
    let entry = project.entry_of(&series, &Task::default()).unwrap();
    let image = entry.id;
    project.document_mut().apply("Add", vec![Command::AddImage { image: entry }]).unwrap();
    project.close().unwrap();
    let elsewhere = home.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    std::fs::rename(&picture, elsewhere.join("mr.nii.gz")).unwrap();

    let mut again = window(home.path(), Start::Path(path));
    wait(&mut again, "the loss", |app| app.workspace.missing.contains(&image));
    again.get_by_label("Find moved pictures…");
    again.state_mut().carry_out(Request::Relink(elsewhere));
    wait(&mut again, "the picture", |app| app.workspace.open().is_some_and(|open| open.image == image));
    assert!(again.state().workspace.missing.is_empty());
}

#[test]
fn labels_of_another_program_come_in_by_the_window() {
    let Some(data) = std::env::var_os("LIMNER_TEST_DATA").map(std::path::PathBuf::from) else {
        eprintln!("real-data suites not run: 1");
        return;
    };
    let pair = data.join("pairs/ct_sarcoma_sts_002");
    let home = tempfile::tempdir().unwrap();
    let mut w = window(home.path(), Start::Path(pair.join("image.nii.gz")));
    wait(&mut w, "the picture", |app| app.workspace.open().is_some());
    w.state_mut().carry_out(Request::Import(pair.join("mask.nii.gz")));
    wait(&mut w, "the labels", |app| voxels(app) > 0);
    assert_eq!(voxels(w.state()), 17_090, "as many as the mask has");
    w.state_mut().act(Action::Undo);
    assert_eq!(voxels(w.state()), 0);
    w.state_mut().carry_out(Request::Import(pair.join("nothing.txt")));
    wait(&mut w, "the refusal", |app| app.notices.shown().iter().any(|n| n.headline.contains("Importing")));
}
