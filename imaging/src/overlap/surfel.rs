//! The size of the surface inside each of the 256 ways eight voxels can be filled (16 ways four pixels can).
//!
//! The triangles are those of surface-distance's table (google-deepmind/surface-distance, Apache-2.0), kept here as
//! what an area needs: which kind each triangle is. A code and its complement have the same surface.

/// Normal times area of a kind of triangle, in eighths of a voxel face per axis; signs do not change a length.
const fn normal(kind: u8) -> [f64; 3] {
    match kind {
        b'A' => [1.0, 1.0, 1.0],
        b'B' => [2.0, 2.0, 2.0],
        b'C' => [3.0, 3.0, 3.0],
        b'D' => [2.0, 2.0, 0.0],
        b'E' => [2.0, 0.0, 2.0],
        b'F' => [0.0, 2.0, 2.0],
        b'X' => [4.0, 0.0, 0.0],
        b'Y' => [0.0, 4.0, 0.0],
        _ => [0.0, 0.0, 4.0],
    }
}

/// The triangles of codes 0 to 127. Bit 7 is the voxel before on all axes, bit 0 the one after; axis 0 is the highest.
const TRIANGLES: [&str; 128] = [
    "", "A", "A", "DD", "A", "EE", "AA", "XBA", "A", "AA", "EE", "XBA", "DD", "XBA", "XBA", "XX", "A", "FF", "AA",
    "YBA", "AA", "ZBA", "AAA", "ABBA", "AA", "FFA", "EEA", "ACFE", "ADD", "CFAD", "XABA", "XAB", "A", "AA", "FF",
    "YAB", "AA", "AEE", "FFA", "CFAE", "AA", "AAA", "ZBA", "BBAA", "ADD", "XBAA", "FCAD", "XBA", "DD", "YBA", "YAB",
    "YY", "DDA", "CEAD", "AYBA", "YBA", "ADD", "YBAA", "CDAE", "YBA", "DDDD", "DDA", "ADD", "DD", "A", "AA", "AA",
    "ADD", "FF", "ZBA", "FFA", "CFAD", "AA", "AAA", "AEE", "XBAA", "YBA", "BBAA", "ECFA", "XBA", "EE", "ZBA", "AEE",
    "ECDA", "ZBA", "ZZ", "AABZ", "ABZ", "EEA", "ZBAA", "EEEE", "AEE", "ECDA", "ZBA", "AEE", "EE", "AA", "AAA", "AFF",
    "YABA", "FFA", "ZBAA", "FFFF", "FFA", "AAA", "AAAA", "ZBAA", "AAA", "YBAA", "AAA", "FFA", "AA", "XBA", "BABA",
    "CFAE", "YBA", "CDFA", "ABZ", "AFF", "FF", "XBAA", "AAA", "EEA", "AA", "DDA", "AA", "AA", "A",
];

/// Area in mm² of every code.
pub fn areas(spacing: [f64; 3]) -> [f32; 256] {
    let face = [spacing[1] * spacing[2], spacing[0] * spacing[2], spacing[0] * spacing[1]];
    std::array::from_fn(|code| {
        let triangles = TRIANGLES[if code < 128 { code } else { 255 - code }];
        let area = |kind: u8| {
            let n = normal(kind);
            (0..3).map(|a| (n[a] / 8.0 * face[a]).powi(2)).sum::<f64>().sqrt()
        };
        triangles.bytes().map(area).sum::<f64>() as f32
    })
}

/// Length in mm of the contour in every code of four pixels; bits 3 and 2 lie before on axis 0.
pub fn lengths(spacing: [f64; 3]) -> [f32; 256] {
    let [s0, s1, _] = spacing;
    let corner = 0.5 * s0.hypot(s1);
    std::array::from_fn(|code| match code {
        1 | 2 | 4 | 8 | 7 | 11 | 13 | 14 => corner as f32,
        6 | 9 => (2.0 * corner) as f32,
        3 | 12 => s1 as f32,
        5 | 10 => s0 as f32,
        _ => 0.0,
    })
}

pub const fn is_surface(code: u8, flat: bool) -> bool {
    code != 0 && code != if flat { 15 } else { 255 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_faces_have_the_area_of_a_voxel_face() {
        let areas = areas([2.0, 3.0, 5.0]);
        assert_eq!([15, 240].map(|c| areas[c]), [15.0; 2]);
        assert_eq!([51, 204].map(|c| areas[c]), [10.0; 2]);
        assert_eq!([85, 170].map(|c| areas[c]), [6.0; 2]);
        assert!((1..255).all(|c| areas[c] > 0.0));
        let corner = (0.25 * (1.875_f64.powi(2) * 4.0 + 1.25_f64.powi(2) * 4.0 + 0.75_f64.powi(2) * 4.0)).sqrt() as f32;
        assert!([1, 2, 4, 8, 16, 32, 64, 128, 254].iter().all(|&c: &usize| (areas[c] - corner).abs() < 1e-5));
    }

    #[test]
    fn contours_have_the_length_of_a_pixel_side() {
        let lengths = lengths([3.0, 4.0, 1.0]);
        assert_eq!((lengths[12], lengths[10], lengths[1], lengths[6]), (4.0, 3.0, 2.5, 5.0));
    }
}
