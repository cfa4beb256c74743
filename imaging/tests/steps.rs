//! Steps that are no lengths: not a number, endless, 0, negative. A reader refuses them or says what it took
//! instead; what comes out has lengths in any case.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops, and says what it saw")]

#[path = "support/made.rs"]
#[expect(dead_code, reason = "few of the helpers are needed here")]
mod made;

use limner_imaging::{Geometry, Samples, Task, Volume, World, formats};
use std::path::Path;

const BAD: [f64; 5] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.7];

/// An error, or lengths and a word about it. A negative step may also be read as the mirrored axis it is.
fn check(path: &Path, step: f64) {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let Ok(found) = formats::scan(path, &Task::default()) else { return };
    for series in found.series {
        let Ok(volume) = series.load(&Task::default()) else { continue };
        let spacing = volume.geometry.spacing_mm();
        assert!(spacing.iter().all(|s| s.is_finite() && *s > 0.0), "{name} with {step}: {spacing:?}");
        let mirrored = step < 0.0 && step.is_finite() && spacing.iter().any(|s| (s + step).abs() < 1e-6);
        let told = !volume.warnings.is_empty();
        assert!(told || mirrored, "{name} with {step} is read without a word, as {spacing:?}");
    }
}

/// The bytes of a small volume in this format.
fn written(folder: &Path, name: &str) -> Vec<u8> {
    let geometry = Geometry::axis_aligned([3, 4, 5], World::new(1.0, 2.0, 3.0), [0.5, 0.75, 2.25]).unwrap();
    let volume = Volume::new(geometry, Samples::U8((0..60).collect()), 1).unwrap();
    let path = folder.join(name);
    formats::write(&volume, &path).unwrap();
    std::fs::read(path).unwrap()
}

fn changed(folder: &Path, name: &str, step: f64, change: impl Fn(&mut Vec<u8>)) {
    let mut bytes = written(folder, name);
    change(&mut bytes);
    let path = folder.join(format!("changed_{name}"));
    std::fs::write(&path, bytes).unwrap();
    check(&path, step);
}

/// Puts `new` in place of `old`, which must be there.
fn replace(bytes: &mut Vec<u8>, old: &str, new: &str) {
    let at = bytes.windows(old.len()).position(|w| w == old.as_bytes()).unwrap_or_else(|| panic!("{old} is not there"));
    bytes.splice(at..at + old.len(), new.bytes());
}

#[test]
fn steps_that_are_no_lengths_are_refused_or_told() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for step in BAD {
        let raw = (step as f32).to_le_bytes();
        // The sform's first row begins at 280, the sizes of the qform at 80; codes of 0 leave the sizes alone.
        changed(folder, "sform.nii", step, |b| b[280..284].copy_from_slice(&raw));
        changed(folder, "qform.nii", step, |b| {
            b[254..256].fill(0);
            b[80..84].copy_from_slice(&raw);
        });
        changed(folder, "sizes.nii", step, |b| {
            b[252..256].fill(0);
            b[80..84].copy_from_slice(&raw);
        });
        changed(folder, "a.nrrd", step, |b| replace(b, "0.75", &step.to_string()));
        changed(folder, "a.mha", step, |b| replace(b, "0.75", &step.to_string()));
        let mut elements = made::picture(2, 2, &[1, 2, 3, 4]);
        elements.extend(made::place([0.0; 3]));
        elements.retain(|(tag, _)| *tag != 0x0028_0030);
        elements.push((0x0028_0030, made::text("DS", format!("{step}\\0.5"))));
        let path = folder.join("a.dcm");
        std::fs::write(&path, made::file(elements)).unwrap();
        check(&path, step);
    }
}
