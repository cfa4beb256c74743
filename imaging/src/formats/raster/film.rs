//! Moving pictures: how many frames there are, from the blocks alone, and the frames of a GIF.

use crate::error::{Error, Result};
use image::codecs::{gif::GifDecoder, png::PngDecoder, webp::WebPDecoder};
use image::{AnimationDecoder, DynamicImage, ImageFormat, ImageResult};
use std::fs::File;
use std::io::{BufReader, Read, Result as IoResult};
use std::path::Path;
use std::sync::mpsc::Receiver;

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
    walk(path).map(|(durations, whole)| (durations.len(), whole))
}

/// How long each frame of a GIF stays; 0 where the file does not say.
pub fn gif_durations_ms(path: &Path) -> Result<Vec<f64>> {
    walk(path).map(|(durations, _)| durations)
}

fn walk(path: &Path) -> Result<(Vec<f64>, bool)> {
    let mut file = reader(path)?;
    let mut durations = Vec::new();
    match walk_blocks(&mut file, &mut durations) {
        Ok(whole) => Ok((durations, whole)),
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => Ok((durations, false)),
        Err(e) => Err(Error::io(path, "could not read the file")(e)),
    }
}

fn walk_blocks(file: &mut BufReader<File>, durations_ms: &mut Vec<f64>) -> IoResult<bool> {
    const EXTENSION: u8 = 0x21;
    const GRAPHIC_CONTROL: u8 = 0xF9;
    const PICTURE: u8 = 0x2C;
    const END: u8 = 0x3B;
    let mut head = [0; 13];
    file.read_exact(&mut head)?;
    file.seek_relative(table_bytes(head[10]))?;
    let mut delay_ms = 0.0;
    loop {
        match byte(file)? {
            EXTENSION if byte(file)? == GRAPHIC_CONTROL => {
                // Its one block: length, flags, delay in hundredths of a second, transparent colour.
                let mut block = [0; 5];
                file.read_exact(&mut block)?;
                delay_ms = 10.0 * f64::from(u16::from_le_bytes([block[2], block[3]]));
                file.seek_relative(i64::from(block[0]) - 4)?;
            }
            EXTENSION => {}
            PICTURE => {
                let mut place = [0; 9];
                file.read_exact(&mut place)?;
                file.seek_relative(table_bytes(place[8]))?;
                byte(file)?;
                durations_ms.push(delay_ms);
                delay_ms = 0.0;
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

/// Frames in order, from a decoder on a thread of its own.
pub struct GifFrames(Receiver<ImageResult<DynamicImage>>);

impl Iterator for GifFrames {
    type Item = ImageResult<DynamicImage>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.recv().ok()
    }
}

/// The frames of a GIF as shown, each on top of those before it. The library's iterator cannot be handed from thread
/// to thread, so it stays on one, a frame ahead of whoever asks, and ends when nobody does.
pub fn gif(path: &Path) -> Result<GifFrames> {
    let decoder = GifDecoder::new(reader(path)?).map_err(|e| super::unreadable(path, &e))?;
    let (sender, receiver) = std::sync::mpsc::sync_channel(1);
    let decode = move || {
        for frame in decoder.into_frames() {
            let last = frame.is_err();
            let picture = frame.map(|f| DynamicImage::ImageRgba8(f.into_buffer()));
            if sender.send(picture).is_err() || last {
                return;
            }
        }
    };
    let thread = std::thread::Builder::new().name("gif-frames".into()).spawn(decode);
    thread.map_err(Error::io(path, "could not start a thread to read the film"))?;
    Ok(GifFrames(receiver))
}

#[cfg(test)]
mod tests {
    use crate::Task;
    use crate::formats::open_single;
    use crate::volume::StackAxis;
    use image::codecs::gif::GifEncoder;
    use image::{Delay, Frame, Rgba, RgbaImage};

    fn gif(greys: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let frames = greys.iter().zip([60, 40, 100]).map(|(&g, ms)| {
            let picture = RgbaImage::from_pixel(3, 2, Rgba([g, g, g, 255]));
            Frame::from_parts(picture, 0, 0, Delay::from_numer_denom_ms(ms, 1))
        });
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
        let sequence = crate::formats::scan(&path, &Task::default()).unwrap().series[0].sequence().unwrap();
        let first = |n: usize| sequence.item(n, &Task::default()).unwrap().samples().get(0);
        assert_eq!([2, 0, 1].map(first), [51.0, 0.0, 255.0]);
        assert_eq!((sequence.clock().total_ms(), sequence.clock().duration_ms(1)), (60.0 + 40.0 + 100.0, 40.0));
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
