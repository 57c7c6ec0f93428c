//! How long the default head takes to fit.

use std::time::Instant;

use headstart::backbone::EMBEDDING_LEN;
use headstart::head::{LabelledEmbeddings, TrainOptions, TrainingData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::parallel::cores;
use crate::photos::Photos;
use crate::recipes::fit_classes;
use crate::table::Table;
use crate::teachable_machine::normal;

const IMAGES: usize = 1000;
const CLASSES: usize = 10;
const FOLDS: usize = 5;
const RUNS: usize = 5;

pub fn print(_: &mut Photos) -> Result<(), String> {
    let (data, options) = (synthetic(), TrainOptions::default());
    let labels: Vec<String> = (0..CLASSES).map(|class| format!("class {class}")).collect();
    let mut seconds: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            fit_classes(&data, &options, labels.clone());
            start.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    let mut table = Table::new(&[
        "images",
        "classes",
        "cores",
        "median of 5",
        "fastest",
        "slowest",
    ]);
    table.row(vec![
        IMAGES.to_string(),
        CLASSES.to_string(),
        cores().to_string(),
        format!("{:.2} s", seconds[RUNS / 2]),
        format!("{:.2} s", seconds[0]),
        format!("{:.2} s", seconds[RUNS - 1]),
    ]);
    table.print();
    Ok(())
}

/// Images around a centre for each class, without negative numbers, as embeddings are.
fn synthetic() -> TrainingData {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let centres: Vec<f64> = (0..CLASSES * EMBEDDING_LEN)
        .map(|_| rng.random_range(0.0..1.0))
        .collect();
    let mut train = LabelledEmbeddings::default();
    for image in 0..IMAGES {
        let class = image % CLASSES;
        let centre = &centres[class * EMBEDDING_LEN..][..EMBEDDING_LEN];
        let around = centre
            .iter()
            .map(|value| (value + normal(&mut rng)).max(0.0) as f32);
        train.embeddings.extend(around);
        train.classes.push(class);
    }
    TrainingData {
        folds: (0..IMAGES).map(|image| image / CLASSES % FOLDS).collect(),
        train,
        validation: LabelledEmbeddings::default(),
    }
}
