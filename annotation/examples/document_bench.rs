//! What the document costs, in one run: a brush on a large CT, commits beside what the disk asks for one synced write,
//! operations on a large organ, statistics of many regions beside scikit-image, and a project of 100,000 images and
//! 1,000,000 regions.
//!
//!     annotation/bench/document.sh

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use limner_annotation::command::{Command, PaintMode, PaintRule};
use limner_annotation::operations::{self, Operation, Target, smooth};
use limner_annotation::tools::brush;
use limner_annotation::{
    Document, Form, ImageEntry, ImageId, Kind, Label, PackedMask, Patch, Project, Query, Shape, Slice,
    region_statistics,
};
use limner_imaging::{Geometry, Mask, Plane, Samples, StackAxis, View, Volume, Voxel, VoxelBox, World};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

fn main() {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    if let Some(large) = std::env::var_os("LIMNER_BENCH_PROJECT") {
        return asked(Path::new(&large));
    }
    brushing();
    commits(folder.path());
    operating();
    statistics(folder.path(), std::env::args().nth(1).as_deref());
    let images = std::env::var("LIMNER_BENCH_IMAGES").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    large_project(folder.path(), images);
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn entry(size: [usize; 3], title: String) -> ImageEntry {
    ImageEntry {
        id: ImageId::new(),
        path: format!("{title}.nii"),
        series_uid: None,
        sha256: "0".repeat(64),
        geometry: Geometry::axis_aligned(size, World::new(-180.0, -170.0, 20.0), [0.7, 0.7, 1.0])
            .expect("a sound grid"),
        title,
        modality: Some("CT".into()),
        stack_axis: StackAxis::Space,
        spacing_known: true,
        calibration_mm_per_px: None,
        signal: None,
        facts: limner_annotation::SeriesFacts::default(),
    }
}

/// Radius 20 voxels on 512 x 512 x 500.
fn brushing() {
    let image = entry([512, 512, 500], "ct".into());
    let mut document = Document::new("bench");
    let start = vec![Command::put(image.clone()), Command::put(Label::new(1, "organ"))];
    document.apply("Start", start).expect("commands that fit");
    let g = image.geometry;
    for view in View::ALL {
        let before = document.history_bytes();
        let plane = Plane::of_view(&g, view, g.centre());
        let mut times = Vec::new();
        document.begin("Brush").expect("no step is open");
        let mut last = plane.at_mm(-100.0, -60.0);
        for n in 1..=100 {
            let at = plane.at_mm(-100.0 + 2.0 * f64::from(n), -60.0 + 0.5 * f64::from(n));
            let start = Instant::now();
            document.stage(dab(image.id, &brush::disc(&g, &plane, last, at, 14.0))).expect("a dab that fits");
            times.push(start.elapsed());
            last = at;
        }
        document.commit().expect("an open step");
        times.sort_unstable();
        let bytes = document.history_bytes() - before;
        let undo = sorted((0..21).map(|_| {
            let start = Instant::now();
            document.undo().expect("a step to undo");
            let undo = start.elapsed();
            document.redo().expect("a step to redo");
            undo
        }));
        println!(
            "brush {}: dab median {:.3} ms (aim 0.2), undo median {:.2} ms, fastest {:.2} ms (aim 5), step {} KB (aim 100)",
            view.name(),
            ms(times[50]),
            ms(undo[10]),
            ms(undo[0]),
            bytes >> 10
        );
    }
    let before = document.history_bytes();
    for n in 0..1000_usize {
        let plane = Plane::of_view(&g, View::ALL[n % 3], World(g.centre().0 + (n % 100) as f64 - 50.0));
        let (a, b) = (plane.at_mm(n as f64 % 90.0 - 60.0, -30.0), plane.at_mm(20.0, n as f64 % 60.0));
        document.apply("Brush", vec![dab(image.id, &brush::disc(&g, &plane, a, b, 14.0))]).expect("a stroke that fits");
    }
    println!("brush: 1,000 strokes keep {:.1} MB (aim 64)", (document.history_bytes() - before) as f64 / 1048576.0);
}

fn sorted(times: impl Iterator<Item = Duration>) -> Vec<Duration> {
    let mut times: Vec<Duration> = times.collect();
    times.sort_unstable();
    times
}

/// A stroke until it survives a power cut, beside one synced write of a page in the same folder.
fn commits(folder: &Path) {
    let image = entry([512, 512, 500], "ct".into());
    let g = image.geometry;
    let mut project = Project::create(&folder.join("commits.limner"), "commits", "bench").expect("a new project");
    let start = vec![Command::put(image.clone()), Command::put(Label::new(1, "organ"))];
    project.document_mut().apply("Start", start).expect("commands that fit");
    project.wait_until_synced().expect("a disk that writes");
    let mut page = std::fs::File::create(folder.join("page")).expect("a file to write to");
    let (mut commits, mut writes, mut work) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..200_usize {
        let plane = Plane::of_view(&g, View::ALL[n % 3], World(g.centre().0 + (n % 100) as f64 - 50.0));
        let (a, b) = (plane.at_mm(n as f64 % 90.0 - 60.0, -30.0), plane.at_mm(20.0, n as f64 % 60.0));
        let paint = dab(image.id, &brush::disc(&g, &plane, a, b, 14.0));
        let start = Instant::now();
        project.document_mut().apply("Brush", vec![paint]).expect("a stroke that fits");
        work.push(start.elapsed());
        project.wait_until_synced().expect("a disk that writes");
        commits.push(start.elapsed());
        let start = Instant::now();
        page.write_all(&[n as u8; 4096]).and_then(|()| page.sync_data()).expect("a disk that writes");
        writes.push(start.elapsed());
    }
    let (commits, writes, work) = (sorted(commits.into_iter()), sorted(writes.into_iter()), sorted(work.into_iter()));
    println!(
        "commit: median {:.1} ms, 95th {:.1} ms (aim 100), of which before the disk {:.2} ms; one synced page: median {:.1} ms, 95th {:.1} ms",
        ms(commits[100]),
        ms(commits[190]),
        ms(work[100]),
        ms(writes[100]),
        ms(writes[190])
    );
}

/// Operations on an organ of 180 x 140 x 120 mm in a CT of 512 x 512 x 300.
fn operating() {
    let image = entry([512, 512, 300], "ct".into());
    let target = Target { image: image.id, layer: 0, label: 1 };
    let mut document = Document::new("bench");
    let start = vec![Command::put(image), Command::put(Label::new(1, "organ")), Command::put(Label::new(2, "next"))];
    document.apply("Start", start).expect("commands that fit");
    let inside = |v: [usize; 3], shift: f64| {
        let x = (v[0] as f64 - 250.0 - shift) / 128.0;
        let (y, z) = ((v[1] as f64 - 260.0) / 100.0, (v[2] as f64 - 150.0) / 60.0);
        x * x + y * y + z * z <= 1.0 + 0.05 * ((v[0] * 7 + v[1] * 3 + v[2]) % 5) as f64
    };
    for (label, shift) in [(2, 40.0), (1, 0.0)] {
        let organ = Mask::from_fn(VoxelBox::new([100, 140, 80], [440, 380, 220]), |v| inside(v, shift));
        let (image, layer, mask) = (target.image, target.layer, PackedMask::pack(&organ));
        let (mode, rule) = (PaintMode::Set, PaintRule::All);
        let paint = Command::Paint { image, layer, label, mask, mode, rule };
        document.apply("Paint", vec![paint]).expect("paint that fits");
    }
    let mut run = |name: &str, commands: &dyn Fn(&Document) -> Vec<Command>| {
        let start = Instant::now();
        let commands = commands(&document);
        let found = start.elapsed();
        let changed = document.apply(name, commands).expect("an operation that fits").is_some();
        let applied = start.elapsed() - found;
        let start = Instant::now();
        if changed {
            document.undo().expect("a step to undo");
        }
        println!(
            "operation {name}: {:.0} ms, applied in {:.1} ms, undone in {:.1} ms",
            ms(found),
            ms(applied),
            ms(start.elapsed())
        );
    };
    for (name, operation) in [
        ("grow 3 mm", Operation::Grow { mm: 3.0 }),
        ("shrink 3 mm", Operation::Shrink { mm: 3.0 }),
        ("hollow 2 mm", Operation::Hollow { mm: 2.0 }),
        ("open 2 mm", Operation::Open { mm: 2.0 }),
        ("close 2 mm", Operation::Close { mm: 2.0 }),
        ("gaussian 1.5 mm", Operation::Gaussian { sigma_mm: 1.5 }),
        ("median 2 mm", Operation::Median { mm: 2.0 }),
        ("fill holes", Operation::FillHoles { slice_by_slice: false }),
        ("keep largest", Operation::KeepLargest),
        ("unite", Operation::Unite { with: 2 }),
        ("subtract", Operation::Subtract { other: 2 }),
    ] {
        run(name, &|document| {
            operations::commands(document, target, operation, PaintRule::All).expect("an operation that fits")
        });
    }
    run("smooth two together 1.5 mm", &|document| {
        vec![smooth::joint(document, target.image, 0, &[1, 2], 1.5).expect("an operation that fits")]
    });
}

fn dab(image: ImageId, mask: &Mask) -> Command {
    let (layer, mode, rule) = (0, PaintMode::Set, PaintRule::All);
    Command::Paint { image, layer, label: 1, mask: PackedMask::pack(mask), mode, rule }
}

/// 200 balls on a CT of 256 x 256 x 200, beside `regionprops_table`.
fn statistics(folder: &Path, python: Option<&str>) {
    let size = [256, 256, 200];
    let g = Geometry::axis_aligned(size, World::default(), [0.8, 0.8, 1.5]).expect("a sound grid");
    let samples: Vec<i16> = (0..g.voxel_count()).map(|n| ((n * 7919 + n / 313) % 3000) as i16 - 1000).collect();
    let label = |[i, j, k]: [usize; 3]| -> u16 {
        let cell = [i / 32, j / 32, k / 50];
        let from = [i % 32, j % 32, k % 50].map(|x| x as f64 - 16.0);
        let inside = from[0] * from[0] + from[1] * from[1] + (from[2] - 9.0) * (from[2] - 9.0) / 2.0 <= 210.0;
        if inside { (cell[0] + 8 * cell[1] + 64 * cell[2] + 1) as u16 } else { 0 }
    };
    let whole = VoxelBox::whole(size);
    let values: Vec<u16> =
        (0..whole.len()).map(|n| label([n % size[0], n / size[0] % size[1], n / (size[0] * size[1])])).collect();
    let write = |name: &str, bytes: Vec<u8>| std::fs::write(folder.join(name), bytes).expect("room for the arrays");
    write("values.raw", samples.iter().flat_map(|x| x.to_le_bytes()).collect());
    write("labels.raw", values.iter().flat_map(|x| x.to_le_bytes()).collect());
    let volume = Volume::new(g, Samples::I16(samples), 1).expect("as many samples as voxels");
    let image = ImageEntry::of_volume(&volume, "a", "a");
    let mut document = Document::new("bench");
    let labels = (1..=256).map(|value| Command::put(Label::new(value, format!("ball {value}"))));
    let patch = Patch::from_values(whole, values.into_iter().map(Some)).expect("a value a voxel");
    let paint = Command::SetVoxels { image: image.id, layer: 0, patch };
    let commands = std::iter::once(Command::put(image.clone())).chain(labels).chain([paint]).collect();
    document.apply("Start", commands).expect("commands that fit");
    let layer = &document.label_map(image.id).expect("the image's map").layers()[0];
    let mut times: Vec<Duration> = (0..5)
        .map(|_| {
            let start = Instant::now();
            assert_eq!(region_statistics::of_layer(layer, &volume).len(), 256);
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    println!("statistics of 256 regions on {size:?}: {:.1} ms", ms(times[2]));
    let table = region_statistics::of_layer(layer, &volume);
    let voxels: u64 = table.iter().map(|row| row.voxels).sum();
    let mean = table.iter().filter_map(|row| row.values).map(|v| v.mean).sum::<f64>() / table.len() as f64;
    let Some(python) = python else {
        println!("    name a Python with scikit-image to compare");
        return;
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/bench/region_statistics.py");
    let peer = std::process::Command::new(python).arg(script).arg(folder).output().expect("the peer to start");
    let text = String::from_utf8_lossy(&peer.stdout);
    let figures: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [theirs_ms, their_voxels, their_mean] = figures[..] else {
        println!("    the peer failed: {}", String::from_utf8_lossy(&peer.stderr));
        return;
    };
    assert_eq!(voxels as f64, their_voxels, "both count the same voxels");
    assert!((mean - their_mean).abs() < 1e-6, "both find the same means");
    println!(
        "    scikit-image: {theirs_ms:.1} ms, {:.1} times as long; same voxels, same means",
        theirs_ms / ms(times[2])
    );
}

/// Ten boxes an image, twenty labels, four readers.
fn large_project(folder: &Path, images: usize) {
    let path = folder.join("large.limner");
    let labels: Vec<Label> = (1..=20).map(|value| Label::new(value, format!("label {value}"))).collect();
    let mut project = Project::create(&path, "large", "reader 0").expect("a new project");
    let start = labels.iter().cloned().map(Command::put).collect();
    project.document_mut().apply("Labels", start).expect("labels that fit");
    let started = Instant::now();
    for chunk in 0..images.div_ceil(1000) {
        if chunk % 10 == 0 {
            // What has been stored need not stay in memory.
            project.close().expect("everything is stored");
            project =
                Project::open_with(&path, limner_annotation::store::Loading::OnDemand).expect("the project opens");
        }
        let document = project.document_mut();
        document.set_author(format!("reader {}", chunk % 4));
        document.apply("Import", import(chunk, &labels)).expect("rows that fit");
    }
    project.close().expect("everything is stored");
    let size = std::fs::metadata(&path).map_or(0, |data| data.len());
    println!("large project: made in {:.0} s, {} MB", started.elapsed().as_secs_f64(), size >> 20);
    asked(&path);
}

/// What opening a large project and asking it costs.
fn asked(path: &Path) {
    let opened = sorted((0..5).map(|_| {
        let start = Instant::now();
        let project = Project::open(path).expect("the project opens");
        let time = start.elapsed();
        drop(project);
        time
    }));
    let project = Project::open(path).expect("the project opens");
    let document = project.document();
    let (images, labels) = (document.images().len(), document.labels());
    println!("    {images} images: opens in {:.0} ms (fastest {:.0}; aim 1000)", ms(opened[2]), ms(opened[0]));
    let by_label = Query::of(Kind::Shape).mentioning(labels[6].id);
    for (what, query) in [
        ("regions with a label", by_label.clone()),
        ("regions with a label by a reader", by_label.by("reader 2")),
        ("regions of one import", Query::of(Kind::Shape).after(limner_annotation::Revision(images as u64 / 1000))),
    ] {
        let mut found = 0;
        let times = sorted((0..5).map(|_| {
            let start = Instant::now();
            found = document.find(&query).expect("a readable project").len();
            start.elapsed()
        }));
        println!("    {what}: {found} in {:.1} ms (fastest {:.1}; aim 50)", ms(times[2]), ms(times[0]));
    }
    let id = document.images().nth(images / 2).expect("an image in the middle").id;
    let start = Instant::now();
    let shapes = document.shapes_on(id).count();
    println!("    first look at an image: {shapes} regions in {:.2} ms", ms(start.elapsed()));
}

fn import(chunk: usize, labels: &[Label]) -> Vec<Command> {
    let mut commands = Vec::with_capacity(11_000);
    for n in 0..1000 {
        let image = entry([512, 512, 1], format!("image {}", chunk * 1000 + n));
        for m in 0..10 {
            let at = (m * 40) as f64;
            let middle = Voxel::new(at + 12.0, at + 20.0, 0.0).0;
            let form = Form::Box2d {
                slice: Slice::stored(0),
                min: [at, at + 3.0],
                max: [middle.x + 20.0 + n as f64 / 10.0, middle.y + 20.0],
            };
            commands.push(Command::put(Shape::new(image.id, form, Some(labels[(n + m) % labels.len()].id))));
        }
        commands.insert(commands.len() - 10, Command::put(image));
    }
    commands
}
