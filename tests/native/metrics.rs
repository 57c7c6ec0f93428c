//! Metrics against scikit-learn's on random cases (`fixtures/metrics.py`).

use headstart::evaluation::{Metrics, wilson};
use headstart::head::softmax;
use serde_json::Value;

fn cases() -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("../fixtures/metrics.json")).unwrap();
    file["cases"].as_array().unwrap().clone()
}

fn floats(values: &Value) -> Vec<Option<f64>> {
    values
        .as_array()
        .unwrap()
        .iter()
        .map(Value::as_f64)
        .collect()
}

fn truth_and_probabilities(case: &Value) -> (Vec<usize>, Vec<Vec<f64>>) {
    let truth = case["truth"].as_array().unwrap();
    let logits = case["logits"].as_array().unwrap();
    (
        truth.iter().map(|v| v.as_u64().unwrap() as usize).collect(),
        logits
            .iter()
            .map(|row| {
                let row: Vec<f32> = floats(row).into_iter().map(|v| v.unwrap() as f32).collect();
                softmax(&row)
            })
            .collect(),
    )
}

/// Both compute in f64 from the same f32 logits: only the order of sums differs.
#[test]
fn metrics_are_scikit_learns() {
    let close = |a: f64, b: &Value| assert!((a - b.as_f64().unwrap()).abs() < 1e-9, "{a} {b}");
    let cases = cases();
    for case in &cases {
        let (truth, probabilities) = truth_and_probabilities(case);
        let classes = probabilities[0].len();
        let metrics = Metrics::measure(&truth, &probabilities, classes);
        close(metrics.accuracy(), &case["accuracy"]);
        close(metrics.balanced_accuracy, &case["balanced_accuracy"]);
        close(metrics.macro_f1, &case["macro_f1"]);
        close(metrics.log_loss, &case["log_loss"]);
        assert_eq!(
            serde_json::to_value(&metrics.confusion).unwrap(),
            case["confusion"]
        );
        for (name, ours) in [
            (
                "precision",
                metrics
                    .classes
                    .iter()
                    .map(|c| c.precision)
                    .collect::<Vec<_>>(),
            ),
            ("recall", metrics.classes.iter().map(|c| c.recall).collect()),
            ("f1", metrics.classes.iter().map(|c| c.f1).collect()),
        ] {
            for (a, b) in ours.into_iter().zip(floats(&case[name])) {
                match (a, b) {
                    (Some(a), Some(b)) => assert!((a - b).abs() < 1e-12, "{name}: {a} {b}"),
                    (a, b) => assert_eq!(a, b, "{name}"),
                }
            }
        }
    }
    assert_eq!(cases.len(), 5);
}

/// Reference bounds from Wilson's formula worked by hand: 81/263 is Newcombe's 1998 example.
#[test]
fn the_interval_is_wilsons() {
    let (low, high) = wilson(81, 263);
    assert!(
        (low - 0.2553).abs() < 5e-5 && (high - 0.3662).abs() < 5e-5,
        "{low} {high}"
    );
    let (low, high) = wilson(0, 20);
    assert!(low == 0.0 && (high - 0.1611).abs() < 5e-5, "{high}");
    assert_eq!(wilson(20, 20).1, 1.0);
    assert_eq!(wilson(0, 0), (0.0, 1.0));
}

#[test]
fn calibration_error_is_the_gap_between_confidence_and_accuracy() {
    // Four images at confidence 0.8, three of them right: |0.75 - 0.8|.
    let rows = vec![vec![0.8, 0.2]; 4];
    let metrics = Metrics::measure(&[0, 0, 0, 1], &rows, 2);
    assert!((metrics.calibration_error - 0.05).abs() < 1e-12);
    assert_eq!(metrics.majority_accuracy, 0.75);
}

#[test]
fn a_certain_mistake_has_a_finite_loss() {
    let metrics = Metrics::measure(&[1], &[vec![1.0, 0.0]], 2);
    assert!(metrics.log_loss.is_finite() && metrics.log_loss > 30.0);
}
