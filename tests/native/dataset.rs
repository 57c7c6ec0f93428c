//! What a dataset takes and refuses.

use headstart::backbone::EMBEDDING_LEN;
use headstart::dataset::{Dataset, Split};

const EMBEDDING: [f32; EMBEDDING_LEN] = [0.5; EMBEDDING_LEN];

fn two_ants() -> Dataset {
    let mut data = Dataset::default();
    for name in ["first.jpg", "second.jpg"] {
        data.add(name, name, "ants", Split::Auto, &EMBEDDING)
            .unwrap();
    }
    data
}

#[test]
fn the_same_content_under_the_same_label_is_counted_once() {
    let data = two_ants();
    let same = data.duplicate("copy.jpg", "first.jpg", "ants").unwrap();
    assert_eq!(same.code, "DUPLICATE");
    assert_eq!(
        same.reason,
        "copy.jpg has the same content as first.jpg, which is there already as a training image of \"ants\"; it is counted once."
    );
    assert_eq!(data.duplicate("new.jpg", "new", "ants"), None);
}

#[test]
fn the_same_content_under_another_label_is_a_conflict() {
    let mut data = two_ants();
    let other = data.duplicate("copy.jpg", "first.jpg", "bees").unwrap();
    assert_eq!(other.code, "LABEL_CONFLICT");
    assert!(
        other.reason.contains("copy.jpg") && other.reason.contains("\"ants\""),
        "{}",
        other.reason
    );
    assert!(other.reason.contains("decide which class it shows"));
    data.add("exam.jpg", "exam", "ants", Split::Test, &EMBEDDING)
        .unwrap();
    let tested = data.duplicate("copy.jpg", "exam", "bees").unwrap();
    assert!(
        tested.reason.contains("as a test image"),
        "{}",
        tested.reason
    );
}

#[test]
fn content_that_is_there_is_not_added_under_another_name_label_or_side() {
    let mut data = two_ants();
    for (label, split) in [
        ("ants", Split::Auto),
        ("ants", Split::Test),
        ("bees", Split::Auto),
    ] {
        let error = data
            .add("copy.jpg", "first.jpg", label, split, &EMBEDDING)
            .unwrap_err();
        assert_eq!(error.code(), "INVALID_ARGUMENT");
        assert!(error.to_string().contains("copy.jpg"), "{error}");
        assert!(!error.to_string().contains(".."), "{error}");
    }
    assert_eq!(data.samples().len(), 2);
    assert_eq!(data.labels(), ["ants"]);
    assert_eq!(data.near_duplicates(), [0, 0]);
}

#[test]
fn images_are_counted_by_class_and_side() {
    let mut data = two_ants();
    for (name, label, split) in [
        ("a", "bees", Split::Train),
        ("b", "bees", Split::Test),
        ("c", "ants", Split::Test),
    ] {
        data.add(name, name, label, split, &EMBEDDING).unwrap();
    }
    let counts: Vec<_> = data
        .classes()
        .into_iter()
        .map(|count| (count.label, count.auto, count.train, count.test))
        .collect();
    assert_eq!(counts, [("ants".into(), 2, 0, 1), ("bees".into(), 0, 1, 1)]);
    assert_eq!(data.find("b").unwrap().name, "b");
    assert!(data.find("z").is_none());
}

#[test]
fn bad_labels_and_embeddings_change_nothing() {
    let mut data = Dataset::default();
    let mut holed = EMBEDDING;
    holed[7] = f32::NAN;
    for (label, embedding) in [
        ("  ", &EMBEDDING[..]),
        ("a", &EMBEDDING[..511]),
        ("a", &holed[..]),
    ] {
        let error = data
            .add("x.jpg", "x", label, Split::Auto, embedding)
            .unwrap_err();
        assert_eq!(error.code(), "INVALID_ARGUMENT");
    }
    assert!(data.labels().is_empty() && data.samples().is_empty());
    data.add("x.jpg", "x", " a ", Split::Auto, &EMBEDDING)
        .unwrap();
    assert_eq!(data.labels(), ["a"]);
}
