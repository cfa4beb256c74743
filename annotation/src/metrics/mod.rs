//! The field's figures as pure functions: what goes in is masks, boxes, numbers and words, what comes out is numbers.
//!
//! Every edge case follows a rule written in docs/review.md. A figure that does not exist is `None`, never NaN. Each
//! function equals an independent package (tests/judges/review.py) to the tolerance written there.

pub mod agreement;
pub mod answers;
pub mod boxes;
pub mod centreline;
pub mod classes;
pub mod coco;
pub mod label_pair;
pub mod landmarks;
pub mod lesions;
pub mod paired;
pub mod pictures;
pub mod statistics;
pub mod text;
pub mod voxels;

pub use label_pair::{LabelPair, Labels};
pub use statistics::{Interval, bootstrap, mean};
pub use voxels::MaskScores;

/// A part of a whole; `None` where there is no whole.
pub(crate) fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}
