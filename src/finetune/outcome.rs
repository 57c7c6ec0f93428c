//! What came out of a training, and whether it is worth keeping.

use serde::{Deserialize, Serialize};

use super::file::{HeadTensors, parse};
use crate::backbone::TailWeights;
use crate::backbone::network::Description;
use crate::head::Head;
#[cfg(feature = "finetune")]
use crate::head::{argmax, cross_entropy};
#[cfg(feature = "finetune")]
use crate::tensor_file::{self, RawTensor};
use crate::tensor_file::{Checked, Problem};
use crate::{Error, Result};

/// The metadata's `format`.
const FORMAT: &str = "headstart-finetuning-outcome";
/// The tail's features of every image.
const FEATURES: &str = "features";

/// A tuned tail with its head.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Which is better on the validation images.
    pub verdict: Verdict,
    /// The tail as files keep it and everything computes with it.
    pub tail: TailWeights,
    /// What its features add to half the logits of the head on the network as it is, each divided by its temperature; the
    /// sums are divided by this one's.
    pub head: Head,
    /// The tail's features of every image of the task, `[images, features]`; empty where it is not kept.
    pub features: Vec<f32>,
}

impl Outcome {
    /// The outcome as a safetensors file, for the module that asked for it.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when it cannot be written.
    #[cfg(feature = "finetune")]
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let write = || {
            let head = HeadTensors::of(&self.head);
            let features = self.head.features();
            let shape = [self.features.len() / features, features];
            let mut tensors = self.tail.tensors();
            tensors.extend(head.tensors());
            tensors.push(RawTensor::f32(FEATURES, &shape, &self.features));
            let metadata = vec![
                ("format", FORMAT.into()),
                ("labels", tensor_file::json(&self.head.labels())?),
                ("temperature", tensor_file::json(&self.head.temperature())?),
                ("verdict", tensor_file::json(&self.verdict)?),
            ];
            tensor_file::write(tensors, metadata)
        };
        write().map_err(Error::finetuning)
    }

    /// The outcome of a network's training in a file that [`to_bytes`](Self::to_bytes) gave, with so many images.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for another file.
    pub fn from_bytes(bytes: &[u8], network: &Description, images: usize) -> Result<Self> {
        Self::read(bytes, network, images).map_err(Error::finetuning)
    }

    fn read(bytes: &[u8], network: &Description, images: usize) -> Checked<Self> {
        let file = parse(bytes, FORMAT)?;
        let verdict: Verdict = file.json("verdict")?;
        let head = HeadTensors::read(&file, file.json("labels")?)?;
        let temperature: f64 = file.json("temperature")?;
        if !(temperature > 0.0 && temperature.is_finite()) {
            return Err(Problem::corrupt("the head's temperature is not positive"));
        }
        let images = if verdict.kept { images } else { 0 };
        Ok(Self {
            features: file.f32s(FEATURES, &[images, head.features()])?,
            head: head.calibrated(temperature),
            tail: TailWeights::read(&file, network)?,
            verdict,
        })
    }
}

/// What the validation images say of the frozen head and of the tuned network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Verdict {
    /// How many validation images there were.
    pub images: usize,
    /// The frozen head, fitted on the same training images.
    pub frozen: Judged,
    /// The same together with the tuned tail and its head.
    pub tuned: Judged,
    /// By how much the log loss of the tuned network is less, in nats.
    pub gain: f64,
    /// The standard error of that, from the images' differences.
    pub gain_error: f64,
    /// Whether the tuned network is kept: the gain is more than its standard error.
    pub kept: bool,
    /// The epoch whose weights they are.
    pub best_epoch: usize,
    /// How many epochs were trained.
    pub epochs: usize,
}

/// Measured on validation images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Judged {
    /// Share classified correctly.
    pub accuracy: f64,
    /// Mean cross-entropy in nats.
    pub log_loss: f64,
}

#[cfg(feature = "finetune")]
impl Verdict {
    /// Compares probabilities, a row for each image of these classes.
    pub(super) fn new(
        frozen: &[Vec<f64>],
        tuned: &[Vec<f64>],
        classes: &[usize],
        [best_epoch, epochs]: [usize; 2],
    ) -> Self {
        let losses = |rows: &[Vec<f64>]| -> Vec<f64> {
            let rows = rows.iter().zip(classes);
            rows.map(|(row, &class)| cross_entropy(row, class))
                .collect()
        };
        let (before, after) = (losses(frozen), losses(tuned));
        let differences: Vec<f64> = before.iter().zip(&after).map(|(b, a)| b - a).collect();
        let count = classes.len() as f64;
        let gain = differences.iter().sum::<f64>() / count.max(1.0);
        let squares: f64 = differences.iter().map(|d| (d - gain).powi(2)).sum();
        let gain_error = (squares / (count - 1.0).max(1.0) / count.max(1.0)).sqrt();
        Self {
            images: classes.len(),
            frozen: Judged::of(frozen, &before, classes),
            tuned: Judged::of(tuned, &after, classes),
            gain,
            gain_error,
            // One image has no error to speak of, and says nothing.
            kept: classes.len() > 1 && gain > gain_error,
            best_epoch,
            epochs,
        }
    }
}

#[cfg(feature = "finetune")]
impl Judged {
    fn of(rows: &[Vec<f64>], losses: &[f64], classes: &[usize]) -> Self {
        let right = rows.iter().zip(classes);
        let right = right.filter(|(row, class)| argmax(row) == **class).count();
        let count = classes.len().max(1) as f64;
        Self {
            accuracy: right as f64 / count,
            log_loss: losses.iter().sum::<f64>() / count,
        }
    }
}
