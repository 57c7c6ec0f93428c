//! The loss of softmax regressions and its gradient, through burn on the chosen device.
//!
//! Several regressions on the same embeddings, which differ in the weight of each image and in their
//! penalty, are evaluated together: one matrix product and one read-back for all of them.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor, TensorData};

use super::linear::read;
use crate::Result;
use crate::backbone::EMBEDDING_LEN;

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
    inputs: Tensor<2>,
    /// One-hot, `[N, 1, classes]`
    targets: Tensor<3>,
    images: usize,
    classes: usize,
    device: Device,
}

impl Objective {
    /// Uploads embeddings `[N, 512]` and their classes.
    pub fn new(inputs: Vec<f32>, truth: &[usize], classes: usize, device: &Device) -> Self {
        let device = device.clone().autodiff();
        let images = truth.len();
        let mut one_hot = vec![0.0_f32; images * classes];
        for (row, &class) in truth.iter().enumerate() {
            one_hot[row * classes + class] = 1.0;
        }
        let inputs = TensorData::new(inputs, [images, EMBEDDING_LEN]);
        let targets = TensorData::new(one_hot, [images, 1, classes]);
        Self {
            inputs: Tensor::from_data(inputs, &device),
            targets: Tensor::from_data(targets, &device),
            images,
            classes,
            device,
        }
    }

    /// How many parameters a regression has: weights `[512, classes]`, then biases `[classes]`.
    pub fn parameters(&self) -> usize {
        (EMBEDDING_LEN + 1) * self.classes
    }

    /// Loss and gradient of each problem at its point.
    ///
    /// # Errors
    /// `DEVICE_LOST` when they cannot be read back.
    pub async fn evaluate(&self, asked: &[(&Problem, &[f64])]) -> Result<Vec<(f64, Vec<f64>)>> {
        let mut results = Vec::with_capacity(asked.len());
        for group in asked.chunks(self.group_len()) {
            results.extend(self.evaluate_group(group).await?);
        }
        Ok(results)
    }

    /// Logits `[N, classes]` of each point.
    ///
    /// # Errors
    /// `DEVICE_LOST` when they cannot be read back.
    pub async fn logits(&self, points: &[&[f64]]) -> Result<Vec<Vec<f32>>> {
        let mut results = Vec::with_capacity(points.len());
        for group in points.chunks(self.group_len()) {
            let (weights, biases) = self.upload(group);
            let rows = read(self.forward(weights, biases).inner()).await?;
            let width = group.len() * self.classes;
            results.extend((0..group.len()).map(|problem| {
                rows.chunks_exact(width)
                    .flat_map(|row| &row[problem * self.classes..][..self.classes])
                    .copied()
                    .collect()
            }));
        }
        Ok(results)
    }

    fn group_len(&self) -> usize {
        (MAX_LOGITS / (self.images * self.classes).max(1)).max(1)
    }

    async fn evaluate_group(&self, asked: &[(&Problem, &[f64])]) -> Result<Vec<(f64, Vec<f64>)>> {
        let (count, classes) = (asked.len(), self.classes);
        let points: Vec<&[f64]> = asked.iter().map(|(_, point)| *point).collect();
        let (weights, biases) = self.upload(&points);
        let (weights, biases) = (weights.require_grad(), biases.require_grad());
        let logits = self.forward(weights.clone(), biases.clone());
        let log_probabilities = log_softmax(logits.reshape([self.images, count, classes]), 2);
        // [N, problems]: each image's cross-entropy in each regression.
        let entropies = -(log_probabilities * self.targets.clone())
            .sum_dim(2)
            .reshape([self.images, count]);
        let losses = (entropies * self.image_weights(asked)).sum_dim(0);
        let gradients = losses.clone().sum().backward();
        let zeros = |tensor: &Tensor<2>| Tensor::zeros(tensor.dims(), &self.device.clone().inner());
        let gradient =
            |tensor: &Tensor<2>| tensor.grad(&gradients).unwrap_or_else(|| zeros(tensor));
        let flat = Tensor::cat(
            vec![losses.inner(), gradient(&biases), gradient(&weights)]
                .into_iter()
                .map(|tensor| tensor.flatten::<1>(0, 1))
                .collect(),
            0,
        );
        let flat = read(flat).await?;
        let (losses, rest) = flat.split_at(count);
        let (bias_gradients, weight_gradients) = rest.split_at(count * classes);
        Ok(asked
            .iter()
            .enumerate()
            .map(|(index, (problem, point))| {
                let columns = index * classes..(index + 1) * classes;
                let mut gradient: Vec<f64> = weight_gradients
                    .chunks_exact(count * classes)
                    .flat_map(|row| &row[columns.clone()])
                    .chain(&bias_gradients[columns.clone()])
                    .map(|&value| f64::from(value))
                    .collect();
                let mut loss = f64::from(losses[index]);
                // The penalty is added here in f64, where it costs no precision.
                let weights = EMBEDDING_LEN * classes;
                for (slope, &weight) in gradient[..weights].iter_mut().zip(&point[..weights]) {
                    loss += 0.5 * problem.l2 * weight * weight;
                    *slope += problem.l2 * weight;
                }
                (loss, gradient)
            })
            .collect())
    }

    /// `[N, problems · classes]`
    fn forward(&self, weights: Tensor<2>, biases: Tensor<2>) -> Tensor<2> {
        self.inputs.clone().matmul(weights) + biases
    }

    /// Points side by side: weights `[512, problems · classes]` and biases `[1, problems · classes]`.
    fn upload(&self, points: &[&[f64]]) -> (Tensor<2>, Tensor<2>) {
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
        let biases = rows.split_off(EMBEDDING_LEN * width);
        (
            Tensor::from_data(TensorData::new(rows, [EMBEDDING_LEN, width]), &self.device),
            Tensor::from_data(TensorData::new(biases, [1, width]), &self.device),
        )
    }

    /// `[N, problems]`
    fn image_weights(&self, asked: &[(&Problem, &[f64])]) -> Tensor<2> {
        let values: Vec<f32> = (0..self.images)
            .flat_map(|image| {
                asked
                    .iter()
                    .map(move |(problem, _)| problem.image_weights[image] as f32)
            })
            .collect();
        let shape = [self.images, asked.len()];
        Tensor::from_data(TensorData::new(values, shape), &self.device)
    }
}
