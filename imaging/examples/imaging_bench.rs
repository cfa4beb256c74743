//! The timings of `tests/bench/imaging.py`: one JSON object of seconds and of seconds of all processors, best of three,
//! for each task of the folder it is given. `imaging_bench memory PATH` tells instead how much memory reading a picture
//! takes.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement that cannot go on stops")]

use limner_imaging::field::{Connectivity, components, distance_to};
use limner_imaging::overlap::SurfaceDistances;
use limner_imaging::{Mask, Series, Task, Volume, VoxelBox, formats};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

const RUNS: usize = 3;

/// The shortest time by the clock, and the least work of the processors.
fn best<T>(mut work: impl FnMut() -> T) -> [f64; 2] {
    let once = |_| {
        let (started, before) = (Instant::now(), processor_secs());
        std::hint::black_box(work());
        [started.elapsed().as_secs_f64(), processor_secs() - before]
    };
    (0..RUNS).map(once).fold([f64::INFINITY; 2], |a, b| [a[0].min(b[0]), a[1].min(b[1])])
}

/// What all threads of this process have worked so far, in steps of 10 ms.
fn processor_secs() -> f64 {
    const TICKS_A_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let numbers = stat.rsplit(')').next().unwrap_or("").split_whitespace().skip(11).take(2);
    numbers.filter_map(|n| n.parse::<f64>().ok()).sum::<f64>() / TICKS_A_SECOND
}

fn series(path: &Path) -> Series {
    formats::scan(path, &Task::default()).unwrap().series.remove(0)
}

/// From the path alone to all samples in memory.
fn read(path: &Path) -> Volume {
    series(path).load(&Task::default()).unwrap()
}

fn mask(path: &Path) -> (Mask, Volume) {
    let volume = read(path);
    let voxels = (0..volume.samples().len()).map(|n| volume.samples().get(n) > 0.0).collect();
    (Mask::from_voxels(VoxelBox::whole(volume.size()), voxels).unwrap(), volume)
}

fn plain_read(path: &Path) -> usize {
    if path.is_file() {
        return std::fs::read(path).unwrap().len();
    }
    let mut files: Vec<PathBuf> = std::fs::read_dir(path).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    files.iter().map(|f| std::fs::read(f).unwrap().len()).sum()
}

fn measure(data: &Path) -> BTreeMap<String, [f64; 2]> {
    let mut out = BTreeMap::new();
    for name in ["native", "jpegls", "jpeg2000", "ct.nii.gz", "plain.nii"] {
        let path = data.join(name);
        out.insert(format!("read {name}"), best(|| read(&path)));
        out.insert(format!("plain read {name}"), best(|| plain_read(&path)));
        out.insert(format!("first picture {name}"), best(|| series(&path).first_picture(&Task::default()).unwrap()));
    }
    let cine = data.join("cine.dcm");
    out.insert(
        "first frame cine".into(),
        best(|| series(&cine).sequence().unwrap().item(0, &Task::default()).unwrap()),
    );
    out.insert("scan native".into(), best(|| series(&data.join("native"))));
    let (blobs, _) = mask(&data.join("blobs.nii"));
    out.insert("components".into(), best(|| components(&blobs, Connectivity::Corner26).labels()));
    let (solid, volume) = mask(&data.join("solid.nii"));
    let spacing = volume.geometry.spacing_mm();
    out.insert("distance".into(), best(|| distance_to(&solid, spacing)));
    let ((a, volume), (b, _)) = (mask(&data.join("organ_a.nii")), mask(&data.join("organ_b.nii")));
    let scores = || {
        let distances = SurfaceDistances::of(&a, &b, &volume.geometry);
        (distances.nsd(2.0), distances.hausdorff_mm(95.0))
    };
    out.insert("nsd and hd95".into(), best(scores));
    let (nsd, hd95) = scores();
    let count = components(&blobs, Connectivity::Corner26).len();
    for (name, value) in [("nsd", nsd), ("hd95", hd95.unwrap()), ("components", count as f64)] {
        out.insert(format!("value {name}"), [value; 2]);
    }
    out
}

/// The most memory this process has held, in bytes.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or("0");
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap_or(0) * 1024
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["memory", path] => {
            let idle = peak_bytes();
            let volume = read(Path::new(path));
            let raw = volume.samples().len() * volume.samples().sample_bytes();
            let taken = peak_bytes() - idle;
            println!("{}", serde_json::json!({"raw": raw, "taken": taken, "ratio": taken as f64 / raw as f64}));
        }
        [data] => println!("{}", serde_json::to_string_pretty(&measure(Path::new(data))).unwrap()),
        _ => println!("usage: imaging_bench DATA | imaging_bench memory PATH"),
    }
}
