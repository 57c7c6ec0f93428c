//! Files that a classifier leaves behind: the one that comes back is the same.

use crate::support::project::document;
use crate::support::stripes::{
    SIDE, adam, add, add_copy, classifier, empty, predict, predictions, stripes, top, train,
    train_with,
};
use crate::support::tensors::take_apart;
use crate::support::{BACKBONE, CHECKPOINT, FEATURES, tensor};
use headstart::backbone::quantize::{Scheme, quantize};
use headstart::dataset::Split;
use headstart::head::TrainOptions;
use headstart::image::Views;
use headstart::{Backbone, Classifier, PredictOptions};
use safetensors::SafeTensors;
use serde_json::{Value, json};

fn project(classifier: &Classifier) -> Vec<u8> {
    classifier.export_project().unwrap()
}

fn restored(file: &[u8]) -> Classifier {
    Classifier::restore(BACKBONE.clone(), file).unwrap()
}

/// As JavaScript and files have it; the error's code where there is none.
fn report(classifier: &Classifier) -> Value {
    match classifier.evaluate() {
        Ok(report) => serde_json::to_value(report).unwrap(),
        Err(error) => error.code().into(),
    }
}

/// That both are one in all that can be asked of them, and stay it.
fn assert_same(mut one: Classifier, mut other: Classifier) {
    assert_eq!(one.embedding_key(), other.embedding_key());
    assert_eq!(one.dataset.labels(), other.dataset.labels());
    assert_eq!(one.dataset.samples(), other.dataset.samples());
    assert_eq!(
        one.dataset.near_duplicates(),
        other.dataset.near_duplicates()
    );
    if one.require_head().is_ok() {
        assert_eq!(report(&one), report(&other));
        assert_eq!(predictions(&mut one, 4), predictions(&mut other, 4));
    }
    assert_eq!(project(&one), project(&other));
    let both = [&mut one, &mut other];
    let reports = both.map(|classifier| {
        add(classifier, "down", Split::Auto, 40..43);
        train(classifier);
        report(classifier)
    });
    assert_eq!(reports[0], reports[1]);
    assert_eq!(one.dataset.samples(), other.dataset.samples());
}

#[test]
fn a_restored_project_says_the_same_and_goes_on_the_same() {
    let mut classifier = classifier();
    add_copy(&mut classifier, "down", Split::Auto, 7);
    let options = TrainOptions {
        seed: Some(3.0),
        ..TrainOptions::default()
    };
    train_with(&mut classifier, &options);
    let file = project(&classifier);
    assert_eq!(document(&file)["report"], report(&classifier));
    assert_same(classifier, restored(&file));
}

#[test]
fn so_does_one_with_a_test_folder_and_images_set_aside_removed_and_added_later() {
    let mut classifier = classifier();
    add(&mut classifier, "across", Split::Test, 20..24);
    add_copy(&mut classifier, "across", Split::Test, 4);
    classifier.remove_images(&[0, 13, 24]).unwrap();
    train(&mut classifier);
    add(&mut classifier, "third", Split::Train, 0..2);
    classifier.rename("down", "upright").unwrap();
    let file = project(&classifier);
    let mut same = restored(&file);
    assert_eq!(report(&classifier), report(&same));
    // Ids are not given again.
    add(&mut same, "third", Split::Train, [5]);
    assert_eq!(same.dataset.samples().last().unwrap().id, 31);
    assert_same(classifier, restored(&file));
}

#[test]
fn so_does_one_whose_head_was_stopped_by_images_of_its_own() {
    let mut classifier = classifier();
    train_with(&mut classifier, &adam());
    let file = project(&classifier);
    assert_eq!(document(&file)["leftOut"], json!(false));
    assert_same(classifier, restored(&file));
}

#[test]
fn a_project_needs_neither_a_head_nor_images() {
    let without_images = project(&empty());
    assert_eq!(tensor(&without_images, "embeddings").1, [0, FEATURES]);
    assert_eq!(document(&without_images)["report"], Value::Null);
    let restored_empty = restored(&without_images);
    assert!(restored_empty.dataset.samples().is_empty());

    let without_head = classifier();
    let file = project(&without_head);
    let mut names: Vec<String> = take_apart(&file).0.into_iter().map(|t| t.0).collect();
    names.sort();
    assert_eq!(names, ["embeddings", "fingerprints"]);
    assert_eq!(
        restored(&file).evaluate().unwrap_err().code(),
        "NOT_TRAINED"
    );
    assert_same(without_head, restored(&file));
}

#[test]
fn a_head_with_nothing_to_judge_it_on_has_no_report_in_its_project() {
    let mut classifier = empty();
    add(&mut classifier, "across", Split::Auto, [0]);
    add(&mut classifier, "down", Split::Auto, [0]);
    train(&mut classifier);
    let file = project(&classifier);
    assert_eq!(document(&file)["report"], Value::Null);
    let error = restored(&file).evaluate().unwrap_err();
    assert_eq!(error.code(), "NO_TEST_IMAGES");
}

#[test]
fn views_come_from_the_file() {
    let classifier = Classifier::new(BACKBONE.clone(), Views::Flip);
    let file = project(&classifier);
    assert_eq!(restored(&file).embedding_key(), classifier.embedding_key());
}

#[test]
fn the_sides_that_the_split_drew_are_kept() {
    let mut classifier = classifier();
    train(&mut classifier);
    let mut same = restored(&project(&classifier));
    let tested = |classifier: &Classifier| report(classifier)["predictions"].clone();
    let before = tested(&classifier);
    // Enough further images that a new draw would put others on the test's side.
    add(&mut same, "down", Split::Auto, 50..54);
    train(&mut same);
    let ids = |list: Value| -> Vec<u64> {
        let list = list.as_array().unwrap().clone();
        list.iter().map(|p| p["id"].as_u64().unwrap()).collect()
    };
    let after = ids(tested(&same));
    assert!(ids(before).iter().all(|id| after.contains(id)));
}

#[test]
fn a_head_read_back_gives_the_same_probabilities() {
    let mut classifier = classifier();
    train(&mut classifier);
    let file = classifier.export_head().unwrap();
    let mut alone = restored(&file);
    for number in [2, 25] {
        let rgba = stripes(true, number);
        let expected = predict(&mut classifier, &rgba, SIDE, &top(None));
        let prediction = predict(&mut alone, &rgba, SIDE, &top(None));
        assert_eq!(prediction.classes, expected.classes);
        // Without training images there is nothing to be unlike.
        assert_eq!((prediction.unknown, prediction.similarity), (false, None));
    }
}

/// `fc.weight · embedding + fc.bias` in f64, divided by the temperature, through softmax: what any reader of
/// the file can do. The classifier computes logits in f32, so that the probabilities may differ by 1e-5.
#[test]
fn a_heads_tensors_are_those_of_torchs_linear_layer() {
    let mut classifier = classifier();
    train(&mut classifier);
    let file = classifier.export_head().unwrap();
    let (weight, shape) = tensor(&file, "fc.weight");
    assert_eq!(shape, [2, FEATURES]);
    let (bias, shape) = tensor(&file, "fc.bias");
    assert_eq!(shape, [2]);
    let metadata = take_apart(&file).1;
    assert_eq!(metadata["labels"], r#"["across","down"]"#);
    assert_eq!(metadata["weights_sha256"], BACKBONE.hash());
    assert_eq!(metadata["views"], "centre");
    let temperature: f64 = metadata["temperature"].parse().unwrap();
    for sample in classifier.dataset.samples() {
        let logits: Vec<f64> = weight
            .chunks_exact(FEATURES)
            .zip(&bias)
            .map(|(row, &bias)| {
                let products = row.iter().zip(&sample.embedding);
                products
                    .map(|(&w, &x)| f64::from(w) * f64::from(x))
                    .sum::<f64>()
                    + f64::from(bias)
            })
            .collect();
        let odds = ((logits[0] - logits[1]) / temperature).exp();
        let predicted = classifier.predict(&sample.embedding, &top(None)).unwrap();
        let classes = &predicted[0].classes;
        let across = classes.iter().find(|class| class.label == "across");
        let difference = across.unwrap().probability - odds / (1.0 + odds);
        assert!(difference.abs() < 1e-5, "{difference}");
    }
}

#[test]
fn a_head_that_came_alone_predicts_and_can_be_renamed_and_taught_anew() {
    let mut trained = classifier();
    train(&mut trained);
    let mut alone = restored(&trained.export_head().unwrap());
    assert!(alone.dataset.labels().is_empty());
    assert_eq!(alone.evaluate().unwrap_err().code(), "NO_TEST_IMAGES");
    alone.rename("down", "upright").unwrap();
    assert_eq!(
        alone.rename("upright", "across").unwrap_err().code(),
        "INVALID_ARGUMENT"
    );
    let options = PredictOptions {
        nearest: 2,
        ..PredictOptions::default()
    };
    let prediction = predict(&mut alone, &stripes(true, 4), SIDE, &options);
    assert_eq!(prediction.label.as_deref(), Some("upright"));
    assert!(prediction.nearest.unwrap().is_empty());
    // Images that it did not learn from come and go without it.
    add(&mut alone, "third", Split::Auto, 0..3);
    alone.remove_images(&[1]).unwrap();
    assert_same(restored(&project(&alone)), alone);
}

#[test]
fn the_same_project_gives_the_same_bytes() {
    let mut classifier = classifier();
    train(&mut classifier);
    assert_eq!(project(&classifier), project(&classifier));
    let head = || classifier.export_head().unwrap();
    assert_eq!(head(), head());
    // Any reader opens them.
    assert!(SafeTensors::deserialize(&head()).is_ok());
}

#[test]
fn a_head_has_to_be_there_to_be_exported() {
    let error = classifier().export_head().unwrap_err();
    assert_eq!(error.code(), "NOT_TRAINED");
}

#[test]
fn embeddings_of_other_weights_are_refused_and_both_are_named() {
    let other = quantize(
        &CHECKPOINT.weights,
        "another checkpoint",
        Scheme::AbsoluteMaximum,
    )
    .unwrap();
    let other = Backbone::load(&other, headstart::device::cpu_backend()).unwrap();
    let mut classifier = classifier();
    train(&mut classifier);
    let head = classifier.export_head().unwrap();
    for file in [project(&classifier), head] {
        let error = Classifier::restore(other.clone(), &file).err().unwrap();
        assert_eq!(error.code(), "PROJECT_MISMATCH");
        let message = error.to_string();
        let named = [BACKBONE.hash(), other.hash()].map(|hash| message.contains(hash));
        assert_eq!(named, [true, true], "{message}");
    }
}
