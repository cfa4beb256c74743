//! Frames with black rectangles, for copies that must not show what is written in the pixels.

use super::colour;
use super::header::{Colour, PixelFormat, SampleKind};
use super::pixels::Frames;
use crate::error::{Error, Result};

/// All frames of a file as uncompressed little-endian bytes with these columns and rows black, and the photometric
/// interpretation they now have where it is another.
pub fn blackened(frames: &Frames, boxes: &[([usize; 2], [usize; 2])]) -> Result<(Vec<u8>, Option<&'static str>)> {
    let format = frames.format;
    let size = format.sample_bytes();
    let (first, others) = black(frames)?;
    let mut out = Vec::with_capacity(format.samples() * size * frames.header.frames);
    for n in 0..frames.header.frames {
        let mut frame = frames.frame_bytes(n)?.into_owned();
        for &([c0, c1], [r0, r1]) in boxes {
            let pixels = (r0..r1.min(format.rows))
                .flat_map(|r| (c0..c1.min(format.columns)).map(move |c| r * format.columns + c));
            for pixel in pixels {
                for channel in 0..format.channels {
                    let value = if channel == 0 { first } else { others };
                    let at = (pixel * format.channels + channel) * size;
                    frame[at..at + size].copy_from_slice(&value.to_le_bytes()[..size]);
                }
            }
        }
        out.extend(frame);
    }
    if format.allocated == 1 {
        out = packed(&out);
    }
    let photometric = match format.colour {
        Colour::Ybr422 => Some("YBR_FULL"),
        Colour::Rgb => Some("RGB"),
        _ => None,
    };
    Ok((out, photometric))
}

/// What black is in the first channel and in the others.
fn black(frames: &Frames) -> Result<(u64, u64)> {
    let PixelFormat { colour, stored, high, kind, .. } = frames.format;
    let most = u64::MAX >> (64 - stored.clamp(1, 64));
    // The smallest number is black, or the largest where dark and bright are exchanged.
    let grey = |inverted: bool| match (kind, inverted) {
        (SampleKind::Unsigned, true) => most,
        (SampleKind::Signed, false) => !(most >> 1),
        (SampleKind::Signed, true) => most >> 1,
        _ => 0,
    };
    Ok(match colour {
        Colour::Grey { inverted } => (grey(inverted) << (high + 1 - stored.min(high + 1)), 0),
        Colour::YbrFull | Colour::Ybr422 => (0, 128),
        Colour::Palette => {
            let darkest = colour::darkest(&frames.file.view());
            let none = || Error::unsupported(&frames.file.path, "this colour palette", "convert the picture to RGB");
            (darkest.ok_or_else(none)?, 0)
        }
        _ => (0, 0),
    })
}

/// One bit for each byte, the first in the lowest place.
fn packed(bits: &[u8]) -> Vec<u8> {
    bits.chunks(8).map(|eight| eight.iter().enumerate().fold(0, |byte, (n, &bit)| byte | (bit & 1) << n)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_packed_from_the_lowest() {
        assert_eq!(packed(&[1, 0, 0, 0, 0, 0, 0, 1, 0, 1]), [0x81, 0x02]);
    }
}
