//! A target folder is whole or not there; nothing names the patient; nothing lies outside.

use crate::sample::{self, all_under};
use limner_annotation::exchange::{Options, Receipt, by_name, export};
use limner_annotation::{Error, ImageEntry};
use limner_imaging::{Task, Volume};

#[test]
fn an_export_is_whole_checked_and_the_same_each_time() {
    let sample = sample::project();
    let folder = tempfile::tempdir().unwrap();
    for exchange in sample::formats_for(&sample.document) {
        let (a, b) = (folder.path().join(format!("{}-a", exchange.name())), folder.path().join("b"));
        let task = Task::default();
        let receipt = export(exchange, &sample.document, &sample::load, &a, &Options::default(), &task).unwrap();
        assert!(receipt.self_check.pass && !receipt.files.is_empty());
        let (read, problems) = Receipt::check(&a).unwrap();
        assert_eq!((read, problems), (receipt, Vec::new()));
        std::fs::create_dir(&b).unwrap();
        export(exchange, &sample.document, &sample::load, &b, &Options::default(), &task).unwrap();
        let (files_a, files_b) = (all_under(&a), all_under(&b));
        assert_eq!(files_a.len(), files_b.len());
        for (a, b) in files_a.iter().zip(&files_b) {
            assert_eq!(std::fs::read(a).unwrap(), std::fs::read(b).unwrap(), "{}", a.display());
        }
        let again = export(exchange, &sample.document, &sample::load, &b, &Options::default(), &task);
        assert!(matches!(again, Err(Error::Export { .. })), "a full folder is not written into");
        let data = files_a.iter().find(|file| file.file_name().unwrap() != "limner-receipt.json").unwrap();
        std::fs::write(data, "changed").unwrap();
        assert_eq!(Receipt::check(&a).unwrap().1.len(), 1);
        std::fs::remove_dir_all(&b).unwrap();
    }
}

#[test]
fn no_name_of_a_patient_leaves_unless_asked() {
    let sample = sample::project();
    let folder = tempfile::tempdir().unwrap();
    for exchange in sample::formats_for(&sample.document) {
        let out = folder.path().join(exchange.name());
        export(exchange, &sample.document, &sample::load, &out, &Options::default(), &Task::default()).unwrap();
        for file in all_under(&out) {
            let bytes = std::fs::read(&file).unwrap();
            assert!(!bytes.windows(4).any(|w| w == b"DOE^"), "{}", file.display());
            assert!(!file.to_string_lossy().contains("DOE"));
        }
    }
    let beside: Vec<_> = std::fs::read_dir(folder.path()).unwrap().flatten().map(|e| e.file_name()).collect();
    assert_eq!(beside.len(), sample::formats_for(&sample.document).len(), "nothing beside the targets: {beside:?}");
    let out = folder.path().join("named");
    let options = Options { keep_identity: true, ..Options::default() };
    export(by_name("nifti").unwrap(), &sample.document, &sample::load, &out, &options, &Task::default()).unwrap();
    assert!(std::fs::read_to_string(out.join("labels.json")).unwrap().contains("DOE"));
}

/// Whoever has the folder alone can find the picture of a file again, by its samples; by its name only where that was asked.
#[test]
fn a_receipt_says_which_image_each_case_is() {
    let sample = sample::project();
    let folder = tempfile::tempdir().unwrap();
    for exchange in sample::formats_for(&sample.document) {
        for keep_identity in [false, true] {
            let out = folder.path().join(format!("{}-{keep_identity}", exchange.name()));
            let options = Options { keep_identity, ..Options::default() };
            export(exchange, &sample.document, &sample::load, &out, &options, &Task::default()).unwrap();
            let (receipt, _) = Receipt::check(&out).unwrap();
            assert!(Receipt::lies_in(&out) && !Receipt::lies_in(folder.path()));
            for (n, (case, image)) in receipt.cases.iter().zip(sample.document.images()).enumerate() {
                assert_eq!((case.image, &case.sha256_samples), (image.id, &image.sha256));
                assert_eq!(case.case, format!("case_{:05}", n + 1));
                assert_eq!(case.title.is_some() && case.source.is_some(), keep_identity);
            }
            assert_eq!(receipt.cases.len(), 3, "{}", exchange.name());
            assert!(!receipt.written_cases().is_empty());
        }
    }
}

#[test]
fn what_fails_or_is_cancelled_leaves_nothing() {
    let sample = sample::project();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let coco = by_name("coco-instances").unwrap();
    let cancelling = |image: &ImageEntry, task: &Task| {
        task.cancel.cancel();
        sample::load(image, task)
    };
    let cancelled = export(coco, &sample.document, &cancelling, &out, &Options::default(), &Task::default());
    assert!(matches!(cancelled, Err(Error::Imaging(limner_imaging::Error::Cancelled))));
    let last = sample.images[2];
    let failing = move |image: &ImageEntry, task: &Task| -> limner_annotation::Result<Volume> {
        if image.id == last { Err(Error::refused("gone")) } else { sample::load(image, task) }
    };
    assert!(export(coco, &sample.document, &failing, &out, &Options::default(), &Task::default()).is_err());
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().flatten().map(|e| e.file_name()).collect();
    assert!(left.is_empty(), "{left:?}");
}
