//! Writes features and the probabilities of the plain regression for `scikit_learn.py` to compare with
//! scikit-learn's.

use std::path::PathBuf;

use headstart::backbone::FeatureSet;
use headstart::head::{L2, LabelledEmbeddings, TrainOptions, TrainingData};
use serde_json::{Value, json};

use crate::recipes::{Recipe, fit};
use crate::sets::Set;

const PENALTIES: [f64; 4] = [1e-3, 1e-2, 1e-1, 1.0];

pub fn print(sets: &[Set]) -> Result<(), String> {
    let values: Vec<Value> = sets.iter().map(of_set).collect();
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("suite-scikit-learn.json");
    std::fs::write(&file, json!(values).to_string())
        .map_err(|error| format!("{} cannot be written: {error}.", file.display()))?;
    println!("python3 benches/suite/scikit_learn.py {}\n", file.display());
    Ok(())
}

fn of_set(set: &Set) -> Value {
    let (train, val) = set.train_and_val();
    let chosen = Recipe::Default.fit(set, &train, 0).summary.l2;
    let (train, val) = (
        set.rows(&train, FeatureSet::All),
        set.rows(&val, FeatureSet::All),
    );
    let mut penalties = PENALTIES.to_vec();
    penalties.push(chosen);
    let heads: Vec<Value> = penalties
        .into_iter()
        .map(|l2| {
            let options = TrainOptions {
                l2: Some(L2::Value(l2)),
                ..TrainOptions::default()
            };
            // Without folds the temperature is 1: scikit-learn has none.
            let data = TrainingData {
                train: train.clone(),
                parts: set.parts(FeatureSet::All),
                ..TrainingData::default()
            };
            let fitted = fit(&options, set.dataset.labels().to_vec(), data);
            json!({ "l2": l2, "probabilities": fitted.head.probabilities(&val.embeddings) })
        })
        .collect();
    let balanced = Recipe::L2(1.0)
        .fit(set, &set.train_and_val().0, 0)
        .summary
        .balanced;
    json!({ "name": set.name, "balanced": balanced, "train": rows(&train), "val": rows(&val), "heads": heads })
}

fn rows(images: &LabelledEmbeddings) -> Value {
    let rows: Vec<&[f32]> = images.embeddings.chunks_exact(images.features()).collect();
    json!({ "embeddings": rows, "classes": images.classes })
}
