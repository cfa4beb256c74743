//! From the planes a video decoder gives to RGB.

/// Which numbers black, white and the colours have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tone {
    pub matrix: Matrix,
    /// 0 to 255 instead of 16 to 235.
    pub full_range: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matrix {
    Bt601,
    Bt709,
}

impl Tone {
    /// What players take where a video does not say: the older matrix for small pictures.
    #[must_use]
    pub const fn usual(rows: usize) -> Self {
        Self { matrix: if rows < 720 { Matrix::Bt601 } else { Matrix::Bt709 }, full_range: false }
    }
}

/// Planes with one chroma sample for two by two pixels.
pub struct Planes<'a> {
    pub columns: usize,
    pub rows: usize,
    pub luma: &'a [u8],
    pub blue: &'a [u8],
    pub red: &'a [u8],
}

/// RGB, pixel by pixel; `None` where the planes are too small for the picture.
pub fn rgb(planes: &Planes<'_>, tone: Tone) -> Option<Vec<u8>> {
    let Planes { columns, rows, .. } = *planes;
    let half = columns.div_ceil(2);
    let chroma = half.checked_mul(rows.div_ceil(2))?;
    if planes.luma.len() < columns.checked_mul(rows)? || planes.blue.len() < chroma || planes.red.len() < chroma {
        return None;
    }
    // Red from Cr, green from Cb and Cr, blue from Cb, for full-range differences.
    let [rr, gb, gr, bb] = match tone.matrix {
        Matrix::Bt601 => [1.402, -0.344_136, -0.714_136, 1.772],
        Matrix::Bt709 => [1.5748, -0.187_324, -0.468_124, 1.8556],
    };
    let (black, luma_scale, chroma_scale) =
        if tone.full_range { (0.0, 1.0, 1.0) } else { (16.0, 255.0 / 219.0, 255.0 / 224.0) };
    let mut out = Vec::with_capacity(columns * rows * 3);
    for (row, luma) in planes.luma.chunks_exact(columns).take(rows).enumerate() {
        let at = row / 2 * half;
        for (column, &y) in luma.iter().enumerate() {
            let difference = |plane: &[u8]| (f32::from(plane[at + column / 2]) - 128.0) * chroma_scale;
            let (cb, cr) = (difference(planes.blue), difference(planes.red));
            let y = (f32::from(y) - black) * luma_scale;
            // `as` clamps to the byte's range.
            out.extend([y + rr * cr, y + gb * cb + gr * cr, y + bb * cb].map(|v| v.round() as u8));
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn black_white_and_the_primaries_come_out() {
        let planes = |luma, blue, red| {
            let (luma, blue, red) = (vec![luma; 6], vec![blue; 4], vec![red; 4]);
            let planes = Planes { columns: 3, rows: 2, luma: &luma, blue: &blue[..2], red: &red[..2] };
            let rgb = rgb(&planes, Tone { matrix: Matrix::Bt601, full_range: false }).unwrap();
            assert_eq!(rgb.len(), 18);
            [rgb[15], rgb[16], rgb[17]]
        };
        assert_eq!(planes(16, 128, 128), [0, 0, 0]);
        assert_eq!(planes(235, 128, 128), [255, 255, 255]);
        let close = |a: [u8; 3], b: [u8; 3]| a.iter().zip(b).all(|(x, y)| x.abs_diff(y) <= 2);
        assert!(close(planes(81, 90, 240), [255, 0, 0]));
        assert!(close(planes(41, 240, 110), [0, 0, 255]));
        let short = Planes { columns: 9, rows: 9, luma: &[], blue: &[], red: &[] };
        assert!(rgb(&short, Tone::usual(9)).is_none());
    }
}
