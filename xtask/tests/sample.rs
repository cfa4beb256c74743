//! The committed sample study is what the code makes: all of it by check sum, a cheap part by making it again.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails the test")]

use limner_imaging::Task;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use xtask::sample::body::Body;
use xtask::sample::dicom::{Dataset, JPEG_LS_LOSSLESS, SeriesOf, Study};
use xtask::sample::random::Random;
use xtask::sample::{ct, fundus, jpegls, labels, mr, readme, ultrasound};

const SECONDARY_CAPTURE: &str = "1.2.840.10008.5.1.4.1.1.7";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/sample")
}

fn files_under(folder: &Path, into: &mut BTreeSet<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_under(&path, into);
        } else {
            into.insert(path);
        }
    }
}

#[test]
fn every_committed_file_has_its_check_sum_and_none_is_left_over() {
    let sums = std::fs::read_to_string(folder().join("SHA256SUMS")).unwrap();
    let mut found = BTreeSet::new();
    files_under(&folder(), &mut found);
    assert!(found.remove(&folder().join("SHA256SUMS")));
    let total: u64 = found.iter().map(|p| p.metadata().unwrap().len()).sum();
    assert!(total <= 8_000_000, "the sample study may take 8 MB, it takes {total} bytes");
    for line in sums.lines() {
        let (sum, path) = line.split_once("  ").unwrap();
        let path = folder().join(path);
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(format!("{:x}", Sha256::digest(bytes)), sum, "{}", path.display());
        assert!(found.remove(&path));
    }
    assert!(found.is_empty(), "not in SHA256SUMS: {found:?}");
}

#[test]
fn what_is_cheap_to_make_comes_out_as_committed() {
    let body = Body::new();
    let mut again = vec![labels::file().unwrap(), readme::file()];
    again.extend(fundus::files());
    again.extend(ultrasound::files().unwrap());
    for visit in [ct::BASELINE, ct::FOLLOW_UP] {
        again.push(ct::slice_file(&body, &visit, 31).unwrap());
    }
    for artefact in again {
        let committed = std::fs::read(folder().join(&artefact.path)).unwrap();
        assert!(committed == artefact.bytes, "run `cargo run -p xtask -- sample`: {} has changed", artefact.path);
    }
}

#[test]
fn pictures_and_masks_open_in_our_own_reader_and_lie_on_the_same_grid() {
    let open = |path: &str| limner_imaging::formats::open_single(&folder().join(path), &Task::default()).unwrap();
    let body = Body::new();
    for visit in [ct::BASELINE, ct::FOLLOW_UP] {
        let picture = open(visit.folder);
        let mask = open(&format!("masks/{}.nii.gz", visit.folder));
        assert!(picture.geometry.matches(&ct::geometry().unwrap(), 1e-3));
        assert!(mask.geometry.matches(&picture.geometry, 1e-3));
        // Every stored grey value and label survives the way through the files.
        let k = 24;
        let (samples, labels) = ct::slice(&body, &visit, k);
        let [width, height, _] = picture.size();
        for n in 0..width * height {
            let at = k * width * height + n;
            assert_eq!(picture.samples().get(at), f64::from(samples[n]), "pixel {n}");
            assert_eq!(mask.samples().get(at), f64::from(labels[n]), "pixel {n}");
        }
    }
    let (picture, mask) = (open("mr/mr.nii.gz"), open("masks/mr.nii.gz"));
    assert!(mask.geometry.matches(&picture.geometry, 1e-3));
    assert!(picture.geometry.matches(&mr::geometry().unwrap(), 1e-2));
}

#[test]
fn the_liver_lesion_grows_by_the_stated_factor_and_the_cyst_stays() {
    let volume_of = |path: &str, label: f64| {
        let mask = limner_imaging::formats::open_single(&folder().join(path), &Task::default()).unwrap();
        let count = (0..mask.samples().len()).filter(|&n| mask.samples().get(n) == label).count();
        count as f64 * mask.geometry.voxel_volume_mm3()
    };
    let [first, second] = ["masks/ct_baseline.nii.gz", "masks/ct_followup.nii.gz"];
    let growth = volume_of(second, 19.0) / volume_of(first, 19.0);
    let stated = f64::from(ct::GROWTH).powi(3);
    assert!((growth / stated - 1.0).abs() < 0.06, "{growth} instead of {stated}");
    let steady = volume_of(second, 20.0) / volume_of(first, 20.0);
    assert!((steady - 1.0).abs() < 0.06, "{steady}");
}

#[test]
fn the_cine_opens_with_its_calibration_and_its_chambers_move() {
    let open = |path: &str| limner_imaging::formats::open_single(&folder().join(path), &Task::default()).unwrap();
    let (cine, mask) = (open("us/cine.dcm"), open("masks/us.nii.gz"));
    assert_eq!(cine.size(), mask.size());
    assert_eq!(cine.size()[2], ultrasound::FRAMES);
    for axis in 0..2 {
        assert!((cine.geometry.spacing_mm()[axis] - mask.geometry.spacing_mm()[axis]).abs() < 1e-6);
    }
    let frame = mask.size()[0] * mask.size()[1];
    let cavity = |n: usize| (n * frame..(n + 1) * frame).filter(|&at| mask.samples().get(at) == 1.0).count();
    let (full, empty) = (cavity(0), cavity(ultrasound::FRAMES * 38 / 100));
    assert!(empty * 10 < full * 7 && empty * 10 > full * 4, "{full} {empty}");
    // Blood is darker than muscle in every frame.
    for n in 0..ultrasound::FRAMES {
        let mean = |label: f64| {
            let grey = (n * frame..(n + 1) * frame).filter(|&at| mask.samples().get(at) == label);
            let (sum, count) = grey.fold((0.0, 0), |(s, c), at| (s + cine.samples().get(at), c + 1));
            sum / f64::from(count)
        };
        assert!(mean(1.0) * 1.5 < mean(2.0), "frame {n}");
    }
}

#[test]
fn film_and_retina_have_masks_of_their_size() {
    let open = |path: &str| limner_imaging::formats::open_single(&folder().join(path), &Task::default()).unwrap();
    for [picture, mask] in [["xray/chest.dcm", "masks/chest.png"], ["fundus/fundus.png", "masks/fundus.png"]] {
        assert_eq!(open(picture).size(), open(mask).size(), "{picture}");
    }
}

#[test]
fn a_lossless_frame_of_any_pattern_reads_back_as_it_was() {
    let study = Study { name: "test", description: "", date: "20250101", time: "000000" };
    let series = SeriesOf { modality: "OT", number: 1, description: "", body_part: "", sop_class: SECONDARY_CAPTURE };
    let folder = tempfile::tempdir().unwrap();
    let (width, height) = (67, 41);
    let mut random = Random::stream("frames", 0);
    let mut noise = |most: u64| (random.bits() % (most + 1)) as u16;
    let flat = vec![0_u16; width * height];
    let extremes: Vec<u16> = (0..width * height).map(|_| if noise(1) == 0 { 0 } else { 4095 }).collect();
    let rough: Vec<u16> = (0..width * height).map(|_| noise(4095)).collect();
    let runs: Vec<u16> = (0..width * height).map(|n| if n % 97 < 80 { 4095 } else { noise(3) }).collect();
    for (n, samples) in [flat, extremes, rough, runs].into_iter().enumerate() {
        let mut dataset = Dataset::common(study, series, n as u32);
        dataset.grey(width, height, 16, 12);
        let bytes = dataset.file(vec![jpegls::encode(&samples, width, height, 12)], JPEG_LS_LOSSLESS).unwrap();
        let path = folder.path().join(format!("{n}.dcm"));
        std::fs::write(&path, bytes).unwrap();
        let read = limner_imaging::formats::open_single(&path, &Task::default()).unwrap();
        assert_eq!(read.size(), [width, height, 1]);
        for (at, &sample) in samples.iter().enumerate() {
            assert_eq!(read.samples().get(at), f64::from(sample), "pattern {n}, pixel {at}");
        }
    }
}
