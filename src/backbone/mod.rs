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
mod layout;
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
pub use layout::{FeatureSet, Layout, Stage};
pub use loaded::Backbone;
#[cfg(feature = "reference")]
pub use resnet::{ResNet18, Stages};
