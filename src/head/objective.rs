//! The loss of softmax regressions and its gradient.
//!
//! Several regressions on the same embeddings, which differ in the weight of each image and in their
//! penalty, are evaluated together: two matrix products for all of them.

use super::linear::{logits, to_slopes};
use crate::backbone::EMBEDDING_LEN;
use crate::matrix::transposed_product;

/// Logits held at once, at most: 64 MB.
const MAX_LOGITS: usize = 16 << 20;

/// One regression: which images count how much, and how strongly weights are held down.
#[derive(Debug, Clone)]
pub struct Problem {
    /// One weight per image; together they make 1.
    pub image_weights: Vec<f64>,
    /// λ in `mean cross-entropy + λ/2 · ‖W‖²`; biases are free.
    pub l2: f64,
}

/// Regressions on the same embeddings.
pub struct Objective {
    /// `[N, 512]`
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
}

impl Objective {
    /// Takes embeddings `[N, 512]` and their classes.
    pub fn new(inputs: Vec<f32>, truth: &[usize], classes: usize) -> Self {
        Self {
            inputs,
            truth: truth.to_vec(),
            classes,
        }
    }

    /// How many parameters a regression has: weights `[512, classes]`, then biases `[classes]`.
    pub fn parameters(&self) -> usize {
        (EMBEDDING_LEN + 1) * self.classes
    }

    /// Loss and gradient of each problem at its point.
    pub fn evaluate(&self, asked: &[(&Problem, &[f64])]) -> Vec<Slope> {
        asked
            .chunks(self.group_len())
            .flat_map(|group| self.evaluate_group(group))
            .collect()
    }

    /// Logits `[N, classes]` of each point.
    pub fn logits(&self, points: &[&[f64]]) -> Vec<Vec<f32>> {
        let mut results = Vec::with_capacity(points.len());
        for group in points.chunks(self.group_len()) {
            let rows = self.forward(group);
            let width = group.len() * self.classes;
            results.extend((0..group.len()).map(|problem| {
                rows.chunks_exact(width)
                    .flat_map(|row| &row[problem * self.classes..][..self.classes])
                    .copied()
                    .collect()
            }));
        }
        results
    }

    fn group_len(&self) -> usize {
        (MAX_LOGITS / (self.truth.len() * self.classes).max(1)).max(1)
    }

    fn evaluate_group(&self, asked: &[(&Problem, &[f64])]) -> Vec<Slope> {
        let (images, classes) = (self.truth.len(), self.classes);
        let width = asked.len() * classes;
        let points: Vec<&[f64]> = asked.iter().map(|(_, point)| *point).collect();
        let mut slopes = self.forward(&points);
        let mut losses = vec![0.0; asked.len()];
        let mut bias_gradients = vec![0.0; width];
        for (image, row) in slopes.chunks_exact_mut(width).enumerate() {
            for (index, ((problem, _), logits)) in
                asked.iter().zip(row.chunks_exact_mut(classes)).enumerate()
            {
                let weight = problem.image_weights[image];
                if weight == 0.0 {
                    logits.fill(0.0);
                } else {
                    losses[index] += to_slopes(logits, self.truth[image], weight);
                }
            }
            for (sum, &slope) in bias_gradients.iter_mut().zip(&*row) {
                *sum += f64::from(slope);
            }
        }
        let weight_gradients =
            transposed_product(&self.inputs, &slopes, [EMBEDDING_LEN, images, width]);
        let of_problem = |(index, (problem, point)): (usize, &(&Problem, &[f64]))| {
            let columns = index * classes..(index + 1) * classes;
            let mut gradient: Vec<f64> = weight_gradients
                .chunks_exact(width)
                .flat_map(|row| &row[columns.clone()])
                .map(|&value| f64::from(value))
                .collect();
            let mut loss = losses[index];
            for (slope, &weight) in gradient.iter_mut().zip(*point) {
                loss += 0.5 * problem.l2 * weight * weight;
                *slope += problem.l2 * weight;
            }
            gradient.extend(&bias_gradients[columns]);
            Slope { loss, gradient }
        };
        asked.iter().enumerate().map(of_problem).collect()
    }

    /// Logits of all points side by side, `[N, points · classes]`.
    fn forward(&self, points: &[&[f64]]) -> Vec<f32> {
        let width = points.len() * self.classes;
        let mut rows = vec![0.0_f32; (EMBEDDING_LEN + 1) * width];
        for (index, point) in points.iter().enumerate() {
            for (row, values) in point.chunks_exact(self.classes).enumerate() {
                let start = row * width + index * self.classes;
                for (target, &value) in rows[start..].iter_mut().zip(values) {
                    *target = value as f32;
                }
            }
        }
        let (weights, biases) = rows.split_at(EMBEDDING_LEN * width);
        logits(&self.inputs, weights, biases, self.truth.len())
    }
}
