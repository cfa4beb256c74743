//! The engines a user can choose from. A new built-in one is a line in `MODELS`; a network is a folder: among the
//! program's own under assets/models, or anywhere by its path; a server is its address.

mod places;

use crate::classical::Classical;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::neural;
use crate::remote::{self, Key, Remote};
use crate::wire::key_of_environment;
use limner_imaging::Task;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const NO_LICENSE: &str = "not stated";

/// The word for the network that comes with the program.
pub const EMBEDDED: &str = "embedded";

/// An engine that can be had by name.
#[derive(Clone, Debug, Serialize)]
pub struct Model {
    /// The word on the command line and in provenance.
    pub name: String,
    /// For people, in the picker.
    pub title: String,
    pub about: String,
    pub license: Option<String>,
    #[serde(skip)]
    source: Source,
    #[serde(skip)]
    with_program: bool,
}

#[derive(Clone, Debug)]
enum Source {
    BuiltIn(fn() -> Result<Arc<dyn Engine>>),
    Folder(PathBuf),
    /// The name is its address.
    Server(Option<Key>),
}

/// An engine that needs no files.
struct BuiltIn {
    name: &'static str,
    title: &'static str,
    about: &'static str,
    open: fn() -> Result<Arc<dyn Engine>>,
}

const MODELS: &[BuiltIn] = &[BuiltIn {
    name: "classical",
    title: "Classical",
    about: "Geodesic distance and GrowCut: no weights, instant, follows edges",
    open: || Ok(Arc::new(Classical::default())),
}];

impl Model {
    pub fn open(&self) -> Result<Arc<dyn Engine>> {
        match &self.source {
            Source::BuiltIn(open) => open(),
            Source::Folder(folder) => neural::open(folder, &self.name),
            Source::Server(key) => Ok(Arc::new(Remote::connect(&self.name, key.clone(), &Task::default())?)),
        }
    }

    /// Whether it lies with the program, rather than in a folder of the user's or at a server.
    #[must_use]
    pub const fn is_listed(&self) -> bool {
        self.with_program
    }

    fn built_in(model: &BuiltIn) -> Self {
        Self {
            name: model.name.into(),
            title: model.title.into(),
            about: model.about.into(),
            license: None,
            source: Source::BuiltIn(model.open),
            with_program: true,
        }
    }

    /// A model folder under the name of the folder.
    fn in_folder(folder: &Path) -> Self {
        let name = folder.file_name().map_or_else(|| folder.to_string_lossy(), |name| name.to_string_lossy());
        Self {
            name: name.clone().into_owned(),
            title: name.into_owned(),
            about: neural::about(folder),
            license: Some(neural::license(folder).unwrap_or_else(|| NO_LICENSE.into())),
            source: Source::Folder(folder.into()),
            with_program: false,
        }
    }
}

/// The model a server runs, once it was asked what it is.
pub fn at_address(address: &str, key: Option<Key>, task: &Task) -> Result<(Model, Arc<dyn Engine>)> {
    let engine = Remote::connect(address, key.clone(), task)?;
    let model = Model {
        name: engine.name().into(),
        title: engine.name().into(),
        about: engine.about().into(),
        license: Some(engine.license().unwrap_or(NO_LICENSE).into()),
        source: Source::Server(key),
        with_program: false,
    };
    Ok((model, Arc::new(engine)))
}

/// The model in a folder, under the folder's name.
#[must_use]
pub fn in_folder(folder: &Path) -> Model {
    Model::in_folder(folder)
}

/// All that can be had by name: the built-in ones, then the networks that lie with the program.
#[must_use]
pub fn all() -> Vec<Model> {
    let networks =
        places::folders().into_iter().map(|folder| Model { with_program: true, ..Model::in_folder(&folder) });
    MODELS.iter().map(Model::built_in).chain(networks).collect()
}

/// The engine of that name, or, where none is named, the one to begin with: the first there is.
pub fn open_or_best(name: Option<&str>) -> Result<Arc<dyn Engine>> {
    match (name, all().first()) {
        (Some(name), _) => open(name),
        (None, Some(model)) => model.open(),
        (None, None) => Err(Error::UnknownModel { name: EMBEDDED.into(), known: String::new() }),
    }
}

/// The engine of that name, the model in that folder, or the server at that address, ready to work. A server's key is
/// taken from the environment.
pub fn open(name: &str) -> Result<Arc<dyn Engine>> {
    if remote::is_address(name) {
        let key = key_of_environment().and_then(Key::new);
        return at_address(name, key, &Task::default()).map(|(_, engine)| engine);
    }
    let all = all();
    let embedded = || all.iter().find(|model| matches!(model.source, Source::Folder(_)));
    if let Some(model) = all.iter().find(|m| m.name == name).or_else(|| embedded().filter(|_| name == EMBEDDED)) {
        return model.open();
    }
    let folder = Path::new(name);
    if folder.is_dir() {
        return Model::in_folder(folder).open();
    }
    let known: Vec<&str> = all.iter().map(|model| model.name.as_str()).collect();
    Err(Error::UnknownModel { name: name.into(), known: known.join(", ") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_opens_under_its_own_name() {
        for model in all() {
            assert_eq!(open(&model.name).unwrap().name(), model.name);
        }
        let Err(error) = open("nothing") else { panic!("a model that is not there opened") };
        assert!(error.to_string().contains("classical"));
        assert_eq!(open_or_best(None).unwrap().name(), all()[0].name);
        assert_eq!(open_or_best(Some("classical")).unwrap().name(), "classical");
    }

    #[test]
    fn a_folder_that_is_no_model_says_what_is_missing() {
        let Err(error) = open(env!("CARGO_MANIFEST_DIR")) else { panic!("a folder of source code opened") };
        assert!(error.to_string().contains("plans.json"), "{error}");
    }
}
