//! Fitting a head on cached embeddings, one epoch per call, so that a caller can show progress and
//! stop at any point.

use burn::module::Module;
use burn::nn::Linear;
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::linear::{Head, read, softmax};
use super::options::{Method, Recipe};
use crate::Result;
use crate::backbone::EMBEDDING_LEN;

/// Embeddings `[N, 512]`, row-major, and each row's class.
#[derive(Debug, Clone, Default)]
pub struct LabelledEmbeddings {
    /// `N · 512` numbers.
    pub embeddings: Vec<f32>,
    /// `N` class indices.
    pub classes: Vec<usize>,
}

/// The state after one epoch.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EpochReport {
    /// From 1.
    pub epoch: usize,
    /// How many there will be.
    pub epochs: usize,
    /// Mean cross-entropy over the training images after the epoch, in nats.
    pub loss: f64,
    /// Share of the training images classified correctly.
    pub train_accuracy: f64,
    /// Mean cross-entropy over the images set aside, in nats.
    pub validation_loss: Option<f64>,
    /// Share of the images set aside classified correctly.
    pub validation_accuracy: Option<f64>,
}

/// A fit under way. Dropping it cancels it.
pub struct Fit {
    recipe: Recipe,
    head: Head,
    optimizer: ModuleOptimizer,
    rng: ChaCha8Rng,
    epoch: usize,
    train: OnDevice,
    validation: Option<OnDevice>,
}

/// Embeddings uploaded once, and their classes on both sides.
struct OnDevice {
    /// `[N, 512]`
    embeddings: Tensor<2>,
    /// One-hot, `[N, classes]`
    targets: Tensor<2>,
    classes: Vec<usize>,
}

impl Fit {
    /// Starts a fit of a new head. The same recipe and data give the same head on the same backend.
    pub fn start(
        recipe: Recipe,
        labels: Vec<String>,
        train: &LabelledEmbeddings,
        validation: &LabelledEmbeddings,
        device: &Device,
    ) -> Self {
        let device = device.clone().autodiff();
        let mut rng = ChaCha8Rng::seed_from_u64(recipe.seed);
        let classes = labels.len();
        Self {
            head: Head::init(labels, &mut rng, &device),
            optimizer: optimizer(&recipe),
            rng,
            epoch: 0,
            train: OnDevice::upload(train, classes, &device),
            validation: (!validation.classes.is_empty())
                .then(|| OnDevice::upload(validation, classes, &device)),
            recipe,
        }
    }

    /// Runs one epoch, or gives `None` when all have run.
    ///
    /// # Errors
    /// `DEVICE_LOST` when results cannot be read back.
    pub async fn epoch(&mut self) -> Result<Option<EpochReport>> {
        if self.epoch == self.recipe.epochs {
            return Ok(None);
        }
        let count = self.train.classes.len();
        let mut order: Vec<i32> = (0..count as i32).collect();
        order.shuffle(&mut self.rng);
        // One upload of the order per epoch; batches are slices of the shuffled images.
        let order = Tensor::<1, Int>::from_data(
            TensorData::new(order, [count]),
            &self.train.embeddings.device(),
        );
        let embeddings = self.train.embeddings.clone().select(0, order.clone());
        let targets = self.train.targets.clone().select(0, order);
        for start in (0..count).step_by(self.recipe.batch_size) {
            let rows = start..(start + self.recipe.batch_size).min(count);
            self.step(
                embeddings.clone().slice([rows.clone()]),
                targets.clone().slice([rows]),
            );
        }
        self.epoch += 1;
        let (loss, train_accuracy) = self.measure(&self.train).await?;
        let watched = match &self.validation {
            Some(validation) => Some(self.measure(validation).await?),
            None => None,
        };
        Ok(Some(EpochReport {
            epoch: self.epoch,
            epochs: self.recipe.epochs,
            loss,
            train_accuracy,
            validation_loss: watched.map(|(loss, _)| loss),
            validation_accuracy: watched.map(|(_, accuracy)| accuracy),
        }))
    }

    /// The head as it stands.
    pub fn into_head(self) -> Head {
        self.head.frozen()
    }

    fn step(&mut self, embeddings: Tensor<2>, targets: Tensor<2>) {
        let count = embeddings.dims()[0] as f64;
        let log_probabilities = log_softmax(self.head.logits(embeddings), 1);
        let loss = -(log_probabilities * targets).sum() / count;
        let gradients = GradientsParams::from_grads(loss.backward(), self.head.linear());
        let (optimizer, rate) = (&mut self.optimizer, self.recipe.learning_rate);
        let step = |linear: Linear| optimizer.step(rate, linear, gradients);
        self.head = self.head.clone().map_linear(step);
    }

    /// Mean cross-entropy and accuracy over all of `data`, from one read-back.
    async fn measure(&self, data: &OnDevice) -> Result<(f64, f64)> {
        let logits = self
            .head
            .linear()
            .valid()
            .forward(data.embeddings.clone().inner());
        let logits = read(logits).await?;
        let mut loss = 0.0;
        let mut right = 0;
        let rows = logits.chunks_exact(self.head.labels().len());
        for (row, &class) in rows.zip(&data.classes) {
            let probabilities = softmax(row);
            loss -= probabilities[class].max(f64::MIN_POSITIVE).ln();
            right += usize::from(crate::evaluation::argmax(&probabilities) == class);
        }
        let count = data.classes.len() as f64;
        Ok((loss / count, right as f64 / count))
    }
}

impl OnDevice {
    fn upload(data: &LabelledEmbeddings, classes: usize, device: &Device) -> Self {
        let count = data.classes.len();
        let mut one_hot = vec![0.0_f32; count * classes];
        for (row, &class) in data.classes.iter().enumerate() {
            one_hot[row * classes + class] = 1.0;
        }
        let embeddings = TensorData::new(data.embeddings.clone(), [count, EMBEDDING_LEN]);
        Self {
            embeddings: Tensor::from_data(embeddings, device),
            targets: Tensor::from_data(TensorData::new(one_hot, [count, classes]), device),
            classes: data.classes.clone(),
        }
    }
}

fn optimizer(recipe: &Recipe) -> ModuleOptimizer {
    let decay = (recipe.l2 > 0.0).then(|| WeightDecayConfig::new(recipe.l2 as f32));
    match recipe.method {
        Method::Adam => AdamConfig::new()
            .with_epsilon(1e-8)
            .with_weight_decay(decay)
            .init(),
        Method::Sgd => {
            // torch's SGD does not dampen the gradient; burn's default does.
            let momentum = MomentumConfig::new()
                .with_momentum(recipe.momentum)
                .with_dampening(0.0);
            SgdConfig::new()
                .with_momentum((recipe.momentum > 0.0).then_some(momentum))
                .with_weight_decay(decay)
                .init()
        }
    }
}
