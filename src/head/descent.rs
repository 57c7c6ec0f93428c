//! Fitting a head by mini-batches with Adam or SGD. Where images are set aside, the descent stops when
//! they no longer get better, and the best epoch's head is kept.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::fit::{EpochReport, Fitted, HeadSummary, LabelledEmbeddings, Phase};
use super::linear::{Head, loss_and_accuracy, to_slopes};
use super::optimizer::Optimizer;
use super::options::Recipe;
use super::regression::{class_sizes, class_weights, is_balanced};
use super::temperature::fit_temperature;
use crate::matrix::transposed_product;

/// Epochs without a better validation loss after which the descent stops.
const PATIENCE: usize = 10;

/// A descent under way.
pub struct Descent {
    recipe: Recipe,
    head: Head,
    optimizer: Optimizer,
    rng: ChaCha8Rng,
    epoch: usize,
    train: LabelledEmbeddings,
    validation: LabelledEmbeddings,
    /// What an image of each class counts.
    class_weights: Vec<f64>,
    best: Option<Best>,
}

/// The epoch with the least loss on the images set aside.
struct Best {
    epoch: usize,
    loss: f64,
    head: Head,
}

impl Descent {
    /// Starts from weights drawn by the recipe's seed.
    pub fn start(
        recipe: Recipe,
        labels: Vec<String>,
        train: LabelledEmbeddings,
        validation: LabelledEmbeddings,
    ) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(recipe.seed);
        Self {
            class_weights: class_weights(recipe.class_weights, &train.classes, labels.len()),
            head: Head::init(labels, train.features(), &mut rng),
            optimizer: Optimizer::new(&recipe),
            rng,
            epoch: 0,
            train,
            validation,
            best: None,
            recipe,
        }
    }

    /// Runs one epoch, or gives `None` when all have run or no more would help.
    pub fn epoch(&mut self) -> Option<EpochReport> {
        let stuck = self
            .best
            .as_ref()
            .is_some_and(|best| self.epoch - best.epoch >= PATIENCE);
        if stuck || self.epoch == self.recipe.epochs {
            return None;
        }
        let mut order: Vec<usize> = (0..self.train.classes.len()).collect();
        order.shuffle(&mut self.rng);
        for batch in order.chunks(self.recipe.batch_size) {
            self.step(batch);
        }
        self.epoch += 1;
        let (loss, train_accuracy) = self.measure(&self.train);
        let set_aside = !self.validation.classes.is_empty();
        let watched = set_aside.then(|| self.measure(&self.validation));
        if let Some((loss, _)) = watched
            && self.best.as_ref().is_none_or(|best| loss < best.loss)
        {
            self.best = Some(Best {
                epoch: self.epoch,
                loss,
                head: self.head.clone(),
            });
        }
        Some(EpochReport {
            epochs: Some(self.recipe.epochs),
            train_accuracy: Some(train_accuracy),
            validation_loss: watched.map(|(loss, _)| loss),
            validation_accuracy: watched.map(|(_, accuracy)| accuracy),
            l2: self.recipe.l2,
            ..EpochReport::new(Phase::Fit, self.epoch, loss)
        })
    }

    /// The best head seen, or the last where no images were set aside; those set aside calibrate it.
    pub fn finish(self) -> Fitted {
        let head = self.best.map_or(self.head, |best| best.head);
        let classes = head.labels().len();
        let sizes = class_sizes(&self.train.classes, classes);
        let logits = head.logits(&self.validation.embeddings);
        let temperature = fit_temperature(&logits, &self.validation.classes, classes);
        Fitted {
            head: head.calibrated(temperature),
            summary: HeadSummary {
                method: self.recipe.method,
                l2: self.recipe.l2.unwrap_or(0.0),
                balanced: is_balanced(self.recipe.class_weights, &sizes),
                scaling: None,
                few_images: false,
                last_stage: None,
                converged: true,
            },
            calibrated_on: self.validation.classes.len(),
            left_out: None,
            learning_curve: Vec::new(),
        }
    }

    /// One step along the gradient of a batch's mean cross-entropy, weighted by class as torch's
    /// `cross_entropy(weight=…)` does it.
    fn step(&mut self, batch: &[usize]) {
        let classes = self.head.labels().len();
        let features = self.train.features();
        let inputs: Vec<f32> = batch
            .iter()
            .flat_map(|&image| &self.train.embeddings[image * features..][..features])
            .copied()
            .collect();
        let class_of = |&image: &usize| self.train.classes[image];
        let total: f64 = batch
            .iter()
            .map(|image| self.class_weights[class_of(image)])
            .sum();
        let mut slopes = self.head.logits(&inputs);
        let mut bias_gradient = vec![0.0_f32; classes];
        for (image, row) in batch.iter().zip(slopes.chunks_exact_mut(classes)) {
            let class = class_of(image);
            to_slopes(row, class, self.class_weights[class] / total);
            for (sum, slope) in bias_gradient.iter_mut().zip(&*row) {
                *sum += slope;
            }
        }
        let shape = [features, batch.len(), classes];
        let weight_gradient = transposed_product(&inputs, &slopes, shape);
        let gradients = [&weight_gradient[..], &bias_gradient];
        self.optimizer.step(self.head.parameters_mut(), gradients);
    }

    /// Mean cross-entropy and accuracy over all of `data`.
    fn measure(&self, data: &LabelledEmbeddings) -> (f64, f64) {
        let logits = self.head.logits(&data.embeddings);
        loss_and_accuracy(&logits, &data.classes, self.head.labels().len())
    }
}
