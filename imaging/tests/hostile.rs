//! Real files with bytes changed, cut and swapped: every parser answers, none panics, hangs or takes the memory a
//! header asks for. Runs on a few hundred cases; `LIMNER_HOSTILE_SECONDS` makes it as long as wanted.

mod support;

use limner_imaging::{Task, formats};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// One small file of each kind.
const SEEDS: &[&str] = &[
    "dicom/syntax/pydicom/CT_small.dcm",
    "dicom/syntax/pydicom/MR_small_RLE.dcm",
    "dicom/syntax/pydicom/MR_small_bigendian.dcm",
    "dicom/syntax/pydicom/MR_small_jpeg_ls_lossless.dcm",
    "dicom/syntax/pydicom/MR_small_jp2klossless.dcm",
    "dicom/syntax/derived/mr_small_jpegxl_lossless.dcm",
    "dicom/syntax/pydicom/image_dfl.dcm",
    "dicom/colour/pydicom/SC_rgb_jpeg_dcmtk.dcm",
    "dicom/colour/pydicom/SC_rgb_jpeg_gdcm.dcm",
    "dicom/colour/pydicom/SC_rgb_rle_16bit_2frame.dcm",
    "dicom/multiframe_seg_dose/pydicom_data/emri_small_RLE.dcm",
    "dicom/multiframe_seg_dose/pydicom/rtdose.dcm",
    "nifti/nibabel/anatomical.nii",
    "nifti/nibabel/standard.nii.gz",
    "nifti/nibabel/example_nifti2.nii.gz",
    "nifti/nrrd_dcmqi/label.nrrd",
    "nifti/itksnap/X300.mha",
];

/// A small generator: the same cases on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

fn spoil(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(4) {
        let header = bytes.len().min(2048);
        let at = if random.below(3) == 0 { random.below(bytes.len()) } else { random.below(header) };
        match random.below(6) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = [0, 0xFF, 0x7F, 0x80][random.below(4)],
            2 => bytes.truncate(at.max(1)),
            3 => {
                let end = (at + 4).min(bytes.len());
                bytes[at..end].fill(0xFF);
            }
            4 => {
                let end = (at + 1 + random.below(16)).min(bytes.len());
                bytes.drain(at..end);
            }
            _ => {
                let piece: Vec<u8> = bytes[at..(at + 16).min(bytes.len())].to_vec();
                bytes.splice(at..at, piece);
            }
        }
        if bytes.is_empty() {
            bytes.push(0);
        }
    }
}

fn open(path: &Path) {
    let task = Task::default();
    let Ok(found) = formats::scan(path, &task) else { return };
    for series in found.series {
        let loaded = series.load(&task);
        let facts = series.facts(&task);
        if let (Ok(volume), Ok(_)) = (loaded, facts) {
            assert!(volume.geometry.spacing_mm().iter().all(|s| s.is_finite() && *s > 0.0));
        }
    }
}

#[test]
fn spoiled_files_never_bring_a_reader_down() {
    let Some(root) = support::data() else { return };
    let seeds: Vec<(&str, Vec<u8>)> = SEEDS.iter().map(|s| (*s, std::fs::read(root.join(s)).expect(s))).collect();
    // What the codecs' own panics print is of no interest here; a panic that gets out fails the test.
    std::panic::set_hook(Box::new(|_| {}));
    let seconds = std::env::var("LIMNER_HOSTILE_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(20);
    let folder = tempfile::tempdir().unwrap();
    let deadline = Instant::now() + Duration::from_secs(seconds);
    let mut random = Random(7);
    let (mut cases, mut slowest) = (0, Duration::ZERO);
    while Instant::now() < deadline {
        for (seed, bytes) in &seeds {
            let mut bytes = bytes.clone();
            spoil(&mut bytes, &mut random);
            let name = PathBuf::from(seed).file_name().unwrap().to_owned();
            let path = folder.path().join(name);
            std::fs::write(&path, &bytes).unwrap();
            let started = Instant::now();
            let outcome = std::panic::catch_unwind(|| open(&path));
            if let Err(panic) = outcome {
                let kept = std::env::temp_dir()
                    .join(format!("limner-hostile-{cases}-{}", path.file_name().unwrap().to_string_lossy()));
                std::fs::copy(&path, &kept).unwrap();
                let _ = std::panic::take_hook();
                let said = panic.downcast_ref::<String>().map_or("no words", String::as_str);
                panic!("a spoiled {seed} brought the reader down ({said}); the file is kept as {}", kept.display());
            }
            slowest = slowest.max(started.elapsed());
            cases += 1;
        }
    }
    let _ = std::panic::take_hook();
    println!("{cases} spoiled files read, the slowest in {slowest:?}");
    assert!(slowest < Duration::from_secs(10), "one file took {slowest:?}");
}
