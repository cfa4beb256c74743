//! Sessions with maps in other formats, probability maps, surfaces in 3D, the dashboard and the strip of cases.

use super::{act, ask, opened, planted, sample, source};
use crate::hand::Hand;
use crate::in_records::click_on;
use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use limner::app::App;
use limner::cli::export_project;
use limner::gpu::SheetId;
use limner::review::look::Caption;
use limner::review::{Act, Ask, How, SourceId};
use limner::view_state::Pane;
use limner_annotation::exchange::Options;
use limner_annotation::review::dashboard::By;
use limner_imaging::{Samples, Task, Volume, formats};
use std::path::Path;

fn truth(home: &Path) -> Volume {
    formats::open_single(&sample(home).join("masks/ct_baseline.nii.gz"), &Task::default()).unwrap()
}

fn liver(app: &App, id: SourceId) -> usize {
    app.review.labels_of(id).expect("it is read").tight_mask(u32::from(planted::LIVER)).count()
}

#[test]
fn every_format_says_the_same_and_labels_json_names_pictures_and_labels() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = opened(home.path());
    let wanted = liver(hand.app(), source(hand.app(), "reference"));
    let image = hand.app().workspace.open().unwrap().image;
    let folder = home.path().join("formats");
    for (model, file) in [("nrrd", "ct_baseline.nrrd"), ("mha", "strange.mha")] {
        std::fs::create_dir_all(folder.join(model)).unwrap();
        formats::write(&truth(home.path()), &folder.join(model).join(file)).unwrap();
    }
    let about = format!(
        "{{\"labels\": [{{\"value\": 1, \"name\": \"Hepar\"}}], \"images\": [{{\"id\": \"{image}\", \"files\": [{{\"path\": \"strange.mha\"}}]}}]}}"
    );
    std::fs::write(folder.join("mha/labels.json"), about).unwrap();
    ask(&mut hand, Ask::Open(folder));
    hand.wait("both", |app| {
        app.review.sources.len() == 7 && app.review.sources.iter().all(|one| one.ready().is_some())
    });
    let [nrrd, mha] = ["nrrd", "mha"].map(|name| source(hand.app(), name));
    assert_eq!([nrrd, mha].map(|id| liver(hand.app(), id)), [wanted; 2]);
    let ready = hand.app().review.get(mha).unwrap().ready().unwrap().clone();
    assert_eq!(ready.version.names.get(&1).map(String::as_str), Some("Hepar"));
    // What is accepted goes out as a DICOM segmentation and comes back.
    let reference = source(hand.app(), "reference");
    ask(&mut hand, Ask::Select(reference));
    hand.chord(Modifiers::SHIFT, Key::A);
    hand.wait("the project on disk", App::is_safe_to_quit);
    let project = hand.app().workspace.project.as_ref().unwrap().path().to_path_buf();
    let out = home.path().join("segmentation");
    export_project(&project, "dicom-seg", &out, &Options::default(), &Task::default()).unwrap();
    ask(&mut hand, Ask::Open(out.join("case_00001_seg.dcm")));
    hand.wait("the segmentation", |app| {
        app.review.sources.iter().any(|one| one.name == "case_00001_seg" && one.ready().is_some())
    });
    assert_eq!(liver(hand.app(), source(hand.app(), "case_00001_seg")), wanted);
}

#[test]
fn a_probability_map_is_laid_over_and_figures_say_where_it_is_cut() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = opened(home.path());
    let truth = truth(home.path());
    let share = |n: usize| match truth.samples().get(n) as u8 {
        planted::LIVER => 0.9,
        0 => 0.0,
        _ => 0.3,
    };
    let samples = Samples::F32((0..truth.geometry.voxel_count()).map(share).collect());
    let heat = home.path().join("heat.nii.gz");
    formats::write(&Volume::new(truth.geometry, samples, 1).unwrap(), &heat).unwrap();
    ask(&mut hand, Ask::Open(heat));
    hand.wait("the map", |app| app.review.sources.iter().any(|one| one.name == "heat" && one.ready().is_some()));
    let id = source(hand.app(), "heat");
    assert_eq!(liver(hand.app(), id), liver(hand.app(), source(hand.app(), "reference")), "at the threshold");
    ask(&mut hand, Ask::Select(id));
    act(&mut hand, Act::How(How::Probability));
    hand.wait("the steps", |app| app.review.map.is_drawn);
    let codes = &hand.app().review.map.drawn.sheet.codes;
    assert!(codes.contains(&9) && codes.contains(&3) && !codes.contains(&10));
    let stage = &hand.app().workspace.stage;
    assert_eq!(hand.app().review.caption(stage.active_id(), stage.active()), Some(Caption::Map(How::Probability)));
    hand.wait("figures", |app| app.review.figures.rows.contains_key(&id));
    hand.window.get_by_label("heat, probability map cut at 0.50");
}

#[test]
fn a_view_in_space_shows_the_version_chosen() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = opened(home.path());
    let [half, mirrored] = ["half", "mirrored"].map(|name| source(hand.app(), name));
    ask(&mut hand, Ask::Select(mirrored));
    let id = hand.app().workspace.stage.active_id();
    let solid = hand.app().workspace.stage.active().clone().of_pane(Pane::Solid);
    hand.window.state_mut().workspace.stage.put(id, solid);
    hand.window.step();
    hand.window.step();
    let shown = |hand: &Hand| {
        let stage = &hand.app().workspace.stage;
        hand.app().review.caption(id, stage.active())
    };
    let image = hand.app().workspace.open().unwrap().image;
    let is_there = |hand: &Hand, one: SourceId| hand.app().gpu.has_in_space(image, SheetId::Version(one.0));
    assert_eq!(shown(&hand), Some(Caption::One(mirrored)));
    assert!(is_there(&hand, mirrored) && !is_there(&hand, half));
    ask(&mut hand, Ask::Select(half));
    hand.window.step();
    assert_eq!(shown(&hand), Some(Caption::One(half)));
    assert!(is_there(&hand, half) && !is_there(&hand, mirrored), "what is not shown takes no memory");
}

#[test]
fn decisions_are_counted_and_a_dot_opens_its_case() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = opened(home.path());
    let mirrored = source(hand.app(), "mirrored");
    ask(&mut hand, Ask::Select(mirrored));
    for (label, key) in [(planted::LIVER, Key::M), (planted::LEFT_KIDNEY, Key::R)] {
        ask(&mut hand, Ask::Only(Some(u32::from(label))));
        hand.chord(Modifiers::SHIFT, key);
        hand.key(Key::Num6);
    }
    ask(&mut hand, Ask::CountBy(By::Label));
    hand.window.get_by_label("Liver: 1 flagged");
    click_on(&mut hand, "Left kidney: 1 rejected");
    assert_eq!(hand.app().review.filter, "Left kidney");
    hand.window.get_by_label_contains("Rejected: mirrored, Left kidney, Wrong side");
    assert!(hand.window.query_all_by_label_contains("Flagged: mirrored").next().is_none());
    ask(&mut hand, Ask::Filter(String::new()));
    ask(&mut hand, Ask::Only(None));
    act(&mut hand, Act::CompareAll);
    hand.wait("all cases", |app| app.review.compared.is_some());
    let before = hand.app().review.image;
    hand.window.get_all_by_label_contains("half, ct_followup: Dice").next().expect("a dot").click_accesskit();
    hand.window.step();
    hand.wait("the other case", |app| app.review.image.is_some() && app.review.image != before);
    ask(&mut hand, Ask::CountBy(By::Day));
    hand.window.get_by_label_contains(": 1 rejected, 1 flagged");
}
