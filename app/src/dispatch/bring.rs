//! What is brought into a project from outside: labels of another program, and pictures that were moved.

mod take_out;

use super::file::{OPENING, Place, pictures_of, series_of};
use super::loaded::Loaded;
use crate::action::Action;
use crate::app::App;
use crate::jobs::Apply;
use crate::notices::Offer;
use crate::outbox::Request;
use limner_annotation::exchange::{self, Onto, Pictures, Reading};
use limner_annotation::{ImageEntry, ImageId, Project, counted, sources};
use limner_imaging::Task;
use limner_imaging::study::straight;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const SLOT: &str = "bring";

/// The pictures of a project for a data set that does not say itself what it belongs to.
struct Targets<'a> {
    project: &'a Project,
    /// Where labels must not go.
    barred: BTreeSet<ImageId>,
    meant: Option<ImageId>,
}

impl Pictures for Targets<'_> {
    fn entry_of(&self, path: &Path, task: &Task) -> limner_annotation::Result<ImageEntry> {
        Pictures::entry_of(self.project, path, task)
    }

    fn files_of(&self, image: &ImageEntry, task: &Task) -> limner_annotation::Result<Vec<PathBuf>> {
        self.project.files_of(image, task)
    }

    fn bears_labels(&self, image: &ImageEntry) -> bool {
        !self.barred.contains(&image.id)
    }

    fn meant(&self) -> Option<ImageId> {
        self.meant
    }
}

impl App {
    /// Reads a data set onto the pictures of the project, as one step that can be undone.
    pub(super) fn import_path(&mut self, path: PathBuf) {
        let masks = self.images_of_masks(&path);
        let in_front = self.workspace.open().map(|open| Onto { image: open.image, slice: None });
        let onto = self.frame_in_view().map(|(image, slice)| Onto { image, slice: Some(slice) }).or(in_front);
        // A mask that says nothing of its picture belongs to the one in front, and never to itself or to another mask.
        let onto = onto.filter(|onto| !masks.contains(&onto.image));
        self.start_import(path, onto, masks);
    }

    /// The same onto one picture and no other, which is brought into view.
    pub(super) fn import_onto(&mut self, path: PathBuf, image: ImageId) {
        let Some(document) = self.document() else { return };
        let others = document.images().map(|other| other.id).filter(|other| *other != image).collect();
        self.open_image(image);
        self.start_import(path, Some(Onto { image, slice: None }), others);
    }

    fn start_import(&mut self, path: PathBuf, onto: Option<Onto>, barred: BTreeSet<ImageId>) {
        let Some(project) = self.synced_project() else { return };
        self.jobs.start_latest(SLOT, "Importing", move |task| {
            let format = exchange::guess(&path, task)?;
            // A look of its own: the window goes on with the project meanwhile.
            let project = Project::open_read_only(&project)?;
            let contents = project.document().contents();
            let pictures = Targets { project: &project, barred, meant: onto.map(|onto| onto.image) };
            let reading = Reading { contents, path: &path, pictures: &pictures, task };
            let read = exchange::read_onto(format, &reading, onto)?;
            let apply: Apply = Box::new(move |app| app.take_import(format, read));
            Ok(apply)
        });
    }

    /// The images of the project that are masks of others, and the one whose file is being imported.
    fn images_of_masks(&self, imported: &Path) -> BTreeSet<ImageId> {
        let Some(project) = &self.workspace.project else { return BTreeSet::new() };
        let found = &self.workspace.found;
        let listed =
            self.workspace.masks.iter().filter_map(|line| found.get(*line)).map(|series| straight(&series.path));
        let imported = std::path::absolute(imported).ok().filter(|path| path.is_file()).map(|path| straight(&path));
        let masks: BTreeSet<PathBuf> = listed.chain(imported).collect();
        let is_mask = |image: &&ImageEntry| masks.contains(&straight(&project.file_of(image)));
        project.document().images().filter(is_mask).map(|image| image.id).collect()
    }

    fn take_import(&mut self, format: &'static dyn exchange::Exchange, read: exchange::Import) {
        if read.records == 0 && !read.notes.is_empty() {
            return self.notices.warning(format!("{}: nothing was added", format.title()), read.notes);
        }
        if read.records == 0 {
            let mut causes = vec!["Nothing in it lies on a picture of this project".to_owned()];
            causes.extend(read.warnings.into_iter().map(|warning| warning.text));
            return self.notices.warning(format!("No {} was imported", format.title()), causes);
        }
        let images = read.images();
        let report = self.change("The import", |document| exchange::apply(format, document, read));
        let Some(report) = report else { return };
        self.keep_label_alive();
        let done = self.now_part(report.records, &images);
        self.notices.done(format!("{}: {done}", format.title()));
        self.tell_of_import(report);
    }

    /// "1 record is now part of the project, on ct.nii.gz": which picture it went to need not be the one in view.
    pub(super) fn now_part(&self, records: usize, images: &[ImageId]) -> String {
        let verb = if records == 1 { "is" } else { "are" };
        let others = images.len().saturating_sub(1);
        let place = match images.first().and_then(|image| self.picture_name(*image)) {
            Some(name) if others == 0 => format!(", on {name}"),
            Some(name) => format!(", on {name} and {}", counted(others, "other picture")),
            None => String::new(),
        };
        format!("{} {verb} now part of the project{place}", counted(records, "record"))
    }

    /// What became of an import otherwise than its file says.
    pub(super) fn tell_of_import(&mut self, report: exchange::Report) {
        let told: Vec<String> =
            report.notes.into_iter().chain(report.warnings.into_iter().map(|warning| warning.text)).collect();
        if !told.is_empty() {
            self.notices.warning("About the import", told);
        }
    }

    /// Looks in a folder for the pictures of the project that are not where they were, by their contents.
    pub(super) fn relink(&mut self, folder: PathBuf) {
        let Some(project) = &self.workspace.project else { return };
        let lost: Vec<ImageEntry> = project.lost().cloned().collect();
        if lost.is_empty() {
            return self.notices.done("Every picture of the project is where it should be");
        }
        self.jobs.start_latest(SLOT, "Looking for moved pictures", move |task| {
            let moved = sources::find_moved(&lost.iter().collect::<Vec<_>>(), &folder, task)?;
            let apply: Apply = Box::new(move |app| {
                let Some(project) = &mut app.workspace.project else { return };
                let found = match project.relink_to(&moved) {
                    Ok(found) => found,
                    Err(error) => return app.notices.error("The new places were refused", &error.into()),
                };
                app.show_changes();
                let left = lost.len() - found;
                let words = format!("Found again: {found} of {}", lost.len());
                if left > 0 {
                    let cause = "The others are not in this folder, or their contents have changed".to_owned();
                    app.notices.warning(words, vec![cause]);
                } else {
                    app.notices.done(words);
                }
                app.reopen_pictures();
            });
            Ok(apply)
        });
    }

    /// Pictures of the project, as they were read; what could not be is said in its place too.
    pub(super) fn take_pictures(&mut self, read: Vec<(ImageId, anyhow::Result<Loaded>)>, place: Place) {
        let mut lost = Vec::new();
        for (image, one) in read {
            match one {
                Ok(loaded) => self.show_loaded(loaded, place),
                Err(error) => {
                    self.workspace.missing.insert(image);
                    lost.push(format!("{error:#}"));
                }
            }
        }
        if !lost.is_empty() {
            let offer = Offer { title: "Find moved pictures…", request: Request::Act(Action::Relink) };
            self.notices.offer("A picture of this project could not be read", lost, offer);
        }
    }

    /// Reads the pictures again that the stage waits for.
    pub(super) fn reopen_pictures(&mut self) {
        let pictures = &self.workspace.pictures;
        let wanted: Vec<ImageId> =
            self.workspace.stage.images().into_iter().filter(|image| !pictures.contains_key(image)).collect();
        let Some(path) = self.synced_project() else { return };
        self.workspace.missing.clear();
        let gpu = self.gpu.context().clone();
        self.jobs.start_latest(OPENING, "Reading the pictures", move |task| {
            let project = Project::open_read_only(&path)?;
            let (read, place) = pictures_of(&project, &wanted, &gpu, task);
            let series = series_of(&project, task);
            let apply: Apply = Box::new(move |app| {
                app.workspace.add_found(series);
                app.file_series();
                app.take_pictures(read, place);
            });
            Ok(apply)
        });
    }
}
