//! The learning curve: what heads say that learned from a share of the images.

use crate::support::fitting::{fit, fit_data, in_five_folds, logistic};
use crate::support::synthetic::blobs;
use headstart::evaluation::{LearningCurve, MorePhotos};
use headstart::head::{CurveStep, L2, LabelledEmbeddings, Recipe, TrainingData, argmax, softmax};

fn given() -> Recipe {
    logistic(|options| options.l2 = Some(L2::Value(0.03)))
}

fn curve(data: TrainingData) -> Vec<CurveStep> {
    fit_data(given(), data, 2).0.learning_curve
}

fn right(logits: &[f32], truth: &[usize]) -> Vec<bool> {
    let rows = logits.chunks_exact(2).zip(truth);
    rows.map(|(row, &class)| argmax(&softmax(row)) == class)
        .collect()
}

#[test]
fn a_quarter_and_a_half_of_each_class_are_learned_from() {
    // 40 of each class outside a fold.
    let steps = curve(in_five_folds(blobs(2, 50, 1.0, 2)));
    let told: Vec<(f64, usize)> = steps.iter().map(|step| (step.share, step.images)).collect();
    assert_eq!(told, [(0.25, 20), (0.5, 40)]);
    assert!(steps.iter().all(|step| step.logits.len() == 100 * 2));
    // A share of the 24 and 8 is rounded up, so that a class never goes without an image.
    let mut uneven = blobs(2, 30, 1.0, 2);
    uneven.classes.truncate(40);
    uneven.embeddings.truncate(40 * uneven.features());
    let steps = curve(in_five_folds(uneven));
    assert_eq!(steps[0].images, 6 + 2);
    let mut few = blobs(2, 5, 1.0, 2);
    few.classes.truncate(7);
    few.embeddings.truncate(7 * few.features());
    // Four of one class and one or two of the other are left to learn from: one of each at a quarter.
    assert_eq!(curve(in_five_folds(few))[0].images, 2);
}

/// Which images are used is seen by making the others nonsense: a class is learned from its first by place. With a weak
/// penalty too, where a head that had begun with what all images teach would stay near that.
#[test]
fn the_first_images_by_their_order_are_used_and_no_others() {
    let mut data = blobs(2, 40, 0.5, 3);
    // The second half of each class has the other's label, and comes last.
    for (image, class) in data.classes.iter_mut().enumerate() {
        if image % 40 >= 20 {
            *class = 1 - *class;
        }
    }
    let order: Vec<usize> = (0..80).map(|image| image % 40 * 2 + image / 40).collect();
    let reversed: Vec<usize> = order.iter().map(|place| 79 - place).collect();
    for l2 in [0.03, 1e-5] {
        let measure = |order: &[usize]| {
            let given = logistic(|options| options.l2 = Some(L2::Value(l2)));
            let data = TrainingData {
                order: order.to_vec(),
                ..in_five_folds(data.clone())
            };
            let truth = data.train.classes.clone();
            let steps = fit_data(given, data, 2).0.learning_curve;
            steps
                .into_iter()
                .map(move |step| right(&step.logits, &truth))
        };
        for first in measure(&order) {
            assert!((0..80).all(|image| first[image] == (image % 40 < 20)));
        }
        for last in measure(&reversed) {
            assert!((0..80).all(|image| last[image] == (image % 40 >= 20)));
        }
    }
}

/// Two regressions put together are so at each share.
#[test]
fn the_default_head_has_a_curve_too_and_it_rises_where_more_images_help() {
    let data = TrainingData {
        parts: vec![448, 512],
        ..in_five_folds(blobs(2, 50, 6.0, 4))
    };
    let truth = data.train.classes.clone();
    let (fitted, _) = fit_data(logistic(|_| ()), data, 2);
    assert!(fitted.summary.last_stage.is_some());
    let left_out = fitted.left_out.unwrap();
    let of_shares = fitted.learning_curve.iter().map(|step| &step.logits);
    let right = of_shares
        .chain([&left_out.logits])
        .map(|logits| right(logits, &truth).iter().filter(|&&right| right).count());
    let right: Vec<usize> = right.collect();
    println!("figure: of 100 images right at a quarter, a half and all of the others: {right:?}");
    assert!(right[0] < right[2], "{right:?}");
}

#[test]
fn where_some_folds_are_left_out_the_curve_is_of_their_images() {
    let data = TrainingData {
        turns: 1,
        ..in_five_folds(blobs(2, 50, 1.0, 5))
    };
    let (fitted, _) = fit_data(given(), data, 2);
    let left_out = fitted.left_out.unwrap();
    assert_eq!(left_out.images.len(), 20);
    for step in fitted.learning_curve {
        assert_eq!(step.logits.len(), 20 * 2);
        assert_eq!(step.images, (80.0 * step.share) as usize);
    }
}

#[test]
fn without_folds_there_is_no_curve() {
    let data: LabelledEmbeddings = blobs(2, 4, 0.5, 4);
    for folds in [vec![], vec![Some(0); 8], vec![None; 8]] {
        let steps = curve(TrainingData {
            folds,
            ..in_five_folds(data.clone())
        });
        assert!(steps.is_empty());
    }
    assert!(!fit(given(), &data, 2).0.learning_curve.is_empty());
}

#[test]
fn a_curve_that_rises_asks_for_more_photos() {
    let right = |count: usize| (0..300).map(|image| image < count).collect::<Vec<bool>>();
    let curve = |counts: [usize; 3]| {
        let [quarter, half, all] = counts.map(right);
        LearningCurve::new(&[(0.25, 60, quarter), (0.5, 120, half), (1.0, 240, all)])
    };
    let rises = curve([150, 210, 270]);
    let points: Vec<_> = rises
        .points
        .iter()
        .map(|p| (p.share, p.images, p.accuracy))
        .collect();
    assert_eq!(points, [(0.25, 60, 0.5), (0.5, 120, 0.7), (1.0, 240, 0.9)]);
    assert_eq!(rises.more_photos, MorePhotos::Likely);
    assert_ne!(curve([270, 270, 270]).more_photos, MorePhotos::Likely);
}
