//! What was given out is kept in the project as it was given out, and no other data can bear its version.

use crate::sample;
use limner_annotation::entity::{StudyId, SubjectId};
use limner_annotation::exchange::{
    Options, Split, by_name, check_version, differences, dry_run, export, recipe_of, record_release,
};
use limner_annotation::records::{self, Release, Study, Subject};
use limner_annotation::{Command, Document, Form, ImageEntry, ImageId};
use limner_imaging::{Task, Window};

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
fn a_release_is_made_again_from_its_record() {
    let sample::Sample { mut document, images } = sample::project();
    let folder = tempfile::tempdir().unwrap();
    let format = by_name("coco-instances").unwrap();
    let split = Some(Split::parse("train=0.5,test=0.5", 7).unwrap());
    let options = Options { split, window: Some(Window::new(900.0, 40.0)), ..Options::default() };
    let out = folder.path().join("first");
    let receipt = export(format, &document, &sample::load, &out, &options, &Task::default()).unwrap();
    record_release(&mut document, "1.0.0", &receipt, &out).unwrap();
    // An image that came later was not in it.
    let later = ImageEntry { id: ImageId::new(), ..document.image(images[0]).unwrap().clone() };
    document.apply("Add", vec![Command::put(later)]).unwrap();
    let (set, options) = recipe_of(&document, "1.0.0").unwrap();
    assert_eq!(options.images.as_deref(), Some(images.as_slice()));
    let again = folder.path().join("again");
    let receipt = export(format, &document, &sample::load, &again, &options, &Task::default()).unwrap();
    assert_eq!(differences(&set, &receipt), Vec::<String>::new());
    let shape = document.shapes().find(|shape| matches!(shape.form, Form::Box2d { .. })).unwrap().id;
    document.apply("Remove", vec![Command::RemoveShape { id: shape }]).unwrap();
    let changed = folder.path().join("changed");
    let receipt = export(format, &document, &sample::load, &changed, &options, &Task::default()).unwrap();
    assert!(differences(&set, &receipt).iter().any(|what| what.ends_with(".json is not as it was")));
    assert!(recipe_of(&document, "2").unwrap_err().to_string().contains("1.0.0"));
}

#[test]
fn pins_hold_and_a_picture_that_two_subjects_share_lies_in_one_part() {
    let sample::Sample { mut document, images } = sample::project();
    // The images of the sample have the same samples: three subjects share a picture and are dealt as one.
    subjects(&mut document, &images);
    let yolo = by_name("yolo-detect").unwrap();
    let mut split = Split::parse("train=0.5,test=0.5", 5).unwrap();
    split.pin("test=s1").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let options = Options { split: Some(split.clone()), ..Options::default() };
    export(yolo, &document, &sample::load, &out, &options, &Task::default()).unwrap();
    let parts: Vec<_> = std::fs::read_dir(out.join("images")).unwrap().flatten().map(|e| e.file_name()).collect();
    assert_eq!(parts, ["test"]);
    for bad in ["train=s2", "test=nobody"] {
        let mut split = split.clone();
        split.pin(bad).unwrap();
        let run = dry_run(yolo, &document, &Options { split: Some(split), ..Options::default() });
        assert_eq!(run.blocked.len(), 1, "{bad}: {:?}", run.blocked);
    }
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
