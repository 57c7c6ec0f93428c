//! The network in WGSL, on burn's WebGPU device: its buffers, its queue, its memory pools.
//!
//! burn's own operators serve any network; these serve this one. The thirteen 3×3 convolutions of stride 1,
//! 83 % of the work, are Winograd's F(4×4, 3×3), so that a quarter of the products is left; the others
//! gather their inputs into columns. Both come down to products of matrices, which have one kernel for
//! graphics processors and one for software. Biases, shortcuts and ReLUs are part of what stores a result.
//!
//! Between layers a map is `[channels, images · height · width]`, rows padded to whole tiles, so that products read
//! and write it as it is.
//!
//! What is launched is planned first, without a device, and tests check the plan: every kernel of it is valid, and no
//! other can be launched.

#[cfg(feature = "webgpu")]
mod convolution;
#[cfg(feature = "webgpu")]
mod gpu;
#[cfg(feature = "webgpu")]
mod network;
mod plan;
#[cfg(feature = "webgpu")]
mod shader_kernel;
mod shaders;

#[cfg(feature = "webgpu")]
pub use network::Network;
