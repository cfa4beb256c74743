//! The field's own tools, each in its own environment, on grids that point every way, with labels that overlap.

use crate::sample;
use limner_annotation::entity::TrackId;
use limner_annotation::exchange::{Options, Reading, Receipt, apply, by_name, export, read};
use limner_annotation::records::{Keyframe, Track};
use limner_annotation::{Command, Document, Form, ImageEntry, Slice, Tags};
use limner_imaging::{Mask, Task, VoxelBox};
use std::path::{Path, PathBuf};
use std::process::Command as Program;

/// The Python of an environment that tests/judges/prepare.sh made.
fn python(environment: &str) -> Option<PathBuf> {
    let home = std::env::var_os("LIMNER_JUDGES").map(PathBuf::from).or_else(|| {
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")));
        Some(cache?.join("limner/judges"))
    })?;
    let python = home.join(environment).join("bin/python");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/judges/exchange.py");
    let found = python.is_file() && script.is_file();
    if !found {
        eprintln!("the environment {environment} is not there: tests/judges/prepare.sh makes it");
    }
    found.then_some(python)
}

pub(crate) fn judge(environment: &str, script: &str, arguments: &[&Path]) {
    let Some(python) = python(environment) else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/judges").join(script);
    let output = Program::new(python).arg(script).args(arguments).output().unwrap();
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{errors}");
    println!("{said}");
}

fn put(home: &Path, format: &str, folder: &str, choices: &[(&str, &str)]) {
    let sample = sample::project();
    let set = choices.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let options = Options { key: "key".into(), set, ..Options::default() };
    let out = home.join(folder);
    export(by_name(format).unwrap(), &sample.document, &sample::load, &out, &options, &Task::default()).unwrap();
}

#[test]
fn the_fields_own_tools_find_the_same_voxels() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    // One project for all formats, so that all can be compared with the label maps.
    // Shapes are judged by our own tests: here every object is one that the label maps know.
    let sample = sample::painted();
    for exchange in sample::formats_for(&sample.document) {
        let options = Options { key: "key".into(), ..Options::default() };
        let out = home.join(exchange.name());
        export(exchange, &sample.document, &sample::load, &out, &options, &Task::default()).unwrap();
    }
    judge("formats", "exchange.py", &[home]);
    let cache = tempfile::tempdir().unwrap();
    judge("hub", "hub.py", &[home, cache.path()]);
    judge("interop", "interop.py", &[home]);
    // Both bring PyTorch along: only where their environments were made for a full run.
    if std::env::var_os("LIMNER_FULL").is_some_and(|full| full == "1") {
        judge("nninteractive", "full/nnunet_check.py", &[&home.join("nnunet")]);
        judge("ultralytics", "full/ultralytics_check.py", &[home]);
    }
}

/// MedSAM's own script writes with NumPy, whose zips are laid out otherwise than ours.
#[test]
fn cases_that_numpy_wrote_are_read_onto_the_only_image_they_fit() {
    let Some(python) = python("formats") else { return };
    let home = tempfile::tempdir().unwrap();
    let [w, h, d] = sample::SIZE;
    let code = format!(
        "import sys, numpy as np\nk, j, i = np.indices(({d}, {h}, {w}))\ngts = (2 * ((i > 3) & (j < 9) & (k == 1)))\n\
         for kind, save in (('u1', np.savez_compressed), ('i8', np.savez)):\n  \
         save(sys.argv[1] + '/' + kind + '.npz', imgs=gts.astype('u1'), gts=gts.astype(kind), spacing=np.ones(3))"
    );
    assert!(Program::new(python).args(["-c", &code]).arg(home.path()).status().unwrap().success());
    let sample = sample::project();
    let none =
        |path: &Path, _: &Task| -> limner_annotation::Result<ImageEntry> { panic!("{} was asked for", path.display()) };
    let task = Task::default();
    for file in ["u1.npz", "i8.npz"] {
        let path = home.path().join(file);
        let mut document = Document::new("importer");
        let read = |document: &Document| {
            let reading = Reading { contents: document.contents(), path: &path, pictures: &none, task: &task };
            read(by_name("medsam-npz").unwrap(), &reading)
        };
        assert!(read(&document).unwrap_err().to_string().contains("add it first"));
        let images: Vec<_> = sample.document.images().cloned().collect();
        document.apply("Add", vec![Command::AddImage { image: images[1].clone() }]).unwrap();
        let mut several = Document::new("importer");
        let both = images[1..].iter().map(|image| Command::AddImage { image: image.clone() });
        several.apply("Add", both.collect()).unwrap();
        assert!(read(&several).unwrap_err().to_string().contains("several"));
        let found = read(&document).unwrap();
        apply(by_name("medsam-npz").unwrap(), &mut document, found).unwrap();
        let mask = document.label_map(images[1].id).unwrap().mask_of(document.labels()[0].value);
        let meant = Mask::from_fn(VoxelBox::whole(sample::SIZE), |[i, j, k]| i > 3 && j < 9 && k == 1);
        assert_eq!(mask.within(VoxelBox::whole(sample::SIZE)), meant, "{file}");
        assert_eq!(document.labels()[0].name, "label 2");
    }
}

#[test]
fn a_tool_that_is_installed_is_asked_and_its_verdict_kept() {
    let home = tempfile::tempdir().unwrap();
    put(home.path(), "dicom-seg", "seg", &[]);
    let (receipt, problems) = Receipt::check(&home.path().join("seg")).unwrap();
    assert!(problems.is_empty());
    if Program::new("dciodvfy").arg("-help").output().is_err() {
        eprintln!("dciodvfy is not installed: apt-get install dicom3tools");
        return;
    }
    let judge = receipt.judges.iter().find(|judge| judge.name == "dciodvfy").unwrap();
    assert!(judge.is_content(), "{judge:?}");
}

#[test]
fn other_kinds_of_segmentations_are_read_by_highdicom() {
    for kind in ["fractional", "labelmap"] {
        let home = tempfile::tempdir().unwrap();
        let sample = sample::project();
        for (format, folder) in [("nifti", "nifti"), ("dicom-seg", "dicom-seg")] {
            let set = [("type".to_owned(), kind.to_owned())].into();
            let options = Options { key: "key".into(), set, ..Options::default() };
            let out = home.path().join(folder);
            export(by_name(format).unwrap(), &sample.document, &sample::load, &out, &options, &Task::default())
                .unwrap();
        }
        // A label map hides what lies under its uppermost layer: only the others are compared.
        if kind != "labelmap" {
            judge("formats", "exchange.py", &[home.path()]);
        }
    }
}

#[test]
fn dciodvfy_finds_no_error_in_our_objects() {
    let home = tempfile::tempdir().unwrap();
    for (format, folder, choices) in [
        ("dicom-seg", "binary", &[][..]),
        ("dicom-seg", "fractional", &[("type", "fractional")][..]),
        ("rtstruct", "rtstruct", &[][..]),
    ] {
        put(home.path(), format, folder, choices);
        for entry in std::fs::read_dir(home.path().join(folder)).unwrap().flatten() {
            if entry.path().extension().is_none_or(|e| e != "dcm") {
                continue;
            }
            let Ok(output) = Program::new("dciodvfy").arg(entry.path()).output() else {
                eprintln!("dciodvfy is not installed: apt-get install dicom3tools");
                return;
            };
            let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
            let errors: Vec<&str> = said.lines().filter(|line| line.starts_with("Error")).collect();
            assert!(errors.is_empty(), "{folder}: {errors:#?}");
        }
    }
}

#[test]
fn tracks_are_read_as_the_benchmark_reads_them() {
    let sample::Sample { mut document, images } = sample::project();
    let last = sample::SIZE[2] - 1;
    let point = |frame: usize| {
        let share = frame as f64 / last as f64;
        Form::Point { at: [3.0 + 8.0 * share - 0.5, 2.0 + 4.0 * share - 0.5, frame as f64] }
    };
    let key = |frame: usize, form: Form, occluded: bool| {
        let (outside, interpolated) = (false, true);
        Keyframe { frame, form, occluded, outside, interpolated }
    };
    let track = |keyframes| {
        let (id, label, text, tags) = (TrackId::new(), None, None, Tags::default());
        Command::put(Track { id, image: images[0], label, text, keyframes, tags })
    };
    let line = track(vec![key(0, point(0), false), key(2, point(2), true), key(last, point(last), false)]);
    let boxed = Form::Box2d { slice: Slice::stored(0), min: [5.0, 4.0], max: [11.0, 6.0] };
    document.apply("Track", vec![line, track(vec![key(0, boxed, false)])]).unwrap();
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("tracks");
    let options = Options::default();
    export(by_name("tracks-tapvid").unwrap(), &document, &sample::load, &out, &options, &Task::default()).unwrap();
    judge("formats", "tracks.py", &[&out]);
}
