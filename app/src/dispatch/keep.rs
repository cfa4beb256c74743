//! Where work is kept: under a name, at a path that is asked for.

use crate::app::App;
use crate::panels::dialog::{Dialog, Purpose};
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
        let path = if path.extension().is_some() { path } else { path.with_extension("limner") };
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
        self.dialog = Some(Dialog::Path { purpose, text: self.proposed_path(purpose) });
    }

    /// What a field for a path begins with: the folder that was worked in last, and a name for what is new.
    fn proposed_path(&self, purpose: Purpose) -> String {
        let parent = |path: &PathBuf| path.parent().map(Path::to_path_buf);
        let own = |folder: &PathBuf| folder.starts_with(&self.paths.data);
        let last = &self.settings;
        let chosen = last.last_folder.clone().filter(|folder| folder.is_dir());
        let noted = self.workspace.project.as_ref().and_then(|project| last.opened.get(project.path()));
        let opened = noted.unwrap_or(&self.opened_before).last();
        let known = [chosen, opened.and_then(parent), last.last_project.as_ref().and_then(parent)];
        let home = directories::UserDirs::new().map(|dirs| dirs.home_dir().to_path_buf());
        let folder = known.into_iter().flatten().find(|folder| !own(folder)).or(home).unwrap_or_default();
        let name = match purpose {
            Purpose::SaveProject => "study.limner",
            Purpose::SaveView => "view.png",
            Purpose::SaveClip => "view.gif",
            Purpose::Report => "report.html",
            _ => "",
        };
        folder.join(name).to_string_lossy().into_owned()
    }
}

/// A copy of a project in another place, which finds its pictures from there.
fn copy_project(project: &Project, path: &Path) -> anyhow::Result<Project> {
    project.wait_until_synced()?;
    if path.exists() {
        anyhow::bail!("{} is there already; choose another name", path.display());
    }
    project.backup(path)?;
    let mut copy = Project::open(path)?;
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
