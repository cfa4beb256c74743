//! Plots of the annotation crate on a screen and as pixels.

mod paint;
mod raster;

pub use paint::{Inks, paint};
pub use raster::png_picture;
