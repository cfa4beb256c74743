//! Names that are paths, quotes, pictures or longer than a disk allows: nothing leaves the target, and nothing names the
//! source.

use crate::sample::{self, all_under};
use limner_annotation::exchange::{Blackened, Options, by_name, dry_run, export};
use limner_annotation::{Command, Document, ImageEntry, Label};
use limner_imaging::{Samples, Task, Volume, Window};
use std::path::Path;

const NAMES: [&str; 4] = ["../../x", "a \"quoted\", 'name'\n<b>&", "🫁 liver 👩‍⚕️", "CON"];

fn hostile() -> sample::Sample {
    let mut sample = sample::project();
    let long = "ж".repeat(300);
    let names = NAMES.into_iter().chain([long.as_str()]);
    let labels: Vec<Label> = sample.document.labels().into_iter().cloned().collect();
    let mut commands = Vec::new();
    for (label, name) in labels.into_iter().zip(names.clone()) {
        commands.push(Command::EditLabel { label: Label { name: name.into(), ..label } });
    }
    let images: Vec<ImageEntry> = sample.document.images().cloned().collect();
    for (image, name) in images.into_iter().zip(names.skip(2)) {
        let image = ImageEntry { title: name.into(), path: format!("DOE^JANE/{name}"), ..image };
        commands.push(Command::put(image));
    }
    sample.document.apply("Rename", commands).unwrap();
    sample
}

#[test]
fn hostile_names_stay_in_the_target_and_come_back() {
    let sample = hostile();
    let home = tempfile::tempdir().unwrap();
    let room = home.path().join("room");
    for exchange in sample::formats_for(&sample.document) {
        let out = room.join(exchange.name());
        export(exchange, &sample.document, &sample::load, &out, &Options::default(), &Task::default())
            .unwrap_or_else(|error| panic!("{}: {error}", exchange.name()));
        for file in all_under(&out) {
            let bytes = std::fs::read(&file).unwrap();
            assert!(!bytes.windows(4).any(|w| w == b"DOE^"), "{}", file.display());
            let name = file.file_name().unwrap();
            assert!(
                name.len() < 200 && name.to_str().is_some_and(|name| !name.contains(['"', '\n', '🫁'])),
                "{name:?}"
            );
        }
        // The label's own name is in the data, whatever it is.
        if ["coco-instances", "nifti", "cvat", "voc", "label-studio"].contains(&exchange.name()) {
            let told = all_under(&out).iter().any(|f| std::fs::read(f).unwrap().windows(8).any(|w| w == b"../../x\""))
                || all_under(&out).iter().any(|f| std::fs::read(f).unwrap().windows(7).any(|w| w == b"../../x"));
            assert!(told, "{}", exchange.name());
        }
    }
    let beside: Vec<_> = std::fs::read_dir(home.path()).unwrap().flatten().map(|e| e.file_name()).collect();
    assert_eq!(beside, ["room"], "nothing lies beside the targets");
}

#[test]
fn targets_with_hostile_names_are_made_or_refused() {
    let sample = sample::project();
    let home = tempfile::tempdir().unwrap();
    let coco = by_name("coco-instances").unwrap();
    let go = |name: &str| {
        let out = home.path().join(name);
        export(coco, &sample.document, &sample::load, &out, &Options::default(), &Task::default()).map(|_| out)
    };
    for name in ["with \"quotes\" and 'more'", "🫁", &"x".repeat(250)] {
        assert!(go(name).unwrap().join("annotations.json").is_file(), "{name}");
    }
    assert!(go(&"x".repeat(300)).is_err(), "no disk takes such a name");
    assert!(go("a/..").is_err());
    let hidden =
        std::fs::read_dir(home.path()).unwrap().flatten().filter(|e| e.file_name().as_encoded_bytes()[0] == b'.');
    assert_eq!(hidden.count(), 0, "what failed is gone");
}

fn ultrasound() -> (Document, ImageEntry) {
    let sample = sample::project();
    let mut document = sample.document;
    let first = document.image(sample.images[0]).unwrap().clone();
    let image = ImageEntry { modality: Some("US".into()), ..first };
    document.apply("Ultrasound", vec![Command::put(image.clone())]).unwrap();
    (document, image)
}

#[test]
fn what_may_show_a_name_is_held_back_until_it_is_cleared_or_black() {
    let (document, image) = ultrasound();
    let home = tempfile::tempdir().unwrap();
    let paired = by_name("paired-png").unwrap();
    let held = |options: &Options| dry_run(paired, &document, options).blocked.len();
    let only = Options { images: Some(vec![image.id]), ..Options::default() };
    assert_eq!(held(&only), 1);
    assert_eq!(held(&Options { cleared: vec![image.id], ..only.clone() }), 0);
    let blackened = vec![Blackened { image: image.id, min: [0, 0], max: [23, 4] }];
    let black = Options { blackened, window: Some(Window::from_range(-1000.0, 1000.0)), ..only };
    assert_eq!(held(&black), 0);
    let out = home.path().join("out");
    export(paired, &document, &sample::load, &out, &black, &Task::default()).unwrap();
    let open = |file: &Path| -> Volume { limner_imaging::formats::open_single(file, &Task::default()).unwrap() };
    let pictures: Vec<_> = all_under(&out.join("images"));
    assert!(!pictures.is_empty());
    for picture in pictures {
        let Samples::U8(pixels) = open(&picture).into_samples() else { panic!("a picture has 8 bits") };
        assert!(pixels[..23 * 4].iter().all(|pixel| *pixel == 0), "{}", picture.display());
        assert!(pixels[23 * 4..].iter().any(|pixel| *pixel != 0));
    }
}
