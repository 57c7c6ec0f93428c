//! The report: what it is made of, and that the order of images does not matter.

use headstart::backbone::FeatureSet;
use headstart::evaluation::{
    Conflict, Evidence, Groups, HeldOut, Judged, LearningCurve, NearDuplicates, Refusals, Report,
};
use headstart::head::{HeadSummary, LastStage, Method, Scaling, softmax};
use headstart::image::Views;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::Value;

fn judged(id: usize, class: usize, logits: &[f32]) -> Judged {
    Judged {
        id,
        hash: format!("{:04x}", id * 7919 % 65_536),
        name: format!("{id}.jpg"),
        class,
        probabilities: softmax(logits),
    }
}

/// Two classes, `[right, wrong]` images of each.
fn two_classes(first_id: usize, counts: [[usize; 2]; 2]) -> Vec<Judged> {
    let mut images = Vec::new();
    for (class, [right, wrong]) in counts.into_iter().enumerate() {
        for number in 0..right + wrong {
            let called = if number < right { class } else { 1 - class };
            let mut logits = [0.0; 2];
            // A little different each, so that there is an order among them.
            logits[called] = 1.0 + number as f32 / 100.0;
            images.push(judged(first_id + images.len(), class, &logits));
        }
    }
    images
}

fn evidence(test: Vec<Judged>, left_out: Vec<Judged>) -> Evidence {
    Evidence {
        labels: vec!["ants".into(), "bees".into()],
        head: HeadSummary {
            method: Method::Lbfgs,
            l2: 0.1,
            balanced: false,
            scaling: Some(Scaling::Shrunken),
            few_images: false,
            last_stage: Some(LastStage {
                l2: 0.3,
                share: 0.7,
            }),
            converged: true,
        },
        views: Views::Flip,
        features: FeatureSet::All,
        test,
        held_out: HeldOut::Split,
        trained: left_out.len(),
        calibration: None,
        folds: (0..left_out.len()).map(|image| image % 5).collect(),
        left_out,
        learning_curve: None,
        finetune: None,
        near_duplicates: NearDuplicates::default(),
        groups: Groups::default(),
        unknown: None,
    }
}

/// A report without the last digits of what is summed up in the order of images.
fn without_rounding(mut report: Report) -> Report {
    let mut numbers = vec![&mut report.log_loss, &mut report.calibration_error];
    if let Some(calibration) = &mut report.calibration {
        numbers.extend([&mut calibration.before, &mut calibration.after]);
    }
    for number in numbers {
        *number = (*number * 1e9).round() / 1e9;
    }
    report
}

/// A case: labels, held-out images and left-out images, as classes and logits.
fn random_images(
    classes: usize,
    count: std::ops::Range<usize>,
) -> impl Strategy<Value = Vec<(usize, Vec<f32>)>> {
    let logits = prop::collection::vec(-4.0..4.0_f32, classes);
    prop::collection::vec((0..classes, logits), count)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 100,
        // The same cases on every machine, and no files left behind.
        rng_seed: RngSeed::Fixed(3),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_order_of_images_does_not_matter(
        (classes, test, left_out) in (2..5_usize).prop_flat_map(|classes| {
            (Just(classes), random_images(classes, 1..40), random_images(classes, 0..40))
        }),
        test_order in Just((0..40).collect::<Vec<usize>>()).prop_shuffle(),
        left_out_order in Just((0..40).collect::<Vec<usize>>()).prop_shuffle(),
    ) {
        let make = |images: &[(usize, Vec<f32>)], first: usize| -> Vec<Judged> {
            let images = images.iter().enumerate();
            images.map(|(n, (class, logits))| judged(first + n, *class, logits)).collect()
        };
        let (test, left_out) = (make(&test, 0), make(&left_out, 100));
        let raw: Vec<Vec<f64>> = test
            .iter()
            .map(|image| softmax(&image.probabilities.iter().map(|&p| 3.0 * p as f32).collect::<Vec<_>>()))
            .collect();
        let one = Evidence {
            labels: (0..classes).map(|class| class.to_string()).collect(),
            calibration: Some((1.5, left_out.len(), raw.clone())),
            ..evidence(test.clone(), left_out.clone())
        };
        let pick = |order: &[usize], len: usize| -> Vec<usize> {
            order.iter().copied().filter(|&place| place < len).collect()
        };
        let test_order = pick(&test_order, test.len());
        let left_out_order = pick(&left_out_order, left_out.len());
        let other = Evidence {
            test: test_order.iter().map(|&place| test[place].clone()).collect(),
            calibration: Some((1.5, left_out.len(), test_order.iter().map(|&place| raw[place].clone()).collect())),
            left_out: left_out_order.iter().map(|&place| left_out[place].clone()).collect(),
            folds: left_out_order.iter().map(|&place| one.folds[place]).collect(),
            ..one.clone()
        };
        let (one, other) = (Report::new(one), Report::new(other));
        prop_assert!((one.log_loss - other.log_loss).abs() < 1e-12);
        prop_assert_eq!(without_rounding(one), without_rounding(other));
    }

    /// What the numbers mean, whatever the images.
    #[test]
    fn counts_add_up(test in random_images(2, 1..60)) {
        let test: Vec<Judged> =
            test.iter().enumerate().map(|(id, (class, logits))| judged(id, *class, logits)).collect();
        let report = Report::new(evidence(test.clone(), Vec::new()));
        let right = report.predictions.iter().filter(|p| p.label == p.predicted).count();
        prop_assert_eq!(report.tested, test.len());
        prop_assert_eq!(report.accuracy, right as f64 / test.len() as f64);
        prop_assert!(report.interval.0 <= report.accuracy && report.accuracy <= report.interval.1);
        prop_assert_eq!(report.confusion.concat().iter().sum::<usize>(), test.len());
        prop_assert_eq!(report.classes.iter().map(|class| class.support).sum::<usize>(), test.len());
        prop_assert!(report.predictions.iter().map(|p| p.id).is_sorted());
    }
}

#[test]
fn cross_validation_gives_a_second_opinion_where_a_class_has_few_held_out_images() {
    let left_out = two_classes(100, [[18, 2], [15, 5]]);
    let report = |counts| Report::new(evidence(two_classes(0, counts), left_out.clone()));
    assert_eq!(report([[20, 0], [10, 10]]).cross_validation, None);
    for counts in [[[20, 0], [10, 9]], [[30, 0], [0, 0]]] {
        let second = report(counts).cross_validation.unwrap();
        assert_eq!((second.folds, second.images), (5, 40));
        assert_eq!(second.accuracy, 33.0 / 40.0);
        assert!(second.interval.0 < second.accuracy && second.accuracy < second.interval.1);
    }
    let without_folds = Report::new(evidence(two_classes(0, [[5, 0], [5, 0]]), Vec::new()));
    assert_eq!(without_folds.cross_validation, None);
    // Where only a part of the images was left out, that is no cross-validation of all of them.
    let in_part = Report::new(Evidence {
        trained: 50,
        ..evidence(two_classes(0, [[5, 0], [5, 0]]), left_out.clone())
    });
    assert_eq!(in_part.cross_validation, None);
}

#[test]
fn images_that_would_be_refused_are_counted_and_judged_all_the_same() {
    let mut evidence = evidence(two_classes(0, [[6, 2], [2, 0]]), Vec::new());
    assert_eq!(Report::new(evidence.clone()).unknown, None);
    evidence.unknown = Some(Refusals {
        threshold: 0.6,
        refused: (0..10).map(|place| [0, 7].contains(&place)).collect(),
    });
    let report = Report::new(evidence);
    let unknown = report.unknown.unwrap();
    assert_eq!(
        (unknown.refused, unknown.share, unknown.threshold),
        (2, 0.2, 0.6)
    );
    assert_eq!(report.accuracy, 0.8);
    let named = report
        .predictions
        .iter()
        .filter(|p| p.unknown)
        .map(|p| p.id);
    assert_eq!(named.collect::<Vec<_>>(), [0, 7]);
}

#[test]
fn labels_in_doubt_are_found_among_training_and_held_out_images() {
    let mut test = two_classes(0, [[10, 0], [10, 0]]);
    let mut left_out = two_classes(100, [[20, 0], [20, 0]]);
    // One of each is surely the other class.
    test[3] = judged(3, 0, &[0.0, 4.0]);
    left_out[30] = judged(130, 1, &[6.0, 0.0]);
    let report = Report::new(evidence(test.clone(), left_out));
    let found: Vec<_> = report
        .label_problems
        .iter()
        .map(|problem| {
            (
                problem.id,
                problem.label.as_str(),
                problem.suggested.as_str(),
                problem.held_out,
            )
        })
        .collect();
    // The most doubtful first.
    assert_eq!(
        found,
        [(130, "bees", "ants", false), (3, "ants", "bees", true)]
    );
    let first = &report.label_problems[0];
    assert!((first.probability + first.probability_of_label - 1.0).abs() < 1e-12);
    assert!(first.probability > 0.99);
    assert_eq!(first.name, "130.jpg");
    // Without folds the training images were judged by no head that had not learned them.
    assert!(
        Report::new(evidence(test, Vec::new()))
            .label_problems
            .is_empty()
    );
}

#[test]
fn calibration_is_told_without_and_with_the_temperature() {
    let test = two_classes(0, [[9, 1], [8, 2]]);
    let sure: Vec<Vec<f64>> = test
        .iter()
        .map(|image| image.probabilities.iter().map(|p| p.round()).collect())
        .collect();
    let mut evidence = evidence(test, Vec::new());
    assert_eq!(Report::new(evidence.clone()).calibration, None);
    evidence.calibration = Some((2.5, 40, sure));
    let report = Report::new(evidence);
    let calibration = report.calibration.unwrap();
    assert_eq!((calibration.temperature, calibration.fitted_on), (2.5, 40));
    // All at confidence 1, and 17 of 20 right.
    assert!((calibration.before - 0.15).abs() < 1e-12);
    assert_eq!(calibration.after, report.calibration_error);
}

#[test]
fn javascript_gets_every_part_by_its_name() {
    let right = vec![true; 40];
    let step = |share: f64, images: usize| (share, images, right.clone());
    let report = Report::new(Evidence {
        learning_curve: Some(LearningCurve::new(&[
            step(0.25, 10),
            step(0.5, 20),
            step(1.0, 40),
        ])),
        groups: Groups {
            groups: 2,
            images: 5,
            set_aside: 1,
            suspected: Some("3 images were taken within 10 seconds".into()),
        },
        near_duplicates: NearDuplicates {
            groups: 1,
            images: 2,
            set_aside: 1,
            conflicts: vec![vec![Conflict {
                id: 0,
                name: "0.jpg".into(),
                label: "ants".into(),
            }]],
        },
        unknown: Some(Refusals {
            threshold: 0.5,
            refused: vec![false; 10],
        }),
        calibration: Some((1.0, 1, vec![vec![1.0, 0.0]; 10])),
        ..evidence(
            two_classes(0, [[5, 0], [5, 0]]),
            two_classes(100, [[20, 0], [20, 0]]),
        )
    });
    let json = serde_json::to_value(&report).unwrap();
    for path in [
        "/interval/1",
        "/balancedAccuracy",
        "/heldOut",
        "/head/l2",
        "/head/scaling",
        "/head/fewImages",
        "/head/views",
        "/head/features",
        "/head/converged",
        "/head/lastStage/l2",
        "/head/lastStage/share",
        "/calibration/fittedOn",
        "/crossValidation/deviation",
        "/learningCurve/morePhotos",
        "/learningCurve/points/2/images",
        "/labelProblems",
        "/nearDuplicates/setAside",
        "/nearDuplicates/conflicts/0/0/label",
        "/groups/groups",
        "/groups/setAside",
        "/groups/suspected",
        "/unknown/threshold",
        "/predictions/0/unknown",
    ] {
        assert!(
            json.pointer(path)
                .is_some_and(|value| *value != Value::Null),
            "{path}"
        );
    }
    assert_eq!(json["head"]["scaling"], "shrunken");
    assert_eq!(json["head"]["views"], "flip");
    assert_eq!(json["head"]["features"], "all");
}
