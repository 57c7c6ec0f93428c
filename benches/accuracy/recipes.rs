//! Ways to fit a head, on any part of the photos, as the classifier fits it.

use headstart::dataset::{folds, hold_out};
use headstart::evaluation::Metrics;
use headstart::head::{Fit, Fitted, L2, Method, TrainOptions, TrainingData};

use crate::photos::{Collection, LABELS};
use crate::teachable_machine;

/// As many folds as the classifier makes.
const FOLDS: usize = 5;

/// A way to fit a head.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Recipe {
    /// Logistic regression with a chosen penalty.
    Default,
    /// Logistic regression with this penalty.
    L2(f64),
    /// SGD on the embeddings as they are.
    Classic,
    /// Two dense layers by Adam.
    TeachableMachine,
    /// The crate's Adam, which stops early.
    Adam,
}

impl Recipe {
    pub fn name(self) -> String {
        match self {
            Self::Default => "default".into(),
            Self::L2(l2) => format!("L2 {l2}"),
            Self::Classic => "classic recipe (SGD)".into(),
            Self::TeachableMachine => "Teachable Machine's recipe".into(),
            Self::Adam => "adam".into(),
        }
    }

    /// Fits on some photos and judges on others.
    pub fn judge(self, photos: &Collection, train: &[usize], test: &[usize], seed: u64) -> Metrics {
        let rows = photos.rows(test);
        let probabilities = match self.options(seed) {
            Some(options) => {
                let fitted = fit(&data(photos, train, &options), &options);
                probabilities(&fitted, &rows.embeddings)
            }
            None => teachable_machine::probabilities(&photos.rows(train), &rows.embeddings, seed),
        };
        Metrics::measure(&rows.classes, &probabilities, LABELS.len())
    }

    /// What to ask the crate for; `None` where it has no such recipe.
    fn options(self, seed: u64) -> Option<TrainOptions> {
        let (method, l2) = match self {
            Self::Default => (Method::Lbfgs, None),
            Self::L2(l2) => (Method::Lbfgs, Some(L2::Value(l2))),
            Self::Classic => (Method::Sgd, None),
            Self::Adam => (Method::Adam, None),
            Self::TeachableMachine => return None,
        };
        Some(TrainOptions {
            method: Some(method),
            l2,
            seed: Some(seed as f64),
            ..TrainOptions::default()
        })
    }
}

/// Training images with their folds and, where the recipe sets some aside, without those.
pub fn data(photos: &Collection, train: &[usize], options: &TrainOptions) -> TrainingData {
    let Collection { dataset, groups } = photos;
    let recipe = options.recipe().expect("the options are valid");
    let (train, validation) = if recipe.validation > 0.0 {
        hold_out(dataset, groups, train, recipe.validation, recipe.seed)
    } else {
        (train.to_vec(), Vec::new())
    };
    TrainingData {
        folds: folds(dataset, groups, &train, FOLDS, recipe.seed),
        train: photos.rows(&train),
        validation: photos.rows(&validation),
    }
}

pub fn fit(data: &TrainingData, options: &TrainOptions) -> Fitted {
    let labels = LABELS.map(String::from).to_vec();
    fit_classes(data, options, labels)
}

pub fn fit_classes(data: &TrainingData, options: &TrainOptions, labels: Vec<String>) -> Fitted {
    let recipe = options.recipe().expect("the options are valid");
    let mut fit = Fit::start(recipe, labels, data);
    while fit.epoch().is_some() {}
    fit.finish()
}

/// Calibrated probabilities of embeddings `[N, 512]`.
pub fn probabilities(fitted: &Fitted, embeddings: &[f32]) -> Vec<Vec<f64>> {
    fitted.head.probabilities(embeddings)
}
