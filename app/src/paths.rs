//! Where things lie on this machine: settings, projects nobody named yet, the unpacked sample study.

use anyhow::Context as _;
use std::path::{Path, PathBuf};

#[derive(Clone, Debug)]
pub struct Paths {
    pub config: PathBuf,
    pub data: PathBuf,
}

impl Paths {
    /// The user's own folders. Without a home they lie beside the working folder rather than nowhere.
    pub fn of_user() -> Self {
        match directories::ProjectDirs::from("", "", "limner") {
            Some(dirs) => Self { config: dirs.config_dir().into(), data: dirs.data_dir().into() },
            None => Self::under(Path::new("limner-data")),
        }
    }

    pub fn under(folder: &Path) -> Self {
        Self { config: folder.join("config"), data: folder.join("data") }
    }

    /// A name for work that has no project yet. It holds a number only: folder names may hold patients' names.
    pub fn new_project(&self) -> anyhow::Result<PathBuf> {
        let folder = self.data.join("projects");
        std::fs::create_dir_all(&folder).with_context(|| format!("could not make {}", folder.display()))?;
        let free = (1_u32..).map(|n| folder.join(format!("project-{n:03}.limner"))).find(|p| !p.exists());
        free.context("no free project name is left")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_projects_never_take_a_name_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::under(folder.path());
        let first = paths.new_project().unwrap();
        std::fs::write(&first, "").unwrap();
        assert_ne!(paths.new_project().unwrap(), first);
    }
}
