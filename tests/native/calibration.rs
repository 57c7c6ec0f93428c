//! Calibration: the temperature is SciPy's, comes from images that no head had learned from, and helps.

use crate::support::fitting::{fit, five_folds, logistic, logits, probabilities};
use crate::support::synthetic::blobs;
use headstart::evaluation::Metrics;
use headstart::head::{ClassWeights, L2, LabelledEmbeddings, argmax, fit_temperature, softmax};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

/// Probabilities of logits `[N, classes]` at a temperature, in f64.
fn at(logits: &[f32], classes: usize, temperature: f64) -> Vec<Vec<f64>> {
    let rows = logits.chunks_exact(classes);
    rows.map(|row| {
        let exponentials: Vec<f64> = row
            .iter()
            .map(|&z| (f64::from(z) / temperature).exp())
            .collect();
        let sum: f64 = exponentials.iter().sum();
        exponentials.iter().map(|e| e / sum).collect()
    })
    .collect()
}

#[test]
fn temperatures_and_what_they_change_are_scipys_and_scikit_learns() {
    let file: Value = serde_json::from_str(include_str!("../fixtures/metrics.json")).unwrap();
    let cases = file["calibration"].as_array().unwrap();
    for case in cases {
        let truth: Vec<usize> = serde_json::from_value(case["truth"].clone()).unwrap();
        let rows: Vec<Vec<f32>> = serde_json::from_value(case["logits"].clone()).unwrap();
        let (classes, logits) = (rows[0].len(), rows.concat());
        let temperature = fit_temperature(&logits, &truth, classes);
        let theirs = case["temperature"].as_f64().unwrap();
        println!("figure: temperature {temperature:.6}, SciPy's {theirs:.6}");
        assert!((temperature / theirs - 1.0).abs() < 1e-5);
        for (index, temperature) in [1.0, temperature].into_iter().enumerate() {
            let probabilities = at(&logits, classes, temperature);
            let metrics = Metrics::measure(&truth, &probabilities, classes);
            let close =
                |ours: f64, theirs: &Value| (ours - theirs[index].as_f64().unwrap()).abs() < 1e-5;
            assert!(close(metrics.log_loss, &case["log_loss"]));
            assert!(close(metrics.calibration_error, &case["calibration_error"]));
        }
    }
    assert_eq!(cases.len(), 5);
}

/// Overlapping classes, with a share of the labels changed.
fn noisy(per_class: usize, changed: f64, seed: u64) -> LabelledEmbeddings {
    let mut data = blobs(2, per_class, 3.0, seed);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for class in &mut data.classes {
        if rng.random_bool(changed) {
            *class = 1 - *class;
        }
    }
    data
}

fn with_l2(l2: f64) -> headstart::head::Recipe {
    logistic(|options| {
        options.l2 = Some(L2::Value(l2));
        options.class_weights = Some(ClassWeights::None);
    })
}

/// An image's label can tell on what is said of it only if a head had learned from it.
#[test]
fn what_is_said_of_a_left_out_image_does_not_depend_on_its_label() {
    let data = blobs(2, 20, 1.0, 3);
    let (before, _) = fit(with_l2(1e-3), &data, 2);
    let before = before.left_out.unwrap();
    assert_eq!(before.folds, five_folds(40));
    for image in [0, 7, 33] {
        let mut changed = data.clone();
        changed.classes[image] = 1 - changed.classes[image];
        let (after, _) = fit(with_l2(1e-3), &changed, 2);
        let row = 2 * image..2 * image + 2;
        let after_logits = after.left_out.unwrap().logits;
        assert_eq!(after_logits[row.clone()], before.logits[row.clone()]);
        assert_ne!(after_logits, before.logits, "others did learn from it");
        // The head that left it out contradicts the changed label; the one that learned it does not.
        let called = argmax(&softmax(&after_logits[row.clone()]));
        assert_eq!(called, data.classes[image]);
        let learned = logits(&after.head, &changed);
        assert_eq!(argmax(&softmax(&learned[row])), changed.classes[image]);
    }
}

#[test]
fn an_overfit_head_is_cooled_and_states_better_probabilities() {
    let data = noisy(60, 0.3, 1);
    let unseen = noisy(500, 0.3, 2);
    let (fitted, _) = fit(with_l2(1e-4), &data, 2);
    let head = &fitted.head;
    assert_eq!(fitted.calibrated_on, 120);
    let temperature = head.temperature();
    let raw = logits(head, &unseen);
    let measure = |rows: &[Vec<f64>]| Metrics::measure(&unseen.classes, rows, 2);
    let before = measure(&at(&raw, 2, 1.0));
    let after = measure(&probabilities(head, &unseen));
    println!(
        "figure: overfit head at temperature {temperature:.2}: log-loss {:.3} to {:.3}, calibration error {:.3} to {:.3}",
        before.log_loss, after.log_loss, before.calibration_error, after.calibration_error
    );
    assert!(temperature > 1.5, "{temperature}");
    assert!(after.log_loss < before.log_loss);
    assert!(after.calibration_error < before.calibration_error);
    // Dividing all logits by one number names the same class.
    assert_eq!(after.confusion, before.confusion);
    let expected = at(&raw, 2, temperature);
    for (ours, expected) in probabilities(head, &unseen).iter().zip(expected) {
        assert!((ours[0] - expected[0]).abs() < 1e-9);
    }
}

#[test]
fn the_temperature_is_that_of_the_left_out_logits() {
    let data = noisy(30, 0.2, 4);
    let (fitted, _) = fit(with_l2(0.01), &data, 2);
    let left_out = fitted.left_out.unwrap();
    let expected = fit_temperature(&left_out.logits, &data.classes, 2);
    assert_eq!(fitted.head.temperature(), expected);
}
