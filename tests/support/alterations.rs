//! Pictures altered a little, which are near-duplicates of what they were.

use headstart::dataset::{Dataset, Fingerprint, NewImage};
use headstart::image::INPUT_SIDE;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The near-duplicate group of each crop `[224, 224, 3]`.
pub fn groups<'a>(crops: impl IntoIterator<Item = &'a Vec<u8>>) -> Vec<usize> {
    let mut data = Dataset::default();
    for (number, crop) in crops.into_iter().enumerate() {
        let name = format!("{number}.jpg");
        let fingerprint = Fingerprint::of_crop(crop);
        let image = NewImage {
            fingerprint: fingerprint.as_ref(),
            ..NewImage::new(&name, &name, "all", &[0.5])
        };
        data.add(image).unwrap();
    }
    data.near_duplicates()
}

/// The crop seen through another window of the same picture: `zoom` of its size, turned by `degrees`, its middle moved
/// by shares of the side; what lies outside is the nearest edge's.
pub fn seen_otherwise(crop: &[u8], zoom: f64, degrees: f64, moved: [f64; 2]) -> Vec<u8> {
    let side = INPUT_SIDE as f64;
    let (sin, cos) = degrees.to_radians().sin_cos();
    let level = |x: f64, y: f64, channel: usize| {
        let at = |place: f64| place.clamp(0.0, side - 1.0);
        let (x, y) = (at(x), at(y));
        let (left, top) = (x as usize, y as usize);
        let value = |x: usize, y: usize| {
            let last = INPUT_SIDE - 1;
            f64::from(crop[3 * (y.min(last) * INPUT_SIDE + x.min(last)) + channel])
        };
        let (across, down) = (x.fract(), y.fract());
        let row = |y| value(left, y) * (1.0 - across) + value(left + 1, y) * across;
        row(top) * (1.0 - down) + row(top + 1) * down
    };
    let middle = (side - 1.0) / 2.0;
    let mut seen = Vec::with_capacity(crop.len());
    for i in 0..INPUT_SIDE * INPUT_SIDE {
        let (x, y) = (
            (i % INPUT_SIDE) as f64 - middle,
            (i / INPUT_SIDE) as f64 - middle,
        );
        let source_x = middle + zoom * (cos * x - sin * y) + moved[0] * side;
        let source_y = middle + zoom * (sin * x + cos * y) + moved[1] * side;
        seen.extend((0..3).map(|channel| level(source_x, source_y, channel).round() as u8));
    }
    seen
}

fn lit(crop: &[u8], factor: f32, shift: f32) -> Vec<u8> {
    let level = |&level: &u8| {
        (f32::from(level) * factor + shift)
            .round()
            .clamp(0.0, 255.0) as u8
    };
    crop.iter().map(level).collect()
}

fn noisy(crop: &[u8], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut noise = || rng.random_range(-12..=12_i16);
    let noisy = |&level: &u8| (i16::from(level) + noise()).clamp(0, 255) as u8;
    crop.iter().map(noisy).collect()
}

/// What an alteration is called, and what it makes of a crop.
pub type Alteration = (&'static str, fn(&[u8], &mut ChaCha8Rng) -> Vec<u8>);

/// The camera was moved.
pub const MOVED: [Alteration; 4] = [
    ("moved by 5 %", |crop, _| {
        seen_otherwise(crop, 1.0, 0.0, [0.05, 0.05])
    }),
    ("cut to 90 %", |crop, _| {
        seen_otherwise(crop, 0.9, 0.0, [0.0, 0.0])
    }),
    ("turned by 5 degrees", |crop, _| {
        seen_otherwise(crop, 1.0, 5.0, [0.0, 0.0])
    }),
    ("the next frame", |crop, rng| {
        let moved = seen_otherwise(crop, 0.97, 1.0, [0.02, 0.01]);
        noisy(&lit(&moved, 1.03, 0.0), rng)
    }),
];

/// The light was another.
pub const LIT: [Alteration; 3] = [
    ("30 % darker", |crop, _| lit(crop, 0.7, 0.0)),
    ("of less contrast", |crop, _| lit(crop, 0.7, 38.0)),
    ("with noise", noisy),
];

/// Crops `[224, 224, 3]` of different pictures, none a near-duplicate of another.
pub fn assert_altered_ones_join_their_originals(
    of: &str,
    crops: &[Vec<u8>],
    alterations: &[Alteration],
) {
    let count = crops.len();
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let all: Vec<usize> = (0..count).collect();
    assert_eq!(groups(crops), all, "two different ones were grouped");
    for (name, alter) in alterations {
        let altered: Vec<Vec<u8>> = crops.iter().map(|crop| alter(crop, &mut rng)).collect();
        let found = groups(crops.iter().chain(&altered));
        let wrong = (0..count).filter(|&i| found[count + i] < count && found[count + i] != i);
        assert_eq!(wrong.count(), 0, "{name}: joined to another one");
        let joined = (0..count).filter(|&i| found[count + i] == i).count();
        println!("figure: {of} {name}: {joined} of {count} found");
        assert!(joined * 20 >= count * 19, "{name}: {joined} of {count}");
    }
}
