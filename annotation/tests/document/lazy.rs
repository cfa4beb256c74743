//! A project whose rows are read when they are looked at gives the same answers as one that is read whole.

use crate::play::{Move, Player, commands_to_begin_with, image, stage_all};
use limner_annotation::command::Command;
use limner_annotation::exchange;
use limner_annotation::store::Loading;
use limner_annotation::{Error, Form, Kind, Project, Query, Shape, Slice};
use limner_imaging::{Geometry, Samples, Task, Volume, World};
use std::path::{Path, PathBuf};

fn worked_on(folder: &Path, seed: u64) -> PathBuf {
    let path = folder.join(format!("{seed}.limner"));
    let mut project = Project::create(&path, "lazy", "reader").unwrap();
    project.document_mut().apply("Start", commands_to_begin_with()).unwrap();
    let mut player = Player::new(seed);
    for _ in 0..40 {
        if let Move::Step(commands) = player.next_move(project.document().contents()) {
            project.document_mut().begin("step").unwrap();
            stage_all(project.document_mut(), commands);
            project.document_mut().commit().unwrap();
        }
    }
    project.close().unwrap();
    path
}

#[test]
fn reading_on_demand_finds_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for seed in 0..6 {
        let path = worked_on(folder.path(), seed);
        let whole = Project::open_with(&path, Loading::Whole).unwrap().document().contents().clone();
        let project = Project::open_with(&path, Loading::OnDemand).unwrap();
        let document = project.document();
        for kind in Kind::ALL {
            let found = |contents: &limner_annotation::Contents| contents.find(&Query::of(*kind)).unwrap();
            assert_eq!(found(document), found(&whole), "{kind}");
            for label in whole.labels() {
                let query = Query::of(*kind).mentioning(label.id).by("reader");
                assert_eq!(document.find(&query).unwrap(), whole.find(&query).unwrap());
                let none = Query::of(*kind).mentioning(label.id).by("nobody");
                assert!(document.find(&none).unwrap().is_empty());
            }
            let late = Query::of(*kind).after(limner_annotation::Revision(20));
            assert_eq!(document.find(&late).unwrap(), whole.find(&late).unwrap());
        }
        for shape in whole.shapes() {
            assert_eq!(document.shape(shape.id), Some(shape));
        }
        assert_eq!(document.contents(), &whole);
    }
}

#[test]
fn a_snapshot_is_of_its_moment_also_where_it_was_not_read_yet() {
    let folder = tempfile::tempdir().unwrap();
    for seed in 10..16 {
        let path = worked_on(folder.path(), seed);
        let before = Project::open_with(&path, Loading::Whole).unwrap().document().contents().clone();
        let mut project = Project::open_with(&path, Loading::OnDemand).unwrap();
        let snapshot = project.document().contents().clone();
        let mut player = Player::new(seed + 100);
        // Random work, made up from the whole state so that making it up reads nothing of this one.
        for _ in 0..5 {
            if let Move::Step(commands) = player.next_move(&before) {
                project.document_mut().begin("step").unwrap();
                for command in commands {
                    // What no longer fits is refused.
                    let _ = project.document_mut().stage(command);
                }
                project.document_mut().commit().unwrap();
            }
        }
        let after = project.document().contents().clone();
        project.close().unwrap();
        let again = Project::open_with(&path, Loading::Whole).unwrap();
        assert_eq!(snapshot, before, "seed {seed}");
        assert_eq!(again.document().contents(), &after);
        drop((snapshot, after));
        assert_eq!(again.verify().unwrap(), Vec::<String>::new());
        let mut again = again;
        while again.document_mut().undo().unwrap().is_some() {}
        assert_eq!(again.document().contents(), &limner_annotation::Contents::default());
    }
}

#[test]
fn a_row_that_cannot_be_read_stops_all_further_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.limner");
    let mut project = Project::create(&path, "damaged", "reader").unwrap();
    let images = [image([20, 20, 2], "good"), image([20, 20, 2], "bad")];
    let shape = |n: usize, text: &str| {
        let form = Form::Box2d { slice: Slice::stored(0), min: [1.0, 1.0], max: [5.0, 5.0] };
        Shape { text: Some(text.into()), ..Shape::new(images[n].id, form, None) }
    };
    let shapes = [shape(0, "kept well"), shape(1, "spoiled here")];
    let mut commands: Vec<_> = images.iter().cloned().map(Command::put).collect();
    commands.extend(shapes.iter().cloned().map(Command::put));
    project.document_mut().apply("Start", commands).unwrap();
    project.compact().unwrap();
    project.close().unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(12).position(|window| window == b"spoiled here").unwrap();
    bytes[at] = b'S';
    std::fs::write(&path, bytes).unwrap();
    assert!(matches!(Project::open(&path), Err(Error::Damaged { .. })), "a small project is checked whole");
    let mut project = Project::open_with(&path, Loading::OnDemand).unwrap();
    assert_eq!(project.document().shapes_on(images[0].id).count(), 1);
    assert!(project.fault().is_none());
    assert_eq!(project.document().shapes_on(images[1].id).count(), 0);
    assert!(project.fault().unwrap().to_string().contains("checksum"));
    let more = shape(0, "more");
    assert!(matches!(project.document_mut().apply("More", vec![Command::put(more)]), Err(Error::Unreadable { .. })));
    assert!(!project.verify().unwrap().is_empty());
    drop(project);
    // A data set without what could not be read would be a lie.
    let again = Project::open_with(&path, Loading::OnDemand).unwrap();
    let pictures = |_: &limner_annotation::ImageEntry, _: &Task| -> limner_annotation::Result<Volume> {
        let geometry = Geometry::axis_aligned([20, 20, 2], World::default(), [1.0; 3])?;
        Ok(Volume::new(geometry, Samples::U8(vec![0; 800]), 1)?)
    };
    for format in ["native", "coco-instances", "measurements-csv"] {
        let (format, out) = (exchange::by_name(format).unwrap(), folder.path().join(format));
        let options = exchange::Options::default();
        let written = exchange::export(format, again.document(), &pictures, &out, &options, &Task::default());
        let error = written.map(drop).unwrap_err().to_string();
        assert!(error.contains("checksum"), "{error}");
        assert!(!out.exists());
    }
}
