//! What the review panel and the views ask for.

use super::{CaseKey, Side, SourceId};
use std::path::PathBuf;

#[derive(Clone, Debug)]
pub enum Ask {
    Open(PathBuf),
    Show(SourceId, bool),
    Select(SourceId),
    Rename(SourceId, String),
    Colour(SourceId, [u8; 3]),
    Reference(Option<SourceId>),
    Pair(Side, SourceId),
    Close(SourceId),
    /// The one label that is looked at.
    Only(Option<u32>),
    /// Where across a view the line between two versions is.
    Swipe(f32),
    Place(usize),
    Filter(String),
    AllCases(bool),
    Case(CaseKey),
}
