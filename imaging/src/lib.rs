//! What a picture is, and how it gets in and out.
//!
//! This crate imports no other crate of ours: everything the siblings exchange (`Geometry`, `VoxelBox`, `Mask`,
//! `Task`) is a plain type from here.

mod buffer;
pub mod deidentify;
pub mod error;
pub mod extras;
pub mod field;
pub mod formats;
pub mod geometry;
pub mod identity;
pub mod mask;
mod memory;
pub mod orientation;
pub mod overlap;
pub mod plane;
pub mod register;
pub mod reslice;
pub mod sequence;
pub mod series;
pub mod space;
pub mod straighten;
pub mod study;
pub mod task;
#[cfg(test)]
mod testing;
pub mod thumbnail;
pub mod volume;
pub mod window;

pub use error::{Error, ErrorCode, Result};
pub use extras::Extras;
pub use geometry::Geometry;
pub use identity::Private;
pub use mask::Mask;
pub use orientation::Orientation;
pub use plane::{Plane, Side, View};
pub use sequence::{Clock, Each, Prefetch, Sequence};
pub use series::{Kind, Series};
pub use space::{Pixel, Voxel, VoxelBox, World};
pub use task::{Cancel, Progress, Task, Warning, Warnings};
pub use volume::{Facts, Samples, StackAxis, ValueMap, Volume};
pub use window::Window;
