//! Which texture format holds a volume's samples, and how a texel turns back into the stored sample.
//!
//! Integers that span at most 16 bits are held exactly. Wider integers and floats are held as 32-bit floats around
//! an offset, so that a small range far from zero keeps its steps. Colour is held in 8 bits a channel.

use limner_imaging::{Samples, with_samples};
use std::borrow::Cow;
use std::ops::Range;

/// Stands for NaN and the infinities: far outside every window, yet finite, so that a weight of zero erases it.
const BEYOND: f32 = 1e37;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TexelFormat {
    Unorm8,
    Snorm16,
    Unorm16,
    /// Where normalised 16-bit textures are missing.
    Sint16,
    Float32,
    Rgba8,
}

impl TexelFormat {
    #[must_use]
    pub const fn wgpu(self) -> wgpu::TextureFormat {
        match self {
            Self::Unorm8 => wgpu::TextureFormat::R8Unorm,
            Self::Snorm16 => wgpu::TextureFormat::R16Snorm,
            Self::Unorm16 => wgpu::TextureFormat::R16Unorm,
            Self::Sint16 => wgpu::TextureFormat::R16Sint,
            Self::Float32 => wgpu::TextureFormat::R32Float,
            Self::Rgba8 => wgpu::TextureFormat::Rgba8Unorm,
        }
    }

    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::Unorm8 => 1,
            Self::Snorm16 | Self::Unorm16 | Self::Sint16 => 2,
            Self::Float32 | Self::Rgba8 => 4,
        }
    }

    /// What a shader reads for a code of 1.
    const fn unit(self) -> f64 {
        match self {
            Self::Unorm8 | Self::Rgba8 => 1.0 / 255.0,
            Self::Snorm16 => 1.0 / 32767.0,
            Self::Unorm16 => 1.0 / 65535.0,
            Self::Sint16 | Self::Float32 => 1.0,
        }
    }
}

/// How one volume's samples are held: `code = (stored - offset) / step`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Encoding {
    pub format: TexelFormat,
    offset: f64,
    step: f64,
    /// What a shader shall see where the sample is no number: the side of the range that is drawn black.
    not_a_number: f32,
}

impl Encoding {
    /// `falling` says that a larger stored sample means a smaller value.
    #[must_use]
    pub fn choose(samples: &Samples, channels: usize, has_16bit_norm: bool, falling: bool) -> Self {
        let not_a_number = if falling { BEYOND } else { -BEYOND };
        let with = |format, offset| Self { format, offset, step: 1.0, not_a_number };
        if channels >= 3 {
            return Self::of_colour(samples);
        }
        match samples {
            Samples::U8(_) => with(TexelFormat::Unorm8, 0.0),
            Samples::U16(_) if has_16bit_norm => with(TexelFormat::Unorm16, 0.0),
            Samples::U16(_) => with(TexelFormat::Sint16, 32768.0),
            // R16Snorm reads -32768 as -32767.
            Samples::I16(v) if has_16bit_norm && !v.contains(&i16::MIN) => with(TexelFormat::Snorm16, 0.0),
            Samples::I16(_) if has_16bit_norm => with(TexelFormat::Unorm16, -32768.0),
            Samples::I16(_) => with(TexelFormat::Sint16, 0.0),
            Samples::F32(_) => with(TexelFormat::Float32, 0.0),
            _ => {
                let (low, high) = range(samples);
                let whole = !matches!(samples, Samples::F64(_));
                match high - low {
                    span if whole && span <= 255.0 => with(TexelFormat::Unorm8, low),
                    span if whole && span <= 65535.0 && has_16bit_norm => with(TexelFormat::Unorm16, low),
                    span if whole && span <= 65535.0 => with(TexelFormat::Sint16, low + 32768.0),
                    _ => with(TexelFormat::Float32, f64::midpoint(low, high).round()),
                }
            }
        }
    }

    fn of_colour(samples: &Samples) -> Self {
        let (low, high) = match samples {
            Samples::U8(_) => (0.0, 255.0),
            Samples::U16(_) => (0.0, 65535.0),
            other => range(other),
        };
        let step = if high > low { (high - low) / 255.0 } else { 1.0 };
        Self { format: TexelFormat::Rgba8, offset: low, step, not_a_number: 0.0 }
    }

    /// `stored = slope * texel + offset`, as (slope, offset).
    #[must_use]
    pub fn stored_from_texel(&self) -> (f64, f64) {
        (self.step / self.format.unit(), self.offset)
    }

    /// The bytes of a range of voxels, borrowed where the samples already have the texture's layout.
    #[must_use]
    #[expect(clippy::unnecessary_cast, reason = "the macro also meets f64")]
    pub fn bytes<'a>(&self, samples: &'a Samples, channels: usize, voxels: Range<usize>) -> Cow<'a, [u8]> {
        let range = voxels.start * channels..voxels.end * channels;
        match (self.format, samples) {
            (TexelFormat::Unorm8, Samples::U8(v)) if channels == 1 => return Cow::Borrowed(&v[range]),
            (TexelFormat::Rgba8, Samples::U8(v)) if channels == 4 => return Cow::Borrowed(&v[range]),
            (TexelFormat::Snorm16, Samples::I16(v)) if channels == 1 => {
                return Cow::Borrowed(bytemuck::cast_slice(&v[range]));
            }
            (TexelFormat::Sint16, Samples::I16(v)) if channels == 1 => {
                return Cow::Borrowed(bytemuck::cast_slice(&v[range]));
            }
            (TexelFormat::Unorm16, Samples::U16(v)) if channels == 1 => {
                return Cow::Borrowed(bytemuck::cast_slice(&v[range]));
            }
            _ => {}
        }
        let mut out = Vec::with_capacity(voxels.len() * self.format.bytes());
        with_samples!(samples, v => {
            if self.format == TexelFormat::Rgba8 {
                for voxel in v[range].chunks_exact(channels) {
                    out.extend((0..4).map(|c| if c < channels { self.colour_code(voxel[c] as f64) } else { 255 }));
                }
            } else {
                for x in v[range].iter().step_by(channels) {
                    self.push(*x as f64, &mut out);
                }
            }
        });
        Cow::Owned(out)
    }

    fn colour_code(&self, stored: f64) -> u8 {
        ((stored - self.offset) / self.step).round() as u8
    }

    fn push(&self, stored: f64, out: &mut Vec<u8>) {
        let code = stored - self.offset;
        match self.format {
            TexelFormat::Unorm8 | TexelFormat::Rgba8 => out.push(code as u8),
            TexelFormat::Snorm16 | TexelFormat::Sint16 => out.extend((code as i16).to_ne_bytes()),
            TexelFormat::Unorm16 => out.extend((code as u16).to_ne_bytes()),
            TexelFormat::Float32 => {
                let float = if code.is_nan() { self.not_a_number } else { (code as f32).clamp(-BEYOND, BEYOND) };
                out.extend(float.to_ne_bytes());
            }
        }
    }
}

/// The smallest and largest finite sample; (0, 0) where there is none.
#[expect(clippy::unnecessary_cast, reason = "the macro also meets f64")]
fn range(samples: &Samples) -> (f64, f64) {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    with_samples!(samples, v => for &x in v {
        let x = x as f64;
        if x.is_finite() {
            low = low.min(x);
            high = high.max(x);
        }
    });
    if low <= high { (low, high) } else { (0.0, 0.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a shader would read, turned back into stored samples.
    fn round_trip(samples: &Samples, has_16bit_norm: bool) -> (TexelFormat, Vec<f64>) {
        let encoding = Encoding::choose(samples, 1, has_16bit_norm, false);
        let bytes = encoding.bytes(samples, 1, 0..samples.len());
        let codes: Vec<f64> = match encoding.format {
            TexelFormat::Unorm8 | TexelFormat::Rgba8 => bytes.iter().map(|&b| f64::from(b)).collect(),
            TexelFormat::Snorm16 => {
                bytes.chunks(2).map(|b| f64::from(i16::from_ne_bytes([b[0], b[1]]).max(-32767))).collect()
            }
            TexelFormat::Sint16 => bytes.chunks(2).map(|b| f64::from(i16::from_ne_bytes([b[0], b[1]]))).collect(),
            TexelFormat::Unorm16 => bytes.chunks(2).map(|b| f64::from(u16::from_ne_bytes([b[0], b[1]]))).collect(),
            TexelFormat::Float32 => {
                bytes.chunks(4).map(|b| f64::from(f32::from_ne_bytes([b[0], b[1], b[2], b[3]]))).collect()
            }
        };
        let (slope, offset) = encoding.stored_from_texel();
        (encoding.format, codes.iter().map(|c| slope * (c * encoding.format.unit()) + offset).collect())
    }

    #[test]
    fn integers_of_16_bits_come_back_exactly() {
        let all = [
            Samples::U8(vec![0, 7, 255]),
            Samples::I8(vec![-128, 5, 127]),
            Samples::U16(vec![0, 1, 40000, 65535]),
            Samples::I16(vec![-32767, -1000, 3, 32767]),
            Samples::I16(vec![-32768, -1000, 3, 32767]),
            Samples::U32(vec![4_000_000_000, 4_000_000_300]),
            Samples::I32(vec![-70_000, -69_999, -6_000]),
            Samples::I64(vec![-5, 250]),
            Samples::U64(vec![1 << 40, (1 << 40) + 65535]),
            Samples::F32(vec![-1.5, 3.25e6]),
            Samples::F64(vec![1e9 + 0.25, 1e9 - 0.25]),
            Samples::I32(vec![-8_000_000, 8_000_001]),
        ];
        for samples in all {
            for has_16bit_norm in [true, false] {
                let (format, back) = round_trip(&samples, has_16bit_norm);
                assert!(has_16bit_norm || !matches!(format, TexelFormat::Snorm16 | TexelFormat::Unorm16));
                for (n, value) in back.into_iter().enumerate() {
                    assert!((value - samples.get(n)).abs() < 1e-4, "{} {format:?} {value}", samples.dtype());
                }
            }
        }
    }

    #[test]
    fn what_is_no_number_is_drawn_black_whichever_way_the_values_run() {
        let samples = Samples::F32(vec![f32::NAN, f32::INFINITY, f32::NEG_INFINITY]);
        for (falling, expected) in [(false, -BEYOND), (true, BEYOND)] {
            let encoding = Encoding::choose(&samples, 1, true, falling);
            let bytes = encoding.bytes(&samples, 1, 0..3).into_owned();
            let floats: &[f32] = bytemuck::cast_slice(&bytes);
            assert_eq!(floats, [expected, BEYOND, -BEYOND]);
        }
    }

    #[test]
    fn colour_is_held_in_8_bits_and_keeps_its_scale() {
        let samples = Samples::U16(vec![0, 32896, 65535]);
        let encoding = Encoding::choose(&samples, 3, true, false);
        assert_eq!(encoding.bytes(&samples, 3, 0..1).as_ref(), [0, 128, 255, 255]);
        assert_eq!(encoding.stored_from_texel(), (65535.0, 0.0));
    }
}
