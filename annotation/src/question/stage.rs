//! Questions that follow from each other: a root, and stages that hang on it by branches. The tree has no circle, and every
//! stage is reached from the root.

use crate::error::{Error, Result};
use crate::question::book::{Lookup, need_question};
use crate::question::entity::Question;
use crate::question::ids::QuestionId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A question's place in a tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// The question it follows; the root has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<QuestionId>,
    /// The line of questioning: reason alone, guided, review.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// The name of the step: criteria, body part, measurement, final.
    pub stage: String,
    #[serde(default)]
    pub follows: Follows,
    /// The question that this one asks again on another image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_of: Option<QuestionId>,
}

/// After which answer of its parent a stage is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Follows {
    #[default]
    Always,
    Correct,
    Wrong,
    /// The reader says that they do not know.
    Abstained,
    /// The parent is answered with this key.
    Key(String),
}

/// Refuses a stage whose parents do not lead to a root.
pub(crate) fn check(id: QuestionId, stage: &Stage, book: &dyn Lookup) -> Result<()> {
    if stage.review_of == Some(id) {
        return Err(Error::refused("a question cannot review itself"));
    }
    if let Some(other) = stage.review_of {
        need_question(book, other)?;
    }
    if let (Some(parent), Follows::Key(key)) = (stage.parent, &stage.follows)
        && !need_question(book, parent)?.choices.iter().any(|choice| choice.key == *key)
    {
        return Err(Error::refused(format!("the stage follows the answer \"{key}\", which its parent does not offer")));
    }
    let mut ancestor = stage.parent;
    let mut passed = BTreeSet::from([id]);
    while let Some(at) = ancestor {
        if !passed.insert(at) {
            return Err(Error::refused("a stage cannot follow itself"));
        }
        ancestor = need_question(book, at)?.stage.as_ref().and_then(|stage| stage.parent);
    }
    Ok(())
}

/// The stages that follow a question, in the order of making.
pub fn children(book: &dyn Lookup, parent: QuestionId) -> impl Iterator<Item = &Question> {
    book.questions().filter(move |q| q.stage.as_ref().is_some_and(|stage| stage.parent == Some(parent)))
}
