//! Training the network's upper layers: burn's autodiff and optimiser take its tail and the head on from where
//! logistic regression has left the head (LP-FT: Kumar et al. 2022, "Fine-Tuning can Distort Pretrained Features and
//! Underperform Out-of-Distribution").
//!
//! The trunk stays, so what it says of a view of an image is computed once ([`TrunkView`](crate::backbone::TrunkView)).
//! Training images are seen in several views; validation images decide which epoch is kept, and whether the tuned tail
//! is any better than the frozen head.
//!
//! What is kept is put beside the network as it came: the tail is a second one, its features come last in an embedding, and
//! the head takes both.
//!
//! What trains is a module of its own in the browser: a [`Task`] goes to it and an [`Outcome`] comes back, as files.

mod file;
mod outcome;
mod recipe;
mod task;
#[cfg(feature = "finetune")]
pub mod tuner;

pub use outcome::{Judged, Outcome, Verdict};
pub use recipe::Recipe;
pub use task::{Image, Role, Task, View};
#[cfg(feature = "finetune")]
pub use tuner::{Step, Tuner};

/// What the tuned network's logits count beside those of the head on the network as it came.
pub const SHARE: f64 = 0.5;
