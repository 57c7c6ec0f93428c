//! What a dataset takes and refuses.

use headstart::dataset::{Dataset, NewImage, Split};

use crate::support::FEATURES;

const EMBEDDING: [f32; FEATURES] = [0.5; FEATURES];

/// An image whose name stands for its content.
fn image<'a>(name: &'a str, label: &'a str, split: Split) -> NewImage<'a> {
    NewImage {
        split,
        ..NewImage::new(name, name, label, &EMBEDDING)
    }
}

fn two_ants() -> Dataset {
    let mut data = Dataset::new(FEATURES);
    for name in ["first.jpg", "second.jpg"] {
        data.add(image(name, "ants", Split::Auto)).unwrap();
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
    data.add(image("exam.jpg", "ants", Split::Test)).unwrap();
    let tested = data.duplicate("copy.jpg", "exam.jpg", "bees").unwrap();
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
        let copy = NewImage {
            split,
            ..NewImage::new("copy.jpg", "first.jpg", label, &EMBEDDING)
        };
        let error = data.add(copy).unwrap_err();
        assert_eq!(error.code(), "INVALID_ARGUMENT");
        assert!(error.to_string().contains("copy.jpg"), "{error}");
        assert!(!error.to_string().contains(".."), "{error}");
    }
    assert_eq!(data.samples().len(), 2);
    assert_eq!(data.labels(), ["ants"]);
    // Without a fingerprint nothing is known of what they show.
    assert_eq!(data.near_duplicates(), [0, 1]);
}

#[test]
fn images_are_counted_by_class_and_side() {
    let mut data = two_ants();
    for (name, label, split) in [
        ("a", "bees", Split::Train),
        ("b", "bees", Split::Test),
        ("c", "ants", Split::Test),
    ] {
        data.add(image(name, label, split)).unwrap();
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
fn bad_labels_groups_and_embeddings_change_nothing() {
    let mut data = Dataset::new(FEATURES);
    let mut holed = EMBEDDING;
    holed[7] = f32::NAN;
    let long = [0.5; FEATURES + 1];
    let good = NewImage::new("x.jpg", "x", "a", &EMBEDDING);
    for (bad, argument) in [
        (
            NewImage {
                label: "  ",
                ..good
            },
            "label",
        ),
        (
            NewImage {
                group: Some(" "),
                ..good
            },
            "group",
        ),
        (NewImage { hash: "", ..good }, "hash"),
        (
            NewImage {
                embedding: &EMBEDDING[1..],
                ..good
            },
            "embedding",
        ),
        (
            NewImage {
                embedding: &long,
                ..good
            },
            "embedding",
        ),
        (
            NewImage {
                embedding: &holed,
                ..good
            },
            "embedding",
        ),
    ] {
        let error = data.add(bad).unwrap_err();
        assert_eq!(error.code(), "INVALID_ARGUMENT");
        assert!(error.to_string().starts_with(argument), "{error}");
    }
    assert!(data.labels().is_empty() && data.samples().is_empty());
    data.add(NewImage {
        label: " a ",
        group: Some(" ann\n"),
        taken: Some(7),
        ..good
    })
    .unwrap();
    assert_eq!(data.labels(), ["a"]);
    let sample = &data.samples()[0];
    assert_eq!(
        (sample.group.as_deref(), sample.taken),
        (Some("ann"), Some(7))
    );
}

#[test]
fn the_first_embedding_says_how_long_the_others_are_where_nobody_has() {
    let mut data = Dataset::default();
    data.add(NewImage::new("a", "a", "a", &[0.5; 3])).unwrap();
    let error = data
        .add(NewImage::new("b", "b", "a", &[0.5; 4]))
        .unwrap_err();
    assert!(
        error.to_string().contains("3 finite numbers, and has 4"),
        "{error}"
    );
    let nothing = Dataset::default().add(NewImage::new("a", "a", "a", &[]));
    assert_eq!(nothing.unwrap_err().code(), "INVALID_ARGUMENT");
    // An empty dataset stays what it was made for.
    let mut data = Dataset::new(2);
    assert!(data.add(NewImage::new("a", "a", "a", &[0.5; 3])).is_err());
}

/// Images 0 and 2 are near-duplicates, 2 and 3 of one group, 4 and 5 of another, and 6 is of no group.
#[test]
fn a_unit_is_what_groups_and_near_duplicates_join() {
    let mut data = Dataset::new(1);
    let groups = [
        None,
        None,
        Some("ann"),
        Some("ann"),
        Some("bob"),
        Some("bob"),
        None,
    ];
    for (number, group) in groups.into_iter().enumerate() {
        let name = number.to_string();
        let label = if number % 2 == 0 { "a" } else { "b" };
        let new = NewImage::new(&name, &name, label, &[0.5]);
        data.add(NewImage { group, ..new }).unwrap();
    }
    let near = [0, 1, 0, 3, 4, 5, 6];
    assert_eq!(data.units(&near), [0, 1, 0, 0, 4, 4, 6]);
    let alone: Vec<usize> = (0..7).collect();
    assert_eq!(data.units(&alone), [0, 1, 2, 2, 4, 4, 6]);
    assert_eq!(data.given_groups(), (2, 4));
}
