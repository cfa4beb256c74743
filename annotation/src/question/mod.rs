//! Questions whose answers point at the evidence.
//!
//! What must hold (each is refused otherwise): a region belongs to one image, and is seen on the picture of the set that is
//! named with it; an image index counts inside its set; keys are unique and answers are among them; a number has a unit and
//! the scale it was measured on; a tree of stages has no circle; what is accepted is complete. What a reader must not see
//! is in `Question::hidden` and in no other place.

mod answer;
mod book;
mod check;
mod dialogue;
mod edit;
mod entity;
pub mod generate;
mod ids;
mod image_set;
mod rationale;
mod record;
mod region;
mod render;
mod stage;
mod taxonomy;
mod template;

pub use answer::{Answer, AnswerType, Choice, ChoiceKind, Phrase, Quantity, Tolerance};
pub use book::{Book, Lookup};
pub use check::{Field, Missing};
pub use dialogue::{BOX, Dialogue, REF, Speaker, Turn};
pub use edit::{DONT_KNOW, NONE_OF_THESE};
pub use entity::{AuditMark, Draft, Facets, Hidden, Origin, Question, Status};
pub use ids::{DialogueId, ImageSetId, QuestionId, RecipeId, TaxonomyId, TemplateId};
pub use image_set::{Frame, ImageSet, Item, Role};
pub use rationale::{RationaleStep, StepKind, SubQuestion};
pub use region::{Evidence, Region};
pub use render::{Grey, MAX_SIDE, Mark, Overlay, Pad, PictureFormat, RenderRecipe, Transform};
pub use stage::{Follows, Stage, children};
pub use taxonomy::{Placement, Taxonomy, TaxonomyEntry};
pub use template::{Template, fill};
