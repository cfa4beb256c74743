//! Real series, opened in the window one by one: the letters at the edges agree with what an independent program says
//! of the grid, the window lies among the values, and the whole slice is in view.

use crate::data;
use crate::hand::Hand;
use egui_kittest::kittest::Queryable as _;
use glam::DVec3;
use limner::app::{App, Start};
use limner::outbox::Request;
use limner_imaging::{Pixel, Side, Volume, World};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Opening more takes long and says nothing new; all of them when LIMNER_FULL is 1.
const FILES: usize = 12;

/// A path to open, and rows of an affine from voxel to LPS as the oracle has it.
struct Case {
    path: PathBuf,
    rows: [[f64; 4]; 3],
}

fn rows_of(value: &Value, signs: [f64; 3]) -> Option<[[f64; 4]; 3]> {
    let rows = value.as_array()?;
    let mut out = [[0.0; 4]; 3];
    for (r, (row, sign)) in out.iter_mut().zip(signs).enumerate() {
        for (c, cell) in row.iter_mut().enumerate() {
            *cell = sign * rows.get(r)?.get(c)?.as_f64()?;
        }
    }
    Some(out)
}

fn cases(data: &Path) -> Vec<Case> {
    let manifest: Value = serde_json::from_slice(&std::fs::read(data.join("MANIFEST.json")).unwrap()).unwrap();
    let mut cases = Vec::new();
    for (name, entry) in manifest["series"].as_object().unwrap() {
        if let [group] = entry["groups"].as_array().unwrap().as_slice()
            && let Some(rows) = rows_of(&group["affine_lps_ijk"], [1.0; 3])
        {
            cases.push(Case { path: data.join(name), rows });
        }
    }
    // NIfTI counts to the right and to the front where DICOM counts to the left and to the back.
    let full = std::env::var_os("LIMNER_FULL").is_some_and(|full| full == "1");
    let is_volume = |entry: &Value| entry["shape"].as_array().is_some_and(|shape| shape.len() == 3 && shape[2] != 1);
    let files = manifest["files"].as_object().unwrap().iter().filter(|(_, entry)| is_volume(entry));
    let files = files.filter_map(|(name, entry)| {
        let is_nifti = name.ends_with(".nii") || name.ends_with(".nii.gz");
        is_nifti.then(|| Some(Case { path: data.join(name), rows: rows_of(&entry["affine"], [-1.0, -1.0, 1.0])? }))?
    });
    cases.extend(files.take(if full { usize::MAX } else { FILES }));
    cases
}

#[test]
fn letters_windows_and_edges_of_real_series_are_right() {
    let Some(data) = data() else { return };
    let cases = cases(&data);
    assert!(cases.len() > 8, "the manifest names affines");
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on(home.path(), Start::Path(cases[0].path.clone()));
    let mut seen = 0;
    for case in &cases {
        hand.window.state_mut().carry_out(Request::OpenPath(case.path.clone()));
        hand.wait("the scan and the picture", |app| app.jobs.running().iter().all(|job| job.quiet));
        for _ in 0..3 {
            hand.window.step();
        }
        let shown = |app: &App| {
            let series = app.workspace.open().and_then(|open| app.workspace.found.get(open.series?)).cloned();
            series.is_some_and(|series| series.path.starts_with(&case.path))
        };
        if !shown(hand.app()) {
            // What cannot be read says why; it is another suite's matter which those are.
            assert!(!hand.app().notices.shown().is_empty(), "{}: neither shown nor refused", case.path.display());
            continue;
        }
        seen += 1;
        check(&hand, case);
    }
    assert!(seen * 10 >= cases.len() * 8, "only {seen} of {} were shown", cases.len());
    assert!(hand.window.query_all_by_label("Saved").count() <= 1);
}

fn check(hand: &Hand, case: &Case) {
    let name = case.path.display();
    let (viewport, open) = hand.app().workspace.active().expect("a picture is shown");
    let volume = &open.volume;
    let raster = viewport.raster(volume);
    let [w, h] = raster.size.map(|n| n as f64);
    let oracle = |pixel: [f64; 2]| {
        let world = limner_render::pick::world(&raster, Pixel(pixel.into()));
        let at = volume.geometry.voxel(world).0;
        DVec3::from_array(case.rows.map(|row| row[0] * at.x + row[1] * at.y + row[2] * at.z + row[3]))
    };
    if volume.spacing_known && volume.stack_axis == limner_imaging::StackAxis::Space {
        let right = oracle([w, h / 2.0]) - oracle([0.0, h / 2.0]);
        let down = oracle([w / 2.0, h]) - oracle([w / 2.0, 0.0]);
        let [left_letter, right_letter, top_letter, bottom_letter] = raster.plane.screen_sides().map(Side::letter);
        assert_eq!((letter(-right), letter(right)), (left_letter, right_letter), "{name}: left and right");
        assert_eq!((letter(-down), letter(down)), (top_letter, bottom_letter), "{name}: top and bottom");
    }
    if !volume.is_colour() {
        check_window(volume, viewport.window, &name.to_string());
    }
    for corner in corners(volume, viewport.slice(&volume.geometry).0, viewport.view().slice_axis(&volume.geometry)) {
        let (pixel, _) = limner_render::pick::screen(&raster, corner);
        let inside = (-0.5..=w + 0.5).contains(&pixel.0.x) && (-0.5..=h + 0.5).contains(&pixel.0.y);
        assert!(inside, "{name}: a corner of the slice is out of view at {pixel:?} of {w} × {h}");
    }
}

/// Towards which side of the patient a direction goes most.
fn letter(direction: DVec3) -> char {
    let [x, y, z] = direction.to_array();
    if x.abs() >= y.abs() && x.abs() >= z.abs() {
        if x > 0.0 { 'L' } else { 'R' }
    } else if y.abs() >= z.abs() {
        if y > 0.0 { 'P' } else { 'A' }
    } else if z > 0.0 {
        'S'
    } else {
        'I'
    }
}

/// What the window shows are values the picture has: its middle lies among them, and it shows some difference.
fn check_window(volume: &Volume, window: limner_imaging::Window, name: &str) {
    let count = volume.samples().len();
    let step = (count / 50_000).max(1);
    let mut values: Vec<f64> =
        (0..count).step_by(step).map(|n| volume.value_map.value(volume.samples().get(n))).collect();
    values.retain(|value| value.is_finite());
    values.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| values[((values.len() - 1) as f64 * share) as usize];
    let (low, high) = (at(0.01), at(0.99));
    if low == high {
        return;
    }
    let overlap = window.high().min(high) - window.low().max(low);
    assert!(overlap > 0.0, "{name}: the window {window:?} shows nothing between {low} and {high}");
    if volume.windows.is_empty() {
        let room = (at(1.0) - at(0.0)) * 0.05;
        let inside = window.low() >= low - room && window.high() <= at(0.995) + room;
        assert!(inside || volume.looks_like_ct(), "{name}: {window:?} leaves {low} to {high}");
    }
}

fn corners(volume: &Volume, slice: usize, axis: usize) -> Vec<World> {
    let size = volume.size();
    let mut out = Vec::new();
    for corner in 0..4 {
        let mut at = [0.0; 3];
        let mut bit = 0;
        for (n, cell) in at.iter_mut().enumerate() {
            *cell = if n == axis {
                slice as f64
            } else {
                bit += 1;
                if corner >> (bit - 1) & 1 == 0 { -0.5 } else { size[n] as f64 - 0.5 }
            };
        }
        out.push(volume.geometry.world(limner_imaging::Voxel::new(at[0], at[1], at[2])));
    }
    out
}
