//! Labels in doubt, against the rule written out in numpy and cleanlab's (`fixtures/metrics.py`).

use headstart::evaluation::{Judged, label_problems};
use headstart::head::softmax;
use serde_json::Value;

fn judged(truth: &[usize], rows: &[Vec<f32>]) -> Vec<Judged> {
    let images = truth.iter().zip(rows).enumerate();
    images
        .map(|(id, (&class, row))| Judged {
            id,
            hash: format!("{id:04}"),
            name: format!("{id}.jpg"),
            class,
            probabilities: softmax(row),
        })
        .collect()
}

#[test]
fn labels_in_doubt_are_those_of_confident_learning() {
    let file: Value = serde_json::from_str(include_str!("../fixtures/metrics.json")).unwrap();
    let mut total = 0;
    for case in file["calibration"].as_array().unwrap() {
        let truth: Vec<usize> = serde_json::from_value(case["truth"].clone()).unwrap();
        let rows: Vec<Vec<f32>> = serde_json::from_value(case["logits"].clone()).unwrap();
        let images = judged(&truth, &rows);
        let found = label_problems(&images, rows[0].len());
        let mut pairs: Vec<(usize, usize)> = found.iter().map(|c| (c.place, c.suggested)).collect();
        pairs.sort_unstable();
        let numbers =
            |name: &str| -> Vec<usize> { serde_json::from_value(case[name].clone()).unwrap() };
        let theirs: Vec<(usize, usize)> = numbers("in_doubt")
            .into_iter()
            .zip(numbers("suggested"))
            .collect();
        assert_eq!(pairs, theirs);
        let margins = found.iter().map(|c| c.probability_of_label - c.probability);
        assert!(margins.is_sorted(), "the most doubtful come first");
        for contradiction in &found {
            let image = &images[contradiction.place];
            assert_eq!(
                contradiction.probability,
                image.probabilities[contradiction.suggested]
            );
            assert_eq!(
                contradiction.probability_of_label,
                image.probabilities[image.class]
            );
        }
        total += found.len();
    }
    println!("figure: {total} labels in doubt, the same as in numpy and cleanlab");
    assert!(total > 100);
}

#[test]
fn labels_that_nothing_contradicts_are_not_doubted() {
    let rows = vec![
        vec![2.0, 0.0],
        vec![1.5, 0.0],
        vec![0.0, 2.0],
        vec![0.0, 1.0],
    ];
    assert!(label_problems(&judged(&[0, 0, 1, 1], &rows), 2).is_empty());
    assert!(label_problems(&[], 2).is_empty());
}

#[test]
fn a_class_without_images_is_never_suggested() {
    let rows = vec![
        vec![1.0, 0.0, 5.0],
        vec![0.0, 1.0, 5.0],
        vec![1.0, 0.0, 4.0],
    ];
    assert!(label_problems(&judged(&[0, 1, 0], &rows), 3).is_empty());
}
