//! The NIfTI-1 and NIfTI-2 header, either byte order.
//!
//! Which affine: the sform where its code is above 0, else the qform where its code is above 0, else the voxel sizes
//! alone as nibabel places them, columns towards the patient's left as in Analyze and the grid's middle at 0 (a warning
//! says so). World units follow `xyzt_units`
//! (metres and micrometres are turned to mm, unknown is taken as mm). NIfTI's world is RAS, ours is LPS.

use crate::error::{Error, Result};
use crate::formats::stored::SampleType;
use crate::geometry::Geometry;
use crate::task::Warning;
use crate::volume::ValueMap;
use glam::{DAffine3, DMat3, DQuat, DVec3};
use std::path::Path;

pub const BYTES_1: usize = 348;
pub const BYTES_2: usize = 540;
const COMPLEX_64: i64 = 32;
const COMPLEX_128: i64 = 1792;

#[derive(Clone, Debug)]
pub struct Header {
    /// Times, or values per voxel: the product of what comes after the third dimension.
    pub times: usize,
    pub kind: SampleType,
    pub channels: usize,
    pub big_endian: bool,
    pub data_offset: u64,
    /// The samples are in an .img beside.
    pub separate: bool,
    pub value_map: ValueMap,
    pub geometry: Geometry,
    pub labels: bool,
    /// Two numbers per voxel, real and imaginary.
    pub complex: bool,
    pub time_step_ms: Option<f64>,
    pub spacing_known: bool,
    pub warnings: Vec<Warning>,
}

/// The byte order and version, or `None` where this is no NIfTI header.
pub fn signature(bytes: &[u8]) -> Option<(bool, usize)> {
    let first: [u8; 4] = *bytes.first_chunk()?;
    let version_1 = |magic: Option<&[u8]>| matches!(magic, Some(b"n+1\0" | b"ni1\0"));
    let version_2 = |magic: Option<&[u8]>| matches!(magic, Some(b"n+2\0" | b"ni2\0"));
    for (big, length) in [(false, u32::from_le_bytes(first)), (true, u32::from_be_bytes(first))] {
        match length {
            348 if version_1(bytes.get(344..348)) => return Some((big, BYTES_1)),
            540 if version_2(bytes.get(4..8)) => return Some((big, BYTES_2)),
            _ => {}
        }
    }
    None
}

/// Reads fields at either version's offsets.
struct Fields<'a> {
    bytes: &'a [u8],
    big: bool,
    version_2: bool,
}

impl Fields<'_> {
    fn take<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut raw: [u8; N] = self.bytes[at..].first_chunk().copied().unwrap_or([0; N]);
        if self.big {
            raw.reverse();
        }
        raw
    }

    fn i16(&self, at: usize) -> i64 {
        i16::from_le_bytes(self.take(at)).into()
    }

    fn i32(&self, at: usize) -> i64 {
        i32::from_le_bytes(self.take(at)).into()
    }

    fn f32(&self, at: usize) -> f64 {
        f32::from_le_bytes(self.take(at)).into()
    }

    fn f64(&self, at: usize) -> f64 {
        f64::from_le_bytes(self.take(at))
    }

    /// Entry `n` of a float array at one offset in each version.
    fn float(&self, at_1: usize, at_2: usize, n: usize) -> f64 {
        if self.version_2 { self.f64(at_2 + 8 * n) } else { self.f32(at_1 + 4 * n) }
    }

    fn dim(&self, n: usize) -> i64 {
        if self.version_2 { i64::from_le_bytes(self.take(16 + 8 * n)) } else { self.i16(40 + 2 * n) }
    }

    fn code(&self, at_1: usize, at_2: usize) -> i64 {
        if self.version_2 { self.i32(at_2) } else { self.i16(at_1) }
    }

    fn pixdim(&self, n: usize) -> f64 {
        self.float(76, 104, n)
    }
}

impl Header {
    pub fn parse(bytes: &[u8], path: &Path) -> Result<Self> {
        let Some((big, length)) = signature(bytes) else {
            return Err(Error::malformed(path, "this is not a NIfTI file: its signature is missing"));
        };
        if bytes.len() < length {
            return Err(Error::truncated(path, "the header is not complete"));
        }
        let fields = Fields { bytes, big, version_2: length == BYTES_2 };
        let mut warnings = Vec::new();
        let (size, times) = sizes(&fields, path)?;
        let code = fields.i16(if fields.version_2 { 12 } else { 70 });
        let (kind, channels) = sample_type(code, path)?;
        let complex = matches!(code, COMPLEX_64 | COMPLEX_128);
        if complex {
            let text = "the numbers are complex; their magnitude is shown";
            warnings.push(Warning { code: "complex".into(), text: text.into() });
        }
        let separate = if fields.version_2 { bytes[5] == b'i' } else { bytes[345] == b'i' };
        let (slope, intercept) = (fields.float(112, 176, 0), fields.float(116, 184, 0));
        let scaled = slope.is_finite() && slope != 0.0 && channels == 1;
        let intercept = if intercept.is_finite() { intercept } else { 0.0 };
        let (geometry, spacing_known) = geometry(&fields, size, &mut warnings)?;
        Ok(Self {
            times,
            kind,
            channels,
            big_endian: big,
            data_offset: data_offset(&fields, length, separate, path)?,
            separate,
            value_map: if scaled { ValueMap { slope, intercept, unit: None } } else { ValueMap::default() },
            geometry,
            labels: fields.code(68, 504) == 1002,
            complex,
            time_step_ms: time_step_ms(&fields),
            spacing_known,
            warnings,
        })
    }
}

fn sizes(fields: &Fields<'_>, path: &Path) -> Result<([usize; 3], usize)> {
    let rank = fields.dim(0);
    if !(1..=7).contains(&rank) {
        return Err(Error::malformed(path, format!("the header names {rank} dimensions")));
    }
    let mut dims = [1_usize; 7];
    for (n, dim) in dims.iter_mut().enumerate().take(rank as usize) {
        let size = fields.dim(n + 1);
        // Some writers leave 0 beyond the dimensions they use.
        *dim = match size {
            1.. => size as usize,
            0 if n >= 3 => 1,
            _ => return Err(Error::malformed(path, format!("dimension {} has size {size}", n + 1))),
        };
    }
    let times = dims[3..].iter().try_fold(1_usize, |n, &d| n.checked_mul(d));
    let times = times.ok_or_else(|| Error::TooLarge { path: path.into(), reason: "the dimensions overflow".into() })?;
    Ok(([dims[0], dims[1], dims[2]], times))
}

fn sample_type(code: i64, path: &Path) -> Result<(SampleType, usize)> {
    Ok(match code {
        2 => (SampleType::U8, 1),
        4 => (SampleType::I16, 1),
        8 => (SampleType::I32, 1),
        16 => (SampleType::F32, 1),
        64 => (SampleType::F64, 1),
        128 => (SampleType::U8, 3),
        256 => (SampleType::I8, 1),
        512 => (SampleType::U16, 1),
        768 => (SampleType::U32, 1),
        1024 => (SampleType::I64, 1),
        1280 => (SampleType::U64, 1),
        2304 => (SampleType::U8, 4),
        COMPLEX_64 => (SampleType::F32, 2),
        COMPLEX_128 => (SampleType::F64, 2),
        1 => return Err(Error::unsupported(path, "NIfTI with one bit per voxel", "store it as 8-bit")),
        2048 => return Err(Error::unsupported(path, "NIfTI with 256-bit complex numbers", "store 64-bit parts")),
        1536 => return Err(Error::unsupported(path, "NIfTI with 128-bit floats", "store it as 64-bit floats")),
        other => return Err(Error::malformed(path, format!("the data type {other} is none of NIfTI's"))),
    })
}

/// From one volume to the next; `None` where the fourth dimension does not count time.
fn time_step_ms(fields: &Fields<'_>) -> Option<f64> {
    let units = if fields.version_2 { fields.i32(500) } else { i64::from(fields.bytes[123]) };
    let to_ms = match units & 0x38 {
        8 => 1000.0,
        16 => 1.0,
        24 => 0.001,
        _ => return None,
    };
    Some(fields.pixdim(4) * to_ms).filter(|step| step.is_finite() && *step > 0.0)
}

fn data_offset(fields: &Fields<'_>, length: usize, separate: bool, path: &Path) -> Result<u64> {
    let offset = if fields.version_2 { i64::from_le_bytes(fields.take(168)) as f64 } else { fields.f32(108) };
    let least = if separate { 0.0 } else { length as f64 };
    if offset.is_finite() && offset >= least && offset < 1e15 {
        Ok(offset as u64)
    } else if offset == 0.0 {
        // A single file may leave it out: header and the four extension bytes.
        Ok(length as u64 + 4)
    } else {
        Err(Error::malformed(path, format!("the samples are said to start at byte {offset}")))
    }
}

fn geometry(fields: &Fields<'_>, size: [usize; 3], warnings: &mut Vec<Warning>) -> Result<(Geometry, bool)> {
    let mut warn = |code: &str, text: &str| warnings.push(Warning { code: code.into(), text: text.into() });
    let units = fields.code(123, 500);
    let units = if fields.version_2 { units } else { i64::from(fields.bytes[123]) };
    let to_mm = match units & 7 {
        1 => 1000.0,
        3 => 0.001,
        _ => 1.0,
    };
    let (steps, spacing_known, fault) = steps(fields, size);
    let candidates =
        [(fields.code(254, 348) > 0).then(|| sform(fields)), (fields.code(252, 344) > 0).then(|| qform(fields, steps))];
    for (n, ras) in candidates.into_iter().enumerate() {
        let Some(ras) = ras else { continue };
        match Geometry::new(size, lps_from_ras(with_depth(ras, size, steps), to_mm)) {
            Ok(geometry) if n == 0 => return Ok((geometry, true)),
            // The qform turns and places voxels whose sizes stand apart.
            Ok(geometry) => {
                fault.into_iter().for_each(|(code, text)| warn(code, text));
                return Ok((geometry, spacing_known));
            }
            Err(_) => warn(
                "bad_affine",
                if n == 0 {
                    "the sform spans no space; it is not used"
                } else {
                    "the qform spans no space; it is not used"
                },
            ),
        }
    }
    warn(
        "no_orientation",
        "the file does not say where it lies; columns are taken to run left, rows to the front, slices up",
    );
    fault.into_iter().for_each(|(code, text)| warn(code, text));
    let scale = DVec3::new(-steps[0], steps[1], steps[2]);
    let middle = DVec3::from_array(size.map(|n| (n as f64 - 1.0) / 2.0));
    let ras = DAffine3 { matrix3: DMat3::from_diagonal(scale), translation: -scale * middle };
    Ok((Geometry::new(size, lps_from_ras(ras, to_mm))?, spacing_known))
}

/// The voxel sizes as lengths, whether the file names them, and what is wrong with them, as a code and a text.
fn steps(fields: &Fields<'_>, size: [usize; 3]) -> ([f64; 3], bool, Option<(&'static str, &'static str)>) {
    let steps: [f64; 3] = std::array::from_fn(|n| fields.pixdim(n + 1));
    let usable = |x: f64| x.is_finite() && x != 0.0;
    let known = (0..3).all(|n| usable(steps[n]) || size[n] == 1);
    let fault = if !known {
        Some(("no_spacing", "the file names no usable voxel size; 1 mm is assumed where it is missing"))
    } else if steps.iter().any(|x| *x < 0.0) {
        Some(("negative_spacing", "a voxel size is below 0; it is taken without its sign"))
    } else {
        None
    };
    (steps.map(|x| if usable(x) { x.abs() } else { 1.0 }), known, fault)
}

fn sform(fields: &Fields<'_>) -> DAffine3 {
    let row = |n: usize| -> [f64; 4] { std::array::from_fn(|c| fields.float(280 + 16 * n, 400 + 32 * n, c)) };
    let rows = [row(0), row(1), row(2)];
    let column = |c: usize| DVec3::new(rows[0][c], rows[1][c], rows[2][c]);
    DAffine3 { matrix3: DMat3::from_cols(column(0), column(1), column(2)), translation: column(3) }
}

fn qform(fields: &Fields<'_>, steps: [f64; 3]) -> DAffine3 {
    let quatern = |n: usize| fields.float(256, 352, n);
    let offset = |n: usize| fields.float(268, 376, n);
    let (b, c, d) = (quatern(0), quatern(1), quatern(2));
    let a = (1.0 - b * b - c * c - d * d).max(0.0).sqrt();
    let rotation = DMat3::from_quat(DQuat::from_xyzw(b, c, d, a).normalize());
    let handed = if fields.pixdim(0) < 0.0 { -1.0 } else { 1.0 };
    let scale = DMat3::from_diagonal(DVec3::new(steps[0], steps[1], steps[2] * handed));
    DAffine3 { matrix3: rotation * scale, translation: DVec3::new(offset(0), offset(1), offset(2)) }
}

/// A single slice may leave its third axis at 0; it then stands at right angles on the other two.
fn with_depth(mut ras: DAffine3, size: [usize; 3], steps: [f64; 3]) -> DAffine3 {
    if size[2] == 1 && ras.matrix3.z_axis.length_squared() == 0.0 {
        ras.matrix3.z_axis = ras.matrix3.x_axis.cross(ras.matrix3.y_axis).normalize_or_zero() * steps[2];
    }
    ras
}

fn lps_from_ras(ras: DAffine3, to_mm: f64) -> DAffine3 {
    DAffine3::from_scale(DVec3::new(-to_mm, -to_mm, to_mm)) * ras
}
