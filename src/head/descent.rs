//! Fitting a head by mini-batches with Adam or SGD. Where images are set aside, the descent stops when
//! they no longer get better, and the best epoch's head is kept.

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

use super::fit::{EpochReport, Fitted, HeadSummary, LabelledEmbeddings, Phase};
use super::linear::{Head, loss_and_accuracy, read};
use super::options::{Method, Recipe};
use super::regression::{class_sizes, class_weights, is_balanced};
use super::temperature::fit_temperature;
use crate::Result;
use crate::backbone::EMBEDDING_LEN;

/// Epochs without a better validation loss after which the descent stops.
const PATIENCE: usize = 10;

/// A descent under way.
pub struct Descent {
    recipe: Recipe,
    head: Head,
    optimizer: ModuleOptimizer,
    rng: ChaCha8Rng,
    epoch: usize,
    train: OnDevice,
    validation: Option<OnDevice>,
    best: Option<Best>,
}

/// The epoch with the least loss on the images set aside.
struct Best {
    epoch: usize,
    loss: f64,
    head: Head,
}

/// Embeddings uploaded once, and their classes on both sides.
struct OnDevice {
    /// `[N, 512]`
    embeddings: Tensor<2>,
    /// The class's weight in the class's column, 0 elsewhere, `[N, classes]`
    targets: Tensor<2>,
    classes: Vec<usize>,
}

impl Descent {
    /// Starts from weights drawn by the recipe's seed.
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
        let weights = class_weights(recipe.class_weights, &train.classes, classes);
        let even = vec![1.0; classes];
        Self {
            head: Head::init(labels, &mut rng, &device),
            optimizer: optimizer(&recipe),
            rng,
            epoch: 0,
            train: OnDevice::upload(train, &weights, &device),
            validation: (!validation.classes.is_empty())
                .then(|| OnDevice::upload(validation, &even, &device)),
            best: None,
            recipe,
        }
    }

    /// Runs one epoch, or gives `None` when all have run or no more would help.
    ///
    /// # Errors
    /// `DEVICE_LOST` when results cannot be read back.
    pub async fn epoch(&mut self) -> Result<Option<EpochReport>> {
        let stuck = self
            .best
            .as_ref()
            .is_some_and(|best| self.epoch - best.epoch >= PATIENCE);
        if stuck || self.epoch == self.recipe.epochs {
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
        if let Some((loss, _)) = watched
            && self.best.as_ref().is_none_or(|best| loss < best.loss)
        {
            self.best = Some(Best {
                epoch: self.epoch,
                loss,
                head: self.head.clone(),
            });
        }
        Ok(Some(EpochReport {
            epochs: Some(self.recipe.epochs),
            train_accuracy: Some(train_accuracy),
            validation_loss: watched.map(|(loss, _)| loss),
            validation_accuracy: watched.map(|(_, accuracy)| accuracy),
            l2: self.recipe.l2,
            ..EpochReport::new(Phase::Fit, self.epoch, loss)
        }))
    }

    /// The best head seen, or the last where no images were set aside; those set aside calibrate it.
    ///
    /// # Errors
    /// `DEVICE_LOST` when its logits cannot be read back.
    pub async fn finish(self) -> Result<Fitted> {
        let head = self.best.map_or(self.head, |best| best.head).frozen();
        let classes = head.labels().len();
        let sizes = class_sizes(&self.train.classes, classes);
        let (temperature, calibrated_on) = match &self.validation {
            Some(validation) => {
                let logits = read(head.logits(validation.embeddings.clone().inner())).await?;
                let truth = &validation.classes;
                (fit_temperature(&logits, truth, classes), truth.len())
            }
            None => (1.0, 0),
        };
        Ok(Fitted {
            head: head.calibrated(temperature),
            summary: HeadSummary {
                method: self.recipe.method,
                l2: self.recipe.l2.unwrap_or(0.0),
                balanced: is_balanced(self.recipe.class_weights, &sizes),
                scaling: None,
                few_images: false,
            },
            calibrated_on,
            left_out: None,
        })
    }

    fn step(&mut self, embeddings: Tensor<2>, targets: Tensor<2>) {
        let log_probabilities = log_softmax(self.head.logits(embeddings), 1);
        // Targets carry the classes' weights; their sum is what torch's weighted mean divides by.
        let loss = -(log_probabilities * targets.clone()).sum() / targets.sum();
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
        let classes = self.head.labels().len();
        Ok(loss_and_accuracy(&logits, &data.classes, classes))
    }
}

impl OnDevice {
    fn upload(data: &LabelledEmbeddings, class_weights: &[f64], device: &Device) -> Self {
        let (count, classes) = (data.classes.len(), class_weights.len());
        let mut targets = vec![0.0_f32; count * classes];
        for (row, &class) in data.classes.iter().enumerate() {
            targets[row * classes + class] = class_weights[class] as f32;
        }
        let embeddings = TensorData::new(data.embeddings.clone(), [count, EMBEDDING_LEN]);
        Self {
            embeddings: Tensor::from_data(embeddings, device),
            targets: Tensor::from_data(TensorData::new(targets, [count, classes]), device),
            classes: data.classes.clone(),
        }
    }
}

fn optimizer(recipe: &Recipe) -> ModuleOptimizer {
    let decay = recipe
        .l2
        .filter(|&l2| l2 > 0.0)
        .map(|l2| WeightDecayConfig::new(l2 as f32));
    if recipe.method == Method::Sgd {
        // torch's SGD does not dampen the gradient; burn's default does.
        let momentum = MomentumConfig::new()
            .with_momentum(recipe.momentum)
            .with_dampening(0.0);
        SgdConfig::new()
            .with_momentum((recipe.momentum > 0.0).then_some(momentum))
            .with_weight_decay(decay)
            .init()
    } else {
        AdamConfig::new()
            .with_epsilon(1e-8)
            .with_weight_decay(decay)
            .init()
    }
}
