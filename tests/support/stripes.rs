//! A classifier of small striped images.

use std::ops::Range;
use std::sync::LazyLock;

use headstart::backbone::FeatureSet;
use headstart::dataset::{NewImage, Split};
use headstart::evaluation::Report;
use headstart::head::{Method, TrainOptions};
use headstart::image::Views;
use headstart::{Classifier, PredictOptions, Prediction, Record};
use pollster::block_on;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{BACKBONE, LAYOUT};

pub const SIDE: usize = 64;

/// With this one, no two of the pictures that tests use are near-duplicates.
const SEED: u64 = 11_000;

/// Stripes across or down, each number a picture of its own: by their width, their lean, their colours, and what of the
/// picture they leave plain.
pub fn stripes(down: bool, number: usize) -> Vec<u8> {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED + 2 * number as u64 + u64::from(down));
    let mut colour = |levels: Range<u8>| [0; 3].map(|_| rng.random_range(levels.clone()));
    let [light, dark, plain] = [colour(128..255), colour(0..128), colour(0..255)];
    // Pixels of lean over the whole side.
    let lean = rng.random_range(0..2 * SIDE / 3).cast_signed() - (SIDE / 3).cast_signed();
    let [left, top, right, bottom] = [0; 4].map(|_| rng.random_range(0..SIDE / 3));
    let period = (4 + number % 9).cast_signed();
    (0..SIDE * SIDE)
        .flat_map(|i| {
            let (x, y) = (i % SIDE, i / SIDE);
            let striped = (left..SIDE - right).contains(&x) && (top..SIDE - bottom).contains(&y);
            let [along, across] = if down { [y, x] } else { [x, y] }.map(usize::cast_signed);
            let place = across + along * lean / SIDE.cast_signed() + number.cast_signed();
            let [r, g, b] = match (striped, place.rem_euclid(period) < period / 2) {
                (false, _) => plain,
                (true, true) => light,
                (true, false) => dark,
            };
            [r, g, b, 255]
        })
        .collect()
}

/// The same, a little lighter.
pub fn copy(down: bool, number: usize) -> Vec<u8> {
    let lighter = |level: &u8| level.saturating_add(3);
    stripes(down, number).iter().map(lighter).collect()
}

pub fn add_pixels(classifier: &mut Classifier, name: &str, label: &str, split: Split, rgba: &[u8]) {
    classifier.stage(name, rgba, SIDE, SIDE).unwrap();
    let record = block_on(classifier.record_staged()).unwrap().remove(0);
    add_record(classifier, name, label, split, &record);
}

/// Adds an image by what is kept of it; its name stands for its content.
pub fn add_record(
    classifier: &mut Classifier,
    name: &str,
    label: &str,
    split: Split,
    record: &Record,
) {
    let image = NewImage {
        split,
        ..record.image(name, name, label)
    };
    classifier.dataset.add(image).unwrap();
}

/// Adds "copy.png", a near-duplicate of stripes across.
pub fn add_copy(classifier: &mut Classifier, label: &str, split: Split, number: usize) {
    add_pixels(classifier, "copy.png", label, split, &copy(false, number));
}

/// Records of what most tests start from, made once: across and down.
static RECORDS: LazyLock<[Vec<Record>; 2]> = LazyLock::new(|| {
    let mut classifier = empty();
    [false, true].map(|down| {
        let record = |number| {
            let rgba = stripes(down, number);
            classifier.stage("stripes", &rgba, SIDE, SIDE).unwrap();
            block_on(classifier.record_staged()).unwrap().remove(0)
        };
        (0..12).map(record).collect()
    })
});

pub fn add(
    classifier: &mut Classifier,
    label: &str,
    split: Split,
    numbers: impl IntoIterator<Item = usize>,
) {
    let down = label == "down";
    for number in numbers {
        let name = format!("{label}-{number}.png");
        match RECORDS[usize::from(down)].get(number) {
            Some(record) => {
                let mut record = record.clone();
                let taken = LAYOUT.range_of(classifier.layout());
                record.embedding = record.embedding[taken].to_vec();
                add_record(classifier, &name, label, split, &record);
            }
            None => add_pixels(classifier, &name, label, split, &stripes(down, number)),
        }
    }
}

pub fn empty() -> Classifier {
    Classifier::new(BACKBONE.clone(), Views::Centre)
}

pub fn classifier() -> Classifier {
    classifier_by(FeatureSet::All)
}

/// The same by some of the network's features.
pub fn classifier_by(features: FeatureSet) -> Classifier {
    let mut classifier = Classifier::with_features(BACKBONE.clone(), Views::Centre, features);
    add(&mut classifier, "across", Split::Auto, 0..12);
    add(&mut classifier, "down", Split::Auto, 0..12);
    classifier
}

pub fn top(top: Option<usize>) -> PredictOptions {
    PredictOptions {
        top,
        ..PredictOptions::default()
    }
}

pub fn train(classifier: &mut Classifier) {
    train_with(classifier, &TrainOptions::default());
}

pub fn train_with(classifier: &mut Classifier, options: &TrainOptions) {
    classifier.start_training(options).unwrap();
    while classifier.train_epoch().unwrap().is_some() {}
}

/// Options of a fit that sets images aside to stop by.
pub fn adam() -> TrainOptions {
    TrainOptions {
        method: Some(Method::Adam),
        epochs: Some(5.0),
        validation: Some(0.2),
        ..TrainOptions::default()
    }
}

/// A report with images by name instead of by id.
pub fn by_name(mut report: Report) -> Report {
    report.predictions.sort_by(|a, b| a.name.cmp(&b.name));
    report.predictions.iter_mut().for_each(|p| p.id = 0);
    report.label_problems.iter_mut().for_each(|p| p.id = 0);
    report
}

pub fn predict(
    classifier: &mut Classifier,
    rgba: &[u8],
    side: usize,
    options: &PredictOptions,
) -> Prediction {
    classifier.stage("new.png", rgba, side, side).unwrap();
    block_on(classifier.predict_staged(options))
        .unwrap()
        .remove(0)
}

/// Predictions for images seen and unseen, with all that there is to say of them.
pub fn predictions(classifier: &mut Classifier, nearest: usize) -> Vec<Prediction> {
    let options = PredictOptions {
        nearest,
        heatmap: true,
        ..PredictOptions::default()
    };
    let noise: Vec<u8> = (0..SIDE * SIDE * 4).map(|i| (i * i % 251) as u8).collect();
    [stripes(false, 3), copy(true, 8), stripes(true, 31), noise]
        .map(|rgba| predict(classifier, &rgba, SIDE, &options))
        .into()
}
