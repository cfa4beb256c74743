//! An export that is interrupted can be gone on with: what was done stays done, and the outcome is that of one in one go.

use crate::sample;
use limner_annotation::exchange::{Options, Receipt, by_name, export};
use limner_annotation::{Command, Error, ImageEntry, Label};
use limner_imaging::{Task, Volume};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

fn hidden(home: &Path) -> usize {
    std::fs::read_dir(home).unwrap().flatten().filter(|e| e.file_name().to_string_lossy().starts_with('.')).count()
}

#[test]
fn what_was_done_before_an_interruption_is_not_done_again() {
    for name in ["nnunet", "stacks", "yolo-detect"] {
        let sample = sample::project();
        let home = tempfile::tempdir().unwrap();
        let (out, whole) = (home.path().join("out"), home.path().join("whole"));
        let format = by_name(name).unwrap();
        let options = Options { resume: true, ..Options::default() };
        let loads = AtomicUsize::new(0);
        let last = sample.images[2];
        // The third image cannot be read the first time.
        let failing = |image: &ImageEntry, task: &Task| -> limner_annotation::Result<Volume> {
            loads.fetch_add(1, Ordering::Relaxed);
            if image.id == last { Err(Error::refused("gone")) } else { sample::load(image, task) }
        };
        assert!(export(format, &sample.document, &failing, &out, &options, &Task::default()).is_err());
        assert!(!out.exists() && hidden(home.path()) == 1, "{name}: what was done is beside the target");
        let before = loads.load(Ordering::Relaxed);
        let counting = |image: &ImageEntry, task: &Task| {
            loads.fetch_add(1, Ordering::Relaxed);
            sample::load(image, task)
        };
        let receipt = export(format, &sample.document, &counting, &out, &options, &Task::default()).unwrap();
        // Pictures of several images are made at once: the failure may have stopped one that had begun.
        let again = loads.load(Ordering::Relaxed) - before;
        assert!((1..3).contains(&again), "{name}: {again} images were read again");
        assert_eq!(hidden(home.path()), 0);
        assert_eq!(Receipt::check(&out).unwrap().1, Vec::<String>::new());
        let at_once = export(format, &sample.document, &sample::load, &whole, &Options::default(), &Task::default());
        let at_once = at_once.unwrap();
        assert_eq!((receipt.files, receipt.self_check), (at_once.files, at_once.self_check), "{name}");
    }
}

#[test]
fn another_state_of_the_project_is_not_mixed_in_and_spoiled_pieces_are_made_again() {
    let mut sample = sample::project();
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("out");
    let format = by_name("nnunet").unwrap();
    let options = Options { resume: true, ..Options::default() };
    let last = sample.images[2];
    let failing = |image: &ImageEntry, task: &Task| -> limner_annotation::Result<Volume> {
        if image.id == last { Err(Error::refused("gone")) } else { sample::load(image, task) }
    };
    assert!(export(format, &sample.document, &failing, &out, &options, &Task::default()).is_err());
    let partial = home.path().join(".out.unfinished");
    let spoiled = partial.join("Dataset001_Limner/labelsTr/case_00001.nii.gz");
    std::fs::write(&spoiled, "half").unwrap();
    // A line that was being written when the machine went down.
    let list = partial.join(".limner-pieces.jsonl");
    let text = std::fs::read_to_string(&list).unwrap();
    std::fs::write(&list, format!("{text}{{\"name\":\"case_0")).unwrap();

    sample.document.apply("Change", vec![Command::AddLabel { label: Label::new(9, "new") }]).unwrap();
    let other = export(format, &sample.document, &sample::load, &out, &options, &Task::default()).unwrap_err();
    assert!(other.to_string().contains("another state"), "{other}");
    sample.document.undo().unwrap();
    export(format, &sample.document, &sample::load, &out, &options, &Task::default()).unwrap();
    assert_eq!(Receipt::check(&out).unwrap().1, Vec::<String>::new());
}
