use proptest::prelude::*;

use super::super::fingerprint::tests::{SCENE, drawn, of};
use super::super::{Dataset, Kept, NewImage};
use super::{COMPARED, Fingerprint, NearDuplicates, Similarity};

/// Scene `seed`, moved by so many hundredths of a half-side.
fn frame(seed: u64, moved: usize) -> Fingerprint {
    let way = Similarity {
        x: moved as f32 / 100.0,
        ..Similarity::IDENTITY
    };
    of(&drawn(seed, &SCENE, way, |value| value))
}

fn indexed(fingerprints: &[Fingerprint]) -> NearDuplicates {
    let mut index = NearDuplicates::default();
    for fingerprint in fingerprints {
        index.add(Some(fingerprint.clone()));
    }
    index
}

/// Without these of so many images.
fn without(count: usize, gone: &[usize]) -> Kept {
    let mut dataset = Dataset::default();
    for at in 0..count {
        let hash = at.to_string();
        let added = dataset.add(NewImage::new("image", &hash, "class", &[0.0]));
        added.expect("it is new");
    }
    dataset.without(gone).expect("they are there")
}

#[test]
fn copies_are_one_group_and_others_are_alone() {
    let images = [
        frame(1, 0),
        frame(2, 0),
        frame(1, 10),
        frame(3, 0),
        frame(2, 15),
    ];
    assert_eq!(indexed(&images).groups(), [0, 1, 0, 3, 1]);
}

#[test]
fn images_without_a_fingerprint_are_alone() {
    let mut index = NearDuplicates::default();
    for fingerprint in [None, Some(frame(1, 0)), None, Some(frame(1, 5))] {
        index.add(fingerprint);
    }
    assert_eq!(index.groups(), [0, 1, 2, 1]);
    assert_eq!(index.fingerprint(0), None);
    index.retain(&without(4, &[1]));
    assert_eq!(index.groups(), [0, 1, 2]);
}

#[test]
fn a_film_falls_apart_without_its_middle() {
    // The first and the last are too far from each other.
    let images = [frame(1, 0), frame(1, 20), frame(1, 40)];
    let mut index = indexed(&images);
    assert_eq!(index.groups(), [0, 0, 0]);
    index.retain(&without(3, &[1]));
    assert_eq!(index.groups(), [0, 1]);
}

#[test]
fn many_of_the_same_are_compared_once_each() {
    let image = frame(1, 0);
    let count = 2000;
    let mut index = indexed(&vec![image; count]);
    assert_eq!(index.groups(), vec![0; count]);
    assert_eq!(index.compared(), count - 1);
    index.retain(&without(count, &[0]));
    assert_eq!(index.groups(), vec![0; count - 1]);
    assert_eq!(index.compared(), 2 * count - 3);
}

#[test]
fn many_that_are_alike_are_compared_with_few() {
    // The same outlines, with other details.
    let bytes = frame(1, 0).to_bytes();
    let mut state = 1_u32;
    let alike: Vec<Fingerprint> = (0..500)
        .map(|_| {
            let mut bytes = bytes;
            for byte in &mut bytes[super::super::fingerprint::FINE_AT..] {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *byte = (byte.cast_signed() / 2)
                    .wrapping_add((state >> 24) as i8 / 3)
                    .cast_unsigned();
            }
            Fingerprint::from_bytes(&bytes)
        })
        .collect();
    let index = indexed(&alike);
    assert_eq!(index.groups(), (0..500).collect::<Vec<_>>());
    assert!(index.compared() <= 500 * COMPARED);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// As if those that are gone had never been there.
    #[test]
    fn removal_leaves_what_adding_the_rest_gives(
        images in prop::collection::vec((1_u64..4, 0_usize..7), 1..14),
        gone in prop::collection::vec(any::<bool>(), 14),
    ) {
        let images: Vec<Fingerprint> = images
            .into_iter()
            .map(|(seed, moved)| frame(seed, 12 * moved))
            .collect();
        let mut index = indexed(&images);
        let ids: Vec<usize> = (0..images.len()).filter(|&at| gone[at]).collect();
        let rest: Vec<Fingerprint> = images
            .iter()
            .zip(&gone)
            .filter(|(_, gone)| !**gone)
            .map(|(image, _)| image.clone())
            .collect();
        index.retain(&without(images.len(), &ids));
        prop_assert_eq!(index.groups(), indexed(&rest).groups());
    }
}
