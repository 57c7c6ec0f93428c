//! Removing images and classes: ids stay what they are, and no head speaks of images that are gone.

use std::collections::HashMap;

use crate::support::CROPS;
use crate::support::stripes::{
    SIDE, adam, add, add_copy, add_pixels, add_record, by_name, classifier, copy, empty, predict,
    stripes, train, train_with,
};
use crate::support::synthetic::embedding;
use headstart::dataset::{Dataset, Fingerprint, NewImage, Side, Split};
use headstart::head::TrainOptions;
use headstart::{Classifier, PredictOptions, Record};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn id_of(classifier: &Classifier, name: &str) -> usize {
    classifier.dataset.find(name).unwrap().id
}

fn is_trained(classifier: &Classifier) -> bool {
    classifier.require_head().is_ok()
}

#[test]
fn ids_are_kept_by_those_that_stay_and_never_given_again() {
    let mut classifier = classifier();
    assert_eq!(
        classifier.remove_images(&[23, 0, 5, 0]).unwrap(),
        [0, 5, 23]
    );
    assert_eq!(id_of(&classifier, "across-1.png"), 1);
    assert_eq!(id_of(&classifier, "down-10.png"), 22);
    assert_eq!(classifier.dataset.samples().len(), 21);
    // The same content comes back, as another image.
    add(&mut classifier, "across", Split::Auto, [0]);
    assert_eq!(id_of(&classifier, "across-0.png"), 24);
    assert!(classifier.remove_images(&[]).unwrap().is_empty());
}

#[test]
fn reports_and_predictions_name_images_by_their_ids() {
    let mut classifier = classifier();
    add_copy(&mut classifier, "down", Split::Auto, 7);
    classifier.remove_images(&[1, 13]).unwrap();
    train(&mut classifier);
    let name = |id: usize| {
        let samples = classifier.dataset.samples();
        samples
            .iter()
            .find(|sample| sample.id == id)
            .unwrap()
            .name
            .clone()
    };
    let report = classifier.evaluate().unwrap();
    for found in &report.predictions {
        assert_eq!(name(found.id), found.name);
    }
    for found in &report.label_problems {
        assert_eq!(name(found.id), found.name);
    }
    let ids: Vec<usize> = report.near_duplicates.conflicts[0]
        .iter()
        .map(|c| c.id)
        .collect();
    assert_eq!(ids, [7, 24]);
    let options = PredictOptions {
        nearest: 3,
        ..PredictOptions::default()
    };
    let prediction = predict(&mut classifier, &copy(true, 9), SIDE, &options);
    let samples = classifier.dataset.samples();
    for found in prediction.nearest.unwrap() {
        let sample = samples.iter().find(|sample| sample.id == found.id).unwrap();
        assert_eq!(found.name, sample.name);
    }
}

#[test]
fn a_class_goes_with_its_images_and_the_others_keep_theirs() {
    let mut classifier = empty();
    for label in ["across", "gone", "down"] {
        add(&mut classifier, label, Split::Auto, 0..3);
    }
    assert_eq!(classifier.remove_class(" gone ").unwrap(), [3, 4, 5]);
    assert_eq!(classifier.dataset.labels(), ["across", "down"]);
    let counts: Vec<usize> = classifier
        .dataset
        .classes()
        .iter()
        .map(|c| c.auto)
        .collect();
    assert_eq!(counts, [3, 3]);
    // One by one it comes to the same.
    assert_eq!(classifier.remove_images(&[0, 1]).unwrap(), [0, 1]);
    assert_eq!(classifier.dataset.labels(), ["across", "down"]);
    classifier.remove_images(&[2]).unwrap();
    assert_eq!(classifier.dataset.labels(), ["down"]);
    assert!(
        classifier
            .dataset
            .samples()
            .iter()
            .all(|sample| sample.class == 0)
    );
    classifier.remove_class("down").unwrap();
    assert!(classifier.dataset.labels().is_empty());
}

#[test]
fn what_is_not_there_is_refused_and_nothing_is_removed() {
    let mut classifier = classifier();
    train(&mut classifier);
    let error = classifier.remove_images(&[3, 24]).unwrap_err();
    assert_eq!(error.code(), "INVALID_ARGUMENT");
    assert!(error.to_string().contains("no image 24"), "{error}");
    let error = classifier.remove_class("left").unwrap_err();
    assert_eq!(error.code(), "INVALID_ARGUMENT");
    assert!(
        error.to_string().contains("\"across\", \"down\""),
        "{error}"
    );
    assert_eq!(classifier.dataset.samples().len(), 24);
    assert!(is_trained(&classifier));
}

#[test]
fn nothing_is_removed_while_a_head_learns_it() {
    let mut classifier = classifier();
    classifier.start_training(&TrainOptions::default()).unwrap();
    for refused in [
        classifier.remove_images(&[0]),
        classifier.remove_class("down"),
    ] {
        assert_eq!(refused.unwrap_err().code(), "TRAINING_IN_PROGRESS");
    }
    assert_eq!(classifier.dataset.samples().len(), 24);
}

#[test]
fn a_head_goes_with_an_image_that_it_learned_from_or_is_judged_on() {
    for is_test in [false, true] {
        let mut classifier = classifier();
        train(&mut classifier);
        let report = classifier.evaluate().unwrap();
        let tested: Vec<usize> = report.predictions.iter().map(|p| p.id).collect();
        let id = (0..24).find(|id| tested.contains(id) == is_test).unwrap();
        classifier.remove_images(&[id]).unwrap();
        let error = classifier.evaluate().unwrap_err();
        assert_eq!(error.code(), "NOT_TRAINED");
        assert!(error.to_string().contains("removed"), "{error}");
        train(&mut classifier);
    }
}

#[test]
fn a_head_goes_with_an_image_that_it_stopped_by() {
    let mut classifier = classifier();
    train_with(&mut classifier, &adam());
    let file = classifier.export_project().unwrap();
    let document = crate::support::project::document(&file);
    let stopped_by = document["provenance"]["validation"][0].as_u64().unwrap();
    classifier.remove_images(&[stopped_by as usize]).unwrap();
    assert!(!is_trained(&classifier));
}

/// The only image of a class may be one that was set aside.
#[test]
fn a_head_goes_with_a_class_that_it_knows() {
    let mut classifier = classifier();
    for number in [30, 31] {
        let name = number.to_string();
        let rgba = stripes(true, number);
        add_pixels(&mut classifier, &name, "odd", Split::Auto, &rgba);
    }
    train(&mut classifier);
    let on = |side| {
        let mut odd = classifier.dataset.samples()[24..].iter();
        odd.find(|sample| sample.side == Some(side))
            .unwrap()
            .clone()
    };
    let (learned, tested) = (on(Side::Train), on(Side::Test));
    classifier.remove_images(&[learned.id]).unwrap();
    let twin = copy(true, tested.name.parse().unwrap());
    add_pixels(&mut classifier, "twin", "down", Split::Train, &twin);
    train(&mut classifier);
    assert_eq!(classifier.remove_class("odd").unwrap(), [tested.id]);
    assert!(!is_trained(&classifier));
    train(&mut classifier);
}

#[test]
fn a_head_stays_when_images_go_that_came_after_it() {
    let mut classifier = empty();
    add(&mut classifier, "before", Split::Auto, 0..2);
    add(&mut classifier, "across", Split::Auto, 0..12);
    add(&mut classifier, "down", Split::Auto, 0..12);
    // The head's images do not start at the first place.
    classifier.remove_class("before").unwrap();
    train(&mut classifier);
    let before = classifier.evaluate().unwrap();
    add(&mut classifier, "across", Split::Test, 20..22);
    add(&mut classifier, "third", Split::Auto, 0..2);
    classifier.remove_class("third").unwrap();
    classifier.remove_images(&[26]).unwrap();
    assert_eq!(classifier.evaluate().unwrap(), before);
}

#[test]
fn a_head_stays_when_an_image_goes_that_was_set_aside_and_the_report_counts_it_no_more() {
    let mut classifier = empty();
    // In front of the images that the head rests on.
    add_copy(&mut classifier, "across", Split::Test, 4);
    add(&mut classifier, "across", Split::Train, 0..12);
    add(&mut classifier, "down", Split::Train, 0..12);
    add(&mut classifier, "across", Split::Test, 20..22);
    train(&mut classifier);
    let before = classifier.evaluate().unwrap();
    let found = &before.near_duplicates;
    assert_eq!((found.groups, found.images, found.set_aside), (1, 2, 1));
    classifier.remove_images(&[0]).unwrap();
    let after = classifier.evaluate().unwrap();
    let found = &after.near_duplicates;
    assert_eq!((found.groups, found.images, found.set_aside), (0, 0, 0));
    assert_eq!(after.predictions, before.predictions);
    assert_eq!(after.learning_curve, before.learning_curve);
}

#[test]
fn after_a_removal_a_head_is_what_it_would_be_had_the_images_never_been_there() {
    let mut one = classifier();
    one.remove_images(&[2, 3, 20]).unwrap();
    let mut other = empty();
    add(
        &mut other,
        "across",
        Split::Auto,
        (0..12).filter(|number| ![2, 3].contains(number)),
    );
    add(
        &mut other,
        "down",
        Split::Auto,
        (0..12).filter(|&number| number != 8),
    );
    train(&mut one);
    train(&mut other);
    let [one, other] = [one, other].map(|c| by_name(c.evaluate().unwrap()));
    assert_eq!(one, other);
}

/// Random images come and go; what is left has the near-duplicates of a dataset that never had more.
#[test]
fn near_duplicates_are_those_of_the_images_that_are_left() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut grouped = 0;
    for _ in 0..20 {
        let mut classifier = empty();
        let mut fingerprints = HashMap::new();
        for number in 0..40 {
            let new = Record {
                fingerprint: Fingerprint::of_crop(&CROPS[rng.random_range(0..CROPS.len())])
                    .unwrap(),
                embedding: embedding(&mut rng),
            };
            let name = number.to_string();
            add_record(&mut classifier, &name, "all", Split::Auto, &new);
            fingerprints.insert(name, new.fingerprint);
            if number % 10 == 9 {
                let ids: Vec<usize> = classifier.dataset.samples().iter().map(|s| s.id).collect();
                let gone = ids.into_iter().filter(|_| rng.random_bool(0.3));
                classifier.remove_images(&gone.collect::<Vec<_>>()).unwrap();
            }
        }
        let mut fresh = Dataset::default();
        for sample in classifier.dataset.samples() {
            let (name, label) = (&sample.name, "all");
            let new = NewImage {
                fingerprint: fingerprints.get(name),
                ..NewImage::new(name, name, label, &sample.embedding)
            };
            fresh.add(new).unwrap();
        }
        let groups = classifier.dataset.near_duplicates();
        assert_eq!(groups, fresh.near_duplicates());
        let places = groups.iter().enumerate();
        grouped += places.filter(|&(index, &group)| index != group).count();
    }
    assert!(grouped > 20, "{grouped} near-duplicates tell little");
}
