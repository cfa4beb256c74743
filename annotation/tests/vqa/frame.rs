//! Questions as entities of a project: stored, written by `vqa:` formats with their pictures, and read into another project.

use crate::generate::{load, project};
use limner_annotation::exchange::{Exchange, Holds, Options, Reading, Receipt, apply, by_name, dry_run, export, read};
use limner_annotation::question::generate::{Plan, generate};
use limner_annotation::question::{Dialogue, Question, Status};
use limner_annotation::{Command, Document, ImageEntry, Result};
use limner_imaging::{Task, formats};
use std::path::Path;

/// A project whose generated questions a reviewer has accepted, but for one.
fn reviewed() -> Document {
    let (mut document, images) = project();
    let plan = Plan { seed: 4, pairs: vec![[images[0], images[1]]], ..Plan::default() };
    let book = generate(&document, Some(&load), &plan, &Task::default()).unwrap();
    let sets = book.image_sets.values().cloned().map(Command::put);
    let accepted = book.questions.values().enumerate().map(|(n, question)| {
        let status = if n == 0 { Status::Proposed } else { Status::Accepted };
        Command::put(Question { status, ..question.clone() })
    });
    let commands = sets.chain(accepted).collect();
    document.apply("Review", commands).unwrap();
    document
}

fn format(name: &str) -> &'static dyn Exchange {
    by_name(name).unwrap()
}

#[test]
fn questions_are_kept_undone_and_refused_like_anything_else() {
    let mut document = reviewed();
    let count = document.all::<Question>().count();
    assert!(count > 40);
    document.undo().unwrap();
    assert_eq!(document.all::<Question>().count(), 0);
    document.redo().unwrap();
    let mut broken = document.all::<Question>().next().unwrap().clone();
    broken.answer.keys = vec!["nowhere".into()];
    assert!(document.apply("Break", vec![Command::put(broken)]).is_err());
    assert_eq!(document.all::<Question>().count(), count);
}

#[test]
fn accepted_questions_leave_with_their_pictures_and_come_back() {
    let document = reviewed();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("set");
    let (swift, options) = (format("vqa:ms-swift"), Options::default());
    let run = dry_run(swift, document.contents(), &options);
    let left_out = run.lossy.iter().find(|lossy| lossy.field == "questions without a place").unwrap();
    assert!(left_out.count > 5 && left_out.example.contains("one slice of it is written"), "{left_out:?}");
    let accepted = document.all::<Question>().count() - 1;
    assert_eq!(run.records + left_out.count, accepted, "what waits for review stays");
    let receipt = export(swift, document.contents(), &load, &out, &options, &Task::default()).unwrap();
    let written = std::fs::read_to_string(out.join("train.jsonl")).unwrap();
    assert!(!written.contains("What is the volume of") && written.contains("What is the area of"), "{written}");
    assert!(receipt.self_check.pass && receipt.files.iter().any(|file| file.path == "images/000001.png"));
    assert_eq!(Receipt::check(&out).unwrap().1, Vec::<String>::new());

    let mut other = Document::new("importer");
    let task = Task::default();
    let pictures = |path: &Path, task: &Task| -> Result<ImageEntry> {
        Ok(ImageEntry::of_volume(&formats::open_single(path, task)?, path.to_string_lossy(), "picture"))
    };
    let reading = Reading { contents: other.contents(), path: &out, pictures: &pictures, task: &task };
    let found = read(swift, &reading).unwrap();
    assert_eq!((found.records, found.warnings.len()), (run.records, 0));
    apply(swift, &mut other, found).unwrap();
    assert_eq!(other.all::<Dialogue>().count(), run.records);
    let boxes = |text: &str| text.matches("<bbox>").count();
    let pointed: usize = other.all::<Dialogue>().flat_map(|d| &d.turns).map(|turn| boxes(&turn.text)).sum();
    assert_eq!(other.shapes().count(), pointed);
    assert!(pointed > 20, "{pointed}");
}

#[test]
fn a_volume_is_asked_where_the_format_names_the_whole_image() {
    let document = reviewed();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("set");
    let deeptumor = format("vqa:deeptumorvqa");
    export(deeptumor, document.contents(), &load, &out, &Options::default(), &Task::default()).unwrap();
    let written = std::fs::read_to_string(out.join("benchmark/test_qa.jsonl")).unwrap();
    assert!(written.contains("What is the volume of the liver in mL?"), "{written}");
}

#[test]
fn boxes_are_written_as_asked_and_a_wrong_name_is_refused() {
    let document = reviewed();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, choice: &str| {
        let options = Options { set: [("boxes".to_owned(), choice.to_owned())].into(), ..Options::default() };
        let out = folder.path().join(format!("{choice}{}", name.len()));
        export(format(name), document.contents(), &load, &out, &options, &Task::default()).map(|_| out)
    };
    let florence = std::fs::read_to_string(write("vqa:llava", "florence-2").unwrap().join("train.json")).unwrap();
    assert!(florence.contains("<loc_") && !florence.contains("bbox_2d"));
    let error = write("vqa:llava", "crayons").unwrap_err().to_string();
    assert!(error.contains("crayons") && error.contains("qwen3-vl"), "{error}");
}

#[test]
fn every_question_format_is_offered_and_says_what_it_holds() {
    let profiles = limner_annotation::exchange::vqa::profile::PROFILES;
    for profile in profiles {
        assert_eq!(format(profile.name()).holds(), Holds::Questions);
    }
    let document = reviewed();
    for name in ["vqa:gemex", "vqa:deeptumorvqa", "vqa:medvision", "vqa:vlmevalkit", "vqa:nova"] {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let receipt = export(format(name), document.contents(), &load, &out, &Options::default(), &Task::default());
        assert!(receipt.unwrap().files.len() > 1, "{name}");
    }
}
