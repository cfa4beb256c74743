//! What was given out is kept in the project as it was given out, and no other data can bear its version.

use crate::sample;
use limner_annotation::entity::{StudyId, SubjectId};
use limner_annotation::exchange::{Options, Split, by_name, check_version, export, record_release};
use limner_annotation::records::{self, Release, Study, Subject};
use limner_annotation::{Command, Document, ImageId};
use limner_imaging::Task;

/// A subject of its own for each image.
fn subjects(document: &mut Document, images: &[ImageId]) {
    let mut commands = Vec::new();
    for (n, image) in images.iter().enumerate() {
        let (sex, age, attributes) = (None, None, Default::default());
        let subject = Subject { id: SubjectId::new(), pseudonym: format!("s{n}"), sex, age, attributes };
        let (indication, history, diagnosis) = (None, None, None);
        let (time_point, days, images) = (None, None, vec![*image]);
        let (id, of) = (StudyId::new(), subject.id);
        commands.push(Command::put(subject));
        let study = Study { id, subject: of, images, time_point, days, indication, history, diagnosis };
        commands.push(Command::put(study));
    }
    document.apply("Subjects", commands).unwrap();
}

#[test]
fn an_export_is_kept_as_a_release() {
    let sample::Sample { mut document, images } = sample::project();
    subjects(&mut document, &images);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("set");
    let split = Some(Split::parse("train=0.67,test=0.33", 5).unwrap());
    let options = Options { split, images: Some(images[..2].to_vec()), ..Options::default() };
    let format = by_name("hf-imagefolder").unwrap();
    let receipt = export(format, &document, &sample::load, &out, &options, &Task::default()).unwrap();
    let before = document.contents().clone();
    let revision = document.revision();
    assert!(record_release(&mut document, "1.0.0", &receipt, &out).unwrap().is_some());

    let release: Release = document.all::<Release>().next().unwrap().clone();
    assert_eq!((release.version.as_str(), release.revision), ("1.0.0", revision));
    assert_eq!(release.items, images[..2].iter().map(|image| image.key()).collect::<Vec<_>>());
    let [set] = release.sets.as_slice() else { panic!("{:?}", release.sets) };
    assert_eq!((set.format.as_str(), set.files.len()), ("hf-imagefolder", receipt.files.len()));
    assert!(set.files.iter().zip(&receipt.files).all(|(kept, file)| kept.sha256 == file.sha256));
    assert_eq!(release.cards["README.md"], std::fs::read_to_string(out.join("README.md")).unwrap());
    assert!(release.cards.contains_key("croissant.json"));
    // The parts are those that the files lie in, by subject.
    let dealt = document.get::<records::Split>(release.split.unwrap()).unwrap().clone();
    assert_eq!((dealt.seed, dealt.parts.values().map(Vec::len).sum::<usize>()), (5, 2));

    // The version is taken, whatever the data are; undoing takes the entry back and nothing else.
    assert!(check_version(&document, "1.0.0").is_err() && check_version(&document, " ").is_err());
    assert!(record_release(&mut document, "1.0.0", &receipt, &out).is_err());
    check_version(&document, "1.0.1").unwrap();
    document.undo().unwrap();
    assert_eq!(document.contents(), &before);
}

#[test]
fn a_split_of_images_without_subjects_is_kept_as_the_export_was_called() {
    let sample::Sample { mut document, .. } = sample::project();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("set");
    let split = Some(Split::parse("train=0.5,test=0.5", 5).unwrap());
    let options = Options { split, ..Options::default() };
    let format = by_name("nnunet").unwrap();
    let receipt = export(format, &document, &sample::load, &out, &options, &Task::default()).unwrap();
    record_release(&mut document, "2", &receipt, &out).unwrap();
    let release = document.all::<Release>().next().unwrap();
    assert_eq!((release.split, release.items.len()), (None, 3));
    assert_eq!(release.sets[0].options["split"]["seed"], 5);
}
