//! Headstart teaches an image classifier on the device: a frozen, quantized ResNet18 turns each image
//! into an embedding, 960 numbers from all its stages, and a small linear head learns the user's classes from those.
//!
//! ```text
//! file → pixels → 224×224 input → embedding → dataset → head → report, prediction, export
//! (browser decodes) (image)        (backbone)  (dataset) (head)  (evaluation, explain, export)
//! ```
//!
//! Data moves left to right, and a module knows only what stands to its left. [`Classifier`] holds one
//! of each; `browser` shows it to JavaScript.

pub mod backbone;
mod capture_time;
mod classifier;
pub mod dataset;
pub mod device;
mod error;
pub mod evaluation;
pub mod explain;
mod export;
pub mod finetune;
pub mod head;
pub mod image;
mod matrix;
mod order;
mod tensor_file;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod browser;

pub use backbone::Backbone;
pub use capture_time::capture_time;
pub use classifier::{
    ClassProbability, Classifier, Crops, NearestImage, PredictOptions, Prediction, Record,
};
pub use error::{Error, Result};
