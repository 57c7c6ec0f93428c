//! Near-duplicates: what is one image altered a little is found, and what is alike in kind only is not.

mod support;

use headstart::dataset::{Dataset, MIN_CENTRED_COSINE, MIN_COSINE, Split};
use headstart::image::INPUT_SIDE;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use support::synthetic::{altered, embedding};
use support::{cosine, embed, golden_crops};

fn groups(embeddings: &[Vec<f32>]) -> Vec<usize> {
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
fn centred(embeddings: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let share = 1.0 / (embeddings.len() as f32 + 10.0);
    let mean: Vec<f32> = (0..512)
        .map(|axis| embeddings.iter().map(|e| e[axis]).sum::<f32>() * share)
        .collect();
    let centred = |e: &Vec<f32>| e.iter().zip(&mean).map(|(x, m)| x - m).collect();
    embeddings.iter().map(centred).collect()
}

/// A large part that all share, and a small one of their own.
fn homogeneous(count: usize, own: f32, rng: &mut ChaCha8Rng) -> Vec<Vec<f32>> {
    let common = embedding(rng);
    (0..count)
        .map(|_| {
            let own_part = embedding(rng);
            let sum = |(common, x): (&f32, &f32)| common + own * x;
            common.iter().zip(&own_part).map(sum).collect()
        })
        .collect()
}

#[test]
fn altered_embeddings_join_their_origin_and_no_other() {
    for seed in 0..5 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut embeddings: Vec<Vec<f32>> = (0..60).map(|_| embedding(&mut rng)).collect();
        for origin in 0..20 {
            embeddings.push(altered(&embeddings[origin], 0.2, &mut rng));
        }
        let expected: Vec<usize> = (0..60).chain(0..20).collect();
        assert_eq!(groups(&embeddings), expected);
    }
}

#[test]
fn unrelated_embeddings_stand_alone_however_few_they_are() {
    for count in [2, 3, 5, 10, 150] {
        for seed in 0..10 {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let embeddings: Vec<Vec<f32>> = (0..count).map(|_| embedding(&mut rng)).collect();
            let all: Vec<usize> = (0..count).collect();
            assert_eq!(groups(&embeddings), all, "{count} images, seed {seed}");
        }
    }
}

#[test]
fn two_copies_are_found_where_there_is_nothing_else() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let first = embedding(&mut rng);
    let second = altered(&first, 0.1, &mut rng);
    assert_eq!(groups(&[first.clone(), first.clone()]), [0, 0]);
    assert_eq!(groups(&[first, second]), [0, 0]);
    assert!(groups(&[]).is_empty());
}

/// As with digits, X-ray images or screws on white: cosines are high between any two of them.
#[test]
fn images_that_share_most_of_what_is_seen_are_not_one_group() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let mut embeddings = homogeneous(40, 0.4, &mut rng);
    embeddings.push(altered(&embeddings[7], 0.04, &mut rng));
    let least = (0..40)
        .flat_map(|a| (0..a).map(move |b| (a, b)))
        .map(|(a, b)| cosine(&embeddings[a], &embeddings[b]))
        .fold(1.0, f64::min);
    println!("figure: homogeneous images: cosines from {least:.3} up, none grouped");
    assert!(least > f64::from(MIN_COSINE));
    let expected: Vec<usize> = (0..40).chain([7]).collect();
    assert_eq!(groups(&embeddings), expected);
}

/// One kind of images among others, which leave most of what the backbone sees at 0: taking the mean off
/// gives them all the same large part, and centred embeddings alone would make them one group.
#[test]
fn one_kind_of_image_among_others_is_not_one_group() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut embeddings: Vec<Vec<f32>> = (0..60).map(|_| embedding(&mut rng)).collect();
    let mut kind = homogeneous(10, 0.9, &mut rng);
    kind.iter_mut().for_each(|e| e[96..].fill(0.0));
    embeddings.extend(kind);
    let centred = centred(&embeddings);
    for a in 60..70 {
        for b in 60..a {
            assert!(cosine(&embeddings[a], &embeddings[b]) < f64::from(MIN_COSINE));
            assert!(cosine(&centred[a], &centred[b]) > f64::from(MIN_CENTRED_COSINE));
        }
    }
    let all: Vec<usize> = (0..70).collect();
    assert_eq!(groups(&embeddings), all);
}

#[test]
fn alike_in_steps_is_one_group_named_by_its_first_image() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let mut embeddings: Vec<Vec<f32>> = (0..12).map(|_| embedding(&mut rng)).collect();
    // A film: each frame a step further from the first.
    let mut frame = embeddings[5].clone();
    for _ in 0..12 {
        frame = altered(&frame, 0.3, &mut rng);
        embeddings.push(frame.clone());
    }
    assert!(cosine(&embeddings[5], &frame) < f64::from(MIN_COSINE));
    let found = groups(&embeddings);
    assert!(found[12..].iter().all(|&group| group == 5), "{found:?}");
}

#[test]
fn groups_do_not_depend_on_the_order_of_images() {
    for seed in 0..5 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut embeddings: Vec<Vec<f32>> = (0..30).map(|_| embedding(&mut rng)).collect();
        for _ in 0..30 {
            let origin = rng.random_range(0..embeddings.len());
            embeddings.push(altered(&embeddings[origin], 0.5, &mut rng));
        }
        let mut order: Vec<usize> = (0..60).collect();
        order.shuffle(&mut rng);
        let shuffled: Vec<Vec<f32>> = order.iter().map(|&id| embeddings[id].clone()).collect();
        let (one, other) = (groups(&embeddings), groups(&shuffled));
        for a in 0..60 {
            assert!(other[other[a]] == other[a] && other[a] <= a);
            for b in 0..a {
                let together = one[order[a]] == one[order[b]];
                assert_eq!(together, other[a] == other[b]);
            }
        }
    }
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

#[test]
fn altered_photos_join_their_originals_and_different_photos_never_join() {
    let crops = golden_crops();
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
    let originals = embed(&crops);
    let all: Vec<usize> = (0..count).collect();
    assert_eq!(groups(&originals), all, "two different photos were grouped");
    for (name, altered) in alterations {
        let both: Vec<Vec<f32>> = originals.iter().cloned().chain(embed(&altered)).collect();
        let centred = centred(&both);
        let least = |of: &[Vec<f32>]| {
            let cosines = (0..count).map(|photo| cosine(&of[photo], &of[count + photo]));
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
            "figure: photos {name}: cosine with the original at least {:.3} (centred {:.3}), of different photos at most {:.3} (centred {:.3})",
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
