//! Writing pictures: one PNG, a numbered PNG for every slice, or all slices as the pages of one TIFF.
//!
//! Samples are written as stored; neither format has a place for where they lie or what they mean in HU.

use crate::error::{Error, Result};
use crate::formats::beside;
use crate::task::Task;
use crate::volume::{Samples, Volume};
use image::ColorType;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use tiff::encoder::colortype::{self, ColorType as Pages};
use tiff::encoder::{TiffEncoder, TiffValue};

/// The files a stack of PNGs is written to: the name with a number before the ending, or the name alone for one slice.
pub fn png_paths(path: &Path, slices: usize) -> Vec<PathBuf> {
    if slices == 1 {
        return vec![path.to_path_buf()];
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let digits = slices.to_string().len().max(3);
    (1..=slices).map(|n| path.with_file_name(format!("{stem}_{n:0digits$}.png"))).collect()
}

pub fn png(volume: &Volume, path: &Path, task: &Task) -> Result<()> {
    let [width, height, slices] = volume.size();
    let sides = [u32::try_from(width), u32::try_from(height)];
    let [Ok(width), Ok(height)] = sides else {
        return Err(Error::TooLarge { path: path.into(), reason: "PNG has no such sizes".into() });
    };
    let colour = match (volume.samples(), volume.channels()) {
        (Samples::U8(_), 1) => ColorType::L8,
        (Samples::U8(_), 3) => ColorType::Rgb8,
        (Samples::U16(_), 1) => ColorType::L16,
        (Samples::U16(_), 3) => ColorType::Rgb16,
        (samples, channels) => {
            let what = what_of(samples, channels, "PNG");
            return Err(Error::unsupported(path, what, "choose a window, or NIfTI, which keeps every type"));
        }
    };
    let paths = png_paths(path, slices);
    task.progress.begin("writing", slices as u64);
    for (k, path) in paths.iter().enumerate() {
        if task.cancel.is_cancelled() {
            // Half a stack would be taken for a whole one.
            paths[..k].iter().for_each(|written| drop(std::fs::remove_file(written)));
            return Err(Error::Cancelled);
        }
        let slice = volume.slice(k)?;
        // The encoder takes samples in the machine's own order.
        let bytes: Vec<u8> = match slice.into_samples() {
            Samples::U8(v) => v,
            Samples::U16(v) => v.iter().flat_map(|x| x.to_ne_bytes()).collect(),
            _ => Vec::new(),
        };
        beside::write(path, |out| {
            let encoder = image::codecs::png::PngEncoder::new(out);
            image::ImageEncoder::write_image(encoder, &bytes, width, height, colour.into())
                .map_err(std::io::Error::other)
        })?;
        task.progress.advance(1);
    }
    Ok(())
}

fn what_of(samples: &Samples, channels: usize, format: &str) -> String {
    match channels {
        1 => format!("{} in {format}", samples.dtype()),
        n => format!("{n} channels of {} in {format}", samples.dtype()),
    }
}

pub fn tiff(volume: &Volume, path: &Path, task: &Task) -> Result<()> {
    let unsupported = |what: String| Error::unsupported(path, what, "choose NIfTI, which keeps every type");
    let bytes = match (volume.samples(), volume.channels()) {
        (Samples::U8(v), 1) => pages::<colortype::Gray8>(v, volume, task),
        (Samples::U16(v), 1) => pages::<colortype::Gray16>(v, volume, task),
        (Samples::U8(v), 3) => pages::<colortype::RGB8>(v, volume, task),
        (Samples::U16(v), 3) => pages::<colortype::RGB16>(v, volume, task),
        (Samples::I8(v), 1) => pages::<colortype::GrayI8>(v, volume, task),
        (Samples::I16(v), 1) => pages::<colortype::GrayI16>(v, volume, task),
        (Samples::U32(v), 1) => pages::<colortype::Gray32>(v, volume, task),
        (Samples::I32(v), 1) => pages::<colortype::GrayI32>(v, volume, task),
        (Samples::U64(v), 1) => pages::<colortype::Gray64>(v, volume, task),
        (Samples::I64(v), 1) => pages::<colortype::GrayI64>(v, volume, task),
        (Samples::F32(v), 1) => pages::<colortype::Gray32Float>(v, volume, task),
        (Samples::F64(v), 1) => pages::<colortype::Gray64Float>(v, volume, task),
        (samples, channels) => {
            return Err(unsupported(what_of(samples, channels, "TIFF")));
        }
    };
    let bytes = bytes.map_err(|e| unsupported(format!("this volume in TIFF ({e})")))?;
    beside::write(path, |out| out.write_all(&bytes))
}

/// All slices as pages. The encoder wants to go back in what it wrote, so it writes to memory.
fn pages<C: Pages>(samples: &[C::Inner], volume: &Volume, task: &Task) -> std::result::Result<Vec<u8>, tiff::TiffError>
where
    [C::Inner]: TiffValue,
{
    let [width, height, slices] = volume.size();
    let per_slice = width * height * volume.channels();
    let side = |n: usize| u32::try_from(n).map_err(|_| tiff::TiffError::LimitsExceeded);
    let mut out = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut out)?;
    task.progress.begin("writing", slices as u64);
    for slice in samples.chunks_exact(per_slice).take(slices) {
        task.cancel.check().map_err(std::io::Error::other)?;
        encoder.write_image::<C>(side(width)?, side(height)?, slice)?;
        task.progress.advance(1);
    }
    Ok(out.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats;
    use crate::geometry::Geometry;
    use crate::space::World;

    fn volume(samples: Samples, channels: usize) -> Volume {
        let geometry = Geometry::axis_aligned([4, 3, 5], World::default(), [1.0; 3]).unwrap();
        Volume::new(geometry, samples, channels).unwrap()
    }

    #[test]
    fn stacks_come_back_slice_by_slice() {
        let all = [
            volume(Samples::U8((0..60).collect()), 1),
            volume(Samples::U16((0..60).map(|x| x * 1000).collect()), 1),
            volume(Samples::U8((0..180).collect()), 3),
            volume(Samples::U16((0..180).map(|x| x * 300).collect()), 3),
        ];
        for volume in all {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("stack.tif");
            formats::write(&volume, &path).unwrap();
            let back = formats::open_single(&path, &Task::default()).unwrap();
            assert_eq!(
                (back.samples(), back.size(), back.channels()),
                (volume.samples(), volume.size(), volume.channels())
            );
            let folder = tempfile::tempdir().unwrap();
            let written = formats::write(&volume, &folder.path().join("stack.png"));
            written.unwrap();
            assert!(folder.path().join("stack_005.png").is_file());
            let back = formats::open_single(folder.path(), &Task::default()).unwrap();
            assert_eq!((back.samples(), back.size()), (volume.samples(), volume.size()));
        }
    }

    #[test]
    fn what_a_picture_cannot_hold_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for (name, channels) in [("a.png", 1), ("a.tif", 3)] {
            let floats = volume(Samples::F32(vec![0.5; 60 * channels]), channels);
            let error = formats::write(&floats, &folder.path().join(name)).unwrap_err().to_string();
            assert!(error.contains("float32"), "{error}");
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
