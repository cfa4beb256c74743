//! Moving pictures: how many frames there are, from the blocks alone, and the frames of a GIF.

use crate::error::{Error, Result};
use image::codecs::{gif::GifDecoder, png::PngDecoder, webp::WebPDecoder};
use image::{AnimationDecoder, DynamicImage, ImageFormat, ImageResult};
use std::fs::File;
use std::io::{BufReader, Read, Result as IoResult};
use std::path::Path;

fn reader(path: &Path) -> Result<BufReader<File>> {
    Ok(BufReader::new(File::open(path).map_err(Error::io(path, "could not open the file"))?))
}

/// Whether a PNG or WebP moves; its first frame is what is read.
pub fn moves(path: &Path, format: ImageFormat) -> Result<bool> {
    let unreadable = |e| super::unreadable(path, &e);
    match format {
        ImageFormat::Png => PngDecoder::new(reader(path)?).and_then(|d| d.is_apng()).map_err(unreadable),
        ImageFormat::WebP => WebPDecoder::new(reader(path)?).map(|d| d.has_animation()).map_err(unreadable),
        _ => Ok(false),
    }
}

/// The frames of a GIF, counted without unpacking them, and whether the file goes on to its end mark.
pub fn gif_frames(path: &Path) -> Result<(usize, bool)> {
    let mut file = reader(path)?;
    let mut frames = 0;
    match count_frames(&mut file, &mut frames) {
        Ok(whole) => Ok((frames, whole)),
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => Ok((frames, false)),
        Err(e) => Err(Error::io(path, "could not read the file")(e)),
    }
}

fn count_frames(file: &mut BufReader<File>, frames: &mut usize) -> IoResult<bool> {
    const EXTENSION: u8 = 0x21;
    const PICTURE: u8 = 0x2C;
    const END: u8 = 0x3B;
    let mut head = [0; 13];
    file.read_exact(&mut head)?;
    file.seek_relative(table_bytes(head[10]))?;
    loop {
        match byte(file)? {
            EXTENSION => {
                byte(file)?;
            }
            PICTURE => {
                let mut place = [0; 9];
                file.read_exact(&mut place)?;
                file.seek_relative(table_bytes(place[8]))?;
                byte(file)?;
                *frames += 1;
            }
            other => return Ok(other == END),
        }
        loop {
            match byte(file)? {
                0 => break,
                length => file.seek_relative(length.into())?,
            }
        }
    }
}

/// Bytes of the colour table these flags announce.
fn table_bytes(flags: u8) -> i64 {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

fn byte(file: &mut impl Read) -> IoResult<u8> {
    let mut one = [0];
    file.read_exact(&mut one)?;
    Ok(one[0])
}

/// The frames of a GIF as shown, each on top of those before it.
pub fn gif(path: &Path) -> Result<impl Iterator<Item = ImageResult<DynamicImage>>> {
    let decoder = GifDecoder::new(reader(path)?).map_err(|e| super::unreadable(path, &e))?;
    Ok(decoder.into_frames().map(|frame| Ok(DynamicImage::ImageRgba8(frame?.into_buffer()))))
}

#[cfg(test)]
mod tests {
    use crate::Task;
    use crate::formats::open_single;
    use crate::volume::StackAxis;
    use image::codecs::gif::GifEncoder;
    use image::{Frame, Rgba, RgbaImage};

    fn gif(greys: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let frames = greys.iter().map(|&g| Frame::new(RgbaImage::from_pixel(3, 2, Rgba([g, g, g, 255]))));
        GifEncoder::new(&mut out).encode_frames(frames).unwrap();
        out
    }

    #[test]
    fn the_frames_of_a_gif_are_a_film() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("film.gif");
        std::fs::write(&path, gif(&[0, 255, 51])).unwrap();
        let film = open_single(&path, &Task::default()).unwrap();
        assert_eq!((film.geometry.size(), film.channels(), film.stack_axis), ([3, 2, 3], 3, StackAxis::Time));
        let firsts: Vec<f64> = (0..3).map(|n| film.samples().get(n * 18)).collect();
        assert_eq!(firsts, [0.0, 255.0, 51.0]);
        std::fs::write(&path, gif(&[9])).unwrap();
        let still = open_single(&path, &Task::default()).unwrap();
        assert_eq!(still.geometry.size(), [3, 2, 1]);
        assert!(still.warnings.iter().all(|w| w.code == "no_spacing"));
    }

    #[test]
    fn a_cut_gif_is_never_read_in_silence() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("film.gif");
        let whole = gif(&[0, 255, 51]);
        for length in 13..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            if let Ok(film) = open_single(&path, &Task::default()) {
                let said = film.warnings.iter().any(|w| w.code == "malformed");
                assert!(said, "cut at {length} of {}", whole.len());
            }
        }
    }
}
