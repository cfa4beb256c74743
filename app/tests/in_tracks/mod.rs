//! Sessions with tracks: points and boxes that models follow through frames, beside the project's own.

use super::{act, ask, source};
use crate::hand::Hand;
use crate::in_records::click_on;
use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use limner::review::{Act, Ask};
use limner_annotation::entity::TrackId;
use limner_annotation::records::{Keyframe, Prediction, Track, Verdict};
use limner_annotation::review::said::{Kind, Mark};
use limner_annotation::{Command, Form, ImageId, Label};
use std::path::Path;

const FRAMES: usize = 6;

fn keyframe(frame: usize) -> Keyframe {
    let form = Form::Point { at: [20.0 + 2.0 * frame as f64, 30.0, frame as f64] };
    Keyframe { frame, form, occluded: false, outside: false, interpolated: true }
}

/// The window with a track of its own and two models: one follows it but for a frame, the other another thing.
fn opened(home: &Path) -> (Hand, ImageId) {
    let mut hand = Hand::on_sample(home);
    let image = hand.app().workspace.open().unwrap().image;
    let tip = Label::new(9, "Tip");
    let gone = Keyframe { outside: true, ..keyframe(FRAMES) };
    let keyframes = vec![keyframe(0), keyframe(FRAMES - 1), gone];
    let track =
        Track { id: TrackId::new(), image, label: Some(tip.id), text: None, keyframes, tags: Default::default() };
    let project = hand.window.state_mut().workspace.project.as_mut().unwrap();
    let commands = vec![Command::AddLabel { label: tip }, Command::put(track)];
    project.document_mut().apply("Follow", commands).unwrap();
    let folder = home.join("trackers");
    std::fs::create_dir_all(&folder).unwrap();
    let table = |name: &str, x: &dyn Fn(usize) -> f64| {
        let line = |frame: usize| format!("ct_baseline,1,{},Tip,{},30.5\n", frame + 1, x(frame));
        let rows: String = (0..FRAMES).map(line).collect();
        std::fs::write(folder.join(format!("{name}.csv")), format!("image,track,frame,category,x,y\n{rows}")).unwrap();
    };
    table("near", &|frame| 20.5 + 2.0 * frame as f64 + if frame == 3 { 100.0 } else { 0.0 });
    table("far", &|_| 200.0);
    ask(&mut hand, Ask::Open(folder));
    hand.wait("the tracks", |app| app.review.sources.len() == 3 && app.review.rows_here().len() == 2);
    (hand, image)
}

#[test]
fn a_track_is_a_row_the_worst_first_and_the_view_goes_to_the_frame_that_is_farthest_off() {
    let home = tempfile::tempdir().unwrap();
    let (mut hand, _) = opened(home.path());
    let [near, far] = ["near", "far"].map(|name| source(hand.app(), name));
    let rows = hand.app().review.rows_here();
    assert!(rows.iter().all(|row| row.kind == Kind::Track));
    let mark = |n: usize, id: limner::review::SourceId| rows[n].said[&(id.0 as usize)].mark;
    assert_eq!([near, far].map(|id| mark(0, id)), [Some(Mark::Right), Some(Mark::Missing)]);
    assert_eq!([near, far].map(|id| mark(1, id)), [None, Some(Mark::Extra)]);
    hand.window.get_by_label_contains("Tracks: Tip, track 1; Reference: drawn; far: –, missing; near: AJ 0.67, right");
    click_on(&mut hand, "Tracks: Tip, track 1");
    let (viewport, open) = hand.app().workspace.active().unwrap();
    let here = open.volume.geometry.voxel(viewport.at).index_in(open.volume.size()).unwrap();
    assert_eq!(here[2], 3, "the frame that is farthest off");
    act(&mut hand, Act::NextWorst);
    let review = &hand.app().review;
    assert_eq!(review.rows_here()[review.row_here().expect("a row is open")].worst(|_| true), Some(0.0));
    act(&mut hand, Act::Blind);
    for word in ["AJ 0.67", ", right", ", missing"] {
        assert!(hand.window.query_all_by_label_contains(word).next().is_none(), "{word} tells");
    }
}

#[test]
fn an_accepted_track_is_one_of_the_project_that_remembers_its_model() {
    let home = tempfile::tempdir().unwrap();
    let (mut hand, image) = opened(home.path());
    let far = source(hand.app(), "far");
    ask(&mut hand, Ask::Select(far));
    click_on(&mut hand, "Tracks: Tip, track 2");
    hand.chord(Modifiers::SHIFT, Key::A);
    let tracks: Vec<Track> = hand.document().on::<Track>(image).cloned().collect();
    assert_eq!(tracks.len(), 2, "{:?}", hand.app().notices.shown());
    let new = tracks.iter().find(|track| track.keyframes.len() == FRAMES).expect("a keyframe on every frame");
    assert!(matches!(new.at(4), Some((Form::Point { at }, false)) if at[0] == 199.5 && at[2] == 4.0));
    let said = hand.document().all::<Prediction>().next().cloned().expect("it is on record");
    assert_eq!((said.model.name.as_str(), said.content.len()), ("far", 1));
    let verdicts: Vec<Verdict> = hand.app().review.decided.all.iter().map(|told| told.verdict).collect();
    assert_eq!(verdicts, [Verdict::Accept]);
    assert!(hand.document().problems().is_empty());
    hand.chord(Modifiers::COMMAND, Key::Z);
    assert_eq!(hand.document().on::<Track>(image).count(), 1, "one step");
}
