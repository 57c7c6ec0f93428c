//! The nearest training images, and how near an image must be to be known.

use crate::support::cosine;
use crate::support::synthetic::{altered, embedding};
use headstart::explain::{Neighbours, UNKNOWN_SHARE};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Images of three kinds.
fn known(count: usize, kinds: &[Vec<f32>], rng: &mut ChaCha8Rng) -> Vec<Vec<f32>> {
    (0..count)
        .map(|_| {
            let kind = &kinds[rng.random_range(0..kinds.len())];
            let own = embedding(rng);
            kind.iter()
                .zip(&own)
                .map(|(kind, own)| kind + own)
                .collect()
        })
        .collect()
}

fn kinds(rng: &mut ChaCha8Rng) -> Vec<Vec<f32>> {
    (0..3).map(|_| embedding(rng)).collect()
}

fn each_alone(embeddings: &[Vec<f32>]) -> Neighbours {
    let groups: Vec<usize> = (0..embeddings.len()).collect();
    Neighbours::new(&embeddings.concat(), &groups)
}

fn refused(neighbours: &Neighbours, images: &[Vec<f32>]) -> f64 {
    let is_refused = |image: &&Vec<f32>| {
        let similarity = neighbours.similarity(image).unwrap();
        neighbours.is_unknown(similarity)
    };
    images.iter().filter(is_refused).count() as f64 / images.len() as f64
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn the_nearest_training_images_come_first_with_their_cosines() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let images: Vec<Vec<f32>> = (0..50).map(|_| embedding(&mut rng)).collect();
    let neighbours = each_alone(&images);
    for original in [0, 17, 49] {
        let copy = altered(&images[original], 0.3, &mut rng);
        let nearest = neighbours.nearest(&copy, 5);
        assert_eq!(nearest.len(), 5);
        assert_eq!(nearest[0].place, original);
        assert!(nearest.is_sorted_by(|a, b| a.similarity >= b.similarity));
        for found in &nearest {
            let expected = cosine(&copy, &images[found.place]);
            assert!((found.similarity - expected).abs() < 1e-6);
        }
        // The score of an image is the mean of the three nearest.
        let expected = mean(&[0, 1, 2].map(|place| nearest[place].similarity));
        assert!((neighbours.similarity(&copy).unwrap() - expected).abs() < 1e-6);
    }
    assert_eq!(neighbours.nearest(&images[0], 500).len(), 50);
    assert!((neighbours.nearest(&images[0], 1)[0].similarity - 1.0).abs() < 1e-6);
}

/// One draw of 200 training images puts the share anywhere within a few percent; the mean of ten draws is
/// off by half a percent at one standard deviation.
#[test]
fn the_threshold_refuses_one_known_image_in_twenty() {
    let share = |count: usize, draws: u64| {
        let shares: Vec<f64> = (0..draws)
            .map(|seed| {
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                let kinds = kinds(&mut rng);
                let neighbours = each_alone(&known(count, &kinds, &mut rng));
                refused(&neighbours, &known(1000, &kinds, &mut rng))
            })
            .collect();
        mean(&shares)
    };
    // With more than 500 training images, only some of them set the threshold.
    for (count, draws) in [(200, 10), (1100, 4)] {
        let share = share(count, draws);
        println!(
            "figure: {count} training images: {:.1} % of known images refused",
            100.0 * share
        );
        assert!((share - UNKNOWN_SHARE).abs() < 0.02, "{share}");
    }
    // 1 in N + 1 where that is more.
    let few = share(12, 40);
    println!(
        "figure: 12 training images: {:.1} % of known images refused",
        100.0 * few
    );
    assert!(few < 0.15, "{few}");
}

#[test]
fn images_of_another_kind_are_refused() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let (kinds, others) = (kinds(&mut rng), kinds(&mut rng));
    let neighbours = each_alone(&known(100, &kinds, &mut rng));
    assert_eq!(refused(&neighbours, &known(200, &others, &mut rng)), 1.0);
}

#[test]
fn fewer_than_ten_groups_set_no_threshold() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let images: Vec<Vec<f32>> = (0..20).map(|_| embedding(&mut rng)).collect();
    let threshold = |groups: &[usize]| {
        let neighbours = Neighbours::new(&images[..groups.len()].concat(), groups);
        assert_eq!(
            neighbours.threshold().is_none(),
            !neighbours.is_unknown(-1.0)
        );
        neighbours.threshold()
    };
    let alone = |count: usize| (0..count).collect::<Vec<_>>();
    let pairs = |count: usize| (0..count).map(|image| image / 2 * 2).collect::<Vec<_>>();
    assert_eq!(threshold(&[]), None);
    assert_eq!(threshold(&alone(9)), None);
    assert!(threshold(&alone(10)).is_some());
    assert_eq!(threshold(&pairs(18)), None);
    assert!(threshold(&pairs(20)).is_some());
    assert_eq!(Neighbours::new(&[], &[]).similarity(&images[0]), None);
}

/// As with frames of films: each image has two near-duplicates. Taken for images of their own, they would
/// set a threshold that only further near-duplicates reach.
#[test]
fn near_duplicates_do_not_tighten_the_threshold() {
    let (mut grouped, mut alone) = (Vec::new(), Vec::new());
    for seed in 0..10 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let kinds = kinds(&mut rng);
        let originals = known(120, &kinds, &mut rng);
        let images: Vec<Vec<f32>> = originals
            .iter()
            .flat_map(|image| {
                [
                    image.clone(),
                    altered(image, 0.05, &mut rng),
                    altered(image, 0.05, &mut rng),
                ]
            })
            .collect();
        let groups: Vec<usize> = (0..360).map(|image| image / 3 * 3).collect();
        let unseen = known(500, &kinds, &mut rng);
        grouped.push(refused(
            &Neighbours::new(&images.concat(), &groups),
            &unseen,
        ));
        alone.push(refused(&each_alone(&images), &unseen));
    }
    let (grouped, alone) = (mean(&grouped), mean(&alone));
    println!(
        "figure: each training image thrice: {:.1} % of known images refused, {:.1} % if they were not grouped",
        100.0 * grouped,
        100.0 * alone
    );
    assert!((grouped - UNKNOWN_SHARE).abs() < 0.03, "{grouped}");
    assert!(alone > 0.9, "{alone}");
}
