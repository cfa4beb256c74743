//! What models say in records about pictures that are open: rows with one cell for each version beside the reference, and
//! which of them are right by the rules of docs/review.md. Whatever has no picture, and whatever cannot be read, is kept
//! with its reason.

mod answers;
mod boxes;
mod classes;
mod landmarks;
pub mod plots;
mod tracks;
pub mod words;

use super::opened::{Picture, named};
use super::records::{Lines, Reading, RecordFile};
use crate::contents::Contents;
use crate::entity::ImageId;
use crate::error::Result;
use crate::shapes::Form;
use limner_imaging::Task;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
pub use tracks::Path;
use words::Change;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Answer,
    Text,
    Class,
    Box,
    Landmark,
    Track,
}

impl Kind {
    pub const ALL: [Self; 6] = [Self::Answer, Self::Text, Self::Class, Self::Box, Self::Landmark, Self::Track];

    /// What a row without a class or a type is part of.
    #[must_use]
    pub const fn part(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Text => "text",
            Self::Class => "class",
            Self::Box => "box",
            Self::Landmark => "landmark",
            Self::Track => "track",
        }
    }

    /// For people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Answer => "Answers",
            Self::Text => "Reports",
            Self::Class => "Classes",
            Self::Box => "Boxes",
            Self::Landmark => "Landmarks",
            Self::Track => "Tracks",
        }
    }
}

/// How what a version says stands to the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    Right,
    Wrong,
    /// A text with other words; its figure says how far.
    Differs,
    /// Nothing was said where the reference says something.
    Missing,
    Unreadable,
    /// The reference has no such thing.
    Extra,
}

impl Mark {
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Wrong => "wrong",
            Self::Differs => "differs",
            Self::Missing => "missing",
            Self::Unreadable => "not readable",
            Self::Extra => "invented",
        }
    }
}

/// What one version says in a row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    /// Short, for a column.
    pub words: String,
    /// None where there is nothing to compare with.
    pub mark: Option<Mark>,
    /// How good it is, from 0 to 1: the IoU, the share of words, 1 for right.
    pub figure: Option<f64>,
    /// Figures in words.
    pub detail: String,
    /// What the model put out, unchanged.
    pub raw: String,
    /// Why it could not be read.
    pub why: Option<String>,
    /// Where it is on the picture.
    pub form: Option<Form>,
    /// Of a track: where it is on each frame. Its form is on the frame that is farthest off.
    pub path: Option<Arc<Path>>,
    /// On the picture beside the form.
    pub sign: String,
    /// Of a picture, without anything beside it.
    pub class: Option<String>,
    /// How sure the version is, from 0 to 1.
    pub sure: Option<f64>,
    /// From where the reference has it.
    pub distance_mm: Option<f64>,
    /// Of texts, against the reference.
    pub diff: Vec<(Change, String)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub kind: Kind,
    /// The question, the class, the landmark.
    pub title: String,
    /// The type of question.
    pub part: String,
    pub reference: Option<Cell>,
    /// By the place of the version.
    pub said: BTreeMap<usize, Cell>,
}

impl Row {
    /// What the worst of some versions is worth; none where nothing is wrong.
    #[must_use]
    pub fn worst(&self, versions: impl Fn(usize) -> bool) -> Option<f64> {
        let wrong = |(version, cell): (&usize, &Cell)| {
            let wrong = versions(*version) && cell.mark.is_some_and(|mark| mark != Mark::Right);
            wrong.then(|| cell.figure.unwrap_or(0.0))
        };
        self.said.iter().filter_map(wrong).min_by(f64::total_cmp)
    }

    /// Whether versions say different things.
    #[must_use]
    pub fn is_disputed(&self, versions: impl Fn(usize) -> bool) -> bool {
        let said: Vec<&Cell> = self.said.iter().filter(|(n, _)| versions(**n)).map(|(_, cell)| cell).collect();
        let marks: BTreeSet<Option<&str>> = said.iter().map(|cell| cell.mark.map(Mark::word)).collect();
        let words: BTreeSet<&str> = said.iter().map(|cell| cell.words.as_str()).collect();
        match self.kind {
            Kind::Answer | Kind::Class | Kind::Text => words.len() > 1,
            Kind::Box | Kind::Landmark | Kind::Track => {
                marks.len() > 1 || marks.iter().flatten().any(|mark| *mark == "invented")
            }
        }
    }
}

/// A line that belongs to no picture or question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    pub version: usize,
    pub key: String,
    pub why: String,
}

/// An output that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    pub version: usize,
    pub id: String,
    pub why: String,
    pub output: String,
}

/// Everything that versions say, by picture.
#[derive(Clone, Debug)]
pub struct Records<K> {
    pub rows: BTreeMap<K, Vec<Row>>,
    pub left: Vec<Left>,
    pub unreadable: Vec<Unreadable>,
    /// What boxes find, for the free-response curve.
    pub found: plots::Found<K>,
}

impl<K> Default for Records<K> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), left: Vec::new(), unreadable: Vec::new(), found: plots::Found::new() }
    }
}

/// What is needed to know whose lines are about what.
pub struct About<'a, K> {
    pub contents: &'a Contents,
    pub pictures: &'a [Picture<K>],
    /// Those that are in the project; the others wait until they are opened.
    pub images: &'a BTreeMap<K, ImageId>,
    pub how: Reading,
    /// The version all others are compared with; the project's own answers and drawings where none is.
    pub reference: Option<usize>,
}

/// The files of each version, by its place.
pub type Versions = [(usize, Vec<Arc<RecordFile>>)];

/// Brings the records of all versions into rows.
pub fn compare<K: Copy + Ord>(about: &About<'_, K>, versions: &Versions, task: &Task) -> Result<Records<K>> {
    let mut records = Records::default();
    answers::compare(about, versions, &mut records, task)?;
    task.cancel.check()?;
    classes::compare(about, versions, &mut records);
    boxes::compare(about, versions, &mut records);
    landmarks::compare(about, versions, &mut records);
    tracks::compare(about, versions, &mut records);
    task.cancel.check()?;
    for rows in records.rows.values_mut() {
        rows.sort_by_key(|row| row.kind);
        told_apart(rows);
    }
    Ok(records)
}

/// Rows of one kind that are called the same are numbered.
fn told_apart(rows: &mut [Row]) {
    let mut known: BTreeMap<(Kind, String), usize> = BTreeMap::new();
    for row in rows {
        let count = known.entry((row.kind, row.title.clone())).or_default();
        *count += 1;
        if *count > 1 {
            row.title = format!("{} ({count})", row.title);
        }
    }
}

impl<K: Copy + Ord> About<'_, K> {
    /// The picture that one of these names means, where it is in the project.
    fn find(&self, names: &[&str]) -> std::result::Result<Found<K>, String> {
        let (picture, slice) = named(self.pictures, names)?;
        let image = self.images.get(&picture.key).copied();
        Ok(Found { key: picture.key, image, slice })
    }
}

struct Found<K> {
    key: K,
    image: Option<ImageId>,
    slice: Option<usize>,
}

/// Of a kind: the lines of every version that has some.
fn lines_of<'a, T>(versions: &'a Versions, of: impl Fn(&'a RecordFile) -> Option<T>) -> Vec<(usize, T)> {
    let each = versions.iter().flat_map(|(n, files)| files.iter().map(move |file| (*n, file.as_ref())));
    each.filter_map(|(n, file)| Some((n, of(file)?))).collect()
}

/// Which version is the reference of a kind: the one that was chosen where it speaks of such things, else, where the project
/// says nothing, a file that by its form says what is right.
fn reference_of(
    chosen: Option<usize>,
    versions: &Versions,
    has: impl Fn(&RecordFile) -> bool,
    own: bool,
) -> Option<usize> {
    let speaks = |files: &[Arc<RecordFile>]| files.iter().any(|file| has(file));
    let by_choice = versions.iter().find(|(n, files)| Some(*n) == chosen && speaks(files));
    let by_form = || {
        let is_truth = |files: &[Arc<RecordFile>]| files.iter().any(|file| file.is_truth && has(file));
        versions.iter().find(|(_, files)| !own && is_truth(files))
    };
    by_choice.or_else(by_form).map(|(n, _)| *n)
}

/// The beginning of a text, for a column.
fn short(text: &str) -> String {
    const MOST: usize = 60;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= MOST { line } else { line.chars().take(MOST).chain(['…']).collect() }
}
