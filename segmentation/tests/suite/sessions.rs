//! The laws of a session, and the run that scripts use.

use crate::common::{mm_from, noise, volume};
use limner_imaging::{Samples, Task, Volume};
use limner_segmentation::classical::Classical;
use limner_segmentation::prompt::file::ObjectPrompts;
use limner_segmentation::session::{Overlap, SessionState};
use limner_segmentation::{Prompt, Session, run};
use proptest::prelude::*;
use std::sync::Arc;

const SIZE: [usize; 3] = [40, 32, 12];

fn image() -> Arc<Volume> {
    Arc::new(volume(SIZE, [1.0, 1.0, 2.0], |index| {
        let left = mm_from(index, [12.0, 16.0, 6.0], [1.0, 1.0, 2.0]) <= 8.0;
        let right = mm_from(index, [27.0, 16.0, 6.0], [1.0, 1.0, 2.0]) <= 7.0;
        let value = if left {
            90.0
        } else if right {
            60.0
        } else {
            10.0
        };
        value + 4.0 * noise(index)
    }))
}

fn session() -> Session {
    Session::new(image(), Arc::new(Classical::default()))
}

/// Everything about a session that undo must bring back.
fn shown(session: &Session) -> SessionState {
    session.state()
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Add([usize; 3], bool),
    Replace(usize, [usize; 3]),
    Remove(usize),
    Select(u16),
    Lock(u16, bool),
    Clear,
    Undo,
    Redo,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let place = || (0..SIZE[0], 0..SIZE[1], 0..SIZE[2]).prop_map(|(i, j, k)| [i, j, k]);
    let act = prop_oneof![
        4 => (place(), any::<bool>()).prop_map(|(at, positive)| Act::Add(at, positive)),
        1 => (0..3_usize, place()).prop_map(|(n, at)| Act::Replace(n, at)),
        1 => (0..3_usize).prop_map(Act::Remove),
        1 => (1..3_u16).prop_map(Act::Select),
        1 => (1..3_u16, any::<bool>()).prop_map(|(label, locked)| Act::Lock(label, locked)),
        1 => Just(Act::Clear),
        2 => Just(Act::Undo),
        1 => Just(Act::Redo),
    ];
    proptest::collection::vec(act, 1..14)
}

fn perform(session: &mut Session, act: Act) {
    let task = Task::default();
    // Acts that make no sense here are refused and must leave everything as it was.
    let before = shown(session);
    let refused = match act {
        Act::Add(at, positive) => session.add(Prompt::point(at, positive), &task).is_err(),
        Act::Replace(n, at) => session.replace(n, Prompt::point(at, true), &task).is_err(),
        Act::Remove(n) => session.remove(n, &task).is_err(),
        Act::Select(label) => {
            session.select(label);
            false
        }
        Act::Lock(label, locked) => {
            session.set_locked(label, locked);
            false
        }
        Act::Clear => session.clear().is_err(),
        Act::Undo => session.undo().is_none(),
        Act::Redo => session.redo().is_none(),
    };
    if refused {
        assert_eq!(shown(session), before);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn undo_and_redo_walk_the_same_road_both_ways(acts in acts()) {
        let mut session = session();
        for act in acts {
            perform(&mut session, act);
        }
        let last = shown(&session);
        let mut road = vec![last.clone()];
        while session.undo().is_some() {
            road.push(shown(&session));
        }
        prop_assert!(session.state().objects.iter().all(|o| o.prompts.is_empty() && o.mask.is_none()));
        for expected in road.iter().rev().skip(1) {
            prop_assert!(session.redo().is_some());
            prop_assert_eq!(&shown(&session), expected);
        }
        prop_assert!(session.can_undo() || road.len() == 1);
    }
}

#[test]
fn a_cancelled_prompt_leaves_no_trace() {
    let mut session = session();
    session.add(Prompt::point([12, 16, 6], true), &Task::default()).unwrap();
    let before = (shown(&session), session.revision());
    let task = Task::default();
    task.cancel.cancel();
    assert!(session.add(Prompt::point([20, 16, 6], false), &task).unwrap_err().is_cancelled());
    assert_eq!((shown(&session), session.revision()), before);
}

#[test]
fn an_answer_to_an_old_question_is_refused() {
    let mut session = session();
    let task = Task::default();
    let job = session.prepare(vec![Prompt::point([12, 16, 6], true)], &task).unwrap();
    let answer = job.run(&task).unwrap();
    session.add(Prompt::point([27, 16, 6], true), &task).unwrap();
    let before = shown(&session);
    assert!(session.commit(job, answer).is_err());
    assert_eq!(shown(&session), before);
}

#[test]
fn a_locked_object_gives_nothing_away() {
    let task = Task::default();
    let mut session = session();
    session.add(Prompt::point([12, 16, 6], true), &task).unwrap();
    session.set_locked(1, true);
    assert!(session.add(Prompt::point([12, 16, 6], false), &task).is_err());
    let kept = Overlap::of(session.objects()).mask_of(1).unwrap();
    session.select(2);
    session.add(Prompt::point([14, 17, 6], true), &task).unwrap();
    let second = session.prediction().unwrap().mask.clone();
    assert!(kept.count() > 500 && kept.indices().all(|index| !second.get(index)));
    assert_eq!(Overlap::of(session.objects()).mask_of(1).unwrap(), kept);
}

#[test]
fn a_written_session_goes_on_where_it_stopped() {
    let task = Task::default();
    let mut session = session();
    session.add(Prompt::point([12, 16, 6], true), &task).unwrap();
    session.select(7);
    session.add(Prompt::point([27, 16, 6], true), &task).unwrap();
    let text = serde_json::to_string(&session.state()).unwrap();
    let state: SessionState = serde_json::from_str(&text).unwrap();
    let mut reopened = Session::restore(state, image(), Arc::new(Classical::default())).unwrap();
    assert_eq!(shown(&reopened), shown(&session));
    assert_eq!(reopened.active().label, 7);
    reopened.add(Prompt::point([12, 16, 6], false), &task).unwrap();
    session.add(Prompt::point([12, 16, 6], false), &task).unwrap();
    assert_eq!(shown(&reopened), shown(&session));
    let other = Arc::new(volume([8, 8, 8], [1.0; 3], |_| 0.0));
    assert!(Session::restore(session.state(), other, Arc::new(Classical::default())).is_err());
}

#[test]
fn a_run_labels_each_voxel_once_on_the_grid_of_the_picture() {
    let image = image();
    let object = |label, rounds| ObjectPrompts { label, rounds };
    let objects = vec![
        object(300, vec![vec![Prompt::point([12, 16, 6], true)], vec![Prompt::point([12, 18, 6], true)]]),
        object(2, vec![vec![Prompt::point([27, 16, 6], true), Prompt::point([12, 16, 6], false)]]),
    ];
    let (labels, report) = run::segment(&image, objects, Arc::new(Classical::default()), &Task::default()).unwrap();
    assert_eq!(labels.geometry, image.geometry);
    let Samples::U16(values) = labels.samples() else { panic!("label 300 needs 16 bits") };
    let at = |index| values[labels.geometry.linear_index(index)];
    assert_eq!((at([12, 16, 6]), at([27, 16, 6]), at([1, 1, 1])), (300, 2, 0));
    assert_eq!(report.objects[0].rounds.len(), 2);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["schema"], "limner.segment/1");
    assert!(json["objects"][1]["rounds"][0]["changed_box"]["min"].is_array());
}
