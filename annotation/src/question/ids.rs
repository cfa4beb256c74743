//! Identities of what makes up a question, in the manner of `crate::id`.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// An id nobody else has.
            #[must_use]
            #[expect(clippy::new_without_default, reason = "a default that differs at each call would surprise")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::from_str(text).map(Self)
            }
        }
    )*};
}

ids! {
    /// A question with its answer, evidence and reasoning.
    QuestionId;
    /// The pictures a question is asked on, in order.
    ImageSetId;
    /// How a picture is made from a frame.
    RecipeId;
    /// A conversation over an image set.
    DialogueId;
    /// A tree of skills and tasks.
    TaxonomyId;
    /// The wording of generated and hand-written questions.
    TemplateId;
}
