//! The frozen network: torchvision's ResNet18 with batch norm folded into its convolutions.

#[cfg(feature = "cli")]
mod calibration;
#[cfg(feature = "cli")]
pub mod checkpoint;
mod engine;
#[cfg(feature = "cli")]
mod feature_map;
#[cfg(feature = "cpu")]
pub mod kernels;
pub mod layers;
mod loaded;
#[cfg(feature = "cli")]
mod parallel;
#[cfg(feature = "cli")]
pub mod quantize;
#[cfg(feature = "reference")]
mod resnet;
#[cfg(feature = "cli")]
mod rounding;
#[cfg(feature = "cli")]
mod synthetic;
#[cfg(any(feature = "webgpu", test))]
pub mod webgpu;
pub mod weights;
#[cfg(any(feature = "cpu", feature = "webgpu", test))]
mod winograd;

pub use engine::Features;
pub use loaded::Backbone;
#[cfg(feature = "reference")]
pub use resnet::{ResNet18, Stages};

/// The length of an embedding: channels of the last feature map.
pub const EMBEDDING_LEN: usize = 512;
/// The side of the last feature map.
pub const FEATURE_MAP_SIDE: usize = 7;
/// How many numbers the last feature map holds.
pub const FEATURE_MAP_LEN: usize = EMBEDDING_LEN * FEATURE_MAP_SIDE * FEATURE_MAP_SIDE;
