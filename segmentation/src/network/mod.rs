//! Residual-encoder U-Nets on the processor: any that nnU-Net's plans.json describes, in two or three dimensions.
//!
//! Our own direct convolutions on blocks of sixteen channels; weights are packed once when the network is opened,
//! and after the first run of a shape nothing is allocated.

mod conv;
mod lanes;
mod norm;
mod plan;
mod tensor;
mod unet;
mod weights;

pub use lanes::Isa;
pub use plan::Plan;
pub use unet::Network;
pub use weights::Weights;
