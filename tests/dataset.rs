//! Splits are disjoint, stratified, seeded and independent of order; bad data is refused by name.

use headstart::backbone::EMBEDDING_LEN;
use headstart::dataset::{Dataset, Split, TEST_SHARE, folds, hold_out, partition};

const EMBEDDING: [f32; EMBEDDING_LEN] = [0.5; EMBEDDING_LEN];

/// A dataset with `(label, split, count)` images, contents named by class and number.
fn dataset(groups: &[(&str, Split, usize)]) -> Dataset {
    let mut dataset = Dataset::default();
    for &(label, split, count) in groups {
        for number in 0..count {
            let name = format!("{label}-{split:?}-{number}.jpg");
            dataset.add(&name, &name, label, split, &EMBEDDING).unwrap();
        }
    }
    dataset
}

fn names(dataset: &Dataset, ids: &[usize]) -> Vec<String> {
    let mut names: Vec<String> = ids
        .iter()
        .map(|&id| dataset.samples()[id].name.clone())
        .collect();
    names.sort();
    names
}

#[test]
fn the_split_is_disjoint_complete_and_stratified() {
    for seed in 0..20 {
        for sizes in [[2, 3], [5, 40], [100, 11], [7, 7]] {
            let data = dataset(&[("a", Split::Auto, sizes[0]), ("b", Split::Auto, sizes[1])]);
            let split = partition(&data, seed).unwrap();
            assert!(!split.test_given);
            let mut all: Vec<usize> = split.train.iter().chain(&split.test).copied().collect();
            all.sort_unstable();
            assert_eq!(all, (0..sizes[0] + sizes[1]).collect::<Vec<_>>());
            for (class, size) in sizes.into_iter().enumerate() {
                let held = split
                    .test
                    .iter()
                    .filter(|&&id| data.samples()[id].class == class);
                let wanted = ((size as f64 * TEST_SHARE).round() as usize).max(1);
                assert_eq!(held.count(), wanted, "class {class} of {size}");
            }
        }
    }
}

#[test]
fn the_seed_decides_the_split() {
    let data = dataset(&[("a", Split::Auto, 50), ("b", Split::Auto, 50)]);
    assert_eq!(partition(&data, 3).unwrap(), partition(&data, 3).unwrap());
    assert_ne!(partition(&data, 3).unwrap(), partition(&data, 4).unwrap());
}

#[test]
fn the_order_of_adding_does_not_matter() {
    let forward = dataset(&[("a", Split::Auto, 30), ("b", Split::Auto, 20)]);
    let mut backward = Dataset::default();
    for sample in forward.samples().iter().rev() {
        let label = &forward.labels()[sample.class];
        backward
            .add(&sample.name, &sample.hash, label, sample.split, &EMBEDDING)
            .unwrap();
    }
    let (one, other) = (
        partition(&forward, 1).unwrap(),
        partition(&backward, 1).unwrap(),
    );
    assert_eq!(names(&forward, &one.test), names(&backward, &other.test));
}

#[test]
fn test_images_given_by_the_user_make_all_others_training() {
    let data = dataset(&[
        ("a", Split::Auto, 10),
        ("b", Split::Train, 10),
        ("a", Split::Test, 4),
        ("b", Split::Test, 3),
    ]);
    let split = partition(&data, 0).unwrap();
    assert!(split.test_given);
    assert_eq!(split.train, (0..20).collect::<Vec<_>>());
    assert_eq!(split.test, (20..27).collect::<Vec<_>>());
}

#[test]
fn images_marked_for_training_are_never_held_out() {
    let data = dataset(&[
        ("a", Split::Train, 10),
        ("a", Split::Auto, 10),
        ("b", Split::Auto, 10),
    ]);
    for seed in 0..10 {
        let split = partition(&data, seed).unwrap();
        assert!(
            split
                .test
                .iter()
                .all(|&id| data.samples()[id].split == Split::Auto)
        );
    }
}

#[test]
fn holding_out_keeps_at_least_one_of_each_class() {
    let data = dataset(&[("a", Split::Auto, 1), ("b", Split::Auto, 2)]);
    let (kept, held) = hold_out(&data, &[0, 1, 2], 0.5, 0);
    assert!(kept.contains(&0));
    assert_eq!((kept.len(), held.len()), (2, 1));
}

#[test]
fn too_little_data_is_refused_with_the_class_and_the_remedy() {
    let refusal = |groups: &[(&str, Split, usize)]| partition(&dataset(groups), 0).unwrap_err();
    assert_eq!(refusal(&[]).code(), "NO_IMAGES");
    assert_eq!(refusal(&[("a", Split::Test, 5)]).code(), "NO_IMAGES");
    let one_class = refusal(&[("ants", Split::Auto, 5)]);
    assert_eq!(one_class.code(), "TOO_FEW_CLASSES");
    assert!(
        one_class.to_string().contains("\"ants\"") && one_class.to_string().contains("Add photos")
    );
    let one_image = refusal(&[("ants", Split::Auto, 5), ("bees", Split::Auto, 1)]);
    assert_eq!(one_image.code(), "TOO_FEW_IMAGES");
    assert!(
        one_image
            .to_string()
            .contains("\"bees\" has only one image"),
        "{one_image}"
    );
    let only_tests = refusal(&[("ants", Split::Auto, 5), ("bees", Split::Test, 5)]);
    assert!(
        only_tests.to_string().contains("\"bees\" has no image"),
        "{only_tests}"
    );
}

#[test]
fn content_counts_once_even_under_another_name_label_or_side() {
    let mut data = dataset(&[("ants", Split::Auto, 2)]);
    let hash = data.samples()[0].hash.clone();
    let same = data.duplicate("copy.jpg", &hash, "ants").unwrap();
    assert!(
        same.contains("copy.jpg") && same.contains("counted once"),
        "{same}"
    );
    let other = data.duplicate("copy.jpg", &hash, "bees").unwrap();
    assert!(
        other.contains("\"ants\"") && other.contains("decide"),
        "{other}"
    );
    for (label, split) in [("ants", Split::Test), ("bees", Split::Auto)] {
        let error = data
            .add("copy.jpg", &hash, label, split, &EMBEDDING)
            .unwrap_err();
        assert_eq!(error.code(), "INVALID_ARGUMENT");
    }
    assert_eq!(data.samples().len(), 2);
    assert_eq!(data.labels(), ["ants"]);
    assert_eq!(data.duplicate("new.jpg", "new", "ants"), None);
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

#[test]
fn folds_are_stratified_and_no_more_than_the_smallest_class_fills() {
    let data = dataset(&[("a", Split::Auto, 23), ("b", Split::Auto, 12)]);
    let ids: Vec<usize> = (0..35).collect();
    let dealt = folds(&data, &ids, 5, 0);
    for class in 0..2 {
        let mut sizes = [0_usize; 5];
        for &id in ids.iter().filter(|&&id| data.samples()[id].class == class) {
            sizes[dealt[id]] += 1;
        }
        assert!(
            sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1,
            "{sizes:?}"
        );
    }
    assert_ne!(dealt, folds(&data, &ids, 5, 1));
    let small = dataset(&[("a", Split::Auto, 9), ("b", Split::Auto, 3)]);
    let dealt = folds(&small, &(0..12).collect::<Vec<_>>(), 5, 0);
    assert_eq!(dealt.iter().max(), Some(&2));
}
