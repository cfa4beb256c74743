//! One coded frame to samples as stored: little-endian bytes in the allocated size, colour by pixel, no colour
//! conversion, no rescale.
//!
//! Every codec states its size in its own header. That size is compared with what the DICOM header says before
//! decoding, so a small file cannot claim a large picture.

use super::jpeg12;
use super::syntax::Coding;
use jpeg_decoder::ColorTransform;

/// What the DICOM header says a frame is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrameShape {
    pub columns: usize,
    pub rows: usize,
    pub channels: usize,
    /// Bytes per sample after decoding (1-bit data takes one).
    pub sample_bytes: usize,
}

impl FrameShape {
    pub const fn pixels(&self) -> usize {
        self.columns * self.rows
    }

    pub const fn samples(&self) -> usize {
        self.pixels() * self.channels
    }

    pub const fn bytes(&self) -> usize {
        self.samples() * self.sample_bytes
    }
}

/// Why a frame could not be decoded, in words for `Error::Malformed` or `Error::Truncated`.
pub type Outcome<T> = std::result::Result<T, String>;

pub fn decode(coding: Coding, coded: &[u8], shape: &FrameShape) -> Outcome<Vec<u8>> {
    let codec = match coding {
        Coding::Native => return Err("the frame is not compressed".into()),
        Coding::Rle => super::rle::decode,
        Coding::Jpeg => jpeg,
        Coding::JpegLs => jpeg_ls,
        Coding::Jpeg2000 => jpeg_2000,
        Coding::JpegXl => jpeg_xl,
    };
    // A codec that panics on hostile bytes costs this frame, not the program.
    let decoded =
        std::panic::catch_unwind(|| codec(coded, shape)).map_err(|_| "the decoder gave up on this frame")??;
    if decoded.len() == shape.bytes() {
        Ok(decoded)
    } else {
        Err(format!("the frame decodes to {} bytes where {} were expected", decoded.len(), shape.bytes()))
    }
}

/// The coding a frame's first bytes show, for files whose transfer syntax is wrong.
pub fn sniff(coded: &[u8]) -> Option<Coding> {
    match coded {
        [0xFF, 0x4F, 0xFF, 0x51, ..] | [0, 0, 0, 0x0C, b'j', b'P', ..] => Some(Coding::Jpeg2000),
        [0xFF, 0x0A, ..] | [0, 0, 0, 0x0C, b'J', b'X', ..] => Some(Coding::JpegXl),
        [0xFF, 0xD8, rest @ ..] => {
            Some(if find_start_of_frame(rest) == Some(0xF7) { Coding::JpegLs } else { Coding::Jpeg })
        }
        _ => None,
    }
}

/// The marker of the first start-of-frame after SOI.
fn find_start_of_frame(mut bytes: &[u8]) -> Option<u8> {
    while let [0xFF, marker, a, b, ..] = *bytes {
        match marker {
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF | 0xF7 => return Some(marker),
            0xFF => bytes = &bytes[1..],
            _ => bytes = bytes.get(2 + usize::from(u16::from_be_bytes([a, b]))..)?,
        }
    }
    None
}

fn same_size(width: usize, height: usize, channels: usize, shape: &FrameShape) -> Outcome<()> {
    if (width, height, channels) == (shape.columns, shape.rows, shape.channels) {
        return Ok(());
    }
    Err(format!(
        "the coded frame is {width}x{height} with {channels} channels, the header says {}x{} with {}",
        shape.columns, shape.rows, shape.channels
    ))
}

fn jpeg(coded: &[u8], shape: &FrameShape) -> Outcome<Vec<u8>> {
    if jpeg12::applies(coded) {
        let frame =
            jpeg12::decode(coded, shape.columns, shape.rows, shape.channels).map_err(|e| format!("JPEG: {e}"))?;
        same_size(frame.width, frame.height, frame.channels, shape)?;
        return Ok(widen(frame.samples.iter().map(|&x| i64::from(x)), shape));
    }
    let mut decoder = jpeg_decoder::Decoder::new(coded);
    decoder.read_info().map_err(|e| format!("JPEG: {e}"))?;
    let info = decoder.info().ok_or("JPEG: no frame header")?;
    let (channels, sample_bytes) = match info.pixel_format {
        jpeg_decoder::PixelFormat::L8 => (1, 1),
        jpeg_decoder::PixelFormat::L16 => (1, 2),
        jpeg_decoder::PixelFormat::RGB24 => (3, 1),
        jpeg_decoder::PixelFormat::CMYK32 => (4, 1),
    };
    same_size(info.width.into(), info.height.into(), channels, shape)?;
    decoder.set_max_decoding_buffer_size(shape.bytes().max(shape.samples() * 2));
    // Samples as stored: the photometric interpretation says what they mean, not the JPEG's own markers.
    decoder.set_color_transform(if channels == 1 { ColorTransform::Grayscale } else { ColorTransform::RGB });
    let decoded = decoder.decode().map_err(|e| format!("JPEG: {e}"))?;
    let samples = decoded.len() / sample_bytes;
    let value = |n: usize| match sample_bytes {
        1 => u16::from(decoded[n]),
        _ => u16::from_ne_bytes([decoded[2 * n], decoded[2 * n + 1]]),
    };
    Ok(widen((0..samples).map(|n| i64::from(value(n))), shape))
}

fn jpeg_ls(coded: &[u8], shape: &FrameShape) -> Outcome<Vec<u8>> {
    // Where the samples run off the end of the bytes the codec goes on for seconds; at a mark it stops at once.
    let coded = up_to_end_mark(coded).ok_or("JPEG-LS: the end of the frame is missing")?;
    let mut codec = charls::CharLS::default();
    let info = codec.get_frame_info(coded).map_err(|e| format!("JPEG-LS: {e}"))?;
    same_size(info.width as usize, info.height as usize, info.component_count as usize, shape)?;
    // The codec is stateful: a fresh one for every pass over the bytes.
    let whole = |bytes: &[u8]| charls::CharLS::default().decode(bytes).map_err(|e| format!("JPEG-LS: {e}"));
    let decoded = match (whole(coded), without_filler(coded)) {
        (Err(_), Some(bytes)) => whole(&bytes)?,
        (decoded, _) => decoded?,
    };
    let wide = info.bits_per_sample > 8;
    let count = shape.samples();
    if decoded.len() != count * if wide { 2 } else { 1 } {
        return Err("JPEG-LS: the frame decodes to another size than it says".into());
    }
    // Without interleaving the codec leaves colour by plane.
    let by_plane = shape.channels > 1 && scan_components(coded) == Some(1);
    if !by_plane && decoded.len() == shape.bytes() {
        return Ok(decoded);
    }
    let at = |n: usize| if by_plane { n % shape.channels * shape.pixels() + n / shape.channels } else { n };
    let value = |n: usize| match wide {
        false => u16::from(decoded[at(n)]),
        true => u16::from_le_bytes([decoded[2 * at(n)], decoded[2 * at(n) + 1]]),
    };
    Ok(widen((0..count).map(|n| i64::from(value(n))), shape))
}

fn up_to_end_mark(coded: &[u8]) -> Option<&[u8]> {
    let from_end = coded.windows(2).rev().position(|w| w == [0xFF, 0xD9])?;
    Some(&coded[..coded.len() - from_end])
}

/// Some writers fill up to an even length before the end mark; the codec takes the filler for a broken marker.
fn without_filler(coded: &[u8]) -> Option<Vec<u8>> {
    let body = coded.strip_suffix(&[0, 0xFF, 0xD9])?;
    Some([body, &[0xFF, 0xD9]].concat())
}

/// How many components the first scan holds.
fn scan_components(coded: &[u8]) -> Option<u8> {
    let mut bytes = coded.get(2..)?;
    while let [0xFF, marker, a, b, first, ..] = *bytes {
        if marker == 0xDA {
            return Some(first);
        }
        bytes = bytes.get(2 + usize::from(u16::from_be_bytes([a, b]))..)?;
    }
    None
}

fn jpeg_2000(coded: &[u8], shape: &FrameShape) -> Outcome<Vec<u8>> {
    let (width, height, channels) = size_of_codestream(coded).ok_or("JPEG 2000: no codestream header")?;
    same_size(width, height, channels, shape)?;
    let image = jpeg2k::Image::from_bytes(coded).map_err(|e| format!("JPEG 2000: {e}"))?;
    let planes = image.components();
    if planes.len() != shape.channels || planes.iter().any(|p| p.data().len() != shape.pixels()) {
        return Err("JPEG 2000: the planes do not fill the frame".into());
    }
    if let [grey] = planes {
        return Ok(widen(grey.data().iter().map(|&x| i64::from(x)), shape));
    }
    let value = |n: usize| i64::from(planes[n % shape.channels].data()[n / shape.channels]);
    Ok(widen((0..shape.samples()).map(value), shape))
}

/// Width, height and components from the SIZ marker of a codestream, bare or in a JP2 box.
fn size_of_codestream(coded: &[u8]) -> Option<(usize, usize, usize)> {
    let limit = coded.len().min(4096);
    let siz = coded[..limit].windows(4).position(|w| w == [0xFF, 0x4F, 0xFF, 0x51])?;
    let field = |at: usize| -> Option<usize> {
        let bytes = coded.get(siz + 8 + at..siz + 12 + at)?;
        Some(u32::from_be_bytes(bytes.try_into().ok()?) as usize)
    };
    let channels = coded.get(siz + 40..siz + 42)?;
    Some((
        field(0)?.checked_sub(field(8)?)?,
        field(4)?.checked_sub(field(12)?)?,
        usize::from(u16::from_be_bytes([channels[0], channels[1]])),
    ))
}

fn jpeg_xl(coded: &[u8], shape: &FrameShape) -> Outcome<Vec<u8>> {
    let image = jxl_oxide::JxlImage::builder().read(coded).map_err(|e| format!("JPEG XL: {e}"))?;
    let frame_channels = if shape.channels == 1 { 1 } else { 3 };
    same_size(image.width() as usize, image.height() as usize, frame_channels, shape)?;
    let frame = image.render_frame(0).map_err(|e| format!("JPEG XL: {e}"))?;
    let mut stream = frame.stream();
    if stream.channels() as usize != shape.channels {
        return Err(format!("JPEG XL: {} channels where {} were expected", stream.channels(), shape.channels));
    }
    if shape.sample_bytes == 1 {
        let mut out = vec![0_u8; shape.samples()];
        let written = stream.write_to_buffer(&mut out);
        out.truncate(written);
        return Ok(out);
    }
    let mut out = vec![0_u16; shape.samples()];
    let written = stream.write_to_buffer(&mut out);
    Ok(widen(out[..written].iter().map(|&x| i64::from(x)), shape))
}

/// Values as little-endian samples of the allocated size.
fn widen(values: impl Iterator<Item = i64>, shape: &FrameShape) -> Vec<u8> {
    let mut out = Vec::with_capacity(shape.bytes());
    match shape.sample_bytes {
        1 => out.extend(values.map(|x| x as u8)),
        2 => values.for_each(|x| out.extend((x as u16).to_le_bytes())),
        4 => values.for_each(|x| out.extend((x as u32).to_le_bytes())),
        _ => values.for_each(|x| out.extend(x.to_le_bytes())),
    }
    out
}
