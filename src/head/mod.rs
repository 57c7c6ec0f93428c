//! The linear softmax classifier that learns the user's classes from embeddings.

mod fit;
mod linear;
mod options;

pub use fit::{EpochReport, Fit, LabelledEmbeddings};
pub use linear::{Head, softmax};
pub(crate) use linear::read;
pub use options::{Method, Recipe, TrainOptions};
