//! What is remembered between starts. A settings file that cannot be read is set aside, never a reason not to start.

use crate::view_state::{Hand, Stage};
use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use std::io::Write as _;
use std::path::{Path, PathBuf};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub last_project: Option<PathBuf>,
    pub recent_projects: Vec<PathBuf>,
    pub hand: Option<Hand>,
    /// The viewports as they were left, with the pictures in them.
    pub stage: Option<Stage>,
    /// Who signs the work. Never leaves the project unless the user exports it.
    pub author: Option<String>,
}

const RECENT: usize = 10;

impl Settings {
    pub fn load(folder: &Path) -> Self {
        let path = folder.join("settings.json");
        let Ok(text) = std::fs::read_to_string(&path) else { return Self::default() };
        serde_json::from_str(&text).unwrap_or_else(|error| {
            log::warn!("the settings could not be read and were set aside: {error}");
            let _ = std::fs::rename(&path, folder.join("settings.unreadable.json"));
            Self::default()
        })
    }

    pub fn save(&self, folder: &Path) -> anyhow::Result<()> {
        std::fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
        let beside = folder.join("settings.json.new");
        let mut file = std::fs::File::create(&beside).context("could not write the settings")?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.sync_all()?;
        std::fs::rename(&beside, folder.join("settings.json")).context("could not put the settings in place")
    }

    pub fn remember_project(&mut self, path: &Path) {
        self.recent_projects.retain(|p| p != path);
        self.recent_projects.insert(0, path.into());
        self.recent_projects.truncate(RECENT);
        self.last_project = Some(path.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_survive_and_a_broken_file_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings::default();
        for n in 0..12 {
            settings.remember_project(Path::new(&format!("p{n}.limner")));
        }
        settings.save(folder.path()).unwrap();
        let back = Settings::load(folder.path());
        assert_eq!(back, settings);
        assert_eq!(back.recent_projects.len(), RECENT);
        std::fs::write(folder.path().join("settings.json"), "{ not json").unwrap();
        assert_eq!(Settings::load(folder.path()), Settings::default());
        assert!(folder.path().join("settings.unreadable.json").exists());
    }
}
