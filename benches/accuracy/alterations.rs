//! What happens to a photo that remains the same photo: saved again, cut, lit differently, filmed on.

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{ImageFormat, Rgb, RgbImage};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::teachable_machine::normal;

/// A name, and what it does to a picture; the seed is for what is random.
pub type Alteration = (&'static str, fn(&RgbImage, u64) -> RgbImage);

pub const ALTERATIONS: [Alteration; 16] = [
    ("JPEG, quality 80", |picture, _| jpeg(picture, 80)),
    ("JPEG, quality 40", |picture, _| jpeg(picture, 40)),
    ("JPEG, quality 15", |picture, _| jpeg(picture, 15)),
    ("half the size", |picture, _| half(picture)),
    ("cut to 95 %", |picture, _| cut(picture, 0.95, (0.5, 0.5))),
    ("cut to 90 %", |picture, _| cut(picture, 0.90, (0.5, 0.5))),
    ("cut to 80 %", |picture, _| cut(picture, 0.80, (0.5, 0.5))),
    ("shifted by 3 %", |picture, _| {
        cut(picture, 0.97, (1.0, 1.0))
    }),
    ("15 % brighter", |picture, _| levels(picture, 1.15, 0.0)),
    ("15 % less contrast", |picture, _| {
        levels(picture, 0.85, 128.0)
    }),
    ("turned by 2°", |picture, _| turned(picture, 2.0)),
    ("noise of 6 levels", |picture, seed| {
        noise(picture, 6.0, seed)
    }),
    ("blurred by 1 pixel", |picture, _| {
        imageops::blur(picture, 1.0)
    }),
    ("saved twice, smaller", |picture, _| {
        jpeg(&half(&jpeg(picture, 80)), 60)
    }),
    ("the next frame", next_frame),
    ("mirrored", |picture, _| imageops::flip_horizontal(picture)),
];

/// The camera moved a little and measured the light anew.
fn next_frame(picture: &RgbImage, seed: u64) -> RgbImage {
    // Of the 7 % that are cut, 3.5 % lie on each side when it is centred.
    let moved = cut(picture, 0.93, (0.5 + 0.02 / 0.07, 0.5 + 0.01 / 0.07));
    jpeg(&noise(&levels(&moved, 1.05, 0.0), 4.0, seed), 75)
}

fn jpeg(picture: &RgbImage, quality: u8) -> RgbImage {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality)
        .encode_image(picture)
        .expect("a picture can be encoded");
    image::load_from_memory_with_format(&bytes, ImageFormat::Jpeg)
        .expect("what was encoded can be decoded")
        .to_rgb8()
}

fn half(picture: &RgbImage) -> RgbImage {
    let (width, height) = (picture.width() / 2, picture.height() / 2);
    imageops::resize(picture, width, height, FilterType::Triangle)
}

/// Keeps a share of each side; `at` says where, from 0 (left, top) to 1 (right, bottom).
fn cut(picture: &RgbImage, share: f64, at: (f64, f64)) -> RgbImage {
    let kept = |side: u32| (f64::from(side) * share).round() as u32;
    let (width, height) = (kept(picture.width()), kept(picture.height()));
    let start = |over: u32, at: f64| (f64::from(over) * at).round() as u32;
    let left = start(picture.width() - width, at.0);
    let top = start(picture.height() - height, at.1);
    imageops::crop_imm(picture, left, top, width, height).to_image()
}

/// Stretches levels by a factor around one that stays.
fn levels(picture: &RgbImage, factor: f64, around: f64) -> RgbImage {
    each_value(picture, |value| (value - around) * factor + around)
}

fn noise(picture: &RgbImage, deviation: f64, seed: u64) -> RgbImage {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    each_value(picture, |value| value + deviation * normal(&mut rng))
}

fn each_value(picture: &RgbImage, mut change: impl FnMut(f64) -> f64) -> RgbImage {
    let mut changed = picture.clone();
    for value in changed.iter_mut() {
        *value = to_level(change(f64::from(*value)));
    }
    changed
}

/// Turned around the middle, bilinearly; the border goes on outside the picture.
fn turned(picture: &RgbImage, degrees: f64) -> RgbImage {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let last = |side: u32| f64::from(side - 1);
    let (right, bottom) = (last(picture.width()), last(picture.height()));
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let (across, down) = (f64::from(x) - right / 2.0, f64::from(y) - bottom / 2.0);
        let from_x = (across * cos - down * sin + right / 2.0).clamp(0.0, right);
        let from_y = (across * sin + down * cos + bottom / 2.0).clamp(0.0, bottom);
        let (left, top) = (from_x as u32, from_y as u32);
        let at = |x: u32, y: u32, channel: usize| {
            let (x, y) = (x.min(picture.width() - 1), y.min(picture.height() - 1));
            f64::from(picture.get_pixel(x, y)[channel])
        };
        Rgb([0, 1, 2].map(|channel| {
            let row = |y: u32| {
                let (a, b) = (at(left, y, channel), at(left + 1, y, channel));
                a + (b - a) * from_x.fract()
            };
            to_level(row(top) + (row(top + 1) - row(top)) * from_y.fract())
        }))
    })
}

fn to_level(value: f64) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}
