//! What is brought into a project from outside: labels of another program, and pictures that were moved.

use super::file::{OPENING, Place, pictures_of, series_of};
use super::loaded::Loaded;
use crate::action::Action;
use crate::app::App;
use crate::jobs::Apply;
use crate::notices::Offer;
use crate::outbox::Request;
use limner_annotation::exchange::{self, Onto, Reading};
use limner_annotation::{ImageEntry, ImageId, Project, counted, sources};
use std::path::PathBuf;

const SLOT: &str = "bring";

/// "1 record is now part of the project".
pub(super) fn now_part(records: usize) -> String {
    let verb = if records == 1 { "is" } else { "are" };
    format!("{} {verb} now part of the project", counted(records, "record"))
}

impl App {
    /// Reads a data set onto the pictures of the project, as one step that can be undone.
    pub(super) fn import_path(&mut self, path: PathBuf) {
        let Some(project) = self.synced_project() else { return };
        // A mask that says nothing of its picture belongs to the one in front.
        let in_front = self.workspace.open().map(|open| Onto { image: open.image, slice: None });
        let onto = self.frame_in_view().map(|(image, slice)| Onto { image, slice: Some(slice) }).or(in_front);
        self.jobs.start_latest(SLOT, "Importing", move |task| {
            let format = exchange::guess(&path, task)?;
            // A look of its own: the window goes on with the project meanwhile.
            let project = Project::open_read_only(&project)?;
            let contents = project.document().contents();
            let reading = Reading { contents, path: &path, pictures: &project, task };
            let read = exchange::read_onto(format, &reading, onto)?;
            let apply: Apply = Box::new(move |app| app.take_import(format, read));
            Ok(apply)
        });
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
        let report = self.change("The import", |document| exchange::apply(format, document, read));
        let Some(report) = report else { return };
        self.keep_label_alive();
        self.notices.done(format!("{}: {}", format.title(), now_part(report.records)));
        self.tell_of_import(report);
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
