//! Renaming a class: a name, and nothing but the name.

use crate::support::stripes::{SIDE, classifier, empty, predict, stripes, top, train};
use headstart::head::TrainOptions;

#[test]
fn a_class_is_renamed_in_the_dataset_the_report_and_predictions_and_nothing_else_changes() {
    let mut classifier = classifier();
    train(&mut classifier);
    let before = classifier.evaluate().unwrap();
    classifier.rename("down", " upright\n").unwrap();
    assert_eq!(classifier.dataset.labels(), ["across", "upright"]);
    assert_eq!(classifier.dataset.classes()[1].auto, 12);

    let after = classifier.evaluate().unwrap();
    assert_eq!(after.classes[1].label, "upright");
    let mut expected = before;
    expected.classes[1].label = "upright".into();
    for prediction in &mut expected.predictions {
        for label in [&mut prediction.label, &mut prediction.predicted] {
            if label == "down" {
                *label = "upright".into();
            }
        }
    }
    assert_eq!(after, expected);
    let prediction = predict(&mut classifier, &stripes(true, 21), SIDE, &top(Some(1)));
    assert_eq!(prediction.label.as_deref(), Some("upright"));
}

#[test]
fn a_class_may_be_given_the_name_that_it_has() {
    let mut classifier = classifier();
    classifier.rename("down", "down").unwrap();
    assert_eq!(classifier.dataset.labels(), ["across", "down"]);
}

#[test]
fn a_name_that_is_unknown_empty_or_taken_is_refused_and_changes_nothing() {
    let mut classifier = classifier();
    train(&mut classifier);
    let before = classifier.evaluate().unwrap();
    for (from, to, word) in [
        ("up", "left", "there are \"across\", \"down\""),
        ("down", "  ", "empty"),
        ("down", "across ", "another class is called \"across\""),
    ] {
        let error = classifier.rename(from, to).unwrap_err();
        assert_eq!(error.code(), "INVALID_ARGUMENT");
        assert!(error.to_string().contains(word), "{error}");
    }
    assert_eq!(classifier.dataset.labels(), ["across", "down"]);
    assert_eq!(classifier.evaluate().unwrap(), before);
    let error = empty().rename("a", "b").unwrap_err();
    assert!(error.to_string().contains("there are none"), "{error}");
}

#[test]
fn no_class_is_renamed_while_a_head_learns_it() {
    let mut classifier = classifier();
    classifier.start_training(&TrainOptions::default()).unwrap();
    let error = classifier.rename("down", "upright").unwrap_err();
    assert_eq!(error.code(), "TRAINING_IN_PROGRESS");
    classifier.cancel_training();
    classifier.rename("down", "upright").unwrap();
}
