//! Identities of what makes up a question: kinds of entities like any other.

pub use crate::entity::{DialogueId, ImageSetId, QuestionId, RecipeId, TaxonomyId, TemplateId};
