//! Two raters' versions go out side by side, and the majority follows from them.

use crate::sample;
use limner_annotation::entity::AnnotationId;
use limner_annotation::exchange::{Options, Reading, apply, by_name, dry_run, export, read};
use limner_annotation::records::{Annotation, AnnotationState, Rater, RaterRole};
use limner_annotation::{Command, Label, PackedMask, PaintMode, PaintRule};
use limner_imaging::{Mask, Task, VoxelBox, formats};

/// The sample with three raters' versions of the liver.
fn rated() -> sample::Sample {
    let sample::Sample { mut document, images } = sample::project();
    let liver = document.label_of_value(3).unwrap().id;
    let mut commands = Vec::new();
    for n in 0..3_usize {
        let named = Rater::new(format!("Doctor Doe {n}"), RaterRole::Reader);
        let rater = Rater { years: Some(4.0), consent: true, ..named };
        let value = 400 + n as u16;
        let label = Label { instance_of: Some(liver), ..Label::new(value, format!("liver ({n})")) };
        // Each reaches one column further than the one before.
        let mask = Mask::from_fn(VoxelBox::whole(sample::SIZE), |[i, j, k]| i < 5 + n && (2..6).contains(&j) && k == 1);
        let annotation = Annotation {
            id: AnnotationId::new(),
            target: images[0].into(),
            content: vec![label.id.into()],
            rater: rater.id,
            protocol: None,
            state: AnnotationState::Submitted,
            blinded_to: Vec::new(),
        };
        let (mask, mode, rule) = (PackedMask::pack(&mask), PaintMode::Set, PaintRule::All);
        commands.extend([Command::put(rater), Command::AddLabel { label }]);
        commands.push(Command::Paint { image: images[0], layer: 2 + n, label: value, mask, mode, rule });
        commands.push(Command::put(annotation));
    }
    document.apply("Collect", commands).unwrap();
    sample::Sample { document, images }
}

#[test]
fn versions_majority_and_agreement_follow_from_each_other_and_come_back() {
    let sample::Sample { document, .. } = rated();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("raters");
    let format = by_name("multi-rater").unwrap();
    let run = dry_run(format, &document, &Options::default());
    assert_eq!(run.records, 3);
    assert!(run.lossy.iter().any(|lossy| lossy.field == "what nobody has signed as their version"));
    export(format, &document, &sample::load, &out, &Options::default(), &Task::default()).unwrap();
    let count = |file: &str| {
        let map = formats::open_single(&out.join(file), &Task::default()).unwrap();
        (0..map.samples().len()).filter(|n| map.samples().get(*n) == 3.0).count()
    };
    assert_eq!([1, 2, 3].map(|n| count(&format!("masks/case_00001/rater_{n:02}.nii.gz"))), [20, 24, 28]);
    assert_eq!(count("consensus/case_00001_majority.nii.gz"), 24, "two of three reach six columns");
    let agreement = std::fs::read_to_string(out.join("agreement.csv")).unwrap();
    let dice: f64 = agreement.lines().nth(1).and_then(|line| line.rsplit(',').next()).unwrap().parse().unwrap();
    assert!((dice - 40.0 / 44.0).abs() < 1e-12, "{agreement}");
    let raters = std::fs::read_to_string(out.join("raters.json")).unwrap();
    assert!(raters.contains("rater_03") && !raters.contains("Doe"), "pseudonyms stay here");

    let sample::Sample { document: mut back, images } = sample::project();
    let labels = back.labels().len();
    let pictures = |path: &std::path::Path, _: &Task| -> limner_annotation::Result<limner_annotation::ImageEntry> {
        unreachable!("no picture comes with it: {}", path.display())
    };
    let reading = Reading { contents: back.contents(), path: &out, pictures: &pictures, task: &Task::default() };
    let found = read(format, &reading).unwrap();
    assert_eq!(found.records, 3);
    apply(format, &mut back, found).unwrap();
    assert_eq!(back.labels().len(), labels + 3, "each rater has a label of their own");
    let map = back.label_map(images[0]).unwrap();
    let own = |n: usize| {
        back.labels().into_iter().find(|label| label.name == format!("liver (rater_{n:02})")).unwrap().clone()
    };
    assert_eq!([1, 2, 3].map(|n| map.count(own(n).value)), [20, 24, 28]);
    assert!([1, 2, 3].iter().all(|n| own(*n).instance_of == Some(back.label_of_value(3).unwrap().id)));
    let again = folder.path().join("again");
    export(format, &back, &sample::load, &again, &Options::default(), &Task::default()).unwrap();
    for file in ["agreement.csv", "masks/case_00001/rater_02.nii.gz", "consensus/case_00001_majority.nii.gz"] {
        assert_eq!(std::fs::read(out.join(file)).unwrap(), std::fs::read(again.join(file)).unwrap(), "{file}");
    }
    back.undo().unwrap();
    assert_eq!(back.labels().len(), labels, "one step takes all of it back");
}
