//! What work costs: printed, and bounded loosely enough for a slow machine that other programs share.

use limner_annotation::command::{Command, PaintMode, PaintRule};
use limner_annotation::tools::brush;
use limner_annotation::{Document, ImageEntry, Label, PackedMask, Project};
use limner_imaging::{Geometry, Plane, StackAxis, View, World};
use std::io::Write as _;
use std::time::{Duration, Instant};

fn big_image() -> ImageEntry {
    let geometry = Geometry::axis_aligned([512, 512, 500], World::new(-180.0, -170.0, 20.0), [0.7, 0.7, 1.0]).unwrap();
    ImageEntry {
        id: limner_annotation::ImageId::new(),
        path: "big.nii".into(),
        series_uid: None,
        sha256: "0".repeat(64),
        geometry,
        title: "big".into(),
        modality: None,
        stack_axis: StackAxis::Space,
        spacing_known: true,
        calibration_mm_per_px: None,
        signal: None,
        facts: limner_annotation::SeriesFacts::default(),
    }
}

fn document() -> (Document, ImageEntry) {
    let image = big_image();
    let label = Label::new(1, "organ");
    let mut document = Document::new("reader");
    document.apply("Start", vec![Command::AddImage { image: image.clone() }, Command::AddLabel { label }]).unwrap();
    (document, image)
}

/// A stroke of many dabs, radius 20 voxels, across a view; the slowest of the dabs.
fn stroke(document: &mut Document, image: &ImageEntry, view: View, shift_mm: f64) -> Vec<Duration> {
    let g = image.geometry;
    let plane = Plane::of_view(&g, view, World(g.centre().0 + shift_mm));
    let mut times = Vec::new();
    document.begin("Brush").unwrap();
    let mut last = plane.at_mm(-100.0, -60.0);
    for n in 1..=100 {
        let at = plane.at_mm(-100.0 + 2.0 * f64::from(n), -60.0 + 0.5 * f64::from(n));
        let start = Instant::now();
        let mask = PackedMask::pack(&brush::disc(&g, &plane, last, at, 14.0));
        let (layer, mode, rule) = (0, PaintMode::Set, PaintRule::All);
        document.stage(Command::Paint { image: image.id, layer, label: 1, mask, mode, rule }).unwrap();
        times.push(start.elapsed());
        last = at;
    }
    document.commit().unwrap();
    times.sort_unstable();
    times
}

#[test]
fn strokes_are_quick_and_their_undo_small() {
    let (mut document, image) = document();
    for view in View::ALL {
        let before = document.history_bytes();
        let times = stroke(&mut document, &image, view, 0.0);
        let bytes = document.history_bytes() - before;
        let mut undo: Vec<Duration> = (0..11)
            .map(|_| {
                let start = Instant::now();
                document.undo().unwrap();
                let undo = start.elapsed();
                document.redo().unwrap();
                undo
            })
            .collect();
        undo.sort_unstable();
        println!(
            "{}: dab median {:.3} ms, 95th {:.3} ms; step {} KB; undo median {:.2} ms, fastest {:.2} ms",
            view.name(),
            times[50].as_secs_f64() * 1e3,
            times[95].as_secs_f64() * 1e3,
            bytes / 1024,
            undo[5].as_secs_f64() * 1e3,
            undo[0].as_secs_f64() * 1e3
        );
        assert!(bytes < 100 * 1024, "{bytes} bytes for one stroke");
        assert!(times[50] < Duration::from_millis(20));
        // The fastest is what it costs; the others also tell what else the machine was doing.
        assert!(undo[0] < Duration::from_millis(5), "{undo:?}");
    }
}

#[test]
fn many_strokes_fit_the_budget_and_each_is_stored_soon() {
    let folder = tempfile::tempdir().unwrap();
    let mut project = Project::create(&folder.path().join("big.limner"), "big", "reader").unwrap();
    let image = big_image();
    let start = vec![Command::AddImage { image: image.clone() }, Command::AddLabel { label: Label::new(1, "organ") }];
    project.document_mut().apply("Start", start).unwrap();
    let mut page = std::fs::File::create(folder.path().join("page")).unwrap();
    let (mut waits, mut pages) = (Vec::new(), Vec::new());
    let g = image.geometry;
    let strokes = std::env::var("LIMNER_BUDGET_STROKES").ok().and_then(|n| n.parse().ok()).unwrap_or(200);
    for n in 0..strokes {
        let plane = Plane::of_view(&g, View::ALL[n % 3], World(g.centre().0 + (n % 100) as f64 - 50.0));
        let (a, b) = (plane.at_mm(n as f64 % 90.0 - 60.0, -30.0), plane.at_mm(20.0, n as f64 % 60.0));
        let mask = PackedMask::pack(&brush::disc(&g, &plane, a, b, 14.0));
        let (layer, mode, rule) = (0, PaintMode::Set, PaintRule::All);
        let paint = Command::Paint { image: image.id, layer, label: 1, mask, mode, rule };
        let start = Instant::now();
        project.document_mut().apply("Brush", vec![paint]).unwrap();
        project.wait_until_synced().unwrap();
        waits.push(start.elapsed());
        let start = Instant::now();
        page.write_all(&[n as u8; 4096]).and_then(|()| page.sync_data()).unwrap();
        pages.push(start.elapsed());
    }
    waits.sort_unstable();
    pages.sort_unstable();
    let late = |times: &[Duration]| times[times.len() * 95 / 100].as_secs_f64() * 1e3;
    // What a disk that others keep busy needs for one synced write is not ours to answer for.
    assert!(late(&waits) < 100.0_f64.max(10.0 * late(&pages)), "{:.1} and {:.1} ms", late(&waits), late(&pages));
    let bytes = project.document().history_bytes();
    let size = std::fs::metadata(project.path()).unwrap().len();
    let contents = project.document().contents().clone();
    let path = project.path().to_path_buf();
    project.close().unwrap();
    let start = Instant::now();
    let project = Project::open(&path).unwrap();
    println!(
        "{strokes} strokes: {} KB of history, commit 95th {:.1} ms (one synced page {:.1} ms), file {} KB, reopened in {:.0} ms",
        bytes / 1024,
        late(&waits),
        late(&pages),
        size / 1024,
        start.elapsed().as_secs_f64() * 1e3
    );
    assert!(bytes < strokes * (64 << 10));
    assert_eq!(project.document().contents(), &contents);
}
