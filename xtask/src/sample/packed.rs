//! PNG and gzip containers around deflate, and the NIfTI header: formats simple enough to write by hand.

use limner_imaging::Geometry;
use miniz_oxide::deflate::{compress_to_vec, compress_to_vec_zlib};

const LEVEL: u8 = 10;

/// Grey (1 channel) or RGB (3 channels) with 8 bits each.
pub fn png(samples: &[u8], width: usize, height: usize, channels: usize) -> Vec<u8> {
    let mut out = vec![0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];
    let mut header = Vec::new();
    header.extend((width as u32).to_be_bytes());
    header.extend((height as u32).to_be_bytes());
    header.extend([8, if channels == 3 { 2 } else { 0 }, 0, 0, 0]);
    chunk(&mut out, *b"IHDR", &header);
    chunk(&mut out, *b"IDAT", &compress_to_vec_zlib(&filtered(samples, width * channels, channels), LEVEL));
    chunk(&mut out, *b"IEND", &[]);
    out
}

/// Each row with the filter that leaves the smallest differences.
fn filtered(samples: &[u8], stride: usize, step: usize) -> Vec<u8> {
    let mut above = vec![0_u8; stride];
    let mut out = Vec::with_capacity(samples.len() + samples.len() / stride);
    for row in samples.chunks_exact(stride) {
        let left = |n: usize| if n < step { 0 } else { row[n - step] };
        let corner = |n: usize| if n < step { 0 } else { above[n - step] };
        let candidates: [Vec<u8>; 4] = [
            row.to_vec(),
            (0..stride).map(|n| row[n].wrapping_sub(left(n))).collect(),
            (0..stride).map(|n| row[n].wrapping_sub(above[n])).collect(),
            (0..stride).map(|n| row[n].wrapping_sub(paeth(left(n), above[n], corner(n)))).collect(),
        ];
        let size = |row: &[u8]| row.iter().map(|&b| u64::from((b as i8).unsigned_abs())).sum::<u64>();
        let mut best = 0;
        for n in 1..4 {
            if size(&candidates[n]) < size(&candidates[best]) {
                best = n;
            }
        }
        out.push([0, 1, 2, 4][best]);
        out.extend(&candidates[best]);
        above.copy_from_slice(row);
    }
    out
}

fn paeth(a: u8, b: u8, c: u8) -> u8 {
    let estimate = i32::from(a) + i32::from(b) - i32::from(c);
    let [from_a, from_b, from_c] = [a, b, c].map(|x| (estimate - i32::from(x)).abs());
    if from_a <= from_b && from_a <= from_c {
        a
    } else if from_b <= from_c {
        b
    } else {
        c
    }
}

fn chunk(out: &mut Vec<u8>, name: [u8; 4], data: &[u8]) {
    out.extend((data.len() as u32).to_be_bytes());
    let start = out.len();
    out.extend(name);
    out.extend(data);
    let sum = crc32(&out[start..]);
    out.extend(sum.to_be_bytes());
}

/// A gzip file without name or time, so that the bytes depend on the content alone.
pub fn gzip(data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255];
    out.extend(compress_to_vec(data, LEVEL));
    out.extend(crc32(data).to_le_bytes());
    out.extend((data.len() as u32).to_le_bytes());
    out
}

fn crc32(data: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for &byte in data {
        sum ^= u32::from(byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
        }
    }
    !sum
}

/// Samples of a NIfTI volume, first index fastest.
#[derive(Clone, Copy, Debug)]
pub enum Voxels<'a> {
    U8(&'a [u8]),
    I16(&'a [i16]),
}

/// A compressed NIfTI-1 file. NIfTI counts in RAS, so the first two rows of our LPS affine change sign.
pub fn nifti(geometry: &Geometry, voxels: Voxels, description: &str) -> Vec<u8> {
    let (code, bits, data): (i16, i16, Vec<u8>) = match voxels {
        Voxels::U8(v) => (2, 8, v.to_vec()),
        Voxels::I16(v) => (4, 16, v.iter().flat_map(|s| s.to_le_bytes()).collect()),
    };
    let mut h = vec![0_u8; 352];
    let mut put = |at: usize, bytes: &[u8]| h[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &348_i32.to_le_bytes());
    let size = geometry.size().map(|n| n as i16);
    for (n, v) in [3, size[0], size[1], size[2], 1, 1, 1, 1].into_iter().enumerate() {
        put(40 + 2 * n, &v.to_le_bytes());
    }
    put(70, &code.to_le_bytes());
    put(72, &bits.to_le_bytes());
    put(76, &1_f32.to_le_bytes());
    for (n, v) in geometry.spacing_mm().into_iter().enumerate() {
        put(80 + 4 * n, &(v as f32).to_le_bytes());
    }
    put(108, &352_f32.to_le_bytes());
    put(112, &1_f32.to_le_bytes());
    // Millimetres and seconds.
    put(123, &[2 | 8]);
    put(148, &description.as_bytes()[..description.len().min(79)]);
    // The affine is in the scanner's frame.
    put(254, &1_i16.to_le_bytes());
    for (n, row) in geometry.affine_lps_rows().into_iter().take(3).enumerate() {
        let sign = if n < 2 { -1.0 } else { 1.0 };
        for (m, v) in row.into_iter().enumerate() {
            put(280 + 16 * n + 4 * m, &((sign * v) as f32).to_le_bytes());
        }
    }
    put(344, b"n+1\0");
    h.extend(data);
    gzip(&h)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_png_of_ours_is_read_back_by_the_image_library() {
        let samples: Vec<u8> = (0..30 * 20 * 3).map(|n| (n * 7 % 251) as u8).collect();
        let read = image::load_from_memory(&png(&samples, 30, 20, 3)).unwrap().into_rgb8();
        assert_eq!((read.width(), read.height()), (30, 20));
        assert_eq!(read.into_raw(), samples);
    }

    #[test]
    fn the_check_sum_is_the_one_everybody_uses() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }
}
