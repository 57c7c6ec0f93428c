//! What the network consists of, written down once, and the way through it.

mod description;
mod forward;
mod layer;

pub use description::{Activation, Block, Classifier, Description, Shortcut, Stage, Step};
pub use forward::{Epilogue, Operations, STEM, StageOutput, forward};
pub use layer::ConvLayer;
