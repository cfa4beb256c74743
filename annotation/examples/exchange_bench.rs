//! What the exchange costs, beside the field's own tools: prints a JSON line per measure for tests/judges/bench_exchange.py.
//!
//! cargo run -p limner-annotation --example exchange_bench -- OUT

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement that cannot be made stops")]

use limner_annotation::exchange::rle::Rle;
use limner_annotation::exchange::{Images, Options, Reading, by_name, export, read};
use limner_annotation::{Command, Document, ImageEntry, Label, PackedMask};
use limner_imaging::{Geometry, Mask, Samples, Task, Volume, VoxelBox, World, formats};
use std::path::Path;
use std::time::Instant;

fn best(times: usize, mut work: impl FnMut()) -> f64 {
    let once = |_| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64() * 1e3
    };
    (0..times).map(once).fold(f64::INFINITY, f64::min)
}

fn say(name: &str, ms: f64) {
    println!("{}", serde_json::json!({"name": name, "ms": ms}));
}

fn main() {
    let out = std::env::args().nth(1).unwrap_or_else(|| "bench".into());
    let out = Path::new(&out);
    std::fs::create_dir_all(out).unwrap();
    let noisy: Vec<u16> =
        (0..1024_usize * 1024).map(|n| u16::from(n.wrapping_mul(2_654_435_761) >> 13 & 1 == 1)).collect();
    let blob: Vec<u16> =
        (0..512 * 512).map(|n| u16::from((n % 512_i32 - 250).pow(2) + (n / 512 - 260).pow(2) < 150 * 150)).collect();
    for (name, values, side) in [("rle_noisy_1024", &noisy, 1024), ("rle_blob_512", &blob, 512)] {
        say(name, best(20, || assert!(Rle::of_values(values, side, side)[&1].text().len() > 10)));
        let bytes: Vec<u8> = values.iter().map(|v| *v as u8).collect();
        std::fs::write(out.join(format!("{name}.raw")), bytes).unwrap();
    }
    segmentation(out);
    pictures(out);
    volumes(out);
}

/// Values that no packer gets for nothing: a slope with the noise of a scanner.
fn grainy(count: usize, width: usize) -> impl Iterator<Item = i16> {
    (0..count).map(move |n| (n % width) as i16 + (n.wrapping_mul(2_654_435_761) >> 20 & 31) as i16)
}

/// A project of images with a ball painted on each, and where the pixels come from.
fn project(count: usize, size: [usize; 3], samples: &Samples) -> (Document, Geometry) {
    let geometry = Geometry::axis_aligned(size, World::new(-100.0, -80.0, 0.0), [0.8, 0.8, 1.5]).unwrap();
    let volume = Volume::new(geometry, samples.clone(), 1).unwrap();
    let middle = size.map(|n| n as f64 / 2.0);
    let radius = middle[0].min(middle[1]) / 2.0;
    let inside = |v: [usize; 3]| (0..3).map(|a| (v[a] as f64 - middle[a]).powi(2)).sum::<f64>() < radius * radius;
    let mask = PackedMask::pack(&Mask::from_fn(VoxelBox::whole(size), inside));
    let first = ImageEntry::of_volume(&volume, "a", "a");
    let mut document = Document::new("bench");
    let mut commands = vec![Command::AddLabel { label: Label::new(1, "ball") }];
    for n in 0..count {
        // Each is another picture as far as anybody knows.
        let sha256 = format!("{n:064x}");
        let image = ImageEntry { id: limner_annotation::ImageId::new(), sha256, ..first.clone() };
        let id = image.id;
        commands.push(Command::AddImage { image });
        let (mode, rule) = (limner_annotation::PaintMode::Set, limner_annotation::PaintRule::All);
        commands.push(Command::Paint { image: id, layer: 0, label: 1, mask: mask.clone(), mode, rule });
    }
    document.apply("Make", commands).unwrap();
    (document, geometry)
}

/// The time of an export, and of copying what it wrote byte for byte.
fn beside_a_copy(out: &Path, name: &str, format: &str, document: &Document, pictures: &dyn Images) {
    let target = out.join(name);
    let ms = best(1, || {
        let _ = std::fs::remove_dir_all(&target);
        export(by_name(format).unwrap(), document, pictures, &target, &Options::default(), &Task::default()).unwrap();
    });
    say(name, ms);
    let copy = out.join(format!("{name}_copy"));
    let copied = std::process::Command::new("cp").arg("-r").arg(&target).arg(&copy).status();
    assert!(copied.is_ok_and(|status| status.success()));
    std::fs::remove_dir_all(&copy).unwrap();
    let ms = best(1, || {
        let status = std::process::Command::new("cp").arg("-r").arg(&target).arg(&copy).status();
        assert!(status.is_ok_and(|status| status.success()));
    });
    say(&format!("{name}_copy"), ms);
}

fn pictures(out: &Path) {
    let size = [512, 512, 1];
    let samples = Samples::U8(grainy(512 * 512, 200).map(|v| v as u8).collect());
    let (document, geometry) = project(1000, size, &samples);
    let load = |_: &ImageEntry, _: &Task| Ok(Volume::new(geometry, samples.clone(), 1)?);
    beside_a_copy(out, "pictures_1000", "coco-instances", &document, &load);
}

fn volumes(out: &Path) {
    let size = [256, 256, 60];
    let samples = Samples::I16(grainy(256 * 256 * 60, 1000).collect());
    let (document, geometry) = project(50, size, &samples);
    let load = |_: &ImageEntry, _: &Task| Ok(Volume::new(geometry, samples.clone(), 1)?);
    beside_a_copy(out, "ct_50", "nnunet", &document, &load);
}

/// A ball of 200 x 512 x 512 voxels: as a DICOM segmentation there and back, and as a surface.
fn segmentation(out: &Path) {
    let size = [512, 512, 200];
    let geometry = Geometry::axis_aligned(size, World::new(-200.0, -180.0, 40.0), [0.8, 0.8, 1.5]).unwrap();
    let volume = Volume::new(geometry, Samples::I16(vec![0; geometry.voxel_count()]), 1).unwrap();
    let ball = |[i, j, k]: [usize; 3]| {
        let at = [i as f64 - 256.0, j as f64 - 256.0, (k as f64 - 100.0) * 2.0];
        at.iter().map(|x| x * x).sum::<f64>() < 180.0 * 180.0
    };
    let mask = Mask::from_fn(VoxelBox::whole(size), ball);
    let image = ImageEntry::of_volume(&volume, "ct", "ct");
    let id = image.id;
    let mut document = Document::new("bench");
    let paint = Command::Paint {
        image: id,
        layer: 0,
        label: 1,
        mask: PackedMask::pack(&mask),
        mode: limner_annotation::PaintMode::Set,
        rule: limner_annotation::PaintRule::All,
    };
    let label = Command::AddLabel { label: Label::new(1, "ball") };
    document.apply("Make", vec![label, Command::AddImage { image }, paint]).unwrap();
    let pictures = |_: &ImageEntry, _: &Task| Ok(volume.clone());
    let task = Task::default();
    for (name, format) in [("seg_write_and_check", "dicom-seg"), ("mesh_write_and_check", "mesh-stl")] {
        let target = out.join(format);
        let ms = best(2, || {
            let _ = std::fs::remove_dir_all(&target);
            export(by_name(format).unwrap(), &document, &pictures, &target, &Options::default(), &task).unwrap();
        });
        say(name, ms);
    }
    let path = out.join("dicom-seg/case_00001_seg.dcm");
    let none = |path: &Path, _: &Task| Err(limner_annotation::Error::export(path, "not asked for"));
    let reading = Reading { contents: document.contents(), path: &path, pictures: &none, task: &task };
    say("seg_read", best(3, || assert_eq!(read(by_name("dicom-seg").unwrap(), &reading).unwrap().records, 1)));
    let surface = best(2, || {
        let target = out.join("surface");
        let _ = std::fs::remove_dir_all(&target);
        let options = Options { set: [("smooth".to_owned(), "0".to_owned())].into(), ..Options::default() };
        export(by_name("mesh-ply").unwrap(), &document, &pictures, &target, &options, &task).unwrap();
    });
    say("mesh_surface", surface);
    let labels: Vec<u8> = mask.voxels().iter().map(|v| u8::from(*v)).collect();
    std::fs::write(out.join("ball.raw"), &labels).unwrap();
    formats::write(&Volume::new(geometry, Samples::U8(labels), 1).unwrap(), &out.join("ball.nii.gz")).unwrap();
}
