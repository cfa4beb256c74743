//! What several raters or models come to together. A consensus is something new beside its inputs: nothing here can write
//! over what a rater has drawn.
//!
//! Voxels that all raters labelled alike are one case: a study of five raters has a few hundred such patterns, and
//! everything is computed on those, so STAPLE costs no more memory than the maps themselves.

pub mod boxes;
pub mod staple;
pub mod votes;

pub use boxes::{BoxCluster, RatedBox, cluster};
pub use staple::{Staple, StapleMany, staple, staple_many};
pub use votes::Votes;
