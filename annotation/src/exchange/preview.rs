//! The first records of an export in words, for people to look at before they export.

use super::case::Case;
use crate::contents::Contents;
use crate::entity::ImageId;
use crate::label_map::LabelMap;
use crate::words::counted;
use serde::Serialize;

/// One record: the picture, case or question it is, and what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Preview {
    pub name: String,
    pub says: String,
    /// The image it is made from, for whoever knows the project; its name is in none of the files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageId>,
}

impl Preview {
    pub(super) fn of_case(contents: &Contents, case: &Case<'_>) -> Self {
        let painted = contents.label_map(case.image.id).map(LabelMap::values).unwrap_or_default();
        let name_of = |value: u16| contents.label_of_value(value).map_or("unnamed", |label| label.name.as_str());
        let mut says: Vec<String> = painted.into_iter().map(|value| name_of(value).to_owned()).collect();
        match contents.shapes_on(case.image.id).count() {
            0 => {}
            count => says.push(counted(count, "shape")),
        }
        let part = case.part.as_ref().map(|part| format!("{part}: ")).unwrap_or_default();
        let says = if says.is_empty() { "nothing".to_owned() } else { says.join(", ") };
        Self { name: case.name.clone(), says: format!("{part}{says}"), image: Some(case.image.id) }
    }
}
