//! Scripted sessions of a review in a test harness: three models with known faults are opened, laid side by side and over
//! each other, and compared.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not so")]

#[expect(dead_code, reason = "a review needs a part of what a hand can do")]
mod hand;
mod in_charts;
mod in_formats;
mod in_records;
mod in_tracks;
mod planted;

use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use hand::Hand;
use limner::action::Action;
use limner::app::{App, Start};
use limner::case::Page;
use limner::outbox::Request;
use limner::paths::Paths;
use limner::review::look::Caption;
use limner::review::{Act, Ask, Combine, How, OWN, Side, SourceId};
use limner_annotation::records::{
    Assignment, AssignmentStatus, Consensus, ConsensusMethod, Decision, Judgement, Prediction, Verdict,
};
use limner_annotation::review::differ::said;
use limner_annotation::review::rating::About;
use limner_annotation::{Command, Label, PackedMask, PaintMode, PaintRule, Source};
use limner_imaging::VoxelBox;
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

#[test]
fn an_accepted_version_is_paint_that_remembers_its_model_and_undo_takes_all_of_it_back() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = opened(home.path());
    let mirrored = source(hand.app(), "mirrored");
    ask(&mut hand, Ask::Select(mirrored));
    hand.chord(Modifiers::SHIFT, Key::A);
    assert!(hand.voxels_of("Liver") > 1000 && hand.voxels_of("Left kidney") > 100, "{:?}", hand.app().notices.shown());
    let prediction = hand.document().all::<Prediction>().next().cloned().expect("what was accepted is on record");
    assert_eq!(
        (prediction.model.name.as_str(), prediction.model.sha256.as_ref().map(String::len)),
        ("mirrored", Some(64))
    );
    let verdicts = |hand: &Hand| hand.document().all::<Decision>().map(|one| one.verdict).collect::<Vec<_>>();
    assert_eq!(verdicts(&hand), [Verdict::Accept]);
    let label = hand.document().labels().into_iter().find(|label| label.name == "Liver").unwrap().id;
    let origin = hand.document().origin(label).unwrap().created.clone();
    assert_eq!((origin.source, origin.model.as_deref()), (Source::Model, Some("mirrored")));
    hand.chord(Modifiers::COMMAND, Key::Z);
    assert!(verdicts(&hand).is_empty() && hand.document().labels().is_empty(), "one step");
    // A rejection needs a reason; a digit gives it.
    hand.chord(Modifiers::SHIFT, Key::R);
    assert_eq!(hand.app().review.asking, Some(Verdict::Reject));
    hand.key(Key::Num6);
    let decision = hand.document().all::<Decision>().next().cloned().expect("rejected");
    assert_eq!((decision.verdict, decision.reasons), (Verdict::Reject, vec!["Wrong side".to_owned()]));
    hand.window.get_by_label("Decision mirrored: rejected");
    // The log tells whose version it was, and that it was the reader who said so.
    let project = hand.app().workspace.project.as_ref().unwrap();
    project.wait_until_synced().unwrap();
    let told = project.log().unwrap().into_iter().rfind(|entry| entry.info.name == "Reject version").unwrap();
    assert_eq!((told.in_words().as_str(), told.info.model), ("Reject version of mirrored (review)", None));
    assert_eq!(hand.document().origin(decision.id).unwrap().modified.source, Source::Human);
    // One label alone, and then the brush.
    let half = source(hand.app(), "half");
    ask(&mut hand, Ask::Select(half));
    ask(&mut hand, Ask::Only(Some(u32::from(planted::LIVER))));
    hand.chord(Modifiers::SHIFT, Key::E);
    assert_eq!(hand.document().labels().len(), 1);
    let liver = hand.document().labels()[0].id;
    assert_eq!((hand.app().label, hand.app().hand.tool.annotates()), (Some(liver), true));
    // A comment stands at a place.
    ask(&mut hand, Ask::Comment("the edge is blurred".into()));
    hand.chord(Modifiers::SHIFT, Key::C);
    assert_eq!(hand.document().shapes().count(), 1);
    hand.window.get_by_label("Decision Place: the edge is blurred");
    assert!(hand.document().problems().is_empty());
}

#[test]
fn labels_that_an_accepted_version_says_nothing_of_stay_and_are_named() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = opened(home.path());
    let image = hand.app().workspace.open().unwrap().image;
    let mask = PackedMask::full(VoxelBox::new([0, 0, 0], [4, 4, 1]));
    let (layer, label, mode, rule) = (0, 90, PaintMode::Set, PaintRule::All);
    let commands = vec![
        Command::AddLabel { label: Label::new(label, "Nodule") },
        Command::Paint { image, layer, label, mask, mode, rule },
    ];
    let project = hand.window.state_mut().workspace.project.as_mut().unwrap();
    project.document_mut().apply("Paint a nodule", commands).unwrap();
    hand.window.step();
    let half = source(hand.app(), "half");
    ask(&mut hand, Ask::Select(half));
    ask(&mut hand, Ask::Only(Some(u32::from(planted::LIVER))));
    hand.chord(Modifiers::SHIFT, Key::A);
    let told = |hand: &Hand| format!("{:?}", hand.app().notices.shown());
    assert!(told(&hand).contains("Accepted Liver of half"), "{}", told(&hand));
    assert!(!told(&hand).contains("Kept"), "one label alone was accepted: {}", told(&hand));
    ask(&mut hand, Ask::Only(None));
    hand.chord(Modifiers::SHIFT, Key::A);
    assert!(told(&hand).contains("Kept, as it says nothing of them: Nodule"), "{}", told(&hand));
    assert!(hand.voxels_of("Nodule") == 16 && hand.voxels_of("Right kidney") > 100);
}

#[test]
fn what_an_accepted_version_replaces_is_told_and_so_is_what_figures_are_measured_against() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = opened(home.path());
    let image = hand.app().workspace.open().unwrap().image;
    // Own work where no version has a liver.
    let mask = PackedMask::full(VoxelBox::new([0, 0, 0], [4, 4, 1]));
    let (layer, label, mode, rule) = (0, u16::from(planted::LIVER), PaintMode::Set, PaintRule::All);
    let commands = vec![
        Command::AddLabel { label: Label::new(label, "Liver") },
        Command::Paint { image, layer, label, mask, mode, rule },
    ];
    let project = hand.window.state_mut().workspace.project.as_mut().unwrap();
    project.document_mut().apply("Paint a liver", commands).unwrap();
    hand.window.step();
    let mirrored = source(hand.app(), "mirrored");
    ask(&mut hand, Ask::Select(mirrored));
    let reference = hand.app().review.reference;
    let told = |hand: &Hand| format!("{:?}", hand.app().notices.shown());
    let line = "The reference is this project, with what was accepted of mirrored";
    let replaced = "Replaced what was painted of 1 label (Liver): 16 of 16 voxels are gone";

    // The figures are of another reference: only what is gone is told.
    hand.chord(Modifiers::SHIFT, Key::A);
    assert!(told(&hand).contains(replaced) && told(&hand).contains("takes it back"), "{}", told(&hand));
    assert!(!told(&hand).contains("measured against"), "{reference:?}: {}", told(&hand));
    hand.chord(Modifiers::COMMAND, Key::Z);
    assert_eq!(hand.voxels_of("Liver"), 16, "{}", told(&hand));

    ask(&mut hand, Ask::Reference(Some(OWN)));
    hand.wait("own labels", |app| app.review.labels_of(OWN).is_some_and(|labels| !labels.labels().is_empty()));
    assert!(hand.window.query_by_label(line).is_none());
    hand.window.state_mut().notices.dismiss_all();
    hand.chord(Modifiers::SHIFT, Key::A);
    assert!(told(&hand).contains(replaced), "{}", told(&hand));
    assert!(told(&hand).contains("they are measured against what was accepted now"), "{}", told(&hand));
    hand.window.get_by_label(line);
    hand.chord(Modifiers::COMMAND, Key::Z);
    assert!(hand.window.query_by_label(line).is_none(), "it is measured against the reader's work again");
}

#[test]
fn blinded_models_are_rated_by_keys_and_the_lead_tells_who_they_were() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = opened(home.path());
    act(&mut hand, Act::Blind);
    let blind = |hand: &Hand| hand.app().review.is_blind();
    assert!(blind(&hand));
    for name in ["half", "moved", "mirrored"] {
        assert!(hand.window.query_all_by_label_contains(name).next().is_none(), "{name} is still to be read");
    }
    assert!(hand.app().why_not(Action::Review(Act::Report)).is_some(), "a report would tell");
    hand.window.get_by_label_contains("Version Model 2");
    // Three pairs and three marks. The planted winner has nothing missing but two sides exchanged.
    hand.chord(Modifiers::SHIFT, Key::U);
    let lines = hand.app().rating_lines();
    assert_eq!((lines.len(), hand.app().review.rating), (6, Some(0)));
    let best = source(hand.app(), "moved");
    for (n, line) in lines.iter().enumerate() {
        assert_eq!(hand.app().review.rating, Some(n));
        let models = hand.app().rated_models();
        let key = match line.about {
            About::Pair(a, _) if models[a] == best => Key::Num1,
            About::Pair(_, b) if models[b] == best => Key::Num3,
            About::One(one) if models[one] == best => Key::Num5,
            About::Pair(..) | About::One(_) => Key::Num2,
        };
        hand.key(key);
    }
    assert!(lines.iter().all(|line| hand.app().rated(*line).is_some()));
    let submitted = hand.document().all::<Assignment>().filter(|one| one.status == AssignmentStatus::Submitted);
    assert!(submitted.count() >= 4, "the picture and each model");
    hand.key(Key::Escape);
    // Another answer to the same question takes the place of the first.
    let judgements = hand.document().all::<Judgement>().len();
    ask(&mut hand, Ask::Rate(0, 1));
    assert_eq!((hand.document().all::<Judgement>().len(), hand.app().rated(lines[0])), (judgements, Some(1)));
    hand.chord(Modifiers::COMMAND, Key::Z);
    act(&mut hand, Act::Unblind);
    assert!(!blind(&hand));
    let judged = limner_annotation::review::judged::judged(hand.document().contents());
    let rate = |name: &str| {
        let of = judged.preferences.iter().find(|one| one.source == name).unwrap();
        (of.wins, of.losses)
    };
    assert_eq!(rate("moved"), (2, 0), "the preference recovers the planted winner");
    assert_eq!(judged.scores[0].by_source["moved"].value, 5.0);
    assert!(hand.document().problems().is_empty());
}

#[test]
fn who_goes_on_later_finds_models_and_answers_again() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = opened(home.path());
    act(&mut hand, Act::Blind);
    hand.chord(Modifiers::SHIFT, Key::U);
    hand.key(Key::Num3);
    hand.wait("the answer on disk", limner::app::App::is_safe_to_quit);
    drop(hand);
    let mut hand = Hand::on(home.path(), Start::Continue);
    hand.wait("the models again", |app| app.review.sources.len() == 5 && are_read(app) && app.review.is_blind());
    let lines = hand.app().rating_lines();
    assert_eq!((hand.app().rated(lines[0]), hand.app().rated(lines[1])), (Some(2), None));
    hand.chord(Modifiers::SHIFT, Key::U);
    assert_eq!(hand.app().review.rating, Some(1), "with the first open question");
}

#[test]
fn versions_are_brought_together_and_parts_are_taken_from_one_of_them() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = opened(home.path());
    let [half, mirrored, reference] = ["half", "mirrored", "reference"].map(|name| source(hand.app(), name));
    for name in ["half", "moved"] {
        let id = source(hand.app(), name);
        ask(&mut hand, Ask::Show(id, false));
    }
    ask(&mut hand, Ask::Show(half, true));
    act(&mut hand, Act::Combine(Combine::Majority));
    hand.wait("the consensus", |app| app.review.sources.iter().any(|source| source.name == "Consensus: majority"));
    let consensus = hand.document().all::<Consensus>().next().cloned().expect("it is on record");
    assert_eq!((consensus.inputs.len(), consensus.method), (3, ConsensusMethod::Majority));
    // Two of three have the whole liver; the kidneys are as the two have them.
    let voxels = hand.voxels_of("Liver, majority");
    let truth = hand.app().review.labels_of(reference).unwrap().tight_mask(u32::from(planted::LIVER)).count();
    assert_eq!(voxels as usize, truth);
    assert_eq!(hand.voxels_of("Liver"), 0, "nothing is painted over");
    let made = source(hand.app(), "Consensus: majority");
    hand.wait("its version", |app| app.review.labels_of(made).is_some());
    assert!(!hand.app().consensus_inputs().contains(&made), "a consensus is no input of another");
    // Adjudication: the missing half is taken from the one that has it, where the view is.
    ask(&mut hand, Ask::Pair(Side::A, half));
    ask(&mut hand, Ask::Pair(Side::B, mirrored));
    ask(&mut hand, Ask::Only(Some(u32::from(planted::LIVER))));
    act(&mut hand, Act::TakeLabel(Side::A));
    let first = hand.voxels_of("Liver") as usize;
    assert!(first > 0 && first < truth);
    // What was just taken makes the places anew: the one that is gone to is of those.
    for _ in 0..100 {
        hand.wait("places", |app| !app.review.places.list.is_empty() && !app.jobs.is_busy("places of disagreement"));
        hand.chord(Modifiers::SHIFT, Key::N);
        if hand.app().review.places.at.is_some() {
            break;
        }
    }
    act(&mut hand, Act::TakePart(Side::B));
    // What hangs together there; a few voxels of the liver's edge hang on nothing.
    let taken = hand.voxels_of("Liver") as usize;
    assert!(taken <= truth && truth - taken < 10, "{taken} of {truth}: {:?}", hand.app().notices.shown());
    hand.chord(Modifiers::COMMAND, Key::Z);
    assert_eq!(hand.voxels_of("Liver") as usize, first);
    assert!(hand.document().problems().is_empty());
}

#[test]
fn a_report_of_what_is_open_is_one_page_and_what_was_judged_lies_beside_it() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = opened(home.path());
    let half = source(hand.app(), "half");
    ask(&mut hand, Ask::Select(half));
    ask(&mut hand, Ask::Reason("Missed".into()));
    act(&mut hand, Act::Decide(Verdict::Flag));
    let path = home.path().join("report.html");
    ask(&mut hand, Ask::Write(path.clone()));
    hand.wait("the page", |_| path.is_file());
    hand.wait("the notice", |app| app.notices.shown().iter().any(|n| format!("{n:?}").contains("Wrote")));
    let page = std::fs::read_to_string(&path).unwrap();
    assert!(["half", "moved", "mirrored", "ct_followup"].iter().all(|word| page.contains(word)));
    assert!(home.path().join("report-judged.html").is_file());
}
