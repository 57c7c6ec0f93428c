//! The linear softmax classifier that learns the user's classes from embeddings.

mod descent;
mod fit;
mod lbfgs;
mod linear;
mod logistic;
mod objective;
mod options;
mod standardize;

pub use fit::{EpochReport, Fit, LabelledEmbeddings, Phase, TrainingData};
pub(crate) use linear::read;
pub use linear::{Head, softmax};
pub use options::{Auto, ClassWeights, L2, Method, Recipe, TrainOptions};
