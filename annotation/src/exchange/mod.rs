//! Data sets out of a project. A format is one file here and one line in `EXCHANGES`.
//!
//! What must hold: a folder that bears the target's name is whole, checked and has its receipt; whatever fails or is
//! cancelled leaves nothing of that name. File names are made from numbers, never from what a project or a patient is
//! called. The same project gives the same bytes.

use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::id::ImageId;
use crate::image_entry::ImageEntry;
use limner_imaging::{Task, Volume, Window};
use serde::{Deserialize, Serialize};
use std::path::Path;

mod coco;
mod folder;
mod nifti;
mod picture;
mod receipt;
pub mod rle;
pub mod vqa;

pub use receipt::{Receipt, SelfCheck, WrittenFile};

pub const EXCHANGES: &[&dyn Exchange] = &[&nifti::Nifti, &coco::CocoInstances];

#[must_use]
pub fn by_name(name: &str) -> Option<&'static dyn Exchange> {
    EXCHANGES.iter().copied().find(|exchange| exchange.name() == name)
}

/// What a format holds, as `limner export --list` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Holds {
    #[serde(rename = "2d")]
    Flat,
    #[serde(rename = "3d")]
    Volumes,
    #[serde(rename = "vqa")]
    Questions,
}

/// How sure we are of a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// A published sample or the format's own reader accepts it in our tests.
    Checked,
    FromDescription,
}

pub trait Exchange: Sync {
    /// The word on the command line.
    fn name(&self) -> &'static str;

    /// For people, in the export window.
    fn title(&self) -> &'static str;

    fn holds(&self) -> Holds;

    fn status(&self) -> Status;

    /// What the format cannot keep, in words that `dry_run` uses as fields.
    fn lossy(&self) -> &'static [&'static str];

    /// What would be written and what would be lost.
    fn dry_run(&self, contents: &Contents, options: &Options) -> DryRun;

    /// Writes everything into a new folder, then reads it back and compares in world space.
    fn write(&self, job: &Job<'_>, folder: &Path) -> Result<SelfCheck>;
}

/// Where the pictures of a project come from.
pub trait Images: Sync {
    fn load(&self, image: &ImageEntry, task: &Task) -> Result<Volume>;
}

impl<F: Fn(&ImageEntry, &Task) -> Result<Volume> + Sync> Images for F {
    fn load(&self, image: &ImageEntry, task: &Task) -> Result<Volume> {
        self(image, task)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Only these; all where not set.
    pub images: Option<Vec<ImageId>>,
    /// For pictures; the image's own where not set.
    pub window: Option<Window>,
    /// Also writes titles and paths of the sources, which may name a patient.
    pub keep_identity: bool,
}

impl Options {
    /// The images asked for, in the project's order, each with the neutral name of its files.
    fn cases<'a>(&self, contents: &'a Contents) -> Vec<Case<'a>> {
        let wanted = |image: &ImageEntry| self.images.as_ref().is_none_or(|only| only.contains(&image.id));
        // Numbers count all images, so that a selection keeps the names of the whole.
        let numbered = contents.images().enumerate().filter(|(_, image)| wanted(image));
        numbered.map(|(n, image)| Case { image, name: format!("case_{:05}", n + 1) }).collect()
    }
}

/// An image on its way out.
struct Case<'a> {
    image: &'a ImageEntry,
    name: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DryRun {
    pub records: usize,
    pub lossy: Vec<Lossy>,
    pub blocked: Vec<Blocked>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lossy {
    pub field: String,
    pub count: usize,
    pub example: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocked {
    pub item: String,
    pub why: String,
}

impl DryRun {
    fn lose(&mut self, field: &str, example: impl FnOnce() -> String) {
        match self.lossy.iter_mut().find(|lossy| lossy.field == field) {
            Some(lossy) => lossy.count += 1,
            None => self.lossy.push(Lossy { field: field.into(), count: 1, example: example() }),
        }
    }
}

/// What an exporter works on.
pub struct Job<'a> {
    pub contents: &'a Contents,
    pub images: &'a dyn Images,
    pub options: &'a Options,
    pub task: &'a Task,
}

/// Exports into a new folder `out`, with a receipt that lists every file and the outcome of the self-check.
pub fn export(
    exchange: &dyn Exchange,
    contents: &Contents,
    images: &dyn Images,
    out: &Path,
    options: &Options,
    task: &Task,
) -> Result<Receipt> {
    let fresh = folder::Fresh::beside(out)?;
    let job = Job { contents, images, options, task };
    let check = exchange.write(&job, fresh.path())?;
    task.cancel.check()?;
    if !check.pass {
        let reason =
            format!("the files read back differ from the project by up to {} mm; nothing was kept", check.max_mm);
        return Err(Error::export(out, reason));
    }
    let receipt =
        Receipt::of_folder(exchange.name(), fresh.path(), check, options, exchange.dry_run(contents, options))?;
    folder::write_json(&fresh.path().join(receipt::FILE_NAME), &receipt)?;
    fresh.keep_as(out)?;
    Ok(receipt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_a_name_of_its_own() {
        for (n, exchange) in EXCHANGES.iter().enumerate() {
            assert!(EXCHANGES[..n].iter().all(|other| other.name() != exchange.name()));
            assert!(by_name(exchange.name()).is_some_and(|found| found.title() == exchange.title()));
            assert_eq!(exchange.dry_run(&Contents::default(), &Options::default()), DryRun::default());
        }
        assert!(by_name("hat").is_none());
    }
}
