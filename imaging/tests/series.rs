//! Which files of a folder are one series, in which order, and what is said where that is not plain; and files whose
//! own description is missing or wrong.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops, and says what it saw")]

#[path = "support/made.rs"]
#[expect(dead_code, reason = "few of the helpers are needed here")]
mod made;

use limner_imaging::{Samples, Series, Task, Warning, formats};
use made::{Put, file, picture, place, text};
use std::path::Path;

const DIRECTIONS: u32 = 0x0020_0037;
const POSITION: u32 = 0x0020_0032;
const ECHO_TIME: u32 = 0x0018_0081;
const B_VALUE: u32 = 0x0018_9087;

/// A slice whose samples all say its number.
fn slice(number: u16, z: f64) -> Vec<(u32, Put)> {
    let mut elements = picture(4, 3, &[number; 12]);
    elements.extend(place([1.0, 2.0, z]));
    elements
}

fn with(mut elements: Vec<(u32, Put)>, tag: u32, put: Put) -> Vec<(u32, Put)> {
    elements.retain(|(t, _)| *t != tag);
    elements.push((tag, put));
    elements
}

/// The series of a folder with these files, the largest first.
fn series_of(files: Vec<Vec<(u32, Put)>>) -> (tempfile::TempDir, Vec<Series>) {
    let folder = tempfile::tempdir().unwrap();
    let count = files.len();
    for (n, elements) in files.into_iter().enumerate() {
        // Names that say nothing of the order.
        std::fs::write(folder.path().join(format!("{:02}.dcm", n * 7 % count)), file(elements)).unwrap();
    }
    let found = formats::scan(folder.path(), &Task::default()).unwrap();
    assert!(found.failed.is_empty(), "{:?}", found.failed);
    let mut series = found.series;
    series.sort_by_key(|s| std::cmp::Reverse((s.size[2], s.files.len())));
    (folder, series)
}

fn said(warnings: &[Warning], code: &str) -> String {
    let texts: Vec<_> = warnings.iter().filter(|w| w.code == code).map(|w| w.text.clone()).collect();
    assert!(!texts.is_empty(), "no {code} among {warnings:?}");
    texts.join("\n")
}

/// The numbers of the slices from bottom to top.
fn numbers(series: &Series) -> Vec<u16> {
    let Samples::U16(samples) = series.load(&Task::default()).unwrap().into_samples() else { panic!("not 16-bit") };
    samples.chunks(12).map(|slice| slice[0]).collect()
}

#[test]
fn what_a_series_was_called_is_known_to_its_study_alone() {
    let called = |name: &'static str| with(slice(1, 0.0), 0x0008_103E, text("LO", name));
    let (_folder, series) = series_of(vec![called("T2 axial of J. Doe")]);
    let patients = limner_imaging::study::patients(&series, &Task::default()).unwrap();
    let study = &patients[0].studies[0];
    assert_eq!(study.description_of(0).unwrap().reveal(), "T2 axial of J. Doe");
    assert!(study.description_of(1).is_none());
    assert!(!format!("{patients:?} {series:?}").contains("Doe"), "titles and logs hold nothing of it");
    let (_folder, series) = series_of(vec![called(" ")]);
    let patients = limner_imaging::study::patients(&series, &Task::default()).unwrap();
    assert!(patients[0].studies[0].description_of(0).is_none());
}

/// A project finds its pictures one by one, in an order of its own and by paths with detours.
#[test]
fn studies_are_listed_in_one_order_however_their_series_were_found() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, uid: &'static str, study: &'static str| {
        let elements = with(with(slice(1, 0.0), 0x0020_000E, text("UI", uid)), 0x0020_000D, text("UI", study));
        std::fs::write(folder.path().join(name), file(elements)).unwrap();
    };
    put("d.dcm", "1.1", "9.1");
    put("b.dcm", "1.2", "9.2");
    put("c.dcm", "1.3", "9.1");
    let volume = formats::open_single(&folder.path().join("d.dcm"), &Task::default()).unwrap();
    for name in ["z.nii.gz", "a.nii.gz", "e.nrrd"] {
        formats::write(&volume, &folder.path().join(name)).unwrap();
    }
    let found = formats::scan(folder.path(), &Task::default()).unwrap().series;
    let listed = |series: &[Series]| -> Vec<String> {
        let patients = limner_imaging::study::patients(series, &Task::default()).unwrap();
        let lines = patients.iter().flat_map(|patient| &patient.studies).flat_map(|study| &study.series);
        lines.map(|line| series[*line].path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
    };
    let order = ["b.dcm", "c.dcm", "d.dcm", "e.nrrd", "a.nii.gz", "z.nii.gz"];
    assert_eq!(listed(&found), order, "what has no study comes last");
    let mut again: Vec<Series> = found.into_iter().rev().collect();
    for series in again.iter_mut().step_by(2) {
        let name = series.path.file_name().unwrap().to_owned();
        series.path = folder.path().join("projects/..").join(name);
    }
    assert_eq!(listed(&again), order);
}

#[test]
fn an_echo_planar_volume_takes_its_repetition_time_and_no_other_sequence_does() {
    let at = |time: u16, sequence: &'static str| {
        let elements = with(slice(time, 0.0), 0x0020_0100, text("IS", if time == 0 { "1" } else { "2" }));
        let elements = with(elements, 0x0018_0020, text("CS", sequence));
        with(elements, 0x0018_0080, text("DS", "2500"))
    };
    let clock = |sequence| {
        let up = |elements: Vec<(u32, Put)>| with(elements, POSITION, text("DS", "1\\2\\5"));
        let files = vec![at(0, sequence), at(1, sequence), up(at(0, sequence)), up(at(1, sequence))];
        let (folder, series) = series_of(files);
        assert_eq!((series.len(), series[0].frames), (1, 2), "{:?}", series[0]);
        let clock = series[0].sequence().unwrap().clock().clone();
        drop(folder);
        clock
    };
    let planar = clock("EP\\GR");
    assert_eq!((planar.total_ms(), planar.is_known()), (5000.0, true));
    assert!(!clock("GR").is_known());
}

#[test]
fn a_slice_there_twice_is_told_with_its_place_and_kept_apart() {
    let heights = [3.0, 0.0, 2.0, 1.0, 2.0];
    let (_folder, series) = series_of((0..).zip(heights).map(|(n, z)| slice(n, z)).collect());
    assert_eq!((series.len(), series[0].size, series[1].size), (2, [4, 3, 4], [4, 3, 1]));
    assert!(said(&series[0].warnings, "duplicate_slice").contains("2.00 mm"));
    let order = numbers(&series[0]);
    assert!(order == [1, 3, 2, 0] || order == [1, 3, 4, 0], "{order:?}");
}

#[test]
fn uneven_distances_are_told_between_which_slices() {
    let heights = [0.0, 1.0, 2.0, 3.4, 4.4];
    let (_folder, series) = series_of((0..).zip(heights).map(|(n, z)| slice(n, z)).collect());
    assert_eq!(series.len(), 1);
    assert_eq!(numbers(&series[0]), [0, 1, 2, 3, 4]);
    let told = said(&series[0].warnings, "uneven_spacing");
    assert!(told.contains("1.40 mm between slices 3 and 4"), "{told}");
}

#[test]
fn planes_of_other_directions_and_scouts_are_series_of_their_own() {
    let mut files: Vec<_> = (0..4).map(|n| slice(n, f64::from(n))).collect();
    for n in 0..3 {
        let coronal = with(slice(10 + n, 0.0), DIRECTIONS, text("DS", "1\\0\\0\\0\\0\\-1"));
        files.push(with(coronal, POSITION, text("DS", format!("1\\{}\\9", 5 - n))));
    }
    let mut scout = with(slice(20, 50.0), DIRECTIONS, text("DS", "0\\1\\0\\0\\0\\-1"));
    scout.push((0x0008_0008, text("CS", "ORIGINAL\\PRIMARY\\LOCALIZER")));
    files.push(scout);
    let (_folder, series) = series_of(files);
    let sizes: Vec<_> = series.iter().map(|s| s.size[2]).collect();
    assert_eq!(sizes, [4, 3, 1]);
    assert_eq!(numbers(&series[0]), [0, 1, 2, 3]);
    // The normal of these coronal planes points to the back.
    assert_eq!(numbers(&series[1]), [12, 11, 10]);
}

#[test]
fn echoes_and_weightings_are_series_of_their_own() {
    let weighted = |tag: u32, value: fn(u16) -> Put| {
        let files = (0..6).map(|n| with(slice(n, f64::from(n % 3)), tag, value(n / 3))).collect();
        let (_folder, series) = series_of(files);
        let mut orders: Vec<_> = series.iter().map(numbers).collect();
        orders.sort();
        assert_eq!(orders, [[0, 1, 2], [3, 4, 5]], "split by {tag:08x}");
    };
    weighted(ECHO_TIME, |n| text("DS", format!("{}", 10 + 20 * n)));
    weighted(B_VALUE, |n| made::double(f64::from(n) * 1000.0));
}

#[test]
fn files_that_hide_what_they_are_are_read_with_a_word_about_it() {
    let folder = tempfile::tempdir().unwrap();
    let whole = file(slice(7, 0.0));
    let meta_end = 132 + 12 + u32::from_le_bytes(whole[140..144].try_into().unwrap()) as usize;
    let implicit = {
        let mut bytes = whole.clone();
        let at = bytes.windows(17).position(|w| w == b"1.2.840.10008.1.2").unwrap();
        // "1.2.840.10008.1.2.1" becomes Implicit VR, which these elements are not.
        bytes[at + 17..at + 20].fill(0);
        bytes
    };
    let read = |bytes: &[u8]| {
        let path: &Path = &folder.path().join("a.dcm");
        std::fs::write(path, bytes).unwrap();
        let volume = formats::open_single(path, &Task::default()).unwrap();
        let warnings = volume.warnings.clone();
        assert_eq!(volume.into_samples(), Samples::U16(vec![7; 12]));
        warnings
    };
    assert!(read(&whole).is_empty());
    said(&read(&whole[128 + 4..]), "no_preamble");
    let bare = read(&whole[meta_end..]);
    said(&bare, "no_preamble");
    said(&bare, "no_transfer_syntax");
    said(&read(&implicit), "wrong_transfer_syntax");
}
