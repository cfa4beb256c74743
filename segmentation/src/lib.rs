//! Prompts in, mask out: the engines that segment, and the sessions that remember what was asked of them.
//!
//! This crate reads no files but prompt files and model weights, draws nothing, and knows no labels beyond a number.

mod checkpoint;
pub mod classical;
pub mod engine;
pub mod error;
pub mod evaluate;
pub mod gpu;
mod half;
pub mod intensities;
mod mersenne;
pub mod models;
pub mod network;
pub mod neural;
pub mod on_slice;
pub mod prompt;
mod raster;
pub mod remote;
pub mod run;
pub mod serve;
pub mod session;
pub mod wire;

pub use engine::{Capabilities, Engine, Prediction, Request};
pub use error::{Error, Result};
pub use prompt::{Prompt, Shape};
pub use session::Session;
