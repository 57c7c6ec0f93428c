//! Fitting a head on cached embeddings, a step per call, so that a caller can show progress and stop at
//! any point.

use burn::tensor::Device;
use serde::Serialize;

use super::descent::Descent;
use super::linear::Head;
use super::logistic::Logistic;
use super::options::{Method, Recipe};
use crate::Result;

/// Embeddings `[N, 512]`, row-major, and each row's class.
#[derive(Debug, Clone, Default)]
pub struct LabelledEmbeddings {
    /// `N · 512` numbers.
    pub embeddings: Vec<f32>,
    /// `N` class indices.
    pub classes: Vec<usize>,
}

/// What a head is fitted on.
#[derive(Debug, Clone, Default)]
pub struct TrainingData {
    /// Images to learn from.
    pub train: LabelledEmbeddings,
    /// The cross-validation fold of each of those, from 0; fewer than two folds choose nothing.
    pub folds: Vec<usize>,
    /// Images set aside to stop by, for Adam and SGD.
    pub validation: LabelledEmbeddings,
}

/// What a step was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Phase {
    /// Cross-validation, to choose the L2 penalty.
    #[serde(rename = "choosing l2")]
    ChoosingL2,
    /// Fitting the head.
    #[serde(rename = "fit")]
    Fit,
}

/// The state after one step.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EpochReport {
    /// From 1.
    pub epoch: usize,
    /// How many there will be, where that is known before.
    pub epochs: Option<usize>,
    /// What the step was for.
    pub phase: Phase,
    /// Mean cross-entropy over the training images after the step, in nats; while L2 is chosen, the mean
    /// loss of the candidates, penalty included.
    pub loss: f64,
    /// Share of the training images classified correctly.
    pub train_accuracy: Option<f64>,
    /// Mean cross-entropy over the images set aside, in nats.
    pub validation_loss: Option<f64>,
    /// Share of the images set aside classified correctly.
    pub validation_accuracy: Option<f64>,
    /// The L2 penalty in force, once it is known.
    pub l2: Option<f64>,
}

impl EpochReport {
    pub(crate) fn new(phase: Phase, epoch: usize, loss: f64) -> Self {
        Self {
            epoch,
            epochs: None,
            phase,
            loss,
            train_accuracy: None,
            validation_loss: None,
            validation_accuracy: None,
            l2: None,
        }
    }
}

/// A fit under way. Dropping it cancels it.
pub enum Fit {
    /// Logistic regression by L-BFGS.
    Logistic(Box<Logistic>),
    /// Adam or SGD.
    Descent(Box<Descent>),
}

impl Fit {
    /// Starts a fit of a new head. The same recipe and data give the same head on the same backend.
    pub fn start(
        recipe: Recipe,
        labels: Vec<String>,
        data: &TrainingData,
        device: &Device,
    ) -> Self {
        match recipe.method {
            Method::Lbfgs => Self::Logistic(Box::new(Logistic::start(
                &recipe,
                labels,
                &data.train,
                &data.folds,
                device,
            ))),
            Method::Adam | Method::Sgd => Self::Descent(Box::new(Descent::start(
                recipe,
                labels,
                &data.train,
                &data.validation,
                device,
            ))),
        }
    }

    /// Goes one step on, or gives `None` when the fit is finished.
    ///
    /// # Errors
    /// `DEVICE_LOST` when results cannot be read back.
    pub async fn epoch(&mut self) -> Result<Option<EpochReport>> {
        match self {
            Self::Logistic(fit) => fit.epoch().await,
            Self::Descent(fit) => fit.epoch().await,
        }
    }

    /// The head as it stands; for Adam and SGD with images set aside, the best one seen.
    pub fn into_head(self) -> Head {
        match self {
            Self::Logistic(fit) => fit.into_head(),
            Self::Descent(fit) => fit.into_head(),
        }
    }
}
