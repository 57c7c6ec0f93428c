//! How to fit a head.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// How the head is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Multinomial logistic regression on standardised embeddings, by L-BFGS: one optimum, nothing to
    /// tune.
    Lbfgs,
    /// Adam (Kingma & Ba 2015).
    Adam,
    /// Stochastic gradient descent with momentum: the classic transfer-learning recipe.
    Sgd,
    /// The same as [`Lbfgs`](Self::Lbfgs), and the network's upper layers from there on, by AdamW.
    Finetune,
}

/// Whether classes count alike whatever their sizes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClassWeights {
    /// Balanced where the largest class has more than 1.5 times the images of the smallest.
    #[default]
    Auto,
    /// Every class counts alike.
    Balanced,
    /// Every image counts alike.
    None,
}

/// An L2 penalty, or the wish to have one chosen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum L2 {
    /// λ in `mean cross-entropy + λ/2 · ‖W‖²`.
    Value(f64),
    /// Chosen by cross-validation.
    Word(Auto),
}

/// The word "auto".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Auto {
    /// Chosen by the data.
    Auto,
}

/// What a caller may ask for; whatever is left out gets a good default.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TrainOptions {
    /// L-BFGS by default.
    pub method: Option<Method>,
    /// Passes over the training images: at most 300 for L-BFGS, which stops at the optimum; 60 for Adam,
    /// 25 for SGD, 12 for fine-tuning.
    pub epochs: Option<f64>,
    /// Adam, SGD and fine-tuning: 0.001 by default.
    pub learning_rate: Option<f64>,
    /// SGD: 0.9 by default.
    pub momentum: Option<f64>,
    /// Images per step: 16, and 4 for SGD.
    pub batch_size: Option<f64>,
    /// L2 penalty on the weights: chosen by cross-validation for L-BFGS, 0 for Adam and SGD.
    pub l2: Option<L2>,
    /// `auto` by default for L-BFGS, `none` for Adam and SGD.
    pub class_weights: Option<ClassWeights>,
    /// Adam, SGD and fine-tuning: share of the training images set aside to stop by. 0.1 for Adam, 0 for SGD, 0.2 for
    /// fine-tuning.
    pub validation: Option<f64>,
    /// Decides the split, the folds, the first weights and the order of images: 0 by default.
    pub seed: Option<f64>,
}

/// Options with every blank filled in and every value checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    /// How to fit.
    pub method: Method,
    /// Passes over the training images at most.
    pub epochs: usize,
    /// The step size of Adam and SGD.
    pub learning_rate: f64,
    /// For SGD.
    pub momentum: f64,
    /// Images per step of Adam and SGD.
    pub batch_size: usize,
    /// L2 penalty on the weights; `None` to choose it.
    pub l2: Option<f64>,
    /// How classes of different sizes count.
    pub class_weights: ClassWeights,
    /// Share of the training images set aside.
    pub validation: f64,
    /// Decides everything random.
    pub seed: u64,
}

impl Recipe {
    /// The head that fine-tuning begins with.
    pub(crate) fn before_finetuning(&self) -> Self {
        Self {
            method: Method::Lbfgs,
            epochs: 300,
            validation: 0.0,
            ..self.clone()
        }
    }
}

impl ClassWeights {
    /// Whether classes of these sizes are to be balanced.
    pub(crate) fn applies(self, smallest: usize, largest: usize) -> bool {
        match self {
            Self::Auto => 2 * largest > 3 * smallest,
            Self::Balanced => true,
            Self::None => false,
        }
    }
}

impl TrainOptions {
    /// Fills in defaults and checks every value.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` naming the option and its range, or the method that it goes with.
    pub fn recipe(&self) -> Result<Recipe> {
        let method = self.method.unwrap_or(Method::Lbfgs);
        let (epochs, batch_size, validation) = match method {
            Method::Lbfgs => (300.0, 1.0, 0.0),
            Method::Adam => (60.0, 16.0, 0.1),
            Method::Sgd => (25.0, 4.0, 0.0),
            Method::Finetune => (12.0, 16.0, 0.2),
        };
        let descends = method != Method::Lbfgs;
        let is_regression = matches!(method, Method::Lbfgs | Method::Finetune);
        belongs("learningRate", self.learning_rate, descends)?;
        belongs("batchSize", self.batch_size, descends)?;
        belongs("validation", self.validation, descends)?;
        belongs("momentum", self.momentum, method == Method::Sgd)?;
        let (l2, class_weights) = match is_regression {
            true => (None, ClassWeights::Auto),
            false => (Some(0.0), ClassWeights::None),
        };
        let l2 = match self.l2 {
            None => l2,
            Some(L2::Value(value)) => Some(within("l2", value, 0.0, 1e6)?),
            Some(L2::Word(Auto::Auto)) if !is_regression => {
                return Err(Error::invalid(
                    "l2",
                    "\"auto\" goes with methods \"lbfgs\" and \"finetune\" only",
                ));
            }
            Some(L2::Word(Auto::Auto)) => None,
        };
        // What is tuned has to earn its place on images set aside.
        let least = if method == Method::Finetune {
            0.05
        } else {
            0.0
        };
        let learning_rate = self.learning_rate.unwrap_or(0.001);
        let validation = self.validation.unwrap_or(validation);
        Ok(Recipe {
            method,
            epochs: whole("epochs", self.epochs.unwrap_or(epochs), 1.0, 100_000.0)? as usize,
            learning_rate: within("learningRate", learning_rate, 1e-9, 100.0)?,
            momentum: within("momentum", self.momentum.unwrap_or(0.9), 0.0, 0.9999)?,
            batch_size: whole("batchSize", self.batch_size.unwrap_or(batch_size), 1.0, 1e6)?
                as usize,
            l2,
            class_weights: self.class_weights.unwrap_or(class_weights),
            validation: within("validation", validation, least, 0.5)?,
            // Whole numbers up to 2^53 are exact in a JavaScript number.
            seed: whole(
                "seed",
                self.seed.unwrap_or(0.0),
                0.0,
                9_007_199_254_740_992.0,
            )? as u64,
        })
    }
}

fn belongs(name: &str, value: Option<f64>, belongs: bool) -> Result<()> {
    if value.is_none() || belongs {
        return Ok(());
    }
    let methods = if name == "momentum" {
        "\"sgd\""
    } else {
        "\"adam\", \"sgd\" and \"finetune\""
    };
    Err(Error::invalid(
        name,
        format!("it goes with method {methods} only"),
    ))
}

fn within(name: &str, value: f64, low: f64, high: f64) -> Result<f64> {
    // Written so that NaN is refused as well.
    if value >= low && value <= high {
        Ok(value)
    } else {
        Err(Error::invalid(
            name,
            format!("{value} is not between {low} and {high}"),
        ))
    }
}

fn whole(name: &str, value: f64, low: f64, high: f64) -> Result<f64> {
    if value.fract() != 0.0 {
        return Err(Error::invalid(
            name,
            format!("{value} is not a whole number"),
        ));
    }
    within(name, value, low, high)
}
