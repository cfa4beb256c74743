//! Pictures of everyday formats: PNG, JPEG, TIFF, BMP, GIF, WebP. One picture is one slice that lies nowhere; its
//! pixels have no size in mm. The pages of a TIFF are a stack, the frames of a GIF a film; what is not read of a file
//! is said in a warning.

mod film;
mod numbers;
mod opened;
mod pages;
mod pictures;
mod write;

use super::{Failure, Format, Probe, Reader};
use crate::error::{Error, Result};
use crate::geometry::Geometry;
use crate::series::{Kind, Series};
use crate::space::World;
use crate::task::{Task, Warning};
use crate::volume::{Samples, ValueMap, Volume};
use image::{ColorType, DynamicImage, ImageFormat};
use opened::Opened;
use pages::Pages;
use pictures::{Picture, Pictures};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub struct Raster;

/// No common codec packs more pixels than this into a byte of a picture worth reading.
const UNPACK_LIMIT: u64 = 2048;
/// Below this no proof is asked for. A file may ask for it again and again, so it is what is decoded in no time.
const SMALL_BYTES: u64 = 16 << 20;

impl Format for Raster {
    fn name(&self) -> &'static str {
        "raster"
    }

    fn title(&self) -> &'static str {
        "Picture (PNG, JPEG, TIFF, BMP, GIF, WebP)"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["png", "jpg", "jpeg", "tif", "tiff", "bmp", "gif", "webp"]
    }

    fn probe(&self, _path: &Path, head: &[u8]) -> Probe {
        let known = image::guess_format(head).is_ok_and(|f| f.reading_enabled());
        if known { Probe::Mine } else { Probe::NotMine }
    }

    fn scan(&self, files: &[PathBuf], task: &Task, failed: &mut Vec<Failure>) -> Result<Vec<Series>> {
        let mut found = Vec::new();
        for path in files {
            task.cancel.check()?;
            match series(path) {
                Ok(series) => found.push(series),
                Err(error) => failed.push(Failure { path: path.clone(), error }),
            }
        }
        Ok(stacked(found))
    }

    fn open(&self, series: &Series) -> Result<Box<dyn Reader>> {
        Ok(Box::new(Pictures::of(series)?))
    }

    fn written(&self) -> &'static [&'static str] {
        &["png", "tif", "tiff"]
    }

    fn write(&self, volume: &Volume, path: &Path, task: &Task) -> Result<()> {
        let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
        match ending.as_str() {
            "png" => write::png(volume, path, task),
            "tif" | "tiff" => write::tiff(volume, path, task),
            _ => Err(Error::unsupported(path, "writing this picture format", "end the name in .png or .tif")),
        }
    }
}

/// Fewer numbered pictures than this are pictures, not a stack.
const LEAST_OF_A_STACK: usize = 3;

/// Joins pictures of one folder whose names differ only in a number at the end, and whose kind is the same, into one
/// stack each, sorted by that number.
fn stacked(all: Vec<Series>) -> Vec<Series> {
    let mut groups: BTreeMap<_, Vec<(u64, Series)>> = BTreeMap::new();
    let mut out = Vec::new();
    for series in all {
        match numbered(&series.path).filter(|_| series.kind == Kind::Image) {
            Some((name, number)) => {
                let key =
                    (series.path.parent().map(Path::to_path_buf), name, series.size, series.channels, series.dtype);
                groups.entry(key).or_default().push((number, series));
            }
            None => out.push(series),
        }
    }
    for ((folder, name, size, ..), mut members) in groups {
        members.sort_by_key(|(number, _)| *number);
        let twice = members.windows(2).any(|m| m[0].0 == m[1].0);
        let size = [size[0], size[1], members.len()];
        let geometry = Geometry::axis_aligned(size, World::default(), [1.0; 3]);
        if members.len() < LEAST_OF_A_STACK || twice || geometry.is_err() {
            out.extend(members.into_iter().map(|(_, series)| series));
            continue;
        }
        let first = members[0].1.clone();
        let (from, to) = (members[0].0, members[members.len() - 1].0);
        let mut warnings = first.warnings.clone();
        if to - from + 1 != members.len() as u64 {
            let text = format!("of the pictures {from} to {to} only {} are there", members.len());
            warnings.push(Warning { code: "missing_slice".into(), text });
        }
        out.push(Series {
            path: folder.unwrap_or_default(),
            files: members.into_iter().map(|(_, series)| series.path).collect(),
            kind: Kind::Stack,
            size,
            geometry: geometry.ok(),
            title: format!("{name} {from} to {to}"),
            warnings,
            ..first
        });
    }
    out.sort_by(|a, b| a.files.cmp(&b.files));
    out
}

/// The stem and ending without the number the stem ends in, and the number.
fn numbered(path: &Path) -> Option<(String, u64)> {
    let stem = path.file_stem()?.to_str()?;
    let name = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    let ending = path.extension()?.to_str()?.to_lowercase();
    Some((format!("{name}.{ending}"), stem[name.len()..].parse().ok()?))
}

/// What the file may unpack to and still be believed.
fn most_bytes(path: &Path) -> Result<u64> {
    let on_disk = std::fs::metadata(path).map_err(Error::io(path, "could not read the file's size"))?.len();
    Ok(on_disk.saturating_mul(UNPACK_LIMIT).max(SMALL_BYTES))
}

/// What the file holds, and how many pictures of it are read; a warning names what is left out.
fn contents(path: &Path, format: ImageFormat, first: &Opened, warnings: &mut Vec<Warning>) -> Result<(Kind, usize)> {
    let mut warn = |code: &str, text: String| warnings.push(Warning { code: code.into(), text });
    let most = most_bytes(path)?;
    let believed = |count: usize| first.total_bytes().saturating_mul(count as u64) <= most;
    match format {
        ImageFormat::Tiff => {
            let pages = Pages::of(path)?;
            if pages.broken {
                warn("malformed", "the file's list of pages breaks off; more may be lost".into());
            }
            let like_first = |n| Opened::page(path, &pages, n).is_some_and(|p| p.is_ok_and(|p| p.is_like(first)));
            match pages.count() {
                0 | 1 => return Ok((Kind::Image, 1)),
                count if believed(count) && (1..count).all(like_first) => return Ok((Kind::Stack, count)),
                count => warn(
                    "pages_left_out",
                    format!("the pages differ in size or type: the first is shown, {} are left out", count - 1),
                ),
            }
        }
        ImageFormat::Gif => {
            let (count, whole) = film::gif_frames(path)?;
            if !whole {
                warn("malformed", "the moving picture has no end mark; frames may be lost".into());
            }
            match count {
                0 | 1 => {}
                count if believed(count) => return Ok((Kind::Cine, count)),
                count => warn("first_frame_only", format!("of {count} frames, too large together, the first is shown")),
            }
        }
        _ if film::moves(path, format)? => {
            warn("first_frame_only", "of a moving picture the first frame is shown".into());
        }
        _ => {}
    }
    Ok((Kind::Image, 1))
}

fn unreadable(path: &Path, error: &image::ImageError) -> Error {
    match error {
        image::ImageError::IoError(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            Error::truncated(path, "the picture is not complete")
        }
        image::ImageError::Limits(_) => {
            Error::TooLarge { path: path.into(), reason: "the picture claims more than its bytes can hold".into() }
        }
        image::ImageError::Unsupported(e) => Error::unsupported(path, e.to_string(), "save it as PNG"),
        other => Error::malformed(path, format!("the picture cannot be read ({other})")),
    }
}

fn notes(path: &Path, format: ImageFormat) -> Vec<Warning> {
    let mut out = vec![Warning {
        code: "no_spacing".into(),
        text: "a picture names no pixel spacing; lengths are in pixels".into(),
    }];
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    if ending.is_some_and(|e| !format.extensions_str().contains(&&*e)) {
        let text = format!("the file is a {format:?} picture, whatever its name says");
        out.push(Warning { code: "wrong_ending".into(), text });
    }
    out
}

fn samples(picture: DynamicImage) -> Picture {
    let see_through = match &picture {
        DynamicImage::ImageLumaA8(p) => p.pixels().any(|p| p.0[1] != u8::MAX),
        DynamicImage::ImageRgba8(p) => p.pixels().any(|p| p.0[3] != u8::MAX),
        DynamicImage::ImageLumaA16(p) => p.pixels().any(|p| p.0[1] != u16::MAX),
        DynamicImage::ImageRgba16(p) => p.pixels().any(|p| p.0[3] != u16::MAX),
        DynamicImage::ImageRgba32F(p) => p.pixels().any(|p| p.0[3] < 1.0),
        _ => false,
    };
    let (samples, channels) = match picture.color() {
        ColorType::L8 | ColorType::La8 => (Samples::U8(picture.into_luma8().into_raw()), 1),
        ColorType::L16 | ColorType::La16 => (Samples::U16(picture.into_luma16().into_raw()), 1),
        ColorType::Rgb16 | ColorType::Rgba16 => (Samples::U16(picture.into_rgb16().into_raw()), 3),
        ColorType::Rgb32F | ColorType::Rgba32F => (Samples::F32(picture.into_rgb32f().into_raw()), 3),
        _ => (Samples::U8(picture.into_rgb8().into_raw()), 3),
    };
    (samples, channels, see_through)
}

fn series(path: &Path) -> Result<Series> {
    let (format, first) = Opened::first(path)?;
    let mut warnings = notes(path, format);
    let (kind, slices) = contents(path, format, &first, &mut warnings)?;
    let [width, height] = first.size();
    let size = [width, height, slices];
    Ok(Series {
        path: path.into(),
        files: vec![path.into()],
        format: "raster",
        kind,
        modality: None,
        transfer_syntax: None,
        size,
        frames: 1,
        frame_order: None,
        channels: first.channels(),
        dtype: first.dtype(),
        geometry: Some(Geometry::axis_aligned(size, World::default(), [1.0; 3])?),
        value_map: ValueMap::default(),
        title: path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
        uid: None,
        warnings,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volume::StackAxis;

    #[test]
    fn pictures_come_back_from_png() {
        let folder = tempfile::tempdir().unwrap();
        let geometry = Geometry::axis_aligned([3, 2, 1], World::default(), [1.0; 3]).unwrap();
        let all = [
            (Samples::U8((0..6).collect()), 1),
            (Samples::U8((0..18).collect()), 3),
            (Samples::U16((0..6).map(|x| x * 10_000).collect()), 1),
        ];
        for (samples, channels) in all {
            let volume = Volume::new(geometry, samples, channels).unwrap();
            let path = folder.path().join("a.png");
            Raster.write(&volume, &path, &Task::default()).unwrap();
            let back = crate::formats::open_single(&path, &Task::default()).unwrap();
            assert_eq!((back.samples(), back.channels()), (volume.samples(), channels));
            assert!(!back.spacing_known);
        }
    }

    #[test]
    fn numbered_pictures_are_a_stack_in_order_of_their_numbers() {
        let folder = tempfile::tempdir().unwrap();
        let geometry = Geometry::axis_aligned([3, 2, 1], World::default(), [1.0; 3]).unwrap();
        for n in [2_u8, 10, 1, 3] {
            let volume = Volume::new(geometry, Samples::U8(vec![n; 6]), 1).unwrap();
            Raster.write(&volume, &folder.path().join(format!("slice{n}.png")), &Task::default()).unwrap();
        }
        let other = Volume::new(geometry, Samples::U8(vec![0; 6]), 1).unwrap();
        Raster.write(&other, &folder.path().join("mask.png"), &Task::default()).unwrap();
        let found = crate::formats::scan(folder.path(), &Task::default()).unwrap();
        assert_eq!(found.series.len(), 2);
        let stack = found.series.iter().find(|s| s.kind == Kind::Stack).unwrap();
        assert!(stack.warnings.iter().any(|w| w.code == "missing_slice"));
        let volume = stack.load(&Task::default()).unwrap();
        let firsts: Vec<f64> = (0..4).map(|k| volume.value([0, 0, k])).collect();
        assert_eq!((firsts, volume.stack_axis), (vec![1.0, 2.0, 3.0, 10.0], StackAxis::Order));
    }

    #[test]
    fn a_cut_picture_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let geometry = Geometry::axis_aligned([64, 64, 1], World::default(), [1.0; 3]).unwrap();
        let noise = (0..64 * 64_u32).map(|x| (x.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let path = folder.path().join("a.png");
        Raster.write(&Volume::new(geometry, Samples::U8(noise), 1).unwrap(), &path, &Task::default()).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        assert!(crate::formats::open_single(&path, &Task::default()).is_err());
    }
}
