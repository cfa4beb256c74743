//! Scripted sessions of a review in a test harness: three models with known faults are opened, laid side by side and over
//! each other, and compared.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not so")]

#[expect(dead_code, reason = "a review needs a part of what a hand can do")]
mod hand;
mod planted;

use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use hand::Hand;
use limner::action::Action;
use limner::app::App;
use limner::case::Page;
use limner::outbox::Request;
use limner::paths::Paths;
use limner::review::look::Caption;
use limner::review::{Act, Ask, How, Side, SourceId};
use limner_annotation::review::differ::said;
use std::path::{Path, PathBuf};

fn act(hand: &mut Hand, act: Act) {
    assert_eq!(hand.app().why_not(Action::Review(act)), None, "{act:?}");
    hand.window.state_mut().act(Action::Review(act));
    hand.window.step();
    hand.window.step();
}

fn ask(hand: &mut Hand, ask: Ask) {
    hand.window.state_mut().carry_out(Request::Review(ask));
    hand.window.step();
}

fn sample(home: &Path) -> PathBuf {
    Paths::under(home).data.join("sample")
}

fn source(app: &App, name: &str) -> SourceId {
    app.review.sources.iter().find(|source| source.name == name).expect("the source is listed").id
}

fn are_read(app: &App) -> bool {
    app.review.sources.iter().all(|source| source.ready().is_some())
}

/// The window with the three models and their reference.
fn opened(home: &Path) -> Hand {
    let mut hand = Hand::on_sample(home);
    let folder = planted::models(&sample(home), home);
    ask(&mut hand, Ask::Open(folder));
    hand.wait("the models", |app| app.review.sources.len() == 5 && are_read(app));
    hand
}

fn click(hand: &mut Hand, label: &str) {
    hand.window.get_by_label(label).click();
    hand.window.step();
    hand.window.step();
}

#[test]
fn models_are_matched_to_their_cases_and_compared_with_the_reference() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = opened(home.path());
    assert_eq!(hand.app().case.page, Page::Review);
    let reference = source(hand.app(), "reference");
    assert_eq!(hand.app().review.reference, Some(reference), "a folder that says so is the reference");
    hand.wait("figures", |app| app.review.figures.rows.len() == 3);
    let dice = |hand: &Hand, model: &str, label: u8| {
        let rows = &hand.app().review.figures.rows[&source(hand.app(), model)];
        rows.iter().find(|row| row.label == u32::from(label)).expect("the label is compared").dice
    };
    assert!((0.4..0.9).contains(&dice(&hand, "half", planted::LIVER)));
    assert_eq!(dice(&hand, "half", planted::LEFT_KIDNEY), 1.0);
    assert!(dice(&hand, "moved", planted::LIVER) < 1.0);
    assert_eq!((dice(&hand, "mirrored", planted::LIVER), dice(&hand, "mirrored", planted::LEFT_KIDNEY)), (1.0, 0.0));
    // The names come from dataset.json, and a screen reader finds the row.
    hand.window.get_by_label_contains("mirrored, Left kidney: Dice 0.000");
    act(&mut hand, Act::CompareAll);
    hand.wait("all cases", |app| app.review.compared.is_some());
    let compared = hand.app().review.compared.as_ref().unwrap();
    assert_eq!((compared.cases.len(), compared.summary.models.len()), (2, 3), "{:?}", compared.left_out);
    let worst = &compared.summary.queue[0];
    assert_eq!(worst.model, "mirrored", "the worst comes first: {:?}", worst.why);
    ask(&mut hand, Ask::Filter("half".into()));
    assert!(hand.window.query_all_by_label_contains(": mirrored, ").next().is_none(), "the filter holds them back");
    ask(&mut hand, Ask::Filter(String::new()));
    hand.chord(Modifiers::SHIFT, Key::W);
    hand.wait("the worst case", |app| app.review.at_worst == Some(0) && are_read(app));
    let kidneys = [planted::LEFT_KIDNEY, planted::RIGHT_KIDNEY].map(u32::from);
    assert!(kidneys.contains(&hand.app().review.only.expect("the label of the queue is looked at")));
}

#[test]
fn versions_lie_side_by_side_and_over_each_other() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = opened(home.path());
    hand.chord(Modifiers::SHIFT, Key::S);
    let stage = |hand: &Hand| hand.app().workspace.stage.clone();
    assert_eq!(stage(&hand).visible().len(), 4, "the reference and three models");
    assert!(hand.app().is_side_by_side());
    let views = stage(&hand).visible();
    let one = |hand: &Hand, n: usize| {
        let stage = &hand.app().workspace.stage;
        hand.app().review.caption(views[n], stage.get(views[n]).unwrap())
    };
    assert_eq!(one(&hand, 0), Some(Caption::One(source(hand.app(), "reference"))));
    // What one view does all do.
    hand.key(Key::ArrowDown);
    hand.key(Key::Plus);
    let now = stage(&hand);
    let first = now.get(views[0]).unwrap();
    assert!(views.iter().all(|id| now.get(*id).unwrap().at == first.at && now.get(*id).unwrap().pane == first.pane));
    assert!((now.get(views[3]).unwrap().camera.zoom - first.camera.zoom).abs() < 1e-6);
    hand.chord(Modifiers::SHIFT, Key::S);
    assert_eq!(stage(&hand).visible().len(), 1);
    let caption = |hand: &Hand| {
        let stage = &hand.app().workspace.stage;
        hand.app().review.caption(stage.active_id(), stage.active())
    };
    assert!(matches!(caption(&hand), Some(Caption::Outlines(shown)) if shown.len() == 4));
    let (half, mirrored) = (source(hand.app(), "half"), source(hand.app(), "mirrored"));
    ask(&mut hand, Ask::Pair(Side::A, half));
    ask(&mut hand, Ask::Pair(Side::B, mirrored));
    act(&mut hand, Act::How(How::Agreement));
    hand.wait("the map", |app| !app.review.map.drawn.sheet.codes.is_empty());
    let count = |hand: &Hand, wanted: u16| {
        hand.app().review.map.drawn.sheet.codes.iter().filter(|code| **code == wanted).count()
    };
    assert_eq!(count(&hand, said::ONLY_A), 0);
    assert!(count(&hand, said::ONLY_B) > 0, "the half of the liver that is missing");
    assert!(count(&hand, said::OTHERWISE) > 0, "the kidneys");
    act(&mut hand, Act::How(How::Swipe));
    assert_eq!(caption(&hand), Some(Caption::Swiped([half, mirrored])));
    let line = hand.window.get_by_label("Line between A and B").rect().center();
    let to = line + eframe::egui::vec2(-120.0, 0.0);
    hand.drag(&[line, to]);
    assert!(hand.app().review.swipe < 0.45, "the line was pulled: {}", hand.app().review.swipe);
    act(&mut hand, Act::How(How::Flicker));
    let before = caption(&hand);
    hand.chord(Modifiers::SHIFT, Key::X);
    let flipped = caption(&hand);
    hand.chord(Modifiers::SHIFT, Key::X);
    assert!(flipped != caption(&hand) && matches!(before, Some(Caption::Turn(..))));
    for how in [How::Distance, How::Disputes] {
        act(&mut hand, Act::How(how));
        hand.wait("the map", |app| !app.review.map.drawn.sheet.codes.is_empty());
        assert_eq!(caption(&hand), Some(Caption::Map(how)));
    }
}

#[test]
fn the_next_disagreement_is_the_deepest_one() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = opened(home.path());
    for name in ["moved", "mirrored"] {
        let id = source(hand.app(), name);
        click(&mut hand, &format!("Hide {name}"));
        assert!(!hand.app().review.get(id).unwrap().visible);
    }
    hand.wait("places", |app| !app.review.places.list.is_empty() && app.review.places.said_by.len() == 2);
    hand.chord(Modifiers::SHIFT, Key::N);
    let place = hand.app().review.places.list[0].clone();
    let said = |name: &str| {
        let id = source(hand.app(), name);
        let by = hand.app().review.places.said_by.iter().position(|one| *one == id).unwrap();
        place.said[by]
    };
    assert_eq!((said("reference"), said("half")), (u32::from(planted::LIVER), 0), "half of the liver is missing");
    let (viewport, open) = hand.app().workspace.active().unwrap();
    let here = open.volume.geometry.voxel(viewport.at).index_in(open.volume.size());
    assert_eq!(here, Some(place.voxel), "the view goes there");
    hand.window.get_by_label("half: nothing");
    let mirrored = source(hand.app(), "mirrored");
    ask(&mut hand, Ask::Show(mirrored, true));
    ask(&mut hand, Ask::Only(Some(u32::from(planted::LEFT_KIDNEY))));
    hand.wait("other places", |app| app.review.places.said_by.len() == 3 && !app.review.places.list.is_empty());
    hand.chord(Modifiers::SHIFT, Key::P);
    assert!(hand.app().review.places.at.is_some());
}

#[test]
fn what_does_not_fit_is_told_and_never_resampled() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    let folder = home.path().join("strange");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::copy(sample(home.path()).join("masks/ct_followup.nii.gz"), folder.join("nobody.nii.gz")).unwrap();
    ask(&mut hand, Ask::Open(folder.clone()));
    hand.wait("the refusal", |app| app.notices.shown().iter().any(|n| format!("{n:?}").contains("None of these maps")));
    assert!(hand.app().review.is_empty());
    std::fs::copy(sample(home.path()).join("masks/mr.nii.gz"), folder.join("ct_baseline.nii.gz")).unwrap();
    ask(&mut hand, Ask::Open(folder));
    hand.wait("the error", |app| app.notices.shown().iter().any(|n| format!("{n:?}").contains("another grid")));
    let told = format!("{:?}", hand.app().notices.shown());
    assert!(told.contains("nobody.nii.gz") && told.contains("no picture has this name"), "{told}");
    assert!(hand.app().review.sources[1].ready().is_none());
}
