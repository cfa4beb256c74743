//! One writer, many readers, clear words when a file is not what it should be.

use crate::play::{Player, commands_to_begin_with, stage_all};
use limner_annotation::command::Command;
use limner_annotation::{Error, Label, Project, Revision, StepInfo};
use std::path::{Path, PathBuf};

fn project_with_work(folder: &Path) -> (PathBuf, Project) {
    let path = folder.join("work.limner");
    let mut project = Project::create(&path, "work", "reader").unwrap();
    project.document_mut().apply("Start", commands_to_begin_with()).unwrap();
    let mut player = Player::new(7);
    for n in 0..20 {
        project.document_mut().begin(&format!("Step {n}")).unwrap();
        if let crate::play::Move::Step(commands) = player.next_move(project.document().contents()) {
            stage_all(project.document_mut(), commands);
        }
        project.document_mut().commit().unwrap();
    }
    project.wait_until_synced().unwrap();
    (path, project)
}

#[test]
fn a_second_opener_is_told_and_may_look() {
    let folder = tempfile::tempdir().unwrap();
    let (path, mut project) = project_with_work(folder.path());
    let error = Project::open(&path).unwrap_err();
    assert!(matches!(&error, Error::InUse { by, .. } if by == &format!("process {}", std::process::id())), "{error}");
    let mut looking = Project::open_read_only(&path).unwrap();
    assert_eq!(looking.document().contents(), project.document().contents());
    assert!(matches!(looking.document_mut().begin("no"), Err(Error::ReadOnly)));
    assert!(matches!(looking.document_mut().undo(), Err(Error::ReadOnly)));
    assert!(matches!(looking.compact(), Err(Error::ReadOnly)));
    // The reader sees its moment while the writer goes on.
    let label = Label::new(99, "later");
    project.document_mut().apply("Later", vec![Command::AddLabel { label }]).unwrap();
    project.wait_until_synced().unwrap();
    assert!(looking.document().label_of_value(99).is_none());
    drop(project);
    assert!(Project::open(&path).unwrap().document().label_of_value(99).is_some());
}

#[test]
fn a_closed_project_opens_where_nothing_can_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let (path, project) = project_with_work(folder.path());
    let contents = project.document().contents().clone();
    project.close().unwrap();
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().flatten().map(|e| e.file_name()).collect();
    assert!(!names.iter().any(|n| n.to_string_lossy().ends_with("-wal")), "closing leaves one file: {names:?}");
    let looking = Project::open_read_only(&path).unwrap();
    assert_eq!(looking.document().contents(), &contents);
}

#[test]
fn what_is_no_project_is_named_so_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.limner");
    std::fs::write(&text, "not a database, just a long enough text to be read as a header of one".repeat(40)).unwrap();
    assert!(matches!(Project::open(&text), Err(Error::NotAProject { .. })));
    let empty = folder.path().join("empty.limner");
    std::fs::write(&empty, "").unwrap();
    assert!(matches!(Project::open(&empty), Err(Error::NotAProject { .. })));
    assert!(matches!(Project::open(&folder.path().join("none.limner")), Err(Error::Io { .. })));
    assert!(Project::create(&empty, "x", "y").is_err());
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().flatten().map(|e| e.file_name()).collect();
    assert!(names.contains(&"notes.limner".into()) && !names.contains(&"notes.limner.lock".into()), "{names:?}");
}

#[test]
fn the_log_says_who_when_and_with_what() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.limner");
    let mut project = Project::create(&path, "log", "reader-1").unwrap();
    let prompts = serde_json::json!([{"type": "point", "at": [1.5, 2.0, 3.0]}]);
    let info =
        StepInfo::named("Segment liver").with_model("embedded 1").with_tool("point").with_prompts(prompts.clone());
    project.document_mut().apply_step(info, commands_to_begin_with()).unwrap();
    project.document_mut().set_author("reader-2");
    project.document_mut().undo().unwrap();
    project.document_mut().redo().unwrap();
    let log = project.log().unwrap();
    let lines: Vec<_> = log.iter().map(|e| (e.revision, e.command.as_str(), e.info.by.as_str())).collect();
    assert_eq!(
        lines,
        [
            (Revision(1), "add_image add_label", "reader-1"),
            (Revision(2), "undo", "reader-2"),
            (Revision(3), "redo", "reader-2")
        ]
    );
    assert_eq!(log[0].info.prompts, Some(prompts));
    assert_eq!(log[0].info.model.as_deref(), Some("embedded 1"));
}

#[test]
fn a_flipped_bit_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let (path, project) = project_with_work(folder.path());
    let contents = project.document().contents().clone();
    project.compact().unwrap();
    project.close().unwrap();
    let good = std::fs::read(&path).unwrap();
    let mut noticed = 0;
    for n in 0..40 {
        let mut bad = good.clone();
        let at = 4096 + (good.len() - 4096) * n / 40 + n;
        bad[at] ^= 1 << (n % 8);
        std::fs::write(&path, &bad).unwrap();
        // Either the flip hit what nobody reads, or it is reported; never another state.
        match Project::open_read_only(&path) {
            Ok(opened) => {
                let problems = opened.verify().unwrap();
                if problems.is_empty() {
                    assert_eq!(opened.document().contents(), &contents, "byte {at}");
                } else {
                    noticed += 1;
                }
            }
            Err(Error::Damaged { .. } | Error::Store { .. } | Error::NotAProject { .. }) => noticed += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(noticed > 4, "only {noticed} of 40 flips were noticed");
}

#[test]
fn a_damaged_project_is_replayed_as_far_as_it_is_sound() {
    let folder = tempfile::tempdir().unwrap();
    let (path, project) = project_with_work(folder.path());
    let contents = project.document().contents().clone();
    let log = project.log().unwrap();
    project.compact().unwrap();
    project.close().unwrap();
    let whole = folder.path().join("whole.limner");
    let recovered = Project::recover(&path, &whole).unwrap();
    assert_eq!((recovered.revision, recovered.stopped_by), (log.last().unwrap().revision, None));
    let opened = Project::open(&whole).unwrap();
    assert_eq!(opened.document().contents(), &contents);
    assert_eq!(opened.log().unwrap(), log);
    let good = std::fs::read(&path).unwrap();
    let (mut followed, mut stopped) = (0, 0);
    for n in 0..40 {
        let mut bad = good.clone();
        let at = 4096 + (good.len() - 4096) * n / 40 + n;
        bad[at..at + 3].iter_mut().for_each(|byte| *byte ^= 0x55);
        std::fs::write(&path, &bad).unwrap();
        let to = folder.path().join(format!("recovered {n}.limner"));
        let Ok(recovered) = Project::recover(&path, &to) else { continue };
        let opened = Project::open(&to).unwrap();
        assert_eq!(opened.document().revision(), recovered.revision);
        assert_eq!(opened.verify().unwrap(), Vec::<String>::new());
        match recovered.stopped_by {
            None => {
                followed += 1;
                assert_eq!(opened.document().contents(), &contents);
            }
            Some(_) => stopped += 1,
        }
        assert_eq!(opened.log().unwrap(), log[..recovered.revision.0 as usize]);
    }
    assert!(followed > 5 && stopped > 0, "{followed} followed, {stopped} stopped");
}

#[test]
fn steps_missing_from_a_file_put_back_are_made_known() {
    let folder = tempfile::tempdir().unwrap();
    let (path, project) = project_with_work(folder.path());
    project.close().unwrap();
    let older = std::fs::read(&path).unwrap();
    let mut project = Project::open(&path).unwrap();
    assert!(project.notices().is_empty());
    for value in 900..903 {
        let label = Label::new(value, "new");
        project.document_mut().apply("Add", vec![Command::AddLabel { label }]).unwrap();
    }
    project.close().unwrap();
    std::fs::write(&path, older).unwrap();
    let project = Project::open(&path).unwrap();
    assert_eq!(project.notices().len(), 1);
    assert!(project.notices()[0].text.contains("last 3 steps"), "{:?}", project.notices());
}

#[test]
fn a_backup_made_while_working_opens_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (_, mut project) = project_with_work(folder.path());
    let copy = folder.path().join("copy.limner");
    let contents = project.document().contents().clone();
    project.backup(&copy).unwrap();
    project.document_mut().undo().unwrap();
    assert!(project.backup(&copy).is_err(), "a backup does not replace a file");
    let opened = Project::open(&copy).unwrap();
    assert_eq!(opened.document().contents(), &contents);
    assert_eq!(opened.verify().unwrap(), Vec::<String>::new());
}

#[test]
fn a_project_that_is_given_another_name_keeps_it_and_is_otherwise_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (path, mut project) = project_with_work(folder.path());
    let (contents, revision) = (project.document().contents().clone(), project.document().revision());
    project.rename("liver \u{201c}trial\u{201d}").unwrap();
    assert_eq!(project.meta().name, "liver \u{201c}trial\u{201d}");
    project.close().unwrap();
    let mut again = Project::open_read_only(&path).unwrap();
    assert_eq!(again.meta().name, "liver \u{201c}trial\u{201d}");
    assert_eq!((again.document().contents(), again.document().revision()), (&contents, revision));
    assert_eq!(again.verify().unwrap(), Vec::<String>::new());
    assert!(matches!(again.rename("other"), Err(Error::ReadOnly)));
}
