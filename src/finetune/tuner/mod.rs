//! A training under way, a step per call, so that a caller can show progress and stop at any point.

mod convolution;
mod schedule;
mod tail;

pub use convolution::{ConvolutionGradients, ConvolutionOps, Window, convolution};

use burn::module::Module;
use burn::optim::{AdamWConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor, TensorData};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::{Image, Outcome, Role, SHARE, Task, Verdict, View};
use crate::backbone::rounding::nearest;
use crate::backbone::weights::LayerWeights;
use crate::backbone::{TailWeights, TrunkView};
use crate::head::{Head, fit_temperature, loss_and_accuracy, softmax_at};
use crate::{Error, Result};
use schedule::Schedule;
use tail::{Shape, Tail, read};

/// AdamW's usual guard against division by nothing.
const EPSILON: f32 = 1e-8;

/// A training under way. Dropping it cancels it.
pub struct Tuner {
    task: Task,
    shape: Shape,
    trunk: TrunkView,
    device: Device,
    tail: Tail,
    optimizer: ModuleOptimizer,
    schedule: Schedule,
    /// What an image of each class counts.
    class_weights: Vec<f64>,
    rng: ChaCha8Rng,
    phase: Phase,
    /// What is still to be gone through in this phase, the next last.
    batches: Vec<Vec<View>>,
    epoch: usize,
    steps: usize,
    /// The training loss of the epoch so far, on the device, of so many steps.
    losses: Option<Tensor<1>>,
    steps_of_epoch: usize,
    /// Features of the tail that were asked for in this phase, `[views, features]`.
    seen: Vec<f32>,
    best: Option<Best>,
    best_epoch: usize,
    /// The weights as they would be kept, with their head.
    rounded: Option<(TailWeights, Head)>,
    finished: Option<Outcome>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Train,
    Validate,
    /// The validation images, by the best weights as they would be kept.
    Judge,
    /// Every image, by the same.
    Embed,
    Done,
}

/// The epoch with the least loss on the validation images.
struct Best {
    epoch: usize,
    loss: f64,
    tail: Tail,
}

/// What a step says.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// The epoch that it belongs to, from 1.
    pub epoch: usize,
    /// How many there will be at most.
    pub epochs: usize,
    /// The share of the whole that is done, from 0 to 1, if it does not stop early.
    pub done: f64,
    /// At the end of an epoch, its mean training loss, in nats, label smoothing included.
    pub loss: Option<f64>,
    /// At the end of an epoch, the mean cross-entropy over the validation images, in nats.
    pub validation_loss: Option<f64>,
    /// At the end of an epoch, the share of the validation images that is classified correctly.
    pub validation_accuracy: Option<f64>,
}

impl Tuner {
    /// Begins on burn's device, one with autodiff.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a head that takes other features than the tail gives.
    pub fn start(task: Task, device: &Device) -> Result<Self> {
        let shape = Shape::new(&task.network.tail(task.tail.cut()));
        let trunk = task.trunk();
        if task.head.features() != shape.features() {
            let problem = format!(
                "it takes {} features, and this tail gives {}",
                task.head.features(),
                shape.features()
            );
            return Err(Error::invalid("head", problem));
        }
        let device = device.clone().autodiff();
        let recipe = &task.recipe;
        let train = task.images.iter().filter(|image| image.role == Role::Train);
        let steps = train.count().div_ceil(recipe.batch_size) * recipe.epochs;
        let mut tuner = Self {
            tail: Tail::new(&shape, dequantized(&task.tail), &task.head, &device),
            optimizer: AdamWConfig::new()
                .with_epsilon(EPSILON)
                .with_weight_decay(recipe.weight_decay as f32)
                .init(),
            schedule: Schedule {
                rate: recipe.learning_rate,
                steps,
            },
            class_weights: class_weights(&task),
            rng: ChaCha8Rng::seed_from_u64(recipe.seed),
            phase: Phase::Train,
            batches: Vec::new(),
            epoch: 0,
            steps: 0,
            losses: None,
            steps_of_epoch: 0,
            seen: Vec::new(),
            best: None,
            best_epoch: 0,
            rounded: None,
            finished: None,
            shape,
            trunk,
            device,
            task,
        };
        tuner.begin_epoch();
        Ok(tuner)
    }

    /// The views that the next step needs; none when the training is finished.
    pub fn wanted(&self) -> &[View] {
        self.batches.last().map_or(&[], Vec::as_slice)
    }

    /// Goes a step on, with the bytes of the views that are [`wanted`](Self::wanted), one after the other.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for another number of bytes, `DEVICE_LOST` when results cannot be read back.
    pub async fn step(&mut self, views: &[u8]) -> Result<Step> {
        let wanted = self.wanted().len() * self.trunk.bytes();
        if views.len() != wanted {
            let problem = format!("{} bytes, not {wanted}", views.len());
            return Err(Error::invalid("views", problem));
        }
        let batch = self.batches.pop().unwrap_or_default();
        let mut step = Step {
            epoch: self.epoch,
            epochs: self.task.recipe.epochs,
            done: 0.0,
            loss: None,
            validation_loss: None,
            validation_accuracy: None,
        };
        match self.phase {
            Phase::Done => return Ok(step),
            Phase::Train => self.learn(&batch, views),
            Phase::Validate | Phase::Judge | Phase::Embed => {
                let features = self.features(views).await?;
                self.seen.extend(features);
            }
        }
        if self.batches.is_empty() {
            self.next_phase(&mut step).await?;
        }
        step.done = self.done();
        Ok(step)
    }

    /// What came out, once nothing is [`wanted`](Self::wanted) any more.
    ///
    /// # Errors
    /// `NOT_TRAINED` before.
    pub fn outcome(&self) -> Result<&Outcome> {
        match (self.phase, &self.finished) {
            (Phase::Done, Some(outcome)) => Ok(outcome),
            _ => Err(Error::NotTrained),
        }
    }

    /// The share of all steps, as if judging and embedding took none.
    fn done(&self) -> f64 {
        let all = self.schedule.steps;
        let steps = match self.phase {
            Phase::Done => return 1.0,
            Phase::Train | Phase::Validate => self.steps,
            Phase::Judge | Phase::Embed => all,
        };
        steps as f64 / (all + 1) as f64
    }

    /// Lines up a phase's batches.
    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.seen.clear();
        self.batches = match phase {
            Phase::Train => self.training_batches(),
            Phase::Validate | Phase::Judge => {
                self.embedding_batches(|image| image.role == Role::Validation)
            }
            Phase::Embed => self.embedding_batches(|_| true),
            Phase::Done => Vec::new(),
        };
        self.batches.reverse();
    }

    /// The training images in a new order, each in one of its views, in batches of nearly one size.
    fn training_batches(&mut self) -> Vec<Vec<View>> {
        let mut places = self.places(|image| image.role == Role::Train);
        places.shuffle(&mut self.rng);
        let mut views = Vec::with_capacity(places.len());
        for image in places {
            let view = self.rng.random_range(0..self.task.images[image].views);
            views.push(View { image, view });
        }
        let batches = views.len().div_ceil(self.task.recipe.batch_size);
        let (count, mut views) = (views.len(), views.into_iter());
        let size = |batch: usize| (batch + 1) * count / batches - batch * count / batches;
        (0..batches)
            .map(|batch| views.by_ref().take(size(batch)).collect())
            .collect()
    }

    /// The views that embeddings of some images are the means of.
    fn embedding_batches(&self, is_wanted: impl Fn(&Image) -> bool) -> Vec<Vec<View>> {
        let views = self.places(is_wanted).into_iter().flat_map(|image| {
            let embedded = self.task.images[image].embedded;
            (0..embedded).map(move |view| View { image, view })
        });
        let views: Vec<View> = views.collect();
        let batches = views.chunks(self.task.recipe.batch_size);
        batches.map(<[View]>::to_vec).collect()
    }

    fn places(&self, is_wanted: impl Fn(&Image) -> bool) -> Vec<usize> {
        let images = self.task.images.iter().enumerate();
        images
            .filter(|(_, image)| is_wanted(image))
            .map(|(place, _)| place)
            .collect()
    }

    async fn next_phase(&mut self, step: &mut Step) -> Result<()> {
        match self.phase {
            Phase::Train => self.enter(Phase::Validate),
            Phase::Validate => self.end_epoch(step).await?,
            Phase::Judge => self.judge(),
            Phase::Embed => {
                let features = self.means_of_seen(|_| true);
                if let Some(outcome) = &mut self.finished {
                    outcome.features = features;
                }
                self.enter(Phase::Done);
            }
            Phase::Done => {}
        }
        Ok(())
    }

    fn begin_epoch(&mut self) {
        self.epoch += 1;
        self.losses = None;
        self.steps_of_epoch = 0;
        self.enter(Phase::Train);
    }

    async fn end_epoch(&mut self, step: &mut Step) -> Result<()> {
        let head = self.head(&self.tail).await?;
        let logits = self.logits_of_seen(&head);
        let classes = self.validation_classes();
        let (loss, accuracy) = loss_and_accuracy(&logits, &classes, head.labels().len());
        if let Some(losses) = self.losses.take() {
            let sum = read(losses).await?;
            step.loss = sum
                .first()
                .map(|&sum| f64::from(sum) / self.steps_of_epoch as f64);
        }
        step.validation_loss = Some(loss);
        step.validation_accuracy = Some(accuracy);
        if self.best.as_ref().is_none_or(|best| loss < best.loss) {
            self.best = Some(Best {
                epoch: self.epoch,
                loss,
                tail: self.tail.clone(),
            });
        }
        let best = self.best.as_ref().map_or(0, |best| best.epoch);
        if self.epoch < self.task.recipe.epochs && self.epoch < best + self.task.recipe.patience {
            self.begin_epoch();
            return Ok(());
        }
        self.restore_best().await
    }

    /// The best epoch's weights, to be judged rounded as they would be kept.
    async fn restore_best(&mut self) -> Result<()> {
        let Some(best) = self.best.take() else {
            self.enter(Phase::Done);
            return Ok(());
        };
        self.best_epoch = best.epoch;
        let weights = best.tail.weights().await?;
        let head = self.head(&best.tail).await?;
        let rounded = weights.iter().map(nearest).collect();
        let rounded = TailWeights::new(&self.task.network, self.task.tail.cut(), rounded)?;
        self.tail = Tail::new(&self.shape, dequantized(&rounded), &head, &self.device);
        self.rounded = Some((rounded, head));
        self.enter(Phase::Judge);
        Ok(())
    }

    /// Half of what each of the two says, which is better than either: they are wrong about different images, and where
    /// new images are unlike those learned from, the network as it came errs less (Wortsman et al. 2022, "Robust
    /// fine-tuning of zero-shot models").
    fn judge(&mut self) {
        let Some((tail, head)) = self.rounded.take() else {
            return;
        };
        let classes = self.validation_classes();
        let logits = self.logits_of_seen(&head);
        let own = fit_temperature(&logits, &classes, head.labels().len());
        let head = head.scaled(SHARE / own);
        let mut together = self.logits_of_seen(&head);
        for (sum, frozen) in together.iter_mut().zip(&self.task.frozen) {
            *sum += (1.0 - SHARE) as f32 * frozen;
        }
        let (temperature, tuned) = self.calibrated(&together);
        let (_, frozen) = self.calibrated(&self.task.frozen);
        let epochs = [self.best_epoch, self.epoch];
        let verdict = Verdict::new(&frozen, &tuned, &classes, epochs);
        let next = if verdict.kept {
            Phase::Embed
        } else {
            Phase::Done
        };
        self.finished = Some(Outcome {
            verdict,
            tail,
            head: head.calibrated(temperature),
            features: Vec::new(),
        });
        self.enter(next);
    }

    /// The best temperature of logits of the validation images, and the probabilities at it.
    fn calibrated(&self, logits: &[f32]) -> (f64, Vec<Vec<f64>>) {
        let classes = self.task.head.labels().len();
        let temperature = fit_temperature(logits, &self.validation_classes(), classes);
        let rows = logits.chunks_exact(classes);
        let rows = rows.map(|row| softmax_at(row, temperature)).collect();
        (temperature, rows)
    }

    fn validation_classes(&self) -> Vec<usize> {
        let images = self.task.images.iter();
        images
            .filter(|image| image.role == Role::Validation)
            .map(|image| image.class)
            .collect()
    }

    async fn head(&self, tail: &Tail) -> Result<Head> {
        let [weights, biases] = tail.head().await?;
        let labels = self.task.head.labels().to_vec();
        Ok(Head::from_weights(labels, weights, biases))
    }

    /// Logits `[images, classes]` of the images that were seen, all of which are validation images.
    fn logits_of_seen(&self, head: &Head) -> Vec<f32> {
        head.logits(&self.means_of_seen(|image| image.role == Role::Validation))
    }

    /// The mean over each image's views of what was seen.
    fn means_of_seen(&self, is_seen: impl Fn(&Image) -> bool) -> Vec<f32> {
        let features = self.task.head.features();
        let mut rows = self.seen.chunks_exact(features);
        let mut means = Vec::new();
        for image in self.task.images.iter().filter(|image| is_seen(image)) {
            let start = means.len();
            means.resize(start + features, 0.0);
            for row in rows.by_ref().take(image.embedded) {
                for (mean, value) in means[start..].iter_mut().zip(row) {
                    *mean += value / image.embedded as f32;
                }
            }
        }
        means
    }

    /// A step of the optimiser along a batch's gradient.
    fn learn(&mut self, batch: &[View], views: &[u8]) {
        let maps = self.maps(views, &self.device);
        let tail = &self.tail;
        let logits = tail.logits(tail.features(&self.shape, maps));
        let loss = -(log_softmax(logits, 1) * self.targets(batch)).sum();
        let gradients = GradientsParams::from_grads(loss.backward(), tail);
        let rate = self.schedule.rate(self.steps);
        let tail = self.tail.clone();
        self.tail = self.optimizer.step(rate, tail, gradients);
        let loss = loss.detach();
        self.losses = Some(match self.losses.take() {
            Some(losses) => losses + loss,
            None => loss,
        });
        self.steps += 1;
        self.steps_of_epoch += 1;
    }

    /// What each image's log-probabilities are multiplied with, `[images, classes]`: its smoothed label, by its class's
    /// weight, in shares of the batch.
    fn targets(&self, batch: &[View]) -> Tensor<2> {
        let classes = self.task.head.labels().len();
        let smoothing = self.task.recipe.label_smoothing;
        let class = |view: &View| self.task.images[view.image].class;
        let total: f64 = batch
            .iter()
            .map(|view| self.class_weights[class(view)])
            .sum();
        let mut targets = Vec::with_capacity(batch.len() * classes);
        for view in batch {
            let truth = class(view);
            let weight = self.class_weights[truth] / total;
            targets.extend((0..classes).map(|class| {
                let label = f64::from(u8::from(class == truth));
                (weight * (label * (1.0 - smoothing) + smoothing / classes as f64)) as f32
            }));
        }
        let shape = [batch.len(), classes];
        Tensor::from_data(TensorData::new(targets, shape), &self.device)
    }

    /// The tail's features `[views, features]`.
    async fn features(&self, views: &[u8]) -> Result<Vec<f32>> {
        let device = self.device.clone().inner();
        let maps = self.maps(views, &device);
        let tail = self.tail.clone().valid();
        read(tail.features(&self.shape, maps)).await
    }

    /// Views as maps `[channels, views, side, side]`.
    fn maps(&self, views: &[u8], device: &Device) -> Tensor<4> {
        let trunk = &self.trunk;
        let count = views.len() / trunk.bytes();
        let area = trunk.side * trunk.side;
        let mut maps = vec![0.0; count * trunk.numbers()];
        for (place, view) in views.chunks_exact(trunk.bytes()).enumerate() {
            let mut map = TrunkView::read(view);
            for channel in 0..trunk.channels {
                let to = &mut maps[(channel * count + place) * area..][..area];
                to.iter_mut()
                    .zip(map.by_ref())
                    .for_each(|(to, from)| *to = from);
            }
        }
        let shape = [trunk.channels, count, trunk.side, trunk.side];
        Tensor::from_data(TensorData::new(maps, shape), device)
    }
}

/// The weights that a tail's integers stand for.
fn dequantized(tail: &TailWeights) -> Vec<LayerWeights> {
    let layers = tail.layers().iter();
    layers.map(|(_, weights)| weights.dequantize()).collect()
}

/// The same for all, or such that every class counts alike.
fn class_weights(task: &Task) -> Vec<f64> {
    let mut sizes = vec![0_usize; task.head.labels().len()];
    let learned = task.images.iter().filter(|image| image.role == Role::Train);
    learned.for_each(|image| sizes[image.class] += 1);
    let weight = |&size: &usize| match task.recipe.balanced {
        true => 1.0 / size.max(1) as f64,
        false => 1.0,
    };
    sizes.iter().map(weight).collect()
}
