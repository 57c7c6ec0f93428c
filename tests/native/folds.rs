//! Folds and images held out within the training images: stratified, groups undivided.

use std::collections::{HashMap, HashSet};

use crate::support::synthetic::{Image, dataset, dataset_in_groups, groups, unlike_images};
use headstart::dataset::{Split, folds, hold_out, shuffled_places};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 200,
        // The same cases on every machine, and no files left behind.
        rng_seed: RngSeed::Fixed(2),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Groups of one label each unless `is_mixed`.
fn images(is_mixed: bool) -> impl Strategy<Value = Vec<Image>> {
    let image = (0..3_usize, 0..25_usize);
    prop::collection::vec(image, 1..80).prop_map(move |images| {
        images
            .into_iter()
            .enumerate()
            .map(|(number, (class, group))| Image {
                content: number * 7919 % 100_003,
                class,
                split: Split::Auto,
                group: match (group % 3, is_mixed) {
                    (0, _) => 1000 + number,
                    (_, true) => group,
                    (_, false) => 10_000 * (class + 1) + group,
                },
            })
            .collect()
    })
}

/// Of each class, the groups and their sizes.
fn sizes_of_groups(images: &[Image]) -> HashMap<usize, HashMap<usize, usize>> {
    let mut sizes: HashMap<usize, HashMap<usize, usize>> = HashMap::new();
    for image in images {
        let of_class = sizes.entry(image.class).or_default();
        *of_class.entry(image.group).or_default() += 1;
    }
    sizes
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn folds_divide_no_group_and_are_as_many_as_the_smallest_class_has_groups(
        images in images(true),
        count in 2..8_usize,
        seed in 0..50_u64,
    ) {
        let groups = groups(&images);
        let ids: Vec<usize> = (0..images.len()).collect();
        let dealt = folds(&dataset(&images), &groups, &ids, count, seed);
        for (id, &fold) in dealt.iter().enumerate() {
            prop_assert_eq!(fold, dealt[groups[id]]);
        }
        let smallest = sizes_of_groups(&images).values().map(HashMap::len).min().unwrap();
        prop_assert!(*dealt.iter().max().unwrap() < count.min(smallest));
    }

    #[test]
    fn neither_a_group_that_was_given_nor_near_duplicates_straddle_folds_or_images_held_out(
        images in images(true),
        given in prop::collection::vec(prop::option::of(0..12_usize), 80),
        count in 2..8_usize,
        seed in 0..50_u64,
    ) {
        let (data, near) = (dataset_in_groups(&images, &given), groups(&images));
        let units = data.units(&near);
        let ids: Vec<usize> = (0..images.len()).collect();
        let dealt = folds(&data, &units, &ids, count, seed);
        let (_, held_out) = hold_out(&data, &units, &ids, 0.3, seed);
        for a in 0..images.len() {
            for b in 0..a {
                let is_together = near[a] == near[b] || (given[a].is_some() && given[a] == given[b]);
                prop_assert!(!is_together || dealt[a] == dealt[b], "{} and {}", a, b);
                let is_held_out = [a, b].map(|id| held_out.contains(&id));
                prop_assert!(!is_together || is_held_out[0] == is_held_out[1], "{} and {}", a, b);
            }
        }
    }

    #[test]
    fn folds_of_a_class_are_as_even_as_its_largest_group_allows(
        images in images(false),
        count in 2..8_usize,
        seed in 0..50_u64,
    ) {
        let ids: Vec<usize> = (0..images.len()).collect();
        let dealt = folds(&dataset(&images), &groups(&images), &ids, count, seed);
        let sizes = sizes_of_groups(&images);
        let made = dealt.iter().max().unwrap() + 1;
        prop_assert_eq!(made, count.min(sizes.values().map(HashMap::len).min().unwrap()));
        for (class, groups) in sizes {
            let mut filled = vec![0_usize; made];
            for &id in ids.iter().filter(|&&id| images[id].class == class) {
                filled[dealt[id]] += 1;
            }
            let (most, least) = (filled.iter().max().unwrap(), filled.iter().min().unwrap());
            prop_assert!(most - least <= *groups.values().max().unwrap(), "{:?}", filled);
            // Whatever fold is left out, a class can be learned from another.
            prop_assert!(made == 1 || *least > 0);
        }
    }

    #[test]
    fn a_head_without_one_fold_still_sees_every_class(
        images in images(true),
        count in 2..8_usize,
        seed in 0..50_u64,
    ) {
        let ids: Vec<usize> = (0..images.len()).collect();
        let dealt = folds(&dataset(&images), &groups(&images), &ids, count, seed);
        let made = dealt.iter().max().unwrap() + 1;
        for class in images.iter().map(|image| image.class) {
            let filled: HashSet<usize> =
                ids.iter().filter(|&&id| images[id].class == class).map(|&id| dealt[id]).collect();
            prop_assert!(made == 1 || filled.len() > 1);
        }
    }

    #[test]
    fn images_held_out_leave_some_of_each_class_and_divide_no_group(
        images in images(true),
        share in 0.05..0.5_f64,
        seed in 0..50_u64,
    ) {
        let groups = groups(&images);
        let ids: Vec<usize> = (0..images.len()).rev().collect();
        let data = dataset(&images);
        let (kept, held_out) = hold_out(&data, &groups, &ids, share, seed);
        prop_assert!(kept.is_sorted_by(|a, b| a > b) && held_out.is_sorted_by(|a, b| a > b));
        prop_assert_eq!(kept.len() + held_out.len(), ids.len());
        let kept_groups: HashSet<usize> = kept.iter().map(|&id| groups[id]).collect();
        prop_assert!(held_out.iter().all(|&id| !kept_groups.contains(&groups[id])));
        let classes = |ids: &[usize]| -> HashSet<usize> {
            ids.iter().map(|&id| images[id].class).collect()
        };
        prop_assert_eq!(classes(&kept), classes(&ids));
    }
}

#[test]
fn folds_of_unlike_images_differ_by_one_at_most_and_by_seed() {
    let images = unlike_images(&[23, 12]);
    let (data, groups) = (dataset(&images), groups(&images));
    let ids: Vec<usize> = (0..35).collect();
    let dealt = folds(&data, &groups, &ids, 5, 0);
    for class in 0..2 {
        let mut sizes = [0_usize; 5];
        for &id in ids.iter().filter(|&&id| images[id].class == class) {
            sizes[dealt[id]] += 1;
        }
        let (most, least) = (sizes.iter().max().unwrap(), sizes.iter().min().unwrap());
        assert!(most - least <= 1, "{sizes:?}");
    }
    assert_eq!(dealt, folds(&data, &groups, &ids, 5, 0));
    assert_ne!(dealt, folds(&data, &groups, &ids, 5, 1));
}

#[test]
fn a_class_of_one_group_makes_one_fold_only() {
    let mut images = unlike_images(&[9, 6]);
    images[9..].iter_mut().for_each(|image| image.group = 9);
    let ids: Vec<usize> = (0..15).collect();
    let dealt = folds(&dataset(&images), &groups(&images), &ids, 5, 0);
    assert_eq!(dealt, [0; 15]);
}

/// Near-duplicates under two labels, and few enough images that dealing them last would leave a class in one
/// fold for some seeds.
#[test]
fn a_group_of_two_labels_does_not_cost_a_class_its_folds() {
    let of = [
        (1, 0),
        (2, 1),
        (1, 2),
        (0, 3),
        (1, 4),
        (2, 5),
        (0, 3),
        (1, 2),
        (0, 4),
    ];
    let images: Vec<Image> = of
        .into_iter()
        .enumerate()
        .map(|(number, (class, group))| Image {
            content: number * 7919,
            class,
            split: Split::Auto,
            group,
        })
        .collect();
    let ids: Vec<usize> = (0..images.len()).collect();
    for seed in 0..200 {
        let dealt = folds(&dataset(&images), &groups(&images), &ids, 2, seed);
        for class in 0..3 {
            let filled: HashSet<usize> = ids
                .iter()
                .filter(|&&id| images[id].class == class)
                .map(|&id| dealt[id])
                .collect();
            assert_eq!(filled.len(), 2, "class {class}, seed {seed}");
        }
    }
}

#[test]
fn where_any_two_folds_would_leave_a_class_in_one_none_are_made() {
    let mut images = unlike_images(&[2, 2, 2]);
    // Each group shares a class with each other group: two of the three stand in one fold.
    for (image, group) in images.iter_mut().zip([0, 1, 1, 2, 2, 0]) {
        image.group = group;
    }
    let ids: Vec<usize> = (0..6).collect();
    for seed in 0..20 {
        let dealt = folds(&dataset(&images), &groups(&images), &ids, 5, seed);
        assert_eq!(dealt, [0; 6]);
    }
}

#[test]
fn only_the_images_asked_for_are_held_out() {
    let images = unlike_images(&[10, 10]);
    let ids: Vec<usize> = (0..20).step_by(2).collect();
    let data = dataset(&images);
    let (kept, held_out) = hold_out(&data, &groups(&images), &ids, 0.4, 0);
    assert_eq!((kept.len(), held_out.len()), (6, 4));
    assert!(kept.iter().chain(&held_out).all(|id| id % 2 == 0));
}

#[test]
fn places_are_a_shuffle_that_content_and_seed_decide() {
    let images = unlike_images(&[20, 20]);
    let data = dataset(&images);
    let ids: Vec<usize> = (0..40).collect();
    let places = shuffled_places(&data, &ids, 0);
    let mut sorted = places.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ids);
    assert_ne!(places, ids);
    assert_ne!(places, shuffled_places(&data, &ids, 1));
    // An image's place among others moves with it.
    let backwards: Vec<usize> = ids.iter().rev().copied().collect();
    let mut moved = shuffled_places(&data, &backwards, 0);
    moved.reverse();
    assert_eq!(places, moved);
}
