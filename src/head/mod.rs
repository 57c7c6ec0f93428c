//! The linear softmax classifier that learns the user's classes from embeddings.

mod fit;
mod linear;
mod options;

pub use fit::{EpochReport, Fit, LabelledEmbeddings};
pub(crate) use linear::read;
pub use linear::{Head, softmax};
pub use options::{Method, Recipe, TrainOptions};
