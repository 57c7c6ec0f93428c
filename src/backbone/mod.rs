//! The frozen network: torchvision's ResNet18 with batch norm folded into its convolutions.

#[cfg(feature = "cli")]
pub mod checkpoint;
pub mod layers;
pub mod quantize;
mod resnet;
pub mod weights;

pub use resnet::{EMBEDDING_LEN, FEATURE_MAP_SIDE, ResNet18, Stages};
