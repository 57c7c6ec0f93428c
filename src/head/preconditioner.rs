//! What bends the loss of a softmax regression most is how features vary together. Taking that out first leaves L-BFGS
//! a fourth of the evaluations on the features of photos, a few of which vary far more than the rest.
//!
//! The Hessian of the mean cross-entropy is near `s · (DΣD) ⊗ (I − 11ᵀ/C)` with the features' covariance Σ, what each
//! of them counts D, and the mean of `p · (1 − p)` over images and classes, s (Böhning 1992, "Multinomial logistic
//! regression algorithm", bounds it so). Applied is the inverse of `s · DΣD + λI`, to each class alike.

use std::ops::Range;

use super::objective::Objective;
use crate::matrix::{product, product_transposed, transposed_product};

/// Images times classes, from which on the inverse is worth its time.
const WORTH: usize = 5_000;
/// Images that the covariance is taken from, at most: two for each feature, and no step takes long.
const MOST: usize = 2_000;
/// The least λ that is inverted with, as a share of s: f32 tells no smaller one from 0.
const LEAST: f64 = 1e-3;
const LEAST_SPREAD: f64 = 1e-7;

/// The covariance of features that are 0 on average.
pub struct Covariance {
    features: usize,
    /// `[features, features]`
    values: Vec<f32>,
}

impl Covariance {
    /// Of the features of an objective, where its images are many.
    pub fn of(objective: &Objective) -> Option<Self> {
        let (features, images) = (objective.features(), objective.truth().len());
        if images * objective.classes() < WORTH {
            return None;
        }
        let step = images.div_ceil(MOST);
        let rows = objective.inputs().chunks_exact(features).step_by(step);
        let sample: Vec<f32> = rows.flatten().copied().collect();
        let count = sample.len() / features;
        let mut values = transposed_product(&sample, &sample, [features, count, features]);
        values.iter_mut().for_each(|sum| *sum /= count as f32);
        Some(Self { features, values })
    }
}

/// An approximate inverse of a regression's Hessian.
pub struct Preconditioner {
    /// Features before this one count for nothing.
    first: usize,
    features: usize,
    /// Of the features that count, `[features − first, features − first]`.
    inverse: Vec<f32>,
    /// What the gradient along a bias is divided by.
    spread: f64,
}

impl Preconditioner {
    /// Of a regression with these feature weights and this penalty, whose probabilities have the mean `spread` of
    /// `p · (1 − p)`.
    pub fn new(covariance: &Covariance, feature_weights: &[f64], l2: f64, spread: f64) -> Self {
        let features = covariance.features;
        // Where all is as good as sure, nothing is left to divide by.
        let spread = spread.max(LEAST_SPREAD);
        let counts = |weight: &f64| *weight != 0.0;
        let first = feature_weights.iter().position(counts).unwrap_or(features);
        let weights = &feature_weights[first..];
        let rows = covariance.values.chunks_exact(features).skip(first);
        let mut curvature: Vec<f32> = rows
            .zip(weights)
            .flat_map(|(row, a)| {
                let values = row[first..].iter().zip(weights);
                values.map(move |(value, b)| (spread * a * b * f64::from(*value)) as f32)
            })
            .collect();
        let side = weights.len();
        let floor = l2.max(LEAST * spread) as f32;
        for diagonal in curvature.iter_mut().step_by(side + 1) {
            *diagonal += floor;
        }
        let factor = inverse_factor(&curvature, side, floor);
        Self {
            first,
            features,
            inverse: transposed_product(&factor, &factor, [side, side, side]),
            spread,
        }
    }

    /// The spread that it was made for.
    pub fn spread(&self) -> f64 {
        self.spread
    }

    /// The product with a gradient: weights `[features, classes]`, then biases `[classes]`.
    pub fn apply(&self, gradient: &[f64]) -> Vec<f64> {
        let classes = gradient.len() / (self.features + 1);
        let (idle, rest) = gradient.split_at(self.first * classes);
        let (weights, biases) = rest.split_at(rest.len() - classes);
        // Gradients become small: f32 has the digits, but not below 1e-38.
        let largest = weights
            .iter()
            .fold(f64::MIN_POSITIVE, |max, g| max.max(g.abs()));
        let scaled: Vec<f32> = weights.iter().map(|g| (g / largest) as f32).collect();
        let side = self.features - self.first;
        let product = product(&self.inverse, &scaled, [side, side, classes]);
        let product = product.into_iter().map(|value| f64::from(value) * largest);
        let biases = biases.iter().map(|g| g / self.spread);
        idle.iter().copied().chain(product).chain(biases).collect()
    }
}

/// The mean of `p · (1 − p)` where all classes have the same probability.
pub fn equal_spread(classes: usize) -> f64 {
    let probability = 1.0 / classes as f64;
    probability * (1.0 - probability)
}

/// The inverse `M` of the Cholesky factor of a symmetric matrix `[side, side]` whose eigenvalues are not below `least`:
/// `M·A·Mᵀ = 1`. By halves: that of one, and that of what the other has left when the first is taken out.
fn inverse_factor(matrix: &[f32], side: usize, least: f32) -> Vec<f32> {
    if side <= 32 {
        return small_inverse_factor(matrix, side, least);
    }
    let (n, m) = (side / 2, side - side / 2);
    let block = |rows: Range<usize>, columns: Range<usize>| -> Vec<f32> {
        let row = |row: usize| &matrix[row * side..][columns.clone()];
        rows.flat_map(row).copied().collect()
    };
    let upper = inverse_factor(&block(0..n, 0..n), n, least);
    let across = product_transposed(&block(n..side, 0..n), &upper, [m, n, n]);
    let explained = product_transposed(&across, &across, [m, n, m]);
    let lower = block(n..side, n..side);
    let rest: Vec<f32> = lower.iter().zip(explained).map(|(a, b)| a - b).collect();
    let lower = inverse_factor(&rest, m, least);
    let corner = product(&product(&lower, &across, [m, m, n]), &upper, [m, n, n]);
    let mut whole = vec![0.0; side * side];
    let (above, below) = whole.split_at_mut(n * side);
    for (target, row) in above.chunks_exact_mut(side).zip(upper.chunks_exact(n)) {
        target[..n].copy_from_slice(row);
    }
    let rows = corner.chunks_exact(n).zip(lower.chunks_exact(m));
    for (target, (corner, row)) in below.chunks_exact_mut(side).zip(rows) {
        for (target, value) in target.iter_mut().zip(corner) {
            *target = -value;
        }
        target[n..].copy_from_slice(row);
    }
    whole
}

/// Row by row: what the rows above explain of a row is taken out of it, and what is left is scaled.
fn small_inverse_factor(matrix: &[f32], side: usize, least: f32) -> Vec<f32> {
    let mut factor = vec![0.0_f64; side * side];
    let mut inverse = vec![0.0_f64; side * side];
    for row in 0..side {
        for column in 0..=row {
            let known: f64 = (0..column)
                .map(|k| factor[row * side + k] * factor[column * side + k])
                .sum();
            let left = f64::from(matrix[row * side + column]) - known;
            factor[row * side + column] = match column == row {
                // Rounding may have taken more out than there was.
                true => left.max(f64::from(least)).sqrt(),
                false => left / factor[column * side + column],
            };
        }
        let diagonal = factor[row * side + row];
        for column in 0..row {
            let known: f64 = (column..row)
                .map(|k| factor[row * side + k] * inverse[k * side + column])
                .sum();
            inverse[row * side + column] = -known / diagonal;
        }
        inverse[row * side + row] = 1.0 / diagonal;
    }
    inverse.into_iter().map(|value| value as f32).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::super::lbfgs::Limits;
    use super::super::regression::{Run, Runs};
    use super::*;

    const FEATURES: usize = 60;

    /// Images of ten classes whose features are mixed of a few that vary far and many that hardly do.
    fn objective() -> Objective {
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let mut draw = |count: usize| -> Vec<f32> {
            (0..count).map(|_| rng.random_range(-1.0..1.0)).collect()
        };
        let (classes, images) = (10, 1000);
        let (mix, centres) = (draw(FEATURES * FEATURES), draw(classes * FEATURES));
        let mut causes = draw(images * FEATURES);
        for (image, causes) in causes.chunks_exact_mut(FEATURES).enumerate() {
            let centre = &centres[image % classes * FEATURES..][..FEATURES];
            for (rank, (cause, centre)) in causes.iter_mut().zip(centre).enumerate() {
                *cause = (*cause + 0.2 * centre) / (1.0 + rank as f32);
            }
        }
        let inputs = product(&causes, &mix, [images, FEATURES, FEATURES]);
        let truth = (0..images).map(|image| image % classes).collect();
        Objective::new(inputs, truth, classes)
    }

    fn minimum(objective: &Objective, with: Option<Arc<Preconditioner>>) -> (Vec<f64>, usize) {
        let limits = Limits {
            gradient: 1e-5,
            iterations: 1000,
        };
        let regression = (vec![1.0; FEATURES].into(), 1e-3);
        let run = Run::new(objective, regression, |_| 1.0, None, with, limits);
        let mut runs = Runs::new(vec![run]);
        let mut evaluations = 0;
        while !runs.done() {
            evaluations += usize::from(runs.advance(objective));
        }
        assert!(runs.all()[0].solver.converged());
        (runs.all()[0].solver.best().to_vec(), evaluations)
    }

    #[test]
    fn the_minimum_is_the_same_and_nearer() {
        let objective = objective();
        let covariance = Covariance::of(&objective).unwrap();
        let spread = equal_spread(10);
        let with = Preconditioner::new(&covariance, &[1.0; FEATURES], 1e-3, spread);
        let (plain, without) = minimum(&objective, None);
        let (preconditioned, evaluations) = minimum(&objective, Some(Arc::new(with)));
        assert!(2 * evaluations < without, "{evaluations} against {without}");
        let worst = plain
            .iter()
            .zip(&preconditioned)
            .map(|(a, b)| (a - b).abs());
        assert!(worst.fold(0.0, f64::max) < 0.02);
    }

    #[test]
    fn what_is_applied_is_the_inverse_of_the_curvature() {
        let covariance = Covariance::of(&objective()).unwrap();
        // The first features count for nothing, and the others not alike.
        let weights: Vec<f64> = (0..FEATURES)
            .map(|i| (i as f64 - 5.0).max(0.0) / 30.0)
            .collect();
        let preconditioner = Preconditioner::new(&covariance, &weights, 0.1, 0.2);
        let gradient: Vec<f64> = (0..2 * (FEATURES + 1))
            .map(|i| (i as f64).sin() * 1e-6)
            .collect();
        let step = preconditioner.apply(&gradient);
        for feature in 6..FEATURES {
            for class in 0..2 {
                let curved: f64 = (0..FEATURES)
                    .map(|other| {
                        let shared = f64::from(covariance.values[feature * FEATURES + other]);
                        let ridge = if other == feature { 0.1 } else { 0.0 };
                        let bend = 0.2 * weights[feature] * weights[other] * shared + ridge;
                        bend * step[other * 2 + class]
                    })
                    .sum();
                assert!((curved - gradient[feature * 2 + class]).abs() < 1e-9);
            }
        }
        assert_eq!(step[..12], gradient[..12]);
        assert_eq!(step[2 * FEATURES], gradient[2 * FEATURES] / 0.2);
    }

    #[test]
    fn a_factor_is_found_where_features_repeat_one_another() {
        let (side, least) = (100, 1e-3_f32);
        // Ten causes for a hundred features.
        let causes: Vec<f32> = (0..side * 10).map(|i| (i as f32 * 1.7).sin()).collect();
        let mut matrix = product_transposed(&causes, &causes, [side, 10, side]);
        for diagonal in matrix.iter_mut().step_by(side + 1) {
            *diagonal += least;
        }
        let factor = inverse_factor(&matrix, side, least);
        let half = product(&factor, &matrix, [side, side, side]);
        let whole = product_transposed(&half, &factor, [side, side, side]);
        for (place, value) in whole.into_iter().enumerate() {
            let expected = f32::from(u8::from(place % (side + 1) == 0));
            assert!((value - expected).abs() < 0.05, "{value} at {place}");
        }
    }

    #[test]
    fn few_images_are_not_worth_it() {
        assert!(Covariance::of(&Objective::new(vec![0.0; 499], vec![0; 499], 10)).is_none());
        assert!(Covariance::of(&Objective::new(vec![0.0; 500], vec![0; 500], 10)).is_some());
    }
}
