//! Whatever is read says how far it is and can be stopped: every format, before and in the midst of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops, and says what it saw")]

#[path = "support/made.rs"]
#[expect(dead_code, reason = "few of the helpers are needed here")]
mod made;
#[path = "support/seeds.rs"]
mod seeds;
mod support;

use limner_imaging::{Error, Geometry, Samples, Series, Task, Volume, World, formats};
use std::path::Path;

fn series_of(path: &Path) -> Vec<Series> {
    formats::scan(path, &Task::default()).unwrap().series
}

#[test]
fn every_format_stops_where_it_is_told_to_and_else_comes_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in seeds::all() {
        let path = folder.path().join(Path::new(&name).file_name().unwrap());
        std::fs::write(&path, bytes).unwrap();
        let stopped = Task::default();
        stopped.cancel.cancel();
        assert!(matches!(formats::scan(&path, &stopped), Err(Error::Cancelled)), "{name} is scanned");
        for series in series_of(&path).into_iter().filter(|s| s.geometry.is_some()) {
            let outcome = series.load(&stopped);
            assert!(matches!(outcome, Err(Error::Cancelled)), "{name} is read: {:?}", outcome.map(|v| v.size()));
            let task = Task::default();
            series.load(&task).unwrap();
            let (done, total) = task.progress.done_and_total();
            assert!(total > 0 && done == total, "{name}: {done} of {total} at the end of {:?}", task.progress.stage());
        }
    }
}

/// Reads until something was reported, and stops it then.
fn stopped_midway(path: &Path) -> (u64, u64) {
    let task = Task::default();
    let series = series_of(path).remove(0);
    let watcher = task.clone();
    let watch = std::thread::Builder::new().name("watcher".into()).spawn(move || {
        while watcher.progress.done_and_total().0 == 0 {
            std::thread::yield_now();
        }
        watcher.cancel.cancel();
    });
    let outcome = series.load(&task);
    watch.unwrap().join().unwrap();
    assert!(matches!(outcome, Err(Error::Cancelled)), "{} is read to its end", path.display());
    task.progress.done_and_total()
}

#[test]
fn long_reading_stops_in_the_midst() {
    const SIZE: [usize; 3] = [512, 512, 120];
    let folder = tempfile::tempdir().unwrap();
    let grid = Geometry::axis_aligned(SIZE, World::default(), [0.7, 0.7, 1.0]).unwrap();
    let samples: Vec<i16> = (0..SIZE.iter().product()).map(|n: usize| (n % 251) as i16).collect();
    let volume = Volume::new(grid, Samples::I16(samples), 1).unwrap();
    for name in ["a.nii", "a.nii.gz", "a.nrrd", "a.mha"] {
        formats::write(&volume, &folder.path().join(name)).unwrap();
    }
    made::series(&folder.path().join("slices"), SIZE);
    for name in ["a.nii", "a.nii.gz", "a.nrrd", "a.mha", "slices"] {
        let (done, total) = stopped_midway(&folder.path().join(name));
        assert!(done < total, "{name}: {done} of {total}");
    }
}
