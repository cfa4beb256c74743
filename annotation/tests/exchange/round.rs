//! What one project exports another imports: the same voxels, the same shapes as far as the format holds them.

use crate::sample::{self, SIZE};
use limner_annotation::entity::TrackId;
use limner_annotation::exchange::{
    Crop, EXCHANGES, Holds, Options, Reading, apply, by_name, dry_run, export, guess, read,
};
use limner_annotation::records::{Keyframe, Track};
use limner_annotation::{
    Command, Document, Form, ImageEntry, Label, LabelMap, PackedMask, PaintMode, PaintRule, Shape, Slice, Tags,
};
use limner_imaging::{Geometry, Mask, Samples, StackAxis, Task, Volume, VoxelBox, World};
use std::path::Path;

/// A project with the images of the sample and nothing on them.
fn empty(sample: &sample::Sample) -> Document {
    let mut document = Document::new("importer");
    let add = |image: &ImageEntry| Command::AddImage { image: image.clone() };
    document.apply("Add", sample.document.images().map(add).collect()).unwrap();
    document
}

fn no_pictures(path: &Path, _: &Task) -> limner_annotation::Result<ImageEntry> {
    panic!("{} was asked for, though the project has all images", path.display())
}

fn import(name: &str, from: &Path, into: &mut Document) -> limner_annotation::exchange::Report {
    let format = by_name(name).unwrap();
    let task = Task::default();
    let found =
        read(format, &Reading { contents: into.contents(), path: from, pictures: &no_pictures, task: &task }).unwrap();
    apply(format, into, found).unwrap()
}

/// The voxels of a label, by its name.
fn voxels(document: &Document, map: &LabelMap, name: &str) -> Vec<bool> {
    let label: &Label = document.labels().into_iter().find(|label| label.name == name).unwrap();
    map.mask_of(label.value).within(VoxelBox::whole(SIZE)).voxels().to_vec()
}

fn names(document: &Document) -> Vec<String> {
    document.labels().iter().map(|label| label.name.clone()).collect()
}

#[test]
fn volumes_come_back_voxel_by_voxel() {
    let sample = sample::painted();
    let folder = tempfile::tempdir().unwrap();
    let kinds = [
        ("nifti", None),
        ("metaimage", None),
        ("seg-nrrd", None),
        ("native", None),
        ("bids", None),
        ("stacks", None),
        ("stacks", Some("png")),
        ("nifti", Some("one-hot")),
        ("dicom-seg", Some("binary")),
        ("dicom-seg", Some("fractional")),
    ];
    for (n, (name, kind)) in kinds.into_iter().enumerate() {
        let out = folder.path().join(format!("{n}"));
        let mut options = Options { key: "key".into(), ..Options::default() };
        if let Some(kind) = kind {
            options.set.insert(if name == "nifti" { "layout" } else { "type" }.into(), kind.into());
        }
        export(by_name(name).unwrap(), &sample.document, &sample::load, &out, &options, &Task::default()).unwrap();
        let mut document = empty(&sample);
        let report = import(name, &out, &mut document);
        assert!(report.warnings.is_empty(), "{name}: {:?}", report.warnings);
        assert!(document.can_undo().unwrap().starts_with("Import"));
        for image in &sample.images {
            let (meant, found) = (sample.document.label_map(*image).unwrap(), document.label_map(*image).unwrap());
            for label in names(&sample.document) {
                let same = voxels(&sample.document, meant, &label) == voxels(&document, found, &label);
                assert!(same, "{name} {kind:?}: {label} on {image}");
            }
        }
    }
}

#[test]
fn trees_of_single_masks_and_cases_of_8_bits_come_back() {
    let sample = sample::painted();
    let folder = tempfile::tempdir().unwrap();
    for name in ["sam-med3d", "medsam-npz"] {
        let out = folder.path().join(name);
        let options = Options { key: "key".into(), ..Options::default() };
        export(by_name(name).unwrap(), &sample.document, &sample::load, &out, &options, &Task::default()).unwrap();
        let mut document = empty(&sample);
        import(name, &out, &mut document);
        for image in &sample.images {
            let (meant, found) = (sample.document.label_map(*image).unwrap(), document.label_map(*image).unwrap());
            let [liver, vessel] = ["liver", "vessel"].map(|label| voxels(&sample.document, meant, label));
            assert_eq!(voxels(&document, found, "vessel"), vessel, "{name}");
            // Of two that overlap MedSAM's files hold the upper one.
            let hidden = |n: usize| name == "medsam-npz" && vessel[n];
            let seen: Vec<bool> = liver.iter().enumerate().map(|(n, inside)| *inside && !hidden(n)).collect();
            assert_eq!(voxels(&document, found, "liver"), seen, "{name}");
        }
    }
}

#[test]
fn a_bundle_brings_back_the_same_project() {
    let sample = sample::project();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("bundle");
    let options = Options { keep_identity: true, ..Options::default() };
    export(by_name("native").unwrap(), &sample.document, &sample::load, &out, &options, &Task::default()).unwrap();
    let mut document = Document::new("importer");
    import("native", &out, &mut document);
    assert_eq!(document.contents(), sample.document.contents());
    let before = document.contents().clone();
    import("native", &out, &mut document);
    assert_eq!(document.contents(), &before, "the same bundle again adds nothing");
}

#[test]
fn surfaces_fill_to_nearly_the_same_voxels() {
    let sample = sample::project();
    let folder = tempfile::tempdir().unwrap();
    for (name, smooth) in [("mesh-stl", "0"), ("mesh-ply", "0"), ("mesh-glb", "0"), ("mesh-ply", "5")] {
        let out = folder.path().join(format!("{name}{smooth}"));
        let mut options = Options::default();
        options.set.insert("smooth".into(), smooth.into());
        export(by_name(name).unwrap(), &sample.document, &sample::load, &out, &options, &Task::default()).unwrap();
        let mut document = empty(&sample);
        import(name, &out, &mut document);
        for image in &sample.images {
            let (meant, found) = (sample.document.label_map(*image).unwrap(), document.label_map(*image).unwrap());
            let (a, b) = (voxels(&sample.document, meant, "liver"), voxels(&document, found, "liver"));
            let both = a.iter().zip(&b).filter(|(a, b)| **a && **b).count() as f64;
            let all = (a.iter().filter(|v| **v).count() + b.iter().filter(|v| **v).count()) as f64;
            let least = if smooth == "0" { 1.0 } else { 0.8 };
            assert!(2.0 * both / all >= least, "{name} smoothed {smooth}: {}", 2.0 * both / all);
        }
    }
}

#[test]
fn masks_of_pictures_come_back_pixel_by_pixel() {
    let sample = sample::project();
    let folder = tempfile::tempdir().unwrap();
    for name in ["coco-instances", "cvat", "label-studio", "hf-imagefolder", "hf-parquet", "webdataset"] {
        let out = folder.path().join(name);
        let options = Options::default();
        export(by_name(name).unwrap(), &sample.document, &sample::load, &out, &options, &Task::default()).unwrap();
        let mut document = empty(&sample);
        import(name, &out, &mut document);
        // The shapes of the first image may have become masks; the others are painted only.
        for image in &sample.images[1..] {
            let (meant, found) = (sample.document.label_map(*image).unwrap(), document.label_map(*image).unwrap());
            for label in names(&sample.document) {
                let same = voxels(&sample.document, meant, &label) == voxels(&document, found, &label);
                assert!(same, "{name}: {label} on {image}");
            }
        }
    }
}

#[test]
fn shapes_come_back_with_their_corners() {
    let sample = sample::project();
    let folder = tempfile::tempdir().unwrap();
    for (name, kept) in [("cvat", 3), ("label-studio", 3), ("labelme", 3), ("coco-instances", 2), ("rtstruct", 2)] {
        let out = folder.path().join(name);
        let images = Some(vec![sample.images[0]]);
        let options = Options { images, key: "key".into(), ..Options::default() };
        export(by_name(name).unwrap(), &sample.document, &sample::load, &out, &options, &Task::default()).unwrap();
        let mut document = empty(&sample);
        import(name, &out, &mut document);
        let near = |a: &Shape, b: &Shape| {
            let text = |shape: &Shape| serde_json::to_value(&shape.form).unwrap();
            close(&text(a), &text(b))
        };
        let found = sample.document.shapes().filter(|shape| document.shapes().any(|other| near(shape, other))).count();
        assert!(found >= kept, "{name} brought back {found} shapes");
    }
}

#[test]
fn parts_of_pictures_come_back_where_they_were_cut_out() {
    let sample = sample::project();
    let folder = tempfile::tempdir().unwrap();
    let images = Some(vec![sample.images[1], sample.images[2]]);
    for (name, crop) in [("coco-instances", "around=2"), ("paired-png", "around=0"), ("cvat", "3,2,20,15")] {
        let out = folder.path().join(name);
        let crop = Crop::parse(crop).unwrap();
        let options = Options { crop: Some(crop), images: images.clone(), ..Options::default() };
        export(by_name(name).unwrap(), &sample.document, &sample::load, &out, &options, &Task::default()).unwrap();
        let mut document = empty(&sample);
        import(name, &out, &mut document);
        for image in &sample.images[1..] {
            let (meant, found) = (sample.document.label_map(*image).unwrap(), document.label_map(*image).unwrap());
            for label in names(&sample.document) {
                let (meant, found) = (voxels(&sample.document, meant, &label), voxels(&document, found, &label));
                let kept = |n: usize| match crop {
                    Crop::Fixed([min, max]) => {
                        let at = [n % SIZE[0], n / SIZE[0] % SIZE[1]].map(|n| n as u32);
                        (0..2).all(|a| (min[a]..max[a]).contains(&at[a]))
                    }
                    Crop::Around(_) => true,
                };
                // A picture of pairs hides what lies below.
                let same = |n: usize| found[n] == (meant[n] && kept(n)) || (name == "paired-png" && !found[n]);
                assert!((0..meant.len()).all(same), "{name}: {label} on {image}");
            }
        }
    }
    // Three times as large each pixel is nine, and the way back finds it again.
    let out = folder.path().join("large");
    let resize = Some([SIZE[0] as u32 * 3, SIZE[1] as u32 * 3]);
    let options = Options { resize, images: Some(vec![sample.images[1]]), ..Options::default() };
    let coco = by_name("coco-instances").unwrap();
    let receipt = export(coco, &sample.document, &sample::load, &out, &options, &Task::default()).unwrap();
    assert!(receipt.dry_run.lossy.iter().any(|lossy| lossy.field.contains("scaling")));
    let mut document = empty(&sample);
    import("coco-instances", &out, &mut document);
    let image = sample.images[1];
    let (meant, found) = (sample.document.label_map(image).unwrap(), document.label_map(image).unwrap());
    for label in names(&sample.document) {
        assert_eq!(voxels(&sample.document, meant, &label), voxels(&document, found, &label), "{label}");
    }
    let nifti = by_name("nifti").unwrap();
    assert_eq!(dry_run(nifti, &sample.document, &options).blocked.len(), 1, "volumes are not scaled");
}

#[test]
fn boxes_in_space_come_back_by_row_column_and_slice() {
    let mut sample = sample::project();
    let label = sample.document.label_of_value(7).map(|label| label.id);
    let form = Form::Box3d { min: [2.0, 3.5, 1.0], max: [9.0, 8.0, 4.0] };
    let shape = Shape::new(sample.images[1], form.clone(), label);
    sample.document.apply("Box", vec![Command::AddShape { shape }]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("boxes");
    let skm_tea = by_name("skm-tea").unwrap();
    export(skm_tea, &sample.document, &sample::load, &out, &Options::default(), &Task::default()).unwrap();
    let file: serde_json::Value =
        serde_json::from_slice(&std::fs::read(out.join("annotations.json")).unwrap()).unwrap();
    let boxes = file["annotations"].as_array().unwrap();
    let golden = serde_json::json!([3.5, 2.0, 1.0, 4.5, 7.0, 3.0]);
    assert!(boxes.iter().any(|one| one["bbox"] == golden && one["image_id"] == 2), "{boxes:?}");
    let mut document = empty(&sample);
    import("skm-tea", &out, &mut document);
    assert!(document.shapes_on(sample.images[1]).any(|shape| shape.form == form));
}

fn close(a: &serde_json::Value, b: &serde_json::Value) -> bool {
    use serde_json::Value::{Array, Number, Object};
    match (a, b) {
        (Number(a), Number(b)) => (a.as_f64().unwrap() - b.as_f64().unwrap()).abs() < 1e-6,
        (Array(a), Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| close(a, b)),
        (Object(a), Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| close(a, b)))
        }
        (a, b) => a == b,
    }
}

#[test]
fn every_loss_is_one_that_the_format_admits() {
    let sample = sample::project();
    for exchange in EXCHANGES {
        let run = dry_run(*exchange, &sample.document, &Options::default());
        for lossy in run.lossy {
            assert!(exchange.lossy().contains(&lossy.field.as_str()), "{}: {}", exchange.name(), lossy.field);
            assert!(lossy.count > 0 && !lossy.example.is_empty());
        }
        // The sample has no named points, no tracks, no raters, no image of a hospital's archive, and asks no questions.
        let without = ["yolo-pose", "coco-keypoints", "gsps", "sr-tid1500", "tracks-tapvid", "multi-rater"]
            .contains(&exchange.name())
            || exchange.holds() == Holds::Questions;
        assert!(run.records > 0 || without, "{} would write nothing", exchange.name());
    }
}

/// A picture that nothing is painted on is no reason to leave out in silence what is drawn on it.
#[test]
fn what_no_format_has_room_for_is_told_by_every_format() {
    let geometry = Geometry::axis_aligned([8, 6, 4], World::default(), [1.0; 3]).unwrap();
    let mut volume = Volume::new(geometry, Samples::U8(vec![0; 192]), 1).unwrap();
    let still = ImageEntry::of_volume(&volume, "still.nii", "still");
    volume.stack_axis = StackAxis::Time;
    let film = ImageEntry::of_volume(&volume, "film.avi", "film");
    let ruler = Form::Ruler { slice: Slice::stored(1), ends: [[1.0, 1.0], [5.0, 4.0]] };
    let key = |frame| Keyframe {
        frame,
        form: Form::Point { at: [1.0, 1.0, frame as f64] },
        occluded: false,
        outside: false,
        interpolated: true,
    };
    let (image, keyframes) = (film.id, vec![key(0), key(2)]);
    let track = Track { id: TrackId::new(), image, label: None, text: None, keyframes, tags: Tags::default() };
    let mut document = Document::new("reader");
    let shape = Shape::new(still.id, ruler, None);
    let commands = vec![Command::put(still), Command::put(film), Command::put(shape), Command::put(track)];
    document.apply("Draw", commands).unwrap();
    for exchange in EXCHANGES.iter().filter(|exchange| exchange.holds() != Holds::Questions) {
        let run = dry_run(*exchange, &document, &Options::default());
        let told = |kind: &str| run.lossy.iter().any(|lossy| lossy.kinds.get(kind) == Some(&1));
        let [keeps_ruler, keeps_track] =
            [["native", "measurements-csv"], ["native", "tracks-tapvid"]].map(|names| names.contains(&exchange.name()));
        assert!(told("ruler") || keeps_ruler, "{}: {:?}", exchange.name(), run.lossy);
        assert_eq!(told("track"), !keeps_track, "{}: {:?}", exchange.name(), run.lossy);
    }
}

/// Formats of volumes that take no films say of each that is painted that it stays behind.
#[test]
fn a_film_that_is_left_out_is_told() {
    let geometry = Geometry::axis_aligned([8, 6, 4], World::default(), [1.0; 3]).unwrap();
    let mut volume = Volume::new(geometry, Samples::U8(vec![0; 192]), 1).unwrap();
    volume.stack_axis = StackAxis::Time;
    let film = ImageEntry::of_volume(&volume, "film.avi", "film");
    let mask = PackedMask::pack(&Mask::from_fn(VoxelBox::whole([8, 6, 4]), |[i, ..]| i == 2));
    let (image, mode, rule) = (film.id, PaintMode::Set, PaintRule::All);
    let paint = Command::Paint { image, layer: 0, label: 1, mask, mode, rule };
    let mut document = Document::new("reader");
    document.apply("Paint", vec![Command::put(film), Command::put(Label::new(1, "valve")), paint]).unwrap();
    for name in ["sam-med3d", "bids", "medsam-npz", "skm-tea"] {
        let run = dry_run(by_name(name).unwrap(), &document, &Options::default());
        assert!(run.records == 0 && run.lossy.iter().any(|lossy| lossy.field == "time of frames"), "{name}: {run:?}");
    }
}

#[test]
fn what_is_no_data_set_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file.bin");
    for content in [&b""[..], b"{", b"<a>", b"\x00\x01\x02", b"[1,2]", "é\u{7f}".as_bytes(), b"PAR1PAR1PAR1"] {
        std::fs::write(&file, content).unwrap();
        for exchange in EXCHANGES.iter().filter(|exchange| exchange.reads()) {
            let document = Document::new("importer");
            let task = Task::default();
            for path in [file.as_path(), folder.path(), &folder.path().join("gone")] {
                let reading = Reading { contents: document.contents(), path, pictures: &no_pictures, task: &task };
                match read(*exchange, &reading) {
                    Ok(found) => assert_eq!(found.records, 0, "{} read {content:?}", exchange.name()),
                    Err(error) => assert!(!error.to_string().is_empty()),
                }
            }
        }
    }
}

#[test]
fn a_data_set_says_by_itself_which_format_it_has() {
    let sample = sample::project();
    let folder = tempfile::tempdir().unwrap();
    let task = Task::default();
    // Told from the files alone, as of another writer.
    let by_files = [
        "nifti",
        "metaimage",
        "seg-nrrd",
        "nnunet",
        "bids",
        "coco-instances",
        "yolo-detect",
        "yolo-segment",
        "voc",
        "labelme",
        "cvat",
        "label-studio",
        "dicom-seg",
        "rtstruct",
        "mesh-stl",
        "mesh-ply",
        "mesh-glb",
        "native",
    ];
    let mut told = 0;
    for exchange in sample::formats_for(&sample.document) {
        if !exchange.reads() {
            continue;
        }
        let out = folder.path().join(exchange.name());
        let options = Options { key: "key".into(), ..Options::default() };
        export(exchange, &sample.document, &sample::load, &out, &options, &task).unwrap();
        assert_eq!(guess(&out, &task).unwrap().name(), exchange.name(), "by its receipt");
        if by_files.contains(&exchange.name()) {
            std::fs::remove_file(out.join("limner-receipt.json")).unwrap();
            assert_eq!(guess(&out, &task).unwrap().name(), exchange.name(), "by its files");
            told += 1;
        }
    }
    assert_eq!(told, by_files.len());
    let nothing = folder.path().join("nothing");
    std::fs::create_dir(&nothing).unwrap();
    std::fs::write(nothing.join("notes.txt"), "nothing").unwrap();
    assert!(guess(&nothing, &task).err().unwrap().to_string().contains("could not be told"));
}
