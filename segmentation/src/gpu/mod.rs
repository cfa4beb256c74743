//! The same networks on a graphics adapter: our own kernels in WGSL, on Vulkan, Metal and DirectX 12.
//!
//! A run is planned once for a size (`recipe`, `program`), cut into submissions so short that a window on the same
//! device goes on drawing (`pace`), and fed from one thread (`device`). Plain 32-bit arithmetic everywhere; 16-bit
//! numbers and subgroups where the adapter has them (`kernels`). An adapter is used once it has shown that it is right
//! (`check`), and left when it fails (`accelerated`).

mod accelerated;
mod check;
mod convolution;
mod device;
mod feed;
mod kernels;
mod network;
mod pace;
mod program;
mod recipe;
mod shared;

pub use accelerated::{Wish, runner};
pub use check::Checked;
pub use device::{Abilities, FEATURES, GpuDevice};
pub use network::GpuNetwork;
pub use shared::{prefer, preferred};
