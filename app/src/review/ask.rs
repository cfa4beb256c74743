//! What the review panel and the views ask for.

use super::charts::{Chart, Measure};
use super::queue::Standing;
use super::said::RowKey;
use super::{CaseKey, Side, SourceId};
use limner_annotation::Key;
use limner_annotation::entity::DecisionId;
use limner_annotation::review::dashboard::By;
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
    Standing(Standing),
    AllCases(bool),
    Case(CaseKey),
    /// The row of records that is looked at.
    Row(Option<RowKey>),
    /// How answers write boxes, by the name of the convention.
    Boxes(String),
    CountBy(By),
    /// Chosen or let go again; the verdict that waits for a reason is given.
    Reason(String),
    Comment(String),
    StopAsking,
    LoadProtocol(PathBuf),
    /// The row of the rating that keys speak to.
    RateRow(Option<usize>),
    /// The n-th answer of a row.
    Rate(usize, usize),
    Remove(DecisionId),
    JumpTo(Key),
    Write(PathBuf),
    Chart(ChartAsk),
}

/// What the window of plots asks for.
#[derive(Clone, Debug)]
pub enum ChartAsk {
    Show(Chart),
    Measure(Measure),
    Model(SourceId),
    Label(Option<u32>),
    /// What a dot or a cell stands for.
    GoTo(Vec<usize>),
    /// By the ending of the file.
    Save(&'static str),
    Write(PathBuf),
}
