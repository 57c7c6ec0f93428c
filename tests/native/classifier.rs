//! The whole way natively: pixels → embedding → head → report, and what must survive a failure.

use crate::support::stripes::{
    SIDE, adam, add, add_copy, add_pixels, by_name, classifier, copy, empty, predict, stripes, top,
    train, train_with,
};
use crate::support::{BACKBONE, FEATURES, QUANTIZED};
use headstart::Classifier;
use headstart::dataset::Split;
use headstart::head::{Method, Scaling, TrainOptions};
use headstart::image::{PREPROCESSING_VERSION, Views, content_hash};
use pollster::block_on;

#[test]
fn stripes_are_learned_and_judged_on_held_out_images_only() {
    let mut classifier = classifier();
    train(&mut classifier);
    let report = classifier.evaluate().unwrap();
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
    let report = classifier.evaluate().unwrap();
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
    let report = classifier.evaluate().unwrap();
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
    add_copy(&mut classifier, "across", Split::Test, 4);
    train(&mut classifier);
    let report = classifier.evaluate().unwrap();
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
    let error = classifier.evaluate().unwrap_err();
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
    let error = classifier.evaluate().unwrap_err();
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
    add_copy(&mut classifier, "down", Split::Auto, 7);
    train(&mut classifier);
    let report = classifier.evaluate().unwrap();
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
    let report = classifier.evaluate().unwrap();
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
    let report = classifier.evaluate().unwrap();
    assert_eq!(classifier.evaluate().unwrap(), report);
    train(&mut classifier);
    assert_eq!(classifier.evaluate().unwrap(), report);
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
    let report = one.evaluate().unwrap();
    assert_eq!(by_name(report), by_name(other.evaluate().unwrap()));
}

#[test]
fn classes_added_in_another_order_leave_accuracy_and_test_images_as_they_are() {
    let mut one = classifier();
    let mut other = empty();
    add(&mut other, "down", Split::Auto, 0..12);
    add(&mut other, "across", Split::Auto, 0..12);
    train(&mut one);
    train(&mut other);
    let [one, other] = [one, other].map(|c| by_name(c.evaluate().unwrap()));
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
fn a_cancelled_training_leaves_the_present_head() {
    let mut classifier = classifier();
    train(&mut classifier);
    let before = classifier.evaluate().unwrap();
    let other = TrainOptions {
        method: Some(Method::Sgd),
        ..TrainOptions::default()
    };
    classifier.start_training(&other).unwrap();
    classifier.train_epoch().unwrap();
    classifier.cancel_training();
    assert_eq!(classifier.evaluate().unwrap(), before);
    assert_eq!(classifier.train_epoch().unwrap_err().code(), "NOT_TRAINED");
}

#[test]
fn images_added_after_training_do_not_change_what_is_said_of_the_head() {
    let mut classifier = classifier();
    train(&mut classifier);
    let before = classifier.evaluate().unwrap();
    add(&mut classifier, "down", Split::Test, 20..22);
    add_pixels(
        &mut classifier,
        "third.png",
        "third",
        Split::Auto,
        &stripes(true, 40),
    );
    assert_eq!(classifier.evaluate().unwrap(), before);
}

#[test]
fn images_set_aside_by_adam_are_learned_from_and_judged_on_by_no_one() {
    let mut classifier = classifier();
    train_with(&mut classifier, &adam());
    let report = classifier.evaluate().unwrap();
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
    classifier.train_epoch().unwrap();
    let error = classifier
        .start_training(&TrainOptions::default())
        .unwrap_err();
    assert_eq!(error.code(), "TRAINING_IN_PROGRESS");
    assert_eq!(classifier.train_epoch().unwrap().unwrap().epoch, 2);
}

#[test]
fn nothing_can_be_asked_of_a_head_that_is_not_there() {
    let mut classifier = empty();
    assert_eq!(classifier.evaluate().unwrap_err().code(), "NOT_TRAINED");
    assert_eq!(
        classifier.predict(&[], &top(None)).unwrap_err().code(),
        "NOT_TRAINED"
    );
    let error = classifier
        .start_training(&TrainOptions::default())
        .unwrap_err();
    assert_eq!(error.code(), "NO_IMAGES");
    assert!(block_on(classifier.embed_staged()).unwrap().is_empty());
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
    assert_eq!(block_on(classifier.embed_staged()).unwrap().len(), FEATURES);
}

#[test]
fn an_embedding_is_kept_under_a_key_that_names_all_it_depends_on() {
    let key = |views| Classifier::new(BACKBONE.clone(), views).embedding_key();
    let weights = content_hash(&QUANTIZED);
    assert_eq!(BACKBONE.hash(), weights);
    assert_eq!(
        key(Views::Flip),
        format!("{weights}/flip/all/cpu/{PREPROCESSING_VERSION}")
    );
    assert_ne!(key(Views::Flip), key(Views::Crops));
}
