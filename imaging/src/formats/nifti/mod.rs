//! NIfTI-1 and NIfTI-2: .nii, .nii.gz and .hdr/.img pairs, read as stored, written by hand.

mod header;
mod write;

use super::described::{self, Described, Packing, Start};
use super::{Failure, Format, Probe, Reader};
use crate::error::{Error, Result};
use crate::series::Series;
use crate::task::Task;
use crate::volume::Volume;
use flate2::read::MultiGzDecoder;
use header::Header;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

pub struct Nifti;

impl Format for Nifti {
    fn name(&self) -> &'static str {
        "nifti"
    }

    fn title(&self) -> &'static str {
        "NIfTI"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["nii.gz", "nii", "hdr"]
    }

    fn probe(&self, path: &Path, head: &[u8]) -> Probe {
        let name = path.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
        let named = name.ends_with(".nii") || name.ends_with(".nii.gz");
        let other_picture = image::guess_format(head).is_ok();
        let pair = name.ends_with(".hdr.gz");
        if header::signature(head).is_some() || ((named || pair) && !other_picture) {
            Probe::Mine
        } else {
            Probe::NotMine
        }
    }

    fn scan(&self, files: &[PathBuf], task: &Task, failed: &mut Vec<Failure>) -> Result<Vec<Series>> {
        described::scan(files, task, failed, self.name(), describe)
    }

    fn open(&self, series: &Series) -> Result<Box<dyn Reader>> {
        Ok(Box::new(describe(&series.path)?))
    }

    fn written(&self) -> &'static [&'static str] {
        &["nii.gz", "nii"]
    }

    fn write(&self, volume: &Volume, path: &Path, task: &Task) -> Result<()> {
        write::write(volume, path, task)
    }
}

fn is_packed(path: &Path) -> Result<bool> {
    let mut magic = [0; 2];
    let mut file = File::open(path).map_err(Error::io(path, "could not open the file"))?;
    let read = file.read(&mut magic).map_err(Error::io(path, "could not read the file"))?;
    Ok(read == 2 && magic == [0x1F, 0x8B])
}

fn read_header(path: &Path) -> Result<Header> {
    let packed = is_packed(path)?;
    let file = File::open(path).map_err(Error::io(path, "could not open the file"))?;
    let source: Box<dyn Read> = if packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let mut bytes = Vec::with_capacity(header::BYTES_2);
    match source.take(header::BYTES_2 as u64).read_to_end(&mut bytes) {
        Ok(_) => {}
        // A packed stream that is cut may still have given the header.
        Err(_) if packed && bytes.len() >= header::BYTES_1 => {}
        Err(e) if packed => return Err(Error::truncated(path, format!("the packed header cannot be unpacked ({e})"))),
        Err(e) => return Err(Error::io(path, "could not read the file")(e)),
    }
    Header::parse(&bytes, path)
}

fn describe(path: &Path) -> Result<Described> {
    let header = read_header(path)?;
    let data = data_path(path, &header);
    let packed = data.is_file() && is_packed(&data)?;
    Ok(Described {
        path: path.into(),
        data: vec![data],
        start: Start::After { file: 0, unpacked: header.data_offset },
        packing: if packed { Packing::Gzip } else { Packing::Raw },
        kind: header.kind,
        big_endian: header.big_endian,
        geometry: header.geometry,
        spacing_known: header.spacing_known,
        channels: header.channels,
        times: header.times,
        times_fastest: false,
        value_map: header.value_map,
        labels: header.labels,
        complex: header.complex,
        time_step_ms: header.time_step_ms,
        warnings: header.warnings,
    })
}

/// The file the samples are in.
fn data_path(path: &Path, header: &Header) -> PathBuf {
    let name = path.to_string_lossy();
    let lower = name.to_lowercase();
    if !header.separate || !(lower.ends_with(".hdr") || lower.ends_with(".hdr.gz")) {
        return path.to_path_buf();
    }
    let stem = &name[..lower.rfind(".hdr").unwrap_or(name.len())];
    let candidates = [".img", ".img.gz", ".IMG"].map(|e| PathBuf::from(format!("{stem}{e}")));
    candidates.iter().find(|p| p.is_file()).unwrap_or(&candidates[0]).clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Geometry;
    use crate::space::World;
    use crate::volume::{Samples, ValueMap};
    use glam::DVec3;

    fn phantom(samples: Samples, channels: usize) -> Volume {
        let directions = [DVec3::new(0.8, 0.6, 0.0), DVec3::new(-0.6, 0.8, 0.0), DVec3::NEG_Z];
        let geometry =
            Geometry::from_parts([3, 2, 2], World::new(-3.5, 20.25, 9.0), [0.5, 1.5, 3.0], directions).unwrap();
        Volume::new(geometry, samples, channels).unwrap()
    }

    fn round_trip(volume: &Volume, name: &str) -> Volume {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        Nifti.write(volume, &path, &Task::default()).unwrap();
        crate::formats::open_single(&path, &Task::default()).unwrap()
    }

    #[test]
    fn every_type_comes_back_with_its_place() {
        let all = [
            Samples::U8((0..12).collect()),
            Samples::I8((-6..6).collect()),
            Samples::U16((0..12).map(|x| x * 5000).collect()),
            Samples::I16((-6..6).map(|x| x * 5000).collect()),
            Samples::U32((0..12).map(|x| x * 300_000_000).collect()),
            Samples::I32((-6..6).map(|x| x * 300_000_000).collect()),
            Samples::U64((0..12).map(|x| x << 58).collect()),
            Samples::I64((-6..6).map(|x| x << 58).collect()),
            Samples::F32((0..12).map(|x| x as f32 / 7.0).collect()),
            Samples::F64((0..12).map(|x| f64::from(x) / 7.0).collect()),
        ];
        for samples in all {
            let mut volume = phantom(samples, 1);
            volume.value_map = ValueMap { slope: 2.0, intercept: -1024.0, unit: None };
            for name in ["a.nii", "a.nii.gz"] {
                let back = round_trip(&volume, name);
                assert_eq!(back.samples(), volume.samples());
                assert_eq!(back.value_map, volume.value_map);
                assert!(back.geometry.matches(&volume.geometry, 1e-5));
            }
        }
    }

    #[test]
    fn colour_and_long_sides_come_back() {
        let volume = phantom(Samples::U8((0..36).collect()), 3);
        assert_eq!(round_trip(&volume, "rgb.nii").samples(), volume.samples());
        let geometry = Geometry::axis_aligned([40_000, 1, 1], World::new(1e5, 0.0, 0.1), [0.1, 1.0, 1.0]).unwrap();
        let long = Volume::new(geometry, Samples::U8(vec![7; 40_000]), 1).unwrap();
        assert!(round_trip(&long, "long.nii.gz").geometry.matches(&geometry, 1e-9));
    }

    #[test]
    fn a_sheared_grid_survives_in_the_sform() {
        let directions = [DVec3::X, DVec3::Y, DVec3::new(0.0, 0.3, 1.0)];
        let geometry = Geometry::from_parts([2, 2, 3], World::default(), [1.0, 1.0, 2.0], directions).unwrap();
        let volume = Volume::new(geometry, Samples::U8(vec![0; 12]), 1).unwrap();
        assert!(round_trip(&volume, "tilt.nii").geometry.matches(&geometry, 1e-5));
    }

    #[test]
    fn a_large_packed_volume_comes_back_and_a_spoiled_one_is_told() {
        let size = [256, 256, 64];
        let count: usize = size.iter().product();
        let mut state = 1_u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 20) as i16
        };
        let geometry = Geometry::axis_aligned(size, World::default(), [1.0; 3]).unwrap();
        let samples = Samples::I16((0..count).map(|_| noise()).collect());
        let volume = Volume::new(geometry, samples, 1).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.nii.gz");
        Nifti.write(&volume, &path, &Task::default()).unwrap();
        let read = || crate::formats::open_single(&path, &Task::default());
        assert!(read().unwrap().samples() == volume.samples());
        let mut bytes = std::fs::read(&path).unwrap();
        let at = bytes.len() - 8;
        bytes[at] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert!(read().unwrap_err().to_string().contains("checksum"));
        std::fs::write(&path, &bytes[..at / 2]).unwrap();
        assert_eq!(read().unwrap_err().code(), crate::ErrorCode::Truncated);
    }

    #[test]
    fn a_claim_beyond_the_bytes_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("huge.nii");
        Nifti.write(&phantom(Samples::U8((0..12).collect()), 1), &path, &Task::default()).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        for n in 1..=3 {
            bytes[40 + 2 * n..42 + 2 * n].copy_from_slice(&32767_i16.to_le_bytes());
        }
        std::fs::write(&path, bytes).unwrap();
        let error = crate::formats::open_single(&path, &Task::default()).unwrap_err();
        assert_eq!(error.code(), crate::ErrorCode::Truncated);
    }
}
