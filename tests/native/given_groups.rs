//! Groups that the user gives: persons, objects, bursts. None is on both sides of a split, and the report says so.

use std::collections::HashMap;

use crate::support::project::document;
use crate::support::stripes::{classifier_by, stripes, train};
use crate::support::{BACKBONE, LAYOUT};
use headstart::Classifier;
use headstart::backbone::FeatureSet;
use headstart::dataset::{NewImage, Split};
use headstart::image::Views;
use pollster::block_on;

use crate::support::stripes::SIDE;

/// Stripes of both classes, with what is told of each image.
fn classifier(
    numbers: std::ops::Range<usize>,
    tell: impl Fn(&str, usize) -> (Split, Option<String>, Option<i64>),
) -> Classifier {
    let mut classifier = Classifier::new(BACKBONE.clone(), Views::Centre);
    for (label, down) in [("across", false), ("down", true)] {
        for number in numbers.clone() {
            // Names that do not number on.
            let name = format!("{label}-{}.png", number * number + 7 * number);
            classifier
                .stage(&name, &stripes(down, number), SIDE, SIDE)
                .unwrap();
            let record = block_on(classifier.record_staged()).unwrap().remove(0);
            let (split, group, taken) = tell(label, number);
            let image = NewImage {
                split,
                group: group.as_deref(),
                taken,
                ..NewImage::new(&name, &name, label, &record.embedding)
            };
            classifier.dataset.add(image).unwrap();
        }
    }
    classifier
}

/// Three images a group.
fn threes(label: &str, number: usize) -> (Split, Option<String>, Option<i64>) {
    let group = format!("{label} {}", number / 3);
    (Split::Auto, Some(group), None)
}

#[test]
fn no_group_is_on_both_sides_or_in_two_folds() {
    let mut classifier = classifier(0..18, threes);
    train(&mut classifier);
    let report = classifier.evaluate().unwrap();
    assert_eq!((report.groups.groups, report.groups.images), (12, 36));
    assert_eq!(report.groups.set_aside, 0);
    // Of each class a fifth, in groups: one of three.
    assert_eq!((report.tested, report.trained), (6, 30));
    let provenance = document(&classifier.export_project().unwrap())["provenance"].clone();
    let numbers =
        |field: &str| -> Vec<usize> { serde_json::from_value(provenance[field].clone()).unwrap() };
    let group_of = |index: usize| classifier.dataset.samples()[index].group.clone().unwrap();
    let folds = numbers("train").into_iter().zip(numbers("folds"));
    let tested = numbers("test").into_iter().map(|index| (index, 99));
    let mut place_of: HashMap<String, usize> = HashMap::new();
    for (index, place) in folds.chain(tested) {
        assert_eq!(*place_of.entry(group_of(index)).or_insert(place), place);
    }
    assert_eq!(place_of.len(), 12);
}

#[test]
fn test_images_of_a_group_that_was_learned_from_are_set_aside_and_counted() {
    // Those from 12 on are for testing; two of each class belong to the first ones.
    let mut classifier = classifier(0..16, |label, number| {
        let split = if number < 12 {
            Split::Auto
        } else {
            Split::Test
        };
        let group = [0, 12, 13].contains(&number).then(|| label.to_owned());
        (split, group, None)
    });
    train(&mut classifier);
    let report = classifier.evaluate().unwrap();
    assert_eq!((report.groups.groups, report.groups.images), (2, 6));
    assert_eq!(report.groups.set_aside, 4);
    assert_eq!(report.near_duplicates.set_aside, 0);
    assert_eq!((report.tested, report.trained), (4, 24));
    // Each is as it was in another session.
    let file = classifier.export_project().unwrap();
    let restored = Classifier::restore(BACKBONE.clone(), &file).unwrap();
    assert_eq!(restored.dataset.samples(), classifier.dataset.samples());
    assert_eq!(restored.evaluate().unwrap(), report);
}

#[test]
fn photos_taken_within_seconds_are_told_of_until_they_are_in_a_group() {
    let suspected = |is_grouped: bool| {
        let mut classifier = classifier(0..12, |label, number| {
            let group = is_grouped.then(|| format!("{label} {}", number % 3));
            let hour = 3600 * (number as i64 % 3);
            (Split::Auto, group, Some(hour + number as i64))
        });
        train(&mut classifier);
        classifier.evaluate().unwrap().groups.suspected
    };
    let sentence = suspected(false).unwrap();
    assert!(
        sentence.starts_with("24 images were taken within 10 seconds"),
        "{sentence}"
    );
    assert_eq!(suspected(true), None);
}

#[test]
fn a_record_is_what_is_kept_of_an_image_and_comes_back_from_its_bytes() {
    for features in [FeatureSet::All, FeatureSet::Last] {
        let mut classifier = classifier_by(features);
        let rgba = stripes(true, 2);
        classifier.stage("two.png", &rgba, SIDE, SIDE).unwrap();
        let embedding = block_on(classifier.embed_staged()).unwrap();
        classifier.stage("two.png", &rgba, SIDE, SIDE).unwrap();
        let record = block_on(classifier.record_staged()).unwrap().remove(0);
        assert_eq!(record.embedding, embedding);
        assert_eq!(embedding.len(), LAYOUT.select(features).len());
        let bytes = record.to_bytes();
        assert_eq!(headstart::Record::from_bytes(&bytes).unwrap(), record);
        let error = headstart::Record::from_bytes(&bytes[1..]).unwrap_err();
        assert_eq!(error.code(), "INVALID_ARGUMENT");
    }
}
