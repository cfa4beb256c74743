//! What the exchange costs, beside the field's own tools: prints a JSON line per measure for tests/judges/bench_exchange.py.
//!
//! cargo run -p limner-annotation --example exchange_bench -- OUT

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement that cannot be made stops")]

use limner_annotation::exchange::rle::Rle;
use limner_annotation::exchange::{Options, Reading, by_name, export, read};
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
    let labels: Vec<u8> = mask.voxels().iter().map(|v| u8::from(*v)).collect();
    formats::write(&Volume::new(geometry, Samples::U8(labels), 1).unwrap(), &out.join("ball.nii.gz")).unwrap();
}
