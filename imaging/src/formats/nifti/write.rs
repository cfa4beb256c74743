//! A NIfTI file of any volume: NIfTI-1, or NIfTI-2 where a size needs it. sform and qform both, code 1, mm.

use crate::error::{Error, Result};
use crate::formats::beside;
use crate::task::Task;
use crate::volume::{Samples, Volume};
use flate2::Compression;
use flate2::write::GzEncoder;
use glam::{DAffine3, DMat3, DQuat, DVec3};
use std::io::Write;
use std::path::Path;

const LARGEST_1: usize = i16::MAX as usize;

pub fn write(volume: &Volume, path: &Path, task: &Task) -> Result<()> {
    let header = header(volume, path)?;
    let packed = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("gz"));
    beside::write(path, |out| {
        if !packed {
            out.write_all(&header)?;
            return beside::samples(out, volume.samples(), task);
        }
        let mut gz = GzEncoder::new(out, Compression::fast());
        gz.write_all(&header)?;
        beside::samples(&mut gz, volume.samples(), task)?;
        gz.finish().map(|_| ())
    })
}

/// The header and the four bytes that say no extension follows.
fn header(volume: &Volume, path: &Path) -> Result<Vec<u8>> {
    let (code, bits) = data_type(volume, path)?;
    let size = volume.geometry.size();
    let ras = DAffine3::from_scale(DVec3::new(-1.0, -1.0, 1.0)) * volume.geometry.world_from_voxel();
    let frame = Frame::of(&ras);
    let units: u8 = if volume.spacing_known { 2 } else { 0 };
    if size.iter().all(|&n| n <= LARGEST_1) {
        let mut h = vec![0; 352];
        put(&mut h, 0, &348_i32.to_le_bytes());
        for (n, size) in std::iter::once(3).chain(size).enumerate() {
            put(&mut h, 40 + 2 * n, &(size as i16).to_le_bytes());
        }
        (4..8).for_each(|n| put(&mut h, 40 + 2 * n, &1_i16.to_le_bytes()));
        put(&mut h, 70, &code.to_le_bytes());
        put(&mut h, 72, &bits.to_le_bytes());
        put(&mut h, 252, &frame.qform_code.to_le_bytes());
        put(&mut h, 254, &1_i16.to_le_bytes());
        put_floats(&mut h, 76, &frame.pixdim, false);
        put_floats(&mut h, 108, &[352.0, volume.value_map.slope, volume.value_map.intercept], false);
        put_floats(&mut h, 256, &frame.quatern, false);
        put_floats(&mut h, 280, &frame.rows, false);
        h[123] = units;
        put(&mut h, 344, b"n+1\0");
        return Ok(h);
    }
    let mut h = vec![0; 544];
    put(&mut h, 0, &540_i32.to_le_bytes());
    put(&mut h, 4, b"n+2\0\r\n\x1a\n");
    put(&mut h, 12, &code.to_le_bytes());
    put(&mut h, 14, &bits.to_le_bytes());
    for (n, size) in std::iter::once(3).chain(size).enumerate() {
        put(&mut h, 16 + 8 * n, &(size as i64).to_le_bytes());
    }
    (4..8).for_each(|n| put(&mut h, 16 + 8 * n, &1_i64.to_le_bytes()));
    put_floats(&mut h, 104, &frame.pixdim, true);
    put(&mut h, 168, &544_i64.to_le_bytes());
    put_floats(&mut h, 176, &[volume.value_map.slope, volume.value_map.intercept], true);
    put(&mut h, 344, &i32::from(frame.qform_code).to_le_bytes());
    put(&mut h, 348, &1_i32.to_le_bytes());
    put_floats(&mut h, 352, &frame.quatern, true);
    put_floats(&mut h, 400, &frame.rows, true);
    put(&mut h, 500, &i32::from(units).to_le_bytes());
    Ok(h)
}

fn put(header: &mut [u8], at: usize, bytes: &[u8]) {
    header[at..at + bytes.len()].copy_from_slice(bytes);
}

fn put_floats(header: &mut [u8], at: usize, values: &[f64], wide: bool) {
    for (n, value) in values.iter().enumerate() {
        if wide {
            put(header, at + 8 * n, &value.to_le_bytes());
        } else {
            put(header, at + 4 * n, &(*value as f32).to_le_bytes());
        }
    }
}

fn data_type(volume: &Volume, path: &Path) -> Result<(i16, i16)> {
    Ok(match (volume.samples(), volume.channels()) {
        (Samples::U8(_), 1) => (2, 8),
        (Samples::I16(_), 1) => (4, 16),
        (Samples::I32(_), 1) => (8, 32),
        (Samples::F32(_), 1) => (16, 32),
        (Samples::F64(_), 1) => (64, 64),
        (Samples::U8(_), 3) => (128, 24),
        (Samples::I8(_), 1) => (256, 8),
        (Samples::U16(_), 1) => (512, 16),
        (Samples::U32(_), 1) => (768, 32),
        (Samples::I64(_), 1) => (1024, 64),
        (Samples::U64(_), 1) => (1280, 64),
        (Samples::U8(_), 4) => (2304, 32),
        (samples, channels) => {
            let what = format!("{channels} channels of {} in NIfTI", samples.dtype());
            return Err(Error::unsupported(path, what, "choose NRRD, or one channel"));
        }
    })
}

/// The affine in the parts NIfTI keeps.
struct Frame {
    pixdim: [f64; 8],
    /// Quaternion b, c, d, then the offset.
    quatern: [f64; 6],
    rows: [f64; 12],
    /// 0 where the axes are not at right angles: a quaternion cannot say that, the sform does.
    qform_code: i16,
}

impl Frame {
    fn of(ras: &DAffine3) -> Self {
        let m = ras.matrix3;
        let steps = [m.x_axis.length(), m.y_axis.length(), m.z_axis.length()];
        let mut unit = DMat3::from_cols(m.x_axis / steps[0], m.y_axis / steps[1], m.z_axis / steps[2]);
        let handed = if unit.determinant() < 0.0 { -1.0 } else { 1.0 };
        unit.z_axis *= handed;
        let square = (unit * unit.transpose()).abs_diff_eq(DMat3::IDENTITY, 1e-4);
        let mut q = DQuat::from_mat3(&unit).normalize();
        if q.w < 0.0 {
            q = -q;
        }
        let t = ras.translation;
        let row = |n: usize| [m.x_axis[n], m.y_axis[n], m.z_axis[n], t[n]];
        let mut rows = [0.0; 12];
        (0..3).for_each(|n| rows[4 * n..4 * n + 4].copy_from_slice(&row(n)));
        Self {
            pixdim: [handed, steps[0], steps[1], steps[2], 1.0, 1.0, 1.0, 1.0],
            quatern: [q.x, q.y, q.z, t.x, t.y, t.z],
            rows,
            qform_code: i16::from(square),
        }
    }
}
