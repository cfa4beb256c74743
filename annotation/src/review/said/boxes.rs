//! Boxes of detectors: which object each version found, which it missed and which it invented.
//!
//! A box finds an object of its class and slice at an IoU of 0.5; the surest box is served first, each object is found once.
//! What several versions invent at one place is one row.

use super::{About, Cell, Found, Kind, Left, Lines, Mark, Records, Row, Versions, lines_of, reference_of};
use crate::contents::Contents;
use crate::entity::ImageId;
use crate::exchange::vqa::boxes::{Rect, iou};
use crate::image_entry::ImageEntry;
use crate::review::records::RecordFile;
use crate::review::records::boxes::BoxLine;
use crate::shapes::{Form, Slice};
use std::collections::{BTreeMap, BTreeSet};

/// A box finds what it overlaps so far.
const FOUND: f64 = 0.5;

#[derive(Clone, Debug)]
struct Drawn {
    class: String,
    slice: Slice,
    rect: Rect,
    score: Option<f64>,
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
        records.rows.entry(key).or_default().extend(rows(&truth, &shown, &said));
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
    let rect = line.rect;
    if rect[2] <= rect[0] || rect[3] <= rect[1] {
        return Err("a box ends before it begins".into());
    }
    let class = class_of(about.contents, file, &line.category);
    Ok((found, Drawn { class, slice: stored, rect, score: line.score }))
}

/// By the file, else by the label with this number: our own exports number classes so.
fn class_of(contents: &Contents, file: &RecordFile, category: &str) -> String {
    let label =
        || category.parse().ok().and_then(|value| contents.label_of_value(value)).map(|label| label.name.clone());
    let number = || category.parse::<u64>().ok().map(|number| format!("Class {number}"));
    let named = file.categories.get(category).cloned();
    named.or_else(label).or_else(number).unwrap_or_else(|| category.to_owned())
}

/// The project's own boxes, each with its label.
fn own(contents: &Contents, image: ImageId) -> Vec<Drawn> {
    let drawn = |shape: &crate::shapes::Shape| {
        let Form::Box2d { slice, min, max } = shape.form else { return None };
        let label = shape.label.and_then(|id| contents.label(id)).map(|label| label.name.clone());
        let class = label.or_else(|| shape.text.clone()).unwrap_or_default();
        Some(Drawn { class, slice, rect: [min[0], min[1], max[0], max[1]], score: None })
    };
    contents.shapes_on(image).filter_map(drawn).collect()
}

/// An object, or what somebody took for one, and who found it.
struct Anchor {
    drawn: Drawn,
    is_true: bool,
    said: BTreeMap<usize, (Drawn, f64)>,
}

fn rows(truth: &[Drawn], shown: &[usize], said: &BTreeMap<usize, Vec<Drawn>>) -> Vec<Row> {
    let anchor = |drawn: &Drawn, is_true| Anchor { drawn: drawn.clone(), is_true, said: BTreeMap::new() };
    let mut anchors: Vec<Anchor> = truth.iter().map(|drawn| anchor(drawn, true)).collect();
    for version in shown {
        let mut boxes: Vec<&Drawn> = said.get(version).into_iter().flatten().collect();
        boxes.sort_by(|a, b| b.score.unwrap_or(1.0).total_cmp(&a.score.unwrap_or(1.0)));
        for drawn in boxes {
            let fits = |a: &Anchor| {
                let alike = a.drawn.slice == drawn.slice && is_same(&a.drawn.class, &drawn.class);
                let overlap = iou(a.drawn.rect, drawn.rect);
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
    let compared = !truth.is_empty();
    let mut counted: BTreeMap<String, usize> = BTreeMap::new();
    anchors
        .iter()
        .map(|anchor| {
            let n = counted.entry(anchor.drawn.class.to_lowercase()).or_default();
            *n += 1;
            row(anchor, *n, shown, compared)
        })
        .collect()
}

fn is_same(a: &str, b: &str) -> bool {
    a.trim().eq_ignore_ascii_case(b.trim())
}

fn row(anchor: &Anchor, number: usize, shown: &[usize], compared: bool) -> Row {
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
    let class = if anchor.drawn.class.is_empty() { "Box without a class" } else { &anchor.drawn.class };
    let title = format!("{class} {number}, slice {}", anchor.drawn.slice.index + 1);
    let reference = anchor.is_true.then(|| Cell { words: "drawn".into(), ..on_picture(&anchor.drawn) });
    let said = shown.iter().map(cell).collect();
    Row { kind: Kind::Box, title, part: class.to_owned(), reference, said }
}

fn on_picture(drawn: &Drawn) -> Cell {
    let [x0, y0, x1, y1] = drawn.rect;
    let form = Form::Box2d { slice: drawn.slice, min: [x0, y0], max: [x1, y1] };
    let score = drawn.score.map_or_else(String::new, |score| format!(" {score:.2}"));
    let raw = format!("{}{score} [{x0:.1}, {y0:.1}, {x1:.1}, {y1:.1}]", drawn.class);
    Cell { raw, form: Some(form), sign: format!("{}{score}", drawn.class), ..Cell::default() }
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
        Drawn { class: class.into(), slice: Slice::stored(0), rect, score: Some(score) }
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
        let rows = rows(&truth, &[3, 5], &BTreeMap::from([(3, a), (5, b)]));
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
