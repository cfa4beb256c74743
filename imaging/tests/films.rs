//! Films by other programs: decoded exactly as FFmpeg decodes them, in any order, at their true times.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops, and says what it saw")]

use limner_imaging::{Each, Kind, Series, Task, formats};
use std::path::{Path, PathBuf};

fn film(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/films").join(name)
}

fn series(name: &str) -> Series {
    let mut found = formats::scan(&film(name), &Task::default()).unwrap();
    assert!(found.failed.is_empty(), "{:?}", found.failed);
    found.series.remove(0)
}

/// The hash of all frames in RGB, from FFmpeg's planes by the formula of ITU-R BT.601 in 32-bit numbers.
const BY_FFMPEG: &[(&str, &str)] = &[
    ("high.mp4", "be98a2bf73332e1f8771345d7d5aaee7b6af794f4a83617de6ab25b9e7efc9c0"),
    ("baseline.mov", "2cf614befa2f3a3cc2a74a78c1c421a4422c5c0783e486423ff6f75be642c0ca"),
];

#[test]
fn h264_is_decoded_bit_for_bit() {
    for (name, expected) in BY_FFMPEG {
        let series = series(name);
        assert_eq!((series.kind, series.size, series.format), (Kind::Cine, [80, 50, 14], "video"));
        let facts = series.facts(&Task::default()).unwrap();
        assert_eq!(facts.sha256_samples, *expected, "{name}");
    }
}

#[test]
fn frames_are_the_same_in_any_order() {
    for (name, count) in [("high.mp4", 14), ("baseline.mov", 14), ("jpeg.mp4", 4), ("jpeg.avi", 4)] {
        let series = series(name);
        let whole = series.load(&Task::default()).unwrap();
        let sequence = series.sequence().unwrap().with_budget_bytes(1);
        assert_eq!((sequence.len(), sequence.each()), (count, Each::Picture));
        assert!((sequence.clock().total_ms() - 40.0 * count as f64).abs() < 1e-6, "{name}");
        for n in [count - 1, 0, count / 2, count / 2 + 1, 1, count - 2] {
            let frame = sequence.item(n, &Task::default()).unwrap();
            assert_eq!(frame.samples(), whole.slice(n).unwrap().samples(), "{name}, frame {n}");
        }
    }
}

#[test]
fn motion_jpeg_is_the_same_in_both_containers() {
    let [a, b] = ["jpeg.mp4", "jpeg.avi"].map(|name| series(name).facts(&Task::default()).unwrap().sha256_samples);
    assert_eq!(a, b);
}

#[test]
fn another_codec_is_named_with_the_command_that_converts_it() {
    let found = formats::scan(&film("hevc.mp4"), &Task::default()).unwrap();
    let error = found.failed[0].error.to_string();
    assert!(error.contains("H.265") && error.contains("ffmpeg -i INPUT"), "{error}");
}

/// Cut anywhere, a film is read with a warning or refused; never in silence with frames missing.
#[test]
fn cut_films_say_so() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["high.mp4", "baseline.mov", "jpeg.mp4"] {
        let whole = std::fs::read(film(name)).unwrap();
        let path = folder.path().join(name);
        for length in (0..whole.len()).step_by(37) {
            std::fs::write(&path, &whole[..length]).unwrap();
            let Ok(found) = formats::scan(&path, &Task::default()) else { continue };
            for series in found.series {
                let loaded = series.load(&Task::default());
                let warned = loaded.is_ok_and(|v| v.warnings.iter().any(|w| w.code == "truncated"));
                assert!(warned || length + 37 >= whole.len(), "{name} cut at {length}");
            }
        }
    }
}
