//! Landmark templates: named points in the order they are placed, each with a sketch of where it goes. A template is not
//! part of a project; what is kept is a landmark set with the names.

use crate::error::{Error, Result};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::Path;

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    pub name: String,
    #[serde(default)]
    pub description: String,
    /// Lines of the sketch, on a square from 0 to 1, right and down.
    #[serde(default)]
    pub outline: Vec<Vec<[f64; 2]>>,
    /// In the order they are placed.
    pub points: Vec<Place>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    pub name: String,
    #[serde(default)]
    pub hint: String,
    /// Where it goes on the sketch.
    pub at: [f64; 2],
}

/// The templates that come with Limner, as their JSON.
const READY: [&str; 3] = [
    include_str!("../../assets/landmarks/pelvis.json"),
    include_str!("../../assets/landmarks/cephalogram.json"),
    include_str!("../../assets/landmarks/left-ventricle.json"),
];

impl Template {
    pub fn from_json(text: &str) -> Result<Self> {
        let template: Self = serde_json::from_str(text.trim_start_matches('\u{feff}'))
            .map_err(|error| Error::refused(format!("the landmark template cannot be read: {error}")))?;
        template.check()?;
        Ok(template)
    }

    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(Error::io(path, "could not read the landmark template"))?;
        Self::from_json(&text)
    }

    /// Those that come with Limner.
    pub fn ready() -> Result<Vec<Self>> {
        READY.iter().map(|text| Self::from_json(text)).collect()
    }

    fn check(&self) -> Result<()> {
        let names: BTreeSet<&str> = self.points.iter().map(|place| place.name.trim()).collect();
        if self.name.trim().is_empty() || names.contains("") || names.is_empty() {
            return Err(Error::refused("a landmark template needs a name, and points with names"));
        }
        if names.len() != self.points.len() {
            return Err(Error::refused(format!("two points of the template \"{}\" have one name", self.name)));
        }
        let mut places = self.points.iter().map(|place| place.at).chain(self.outline.iter().flatten().copied());
        if places.any(|at| at.iter().any(|n| !(0.0..=1.0).contains(n))) {
            return Err(Error::refused(format!("the sketch of \"{}\" leaves the square from 0 to 1", self.name)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_that_come_along_are_whole_and_others_are_checked() {
        let ready = Template::ready().unwrap();
        assert!(ready.iter().all(|template| template.points.len() >= 3 && !template.outline.is_empty()));
        let twice = r#"{"name":"x","points":[{"name":"a","at":[0,0]},{"name":"a","at":[1,1]}]}"#;
        let outside = r#"{"name":"x","points":[{"name":"a","at":[0,1.5]}]}"#;
        assert!([twice, outside, r#"{"name":"x","points":[]}"#].iter().all(|text| Template::from_json(text).is_err()));
    }
}
