//! The linear softmax classifier that learns the user's classes from embeddings.

mod cross_validation;
mod descent;
mod expert;
mod fit;
mod lbfgs;
mod learning_curve;
mod linear;
mod logistic;
mod mixture;
mod objective;
mod optimizer;
mod options;
mod penalty;
mod preconditioner;
mod regression;
mod standardize;
mod temperature;

pub use fit::{
    EpochReport, Fit, Fitted, HeadSummary, LabelledEmbeddings, LastStage, LeftOut, Phase,
    TrainingData,
};
pub use learning_curve::CurveStep;
pub use linear::{Head, argmax, softmax};
#[cfg(feature = "finetune")]
pub(crate) use linear::{cross_entropy, loss_and_accuracy, softmax_at};
pub use logistic::FEW_PER_CLASS;
pub use options::{Auto, ClassWeights, L2, Method, Recipe, TrainOptions};
pub use standardize::Scaling;
pub use temperature::fit_temperature;
