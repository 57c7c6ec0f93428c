//! The nearest training images, and how near an image must be to be known.

use crate::support::synthetic::{altered, embedding};
use crate::support::{FEATURES, LAYOUT, by_stage, cosine, last_stage};
use headstart::backbone::FeatureSet;
use headstart::explain::{Neighbours, Parts, UNKNOWN_SHARE};
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
    in_units(embeddings, &groups)
}

fn in_units(embeddings: &[Vec<f32>], units: &[usize]) -> Neighbours {
    let rows = embeddings.iter().map(Vec::as_slice);
    Neighbours::new(rows, units, Parts::of(&LAYOUT))
}

/// The mean over the stages of the cosines of their features.
fn mean_cosine(a: &[f32], b: &[f32]) -> f64 {
    let (a, b) = (by_stage(a), by_stage(b));
    let pairs = a.iter().zip(&b);
    mean(&pairs.map(|(a, b)| cosine(&a.1, &b.1)).collect::<Vec<_>>())
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
    let all = || images.iter().map(Vec::as_slice);
    let nearest_to = |image: &[f32], count| neighbours.parts().nearest(image, all(), count);
    for original in [0, 17, 49] {
        let copy = altered(&images[original], 0.3, &mut rng);
        let nearest = nearest_to(&copy, 5);
        assert_eq!(nearest.len(), 5);
        assert_eq!(nearest[0].place, original);
        assert!(nearest.is_sorted_by(|a, b| a.similarity >= b.similarity));
        for found in &nearest {
            let expected = mean_cosine(&copy, &images[found.place]);
            assert!((found.similarity - expected).abs() < 1e-6);
        }
        // The score of an image is the mean of the three nearest.
        let expected = mean(&[0, 1, 2].map(|place| nearest[place].similarity));
        assert!((neighbours.similarity(&copy).unwrap() - expected).abs() < 1e-6);
    }
    assert_eq!(nearest_to(&images[0], 500).len(), 50);
    assert!((nearest_to(&images[0], 1)[0].similarity - 1.0).abs() < 1e-6);
}

/// A stage's length says nothing: were it to count, that of the largest numbers would decide alone.
#[test]
fn each_stage_counts_alike_however_large_its_numbers_are() {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let (one, other) = (embedding(&mut rng), embedding(&mut rng));
    let parts = Parts::of(&LAYOUT);
    let plain = parts.similarity(&one, &other);
    assert!((plain - mean_cosine(&one, &other)).abs() < 1e-6);
    let mut first_is_large = one.clone();
    let first = LAYOUT.stages()[0].channels;
    first_is_large[..first].iter_mut().for_each(|x| *x *= 100.0);
    assert!((parts.similarity(&first_is_large, &other) - plain).abs() < 1e-6);
}

/// As of images that an earlier version has embedded, of which only the last stage's features are there.
#[test]
fn features_that_are_not_there_are_not_compared() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let (one, other) = (embedding(&mut rng), embedding(&mut rng));
    let last = Parts::of(&LAYOUT.select(FeatureSet::Last));
    let expected = cosine(&last_stage(&one), &last_stage(&other));
    assert!((last.similarity(&one, &other) - expected).abs() < 1e-6);
    let early = LAYOUT.last().start;
    let without = [vec![0.0; early], last_stage(&one)].concat();
    assert_eq!(without.len(), FEATURES);
    assert_eq!(
        last.similarity(&without, &other),
        last.similarity(&one, &other)
    );
    // A stage of zeros leaves the others to decide.
    let parts = Parts::of(&LAYOUT);
    let themselves = parts.similarity(&without, &without);
    assert!((themselves - 1.0).abs() < 1e-6, "{themselves}");
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
        let neighbours = in_units(&images[..groups.len()], groups);
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
    assert_eq!(in_units(&[], &[]).similarity(&images[0]), None);
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
        grouped.push(refused(&in_units(&images, &groups), &unseen));
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
