//! Residual-encoder U-Nets on the processor: any that nnU-Net's plans.json describes, in two or three dimensions.
//!
//! Our own convolutions on blocks of sixteen channels: Winograd's for 3 x 3 kernels that keep the resolution, direct
//! ones for all others. Weights are packed once when the network is opened; which buffer each step works in is planned in the
//! first run on a size.

mod arena;
mod conv;
mod isa;
mod lanes;
mod layers;
mod norm;
mod peak;
mod plan;
mod tensor;
mod unet;
mod weights;
mod winograd;

pub(crate) use conv::Motion;
pub use isa::Isa;
pub(crate) use layers::{Decode, Layer, Layers, Raw, Residual};
pub(crate) use norm::Norm;
pub use peak::peak_flops;
pub use plan::Plan;
pub use unet::Network;
pub(crate) use unet::SLOPE;
pub use weights::Weights;
