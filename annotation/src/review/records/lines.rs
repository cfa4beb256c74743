//! One file of records as it is: of which kind, its lines, and what the pictures that it numbers are called.

use super::Table;
use super::answers::{self, Said, Truth};
use super::boxes::{self, BoxLine};
use super::classes::{self, ClassLine};
use super::landmarks::{self, Points};
use super::tracks::{self, TrackLine};
use crate::error::{Error, Result};
use crate::exchange::folder;
use crate::exchange::recipes::{self, Made};
use crate::review::said::Kind;
use crate::shapes::Slice;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What one file says.
#[derive(Clone, Debug)]
pub struct RecordFile {
    pub path: PathBuf,
    pub sha256: String,
    pub(in crate::review) lines: Lines,
    /// Of the pictures that boxes are on, by what lines call them.
    pub(in crate::review) pictures: BTreeMap<String, Numbered>,
    pub(in crate::review) categories: BTreeMap<String, String>,
    /// By its form it says what is right, not what a model thinks.
    pub is_truth: bool,
}

#[derive(Clone, Debug)]
pub(in crate::review) enum Lines {
    Boxes(Vec<BoxLine>),
    Classes(Vec<ClassLine>),
    Landmarks(Points),
    Answers(Vec<Said>),
    Truths(Vec<Truth>),
    Tracks(Vec<TrackLine>),
}

/// A picture that a COCO file has a number for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::review) struct Numbered {
    /// Path, hash, id of the image: what it may be known by.
    pub names: Vec<String>,
    /// Where the file says so.
    pub size: Option<[f64; 2]>,
    pub slice: Option<Slice>,
}

impl RecordFile {
    /// Reads a file of any kind; none where it is no file of records.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
        let read = match ending.as_str() {
            "json" => json(path)?,
            "jsonl" => Some(answered(path)?),
            "csv" => table(path)?,
            "npz" => tracks::film(path)?.map(|lines| (Lines::Tracks(lines), BTreeMap::new(), BTreeMap::new())),
            _ => None,
        };
        let Some((lines, pictures, categories)) = read else { return Ok(None) };
        let bytes = std::fs::read(path).map_err(Error::io(path, "could not read the file"))?;
        let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let is_truth = matches!(lines, Lines::Truths(_)) || !pictures.is_empty();
        Ok(Some(Self { path: path.to_path_buf(), sha256, lines, pictures, categories, is_truth }))
    }

    /// Whether it may say such things.
    #[must_use]
    pub const fn says(&self, kind: Kind) -> bool {
        match self.lines {
            Lines::Boxes(_) => matches!(kind, Kind::Box),
            Lines::Classes(_) => matches!(kind, Kind::Class),
            Lines::Landmarks(_) => matches!(kind, Kind::Landmark),
            Lines::Answers(_) | Lines::Truths(_) => matches!(kind, Kind::Answer | Kind::Text),
            Lines::Tracks(_) => matches!(kind, Kind::Track),
        }
    }

    /// Names for the numbers of results, from a COCO file beside them.
    pub(in crate::review) fn named_by(mut self, beside: &Beside) -> Self {
        if self.pictures.is_empty() && matches!(self.lines, Lines::Boxes(_)) {
            self.pictures.clone_from(&beside.pictures);
            self.categories.clone_from(&beside.categories);
        }
        // What we made ourselves is known by image and slice.
        for picture in self.pictures.values_mut() {
            let made = picture.names.iter().find_map(|name| beside.made.get(file_of(name)));
            if let Some(made) = made {
                picture.names.insert(0, made.image.to_string());
                picture.slice = Some(made.slice);
            }
        }
        self
    }

    /// Files of one kind in a folder are of several models.
    pub(in crate::review) const fn kind(&self) -> u8 {
        match self.lines {
            Lines::Boxes(_) => 0,
            Lines::Classes(_) => 1,
            Lines::Landmarks(_) => 2,
            Lines::Answers(_) | Lines::Truths(_) => 3,
            Lines::Tracks(_) => 4,
        }
    }

    /// Whether a folder of such files is of one model: one file is about one film.
    pub(in crate::review) fn is_one_of_many(&self) -> bool {
        self.kind() == 4 && self.path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("npz"))
    }
}

/// The last part of a path as a file has it.
fn file_of(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

/// Whether a file may hold records, by its ending.
pub(in crate::review) fn may_be(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ["json", "jsonl", "csv", "npz"].iter().any(|known| ending.eq_ignore_ascii_case(known)))
}

type Read = (Lines, BTreeMap<String, Numbered>, BTreeMap<String, String>);

fn json(path: &Path) -> Result<Option<Read>> {
    let text = folder::read_text(path)?;
    let says = |word: &str| text.contains(word);
    match text.trim_start().bytes().next() {
        Some(b'[') if says("\"image_id\"") => {
            Ok(Some((Lines::Boxes(boxes::results(path)?), BTreeMap::new(), BTreeMap::new())))
        }
        Some(b'{') if says("\"images\"") && says("\"annotations\"") => {
            let file: boxes::File = boxes::parse(path)?;
            let categories = categories_of(&file);
            let line = |one: &boxes::Annotation| BoxLine {
                image: one.image_id.to_string(),
                category: one.category_id.to_string(),
                rect: boxes::corners(one.bbox),
                score: None,
                slice: None,
                depth: None,
            };
            // A crowd is neither right nor wrong.
            let lines = file.annotations.iter().filter(|one| one.iscrowd == 0).map(line).collect();
            Ok(Some((Lines::Boxes(lines), pictures_of(&file), categories)))
        }
        _ => Ok(None),
    }
}

fn answered(path: &Path) -> Result<Read> {
    let text = folder::read_text(path)?;
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let lines = if first.contains("\"output\"") {
        Lines::Answers(answers::lines(path)?)
    } else {
        Lines::Truths(answers::lines(path)?)
    };
    Ok((lines, BTreeMap::new(), BTreeMap::new()))
}

fn table(path: &Path) -> Result<Option<Read>> {
    let table = Table::read(path)?;
    let has = |name: &str| table.column(name).is_some();
    let classes = classes::classes_of(&table);
    let lines = if has("image") && has("track") && has("frame") {
        Lines::Tracks(tracks::rows(path, &table)?)
    } else if has("image") && has("x1") {
        Lines::Boxes(boxes::rows(path, &table)?)
    } else if has("case") && has("name") && has("x") {
        Lines::Landmarks(landmarks::points(path, &table)?)
    } else if has("case") && (has("label") || !classes.is_empty()) {
        Lines::Classes(classes::lines(path, &table, &classes)?)
    } else {
        return Ok(None);
    };
    Ok(Some((lines, BTreeMap::new(), BTreeMap::new())))
}

fn pictures_of(file: &boxes::File) -> BTreeMap<String, Numbered> {
    let one = |image: &boxes::Image| {
        let names = [&image.file_name, &image.sha256].into_iter().filter(|name| !name.is_empty()).cloned().collect();
        let size = [image.width, image.height];
        (image.id.to_string(), Numbered { names, size: (size[0] > 0.0 && size[1] > 0.0).then_some(size), slice: None })
    };
    file.images.iter().map(one).collect()
}

fn categories_of(file: &boxes::File) -> BTreeMap<String, String> {
    file.categories.iter().map(|category| (category.id.to_string(), category.name.clone())).collect()
}

/// What other files of a folder say of the pictures that results number.
#[derive(Default)]
pub(in crate::review) struct Beside {
    pictures: BTreeMap<String, Numbered>,
    categories: BTreeMap<String, String>,
    made: BTreeMap<String, Made>,
}

impl Beside {
    /// In a folder and the one above it. What is nothing of the kind is passed over.
    pub fn of(folder: &Path) -> Self {
        let mut beside = Self::default();
        for folder in [Some(folder), folder.parent()].into_iter().flatten() {
            let made = recipes::read(folder).unwrap_or_default().into_iter();
            beside.made.extend(made.map(|made| (file_of(&made.file).to_owned(), made)));
            for path in small_json_in(folder) {
                let Some(text) = folder::read_text(&path).ok().filter(|text| text.contains("\"images\"")) else {
                    continue;
                };
                let Ok(file) = serde_json::from_str::<boxes::File>(&text) else { continue };
                // The nearer folder was first.
                for (id, picture) in pictures_of(&file) {
                    beside.pictures.entry(id).or_insert(picture);
                }
                for (id, name) in categories_of(&file) {
                    beside.categories.entry(id).or_insert(name);
                }
            }
        }
        beside
    }
}

/// JSON that may be a table of pictures; a folder full of other things is not read for it.
fn small_json_in(folder: &Path) -> Vec<PathBuf> {
    const MOST_FILES: usize = 40;
    const MOST_BYTES: u64 = 256 << 20;
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let is_one = |path: &PathBuf| {
        let small = std::fs::metadata(path).is_ok_and(|about| about.is_file() && about.len() <= MOST_BYTES);
        small && path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"))
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_one).collect();
    paths.sort();
    paths.truncate(MOST_FILES);
    paths
}
