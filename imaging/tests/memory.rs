//! How much memory reading takes: little more than the samples themselves, and nothing by a header's word alone.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops, and says what it saw")]

#[path = "support/made.rs"]
#[expect(dead_code, reason = "few of the helpers are needed here")]
mod made;
mod support;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use limner_imaging::{Geometry, Samples, Task, Volume, World, formats};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// Peak memory while a picture is read, in times its samples, above an idle process.
const MOST_TIMES_RAW: f64 = 1.2;
const MOST_FOR_BROKEN: u64 = 256 << 20;
const LONGEST_FOR_BROKEN: Duration = Duration::from_secs(10);

fn status(key: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|l| l.strip_prefix(key)).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap() * 1024
}

/// The most memory held while `work` runs, above what is held before it.
fn peak_of(work: impl FnOnce()) -> u64 {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = status("VmRSS:");
    work();
    status("VmHWM:").saturating_sub(before)
}

fn times_raw(path: &Path, raw: u64) -> f64 {
    let mut read = 0;
    let peak = peak_of(|| {
        let series = formats::scan(path, &Task::default()).unwrap().series.remove(0);
        let volume = series.load(&Task::default()).unwrap();
        read = volume.samples().len() as u64 * volume.samples().sample_bytes() as u64;
    });
    assert_eq!(read, raw);
    peak as f64 / raw as f64
}

/// One after the other in one test: the peak is the whole process's.
#[test]
fn reading_takes_little_more_than_the_samples() {
    const SIZE: [usize; 3] = [512, 512, 160];
    let count: usize = SIZE.iter().product();
    let raw = count as u64 * 2;
    let folder = tempfile::tempdir().unwrap();
    let grid = Geometry::axis_aligned(SIZE, World::default(), [0.7, 0.7, 1.0]).unwrap();
    let samples: Vec<i16> = (0..count).map(|n| (n % 251) as i16 + (n / 4096 % 97) as i16).collect();
    let volume = Volume::new(grid, Samples::I16(samples), 1).unwrap();
    for name in ["a.nii", "a.nii.gz", "a.nrrd"] {
        formats::write(&volume, &folder.path().join(name)).unwrap();
    }
    // Noise hardly packs, so that the packed file is large beside what is read from it.
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 20) as i16
    };
    const NOISY: [usize; 3] = [512, 512, 64];
    let noisy: usize = NOISY.iter().product();
    let grid = Geometry::axis_aligned(NOISY, World::default(), [0.7, 0.7, 1.0]).unwrap();
    let volume = Volume::new(grid, Samples::I16((0..noisy).map(|_| noise()).collect()), 1).unwrap();
    formats::write(&volume, &folder.path().join("noise.nii.gz")).unwrap();
    drop(volume);
    made::series(&folder.path().join("slices"), SIZE);
    let frames: Vec<u16> = (0..count).map(|n| (n % 251) as u16).collect();
    let mut elements = made::picture(SIZE[0] as u16, SIZE[1] as u16, &frames);
    elements.push((0x0028_0008, made::text("IS", SIZE[2].to_string())));
    std::fs::write(folder.path().join("frames.dcm"), made::file(elements)).unwrap();
    drop(frames);
    for name in ["a.nii", "a.nii.gz", "noise.nii.gz", "a.nrrd", "slices", "frames.dcm"] {
        let raw = if name == "noise.nii.gz" { noisy as u64 * 2 } else { raw };
        let times = times_raw(&folder.path().join(name), raw);
        assert!(times <= MOST_TIMES_RAW, "{name} takes {times:.2} times its samples");
    }
    bombs_cost_little(folder.path());
    broken_files_cost_little();
}

/// Scanned and read, with whatever outcome, a file takes neither much memory nor long.
fn costs_little(path: &Path) {
    let started = Instant::now();
    let peak = peak_of(|| {
        let Ok(found) = formats::scan(path, &Task::default()) else { return };
        for series in found.series {
            let _ = series.load_with_facts(&Task::default());
        }
    });
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    assert!(peak < MOST_FOR_BROKEN, "{name} took {} MB", peak >> 20);
    assert!(started.elapsed() < LONGEST_FOR_BROKEN, "{name} took {:?}", started.elapsed());
}

/// Small files that unpack to very much, or say so.
fn bombs_cost_little(folder: &Path) {
    let put = |name: &str, bytes: Vec<u8>| {
        std::fs::write(folder.join(name), bytes).unwrap();
        costs_little(&folder.join(name));
    };
    // A deflated data set: the meta header, then 300 MB of zeros in an element nobody knows.
    let mut bomb = vec![0; 128];
    bomb.extend(b"DICM\x02\x00\x00\x00UL\x04\x00\x1e\x00\x00\x00\x02\x00\x10\x00UI\x16\x001.2.840.10008.1.2.1.99");
    let mut packed = DeflateEncoder::new(bomb, Compression::fast());
    packed.write_all(b"\x09\x00\x10\x10OB\x00\x00\x00\x00\x00\x14").unwrap();
    for _ in 0..300 {
        packed.write_all(&vec![0; 1 << 20]).unwrap();
    }
    put("bomb.dcm", packed.finish().unwrap());
    // Headers that claim the most their packing could hold, and more.
    let size = |n: usize| format!("NRRD0004\ntype: short\ndimension: 3\nsizes: {n} {n} {n}\nendian: little\n");
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&vec![0; 100 << 20]).unwrap();
    let packed = packed.finish().unwrap();
    for (encoding, n) in [("raw", 32767), ("gzip", 32767), ("gzip", 700), ("bzip2", 1000), ("bzip2", 32767)] {
        let mut bytes = format!("{}encoding: {encoding}\n\n", size(n)).into_bytes();
        bytes.extend(&packed);
        put(&format!("claims_{encoding}_{n}.nrrd"), bytes);
    }
    let grid = Geometry::axis_aligned([8, 8, 8], World::default(), [1.0; 3]).unwrap();
    let small = Volume::new(grid, Samples::U8(vec![1; 512]), 1).unwrap();
    formats::write(&small, &folder.join("small.nii")).unwrap();
    let mut header = std::fs::read(folder.join("small.nii")).unwrap();
    for n in 1..=3 {
        header[40 + 2 * n..42 + 2 * n].copy_from_slice(&32767_i16.to_le_bytes());
    }
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&header).unwrap();
    put("claims.nii.gz", packed.finish().unwrap());
    // A terabyte that is there, as a hole in the disk.
    for n in 1..=3 {
        header[40 + 2 * n..42 + 2 * n].copy_from_slice(&10_000_i16.to_le_bytes());
    }
    let vast = folder.join("vast.nii");
    std::fs::write(&vast, &header).unwrap();
    std::fs::OpenOptions::new().write(true).open(&vast).unwrap().set_len(352 + 1_000_000_000_000).unwrap();
    costs_little(&vast);
    let series = formats::scan(&vast, &Task::default()).unwrap().series.remove(0);
    let error = series.load(&Task::default()).unwrap_err().to_string();
    assert!(error.contains("takes 1000.0 GB of memory"), "{error}");
    for n in 1..=3 {
        header[40 + 2 * n..42 + 2 * n].copy_from_slice(&32767_i16.to_le_bytes());
    }
    put("claims.nii", header);
    // A picture of 30,000 by 30,000 pixels without any.
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x75\x30\0\0\x75\x30\x08\x06\0\0\0".to_vec();
    let checksum = crc32fast::hash(&png[12..]);
    png.extend(checksum.to_be_bytes());
    png.extend(b"\0\0\0\0IDAT\x35\xaf\x06\x1e");
    put("claims.png", png);
    let mut elements = made::picture(65535, 65535, &[1, 2, 3]);
    elements.push((0x0028_0008, made::text("IS", "100000")));
    put("claims.dcm", made::file(elements));
}

fn broken_files_cost_little() {
    let Some(root) = support::data() else { return };
    let mut files = vec![root.join("broken")];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()));
            continue;
        }
        costs_little(&path);
    }
}
