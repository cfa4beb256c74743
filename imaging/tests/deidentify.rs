//! Cleaned copies of real files: nothing of the person is left in the bytes, the pictures are the same.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops, and says what it saw")]

mod support;

use limner_imaging::deidentify::{Blackout, Dates, Profile, Rectangle, anonymize};
use limner_imaging::{Task, formats};
use std::path::{Path, PathBuf};

fn profile() -> Profile {
    Profile { key: "a test".into(), ..Profile::default() }
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|w| w == needle)
}

/// Values of the elements that name people and institutions, read naively from the original's bytes.
fn names_in(path: &Path) -> Vec<Vec<u8>> {
    let bytes = std::fs::read(path).unwrap();
    let tags: [[u8; 4]; 7] = [
        [0x10, 0, 0x10, 0],
        [0x10, 0, 0x20, 0],
        [0x10, 0, 0x30, 0],
        [8, 0, 0x80, 0],
        [8, 0, 0x90, 0],
        [8, 0, 0x50, 0],
        [0x20, 0, 0x0D, 0],
    ];
    let explicit = |tag: [u8; 4]| {
        let at = bytes.windows(4).position(|w| w == tag)?;
        let length = usize::from(u16::from_le_bytes([bytes[at + 6], bytes[at + 7]]));
        let value = bytes.get(at + 8..at + 8 + length)?;
        let trimmed = value.strip_suffix(b" ").or(value.strip_suffix(b"\0")).unwrap_or(value);
        (trimmed.len() >= 4 && bytes[at + 4].is_ascii_uppercase()).then(|| trimmed.to_vec())
    };
    tags.into_iter().filter_map(explicit).collect()
}

#[test]
fn nothing_that_names_is_left_and_the_samples_are_the_same() {
    let Some(root) = support::data() else { return };
    let folders = ["dicom/syntax/pydicom", "dicom/syntax/wg04", "dicom/colour/pydicom", "series/ct_head_slicer"];
    let mut compared = 0;
    for folder in folders {
        let input = root.join(folder);
        let out = tempfile::tempdir().unwrap();
        let task = Task::default();
        let report = anonymize(&input, out.path(), &Profile { dates: Dates::Shift, ..profile() }, &task).unwrap();
        assert!(!report.written.is_empty());
        let found = formats::scan(&input, &task).unwrap();
        let names: Vec<Vec<u8>> = found.series.iter().flat_map(|s| &s.files).flat_map(|f| names_in(f)).collect();
        // A maker's name may stay, also where it stands for the institution.
        let names: Vec<Vec<u8>> = names.into_iter().filter(|n| n != b"TOSHIBA").collect();
        assert!(!names.is_empty());
        for path in &report.written {
            let bytes = std::fs::read(path).unwrap();
            let header = &bytes[..bytes.windows(4).position(|w| w == [0xE0, 0x7F, 0x10, 0]).unwrap_or(bytes.len())];
            for name in &names {
                assert!(!contains(header, name), "{:?} is in {}", String::from_utf8_lossy(name), path.display());
            }
        }
        let originals: Vec<PathBuf> = found.series.iter().flat_map(|s| s.files.clone()).collect();
        let (before, after) = (hashes(&originals, &task), hashes(&report.written, &task));
        assert_eq!(before, after, "{folder}");
        compared += before.len();
    }
    println!("{compared} series compared");
}

/// The samples of each file by itself: files of several originals may form one series.
fn hashes(files: &[PathBuf], task: &Task) -> Vec<String> {
    let found = files.iter().flat_map(|f| formats::scan(f, task).unwrap().series);
    let mut all: Vec<String> = found.filter_map(|s| s.facts(task).ok()).map(|f| f.sha256_samples).collect();
    all.sort();
    all
}

#[test]
fn rectangles_are_black_in_every_frame() {
    let Some(root) = support::data() else { return };
    let input = root.join("dicom/colour/pydicom_data/SC_rgb_2frame.dcm");
    let out = tempfile::tempdir().unwrap();
    let task = Task::default();
    let rectangle = Rectangle { columns: [10, 60], rows: [5, 90] };
    let blackout = Blackout { series_uid: None, device: None, size: [100, 100], rectangles: vec![rectangle] };
    let report = anonymize(&input, out.path(), &Profile { blackouts: vec![blackout], ..profile() }, &task).unwrap();
    let before = formats::open_single(&input, &task).unwrap();
    let after = formats::open_single(&report.written[0], &task).unwrap();
    assert_eq!(after.geometry.size(), [100, 100, 2]);
    let mut changed = 0;
    for n in 0..after.samples().len() {
        let (c, r) = (n / 3 % 100, n / 300 % 100);
        let inside = (10..60).contains(&c) && (5..90).contains(&r);
        let expected = if inside { 0.0 } else { before.samples().get(n) };
        assert!((after.samples().get(n) - expected).abs() < f64::EPSILON);
        changed += usize::from(inside && before.samples().get(n) > 0.0);
    }
    assert!(changed > 0);
}

#[test]
fn copies_never_land_among_the_originals() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.dcm"), b"not dicom").unwrap();
    assert!(anonymize(folder.path(), &folder.path().join("out"), &profile(), &Task::default()).is_err());
    let out = tempfile::tempdir().unwrap();
    let report = anonymize(folder.path(), out.path(), &profile(), &Task::default()).unwrap();
    assert_eq!((report.written.len(), report.skipped.len()), (0, 1));
}
