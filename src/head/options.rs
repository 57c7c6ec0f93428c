//! How to fit a head.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The optimizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Adam (Kingma & Ba 2015).
    Adam,
    /// Stochastic gradient descent with momentum: the classic transfer-learning recipe.
    Sgd,
}

/// What a caller may ask for; whatever is left out gets a good default.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TrainOptions {
    /// The optimizer, Adam by default.
    pub method: Option<Method>,
    /// Passes over the training images: 60 for Adam, 25 for SGD.
    pub epochs: Option<f64>,
    /// 0.001 by default.
    pub learning_rate: Option<f64>,
    /// For SGD, 0.9 by default.
    pub momentum: Option<f64>,
    /// Images per step: 16 for Adam, 4 for SGD.
    pub batch_size: Option<f64>,
    /// L2 penalty on the weights, added to the gradient: 0 by default.
    pub l2: Option<f64>,
    /// Share of the training images set aside to watch: 0.1 for Adam, 0 for SGD.
    pub validation: Option<f64>,
    /// Decides the split, the first weights and the order of images: 0 by default.
    pub seed: Option<f64>,
}

/// Options with every blank filled in and every value checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    /// The optimizer.
    pub method: Method,
    /// Passes over the training images.
    pub epochs: usize,
    /// The step size.
    pub learning_rate: f64,
    /// For SGD.
    pub momentum: f64,
    /// Images per step.
    pub batch_size: usize,
    /// L2 penalty on the weights.
    pub l2: f64,
    /// Share of the training images set aside to watch.
    pub validation: f64,
    /// Decides everything random.
    pub seed: u64,
}

impl TrainOptions {
    /// Fills in defaults and checks every value.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` naming the option and its range.
    pub fn recipe(&self) -> Result<Recipe> {
        let method = self.method.unwrap_or(Method::Adam);
        let (epochs, batch_size, validation) = match method {
            Method::Adam => (60.0, 16.0, 0.1),
            Method::Sgd => (25.0, 4.0, 0.0),
        };
        if method != Method::Sgd && self.momentum.is_some() {
            return Err(Error::invalid(
                "momentum",
                "it goes with method \"sgd\" only",
            ));
        }
        Ok(Recipe {
            method,
            epochs: whole("epochs", self.epochs.unwrap_or(epochs), 1.0, 100_000.0)? as usize,
            learning_rate: within(
                "learningRate",
                self.learning_rate.unwrap_or(0.001),
                1e-9,
                100.0,
            )?,
            momentum: within("momentum", self.momentum.unwrap_or(0.9), 0.0, 0.9999)?,
            batch_size: whole("batchSize", self.batch_size.unwrap_or(batch_size), 1.0, 1e6)?
                as usize,
            l2: within("l2", self.l2.unwrap_or(0.0), 0.0, 1e6)?,
            validation: within(
                "validation",
                self.validation.unwrap_or(validation),
                0.0,
                0.5,
            )?,
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
