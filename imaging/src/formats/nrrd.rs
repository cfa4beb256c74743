//! NRRD: attached (.nrrd) and detached (.nhdr), raw, gzip, bzip2 and text.
//!
//! World is what `space` says (left or right, posterior or anterior, superior or inferior, by name or by letters); a
//! file without one is taken as LPS with a warning. An axis without direction counts colours, components or times.

use super::described::{self, Described, Packing, Start};
use super::stored::SampleType;
use super::{Failure, Format, Probe, Reader, beside};
use crate::error::{Error, Result};
use crate::geometry::Geometry;
use crate::series::Series;
use crate::task::{Task, Warning};
use crate::volume::{Samples, ValueMap, Volume};
use flate2::Compression;
use flate2::write::GzEncoder;
use glam::{DAffine3, DMat3, DVec3};
use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};

pub struct Nrrd;

/// No header is longer; where the end is not found by then, there is none.
const HEADER_LIMIT: u64 = 1 << 20;

impl Format for Nrrd {
    fn name(&self) -> &'static str {
        "nrrd"
    }

    fn title(&self) -> &'static str {
        "NRRD"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["nrrd", "nhdr"]
    }

    fn probe(&self, path: &Path, head: &[u8]) -> Probe {
        let named = path.extension().is_some_and(|e| self.extensions().iter().any(|x| e.eq_ignore_ascii_case(x)));
        if named || head.starts_with(b"NRRD000") { Probe::Mine } else { Probe::NotMine }
    }

    fn scan(&self, files: &[PathBuf], task: &Task, failed: &mut Vec<Failure>) -> Result<Vec<Series>> {
        described::scan(files, task, failed, self.name(), describe)
    }

    fn open(&self, series: &Series) -> Result<Box<dyn Reader>> {
        Ok(Box::new(describe(&series.path)?))
    }

    fn written(&self) -> &'static [&'static str] {
        &["nrrd"]
    }

    fn write(&self, volume: &Volume, path: &Path, task: &Task) -> Result<()> {
        if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("nhdr")) {
            return Err(Error::unsupported(path, "writing a detached NRRD", "end the name in .nrrd"));
        }
        let values = volume.values();
        let header = header_of(volume, &values);
        beside::write(path, |out| {
            out.write_all(header.as_bytes())?;
            let mut gz = GzEncoder::new(out, Compression::fast());
            beside::samples(&mut gz, &values, task)?;
            gz.finish().map(|_| ())
        })
    }
}

fn header_of(volume: &Volume, values: &Samples) -> String {
    let [i, j, k] = volume.geometry.size();
    let kind = match values {
        Samples::U8(_) => "uint8",
        Samples::I8(_) => "int8",
        Samples::F32(_) => "float",
        Samples::F64(_) => "double",
        other => other.dtype(),
    };
    let vector = |v: DVec3| format!("({},{},{})", v.x, v.y, v.z);
    let directions = [0, 1, 2].map(|a| vector(volume.geometry.step(a))).join(" ");
    let channels = volume.channels();
    let (dimension, sizes, none, kinds) = match channels {
        1 => (3, String::new(), "", ""),
        3 => (4, "3 ".into(), "none ", "RGB-color "),
        n => (4, format!("{n} "), "none ", "vector "),
    };
    format!(
        "NRRD0004\ntype: {kind}\ndimension: {dimension}\nspace: left-posterior-superior\nsizes: {sizes}{i} {j} {k}\n\
         space directions: {none}{directions}\nkinds: {kinds}domain domain domain\nendian: little\nencoding: gzip\n\
         space origin: {}\n\n",
        vector(volume.geometry.world_from_voxel().translation)
    )
}

/// The fields of a header, names in lower case, and where the data begins.
struct Fields {
    values: HashMap<String, String>,
    data_start: u64,
    segmentation: bool,
}

impl Fields {
    fn read(path: &Path) -> Result<Self> {
        let bytes = super::head(path, HEADER_LIMIT)?;
        if !bytes.starts_with(b"NRRD000") {
            return Err(Error::malformed(path, "this is not an NRRD file: its signature is missing"));
        }
        let mut fields = Self { values: HashMap::new(), data_start: 0, segmentation: false };
        let mut at = 0;
        let mut list = false;
        while at < bytes.len() {
            let end = bytes[at..].iter().position(|&b| b == b'\n').map_or(bytes.len(), |n| at + n);
            let line = String::from_utf8_lossy(&bytes[at..end]);
            let line = line.trim_end_matches('\r');
            at = (end + 1).min(bytes.len());
            if line.is_empty() {
                break;
            }
            list = fields.take(line, list);
        }
        fields.data_start = at as u64;
        Ok(fields)
    }

    /// Takes one line; answers whether the lines after it are file names.
    fn take(&mut self, line: &str, list: bool) -> bool {
        if list {
            let files = self.values.entry("data file".into()).or_default();
            files.push('\n');
            files.push_str(line);
            return true;
        }
        if line.starts_with('#') || line.starts_with("NRRD000") {
            return false;
        }
        if let Some((key, _)) = line.split_once(":=") {
            self.segmentation |= key.starts_with("Segment0_") || key.starts_with("Segmentation_");
            return false;
        }
        let Some((key, value)) = line.split_once(':') else { return false };
        let key = match key.trim().to_lowercase().as_str() {
            "datafile" => "data file".to_owned(),
            "lineskip" => "line skip".to_owned(),
            "byteskip" => "byte skip".to_owned(),
            other => other.to_owned(),
        };
        let value = value.trim().to_owned();
        let list = key == "data file" && value.starts_with("LIST");
        self.values.insert(key, value);
        list
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    fn need(&self, key: &str, path: &Path) -> Result<&str> {
        self.get(key).ok_or_else(|| Error::malformed(path, format!("the header lacks the field {key:?}")))
    }
}

fn describe(path: &Path) -> Result<Described> {
    let fields = Fields::read(path)?;
    let kind = sample_type(fields.need("type", path)?, path)?;
    let sizes: Vec<usize> = fields.need("sizes", path)?.split_whitespace().map_while(|w| w.parse().ok()).collect();
    let dimension: usize = fields.need("dimension", path)?.parse().unwrap_or(0);
    if sizes.len() != dimension || !(1..=16).contains(&dimension) || sizes.contains(&0) {
        return Err(Error::malformed(path, "the sizes do not fit the dimension"));
    }
    let mut warnings = Vec::new();
    let axes = Axes::of(&fields, &sizes, path)?;
    let (geometry, spacing_known) = axes.geometry(&fields, &sizes, path, &mut warnings)?;
    let (data, start) = data(&fields, path)?;
    Ok(Described {
        path: path.into(),
        data,
        start,
        packing: packing(fields.need("encoding", path)?, path)?,
        kind,
        big_endian: fields.get("endian").is_some_and(|e| e.eq_ignore_ascii_case("big")),
        geometry,
        spacing_known,
        channels: axes.channels,
        times: axes.times,
        times_fastest: axes.times_fastest,
        value_map: ValueMap::default(),
        labels: fields.segmentation,
        complex: false,
        time_step_ms: None,
        warnings,
    })
}

fn sample_type(name: &str, path: &Path) -> Result<SampleType> {
    Ok(match name {
        "signed char" | "int8" | "int8_t" => SampleType::I8,
        "uchar" | "unsigned char" | "uint8" | "uint8_t" => SampleType::U8,
        "short" | "short int" | "signed short" | "signed short int" | "int16" | "int16_t" => SampleType::I16,
        "ushort" | "unsigned short" | "unsigned short int" | "uint16" | "uint16_t" => SampleType::U16,
        "int" | "signed int" | "int32" | "int32_t" => SampleType::I32,
        "uint" | "unsigned int" | "uint32" | "uint32_t" => SampleType::U32,
        "longlong"
        | "long long"
        | "long long int"
        | "signed long long"
        | "signed long long int"
        | "int64"
        | "int64_t" => SampleType::I64,
        "ulonglong" | "unsigned long long" | "unsigned long long int" | "uint64" | "uint64_t" => SampleType::U64,
        "float" => SampleType::F32,
        "double" => SampleType::F64,
        "block" => return Err(Error::unsupported(path, "NRRD with blocks of bytes", "store numbers")),
        _ => return Err(Error::malformed(path, "the sample type is none of NRRD's")),
    })
}

fn packing(name: &str, path: &Path) -> Result<Packing> {
    Ok(match name.to_lowercase().as_str() {
        "raw" => Packing::Raw,
        "gzip" | "gz" => Packing::Gzip,
        "bzip2" | "bz2" => Packing::Bzip2,
        "text" | "txt" | "ascii" => Packing::Text,
        "hex" => return Err(Error::unsupported(path, "NRRD in hexadecimal", "save it with gzip encoding")),
        _ => return Err(Error::malformed(path, "the encoding is none of NRRD's")),
    })
}

/// Which files the samples are in, and where they begin.
fn data(fields: &Fields, path: &Path) -> Result<(Vec<PathBuf>, Start)> {
    if fields.get("line skip").is_some_and(|n| n != "0") {
        return Err(Error::unsupported(path, "an NRRD whose data begins with lines to skip", "save it again without"));
    }
    let skip: i64 = fields.get("byte skip").map_or(Ok(0), str::parse).unwrap_or(0);
    let folder = path.parent().unwrap_or(Path::new(""));
    let files: Vec<PathBuf> = match fields.get("data file") {
        None => vec![path.to_path_buf()],
        Some(names) => super::listed_files(folder, names.strip_prefix("LIST").unwrap_or(names)),
    };
    let file = if fields.get("data file").is_none() { fields.data_start } else { 0 };
    let start = if skip == -1 { Start::AtEnd } else { Start::After { file, unpacked: skip.max(0) as u64 } };
    if files.is_empty() { Err(Error::malformed(path, "the header names no data file")) } else { Ok((files, start)) }
}

/// What each axis counts.
struct Axes {
    /// Positions of the spatial axes among the sizes.
    space: Vec<usize>,
    channels: usize,
    times: usize,
    times_fastest: bool,
    directions: Vec<Option<DVec3>>,
}

impl Axes {
    fn of(fields: &Fields, sizes: &[usize], path: &Path) -> Result<Self> {
        let kinds: Vec<String> = fields.get("kinds").unwrap_or("").split_whitespace().map(str::to_lowercase).collect();
        let directions = fields.get("space directions").map(vectors).unwrap_or_default();
        let is_space = |n: usize| match directions.get(n) {
            Some(direction) => direction.is_some(),
            None => kinds.get(n).is_none_or(|k| matches!(k.as_str(), "domain" | "space" | "???" | "none")),
        };
        let space: Vec<usize> = (0..sizes.len()).filter(|&n| is_space(n)).take(3).collect();
        let rest: Vec<usize> = (0..sizes.len()).filter(|n| !space.contains(n)).collect();
        let first = space.first().copied().unwrap_or(0);
        let mut axes = Self { space, channels: 1, times: 1, times_fastest: false, directions };
        for n in rest {
            let colour = kinds.get(n).is_some_and(|k| k.contains("color")) && matches!(sizes[n], 3 | 4);
            if n < first && colour {
                axes.channels = sizes[n];
            } else if axes.times == 1 {
                axes.times = sizes[n];
                axes.times_fastest = n < first;
            } else if n > first && !axes.times_fastest {
                axes.times = axes.times.saturating_mul(sizes[n]);
            } else {
                return Err(Error::unsupported(path, "this order of NRRD axes", "save it as one volume"));
            }
        }
        let in_a_row = axes.space.windows(2).all(|w| w[1] == w[0] + 1);
        if axes.space.is_empty() || !in_a_row {
            return Err(Error::unsupported(path, "this order of NRRD axes", "save it as one volume"));
        }
        Ok(axes)
    }

    fn geometry(
        &self,
        fields: &Fields,
        sizes: &[usize],
        path: &Path,
        warnings: &mut Vec<Warning>,
    ) -> Result<(Geometry, bool)> {
        let mut warn = |code: &str, text: &str| warnings.push(Warning { code: code.into(), text: text.into() });
        let size = [0, 1, 2].map(|a| self.space.get(a).map_or(1, |&n| sizes[n]));
        let spacings: Vec<f64> =
            fields.get("spacings").unwrap_or("").split_whitespace().map(|w| w.parse().unwrap_or(f64::NAN)).collect();
        let to_lps = match fields.get("space") {
            Some(space) => lps_signs(space)
                .ok_or_else(|| Error::unsupported(path, "this NRRD space", "save it in left-posterior-superior"))?,
            None => {
                warn("no_orientation", "the file does not name its space; it is taken as left-posterior-superior");
                DVec3::ONE
            }
        };
        let mut known = true;
        let mut step = |a: usize| {
            let n = self.space.get(a).copied();
            let direction = n.and_then(|n| self.directions.get(n).copied().flatten());
            let spacing = n.and_then(|n| spacings.get(n).copied()).filter(|s| s.is_finite() && *s > 0.0);
            known &= direction.is_some() || spacing.is_some() || n.is_none();
            direction.unwrap_or_else(|| DVec3::AXES[a] * spacing.unwrap_or(1.0))
        };
        let mut matrix3 = DMat3::from_cols(step(0), step(1), step(2));
        if self.space.len() == 2 {
            let normal = matrix3.x_axis.cross(matrix3.y_axis).normalize_or_zero();
            matrix3.z_axis = if normal == DVec3::ZERO { DVec3::Z } else { normal };
        }
        if !known {
            warn("no_spacing", "the file names no voxel size; 1 mm is assumed where it is missing");
        }
        let origin =
            fields.get("space origin").map(vectors).and_then(|v| v.first().copied().flatten()).unwrap_or_default();
        let affine = DAffine3::from_scale(to_lps) * DAffine3 { matrix3, translation: origin };
        Ok((Geometry::new(size, affine)?, known))
    }
}

/// Vectors in parentheses, or `none`. Vectors of two numbers lie in the plane.
fn vectors(text: &str) -> Vec<Option<DVec3>> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('(') {
            let (numbers, after) = inner.split_once(')').unwrap_or((inner, ""));
            let numbers: Vec<f64> = numbers.split(',').map_while(|n| n.trim().parse().ok()).collect();
            out.push(
                matches!(numbers.len(), 2 | 3)
                    .then(|| DVec3::new(numbers[0], numbers[1], numbers.get(2).copied().unwrap_or(0.0))),
            );
            rest = after.trim_start();
        } else {
            out.push(None);
            rest = rest.split_once(char::is_whitespace).map_or("", |(_, after)| after.trim_start());
        }
    }
    out
}

/// Signs that turn this space's axes into L, P, S.
fn lps_signs(space: &str) -> Option<DVec3> {
    let space = space.trim_matches('"').to_lowercase();
    let letters: String = match space.as_str() {
        s if s.contains('-') => s.split('-').filter_map(|w| w.chars().next()).collect(),
        s => s.to_owned(),
    };
    let mut letters = letters.chars();
    let mut sign = |plus: char, minus: char| match letters.next()? {
        c if c == plus => Some(1.0),
        c if c == minus => Some(-1.0),
        _ => None,
    };
    Some(DVec3::new(sign('l', 'r')?, sign('p', 'a')?, sign('s', 'i')?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::World;
    use crate::testing::phantoms;

    #[test]
    fn volumes_come_back() {
        let folder = tempfile::tempdir().unwrap();
        for volume in phantoms() {
            let path = folder.path().join("a.nrrd");
            Nrrd.write(&volume, &path, &Task::default()).unwrap();
            let back = crate::formats::open_single(&path, &Task::default()).unwrap();
            assert_eq!(back.samples(), &*volume.values());
            assert_eq!(back.channels(), volume.channels());
            assert!(back.geometry.matches(&volume.geometry, 1e-9));
        }
    }

    fn opened(header: &str, data: &[u8]) -> Result<Volume> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.nrrd");
        std::fs::write(&path, [header.as_bytes(), data].concat()).unwrap();
        crate::formats::open_single(&path, &Task::default())
    }

    #[test]
    fn spaces_are_turned_to_lps() {
        let header = "NRRD0005\ntype: short\ndimension: 3\nspace: RAS\nsizes: 2 1 1\nendian: big\nencoding: raw\n\
                      space directions: (2,0,0) (0,3,0) (0,0,4)\nspace origin: (5,6,7)\n\n";
        let volume = opened(header, &[1, 2, 3, 4]).unwrap();
        assert_eq!(volume.samples(), &Samples::I16(vec![0x0102, 0x0304]));
        assert_eq!(volume.geometry.world(crate::Voxel::new(1.0, 1.0, 1.0)), World::new(-7.0, -9.0, 11.0));
    }

    #[test]
    fn text_and_components_are_read() {
        let header = "NRRD0001\ntype: uchar\ndimension: 3\nsizes: 2 2 1\nkinds: vector domain domain\nencoding: ascii\nspacings: nan 1 1\n\n";
        let volume = opened(header, b"1 2\n3 4\n").unwrap();
        assert_eq!(volume.samples(), &Samples::U8(vec![1, 3]));
        assert!(volume.warnings.iter().any(|w| w.code == "first_time_only"));
    }

    #[test]
    fn broken_headers_are_errors() {
        for header in ["NRRD0004\n\n", "NRRD0004\ntype: short\ndimension: 3\nsizes: 1 2\nencoding: raw\n\n"] {
            assert!(opened(header, &[]).is_err());
        }
        let huge = "NRRD0004\ntype: double\ndimension: 3\nsizes: 99999999 99999999 99999999\nencoding: raw\n\n";
        assert!(opened(huge, &[]).is_err());
    }
}
