//! How well heads do that learned from a share of the training images only.

use super::cross_validation::CrossValidation;
use super::penalty::Chosen;
use super::regression::{ROUGH, Run, Runs};

/// Shares of the training images, besides all of them, at which it is measured.
pub const SHARES: [f64; 2] = [0.25, 0.5];

/// Heads of one share.
#[derive(Debug, Clone, PartialEq)]
pub struct CurveStep {
    /// The share of the images that they learned from.
    pub share: f64,
    /// How many images that is, on average over the turns.
    pub images: usize,
    /// Logits `[judged, classes]` of the images that they had not learned from.
    pub logits: Vec<f32>,
}

/// Regressions on a share of the images, with the penalties that were chosen on all. From 0: from the minima found on
/// all, a weak penalty would leave them at what the other images have taught.
pub fn runs_at(
    share: f64,
    images: &CrossValidation,
    experts: &[Chosen],
    class_weights: &[f64],
) -> Runs {
    let truth = images.objective.truth();
    let used: Vec<Vec<bool>> = (0..images.turns)
        .map(|turn| images.used(share, turn))
        .collect();
    let mut runs = Vec::with_capacity(experts.len() * images.turns);
    for expert in experts {
        for (feature_weights, used) in expert.feature_weights.iter().zip(&used) {
            let weight = |image: usize| match used[image] {
                true => class_weights[truth[image]],
                false => 0.0,
            };
            let regression = (feature_weights.clone(), expert.l2);
            runs.push(Run::new(&images.objective, regression, weight, None, ROUGH));
        }
    }
    Runs::new(runs)
}
