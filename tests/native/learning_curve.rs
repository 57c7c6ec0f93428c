//! The learning curve: what heads say that learned from a share of the images.

use crate::support::fitting::{fit, five_folds, logistic};
use crate::support::synthetic::blobs;
use headstart::evaluation::{LearningCurve, MorePhotos, argmax};
use headstart::head::{ClassWeights, Curve, L2, LabelledEmbeddings, softmax};

fn curve<'a>(train: &'a LabelledEmbeddings, folds: &'a [usize], places: &'a [usize]) -> Curve<'a> {
    Curve {
        train,
        folds,
        places,
        l2: 0.03,
        class_weights: ClassWeights::Auto,
        classes: 2,
    }
}

fn right(logits: &[f32], truth: &[usize]) -> Vec<bool> {
    let rows = logits.chunks_exact(2).zip(truth);
    rows.map(|(row, &class)| argmax(&softmax(row)) == class)
        .collect()
}

#[test]
fn all_images_give_what_the_calibration_says_of_those_left_out() {
    let data = blobs(2, 30, 4.0, 1);
    let folds = five_folds(60);
    let places: Vec<usize> = (0..60).rev().collect();
    let given = logistic(|options| options.l2 = Some(L2::Value(0.03)));
    let left_out = fit(given, &data, 2).0.left_out.unwrap();
    let curve = curve(&data, &folds, &places);
    let [all] = curve.left_out_logits([1.0]).unwrap();
    assert_eq!(
        right(&all, &data.classes),
        right(&left_out.logits, &data.classes)
    );
    assert!(crate::support::max_abs_error(&all, &left_out.logits) < 1e-3);
}

#[test]
fn more_images_are_learned_from_at_a_greater_share() {
    let data = blobs(2, 50, 1.0, 2);
    let folds = five_folds(100);
    let places: Vec<usize> = (0..100).collect();
    let curve = curve(&data, &folds, &places);
    // 40 of each class outside a fold.
    assert_eq!(
        [0.25, 0.5, 1.0].map(|share| curve.images_at(share)),
        [20, 40, 80]
    );
    // A share of the 40 is rounded up, so that a class never goes without an image.
    assert_eq!(curve.images_at(0.26), 22);
    assert_eq!(curve.images_at(1e-6), 2);
}

/// Which images are used is seen by making the others nonsense: a class is learned from its first by place.
#[test]
fn the_first_images_by_place_are_used() {
    let mut data = blobs(2, 40, 0.5, 3);
    let folds = five_folds(80);
    // The second half of each class has the other's label, and comes last.
    for (image, class) in data.classes.iter_mut().enumerate() {
        if image % 40 >= 20 {
            *class = 1 - *class;
        }
    }
    let places: Vec<usize> = (0..80).map(|image| image % 40 * 2 + image / 40).collect();
    let measure = |places: &[usize]| {
        let curve = curve(&data, &folds, places);
        let [quarter] = curve.left_out_logits([0.25]).unwrap();
        right(&quarter, &data.classes)
    };
    let first = measure(&places);
    assert!((0..80).all(|image| first[image] == (image % 40 < 20)));
    let reversed: Vec<usize> = places.iter().map(|place| 79 - place).collect();
    let last = measure(&reversed);
    assert!((0..80).all(|image| last[image] == (image % 40 >= 20)));
}

#[test]
fn without_folds_there_is_no_curve() {
    let data = blobs(2, 4, 0.5, 4);
    let places: Vec<usize> = (0..8).collect();
    for folds in [vec![], vec![0; 8]] {
        let curve = curve(&data, &folds, &places);
        let logits = curve.left_out_logits([0.5]);
        assert!(logits.is_none());
        assert_eq!(curve.images_at(1.0), 0);
    }
}

#[test]
fn a_curve_that_rises_asks_for_more_photos() {
    let right = |count: usize| (0..300).map(|image| image < count).collect::<Vec<bool>>();
    let curve = LearningCurve::new(&[right(150), right(210), right(270)], [60, 120, 240]);
    let points: Vec<_> = curve
        .points
        .iter()
        .map(|p| (p.share, p.images, p.accuracy))
        .collect();
    assert_eq!(points, [(0.25, 60, 0.5), (0.5, 120, 0.7), (1.0, 240, 0.9)]);
    assert_eq!(curve.more_photos, MorePhotos::Likely);
    let flat = LearningCurve::new(&[right(270), right(270), right(270)], [60, 120, 240]);
    assert_ne!(flat.more_photos, MorePhotos::Likely);
}
