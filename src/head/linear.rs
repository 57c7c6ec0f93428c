//! The head itself: logits = embedding · W + b.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::backbone::EMBEDDING_LEN;
use crate::evaluation::argmax;
use crate::{Error, Result};

/// A linear softmax classifier over embeddings.
#[derive(Debug, Clone)]
pub struct Head {
    labels: Vec<String>,
    linear: Linear,
    /// What logits are divided by before they become probabilities.
    temperature: f64,
}

impl Head {
    /// First weights as torch's `nn.Linear` draws them: uniform in ±1/√512.
    pub(crate) fn init(labels: Vec<String>, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        let bound = 1.0 / (EMBEDDING_LEN as f32).sqrt();
        let classes = labels.len();
        // Drawn here rather than on the device, so that both backends start alike.
        let mut draw = |count: usize| -> Vec<f32> {
            (0..count)
                .map(|_| rng.random_range(-bound..bound))
                .collect()
        };
        let (weights, biases) = (draw(EMBEDDING_LEN * classes), draw(classes));
        Self::from_weights(labels, weights, biases, device)
    }

    /// A head with weights `[512, classes]` and biases `[classes]`.
    pub(crate) fn from_weights(
        labels: Vec<String>,
        weights: Vec<f32>,
        biases: Vec<f32>,
        device: &Device,
    ) -> Self {
        let classes = labels.len();
        let weight = TensorData::new(weights, [EMBEDDING_LEN, classes]);
        let bias = TensorData::new(biases, [classes]);
        Self {
            labels,
            linear: Linear {
                weight: Param::from_tensor(Tensor::from_data(weight, device)),
                bias: Some(Param::from_tensor(Tensor::from_data(bias, device))),
            },
            temperature: 1.0,
        }
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

    /// Weights `[512, classes]`.
    pub(crate) fn weights(&self) -> Tensor<2> {
        self.linear.weight.val()
    }

    /// Weights `[512, classes]` and biases `[classes]`.
    ///
    /// # Errors
    /// `DEVICE_LOST` when they cannot be read back.
    pub(crate) async fn read_weights(&self) -> Result<(Vec<f32>, Vec<f32>)> {
        let weights = read(self.weights()).await?;
        let biases = match &self.linear.bias {
            Some(biases) => read(biases.val()).await?,
            None => vec![0.0; self.labels.len()],
        };
        Ok((weights, biases))
    }

    /// `[N, 512]` → `[N, classes]`.
    pub fn logits(&self, embeddings: Tensor<2>) -> Tensor<2> {
        self.linear.forward(embeddings)
    }

    /// Class probabilities of embeddings `[N, 512]`, one row each.
    ///
    /// # Errors
    /// `DEVICE_LOST` when the logits cannot be read back.
    pub async fn probabilities(
        &self,
        embeddings: &[f32],
        device: &Device,
    ) -> Result<Vec<Vec<f64>>> {
        Ok(self
            .read_logits(embeddings, device)
            .await?
            .chunks_exact(self.labels.len())
            .map(|logits| self.to_probabilities(logits))
            .collect())
    }

    /// Logits `[N, classes]` of embeddings `[N, 512]`.
    ///
    /// # Errors
    /// `DEVICE_LOST` when they cannot be read back.
    pub async fn read_logits(&self, embeddings: &[f32], device: &Device) -> Result<Vec<f32>> {
        if embeddings.is_empty() {
            return Ok(Vec::new());
        }
        let count = embeddings.len() / EMBEDDING_LEN;
        let input = TensorData::new(embeddings.to_vec(), [count, EMBEDDING_LEN]);
        read(self.logits(Tensor::from_data(input, device))).await
    }

    pub(crate) fn linear(&self) -> &Linear {
        &self.linear
    }

    pub(crate) fn map_linear(self, step: impl FnOnce(Linear) -> Linear) -> Self {
        Self {
            linear: step(self.linear),
            ..self
        }
    }

    /// The same head without autodiff, for predicting.
    pub(crate) fn frozen(self) -> Self {
        self.map_linear(|linear| linear.valid())
    }
}

/// Reads a tensor back without blocking: a synchronous read panics on WebGPU in a browser.
pub(crate) async fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    let data = tensor.into_data_async().await.map_err(Error::device)?;
    data.try_into_vec::<f32>().map_err(Error::device)
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
