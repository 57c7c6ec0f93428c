//! Ways to fit a head, on any images of a set, as the classifier fits it.

use std::time::Instant;

use headstart::backbone::FeatureSet;
use headstart::dataset::Turns;
use headstart::evaluation::Metrics;
use headstart::head::{Fit, Fitted, L2, LabelledEmbeddings, Method, TrainOptions, TrainingData};

use crate::sets::Set;
use crate::teachable_machine;

/// A way to fit a head.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Recipe {
    /// What the classifier does where nothing else is asked for.
    Default,
    /// The same on the last stage's features alone.
    LastLayer,
    /// A linear layer on the last stage's features as they are, by SGD.
    Classic,
    /// Two dense layers on the same, by Adam.
    TeachableMachine,
    /// One regression on all features, with this penalty.
    L2(f64),
}

/// The heads of a row.
pub const RECIPES: [Recipe; 4] = [
    Recipe::Default,
    Recipe::LastLayer,
    Recipe::Classic,
    Recipe::TeachableMachine,
];

/// What a head says of images that it has not learned from.
pub struct Judged {
    pub metrics: Metrics,
    /// One row for each image.
    pub probabilities: Vec<Vec<f64>>,
    /// The penalty in force, where there is one.
    pub l2: Option<f64>,
    /// What the last stage's regression counts in the default head.
    pub share: Option<f64>,
    pub seconds: f64,
}

impl Recipe {
    /// The recipe for people.
    pub fn name(self) -> String {
        match self {
            Self::Default => "default".into(),
            Self::LastLayer => "last layer alone".into(),
            Self::Classic => "classic recipe".into(),
            Self::TeachableMachine => "Teachable Machine's recipe".into(),
            Self::L2(l2) => format!("L2 {l2}"),
        }
    }

    /// The recipe for programs.
    pub fn key(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::LastLayer => "lastLayer",
            Self::Classic => "classic",
            Self::TeachableMachine => "teachableMachine",
            Self::L2(_) => "l2",
        }
    }

    pub fn features(self) -> FeatureSet {
        match self {
            Self::Default | Self::L2(_) => FeatureSet::All,
            _ => FeatureSet::Last,
        }
    }

    fn options(self) -> TrainOptions {
        match self {
            Self::Classic => TrainOptions {
                method: Some(Method::Sgd),
                ..TrainOptions::default()
            },
            Self::L2(l2) => TrainOptions {
                l2: Some(L2::Value(l2)),
                ..TrainOptions::default()
            },
            _ => TrainOptions::default(),
        }
    }

    /// Fits on some images and judges on others.
    pub fn judge(self, set: &Set, train: &[usize], test: &[usize], seed: u64) -> Judged {
        let start = Instant::now();
        let test = set.rows(test, self.features());
        let (probabilities, l2, share) = if self == Self::TeachableMachine {
            let learned = set.rows(train, self.features());
            let classes = set.classes();
            let probabilities =
                teachable_machine::probabilities(&learned, classes, &test.embeddings, seed);
            (probabilities, None, None)
        } else {
            let fitted = self.fit(set, train, seed);
            let l2 = (self != Self::Classic).then_some(fitted.summary.l2);
            let share = fitted.summary.last_stage.map(|last| last.share);
            (fitted.head.probabilities(&test.embeddings), l2, share)
        };
        Judged {
            metrics: Metrics::measure(&test.classes, &probabilities, set.classes()),
            probabilities,
            l2,
            share,
            seconds: start.elapsed().as_secs_f64(),
        }
    }

    /// Fits by one of the crate's methods.
    pub fn fit(self, set: &Set, train: &[usize], seed: u64) -> Fitted {
        let options = TrainOptions {
            seed: Some(seed as f64),
            ..self.options()
        };
        let turns = Turns::new(&set.dataset, &set.units, train, seed);
        let data = TrainingData {
            train: set.rows(train, self.features()),
            parts: set.parts(self.features()),
            folds: turns.folds,
            order: turns.order,
            turns: turns.count,
            validation: LabelledEmbeddings::default(),
        };
        fit(&options, set.dataset.labels().to_vec(), data)
    }
}

/// Fits to the end.
pub fn fit(options: &TrainOptions, labels: Vec<String>, data: TrainingData) -> Fitted {
    let recipe = options.recipe().expect("the options are in range");
    let mut fit = Fit::start(recipe, labels, data);
    while fit.epoch().is_some() {}
    fit.finish()
}
