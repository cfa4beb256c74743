//! A profile behind the frame that all formats share: `vqa:PROFILE` on the command line and in the export window.
//!
//! Choices of an export: `boxes=NAME` (one of the box conventions), `thinking=yes`, `reason=yes`, `grounding=no`,
//! `unreviewed=yes`.

use crate::command::Command;
use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::exchange::vqa::collect::{Selection, collect};
use crate::exchange::vqa::export::{Writing, write};
use crate::exchange::vqa::profile::{self, Files, Profile, ProfileOptions};
use crate::exchange::vqa::record::{Asked, Place, PlaceKind, Scene};
use crate::exchange::vqa::{boxes, talk};
use crate::exchange::{DryRun, Exchange, Holds, Import, Job, Options, Preview, Reading, SelfCheck, Status};
use crate::id::Key;
use crate::question::{Frame, ImageSet, Item, Region};
use crate::shapes::{Form, Shape, Slice};
use crate::{ImageEntry, ImageId};
use limner_imaging::Task;
use std::collections::BTreeMap;
use std::path::Path;

pub struct Vqa(pub &'static dyn Profile);

/// Questions that a profile has no room for are left out; the dry run says which and why.
const WITHOUT_PLACE: &str = "questions without a place";

fn selection(options: &Options) -> Selection {
    Selection { unreviewed: options.choice("unreviewed") == Some("yes"), images: options.images.clone() }
}

fn style(options: &Options) -> talk::Style {
    let says = |name: &str, word: &str| options.choice(name) == Some(word);
    talk::Style {
        thinking: says("thinking", "yes"),
        grounding: !says("grounding", "no"),
        reason: says("reason", "yes"),
    }
}

fn profile_options(options: &Options) -> Result<ProfileOptions<'static>> {
    let convention = match options.choice("boxes") {
        None => None,
        Some(name) => Some(boxes::by_name(name).ok_or_else(|| {
            let names: Vec<_> = boxes::CONVENTIONS.iter().map(|convention| convention.name).collect();
            Error::refused(format!(
                "there is no way of writing boxes called \"{name}\"; there are: {}",
                names.join(", ")
            ))
        })?),
    };
    Ok(ProfileOptions { convention, style: style(options), ..ProfileOptions::default() })
}

impl Exchange for Vqa {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn title(&self) -> &'static str {
        self.0.title()
    }

    fn holds(&self) -> Holds {
        Holds::Questions
    }

    fn status(&self) -> Status {
        self.0.status()
    }

    fn lossy(&self) -> Vec<&'static str> {
        [self.0.lossy(), &[WITHOUT_PLACE, profile::OTHER_SLICES]].concat()
    }

    fn writes_pictures(&self) -> bool {
        true
    }

    fn items(&self, contents: &Contents, options: &Options) -> Vec<Key> {
        let Ok(collected) = collect(contents, contents, &selection(options), &Task::default()) else {
            return Vec::new();
        };
        let asked = profile::fitting(self.0, &collected.records).map(|asked| asked.question.id.key());
        asked.chain(collected.records.talks.iter().map(|talk| talk.dialogue.id.key())).collect()
    }

    fn dry_run(&self, contents: &Contents, options: &Options) -> DryRun {
        let Ok(collected) = collect(contents, contents, &selection(options), &Task::default()) else {
            return DryRun::default();
        };
        let mut run = profile::dry_run(self.0, &collected.records);
        let refused = std::mem::take(&mut run.blocked).into_iter().map(|blocked| (blocked.item, blocked.why));
        for (item, why) in refused.chain(collected.left_out) {
            run.lose(WITHOUT_PLACE, || format!("{item}: {why}"));
        }
        run
    }

    fn preview(&self, contents: &Contents, options: &Options, most: usize) -> Vec<Preview> {
        let Ok(collected) = collect(contents, contents, &selection(options), &Task::default()) else {
            return Vec::new();
        };
        let asked = profile::fitting(self.0, &collected.records).take(most);
        let said = |asked: &Asked| {
            let (name, says) = (asked.question.stem.clone(), asked.question.answer_in_words());
            Preview { name, says, image: None }
        };
        asked.map(said).collect()
    }

    fn write(&self, job: &Job<'_>, folder: &Path) -> Result<SelfCheck> {
        let writing = Writing {
            contents: job.contents,
            book: job.contents,
            images: job.images,
            selection: selection(job.options),
            options: profile_options(job.options)?,
            task: job.task,
        };
        let (records, check) = write(self.0, &writing, folder)?;
        if records == 0 {
            let reason = "no accepted question fits this format: accept some, or ask for unreviewed=yes; --dry-run says which \
                          are left out and why";
            return Err(Error::export(folder, reason));
        }
        Ok(check)
    }

    fn reads(&self) -> bool {
        self.0.reads()
    }

    fn read(&self, reading: &Reading<'_>) -> Result<Import> {
        let root = if reading.path.is_dir() { reading.path } else { reading.path.parent().unwrap_or(Path::new("")) };
        let records = self.0.read(&files_of(reading.path)?)?;
        let mut adopting = Adopting { reading, root, import: Import::default(), images: BTreeMap::new() };
        for asked in records.asked {
            let mut question = asked.question;
            if let Some(set) = adopting.scene(&asked.scene)? {
                question.image_set = set;
                adopting.import.commands.push(Command::put(question));
                adopting.import.records += 1;
            }
        }
        for talk in records.talks {
            let mut dialogue = talk.dialogue;
            if let Some(set) = adopting.scene(&talk.scene)? {
                dialogue.image_set = set;
                adopting.import.commands.push(Command::put(dialogue));
                adopting.import.records += 1;
            }
        }
        Ok(adopting.import)
    }
}

/// The text files of a data set, by their path in it.
fn files_of(path: &Path) -> Result<Files> {
    let reading = |path: &Path| std::fs::read(path).map_err(Error::io(path, "could not read the file"));
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if path.is_file() {
        return Ok(Files::from([(name(path), reading(path)?)]));
    }
    let mut files = Files::new();
    for file in crate::exchange::folder::files_under(path)? {
        let is_text = file.extension().is_some_and(|ending| ending == "json" || ending == "jsonl");
        if is_text && name(&file) != "limner-receipt.json" {
            let inside = file.strip_prefix(path).unwrap_or(&file).to_string_lossy().replace('\\', "/");
            files.insert(inside, reading(&file)?);
        }
    }
    Ok(files)
}

/// Records on their way into a project.
struct Adopting<'a> {
    reading: &'a Reading<'a>,
    root: &'a Path,
    import: Import,
    /// By the path in the data set: the image, and its columns and rows.
    images: BTreeMap<String, Option<(ImageId, [f64; 2])>>,
}

impl Adopting<'_> {
    /// The image set of a scene, with its shapes; none where a picture is not there.
    fn scene(&mut self, scene: &Scene) -> Result<Option<crate::question::ImageSetId>> {
        self.reading.task.cancel.check()?;
        let mut images = Vec::new();
        if scene.pictures.is_empty() {
            self.import.warn("no_picture", "a record names no picture; it was left out");
            return Ok(None);
        }
        let is_whole = |place: &Place| place.rect[0] < place.rect[2] && place.rect[1] < place.rect[3];
        if scene.places.iter().any(|(_, place)| place.kind != PlaceKind::Point && !is_whole(place)) {
            self.import.warn("bad_box", "a box of a record has no extent; the record was left out");
            return Ok(None);
        }
        for picture in &scene.pictures {
            match self.image(&picture.path) {
                Some(found) => images.push(found),
                None => return Ok(None),
            }
        }
        for (evidence, place) in &scene.places {
            let (image, size) = images[place.picture.min(images.len() - 1)];
            let Region::Shape { shape: id } = evidence.region else { continue };
            let declared = scene.size(place.picture).unwrap_or(size);
            let text = Some(evidence.name.clone()).filter(|name| !name.is_empty());
            let shape = Shape { id, text, ..Shape::new(image, form_of(place, declared, size), None) };
            self.import.commands.push(Command::AddShape { shape });
        }
        let items = scene.pictures.iter().zip(&images).map(|(picture, (image, _))| Item {
            name: picture.name.clone(),
            caption: picture.caption.clone(),
            ..Item::new(Frame::on(*image, Slice::stored(0)), picture.role)
        });
        let set = ImageSet::new(items.collect());
        let id = set.id;
        self.import.commands.push(Command::put(set));
        Ok(Some(id))
    }

    fn image(&mut self, path: &str) -> Option<(ImageId, [f64; 2])> {
        if let Some(known) = self.images.get(path) {
            return *known;
        }
        let found = self.entry(path).map(|entry| {
            let size = [entry.size()[0] as f64, entry.size()[1] as f64];
            let id = entry.id;
            self.import.commands.push(Command::AddImage { image: entry });
            (id, size)
        });
        self.images.insert(path.to_owned(), found);
        found
    }

    fn entry(&mut self, path: &str) -> Option<ImageEntry> {
        match self.reading.pictures.entry_of(&self.root.join(path), self.reading.task) {
            Ok(entry) => Some(entry),
            Err(error) => {
                self.import.warn("picture_missing", format!("{path}: {error}; what asks about it was left out"));
                None
            }
        }
    }
}

/// A place as a shape on the picture as it is; a format may have stated another size.
fn form_of(place: &Place, declared: [f64; 2], size: [f64; 2]) -> Form {
    let scaled = |n: usize| place.rect[n] / declared[n % 2] * size[n % 2];
    let slice = Slice::stored(0);
    match place.kind {
        PlaceKind::Point => Form::Point { at: [scaled(0) - 0.5, scaled(1) - 0.5, 0.0] },
        PlaceKind::Box | PlaceKind::Outline => {
            Form::Box2d { slice, min: [scaled(0), scaled(1)], max: [scaled(2), scaled(3)] }
        }
    }
}
