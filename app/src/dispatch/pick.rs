//! Native file dialogs, off the frame. Where the desktop offers none the window asks for a path itself.

use super::keep::export_folder;
use crate::app::App;
use crate::jobs::Apply;
use crate::model_choice::ModelSettings;
use crate::panels::dialog::{Purpose, format_title};
use crate::panels::export::Wish;
use limner_imaging::formats::FORMATS;
use rfd::FileDialog;
use std::path::{Path, PathBuf};

/// One dialog at a time.
const SLOT: &str = "dialog";

impl App {
    pub(super) fn pick_file(&mut self) {
        let endings: Vec<&str> = FORMATS.iter().flat_map(|f| f.extensions().iter().copied()).collect();
        self.pick(
            Purpose::Open,
            move |dialog| dialog.add_filter("Pictures", &endings).add_filter("All files", &["*"]).pick_file(),
            Self::open_path,
        );
    }

    pub(super) fn pick_folder(&mut self) {
        self.pick(Purpose::Open, FileDialog::pick_folder, Self::open_path);
    }

    pub(super) fn pick_import(&mut self) {
        let pick = |dialog: FileDialog| dialog.set_title(Purpose::Import.title()).pick_file();
        self.pick(Purpose::Import, pick, Self::import_path);
    }

    pub(super) fn pick_moved(&mut self) {
        let pick = |dialog: FileDialog| dialog.set_title(Purpose::Relink.title()).pick_folder();
        self.pick(Purpose::Relink, pick, Self::relink);
    }

    pub(super) fn pick_project(&mut self) {
        let pick = |dialog: FileDialog| dialog.add_filter("Limner project", &["limner"]).pick_file();
        self.pick(Purpose::OpenProject, pick, Self::open_project);
    }

    pub(super) fn pick_project_to_save(&mut self) {
        let pick = |dialog: FileDialog| dialog.add_filter("Limner project", &["limner"]).save_file();
        self.pick(Purpose::SaveProject, pick, Self::save_project_as);
    }

    pub(super) fn pick_picture_to_save(&mut self, purpose: Purpose) {
        let clip = purpose == Purpose::SaveClip;
        let (kind, ending) = if clip { ("GIF", "gif") } else { ("PNG", "png") };
        let name = format!("view.{ending}");
        let pick = move |dialog: FileDialog| dialog.add_filter(kind, &[ending]).set_file_name(name).save_file();
        self.pick(purpose, pick, if clip { Self::save_clip } else { Self::save_view });
    }

    pub(super) fn pick_export(&mut self, wish: Wish) {
        let format = wish.format;
        // Replaces what was wished before: an export keeps names only where this one was asked to.
        self.exporting = Some(wish);
        let title = format!("Export {} into a new folder in", format_title(format));
        let pick = move |dialog: FileDialog| dialog.set_title(title).pick_folder();
        self.pick(Purpose::Export(format), pick, move |app, folder| app.export(format, export_folder(&folder, format)));
    }

    /// A file or folder that the review asks for.
    pub(super) fn pick_for_review(
        &mut self,
        purpose: Purpose,
        folder: bool,
        then: impl FnOnce(&mut Self, PathBuf) + Send + 'static,
    ) {
        let title = purpose.title();
        let pick = move |dialog: FileDialog| {
            let dialog = dialog.set_title(title);
            if folder { dialog.pick_folder() } else { dialog.pick_file() }
        };
        self.pick(purpose, pick, then);
    }

    /// Any number at once.
    pub(super) fn pick_prediction_files(&mut self) {
        let pick = |dialog: FileDialog| dialog.set_title(Purpose::Predictions.title()).pick_files();
        let open = |app: &mut Self, paths: Vec<PathBuf>| paths.into_iter().for_each(|path| app.open_predictions(path));
        self.pick(Purpose::Predictions, pick, open);
    }

    /// The page it is asked from has a field for the path too.
    pub(super) fn pick_model_folder(&mut self) {
        if !desktop_has_dialogs() {
            let cause = "Type the path of the folder into the field beside the button".into();
            return self.notices.warning("This desktop offers no file dialogs", vec![cause]);
        }
        let dialog = self.file_dialog();
        self.jobs.start_latest(SLOT, "Waiting for the file dialog", move |_| {
            let picked = dialog.set_title("A model folder").pick_folder();
            let apply: Apply = Box::new(move |app| {
                if let Some(folder) = picked {
                    app.settings.remember_folder(&folder);
                    let folder = folder.to_string_lossy().into_owned();
                    app.keep_model_settings(ModelSettings { folder, ..app.settings.model.clone() });
                }
            });
            Ok(apply)
        });
    }

    pub(super) fn pick_report_file(
        &mut self,
        purpose: Purpose,
        then: impl FnOnce(&mut Self, PathBuf) + Send + 'static,
    ) {
        let pick = |dialog: FileDialog| dialog.add_filter("HTML", &["html"]).set_file_name("report.html").save_file();
        self.pick(purpose, pick, then);
    }

    pub(super) fn pick_chart_file(&mut self, ending: &'static str) {
        let pick = move |dialog: FileDialog| {
            dialog.add_filter(ending.to_uppercase(), &[ending]).set_file_name(format!("plot.{ending}")).save_file()
        };
        self.pick(Purpose::Plot(ending), pick, Self::write_chart);
    }

    /// One that begins where the last one ended.
    fn file_dialog(&self) -> FileDialog {
        let folder = self.settings.last_folder.as_ref().filter(|folder| folder.is_dir());
        folder.map_or_else(FileDialog::new, |folder| FileDialog::new().set_directory(folder))
    }

    fn pick<T: Picked>(
        &mut self,
        purpose: Purpose,
        pick: impl FnOnce(FileDialog) -> Option<T> + Send + 'static,
        then: impl FnOnce(&mut Self, T) + Send + 'static,
    ) {
        if !desktop_has_dialogs() {
            self.ask_path(purpose);
            return;
        }
        let dialog = self.file_dialog();
        self.jobs.start_latest(SLOT, "Waiting for the file dialog", move |_| {
            let picked = pick(dialog);
            let apply: Apply = Box::new(move |app| {
                if let Some(picked) = picked {
                    if let Some(path) = picked.first_path() {
                        app.settings.remember_folder(path);
                    }
                    then(app, picked);
                }
            });
            Ok(apply)
        });
    }
}

/// What a dialog gives: one path, or several.
trait Picked: Send + 'static {
    fn first_path(&self) -> Option<&Path>;
}

impl Picked for PathBuf {
    fn first_path(&self) -> Option<&Path> {
        Some(self)
    }
}

impl Picked for Vec<PathBuf> {
    fn first_path(&self) -> Option<&Path> {
        self.first().map(PathBuf::as_path)
    }
}

/// On Linux a dialog comes from the desktop's portal or from zenity; a bare X server has neither.
fn desktop_has_dialogs() -> bool {
    let on_path = |program: &str| {
        std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|d| d.join(program).is_file()))
    };
    !cfg!(target_os = "linux") || std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some() || on_path("zenity")
}
