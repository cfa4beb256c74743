//! One picture with its header read: its claims have been compared with the bytes that are there, its pixels wait.

use super::numbers::Numbers;
use super::pages::{PageView, Pages};
use super::pictures::Picture;
use super::{most_bytes, samples, unreadable};
use crate::error::{Error, Result};
use image::{ColorType, DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use std::fs::File;
use std::io::{BufRead, BufReader, Seek};
use std::path::Path;

pub enum Opened {
    Picture(Box<dyn ImageDecoder>),
    NumbersOfFile(Box<Numbers<BufReader<File>>>),
    NumbersOfPage(Box<Numbers<BufReader<PageView>>>),
}

impl Opened {
    /// The first or only picture of a file.
    pub fn first(path: &Path) -> Result<(ImageFormat, Self)> {
        let file = || File::open(path).map_err(Error::io(path, "could not open the file"));
        let reader = ImageReader::new(BufReader::new(file()?));
        let reader = reader.with_guessed_format().map_err(Error::io(path, "could not read the file"))?;
        let format = reader.format().ok_or_else(|| Error::NotAnImage { path: path.into() })?;
        if format == ImageFormat::Tiff
            && let Some(numbers) = Numbers::of(BufReader::new(file()?), most_bytes(path)?)
        {
            return Ok((format, Self::NumbersOfFile(Box::new(numbers)).believed(path)?));
        }
        Ok((format, decoder(path, reader)?.believed(path)?))
    }

    /// One page of a TIFF; `None` past the last.
    pub fn page(path: &Path, pages: &Pages, n: usize) -> Option<Result<Self>> {
        let view = || pages.view(path, n).map(|view| view.map(BufReader::new));
        let opened = |source: BufReader<PageView>| {
            let numbers = Numbers::of(source, most_bytes(path)?).map(|n| Self::NumbersOfPage(Box::new(n)));
            let again = || Error::malformed(path, "the page is no longer there");
            let picture = || {
                let source = view().ok_or_else(again)??;
                decoder(path, ImageReader::with_format(source, ImageFormat::Tiff))
            };
            numbers.map_or_else(picture, Ok)?.believed(path)
        };
        Some(view()?.and_then(opened))
    }

    fn believed(self, path: &Path) -> Result<Self> {
        if self.total_bytes() <= most_bytes(path)? {
            return Ok(self);
        }
        let [width, height] = self.size();
        let reason = format!("{width}x{height} pixels are more than the file's bytes can hold");
        Err(Error::TooLarge { path: path.into(), reason })
    }

    pub fn size(&self) -> [usize; 2] {
        match self {
            Self::Picture(decoder) => <[u32; 2]>::from(decoder.dimensions()).map(|n| n as usize),
            Self::NumbersOfFile(numbers) => numbers.size,
            Self::NumbersOfPage(numbers) => numbers.size,
        }
    }

    pub fn total_bytes(&self) -> u64 {
        match self {
            Self::Picture(decoder) => decoder.total_bytes(),
            Self::NumbersOfFile(numbers) => numbers.total_bytes(),
            Self::NumbersOfPage(numbers) => numbers.total_bytes(),
        }
    }

    pub fn dtype(&self) -> &'static str {
        match self {
            Self::Picture(decoder) => match decoder.color_type() {
                ColorType::L16 | ColorType::La16 | ColorType::Rgb16 | ColorType::Rgba16 => "uint16",
                ColorType::Rgb32F | ColorType::Rgba32F => "float32",
                _ => "uint8",
            },
            Self::NumbersOfFile(numbers) => numbers.dtype,
            Self::NumbersOfPage(numbers) => numbers.dtype,
        }
    }

    pub fn channels(&self) -> usize {
        match self {
            Self::Picture(decoder) if decoder.color_type().has_color() => 3,
            _ => 1,
        }
    }

    /// True where both can be pictures of one stack.
    pub fn is_like(&self, other: &Self) -> bool {
        (self.size(), self.dtype(), self.channels()) == (other.size(), other.dtype(), other.channels())
    }

    pub fn decode(self, path: &Path) -> Result<Picture> {
        match self {
            Self::Picture(decoder) => {
                DynamicImage::from_decoder(decoder).map(samples).map_err(|e| unreadable(path, &e))
            }
            Self::NumbersOfFile(numbers) => numbers.decode(path),
            Self::NumbersOfPage(numbers) => numbers.decode(path),
        }
    }
}

fn decoder<R: BufRead + Seek + 'static>(path: &Path, mut reader: ImageReader<R>) -> Result<Opened> {
    let mut limits = Limits::default();
    limits.max_alloc = Some(most_bytes(path)?.saturating_mul(2));
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(|e| unreadable(path, &e))?;
    Ok(Opened::Picture(Box::new(decoder)))
}
