//! The head itself: logits = embedding · W + b.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::matrix::product;

/// A linear softmax classifier over embeddings.
#[derive(Debug, Clone)]
pub struct Head {
    labels: Vec<String>,
    /// `[features, classes]`
    weights: Vec<f32>,
    /// `[classes]`
    biases: Vec<f32>,
    /// What logits are divided by before they become probabilities.
    temperature: f64,
}

impl Head {
    /// First weights as torch's `nn.Linear` draws them: uniform in ±1/√features.
    pub(crate) fn init(labels: Vec<String>, features: usize, rng: &mut ChaCha8Rng) -> Self {
        let bound = 1.0 / (features as f32).sqrt();
        let classes = labels.len();
        let mut draw = |count: usize| -> Vec<f32> {
            (0..count)
                .map(|_| rng.random_range(-bound..bound))
                .collect()
        };
        let (weights, biases) = (draw(features * classes), draw(classes));
        Self::from_weights(labels, weights, biases)
    }

    /// A head that finds all classes alike: every weight is 0.
    pub fn blank(labels: Vec<String>, features: usize) -> Self {
        let classes = labels.len();
        Self::from_weights(labels, vec![0.0; features * classes], vec![0.0; classes])
    }

    /// A head with weights `[features, classes]` and biases `[classes]`.
    pub(crate) fn from_weights(labels: Vec<String>, weights: Vec<f32>, biases: Vec<f32>) -> Self {
        debug_assert!(weights.len().is_multiple_of(labels.len().max(1)));
        debug_assert_eq!(biases.len(), labels.len());
        Self {
            labels,
            weights,
            biases,
            temperature: 1.0,
        }
    }

    /// The same with all weights and biases times a number.
    pub(crate) fn scaled(mut self, factor: f64) -> Self {
        for values in self.parameters_mut() {
            values.iter_mut().for_each(|value| *value *= factor as f32);
        }
        self
    }

    /// The sum of this head and of one on what follows in longer embeddings, at that one's temperature.
    pub(crate) fn followed_by(mut self, other: &Self) -> Self {
        self.weights.extend(&other.weights);
        for (bias, other) in self.biases.iter_mut().zip(&other.biases) {
            *bias += other;
        }
        self.calibrated(other.temperature)
    }

    /// The classes, in the order of the logits.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Gives a class another label, which no other class has.
    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        if let Some(label) = self.labels.iter_mut().find(|label| *label == from) {
            *label = to.into();
        }
    }

    /// The same head with another temperature.
    pub(crate) fn calibrated(self, temperature: f64) -> Self {
        Self {
            temperature,
            ..self
        }
    }

    /// What logits are divided by before they become probabilities: 1 without calibration.
    pub fn temperature(&self) -> f64 {
        self.temperature
    }

    /// Each class's probability from its logit, at this head's temperature.
    pub fn to_probabilities(&self, logits: &[f32]) -> Vec<f64> {
        softmax_at(logits, self.temperature)
    }

    /// How many numbers the embeddings have that it takes.
    pub fn features(&self) -> usize {
        self.weights.len() / self.labels.len().max(1)
    }

    /// Weights `[features, classes]`.
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }

    /// Biases `[classes]`.
    pub fn biases(&self) -> &[f32] {
        &self.biases
    }

    /// Both, to be moved along a gradient.
    pub(crate) fn parameters_mut(&mut self) -> [&mut [f32]; 2] {
        [&mut self.weights, &mut self.biases]
    }

    /// Logits `[N, classes]` of embeddings `[N, features]`.
    pub fn logits(&self, embeddings: &[f32]) -> Vec<f32> {
        let count = embeddings.len() / self.features();
        logits(embeddings, &self.weights, &self.biases, count)
    }

    /// The same divided by its temperature.
    pub fn calibrated_logits(&self, embeddings: &[f32]) -> Vec<f32> {
        let temperature = self.temperature as f32;
        let logits = self.logits(embeddings).into_iter();
        logits.map(|logit| logit / temperature).collect()
    }

    /// Class probabilities of embeddings `[N, features]`, one row each.
    pub fn probabilities(&self, embeddings: &[f32]) -> Vec<Vec<f64>> {
        self.logits(embeddings)
            .chunks_exact(self.labels.len())
            .map(|logits| self.to_probabilities(logits))
            .collect()
    }
}

/// `[count, features]` · `[features, width]` + `[width]` in each row.
pub(super) fn logits(inputs: &[f32], weights: &[f32], biases: &[f32], count: usize) -> Vec<f32> {
    let mut logits = product(
        inputs,
        weights,
        [count, weights.len() / biases.len(), biases.len()],
    );
    for row in logits.chunks_exact_mut(biases.len()) {
        for (logit, bias) in row.iter_mut().zip(biases) {
            *logit += bias;
        }
    }
    logits
}

/// The index of the largest value, the first one of equals.
pub fn argmax(values: &[f64]) -> usize {
    values.iter().enumerate().fold(
        0,
        |best, (index, &value)| if value > values[best] { index } else { best },
    )
}

/// Softmax of one row of logits.
pub fn softmax(logits: &[f32]) -> Vec<f64> {
    softmax_at(logits, 1.0)
}

/// Softmax of logits divided by a temperature, shifted by the maximum so that nothing overflows.
pub(crate) fn softmax_at(logits: &[f32], temperature: f64) -> Vec<f64> {
    let max = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let exponentials: Vec<f64> = logits
        .iter()
        .map(|&z| ((f64::from(z) - max) / temperature).exp())
        .collect();
    let sum: f64 = exponentials.iter().sum();
    exponentials.iter().map(|e| e / sum).collect()
}

/// Cross-entropy of one image's probabilities, in nats; finite however sure a mistake is.
pub(crate) fn cross_entropy(probabilities: &[f64], class: usize) -> f64 {
    -probabilities[class].max(f64::MIN_POSITIVE).ln()
}

/// Turns one image's logits into the slope of its weighted cross-entropy along each of them,
/// `weight · (p − y)`, and gives the weighted cross-entropy in nats, and the sum of `p · (1 − p)`. `p` is the
/// softmax, `y` is 1 for the class and 0 elsewhere.
pub(super) fn to_slopes(logits: &mut [f32], class: usize, weight: f64) -> (f64, f64) {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let below = f64::from(max - logits[class]);
    let (mut sum, mut squares) = (0.0_f64, 0.0_f64);
    for logit in &mut *logits {
        *logit = (*logit - max).exp();
        let exponential = f64::from(*logit);
        sum += exponential;
        squares += exponential * exponential;
    }
    let others = sum - f64::from(logits[class]);
    let scale = (weight / sum) as f32;
    logits.iter_mut().for_each(|logit| *logit *= scale);
    logits[class] = (-weight * others / sum) as f32;
    // Not by the probability, which a sure mistake rounds to 0.
    (weight * (sum.ln() + below), 1.0 - squares / (sum * sum))
}

/// Mean cross-entropy in nats and accuracy of logits `[N, classes]`.
pub(crate) fn loss_and_accuracy(logits: &[f32], truth: &[usize], classes: usize) -> (f64, f64) {
    let mut loss = 0.0;
    let mut right = 0;
    for (row, &class) in logits.chunks_exact(classes).zip(truth) {
        let probabilities = softmax(row);
        loss += cross_entropy(&probabilities, class);
        right += usize::from(argmax(&probabilities) == class);
    }
    let count = truth.len() as f64;
    (loss / count, right as f64 / count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_what_the_loss_changes_by() {
        let logits = [0.3_f32, -1.2, 2.0, 0.1];
        let loss = |logits: &[f32]| to_slopes(&mut logits.to_vec(), 1, 0.7).0;
        let mut slopes = logits;
        to_slopes(&mut slopes, 1, 0.7);
        for index in 0..logits.len() {
            let at = |step: f32| {
                let mut moved = logits;
                moved[index] += step;
                loss(&moved)
            };
            let expected = (at(1e-2) - at(-1e-2)) / 2e-2;
            assert!((f64::from(slopes[index]) - expected).abs() < 1e-4);
        }
        // A sure mistake costs what its logits say.
        let (loss, spread) = to_slopes(&mut [2000.0, 0.0], 1, 1.0);
        assert!((loss - 2000.0).abs() < 1e-9 && spread == 0.0);
        assert_eq!(to_slopes(&mut [1.0, 1.0], 0, 1.0).1, 0.5);
    }
}
