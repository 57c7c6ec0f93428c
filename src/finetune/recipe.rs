//! How a tail is trained.

use serde::{Deserialize, Serialize};

/// Numbers of a training. Its defaults are those that `benches/accuracy.md` measures ("finetune").
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Passes over the training images at most.
    pub epochs: usize,
    /// Images per step.
    pub batch_size: usize,
    /// The highest learning rate.
    pub learning_rate: f64,
    /// What AdamW lets weights decay by, times the learning rate, at each step.
    pub weight_decay: f64,
    /// The share of an image's label that is spread over all classes (Szegedy et al. 2016, "Rethinking the Inception
    /// Architecture", section 7).
    pub label_smoothing: f64,
    /// Epochs without a better validation loss after which it stops.
    pub patience: usize,
    /// Whether classes are made to count alike.
    pub balanced: bool,
    /// Decides the order of images and which view of each is seen.
    pub seed: u64,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            epochs: 12,
            batch_size: 16,
            learning_rate: 1e-3,
            weight_decay: 0.01,
            label_smoothing: 0.05,
            patience: 6,
            balanced: false,
            seed: 0,
        }
    }
}
