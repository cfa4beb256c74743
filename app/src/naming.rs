//! What things are called: the window after its project, actions and grey windows after the table, the work after its
//! reader.

use crate::action::Action;
use crate::app::App;
use eframe::egui::{Id, ViewportCommand};
use std::path::{Path, PathBuf};

impl App {
    /// What an action is called: windows have the names of the table.
    pub fn title_of(&self, action: Action) -> String {
        match action {
            Action::WindowPreset(n) => match self.settings.windows.get(n) {
                Some(window) => format!("Window: {}", window.name),
                None => action.title().to_owned(),
            },
            _ => action.title().to_owned(),
        }
    }

    /// The name of the window the active view has, where it is one of the table.
    pub fn window_name(&self) -> Option<String> {
        let (viewport, open) = self.workspace.active()?;
        let named = self.settings.windows.iter().find(|w| w.window() == viewport.window);
        if let Some(named) = named.filter(|_| open.is_ct) {
            return Some(named.name.clone());
        }
        (viewport.window == open.stored_window).then(|| "As stored".to_owned())
    }

    /// Once a frame: where another project is open than before, the title of the window says so, and the reader signs it.
    pub(crate) fn follow_project(&mut self) {
        let path = self.workspace.project.as_ref().map(|project| project.path().to_path_buf());
        let id = Id::unique("project of the window");
        if self.ctx.data(|d| d.get_temp::<Option<PathBuf>>(id)).is_some_and(|before| before == path) {
            return;
        }
        self.ctx.send_viewport_cmd(ViewportCommand::Title(window_title(path.as_deref())));
        self.ctx.data_mut(|d| d.insert_temp(id, path));
        self.sign();
    }

    /// Who signs the steps from now on.
    pub(crate) fn set_reader(&mut self, name: String) {
        self.settings.author = Some(name).filter(|name| !name.trim().is_empty());
        self.sign();
    }

    /// A file that was handed out stays its rater's.
    fn sign(&mut self) {
        let (Some(name), Some(project)) = (&self.settings.author, &mut self.workspace.project) else { return };
        if project.handout().is_none() {
            project.document_mut().set_author(name.trim());
        }
    }
}

fn window_title(project: Option<&Path>) -> String {
    let name = project.and_then(Path::file_stem).map(std::ffi::OsStr::to_string_lossy);
    name.map_or_else(|| "Limner".to_owned(), |name| format!("{name} - Limner"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_called_after_its_project() {
        assert_eq!(window_title(Some(Path::new("studies/liver.limner"))), "liver - Limner");
        assert_eq!(window_title(None), "Limner");
    }
}
