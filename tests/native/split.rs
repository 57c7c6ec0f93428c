//! The split over random datasets: complete, stratified, seeded, stable, and with near-duplicates on one side.

use std::collections::{HashMap, HashSet};

use crate::support::synthetic::{Image, add, dataset, dataset_in_groups, groups, unlike_images};
use headstart::dataset::{Dataset, Partition, Split, TEST_SHARE};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// Where an image came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Train,
    Test,
    SetAside,
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 300,
        // The same cases on every machine, and no files left behind.
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn random_split() -> impl Strategy<Value = Split> {
    prop_oneof![8 => Just(Split::Auto), 1 => Just(Split::Train)]
}

/// Datasets of up to four classes, each with an image that the split decides about. Groups are of one label
/// each unless `is_mixed`.
fn images(is_mixed: bool) -> impl Strategy<Value = Vec<Image>> {
    (2..=4_usize).prop_flat_map(move |classes| {
        let image = (0..classes, random_split(), 0..30_usize);
        (prop::collection::vec(image, 0..60), 0..1000_usize).prop_map(move |(rest, salt)| {
            let one_each = (0..classes).map(|class| (class, Split::Auto, 100));
            one_each
                .chain(rest)
                .enumerate()
                .map(|(number, (class, split, group))| Image {
                    // Numbers whose order says nothing about that of the images.
                    content: (number * 7919 + salt) % 100_003,
                    class,
                    split,
                    // A third of the group numbers stand for images of their own.
                    group: match (group % 3, is_mixed) {
                        (0, _) => 1000 + number,
                        (_, true) => group,
                        (_, false) => 10_000 * (class + 1) + group,
                    },
                })
                .collect()
        })
    })
}

fn places(split: &Partition, count: usize) -> Vec<Place> {
    let mut places = vec![None; count];
    let sides = [
        (&split.train, Place::Train),
        (&split.test, Place::Test),
        (&split.set_aside, Place::SetAside),
    ];
    for (ids, place) in sides {
        for &id in ids {
            assert_eq!(
                places[id].replace(place),
                None,
                "image {id} is in two places"
            );
        }
    }
    let is_there = |place: Option<Place>| place.expect("every image has a place");
    places.into_iter().map(is_there).collect()
}

fn wanted(size: usize) -> usize {
    match size {
        0 | 1 => 0,
        size => ((size as f64 * TEST_SHARE).round() as usize).max(1),
    }
}

/// Which contents are where.
fn by_content(dataset: &Dataset, split: &Partition) -> [HashSet<String>; 3] {
    [&split.train, &split.test, &split.set_aside].map(|ids| {
        let hashes = ids.iter().map(|&id| dataset.samples()[id].hash.clone());
        hashes.collect()
    })
}

/// The side that the images of each group stand on, but for those set aside.
fn assert_no_group_straddles(places: &[Place], groups: &[usize]) {
    let mut side_of = HashMap::new();
    for (place, group) in places.iter().zip(groups) {
        if *place != Place::SetAside {
            assert_eq!(side_of.entry(group).or_insert(place), &place);
        }
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_image_has_one_place_and_no_group_straddles(images in images(true), seed in 0..50_u64) {
        let groups = groups(&images);
        let split = dataset(&images).partition(&groups, seed).unwrap();
        let places = places(&split, images.len());
        prop_assert!(!split.test_given);
        assert_no_group_straddles(&places, &groups);
        for (image, place) in images.iter().zip(&places) {
            // At the first drawing there is nothing to set aside.
            prop_assert_ne!(*place, Place::SetAside);
            prop_assert!(image.split == Split::Auto || *place == Place::Train);
        }
    }

    /// Groups that the user has given and near-duplicates may join one another in any way, whoever gives the test images.
    #[test]
    fn neither_a_group_that_was_given_nor_near_duplicates_straddle_the_split(
        images in images(true),
        given in prop::collection::vec(prop::option::of(0..12_usize), 64),
        tested in prop::collection::vec(prop::bool::weighted(0.1), 64),
        seed in 0..50_u64,
    ) {
        let images: Vec<Image> = images
            .into_iter()
            .zip(tested)
            .enumerate()
            // The first of each class stay for training.
            .map(|(id, (image, tested))| match tested && id >= 4 {
                true => Image { split: Split::Test, ..image },
                false => image,
            })
            .collect();
        let (mut data, near) = (dataset_in_groups(&images, &given), groups(&images));
        let units = data.units(&near);
        let split = data.partition(&units, seed).unwrap();
        let places = places(&split, images.len());
        assert_no_group_straddles(&places, &near);
        for group in 0..12 {
            let of_group = (0..images.len()).filter(|&id| given[id] == Some(group));
            let sides: Vec<Place> =
                of_group.map(|id| places[id]).filter(|place| *place != Place::SetAside).collect();
            prop_assert!(sides.iter().all(|side| *side == sides[0]), "group {}: {:?}", group, sides);
        }
    }

    #[test]
    fn without_groups_each_class_holds_out_a_fifth_to_the_image(
        sizes in prop::collection::vec(1..60_usize, 2..5),
        seed in 0..50_u64,
    ) {
        let images = unlike_images(&sizes);
        let split = dataset(&images).partition(&groups(&images), seed).unwrap();
        for (class, &size) in sizes.iter().enumerate() {
            let held_out = split.test.iter().filter(|&&id| images[id].class == class);
            prop_assert_eq!(held_out.count(), wanted(size), "of {}", size);
        }
    }

    /// Where each group has one label: a class holds out no more than its share, or one group, its smallest;
    /// and it holds out something wherever it has two groups to choose between.
    #[test]
    fn with_groups_a_class_holds_out_its_share_at_most_or_its_smallest_group(
        images in images(false),
        seed in 0..50_u64,
    ) {
        let groups = groups(&images);
        let split = dataset(&images).partition(&groups, seed).unwrap();
        for class in 0..4 {
            let of_class = |&id: &usize| images[id].class == class;
            let auto: Vec<usize> = (0..images.len())
                .filter(|id| of_class(id) && images[*id].split == Split::Auto)
                .collect();
            // A group with an image marked for training is all for training.
            let marked: HashSet<usize> = (0..images.len())
                .filter(|&id| images[id].split == Split::Train)
                .map(|id| groups[id])
                .collect();
            let mut free: HashMap<usize, usize> = HashMap::new();
            for &id in auto.iter().filter(|&&id| !marked.contains(&groups[id])) {
                *free.entry(groups[id]).or_default() += 1;
            }
            let held_out: Vec<usize> = split.test.iter().copied().filter(of_class).collect();
            if held_out.len() > wanted(auto.len()) {
                let taken: HashSet<usize> = held_out.iter().map(|&id| groups[id]).collect();
                prop_assert_eq!(taken.len(), 1);
                prop_assert_eq!(Some(&held_out.len()), free.values().min());
            }
            // The last image of the class that is not marked is not spared.
            let spare = free.values().any(|&size| size < auto.len());
            prop_assert_eq!(!held_out.is_empty(), spare, "{:?} of {}", free, auto.len());
        }
    }

    /// Where a group has several labels, a class may hold out nothing only if each of its groups is the last
    /// of one of its labels.
    #[test]
    fn a_class_goes_without_test_images_only_where_no_group_can_be_spared(
        images in images(true),
        seed in 0..50_u64,
    ) {
        let groups = groups(&images);
        let split = dataset(&images).partition(&groups, seed).unwrap();
        let places = places(&split, images.len());
        let tested: HashSet<usize> = split.test.iter().map(|&id| images[id].class).collect();
        for class in (0..4).filter(|class| !tested.contains(class)) {
            for group in (0..images.len()).filter(|&id| images[id].class == class).map(|id| groups[id]) {
                let members: Vec<&Image> =
                    images.iter().zip(&groups).filter(|(_, g)| **g == group).map(|(i, _)| i).collect();
                let is_marked = members.iter().any(|image| image.split == Split::Train);
                let leaves_none = |class: usize| {
                    let left = |image: &Image| image.class == class && image.split == Split::Auto;
                    let kept = images.iter().zip(&places).filter(|(i, p)| left(i) && **p == Place::Train);
                    kept.count() <= members.iter().filter(|image| image.class == class).count()
                };
                prop_assert!(is_marked || members.iter().any(|image| leaves_none(image.class)));
            }
        }
    }

    #[test]
    fn the_order_of_adding_does_not_matter(
        (images, shuffled) in images(true).prop_flat_map(|i| (Just(i.clone()), Just(i).prop_shuffle())),
        seed in 0..50_u64,
    ) {
        let (mut one, mut other) = (dataset(&images), dataset(&shuffled));
        let split = one.partition(&groups(&images), seed).unwrap();
        let again = other.partition(&groups(&shuffled), seed).unwrap();
        prop_assert_eq!(by_content(&one, &split), by_content(&other, &again));
        // Even the order in which a fit gets the images is the same.
        let order = |data: &Dataset, ids: &[usize]| -> Vec<String> {
            ids.iter().map(|&id| data.samples()[id].hash.clone()).collect()
        };
        prop_assert_eq!(order(&one, &split.train), order(&other, &again.train));
        prop_assert_eq!(order(&one, &split.test), order(&other, &again.test));
    }

    /// Groups may change in any way when images come; those of the first images are drawn anew here.
    #[test]
    fn no_image_ever_changes_its_side_under_one_seed(
        images in images(true),
        regrouping in prop::collection::vec(0..40_usize, 64),
        share in 0.0..1.0_f64,
        seed in 0..50_u64,
    ) {
        // The first images are one of each class, without which there is no split.
        let first = 4.min(images.len()) + (share * images.len().saturating_sub(4) as f64) as usize;
        let mut data = dataset(&images[..first]);
        let Ok(before) = data.partition(&groups(&images[..first]), seed) else {
            return Ok(());
        };
        prop_assert_eq!(&data.partition(&groups(&images[..first]), seed).unwrap(), &before);
        add(&mut data, &images[first..]);
        let regrouped: Vec<Image> = images
            .iter()
            .zip(&regrouping)
            .map(|(image, &group)| Image { group, ..image.clone() })
            .collect();
        let groups = groups(&regrouped);
        let after = data.partition(&groups, seed).unwrap();
        let places = places(&after, images.len());
        assert_no_group_straddles(&places, &groups);
        prop_assert!(before.train.iter().all(|&id| places[id] == Place::Train));
        prop_assert!(before.test.iter().all(|&id| places[id] != Place::Train));
        for id in after.set_aside {
            let bridged = (0..images.len()).any(|other| {
                groups[other] == groups[id] && places[other] == Place::Train
            });
            prop_assert!(bridged, "nothing of image {}'s group is for training", id);
        }
    }

    #[test]
    fn without_groups_the_share_holds_however_images_come(
        sizes in prop::collection::vec((1..20_usize, 0..20_usize), 2..4),
        seed in 0..50_u64,
    ) {
        let first: Vec<usize> = sizes.iter().map(|size| size.0).collect();
        let mut images = unlike_images(&first);
        let mut data = dataset(&images);
        data.partition(&groups(&images), seed).unwrap();
        let more: Vec<usize> = sizes.iter().map(|size| size.1).collect();
        let mut more = unlike_images(&more);
        for image in &mut more {
            image.content += 1000;
            image.group += 1000;
        }
        add(&mut data, &more);
        images.extend(more);
        let split = data.partition(&groups(&images), seed).unwrap();
        for (class, size) in sizes.iter().enumerate() {
            let held_out = split.test.iter().filter(|&&id| images[id].class == class);
            prop_assert_eq!(held_out.count(), wanted(size.0 + size.1));
        }
    }

    #[test]
    fn test_images_given_by_the_user_are_used_but_for_near_duplicates_of_training_images(
        images in images(true),
        given in prop::collection::vec(any::<bool>(), 64),
        seed in 0..50_u64,
    ) {
        let images: Vec<Image> = images
            .into_iter()
            .zip(given)
            .enumerate()
            // The first of each class stay for training.
            .map(|(id, (image, given))| match given && id >= 4 {
                true => Image { split: Split::Test, ..image },
                false => image,
            })
            .collect();
        let groups = groups(&images);
        let split = dataset(&images).partition(&groups, seed).unwrap();
        let is_given = images.iter().any(|image| image.split == Split::Test);
        prop_assert_eq!(split.test_given, is_given);
        if !is_given {
            return Ok(());
        }
        let learned: HashSet<usize> = (0..images.len())
            .filter(|&id| images[id].split != Split::Test)
            .map(|id| groups[id])
            .collect();
        for (id, place) in places(&split, images.len()).into_iter().enumerate() {
            let expected = match (images[id].split, learned.contains(&groups[id])) {
                (Split::Test, true) => Place::SetAside,
                (Split::Test, false) => Place::Test,
                _ => Place::Train,
            };
            prop_assert_eq!(place, expected);
        }
    }
}

#[test]
fn another_seed_draws_anew_and_the_first_seed_finds_its_sides_again() {
    let images = unlike_images(&[50, 50]);
    let groups = groups(&images);
    let mut data = dataset(&images);
    let first = data.partition(&groups, 3).unwrap();
    let second = data.partition(&groups, 4).unwrap();
    assert_ne!(first, second);
    assert_eq!(second.test.len(), 20);
    assert_eq!(data.partition(&groups, 3).unwrap(), first);
}

#[test]
fn a_class_whose_images_are_all_alike_has_none_in_the_test() {
    let mut images = unlike_images(&[12, 12]);
    images[..12].iter_mut().for_each(|image| image.group = 0);
    for seed in 0..20 {
        let groups = groups(&images);
        let split = dataset(&images).partition(&groups, seed).unwrap();
        assert!(split.test.iter().all(|&id| images[id].class == 1));
        assert_eq!(split.test.len(), 2);
        assert!(split.set_aside.is_empty());
    }
}

#[test]
fn one_image_of_each_class_is_for_training() {
    let images = unlike_images(&[1, 1, 1]);
    let split = dataset(&images).partition(&groups(&images), 0).unwrap();
    assert_eq!((split.train.len(), split.test.len()), (3, 0));
}

#[test]
fn an_image_that_bridges_both_sides_sets_the_test_side_aside() {
    let mut images = unlike_images(&[10, 10]);
    let mut data = dataset(&images);
    let before = data.partition(&groups(&images), 0).unwrap();
    let (learned, judged) = (before.train[0], before.test[0]);
    images.push(Image {
        content: 20,
        class: images[learned].class,
        split: Split::Auto,
        group: images[learned].group,
    });
    add(&mut data, &images[20..]);
    images[judged].group = images[learned].group;
    let after = data.partition(&groups(&images), 0).unwrap();
    assert_eq!(after.set_aside, [judged]);
    assert!(after.train.contains(&20));
}

/// Nothing fits into either class's share of one, so a group is chosen for each. The smallest of class 0 has
/// an image of class 1 too; which class is served first must not depend on which was added first.
#[test]
fn the_order_of_classes_does_not_matter_where_groups_have_several_labels() {
    let of = [(1, 0, 2), (0, 1, 2), (1, 1, 1), (0, 2, 4), (1, 3, 3)];
    let images: Vec<Image> = of
        .into_iter()
        .flat_map(|(class, group, count)| std::iter::repeat_n((class, group), count))
        .enumerate()
        .map(|(content, (class, group))| Image {
            content,
            class,
            split: Split::Auto,
            group,
        })
        .collect();
    let backwards: Vec<Image> = images.iter().rev().cloned().collect();
    let mut turned = images.clone();
    turned.rotate_left(2);
    for seed in 0..20 {
        let held_out = |images: &[Image]| {
            let mut data = dataset(images);
            let split = data.partition(&groups(images), seed).unwrap();
            by_content(&data, &split)
        };
        assert_eq!(held_out(&images), held_out(&backwards));
        assert_eq!(held_out(&images), held_out(&turned));
    }
}

#[test]
fn too_little_data_is_refused_with_the_class_and_the_remedy() {
    let refusal = |counts: &[(usize, Split, usize)]| {
        let images: Vec<Image> = counts
            .iter()
            .flat_map(|&(class, split, count)| std::iter::repeat_n((class, split), count))
            .enumerate()
            .map(|(content, (class, split))| Image {
                content,
                class,
                split,
                group: content,
            })
            .collect();
        let groups = groups(&images);
        dataset(&images).partition(&groups, 0).unwrap_err()
    };
    assert_eq!(refusal(&[]).code(), "NO_IMAGES");
    assert_eq!(refusal(&[(0, Split::Test, 5)]).code(), "NO_IMAGES");
    let one_class = refusal(&[(7, Split::Auto, 5)]);
    assert_eq!(one_class.code(), "TOO_FEW_CLASSES");
    let message = one_class.to_string();
    assert!(message.contains("\"class 7\"") && message.contains("Add photos"));
    let only_tests = refusal(&[(0, Split::Auto, 5), (1, Split::Test, 5)]);
    assert_eq!(only_tests.code(), "TOO_FEW_IMAGES");
    let message = only_tests.to_string();
    assert!(
        message.contains("The class \"class 1\" has no image to train on. Add a few photos"),
        "{message}"
    );
}
