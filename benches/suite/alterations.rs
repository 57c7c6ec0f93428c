//! What happens to a photo that remains the same photo: saved again, cut, lit differently, filmed on.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::picture::Picture;
use crate::teachable_machine::normal;

/// A name, and what it does to a picture; the seed is for what is random.
pub type Alteration = (&'static str, fn(&Picture, u64) -> Picture);

pub const ALTERATIONS: [Alteration; 15] = [
    ("moved by 5 %", |picture, _| cut(picture, 0.95, (1.0, 1.0))),
    ("moved by 10 %", |picture, _| cut(picture, 0.90, (1.0, 0.0))),
    ("cut to 90 %", |picture, _| cut(picture, 0.90, (0.5, 0.5))),
    ("turned by 5°", |picture, _| turned(picture, 5.0)),
    ("turned by 5° and cut", |picture, _| {
        cut(&turned(picture, 5.0), 0.88, (0.5, 0.5))
    }),
    ("30 % brighter", |picture, _| levels(picture, 1.3, 0.0)),
    ("30 % darker", |picture, _| levels(picture, 0.7, 0.0)),
    ("30 % less contrast", |picture, _| {
        levels(picture, 0.7, 128.0)
    }),
    ("JPEG, quality 40", |picture, _| picture.saved(40)),
    ("JPEG, quality 15", |picture, _| picture.saved(15)),
    ("half the size", |picture, _| picture.smaller(2)),
    ("a quarter of the size", |picture, _| picture.smaller(4)),
    ("saved twice, smaller", |picture, _| {
        picture.saved(80).smaller(2).saved(60)
    }),
    ("the next frame", next_frame),
    ("mirrored", |picture, _| mirrored(picture)),
];

/// The camera moved a little and measured the light anew.
fn next_frame(picture: &Picture, seed: u64) -> Picture {
    // Of the 7 % that are cut, 3.5 % lie on each side when it is centred.
    let moved = cut(picture, 0.93, (0.5 + 0.02 / 0.07, 0.5 + 0.01 / 0.07));
    noise(&levels(&moved, 1.05, 0.0), 4.0, seed).saved(75)
}

fn mirrored(picture: &Picture) -> Picture {
    picture.redrawn(|x, y| picture.at(picture.width - 1 - x, y))
}

/// Keeps a share of each side; `at` says where, from 0 (left, top) to 1 (right, bottom).
fn cut(picture: &Picture, share: f64, at: (f64, f64)) -> Picture {
    let part = |side: usize, share: f64| (side as f64 * share).round() as usize;
    let (width, height) = (part(picture.width, share), part(picture.height, share));
    let left = part(picture.width - width, at.0);
    let top = part(picture.height - height, at.1);
    picture.cut(left, top, width, height)
}

/// Stretches levels by a factor around one that stays.
fn levels(picture: &Picture, factor: f64, around: f64) -> Picture {
    each_value(picture, |value| (value - around) * factor + around)
}

fn noise(picture: &Picture, deviation: f64, seed: u64) -> Picture {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    each_value(picture, |value| value + deviation * normal(&mut rng))
}

fn each_value(picture: &Picture, mut change: impl FnMut(f64) -> f64) -> Picture {
    let mut changed = picture.clone();
    for value in &mut changed.pixels {
        *value = to_level(change(f64::from(*value)));
    }
    changed
}

/// Turned around the middle, bilinearly; the border goes on outside the picture.
fn turned(picture: &Picture, degrees: f64) -> Picture {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let last = |side: usize| (side - 1) as f64;
    let (right, bottom) = (last(picture.width), last(picture.height));
    picture.redrawn(|x, y| {
        let (across, down) = (x as f64 - right / 2.0, y as f64 - bottom / 2.0);
        let from_x = (across * cos - down * sin + right / 2.0).clamp(0.0, right);
        let from_y = (across * sin + down * cos + bottom / 2.0).clamp(0.0, bottom);
        let (left, top) = (from_x as usize, from_y as usize);
        let at = |x: usize, y: usize, channel: usize| {
            let (x, y) = (x.min(picture.width - 1), y.min(picture.height - 1));
            f64::from(picture.at(x, y)[channel])
        };
        [0, 1, 2].map(|channel| {
            let row = |y: usize| {
                let (a, b) = (at(left, y, channel), at(left + 1, y, channel));
                a + (b - a) * from_x.fract()
            };
            to_level(row(top) + (row(top + 1) - row(top)) * from_y.fract())
        })
    })
}

fn to_level(value: f64) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}
