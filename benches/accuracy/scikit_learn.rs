//! Writes embeddings and the head's probabilities for `scikit_learn.py` to compare with scikit-learn's.

use std::path::PathBuf;

use headstart::backbone::EMBEDDING_LEN;
use headstart::head::{L2, LabelledEmbeddings, TrainOptions, TrainingData};
use headstart::image::Views;
use serde_json::{Value, json};

use crate::photos::Photos;
use crate::recipes::{fit, probabilities};

const PENALTIES: [f64; 4] = [1e-3, 1e-2, 1e-1, 1.0];

pub fn print(photos: &mut Photos) -> Result<(), String> {
    let collection = photos.collection(Views::Centre);
    let (train, val) = photos.train_and_val();
    let (train, val) = (collection.rows(&train), collection.rows(&val));
    let heads: Vec<Value> = PENALTIES
        .iter()
        .map(|&l2| {
            let options = TrainOptions {
                l2: Some(L2::Value(l2)),
                ..TrainOptions::default()
            };
            // Without folds the temperature is 1: scikit-learn has none.
            let data = TrainingData {
                train: train.clone(),
                ..TrainingData::default()
            };
            json!({ "l2": l2, "probabilities": probabilities(&fit(&data, &options), &val.embeddings) })
        })
        .collect();
    let rows = |images: &LabelledEmbeddings| {
        let rows: Vec<&[f32]> = images.embeddings.chunks_exact(EMBEDDING_LEN).collect();
        json!({ "embeddings": rows, "classes": images.classes })
    };
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("accuracy-scikit-learn.json");
    let text = json!({ "train": rows(&train), "val": rows(&val), "heads": heads }).to_string();
    std::fs::write(&file, text)
        .map_err(|error| format!("{} cannot be written: {error}.", file.display()))?;
    println!(
        "python3 benches/accuracy/scikit_learn.py {}\n",
        file.display()
    );
    Ok(())
}
