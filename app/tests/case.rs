//! Scripted sessions about a case as a whole, in a test harness: the form by keys, a report with bound words, the work
//! list, tracks, propagation with correction, follow-up, and a model that fails.

mod hand;

use eframe::egui::{Key, Modifiers, vec2};
use egui_kittest::kittest::Queryable as _;
use hand::Hand;
use limner::action::{Action, Tool};
use limner::app::App;
use limner::case::ask::{LesionAsk, ReportAsk, TimeAsk};
use limner::case::{Ask, Errand, Page};
use limner::outbox::Request;
use limner::panels::dialog::Dialog;
use limner::work::operation::Work;
use limner_annotation::records::{
    Assignment, AssignmentStatus, Caption, Finding, FormEntry, FrameMarks, Lesion, Severity, Status, Track,
};
use limner_annotation::tags::Attribute;
use limner_annotation::tools::ToolId;
use limner_annotation::{Form, ShapeId};
use limner_imaging::Task;
use limner_segmentation::engine::{Capabilities, Request as Question};
use limner_segmentation::{Engine, Error, Prediction};
use std::sync::Arc;

fn ask(hand: &mut Hand, ask: Ask) {
    hand.window.state_mut().carry_out(Request::Case(ask));
    hand.window.step();
}

fn errand(hand: &mut Hand, errand: Errand) {
    hand.window.state_mut().act(Action::Case(errand));
    hand.window.step();
}

fn take(hand: &mut Hand, tool: &str) {
    let tool = ToolId::named(tool).expect("the tool is listed");
    hand.window.state_mut().act(Action::Tool(Tool::Use(tool)));
    hand.window.step();
}

fn draw_rectangle(hand: &mut Hand, [left, top, right, bottom]: [f64; 4]) -> ShapeId {
    take(hand, "rectangle");
    let way = [hand.at_mm(left, top), hand.at_mm(right, bottom)];
    hand.drag(&way);
    hand.app().work.selected.expect("what was drawn is selected")
}

#[test]
fn a_form_is_filled_in_by_keys_undone_and_kept() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    ask(&mut hand, Ask::ReadyForm("Chest films"));
    hand.chord(Modifiers::SHIFT, Key::F);
    assert_eq!((hand.app().case.page, hand.app().case.focus), (Page::Case, Some(0)));
    for key in [Key::P, Key::A, Key::U, Key::N] {
        hand.key(key);
    }
    let said = |hand: &Hand| hand.document().all::<Finding>().map(|finding| finding.status).collect::<Vec<_>>();
    assert_eq!(said(&hand), [Status::Present, Status::Absent, Status::Uncertain, Status::NotAssessed]);
    // Past the findings to the view, which is one of a list.
    let rows = hand.app().form_rows().len();
    (0..3).for_each(|_| hand.key(Key::ArrowDown));
    hand.key(Key::Num2);
    let entry = hand.document().all::<FormEntry>().next().cloned().expect("an answer is kept");
    assert_eq!(entry.values["view"], Attribute::Text("ap".into()));
    hand.chord(Modifiers::COMMAND, Key::Z);
    assert_eq!(hand.document().all::<FormEntry>().len(), 0, "an answer is a step");
    hand.chord(Modifiers::COMMAND, Key::Y);
    hand.chord(Modifiers::SHIFT, Key::Enter);
    let done = |hand: &Hand| hand.document().all::<Assignment>().any(|one| one.status == AssignmentStatus::Submitted);
    assert!(!done(&hand), "a case with an open question is not done");
    (0..2).for_each(|_| hand.key(Key::ArrowDown));
    hand.window.state_mut().case.focus = None;
    let yes = Some(Attribute::Yes(true));
    ask(&mut hand, Ask::Answer { field: "diagnosable".into(), value: yes });
    hand.chord(Modifiers::SHIFT, Key::Enter);
    assert!(done(&hand), "{:?}", hand.app().notices.shown());
    assert!(rows > 10);
    assert!(hand.document().problems().is_empty());
}

#[test]
fn rows_of_the_form_stay_where_they_are_and_nobody_is_sure_unasked() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    ask(&mut hand, Ask::ReadyForm("Chest films"));
    errand(&mut hand, Errand::Page(Page::Case));
    hand.window.run_steps(3);
    let second = |hand: &Hand| hand.window.query_all_by_label("Absent").nth(1).map(|pill| pill.rect());
    let before = second(&hand).expect("there is a second finding");
    hand.window.query_all_by_label("Present").next().expect("a finding can be present").click();
    hand.window.run_steps(3);
    assert_eq!(second(&hand), Some(before), "the row under the hand has moved");
    let said = |hand: &Hand| hand.document().all::<Finding>().next().map(|found| (found.severity, found.certainty));
    assert_eq!(said(&hand), Some((None, None)));
    hand.window.get_by_label("Moderate").click();
    hand.window.run_steps(3);
    hand.window.get_by_label("75%").click();
    hand.window.run_steps(3);
    assert_eq!(said(&hand), Some((Some(Severity::Moderate), Some(0.75))));
    assert_eq!(second(&hand), Some(before));
}

#[test]
fn the_reader_signs_from_now_on() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    hand.window.state_mut().act(Action::Settings);
    hand.window.run_steps(3);
    hand.window.get_by_label("Reader").focus();
    hand.window.run_steps(2);
    hand.window.get_by_label("Reader").type_text("MK");
    hand.window.run_steps(2);
    assert_eq!(hand.document().author(), "MK");
    hand.window.state_mut().act(Action::NewProject);
    hand.window.run_steps(2);
    assert_eq!(hand.document().author(), "MK", "the next project is signed by somebody else");
}

#[test]
fn words_of_a_report_are_bound_to_a_shape_by_clicking_it() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    let shape = draw_rectangle(&mut hand, [-60.0, -40.0, -20.0, 0.0]);
    errand(&mut hand, Errand::Page(Page::Report));
    ask(&mut hand, Ask::Report(ReportAsk::Typed("A round lesion in the liver".into())));
    ask(&mut hand, Ask::Report(ReportAsk::Bind(Some([2, 14]))));
    let edge = hand.at_mm(-60.0, -20.0);
    hand.click(edge);
    let caption = hand.document().all::<Caption>().next().cloned().expect("the text is kept");
    assert_eq!(caption.phrases.len(), 1, "{:?}", hand.app().notices.shown());
    assert_eq!((caption.words(&caption.phrases[0]).as_str(), caption.phrases[0].shapes[0]), ("round lesion", shape));
    hand.key(Key::Num1);
    assert!(hand.document().all::<Caption>().next().unwrap().phrases.is_empty(), "the digit takes it back");
    hand.key(Key::Num1);
    hand.key(Key::Escape);
    assert_eq!(hand.app().case.report.binding, None);
    // The words move, the binding goes with them.
    ask(&mut hand, Ask::Report(ReportAsk::Typed("There is a round lesion in the liver".into())));
    ask(&mut hand, Ask::Report(ReportAsk::Keep));
    let caption = hand.document().all::<Caption>().next().cloned().unwrap();
    assert_eq!(caption.words(&caption.phrases[0]), "round lesion");
}

#[test]
fn the_list_goes_from_case_to_case_and_the_grid_answers_for_many() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    let first = hand.app().workspace.open().unwrap().image;
    hand.chord(Modifiers::SHIFT, Key::PageDown);
    hand.wait("the next case", |app| app.workspace.open().is_some_and(|open| open.image != first));
    hand.chord(Modifiers::SHIFT, Key::PageUp);
    hand.wait("the case before", |app| app.workspace.open().is_some_and(|open| open.image == first));
    ask(&mut hand, Ask::ReadyForm("Chest films"));
    hand.chord(Modifiers::SHIFT, Key::G);
    assert!(hand.app().case.grid.open);
    let count = hand.app().cases().len();
    hand.chord(Modifiers::COMMAND, Key::A);
    assert_eq!(hand.app().case.grid.chosen.len(), count);
    hand.key(Key::Num2);
    hand.wait("pictures to be added", |app| app.jobs.running().iter().all(|job| job.quiet));
    let absent = hand.document().all::<Finding>().filter(|finding| finding.status == Status::Absent).count();
    assert_eq!(absent, count, "{:?}", hand.app().notices.shown());
    hand.key(Key::F);
    assert!(hand.app().cases().iter().all(|case| case.flagged));
    hand.key(Key::Escape);
    hand.key(Key::Escape);
    assert!(!hand.app().case.grid.open);
    assert!(hand.document().problems().is_empty());
}

#[test]
fn a_shape_becomes_a_track_that_is_pulled_hidden_and_undone() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    draw_rectangle(&mut hand, [-60.0, -40.0, -20.0, 0.0]);
    hand.chord(Modifiers::SHIFT, Key::T);
    assert_eq!(hand.document().shapes().count(), 0, "the shape has become the track");
    let track = |hand: &Hand| {
        let image = hand.app().workspace.open().unwrap().image;
        hand.document().on::<Track>(image).next().cloned().expect("there is a track")
    };
    let start = track(&hand).keyframes[0].frame;
    ask(&mut hand, Ask::Time(TimeAsk::GoTo(start + 4)));
    hand.key(Key::L);
    let edge = [hand.at_mm(-60.0, -20.0), hand.at_mm(-40.0, -20.0)];
    hand.drag(&edge);
    let pulled = track(&hand);
    assert_eq!(pulled.keyframes.len(), 2, "{:?}", hand.app().notices.shown());
    let left = |frame: usize| match pulled.at(frame) {
        Some((Form::Box2d { min, .. }, _)) => min[0],
        other => panic!("{other:?}"),
    };
    let end = pulled.keyframes[1].frame;
    assert_eq!(end.abs_diff(start), 4);
    let middle = start.midpoint(end);
    assert!((left(middle) - f64::midpoint(left(start), left(end))).abs() < 1e-6, "interpolated between keyframes");
    assert!(left(start) != left(end));
    hand.chord(Modifiers::SHIFT, Key::O);
    assert!(track(&hand).at(end).is_none(), "it leaves the picture here");
    hand.chord(Modifiers::COMMAND, Key::Z);
    assert!(track(&hand).at(end).is_some());
    hand.chord(Modifiers::ALT, Key::ArrowLeft);
    let here = hand.app().workspace.active().map(|(view, open)| view.slice(&open.volume.geometry).0);
    assert_eq!(here, Some(start.min(end)), "the keyframe before");
}

#[test]
fn nothing_here_is_recorded_and_a_hand_makes_keyframes() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    hand.key(Key::B);
    let stroke = [(-20.0, 0.0), (0.0, 10.0), (20.0, 0.0)].map(|(x, y)| hand.at_mm(x, y));
    hand.drag(&stroke);
    assert!(hand.voxels() > 0);
    hand.key(Key::O);
    assert_eq!(hand.voxels(), 0, "what was painted there is gone");
    let marks = |hand: &Hand| {
        let image = hand.app().workspace.open().unwrap().image;
        hand.document().on::<FrameMarks>(image).next().cloned().expect("it is recorded")
    };
    assert_eq!((marks(&hand).absent.len(), marks(&hand).keyframes.len()), (1, 0));
    hand.drag(&stroke);
    assert_eq!((marks(&hand).absent.len(), marks(&hand).keyframes.len()), (0, 1), "paint says otherwise");
    hand.chord(Modifiers::COMMAND, Key::Z);
    assert_eq!((marks(&hand).absent.len(), hand.voxels()), (1, 0), "one step takes both back");
}

#[test]
fn a_lesion_is_followed_from_one_visit_to_the_next() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    let first = hand.app().workspace.open().unwrap().image;
    draw_rectangle(&mut hand, [-60.0, -40.0, -20.0, -10.0]);
    hand.chord(Modifiers::SHIFT, Key::L);
    let lesion = hand.document().all::<Lesion>().next().map(|lesion| lesion.id).expect("a lesion");
    hand.chord(Modifiers::SHIFT, Key::PageDown);
    hand.wait("the next picture", |app| app.workspace.open().is_some_and(|open| open.image != first));
    let subject = hand.document().all::<Lesion>().next().unwrap().subject;
    if hand.app().subject_in_view().is_none() {
        ask(&mut hand, Ask::Lesion(LesionAsk::Visit(Some(subject))));
    }
    draw_rectangle(&mut hand, [-60.0, -40.0, -40.0, -25.0]);
    ask(&mut hand, Ask::Lesion(LesionAsk::Link(lesion)));
    let table = hand.app().follow_up().expect("a table");
    assert_eq!(table.visits.len(), 2, "{:?}", hand.app().notices.shown());
    let percent = table.rows[0].course.since_baseline[1].expect("a change");
    assert!((percent + 50.0).abs() < 2.0, "{percent}");
    hand.chord(Modifiers::ALT, Key::PageUp);
    hand.wait("the visit before", |app| app.workspace.open().is_some_and(|open| open.image == first));
    errand(&mut hand, Errand::Page(Page::FollowUp));
    assert!(hand.window.query_all_by_label_contains("L1").next().is_some());
    assert!(hand.document().problems().is_empty());
}

/// Takes points only, and answers nothing but an error after a while.
struct Broken;

impl Engine for Broken {
    fn name(&self) -> &str {
        "broken"
    }

    fn capabilities(&self) -> Capabilities {
        let none = Capabilities {
            point: false,
            box_2d: false,
            box_3d: false,
            box_3d_by_slice: false,
            scribble: false,
            lasso: false,
            mask: false,
            negative: false,
        };
        Capabilities { point: true, ..none }
    }

    fn predict(&self, _: &Question, task: &Task) -> Result<Prediction, Error> {
        for _ in 0..60 {
            std::thread::sleep(std::time::Duration::from_millis(10));
            task.cancel.check()?;
        }
        panic!("the model fell over")
    }
}

#[test]
fn a_model_that_is_slow_and_fails_never_blocks_the_hand() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    hand.window.state_mut().assist.use_engine(Arc::new(Broken));
    let action = |name: &str| Action::Tool(Tool::Use(ToolId::named(name).unwrap()));
    assert!(hand.app().why_not(action("scribble")).is_some(), "what the model cannot do is grey");
    assert_eq!(hand.app().why_not(action("point")), None);
    hand.key(Key::A);
    hand.click(hand.at_mm(-90.0, -25.0));
    hand.wait("the preview", |app| app.assist.proposal().is_some());
    // While the model still thinks the brush paints.
    hand.key(Key::B);
    let stroke = [(0.0, 0.0), (20.0, 0.0)].map(|(x, y)| hand.at_mm(x, y));
    hand.drag(&stroke);
    assert!(hand.voxels() > 0, "the brush waited for the model");
    hand.wait("the failure to be told", |app| {
        app.notices.shown().iter().any(|notice| format!("{notice:?}").contains("failed"))
    });
    // Another model goes on with what was said.
    let classical = limner_segmentation::models::open("classical").unwrap();
    hand.window.state_mut().assist.use_engine(classical);
    hand.key(Key::A);
    hand.click(hand.at_mm(-90.0, -20.0));
    hand.hold(Modifiers::COMMAND);
    hand.click(hand.at_mm(40.0, 10.0));
    hand.hold(Modifiers::NONE);
    hand.wait_for_answer();
}

/// The page of an export as somebody fills it in: another size, a part, and a corner with a name made black.
#[test]
fn the_fields_of_the_export_window_are_what_is_written() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    let film = hand.app().workspace.found.iter().position(|series| series.path.ends_with("cine.dcm")).unwrap();
    hand.window.state_mut().carry_out(Request::OpenSeries(film, None));
    hand.wait("the film", |app| app.workspace.open().is_some_and(|open| open.series == Some(film)));
    hand.key(Key::B);
    let stroke = [(-20.0, 0.0), (0.0, 10.0), (20.0, 0.0)].map(|(x, y)| hand.at_mm(x, y));
    hand.drag(&stroke);
    assert!(hand.voxels() > 0);
    hand.wait("the store", App::is_safe_to_quit);
    hand.window.state_mut().act(Action::Export);
    hand.window.run_steps(4);
    hand.window.get_by_label("COCO instances").click();
    hand.window.run_steps(4);
    let fill = |hand: &mut Hand, field: &str, text: &str| {
        hand.window.get_by_label(field).focus();
        hand.window.run_steps(2);
        hand.window.get_by_label(field).type_text(text);
        hand.window.run_steps(2);
    };
    fill(&mut hand, "Size of pictures", "128x96");
    fill(&mut hand, "Part of pictures", "100,80,300,230");
    let found = |app: &App| match &app.dialog {
        Some(Dialog::Export(page)) => page.looked.clone().filter(|looked| looked.wish == page.wish),
        _ => None,
    };
    hand.wait("the look at it", move |app| found(app).is_some());
    let looked = found(hand.app()).unwrap().found.unwrap();
    assert!(!looked.run.blocked.is_empty(), "an ultrasound may have a name burned in");
    let file = hand.window.query_all_by_label_contains("(cine.dcm): ").count();
    assert_eq!(file, 1, "it is not said which picture has to be looked at");
    fill(&mut hand, "Part to make black", "0,0,60,20");
    hand.window.get_by_label("Make this part black").click();
    hand.window.run_steps(4);
    hand.wait("nothing held back", move |app| {
        found(app).is_some_and(|looked| looked.found.is_ok_and(|found| found.run.blocked.is_empty()))
    });
    let looked = found(hand.app()).unwrap();
    assert!(looked.found.unwrap().run.records > 0);
    let options = looked.wish.options().unwrap();
    assert_eq!((options.resize, options.blackened.len()), (Some([128, 96]), 1));
    assert!(options.crop.is_some());
}

#[test]
fn what_is_accepted_is_what_was_seen_also_after_paint_under_the_offer() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    let is_offered = |app: &App| app.assist.operation().is_some_and(|preview| preview.mask.is_some());
    let (active, at) = (hand.app().workspace.stage.active_id(), hand.at_mm(-90.0, -25.0));
    let go_to = |hand: &mut Hand, slice| {
        hand.window.state_mut().carry_out(Request::Frame(active, slice));
        hand.window.step();
    };
    hand.key(Key::B);
    for slice in [25, 29] {
        go_to(&mut hand, slice);
        hand.drag(&[at, at + vec2(30.0, 0.0)]);
    }
    hand.window.state_mut().act(Action::Work(Work::Interpolate));
    hand.wait("the offer", is_offered);
    let before = hand.app().assist.proposal().unwrap().2.clone();
    assert!(before.on_slice(27).count() > 0);
    go_to(&mut hand, 27);
    hand.drag(&[at + vec2(0.0, 90.0), at + vec2(20.0, 90.0)]);
    hand.wait("the offer anew", is_offered);
    let offered = hand.app().assist.proposal().unwrap().2.clone();
    assert_ne!(offered, before, "the new stroke counts");
    hand.key(Key::Enter);
    assert_eq!(hand.voxels() as usize, offered.count());
}
