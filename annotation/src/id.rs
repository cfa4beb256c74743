//! Identities. Every entity has a UUID that never changes; its type says what it names.
//!
//! New ids are version 7: they sort by the time they were made, so a table in id order is in the order of adding.

pub use crate::entity::{ImageId, Kind, LabelId, ShapeId};
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// The position in a project's log. Every commit, undo and redo takes the next one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(pub u64);

impl Revision {
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Names one row of the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    pub kind: Kind,
    pub id: Uuid,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.id)
    }
}

/// A type for the ids of one kind.
macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident = $kind:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub uuid::Uuid);

        impl $name {
            /// An id nobody else has.
            #[must_use]
            #[expect(clippy::new_without_default, reason = "a default that differs at each call would surprise")]
            pub fn new() -> Self {
                Self(uuid::Uuid::now_v7())
            }

            #[must_use]
            pub const fn key(self) -> $crate::id::Key {
                $crate::id::Key { kind: $crate::entity::Kind::$kind, id: self.0 }
            }
        }

        impl From<$name> for $crate::id::Key {
            fn from(id: $name) -> Self {
                id.key()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                uuid::Uuid::from_str(text).map(Self)
            }
        }
    };
}
pub(crate) use id_type;

#[cfg(test)]
mod tests {
    use super::ImageId;

    #[test]
    fn ids_sort_in_the_order_of_making() {
        let made: Vec<_> = (0..1000).map(|_| ImageId::new()).collect();
        assert!(made.is_sorted());
    }
}
