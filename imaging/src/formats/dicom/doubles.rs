//! The same picture in two files: a folder that was copied into itself, an export that was run twice. One of them is
//! enough, and the other would be taken for another time or another frame.
//!
//! Names are not believed alone, because careless anonymisers give all slices one. What is left out has the same pixels,
//! byte for byte, at the same place, and either was taken at the same moment or has the same name.

use super::file::{DicomFile, warning};
use super::header::Header;
use super::tags::Tag;
use super::timing;
use crate::error::Result;
use crate::task::{Task, Warning};
use sha2::{Digest, Sha256};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;

/// The SOP Instance UID.
const NAME: Tag = 0x0008_0018;
const CONTENT_TIME: Tag = 0x0008_0033;
const TEMPORAL_POSITION: Tag = 0x0020_0100;

/// Places that differ by less are written with other digits only.
const SAME_PLACE_MM: f64 = 0.01;

/// What tells a picture from others at its place, as far as the header says.
#[derive(Clone, Debug)]
pub struct Trace {
    name: Option<String>,
    /// When it was taken, in the file's own words.
    taken: Vec<Option<String>>,
    /// Where in the file its pixels are.
    pixels: Option<Range<usize>>,
}

impl Trace {
    pub fn of(file: &DicomFile) -> Self {
        let view = file.view();
        let text = |tag: Tag| view.text(tag).map(str::to_owned);
        let moments = timing::MOMENTS.into_iter().chain([timing::TRIGGER_TIME, CONTENT_TIME, TEMPORAL_POSITION]);
        let pixels = file.pixels.map(|place| {
            let (start, end) = (place.start, file.length as usize);
            start..place.length.map_or(end, |length| end.min(start.saturating_add(length)))
        });
        Self { name: text(NAME), taken: moments.map(text).collect(), pixels }
    }
}

/// Files with the same of this may hold the same picture: it is worth reading their pixels.
#[derive(PartialEq, Eq, Hash)]
struct Likeness<'a> {
    place: Option<[i64; 3]>,
    number: Option<i64>,
    bytes: usize,
    taken: &'a [Option<String>],
    name: Option<&'a str>,
}

impl<'a> Likeness<'a> {
    /// `None` where nothing in the header would tell two pictures apart.
    fn of(header: &'a Header) -> Option<Self> {
        let Trace { name, taken, pixels } = &header.trace;
        let place = header.place.position.map(|at| (at / SAME_PLACE_MM).round().to_array().map(|x| x as i64));
        // Taken there and then it is the same picture under any name.
        let is_known = place.is_some() && taken.iter().any(Option::is_some);
        let name = name.as_deref().filter(|_| !is_known);
        if !is_known && name.is_none() {
            return None;
        }
        Some(Self { place, number: header.instance_number, bytes: pixels.as_ref()?.len(), taken, name })
    }
}

/// Takes files out of a group whose picture is in another one of it, and says so.
pub fn take_out(group: &mut Vec<Header>, task: &Task) -> Result<Option<Warning>> {
    let mut alike: HashMap<Likeness<'_>, Vec<usize>> = HashMap::new();
    for (n, header) in group.iter().enumerate() {
        if let Some(likeness) = Likeness::of(header) {
            alike.entry(likeness).or_default().push(n);
        }
    }
    let mut doubles: BTreeSet<usize> = BTreeSet::new();
    for members in alike.into_values().filter(|members| members.len() > 1) {
        let mut seen: HashSet<Vec<u8>> = HashSet::new();
        for n in members {
            task.cancel.check()?;
            // What cannot be read is told when it is opened.
            let Ok(hash) = hash_of_pixels(&group[n]) else { continue };
            if !seen.insert(hash) {
                doubles.insert(n);
            }
        }
    }
    let Some(&first) = doubles.first() else { return Ok(None) };
    let told = told(&group[first], doubles.len());
    let mut n = 0;
    group.retain(|_| {
        n += 1;
        !doubles.contains(&(n - 1))
    });
    Ok(Some(told))
}

fn hash_of_pixels(header: &Header) -> Result<Vec<u8>> {
    let file = DicomFile::open_header(&header.path)?;
    let pixels = file.bytes_at(header.trace.pixels.clone().unwrap_or_default())?;
    Ok(Sha256::digest(&pixels).to_vec())
}

fn told(first: &Header, count: usize) -> Warning {
    let files = if count == 1 { "one file is".to_owned() } else { format!("{count} files are") };
    let along = first.place.normal().zip(first.place.position).map(|(normal, at)| at.dot(normal));
    let place = along.map_or_else(String::new, |at| format!(", the first at {at:.2} mm"));
    let text = format!("{files} left out, whose pictures are in other files of the series already{place}");
    warning("duplicate_slice", text)
}
