//! The report that a person reads: measures, and every held-out image's prediction.

use serde::Serialize;

use super::interval::wilson;
use super::metrics::{Metrics, argmax};

/// Where the held-out images came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum HeldOut {
    /// The user gave them.
    #[serde(rename = "test folder")]
    TestFolder,
    /// A seeded, stratified share of the user's images.
    #[serde(rename = "split")]
    Split,
}

/// A held-out image and what the head gave it.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The image's id in the dataset.
    pub id: usize,
    /// Its file name.
    pub name: String,
    /// Its class's index among the labels.
    pub class: usize,
    /// One probability per label.
    pub probabilities: Vec<f64>,
}

/// What the head said about one held-out image.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TestPrediction {
    /// The image's id in the dataset.
    pub id: usize,
    /// Its file name.
    pub name: String,
    /// Its class.
    pub label: String,
    /// The class the head named.
    pub predicted: String,
    /// The probability given to it.
    pub probability: f64,
}

/// A class in the report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassReport {
    /// The class.
    pub label: String,
    /// Of those called this class, the share that is.
    pub precision: Option<f64>,
    /// Of those of this class, the share called so.
    pub recall: Option<f64>,
    /// Harmonic mean of both.
    pub f1: Option<f64>,
    /// Held-out images of this class.
    pub support: usize,
}

/// Measured on held-out images only.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Share classified correctly.
    pub accuracy: f64,
    /// Wilson's score interval of the accuracy at 95 %.
    pub interval: (f64, f64),
    /// Mean recall over the classes present.
    pub balanced_accuracy: f64,
    /// Mean F1 over the classes.
    pub macro_f1: f64,
    /// Mean cross-entropy in nats.
    pub log_loss: f64,
    /// Expected calibration error over 10 bins.
    pub calibration_error: f64,
    /// Accuracy of always naming the commonest held-out class.
    pub majority_accuracy: f64,
    /// Per class, in the order of the head's labels.
    pub classes: Vec<ClassReport>,
    /// `confusion[i][j]`: images of class `i` that were called class `j`.
    pub confusion: Vec<Vec<usize>>,
    /// Every held-out image, by id.
    pub predictions: Vec<TestPrediction>,
    /// Images the head learned from.
    pub trained: usize,
    /// Images it was tested on.
    pub tested: usize,
    /// Where those came from.
    pub held_out: HeldOut,
}

impl Report {
    /// Builds the report; the order of `judged` does not matter.
    pub fn new(
        labels: &[String],
        mut judged: Vec<Judged>,
        trained: usize,
        held_out: HeldOut,
    ) -> Self {
        judged.sort_by_key(|image| image.id);
        let predictions = judged
            .iter()
            .map(|image| {
                let called = argmax(&image.probabilities);
                TestPrediction {
                    id: image.id,
                    name: image.name.clone(),
                    label: labels[image.class].clone(),
                    predicted: labels[called].clone(),
                    probability: image.probabilities[called],
                }
            })
            .collect();
        let (truth, probabilities): (Vec<usize>, Vec<Vec<f64>>) = judged
            .into_iter()
            .map(|image| (image.class, image.probabilities))
            .unzip();
        let metrics = Metrics::measure(&truth, &probabilities, labels.len());
        Self {
            accuracy: metrics.accuracy(),
            interval: wilson(metrics.right, metrics.count),
            balanced_accuracy: metrics.balanced_accuracy,
            macro_f1: metrics.macro_f1,
            log_loss: metrics.log_loss,
            calibration_error: metrics.calibration_error,
            majority_accuracy: metrics.majority_accuracy,
            classes: labels
                .iter()
                .zip(metrics.classes)
                .map(|(label, class)| ClassReport {
                    label: label.clone(),
                    precision: class.precision,
                    recall: class.recall,
                    f1: class.f1,
                    support: class.support,
                })
                .collect(),
            confusion: metrics.confusion,
            predictions,
            trained,
            tested: metrics.count,
            held_out,
        }
    }
}
