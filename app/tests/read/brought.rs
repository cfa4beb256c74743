//! Masks of other programs beside their pictures, and data sets on their way out: where they go, and what is said of it.

use crate::hand::Hand;
use eframe::egui::Key;
use egui_kittest::kittest::Queryable as _;
use limner::action::Action;
use limner::app::{App, Start};
use limner::outbox::{CompanionAct, ExportAct, Request};
use limner::panels::dialog::{Dialog, PathPage, Purpose};
use limner_annotation::{Command, Form, ImageId, LabelMap, Shape, Slice};
use limner_imaging::{Geometry, Samples, Volume, World, formats};
use std::path::{Path, PathBuf};

const SIZE: [usize; 3] = [24, 20, 6];

/// A picture and a mask of it in one folder.
fn study(home: &Path) -> PathBuf {
    let folder = home.join("study");
    std::fs::create_dir_all(&folder).unwrap();
    let geometry = Geometry::axis_aligned(SIZE, World::default(), [1.0; 3]).unwrap();
    let [w, h, d] = SIZE;
    let write = |name: &str, value: &dyn Fn(usize) -> i16| {
        let samples = Samples::I16((0..w * h * d).map(value).collect());
        formats::write(&Volume::new(geometry, samples, 1).unwrap(), &folder.join(name)).unwrap();
    };
    write("ct.nii.gz", &|n| (n % 300) as i16);
    write("ct_seg.nii.gz", &|n| i16::from(n % w < 5));
    folder
}

/// The window on such a study, and the line of its mask.
fn opened(home: &Path) -> (Hand, usize) {
    let mut hand = Hand::on(home, Start::Path(study(home)));
    hand.wait("the mask to be known", |app| app.workspace.masks.len() == 1);
    let mask = *hand.app().workspace.masks.first().unwrap();
    (hand, mask)
}

fn image_called(app: &App, name: &str) -> Option<ImageId> {
    let document = app.workspace.project.as_ref()?.document();
    document.images().find(|image| image.title == name).map(|image| image.id)
}

fn is_painted(app: &App, name: &str) -> bool {
    let Some(project) = &app.workspace.project else { return false };
    let map = image_called(app, name).and_then(|image| project.document().label_map(image));
    map.is_some_and(|map: &LabelMap| !map.is_empty())
}

fn says(app: &App, words: &str) -> bool {
    app.notices.shown().iter().any(|notice| format!("{} {}", notice.headline, notice.causes.join(" ")).contains(words))
}

#[test]
fn a_mask_is_no_case_and_its_labels_never_go_onto_it() {
    let home = tempfile::tempdir().unwrap();
    let (mut hand, mask) = opened(home.path());
    let titles: Vec<String> = hand.app().cases().into_iter().map(|case| case.title).collect();
    assert_eq!(titles, ["ct.nii.gz"]);
    // The mask was opened as if it were a picture, and is then imported.
    hand.window.state_mut().carry_out(Request::OpenSeries(mask, None));
    hand.wait("the mask in front", |app| app.workspace.open().is_some_and(|open| open.series == Some(mask)));
    let file = hand.app().workspace.found[mask].path.clone();
    hand.window.state_mut().carry_out(Request::Import(file));
    hand.wait("the labels", |app| is_painted(app, "ct.nii.gz"));
    assert!(!is_painted(hand.app(), "ct_seg.nii.gz"));
    assert!(says(hand.app(), "now part of the project, on ct.nii.gz"), "{:?}", hand.app().notices.shown());
    hand.window.state_mut().act(Action::Undo);
    assert!(!is_painted(hand.app(), "ct.nii.gz"));
    assert_eq!(hand.app().cases().len(), 1, "also when it was opened");
}

#[test]
fn a_right_click_makes_labels_of_a_mask() {
    let home = tempfile::tempdir().unwrap();
    let (mut hand, mask) = opened(home.path());
    assert!(hand.app().picture_of_mask(mask).is_some());
    hand.window.get_by_label_contains("looks like a mask").click_secondary();
    hand.window.run_steps(3);
    hand.window.get_by_label_contains("Use as labels of ct.nii.gz").click();
    hand.window.run_steps(2);
    hand.wait("the labels", |app| is_painted(app, "ct.nii.gz"));
    let ct = image_called(hand.app(), "ct.nii.gz");
    hand.wait("the picture in front", |app| app.workspace.open().map(|open| open.image) == ct);
    // What is no mask and no companion is not imported.
    let picture = hand.app().picture_of_mask(mask).unwrap();
    hand.window.state_mut().act(Action::Undo);
    hand.window.state_mut().carry_out(Request::Companion(picture, CompanionAct::Import));
    hand.window.run_steps(4);
    assert!(!is_painted(hand.app(), "ct.nii.gz"));
}

/// Puts a ruler onto the picture in view.
fn draw_ruler(hand: &mut Hand) -> ImageId {
    let image = hand.app().workspace.open().unwrap().image;
    let form = Form::Ruler { slice: Slice::stored(2), ends: [[2.0, 2.0], [9.0, 9.0]] };
    let ruler = Command::AddShape { shape: Shape::new(image, form, None) };
    let project = hand.window.state_mut().workspace.project.as_mut().unwrap();
    project.document_mut().apply("Draw", vec![ruler]).unwrap();
    image
}

#[test]
fn a_picture_goes_out_of_the_project_with_what_is_on_it_and_undo_brings_it_back() {
    let home = tempfile::tempdir().unwrap();
    let (mut hand, mask) = opened(home.path());
    let line = hand.app().workspace.open().unwrap().series.unwrap();
    let image = draw_ruler(&mut hand);
    hand.window.run_steps(2);
    hand.window.get_by_label_contains("ct.nii.gz, in ").click_secondary();
    hand.window.run_steps(3);
    hand.window.get_by_label("Take out of the project…").click();
    hand.window.run_steps(3);
    assert!(hand.window.query_by_label_contains("goes what is on it: 1 shape").is_some());
    assert!(hand.document().image(image).is_some(), "it is only asked");
    hand.window.get_by_label("Take out").click();
    hand.window.run_steps(3);
    assert!(hand.document().image(image).is_none() && hand.document().shapes().count() == 0);
    assert!(hand.app().workspace.open().is_none() && hand.app().dialog.is_none());

    hand.window.state_mut().act(Action::Undo);
    assert_eq!((hand.document().shapes().count(), hand.document().images().len()), (1, 1));
    hand.window.state_mut().carry_out(Request::OpenSeries(line, None));
    hand.wait("the picture", |app| app.workspace.open().is_some());
    assert_eq!(hand.app().workspace.open().map(|open| open.image), Some(image), "it is the same one");
    hand.window.state_mut().act(Action::Redo);
    hand.window.run_steps(3);
    assert!(hand.app().workspace.open().is_none(), "what is gone again is seen no more");

    // On a mask that was only looked at nobody has said anything.
    hand.window.state_mut().carry_out(Request::OpenSeries(mask, None));
    hand.wait("the mask", |app| app.workspace.open().is_some());
    hand.window.state_mut().carry_out(Request::Companion(mask, CompanionAct::TakeOut { is_told: false }));
    assert!(hand.app().dialog.is_none() && hand.document().images().len() == 0);
}

#[test]
fn a_series_that_is_only_listed_goes_off_the_list_until_it_is_opened_again() {
    let home = tempfile::tempdir().unwrap();
    let (mut hand, mask) = opened(home.path());
    let picture = hand.app().workspace.open().unwrap().series.unwrap();
    let off = |hand: &mut Hand, line| {
        hand.window.state_mut().carry_out(Request::Companion(line, CompanionAct::TakeOff));
        hand.window.run_steps(2);
    };
    let noted = |app: &App| app.settings.opened.values().map(Vec::len).sum::<usize>();
    let is_listed = |hand: &Hand| hand.window.query_by_label_contains("looks like a mask").is_some();
    off(&mut hand, picture);
    assert!(hand.app().is_picture_line(picture), "what is part of the project stays listed");
    assert!(is_listed(&hand) && noted(hand.app()) == 1);
    off(&mut hand, mask);
    assert!(!is_listed(&hand) && noted(hand.app()) == 0, "nothing else of the folder has to be listed again");
    hand.window.state_mut().open_path(home.path().join("study"));
    hand.wait("the list again", |app| app.workspace.superseded.is_empty());
    hand.window.run_steps(2);
    assert!(is_listed(&hand) && noted(hand.app()) == 1);
}

/// The path page that is open.
fn page(app: &App) -> Option<&PathPage> {
    match &app.dialog {
        Some(Dialog::Path(page)) => Some(page),
        _ => None,
    }
}

#[test]
fn an_export_says_before_and_after_what_it_cannot_keep() {
    let home = tempfile::tempdir().unwrap();
    let (mut hand, mask) = opened(home.path());
    hand.window.state_mut().carry_out(Request::Companion(mask, CompanionAct::Import));
    hand.wait("the labels", |app| is_painted(app, "ct.nii.gz"));
    draw_ruler(&mut hand);

    // A folder that holds something already is refused where it was typed.
    let full = home.path().join("study");
    hand.window.state_mut().carry_out(Request::AskPath(Purpose::Export("nifti")));
    hand.wait("the look at it", |app| page(app).is_some_and(|page| page.run.is_some()));
    assert!(!Path::new(&page(hand.app()).unwrap().text).exists(), "what is proposed is new");
    hand.window.run_steps(2);
    assert!(hand.window.query_by_label("1 ruler").is_some(), "what is lost is not told before");
    if let Some(Dialog::Path(page)) = &mut hand.window.state_mut().dialog {
        page.text = full.to_string_lossy().into_owned();
    }
    hand.window.run_steps(2);
    hand.key(Key::Enter);
    hand.window.run_steps(2);
    assert_eq!(page(hand.app()).map(|page| page.text.as_str()), full.to_str(), "what was typed stays");
    assert!(hand.window.query_by_label_contains("Something is there already").is_some());

    let out = home.path().join("maps");
    hand.window.state_mut().carry_out(Request::CloseDialog);
    hand.window.state_mut().carry_out(Request::Export(ExportAct::Write { format: "nifti", out }));
    hand.wait("the export", |app| says(app, "exported and checked"));
    assert!(says(hand.app(), "is ct.nii.gz"), "{:?}", hand.app().notices.shown());
    assert!(says(hand.app(), "shapes: 1 ruler"), "{:?}", hand.app().notices.shown());
}

#[test]
fn a_path_that_was_typed_is_there_again_and_what_it_became_is_not_written_over() {
    let home = tempfile::tempdir().unwrap();
    let (mut hand, _) = opened(home.path());
    let ask = |hand: &mut Hand, purpose| {
        hand.window.state_mut().carry_out(Request::AskPath(purpose));
        hand.window.run_steps(3);
    };
    ask(&mut hand, Purpose::SaveView);
    let typed = home.path().join("axial.png");
    hand.window.get_by_label("Path").type_text(typed.to_str().unwrap());
    hand.window.run_steps(2);
    assert_eq!(page(hand.app()).map(|page| page.text.as_str()), typed.to_str());
    hand.window.state_mut().carry_out(Request::CloseDialog);
    ask(&mut hand, Purpose::SaveView);
    assert_eq!(page(hand.app()).map(|page| page.text.as_str()), typed.to_str(), "what was typed is lost");
    std::fs::write(&typed, "").unwrap();
    ask(&mut hand, Purpose::SaveView);
    let beside = home.path().join("axial-2.png");
    assert_eq!(page(hand.app()).map(|page| page.text.as_str()), beside.to_str());
}
