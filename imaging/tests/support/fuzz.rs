//! What a fuzzer calls for each parser: a file with these bytes is scanned, read in every way there is, and, where it
//! can be written, written and read again. Nothing may panic; what is answered must hold together.
//!
//! The same functions serve `cargo fuzz` (folder `fuzz`) and the seeded mutator of the tests.

use limner_imaging::{Series, Task, Volume, formats};
use std::path::Path;

/// Pictures larger than this are not decoded whole here: time, not safety, is what they cost.
const MOST_VOXELS: usize = 1 << 24;

/// Everything, on a file of this name with these bytes.
pub fn bytes(file: &str, bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder for the file");
    let path = folder.path().join(file);
    std::fs::write(&path, bytes).expect("the file can be written");
    open(&path);
}

fn open(path: &Path) {
    let task = Task::default();
    let Ok(found) = formats::scan(path, &task) else { return };
    for series in found.series {
        let voxels = series.size.iter().try_fold(series.frames.max(1), |n, &s| n.checked_mul(s));
        if voxels.is_some_and(|n| n <= MOST_VOXELS) {
            read(&series, &task);
        }
    }
}

fn read(series: &Series, task: &Task) {
    let _ = series.first_picture(task);
    if let Ok(sequence) = series.sequence() {
        for n in [0, sequence.len() / 2, sequence.len().saturating_sub(1), sequence.len()] {
            let _ = sequence.item(n, task);
        }
        let clock = sequence.clock();
        assert!(clock.total_ms().is_finite() && clock.frames() == sequence.len());
    }
    let Ok((volume, facts)) = series.load_with_facts(task) else { return };
    assert_eq!(volume.size(), series.size, "the scan and the samples disagree");
    assert!(volume.geometry.spacing_mm().iter().all(|s| s.is_finite() && *s > 0.0));
    assert_eq!(facts.sha256_samples.len(), 64);
    round_trip(&volume, task);
}

/// Formats that keep everything must give back what they were given.
fn round_trip(volume: &Volume, task: &Task) {
    let folder = tempfile::tempdir().expect("a folder for the copies");
    for ending in ["nii", "nrrd", "mha"] {
        let path = folder.path().join(format!("copy.{ending}"));
        if formats::write(volume, &path).is_err() {
            continue;
        }
        let back = formats::open_single(&path, task).expect("what was written is read");
        assert_eq!(back.size(), volume.size(), "{ending}");
        if ending == "nii" {
            assert_eq!(back.samples().sha256_hex(), volume.samples().sha256_hex(), "{ending}");
        }
    }
}
