//! Sessions with records: boxes, answers and reports of the planted models beside their maps.

use super::{act, ask, planted, sample, source};
use crate::hand::Hand;
use eframe::egui::{DroppedFile, DroppedFileHandle, Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use limner::action::Action;
use limner::case::{Errand, Page};
use limner::review::look::Caption;
use limner::review::{Act, Ask, SourceId};
use limner_annotation::records::{Decision, Prediction, Verdict};
use limner_annotation::review::said::{Kind, Mark};
use limner_annotation::{Command, Form, Label, Shape, Slice};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file that is let go over the window.
#[derive(Debug)]
struct Dropped(PathBuf);

impl DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}

/// The window with maps and records of all three models.
fn opened(home: &Path) -> (Hand, usize) {
    let mut hand = Hand::on_sample(home);
    let folder = planted::models(&sample(home), home);
    let slice = planted::records(&sample(home), &folder);
    ask(&mut hand, Ask::Open(folder));
    hand.wait("the models", |app| app.review.sources.len() == 7 && !app.review.rows_here().is_empty());
    (hand, slice)
}

fn mark(hand: &Hand, title: &str, model: SourceId) -> Option<Mark> {
    let row = hand.app().review.rows_here().iter().find(|row| row.title.contains(title)).expect("the row is there");
    row.said[&(model.0 as usize)].mark
}

pub fn click_on(hand: &mut Hand, part_of_label: &str) {
    // Also where the panel would have to be scrolled.
    hand.window.get_by_label_contains(part_of_label).click_accesskit();
    hand.window.step();
    hand.window.step();
}

#[test]
fn boxes_answers_and_reports_stand_beside_what_is_right() {
    let home = tempfile::tempdir().unwrap();
    let (mut hand, slice) = opened(home.path());
    let [half, moved, mirrored] = ["half", "moved", "mirrored"].map(|name| source(hand.app(), name));
    let liver = format!("Liver 1, slice {}", slice + 1);
    assert_eq!([half, moved].map(|id| mark(&hand, &liver, id)), [Some(Mark::Missing), Some(Mark::Right)]);
    assert_eq!([moved, mirrored].map(|id| mark(&hand, "Left kidney 1", id)), [Some(Mark::Right), Some(Mark::Missing)]);
    assert_eq!([half, mirrored].map(|id| mark(&hand, "On which side", id)), [Some(Mark::Right), Some(Mark::Wrong)]);
    assert_eq!(mark(&hand, "How many", mirrored), Some(Mark::Unreadable));
    // A screen reader hears it all, and what is wrong is not told by colour alone.
    hand.window.get_by_label_contains("How many kidneys are there?; Reference: 2; half: 2, right");
    hand.window.get_by_label_contains("3 lines without a picture or question");
    click_on(&mut hand, "1 output not readable");
    hand.window.get_by_label_contains("mirrored, q2: there is no number");
    // In full: the words that are new and gone.
    click_on(&mut hand, "Reports: Findings");
    hand.window.get_by_label_contains("[gone: Both] [new: The] kidneys are [gone: of normal size.] [new: enlarged.]");
    // The views show the boxes of one version each.
    hand.chord(Modifiers::SHIFT, Key::S);
    let stage = hand.app().workspace.stage.clone();
    let captions = stage.visible().into_iter().filter_map(|id| hand.app().review.caption(id, stage.get(id)?));
    assert!(captions.into_iter().filter(|caption| matches!(caption, Caption::One(_))).count() >= 4);
    hand.chord(Modifiers::SHIFT, Key::S);
    ask(&mut hand, Ask::Filter("mirrored wrong".into()));
    assert!(hand.window.query_all_by_label_contains("Answers: How many").next().is_none());
    hand.window.get_by_label_contains("Answers: On which side");
}

#[test]
fn the_next_disagreement_and_the_worst_row_are_gone_to() {
    let home = tempfile::tempdir().unwrap();
    let (mut hand, slice) = opened(home.path());
    hand.wait("places", |app| !app.review.places.list.is_empty());
    let maps = hand.app().review.places.list.len();
    let rows = hand.app().review.disputed_rows();
    assert!(!rows.is_empty() && hand.app().disagreements() == maps + rows.len());
    // From the last place of the maps on come the rows.
    hand.chord(Modifiers::SHIFT, Key::P);
    assert_eq!(hand.app().review.row_here(), rows.last().copied());
    act(&mut hand, Act::NextWorst);
    let review = &hand.app().review;
    let first = &review.rows_here()[review.row_here().expect("a row is open")];
    assert_eq!(first.worst(|_| true), Some(0.0));
    while hand.app().review.rows_here()[hand.app().review.row_here().unwrap()].kind != Kind::Box {
        act(&mut hand, Act::NextWorst);
    }
    let (viewport, open) = hand.app().workspace.active().unwrap();
    let here = open.volume.geometry.voxel(viewport.at).index_in(open.volume.size()).unwrap();
    assert_eq!(here[2], slice, "the view goes where the box is");
}

#[test]
fn a_picture_that_is_opened_later_has_its_records() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    let table = home.path().join("points.csv");
    std::fs::write(&table, "case,name,x,y,z\nct_followup,Apex,1,2,3\n").unwrap();
    ask(&mut hand, Ask::Open(table));
    hand.wait("the records", |app| app.review.said.cases.len() == 1);
    assert!(hand.app().review.rows_here().is_empty(), "another picture is in front");
    hand.window.get_by_label_contains("Nothing to compare yet");
    let case = hand.app().review.said.cases[0].key;
    assert_eq!(case.image, None, "it is no picture of the project yet");
    ask(&mut hand, Ask::Case(case));
    hand.wait("its row", |app| app.review.rows_here().len() == 1);
    hand.window.get_by_label_contains("Nothing to compare yet");
}

#[test]
fn boxes_in_space_have_rows_and_the_view_goes_to_their_middle() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    let folder = home.path().join("detectors");
    std::fs::create_dir_all(&folder).unwrap();
    let head = "image,category,x1,y1,z1,x2,y2,z2,score\n";
    for (name, row) in
        [("right", "10,10,4,30,30,8,1"), ("close", "10,10,4,30,30,9,0.8"), ("off", "90,90,20,99,99,24,0.7")]
    {
        std::fs::write(folder.join(format!("{name}.csv")), format!("{head}ct_baseline,Cyst,{row}\n")).unwrap();
    }
    ask(&mut hand, Ask::Open(folder));
    hand.wait("the boxes", |app| app.review.sources.len() == 4);
    let [right, close, off] = ["right", "close", "off"].map(|name| source(hand.app(), name));
    ask(&mut hand, Ask::Reference(Some(right)));
    hand.wait("the rows", |app| app.review.rows_here().iter().any(|row| row.reference.is_some()));
    assert_eq!(
        [close, off].map(|id| mark(&hand, "Cyst 1, slices 5 to 8", id)),
        [Some(Mark::Right), Some(Mark::Missing)]
    );
    click_on(&mut hand, "Boxes: Cyst 2, slices 21 to 24");
    let (viewport, open) = hand.app().workspace.active().unwrap();
    let here = open.volume.geometry.voxel(viewport.at).index_in(open.volume.size()).unwrap();
    assert!((20..24).contains(&here[2]), "{here:?}");
}

#[test]
fn the_projects_own_boxes_are_the_reference_and_hidden_models_are_not_told_apart() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    let image = hand.app().workspace.open().unwrap().image;
    let nodule = Label::new(9, "Nodule");
    let form = Form::Box2d { slice: Slice::stored(4), min: [10.0, 10.0], max: [30.0, 30.0] };
    let shape = Shape::new(image, form, Some(nodule.id));
    let project = hand.window.state_mut().workspace.project.as_mut().unwrap();
    let commands = vec![Command::AddLabel { label: nodule }, Command::AddShape { shape }];
    project.document_mut().apply("Draw a box", commands).unwrap();
    let folder = home.path().join("detectors");
    std::fs::create_dir_all(&folder).unwrap();
    let head = "image,category,x1,y1,x2,y2,score,slice\n";
    for (name, row) in
        [("first", "ct_baseline,nodule,11,10,30,30,0.91,5"), ("second", "ct_baseline,nodule,50,50,60,60,0.4,5")]
    {
        std::fs::write(folder.join(format!("{name}.csv")), format!("{head}{row}\n")).unwrap();
    }
    // Both dropped at once on the page.
    hand.window.state_mut().act(Action::Case(Errand::Page(Page::Review)));
    hand.window.step();
    let dropped = ["first.csv", "second.csv"].map(|name| Arc::new(Dropped(folder.join(name))) as DroppedFileHandle);
    hand.window.input_mut().dropped_files.extend(dropped);
    hand.window.step();
    hand.wait("both", |app| app.review.sources.len() == 3 && app.review.rows_here().len() == 2);
    let [first, second] = ["first", "second"].map(|name| source(hand.app(), name));
    assert_eq!([first, second].map(|id| mark(&hand, "Nodule 1", id)), [Some(Mark::Right), Some(Mark::Missing)]);
    assert_eq!(mark(&hand, "nodule 2", second), Some(Mark::Extra));
    hand.window.get_by_label("first: 1 of 1 right");
    act(&mut hand, Act::Blind);
    for name in ["first", "second", "1 right", ", missing", ", invented"] {
        assert!(hand.window.query_all_by_label_contains(name).next().is_none(), "{name} tells");
    }
    hand.window.get_by_label_contains("Boxes: Nodule 1, slice 5");
    act(&mut hand, Act::Unblind);
    // What is accepted of a row is drawn, with the record of who said it.
    ask(&mut hand, Ask::Select(second));
    click_on(&mut hand, "Boxes: nodule 2");
    hand.chord(Modifiers::SHIFT, Key::A);
    assert_eq!(hand.document().shapes_on(image).count(), 2, "{:?}", hand.app().notices.shown());
    let said = hand.document().all::<Prediction>().next().cloned().expect("it is on record");
    assert_eq!((said.model.name.as_str(), said.content.len(), said.raw_output.is_empty()), ("second", 1, false));
    hand.wait("the row again", |app| app.review.rows_here().iter().all(|row| row.reference.is_some()));
    assert_eq!(hand.document().all::<Decision>().map(|one| one.verdict).collect::<Vec<_>>(), [Verdict::Accept]);
    hand.chord(Modifiers::COMMAND, Key::Z);
    assert_eq!(hand.document().shapes_on(image).count(), 1, "one step");
    // What is rejected draws nothing, and the log tells whose record it was.
    hand.wait("the row before", |app| app.row_in_hand().is_some_and(|(_, row, _)| row.reference.is_none()));
    hand.chord(Modifiers::SHIFT, Key::R);
    hand.key(Key::Num2);
    assert_eq!(hand.document().all::<Decision>().map(|one| one.verdict).collect::<Vec<_>>(), [Verdict::Reject]);
    let project = hand.app().workspace.project.as_ref().unwrap();
    project.wait_until_synced().unwrap();
    let told = project.log().unwrap().into_iter().rfind(|entry| entry.info.name == "Reject record").unwrap();
    assert_eq!(told.in_words(), "Reject record of second (review)");
    assert!(told.info.prompts.is_some_and(|about| about["row"].as_str().is_some_and(|row| row.contains("nodule 2"))));
}
