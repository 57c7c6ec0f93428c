//! What was measured, for programs.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use crate::recipes::{Judged, Recipe};

/// `{ sets: [{ name, …, default: { accuracy, logLoss, … }, … }], splits: […] }`.
pub struct Results {
    file: Option<PathBuf>,
    sets: Vec<Value>,
    splits: Vec<Value>,
}

impl Results {
    pub fn new(file: Option<PathBuf>) -> Self {
        Self {
            file,
            sets: Vec::new(),
            splits: Vec::new(),
        }
    }

    /// A set and its heads.
    pub fn set(&mut self, mut set: Map<String, Value>, heads: &[(Recipe, Judged)]) {
        for (recipe, judged) in heads {
            set.insert(recipe.key().into(), head(judged));
        }
        self.sets.push(Value::Object(set));
    }

    /// A set's heads over its splits.
    pub fn split(&mut self, values: Value) {
        self.splits.push(values);
    }

    /// Writes what there is so far.
    pub fn write(&self) -> Result<(), String> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        let text = format!(
            "{:#}\n",
            json!({ "sets": self.sets, "splits": self.splits })
        );
        std::fs::write(file, text)
            .map_err(|error| format!("{} cannot be written: {error}.", file.display()))
    }
}

fn head(judged: &Judged) -> Value {
    let metrics = &judged.metrics;
    json!({
        "accuracy": metrics.accuracy(),
        "balancedAccuracy": metrics.balanced_accuracy,
        "logLoss": metrics.log_loss,
        "calibrationError": metrics.calibration_error,
        "l2": judged.l2,
        "lastStageShare": judged.share,
        "seconds": judged.seconds,
    })
}
