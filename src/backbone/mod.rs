//! The frozen network: torchvision's ResNet18 with batch norm folded into its convolutions, described once in
//! [`network`] and computed in several ways.

#[cfg(feature = "cli")]
mod calibration;
#[cfg(feature = "cli")]
pub mod checkpoint;
mod engine;
#[cfg(feature = "cli")]
mod feature_map;
#[cfg(feature = "cpu")]
pub mod kernels;
mod layout;
mod loaded;
pub mod network;
#[cfg(feature = "cli")]
mod parallel;
#[cfg(feature = "cli")]
pub mod quantize;
#[cfg(feature = "reference")]
mod reference;
#[cfg(any(feature = "cli", feature = "finetune"))]
pub(crate) mod rounding;
#[cfg(feature = "cli")]
mod synthetic;
mod tail;
mod trunk;
#[cfg(any(feature = "webgpu", test))]
pub mod webgpu;
pub mod weights;
#[cfg(any(feature = "cpu", feature = "webgpu", test))]
mod winograd;

pub use engine::Features;
pub use layout::{FeatureSet, FeatureStage, Layout};
pub use loaded::Backbone;
#[cfg(feature = "reference")]
pub use reference::Reference;
pub use tail::TailWeights;
pub use trunk::TrunkView;
