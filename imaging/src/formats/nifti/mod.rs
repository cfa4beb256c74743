//! NIfTI-1 and NIfTI-2: .nii, .nii.gz and .hdr/.img pairs, read as stored, written by hand.

mod header;
mod write;

use super::stored::{self, Wanted};
use super::{Failure, Format, Probe};
use crate::error::{Error, Result};
use crate::series::{Kind, Series};
use crate::task::{Task, Warning};
use crate::volume::{Facts, Samples, ValueMap, Volume, stats_of};
use flate2::read::MultiGzDecoder;
use header::Header;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

pub struct Nifti;

/// More than deflate can pack into one byte.
const UNPACK_LIMIT: u64 = 1040;

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
        let mut found = Vec::new();
        for path in files {
            task.cancel.check()?;
            match read_header(path).and_then(|header| series(path, &header)) {
                Ok(series) => found.push(series),
                Err(error) => failed.push(Failure { path: path.clone(), error }),
            }
        }
        Ok(found)
    }

    fn load(&self, series: &Series, task: &Task) -> Result<Volume> {
        let mut volume = self.load_time(series, 0, task)?;
        if series.frames > 1 {
            let text = format!("the first of {} times is shown", series.frames);
            task.warnings.add("first_time_only", &text);
            volume.warnings.push(Warning { code: "first_time_only".into(), text });
        }
        Ok(volume)
    }

    fn load_time(&self, series: &Series, time: usize, task: &Task) -> Result<Volume> {
        let header = read_header(&series.path)?;
        if time >= header.times {
            let reason = format!("time {} was asked for, there are {}", time + 1, header.times);
            return Err(Error::malformed(&series.path, reason));
        }
        let samples = read_samples(&series.path, &header, Some(time), task)?;
        let (samples, channels) = without_alpha(samples, header.channels);
        let mut volume = Volume::new(header.geometry, samples, channels)?;
        volume.value_map = header.value_map;
        volume.spacing_known = header.spacing_known;
        volume.warnings = header.warnings;
        Ok(volume)
    }

    fn facts(&self, series: &Series, task: &Task) -> Result<Facts> {
        let header = read_header(&series.path)?;
        let samples = read_samples(&series.path, &header, None, task)?;
        let stats = stats_of(&samples, &[header.value_map]);
        Ok(Facts { stats, sha256_samples: samples.sha256_hex() })
    }

    fn can_write(&self) -> bool {
        true
    }

    fn write(&self, volume: &Volume, path: &Path) -> Result<()> {
        write::write(volume, path)
    }
}

/// Opens a file, unpacked where it is packed.
fn open(path: &Path) -> Result<(Box<dyn Read>, u64, bool)> {
    let mut file = File::open(path).map_err(Error::io(path, "could not open the file"))?;
    let length = file.metadata().map_err(Error::io(path, "could not read the file's size"))?.len();
    let mut magic = [0; 2];
    let packed =
        file.read(&mut magic).map_err(Error::io(path, "could not read the file"))? == 2 && magic == [0x1F, 0x8B];
    std::io::Seek::rewind(&mut file).map_err(Error::io(path, "could not read the file"))?;
    let reader = BufReader::with_capacity(1 << 18, file);
    Ok(if packed { (Box::new(MultiGzDecoder::new(reader)), length, true) } else { (Box::new(reader), length, false) })
}

fn read_header(path: &Path) -> Result<Header> {
    let (source, _, packed) = open(path)?;
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

/// The samples of one time, or of all.
fn read_samples(path: &Path, header: &Header, time: Option<usize>, task: &Task) -> Result<Samples> {
    let data = data_path(path, header);
    let (mut source, length, packed) = open(&data)?;
    let too_large = || Error::TooLarge { path: path.into(), reason: "the dimensions overflow".into() };
    let [i, j, k] = header.size;
    let per_time = stored::count(&[i, j, k, header.channels], header.kind.bytes()).ok_or_else(too_large)?;
    let all = stored::count(&[per_time, header.times], header.kind.bytes()).ok_or_else(too_large)?;
    let needed = header.data_offset.saturating_add((all * header.kind.bytes()) as u64);
    let most = if packed { length.saturating_mul(UNPACK_LIMIT) } else { length };
    if needed > most {
        let reason = format!(
            "{needed} bytes are needed for {i}x{j}x{k} voxels and {} times, at most {most} are there",
            header.times
        );
        return Err(Error::truncated(path, reason));
    }
    let skip = header.data_offset + (per_time * header.kind.bytes()) as u64 * time.unwrap_or(0) as u64;
    let skipped = std::io::copy(&mut (&mut source).take(skip), &mut std::io::sink()).unwrap_or(0);
    if skipped < skip {
        return Err(Error::truncated(path, "the file ends before the samples begin"));
    }
    let count = if time.is_some() { per_time } else { all };
    let wanted = Wanted {
        path,
        kind: header.kind,
        count,
        big_endian: header.big_endian,
        source_bytes: length.saturating_mul(4),
    };
    stored::read(&mut source, &wanted, task)
}

/// Colour without its opacity, which no reader of a medical picture asks for.
fn without_alpha(samples: Samples, channels: usize) -> (Samples, usize) {
    match samples {
        Samples::U8(rgba) if channels == 4 => {
            (Samples::U8(rgba.as_chunks::<4>().0.iter().flat_map(|p| [p[0], p[1], p[2]]).collect()), 3)
        }
        samples => (samples, channels),
    }
}

fn series(path: &Path, header: &Header) -> Result<Series> {
    let data = data_path(path, header);
    if !data.is_file() {
        return Err(Error::malformed(path, "the samples are missing: there is no .img file beside this header"));
    }
    let kind = match header.size[2] {
        _ if header.labels => Kind::Segmentation,
        _ if header.times > 1 => Kind::Time4d,
        1 => Kind::Image,
        _ => Kind::Volume,
    };
    let mut files = vec![path.to_path_buf()];
    if data != path {
        files.push(data);
    }
    Ok(Series {
        path: path.into(),
        files,
        format: "nifti",
        kind,
        modality: None,
        transfer_syntax: None,
        size: header.size,
        frames: header.times,
        channels: header.channels.min(3),
        dtype: header.kind.dtype(),
        geometry: Some(header.geometry),
        value_map: if header.channels == 1 { header.value_map.clone() } else { ValueMap::default() },
        title: path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
        uid: None,
        warnings: header.warnings.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Geometry;
    use crate::space::World;
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
        Nifti.write(volume, &path).unwrap();
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
    fn a_claim_beyond_the_bytes_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("huge.nii");
        Nifti.write(&phantom(Samples::U8((0..12).collect()), 1), &path).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        for n in 1..=3 {
            bytes[40 + 2 * n..42 + 2 * n].copy_from_slice(&32767_i16.to_le_bytes());
        }
        std::fs::write(&path, bytes).unwrap();
        let error = crate::formats::open_single(&path, &Task::default()).unwrap_err();
        assert_eq!(error.code(), crate::ErrorCode::Truncated);
    }
}
