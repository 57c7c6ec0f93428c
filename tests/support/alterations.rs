//! Images altered a little, which are near-duplicates of what they were.

use headstart::dataset::{Dataset, MIN_CENTRED_COSINE, Split};
use headstart::image::INPUT_SIDE;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::cosine;

/// The near-duplicate group of each.
pub fn groups(embeddings: &[Vec<f32>]) -> Vec<usize> {
    let mut data = Dataset::default();
    for (number, embedding) in embeddings.iter().enumerate() {
        let name = format!("{number}.jpg");
        data.add(&name, &name, "all", Split::Auto, embedding)
            .unwrap();
    }
    data.near_duplicates()
}

/// What embeddings are compared by besides themselves: the rest once their mean is taken off, which ten
/// images at the origin draw towards it.
pub fn centred(embeddings: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let share = 1.0 / (embeddings.len() as f32 + 10.0);
    let mean: Vec<f32> = (0..512)
        .map(|axis| embeddings.iter().map(|e| e[axis]).sum::<f32>() * share)
        .collect();
    let centred = |e: &Vec<f32>| e.iter().zip(&mean).map(|(x, m)| x - m).collect();
    embeddings.iter().map(centred).collect()
}

/// The crop `right` and `down` pixels further on, its edge drawn out.
fn shifted(crop: &[u8], right: usize, down: usize) -> Vec<u8> {
    let last = INPUT_SIDE - 1;
    let pixel = |i: usize| {
        let (y, x) = (i / INPUT_SIDE, i % INPUT_SIDE);
        let source = (y + down).min(last) * INPUT_SIDE + (x + right).min(last);
        &crop[3 * source..3 * source + 3]
    };
    (0..INPUT_SIDE * INPUT_SIDE)
        .flat_map(pixel)
        .copied()
        .collect()
}

fn brighter(crop: &[u8]) -> Vec<u8> {
    let brighter = |&level: &u8| (f32::from(level) * 1.1).round().min(255.0) as u8;
    crop.iter().map(brighter).collect()
}

fn noisy(crop: &[u8], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut noise = || rng.random_range(-6..=6_i16);
    let noisy = |&level: &u8| (i16::from(level) + noise()).clamp(0, 255) as u8;
    crop.iter().map(noisy).collect()
}

/// Crops `[224, 224, 3]` of different pictures, none a near-duplicate of another, and what embeds them.
pub fn assert_altered_ones_join_their_originals(
    of: &str,
    crops: &[Vec<u8>],
    embed: impl Fn(&[Vec<u8>]) -> Vec<Vec<f32>>,
) {
    let count = crops.len();
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let alterations: [(&str, Vec<Vec<u8>>); 3] = [
        (
            "shifted by 4 and 3 pixels",
            crops.iter().map(|c| shifted(c, 4, 3)).collect(),
        ),
        ("10 % brighter", crops.iter().map(|c| brighter(c)).collect()),
        (
            "with noise",
            crops.iter().map(|c| noisy(c, &mut rng)).collect(),
        ),
    ];
    let originals = embed(crops);
    let all: Vec<usize> = (0..count).collect();
    assert_eq!(groups(&originals), all, "two different ones were grouped");
    for (name, altered) in alterations {
        let both: Vec<Vec<f32>> = originals.iter().cloned().chain(embed(&altered)).collect();
        let centred = centred(&both);
        let least = |of: &[Vec<f32>]| {
            let cosines = (0..count).map(|crop| cosine(&of[crop], &of[count + crop]));
            cosines.fold(1.0, f64::min)
        };
        let most = |of: &[Vec<f32>]| {
            let pairs = (0..2 * count).flat_map(|a| (0..a).map(move |b| (a, b)));
            let distinct = pairs.filter(|(a, b)| a % count != b % count);
            distinct
                .map(|(a, b)| cosine(&of[a], &of[b]))
                .fold(-1.0, f64::max)
        };
        println!(
            "figure: {of} {name}: cosine with the original at least {:.3} (centred {:.3}), of different ones at most {:.3} (centred {:.3})",
            least(&both),
            least(&centred),
            most(&both),
            most(&centred)
        );
        let expected: Vec<usize> = (0..count).chain(0..count).collect();
        assert_eq!(groups(&both), expected, "{name}");
        assert!(most(&centred) < f64::from(MIN_CENTRED_COSINE), "{name}");
    }
}
