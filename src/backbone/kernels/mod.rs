//! The network on the processor, without a framework.
//!
//! Activations are `[images, height, width, channels]`; a convolution adds bias and shortcut and applies
//! ReLU on its way to memory. Winograd's algorithm does the convolutions of stride 1 and the stem.
//!
//! Products are of integers: the weights' 8 bits become at most 16 in Winograd's transform, exactly, and inputs
//! are rounded to 16, as finely as sums in 32 bits allow. A browser's vectors hold twice as many 16-bit integers
//! as floats, and multiply and add them in as many instructions.

mod convolution;
mod epilogue;
mod fixed;
mod gather;
mod gemm;
mod network;
mod pool;
mod shape;
mod stem;
mod vector;
mod winograd;

pub use convolution::{Convolution, Workspace};
pub use epilogue::Epilogue;
pub use network::Network;
pub use pool::max_pool;
pub use shape::Size;
pub use stem::Stem;
