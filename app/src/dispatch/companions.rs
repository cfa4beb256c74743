//! Finds what a study brings along beside its pictures, lays it over them, and takes it into the project.

use crate::app::App;
pub(super) use crate::companions::may_be_companion;
use crate::companions::{Known, State};
use crate::gpu::{GuestId, GuestLayers};
use crate::jobs::Apply;
use crate::outbox::CompanionAct;
use anyhow::Context as _;
use limner_annotation::exchange::{self, Companion, Exchange, Pictures, Reading};
use limner_annotation::{Command, Contents, Document, ImageEntry, ImageId};
use limner_imaging::{Series, Task, VoxelBox};
use limner_render::LabelStyle;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const LOOKING: &str = "companions";
const READING: &str = "companion";

/// The files of open pictures, in stack order.
struct Files(BTreeMap<ImageId, Vec<PathBuf>>);

impl Pictures for Files {
    fn entry_of(&self, path: &Path, _: &Task) -> limner_annotation::Result<ImageEntry> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Err(limner_annotation::Error::refused(format!("{name} is not open; open its picture first")))
    }

    fn files_of(&self, image: &ImageEntry, _: &Task) -> limner_annotation::Result<Vec<PathBuf>> {
        Ok(self.0.get(&image.id).cloned().unwrap_or_default())
    }
}

/// What a companion is read with.
struct Order {
    format: &'static dyn Exchange,
    path: PathBuf,
    entries: Vec<ImageEntry>,
    files: Files,
}

/// What a companion says, and what of it is painted.
struct Told {
    contents: Arc<Contents>,
    painted: Vec<(ImageId, GuestLayers)>,
    warnings: Vec<String>,
}

impl App {
    /// Looks into files that came into the list and may be companions, off the frame.
    pub(crate) fn order_companions(&mut self) {
        self.follow_removed();
        if self.jobs.is_busy(LOOKING) {
            return;
        }
        let found = self.workspace.found.iter().enumerate();
        let new = found.filter(|(n, series)| may_be_companion(series) && !self.companions.looked_at.contains(n));
        let lines: Vec<(usize, PathBuf)> =
            new.filter_map(|(n, series)| Some((n, series.files.first()?.clone()))).collect();
        if lines.is_empty() {
            return;
        }
        self.companions.looked_at.extend(lines.iter().map(|(n, _)| *n));
        let age = self.workspace.list_age;
        self.jobs.start_quiet(LOOKING, move |task| {
            let mut found: Vec<(usize, Companion)> = Vec::new();
            for (line, path) in lines {
                found.extend(exchange::companions(&path, task)?.into_iter().map(|companion| (line, companion)));
            }
            let apply: Apply = Box::new(move |app| {
                if app.workspace.list_age != age {
                    return;
                }
                for (line, Companion { format, series, .. }) in found {
                    app.companions.add(line, Known { format, series, state: State::default() });
                }
                app.show_waiting_companions();
            });
            Ok(apply)
        });
    }

    pub(super) fn act_on_companion(&mut self, line: usize, act: CompanionAct) {
        let is_known = self.companions.get(line).is_some();
        match act {
            CompanionAct::TakeOut { is_told } => self.take_out(line, is_told),
            CompanionAct::TakeOff => self.take_off_list(line),
            CompanionAct::Import if self.workspace.masks.contains(&line) => self.import_mask(line),
            CompanionAct::Import if is_known => self.import_companion(line),
            CompanionAct::Show if self.companions.get(line).is_some_and(Known::is_shown) => {
                self.companions.set(line, State::Hidden);
                self.gpu.hide_guest(GuestId::Companion(line));
            }
            CompanionAct::Show if is_known => self.want_companion(line),
            CompanionAct::Show | CompanionAct::Import => {}
        }
    }

    /// Shows it now, or as soon as the picture it speaks of is open.
    fn want_companion(&mut self, line: usize) {
        self.companions.set(line, State::Wanted);
        if self.order_for(line).is_some() {
            return self.show_waiting_companions();
        }
        let Some(known) = self.companions.get(line) else { return };
        let speaks_of = |s: &Series| s.format == "dicom" && !may_be_companion(s) && known.speaks_of(s.uid.as_deref());
        match self.workspace.found.iter().position(speaks_of) {
            Some(picture) => self.open_series(picture, None),
            None => {
                let why = "The pictures it speaks of are not in the list";
                self.companions.set(line, State::Failed(why.to_owned()));
                self.notices.warning(format!("{} cannot be shown", self.title_of_companion(line)), vec![why.into()]);
            }
        }
    }

    pub(crate) fn title_of_companion(&self, line: usize) -> &'static str {
        self.companions.get(line).map_or("", Known::title)
    }

    /// Begins to read the first companion that waits and whose picture is open; the next follows when it is done.
    pub(super) fn show_waiting_companions(&mut self) {
        if self.jobs.is_busy(READING) {
            return;
        }
        let is_due = |(line, known): (usize, &Known)| {
            let order = match known.state {
                State::Waiting => self.order_for(line).filter(|order| !self.is_annotated(order)),
                State::Wanted => self.order_for(line),
                _ => None,
            };
            order.map(|order| (line, order))
        };
        let Some((line, order)) = self.companions.iter().find_map(is_due) else { return };
        self.companions.set(line, State::Reading);
        let title = format!("Reading the {}", self.title_of_companion(line).to_lowercase());
        self.jobs.start_latest(READING, title, move |task| {
            let told = order.read(task);
            let apply: Apply = Box::new(move |app| app.receive_companion(line, told));
            Ok(apply)
        });
    }

    fn is_annotated(&self, order: &Order) -> bool {
        let Some(document) = self.document() else { return false };
        order.entries.iter().any(|entry| {
            let painted = document.label_map(entry.id).is_some_and(|map| !map.is_empty());
            painted || document.shapes_on(entry.id).next().is_some()
        })
    }

    /// What is needed to read a companion, where a picture it speaks of is open.
    fn order_for(&self, line: usize) -> Option<Order> {
        let known = self.companions.get(line)?;
        let document = self.document()?;
        let (mut entries, mut files) = (Vec::new(), BTreeMap::new());
        for picture in self.workspace.pictures.values() {
            let series = picture.series.and_then(|n| self.workspace.found.get(n));
            let Some(series) = series.filter(|s| s.format == "dicom" && known.speaks_of(s.uid.as_deref())) else {
                continue;
            };
            entries.extend(document.image(picture.image).cloned());
            files.insert(picture.image, series.files.clone());
        }
        let path = self.workspace.found.get(line)?.files.first()?.clone();
        (!entries.is_empty()).then_some(Order { format: known.format, path, entries, files: Files(files) })
    }

    fn receive_companion(&mut self, line: usize, told: anyhow::Result<Told>) {
        match told {
            Ok(told) => {
                for (image, layers) in &told.painted {
                    if let Err(error) = self.gpu.show_guest(*image, GuestId::Companion(line), layers) {
                        self.notices.error("The overlay could not be drawn", &error);
                    }
                }
                if !told.warnings.is_empty() {
                    self.notices
                        .warning(format!("About the {}", self.title_of_companion(line).to_lowercase()), told.warnings);
                }
                self.companions.set(line, State::Shown(told.contents));
            }
            Err(error) => {
                self.companions.set(line, State::Failed(format!("{error:#}")));
                self.notices.error(format!("{} cannot be shown", self.title_of_companion(line)), &error);
            }
        }
        self.show_waiting_companions();
    }

    /// A picture came back onto the adapter: what was laid over it is read again.
    pub(crate) fn lay_companions_over(&mut self, image: ImageId) {
        let shown = self.companions.iter().filter_map(|(line, known)| match &known.state {
            State::Shown(contents) if contents.image(image).is_some() => Some((line, painted_on(contents, image))),
            _ => None,
        });
        for (line, layers) in shown.collect::<Vec<_>>() {
            if let Some(layers) = layers
                && let Err(error) = self.gpu.show_guest(image, GuestId::Companion(line), &layers)
            {
                self.notices.error("The overlay could not be drawn", &error);
            }
        }
        self.show_waiting_companions();
    }

    /// A mask that is listed as a picture becomes labels of the picture it lies on, which is put into the project first
    /// where it is not in it.
    fn import_mask(&mut self, line: usize) {
        let (Some(mask), Some(picture)) = (self.workspace.found.get(line), self.picture_of_mask(line)) else { return };
        let Some(path) = mask.files.first().cloned() else { return };
        let Some(case) = self.cases().iter().position(|case| case.series == Some(picture)) else { return };
        self.with_images(&[case], move |app, images| {
            if let Some(image) = images.first() {
                app.import_onto(path, *image);
            }
        });
    }

    /// One step of the project, with where it came from; undo takes it back.
    fn import_companion(&mut self, line: usize) {
        let (Some(order), Some(document)) = (self.order_for(line), self.document()) else {
            return self.want_companion(line);
        };
        let contents = document.contents().clone();
        let title = format!("Importing the {}", self.title_of_companion(line).to_lowercase());
        self.jobs.start_latest(READING, title, move |task| {
            let Order { format, path, files, .. } = order;
            let read = exchange::read(format, &Reading { contents: &contents, path: &path, pictures: &files, task })?;
            let images = read.images();
            let apply: Apply = Box::new(move |app| {
                let report = app.change("The import", |document| exchange::apply(format, document, read));
                let Some(report) = report else { return };
                app.gpu.hide_guest(GuestId::Companion(line));
                app.companions.set(line, State::Imported);
                app.keep_label_alive();
                if report.records > 0 {
                    let done = app.now_part(report.records, &images);
                    app.notices.done(format!("{done}; undo takes that back"));
                }
                app.tell_of_import(report);
            });
            Ok(apply)
        });
    }
}

impl Order {
    /// Into a document of its own, on the pictures that are open.
    fn read(self, task: &Task) -> anyhow::Result<Told> {
        let Self { format, path, entries, files } = self;
        let mut document = Document::new("companion");
        let images: Vec<ImageId> = entries.iter().map(|entry| entry.id).collect();
        let add = entries.into_iter().map(|image| Command::AddImage { image }).collect();
        document.apply("Pictures", add)?;
        let reading = Reading { contents: document.contents(), path: &path, pictures: &files, task };
        let read = exchange::read(format, &reading)?;
        anyhow::ensure!(read.records > 0, "nothing in it lies on the pictures that are open");
        let report = exchange::apply(format, &mut document, read).context("it does not fit the pictures")?;
        let contents = document.contents().clone();
        let painted = images.iter().filter_map(|&image| Some((image, painted_on(&contents, image)?))).collect();
        let warnings = report.warnings.into_iter().map(|warning| warning.text).collect();
        Ok(Told { contents: Arc::new(contents), painted, warnings })
    }
}

fn painted_on(contents: &Contents, image: ImageId) -> Option<GuestLayers> {
    let map = contents.label_map(image).filter(|map| !map.is_empty())?;
    let whole = VoxelBox::whole(contents.image(image)?.size());
    let layers = (0..map.layers().len()).map(|layer| vec![(whole, map.copy_box(layer, whole))]).collect();
    let styles = contents.labels().into_iter().map(|label| (label.value, LabelStyle::new(label.colour()))).collect();
    Some(GuestLayers { layers, styles })
}
