//! Distances to class means under one covariance for all classes (Lee et al. 2018, "A Simple Unified
//! Framework for Detecting Out-of-Distribution Samples and Adversarial Attacks", equation 2).

use headstart::head::LabelledEmbeddings;

/// How far the covariance is drawn towards a multiple of the identity: there are fewer photos than axes.
const SHRINKAGE: f64 = 0.2;

/// Class means, and the lower triangle of the covariance's Cholesky factor.
pub struct Mahalanobis {
    means: Vec<Vec<f64>>,
    factor: Vec<Vec<f64>>,
}

impl Mahalanobis {
    pub fn fit(train: &LabelledEmbeddings, classes: usize) -> Self {
        let features = train.features();
        let rows: Vec<&[f32]> = train.embeddings.chunks_exact(features).collect();
        let mut means = vec![vec![0.0; features]; classes];
        for (class, mean) in means.iter_mut().enumerate() {
            let of_class = || {
                rows.iter()
                    .zip(&train.classes)
                    .filter(|&(_, &of)| of == class)
            };
            let count = of_class().count() as f64;
            for (row, _) in of_class() {
                mean.iter_mut()
                    .zip(*row)
                    .for_each(|(sum, &value)| *sum += f64::from(value) / count);
            }
        }
        let mut covariance = vec![vec![0.0; features]; features];
        for (row, &class) in rows.iter().zip(&train.classes) {
            let off = offsets(row, &means[class]);
            for (line, a) in covariance.iter_mut().zip(&off) {
                for (sum, b) in line.iter_mut().zip(&off) {
                    *sum += a * b / rows.len() as f64;
                }
            }
        }
        let trace: f64 = (0..features).map(|axis| covariance[axis][axis]).sum();
        for (axis, line) in covariance.iter_mut().enumerate() {
            line.iter_mut().for_each(|value| *value *= 1.0 - SHRINKAGE);
            line[axis] += SHRINKAGE * trace / features as f64;
        }
        Self {
            means,
            factor: cholesky(covariance),
        }
    }

    /// Minus the squared distance to the nearest class.
    pub fn score(&self, embedding: &[f32]) -> f64 {
        let distances = self.means.iter().map(|mean| {
            let whitened = forward_substitution(&self.factor, offsets(embedding, mean));
            whitened.iter().map(|value| value * value).sum::<f64>()
        });
        -distances.fold(f64::INFINITY, f64::min)
    }
}

fn offsets(row: &[f32], mean: &[f64]) -> Vec<f64> {
    row.iter()
        .zip(mean)
        .map(|(&value, mean)| f64::from(value) - mean)
        .collect()
}

/// The lower triangle whose square a positive definite matrix is, in place.
fn cholesky(mut matrix: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    for row in 0..matrix.len() {
        let (done, rest) = matrix.split_at_mut(row);
        let current = &mut rest[0];
        for column in 0..row {
            let known = &done[column];
            let sum: f64 = known[..column]
                .iter()
                .zip(&current[..column])
                .map(|(a, b)| a * b)
                .sum();
            current[column] = (current[column] - sum) / known[column];
        }
        let sum: f64 = current[..row].iter().map(|value| value * value).sum();
        current[row] = (current[row] - sum).sqrt();
    }
    matrix
}

/// Solves `factor · x = values` for a lower triangle.
fn forward_substitution(factor: &[Vec<f64>], mut values: Vec<f64>) -> Vec<f64> {
    for row in 0..values.len() {
        let sum: f64 = factor[row][..row]
            .iter()
            .zip(&values[..row])
            .map(|(a, b)| a * b)
            .sum();
        values[row] = (values[row] - sum) / factor[row][row];
    }
    values
}
