//! One picture file whose pixels are the numbers of labels, for the picture it was painted on: what every drawing program and
//! most code for segmentation writes. It says nothing of its picture but its size.

use super::import::{Import, Labels, Onto, Painter, Reading};
use super::{DryRun, Exchange, Holds, Job, Options, SelfCheck, Status, folder};
use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::image_entry::ImageEntry;
use limner_imaging::{Mask, Volume, VoxelBox, formats};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

pub(super) const NAME: &str = "mask-picture";
const ENDINGS: [&str; 6] = [".png", ".tif", ".tiff", ".bmp", ".gif", ".webp"];
/// A picture of more different values is no label map: it has been scaled, softened or packed with loss.
const MOST_VALUES: usize = 128;

/// Read only, and only where no data set is found: it is on no list of formats.
pub(super) struct MaskPicture;

pub(super) fn has_its_ending(path: &Path) -> bool {
    let name = path.to_string_lossy().to_lowercase();
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}

impl Exchange for MaskPicture {
    fn name(&self) -> &'static str {
        NAME
    }

    fn title(&self) -> &'static str {
        "mask picture"
    }

    fn holds(&self) -> Holds {
        Holds::Flat
    }

    fn status(&self) -> Status {
        Status::Checked
    }

    fn lossy(&self) -> Vec<&'static str> {
        Vec::new()
    }

    fn dry_run(&self, _: &Contents, _: &Options) -> DryRun {
        DryRun::default()
    }

    fn write(&self, _: &Job<'_>, out: &Path) -> Result<SelfCheck> {
        Err(Error::export(out, "single masks are read only; paired-png writes masks with their pictures"))
    }

    fn reads(&self) -> bool {
        true
    }

    fn read(&self, reading: &Reading<'_>) -> Result<Import> {
        read(reading, None)
    }
}

pub(super) fn read(reading: &Reading<'_>, onto: Option<Onto>) -> Result<Import> {
    let path = reading.path;
    let picture = formats::open_single(path, reading.task)?;
    let [width, height, pages] = picture.size();
    if pages != 1 {
        return Err(Error::export(path, format!("a mask is one picture, and this file holds {pages}")));
    }
    let (image, slice) = place(reading, onto, [width, height])?;
    let (values, colours) = label_values(&picture, path)?;
    let found: BTreeSet<u16> = values.iter().copied().filter(|value| *value != 0).collect();
    let mut import = Import::default();
    if found.is_empty() {
        import.warn("nothing_found", "every pixel of the mask is 0, which is background");
        return Ok(import);
    }
    let mut labels = Labels::of(reading.contents);
    let mut painter = Painter::new(reading.contents);
    let mut paint = Vec::new();
    let bounds = VoxelBox::new([0, 0, slice], [width, height, slice + 1]);
    for value in &found {
        let name = name_of(reading.contents, path, *value, found.len() == 1);
        let wished = if found.len() == 1 { 1 } else { *value };
        let label = labels.want(&name, wished, colours.get(value).copied())?;
        let inside = values.iter().map(|one| one == value).collect();
        let mask = Mask::from_voxels(bounds, inside).unwrap_or_else(|| Mask::empty(bounds));
        paint.push(painter.paint(image.id, image.size(), label, &mask));
    }
    import.records = found.len();
    import.commands = labels.commands().chain(paint).collect();
    Ok(import)
}

/// What a value is called: as in the project, and a mask of black and white after its file.
fn name_of(contents: &Contents, path: &Path, value: u16, is_alone: bool) -> String {
    let is_white = value == u16::from(u8::MAX) || value == u16::MAX;
    let known = contents.label_of_value(value).filter(|_| !is_alone || !is_white);
    let stem = || path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).filter(|_| is_alone);
    match known {
        Some(label) => label.name.clone(),
        None if is_white || value == 1 => stem().unwrap_or_else(|| format!("label {value}")),
        None => format!("label {value}"),
    }
}

/// The picture that a mask of this size belongs to, and the slice of it.
fn place<'a>(
    reading: &Reading<'a>,
    onto: Option<Onto>,
    [width, height]: [usize; 2],
) -> Result<(&'a ImageEntry, usize)> {
    let path = reading.path;
    let image = match onto {
        Some(onto) => reading.contents.image(onto.image).ok_or(Error::Missing { key: onto.image.into() })?,
        None => only_fitting(reading, [width, height])?,
    };
    let [columns, rows, count] = image.size();
    if [columns, rows] != [width, height] {
        let reason = format!(
            "the mask has {width} x {height} pixels, the picture {} has {columns} x {rows}; they must be the same",
            image.title
        );
        return Err(Error::export(path, reason));
    }
    match onto.and_then(|onto| onto.slice) {
        Some(slice) if slice < count => Ok((image, slice)),
        Some(slice) => Err(Error::export(path, format!("the picture has no slice {}, but {count}", slice + 1))),
        None if count == 1 => Ok((image, 0)),
        None => Err(Error::export(path, format!("the picture has {count} slices; say which one the mask is of"))),
    }
}

/// The picture that nobody named: the one of this size, or the only one there is.
fn only_fitting<'a>(reading: &Reading<'a>, size: [usize; 2]) -> Result<&'a ImageEntry> {
    let all: Vec<&ImageEntry> = reading.bearers().collect();
    let fitting: Vec<&ImageEntry> = all.iter().copied().filter(|image| image.size()[..2] == size).collect();
    let pixels = format!("{} x {} pixels", size[0], size[1]);
    let reason = match (fitting.as_slice(), all.as_slice()) {
        ([one], _) | ([], [one]) => return Ok(*one),
        ([], []) => "add the picture first that the mask was painted on".to_owned(),
        ([], _) => format!("no picture of the project has {pixels}, as the mask has"),
        (several, _) => format!("{} pictures have {pixels}; say which one the mask is of", several.len()),
    };
    Err(Error::export(reading.path, reason))
}

/// Pixels as numbers of labels, and the colours that a mask of colours gives them.
type Numbered = (Vec<u16>, BTreeMap<u16, [u8; 3]>);

fn label_values(picture: &Volume, path: &Path) -> Result<Numbered> {
    let (channels, samples) = (picture.channels(), picture.samples());
    let pixel = |n: usize| [0, 1, 2].map(|channel: usize| samples.get(n * channels + channel.min(channels - 1)));
    let pixels = (0..samples.len() / channels).map(pixel);
    if pixels.clone().any(|[red, green, blue]| red != green || red != blue) {
        return by_colour(pixels, path);
    }
    let mut found = BTreeSet::new();
    let mut values = Vec::with_capacity(samples.len() / channels);
    for [value, ..] in pixels {
        if value.fract() != 0.0 || !(0.0..65536.0).contains(&value) {
            return Err(Error::export(path, format!("a mask holds whole numbers from 0 to 65535, and not {value}")));
        }
        values.push(value as u16);
        found.insert(value as u16);
        if found.len() > MOST_VALUES {
            return Err(too_many(path));
        }
    }
    Ok((values, BTreeMap::new()))
}

fn too_many(path: &Path) -> Error {
    let reason = format!(
        "it has more than {MOST_VALUES} different values, and a mask has one number a label: it is a picture, or a mask that \
         was scaled, softened or saved with loss"
    );
    Error::export(path, reason)
}

/// A number for every colour: its place in the file's palette, or the next one.
fn by_colour(pixels: impl ExactSizeIterator<Item = [f64; 3]>, path: &Path) -> Result<Numbered> {
    let palette = palette_of(path)?;
    let is_black_first = palette.first().is_none_or(|first| *first == [0; 3]);
    let mut numbers: BTreeMap<[u8; 3], u16> = is_black_first.then_some(([0; 3], 0)).into_iter().collect();
    let mut values = Vec::with_capacity(pixels.len());
    for pixel in pixels {
        let colour = pixel.map(|sample| sample as u8);
        let value = match numbers.get(&colour) {
            Some(value) => *value,
            None if numbers.len() > MOST_VALUES => return Err(too_many(path)),
            None => {
                let used: BTreeSet<u16> = numbers.values().copied().collect();
                let listed = palette.iter().position(|one| *one == colour).map(|at| at as u16);
                let free = (1..=u16::MAX).find(|value| !used.contains(value));
                let value = listed.filter(|value| !used.contains(value)).or(free).unwrap_or(0);
                numbers.insert(colour, value);
                value
            }
        };
        values.push(value);
    }
    let colours = numbers.into_iter().filter(|(_, value)| *value != 0).map(|(colour, value)| (value, colour)).collect();
    Ok((values, colours))
}

/// The colours of a PNG's palette: the place of a colour in it is the number that the pixel holds. Readers of pictures give
/// the colour alone.
fn palette_of(path: &Path) -> Result<Vec<[u8; 3]>> {
    const HEAD: usize = 8;
    let bytes = folder::read(path)?;
    let mut at = HEAD;
    while bytes.starts_with(b"\x89PNG") {
        let Some(length) = bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map(u32::from_be_bytes) else {
            break;
        };
        let end = at + 8 + length as usize;
        match (bytes.get(at + 4..at + 8), bytes.get(at + 8..end)) {
            (Some(b"PLTE"), Some(colours)) => return Ok(colours.chunks_exact(3).map(|c| [c[0], c[1], c[2]]).collect()),
            (Some(b"IDAT"), _) | (None, _) | (_, None) => break,
            _ => at = end + 4,
        }
    }
    Ok(Vec::new())
}
