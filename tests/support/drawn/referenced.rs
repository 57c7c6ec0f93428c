//! The pictures that references were computed of, by `fixtures/drawn-network/references.py`.

use headstart::image::INPUT_SIDE;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::pictures::{CLASSES, Kind, Picture, picture_of_size};

/// Crops of each class.
pub const CROPS_PER_CLASS: usize = 10;

/// The first of them, past all that are in the drawn data set.
const FIRST: usize = 104;

/// As large as the network's input: ten of each class, one class after the other, and a stranger.
pub fn crops() -> Vec<Picture> {
    let of = |kind, number| picture_of_size(kind, number, [INPUT_SIDE; 2]);
    let known = CLASSES
        .into_iter()
        .flat_map(|kind| (FIRST..FIRST + CROPS_PER_CLASS).map(move |number| of(kind, number)));
    known.chain([of(Kind::Stranger, FIRST)]).collect()
}

/// Sizes that resizing must get right, in any of which a rule may show that the others hide. In the names' order.
pub const SIZES: [(&str, [usize; 2]); 8] = [
    ("exact224", [224, 224]),
    ("exact256", [256, 256]),
    ("landscape", [301, 200]),
    ("large", [801, 1201]),
    ("one-pixel-tall", [64, 1]),
    ("portrait", [200, 301]),
    ("tiny", [53, 37]),
    ("wide", [1000, 90]),
];

/// A picture of each size. Grain covers it, so that no two rows, columns, channels or filters are alike.
pub fn resized() -> impl Iterator<Item = (&'static str, Picture)> {
    SIZES.into_iter().enumerate().map(|(number, (name, size))| {
        let mut picture = picture_of_size(CLASSES[number % CLASSES.len()], number, size);
        let mut grain = vec![0; picture.rgb.len()];
        ChaCha8Rng::seed_from_u64(number as u64).fill_bytes(&mut grain);
        for (level, grain) in picture.rgb.iter_mut().zip(grain) {
            *level = level.midpoint(grain);
        }
        (name, picture)
    })
}
