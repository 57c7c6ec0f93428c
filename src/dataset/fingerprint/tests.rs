use super::{FINGERPRINT_LEN, Fingerprint, Picture, Similarity};
use crate::image::{INPUT_LEN, INPUT_SIDE};

/// A grey picture of so many uneven cells a side, drawn anew wherever and however it is looked at.
pub fn drawn(seed: u64, cells: &[f32], way: Similarity, lit: impl Fn(f32) -> f32) -> Vec<u8> {
    let half = INPUT_SIDE as f32 / 2.0;
    let place = |at: usize| (at as f32 + 0.5 - half) / half;
    let mut crop = Vec::with_capacity(INPUT_LEN);
    for y in 0..INPUT_SIDE {
        for x in 0..INPUT_SIDE {
            let (u, v) = way.apply(place(x), place(y));
            let layers = cells.iter().map(|&cells| noise(seed, u * cells, v * cells));
            let value = lit(layers.sum::<f32>() / cells.len() as f32);
            crop.extend([(value * 255.0) as u8; 3]);
        }
    }
    crop
}

/// From 0 to 1, linear between whole numbers.
fn noise(seed: u64, x: f32, y: f32) -> f32 {
    let at = |column: f32, row: f32| {
        let mut hash = seed ^ (column as i64 as u64) << 32 ^ (row as i64 as u64);
        for _ in 0..2 {
            hash = (hash ^ hash >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        }
        (hash >> 40) as f32 / (1_u32 << 24) as f32
    };
    let (left, top) = (x.floor(), y.floor());
    let row = |row: f32| at(left, row) + (at(left + 1.0, row) - at(left, row)) * (x - left);
    row(top) + (row(top + 1.0) - row(top)) * (y - top)
}

pub const SCENE: [f32; 3] = [3.0, 6.0, 11.0];
const TEXTURE: [f32; 2] = [9.0, 17.0];

pub fn of(crop: &[u8]) -> Fingerprint {
    Fingerprint::of_crop(crop).expect("it has the length of a crop")
}

fn same(a: &Fingerprint, b: &Fingerprint) -> bool {
    let (_, near) = a.probe().finer_distance(b.keys().1);
    let picture = Picture::new(a);
    let way = picture.lay_over(b, near);
    way.is_some_and(|(_, way)| picture.shows_the_same_as(b, way))
}

#[test]
fn bytes_come_back() {
    let fingerprint = of(&drawn(1, &SCENE, Similarity::IDENTITY, |value| value));
    let bytes = fingerprint.to_bytes();
    assert_eq!(bytes.len(), FINGERPRINT_LEN);
    assert_eq!(Fingerprint::from_bytes(&bytes), fingerprint);
}

#[test]
fn other_lengths_have_no_fingerprint() {
    assert_eq!(Fingerprint::of_crop(&[]), None);
    assert_eq!(Fingerprint::of_crop(&vec![0; INPUT_LEN + 3]), None);
}

/// On every machine: the sum is of what one of them gave.
#[test]
fn a_fingerprint_is_the_same_everywhere() {
    let crop: Vec<u8> = (0..INPUT_LEN as u64)
        .map(|at| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8 / 2 + (at / 1200) as u8)
        .collect();
    let bytes = of(&crop).to_bytes();
    let sum = bytes.iter().fold(0_u64, |sum, &byte| {
        sum.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte)
    });
    assert_eq!(sum, 12_523_631_119_117_566_212);
}

#[test]
fn copies_are_found() {
    let ways = [
        (
            "moved by 5 %",
            Similarity {
                x: 0.1,
                y: 0.1,
                ..Similarity::IDENTITY
            },
        ),
        (
            "moved by 10 %",
            Similarity {
                x: -0.2,
                ..Similarity::IDENTITY
            },
        ),
        (
            "cut to 90 %",
            Similarity {
                a: 0.9,
                ..Similarity::IDENTITY
            },
        ),
        (
            "turned by 5°",
            Similarity {
                a: 0.9962,
                b: 0.0872,
                x: 0.0,
                y: 0.0,
            },
        ),
        (
            "turned and cut",
            Similarity {
                a: 0.88,
                b: -0.077,
                x: 0.0,
                y: 0.0,
            },
        ),
    ];
    for seed in 1..5 {
        for cells in [&SCENE[..], &TEXTURE] {
            let original = of(&drawn(seed, cells, Similarity::IDENTITY, |value| value));
            for (what, way) in ways {
                let copy = of(&drawn(seed, cells, way, |value| value));
                assert!(same(&copy, &original), "{what}, {seed}");
                assert!(same(&original, &copy), "{what} is the original, {seed}");
            }
            for lit in [|value| value * 0.6, |value: f32| (value * 1.3).min(1.0)] {
                let copy = of(&drawn(seed, cells, Similarity::IDENTITY, lit));
                assert!(same(&copy, &original), "lit otherwise, {seed}");
            }
        }
    }
}

#[test]
fn other_pictures_are_no_copies() {
    for cells in [&SCENE[..], &TEXTURE] {
        let pictures: Vec<Fingerprint> = (1..20)
            .map(|seed| of(&drawn(seed, cells, Similarity::IDENTITY, |value| value)))
            .collect();
        for (at, a) in pictures.iter().enumerate() {
            assert!(!pictures[..at].iter().any(|b| same(a, b)), "{at}");
        }
    }
}

#[test]
fn flat_pictures_are_copies_of_the_same_colour_only() {
    let flat = |grey: u8| of(&vec![grey; INPUT_LEN]);
    assert!(same(&flat(90), &flat(90)));
    assert!(same(&flat(90), &flat(92)));
    assert!(!same(&flat(90), &flat(110)));
    assert!(!same(&flat(0), &flat(255)));
    let scene = of(&drawn(1, &SCENE, Similarity::IDENTITY, |value| value));
    assert!(!same(&flat(127), &scene));
    assert!(!same(&scene, &flat(127)));
}

#[test]
fn faint_pictures_are_told_apart() {
    let faint = |seed| {
        of(&drawn(seed, &SCENE, Similarity::IDENTITY, |value| {
            0.5 + value * 0.05
        }))
    };
    assert!(same(&faint(1), &faint(1)));
    assert!(!same(&faint(1), &faint(2)));
}
