//! What the network consists of, written down once, and the way through it.

mod cut;
mod description;
mod forward;
mod layer;

pub use cut::{Cut, SecondTail, forward_with_tail, tail, through_trunk};
pub use description::{Activation, Block, Classifier, Description, Shortcut, Stage, Step};
pub use forward::{Epilogue, Operations, STEM, Show, StageOutput, forward, through_blocks};
pub use layer::ConvLayer;
