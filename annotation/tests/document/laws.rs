//! Laws that hold whatever a user does: abort, undo, redo, undo of everything and reopening restore the exact state.

use crate::play::{Move, Player, check_invariants, commands_to_begin_with, image, stage_all};
use crate::share::{assignment, rater};
use limner_annotation::records::{Assignment, Protocol, ProtocolKind};
use limner_annotation::{Command, Contents, Document, Label, Project, Revision};

/// So many that more than 100,000 commands are tried.
const SEQUENCES: u64 = 1800;

/// Sequences to try; more where LIMNER_LAW_SEQUENCES says so.
fn sequences(usual: u64) -> u64 {
    std::env::var("LIMNER_LAW_SEQUENCES").ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

/// The states a user could undo to and redo to, as a plain model of history.
#[derive(Default)]
struct Model {
    past: Vec<Contents>,
    now: Contents,
    future: Vec<Contents>,
}

impl Model {
    fn play(&mut self, document: &mut Document, step: Move) {
        let revision = document.revision();
        match step {
            Move::Step(commands) => {
                document.begin("step").unwrap();
                stage_all(document, commands);
                let committed = document.commit().unwrap();
                assert_eq!(
                    committed,
                    (document.contents() != &self.now || committed.is_some()).then(|| revision.next())
                );
                if committed.is_some() {
                    self.past.push(std::mem::replace(&mut self.now, document.contents().clone()));
                    self.future.clear();
                }
            }
            Move::Abort(commands) => {
                document.begin("never").unwrap();
                stage_all(document, commands);
                document.abort().unwrap();
                assert_eq!(document.revision(), revision);
            }
            Move::Undo => {
                assert_eq!(document.can_undo().is_some(), !self.past.is_empty());
                if document.undo().unwrap().is_some() {
                    let past = self.past.pop().unwrap();
                    self.future.push(std::mem::replace(&mut self.now, past));
                }
            }
            Move::Redo => {
                assert_eq!(document.can_redo().is_some(), !self.future.is_empty());
                if document.redo().unwrap().is_some() {
                    let future = self.future.pop().unwrap();
                    self.past.push(std::mem::replace(&mut self.now, future));
                }
            }
        }
        assert_eq!(document.contents(), &self.now);
    }
}

#[test]
fn undo_and_redo_restore_the_exact_state() {
    let mut staged = 0;
    for seed in 0..sequences(SEQUENCES) {
        let mut document = Document::new("reader");
        let mut model = Model::default();
        model.play(&mut document, Move::Step(commands_to_begin_with()));
        let mut player = Player::new(seed);
        for _ in 0..40 {
            let next = player.next_move(document.contents());
            if let Move::Step(commands) | Move::Abort(commands) = &next {
                staged += commands.len();
            }
            model.play(&mut document, next);
        }
        let last = document.contents().clone();
        let mut steps = 0;
        while document.undo().unwrap().is_some() {
            steps += 1;
        }
        assert_eq!(document.contents(), &Contents::default());
        assert!(!document.is_modified(), "nothing is left that was not there at the start");
        for _ in 0..steps {
            document.redo().unwrap();
        }
        assert_eq!(document.contents(), &last);
    }
    println!("{staged} commands");
    assert!(staged > 100_000 || sequences(SEQUENCES) < SEQUENCES, "only {staged} commands were tried");
}

#[test]
fn a_reopened_project_is_the_same_and_undoes_as_far_back() {
    let folder = tempfile::tempdir().unwrap();
    for seed in 0..sequences(60) / 6 {
        let path = folder.path().join(format!("{seed}.limner"));
        let mut project = Project::create(&path, "laws", "reader").unwrap();
        // Nearly everything must be read back from the store.
        project.document_mut().set_history_budget(2000);
        let mut model = Model::default();
        model.play(project.document_mut(), Move::Step(commands_to_begin_with()));
        let mut player = Player::new(1_000_000 + seed);
        for n in 0..30 {
            let next = player.next_move(project.document().contents());
            model.play(project.document_mut(), next);
            if n % 10 == 9 {
                let revision = project.document().revision();
                project.close().unwrap();
                project = Project::open(&path).unwrap();
                assert_eq!(project.document().revision(), revision);
                assert_eq!(project.acknowledged(), revision);
                assert_eq!(project.document().contents(), &model.now);
                check_invariants(project.document().contents());
                assert_eq!(project.verify().unwrap(), Vec::<String>::new());
            }
        }
        for past in model.past.iter().rev() {
            assert!(project.document_mut().undo().unwrap().is_some());
            assert_eq!(project.document().contents(), past);
        }
        assert_eq!(project.document_mut().undo().unwrap(), None);
        let log = project.log().unwrap();
        assert_eq!(log.last().map(|entry| entry.revision), Some(project.document().revision()));
        assert!(log.iter().all(|entry| entry.info.by == "reader" && entry.info.at > jiff::Timestamp::UNIX_EPOCH));
        assert_eq!(log.first().map(|entry| entry.revision), Some(Revision(1)));
    }
}

/// Opening a picture and counting the time are nobody's acts: undo and redo go on as if they had not happened, and what
/// they noted stays.
#[test]
fn what_the_program_notes_by_itself_is_passed_over_by_undo_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("quiet.limner");
    let mut project = Project::create(&path, "laws", "reader").unwrap();
    let document = project.document_mut();
    let rater = rater("reader");
    let protocol = Protocol::new("Annotation", ProtocolKind::Annotation);
    let image = |title: &str| vec![Command::AddImage { image: image([9, 8, 2], title) }];
    document.apply_quietly("Add image", image("first")).unwrap();
    assert_eq!(document.can_undo(), None, "to open a picture is nothing to take back");
    let label = Label::new(1, "liver");
    document.apply("New label", vec![Command::AddLabel { label: label.clone() }]).unwrap();
    document.apply("Judge", vec![Command::put(rater.clone()), Command::put(protocol.clone())]).unwrap();
    let first = document.images().next().unwrap().id;
    document.apply_quietly("Time", vec![Command::put(assignment(&protocol, &rater, first, 0))]).unwrap();
    document.apply_quietly("Add image", image("second")).unwrap();

    assert_eq!(document.undo().unwrap().as_deref(), Some("Judge"));
    assert_eq!(document.all::<Assignment>().count(), 1);
    assert!(document.problems().is_empty(), "{:?}", document.problems());
    assert_eq!(document.undo().unwrap().as_deref(), Some("New label"));
    document.apply_quietly("Add image", image("third")).unwrap();
    assert_eq!(document.redo().unwrap().as_deref(), Some("New label"), "a note does not end what can be done again");
    assert_eq!(document.labels(), [&label]);
    assert_eq!(document.redo().unwrap().as_deref(), Some("Judge"));
    assert_eq!(document.images().count(), 3);
    let now = document.contents().clone();
    project.close().unwrap();

    let mut project = Project::open(&path).unwrap();
    assert_eq!(project.document().contents(), &now);
    assert_eq!(project.verify().unwrap(), Vec::<String>::new());
    assert_eq!(project.document_mut().undo().unwrap().as_deref(), Some("Judge"));
    assert_eq!(project.document_mut().undo().unwrap().as_deref(), Some("New label"));
    assert_eq!(project.document_mut().undo().unwrap(), None);
    assert_eq!(project.document().images().count(), 3);
}
