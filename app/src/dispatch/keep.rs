//! Where work is kept: under a name, at a path that is asked for.

use crate::app::App;
use crate::panels::dialog::{Dialog, PathPage, Purpose, missing_folder, no_folder, project_file, typed_id};
use anyhow::Context as _;
use limner_annotation::exchange::{self, Receipt};
use limner_annotation::{Command, ImageEntry, Project};
use std::path::{Path, PathBuf};

impl App {
    /// Every step is saved as it is made. Who presses this wants to hear so, or to give the work a name.
    pub(super) fn save(&mut self) {
        let Some(path) = self.synced_project() else { return };
        if path.starts_with(&self.paths.data) {
            return self.pick_project_to_save();
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        self.notices.done(format!("Every step is in {name}; nothing waits to be saved"));
    }

    pub(super) fn save_project_as(&mut self, path: PathBuf) {
        self.end_stroke();
        self.commit_typing();
        let path = project_file(path);
        let Some(project) = &mut self.workspace.project else { return };
        match copy_project(project, &path) {
            Ok(copy) => {
                let before = project.path().to_path_buf();
                // The picture stays open: it is the same document under another name.
                *project = copy;
                self.settings.remember_project(&path);
                self.settings.carry_opened(&before, &path);
                self.save_settings();
                self.notices.done(format!("The project is now {}", path.display()));
            }
            Err(error) => self.notices.error("The project could not be saved there", &error),
        }
    }

    pub(super) fn ask_path(&mut self, purpose: Purpose) {
        let id = typed_id(purpose);
        // What was typed before is not lost with the dialog it was typed into.
        let typed = self.ctx.data(|data| data.get_temp::<String>(id)).map(PathBuf::from);
        let path = typed.unwrap_or_else(|| self.proposed_path(purpose));
        let path = if purpose.makes_new() { fresh(path, purpose.is_of_folder()) } else { path };
        self.dialog = Some(Dialog::Path(Box::new(PathPage::new(purpose, path.to_string_lossy().into_owned()))));
        if let Purpose::Export(format) = purpose {
            self.look_before_export(format);
        }
    }

    /// What a field for a path begins with: the folder that was worked in last, and a name for what is new.
    fn proposed_path(&self, purpose: Purpose) -> PathBuf {
        let parent = |path: &PathBuf| path.parent().map(Path::to_path_buf);
        let own = |folder: &PathBuf| folder.starts_with(&self.paths.data);
        let last = &self.settings;
        let chosen = last.last_folder.clone().filter(|folder| folder.is_dir());
        let noted = self.workspace.project.as_ref().and_then(|project| last.opened.get(project.path()));
        let opened = noted.unwrap_or(&self.opened_before).last();
        let known = [chosen, opened.and_then(parent), last.last_project.as_ref().and_then(parent)];
        let home = directories::UserDirs::new().map(|dirs| dirs.home_dir().to_path_buf());
        let mut folder = known.into_iter().flatten().find(|folder| !own(folder)).or(home).unwrap_or_default();
        if purpose.makes_new() {
            // An export is whole: nothing is put into it later.
            while Receipt::lies_in(&folder) && folder.pop() {}
        }
        folder.join(match purpose {
            Purpose::SaveProject => "study.limner".to_owned(),
            Purpose::SaveView => "view.png".to_owned(),
            Purpose::SaveClip => "view.gif".to_owned(),
            Purpose::Report => "report.html".to_owned(),
            Purpose::Audit => "limner-audit".to_owned(),
            Purpose::Plot(ending) => format!("plot.{ending}"),
            Purpose::Export(format) => export_name(format),
            _ => String::new(),
        })
    }
}

/// Where an export goes that is to be put into a folder: into a new one in it, so that it never mixes with what lies there.
pub(super) fn export_folder(parent: &Path, format: &str) -> PathBuf {
    fresh(parent.join(export_name(format)), true)
}

/// The names of question formats have a colon, which not every file system takes.
fn export_name(format: &str) -> String {
    format!("limner-{}", format.replace(':', "-"))
}

/// The path itself where nothing is there, else the same name with a number: `study-2.limner`, `limner-nifti-2`. Folders have
/// no ending, whatever dots are in their names.
fn fresh(path: PathBuf, is_folder: bool) -> PathBuf {
    let Some(name) = path.file_name().map(|name| name.to_string_lossy().into_owned()) else { return path };
    let (stem, ending) = match name.rsplit_once('.') {
        Some((stem, ending)) if !is_folder && !stem.is_empty() => (stem, format!(".{ending}")),
        _ => (name.as_str(), String::new()),
    };
    let numbered = (2..).map(|n: u32| path.with_file_name(format!("{stem}-{n}{ending}")));
    let first_free = std::iter::once(path.clone()).chain(numbered).find(|path| exchange::is_free(path));
    first_free.unwrap_or(path)
}

/// A copy of a project in another place, which finds its pictures from there and is called after its file.
fn copy_project(project: &Project, path: &Path) -> anyhow::Result<Project> {
    project.wait_until_synced()?;
    if path.exists() {
        anyhow::bail!("{} is there already; choose another name", path.display());
    }
    make_folder_of(path)?;
    project.backup(path)?;
    let mut copy = Project::open(path)?;
    if let Some(name) = path.file_stem() {
        copy.rename(&name.to_string_lossy())?;
    }
    let moved = project.document().images().map(|entry| {
        let image = ImageEntry { path: copy.path_for(&project.file_of(entry)), ..entry.clone() };
        Command::EditImage { image }
    });
    let moved: Vec<Command> = moved.collect();
    if !moved.is_empty() {
        copy.document_mut().apply("Save project as", moved)?;
    }
    copy.wait_until_synced()?;
    Ok(copy)
}

/// Makes the folder that a file is to be put into, where it is only that one that is missing.
fn make_folder_of(path: &Path) -> anyhow::Result<()> {
    if let Some(missing) = missing_folder(path) {
        anyhow::bail!(no_folder(missing));
    }
    match path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
        Some(folder) => std::fs::create_dir(folder).with_context(|| format!("could not make {}", folder.display())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_proposed_takes_the_place_of_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        assert_eq!(fresh(at("limner-nifti"), true), at("limner-nifti"));
        std::fs::create_dir(at("limner-nifti")).unwrap();
        assert_eq!(fresh(at("limner-nifti"), true), at("limner-nifti"), "an empty folder may be filled");
        for name in ["limner-nifti/labels.json", "study.limner", "study-2.limner"] {
            std::fs::write(at(name), "").unwrap();
        }
        std::fs::create_dir_all(at("release 1.0/labels")).unwrap();
        assert_eq!(fresh(at("limner-nifti"), true), at("limner-nifti-2"));
        assert_eq!(fresh(at("study.limner"), false), at("study-3.limner"));
        assert_eq!(fresh(at("release 1.0"), true), at("release 1.0-2"));
        assert_eq!(export_folder(folder.path(), "nifti"), at("limner-nifti-2"));
        assert_eq!(export_folder(folder.path(), "vqa:chat"), at("limner-vqa-chat"));
    }

    #[test]
    fn a_project_saved_under_a_name_is_called_so_and_gets_the_folder_it_lacks() {
        let home = tempfile::tempdir().unwrap();
        let project = Project::create(&home.path().join("draft.limner"), "Untitled", "reader").unwrap();
        let path = home.path().join("trials/liver trial.limner");
        let copy = copy_project(&project, &path).unwrap();
        assert_eq!((copy.meta().name.as_str(), project.meta().name.as_str()), ("liver trial", "Untitled"));
        drop(copy);
        assert_eq!(Project::open_read_only(&path).unwrap().meta().name, "liver trial");
        let far = home.path().join("a/b/liver.limner");
        let why = copy_project(&project, &far).unwrap_err().to_string();
        assert!(why.contains(&home.path().join("a").display().to_string()) && !why.contains("a/b"), "{why}");
        assert!(!home.path().join("a").exists(), "more than one folder is not made on a guess");
    }
}
