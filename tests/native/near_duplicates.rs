//! Near-duplicates: what is one image altered a little is found, and what is alike in kind only is not.

use crate::support::alterations::{assert_altered_ones_join_their_originals, centred, groups};
use crate::support::synthetic::{altered, embedding};
use crate::support::{CROPS, cosine, embed};
use headstart::dataset::{MIN_CENTRED_COSINE, MIN_COSINE};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

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

#[test]
fn altered_pictures_join_their_originals_and_different_ones_never_join() {
    assert_altered_ones_join_their_originals("drawn pictures", &CROPS, embed);
}
