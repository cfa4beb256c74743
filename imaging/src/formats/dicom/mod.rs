//! DICOM: header scan, series by geometry, frames as stored.

mod arrange;
mod codec;
mod colour;
pub(crate) mod dataset;
pub(crate) mod emit;
pub(crate) mod file;
mod fragments;
mod header;
mod jpeg12;
mod load;
mod owner;
pub(crate) mod pixels;
mod rle;
pub(crate) mod syntax;
pub(crate) mod tags;
mod unshown;

use super::{Failure, Format, Probe};
use crate::error::{Error, Result};
use crate::geometry::Geometry;
use crate::series::{Kind, Series};
use crate::task::{Task, Warning};
use crate::volume::{Facts, Volume, stats_of};
use arrange::Stack;
use file::{DicomFile, warning};
use header::{Colour, Header};
use load::{Raw, Selection};
pub use owner::{Owner, owner, suv_factor};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

pub struct Dicom;

/// Modalities whose multi-frame files are films unless the file says otherwise.
const FILMED: [&str; 6] = ["US", "XA", "RF", "ES", "IVUS", "XC"];

impl Format for Dicom {
    fn name(&self) -> &'static str {
        "dicom"
    }

    fn title(&self) -> &'static str {
        "DICOM"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["dcm", "dicom", "ima"]
    }

    fn probe(&self, path: &Path, head: &[u8]) -> Probe {
        let by_name = path.extension().is_some_and(|e| self.extensions().iter().any(|x| e.eq_ignore_ascii_case(x)));
        if by_name || head.get(128..132) == Some(b"DICM") || starts_like_a_data_set(head) {
            Probe::Mine
        } else {
            Probe::NotMine
        }
    }

    fn scan(&self, files: &[PathBuf], task: &Task, failed: &mut Vec<Failure>) -> Result<Vec<Series>> {
        task.progress.begin("reading DICOM headers", files.len() as u64);
        let read = |path: &PathBuf| -> Result<Header> {
            task.cancel.check()?;
            task.progress.advance(1);
            Header::of(&DicomFile::open_header(path)?)
        };
        let results: Vec<_> = files.par_iter().map(read).collect();
        let mut headers = Vec::with_capacity(files.len());
        for (path, result) in files.iter().zip(results) {
            match result {
                Ok(header) => headers.push(header),
                Err(Error::Cancelled) => return Err(Error::Cancelled),
                Err(error) => failed.push(Failure { path: path.clone(), error }),
            }
        }
        let mut series = Vec::new();
        for group in groups(headers) {
            let path = group[0].path.clone();
            match series_of(&group) {
                Ok(found) => series.extend(found),
                Err(error) => failed.push(Failure { path, error }),
            }
        }
        series.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(series)
    }

    fn load(&self, series: &Series, task: &Task) -> Result<Volume> {
        let mut volume = self.load_time(series, 0, task)?;
        if series.frames > 1 {
            let text = format!("the first of {} times is shown", series.frames);
            task.warnings.add("first_time_only", &text);
            volume.warnings.push(warning("first_time_only", text));
        }
        Ok(volume)
    }

    fn load_time(&self, series: &Series, time: usize, task: &Task) -> Result<Volume> {
        let times = series.frames.max(1);
        if time >= times {
            return Err(Error::malformed(&series.path, format!("time {} was asked for, there are {times}", time + 1)));
        }
        let geometry = series.geometry.ok_or_else(|| no_pixels(&series.path))?;
        let selection = match series.files.as_slice() {
            [one] => {
                let stack = stack_of_frames(&Header::of(&DicomFile::open_header(one)?)?)?;
                Selection::Frames(one, stack.order.into_iter().skip(time).step_by(stack.times).collect())
            }
            several => Selection::Files(several.iter().skip(time).step_by(times).collect()),
        };
        Raw::read(&selection, task)?.into_volume(geometry, series)
    }

    fn facts(&self, series: &Series, task: &Task) -> Result<Facts> {
        let selection = match series.files.as_slice() {
            [one] => Selection::Frames(one, (0..Header::of(&DicomFile::open_header(one)?)?.frames).collect()),
            several => Selection::Files(several.iter().collect()),
        };
        let raw = Raw::read(&selection, task)?;
        let sha256_samples = raw.samples.sha256_hex();
        let stats = if raw.first.has_modality_lut && matches!(raw.format.colour, Colour::Grey { .. }) {
            let samples = colour::through_modality_lut(&raw.first.path, &raw.samples)?;
            stats_of(&samples, &[crate::volume::ValueMap::default()])
        } else {
            stats_of(&raw.samples, &raw.value_maps)
        };
        Ok(Facts { stats, sha256_samples })
    }
}

/// All frames of a file as uncompressed little-endian bytes with these columns and rows black, and the photometric
/// interpretation they now have where it is another.
pub(crate) fn blackened(
    frames: &pixels::Frames,
    boxes: &[([usize; 2], [usize; 2])],
) -> Result<(Vec<u8>, Option<&'static str>)> {
    let format = frames.format;
    let size = format.sample_bytes();
    if format.allocated == 1 || matches!(format.colour, Colour::Palette) {
        let what = "blackening single bits or palette colours";
        return Err(Error::unsupported(&frames.file.path, what, "convert the pictures to 8-bit grey or RGB"));
    }
    let (luma, chroma) = match format.colour {
        Colour::Grey { inverted: true } => ((1_u64 << format.stored) - 1, 0),
        Colour::YbrFull | Colour::Ybr422 => (0, 128),
        _ => (0, 0),
    };
    let mut out = Vec::with_capacity(format.samples() * size * frames.header.frames);
    for n in 0..frames.header.frames {
        let mut frame = frames.frame_bytes(n)?.into_owned();
        for &([c0, c1], [r0, r1]) in boxes {
            for pixel in (r0..r1.min(format.rows))
                .flat_map(|r| (c0..c1.min(format.columns)).map(move |c| r * format.columns + c))
            {
                for channel in 0..format.channels {
                    let value = if channel == 0 { luma } else { chroma };
                    let at = (pixel * format.channels + channel) * size;
                    frame[at..at + size].copy_from_slice(&value.to_le_bytes()[..size]);
                }
            }
        }
        out.extend(frame);
    }
    let photometric = match format.colour {
        Colour::Ybr422 => Some("YBR_FULL"),
        Colour::Rgb => Some("RGB"),
        _ => None,
    };
    Ok((out, photometric))
}

/// Files without the preamble start with a low, even group and a small element.
fn starts_like_a_data_set(head: &[u8]) -> bool {
    let Some(&[g0, g1, e0, e1, v0, v1, l0, l1]) = head.first_chunk() else { return false };
    let explicit = dicom_core::VR::from_binary([v0, v1]).is_some();
    let little =
        matches!((g0, g1), (2 | 8, 0)) && (explicit || (u32::from_le_bytes([v0, v1, l0, l1]) < 1024 && e1 == 0));
    let big = matches!((g0, g1), (0, 2 | 8)) && explicit && e0 == 0;
    little || big
}

fn no_pixels(path: &Path) -> Error {
    Error::unsupported(path, "a DICOM object without pixels", "open the series it belongs to")
}

/// Slices of one stack, files of many frames and objects without pixels, each kind in groups of its own.
fn groups(headers: Vec<Header>) -> Vec<Vec<Header>> {
    let mut groups: Vec<Vec<Header>> = Vec::new();
    for header in headers {
        let home = header.format.and_then(|_| groups.iter_mut().find(|g| arrange::belong_together(&g[0], &header)));
        match home {
            Some(group) => group.push(header),
            None => groups.push(vec![header]),
        }
    }
    groups
}

fn series_of(group: &[Header]) -> Result<Vec<Series>> {
    let Some(format) = group[0].format else {
        return Ok(group.iter().map(without_pixels).collect());
    };
    let stacks = match group {
        [one] if one.frames > 1 => {
            let stack = stack_of_frames(one)?;
            return Ok(vec![series(&[one], &stack)]);
        }
        several => arrange::stack_files(several, [format.columns, format.rows])?,
    };
    let of_stack = |stack: Stack| {
        let members: Vec<&Header> = stack.order.iter().map(|&n| &group[n]).collect();
        series(&members, &stack)
    };
    Ok(stacks.into_iter().map(of_stack).collect())
}

/// The frames of one file as a stack.
fn stack_of_frames(header: &Header) -> Result<Stack> {
    let format = header.format.ok_or_else(|| no_pixels(&header.path))?;
    let size = [format.columns, format.rows];
    // Frames of several segments share positions: they are listed, not stacked.
    let segments = header.modality.as_deref() == Some("SEG");
    if !segments && header.frame_headers.iter().any(|f| f.place.position.is_some()) {
        let places: Vec<_> = header.frame_headers.iter().map(|f| f.place).collect();
        return arrange::stack_frames(&places, size);
    }
    let place = header.frame_headers.first().map_or(header.place, |f| f.place);
    let size = [format.columns, format.rows, header.frames];
    let origin = place.position.unwrap_or_default();
    let normal = place.normal().unwrap_or(glam::DVec3::Z);
    let (kind, step) = match header.frame_offsets.as_slice() {
        [first, .., last] if header.frame_offsets.len() == header.frames => {
            (Kind::Volume, normal * (last - first) / (header.frames as f64 - 1.0))
        }
        _ if header.frames == 1 => (Kind::Image, normal * place.thickness.unwrap_or(1.0)),
        _ => {
            let film = header.in_time || header.modality.as_deref().is_some_and(|m| FILMED.contains(&m));
            let kind = if segments {
                Kind::Segmentation
            } else if film {
                Kind::Cine
            } else {
                Kind::Stack
            };
            (kind, normal * place.between_slices.unwrap_or(1.0))
        }
    };
    Ok(Stack {
        order: (0..header.frames).collect(),
        geometry: arrange::geometry(&place, origin, step, size)?,
        kind,
        times: 1,
        spacing_known: place.spacing.is_some(),
        warnings: Vec::new(),
    })
}

fn series(members: &[&Header], stack: &Stack) -> Series {
    let first = members[0];
    let format = first.format;
    let mut warnings: Vec<Warning> = Vec::new();
    for warning in members.iter().flat_map(|h| &h.warnings).chain(&stack.warnings) {
        if !warnings.contains(warning) {
            warnings.push(warning.clone());
        }
    }
    if !stack.spacing_known {
        warnings.push(warning("no_spacing", "the file names no pixel spacing; lengths are in pixels"));
    }
    listed(members, stack.kind, Some(stack.geometry), format.map_or(0, |f| f.channels), stack.times, warnings)
}

fn without_pixels(header: &Header) -> Series {
    let mut warnings = header.warnings.clone();
    warnings.push(warning("no_pixels", "this DICOM object holds no pixels"));
    listed(&[header], Kind::Other, None, 0, 1, warnings)
}

fn listed(
    members: &[&Header],
    kind: Kind,
    geometry: Option<Geometry>,
    channels: usize,
    times: usize,
    warnings: Vec<Warning>,
) -> Series {
    let first = members[0];
    let path = match members {
        [one] => one.path.clone(),
        [one, ..] => one.path.parent().unwrap_or(&one.path).to_path_buf(),
        [] => PathBuf::new(),
    };
    let modality = first.modality.as_deref().unwrap_or("DICOM");
    Series {
        path,
        files: members.iter().map(|h| h.path.clone()).collect(),
        format: "dicom",
        kind,
        modality: first.modality.clone(),
        transfer_syntax: Some(first.syntax_uid.to_owned()),
        size: geometry.map_or([0; 3], |g| g.size()),
        frames: times,
        channels,
        dtype: first.format.map_or("uint8", |f| f.dtype()),
        geometry,
        value_map: first.value_map_of(0).clone(),
        title: first.series_number.map_or_else(|| modality.to_owned(), |n| format!("{modality} series {n}")),
        uid: first.series_uid.clone(),
        warnings,
    }
}
