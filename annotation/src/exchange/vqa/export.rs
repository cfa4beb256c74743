//! Profiles as export formats: `vqa:PROFILE`. Makes the pictures, lets the profile write its files, reads back what it can.

use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::exchange::vqa::boxes::iou;
use crate::exchange::vqa::collect::{Collected, Selection, collect};
use crate::exchange::vqa::profile::{Files, Profile, ProfileOptions, refusal};
use crate::exchange::vqa::record::{Asked, Records};
use crate::exchange::vqa::{pictures, talk};
use crate::exchange::{Images, SelfCheck, folder};
use crate::id::ImageId;
use crate::question::Lookup;
use limner_imaging::{Task, Volume, formats};
use std::collections::BTreeSet;
use std::path::Path;

/// A data set written into a folder, from any source of questions.
pub struct Writing<'a> {
    pub contents: &'a Contents,
    pub book: &'a dyn Lookup,
    pub images: &'a dyn Images,
    pub selection: Selection,
    pub options: ProfileOptions<'a>,
    pub task: &'a Task,
}

/// Writes pictures and files of a profile into a folder; says how many records, and whether reading back agrees.
pub fn write(profile: &dyn Profile, writing: &Writing<'_>, folder: &Path) -> Result<(usize, SelfCheck)> {
    let Writing { contents, book, images, selection, options, task } = writing;
    let collected = collect(contents, *book, selection, task)?;
    let records = fitting(profile, collected.records.clone());
    make_pictures(contents, *images, &collected, &records, folder, task)?;
    let inside = |path: &str| -> Result<Vec<u8>> {
        let path = folder.join(path);
        std::fs::read(&path).map_err(Error::io(&path, "could not read the picture"))
    };
    let options = ProfileOptions { picture: &inside, ..*options };
    let files = profile.write(&records, &options)?;
    for (path, bytes) in &files {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(Error::io(parent, "could not make the folder"))?;
        }
        std::fs::write(&path, bytes).map_err(Error::io(&path, "could not write the file"))?;
    }
    let check = check(profile, &records, &files, folder, task)?;
    Ok((records.asked.len() + records.talks.len(), check))
}

/// The same into a new folder, which is there whole and checked or not at all; how many records.
pub fn write_new(profile: &dyn Profile, writing: &Writing<'_>, out: &Path) -> Result<usize> {
    let fresh = folder::Fresh::beside(out)?;
    let (records, check) = write(profile, writing, fresh.path())?;
    if records == 0 {
        return Err(Error::export(out, "no question fits this profile; limner vqa check --profile says why"));
    }
    if !check.pass {
        return Err(Error::export(out, "the files read back differ from the questions; nothing was kept"));
    }
    fresh.keep_as(out)?;
    Ok(records)
}

/// Without what the profile has no place for.
fn fitting(profile: &dyn Profile, records: Records) -> Records {
    let Records { mut asked, talks } = records;
    asked.retain(|asked| refusal(profile, asked).is_none());
    Records { asked, talks }
}

fn scenes(records: &Records) -> impl Iterator<Item = &crate::exchange::vqa::record::Scene> {
    let options = records.asked.iter().flat_map(|asked: &Asked| asked.option_scenes.values());
    let asked = records.asked.iter().map(|asked| &asked.scene);
    asked.chain(options).chain(records.talks.iter().map(|talk| &talk.scene))
}

fn make_pictures(
    contents: &Contents,
    images: &dyn Images,
    collected: &Collected,
    records: &Records,
    folder: &Path,
    task: &Task,
) -> Result<()> {
    let used: BTreeSet<&str> =
        scenes(records).flat_map(|scene| &scene.pictures).map(|picture| picture.path.as_str()).collect();
    let mut jobs: Vec<_> = collected.pictures.iter().filter(|job| used.contains(job.path.as_str())).collect();
    // Pictures of one image one after the other: each image is read once.
    jobs.sort_by(|a, b| a.image.cmp(&b.image).then_with(|| a.path.cmp(&b.path)));
    task.progress.begin("making pictures", jobs.len() as u64);
    let mut open: Option<(ImageId, Volume)> = None;
    for job in jobs {
        task.cancel.check()?;
        if open.as_ref().is_none_or(|(id, _)| *id != job.image) {
            let image = contents.image(job.image).ok_or(Error::Missing { key: job.image.into() })?;
            open = Some((job.image, images.load(image, task)?));
        }
        let Some((_, volume)) = &open else { continue };
        let path = folder.join(&job.path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(Error::io(parent, "could not make the folder"))?;
        }
        formats::write(&pictures::draw(job, volume, contents)?, &path)?;
        task.progress.advance(1);
    }
    Ok(())
}

/// Pictures have the size that boxes were written for; what the profile can read holds the boxes that were meant.
fn check(profile: &dyn Profile, records: &Records, files: &Files, folder: &Path, task: &Task) -> Result<SelfCheck> {
    let mut pass = true;
    let mut seen = BTreeSet::new();
    for picture in scenes(records).flat_map(|scene| &scene.pictures) {
        if seen.insert(picture.path.as_str()) {
            let [width, height, _] = formats::open_single(&folder.join(&picture.path), task)?.size();
            pass &= picture.size.is_none_or(|size| size == [width as f64, height as f64]);
        }
    }
    if let Ok(read) = profile.read(files)
        && !read.talks.is_empty()
    {
        let style = talk::Style::default();
        let meant =
            records.asked.iter().map(|asked| talk::of_question(asked, style)).chain(records.talks.iter().cloned());
        for (meant, found) in meant.zip(&read.talks) {
            // A layout that states no size gives its boxes back as words.
            let boxes = meant.scene.places.iter().zip(&found.scene.places);
            pass &= boxes
                .filter(|((_, place), _)| talk::is_boxed(place))
                .all(|((_, meant), (_, found))| found.picture != meant.picture || iou(meant.rect, found.rect) > 0.5);
        }
    }
    Ok(SelfCheck { pass, max_mm: if pass { 0.0 } else { f64::INFINITY } })
}
