//! Fitting a head on cached embeddings, a step per call, so that a caller can show progress and stop at
//! any point.

use serde::{Deserialize, Serialize};

use super::descent::Descent;
use super::learning_curve::CurveStep;
use super::linear::Head;
use super::logistic::Logistic;
use super::options::{Method, Recipe};
use super::standardize::Scaling;

/// Embeddings `[N, features]`, row-major, and each row's class.
#[derive(Debug, Clone, Default)]
pub struct LabelledEmbeddings {
    /// `N · features` numbers.
    pub embeddings: Vec<f32>,
    /// `N` class indices.
    pub classes: Vec<usize>,
}

impl LabelledEmbeddings {
    /// How many numbers an embedding has; 0 where there is none.
    pub fn features(&self) -> usize {
        self.embeddings.len() / self.classes.len().max(1)
    }
}

/// What a head is fitted on.
#[derive(Debug, Clone, Default)]
pub struct TrainingData {
    /// Images to learn from.
    pub train: LabelledEmbeddings,
    /// The lengths of the parts that an embedding consists of, one for each stage of the network; empty: it is one.
    pub parts: Vec<usize>,
    /// The cross-validation fold of each of those images, from 0; `None`: it takes no part. Fewer than two folds
    /// choose nothing.
    pub folds: Vec<Option<usize>>,
    /// The place of each in the order in which a learning curve uses them.
    pub order: Vec<usize>,
    /// How many folds are left out, one after the other: the first ones.
    pub turns: usize,
    /// Images set aside to stop by, for Adam and SGD.
    pub validation: LabelledEmbeddings,
}

/// What a step was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Phase {
    /// Cross-validation, to choose the L2 penalty.
    #[serde(rename = "choosing l2")]
    ChoosingL2,
    /// Cross-validation on a part of the images: would more of them help?
    #[serde(rename = "learning curve")]
    LearningCurve,
    /// Fitting the head.
    #[serde(rename = "fit")]
    Fit,
    /// Comparing test images with those learned from, to tell which would be refused as unknown.
    #[serde(rename = "comparing")]
    Comparing,
    /// Looking at each image in several views, for fine-tuning.
    #[serde(rename = "views")]
    Views,
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
    /// In nats. Adam and SGD: mean cross-entropy over the training images after the step. L-BFGS: the mean loss of the
    /// regressions under way, penalty included; at its last step, mean cross-entropy over the training images.
    pub loss: f64,
    /// Share of the training images classified correctly.
    pub train_accuracy: Option<f64>,
    /// Mean cross-entropy over the images set aside, in nats.
    pub validation_loss: Option<f64>,
    /// Share of the images set aside classified correctly.
    pub validation_accuracy: Option<f64>,
    /// The L2 penalty in force, once it is known.
    pub l2: Option<f64>,
    /// The share that is done of looking at views and of fine-tuning.
    pub done: Option<f64>,
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
            done: None,
        }
    }
}

/// How a head came about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HeadSummary {
    /// How it was fitted.
    pub method: Method,
    /// The L2 penalty in force, of the regression on all features where there are two.
    pub l2: f64,
    /// The second regression that the head is put together from; `None` where there is one.
    #[serde(default)]
    pub last_stage: Option<LastStage>,
    /// Whether classes were made to count alike.
    pub balanced: bool,
    /// How features were scaled; `None` for Adam and SGD, which take them as they are.
    pub scaling: Option<Scaling>,
    /// Whether the smallest class had so few images, or so few unlike ones, that a stronger prior took the
    /// place of choosing.
    pub few_images: bool,
    /// Whether the fit came to its optimum. If not, more epochs would let it.
    #[serde(default = "yes")]
    pub converged: bool,
}

/// Of the regression on the last stage's features alone.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LastStage {
    /// Its L2 penalty.
    pub l2: f64,
    /// How much it counts, from 0 to 1.
    pub share: f64,
}

/// Files from before this was measured.
fn yes() -> bool {
    true
}

/// What heads of the same recipe said of the training images when they had not learned from them.
#[derive(Debug, Clone)]
pub struct LeftOut {
    /// The places of the images among the training images, in their order.
    pub images: Vec<usize>,
    /// `[images, classes]`
    pub logits: Vec<f32>,
    /// The fold that was left out with each image.
    pub folds: Vec<usize>,
}

/// A finished fit.
#[derive(Debug, Clone)]
pub struct Fitted {
    /// The head, calibrated where images were left out or set aside.
    pub head: Head,
    /// How it came about.
    pub summary: HeadSummary,
    /// On how many images its temperature was fitted; 0: it is 1 for want of images.
    pub calibrated_on: usize,
    /// Cross-validated predictions, where there were folds and the method made use of them.
    pub left_out: Option<LeftOut>,
    /// What heads said of the same images that had learned from fewer; empty where there is no telling.
    pub learning_curve: Vec<CurveStep>,
}

/// A fit under way. Dropping it cancels it.
pub enum Fit {
    /// Logistic regression by L-BFGS.
    Logistic(Box<Logistic>),
    /// Adam or SGD.
    Descent(Box<Descent>),
}

impl Fit {
    /// Starts a fit of a new head. The same recipe and data give the same head.
    pub fn start(recipe: Recipe, labels: Vec<String>, data: TrainingData) -> Self {
        match recipe.method {
            Method::Lbfgs | Method::Finetune => {
                Self::Logistic(Box::new(Logistic::start(&recipe, labels, data)))
            }
            Method::Adam | Method::Sgd => Self::Descent(Box::new(Descent::start(
                recipe,
                labels,
                data.train,
                data.validation,
            ))),
        }
    }

    /// Goes one step on, or gives `None` when the fit is finished.
    pub fn epoch(&mut self) -> Option<EpochReport> {
        match self {
            Self::Logistic(fit) => fit.epoch(),
            Self::Descent(fit) => fit.epoch(),
        }
    }

    /// The head as it stands; for Adam and SGD with images set aside, the best one seen.
    pub fn finish(self) -> Fitted {
        match self {
            Self::Logistic(fit) => fit.finish(),
            Self::Descent(fit) => fit.finish(),
        }
    }
}
