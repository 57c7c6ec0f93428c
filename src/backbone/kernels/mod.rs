//! ResNet18 on the processor, without a framework.
//!
//! Activations are `[images, height, width, channels]`; a convolution adds bias and shortcut and applies
//! ReLU on its way to memory. Winograd's algorithm does the convolutions of stride 1 and the stem.

mod convolution;
mod epilogue;
mod gather;
mod gemm;
mod network;
mod pool;
mod shape;
mod stem;
mod vector;
mod weights;
mod winograd;

pub use convolution::{Convolution, Workspace};
pub use epilogue::Epilogue;
pub use network::{Network, Stages};
pub use pool::max_pool;
pub use shape::Size;
pub use stem::Stem;
