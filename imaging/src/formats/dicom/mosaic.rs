//! Siemens mosaics: the slices of a volume tiled into one picture, row by row.
//!
//! How many tiles there are, and which way the slices run, stands in private elements only: in a short one of newer
//! software, in the CSA header of all. Without them the picture stays as it is, with a warning.

use super::arrange::{self, Stack};
use super::dataset::View;
use super::file::warning;
use super::header::{Header, Place};
use super::tags::{self, Tag};
use crate::error::Result;
use crate::series::Kind;
use crate::volume::Samples;
use crate::with_samples;
use glam::DVec3;

const MR_HEADER_CREATOR: Tag = 0x0019_0010;
const TILES: Tag = 0x0019_100A;
const CSA_CREATOR: Tag = 0x0029_0010;
const CSA_IMAGE_HEADER: Tag = 0x0029_1010;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mosaic {
    pub slices: usize,
    /// Tiles side by side in a row, and rows of tiles.
    pub grid: usize,
    /// Which way the slices run, LPS.
    pub normal: Option<DVec3>,
}

impl Mosaic {
    pub fn of(view: &View<'_>) -> Option<Self> {
        if !is_mosaic(view) {
            return None;
        }
        let csa = csa_header(view);
        let short = (view.text(MR_HEADER_CREATOR) == Some("SIEMENS MR HEADER")).then(|| view.raw(TILES)).flatten();
        let listed = csa.map(|csa| csa_numbers(csa, "NumberOfImagesInMosaic")).and_then(|n| n.first().copied());
        let short = short.and_then(|b| b.first_chunk()).map(|&b| f64::from(view.layout.u16(b)));
        let slices = short.or(listed).filter(|n| (1.0..=4096.0).contains(n))? as usize;
        let grid = (1..=64).find(|g| g * g >= slices)?;
        let normal = csa.map(|csa| csa_numbers(csa, "SliceNormalVector")).filter(|n| n.len() == 3);
        Some(Self { slices, grid, normal: normal.and_then(|n| DVec3::from_slice(&n).try_normalize()) })
    }

    /// The size of one tile, where the tiles fill the picture.
    pub const fn tile(&self, columns: usize, rows: usize) -> Option<[usize; 2]> {
        if columns.is_multiple_of(self.grid)
            && rows.is_multiple_of(self.grid)
            && columns >= self.grid
            && rows >= self.grid
        {
            Some([columns / self.grid, rows / self.grid])
        } else {
            None
        }
    }

    /// One picture as the volume it is.
    pub fn unfold(&self, samples: &Samples, columns: usize, [width, height]: [usize; 2]) -> Samples {
        with_samples!(samples, v => {
            let mut out = Vec::with_capacity(width * height * self.slices);
            for slice in 0..self.slices {
                let (left, top) = (slice % self.grid * width, slice / self.grid * height);
                for row in top..top + height {
                    out.extend_from_slice(&v[row * columns + left..][..width]);
                }
            }
            out.into()
        })
    }
}

pub fn is_mosaic(view: &View<'_>) -> bool {
    view.text(tags::IMAGE_TYPE).is_some_and(|t| t.split('\\').any(|word| word.trim() == "MOSAIC"))
}

/// Volumes one after the other, in the order they were taken.
pub fn stack(headers: &[Header], mosaic: &Mosaic, tile: [usize; 2], picture: [usize; 2]) -> Result<Stack> {
    let mut order: Vec<usize> = (0..headers.len()).collect();
    order.sort_by_key(|&n| (headers[n].instance_number.unwrap_or(i64::MAX), n));
    let place = &headers[order[0]].place;
    let mut warnings = Vec::new();
    let across = place.normal().unwrap_or(DVec3::Z);
    if mosaic.normal.is_none() {
        let text = "the file does not say which way the slices of the mosaic run; the right-handed way is taken";
        warnings.push(warning("mosaic", text));
    }
    // The vector is rounded; the plane's own normal is not.
    let turned = mosaic.normal.is_some_and(|n| n.dot(across) < 0.0);
    let step = place.between_slices.or(place.thickness).unwrap_or(1.0) * if turned { -1.0 } else { 1.0 };
    let size = [tile[0], tile[1], mosaic.slices];
    let kind = if headers.len() > 1 { Kind::Time4d } else { Kind::Volume };
    Ok(Stack {
        geometry: arrange::geometry(place, first_tile(place, tile, picture), across * step, size)?,
        order,
        kind,
        times: headers.len(),
        spacing_known: place.spacing.is_some(),
        warnings,
    })
}

/// The position in the header is that of a picture as large as the mosaic around the slice's middle.
fn first_tile(place: &Place, tile: [usize; 2], picture: [usize; 2]) -> DVec3 {
    let [row, column] = place.directions.unwrap_or([DVec3::X, DVec3::Y]);
    let [between_rows, between_columns] = place.spacing.unwrap_or([1.0; 2]);
    let half = |n: usize| (picture[n] - tile[n]) as f64 / 2.0;
    place.position.unwrap_or_default() + row * between_columns * half(0) + column * between_rows * half(1)
}

fn csa_header<'a>(view: &View<'a>) -> Option<&'a [u8]> {
    (view.text(CSA_CREATOR) == Some("SIEMENS CSA HEADER")).then(|| view.raw(CSA_IMAGE_HEADER)).flatten()
}

/// The numbers of one entry of a file's CSA header; empty where there is none.
pub fn csa_numbers_of(view: &View<'_>, name: &str) -> Vec<f64> {
    csa_header(view).map(|csa| csa_numbers(csa, name)).unwrap_or_default()
}

/// The numbers of one entry of a CSA header (format SV10); empty where there are none.
fn csa_numbers(bytes: &[u8], name: &str) -> Vec<f64> {
    csa_entry(bytes, name).unwrap_or_default()
}

fn csa_entry(bytes: &[u8], name: &str) -> Option<Vec<f64>> {
    const MOST_ENTRIES: u32 = 1024;
    const NAME_BYTES: usize = 64;
    const HEAD_BYTES: usize = 84;
    let number = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..at.checked_add(4)?)?.first_chunk()?));
    let mut at: usize = bytes.starts_with(b"SV10").then_some(16)?;
    for _ in 0..number(8)?.min(MOST_ENTRIES) {
        let wanted = bytes.get(at..at.checked_add(NAME_BYTES)?)?.split(|&b| b == 0).next() == Some(name.as_bytes());
        let items = number(at + 76)?.min(MOST_ENTRIES);
        at += HEAD_BYTES;
        let mut found = Vec::new();
        for _ in 0..items {
            let length = number(at.checked_add(4)?)? as usize;
            let value = bytes.get(at + 16..at.checked_add(16)?.checked_add(length)?)?;
            let text = std::str::from_utf8(value).unwrap_or("").trim_matches(|c: char| c == '\0' || c.is_whitespace());
            found.extend(text.parse::<f64>().ok().filter(|x| x.is_finite()));
            at = at.checked_add(16 + length.next_multiple_of(4))?;
        }
        if wanted {
            return Some(found);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A CSA header with these entries.
    pub fn csa(entries: &[(&str, &[&str])]) -> Vec<u8> {
        let mut out = b"SV10\x04\x03\x02\x01".to_vec();
        out.extend((entries.len() as u32).to_le_bytes());
        out.extend(77_u32.to_le_bytes());
        for (name, items) in entries {
            let mut head = vec![0; 84];
            head[..name.len()].copy_from_slice(name.as_bytes());
            head[76..80].copy_from_slice(&(items.len() as u32).to_le_bytes());
            out.extend(head);
            for item in *items {
                let length = (item.len() as u32).to_le_bytes();
                out.extend([length, length, length, length].concat());
                out.extend(item.as_bytes());
                out.resize(out.len().next_multiple_of(4), 0);
            }
        }
        out
    }

    #[test]
    fn private_entries_are_found_and_cut_ones_are_none() {
        let bytes = csa(&[("Other", &["x", "yz"]), ("SliceNormalVector", &["0.5", "-0.5 ", "1e0"])]);
        assert_eq!(csa_numbers(&bytes, "SliceNormalVector"), [0.5, -0.5, 1.0]);
        assert!(csa_numbers(&bytes, "Missing").is_empty());
        for length in 0..bytes.len() {
            csa_numbers(&bytes[..length], "SliceNormalVector");
        }
        let mut lying = bytes;
        lying[8..12].fill(0xFF);
        lying[92..96].fill(0xFF);
        csa_numbers(&lying, "SliceNormalVector");
    }

    #[test]
    fn tiles_become_slices() {
        let mosaic = Mosaic { slices: 3, grid: 2, normal: None };
        assert_eq!(mosaic.tile(4, 4), Some([2, 2]));
        assert_eq!(mosaic.tile(5, 4), None);
        let picture = Samples::U8((0..16).collect());
        let volume = mosaic.unfold(&picture, 4, [2, 2]);
        assert_eq!(volume, Samples::U8(vec![0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13]));
    }
}
