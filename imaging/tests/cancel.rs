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
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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

/// On a busy machine the work may be done before anybody is awake to stop it; so many times it cannot be.
const TRIES: usize = 50;

/// Stops `work` as soon as it has reported something; what it had done by then, and all there was.
fn stopped_midway<T>(name: &str, work: impl Fn(&Task) -> Result<T, Error>) -> (u64, u64) {
    for _ in 0..TRIES {
        let task = Task::default();
        let (watcher, over) = (task.clone(), Arc::new(AtomicBool::new(false)));
        let done = over.clone();
        let watch = std::thread::Builder::new().name("watcher".into()).spawn(move || {
            while watcher.progress.done_and_total().0 == 0 && !done.load(Ordering::Relaxed) {
                std::thread::yield_now();
            }
            watcher.cancel.cancel();
        });
        let outcome = work(&task);
        over.store(true, Ordering::Relaxed);
        watch.unwrap().join().unwrap();
        match outcome {
            Err(Error::Cancelled) => return task.progress.done_and_total(),
            Err(error) => panic!("{name}: {error}"),
            Ok(_) => {}
        }
    }
    panic!("{name} never stops");
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
        let series = series_of(&folder.path().join(name)).remove(0);
        let (done, total) = stopped_midway(name, |task| series.load(task));
        assert!(done < total, "{name}: {done} of {total}");
    }
}

fn remove_others(folder: &Path, kept: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path != kept {
            std::fs::remove_file(path).unwrap();
        }
    }
}

#[test]
fn long_writing_says_how_far_it_is_and_stops_without_a_trace() {
    const SIZE: [usize; 3] = [512, 512, 64];
    let folder = tempfile::tempdir().unwrap();
    let grid = Geometry::axis_aligned(SIZE, World::default(), [0.7, 0.7, 1.0]).unwrap();
    let samples: Vec<u16> = (0..SIZE.iter().product()).map(|n: usize| (n * n % 65_521) as u16).collect();
    let volume = Volume::new(grid, Samples::U16(samples), 1).unwrap();
    let there = |name: &str| std::fs::read(folder.path().join(name)).ok();
    let names = formats::FORMATS.iter().flat_map(|f| f.written()).map(|ending| format!("a.{ending}"));
    for name in names {
        let path = folder.path().join(&name);
        std::fs::write(&path, "what was there before").unwrap();
        let stopped = Task::default();
        stopped.cancel.cancel();
        assert!(matches!(formats::write_with(&volume, &path, &stopped), Err(Error::Cancelled)), "{name}");
        stopped_midway(&name, |task| {
            std::fs::write(&path, "what was there before").unwrap();
            remove_others(folder.path(), &path);
            formats::write_with(&volume, &path, task)
        });
        assert_eq!(there(&name).unwrap(), b"what was there before", "{name}");
        std::fs::remove_file(&path).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{name} leaves something behind");
        let task = Task::default();
        formats::write_with(&volume, &path, &task).unwrap();
        let (done, total) = task.progress.done_and_total();
        assert!(total > 0 && done == total, "{name}: {done} of {total}");
        remove_others(folder.path(), Path::new(""));
    }
}
