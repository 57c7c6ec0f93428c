//! Files of version 1, whose embeddings and heads are of the last stage's features alone: they go on as before, and
//! train again once the same images are added again.

use std::sync::LazyLock;

use crate::support::stripes::{
    SIDE, add, add_copy, by_name, classifier_by, predict, predictions, stripes, top, train,
};
use crate::support::tensors::{put_together, take_apart};
use crate::support::{BACKBONE, FEATURES, LAYOUT, last_stage, max_abs_error};
use headstart::backbone::FeatureSet;
use headstart::dataset::{NewImage, Split};
use headstart::evaluation::Report;
use headstart::head::TrainOptions;
use headstart::{Classifier, Prediction};
use serde_json::Value;

/// A classifier as version 1 had it.
fn by_last_stage() -> Classifier {
    let mut classifier = classifier_by(FeatureSet::Last);
    add(&mut classifier, "across", Split::Test, 20..24);
    add_copy(&mut classifier, "across", Split::Test, 4);
    train(&mut classifier);
    classifier
}

/// Its project and its head, without what version 1 did not write.
static FILES: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
    let classifier = by_last_stage();
    [
        classifier.export_project().unwrap(),
        classifier.export_head().unwrap(),
    ]
    .map(|file| {
        let (mut tensors, mut metadata) = take_apart(&file);
        tensors.retain(|(name, ..)| name != "fingerprints");
        metadata.insert("version".into(), "1".into());
        metadata.remove("features");
        if let Some(summary) = metadata.get_mut("summary") {
            *summary = without_new_fields(serde_json::from_str(summary).unwrap()).to_string();
        }
        if let Some(project) = metadata.get_mut("project") {
            let mut document: Value = serde_json::from_str(project).unwrap();
            remove(&mut document, &["features", "measured"]);
            remove(&mut document["provenance"], &["turns"]);
            for sample in document["dataset"]["samples"].as_array_mut().unwrap() {
                remove(sample, &["fingerprinted"]);
            }
            let summary = document["head"]["summary"].take();
            document["head"]["summary"] = without_new_fields(summary);
            document["report"] = Value::Null;
            *project = document.to_string();
        }
        put_together(&tensors, metadata)
    })
});

fn remove(object: &mut Value, fields: &[&str]) {
    for field in fields {
        let removed = object.as_object_mut().unwrap().remove(*field);
        assert!(removed.is_some(), "{field} is not there");
    }
}

fn without_new_fields(mut summary: Value) -> Value {
    remove(&mut summary, &["lastStage", "converged"]);
    summary
}

fn restored(file: &[u8]) -> Classifier {
    Classifier::restore(BACKBONE.clone(), file).unwrap()
}

/// That predictions are the same but for the order in which logits are summed up, and heat maps the same in finer cells.
fn assert_same(ours: Vec<Prediction>, expected: Vec<Prediction>) {
    for (mut ours, mut expected) in ours.into_iter().zip(expected) {
        let [map, coarse] = [&mut ours, &mut expected].map(|p| p.heatmap.take().unwrap());
        let repeated: Vec<f32> = (0..56 * 56)
            .map(|place| coarse.grid[place / 56 / 8 * 7 + place % 56 / 8])
            .collect();
        assert_eq!(map.label, coarse.label);
        assert!(max_abs_error(&map.grid, &repeated) < 1e-3);
        for (ours, expected) in ours.classes.iter().zip(&expected.classes) {
            assert_eq!(ours.label, expected.label);
            assert!((ours.probability - expected.probability).abs() < 1e-5);
        }
        assert_eq!(ours.label, expected.label);
        assert_eq!(ours.similarity, expected.similarity);
        assert_eq!(ours.nearest, expected.nearest);
    }
}

/// What version 1 worked out, with numbers rounded.
fn as_before(report: Report) -> Value {
    let mut report = serde_json::to_value(by_name(report)).unwrap();
    remove(&mut report, &["learningCurve"]);
    remove(&mut report["head"], &["features"]);
    rounded(report)
}

fn rounded(value: Value) -> Value {
    match value {
        Value::Number(number) => ((number.as_f64().unwrap() * 1e4).round() / 1e4).into(),
        Value::Array(values) => values.into_iter().map(rounded).collect(),
        Value::Object(fields) => fields.into_iter().map(|(k, v)| (k, rounded(v))).collect(),
        other => other,
    }
}

/// Adds the images again, as version 2 embeds them.
fn add_again(classifier: &mut Classifier, names: impl IntoIterator<Item = String>) {
    let mut fresh = classifier_by(FeatureSet::All);
    add(&mut fresh, "across", Split::Test, 20..24);
    add_copy(&mut fresh, "across", Split::Test, 4);
    for name in names {
        let samples = fresh.dataset.samples();
        let index = samples
            .iter()
            .position(|sample| sample.name == name)
            .unwrap();
        let sample = &samples[index];
        let label = &fresh.dataset.labels()[sample.class];
        assert_eq!(classifier.dataset.duplicate(&name, &name, label), None);
        let image = NewImage {
            fingerprint: fresh.dataset.fingerprint(index),
            ..NewImage::new(&name, &name, label, &sample.embedding)
        };
        classifier.dataset.add(image).unwrap();
    }
}

fn names(classifier: &Classifier) -> Vec<String> {
    let samples = classifier.dataset.samples().iter();
    samples.map(|sample| sample.name.clone()).collect()
}

#[test]
fn a_project_of_version_1_predicts_and_evaluates_as_before() {
    let mut before = by_last_stage();
    let mut now = restored(&FILES[0]);
    assert_same(predictions(&mut now, 3), predictions(&mut before, 3));
    let [now_reports, before_reports] = [&now, &before].map(|c| c.evaluate().unwrap());
    assert_eq!(now_reports.learning_curve, None);
    assert_eq!(now_reports.head.features, FeatureSet::All);
    assert_eq!(as_before(now_reports), as_before(before_reports));
    // Images keep all but the features that were not there.
    for (sample, old) in now.dataset.samples().iter().zip(before.dataset.samples()) {
        assert_eq!((sample.id, sample.outdated), (old.id, true));
        assert_eq!(sample.embedding.len(), FEATURES);
        assert_eq!(last_stage(&sample.embedding), old.embedding);
        assert!(
            sample.embedding[..LAYOUT.last().start]
                .iter()
                .all(|&x| x == 0.0)
        );
    }
}

#[test]
fn a_head_of_version_1_predicts_as_before() {
    let mut before = by_last_stage();
    let mut now = restored(&FILES[1]);
    for number in [2, 25] {
        let rgba = stripes(true, number);
        let [ours, expected] = [&mut now, &mut before]
            .map(|classifier| predict(classifier, &rgba, SIDE, &top(None)).classes);
        for (ours, expected) in ours.iter().zip(&expected) {
            assert_eq!(ours.label, expected.label);
            assert!((ours.probability - expected.probability).abs() < 1e-5);
        }
    }
    // Written again it is a head of this version.
    let (_, metadata) = take_apart(&now.export_head().unwrap());
    assert_eq!(
        (metadata["version"].as_str(), metadata["features"].as_str()),
        ("2", "all")
    );
}

#[test]
fn images_of_version_1_are_to_be_added_again_before_training() {
    let mut classifier = restored(&FILES[0]);
    let count = classifier.dataset.samples().len();
    let error = classifier
        .start_training(&TrainOptions::default())
        .unwrap_err();
    assert_eq!(error.code(), "IMAGES_OUTDATED");
    assert!(error.to_string().starts_with(&count.to_string()), "{error}");
    // The head that is there stays.
    assert!(classifier.evaluate().is_ok());

    let other = classifier.dataset.duplicate("x", "across-3.png", "down");
    assert_eq!(other.unwrap().code, "LABEL_CONFLICT");
    let names = names(&classifier);
    let (last, others) = names.split_last().unwrap();
    let ids: Vec<usize> = classifier.dataset.samples().iter().map(|s| s.id).collect();
    add_again(&mut classifier, others.iter().cloned());
    assert_eq!(classifier.dataset.outdated(), 1);
    let error = classifier
        .start_training(&TrainOptions::default())
        .unwrap_err();
    assert!(error.to_string().starts_with("1 of the images"), "{error}");
    // What is there again is there once.
    let twice = classifier.dataset.duplicate("x", "across-3.png", "across");
    assert_eq!(twice.unwrap().code, "DUPLICATE");

    add_again(&mut classifier, [last.clone()]);
    let after: Vec<usize> = classifier.dataset.samples().iter().map(|s| s.id).collect();
    assert_eq!(ids, after);
    train(&mut classifier);
    // It is what it would be had there been no earlier version.
    let mut fresh = classifier_by(FeatureSet::All);
    add(&mut fresh, "across", Split::Test, 20..24);
    add_copy(&mut fresh, "across", Split::Test, 4);
    train(&mut fresh);
    assert_eq!(classifier.evaluate().unwrap(), fresh.evaluate().unwrap());
}

#[test]
fn while_images_are_added_again_the_head_says_what_it_said() {
    let mut classifier = restored(&FILES[0]);
    let before = predictions(&mut classifier, 3);
    let report = classifier.evaluate().unwrap();
    let names = names(&classifier);
    add_again(&mut classifier, names.iter().step_by(2).cloned());
    assert_same_fine(predictions(&mut classifier, 3), &before);
    let after = classifier.evaluate().unwrap();
    assert_eq!(as_rounded(&after), as_rounded(&report));
    // In another session too.
    let mut again = restored(&classifier.export_project().unwrap());
    assert_eq!(again.dataset.outdated(), names.len() / 2);
    assert_same_fine(predictions(&mut again, 3), &before);
    assert_eq!(as_rounded(&again.evaluate().unwrap()), as_rounded(&report));
}

fn as_rounded(report: &Report) -> Value {
    rounded(serde_json::to_value(report).unwrap())
}

fn assert_same_fine(ours: Vec<Prediction>, before: &[Prediction]) {
    for (ours, before) in ours.iter().zip(before) {
        assert_eq!(
            (&ours.label, ours.similarity, &ours.nearest),
            (&before.label, before.similarity, &before.nearest)
        );
        assert!((ours.probability - before.probability).abs() < 1e-5);
    }
}
