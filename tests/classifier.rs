//! The whole way natively: pixels → embedding → head → report, and what must survive a failure.

mod support;

use std::sync::LazyLock;

use headstart::dataset::Split;
use headstart::device::cpu_backend;
use headstart::evaluation::Report;
use headstart::head::{Method, Scaling, TrainOptions};
use headstart::image::{INPUT_SIDE, Views};
use headstart::{Classifier, PredictOptions, Prediction};
use pollster::block_on;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use support::{QUANTIZED, golden_crops};

const SIDE: usize = 64;

/// Stripes across or down, each number a picture of its own: by their width, their colours, and a blot.
fn stripes(down: bool, number: usize) -> Vec<u8> {
    let mut rng = ChaCha8Rng::seed_from_u64(number as u64);
    let period = 4 + number % 9;
    let [light, dark] =
        [128..256, 0..128].map(|levels| [0; 3].map(|_| rng.random_range(levels.clone())));
    let blot = [0; 2].map(|_| rng.random_range(8..SIDE - 8));
    (0..SIDE * SIDE)
        .flat_map(|i| {
            let (x, y) = (i % SIDE, i / SIDE);
            let place = if down { x } else { y };
            let in_blot = x.abs_diff(blot[0]).pow(2) + y.abs_diff(blot[1]).pow(2) < 60;
            let [r, g, b] = match (in_blot, (place + number) % period < period / 2) {
                (true, _) => [200, 40, (number * 23 % 256) as i32],
                (_, true) => light,
                (_, false) => dark,
            };
            [r as u8, g as u8, b as u8, 255]
        })
        .collect()
}

/// The same, a little lighter.
fn copy(down: bool, number: usize) -> Vec<u8> {
    let lighter = |level: &u8| level.saturating_add(3);
    stripes(down, number).iter().map(lighter).collect()
}

fn add_pixels(classifier: &mut Classifier, name: &str, label: &str, split: Split, rgba: &[u8]) {
    classifier.stage(name, rgba, SIDE, SIDE).unwrap();
    let embedding = block_on(classifier.embed_staged()).unwrap();
    let dataset = &mut classifier.dataset;
    dataset.add(name, name, label, split, &embedding).unwrap();
}

/// Embeddings of what most tests start from, made once: across and down.
static EMBEDDINGS: LazyLock<[Vec<Vec<f32>>; 2]> = LazyLock::new(|| {
    let mut classifier = empty();
    [false, true].map(|down| {
        let embed = |number| {
            let rgba = stripes(down, number);
            classifier.stage("stripes", &rgba, SIDE, SIDE).unwrap();
            block_on(classifier.embed_staged()).unwrap()
        };
        (0..12).map(embed).collect()
    })
});

fn add(
    classifier: &mut Classifier,
    label: &str,
    split: Split,
    numbers: impl IntoIterator<Item = usize>,
) {
    let down = label == "down";
    for number in numbers {
        let name = format!("{label}-{number}.png");
        match EMBEDDINGS[usize::from(down)].get(number) {
            Some(embedding) => {
                let dataset = &mut classifier.dataset;
                dataset.add(&name, &name, label, split, embedding).unwrap();
            }
            None => add_pixels(classifier, &name, label, split, &stripes(down, number)),
        }
    }
}

fn empty() -> Classifier {
    Classifier::new(&QUANTIZED, Views::Centre, cpu_backend()).unwrap()
}

fn classifier() -> Classifier {
    let mut classifier = empty();
    add(&mut classifier, "across", Split::Auto, 0..12);
    add(&mut classifier, "down", Split::Auto, 0..12);
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

fn predict(
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

#[test]
fn stripes_are_learned_and_judged_on_held_out_images_only() {
    let mut classifier = classifier();
    train(&mut classifier);
    let report = block_on(classifier.evaluate()).unwrap();
    // 24 images, 2 of each class held out.
    assert_eq!((report.tested, report.trained), (4, 20));
    assert_eq!(report.accuracy, 1.0);
    assert_eq!(report.confusion, [[2, 0], [0, 2]]);
    assert_eq!(serde_json::to_value(report.held_out).unwrap(), "split");

    let prediction = predict(&mut classifier, &stripes(true, 21), SIDE, &top(Some(1)));
    assert_eq!(prediction.label.as_deref(), Some("down"));
    assert_eq!(prediction.classes.len(), 1);
    assert_eq!(prediction.classes[0].probability, prediction.probability);
}

#[test]
fn the_report_says_how_the_head_came_about_and_how_sure_it_all_is() {
    let mut classifier = classifier();
    train(&mut classifier);
    let report = block_on(classifier.evaluate()).unwrap();
    assert_eq!(report.head.summary.method, Method::Lbfgs);
    assert_eq!(report.head.summary.scaling, Some(Scaling::Shrunken));
    assert!(!report.head.summary.few_images);
    assert_eq!(report.head.views, Views::Centre);
    let calibration = report.calibration.unwrap();
    assert_eq!(calibration.fitted_on, 20);
    assert!(calibration.temperature > 0.0);
    assert_eq!(calibration.after, report.calibration_error);
    let cross_validation = report.cross_validation.unwrap();
    assert_eq!((cross_validation.folds, cross_validation.images), (5, 20));
    let curve = report.learning_curve.unwrap();
    // Eight of each class outside a fold.
    let images: Vec<usize> = curve.points.iter().map(|point| point.images).collect();
    assert_eq!(images, [4, 8, 16]);
    assert_eq!(curve.points[2].accuracy, cross_validation.accuracy);
    assert_eq!(report.near_duplicates.groups, 0);
    let unknown = report.unknown.unwrap();
    assert!(unknown.threshold > 0.0 && unknown.threshold < 1.0);
    let refused = report.predictions.iter().filter(|p| p.unknown).count();
    assert_eq!(unknown.refused, refused);
}

#[test]
fn a_test_folder_is_what_the_head_is_judged_on() {
    let mut classifier = classifier();
    add(&mut classifier, "across", Split::Test, 20..23);
    train(&mut classifier);
    let report = block_on(classifier.evaluate()).unwrap();
    assert_eq!((report.tested, report.trained), (3, 24));
    assert_eq!(
        serde_json::to_value(report.held_out).unwrap(),
        "test folder"
    );
    // No image of "down" was held out: its recall has nothing to divide by.
    assert_eq!(report.classes[1].recall, None);
}

#[test]
fn test_images_that_are_near_duplicates_of_training_images_are_set_aside_and_counted() {
    let mut classifier = classifier();
    add(&mut classifier, "across", Split::Test, 20..22);
    add_pixels(
        &mut classifier,
        "copy.png",
        "across",
        Split::Test,
        &copy(false, 4),
    );
    train(&mut classifier);
    let report = block_on(classifier.evaluate()).unwrap();
    assert_eq!(report.tested, 2);
    let found = &report.near_duplicates;
    assert_eq!((found.groups, found.images, found.set_aside), (1, 2, 1));
    assert!(found.conflicts.is_empty());
    assert!(report.predictions.iter().all(|p| p.name != "copy.png"));
}

#[test]
fn where_all_test_images_are_near_duplicates_of_training_images_it_says_so() {
    let mut classifier = classifier();
    for number in 0..3 {
        let name = format!("copy-{number}.png");
        add_pixels(
            &mut classifier,
            &name,
            "down",
            Split::Test,
            &copy(true, number),
        );
    }
    train(&mut classifier);
    let error = block_on(classifier.evaluate()).unwrap_err();
    assert_eq!(error.code(), "NO_TEST_IMAGES");
    let message = error.to_string();
    assert!(
        message.contains("all 3 are near-duplicates of training images"),
        "{message}"
    );
    // The head is there all the same.
    assert!(!predict(&mut classifier, &stripes(true, 3), SIDE, &top(None)).unknown);
}

#[test]
fn with_one_image_of_each_class_there_is_a_head_and_nothing_to_judge_it_on() {
    let mut classifier = empty();
    add(&mut classifier, "across", Split::Auto, [0]);
    add(&mut classifier, "down", Split::Auto, [0]);
    train(&mut classifier);
    let error = block_on(classifier.evaluate()).unwrap_err();
    assert_eq!(error.code(), "NO_TEST_IMAGES");
    assert!(!error.to_string().contains("near-duplicates"), "{error}");
    // Too few to tell known from unknown.
    let prediction = predict(&mut classifier, &stripes(true, 0), SIDE, &top(None));
    assert_eq!(prediction.label.as_deref(), Some("down"));
    assert_eq!((prediction.unknown, prediction.similarity), (false, None));
}

#[test]
fn near_duplicates_under_different_labels_are_told() {
    let mut classifier = classifier();
    add_pixels(
        &mut classifier,
        "copy.png",
        "down",
        Split::Auto,
        &copy(false, 7),
    );
    train(&mut classifier);
    let report = block_on(classifier.evaluate()).unwrap();
    let [conflict] = report.near_duplicates.conflicts.as_slice() else {
        panic!("one conflict, not {:?}", report.near_duplicates.conflicts);
    };
    let named: Vec<_> = conflict
        .iter()
        .map(|c| (c.name.as_str(), c.label.as_str()))
        .collect();
    assert_eq!(named, [("across-7.png", "across"), ("copy.png", "down")]);
}

#[test]
fn an_image_under_the_wrong_label_is_found() {
    let mut classifier = classifier();
    add_pixels(
        &mut classifier,
        "wrong.png",
        "across",
        Split::Train,
        &stripes(true, 30),
    );
    train(&mut classifier);
    let report = block_on(classifier.evaluate()).unwrap();
    let first = &report.label_problems[0];
    assert_eq!(
        (first.name.as_str(), first.label.as_str()),
        ("wrong.png", "across")
    );
    assert_eq!(first.suggested, "down");
    assert!(!first.held_out);
}

#[test]
fn a_report_is_the_same_each_time_it_is_asked_for() {
    let mut classifier = classifier();
    train(&mut classifier);
    let report = block_on(classifier.evaluate()).unwrap();
    assert_eq!(block_on(classifier.evaluate()).unwrap(), report);
    train(&mut classifier);
    assert_eq!(block_on(classifier.evaluate()).unwrap(), report);
}

/// A report with images by name instead of by id.
fn by_name(mut report: Report) -> Report {
    report.predictions.sort_by(|a, b| a.name.cmp(&b.name));
    report.predictions.iter_mut().for_each(|p| p.id = 0);
    report.label_problems.iter_mut().for_each(|p| p.id = 0);
    report
}

#[test]
fn images_added_in_another_order_give_the_same_report_to_the_last_bit() {
    let mut one = classifier();
    let mut other = empty();
    // The first image is the same, so that the classes come in the same order.
    add(&mut other, "across", Split::Auto, [0]);
    add(&mut other, "down", Split::Auto, (0..12).rev());
    add(&mut other, "across", Split::Auto, (1..12).rev());
    train(&mut one);
    train(&mut other);
    let report = block_on(one.evaluate()).unwrap();
    assert_eq!(
        by_name(report),
        by_name(block_on(other.evaluate()).unwrap())
    );
}

#[test]
fn classes_added_in_another_order_leave_accuracy_and_test_images_as_they_are() {
    let mut one = classifier();
    let mut other = empty();
    add(&mut other, "down", Split::Auto, 0..12);
    add(&mut other, "across", Split::Auto, 0..12);
    train(&mut one);
    train(&mut other);
    let [one, other] = [one, other].map(|c| by_name(block_on(c.evaluate()).unwrap()));
    assert_eq!(one.accuracy, other.accuracy);
    assert_eq!(one.predictions.len(), other.predictions.len());
    for (a, b) in one.predictions.iter().zip(&other.predictions) {
        assert_eq!(
            (&a.name, &a.predicted, a.unknown),
            (&b.name, &b.predicted, b.unknown)
        );
        assert!((a.probability - b.probability).abs() < 1e-3);
    }
}

#[test]
fn a_photo_is_none_of_the_stripes() {
    let mut classifier = classifier();
    train(&mut classifier);
    for crop in &golden_crops()[..4] {
        let rgba: Vec<u8> = crop
            .chunks_exact(3)
            .flat_map(|p| [p[0], p[1], p[2], 255])
            .collect();
        let prediction = predict(&mut classifier, &rgba, INPUT_SIDE, &top(None));
        assert!(prediction.unknown);
        assert_eq!(prediction.label, None);
        // What it would be if it were one of them is told all the same.
        assert_eq!(prediction.classes.len(), 2);
        assert_eq!(prediction.classes[0].probability, prediction.probability);
        let total: f64 = prediction
            .classes
            .iter()
            .map(|class| class.probability)
            .sum();
        assert!((total - 1.0).abs() < 1e-9);
        assert!(prediction.similarity.unwrap() < 1.0);
    }
    let known = predict(&mut classifier, &stripes(false, 5), SIDE, &top(None));
    assert!(!known.unknown && known.similarity.is_some());
}

#[test]
fn a_heat_map_and_the_nearest_images_come_when_asked_for() {
    let mut classifier = classifier();
    train(&mut classifier);
    let rgba = copy(true, 2);
    let plain = predict(&mut classifier, &rgba, SIDE, &PredictOptions::default());
    assert!(plain.heatmap.is_none() && plain.nearest.is_none());
    let options = PredictOptions {
        heatmap: true,
        nearest: 3,
        ..PredictOptions::default()
    };
    let full = predict(&mut classifier, &rgba, SIDE, &options);
    assert_eq!(full.heatmap.as_ref().unwrap().label, "down");
    let nearest = full.nearest.clone().unwrap();
    assert_eq!(nearest.len(), 3);
    for found in &nearest {
        let sample = &classifier.dataset.samples()[found.id];
        assert_eq!(found.name, sample.name);
        assert_eq!(found.label, classifier.dataset.labels()[sample.class]);
    }
    let rest = Prediction {
        heatmap: None,
        nearest: None,
        ..full
    };
    assert_eq!(rest, plain);
    // Of an embedding alone there is no map to make.
    let embedding = classifier.dataset.samples()[0].embedding.clone();
    let predictions = block_on(classifier.predict(&embedding, &options)).unwrap();
    assert!(predictions[0].heatmap.is_none() && predictions[0].nearest.is_some());
}

#[test]
fn a_copy_of_a_training_image_finds_it_first() {
    let mut classifier = empty();
    add(&mut classifier, "across", Split::Train, 0..6);
    add(&mut classifier, "down", Split::Train, 0..6);
    train(&mut classifier);
    let options = PredictOptions {
        nearest: 1,
        ..PredictOptions::default()
    };
    for (down, number) in [(false, 1), (true, 4)] {
        let prediction = predict(&mut classifier, &copy(down, number), SIDE, &options);
        let label = if down { "down" } else { "across" };
        let nearest = &prediction.nearest.unwrap()[0];
        assert_eq!(nearest.name, format!("{label}-{number}.png"));
        assert_eq!(nearest.label, label);
        assert!(nearest.similarity > 0.95 && nearest.similarity <= 1.0);
    }
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
fn images_added_after_training_do_not_change_what_is_said_of_the_head() {
    let mut classifier = classifier();
    train(&mut classifier);
    let before = block_on(classifier.evaluate()).unwrap();
    add(&mut classifier, "down", Split::Test, 20..22);
    add_pixels(
        &mut classifier,
        "third.png",
        "third",
        Split::Auto,
        &stripes(true, 40),
    );
    assert_eq!(block_on(classifier.evaluate()).unwrap(), before);
}

#[test]
fn images_set_aside_by_adam_are_learned_from_and_judged_on_by_no_one() {
    let mut classifier = classifier();
    let options = TrainOptions {
        method: Some(Method::Adam),
        epochs: Some(5.0),
        validation: Some(0.2),
        ..TrainOptions::default()
    };
    classifier.start_training(&options).unwrap();
    while block_on(classifier.train_epoch()).unwrap().is_some() {}
    let report = block_on(classifier.evaluate()).unwrap();
    // Two of each class tested, two of ten set aside.
    assert_eq!((report.tested, report.trained), (4, 16));
    assert_eq!(report.calibration.unwrap().fitted_on, 4);
    assert_eq!(report.cross_validation, None);
    assert_eq!(report.learning_curve, None);
    assert!(report.label_problems.is_empty());
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
    let mut classifier = empty();
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
    assert!(
        block_on(classifier.predict_staged(&top(None)))
            .unwrap()
            .is_empty()
    );
}

#[test]
fn an_image_that_cannot_be_used_leaves_the_stage_as_it_was() {
    let mut classifier = empty();
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
