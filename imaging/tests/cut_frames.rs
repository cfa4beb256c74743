//! Compressed frames that lack their end: never a picture that looks whole and is not.
//!
//! The fragment is cut, and everything around it says that it was always so short: only the codec can tell.

mod support;

use limner_imaging::{Task, formats};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

/// The element of compressed pixels, as bytes or, wrongly, as words.
const PIXELS: [[u8; 12]; 2] = [
    [0xE0, 0x7F, 0x10, 0x00, b'O', b'B', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF],
    [0xE0, 0x7F, 0x10, 0x00, b'O', b'W', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF],
];
const ITEM: [u8; 4] = [0xFE, 0xFF, 0x00, 0xE0];
const SEQUENCE_END: [u8; 8] = [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0];
/// Larger files and more of a kind would take long and show nothing else.
const MOST_BYTES: u64 = 150_000;
const MOST_OF_A_SYNTAX: usize = 2;
const LONGEST: Duration = Duration::from_secs(5);
/// What is kept of a frame, in thousandths, and then so many bytes less than all.
const KEPT: [usize; 9] = [20, 100, 250, 500, 700, 900, 970, 990, 998];
const LACKING: [usize; 4] = [2, 4, 12, 40];

/// A file up to its only compressed frame, and that frame; `None` where there are more, or fragments of it.
fn only_frame(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let item = |at: usize| -> Option<std::ops::Range<usize>> {
        let head = bytes.get(at..at + 8).filter(|head| head.starts_with(&ITEM))?;
        let length = u32::from_le_bytes(head[4..].try_into().ok()?) as usize;
        Some(at + 8..at + 8 + length)
    };
    let pixels = bytes.windows(12).position(|w| PIXELS.iter().any(|head| w == head))?;
    let frame = item(item(pixels + 12)?.end)?;
    let ends = bytes.get(frame.end..)?.starts_with(&SEQUENCE_END);
    ends.then(|| (&bytes[..frame.start - 8], &bytes[frame]))
}

/// The samples' hash and the number of warnings, or nothing where it is an error.
fn read(path: &Path) -> Option<(String, usize)> {
    let series = formats::scan(path, &Task::default()).ok()?.series.pop()?;
    let (volume, facts) = series.load_with_facts(&Task::default()).ok()?;
    Some((facts.sha256_samples, volume.warnings.len()))
}

#[test]
fn a_cut_frame_is_an_error_or_a_warning() {
    let Some(root) = support::data() else { return };
    let manifest = std::fs::read_to_string(root.join("MANIFEST.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.dcm");
    let (mut silent, mut tried) = (Vec::new(), BTreeMap::<String, usize>::new());
    for (name, entry) in manifest["files"].as_object().unwrap() {
        let syntax = entry["transfer_syntax"].as_str().unwrap_or_default();
        let file = root.join(name);
        if !syntax.starts_with("1.2.840.10008.1.2.") || std::fs::metadata(&file).unwrap().len() > MOST_BYTES {
            continue;
        }
        let files = tried.get(syntax).copied().unwrap_or(0);
        let bytes = std::fs::read(&file).unwrap();
        let Some((before, frame)) = only_frame(&bytes).filter(|_| files < MOST_OF_A_SYNTAX) else { continue };
        let read_of = |length: usize| {
            let size = (length as u32).to_le_bytes();
            std::fs::write(&path, [before, &ITEM, &size, &frame[..length], &SEQUENCE_END].concat()).unwrap();
            read(&path)
        };
        let Some(whole) = read_of(frame.len()) else { continue };
        tried.insert(syntax.to_owned(), files + 1);
        let kept = KEPT.iter().map(|k| frame.len() * k / 1000);
        for length in kept.chain(LACKING.iter().filter_map(|n| frame.len().checked_sub(*n))) {
            let length = length & !1;
            let started = Instant::now();
            let outcome = read_of(length);
            let took = started.elapsed();
            assert!(took < LONGEST, "{name} cut to {length} bytes took {took:?}");
            if outcome.is_some_and(|(hash, warnings)| hash != whole.0 && warnings <= whole.1) {
                silent.push(format!("{name} ({syntax}) cut to {length} of {} bytes", frame.len()));
            }
        }
    }
    assert!(silent.is_empty(), "read without a word:\n{}", silent.join("\n"));
    // Each kind of codec is among them: JPEG, lossless JPEG, JPEG-LS, JPEG 2000, HTJ2K, JPEG XL, RLE.
    for syntax in ["4.50", "4.70", "4.80", "4.90", "4.201", "4.110", "5"] {
        let uid = format!("1.2.840.10008.1.2.{syntax}");
        assert!(tried.contains_key(&uid), "no frame of {uid} was cut: {tried:?}");
    }
}
