//! MetaImage: .mha and .mhd with its data beside, packed or not. Its world is LPS, as ITK writes it.

use super::described::{self, Described, Packing, Start};
use super::stored::SampleType;
use super::{Failure, Format, Probe, Reader, beside};
use crate::error::{Error, Result};
use crate::geometry::Geometry;
use crate::series::Series;
use crate::task::{Task, Warning};
use crate::volume::{Samples, ValueMap, Volume};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use glam::{DAffine3, DMat3, DVec3};
use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};

pub struct MetaImage;

const HEADER_LIMIT: u64 = 1 << 20;

impl Format for MetaImage {
    fn name(&self) -> &'static str {
        "metaimage"
    }

    fn title(&self) -> &'static str {
        "MetaImage"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["mha", "mhd"]
    }

    fn probe(&self, path: &Path, head: &[u8]) -> Probe {
        let named = path.extension().is_some_and(|e| self.extensions().iter().any(|x| e.eq_ignore_ascii_case(x)));
        let signed = head.starts_with(b"ObjectType") || head.starts_with(b"NDims");
        if named || signed { Probe::Mine } else { Probe::NotMine }
    }

    fn scan(&self, files: &[PathBuf], task: &Task, failed: &mut Vec<Failure>) -> Result<Vec<Series>> {
        described::scan(files, task, failed, self.name(), describe)
    }

    fn open(&self, series: &Series) -> Result<Box<dyn Reader>> {
        Ok(Box::new(describe(&series.path)?))
    }

    fn written(&self) -> &'static [&'static str] {
        &["mha"]
    }

    fn write(&self, volume: &Volume, path: &Path, task: &Task) -> Result<()> {
        if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("mhd")) {
            return Err(Error::unsupported(path, "writing a MetaImage in two files", "end the name in .mha"));
        }
        let values = volume.values();
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
        let packed = beside::samples(&mut packed, &values, task).and_then(|()| packed.finish());
        let packed = packed.map_err(Error::io(path, "could not pack the samples"))?;
        let header = header_of(volume, &values, packed.len());
        beside::write(path, |out| {
            out.write_all(header.as_bytes())?;
            out.write_all(&packed)
        })
    }
}

fn header_of(volume: &Volume, values: &Samples, packed_bytes: usize) -> String {
    let geometry = &volume.geometry;
    let [i, j, k] = geometry.size();
    let spacing = geometry.spacing_mm();
    let directions = [0, 1, 2].map(|a| {
        let d = geometry.step(a) / spacing[a];
        format!("{} {} {}", d.x, d.y, d.z)
    });
    let origin = geometry.world_from_voxel().translation;
    let channels = match volume.channels() {
        1 => String::new(),
        n => format!("ElementNumberOfChannels = {n}\n"),
    };
    let kind = match values {
        Samples::U8(_) => "MET_UCHAR",
        Samples::I8(_) => "MET_CHAR",
        Samples::U16(_) => "MET_USHORT",
        Samples::I16(_) => "MET_SHORT",
        Samples::U32(_) => "MET_UINT",
        Samples::I32(_) => "MET_INT",
        Samples::U64(_) => "MET_ULONG_LONG",
        Samples::I64(_) => "MET_LONG_LONG",
        Samples::F32(_) => "MET_FLOAT",
        Samples::F64(_) => "MET_DOUBLE",
    };
    format!(
        "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\nCompressedData = True\n\
         CompressedDataSize = {packed_bytes}\nTransformMatrix = {}\nOffset = {} {} {}\nCenterOfRotation = 0 0 0\n\
         ElementSpacing = {} {} {}\nDimSize = {i} {j} {k}\n{channels}ElementType = {kind}\nElementDataFile = LOCAL\n",
        directions.join(" "),
        origin.x,
        origin.y,
        origin.z,
        spacing[0],
        spacing[1],
        spacing[2],
    )
}

struct Fields {
    values: HashMap<String, String>,
    data_start: u64,
}

impl Fields {
    fn read(path: &Path) -> Result<Self> {
        let bytes = super::head(path, HEADER_LIMIT)?;
        let mut values: HashMap<String, String> = HashMap::new();
        let mut at = 0;
        while at < bytes.len() {
            let end = bytes[at..].iter().position(|&b| b == b'\n').map_or(bytes.len(), |n| at + n);
            let line = String::from_utf8_lossy(&bytes[at..end]).trim().to_owned();
            at = (end + 1).min(bytes.len());
            let Some((key, value)) = line.split_once('=') else { continue };
            let (key, value) = (key.trim().to_owned(), value.trim().to_owned());
            // The data, or the list of files, follows this field at once.
            let last = key == "ElementDataFile";
            let listed = last && value.starts_with("LIST");
            values.insert(key, value);
            if listed {
                values.insert("list".into(), String::from_utf8_lossy(&bytes[at..]).into_owned());
            }
            if last {
                return Ok(Self { values, data_start: at as u64 });
            }
        }
        Err(Error::malformed(path, "this is not a MetaImage: it names no data file"))
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    fn is_true(&self, key: &str) -> bool {
        self.get(key).is_some_and(|v| v.eq_ignore_ascii_case("true") || v == "1")
    }

    fn numbers(&self, keys: &[&str]) -> Vec<f64> {
        let text = keys.iter().find_map(|k| self.get(k)).unwrap_or("");
        text.split_whitespace().map_while(|w| w.parse().ok()).collect()
    }
}

fn describe(path: &Path) -> Result<Described> {
    let fields = Fields::read(path)?;
    let sizes: Vec<usize> =
        fields.get("DimSize").unwrap_or("").split_whitespace().map_while(|w| w.parse().ok()).collect();
    let rank: usize = fields.get("NDims").and_then(|n| n.parse().ok()).unwrap_or(0);
    if sizes.len() != rank || !(1..=8).contains(&rank) || sizes.contains(&0) {
        return Err(Error::malformed(path, "the sizes do not fit the dimension"));
    }
    let channels: usize = fields.get("ElementNumberOfChannels").map_or(Ok(1), str::parse).unwrap_or(0);
    let kind = sample_type(fields.get("ElementType").unwrap_or(""), path)?;
    let mut warnings = Vec::new();
    let (geometry, spacing_known) = geometry(&fields, &sizes, &mut warnings)?;
    let beyond = sizes.iter().skip(3).try_fold(1_usize, |n, &s| n.checked_mul(s));
    let beyond =
        beyond.ok_or_else(|| Error::TooLarge { path: path.into(), reason: "the dimensions overflow".into() })?;
    // Three or four channels are colour; any other number is components, shown one at a time.
    let (channels, times, times_fastest) = match (channels, beyond) {
        (0, _) => return Err(Error::malformed(path, "the number of channels is not positive")),
        (1 | 3 | 4, times) => (channels, times, false),
        (n, 1) => (1, n, true),
        _ => return Err(Error::unsupported(path, format!("{channels} channels over time"), "save it as one volume")),
    };
    let (data, start) = data(&fields, path)?;
    let text = fields.get("BinaryData").is_some() && !fields.is_true("BinaryData");
    let packing = match (text, fields.is_true("CompressedData")) {
        (true, _) => Packing::Text,
        (false, true) => Packing::Zlib,
        (false, false) => Packing::Raw,
    };
    Ok(Described {
        path: path.into(),
        data,
        start,
        packing,
        kind,
        big_endian: fields.is_true("BinaryDataByteOrderMSB") || fields.is_true("ElementByteOrderMSB"),
        geometry,
        spacing_known,
        channels,
        times,
        times_fastest,
        value_map: ValueMap::default(),
        labels: false,
        complex: false,
        time_step_ms: None,
        warnings,
    })
}

fn sample_type(name: &str, path: &Path) -> Result<SampleType> {
    Ok(match name.trim_end_matches("_ARRAY") {
        "MET_CHAR" => SampleType::I8,
        "MET_UCHAR" => SampleType::U8,
        "MET_SHORT" => SampleType::I16,
        "MET_USHORT" => SampleType::U16,
        "MET_INT" | "MET_LONG" => SampleType::I32,
        "MET_UINT" | "MET_ULONG" => SampleType::U32,
        "MET_LONG_LONG" => SampleType::I64,
        "MET_ULONG_LONG" => SampleType::U64,
        "MET_FLOAT" => SampleType::F32,
        "MET_DOUBLE" => SampleType::F64,
        _ => return Err(Error::malformed(path, "the sample type is none of MetaImage's")),
    })
}

fn data(fields: &Fields, path: &Path) -> Result<(Vec<PathBuf>, Start)> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let skip: i64 = fields.get("HeaderSize").map_or(Ok(0), str::parse).unwrap_or(0);
    let name = fields.get("ElementDataFile").unwrap_or("LOCAL");
    if name.eq_ignore_ascii_case("LOCAL") {
        return Ok((vec![path.to_path_buf()], Start::After { file: fields.data_start, unpacked: 0 }));
    }
    let files = super::listed_files(folder, fields.get("list").unwrap_or(name));
    let start = if skip < 0 { Start::AtEnd } else { Start::After { file: skip as u64, unpacked: 0 } };
    if files.is_empty() { Err(Error::malformed(path, "the header names no data file")) } else { Ok((files, start)) }
}

fn geometry(fields: &Fields, sizes: &[usize], warnings: &mut Vec<Warning>) -> Result<(Geometry, bool)> {
    let rank = sizes.len();
    let spatial = rank.min(3);
    let spacing = fields.numbers(&["ElementSpacing", "ElementSize"]);
    let matrix = fields.numbers(&["TransformMatrix", "Rotation", "Orientation"]);
    let origin = fields.numbers(&["Offset", "Position", "Origin"]);
    let mut known = true;
    let step = |a: usize| {
        if a >= spatial {
            return DVec3::AXES[a];
        }
        let component =
            |c: usize| if matrix.len() == rank * rank { matrix[a * rank + c] } else { f64::from(u8::from(a == c)) };
        DVec3::new(
            component(0),
            if spatial > 1 { component(1) } else { 0.0 },
            if spatial > 2 { component(2) } else { 0.0 },
        )
    };
    let mut length = |a: usize| match spacing.get(a) {
        Some(&s) if s.is_finite() && s > 0.0 => s,
        _ => {
            known &= a >= spatial;
            1.0
        }
    };
    let matrix3 =
        DMat3::from_cols(step(0) * length(0), step(1) * length(1), step(2) * if spatial > 2 { length(2) } else { 1.0 });
    let at = |a: usize| origin.get(a).copied().filter(|_| a < spatial).unwrap_or(0.0);
    let size = [0, 1, 2].map(|a| sizes.get(a).copied().unwrap_or(1));
    let geometry = Geometry::new(size, DAffine3 { matrix3, translation: DVec3::new(at(0), at(1), at(2)) })?;
    if !known {
        warnings.push(Warning {
            code: "no_spacing".into(),
            text: "the file names no voxel size; 1 mm is assumed where it is missing".into(),
        });
    }
    Ok((geometry, known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::phantoms;

    #[test]
    fn volumes_come_back() {
        let folder = tempfile::tempdir().unwrap();
        for volume in phantoms() {
            let path = folder.path().join("a.mha");
            MetaImage.write(&volume, &path, &Task::default()).unwrap();
            let back = crate::formats::open_single(&path, &Task::default()).unwrap();
            assert_eq!(back.samples(), &*volume.values());
            assert_eq!(back.channels(), volume.channels());
            assert!(back.geometry.matches(&volume.geometry, 1e-9));
        }
    }

    #[test]
    fn slices_in_files_of_their_own_are_joined() {
        let folder = tempfile::tempdir().unwrap();
        let header = "ObjectType = Image\nNDims = 3\nDimSize = 2 1 2\nElementSpacing = 1 2 3\nElementType = MET_UCHAR\nElementDataFile = LIST\n1.raw\n2.raw\n";
        let path = folder.path().join("a.mhd");
        std::fs::write(&path, header).unwrap();
        std::fs::write(folder.path().join("1.raw"), [1, 2]).unwrap();
        let missing = crate::formats::open_single(&path, &Task::default()).unwrap_err();
        assert!(missing.to_string().contains("2.raw"));
        std::fs::write(folder.path().join("2.raw"), [3, 4]).unwrap();
        let volume = crate::formats::open_single(&path, &Task::default()).unwrap();
        assert_eq!(volume.samples(), &Samples::U8(vec![1, 2, 3, 4]));
        assert_eq!(volume.geometry.spacing_mm(), [1.0, 2.0, 3.0]);
    }

    #[test]
    fn claims_beyond_the_bytes_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.mha");
        let header = "ObjectType = Image\nNDims = 3\nDimSize = 90000 90000 90000\nElementType = MET_DOUBLE\nElementDataFile = LOCAL\n";
        std::fs::write(&path, header).unwrap();
        assert!(crate::formats::open_single(&path, &Task::default()).is_err());
    }
}
