//! The whole way natively: pixels → embedding → head → report, and what must survive a failure.

mod support;

use headstart::dataset::Split;
use headstart::device::cpu_backend;
use headstart::head::{Method, TrainOptions};
use headstart::image::Views;
use headstart::{Classifier, PredictOptions};
use pollster::block_on;
use support::QUANTIZED;

const SIDE: usize = 64;

/// Stripes across for "across", down for "down", each number a picture of its own.
fn stripes(down: bool, number: usize) -> Vec<u8> {
    let period = 6 + number % 5;
    (0..SIDE * SIDE)
        .flat_map(|i| {
            let place = if down { i % SIDE } else { i / SIDE };
            let on = (place + number) % period < period / 2;
            let level = if on {
                230 - number as u8
            } else {
                20 + number as u8
            };
            [level, level, level / 2, 255]
        })
        .collect()
}

fn add(classifier: &mut Classifier, label: &str, split: Split, numbers: std::ops::Range<usize>) {
    let names: Vec<String> = numbers
        .clone()
        .map(|n| format!("{label}-{n}.png"))
        .collect();
    for (name, number) in names.iter().zip(numbers) {
        let pixels = stripes(label == "down", number);
        classifier.stage(name, &pixels, SIDE, SIDE).unwrap();
    }
    let embeddings = block_on(classifier.embed_staged()).unwrap();
    for (name, embedding) in names.iter().zip(embeddings.chunks(512)) {
        classifier
            .dataset
            .add(name, name, label, split, embedding)
            .unwrap();
    }
}

fn classifier() -> Classifier {
    let mut classifier = Classifier::new(&QUANTIZED, Views::Centre, cpu_backend()).unwrap();
    add(&mut classifier, "across", Split::Auto, 0..8);
    add(&mut classifier, "down", Split::Auto, 0..8);
    classifier
}

fn top(top: Option<usize>) -> PredictOptions {
    PredictOptions {
        top,
        ..PredictOptions::default()
    }
}

fn train(classifier: &mut Classifier) {
    classifier.start_training(&TrainOptions::default()).unwrap();
    while block_on(classifier.train_epoch()).unwrap().is_some() {}
}

#[test]
fn stripes_are_learned_and_judged_on_held_out_images_only() {
    let mut classifier = classifier();
    train(&mut classifier);
    let report = block_on(classifier.evaluate()).unwrap();
    assert_eq!((report.tested, report.accuracy), (4, 1.0));
    // 16 images, 2 of each class held out.
    assert_eq!(report.trained, 12);
    assert_eq!(report.confusion, [[2, 0], [0, 2]]);

    classifier
        .stage("new.png", &stripes(true, 11), SIDE, SIDE)
        .unwrap();
    let embedding = block_on(classifier.embed_staged()).unwrap();
    let prediction = &block_on(classifier.predict(&embedding, &top(Some(1)))).unwrap()[0];
    assert_eq!(prediction.label, "down");
    assert_eq!(prediction.classes.len(), 1);
}

#[test]
fn a_test_folder_is_what_the_head_is_judged_on() {
    let mut classifier = classifier();
    add(&mut classifier, "across", Split::Test, 8..11);
    train(&mut classifier);
    let report = block_on(classifier.evaluate()).unwrap();
    assert_eq!(report.tested, 3);
    assert_eq!(
        serde_json::to_value(report.held_out).unwrap(),
        "test folder"
    );
    // No image of "down" was held out: its recall has nothing to divide by.
    assert_eq!(report.classes[1].recall, None);
}

#[test]
fn a_cancelled_training_leaves_the_present_head() {
    let mut classifier = classifier();
    train(&mut classifier);
    let before = block_on(classifier.evaluate()).unwrap();
    let other = TrainOptions {
        method: Some(Method::Sgd),
        ..TrainOptions::default()
    };
    classifier.start_training(&other).unwrap();
    block_on(classifier.train_epoch()).unwrap();
    classifier.cancel_training();
    assert_eq!(block_on(classifier.evaluate()).unwrap(), before);
    assert_eq!(
        block_on(classifier.train_epoch()).unwrap_err().code(),
        "NOT_TRAINED"
    );
}

#[test]
fn a_second_training_is_refused_and_the_first_goes_on() {
    let mut classifier = classifier();
    classifier.start_training(&TrainOptions::default()).unwrap();
    block_on(classifier.train_epoch()).unwrap();
    let error = classifier
        .start_training(&TrainOptions::default())
        .unwrap_err();
    assert_eq!(error.code(), "TRAINING_IN_PROGRESS");
    assert_eq!(
        block_on(classifier.train_epoch()).unwrap().unwrap().epoch,
        2
    );
}

#[test]
fn nothing_can_be_asked_of_a_head_that_is_not_there() {
    let mut classifier = Classifier::new(&QUANTIZED, Views::Centre, cpu_backend()).unwrap();
    assert_eq!(
        block_on(classifier.evaluate()).unwrap_err().code(),
        "NOT_TRAINED"
    );
    assert_eq!(
        block_on(classifier.predict(&[], &top(None)))
            .unwrap_err()
            .code(),
        "NOT_TRAINED"
    );
    let error = classifier
        .start_training(&TrainOptions::default())
        .unwrap_err();
    assert_eq!(error.code(), "NO_IMAGES");
    assert!(block_on(classifier.embed_staged()).unwrap().is_empty());
}

#[test]
fn bad_arguments_to_predict_are_refused() {
    let mut classifier = classifier();
    train(&mut classifier);
    for (count, limit) in [(511, None), (512, Some(0))] {
        let error = block_on(classifier.predict(&vec![0.0; count], &top(limit))).unwrap_err();
        assert_eq!(error.code(), "INVALID_ARGUMENT");
    }
}

#[test]
fn an_image_that_cannot_be_used_leaves_the_stage_as_it_was() {
    let mut classifier = Classifier::new(&QUANTIZED, Views::Centre, cpu_backend()).unwrap();
    classifier
        .stage("good.png", &stripes(true, 0), SIDE, SIDE)
        .unwrap();
    assert_eq!(
        classifier
            .stage("dot.png", &[0; 4], 1, 1)
            .unwrap_err()
            .code(),
        "IMAGE_TOO_SMALL"
    );
    let error = classifier
        .stage("short.png", &[0; 8], SIDE, SIDE)
        .unwrap_err();
    assert_eq!(error.code(), "INVALID_ARGUMENT");
    assert_eq!(block_on(classifier.embed_staged()).unwrap().len(), 512);
}
