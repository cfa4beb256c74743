//! One project, several people, a file each: `handout` writes a file with what one rater is to do and nothing else;
//! `collect` brings the files back together, by entity and revision.

mod collect;
mod handout;
mod paint;

pub use collect::{Collected, Conflict, collect};
pub use handout::{HandedOut, handout};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::entity::RaterId;
use crate::id::Revision;

/// What a handout file says of where it belongs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandoutMeta {
    /// The project it was made from.
    pub project: Uuid,
    pub rater: RaterId,
    /// Of the project when it was made.
    pub base: Revision,
}

/// The namespace under which collected rows say where they come from.
const EXT: &str = "limner.handout";

/// An id that is the same every time it is made from the same parts.
fn derived_id(parts: &[&[u8]]) -> Uuid {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hasher.finalize()[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}
