//! Everything a project holds about questions, as plain tables.

use crate::error::{Error, Result};
use crate::question::dialogue::Dialogue;
use crate::question::entity::Question;
use crate::question::ids::{DialogueId, ImageSetId, QuestionId, RecipeId, TaxonomyId, TemplateId};
use crate::question::image_set::ImageSet;
use crate::question::render::RenderRecipe;
use crate::question::taxonomy::Taxonomy;
use crate::question::template::Template;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// In each table the order is that of making.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Book {
    pub image_sets: BTreeMap<ImageSetId, ImageSet>,
    pub recipes: BTreeMap<RecipeId, RenderRecipe>,
    pub taxonomies: BTreeMap<TaxonomyId, Taxonomy>,
    pub templates: BTreeMap<TemplateId, Template>,
    pub questions: BTreeMap<QuestionId, Question>,
    pub dialogues: BTreeMap<DialogueId, Dialogue>,
}

/// Where what a question names is looked up: a book of its own, or a whole project.
pub trait Lookup {
    fn image_set(&self, id: ImageSetId) -> Option<&ImageSet>;

    fn recipe(&self, id: RecipeId) -> Option<&RenderRecipe>;

    fn taxonomy(&self, id: TaxonomyId) -> Option<&Taxonomy>;

    fn question(&self, id: QuestionId) -> Option<&Question>;

    fn questions(&self) -> Box<dyn Iterator<Item = &Question> + '_>;

    fn dialogues(&self) -> Box<dyn Iterator<Item = &Dialogue> + '_>;
}

impl Lookup for Book {
    fn image_set(&self, id: ImageSetId) -> Option<&ImageSet> {
        self.image_sets.get(&id)
    }

    fn recipe(&self, id: RecipeId) -> Option<&RenderRecipe> {
        self.recipes.get(&id)
    }

    fn taxonomy(&self, id: TaxonomyId) -> Option<&Taxonomy> {
        self.taxonomies.get(&id)
    }

    fn question(&self, id: QuestionId) -> Option<&Question> {
        self.questions.get(&id)
    }

    fn questions(&self) -> Box<dyn Iterator<Item = &Question> + '_> {
        Box::new(self.questions.values())
    }

    fn dialogues(&self) -> Box<dyn Iterator<Item = &Dialogue> + '_> {
        Box::new(self.dialogues.values())
    }
}

pub(crate) fn need_image_set(book: &dyn Lookup, id: ImageSetId) -> Result<&ImageSet> {
    book.image_set(id).ok_or_else(|| Error::refused(format!("there is no image set with the id {id}")))
}

pub(crate) fn need_question(book: &dyn Lookup, id: QuestionId) -> Result<&Question> {
    book.question(id).ok_or_else(|| Error::refused(format!("there is no question with the id {id}")))
}
