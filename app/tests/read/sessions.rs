//! Reading sessions by accessible label: what a study brings along, how it is hung, how it goes on.

use crate::data;
use crate::hand::Hand;
use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use glam::{DAffine3, DVec3};
use limner::action::Action;
use limner::app::{App, Start};
use limner::companions::State;
use limner::outbox::{CompanionAct, Request};
use limner::settings::Look;
use limner::view_state::Pane;
use limner_annotation::LabelMap;
use limner_annotation::records::Registration;
use limner_imaging::{Geometry, Samples, Task, View, Volume, World, formats};
use std::path::{Path, PathBuf};

fn line_of_companion(app: &App) -> Option<usize> {
    app.companions.iter().next().map(|(line, _)| line)
}

#[test]
fn a_segmentation_beside_its_pictures_is_seen_without_being_in_the_project_until_it_is_imported() {
    let Some(data) = data() else { return };
    let folder = tempfile::tempdir().unwrap();
    let source = data.join("dicom/seg_sr_sm/dcmqi");
    for name in ["01.dcm", "02.dcm", "03.dcm", "liver.dcm"] {
        std::fs::copy(source.join(name), folder.path().join(name)).unwrap();
    }
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on(home.path(), Start::Path(folder.path().into()));
    hand.wait("the segmentation", |app| app.companions.iter().any(|(_, known)| known.is_shown()));
    let line = line_of_companion(hand.app()).unwrap();
    let open = hand.app().workspace.open().unwrap();
    assert_eq!(open.volume.size()[2], 3, "the pictures are opened first, not the segmentation");
    let State::Shown(contents) = &hand.app().companions.get(line).unwrap().state else { panic!("it is shown") };
    let (image, label) = (open.image, contents.labels()[0].clone());
    let inside = contents.label_map(image).unwrap().layers()[0].box_of(label.value);
    let map = contents.label_map(image).unwrap();
    let at = (inside.min[0]..inside.max[0]).map(|i| [i, inside.min[1], inside.min[2]]);
    let at = at.into_iter().find(|at| map.layers()[0].get(*at) == label.value).expect("a voxel of it");
    let voxels = map.count(label.value);
    assert_eq!(hand.app().label_names_at(open, at), label.name, "its name is known under the pointer");
    assert!(hand.document().labels().is_empty() && hand.document().label_map(image).is_none_or(LabelMap::is_empty));

    let row = format!("Segmentation, Shown: {}", label.name);
    hand.window.get_by_label(&row).click();
    hand.window.step();
    hand.window.step();
    assert!(!hand.app().companions.get(line).unwrap().is_shown(), "a click hides it");
    hand.window.get_by_label("Segmentation, Not shown").click();
    hand.wait("the segmentation again", |app| app.companions.get(line).unwrap().is_shown());

    hand.window.get_by_label("Import into the project").click();
    hand.wait("the import", |app| {
        let document = app.workspace.project.as_ref().unwrap().document();
        document.labels().first().is_some_and(|own| document.label_map(image).unwrap().count(own.value) == voxels)
    });
    assert_eq!(hand.document().labels()[0].name, label.name);
    assert!(!hand.app().companions.get(line).unwrap().is_shown(), "it is not laid over itself");
    hand.window.state_mut().act(Action::Undo);
    assert!(hand.document().labels().is_empty(), "one step takes it back");
    hand.window.state_mut().carry_out(Request::Companion(line, CompanionAct::Show));
    hand.wait("the overlay after undo", |app| app.companions.get(line).unwrap().is_shown());
}

#[test]
fn a_4d_series_goes_on_in_time_by_bar_by_key_and_by_itself() {
    let Some(data) = data() else { return };
    let home = tempfile::tempdir().unwrap();
    let path = data.join("nifti/nibabel/functional.nii");
    let mut hand = Hand::on(home.path(), Start::Path(path.clone()));
    let task = Task::default();
    let series = limner_imaging::formats::scan(&path, &task).unwrap().series.remove(0);
    let shown = |app: &App| app.workspace.open().unwrap().times.as_ref().unwrap().shown();
    let same = |app: &App, time: usize| {
        let stored = series.load_time(time, &task).unwrap();
        app.workspace.open().unwrap().volume.samples() == stored.samples()
    };
    assert_eq!(hand.app().workspace.open().unwrap().times.as_ref().unwrap().count(), 20);
    let said = hand.app().notices.shown().iter().flat_map(|notice| &notice.causes);
    assert!(said.into_iter().all(|text| !text.contains("the first of")), "the bar says that there are more times");
    assert!(hand.window.query_by_label("Frame").is_some(), "the line of times is there");
    hand.chord(Modifiers::SHIFT, Key::ArrowRight);
    hand.wait("the second time", |app| shown(app) == 1);
    assert!(same(hand.app(), 1), "the picture is that of the second time");
    hand.chord(Modifiers::SHIFT, Key::ArrowLeft);
    hand.chord(Modifiers::SHIFT, Key::ArrowLeft);
    hand.wait("the last time", |app| shown(app) == 19);
    assert!(same(hand.app(), 19));
    let active = hand.app().workspace.stage.active_id();
    hand.window.state_mut().carry_out(Request::Frame(active, 7));
    hand.wait("the eighth time", |app| shown(app) == 7);
    hand.window.get_by_label("Play").click();
    hand.window.step();
    hand.wait("the next times by themselves", |app| shown(app) > 8 || shown(app) < 7);
    hand.window.get_by_label("Stop").click();
    hand.window.step();
    assert!(hand.app().cine.is_none());
}

#[test]
fn series_are_called_and_found_as_their_makers_called_them_where_that_may_be_shown() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    hand.wait("the studies", |app| app.workspace.patients.iter().any(|patient| patient.studies.len() > 1));
    let [baseline, follow_up] =
        ["ct_baseline", "ct_followup"].map(|folder| format!("Abdomen portal venous 4.0 B30, {folder}"));
    let is_listed = |hand: &Hand, row: &str| hand.window.query_by_label(row).is_some();
    assert!(is_listed(&hand, &baseline));
    let date = hand.app().study_date_of(hand.app().workspace.open().unwrap());
    assert_eq!(date.as_deref(), Some("2025-03-03"), "and which of two visits it is stands on the picture");
    let field = hand.window.get_by_label("Search series");
    field.focus();
    field.type_text("portal 2025-05");
    hand.window.step();
    hand.window.step();
    assert!(is_listed(&hand, &follow_up) && !is_listed(&hand, &baseline));
    let look = Look { patient_text: false, ..hand.app().settings.look.clone() };
    hand.window.state_mut().carry_out(Request::SetLook(look));
    hand.window.step();
    hand.window.step();
    assert!(!is_listed(&hand, &follow_up), "what may name somebody is neither shown nor searched");
    assert!(hand.app().study_date_of(hand.app().workspace.open().unwrap()).is_none());
}

#[test]
fn a_new_project_begins_with_an_empty_list_and_a_killed_one_finds_all_that_was_opened() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    hand.wait("the list", |app| app.workspace.found.len() > 3);
    let listed = hand.app().workspace.found.len();
    // In a folder from which the pictures are reached by a detour.
    std::fs::create_dir(home.path().join("mine")).unwrap();
    hand.window.state_mut().carry_out(Request::SaveProjectAs(home.path().join("mine/mine.limner")));
    hand.window.step();
    // As after a kill: the window is not told to close.
    drop(hand);
    let mut hand = Hand::on(home.path(), Start::Path(home.path().join("mine/mine.limner")));
    hand.wait("all of the list", |app| app.workspace.found.len() >= listed && !app.jobs.is_busy("list again"));
    assert_eq!(hand.app().workspace.found.len(), listed, "nothing is listed twice");
    hand.window.state_mut().act(Action::NewProject);
    hand.window.step();
    assert!(hand.app().workspace.found.is_empty() && hand.app().workspace.open().is_none());
}

#[test]
fn what_memory_has_no_room_for_says_so_in_the_empty_view_for_as_long_as_it_is_empty() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    hand.window.state_mut().act(Action::NewProject);
    // A terabyte, as a hole in the disk.
    let path = home.path().join("vast.nii");
    let grid = Geometry::axis_aligned([4; 3], World::default(), [1.0; 3]).unwrap();
    formats::write(&Volume::new(grid, Samples::U8(vec![1; 64]), 1).unwrap(), &path).unwrap();
    let mut header = std::fs::read(&path).unwrap();
    (1..=3).for_each(|n| header[40 + 2 * n..42 + 2 * n].copy_from_slice(&10_000_i16.to_le_bytes()));
    std::fs::write(&path, &header).unwrap();
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(1_000_000_000_352).unwrap();
    hand.window.state_mut().open_path(path);
    hand.wait("the refusal", |app| app.refused().is_some());
    hand.key(Key::Escape);
    assert!(hand.app().notices.shown().is_empty(), "the notice is gone");
    let why = hand.app().refused().unwrap();
    assert!(why.starts_with("vast.nii cannot be read") && why.contains("takes 1000.0 GB of memory"), "{why}");
}

#[test]
fn a_mask_beside_its_picture_is_listed_as_such_and_the_picture_is_opened() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("case");
    std::fs::create_dir(&folder).unwrap();
    let grid = Geometry::axis_aligned([24, 20, 12], World::default(), [2.0; 3]).unwrap();
    for (name, steps) in [("image_mask.nii.gz", 2), ("scan.nii.gz", 200)] {
        let samples = (0..grid.voxel_count()).map(|n| (n % steps) as u8).collect();
        formats::write(&Volume::new(grid, Samples::U8(samples), 1).unwrap(), &folder.join(name)).unwrap();
    }
    let mut hand = Hand::on(home.path(), Start::Path(folder));
    hand.wait("the masks", |app| !app.workspace.masks.is_empty());
    hand.window.step();
    let series = |app: &App| app.workspace.found[app.workspace.open().unwrap().series.unwrap()].path.clone();
    assert!(series(hand.app()).ends_with("scan.nii.gz"), "{}", series(hand.app()).display());
    let listed: Vec<_> = hand.window.query_all_by_label_contains("looks like a mask").collect();
    assert_eq!(listed.len(), 1);
    hand.window.get_by_label_contains("image_mask.nii.gz, in ");
}

#[test]
fn the_sample_study_does_not_go_into_a_project_with_a_name() {
    let home = tempfile::tempdir().unwrap();
    let (folder, mine) = (home.path().join("pictures"), home.path().join("mine.limner"));
    std::fs::create_dir(&folder).unwrap();
    two_volumes(&folder);
    let mut hand = Hand::on(home.path(), Start::Path(folder));
    hand.window.state_mut().carry_out(Request::SaveProjectAs(mine.clone()));
    hand.window.step();
    let path = |hand: &Hand| hand.app().workspace.project.as_ref().unwrap().path().to_owned();
    assert_eq!(path(&hand), mine);
    hand.window.state_mut().act(Action::OpenSample);
    hand.wait("the sample study", |app| app.workspace.found.len() > 3 && app.workspace.open().is_some());
    assert_ne!(path(&hand), mine);
    // In a project without a name it may stay.
    let scratch = path(&hand);
    hand.window.state_mut().act(Action::OpenSample);
    hand.wait("the sample study again", |app| !app.jobs.is_busy("open") && app.workspace.open().is_some());
    assert_eq!(path(&hand), scratch);
}

/// Two small volumes in a folder, as NIfTI.
fn two_volumes(folder: &Path) {
    for (n, name) in ["one.nii", "two.nii"].into_iter().enumerate() {
        let geometry = Geometry::axis_aligned([24, 20, 12], World::new(-10.0, 5.0, 30.0), [2.0; 3]).expect("a grid");
        let samples = (0..geometry.voxel_count()).map(|at| ((at * (7 + n)) % 300) as i16).collect();
        let volume = Volume::new(geometry, Samples::I16(samples), 1).expect("as many samples as voxels");
        limner_imaging::formats::write(&volume, &folder.join(name)).expect("the folder can be written to");
    }
}

#[test]
fn a_study_is_hung_by_the_users_own_rules_and_registered_pictures_stay_so() {
    let home = tempfile::tempdir().unwrap();
    let folder = tempfile::tempdir().unwrap();
    two_volumes(folder.path());
    let rules = r#"{"rules": [{"name": "Pairs", "rows": 1, "columns": 2,
        "series": {"a": {"format": ["nifti"], "title": ["one"]}, "b": {"format": ["nifti"], "title": ["two"]}},
        "views": [{"of": "b", "plane": "coronal", "inverted": true}, {"of": "a", "window": "Lung", "over": "b"}]}]}"#;
    std::fs::create_dir_all(home.path().join("config")).unwrap();
    std::fs::write(home.path().join("config/hanging.json"), rules).unwrap();
    let mut hand = Hand::on(home.path(), Start::Path(folder.path().into()));
    hand.wait("both pictures", |app| app.workspace.pictures.len() == 2 && app.awaited.is_empty());
    hand.wait("what is laid over", |app| app.workspace.stage.iter().any(|(_, view)| view.over.is_some()));
    let views: Vec<_> = hand.app().workspace.stage.iter().map(|(_, view)| view.clone()).collect();
    assert_eq!(views.len(), 2);
    assert_eq!(views[0].pane, Pane::Slice(View::Coronal));
    assert!(views[0].inverted && !views[1].inverted);
    assert_eq!(views[1].window, hand.app().settings.windows[1].window());
    assert_eq!(views[1].over.map(|over| over.image), views[0].image);
    assert!(hand.window.query_by_label("Coronal view").is_some() && hand.window.query_by_label("Axial view").is_some());

    let (fixed, moving) = (views[0].image.unwrap(), views[1].image.unwrap());
    let to = DAffine3::from_translation(DVec3::new(4.0, 0.0, -2.0));
    hand.window.state_mut().carry_out(Request::AdjustRegistration { fixed, moving, to, is_done: true });
    let lies = |app: &App| app.workspace.pictures[&moving].registered.map(|r| r.moving_from_fixed);
    assert!(lies(hand.app()).unwrap().abs_diff_eq(to, 1e-9));
    assert_eq!(hand.document().all::<Registration>().count(), 1);
    hand.window.state_mut().act(Action::Undo);
    assert!(lies(hand.app()).is_none(), "undo takes it back");
    hand.window.state_mut().act(Action::Redo);
    hand.window.state_mut().act(Action::AdjustRegistration);
    hand.window.step();
    hand.window.step();
    assert!(hand.window.query_by_label("Shift to the left").is_some());
}

#[test]
fn a_study_filed_in_two_folders_is_listed_as_it_is_found_and_whole_at_the_end() {
    let home = tempfile::tempdir().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/sample/ct_baseline");
    let files: Vec<PathBuf> = std::fs::read_dir(source).unwrap().map(|entry| entry.unwrap().path()).collect();
    for (n, file) in files.iter().enumerate() {
        let part = folder.path().join(if n % 2 == 0 { "a" } else { "b" });
        std::fs::create_dir_all(&part).unwrap();
        std::fs::copy(file, part.join(file.file_name().unwrap())).unwrap();
        // So that each folder is a batch of its own.
        std::fs::write(part.join(format!("{n}.txt")), "").unwrap();
    }
    let hand = Hand::on(home.path(), Start::Path(folder.path().into()));
    let workspace = &hand.app().workspace;
    assert_eq!(workspace.open().unwrap().volume.size()[2], files.len());
    let listed = workspace.found.iter().enumerate().filter(|(n, _)| !workspace.superseded.contains(n));
    assert_eq!(listed.map(|(_, series)| series.size[2]).collect::<Vec<_>>(), [files.len()]);
}

#[test]
fn the_prior_study_comes_beside_the_current_one_and_a_second_window_opens_and_closes() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    let line = |app: &App, place: &str| {
        let named = |s: &limner_imaging::Series| s.path.file_name().is_some_and(|n| n.to_string_lossy() == place);
        app.workspace.found.iter().position(named).expect("the sample has this series")
    };
    hand.wait("the studies", |app| !app.workspace.patients.is_empty());
    assert!(hand.app().why_not(Action::ComparePrior).is_some(), "nothing was taken before the baseline");
    let follow_up = line(hand.app(), "ct_followup");
    hand.window.state_mut().carry_out(Request::OpenSeries(follow_up, None));
    hand.wait("the follow-up", |app| app.workspace.open().is_some_and(|open| open.series == Some(follow_up)));
    hand.window.state_mut().act(Action::Show(View::Coronal));
    hand.window.state_mut().act(Action::ComparePrior);
    hand.wait("the prior", |app| app.workspace.pictures.len() == 2);
    hand.window.step();
    let baseline = line(hand.app(), "ct_baseline");
    let views = hand.app().workspace.stage.visible();
    let at = |app: &App, n: usize| app.workspace.picture_in(views[n]).unwrap().series.unwrap();
    assert_eq!((at(hand.app(), 0), at(hand.app(), 1)), (follow_up, baseline));
    let pane = |n: usize| hand.app().workspace.stage.get(views[n]).unwrap().pane;
    assert_eq!((pane(0), pane(1)), (Pane::Slice(View::Coronal), Pane::Slice(View::Coronal)));

    hand.window.state_mut().act(Action::SecondWindow);
    hand.window.step();
    hand.window.step();
    assert_eq!(hand.app().workspace.stage.visible().len(), 3);
    assert!(hand.window.query_by_label("Coronal view 3").is_some(), "the view in the second window is drawn");
    hand.window.state_mut().act(Action::SecondWindow);
    hand.window.step();
    assert_eq!(hand.app().workspace.stage.visible(), views);
}
