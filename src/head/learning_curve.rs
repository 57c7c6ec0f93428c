//! How well heads do that learned from a share of the training images only.

use super::cross_validation::{CrossValidation, TurnRegression};
use super::penalty::Chosen;
use super::preconditioner::Covariance;
use super::regression::Runs;

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
    covariance: Option<&Covariance>,
) -> Runs {
    let used: Vec<Vec<bool>> = (0..images.turns)
        .map(|turn| images.used(share, turn))
        .collect();
    let runs = experts.iter().flat_map(|expert| {
        let regression = TurnRegression {
            feature_weights: &expert.feature_weights,
            l2: expert.l2,
            spread: expert.spread,
            covariance,
        };
        let learns = |turn: usize, image: usize| used[turn][image];
        images.runs(&regression, class_weights, learns, |_| None)
    });
    Runs::new(runs.collect())
}
