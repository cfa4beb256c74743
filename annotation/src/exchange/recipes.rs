//! `recipes.json`: how each picture of a data set of our own was made, as far as it is read again.

use super::folder;
use crate::ImageId;
use crate::error::Result;
use crate::shapes::Slice;
use serde::Deserialize;
use std::path::Path;

pub(crate) const RECIPES: &str = "recipes.json";

#[derive(Deserialize)]
struct Recipes {
    pictures: Vec<Made>,
}

/// How a picture of our own was made.
#[derive(Deserialize)]
pub(crate) struct Made {
    pub file: String,
    pub image: ImageId,
    pub slice: Slice,
    pub render: Option<Render>,
}

#[derive(Deserialize)]
pub(crate) struct Render {
    pub exported_from_native: [[f64; 3]; 3],
}

/// What lies in a folder; nothing where it has no recipes.
pub(crate) fn read(folder: &Path) -> Result<Vec<Made>> {
    let path = folder.join(RECIPES);
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let recipes: Recipes = folder::read_json(&path)?;
    Ok(recipes.pictures)
}
