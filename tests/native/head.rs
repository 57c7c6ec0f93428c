//! Fitting a head by Adam and SGD: the update rules, determinism, stopping and calibration; and the options.

use crate::support::FEATURES;
use crate::support::fitting::{fit, fit_data, logits, probabilities, recipe};
use crate::support::synthetic::blobs;
use headstart::head::{
    Head, L2, LabelledEmbeddings, Method, TrainOptions, TrainingData, fit_temperature, softmax,
};

fn options(method: Method) -> TrainOptions {
    TrainOptions {
        method: Some(method),
        ..TrainOptions::default()
    }
}

#[test]
fn both_methods_learn_separable_classes() {
    let data = blobs(3, 30, 0.4, 1);
    let unseen = blobs(3, 30, 0.4, 2);
    for method in [Method::Adam, Method::Sgd] {
        let recipe = options(method).recipe().unwrap();
        let epochs = recipe.epochs;
        let (fitted, reports) = fit(recipe, &data, 3);
        assert_eq!(reports.len(), epochs);
        assert!(reports.last().unwrap().loss < reports[0].loss);
        assert_eq!(reports.last().unwrap().train_accuracy, Some(1.0));
        for (row, class) in probabilities(&fitted.head, &unseen)
            .iter()
            .zip(&unseen.classes)
        {
            assert!(row[*class] > 0.5, "{method:?}");
            assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        }
    }
}

#[test]
fn the_seed_decides_the_head() {
    let data = blobs(2, 20, 1.0, 5);
    let train = |seed: f64| {
        let options = TrainOptions {
            seed: Some(seed),
            epochs: Some(3.0),
            ..options(Method::Sgd)
        };
        probabilities(&fit(options.recipe().unwrap(), &data, 2).0.head, &data)
    };
    assert_eq!(train(7.0), train(7.0));
    assert_ne!(train(7.0), train(8.0));
}

/// One full-batch epoch is one step; three of them follow torch's rule, worked here in f64:
/// v ← m·v + g, w ← w − lr·v.
#[test]
fn sgd_follows_torchs_rule() {
    let data = blobs(2, 8, 1.0, 9);
    let count = data.classes.len();
    let (rate, momentum) = (0.05, 0.9);
    let run = |epochs: usize| {
        let options = TrainOptions {
            epochs: Some(epochs as f64),
            learning_rate: Some(rate),
            batch_size: Some(count as f64),
            ..options(Method::Sgd)
        };
        fit(options.recipe().unwrap(), &data, 2).0.head
    };
    // The head is linear, so its logits on the unit vectors and zero are its weights and bias.
    let weights = |head: &Head| -> Vec<[f64; 2]> {
        let mut probes = vec![0.0_f32; (FEATURES + 1) * FEATURES];
        for axis in 0..FEATURES {
            probes[axis * FEATURES + axis] = 1.0;
        }
        let logits = head.logits(&probes);
        let bias = [logits[2 * FEATURES], logits[2 * FEATURES + 1]];
        (0..=FEATURES)
            .map(|row| {
                [0, 1].map(|k| {
                    let shift = if row < FEATURES { bias[k] } else { 0.0 };
                    f64::from(logits[2 * row + k] - shift)
                })
            })
            .collect()
    };
    let gradient = |w: &[[f64; 2]]| -> Vec<[f64; 2]> {
        let mut gradient = vec![[0.0; 2]; FEATURES + 1];
        for (x, &class) in data.embeddings.chunks(FEATURES).zip(&data.classes) {
            let logit = |k: usize| -> f64 {
                let dot: f64 = x.iter().zip(w).map(|(&x, w)| f64::from(x) * w[k]).sum();
                dot + w[FEATURES][k]
            };
            let p = softmax(&[logit(0) as f32, logit(1) as f32]);
            for k in 0..2 {
                let error = (p[k] - f64::from(u8::from(k == class))) / count as f64;
                for (g, &x) in gradient.iter_mut().zip(x) {
                    g[k] += error * f64::from(x);
                }
                gradient[FEATURES][k] += error;
            }
        }
        gradient
    };
    let one = weights(&run(1));
    // v after the first step is (w0 − w1) / lr, and w0 follows from w1 by one step back; use steps 1→2→3.
    let two = weights(&run(2));
    let three = weights(&run(3));
    let g_two = gradient(&two);
    for row in 0..=FEATURES {
        for k in 0..2 {
            let velocity = (one[row][k] - two[row][k]) / rate;
            let expected = two[row][k] - rate * (momentum * velocity + g_two[row][k]);
            let off = (three[row][k] - expected).abs();
            // f32 weights near 0.04, read as differences: a few 1e-7.
            assert!(off < 2e-6, "row {row}, class {k}: {off}");
        }
    }
}

#[test]
fn an_l2_penalty_shrinks_the_weights() {
    let data = blobs(2, 20, 0.5, 3);
    let confidence = |l2: f64| {
        let options = TrainOptions {
            l2: Some(L2::Value(l2)),
            ..options(Method::Sgd)
        };
        let (fitted, _) = fit(options.recipe().unwrap(), &data, 2);
        let rows = probabilities(&fitted.head, &data);
        rows.iter()
            .zip(&data.classes)
            .map(|(row, &class)| row[class])
            .sum::<f64>()
    };
    assert!(confidence(1.0) < confidence(0.0) - 0.5);
}

#[test]
fn images_set_aside_are_watched_and_not_learned() {
    let train = blobs(2, 20, 0.3, 1);
    // Labels of the watched images are swapped: a fit that learned from them could not do so badly.
    let mut watched = blobs(2, 5, 0.3, 2);
    watched.classes.reverse();
    let data = TrainingData {
        train,
        validation: watched.clone(),
        ..TrainingData::default()
    };
    let (fitted, reports) = fit_data(recipe(Method::Adam, |_| ()), data, 2);
    let last = reports.last().unwrap();
    assert_eq!(last.train_accuracy, Some(1.0));
    assert_eq!(last.validation_accuracy, Some(0.0));
    assert!(last.validation_loss.unwrap() > last.loss);
    // The watched loss only grows once the classes are told apart: the descent stops early, and the head
    // is that of the epoch where it was least.
    assert!(reports.len() < 60, "{} epochs", reports.len());
    let losses: Vec<f64> = reports.iter().map(|r| r.validation_loss.unwrap()).collect();
    let least = losses.iter().copied().fold(f64::INFINITY, f64::min);
    // The watched loss is that of the logits as they are.
    let rows = logits(&fitted.head, &watched);
    let entropies = rows
        .chunks_exact(2)
        .zip(&watched.classes)
        .map(|(row, &class)| -softmax(row)[class].ln());
    let loss = entropies.sum::<f64>() / watched.classes.len() as f64;
    assert!((loss - least).abs() < 1e-5, "{loss} {least}");
}

/// Two classes that overlap, so that a head has something to be unsure of.
fn overlapping(per_class: usize, seed: u64) -> LabelledEmbeddings {
    let mut data = blobs(2, per_class, 3.0, seed);
    for (image, class) in data.classes.iter_mut().enumerate() {
        if image % 5 == 0 {
            *class = 1 - *class;
        }
    }
    data
}

#[test]
fn images_set_aside_calibrate_the_head_and_without_any_it_stays_as_it_is() {
    for method in [Method::Adam, Method::Sgd] {
        let data = TrainingData {
            train: overlapping(40, 1),
            validation: overlapping(20, 2),
            ..TrainingData::default()
        };
        let (fitted, _) = fit_data(recipe(method, |_| ()), data.clone(), 2);
        assert_eq!(fitted.calibrated_on, 40);
        let raw = logits(&fitted.head, &data.validation);
        let expected = fit_temperature(&raw, &data.validation.classes, 2);
        assert!((fitted.head.temperature() - expected).abs() < 1e-9);
        assert_ne!(fitted.head.temperature(), 1.0);
        let stated = probabilities(&fitted.head, &data.validation);
        for (row, stated) in raw.chunks_exact(2).zip(stated) {
            let cooled = row.iter().map(|&z| (f64::from(z) / expected) as f32);
            let cooled = softmax(&cooled.collect::<Vec<f32>>());
            assert!((cooled[0] - stated[0]).abs() < 1e-6);
        }

        let alone = TrainingData {
            validation: LabelledEmbeddings::default(),
            ..data
        };
        let (fitted, _) = fit_data(recipe(method, |_| ()), alone, 2);
        assert_eq!(fitted.calibrated_on, 0);
        assert_eq!(fitted.head.temperature(), 1.0);
        assert!(fitted.left_out.is_none());
        assert_eq!(fitted.summary.scaling, None);
        assert!(!fitted.summary.few_images && fitted.summary.last_stage.is_none());
        assert!(fitted.learning_curve.is_empty());
    }
}

#[test]
fn bad_options_are_refused_by_name() {
    let bad = |change: fn(&mut TrainOptions)| {
        let mut options = options(Method::Sgd);
        change(&mut options);
        let error = options.recipe().unwrap_err();
        assert_eq!(error.code(), "INVALID_ARGUMENT");
        error.to_string()
    };
    assert!(bad(|o| o.epochs = Some(0.0)).starts_with("epochs"));
    assert!(bad(|o| o.epochs = Some(1.5)).contains("whole number"));
    assert!(bad(|o| o.learning_rate = Some(f64::NAN)).starts_with("learningRate"));
    assert!(bad(|o| o.learning_rate = Some(-1.0)).starts_with("learningRate"));
    assert!(bad(|o| o.momentum = Some(1.0)).starts_with("momentum"));
    assert!(bad(|o| o.batch_size = Some(f64::INFINITY)).starts_with("batchSize"));
    assert!(bad(|o| o.l2 = Some(L2::Value(-0.1))).starts_with("l2"));
    assert!(bad(|o| o.validation = Some(0.9)).starts_with("validation"));
    assert!(bad(|o| o.seed = Some(-3.0)).starts_with("seed"));
    let adam = TrainOptions {
        momentum: Some(0.5),
        ..options(Method::Adam)
    };
    assert!(
        adam.recipe()
            .unwrap_err()
            .to_string()
            .starts_with("momentum")
    );
}

#[test]
fn softmax_survives_large_logits() {
    let row = softmax(&[1000.0, 999.0, -1000.0]);
    assert!((row[0] - 1.0 / (1.0 + (-1.0_f64).exp())).abs() < 1e-12);
    assert_eq!(row[2], 0.0);
}

#[test]
fn options_of_the_other_methods_are_refused_for_lbfgs() {
    type Change = fn(&mut TrainOptions);
    let changes: [(&str, Change); 4] = [
        ("learningRate", |o| o.learning_rate = Some(0.1)),
        ("batchSize", |o| o.batch_size = Some(4.0)),
        ("validation", |o| o.validation = Some(0.1)),
        ("momentum", |o| o.momentum = Some(0.1)),
    ];
    for (name, change) in changes {
        let mut options = options(Method::Lbfgs);
        change(&mut options);
        let message = options.recipe().unwrap_err().to_string();
        assert!(
            message.starts_with(name) && message.contains("goes with"),
            "{message}"
        );
    }
}
