//! Data sets out of a project. A format is one file here and one line in `EXCHANGES`.
//!
//! What must hold: a folder that bears the target's name is whole, checked and has its receipt; whatever fails or is
//! cancelled leaves nothing of that name. File names are made from numbers, never from what a project or a patient is
//! called. The same project gives the same bytes.

use crate::contents::Contents;
use crate::entity::ImageId;
use crate::error::{Error, Result};
use crate::id::Key;
use crate::image_entry::ImageEntry;
use crate::records::Track;
use limner_imaging::{Task, Volume, Window};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

mod apart;
pub(crate) mod case;
pub(crate) mod csv;
pub(crate) mod dicom;
mod dry_run;
mod filled;
mod flat;
pub(crate) mod folder;
mod guess;
mod identity;
mod import;
mod mask_picture;
mod measurements;
mod merge;
mod mesh;
mod multi_rater;
mod multi_rater_read;
mod names;
mod native;
pub(crate) mod npz;
pub(crate) mod parquet;
mod preview;
mod receipt;
pub(crate) mod recipes;
mod release;
mod resume;
mod split;
mod tools;
mod tracks;
pub(crate) mod tracks_read;
mod voxels;
pub mod vqa;
mod wanted;
mod xml;

pub use case::Shard;
pub use dicom::{Companion, companions};
pub use dry_run::{Blocked, DryRun, Lossy};
pub(crate) use flat::outline;
pub use flat::{Crop, picture_size, rle};
pub use folder::is_free;
pub use guess::guess;
pub use identity::Blackened;
pub use import::{Import, Onto, Pictures, Reading, Report, apply, import, read, read_onto};
pub use merge::merge;
pub use preview::Preview;
pub use receipt::{CaseSource, Judge, Receipt, SelfCheck, WrittenFile};
pub use release::{check_version, differences, recipe_of, record_release};
pub use split::{Balance, Split};
pub use wanted::Wanted;

use dicom::{gsps, rtstruct, seg, sr};
use flat::{
    Pictures as Flat, coco, cvat, datumaro, hub, keypoints, label_studio, labelme, nih, paired, panoptic, voc,
    webdataset, yolo,
};
use resume::Done;
use voxels::{boxes, maps, medsam, nnunet, stacks, trees};
use vqa::frame::Vqa;
use vqa::profiles as questions;

pub const EXCHANGES: &[&dyn Exchange] = &[
    &native::Native,
    &maps::NIFTI,
    &maps::META_IMAGE,
    &maps::SEG_NRRD,
    &nnunet::NnUnet,
    &Flat(coco::Instances),
    &Flat(panoptic::Panoptic),
    &Flat(keypoints::Keypoints),
    &Flat(yolo::DETECT),
    &Flat(yolo::SEGMENT),
    &Flat(yolo::OBB),
    &Flat(yolo::POSE),
    &Flat(voc::Voc),
    &Flat(labelme::LabelMe),
    &Flat(cvat::Cvat),
    &Flat(label_studio::LabelStudio),
    &Flat(nih::NihBoxes),
    &Flat(datumaro::Datumaro),
    &Flat(paired::PairedPng),
    &stacks::STACKS,
    &Flat(webdataset::WebDataset),
    &seg::Segmentation,
    &rtstruct::StructureSet,
    &gsps::PresentationState,
    &sr::MeasurementReport,
    &trees::SAM_MED3D,
    &medsam::MedSam,
    &trees::BIDS,
    &boxes::SkmTea,
    &multi_rater::MultiRater,
    &measurements::Measurements,
    &tracks::TapVid,
    &mesh::STL,
    &mesh::PLY,
    &mesh::GLB,
    &Flat(hub::IMAGE_FOLDER),
    &Flat(hub::PARQUET),
    &Vqa(&questions::ms_swift::MsSwift),
    &Vqa(&questions::chat::SHAREGPT),
    &Vqa(&questions::chat::LLAVA),
    &Vqa(&questions::chat::MEDREGA),
    &Vqa(&questions::chat::MEDSG_TRAIN),
    &Vqa(&questions::preference::Dpo),
    &Vqa(&questions::preference::Kto),
    &Vqa(&questions::gemex::Gemex),
    &Vqa(&questions::gemex::ThinkVg),
    &Vqa(&questions::medsg::MedSg),
    &Vqa(&questions::vlmeval::VLMEVALKIT),
    &Vqa(&questions::vlmeval::ENDOBENCH),
    &Vqa(&questions::vlmeval::GMAI),
    &Vqa(&questions::vlmeval::MEDQ),
    &Vqa(&questions::vlmeval::MEDQ_DESCRIPTION),
    &Vqa(&questions::vlmeval::MEDQ_PAIRED),
    &Vqa(&questions::deeptumor::DeepTumor),
    &Vqa(&questions::medvision::MedVision),
    &Vqa(&questions::several::MedFrame),
    &Vqa(&questions::several::TemMed),
    &Vqa(&questions::chest::CheXbench),
    &Vqa(&questions::chest::CxReason),
    &Vqa(&questions::several::MediConfusion),
    &Vqa(&questions::nova::Nova),
    &Vqa(&questions::text_sets::K2Sight),
    &Vqa(&questions::text_sets::M3Cot),
    &Vqa(&questions::text_sets::MedBook),
    &Vqa(&questions::medspot::MedSpot),
];

/// The word of a loss, for formats that do not know tracks.
const TRACKS: &str = "tracks through frames";

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

    /// What the format cannot keep, in words that `dry_run` uses as fields; tracks are counted for all formats alike.
    fn lossy(&self) -> Vec<&'static str>;

    /// Whether tracks through frames leave as what they are.
    fn keeps_tracks(&self) -> bool {
        false
    }

    /// Whether pixels leave with the annotations: what is burned into them leaves too.
    fn writes_pictures(&self) -> bool {
        false
    }

    /// The rows of the project that an export holds: its images, or for questions those.
    fn items(&self, contents: &Contents, options: &Options) -> Vec<Key> {
        options.cases(contents).iter().map(|case| case.image.id.key()).collect()
    }

    /// What would be written and what would be lost.
    fn dry_run(&self, contents: &Contents, options: &Options) -> DryRun;

    /// The first records as they would be written, for people to look at before they export.
    fn preview(&self, contents: &Contents, options: &Options, most: usize) -> Vec<Preview> {
        options.cases(contents).iter().take(most).map(|case| Preview::of_case(contents, case)).collect()
    }

    /// Writes everything into a new folder, then reads it back and compares in world space.
    fn write(&self, job: &Job<'_>, folder: &Path) -> Result<SelfCheck>;

    /// Whether `read` works.
    fn reads(&self) -> bool {
        false
    }

    /// Reads a file or folder of this format into commands; nothing is changed by it.
    fn read(&self, reading: &Reading<'_>) -> Result<Import> {
        Err(Error::export(reading.path, format!("{} cannot be read", self.title())))
    }
}

/// Where the pictures of a project come from.
pub trait Images: Sync {
    fn load(&self, image: &ImageEntry, task: &Task) -> Result<Volume>;

    /// The files of an image in stack order, for formats that refer to them; none where that is not known.
    fn files(&self, image: &ImageEntry, task: &Task) -> Result<Vec<PathBuf>> {
        let _ = (image, task);
        Ok(Vec::new())
    }
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
    /// Keeps titles, paths and identifiers of the sources, which may name a patient.
    pub keep_identity: bool,
    /// Deals subjects out to parts such as train and val.
    pub split: Option<Split>,
    /// Only every n-th image, for one of several jobs.
    pub shard: Option<Shard>,
    /// Images of kinds that may have text burned in, looked at and found free of it.
    pub cleared: Vec<ImageId>,
    /// What is made black in all that is written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub blackened: Vec<Blackened>,
    /// The part of every picture that is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crop: Option<Crop>,
    /// Columns and rows that every picture is scaled to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resize: Option<[u32; 2]>,
    /// Choices of single formats, such as `origin=0`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, String>,
    /// What stand-ins for identifiers are made from; never written, or they could be turned back.
    #[serde(skip)]
    pub key: String,
    /// What is done when the export is interrupted stays beside the target, and the next one with the same options goes on
    /// from it.
    #[serde(skip)]
    pub resume: bool,
}

impl Options {
    pub(crate) fn choice(&self, name: &str) -> Option<&str> {
        self.set.get(name).map(String::as_str)
    }
}

/// What an export would write, lose and refuse.
#[must_use]
pub fn dry_run(exchange: &dyn Exchange, contents: &Contents, options: &Options) -> DryRun {
    match filled::filled(exchange, contents, options) {
        Ok(contents) => dry_run_filled(exchange, &contents, options),
        Err(fault) => {
            let mut run = dry_run_filled(exchange, contents, options);
            run.block("the outlines", fault.to_string());
            run
        }
    }
}

fn dry_run_filled(exchange: &dyn Exchange, contents: &Contents, options: &Options) -> DryRun {
    let mut run = exchange.dry_run(contents, options);
    lose_tracks(exchange, contents, options, &mut run);
    run.blocked.extend(identity::blocked(exchange, contents, options));
    if exchange.holds() != Holds::Flat && (options.crop.is_some() || options.resize.is_some()) {
        run.block("the pictures", "only formats of pictures take a part of each or another size");
    }
    if let Err(fault) = options.split.as_ref().map_or(Ok(()), |split| split.check(contents)) {
        run.block("the split", fault.to_string());
    }
    // What could not be read looks like nothing: a data set without it would be a lie.
    if let Err(fault) = contents.check_readable() {
        run.block("the project", fault.to_string());
    }
    run
}

/// A track is nothing that a format of masks or shapes knows: it stays here, and that is said.
fn lose_tracks(exchange: &dyn Exchange, contents: &Contents, options: &Options, run: &mut DryRun) {
    if exchange.keeps_tracks() || exchange.holds() == Holds::Questions {
        return;
    }
    for case in options.cases(contents) {
        for _ in contents.on::<Track>(case.image.id) {
            run.lose_drawn(TRACKS, "track", || format!("on {}", case.name));
        }
    }
}

/// The first records as they would be written.
pub fn preview(exchange: &dyn Exchange, contents: &Contents, options: &Options, most: usize) -> Result<Vec<Preview>> {
    Ok(exchange.preview(&*filled::filled(exchange, contents, options)?, options, most))
}

/// "; left out: shapes: 2 rulers", where there is something that a format has no room for.
fn in_its_way(run: &DryRun) -> String {
    let lost: Vec<String> = run.lossy.iter().map(Lossy::in_words).collect();
    if lost.is_empty() { String::new() } else { format!("; left out: {}", lost.join("; ")) }
}

/// What an exporter works on.
pub struct Job<'a> {
    pub contents: &'a Contents,
    pub images: &'a dyn Images,
    pub options: &'a Options,
    pub task: &'a Task,
    done: &'a Done,
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
    let filled = filled::filled(exchange, contents, options)?;
    let run = dry_run_filled(exchange, &filled, options);
    if let Some(first) = run.blocked.first() {
        let more = run.blocked.len() - 1;
        return Err(Error::export(out, format!("{}: {}; {more} more are blocked", first.item, first.why)));
    }
    // A share of the work may hold nothing; a whole data set that does is a mistake.
    if run.records == 0 && options.shard.is_none() && exchange.holds() != Holds::Questions {
        let reason = format!("nothing in the project fits into {}{}", exchange.title(), in_its_way(&run));
        return Err(Error::export(out, reason));
    }
    let (fresh, done) = if options.resume {
        let call = resume::call(exchange.name(), contents, options)?;
        resume::go_on(out, &call, task)?
    } else {
        (folder::Fresh::beside(out)?, Done::nothing())
    };
    let images = &identity::Darkened { images, options };
    let job = Job { contents: &filled, images, options, task, done: &done };
    let check = exchange.write(&job, fresh.path())?;
    done.finish()?;
    task.cancel.check()?;
    contents.check_readable()?;
    if !check.pass {
        let reason =
            format!("the files read back differ from the project by up to {} mm; nothing was kept", check.max_mm);
        return Err(Error::export(out, reason));
    }
    task.progress.begin("taking checksums", 0);
    let receipt = Receipt::of_folder(exchange.name(), fresh.path(), check, options, run)?;
    let mut receipt = receipt.naming(contents, options);
    let files: Vec<PathBuf> = receipt.files.iter().map(|file| fresh.path().join(&file.path)).collect();
    receipt.judges = tools::verdicts(exchange.name(), fresh.path(), &files, task);
    task.cancel.check()?;
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
