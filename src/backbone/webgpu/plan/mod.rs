//! Which kernels the network has, and what they are given: all that can be known without a device.

mod convolution;
mod network;
#[cfg(test)]
mod validity;

pub use convolution::ConvolutionPlan;
#[cfg(feature = "webgpu")]
pub use network::means;
pub use network::{NetworkPlan, PoolPlan};
