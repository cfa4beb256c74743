//! The pictures a question is asked on: which, in what order, and in what part. The order is the order of the list; every
//! image index of a question counts in it from 0.

use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::id::ImageId;
use crate::question::book::Lookup;
use crate::question::ids::{ImageSetId, RecipeId};
use crate::shapes::Slice;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageSet {
    #[serde(default = "ImageSetId::new")]
    pub id: ImageSetId,
    pub items: Vec<Item>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    pub frame: Frame,
    #[serde(default)]
    pub role: Role,
    /// The view or sequence: PA, A4C, T1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// How the picture is made; the format's own way where not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<RecipeId>,
}

/// A slice of an image, a frame of a sequence, or all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frame {
    pub image: ImageId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slice: Option<Slice>,
}

/// The part a picture plays in the question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    #[default]
    Main,
    Prior,
    Current,
    Reference,
    Query,
    View,
    /// One of several sequences or modalities of the same place.
    Channel,
    /// One of a series in time.
    Frame,
    Distractor,
    /// A picture that stands as a choice.
    Option,
}

impl Role {
    pub const ALL: [Self; 10] = [
        Self::Main,
        Self::Prior,
        Self::Current,
        Self::Reference,
        Self::Query,
        Self::View,
        Self::Channel,
        Self::Frame,
        Self::Distractor,
        Self::Option,
    ];

    /// For people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Main => "Image",
            Self::Prior => "Prior",
            Self::Current => "Current",
            Self::Reference => "Reference",
            Self::Query => "Query",
            Self::View => "View",
            Self::Channel => "Sequence",
            Self::Frame => "Frame",
            Self::Distractor => "Distractor",
            Self::Option => "Option",
        }
    }
}

impl Frame {
    #[must_use]
    pub const fn whole(image: ImageId) -> Self {
        Self { image, slice: None }
    }

    #[must_use]
    pub const fn on(image: ImageId, slice: Slice) -> Self {
        Self { image, slice: Some(slice) }
    }

    pub(crate) fn check(&self, contents: &Contents) -> Result<()> {
        let image = contents.image(self.image).ok_or(Error::Missing { key: self.image.into() })?;
        match self.slice {
            Some(slice) if slice.axis > 2 || slice.index >= image.size()[slice.axis] => Err(Error::refused(format!(
                "a picture of the set shows slice {} of axis {}, which its image does not have",
                slice.index, slice.axis
            ))),
            _ => Ok(()),
        }
    }

    /// Columns and rows of the picture as stored; those of a stored slice where all of an image is shown.
    #[must_use]
    pub fn size(&self, contents: &Contents) -> Option<[usize; 2]> {
        let size = contents.image(self.image)?.size();
        let [a, b] = self.slice.unwrap_or(Slice::stored(0)).axes_in_plane();
        Some([size[a], size[b]])
    }
}

impl Item {
    #[must_use]
    pub const fn new(frame: Frame, role: Role) -> Self {
        Self { frame, role, name: None, caption: None, recipe: None }
    }
}

impl ImageSet {
    #[must_use]
    pub fn new(items: Vec<Item>) -> Self {
        Self { id: ImageSetId::new(), items, title: None }
    }

    /// One picture.
    #[must_use]
    pub fn single(frame: Frame) -> Self {
        Self::new(vec![Item::new(frame, Role::Main)])
    }

    /// Where the pictures with a role stand.
    pub fn indices_of(&self, role: Role) -> impl Iterator<Item = usize> + '_ {
        self.items.iter().enumerate().filter(move |(_, item)| item.role == role).map(|(n, _)| n)
    }

    pub fn validate(&self, contents: &Contents, book: &dyn Lookup) -> Result<()> {
        if self.items.is_empty() {
            return Err(Error::refused("an image set needs at least one picture"));
        }
        for item in &self.items {
            item.frame.check(contents)?;
            let Some(id) = item.recipe else { continue };
            let recipe = book.recipe(id);
            let recipe = recipe.ok_or_else(|| Error::refused(format!("there is no render recipe with the id {id}")))?;
            if recipe.source != item.frame {
                return Err(Error::refused("a picture of the set is rendered by a recipe for another frame"));
            }
        }
        Ok(())
    }
}
