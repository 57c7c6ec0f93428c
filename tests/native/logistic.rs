//! Fitting the default head: as scikit-learn does it, the penalty, the phases, two regressions put together, and what
//! few and many images change.

use crate::support::FEATURES;
use crate::support::fitting::{
    fit, fit_data, formula, in_five_folds, labels, logistic, logits, probabilities,
};
use crate::support::synthetic::blobs;
use headstart::evaluation::Metrics;
use headstart::head::{
    ClassWeights, Fit, Fitted, L2, LabelledEmbeddings, Phase, Scaling, TrainingData, argmax,
    fit_temperature, softmax,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

/// The greatest difference of logits' probabilities from a case's.
fn worst(logits: &[f32], classes: usize, theirs: &Value) -> f64 {
    let theirs = theirs.as_array().unwrap();
    assert_eq!(logits.len(), theirs.len() * classes);
    let rows = logits.chunks_exact(classes).zip(theirs);
    rows.flat_map(|(row, theirs)| {
        let theirs = theirs.as_array().unwrap().iter();
        let off = |(a, b): (f64, &Value)| (a - b.as_f64().unwrap()).abs();
        softmax(row)
            .into_iter()
            .zip(theirs)
            .map(off)
            .collect::<Vec<_>>()
    })
    .fold(0.0, f64::max)
}

/// Both stop near the same optimum: probabilities within 1e-3 were asked for, and f32 gradients give 1e-4.
/// What is said of images left out comes from minima approached to a gradient of 3e-4, so that weights are off by about
/// that over λ, and probabilities by a few times as much; it is there to judge by, and moves the temperature little.
#[test]
fn logistic_regression_is_scikit_learns_on_all_images_and_without_each_fold() {
    let file: Value = serde_json::from_str(include_str!("../fixtures/logistic.json")).unwrap();
    let unseen = file["unseen"].as_u64().unwrap() as usize;
    for case in file["cases"].as_array().unwrap() {
        let number = |name: &str| case[name].as_u64().unwrap() as usize;
        let (classes, count) = (number("classes"), number("count"));
        let recipe = logistic(|options| {
            // Not given where images are too few to choose by.
            let l2 = L2::Value(case["l2"].as_f64().unwrap());
            options.l2 = case["given"].as_bool().unwrap().then_some(l2);
            options.class_weights = Some(if case["balanced"].as_bool().unwrap() {
                ClassWeights::Balanced
            } else {
                ClassWeights::None
            });
        });
        let (fitted, _) = fit(recipe, &formula(0, count, classes), classes);
        let ours = logits(&fitted.head, &formula(count, unseen, classes));
        let off = worst(&ours, classes, &case["probabilities"]);
        let given = case["given"].as_bool().unwrap();
        let (summary, l2) = (&fitted.summary, case["l2"].as_f64().unwrap());
        assert_eq!((summary.l2, summary.few_images), (l2, !given));
        let left_out = fitted.left_out.unwrap();
        let off_left_out = worst(&left_out.logits, classes, &case["left_out"]);
        println!(
            "figure: {count} images, {classes} classes, l2 {}: {off:.1e} off scikit-learn, {off_left_out:.1e} where left out",
            case["l2"]
        );
        assert!(off < 1e-3, "{off}");
        assert!(off_left_out < 1.5e-3 / l2 + 0.03, "{off_left_out}");

        // Logarithms of probabilities are logits.
        let theirs: Vec<f32> = case["left_out"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|row| row.as_array().unwrap())
            .map(|p| p.as_f64().unwrap().max(1e-8).ln() as f32)
            .collect();
        let truth = &formula(0, count, classes).classes;
        let expected = fit_temperature(&theirs, truth, classes);
        let temperature = fitted.head.temperature();
        println!("figure: temperature {temperature:.4}, by scikit-learn's {expected:.4}");
        assert!((temperature / expected - 1.0).abs() < 0.1);
    }
}

/// The penalties to choose from, 1e-5 to 30 on features of deviation 1, as they are on all images: chosen were they on
/// four fifths, and the pull of a penalty on a sum of losses does not grow with the images.
const GRID: std::ops::RangeInclusive<f64> = 0.8e-5..=24.0;

#[test]
fn the_penalty_is_chosen_then_the_curve_measured_then_the_head_fitted() {
    let (fitted, reports) = fit(logistic(|_| ()), &formula(0, 60, 2), 2);
    let phases: Vec<Phase> = reports.iter().map(|report| report.phase).collect();
    let mut order = phases.clone();
    order.dedup();
    let expected = [Phase::ChoosingL2, Phase::LearningCurve, Phase::Fit];
    assert_eq!(order, expected);
    let steps: Vec<usize> = reports.iter().map(|report| report.epoch).collect();
    assert_eq!(steps, (1..=reports.len()).collect::<Vec<_>>());

    // The penalty is told once it is chosen, and only the head that is done has an accuracy.
    let chosen = fitted.summary.l2;
    assert!(GRID.contains(&chosen), "{chosen}");
    let (last, others) = reports.split_last().unwrap();
    for report in others {
        let is_fit = report.phase == Phase::Fit;
        assert_eq!(report.l2, is_fit.then_some(chosen));
        assert_eq!(report.train_accuracy, None);
    }
    assert_eq!((last.l2, last.train_accuracy), (Some(chosen), Some(1.0)));
    assert!(!fitted.summary.few_images && fitted.summary.converged);
    assert_eq!(fitted.calibrated_on, 60);
}

#[test]
fn a_penalty_given_is_taken_as_it_is_for_the_regression_of_textbooks() {
    let given = logistic(|options| options.l2 = Some(L2::Value(0.02)));
    let data = TrainingData {
        parts: vec![100, 412],
        ..in_five_folds(formula(0, 60, 2))
    };
    let (in_parts, _) = fit_data(given.clone(), data, 2);
    let summary = &in_parts.summary;
    assert_eq!((summary.l2, summary.last_stage), (0.02, None));
    assert_eq!(summary.scaling, Some(Scaling::PerAxis));
    // What parts there are does not matter to it.
    let (fitted, _) = fit(given, &formula(0, 60, 2), 2);
    assert_eq!(in_parts.head.weights(), fitted.head.weights());
    // Nor does it depend on how many images were left out.
    let given = logistic(|options| options.l2 = Some(L2::Value(0.02)));
    let mut some_left_out = in_five_folds(formula(0, 60, 2));
    some_left_out.turns = 1;
    some_left_out.folds[20..].fill(None);
    let (fitted, _) = fit_data(given, some_left_out, 2);
    assert_eq!(fitted.summary.l2, 0.02);
}

#[test]
fn epochs_bound_the_fit_and_it_is_said_that_it_has_not_come_to_its_end() {
    let bounded = |epochs: Option<f64>| {
        let recipe = logistic(|options| {
            options.l2 = Some(L2::Value(1e-4));
            options.epochs = epochs;
        });
        let (fitted, reports) = fit(recipe, &blobs(3, 20, 2.0, 9), 3);
        let steps = reports.iter().filter(|report| report.phase == Phase::Fit);
        (fitted.summary.converged, steps.count())
    };
    // One evaluation where it starts, and one after each step.
    assert_eq!(bounded(Some(1.0)), (false, 2));
    assert_eq!(bounded(Some(3.0)), (false, 4));
    let (converged, steps) = bounded(None);
    assert!(converged && steps > 4, "{steps}");
}

#[test]
fn a_class_of_few_images_gets_the_stronger_prior_unless_a_penalty_is_given() {
    // Four images of the second class.
    let mut data = blobs(2, 8, 0.5, 1);
    data.classes.truncate(12);
    data.embeddings.truncate(12 * FEATURES);
    let (fitted, _) = fit(logistic(|_| ()), &data, 2);
    assert!(fitted.summary.few_images);
    assert_eq!(fitted.summary.l2, 0.1);
    assert!(fitted.left_out.is_some());
    // Each of two regressions gets it.
    let in_parts = TrainingData {
        parts: vec![448, 512],
        ..in_five_folds(data.clone())
    };
    let (fitted, _) = fit_data(logistic(|_| ()), in_parts, 2);
    assert!(fitted.summary.few_images);
    let last_stage = fitted.summary.last_stage.unwrap();
    assert_eq!((fitted.summary.l2, last_stage.l2), (0.1, 0.1));

    let given = logistic(|options| options.l2 = Some(L2::Value(0.1)));
    let (fitted, _) = fit(given, &data, 2);
    assert!(!fitted.summary.few_images);

    let (fitted, _) = fit(logistic(|_| ()), &blobs(2, 5, 0.5, 1), 2);
    assert!(!fitted.summary.few_images);
}

/// As where each class is one near-duplicate group: nothing can be chosen by folds.
#[test]
fn images_without_folds_get_the_stronger_prior_and_it_is_said() {
    for parts in [vec![], vec![448, 512]] {
        let data = TrainingData {
            folds: vec![Some(0); 16],
            parts,
            ..in_five_folds(blobs(2, 8, 0.5, 1))
        };
        let (fitted, reports) = fit_data(logistic(|_| ()), data, 2);
        assert!(reports.iter().all(|report| report.phase == Phase::Fit));
        assert_eq!(fitted.summary.l2, 0.1);
        assert!(fitted.summary.few_images);
        assert_eq!((fitted.head.temperature(), fitted.calibrated_on), (1.0, 0));
        assert!(fitted.left_out.is_none() && fitted.learning_curve.is_empty());
        // Nothing says which of two regressions is the better one: 5 / (10 + 8) of 8 images a class.
        let share = fitted.summary.last_stage.map(|last| last.share);
        assert!(share.is_none_or(|share| (share - 5.0 / 18.0).abs() < 1e-12));
    }
}

#[test]
fn scaling_is_shrunken_unless_a_penalty_is_given() {
    for (l2, scaling) in [
        (None, Scaling::Shrunken),
        (Some(L2::Value(0.1)), Scaling::PerAxis),
    ] {
        let recipe = logistic(|options| options.l2 = l2);
        let (fitted, _) = fit(recipe, &blobs(2, 8, 0.5, 2), 2);
        assert_eq!(fitted.summary.scaling, Some(scaling));
    }
}

#[test]
fn two_images_of_each_class_are_enough_to_fit() {
    let data = TrainingData {
        train: blobs(3, 2, 0.3, 6),
        ..TrainingData::default()
    };
    let (fitted, _) = fit_data(logistic(|_| ()), data, 3);
    let unseen = blobs(3, 10, 0.3, 7);
    for (row, class) in probabilities(&fitted.head, &unseen)
        .iter()
        .zip(&unseen.classes)
    {
        assert!(row[*class] > 0.5);
    }
}

#[test]
fn the_same_data_give_the_same_head_and_temperature() {
    let data = blobs(3, 12, 2.0, 8);
    let in_parts = TrainingData {
        parts: vec![448, 512],
        ..in_five_folds(data.clone())
    };
    let run = || fit_data(logistic(|_| ()), in_parts.clone(), 3).0;
    let (one, other) = (run(), run());
    assert_eq!(logits(&one.head, &data), logits(&other.head, &data));
    assert_eq!(one.head.temperature(), other.head.temperature());
    assert_eq!(one.left_out.unwrap().logits, other.left_out.unwrap().logits);
}

/// Noise left out is predicted best by what says least of it; now and then, chance has it otherwise.
#[test]
fn noise_gets_a_strong_penalty() {
    const SETS: usize = 10;
    let mut strong = 0;
    for seed in 0..SETS as u64 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let noise = LabelledEmbeddings {
            embeddings: (0..80 * FEATURES)
                .map(|_| rng.random_range(0.0..1.0))
                .collect(),
            classes: (0..80).map(|image| image % 2).collect(),
        };
        let (fitted, _) = fit(logistic(|_| ()), &noise, 2);
        assert!(fitted.summary.l2 >= 0.8, "{}", fitted.summary.l2);
        strong += usize::from(fitted.summary.l2 >= 8.0);
    }
    println!("figure: {strong} of {SETS} sets of noise get one of the two strongest penalties");
    assert!(strong >= 7, "{strong}");
}

/// Pictures that are all the same: of penalties of equal loss, what would be taken without images.
#[test]
fn where_no_feature_tells_anything_the_head_says_how_common_a_class_is() {
    let data = LabelledEmbeddings {
        embeddings: vec![0.7; 60 * 8],
        classes: (0..60).map(|image| usize::from(image % 3 == 0)).collect(),
    };
    let recipe = logistic(|options| options.class_weights = Some(ClassWeights::None));
    let data = TrainingData {
        parts: vec![4, 4],
        ..in_five_folds(data)
    };
    let (fitted, _) = fit_data(recipe, data, 2);
    assert!((fitted.summary.l2 - 0.8 * 0.1).abs() < 1e-12);
    let said = softmax(&fitted.head.logits(&[0.7; 8]));
    assert!((said[0] - 2.0 / 3.0).abs() < 1e-3, "{said:?}");
}

/// Images of features in two parts, each of which tells the classes apart as far as it is said.
fn in_parts([first, last]: [f32; 2], per_class: usize, seed: u64) -> LabelledEmbeddings {
    const PART: usize = 24;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut data = LabelledEmbeddings::default();
    for image in 0..3 * per_class {
        let class = image % 3;
        for shift in [first, last] {
            data.embeddings.extend((0..PART).map(|axis| {
                let own = if axis % 3 == class { shift } else { 0.0 };
                own + rng.random_range(-1.0..1.0)
            }));
        }
        data.classes.push(class);
    }
    data
}

fn default_head(shifts: [f32; 2]) -> Fitted {
    let data = TrainingData {
        parts: vec![24, 24],
        ..in_five_folds(in_parts(shifts, 40, 1))
    };
    fit_data(logistic(|_| ()), data, 3).0
}

fn accuracy(fitted: &Fitted, shifts: [f32; 2]) -> f64 {
    let unseen = in_parts(shifts, 200, 2);
    let rows = probabilities(&fitted.head, &unseen);
    Metrics::measure(&unseen.classes, &rows, 3).accuracy()
}

/// The default head finds out which stages tell the classes apart: those before the last one where that says nothing,
/// and all of them where each says something.
#[test]
fn two_regressions_are_put_together_by_what_each_is_worth() {
    let (early, late, both) = ([0.6, 0.0], [0.0, 0.6], [0.4, 0.4]);
    let shares = [early, late, both].map(|shifts| {
        let fitted = default_head(shifts);
        let (accuracy, last) = (
            accuracy(&fitted, shifts),
            fitted.summary.last_stage.unwrap(),
        );
        println!(
            "figure: parts that tell {shifts:?}: the last one's regression counts {:.2}, accuracy {accuracy:.3}",
            last.share
        );
        assert!(GRID.contains(&last.l2) && GRID.contains(&fitted.summary.l2));
        (last.share, accuracy)
    });
    // As sure as it should be, a regression on noise says next to nothing, whatever it counts.
    assert!(
        shares[0].0 <= 0.1 && shares[1].0 > shares[0].0,
        "{shares:?}"
    );
    assert!(shares.iter().all(|&(_, accuracy)| accuracy > 0.8));
    // Of images that it has the last part of alone, the regression of textbooks on both knows less.
    let given = logistic(|options| options.l2 = Some(L2::Value(0.1)));
    let (plain, _) = fit_data(given, in_five_folds(in_parts(early, 40, 1)), 3);
    assert!(shares[0].1 >= accuracy(&plain, early) - 0.01);
}

/// The head is one linear layer all the same, and what it said of images left out is what its temperature is of.
#[test]
fn the_two_are_one_head_calibrated_on_images_left_out() {
    let fitted = default_head([0.4, 0.4]);
    let left_out = fitted.left_out.as_ref().unwrap();
    let truth = in_parts([0.4, 0.4], 40, 1).classes;
    assert_eq!(left_out.images, (0..120).collect::<Vec<_>>());
    assert_eq!(fitted.head.features(), 48);
    // Looked for from where each of the two is calibrated, so that it is not quite the one that is looked for from 1.
    let best = fit_temperature(&left_out.logits, &truth, 3);
    let ratio = fitted.head.temperature() / best;
    assert!((0.7..1.4).contains(&ratio), "{ratio}");
    let unseen = in_parts([0.4, 0.4], 200, 2);
    let rows = probabilities(&fitted.head, &unseen);
    let measured = Metrics::measure(&unseen.classes, &rows, 3);
    println!(
        "figure: two regressions: calibration error {:.3} on 600 unseen images",
        measured.calibration_error
    );
    assert!(measured.calibration_error < 0.06);
}

/// 6,000 images of ten classes, 4 + 4 features: the classes lie around a circle in each part, so that neighbours mix.
fn many(count: usize, seed: u64) -> LabelledEmbeddings {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut data = LabelledEmbeddings::default();
    for image in 0..count {
        let class = image % 10;
        let turn = class as f32 / 10.0 * std::f32::consts::TAU;
        for (place, centre) in [turn.sin(), turn.cos()].repeat(4).into_iter().enumerate() {
            let spread = if place < 4 { 1.0 } else { 1.5 };
            let noise: f32 = (0..3).map(|_| rng.random_range(-spread..spread)).sum();
            data.embeddings.push(centre + noise);
        }
        data.classes.push(class);
    }
    data
}

#[test]
fn with_many_images_one_fold_is_left_out_and_the_head_comes_to_its_end_calibrated() {
    let train = many(6000, 1);
    let truth = train.classes.clone();
    let folds: Vec<usize> = (0..6000).map(|image| image / 10 % 5).collect();
    let data = TrainingData {
        parts: vec![4, 4],
        folds: folds.iter().copied().map(Some).collect(),
        turns: 1,
        ..in_five_folds(train)
    };
    let (fitted, _) = fit_data(logistic(|_| ()), data, 10);
    assert!(fitted.summary.converged && !fitted.summary.few_images);
    // One regression, on all features: the images say what each is worth.
    assert_eq!(fitted.summary.last_stage, None);
    assert_eq!(fitted.calibrated_on, 1200);
    let left_out = fitted.left_out.as_ref().unwrap();
    let of_first: Vec<usize> = (0..6000).filter(|&image| folds[image] == 0).collect();
    assert_eq!(left_out.images, of_first);
    assert_eq!(left_out.folds, [0; 1200]);
    let right = |logits: &[f32], truth: &mut dyn Iterator<Item = usize>| {
        let rows = logits.chunks_exact(10).zip(truth);
        let is_right = |(row, class): (&[f32], usize)| argmax(&softmax(row)) == class;
        rows.map(is_right).filter(|&right| right).count() as f64
    };
    let mut of_first = of_first.iter().map(|&image| truth[image]);
    let of_left_out = right(&left_out.logits, &mut of_first) / 1200.0;
    let unseen = many(4000, 2);
    let rows = probabilities(&fitted.head, &unseen);
    let measured = Metrics::measure(&unseen.classes, &rows, 10);
    println!(
        "figure: 6,000 images, 10 classes, one fold left out: accuracy {of_left_out:.3} on it and {:.3} on unseen images, \
         calibration error {:.3} at temperature {:.2}",
        measured.accuracy(),
        measured.calibration_error,
        fitted.head.temperature()
    );
    // 1,200 and 4,000 images: a standard deviation of 0.016 of the difference.
    assert!((of_left_out - measured.accuracy()).abs() < 0.05);
    assert!(measured.calibration_error < 0.04);
    assert!(
        fitted
            .learning_curve
            .iter()
            .all(|s| s.logits.len() == 12_000)
    );
}

/// Of images that take part in choosing, a part of all: a penalty is a prior, which counts less beside more images.
#[test]
fn a_penalty_chosen_on_a_part_of_the_images_is_lessened_for_all_of_them() {
    let mut data = in_five_folds(many(2000, 3));
    data.parts = vec![4, 4];
    data.turns = 1;
    let takes_part = |image: usize| (image < 1000).then_some(image / 10 % 5);
    data.folds = (0..2000).map(takes_part).collect();
    let (fitted, _) = fit_data(logistic(|_| ()), data, 10);
    // Chosen where 800 were learned from.
    let chosen = fitted.summary.l2 * 2000.0 / 800.0;
    let mantissa = chosen / 10_f64.powf(chosen.log10().floor());
    assert!(
        [1.0, 3.0, 10.0].iter().any(|m| (mantissa - m).abs() < 1e-6),
        "{chosen} is none of the penalties to choose from"
    );
    assert_eq!(fitted.calibrated_on, 200);
}

/// What a step goes over is bounded, however many images and classes there are, so that a page stays at hand: the first
/// evaluation of all five folds' regressions takes several, until which nothing is known of the loss.
#[test]
fn an_evaluation_of_much_is_gone_through_in_several_steps() {
    const CLASSES: usize = 300;
    let first_loss = |images: usize| {
        let data = LabelledEmbeddings {
            embeddings: (0..2 * images).map(|i| (i % 7) as f32).collect(),
            classes: (0..images).map(|image| image % CLASSES).collect(),
        };
        let recipe = logistic(|options| options.class_weights = Some(ClassWeights::None));
        let data = TrainingData {
            parts: vec![1, 1],
            folds: (0..images).map(|image| Some(image / CLASSES % 5)).collect(),
            ..in_five_folds(data)
        };
        let mut fit = Fit::start(recipe, labels(CLASSES), data);
        let mut steps = 1;
        loop {
            let loss = fit.epoch().unwrap().loss;
            if loss > 0.0 {
                // All classes are as likely at first.
                assert!((loss - (CLASSES as f64).ln()).abs() < 1e-6, "{loss}");
                return steps;
            }
            steps += 1;
        }
    };
    let (few, many) = (first_loss(1500), first_loss(6000));
    println!(
        "figure: an evaluation of 300 classes: {few} steps for 1,500 images, {many} for 6,000"
    );
    assert!(few >= 1 && many >= 4 && many <= 4 * few.max(2));
}
