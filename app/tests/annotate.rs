//! Scripted sessions of annotating, in a test harness: prompts, paint, shapes and labels as a hand makes them.

mod hand;
mod in_talks;

use eframe::egui::{Key, Modifiers, Role};
use egui_kittest::kittest::Queryable as _;
use glam::DVec3;
use hand::Hand;
use limner::action::{Action, Tool};
use limner::model_choice::{Choice, ModelSettings, Secret};
use limner::outbox::{LabelAct, ModelAct, Request, ShapeAct};
use limner::settings::Settings;
use limner_annotation::Form;
use limner_annotation::oblique::{SLICE, Seen};
use limner_annotation::operations::region::PaintOver;
use limner_annotation::tools::{ToolId, handles, place};
use limner_imaging::Plane;

/// In the liver of the sample patient, and beside the spine: mm from the middle of the picture.
const LIVER: (f64, f64) = (-90.0, -25.0);
const NOT_LIVER: (f64, f64) = (40.0, 10.0);

#[test]
fn prompts_propose_refine_go_back_and_are_accepted_one_after_the_other() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    hand.key(Key::A);
    hand.click(hand.at_mm(LIVER.0, LIVER.1));
    assert_eq!(hand.app().assist.prompts().len(), 1, "the prompt is there as soon as the pointer was down");
    hand.wait_for_answer();
    assert_eq!(hand.voxels(), 0, "a proposal is not paint");

    hand.hold(Modifiers::COMMAND);
    hand.click(hand.at_mm(NOT_LIVER.0, NOT_LIVER.1));
    hand.hold(Modifiers::NONE);
    assert_eq!(hand.app().assist.prompts().iter().map(|p| p.positive).collect::<Vec<_>>(), [true, false]);
    hand.wait_for_answer();
    hand.key(Key::S);
    let line = [(-100.0, -40.0), (-92.0, -28.0), (-84.0, -16.0)].map(|(x, y)| hand.at_mm(x, y));
    hand.drag(&line);
    hand.wait_for_answer();
    let whole = hand.app().assist.proposal().unwrap().2.count();
    hand.chord(Modifiers::COMMAND, Key::Z);
    hand.chord(Modifiers::COMMAND, Key::Z);
    assert_eq!(hand.app().assist.prompts().len(), 1);
    assert!(hand.app().assist.proposal().is_some(), "an earlier step comes back with its mask");
    hand.chord(Modifiers::COMMAND, Key::Y);
    hand.chord(Modifiers::COMMAND, Key::Y);
    assert_eq!(hand.app().assist.proposal().unwrap().2.count(), whole);

    hand.key(Key::N);
    assert_eq!(hand.voxels() as usize, whole);
    let names: Vec<String> = hand.document().labels().iter().map(|label| label.name.clone()).collect();
    assert_eq!(names, ["Label 1", "Label 2"], "the next object has a label of its own");
    assert!(hand.app().assist.prompts().is_empty());

    // The box of a second object: what is locked stays.
    let first = hand.document().labels()[0].id;
    hand.window.state_mut().carry_out(Request::Label(first, LabelAct::Lock(true)));
    hand.key(Key::F);
    let corners = [(-110.0, -60.0), (-60.0, 10.0)].map(|(x, y)| hand.at_mm(x, y));
    hand.drag(&corners);
    hand.wait_for_answer();
    hand.key(Key::Enter);
    assert_eq!(hand.voxels_of("Label 1") as usize, whole, "a locked label lost voxels");
    hand.chord(Modifiers::COMMAND, Key::Z);
    hand.key(Key::Escape);
}

#[test]
fn a_prompt_is_taken_back_by_itself_and_a_result_is_refined_with_its_prompts() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    hand.key(Key::A);
    let (one, two) = (hand.at_mm(LIVER.0, LIVER.1), hand.at_mm(LIVER.0 + 12.0, LIVER.1 + 8.0));
    hand.click(one);
    hand.click(two);
    hand.wait_for_answer();
    // Pulled to another place: the same prompt, one step more.
    let moved = hand.at_mm(LIVER.0 + 18.0, LIVER.1 + 2.0);
    hand.drag(&[two, moved]);
    assert_eq!(hand.app().assist.prompts().len(), 2, "pulling adds no prompt");
    hand.wait_for_answer();
    hand.hover(moved);
    hand.key(Key::Delete);
    assert_eq!(hand.app().assist.prompts().len(), 1);
    hand.wait_for_answer();
    hand.key(Key::Enter);
    let painted = hand.voxels();
    assert!(painted > 0);
    let label = hand.document().labels()[0].id;
    hand.wait("the store", limner::app::App::is_safe_to_quit);
    hand.window.state_mut().carry_out(Request::Label(label, LabelAct::Refine));
    assert_eq!(hand.app().assist.prompts().len(), 1, "the prompts are kept with the result");
    hand.wait_for_answer();
    hand.key(Key::Enter);
    assert_eq!(hand.voxels(), painted, "the same prompts give the same mask in its place");
}

#[test]
fn a_ruler_is_drawn_pulled_undone_listed_and_deleted() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    hand.key(Key::K);
    let (from, to) = (hand.at_mm(-60.0, -20.0), hand.at_mm(20.0, -20.0));
    hand.drag(&[from, hand.at_mm(0.0, -10.0), to]);
    let ruler = hand.document().shapes().next().cloned().expect("the ruler is there");
    let length = |hand: &Hand| hand.app().work.measures.get(ruler.id).unwrap().lines[0].clone();
    let drawn = length(&hand);
    let mm: f64 = drawn.strip_suffix(" mm").expect("in millimetres").parse().unwrap();
    assert!((mm - 80.0).abs() < 1.5, "{drawn}");

    hand.key(Key::L);
    hand.drag(&[to, hand.at_mm(40.0, -20.0)]);
    let pulled: f64 = length(&hand).strip_suffix(" mm").unwrap().parse().unwrap();
    assert!((pulled - 100.0).abs() < 2.0, "{pulled}");
    assert_eq!(hand.document().shapes().count(), 1);
    hand.chord(Modifiers::COMMAND, Key::Z);
    assert_eq!(length(&hand), drawn, "undo brings the ruler back");
    assert!(hand.window.query_by_label_contains("Measurements and shapes (1)").is_some());
    hand.hover(from);
    hand.key(Key::Delete);
    assert_eq!(hand.document().shapes().count(), 0);
    hand.chord(Modifiers::COMMAND, Key::Z);
    assert_eq!(hand.document().shapes().count(), 1);
}

#[test]
fn rows_of_the_list_stay_where_they_are_whichever_is_chosen() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    for (tool, name, from, to) in
        [("ruler", "a length", (-60.0, -60.0), (-20.0, -60.0)), ("ellipse", "an area", (0.0, 0.0), (30.0, 20.0))]
    {
        take(&mut hand, tool);
        hand.drag(&[hand.at_mm(from.0, from.1), hand.at_mm(to.0, to.1 - 4.0), hand.at_mm(to.0, to.1)]);
        let id = hand.app().work.selected.expect("what was drawn is selected");
        hand.window.state_mut().carry_out(Request::Shape(id, ShapeAct::Name(name.into())));
    }
    let ids: Vec<_> = hand.document().shapes().map(|shape| shape.id).collect();
    let histograms = ids.iter().map(|id| hand.app().work.measures.get(*id).unwrap().histogram.is_some());
    assert_eq!(histograms.filter(|has| *has).count(), 1, "one of them has more to say than the other");
    let mut places = Vec::new();
    for id in ids {
        hand.window.state_mut().work.selected = Some(id);
        hand.window.run_steps(4);
        places.push(["a length", "an area"].map(|name| hand.window.get_by_label(name).rect()));
    }
    assert_eq!(places[0], places[1]);
}

#[test]
fn areas_have_statistics_and_every_shape_tool_makes_its_shape() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    for tool in limner_annotation::tools::ToolId::all() {
        let limner_annotation::tools::Makes::Shape(_) = tool.info().makes else { continue };
        let action = limner::action::Action::Tool(limner::action::Tool::Use(tool));
        // Intervals need a picture of a signal.
        if hand.app().why_not(action).is_some() {
            assert_eq!(tool.info().name, "interval");
            continue;
        }
        hand.window.state_mut().act(action);
        let before = hand.document().shapes().count();
        let way = [(-95.0, -60.0), (-70.0, -40.0), (-60.0, -70.0), (-90.0, -75.0)];
        for (x, y) in way {
            let at = hand.at_mm(x, y);
            hand.click(at);
            if hand.document().shapes().count() > before {
                break;
            }
        }
        if hand.document().shapes().count() == before {
            hand.key(Key::Enter);
        }
        assert_eq!(hand.document().shapes().count(), before + 1, "{}", tool.info().name);
        let id = hand.app().work.selected.expect("what was drawn is selected");
        let shape = hand.document().shape(id).unwrap().clone();
        let readout = hand.app().work.measures.get(id).unwrap().clone();
        assert!(!readout.lines.is_empty(), "{} measures nothing", tool.info().name);
        let has_area = !matches!(shape.form, Form::Box3d { .. }) && shape.form.rings().is_some();
        assert_eq!(readout.histogram.is_some(), has_area, "{}", tool.info().name);
        hand.chord(Modifiers::COMMAND, Key::Z);
    }
}

#[test]
fn manual_tools_paint_cut_fill_and_interpolate() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    hand.key(Key::B);
    let stroke = [(-20.0, 0.0), (0.0, 10.0), (20.0, 0.0)].map(|(x, y)| hand.at_mm(x, y));
    hand.drag(&stroke);
    let painted = hand.voxels();
    assert!(painted > 0);
    hand.hold(Modifiers::COMMAND);
    hand.drag(&stroke[..2]);
    hand.hold(Modifiers::NONE);
    assert!(hand.voxels() < painted, "Ctrl erases");
    (0..2).for_each(|_| hand.chord(Modifiers::COMMAND, Key::Z));
    assert_eq!(hand.voxels(), 0);

    hand.key(Key::P);
    let corners = [(-30.0, -30.0), (30.0, -30.0), (30.0, 30.0), (-30.0, 30.0)].map(|(x, y)| hand.at_mm(x, y));
    corners.iter().for_each(|at| hand.click(*at));
    hand.key(Key::Backspace);
    assert_eq!(hand.app().work.draft.as_ref().map(|draft| draft.path.points().len()), Some(3));
    hand.click(corners[3]);
    hand.key(Key::Enter);
    let square = hand.voxels();
    // 60 by 60 mm on pixels of 1.25 mm.
    assert!((square as f64 - 48.0 * 48.0).abs() < 150.0, "{square}");

    // The same area four slices on, and what lies between.
    (0..4).for_each(|_| hand.key(Key::ArrowDown));
    corners.iter().for_each(|at| hand.click(*at));
    hand.key(Key::Enter);
    assert!(hand.voxels() > square * 3 / 2);
    hand.chord(Modifiers::SHIFT, Key::I);
    hand.wait("the preview", |app| app.assist.proposal().is_some());
    assert!(hand.voxels() < square * 3, "a preview is not paint");
    hand.key(Key::Enter);
    assert!(hand.voxels() > square * 9 / 2, "{} of {square}", hand.voxels());
    hand.chord(Modifiers::COMMAND, Key::Z);
    assert!(hand.voxels() < square * 3);

    // A live wire around something bright ends where it began.
    hand.key(Key::J);
    corners.iter().for_each(|at| hand.click(*at));
    let wired = hand.app().work.draft.as_ref().map(|draft| draft.path.points().len());
    assert!(wired > Some(20), "the wire follows pixels: {wired:?}");
    hand.key(Key::Escape);
    assert!(hand.app().work.draft.is_none());
}

#[test]
fn a_hidden_label_is_not_painted() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    hand.key(Key::B);
    let [there, elsewhere] = [0.0, 40.0].map(|y| [(-20.0, y), (20.0, y)].map(|(x, y)| hand.at_mm(x, y)));
    hand.drag(&there);
    let painted = hand.voxels();
    hand.window.get_by_label("Show Label 1").click();
    hand.window.run_steps(3);
    hand.drag(&elsewhere);
    hand.key(Key::A);
    hand.click(elsewhere[0]);
    assert_eq!((hand.voxels(), hand.app().assist.prompts().len()), (painted, 0));
    let words = "Label 1 is hidden: show it first (the eye in the list)";
    assert!(hand.window.query_by_label(words).is_some(), "{:?}", hand.app().notices.shown());
    hand.window.get_by_label("Show Label 1").click();
    hand.window.run_steps(3);
    hand.key(Key::B);
    hand.drag(&elsewhere);
    assert!(hand.voxels() > painted);
}

#[test]
fn accepting_says_what_was_taken_of_other_labels() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    hand.key(Key::B);
    let stroke = [-4.0, 4.0].map(|x| hand.at_mm(LIVER.0 + x, LIVER.1));
    hand.drag(&stroke);
    let before = hand.voxels_of("Label 1");
    hand.window.state_mut().carry_out(Request::NewLabelNamed("Other".into()));
    hand.key(Key::A);
    hand.click(hand.at_mm(LIVER.0, LIVER.1));
    hand.wait_for_answer();
    hand.key(Key::Enter);
    let taken = before - hand.voxels_of("Label 1");
    assert!(taken > 0, "the proposal went round what was painted");
    let amount = limner::panels::labels::amount(hand.app().workspace.open().unwrap(), taken);
    let words = format!("It took {amount} of Label 1");
    assert!(hand.window.query_by_label(&words).is_some(), "{:?}", hand.app().notices.shown());
}

#[test]
fn paint_goes_over_what_the_rule_allows() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    hand.key(Key::B);
    let stroke = [(-60.0, 0.0), (0.0, 10.0), (60.0, 0.0)].map(|(x, y)| hand.at_mm(x, y));
    hand.drag(&stroke);
    let all = hand.voxels();
    hand.chord(Modifiers::COMMAND, Key::Z);
    hand.window.get_by_label("Paint over").click();
    hand.window.run_steps(3);
    hand.window.get_by_label("Values in a range").click();
    hand.window.run_steps(3);
    let PaintOver::Range { low, high } = hand.app().hand.rule else { panic!("{:?}", hand.app().hand.rule) };
    let window = hand.app().workspace.active().unwrap().0.window;
    assert_eq!((low, high), (window.low(), window.high()), "it begins with what is seen");
    hand.window.state_mut().carry_out(Request::PaintOver(PaintOver::Range { low: 40.0, high: 60.0 }));
    hand.drag(&stroke);
    let some = hand.voxels();
    assert!(some > 0 && some < all, "{some} of {all}");
    let volume = hand.app().workspace.open().unwrap().volume.clone();
    let painted = hand.document().label_map(hand.app().workspace.open().unwrap().image).unwrap().mask_of(1);
    assert!(painted.indices().all(|index| (40.0..=60.0).contains(&volume.value(index))));
}

#[test]
fn labels_are_found_made_coloured_hidden_locked_merged_split_and_copied() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    for name in ["Spleen", "Left kidney", "Right kidney"] {
        let field = hand.window.get_by_label("Find or name a label");
        field.click();
        hand.window.step();
        hand.window.get_by_label("Find or name a label").type_text(name);
        hand.window.step();
        hand.key(Key::Enter);
    }
    let names: Vec<String> = hand.document().labels().iter().map(|label| label.name.clone()).collect();
    assert_eq!(names, ["Spleen", "Left kidney", "Right kidney"]);
    hand.window.get_by_label("Show Spleen").click();
    hand.window.step();
    hand.window.get_by_label("Lock Left kidney").click();
    hand.window.step();
    let label = |hand: &Hand, n: usize| hand.document().labels()[n].clone();
    assert!(!label(&hand, 0).visible && label(&hand, 1).locked);
    hand.window.get_by_label("Show Spleen").click();
    hand.window.step();
    assert!(label(&hand, 0).visible);
    let colour = label(&hand, 0).colour;
    hand.window.get_by_label("Colour of Spleen").click();
    hand.window.run_steps(3);
    hand.click(hand.window.get_by_role_and_label(Role::Slider, "Blue").rect().center());
    hand.window.get_by_label("Take this colour").click();
    hand.window.run_steps(3);
    assert_ne!(label(&hand, 0).colour, colour, "a colour of one's own is not taken");

    // Digits are labels while a tool that annotates is in hand.
    hand.key(Key::B);
    hand.key(Key::Num1);
    assert_eq!(hand.app().label, Some(label(&hand, 0).id));
    let strokes = [[(-50.0, 0.0), (-40.0, 0.0)], [(40.0, 0.0), (50.0, 0.0)]];
    for stroke in strokes {
        let way = stroke.map(|(x, y)| hand.at_mm(x, y));
        hand.drag(&way);
    }
    let both = hand.voxels_of("Spleen");
    let spleen = label(&hand, 0).id;
    hand.window.state_mut().carry_out(Request::Label(spleen, LabelAct::Split));
    assert_eq!(hand.voxels_of("Spleen") + hand.voxels_of("Spleen 2"), both);
    assert!(hand.voxels_of("Spleen 2") > 0);
    let part = hand.document().labels().iter().find(|l| l.name == "Spleen 2").unwrap().id;
    hand.window.state_mut().carry_out(Request::Label(part, LabelAct::MergeInto(spleen)));
    assert_eq!((hand.voxels_of("Spleen"), hand.document().labels().len()), (both, 3));
    hand.window.state_mut().carry_out(Request::Label(spleen, LabelAct::Duplicate));
    assert_eq!(hand.voxels_of("Spleen 2"), both);
    hand.window.state_mut().carry_out(Request::Label(spleen, LabelAct::Delete));
    assert_eq!(hand.document().labels().len(), 3);
    (0..4).for_each(|_| hand.chord(Modifiers::COMMAND, Key::Z));
    assert_eq!((hand.voxels_of("Spleen"), hand.document().labels().len()), (both, 3));
}

/// The sample's CT on a plane that is turned twice: the plane, through the point of it that is nearest to the picture's middle.
fn on_a_turned_plane(home: &std::path::Path) -> (Hand, Plane) {
    let mut hand = Hand::on_sample(home);
    let viewport = hand.app().workspace.stage.active_id();
    for (axis, radians) in [(DVec3::X, 0.4), (DVec3::Y, 0.25)] {
        hand.window.state_mut().carry_out(Request::Tilt { viewport, axis, radians });
    }
    hand.window.step();
    let (viewport, open) = hand.app().workspace.active().expect("a picture is shown");
    assert!(viewport.is_oblique());
    let (centre, plane) = (open.volume.geometry.centre(), viewport.plane(&open.volume.geometry));
    let middle = plane.at_mm(plane.mm_of(centre).x, plane.mm_of(centre).y);
    (hand, plane.through(middle))
}

fn take(hand: &mut Hand, tool: &str) {
    hand.window.state_mut().act(Action::Tool(Tool::Use(ToolId::named(tool).expect("it is a tool"))));
}

#[test]
fn every_flat_shape_is_drawn_on_a_turned_plane() {
    let home = tempfile::tempdir().unwrap();
    let (mut hand, plane) = on_a_turned_plane(home.path());
    let corners = [[-40.0, -30.0], [0.0, -30.0], [0.0, 10.0], [-40.0, 10.0]];
    for (name, clicks) in
        [("rectangle", 0), ("ellipse", 0), ("bidirectional", 0), ("rotated-box", 1), ("angle", 1), ("outline", 4)]
    {
        take(&mut hand, name);
        let at = |hand: &Hand, n: usize| hand.at_mm(corners[n][0], corners[n][1]);
        if clicks < 4 {
            hand.drag(&[at(&hand, 0), at(&hand, 1), at(&hand, if clicks == 0 { 2 } else { 1 })]);
        }
        for n in if clicks == 4 { 0..4 } else { 2..2 + clicks } {
            hand.click(at(&hand, n));
            // Two clicks soon after each other would end the path.
            std::thread::sleep(std::time::Duration::from_millis(400));
        }
        if clicks == 4 {
            hand.key(Key::Enter);
        }
        let (shapes, notices) = (hand.document().shapes().count(), hand.app().notices.shown());
        assert_eq!(shapes, 1, "{name}: {notices:?}");
        let shape = hand.document().shapes().next().unwrap().clone();
        let Form::Oblique { drawing } = &shape.form else { panic!("{name} lies on a slice: {:?}", shape.form) };
        let grid = drawing.grid(&hand.app().workspace.open().unwrap().volume.geometry).unwrap();
        let first = place::world_of(&grid, SLICE, handles::handles(&drawing.drawn)[0]);
        let [right, down, off] = plane.mm_of(first).to_array();
        assert!(off.abs() < 1e-6, "{name} is {off} mm off the plane");
        if name != "ellipse" {
            let apart = (right - corners[0][0]).hypot(down - corners[0][1]);
            assert!(apart < 1.0, "{name} begins {apart} mm from where the hand put it");
        }
        hand.chord(Modifiers::COMMAND, Key::Z);
    }
}

#[test]
fn a_shape_on_a_turned_plane_is_pulled_measured_and_found_again() {
    let home = tempfile::tempdir().unwrap();
    let (mut hand, _) = on_a_turned_plane(home.path());
    take(&mut hand, "rectangle");
    hand.drag(&[hand.at_mm(-40.0, -30.0), hand.at_mm(0.0, 10.0)]);
    let shape = hand.document().shapes().next().unwrap().id;
    let area = |hand: &Hand| {
        let lines = &hand.app().work.measures.get(shape).unwrap().lines;
        assert!(lines.iter().any(|line| line.starts_with("Mean")), "{lines:?}");
        let area: Vec<&str> =
            lines.iter().filter_map(|line| line.strip_prefix("Area ")?.strip_suffix(" mm²")).collect();
        area[0].parse::<f64>().unwrap()
    };
    assert!((area(&hand) - 1600.0).abs() < 50.0, "{} mm²", area(&hand));
    hand.key(Key::L);
    hand.drag(&[hand.at_mm(0.0, 10.0), hand.at_mm(10.0, 20.0)]);
    assert!((area(&hand) - 2500.0).abs() < 60.0, "{} mm²", area(&hand));
    hand.key(Key::Space);
    assert!(!hand.app().workspace.active().unwrap().0.is_oblique());
    hand.window.state_mut().carry_out(Request::Shape(shape, ShapeAct::JumpTo));
    hand.window.step();
    let (viewport, open) = hand.app().workspace.active().unwrap();
    let form = &hand.document().shapes().next().unwrap().form;
    assert!(Seen::of(form, &open.volume.geometry, &viewport.plane(&open.volume.geometry)).is_some());

    // What has no meaning there says so.
    take(&mut hand, "box-3d");
    hand.drag(&[hand.at_mm(50.0, -60.0), hand.at_mm(80.0, -40.0)]);
    assert_eq!(hand.document().shapes().count(), 1);
    assert!(format!("{:?}", hand.app().notices.shown()).contains("own rows and slices"));
}

/// A server on a thread; port 0 is any. Ended with `stop`.
fn served(port: u16) -> (limner_imaging::Cancel, std::thread::JoinHandle<()>, u16) {
    use limner_segmentation::serve::{Key, Options, Server};
    let options = Options { port, key: Key::new("sesame-4711"), ..Options::default() };
    let server = Server::bind(options, limner_segmentation::models::open("classical").expect("it needs no files"))
        .expect("a port is free");
    let (stop, port) = (limner_imaging::Cancel::default(), server.address().expect("it listens").port());
    let cancel = stop.clone();
    let run = move || server.run(&cancel).expect("it runs");
    (stop, std::thread::Builder::new().name("served".into()).spawn(run).expect("a thread starts"), port)
}

#[test]
fn a_server_answers_its_loss_is_mended_and_a_dead_one_stops_nobody() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    let (stop, thread, port) = served(0);
    let server = format!("http://127.0.0.1:{port}");
    let said = |app: &limner::app::App| app.assist.tried.as_ref().and_then(|tried| tried.outcome.clone());
    let settings =
        |key: &str| ModelSettings { server: server.clone(), key: Secret(key.into()), ..ModelSettings::default() };
    let model = |hand: &mut Hand, act| hand.window.state_mut().carry_out(Request::Model(act));
    model(&mut hand, ModelAct::Keep(settings("wrong")));
    model(&mut hand, ModelAct::Test);
    hand.wait("the refusal", |app| {
        said(app).is_some_and(|said| said.is_err_and(|why| why.contains("does not take this key")))
    });
    model(&mut hand, ModelAct::Keep(settings("sesame-4711")));
    model(&mut hand, ModelAct::Use(Choice::Server));
    hand.wait("the server", |app| app.assist.engine().name() == server);
    assert!(said(hand.app()).is_some_and(|said| said.is_ok_and(|said| said.contains("classical"))));
    hand.key(Key::A);
    hand.click(hand.at_mm(LIVER.0, LIVER.1));
    hand.wait_for_answer();
    assert_eq!(hand.app().assist.talk().unwrap().answer().unwrap().engine, server);
    // The server starts anew: what was said is still there.
    stop.cancel();
    thread.join().unwrap();
    let (stop, thread, _) = served(port);
    hand.click(hand.at_mm(LIVER.0 + 12.0, LIVER.1 + 8.0));
    hand.wait_for_answer();
    assert!(hand.app().notices.shown().iter().any(|notice| format!("{notice:?}").contains("made again")));
    hand.key(Key::Enter);
    let painted = hand.voxels();
    assert!(painted > 0);
    // The server is gone: paint goes on, and the trouble is told.
    stop.cancel();
    thread.join().unwrap();
    hand.key(Key::A);
    hand.click(hand.at_mm(LIVER.0, LIVER.1 + 20.0));
    hand.key(Key::Escape);
    hand.key(Key::B);
    hand.drag(&[(0.0, 0.0), (20.0, 0.0)].map(|(x, y)| hand.at_mm(x, y)));
    assert!(hand.voxels() > painted, "the brush waited for the server");
    hand.wait("the trouble to be told", |app| {
        app.notices.shown().iter().any(|notice| format!("{notice:?}").contains("cannot be reached"))
    });
    hand.wait("the store", limner::app::App::is_safe_to_quit);
    let kept = Settings::load(&hand.app().paths.config).model;
    assert_eq!((kept.chosen, kept.server), (Some(Choice::Server), server));
    for file in files_under(home.path()) {
        let bytes = std::fs::read(&file).unwrap();
        let holds_key = bytes.windows(11).any(|window| window == b"sesame-4711");
        assert_eq!(holds_key, file.ends_with("settings.json"), "{}", file.display());
    }
}

fn files_under(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files_under(&path) } else { vec![path] }).collect()
}
