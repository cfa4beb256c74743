//! DICOM: header scan, series by geometry, frames as stored.

mod arrange;
mod blacken;
mod codec;
mod colour;
mod contrast;
pub(crate) mod dataset;
mod directory;
pub(crate) mod emit;
mod extras;
pub(crate) mod file;
mod fragments;
mod header;
mod jpeg12;
mod load;
mod mosaic;
mod opened;
mod owner;
pub(crate) mod pixels;
mod rle;
pub(crate) mod syntax;
pub(crate) mod tags;
mod text;
mod timing;
mod unshown;

use super::{Failure, Format, Probe, Reader};
use crate::error::{Error, Result};
use crate::geometry::Geometry;
use crate::series::{Kind, Series};
use crate::task::{Task, Warning};
use arrange::Stack;
pub(crate) use blacken::blackened;
use file::{DicomFile, warning};
use header::{Header, PixelFormat, SampleKind};
use opened::Opened;
pub use owner::{Owner, owner};
use rayon::prelude::*;
use std::collections::HashSet;
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
        let mut headers = read_headers(files, task, failed)?;
        let listed = take_listed(&mut headers, files, failed);
        headers.extend(read_headers(&listed, task, failed)?);
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

    fn open(&self, series: &Series) -> Result<Box<dyn Reader>> {
        Ok(Box::new(Opened::of(series)?))
    }
}

fn read_headers(files: &[PathBuf], task: &Task, failed: &mut Vec<Failure>) -> Result<Vec<Header>> {
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
    Ok(headers)
}

/// Takes tables of contents out of the headers; the files they list that are not among `files` are the answer.
fn take_listed(headers: &mut Vec<Header>, files: &[PathBuf], failed: &mut Vec<Failure>) -> Vec<PathBuf> {
    let mut known: HashSet<PathBuf> = files.iter().cloned().collect();
    let mut out = Vec::new();
    headers.retain_mut(|header| {
        let Some(listed) = header.directory.as_ref().filter(|listed| !listed.is_empty()) else { return true };
        let found: Vec<PathBuf> = listed.iter().filter_map(|parts| directory::find(&header.path, parts)).collect();
        let missing = listed.len() - found.len();
        if found.is_empty() {
            // Left over from a medium whose files are elsewhere: worth a word, no failure of what is here.
            header.warnings.push(warning("missing_files", "none of the files this directory lists is there"));
            return true;
        }
        if missing > 0 {
            let reason = format!("{missing} of the {} files this directory lists are not there", listed.len());
            failed.push(Failure { path: header.path.clone(), error: Error::malformed(&header.path, reason) });
        }
        out.extend(found.into_iter().filter(|path| known.insert(path.clone())));
        false
    });
    out
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
    if let Some((mosaic, tile)) = group[0].unfolds() {
        let stack = mosaic::stack(group, &mosaic, tile, [format.columns, format.rows])?;
        let members: Vec<&Header> = stack.order.iter().map(|&n| &group[n]).collect();
        return Ok(vec![series(&members, &stack)]);
    }
    let stacks = match group {
        [one] if one.frames > 1 => {
            return Ok(stacks_of_frames(one)?.iter().map(|stack| series(&[one], stack)).collect());
        }
        several => arrange::stack_files(several, [format.columns, format.rows])?,
    };
    let of_stack = |stack: Stack| {
        let members: Vec<&Header> = stack.order.iter().map(|&n| &group[n]).collect();
        series(&members, &stack)
    };
    Ok(stacks.into_iter().map(of_stack).collect())
}

/// The frames of one file as stacks: mostly one; where frames lie or were taken differently, one of each kind.
fn stacks_of_frames(header: &Header) -> Result<Vec<Stack>> {
    let format = header.format.ok_or_else(|| no_pixels(&header.path))?;
    let size = [format.columns, format.rows];
    // Frames of several segments share positions: they are listed, not stacked.
    let segments = header.modality.as_deref() == Some("SEG");
    if !segments && header.frame_headers.iter().any(|f| f.place.position.is_some()) {
        return arrange::stack_frames(&header.frame_headers, size);
    }
    Ok(vec![listed_frames(header, size, segments)?])
}

/// Frames without places of their own, in stored order.
fn listed_frames(header: &Header, [columns, rows]: [usize; 2], segments: bool) -> Result<Stack> {
    let place = header.frame_headers.first().map_or(header.place, |f| f.place);
    let size = [columns, rows, header.frames];
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
    let mut out =
        listed(members, stack.kind, Some(stack.geometry), format.map_or(0, |f| f.channels), stack.times, warnings);
    if let [one] = members
        && one.frames > 1
    {
        out.frame_order = Some(stack.order.clone());
        out.value_map = one.value_map_of(stack.order[0]).clone();
    }
    out
}

/// The format that holds the samples of both: the signed one where they differ.
fn in_one_type(a: PixelFormat, b: PixelFormat) -> PixelFormat {
    if a.kind == SampleKind::Signed { a } else { b }
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
    let mut title = first.series_number.map_or_else(|| modality.to_owned(), |n| format!("{modality} series {n}"));
    if let Some(label) = first.contrast.label() {
        title += &format!(", {label}");
    }
    Series {
        path,
        files: members.iter().map(|h| h.path.clone()).collect(),
        format: "dicom",
        kind,
        modality: first.modality.clone(),
        transfer_syntax: Some(first.syntax_uid.to_owned()),
        size: geometry.map_or([0; 3], |g| g.size()),
        frames: times,
        frame_order: None,
        channels,
        dtype: members.iter().filter_map(|h| h.format).reduce(in_one_type).map_or("uint8", |f| f.dtype()),
        geometry,
        value_map: first.value_map_of(0).clone(),
        title,
        uid: first.series_uid.clone(),
        warnings,
    }
}
