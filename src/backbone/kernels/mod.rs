//! ResNet18 on the processor, without a framework.

mod convolution;
mod epilogue;
mod gather;
mod gemm;
mod shape;
mod transform;
mod vector;
mod winograd;

pub use convolution::{Convolution, Workspace};
pub use epilogue::Epilogue;
pub use shape::Size;
