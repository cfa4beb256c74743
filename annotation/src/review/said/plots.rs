//! The plots of records. What a dot or a cell stands for is the number of its row.

use super::{Cell, Kind, Mark, Row};
use crate::metrics::classes::{Confusion, bin_of, reliability};
use crate::metrics::lesions::{Candidate, FrocCase, froc};
use crate::review::plot::{self, Axis, Column, Drawing, Line, Point, Table, Tip, Valued};
use std::collections::{BTreeMap, BTreeSet};

/// A box has to overlap so far to find a thing on the free-response curve.
pub const FROC_FOUND: f64 = 0.3;
/// Of reliability diagrams and of the calibration error.
pub const BINS: usize = 10;

/// What the boxes of a version find on a picture, and the title of the row that each of them stands in.
#[derive(Clone, Debug, PartialEq)]
pub struct Pictured<K> {
    pub key: K,
    pub lesions: usize,
    pub boxes: Vec<(Candidate, String)>,
}

/// By version.
pub type Found<K> = BTreeMap<usize, Vec<Pictured<K>>>;

/// Rows with their numbers and what their cases are called, and versions with what they are called.
pub struct Shown<'a> {
    pub rows: Vec<(usize, &'a str, &'a Row)>,
    pub versions: Vec<(usize, String)>,
}

impl Kind {
    /// What the spread of such rows is of.
    #[must_use]
    pub const fn measure(self) -> Option<&'static str> {
        match self {
            Self::Answer | Self::Class => None,
            Self::Text => Some("Token F1"),
            Self::Box => Some("IoU of what was found"),
            Self::Landmark => Some("Distance (mm)"),
            Self::Track => Some("Average Jaccard"),
        }
    }
}

impl Cell {
    fn measured(&self, kind: Kind) -> Option<f64> {
        match kind {
            Kind::Answer | Kind::Class => None,
            Kind::Box => self.figure.filter(|_| self.mark == Some(Mark::Right)),
            Kind::Text | Kind::Track => self.figure.filter(|_| self.mark.is_some()),
            Kind::Landmark => self.distance_mm,
        }
    }

    const fn is_wrong(&self) -> bool {
        !matches!(self.mark, Some(Mark::Right))
    }
}

impl<'a> Shown<'a> {
    /// What a version says in rows of a kind: the row's number and case, the row and the cell.
    fn of(&self, version: usize, kind: Kind) -> impl Iterator<Item = (usize, &'a str, &'a Row, &'a Cell)> {
        let rows = self.rows.iter().filter(move |(.., row)| row.kind == kind);
        rows.filter_map(move |(to, case, row)| Some((*to, *case, *row, row.said.get(&version)?)))
    }

    /// Box and violin of what is measured in rows of a kind; none where nothing is.
    #[must_use]
    pub fn spread(&self, kind: Kind) -> Option<Drawing> {
        let measure = kind.measure()?;
        let column = |(version, name): &(usize, String)| {
            let values = self.of(*version, kind).filter_map(|(to, case, row, cell)| {
                Some(Valued { of: format!("{case}, {}", row.title), value: cell.measured(kind)?, to })
            });
            Column { name: name.clone(), values: values.collect() }
        };
        let columns: Vec<Column> = self.versions.iter().map(column).collect();
        let limits = if kind == Kind::Landmark { [0.0, f64::MAX] } else { [0.0, 1.0] };
        let any = columns.iter().any(|column| !column.values.is_empty());
        any.then(|| plot::spread(&format!("{}: {measure}", kind.title()), measure, &columns, Some(limits)))
    }

    /// How much of each kind of thing is right, versions by kinds. A cell stands for its rows, wrong ones first.
    #[must_use]
    pub fn right(&self) -> Option<Drawing> {
        let part = |row: &Row| match row.kind {
            Kind::Answer => row.part.clone(),
            kind => kind.title().to_owned(),
        };
        let judged = self.rows.iter().filter(|(.., row)| row.kind != Kind::Text);
        let judged: Vec<_> = judged.filter(|(.., row)| row.said.values().any(|cell| cell.mark.is_some())).collect();
        let parts: BTreeSet<(Kind, String)> = judged.iter().map(|(.., row)| (row.kind, part(row))).collect();
        let parts: Vec<(Kind, String)> = parts.into_iter().collect();
        let cells = |r: usize, c: usize| {
            let mine = judged.iter().filter(|(.., row)| (row.kind, part(row)) == parts[c]);
            let said = mine.filter_map(|(to, _, row)| Some((*to, row.said.get(&self.versions[r].0)?)));
            said.filter(|(_, cell)| cell.mark.is_some()).collect::<Vec<(usize, &Cell)>>()
        };
        let share = |r: usize, c: usize| {
            let cells = cells(r, c);
            let right = cells.iter().filter(|(_, cell)| !cell.is_wrong()).count();
            (!cells.is_empty()).then(|| right as f64 / cells.len() as f64)
        };
        let row = |r: usize| (self.versions[r].1.clone(), (0..parts.len()).map(|c| share(r, c)).collect());
        let rows: Vec<(String, Vec<Option<f64>>)> = (0..self.versions.len()).map(row).collect();
        let columns: Vec<String> = parts.iter().map(|(_, part)| part.clone()).collect();
        let to = |r: usize, c: usize| {
            let (wrong, right): (Vec<_>, Vec<_>) = cells(r, c).into_iter().partition(|(_, cell)| cell.is_wrong());
            wrong.into_iter().chain(right).map(|(to, _)| to).collect()
        };
        (!parts.is_empty()).then(|| plot::heat("Share of what is right", &Table { columns, rows }, |v| v, to))
    }

    /// Of the classes that the n-th version gave pictures. A cell stands for its rows.
    #[must_use]
    pub fn confusion(&self, n: usize) -> Option<Drawing> {
        let (version, name) = self.versions.get(n)?;
        let pair = |(to, _, row, cell): (usize, &'a str, &'a Row, &'a Cell)| {
            Some((to, row.reference.as_ref()?.class.as_deref()?, cell.class.as_deref()?))
        };
        let pairs: Vec<(usize, &str, &str)> = self.of(*version, Kind::Class).filter_map(pair).collect();
        let mut classes: Vec<&str> = Vec::new();
        for class in pairs.iter().flat_map(|(_, truth, said)| [*truth, *said]) {
            if place(&classes, class).is_none() {
                classes.push(class);
            }
        }
        classes.sort_unstable();
        let placed =
            |(to, truth, said): &(usize, &str, &str)| Some((*to, place(&classes, truth)?, place(&classes, said)?));
        let placed: Vec<(usize, usize, usize)> = pairs.iter().filter_map(placed).collect();
        let counted: Vec<(usize, usize)> = placed.iter().map(|(_, truth, said)| (*truth, *said)).collect();
        let confused = Confusion::of(&counted, classes.len());
        let to = |r: usize, c: usize| {
            let here = placed.iter().filter(|(_, truth, said)| (*truth, *said) == (r, c));
            here.map(|(to, ..)| *to).collect()
        };
        let names: Vec<String> = classes.iter().map(|class| (*class).to_owned()).collect();
        (!placed.is_empty()).then(|| plot::confusion(&format!("Confusion of {name}"), &names, &confused, to))
    }

    /// How often what a version is so sure of is right. A dot stands for its rows: wrong ones first, the surest first.
    #[must_use]
    pub fn reliability(&self) -> Option<Drawing> {
        let line = |(version, name): &(usize, String)| {
            let sure = |(to, _, row, cell): (usize, &'a str, &'a Row, &'a Cell)| {
                row.reference.as_ref()?;
                Some(Sure { to, confidence: cell.sure?, is_right: !cell.is_wrong() })
            };
            let all: Vec<Sure> = self.of(*version, Kind::Class).filter_map(sure).collect();
            (!all.is_empty()).then(|| reliability_line(name, all))
        };
        let lines: Vec<Line> = self.versions.iter().filter_map(line).collect();
        (!lines.is_empty()).then(|| reliability_drawing(&lines))
    }
}

fn place(classes: &[&str], class: &str) -> Option<usize> {
    classes.iter().position(|known| known.trim().eq_ignore_ascii_case(class.trim()))
}

/// A class that was given with its probability.
#[derive(Clone, Copy, Debug)]
pub struct Sure {
    pub to: usize,
    pub confidence: f64,
    pub is_right: bool,
}

/// One point for each bin that is not empty.
#[must_use]
pub fn reliability_line(name: &str, mut all: Vec<Sure>) -> Line {
    let confidences: Vec<f64> = all.iter().map(|one| one.confidence).collect();
    let right: Vec<bool> = all.iter().map(|one| one.is_right).collect();
    let bins = reliability(&confidences, &right, BINS);
    all.sort_by(|a, b| a.is_right.cmp(&b.is_right).then(b.confidence.total_cmp(&a.confidence)));
    let mut in_bins: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for one in all {
        in_bins.entry(bin_of(one.confidence, BINS)).or_default().push(one.to);
    }
    let point = |(bin, to): (&crate::metrics::classes::Bin, Vec<usize>)| {
        let (count, sure, right) = (bin.count, bin.confidence, bin.accuracy);
        let text = format!("{name}: confidence {sure:.3}, {right:.3} right of {count}");
        Point { at: [sure, right], tip: Tip::new(text, to) }
    };
    Line { name: name.to_owned(), points: bins.iter().zip(in_bins.into_values()).map(point).collect(), stairs: false }
}

#[must_use]
pub fn reliability_drawing(lines: &[Line]) -> Drawing {
    let (x, y) = (Axis::fixed("Confidence", 0.0, 1.0), Axis::fixed("Accuracy", 0.0, 1.0));
    plot::curves("Reliability", &x, &y, lines, true)
}

/// The free-response curves of all versions; none where there is nothing to find. `to` says which row has a title.
#[must_use]
pub fn froc_of<K>(
    found: &Found<K>,
    versions: &[(usize, String)],
    to: impl Fn(&K, &str) -> Option<usize>,
) -> Option<Drawing> {
    let mut lines = Vec::new();
    for (version, name) in versions {
        let Some(pictures) = found.get(version) else { continue };
        let case = |one: &Pictured<K>| FrocCase {
            lesions: one.lesions,
            candidates: one.boxes.iter().map(|(candidate, _)| *candidate).collect(),
        };
        let curve = froc(&pictures.iter().map(case).collect::<Vec<_>>());
        let points = curve.iter().map(|point| {
            let text = format!(
                "{name}, score {:.3} and above: sensitivity {:.3}, {:.2} false positives per picture",
                point.score, point.sensitivity, point.false_per_case
            );
            let at_score = pictures.iter().flat_map(|one| one.boxes.iter().map(move |(c, row)| (&one.key, c, row)));
            let rows = at_score.filter(|(_, c, _)| c.score == point.score).filter_map(|(key, _, row)| to(key, row));
            Point { at: [point.false_per_case, point.sensitivity], tip: Tip::new(text, rows.collect()) }
        });
        let points: Vec<Point> = points.collect();
        if !points.is_empty() {
            lines.push(Line { name: name.clone(), points, stairs: true });
        }
    }
    (!lines.is_empty()).then(|| froc_drawing("picture", &lines))
}

/// As far as there are curves, up to 8 false positives.
#[must_use]
pub fn froc_drawing(per: &str, lines: &[Line]) -> Drawing {
    let most = lines.iter().flat_map(|line| &line.points).map(|point| point.at[0]).fold(0.0, f64::max);
    let high = [1.0, 2.0, 4.0, 8.0].into_iter().find(|high| most <= *high).unwrap_or(8.0);
    let x = Axis::fixed(&format!("False positives per {per}"), 0.0, high);
    let title = format!("FROC at IoU {FROC_FOUND}");
    plot::curves(&title, &x, &Axis::fixed("Sensitivity", 0.0, 1.0), lines, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class_row(truth: &str, said: &str, sure: f64) -> Row {
        let mark = if truth == said { Mark::Right } else { Mark::Wrong };
        let cell =
            Cell { mark: Some(mark), class: Some(said.into()), sure: Some(sure), figure: Some(0.0), ..Cell::default() };
        let reference = Some(Cell { class: Some(truth.into()), ..Cell::default() });
        let said = BTreeMap::from([(3, cell)]);
        Row { kind: Kind::Class, title: "Class of the picture".into(), part: "class".into(), reference, said }
    }

    #[test]
    fn classes_are_counted_and_a_bin_leads_to_what_is_wrong_in_it() {
        let rows = [class_row("a", "a", 0.95), class_row("a", "b", 0.93), class_row("b", "b", 0.55)];
        let rows: Vec<(usize, &str, &Row)> = rows.iter().enumerate().map(|(n, row)| (n, "case", row)).collect();
        let shown = Shown { rows, versions: vec![(3, "net".into())] };
        let confusion = shown.confusion(0).expect("there are classes");
        let cells: Vec<_> = confusion.spots().map(|(tip, ..)| tip.clone()).collect();
        assert_eq!(cells.iter().map(|tip| tip.to.clone()).collect::<Vec<_>>(), [vec![0], vec![1], vec![], vec![2]]);
        assert_eq!(cells[1].text, "a taken for b: 1 of 2");
        let reliability = shown.reliability().expect("there are probabilities");
        let dots: Vec<_> = reliability.spots().map(|(tip, ..)| tip.clone()).collect();
        assert_eq!(dots.iter().map(|tip| tip.to.clone()).collect::<Vec<_>>(), [vec![2], vec![1, 0]]);
        assert_eq!(dots[1].text, "net: confidence 0.940, 0.500 right of 2");
        let right = shown.right().expect("something is judged");
        let (tip, ..) = right.spots().next().expect("one cell");
        assert_eq!((tip.text.as_str(), &tip.to[..]), ("net, Classes: 0.6667", &[1, 0, 2][..]));
        assert!(shown.spread(Kind::Landmark).is_none());
    }

    #[test]
    fn a_point_of_the_curve_leads_to_the_boxes_of_its_score() {
        let one = |score, hits, row: &str| (Candidate { score, hits }, row.to_owned());
        let boxes = vec![one(0.9, Some(0), "Nodule 1"), one(0.4, None, "Nodule 2")];
        let found = Found::from([(3, vec![Pictured { key: 7, lesions: 2, boxes }])]);
        let drawing = froc_of(&found, &[(3, "net".into())], |key, row| {
            assert_eq!(*key, 7);
            row.ends_with('2').then_some(5)
        });
        let drawing = drawing.expect("there are lesions");
        let dots: Vec<_> = drawing.spots().map(|(tip, ..)| tip.clone()).collect();
        assert_eq!(dots[1].to, [5]);
        assert_eq!(dots[1].text, "net, score 0.400 and above: sensitivity 0.500, 1.00 false positives per picture");
        let none = Found::from([(3, vec![Pictured { key: 7, lesions: 0, boxes: Vec::new() }])]);
        assert!(froc_of(&none, &[(3, "net".into())], |_, _| None).is_none());
    }
}
