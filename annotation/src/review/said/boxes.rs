//! Boxes of detectors: which object each version found, which it missed and which it invented.
//!
//! A box finds an object of its class at an IoU of 0.5, on its slice or in space; the surest box is served first, each object is found once.
//! What several versions invent at one place is one row.

use super::plots::{FROC_FOUND, Pictured};
use super::{About, Cell, Found, Kind, Left, Lines, Mark, Records, Row, Versions, lines_of, reference_of};
use crate::contents::Contents;
use crate::entity::ImageId;
use crate::exchange::vqa::boxes::{Rect, iou};
use crate::image_entry::ImageEntry;
use crate::metrics::lesions::Candidate;
use crate::review::records::RecordFile;
use crate::review::records::boxes::BoxLine;
use crate::review::together_boxes::shapes_of_consensus;
use crate::shapes::{Form, Slice};
use std::collections::{BTreeMap, BTreeSet};

/// A box finds what it overlaps so far.
const FOUND: f64 = 0.5;

#[derive(Clone, Debug)]
struct Drawn {
    class: String,
    place: Place,
    score: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Flat(Slice, Rect),
    Deep { min: [f64; 3], max: [f64; 3] },
}

impl Place {
    /// Shared over joined; nothing between a box on a slice and one in space.
    fn overlap(&self, other: &Self) -> f64 {
        match (self, other) {
            (Self::Flat(a, rect), Self::Flat(b, other)) if a == b => iou(*rect, *other),
            (Self::Deep { min: a, max: b }, Self::Deep { min: c, max: d }) => {
                let volume = |low: &dyn Fn(usize) -> f64, high: &dyn Fn(usize) -> f64| {
                    (0..3).map(|n| (high(n) - low(n)).max(0.0)).product::<f64>()
                };
                let shared = volume(&|n| a[n].max(c[n]), &|n| b[n].min(d[n]));
                let joined = volume(&|n| a[n], &|n| b[n]) + volume(&|n| c[n], &|n| d[n]) - shared;
                if joined > 0.0 { shared / joined } else { 0.0 }
            }
            _ => 0.0,
        }
    }

    const fn form(self) -> Form {
        match self {
            Self::Flat(slice, [x0, y0, x1, y1]) => Form::Box2d { slice, min: [x0, y0], max: [x1, y1] },
            Self::Deep { min, max } => Form::Box3d { min, max },
        }
    }

    fn slices(self) -> String {
        match self {
            Self::Flat(slice, _) => format!("slice {}", slice.index + 1),
            Self::Deep { min, max } => format!("slices {} to {}", min[2].floor() + 1.0, max[2].ceil()),
        }
    }

    fn numbers(self) -> String {
        let all = match self {
            Self::Flat(_, rect) => rect.to_vec(),
            Self::Deep { min, max } => [min, max].concat(),
        };
        all.iter().map(|n| format!("{n:.1}")).collect::<Vec<_>>().join(", ")
    }
}

#[derive(Default)]
struct OnPicture {
    image: Option<ImageId>,
    said: BTreeMap<usize, Vec<Drawn>>,
}

pub(super) fn compare<K: Copy + Ord>(about: &About<'_, K>, versions: &Versions, records: &mut Records<K>) {
    let has = |file: &RecordFile| matches!(file.lines, Lines::Boxes(_));
    let files = lines_of(versions, |file| match &file.lines {
        Lines::Boxes(lines) => Some((file, lines)),
        _ => None,
    });
    let speaking: BTreeSet<usize> = files.iter().map(|(version, _)| *version).collect();
    let mut by_picture: BTreeMap<K, OnPicture> = BTreeMap::new();
    let mut told: BTreeSet<(usize, String)> = BTreeSet::new();
    // A picture that a reference lists with nothing on it counts too: what is found there is wrong.
    for numbered in
        files.iter().filter(|(_, (file, _))| file.is_truth).flat_map(|(_, (file, _))| file.pictures.values())
    {
        let names: Vec<&str> = numbered.names.iter().map(String::as_str).collect();
        if let Ok(found) = about.find(&names) {
            by_picture.entry(found.key).or_default().image = found.image;
        }
    }
    for (version, (file, lines)) in files {
        for line in lines {
            match placed(about, file, line) {
                Ok((found, drawn)) => {
                    let picture = by_picture.entry(found.key).or_default();
                    picture.image = found.image;
                    picture.said.entry(version).or_default().push(drawn);
                }
                // One line of the list for a picture, however many boxes are on it.
                Err(why) if told.insert((version, line.image.clone())) => {
                    records.left.push(Left { version, key: line.image.clone(), why });
                }
                Err(_) => {}
            }
        }
    }
    for (key, OnPicture { image, mut said }) in by_picture {
        let own = image.map(|image| own(about.contents, image)).unwrap_or_default();
        let chosen = reference_of(about.reference, versions, has, !own.is_empty());
        let truth = match chosen {
            Some(version) => said.remove(&version).unwrap_or_default(),
            None => own,
        };
        let shown: Vec<usize> = speaking.iter().copied().filter(|version| Some(*version) != chosen).collect();
        let anchors = anchors(&truth, &shown, &said);
        for version in &shown {
            let boxes = found_by(*version, &anchors, &truth);
            records.found.entry(*version).or_default().push(Pictured { key, lesions: truth.len(), boxes });
        }
        if !anchors.is_empty() {
            records.rows.entry(key).or_default().extend(rows(&anchors, &shown, !truth.is_empty()));
        }
    }
}

/// Where a line's box is, or why that cannot be said. What a picture is that is not in the project yet is looked at when it
/// is opened.
fn placed<K: Copy + Ord>(about: &About<'_, K>, file: &RecordFile, line: &BoxLine) -> Result<(Found<K>, Drawn), String> {
    let numbered = file.pictures.get(&line.image);
    let names: Vec<&str> = numbered.map_or_else(Vec::new, |n| n.names.iter().map(String::as_str).collect());
    let found = about.find(&[names.as_slice(), &[line.image.as_str()]].concat())?;
    let size = found.image.and_then(|image| about.contents.image(image)).map(ImageEntry::size);
    let slices = size.map_or(1, |size| size[2]);
    if let Some([columns, rows, _]) = size
        && let Some([width, height]) = numbered.and_then(|n| n.size)
        && [width, height] != [columns as f64, rows as f64]
    {
        return Err(format!(
            "its boxes are of a picture of {width} × {height} pixels, this one has {columns} × {rows}"
        ));
    }
    let rect = line.rect;
    let class = class_of(about.contents, file, &line.category);
    if let Some([from, to]) = line.depth {
        let inside = from >= 0.0 && from < to && size.is_none_or(|size| to <= size[2] as f64);
        if !inside || rect[2] <= rect[0] || rect[3] <= rect[1] {
            return Err("a box ends before it begins, or outside of its picture".into());
        }
        let place = Place::Deep { min: [rect[0], rect[1], from], max: [rect[2], rect[3], to] };
        return Ok((found, Drawn { class, place, score: line.score }));
    }
    let by_line = line.slice.map(|slice| slice.checked_sub(1).ok_or("slices are counted from 1"));
    let stored = match (numbered.and_then(|n| n.slice), by_line.transpose()?.or(found.slice)) {
        (Some(slice), _) => slice,
        (None, Some(index)) => Slice::stored(index),
        (None, None) if slices == 1 => Slice::stored(0),
        _ => return Err(format!("it names none of the {slices} slices of its picture")),
    };
    if stored.axis > 2 || size.is_some_and(|size| stored.index >= size[stored.axis]) {
        return Err(format!("its picture has no slice {}", stored.index + 1));
    }
    if rect[2] <= rect[0] || rect[3] <= rect[1] {
        return Err("a box ends before it begins".into());
    }
    Ok((found, Drawn { class, place: Place::Flat(stored, rect), score: line.score }))
}

/// By the file, else by the label with this number: our own exports number classes so.
fn class_of(contents: &Contents, file: &RecordFile, category: &str) -> String {
    let label =
        || category.parse().ok().and_then(|value| contents.label_of_value(value)).map(|label| label.name.clone());
    let number = || category.parse::<u64>().ok().map(|number| format!("Class {number}"));
    let named = file.categories.get(category).cloned();
    named.or_else(label).or_else(number).unwrap_or_else(|| category.to_owned())
}

/// The project's own boxes, each with its label; what a consensus brought together is not what the project says.
fn own(contents: &Contents, image: ImageId) -> Vec<Drawn> {
    let drawn = |shape: &crate::shapes::Shape| {
        let place = match shape.form {
            Form::Box2d { slice, min, max } => Place::Flat(slice, [min[0], min[1], max[0], max[1]]),
            Form::Box3d { min, max } => Place::Deep { min, max },
            _ => return None,
        };
        let label = shape.label.and_then(|id| contents.label(id)).map(|label| label.name.clone());
        let class = label.or_else(|| shape.text.clone()).unwrap_or_default();
        Some(Drawn { class, place, score: None })
    };
    let of_consensus = shapes_of_consensus(contents);
    contents.shapes_on(image).filter(|shape| !of_consensus.contains(&shape.id.into())).filter_map(drawn).collect()
}

/// An object, or what somebody took for one, and who found it.
struct Anchor {
    drawn: Drawn,
    is_true: bool,
    said: BTreeMap<usize, (Drawn, f64)>,
}

/// Objects in the order of their rows.
fn anchors(truth: &[Drawn], shown: &[usize], said: &BTreeMap<usize, Vec<Drawn>>) -> Vec<Anchor> {
    let anchor = |drawn: &Drawn, is_true| Anchor { drawn: drawn.clone(), is_true, said: BTreeMap::new() };
    let mut anchors: Vec<Anchor> = truth.iter().map(|drawn| anchor(drawn, true)).collect();
    for version in shown {
        let mut boxes: Vec<&Drawn> = said.get(version).into_iter().flatten().collect();
        boxes.sort_by(|a, b| b.score.unwrap_or(1.0).total_cmp(&a.score.unwrap_or(1.0)));
        for drawn in boxes {
            let fits = |a: &Anchor| {
                let alike = is_same(&a.drawn.class, &drawn.class);
                let overlap = a.drawn.place.overlap(&drawn.place);
                (alike && overlap >= FOUND && !a.said.contains_key(version)).then_some((a.is_true, overlap))
            };
            let best = anchors.iter().enumerate().filter_map(|(n, a)| Some((fits(a)?, n)));
            let best = best.max_by(|(a, _), (b, _)| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
            let ((_, overlap), place) = best.unwrap_or_else(|| {
                anchors.push(anchor(drawn, false));
                ((false, 0.0), anchors.len() - 1)
            });
            anchors[place].said.insert(*version, (drawn.clone(), overlap));
        }
    }
    anchors
}

fn titles(anchors: &[Anchor]) -> Vec<String> {
    let mut counted: BTreeMap<String, usize> = BTreeMap::new();
    anchors
        .iter()
        .map(|anchor| {
            let n = counted.entry(anchor.drawn.class.to_lowercase()).or_default();
            *n += 1;
            format!("{} {n}, {}", class_or(&anchor.drawn), anchor.drawn.place.slices())
        })
        .collect()
}

fn class_or(drawn: &Drawn) -> &str {
    if drawn.class.is_empty() { "Box without a class" } else { &drawn.class }
}

fn rows(anchors: &[Anchor], shown: &[usize], compared: bool) -> Vec<Row> {
    anchors.iter().zip(titles(anchors)).map(|(anchor, title)| row(anchor, title, shown, compared)).collect()
}

/// The boxes of a version with the object that each hits, by the rule of the free-response curve: the one it overlaps most.
fn found_by(version: usize, anchors: &[Anchor], truth: &[Drawn]) -> Vec<(Candidate, String)> {
    let hits = |drawn: &Drawn| {
        let alike = truth.iter().enumerate().filter(|(_, t)| is_same(&t.class, &drawn.class));
        let overlaps = alike.map(|(n, t)| (t.place.overlap(&drawn.place), n)).filter(|(iou, _)| *iou >= FROC_FOUND);
        overlaps.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, n)| n)
    };
    let one = |(anchor, title): (&Anchor, String)| {
        let (drawn, _) = anchor.said.get(&version)?;
        Some((Candidate { score: drawn.score.unwrap_or(1.0), hits: hits(drawn) }, title))
    };
    anchors.iter().zip(titles(anchors)).filter_map(one).collect()
}

fn is_same(a: &str, b: &str) -> bool {
    a.trim().eq_ignore_ascii_case(b.trim())
}

fn row(anchor: &Anchor, title: String, shown: &[usize], compared: bool) -> Row {
    let cell = |version: &usize| {
        let cell = match anchor.said.get(version) {
            Some((drawn, overlap)) => found(drawn, *overlap, anchor.is_true, compared),
            None if anchor.is_true => {
                Cell { words: "–".into(), mark: Some(Mark::Missing), figure: Some(0.0), ..Cell::default() }
            }
            None => Cell { words: "–".into(), ..Cell::default() },
        };
        (*version, cell)
    };
    let class = class_or(&anchor.drawn);
    let reference = anchor.is_true.then(|| Cell { words: "drawn".into(), ..on_picture(&anchor.drawn) });
    let said = shown.iter().map(cell).collect();
    Row { kind: Kind::Box, title, part: class.to_owned(), reference, said }
}

fn on_picture(drawn: &Drawn) -> Cell {
    let score = drawn.score.map_or_else(String::new, |score| format!(" {score:.2}"));
    let raw = format!("{}{score} [{}]", drawn.class, drawn.place.numbers());
    Cell {
        raw,
        form: Some(drawn.place.form()),
        sign: format!("{}{score}", drawn.class),
        sure: drawn.score,
        ..Cell::default()
    }
}

fn found(drawn: &Drawn, overlap: f64, is_true: bool, compared: bool) -> Cell {
    let score = drawn.score.map_or_else(|| "drawn".to_owned(), |score| format!("{score:.2}"));
    let cell = on_picture(drawn);
    if is_true {
        let words = format!("IoU {overlap:.2}");
        let detail = format!("score {score}, IoU {overlap:.3} with the reference");
        return Cell { words, mark: Some(Mark::Right), figure: Some(overlap), detail, ..cell };
    }
    let detail = format!("score {score}");
    Cell { words: score, mark: compared.then_some(Mark::Extra), figure: compared.then_some(0.0), detail, ..cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(class: &str, rect: Rect, score: f64) -> Drawn {
        Drawn { class: class.into(), place: Place::Flat(Slice::stored(0), rect), score: Some(score) }
    }

    #[test]
    fn boxes_in_space_overlap_by_volume_and_never_one_on_a_slice() {
        let deep = |x: f64, z: [f64; 2]| Place::Deep { min: [x, 0.0, z[0]], max: [x + 10.0, 10.0, z[1]] };
        let one = deep(0.0, [2.0, 6.0]);
        assert_eq!(one.overlap(&one), 1.0);
        // Half of the width and half of the depth is a quarter of either.
        assert!((one.overlap(&deep(5.0, [4.0, 8.0])) - 0.25 / 1.75).abs() < 1e-12);
        assert_eq!(one.overlap(&deep(20.0, [2.0, 6.0])), 0.0);
        assert_eq!(one.overlap(&Place::Flat(Slice::stored(3), [0.0, 0.0, 10.0, 10.0])), 0.0);
        assert_eq!((one.slices(), one.numbers()), ("slices 3 to 6".into(), "0.0, 0.0, 2.0, 10.0, 10.0, 6.0".into()));
    }

    #[test]
    fn each_object_is_found_once_and_what_two_invent_at_one_place_is_one_row() {
        let truth = [drawn("Nodule", [0.0, 0.0, 10.0, 10.0], 1.0), drawn("Nodule", [50.0, 50.0, 60.0, 60.0], 1.0)];
        let a = vec![
            drawn("nodule", [0.0, 0.0, 10.0, 9.0], 0.6),
            // Surer, but worse placed: it is served first.
            drawn("Nodule", [0.0, 0.0, 10.0, 6.0], 0.9),
            drawn("Nodule", [80.0, 80.0, 90.0, 90.0], 0.4),
        ];
        let b = vec![drawn("Nodule", [81.0, 80.0, 90.0, 90.0], 0.3), drawn("Cyst", [0.0, 0.0, 10.0, 10.0], 0.8)];
        let anchors = anchors(&truth, &[3, 5], &BTreeMap::from([(3, a), (5, b)]));
        let rows = rows(&anchors, &[3, 5], true);
        let found = found_by(3, &anchors, &truth);
        let hits: Vec<_> = found.iter().map(|(candidate, title)| (candidate.hits, title.as_str())).collect();
        let (first, second, third) = ("Nodule 1, slice 1", "nodule 3, slice 1", "Nodule 4, slice 1");
        assert_eq!(hits, [(Some(0), first), (Some(0), second), (None, third)], "a second hit is no invention here");
        let marks = |n: usize| [3, 5].map(|version| rows[n].said[&version].mark);
        assert_eq!(marks(0), [Some(Mark::Right), Some(Mark::Missing)]);
        assert_eq!(rows[0].said[&3].words, "IoU 0.60");
        assert_eq!(marks(1), [Some(Mark::Missing); 2]);
        assert_eq!(rows.len(), 5, "{rows:?}");
        let invented = rows.iter().filter(|row| row.reference.is_none()).map(|row| row.said.values());
        let counts: Vec<usize> =
            invented.map(|said| said.filter(|cell| cell.mark == Some(Mark::Extra)).count()).collect();
        assert_eq!(counts, [1, 2, 1], "the second hit on one object, the place both invent, another class");
        assert_eq!(rows[0].worst(|_| true), Some(0.0));
        assert_eq!(rows[0].worst(|version| version == 3), None);
    }
}
