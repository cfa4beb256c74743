//! Everything a data set of pictures says, in one form: sheets with items on them, in pixels with corner origin.
//!
//! A format of pictures is a `Flat`: it says what it can hold (`fit`), writes a set and reads one back. Pictures,
//! dry run, self-check and import are the same for all of them and live here.

pub(crate) mod body;
mod brush;
mod card;
mod check;
pub(crate) mod coco;
pub(crate) mod cvat;
pub(crate) mod datumaro;
mod gather;
pub(crate) mod hub;
pub(crate) mod keypoints;
pub(crate) mod label_studio;
pub(crate) mod labelme;
pub(crate) mod nih;
pub(crate) mod outline;
pub(crate) mod paired;
pub(crate) mod panoptic;
pub(crate) mod picture;
mod place;
mod reframe;
pub mod rle;
pub(crate) mod voc;
pub(crate) mod webdataset;
pub(crate) mod yolo;

use crate::ImageId;
use crate::contents::Contents;
use crate::error::Result;
use crate::exchange::import::{Import, Reading};
use crate::exchange::{DryRun, Exchange, Holds, Job, Options, Preview, SelfCheck, Status};
use crate::shapes::Slice;
pub(crate) use body::Body;
pub(crate) use gather::masks_on;
pub use reframe::{Crop, picture_size};
pub(crate) use reframe::{Reframe, rectangle};
use std::path::Path;

/// A whole data set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Set {
    pub labels: Vec<SetLabel>,
    pub sheets: Vec<Sheet>,
}

/// What an item can be called.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct SetLabel {
    /// As label maps hold it; for data sets of others, as the data set numbers it.
    pub value: u16,
    pub name: String,
    /// From the root of the ontology down to the parent.
    pub ancestors: Vec<String>,
    pub colour: Option<[u8; 3]>,
}

/// One picture and what is on it.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    /// From the folder of the data set, with forward slashes.
    pub file: String,
    pub size: [usize; 2],
    /// Unique in the project and the same in every export of it.
    pub number: u64,
    pub part: Option<String>,
    pub source: Option<Source>,
    pub items: Vec<Item>,
}

/// The stored slice that a sheet shows.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub image: ImageId,
    pub slice: Slice,
    pub sha256: String,
    /// Millimetres (or pixels, where no spacing is known) per pixel, the larger of the two.
    pub step: f64,
    /// Set where the picture is a part of the slice or scaled.
    pub reframe: Option<Reframe>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Item {
    /// Names a label of the set by its value.
    pub label: Option<u16>,
    pub body: Body,
    pub text: Option<String>,
}

/// What becomes of an item in a format.
pub(crate) enum Fit {
    Kept(Item),
    /// Still there in another form; the word is one of `lossy`.
    Changed(Item, &'static str),
    Lost(&'static str),
}

impl Sheet {
    /// The file name without folders and ending.
    pub(crate) fn stem(&self) -> &str {
        let name = self.file.rsplit('/').next().unwrap_or(&self.file);
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }
}

impl Set {
    pub(crate) fn label(&self, value: u16) -> Option<&SetLabel> {
        self.labels.iter().find(|label| label.value == value)
    }

    pub(crate) fn name_of(&self, item: &Item) -> &str {
        item.label.and_then(|value| self.label(value)).map_or("", |label| label.name.as_str())
    }

    /// The value of a label by its name; one that is new gets the next free value.
    pub(crate) fn value_of(&mut self, name: &str) -> u16 {
        if let Some(known) = self.labels.iter().find(|label| label.name == name) {
            return known.value;
        }
        let value = (1..u16::MAX).find(|v| self.labels.iter().all(|l| l.value != *v)).unwrap_or(u16::MAX);
        self.labels.push(SetLabel { value, name: name.into(), ..SetLabel::default() });
        value
    }
}

/// A format of pictures.
pub(crate) trait Flat: Sync {
    fn name(&self) -> &'static str;

    fn title(&self) -> &'static str;

    fn status(&self) -> Status {
        Status::Checked
    }

    /// The words of `fit`.
    fn lossy(&self) -> &'static [&'static str];

    /// What becomes of an item on a picture of this size.
    fn fit(&self, item: &Item, size: [usize; 2]) -> Fit;

    /// Makes the items of a picture agree with each other; how many changed by that counts as `OVERLAPS`.
    fn settle(&self, items: Vec<Item>) -> (Vec<Item>, usize) {
        (items, 0)
    }

    /// Whether an item keeps its note.
    fn keeps_text(&self) -> bool {
        false
    }

    /// Where a picture goes, from its name without ending and its part.
    fn picture(&self, stem: &str, part: Option<&str>) -> String;

    /// Writes everything but the pictures.
    fn put(&self, set: &Set, out: &Path, job: &Job<'_>) -> Result<()>;

    /// Reads what `put` or another program wrote.
    fn get(&self, path: &Path, reading: &Reading<'_>) -> Result<Set>;

    /// What is said of a folder without a single picture of the format.
    fn nothing(&self) -> &'static str {
        "no picture of this format was found in it"
    }

    /// How far a coordinate may be off after reading back, in pixels, on a picture of this size.
    fn tolerance(&self, size: [usize; 2]) -> f64 {
        let _ = size;
        1e-6
    }
}

pub(crate) const NO_LABEL: &str = "shapes without a label";
pub(crate) const NOTES: &str = "notes on shapes";
pub(crate) const ACROSS: &str = "shapes across stored slices";
pub(crate) const SOLIDS: &str = "3D boxes and confidence maps";
pub(crate) const MEASURES: &str = "rulers and angles";
pub(crate) const HOLES: &str = "holes";
pub(crate) const CURVES: &str = "curves";
pub(crate) const PIXELS: &str = "masks of pixels";
pub(crate) const PARTS: &str = "parts of an object that do not touch";
pub(crate) const POINTS: &str = "points and lines";
pub(crate) const OUTLINES: &str = "outlines";
pub(crate) const OVERLAPS: &str = "overlapping objects";
pub(crate) const TURNS: &str = "turned boxes";
/// What no format of pictures keeps.
const ALWAYS_LOST: [&str; 4] = [NO_LABEL, ACROSS, SOLIDS, MEASURES];

/// Makes an `Exchange` of a `Flat`.
pub(crate) struct Pictures<F>(pub F);

impl<F: Flat> Exchange for Pictures<F> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn title(&self) -> &'static str {
        self.0.title()
    }

    fn holds(&self) -> Holds {
        Holds::Flat
    }

    fn status(&self) -> Status {
        self.0.status()
    }

    fn lossy(&self) -> Vec<&'static str> {
        let notes = (!self.0.keeps_text()).then_some(NOTES);
        self.0.lossy().iter().copied().chain(ALWAYS_LOST).chain(notes).collect()
    }

    fn writes_pictures(&self) -> bool {
        true
    }

    fn dry_run(&self, contents: &Contents, options: &Options) -> DryRun {
        let mut run = DryRun::default();
        gather::set(&self.0, contents, options, &mut run);
        run
    }

    fn preview(&self, contents: &Contents, options: &Options, most: usize) -> Vec<Preview> {
        let set = gather::first_sheets(&self.0, contents, options, most);
        let words = |item: &Item| format!("{} ({})", set.name_of(item), item.body.word());
        let says = |sheet: &Sheet| match sheet.items.as_slice() {
            [] => "nothing".to_owned(),
            items => items.iter().map(words).collect::<Vec<_>>().join(", "),
        };
        let image = |sheet: &Sheet| sheet.source.as_ref().map(|source| source.image);
        let of = |sheet: &Sheet| Preview { name: sheet.file.clone(), says: says(sheet), image: image(sheet) };
        set.sheets.iter().map(of).collect()
    }

    fn write(&self, job: &Job<'_>, out: &Path) -> Result<SelfCheck> {
        let set = gather::set(&self.0, job.contents, job.options, &mut DryRun::default());
        let recipes = gather::write_pictures(&set, job, out)?;
        crate::exchange::folder::write_json(&out.join(crate::exchange::recipes::RECIPES), &recipes)?;
        self.0.put(&set, out, job)?;
        job.task.cancel.check()?;
        check::compare(&self.0, &set, out, job)
    }

    fn reads(&self) -> bool {
        true
    }

    fn read(&self, reading: &Reading<'_>) -> Result<Import> {
        let set = self.0.get(reading.path, reading)?;
        let mut import = place::commands(&set, reading)?;
        if set.sheets.is_empty() {
            import.warn("nothing_found", format!("{}: {}", reading.path.display(), self.0.nothing()));
        }
        Ok(import)
    }
}
