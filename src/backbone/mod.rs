//! The frozen network: torchvision's ResNet18 with batch norm folded into its convolutions.

#[cfg(feature = "cli")]
mod calibration;
#[cfg(feature = "cli")]
pub mod checkpoint;
pub mod layers;
mod loaded;
#[cfg(feature = "cli")]
mod parallel;
#[cfg(feature = "cli")]
pub mod quantize;
mod resnet;
#[cfg(feature = "cli")]
mod rounding;
#[cfg(feature = "cli")]
mod synthetic;
pub mod weights;

pub use loaded::Backbone;
pub use resnet::{EMBEDDING_LEN, FEATURE_MAP_SIDE, ResNet18, Stages};
