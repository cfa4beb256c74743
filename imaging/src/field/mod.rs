//! What a mask's voxels say together: which hang together, how far the nearest is, what grows and what shrinks.

pub mod components;
pub mod distance;
pub mod morphology;

pub use components::{Component, Components, Connectivity, components};
pub use distance::{DistanceField, distance_to, signed_distance};
pub use morphology::{close, dilate, erode, fill_holes, open};
