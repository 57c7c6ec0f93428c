//! Standardising embeddings: each of the 512 axes to mean 0 and deviation 1 over the training images.

use serde::{Deserialize, Serialize};

use crate::backbone::EMBEDDING_LEN;

/// Fewer training images than this do not tell an axis's deviation well: on repeated draws of up to ten images of
/// two classes, drawing the deviations towards their mean gains accuracy, the more the fewer there are
/// (`benches/accuracy.md`, "few"). From here on the scaling is scikit-learn's.
const FEW_IMAGES: usize = 100;
/// As many images as the mean variance counts for where it is drawn towards.
const PRIOR_IMAGES: f64 = 30.0;

/// How deviations are estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scaling {
    /// Each axis by its own deviation, as scikit-learn's `StandardScaler`.
    #[serde(rename = "per axis")]
    PerAxis,
    /// Each axis's variance drawn towards the mean variance of all axes, the more the fewer images there are:
    /// the posterior mean under a conjugate prior worth 30 images.
    #[serde(rename = "shrunken")]
    Shrunken,
}

impl Scaling {
    /// What suits a number of training images.
    pub fn for_images(count: usize) -> Self {
        if count < FEW_IMAGES {
            Self::Shrunken
        } else {
            Self::PerAxis
        }
    }
}

/// Means and deviations of the axes.
#[derive(Debug, Clone)]
pub struct Standardizer {
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

impl Standardizer {
    /// Measures embeddings `[N, 512]`, N ≥ 1. An axis without deviation gets the deviation 1, as with
    /// scikit-learn's `StandardScaler`.
    pub fn fit(embeddings: &[f32], scaling: Scaling) -> Self {
        let count = (embeddings.len() / EMBEDDING_LEN) as f64;
        let rows = || embeddings.chunks_exact(EMBEDDING_LEN);
        let mut mean = vec![0.0; EMBEDDING_LEN];
        for row in rows() {
            for (sum, &value) in mean.iter_mut().zip(row) {
                *sum += f64::from(value) / count;
            }
        }
        let mut deviation = vec![0.0; EMBEDDING_LEN];
        for row in rows() {
            for ((sum, &value), mean) in deviation.iter_mut().zip(row).zip(&mean) {
                *sum += (f64::from(value) - mean).powi(2) / count;
            }
        }
        if scaling == Scaling::Shrunken {
            let mean_variance = deviation.iter().sum::<f64>() / EMBEDDING_LEN as f64;
            for variance in &mut deviation {
                *variance =
                    (count * *variance + PRIOR_IMAGES * mean_variance) / (count + PRIOR_IMAGES);
            }
        }
        for variance in &mut deviation {
            let root = variance.sqrt();
            *variance = if root > 1e-8 { root } else { 1.0 };
        }
        Self { mean, deviation }
    }

    /// Standardised embeddings `[N, 512]`.
    pub fn apply(&self, embeddings: &[f32]) -> Vec<f32> {
        embeddings
            .iter()
            .zip(self.mean.iter().zip(&self.deviation).cycle())
            .map(|(&value, (mean, deviation))| ((f64::from(value) - mean) / deviation) as f32)
            .collect()
    }

    /// Turns weights `[512, classes]` and biases `[classes]` on standardised embeddings into those on
    /// plain ones: `w·(x − μ)/σ + b = (w/σ)·x + (b − Σ w μ/σ)`.
    pub fn unapply(&self, point: &[f64], classes: usize) -> (Vec<f32>, Vec<f32>) {
        let (weights, biases) = point.split_at(EMBEDDING_LEN * classes);
        let mut biases = biases.to_vec();
        let mut plain = Vec::with_capacity(weights.len());
        for (axis, row) in weights.chunks_exact(classes).enumerate() {
            for (bias, weight) in biases.iter_mut().zip(row) {
                let scaled = weight / self.deviation[axis];
                *bias -= scaled * self.mean[axis];
                plain.push(scaled as f32);
            }
        }
        (plain, biases.into_iter().map(|bias| bias as f32).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_get_mean_zero_and_deviation_one_and_flat_ones_stay() {
        let rows: Vec<f32> = (0..4 * EMBEDDING_LEN)
            .map(|i| {
                if i % EMBEDDING_LEN == 7 {
                    3.0
                } else {
                    ((i * 37) % 101) as f32
                }
            })
            .collect();
        let standardizer = Standardizer::fit(&rows, Scaling::PerAxis);
        let standard = standardizer.apply(&rows);
        for axis in [0, 100, 511] {
            let values: Vec<f32> = standard
                .iter()
                .skip(axis)
                .step_by(EMBEDDING_LEN)
                .copied()
                .collect();
            let mean: f32 = values.iter().sum::<f32>() / 4.0;
            let variance: f32 = values.iter().map(|v| v * v).sum::<f32>() / 4.0;
            assert!(mean.abs() < 1e-5 && (variance - 1.0).abs() < 1e-4);
        }
        assert_eq!(standard[7], 0.0);
    }

    #[test]
    fn few_images_draw_deviations_towards_their_mean() {
        // Of two images, axis 0 differs by 8 and the others by 2: variances 16 and 1.
        let rows: Vec<f32> = (0..2 * EMBEDDING_LEN)
            .map(|i| match (i / EMBEDDING_LEN, i % EMBEDDING_LEN) {
                (0, _) => 0.0,
                (_, 0) => 8.0,
                _ => 2.0,
            })
            .collect();
        let standard = Standardizer::fit(&rows, Scaling::Shrunken).apply(&rows);
        let mean = (16.0 + 511.0) / 512.0;
        for (axis, variance) in [(0, 16.0), (1, 1.0)] {
            let shrunken: f64 = (2.0 * variance + 30.0 * mean) / 32.0;
            let expected = f64::sqrt(variance / shrunken);
            assert!((f64::from(standard[EMBEDDING_LEN + axis]) - expected).abs() < 1e-6);
        }
    }

    #[test]
    fn weights_taken_back_give_the_same_logits() {
        let rows: Vec<f32> = (0..3 * EMBEDDING_LEN)
            .map(|i| ((i * 53) % 97) as f32 / 50.0)
            .collect();
        let standardizer = Standardizer::fit(&rows, Scaling::PerAxis);
        let standard = standardizer.apply(&rows);
        let point: Vec<f64> = (0..(EMBEDDING_LEN + 1) * 2)
            .map(|i| ((i % 11) as f64 - 5.0) / 100.0)
            .collect();
        let (weights, biases) = standardizer.unapply(&point, 2);
        for (plain, standard) in rows
            .chunks(EMBEDDING_LEN)
            .zip(standard.chunks(EMBEDDING_LEN))
        {
            for class in 0..2 {
                let a: f64 = standard
                    .iter()
                    .enumerate()
                    .map(|(i, &x)| f64::from(x) * point[2 * i + class])
                    .sum::<f64>()
                    + point[2 * EMBEDDING_LEN + class];
                let b: f64 = plain
                    .iter()
                    .enumerate()
                    .map(|(i, &x)| f64::from(x) * f64::from(weights[2 * i + class]))
                    .sum::<f64>()
                    + f64::from(biases[class]);
                assert!((a - b).abs() < 1e-4, "{a} {b}");
            }
        }
    }
}
