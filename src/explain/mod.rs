//! Why a prediction came out as it did: where in the image its class was seen, which training images it
//! resembles, and whether it resembles any.

mod class_activation;
mod neighbours;

pub use class_activation::{ActivationMap, Heatmap};
pub use neighbours::{Neighbour, Neighbours, Parts, UNKNOWN_SHARE};
