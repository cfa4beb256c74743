//! The options of de-identification, on files made here: what is known to be in them can be looked for in the copies.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops, and says what it saw")]

#[path = "support/made.rs"]
#[expect(dead_code, reason = "few of the helpers are needed here")]
mod made;

use limner_imaging::deidentify::{Blackout, Dates, Profile, Rectangle, Report, anonymize};
use limner_imaging::{Task, Volume, formats};
use made::{Put, file, picture, place, text};
use std::path::Path;
use tempfile::TempDir;

const NAME: &str = "Murr^Kater";
const STUDY: u32 = 0x0020_000D;
const SERIES: u32 = 0x0020_000E;
const INSTANCE: u32 = 0x0008_0018;
const STUDY_DATE: u32 = 0x0008_0020;
const SERIES_DATE: u32 = 0x0008_0021;
const STUDY_TIME: u32 = 0x0008_0030;

/// A slice of one patient's study: number, dates, and what else is wanted.
fn slice(number: u16, patient: &str, dates: [&str; 2], more: Vec<(u32, Put)>) -> Vec<u8> {
    let mut elements = picture(4, 3, &(1..=12).collect::<Vec<u16>>());
    elements.retain(|(tag, _)| *tag != SERIES);
    elements.extend(place([0.0, 0.0, f64::from(number)]));
    elements.extend([
        (INSTANCE, text("UI", format!("1.2.3.4.{number}"))),
        (STUDY_DATE, text("DA", dates[0])),
        (SERIES_DATE, text("DA", dates[1])),
        (STUDY_TIME, text("TM", "101530")),
        (0x0010_0010, text("PN", NAME)),
        (0x0010_0020, text("LO", patient)),
        (0x0010_1010, text("AS", "061Y")),
        (STUDY, text("UI", "1.2.3.1")),
        (SERIES, text("UI", "1.2.3.2")),
        (0x0020_0013, text("IS", number.to_string())),
    ]);
    elements.extend(more);
    file(elements)
}

struct Cleaned {
    _folders: [TempDir; 2],
    report: Report,
    warnings: Vec<(String, String)>,
}

fn clean(files: &[Vec<u8>], profile: &Profile) -> Cleaned {
    let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
    for (n, bytes) in files.iter().enumerate() {
        std::fs::write(folders[0].path().join(format!("{n:02}.dcm")), bytes).unwrap();
    }
    let task = Task::default();
    let report = anonymize(folders[0].path(), folders[1].path(), profile, &task).unwrap();
    for (n, bytes) in files.iter().enumerate() {
        let now = std::fs::read(folders[0].path().join(format!("{n:02}.dcm"))).unwrap();
        assert!(&now == bytes, "an original was touched");
    }
    let warnings = task.warnings.take().into_iter().map(|w| (w.code, w.text)).collect();
    Cleaned { _folders: folders, report, warnings }
}

fn profile() -> Profile {
    Profile { key: "a test".into(), ..Profile::default() }
}

/// The text of an element with a short length, found by its tag in explicit little-endian bytes.
fn value(path: &Path, tag: u32, vr: &str) -> Option<String> {
    let bytes = std::fs::read(path).unwrap();
    let sign = [&((tag >> 16) as u16).to_le_bytes()[..], &(tag as u16).to_le_bytes(), vr.as_bytes()].concat();
    let at = bytes.windows(6).position(|w| w == sign)? + 6;
    let length = usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    let text = String::from_utf8_lossy(&bytes[at + 2..at + 2 + length]).into_owned();
    Some(text.trim_end_matches(['\0', ' ']).to_owned())
}

fn contains(path: &Path, text: &str) -> bool {
    std::fs::read(path).unwrap().windows(text.len()).any(|w| w == text.as_bytes())
}

/// Days from one date to another within a leap year's spring.
fn days_between(from: &str, to: &str) -> i64 {
    let day = |text: &str| {
        let part = |range: std::ops::Range<usize>| text[range].parse::<i64>().unwrap();
        let (year, month, day) = (part(0..4), part(4..6), part(6..8));
        // Howard Hinnant's count of days.
        let y = if month <= 2 { year - 1 } else { year };
        y * 365 + y / 4 - y / 100 + y / 400 + (153 * ((month + 9) % 12) + 2) / 5 + day
    };
    day(to) - day(from)
}

#[test]
fn dates_of_a_patient_move_together_and_uids_keep_files_together() {
    let files = [
        slice(1, "A1", ["20240301", "20240302"], vec![]),
        slice(2, "A1", ["20240301", "20240229"], vec![]),
        slice(3, "B2", ["20240301", "20240302"], vec![]),
    ];
    let shifted = clean(&files, &Profile { dates: Dates::Shift, ..profile() });
    let copies = &shifted.report.written;
    assert_eq!((copies.len(), shifted.report.skipped.len()), (3, 0));
    let date = |n: usize, tag| value(&copies[n], tag, "DA").unwrap();
    let moved: Vec<i64> = (0..3).map(|n| days_between(&date(n, STUDY_DATE), "20240301")).collect();
    assert!(moved[0] > 0 && moved[0] == moved[1] && moved[0] != moved[2], "{moved:?}");
    assert_eq!(days_between(&date(0, STUDY_DATE), &date(0, SERIES_DATE)), 1);
    assert_eq!(days_between(&date(1, SERIES_DATE), &date(0, SERIES_DATE)), 2);
    assert_eq!(value(&copies[0], STUDY_TIME, "TM").unwrap(), "101530");
    let uid = |n: usize, tag| value(&copies[n], tag, "UI").unwrap();
    assert!(uid(0, SERIES) == uid(1, SERIES) && uid(0, STUDY) == uid(1, STUDY) && uid(0, SERIES) != "1.2.3.2");
    assert!(uid(0, INSTANCE) != uid(1, INSTANCE) && uid(0, INSTANCE).starts_with("2.25."));
    // The same key gives the same copies on another day, another key does not.
    let again = clean(&files, &Profile { dates: Dates::Shift, ..profile() });
    assert_eq!(value(&again.report.written[0], SERIES, "UI").unwrap(), uid(0, SERIES));
    assert_eq!(value(&again.report.written[0], STUDY_DATE, "DA").unwrap(), date(0, STUDY_DATE));
    let other = clean(&files, &Profile { key: "another".into(), ..profile() });
    assert_ne!(value(&other.report.written[0], SERIES, "UI").unwrap(), uid(0, SERIES));
    // Where nothing is asked for, dates and times are emptied.
    assert_eq!(value(&other.report.written[0], STUDY_DATE, "DA").unwrap(), "");
    for copy in copies.iter().chain(&other.report.written) {
        assert!(!contains(copy, "Murr") && !contains(copy, "061Y") && !contains(copy, "1.2.3.4."));
        assert!(!copy.to_string_lossy().contains("A1"));
    }
}

#[test]
fn what_is_asked_for_is_kept_and_nothing_else() {
    let private = || {
        vec![
            (0x0008_1090, text("LO", "Scanner 9")),
            (0x0018_1000, text("LO", "SN-4711")),
            (0x0019_0010, text("LO", "SIEMENS MR HEADER")),
            (0x0019_100C, text("IS", "800")),
            (0x0019_10FF, text("LO", "private words")),
        ]
    };
    let files = [slice(1, "A1", ["20240301"; 2], private())];
    let cleaned = |profile: &Profile| {
        let cleaned = clean(&files, profile);
        let copy = &cleaned.report.written[0];
        assert!(!contains(copy, "private words") && !contains(copy, NAME));
        let weighting = value(copy, 0x0019_100C, "IS");
        let (age, serial) = (value(copy, 0x0010_1010, "AS"), value(copy, 0x0018_1000, "LO"));
        (weighting, age, serial, value(copy, SERIES, "UI").unwrap())
    };
    let kept = |text: &str| Some(text.to_owned());
    let (weighting, age, serial, series) = cleaned(&profile());
    assert_eq!((weighting, age, serial), (None, None, None));
    assert_ne!(series, "1.2.3.2");
    assert_eq!(cleaned(&Profile { keep_safe_private: true, ..profile() }).0, kept("800"));
    assert_eq!(cleaned(&Profile { keep_characteristics: true, ..profile() }).1, kept("061Y"));
    assert_eq!(cleaned(&Profile { keep_device: true, ..profile() }).2, kept("SN-4711"));
    assert_eq!(cleaned(&Profile { keep_uids: true, ..profile() }).3, "1.2.3.2");
}

#[test]
fn rectangles_drawn_once_blacken_every_frame_of_every_file_of_the_device() {
    let film = |number: u16, device: &str| {
        let mut elements = picture(4, 3, &(1..=36).collect::<Vec<u16>>());
        elements.extend([
            (0x0008_0060, text("CS", "US")),
            (0x0008_1090, text("LO", device)),
            (0x0010_0010, text("PN", NAME)),
            (0x0020_0013, text("IS", number.to_string())),
            (0x0028_0008, text("IS", "3")),
        ]);
        file(elements)
    };
    let rectangle = Rectangle { columns: [1, 9], rows: [0, 2] };
    let blackout =
        Blackout { series_uid: None, device: Some("Echo 1".into()), size: [4, 3], rectangles: vec![rectangle] };
    let files = [film(1, "Echo 1"), film(2, "Echo 1"), film(3, "Echo 2")];
    let cleaned = clean(&files, &Profile { blackouts: vec![blackout], ..profile() });
    let read = |n: usize| -> Volume { formats::open_single(&cleaned.report.written[n], &Task::default()).unwrap() };
    for n in 0..3 {
        let volume = read(n);
        assert_eq!(volume.size(), [4, 3, 3]);
        for at in 0..36 {
            let (column, row) = (at % 4, at / 4 % 3);
            let black = n < 2 && column >= 1 && row < 2;
            let expected = if black { 0.0 } else { at as f64 + 1.0 };
            assert_eq!(volume.samples().get(at), expected, "file {n}, sample {at}");
        }
    }
    // Of the series only part was blackened: it is still named.
    let text: Vec<_> = cleaned.warnings.iter().filter(|(code, _)| code == "burned_in_text").collect();
    assert_eq!(text.len(), 1);
    assert!(text[0].1.starts_with("US series"), "{}", text[0].1);
}

#[test]
fn text_and_faces_are_warned_of_by_the_series_name() {
    let told = |elements: Vec<(u32, Put)>| {
        let mut all = elements;
        all.push((0x0020_0011, text("IS", "7")));
        clean(&[slice(1, "A1", ["20240301"; 2], all)], &profile()).warnings
    };
    let head = told(vec![(0x0008_0060, text("CS", "CT")), (0x0018_0015, text("CS", "HEAD"))]);
    assert_eq!(head.len(), 1);
    assert!(head[0].0 == "face" && head[0].1.contains("CT series 7"), "{head:?}");
    let screen = told(vec![
        (0x0008_0060, text("CS", "MR")),
        (0x0018_0015, text("CS", "KNEE")),
        (0x0028_0301, text("CS", "YES")),
    ]);
    assert!(screen.len() == 1 && screen[0].0 == "burned_in_text" && screen[0].1.contains("MR series 7"), "{screen:?}");
    assert!(told(vec![(0x0008_0060, text("CS", "CT")), (0x0018_0015, text("CS", "CHEST"))]).is_empty());
    let unsaid = told(vec![(0x0008_0060, text("CS", "MR"))]);
    assert!(unsaid.len() == 1 && unsaid[0].0 == "face" && unsaid[0].1.contains("if it is a head"), "{unsaid:?}");
    let described = told(vec![(0x0008_0060, text("CS", "MR")), (0x0018_1030, text("LO", "Brain T1"))]);
    assert!(described[0].1.contains("shows a head"), "{described:?}");
}

#[test]
fn rectangles_that_fit_nothing_are_told() {
    let blackout = Blackout {
        series_uid: None,
        device: None,
        size: [512, 512],
        rectangles: vec![Rectangle { columns: [0, 9], rows: [0, 2] }],
    };
    let cleaned =
        clean(&[slice(1, "A1", ["20240301"; 2], vec![])], &Profile { blackouts: vec![blackout], ..profile() });
    assert_eq!(cleaned.warnings.len(), 1);
    assert!(cleaned.warnings[0].0 == "rectangles_unused" && cleaned.warnings[0].1.contains("512 x 512"));
}

#[test]
fn the_folder_of_the_originals_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.dcm");
    let bytes = slice(1, "A1", ["20240301"; 2], vec![]);
    std::fs::write(&path, &bytes).unwrap();
    for output in [folder.path().to_path_buf(), folder.path().join("clean")] {
        assert!(anonymize(folder.path(), &output, &profile(), &Task::default()).is_err());
        assert!(anonymize(&path, &output, &profile(), &Task::default()).is_err());
    }
    assert!(std::fs::read(&path).unwrap() == bytes);
    let unnamed = Profile::default();
    let elsewhere = tempfile::tempdir().unwrap();
    assert!(anonymize(folder.path(), elsewhere.path(), &unnamed, &Task::default()).is_err(), "no key, no copy");
}
