//! Files that are not what they should be: refused by name, whatever is in them.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::support::project::document;
use crate::support::stripes::{add, add_copy, classifier, top, train};
use crate::support::tensors::{Tensors, named, put_together, take_apart};
use crate::support::{BACKBONE, FEATURES};
use headstart::dataset::Split;
use headstart::head::TrainOptions;
use headstart::{Classifier, Error};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use safetensors::tensor::Dtype;
use serde_json::{Value, json};

/// A project with all there is to one, and its head.
static FILES: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
    let mut classifier = classifier();
    add(&mut classifier, "across", Split::Test, 20..24);
    add_copy(&mut classifier, "across", Split::Test, 4);
    classifier.remove_images(&[1]).unwrap();
    train(&mut classifier);
    add(&mut classifier, "third", Split::Auto, 0..2);
    let project = classifier.export_project().unwrap();
    let head = classifier.export_head().unwrap();
    [project, head]
});

fn project() -> &'static [u8] {
    &FILES[0]
}

fn head() -> &'static [u8] {
    &FILES[1]
}

fn refusal(file: &[u8]) -> Error {
    match Classifier::restore(BACKBONE.clone(), file) {
        Ok(_) => panic!("it was taken"),
        Err(error) => error,
    }
}

/// That the file is refused with this code and a message with this in it.
fn assert_refused(file: &[u8], code: &str, words: &str) {
    let error = refusal(file);
    assert_eq!(error.code(), code, "{error}");
    assert!(error.to_string().contains(words), "{error}");
}

/// The good file with a change to its tensors and metadata.
fn changed(
    file: &[u8],
    change: impl FnOnce(&mut Tensors, &mut HashMap<String, String>),
) -> Vec<u8> {
    let (mut tensors, mut metadata) = take_apart(file);
    change(&mut tensors, &mut metadata);
    put_together(&tensors, metadata)
}

/// The good project with something else at one place of its document.
fn with(pointer: &str, value: Value) -> Vec<u8> {
    let mut document = document(project());
    *document.pointer_mut(pointer).unwrap() = value;
    changed(project(), |_, metadata| {
        metadata.insert("project".into(), document.to_string());
    })
}

#[test]
fn what_is_no_project_is_refused() {
    for len in [0, 7, 100, project().len() / 2, project().len() - 1] {
        let error = refusal(&project()[..len]);
        assert_eq!(error.code(), "PROJECT_CORRUPT", "{len} bytes");
    }
    assert_eq!(refusal(&[0xff; 4096]).code(), "PROJECT_CORRUPT");
    assert_refused(b"<html></html>", "PROJECT_CORRUPT", "not a safetensors");
}

#[test]
fn other_formats_and_versions_are_unsupported() {
    for file in [project(), head()] {
        let other = |name: &str, value: &str| {
            changed(file, |_, metadata| {
                metadata.insert(name.into(), value.into());
            })
        };
        let code = "PROJECT_UNSUPPORTED";
        assert_refused(&other("version", "3"), code, "version is 3");
        assert_refused(&other("format", "pt"), code, "\"pt\"");
        let none = changed(file, |_, metadata| metadata.clear());
        assert_refused(&none, code, "not a project or a head");
    }
    assert_eq!(
        refusal(&crate::support::QUANTIZED).code(),
        "PROJECT_UNSUPPORTED"
    );
}

#[test]
fn tensors_must_be_there_alone_and_as_described() {
    let code = "PROJECT_CORRUPT";
    for name in ["embeddings", "fc.weight", "fc.bias", "left_out"] {
        let missing = changed(project(), |tensors, _| tensors.retain(|t| t.0 != name));
        assert_refused(&missing, code, &format!("{name} is missing"));
        let integers = changed(project(), |tensors, _| named(tensors, name).1 = Dtype::I32);
        assert_refused(&integers, code, &format!("{name} is I32"));
        let flat = changed(project(), |tensors, _| {
            let tensor = named(tensors, name);
            tensor.2 = vec![1, tensor.2.iter().product()];
        });
        assert_refused(&flat, code, &format!("{name} has the shape"));
        for value in [f32::NAN, f32::NEG_INFINITY] {
            let holed = changed(project(), |tensors, _| {
                named(tensors, name).3[4..8].copy_from_slice(&value.to_le_bytes());
            });
            assert_refused(&holed, code, &format!("{name} holds a value"));
        }
    }
    for file in [project(), head()] {
        let extra = ("extra".to_string(), Dtype::U8, vec![1], vec![0]);
        let extra = changed(file, |tensors, _| tensors.push(extra));
        assert_refused(&extra, code, "extra is not expected");
    }
}

#[test]
fn every_field_of_the_document_is_checked() {
    let sample = |number: usize, field: &str| format!("/dataset/samples/{number}/{field}");
    let first = document(project())["provenance"].clone();
    let (train, test) = (first["train"][0].clone(), first["test"][0].clone());
    let cases = [
        ("/views".into(), json!("wide"), "project cannot be read"),
        ("/backend".into(), json!("abacus"), "project cannot be read"),
        ("/dataset/labels/1".into(), json!(" "), "empty"),
        ("/dataset/labels/1".into(), json!("across"), "there twice"),
        ("/dataset/labels/2".into(), json!("down "), "white space"),
        (
            "/dataset/labels".into(),
            json!(["across"]),
            "class 1 of image",
        ),
        (
            "/dataset/labels".into(),
            json!(["across", "down", "third", "fourth"]),
            "\"fourth\" has no image",
        ),
        ("/dataset/samples".into(), json!([]), "shape"),
        ("/dataset/nextId".into(), json!(5), "not below nextId"),
        ("/dataset/nextId".into(), json!(u32::MAX), "nextId is"),
        (
            "/dataset/nextId".into(),
            json!(-1),
            "project cannot be read",
        ),
        (sample(3, "class"), json!(3), "class 3 of image 4"),
        (sample(3, "id"), json!(3), "the id 3 is there twice"),
        (sample(3, "hash"), json!(""), "image 4 has no hash"),
        (sample(3, "hash"), json!("across-0.png"), "one hash"),
        (sample(3, "split"), json!("both"), "project cannot be read"),
        (sample(3, "side"), json!("both"), "project cannot be read"),
        ("/head".into(), Value::Null, "not expected"),
        ("/provenance".into(), Value::Null, "do not go together"),
        ("/leftOut".into(), json!(false), "left_out is not expected"),
        ("/head/labels/0".into(), json!("along"), "not the first"),
        ("/head/labels/0".into(), json!("down"), "there twice"),
        ("/head/labels".into(), json!(["across"]), "fewer than two"),
        ("/head/temperature".into(), json!(0), "temperature"),
        ("/head/temperature".into(), json!(-1.5), "temperature"),
        (
            "/head/temperature".into(),
            json!("1"),
            "project cannot be read",
        ),
        ("/head/summary/l2".into(), json!(-0.1), "L2"),
        (
            "/head/summary/method".into(),
            json!("magic"),
            "project cannot",
        ),
        ("/provenance/train/1".into(), train.clone(), "named before"),
        ("/provenance/test/0".into(), train, "named before"),
        ("/provenance/setAside/0".into(), test, "named before"),
        ("/provenance/train/0".into(), json!(28), "has no group"),
        (
            "/provenance/test/0".into(),
            json!(1_000_000),
            "has no group",
        ),
        (
            "/provenance/train".into(),
            json!([]),
            "no image that the head",
        ),
        ("/provenance/folds".into(), json!([0, 1]), "entries"),
        ("/provenance/places".into(), json!([0, 1]), "entries"),
        ("/provenance/folds/0".into(), json!(5), "folds has 5"),
        ("/provenance/folds/0".into(), json!(1u64 << 60), "folds has"),
        ("/provenance/places/0".into(), json!(23), "out of 23"),
        (
            "/provenance/groups/0".into(),
            json!(1),
            "the group 1 of image 0",
        ),
        ("/provenance/groups".into(), json!(vec![0; 99]), "99 groups"),
        ("/provenance/turns".into(), json!(6), "turns is 6"),
        (
            "/provenance/turns".into(),
            json!(4),
            "left_out has the shape",
        ),
        (
            "/provenance/folds/0".into(),
            Value::Null,
            "left_out has the shape",
        ),
        ("/features".into(), json!("some"), "project cannot be read"),
        (
            "/features".into(),
            json!("last"),
            "embeddings has the shape",
        ),
        (
            "/measured/refusals/refused".into(),
            json!([true]),
            "1 entries for 4 test images",
        ),
        (
            "/measured/learningCurve".into(),
            json!(1),
            "project cannot be read",
        ),
        (
            "/provenance/heldOut".into(),
            json!("none"),
            "project cannot",
        ),
        (
            "/provenance/classWeights".into(),
            json!(7),
            "project cannot",
        ),
    ];
    for (pointer, value, words) in cases {
        let pointer: String = pointer;
        println!("{pointer}: {value}");
        assert_refused(&with(&pointer, value), "PROJECT_CORRUPT", words);
    }
    for (field, value, words) in [
        ("group", json!(" "), "the group of image 4"),
        ("group", json!("ann "), "white space"),
        ("taken", json!("today"), "project cannot be read"),
    ] {
        let mut changed_sample = document(project());
        changed_sample["dataset"]["samples"][3][field] = value;
        let file = changed(project(), |_, metadata| {
            metadata.insert("project".into(), changed_sample.to_string());
        });
        assert_refused(&file, "PROJECT_CORRUPT", words);
    }
    let mut strange = document(project());
    strange["more"] = json!(1);
    let strange = changed(project(), |_, metadata| {
        metadata.insert("project".into(), strange.to_string());
    });
    assert_refused(&strange, "PROJECT_CORRUPT", "more");
}

#[test]
fn all_of_a_class_in_one_fold_is_refused_as_there_is_nothing_to_learn_it_from_in_the_others() {
    let provenance = document(project())["provenance"].clone();
    let samples = document(project())["dataset"]["samples"].clone();
    let train = provenance["train"].as_array().unwrap();
    let fold_of_class = |index: &Value| samples[index.as_u64().unwrap() as usize]["class"].clone();
    let folds: Vec<Value> = train.iter().map(fold_of_class).collect();
    let mut document = document(project());
    document["provenance"]["folds"] = folds.into();
    // As many as there are.
    document["provenance"]["turns"] = json!(2);
    let file = changed(project(), |_, metadata| {
        metadata.insert("project".into(), document.to_string());
    });
    assert_refused(&file, "PROJECT_CORRUPT", "in one");
}

#[test]
fn every_field_of_a_head_is_checked() {
    for (name, value, words) in [
        ("labels", "[\"a\"", "labels cannot be read"),
        ("labels", "[\"a\",\"b\",\"c\"]", "shape"),
        ("labels", "[\"a\"]", "fewer than two"),
        ("labels", "[\"a\",\"a\"]", "there twice"),
        ("labels", "[\"a\",\"\"]", "empty"),
        ("temperature", "0", "temperature"),
        ("temperature", "NaN", "temperature cannot be read"),
        ("temperature", "1e999", "temperature cannot be read"),
        ("views", "wide", "views"),
        ("features", "some", "features"),
        ("features", "last", "shape"),
        ("summary", "{}", "summary cannot be read"),
        ("calibrated_on", "-1", "calibrated_on cannot be read"),
    ] {
        let file = changed(head(), |_, metadata| {
            metadata.insert(name.into(), value.into());
        });
        assert_refused(&file, "PROJECT_CORRUPT", words);
        let file = changed(head(), |_, metadata| drop(metadata.remove(name)));
        assert_refused(&file, "PROJECT_CORRUPT", &format!("no {name}"));
    }
}

/// Asks a classifier for everything that it can do; it may say no, but not fail.
fn exercise(classifier: &mut Classifier) {
    let _ = classifier.evaluate();
    let _ = classifier.predict(&[0.5; FEATURES], &top(Some(1)));
    let _ = classifier.export_project().unwrap();
    classifier.dataset.near_duplicates();
    if classifier.start_training(&TrainOptions::default()).is_ok() {
        let _ = classifier.train_epoch();
        classifier.cancel_training();
    }
    let ids: Vec<usize> = classifier.dataset.samples().iter().map(|s| s.id).collect();
    classifier.remove_images(&ids).unwrap();
    add(classifier, "down", Split::Auto, 0..1);
}

/// A random change to a file: a byte or a few, in the header or anywhere, or its end cut off.
fn damaged(file: &[u8], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut file = file.to_vec();
    let header = 8 + u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    match rng.random_range(0..8) {
        0 => file.truncate(rng.random_range(0..file.len())),
        1 => {
            let place = rng.random_range(0..file.len());
            file[place] = rng.random();
        }
        2 => {
            let place = rng.random_range(0..16);
            file[place] ^= 1 << rng.random_range(0..8);
        }
        // Digits into others: a header that still reads, and says something else.
        _ => {
            let digits: Vec<usize> = (8..header).filter(|&i| file[i].is_ascii_digit()).collect();
            for _ in 0..rng.random_range(1..4) {
                let place = digits[rng.random_range(0..digits.len())];
                file[place] = b'0' + rng.random_range(0..10);
            }
        }
    }
    file
}

#[test]
fn a_damaged_file_is_refused_or_gives_a_classifier_that_works() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut taken = 0;
    for number in 0..600 {
        let file = damaged(&FILES[number % 2], &mut rng);
        match Classifier::restore(BACKBONE.clone(), &file) {
            Ok(mut classifier) => {
                taken += 1;
                if taken <= 40 {
                    exercise(&mut classifier);
                }
            }
            Err(error) => assert!(error.code().starts_with("PROJECT_"), "{error}"),
        }
    }
    assert!(taken > 20, "{taken} of 600 tell little");
}
