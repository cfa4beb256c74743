//! Which model answers: one that lies with the program, one in a folder of the user's, or one a server runs. What was
//! chosen last, and where folder and server are, stays in the settings.

use anyhow::{Context as _, bail};
use limner_imaging::Task;
use limner_segmentation::models::{self, Model};
use limner_segmentation::{Engine, remote, wire};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModelSettings {
    /// Nothing until something was chosen: then the first there is.
    pub chosen: Option<Choice>,
    pub folder: String,
    /// The address of a server.
    pub server: String,
    pub key: Secret,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// By its name among those that lie with the program.
    Listed(String),
    Folder,
    Server,
}

/// Who wants a model opened: what nobody chose is not kept, so that a better one may be the first another day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChosenBy {
    Start,
    User,
}

/// What a server wants to be shown. It stays in the user's own settings and is never printed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl ModelSettings {
    /// Opens what is chosen; a folder may hold large weights and a server may be slow, so never on the frame.
    pub fn open(&self, choice: &Choice, task: &Task) -> anyhow::Result<(Model, Arc<dyn Engine>)> {
        match choice {
            Choice::Listed(name) => {
                let model = models::all().into_iter().find(|model| model.name == *name);
                let model = model.with_context(|| format!("there is no model called {name} any more"))?;
                let engine = model.open()?;
                Ok((model, engine))
            }
            Choice::Folder => {
                let folder = self.folder.trim();
                if folder.is_empty() {
                    bail!("name the folder first, the one with plans.json in it");
                }
                let model = models::in_folder(Path::new(folder));
                let engine = model.open()?;
                Ok((model, engine))
            }
            Choice::Server => {
                let own = Some(self.key.0.trim().to_owned()).filter(|key| !key.is_empty());
                let key = own.or_else(wire::key_of_environment).and_then(remote::Key::new);
                Ok(models::at_address(self.server.trim(), key, task)?)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_kept_and_its_key_is_not_printed() {
        let settings = ModelSettings {
            chosen: Some(Choice::Server),
            server: "http://room-7:1527".into(),
            key: Secret("sesame".into()),
            ..ModelSettings::default()
        };
        let text = serde_json::to_string(&settings).unwrap();
        assert_eq!(serde_json::from_str::<ModelSettings>(&text).unwrap(), settings);
        assert!(!format!("{settings:?}").contains("sesame"));
    }

    #[test]
    fn what_is_not_there_is_said() {
        let settings = ModelSettings { server: "room-7".into(), ..ModelSettings::default() };
        let why = |choice: Choice| settings.open(&choice, &Task::default()).map(|_| ()).unwrap_err().to_string();
        assert!(why(Choice::Listed("gone".into())).contains("gone"));
        assert!(why(Choice::Folder).contains("plans.json"));
        assert!(why(Choice::Server).contains("http://"));
        assert!(settings.open(&Choice::Listed("classical".into()), &Task::default()).is_ok());
    }
}
