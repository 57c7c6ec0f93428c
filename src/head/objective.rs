//! The loss of softmax regressions and its gradient.
//!
//! Several regressions on the same features, which differ in the weight of each image, in what each feature counts and
//! in their penalty, are evaluated together: two matrix products for all of them, a block of images at a time, so that
//! a caller is never kept waiting long.

use std::sync::Arc;

use super::linear::{logits, to_slopes};
use crate::matrix::transposed_product;

/// Multiplications of a block, at most: a few tenths of a second in a browser.
const BLOCK: usize = 1 << 30;
/// Logits held at once, at most: 16 MB.
const MAX_LOGITS: usize = 4 << 20;

/// One regression: which images and features count how much, and how strongly weights are held down.
#[derive(Debug, Clone)]
pub struct Problem {
    /// One weight per image; together they make 1.
    pub image_weights: Vec<f64>,
    /// What each feature is multiplied with before the regression sees it.
    pub feature_weights: Arc<[f64]>,
    /// λ in `mean cross-entropy + λ/2 · ‖W‖²`; biases are free.
    pub l2: f64,
}

/// Regressions on the same features.
pub struct Objective {
    /// `[N, features]`
    inputs: Vec<f32>,
    /// `N` class indices.
    truth: Vec<usize>,
    classes: usize,
}

/// A regression's loss and gradient at a point.
#[derive(Debug, Clone)]
pub struct Slope {
    /// Weighted mean cross-entropy in nats, penalty included.
    pub loss: f64,
    /// Along each parameter.
    pub gradient: Vec<f64>,
    /// The mean of `p · (1 − p)` over classes and the images that count.
    pub spread: f64,
}

/// An evaluation under way.
pub struct Pass {
    /// The first image that is still to come.
    next: usize,
    /// What the features as they are are multiplied with, `[features, points · classes]`.
    weights: Vec<f32>,
    /// `[points · classes]`
    biases: Vec<f32>,
    losses: Vec<f64>,
    spreads: Vec<f64>,
    /// As `weights`.
    gradient: Vec<f32>,
    bias_gradient: Vec<f64>,
}

impl Objective {
    /// Takes features `[N, features]` and their classes.
    pub fn new(inputs: Vec<f32>, truth: Vec<usize>, classes: usize) -> Self {
        Self {
            inputs,
            truth,
            classes,
        }
    }

    /// Of some of the images.
    pub fn of_images(&self, images: &[usize]) -> Self {
        let features = self.features();
        let row = |&image: &usize| &self.inputs[image * features..][..features];
        Self {
            inputs: images.iter().flat_map(row).copied().collect(),
            truth: images.iter().map(|&image| self.truth[image]).collect(),
            classes: self.classes,
        }
    }

    /// How many features an image has.
    pub fn features(&self) -> usize {
        self.inputs.len() / self.truth.len().max(1)
    }

    /// Each image's class.
    pub fn truth(&self) -> &[usize] {
        &self.truth
    }

    /// `[N, features]`
    pub fn inputs(&self) -> &[f32] {
        &self.inputs
    }

    /// How many classes there are.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// How many parameters a regression has: weights `[features, classes]`, then biases `[classes]`.
    pub fn parameters(&self) -> usize {
        (self.features() + 1) * self.classes
    }

    /// Begins to evaluate each problem at its point.
    pub fn begin(&self, asked: &[(&Problem, &[f64])]) -> Pass {
        let (weights, biases) = self.side_by_side(asked);
        Pass {
            next: 0,
            losses: vec![0.0; asked.len()],
            spreads: vec![0.0; asked.len()],
            gradient: vec![0.0; weights.len()],
            bias_gradient: vec![0.0; biases.len()],
            weights,
            biases,
        }
    }

    /// Takes the next block of images, and says whether it was the last. `problems` are those that were asked for.
    pub fn advance(&self, pass: &mut Pass, problems: &[&Problem]) -> bool {
        let (features, classes) = (self.features(), self.classes);
        let width = pass.biases.len();
        let block = (BLOCK / (features * width).max(1)).min(MAX_LOGITS / width.max(1));
        let images = pass.next..(pass.next + block.max(1)).min(self.truth.len());
        let inputs = &self.inputs[images.start * features..images.end * features];
        let mut slopes = logits(inputs, &pass.weights, &pass.biases, images.len());
        for (image, row) in images.clone().zip(slopes.chunks_exact_mut(width)) {
            for (index, logits) in row.chunks_exact_mut(classes).enumerate() {
                let weight = problems[index].image_weights[image];
                if weight == 0.0 {
                    logits.fill(0.0);
                } else {
                    let (loss, spread) = to_slopes(logits, self.truth[image], weight);
                    pass.losses[index] += loss;
                    pass.spreads[index] += weight * spread / classes as f64;
                }
            }
            for (sum, &slope) in pass.bias_gradient.iter_mut().zip(&*row) {
                *sum += f64::from(slope);
            }
        }
        let shape = [features, images.len(), width];
        let gradient = transposed_product(inputs, &slopes, shape);
        for (sum, value) in pass.gradient.iter_mut().zip(gradient) {
            *sum += value;
        }
        pass.next = images.end;
        pass.next == self.truth.len()
    }

    /// What a whole pass has found, of each problem at its point.
    pub fn finish(&self, pass: &Pass, asked: &[(&Problem, &[f64])]) -> Vec<Slope> {
        let classes = self.classes;
        let width = pass.biases.len();
        let of_problem = |(index, (problem, point)): (usize, &(&Problem, &[f64]))| {
            let columns = index * classes..(index + 1) * classes;
            let rows = pass.gradient.chunks_exact(width);
            let mut gradient: Vec<f64> = rows
                .zip(&*problem.feature_weights)
                .flat_map(|(row, &weight)| {
                    let row = &row[columns.clone()];
                    row.iter().map(move |&value| f64::from(value) * weight)
                })
                .collect();
            let mut loss = pass.losses[index];
            for (slope, &weight) in gradient.iter_mut().zip(*point) {
                loss += 0.5 * problem.l2 * weight * weight;
                *slope += problem.l2 * weight;
            }
            gradient.extend(&pass.bias_gradient[columns]);
            Slope {
                loss,
                gradient,
                spread: pass.spreads[index],
            }
        };
        asked.iter().enumerate().map(of_problem).collect()
    }

    /// Logits `[N, classes]` of each point.
    pub fn logits(&self, asked: &[(&Problem, &[f64])]) -> Vec<Vec<f32>> {
        let of_point = |asked| {
            let (weights, biases) = self.side_by_side(&[asked]);
            logits(&self.inputs, &weights, &biases, self.truth.len())
        };
        asked.iter().map(|&asked| of_point(asked)).collect()
    }

    /// Weights `[features, points · classes]` for the features as they are, and biases `[points · classes]`.
    fn side_by_side(&self, asked: &[(&Problem, &[f64])]) -> (Vec<f32>, Vec<f32>) {
        let (features, classes) = (self.features(), self.classes);
        let width = asked.len() * classes;
        let mut rows = vec![0.0_f32; (features + 1) * width];
        for (index, (problem, point)) in asked.iter().enumerate() {
            let weights = problem.feature_weights.iter().copied().chain([1.0]);
            for ((row, values), weight) in point.chunks_exact(classes).enumerate().zip(weights) {
                let start = row * width + index * classes;
                for (target, &value) in rows[start..].iter_mut().zip(values) {
                    *target = (value * weight) as f32;
                }
            }
        }
        let biases = rows.split_off(features * width);
        (rows, biases)
    }
}
