//! Near-duplicates: what is one picture altered a little is found, and what is alike in kind only is not.

use crate::support::CROPS;
use crate::support::alterations::{
    LIT, MOVED, assert_altered_ones_join_their_originals, groups, seen_otherwise,
};
use headstart::image::INPUT_SIDE;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A texture: smooth noise that looks alike everywhere and is nowhere the same.
fn texture(seed: u64) -> Vec<u8> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let cells = INPUT_SIDE / 16 + 2;
    let levels: Vec<f32> = (0..cells * cells)
        .map(|_| rng.random_range(60.0..200.0))
        .collect();
    let level = |i: usize| {
        let (x, y) = (
            (i % INPUT_SIDE) as f32 / 16.0,
            (i / INPUT_SIDE) as f32 / 16.0,
        );
        let (left, top) = (x as usize, y as usize);
        let at = |x: usize, y: usize| levels[y * cells + x];
        let row = |y| at(left, y) * (1.0 - x.fract()) + at(left + 1, y) * x.fract();
        (row(top) * (1.0 - y.fract()) + row(top + 1) * y.fract()) as u8
    };
    (0..INPUT_SIDE * INPUT_SIDE)
        .flat_map(|i| [level(i); 3])
        .collect()
}

/// Checks, rings and stripes, finer than what a fingerprint tells the place of, so that no camera is moved here.
#[test]
fn pictures_lit_otherwise_join_their_originals_and_different_ones_never_join() {
    assert_altered_ones_join_their_originals("drawn pictures", &CROPS, &LIT);
}

#[test]
fn textures_of_one_kind_are_not_one_picture() {
    let textures: Vec<Vec<u8>> = (0..60).map(texture).collect();
    let all: Vec<usize> = (0..60).collect();
    assert_eq!(groups(&textures), all);
    let alterations = [&MOVED[..], &LIT].concat();
    assert_altered_ones_join_their_originals("textures", &textures[..20], &alterations);
}

#[test]
fn a_film_is_one_group_named_by_its_first_frame() {
    let mut crops: Vec<Vec<u8>> = (0..12).map(texture).collect();
    // Each frame is moved on, up to a third of the side from the first.
    for frame in 1..12 {
        let moved = 0.03 * f64::from(frame);
        crops.push(seen_otherwise(&texture(99), 0.6, 0.0, [moved - 0.18, 0.0]));
    }
    let found = groups(&crops);
    assert!(
        found[13..].iter().all(|&group| group == found[12]),
        "{found:?}"
    );
}

#[test]
fn pictures_without_anything_in_them_are_copies_of_their_own_colour_only() {
    let plain = |level: u8| vec![level; 3 * INPUT_SIDE * INPUT_SIDE];
    let crops = [
        plain(0),
        plain(128),
        plain(0),
        plain(255),
        plain(129),
        CROPS[0].clone(),
    ];
    assert_eq!(groups(&crops), [0, 1, 0, 3, 1, 5]);
}

#[test]
fn groups_do_not_depend_on_the_order_of_images() {
    let mut crops: Vec<Vec<u8>> = (0..15).map(texture).collect();
    crops.extend((0..15).map(|seed| seen_otherwise(&texture(seed), 0.95, 2.0, [0.01, 0.0])));
    let one = groups(&crops);
    for seed in 0..3 {
        let mut order: Vec<usize> = (0..30).collect();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        let other = groups(order.iter().map(|&place| &crops[place]));
        for a in 0..30 {
            for b in 0..a {
                let together = one[order[a]] == one[order[b]];
                assert_eq!(together, other[a] == other[b]);
            }
        }
    }
}
