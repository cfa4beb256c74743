//! Data sets into a project: what a file says becomes one step of the document, with where it came from.

use crate::command::{Command, PaintMode, PaintRule};
use crate::contents::Contents;
use crate::document::Document;
use crate::error::{Error, Result};
use crate::exchange::{Exchange, Images};
use crate::id::Revision;
use crate::image_entry::ImageEntry;
use crate::labels::{Code, Label};
use crate::packed::PackedMask;
use crate::project::Project;
use crate::step::StepInfo;
use crate::words::counted;
use crate::{ImageId, LabelId};
use limner_imaging::{Mask, Task, Volume, VoxelBox, Warning, formats};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a format reads from and places things in.
pub struct Reading<'a> {
    pub contents: &'a Contents,
    /// The file or folder asked for.
    pub path: &'a Path,
    pub pictures: &'a dyn Pictures,
    pub task: &'a Task,
}

/// Describes picture files that a data set brings along, so that they can be added.
pub trait Pictures: Sync {
    fn entry_of(&self, path: &Path, task: &Task) -> Result<ImageEntry>;

    /// The files of an image of the project in stack order; none where that is not known.
    fn files_of(&self, image: &ImageEntry, task: &Task) -> Result<Vec<PathBuf>> {
        let _ = (image, task);
        Ok(Vec::new())
    }

    /// Whether labels may be read onto an image that a data set does not name: one that is a mask itself bears none.
    fn bears_labels(&self, image: &ImageEntry) -> bool {
        let _ = image;
        true
    }

    /// The image that is meant where a data set names none and several fit.
    fn meant(&self) -> Option<ImageId> {
        None
    }
}

impl<'a> Reading<'a> {
    /// The images of the project that may bear labels whose data set does not name their image.
    pub(crate) fn bearers(&self) -> impl Iterator<Item = &'a ImageEntry> + use<'a> {
        let pictures = self.pictures;
        self.contents.images().filter(move |image| pictures.bears_labels(image))
    }
}

impl<F: Fn(&Path, &Task) -> Result<ImageEntry> + Sync> Pictures for F {
    fn entry_of(&self, path: &Path, task: &Task) -> Result<ImageEntry> {
        self(path, task)
    }
}

/// What was read, ready to become one step.
#[derive(Clone, Debug, Default)]
pub struct Import {
    pub commands: Vec<Command>,
    pub records: usize,
    /// What became of it otherwise than the data set says, in order, and is no fault.
    pub notes: Vec<String>,
    pub warnings: Vec<Warning>,
}

impl Import {
    /// The images that what was read lies on, each once, in the order of the data set.
    #[must_use]
    pub fn images(&self) -> Vec<ImageId> {
        let mut images = Vec::new();
        for command in &self.commands {
            let image = match command {
                Command::Paint { image, .. } | Command::SetVoxels { image, .. } => Some(*image),
                Command::AddShape { shape } => Some(shape.image),
                Command::Put { entity, .. } => entity.image(),
                _ => None,
            };
            images.extend(image.filter(|image| !images.contains(image)));
        }
        images
    }

    pub(crate) fn warn(&mut self, code: &str, text: impl Into<String>) {
        let warning = Warning { code: code.into(), text: text.into() };
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }
}

/// What `limner import` says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    pub schema: &'static str,
    pub format: String,
    pub records: usize,
    /// `None` where nothing was in it that changes the project.
    pub revision: Option<Revision>,
    pub notes: Vec<String>,
    pub warnings: Vec<Warning>,
}

/// Reads a data set; nothing is changed by it.
pub fn read(exchange: &dyn Exchange, reading: &Reading<'_>) -> Result<Import> {
    if !exchange.reads() {
        let reason = format!("{} can be written, not read; limner export --list shows which can", exchange.title());
        return Err(Error::refused(reason));
    }
    let read = exchange.read(reading)?;
    settled(exchange, reading, read)
}

/// A data set as read; one mask of a picture may be told which picture it belongs to.
pub fn read_onto(exchange: &dyn Exchange, reading: &Reading<'_>, onto: Option<Onto>) -> Result<Import> {
    match onto {
        Some(onto) if exchange.name() == super::mask_picture::NAME => {
            settled(exchange, reading, super::mask_picture::read(reading, Some(onto))?)
        }
        _ => read(exchange, reading),
    }
}

/// Where a mask that says nothing of its picture belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Onto {
    pub image: ImageId,
    /// Of the stored slices, counted from 0; needed where there are several.
    pub slice: Option<usize>,
}

/// What holds of every import: labels that are painted stay what they are, and nothing is said for nothing.
fn settled(exchange: &dyn Exchange, reading: &Reading<'_>, mut read: Import) -> Result<Import> {
    reading.task.cancel.check()?;
    super::apart::keep_apart(reading.contents, &mut read)?;
    if read.records == 0 && read.notes.is_empty() && read.warnings.is_empty() {
        let text = format!("{} holds nothing that is read as {}", reading.path.display(), exchange.title());
        read.warn("nothing_found", text);
    }
    Ok(read)
}

/// Adds what was read in one step that can be undone and says where it came from.
pub fn apply(exchange: &dyn Exchange, document: &mut Document, read: Import) -> Result<Report> {
    let info = StepInfo::named(format!("Import {}", exchange.title())).with_tool("import").with_summary(format!(
        "{}: {}",
        exchange.name(),
        counted(read.records, "record")
    ));
    let revision = document.apply_step(info, read.commands)?;
    Ok(Report {
        schema: "limner.import/1",
        format: exchange.name().into(),
        records: read.records,
        revision,
        notes: read.notes,
        warnings: read.warnings,
    })
}

/// Reads a data set into a project.
pub fn import(exchange: &dyn Exchange, project: &mut Project, path: &Path, task: &Task) -> Result<Report> {
    let read = read(exchange, &Reading { contents: project.document().contents(), path, pictures: project, task })?;
    apply(exchange, project.document_mut(), read)
}

impl Pictures for Project {
    fn entry_of(&self, path: &Path, task: &Task) -> Result<ImageEntry> {
        let found = formats::scan(path, task)?;
        let mut series = found.series.into_iter();
        match (series.next(), series.next(), found.failed.into_iter().next()) {
            (Some(one), None, _) => Project::entry_of(self, &one, task),
            (Some(_), Some(_), _) => Err(Error::export(path, "several pictures lie here; name one")),
            (None, _, Some(failure)) => Err(failure.error.into()),
            (None, ..) => Err(limner_imaging::Error::NotAnImage { path: path.into() }.into()),
        }
    }

    fn files_of(&self, image: &ImageEntry, task: &Task) -> Result<Vec<PathBuf>> {
        self.stack_of(image, task)
    }
}

impl Project {
    /// The files an image is made of, in stack order.
    fn stack_of(&self, image: &ImageEntry, task: &Task) -> Result<Vec<PathBuf>> {
        let found = formats::scan(&self.file_of(image), task)?;
        let mut same = found.series.into_iter().filter(|series| {
            series.size == image.size() && (image.series_uid.is_none() || series.uid == image.series_uid)
        });
        Ok(same.next().map(|series| series.files).unwrap_or_default())
    }
}

impl Images for Project {
    fn load(&self, image: &ImageEntry, task: &Task) -> Result<Volume> {
        self.open_image(image, task)
    }

    fn files(&self, image: &ImageEntry, task: &Task) -> Result<Vec<PathBuf>> {
        self.stack_of(image, task)
    }
}

/// The labels that an import needs: those of the project by name, new ones beside them.
pub(crate) struct Labels {
    all: Vec<Label>,
    known: usize,
}

impl Labels {
    pub(crate) fn of(contents: &Contents) -> Self {
        let all: Vec<_> = contents.labels().into_iter().cloned().collect();
        Self { known: all.len(), all }
    }

    /// The value of the label with this name; a new label gets the wished value where that is free.
    pub(crate) fn want(&mut self, name: &str, wished: u16, colour: Option<[u8; 3]>) -> Result<u16> {
        let name = if name.trim().is_empty() { "unnamed" } else { name.trim() };
        if let Some(label) = self.all.iter().find(|label| label.name == name) {
            return Ok(label.value);
        }
        let used = |value: u16| self.all.iter().any(|label| label.value == value);
        let free = || (1..=u16::MAX).find(|value| !used(*value));
        let value = Some(wished).filter(|value| *value > 0 && !used(*value)).or_else(free);
        let value = value.ok_or_else(|| Error::refused("there are more labels than 65,535"))?;
        self.all.push(Label { colour, ..Label::new(value, name) });
        Ok(value)
    }

    /// The label with this name that is an instance of another.
    pub(crate) fn instance(&mut self, kind: u16, name: &str) -> Result<u16> {
        let value = self.want(name, 0, None)?;
        let of = self.id_of(kind);
        if let Some(label) = self.all.iter_mut().skip(self.known).find(|label| label.value == value) {
            label.instance_of = of;
        }
        Ok(value)
    }

    /// Gives a new label codes; what the project says of its own stays.
    pub(crate) fn code(&mut self, value: u16, codes: Vec<Code>) {
        if let Some(label) = self.all.iter_mut().skip(self.known).find(|label| label.value == value) {
            label.codes = codes;
        }
    }

    pub(crate) fn id_of(&self, value: u16) -> Option<LabelId> {
        self.all.iter().find(|label| label.value == value).map(|label| label.id)
    }

    pub(crate) fn commands(&self) -> impl Iterator<Item = Command> + '_ {
        self.all.iter().skip(self.known).map(|label| Command::AddLabel { label: label.clone() })
    }
}

/// Paints imported masks without overwriting anything: each goes to the first layer that is free under it.
pub(crate) struct Painter<'a> {
    contents: &'a Contents,
    /// What this import has painted, by image and layer.
    painted: BTreeMap<ImageId, Vec<Vec<PackedMask>>>,
}

impl<'a> Painter<'a> {
    pub(crate) const fn new(contents: &'a Contents) -> Self {
        Self { contents, painted: BTreeMap::new() }
    }

    pub(crate) fn paint(&mut self, image: ImageId, size: [usize; 3], value: u16, mask: &Mask) -> Command {
        let packed = PackedMask::pack(mask);
        let layer = self.free_layer(image, value, mask, &packed);
        let layers = self.painted.entry(image).or_default();
        layers.resize_with(layers.len().max(layer + 1), Vec::new);
        layers[layer].push(packed.clone());
        debug_assert!(mask.bounds().max.iter().zip(size).all(|(end, n)| *end <= n), "a mask lies in its image");
        let (mode, rule) = (PaintMode::Set, PaintRule::All);
        Command::Paint { image, layer, label: value, mask: packed, mode, rule }
    }

    /// A whole label map, value by value.
    pub(crate) fn paint_map(&mut self, image: ImageId, size: [usize; 3], values: &[u16]) -> Vec<Command> {
        let [w, h, _] = size;
        let mut boxes: BTreeMap<u16, VoxelBox> = BTreeMap::new();
        for (row, run) in values.chunks(w).enumerate() {
            for (i, value) in run.iter().enumerate().filter(|(_, value)| **value != 0) {
                let at = [i, row % h, row / h];
                let bounds = boxes.entry(*value).or_default();
                if !bounds.contains(at) {
                    *bounds = bounds.union(&VoxelBox::new(at, at.map(|n| n + 1)));
                }
            }
        }
        let mask = |value: u16, bounds| Mask::from_fn(bounds, |[i, j, k]| values[(k * h + j) * w + i] == value);
        boxes.into_iter().map(|(value, bounds)| self.paint(image, size, value, &mask(value, bounds))).collect()
    }

    fn free_layer(&self, image: ImageId, value: u16, mask: &Mask, packed: &PackedMask) -> usize {
        let map = self.contents.label_map(image);
        let painted = self.painted.get(&image);
        let bounds = packed.bounds();
        (0..)
            .find(|layer| {
                let old = map.filter(|map| *layer < map.layers().len()).map(|map| map.copy_box(*layer, bounds));
                let taken_before = old.is_some_and(|old| {
                    let wanted = mask.within(bounds);
                    old.iter().zip(wanted.voxels()).any(|(old, wanted)| *wanted && *old != 0 && *old != value)
                });
                let taken_now = painted.and_then(|layers| layers.get(*layer)).is_some_and(|masks| {
                    masks.iter().any(|other| {
                        let shared = other.bounds().intersection(&bounds);
                        !shared.is_empty() && overlap(&other.unpack(), mask, shared)
                    })
                });
                !taken_before && !taken_now
            })
            .unwrap_or(0)
    }
}

fn overlap(a: &Mask, b: &Mask, shared: VoxelBox) -> bool {
    let (a, b) = (a.within(shared), b.within(shared));
    a.voxels().iter().zip(b.voxels()).any(|(a, b)| *a && *b)
}
