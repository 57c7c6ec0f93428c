//! Standardising features: each to mean 0 and deviation 1 over the training images.

use serde::{Deserialize, Serialize};

/// As many images as the mean variance of a stage counts for, where a feature's variance is drawn towards it. On nine
/// sets of pictures 30 to 300 lose nothing with all images and gain with few (`benches/accuracy.md`).
const PRIOR_IMAGES: f64 = 30.0;

/// How deviations are estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scaling {
    /// Each feature by its own deviation, as scikit-learn's `StandardScaler`.
    #[serde(rename = "per axis")]
    PerAxis,
    /// Each feature's variance drawn towards the mean variance of its stage, the more the fewer images there are:
    /// the posterior mean under a conjugate prior worth 30 images.
    #[serde(rename = "shrunken")]
    Shrunken,
}

/// Means and deviations of the features.
#[derive(Debug, Clone)]
pub struct Standardizer {
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

impl Standardizer {
    /// Measures embeddings `[N, features]`, N ≥ 1, whose features come in parts of these lengths. A feature without
    /// deviation gets the deviation 1, as with scikit-learn's `StandardScaler`.
    pub fn fit(embeddings: &[f32], parts: &[usize], scaling: Scaling) -> Self {
        let features = parts.iter().sum::<usize>();
        let count = (embeddings.len() / features) as f64;
        let rows = || embeddings.chunks_exact(features);
        let mut mean = vec![0.0; features];
        for row in rows() {
            for (sum, &value) in mean.iter_mut().zip(row) {
                *sum += f64::from(value) / count;
            }
        }
        let mut deviation = vec![0.0; features];
        for row in rows() {
            for ((sum, &value), mean) in deviation.iter_mut().zip(row).zip(&mean) {
                *sum += (f64::from(value) - mean).powi(2) / count;
            }
        }
        if scaling == Scaling::Shrunken {
            let mut rest = deviation.as_mut_slice();
            for &len in parts {
                let (part, others) = rest.split_at_mut(len);
                shrink(part, count);
                rest = others;
            }
        }
        for variance in &mut deviation {
            let root = variance.sqrt();
            *variance = if root > 1e-8 { root } else { 1.0 };
        }
        Self { mean, deviation }
    }

    /// Standardises embeddings `[N, features]` in their place.
    pub fn apply(&self, embeddings: &mut [f32]) {
        let of_features = self.mean.iter().zip(&self.deviation).cycle();
        for (value, (mean, deviation)) in embeddings.iter_mut().zip(of_features) {
            *value = ((f64::from(*value) - mean) / deviation) as f32;
        }
    }

    /// Turns weights `[features, classes]` and biases `[classes]` on standardised features into those on plain ones:
    /// `w·(x − μ)/σ + b = (w/σ)·x + (b − Σ w μ/σ)`.
    pub fn unapply(&self, weights: &[f64], biases: &[f64]) -> (Vec<f32>, Vec<f32>) {
        let mut biases = biases.to_vec();
        let mut plain = Vec::with_capacity(weights.len());
        let rows = weights.chunks_exact(biases.len());
        for (row, (mean, deviation)) in rows.zip(self.mean.iter().zip(&self.deviation)) {
            for (bias, weight) in biases.iter_mut().zip(row) {
                let scaled = weight / deviation;
                *bias -= scaled * mean;
                plain.push(scaled as f32);
            }
        }
        (plain, biases.into_iter().map(|bias| bias as f32).collect())
    }
}

/// Draws the variances of a part towards their mean.
fn shrink(variances: &mut [f64], images: f64) {
    let mean = variances.iter().sum::<f64>() / variances.len().max(1) as f64;
    for variance in variances {
        *variance = (images * *variance + PRIOR_IMAGES * mean) / (images + PRIOR_IMAGES);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTS: [usize; 2] = [64, 96];
    const FEATURES: usize = 160;

    fn standardised(rows: &[f32], scaling: Scaling) -> Vec<f32> {
        let mut standard = rows.to_vec();
        Standardizer::fit(rows, &PARTS, scaling).apply(&mut standard);
        standard
    }

    #[test]
    fn features_get_mean_zero_and_deviation_one_and_flat_ones_stay() {
        let value = |i: usize| match i % FEATURES {
            7 => 3.0,
            _ => ((i * 37) % 101) as f32,
        };
        let rows: Vec<f32> = (0..4 * FEATURES).map(value).collect();
        let standard = standardised(&rows, Scaling::PerAxis);
        for feature in [0, 100, 159] {
            let values = standard.iter().skip(feature).step_by(FEATURES);
            let values: Vec<f32> = values.copied().collect();
            let mean: f32 = values.iter().sum::<f32>() / 4.0;
            let variance: f32 = values.iter().map(|v| v * v).sum::<f32>() / 4.0;
            assert!(mean.abs() < 1e-5 && (variance - 1.0).abs() < 1e-4);
        }
        assert_eq!(standard[7], 0.0);
    }

    #[test]
    fn few_images_draw_deviations_towards_the_mean_of_their_stage() {
        // Of two images, feature 0 differs by 8, the others of its part by 2 and those of the next part by 6.
        let value = |i: usize| match (i / FEATURES, i % FEATURES) {
            (0, _) => 0.0,
            (_, 0) => 8.0,
            (_, 1..64) => 2.0,
            _ => 6.0,
        };
        let rows: Vec<f32> = (0..2 * FEATURES).map(value).collect();
        let standard = standardised(&rows, Scaling::Shrunken);
        let mean = (16.0 + 63.0) / 64.0;
        for (feature, variance, mean) in [(0, 16.0, mean), (1, 1.0, mean), (64, 9.0, 9.0)] {
            let shrunken: f64 = (2.0 * variance + 30.0 * mean) / 32.0;
            let expected = f64::sqrt(variance / shrunken);
            assert!((f64::from(standard[FEATURES + feature]) - expected).abs() < 1e-6);
        }
    }

    #[test]
    fn weights_taken_back_give_the_same_logits() {
        let rows: Vec<f32> = (0..3 * FEATURES)
            .map(|i| ((i * 53) % 97) as f32 / 50.0)
            .collect();
        let standard = standardised(&rows, Scaling::PerAxis);
        let point: Vec<f64> = (0..(FEATURES + 1) * 2)
            .map(|i| ((i % 11) as f64 - 5.0) / 100.0)
            .collect();
        let (weights, biases) = point.split_at(2 * FEATURES);
        let standardizer = Standardizer::fit(&rows, &PARTS, Scaling::PerAxis);
        let (plain, shifted) = standardizer.unapply(weights, biases);
        for (row, standard) in rows.chunks(FEATURES).zip(standard.chunks(FEATURES)) {
            for class in 0..2 {
                let products = standard.iter().zip(weights[class..].iter().step_by(2));
                let a: f64 = products.map(|(&x, w)| f64::from(x) * w).sum::<f64>() + biases[class];
                let products = row.iter().zip(plain[class..].iter().step_by(2));
                let b: f64 = products.map(|(&x, &w)| f64::from(x) * f64::from(w)).sum();
                let b = b + f64::from(shifted[class]);
                assert!((a - b).abs() < 1e-4, "{a} {b}");
            }
        }
    }
}
