//! The engines a user can choose from. A new one is a line in `MODELS`.

use crate::classical::Classical;
use crate::engine::Engine;
use crate::error::{Error, Result};
use serde::Serialize;
use std::sync::Arc;

/// An engine that can be had by name.
#[derive(Serialize)]
pub struct Model {
    /// The word on the command line and in provenance.
    pub name: &'static str,
    /// For people, in the picker.
    pub title: &'static str,
    pub about: &'static str,
    #[serde(skip)]
    open: fn() -> Result<Arc<dyn Engine>>,
}

pub const MODELS: &[Model] = &[Model {
    name: "classical",
    title: "Classical",
    about: "Geodesic distance and GrowCut: no weights, instant, follows edges",
    open: || Ok(Arc::new(Classical::default())),
}];

impl Model {
    pub fn open(&self) -> Result<Arc<dyn Engine>> {
        (self.open)()
    }
}

/// The engine of that name, ready to work.
pub fn open(name: &str) -> Result<Arc<dyn Engine>> {
    match MODELS.iter().find(|model| model.name == name) {
        Some(model) => model.open(),
        None => {
            let known: Vec<&str> = MODELS.iter().map(|model| model.name).collect();
            Err(Error::UnknownModel { name: name.into(), known: known.join(", ") })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_opens_under_its_own_name() {
        for model in MODELS {
            assert_eq!(open(model.name).unwrap().name(), model.name);
        }
        let Err(error) = open("nothing") else { panic!("a model that is not there opened") };
        assert!(error.to_string().contains("classical"));
    }
}
