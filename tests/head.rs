//! Fitting a head: the update rules, determinism, and learning what can be learned.

mod support;

use headstart::backbone::EMBEDDING_LEN;
use headstart::device;
use headstart::head::{
    ClassWeights, EpochReport, Fit, Head, L2, LabelledEmbeddings, Method, Phase, Recipe,
    TrainOptions, TrainingData, softmax,
};
use pollster::block_on;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Classes around random centres; `spread` is the noise's half-width.
fn blobs(classes: usize, per_class: usize, spread: f32, seed: u64) -> LabelledEmbeddings {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut data = LabelledEmbeddings::default();
    for class in 0..classes {
        let centre: Vec<f32> = (0..EMBEDDING_LEN)
            .map(|axis| if axis % classes == class { 1.5 } else { 0.8 })
            .collect();
        for _ in 0..per_class {
            let noise = centre.iter().map(|c| c + rng.random_range(-spread..spread));
            data.embeddings.extend(noise);
            data.classes.push(class);
        }
    }
    data
}

fn labels(count: usize) -> Vec<String> {
    (0..count).map(|class| format!("class {class}")).collect()
}

fn options(method: Method) -> TrainOptions {
    TrainOptions {
        method: Some(method),
        ..TrainOptions::default()
    }
}

fn fit(recipe: Recipe, data: &LabelledEmbeddings, classes: usize) -> (Head, Vec<EpochReport>) {
    let data = TrainingData {
        train: data.clone(),
        // Each class's images follow one another in these data, so this stratifies.
        folds: (0..data.classes.len()).map(|image| image % 5).collect(),
        ..TrainingData::default()
    };
    let mut fit = Fit::start(recipe, labels(classes), &data, &device::cpu());
    let mut reports = Vec::new();
    while let Some(report) = block_on(fit.epoch()).unwrap() {
        reports.push(report);
    }
    (block_on(fit.finish()).unwrap().head, reports)
}

fn probabilities(head: &Head, data: &LabelledEmbeddings) -> Vec<Vec<f64>> {
    block_on(head.probabilities(&data.embeddings, &device::cpu())).unwrap()
}

#[test]
fn both_methods_learn_separable_classes() {
    let data = blobs(3, 30, 0.4, 1);
    let unseen = blobs(3, 30, 0.4, 2);
    for method in [Method::Adam, Method::Sgd] {
        let recipe = options(method).recipe().unwrap();
        let epochs = recipe.epochs;
        let (head, reports) = fit(recipe, &data, 3);
        assert_eq!(reports.len(), epochs);
        assert!(reports.last().unwrap().loss < reports[0].loss);
        assert_eq!(reports.last().unwrap().train_accuracy, Some(1.0));
        for (row, class) in probabilities(&head, &unseen).iter().zip(&unseen.classes) {
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
        probabilities(&fit(options.recipe().unwrap(), &data, 2).0, &data)
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
        fit(options.recipe().unwrap(), &data, 2).0
    };
    // The head is linear, so its logits on the unit vectors and zero are its weights and bias.
    let weights = |head: &Head| -> Vec<[f64; 2]> {
        let mut probes = vec![0.0_f32; (EMBEDDING_LEN + 1) * EMBEDDING_LEN];
        for axis in 0..EMBEDDING_LEN {
            probes[axis * EMBEDDING_LEN + axis] = 1.0;
        }
        let shape = [EMBEDDING_LEN + 1, EMBEDDING_LEN];
        let probes = burn::tensor::TensorData::new(probes, shape);
        let input = burn::tensor::Tensor::from_data(probes, &device::cpu());
        let logits = support::values(head.logits(input));
        let bias = [logits[2 * EMBEDDING_LEN], logits[2 * EMBEDDING_LEN + 1]];
        (0..=EMBEDDING_LEN)
            .map(|row| {
                [0, 1].map(|k| {
                    let shift = if row < EMBEDDING_LEN { bias[k] } else { 0.0 };
                    f64::from(logits[2 * row + k] - shift)
                })
            })
            .collect()
    };
    let gradient = |w: &[[f64; 2]]| -> Vec<[f64; 2]> {
        let mut gradient = vec![[0.0; 2]; EMBEDDING_LEN + 1];
        for (x, &class) in data.embeddings.chunks(EMBEDDING_LEN).zip(&data.classes) {
            let logit = |k: usize| -> f64 {
                let dot: f64 = x.iter().zip(w).map(|(&x, w)| f64::from(x) * w[k]).sum();
                dot + w[EMBEDDING_LEN][k]
            };
            let p = softmax(&[logit(0) as f32, logit(1) as f32]);
            for k in 0..2 {
                let error = (p[k] - f64::from(u8::from(k == class))) / count as f64;
                for (g, &x) in gradient.iter_mut().zip(x) {
                    g[k] += error * f64::from(x);
                }
                gradient[EMBEDDING_LEN][k] += error;
            }
        }
        gradient
    };
    let one = weights(&run(1));
    // v after the first step is (w0 − w1) / lr, and w0 follows from w1 by one step back; use steps 1→2→3.
    let two = weights(&run(2));
    let three = weights(&run(3));
    let g_two = gradient(&two);
    for row in 0..=EMBEDDING_LEN {
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
        let (head, _) = fit(options.recipe().unwrap(), &data, 2);
        let rows = probabilities(&head, &data);
        rows.iter()
            .zip(&data.classes)
            .map(|(row, &class)| row[class])
            .sum::<f64>()
    };
    assert!(confidence(1.0) < confidence(0.0) - 1.0);
}

#[test]
fn images_set_aside_are_watched_and_not_learned() {
    let train = blobs(2, 20, 0.3, 1);
    // Labels of the watched images are swapped: a fit that learned from them could not do so badly.
    let mut watched = blobs(2, 5, 0.3, 2);
    watched.classes.reverse();
    let recipe = options(Method::Adam).recipe().unwrap();
    let data = TrainingData {
        train,
        validation: watched,
        folds: Vec::new(),
    };
    let mut fit = Fit::start(recipe, labels(2), &data, &device::cpu());
    let mut reports = Vec::new();
    while let Some(report) = block_on(fit.epoch()).unwrap() {
        reports.push(report);
    }
    let last = reports.last().unwrap();
    assert_eq!(last.train_accuracy, Some(1.0));
    assert_eq!(last.validation_accuracy, Some(0.0));
    assert!(last.validation_loss.unwrap() > last.loss);
    // The watched loss only grows once the classes are told apart: the descent stops early, and the head
    // is that of the epoch where it was least.
    assert!(reports.len() < 60, "{} epochs", reports.len());
    let losses: Vec<f64> = reports.iter().map(|r| r.validation_loss.unwrap()).collect();
    let least = losses.iter().copied().fold(f64::INFINITY, f64::min);
    let head = block_on(fit.finish()).unwrap().head;
    let rows = probabilities(&head, &data.validation);
    let entropies = rows
        .iter()
        .zip(&data.validation.classes)
        .map(|(row, &class)| -row[class].ln());
    let loss = entropies.sum::<f64>() / rows.len() as f64;
    assert!((loss - least).abs() < 1e-5, "{loss} {least}");
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

fn logistic(change: impl FnOnce(&mut TrainOptions)) -> Recipe {
    let mut options = options(Method::Lbfgs);
    change(&mut options);
    options.recipe().unwrap()
}

/// The formula of `fixtures/logistic.py`.
fn formula(first: usize, count: usize, classes: usize) -> LabelledEmbeddings {
    let mut data = LabelledEmbeddings::default();
    for n in first..first + count {
        let round = n % classes;
        let rare = round == classes - 1 && n / classes % 2 == 1;
        let class = if rare { 0 } else { round };
        data.classes.push(class);
        data.embeddings.extend((0..EMBEDDING_LEN).map(|j| {
            let noise = (n * n * 7919 + j * j * 104_729 + n * j * 31_337) % 1009;
            let shift = if j % classes == class { 128 } else { 0 };
            (noise + shift) as f32 / 512.0
        }));
    }
    data
}

/// Both stop near the same optimum: probabilities within 1e-3 were asked for, and f32 gradients give 1e-4.
#[test]
fn logistic_regression_is_scikit_learns() {
    let file: serde_json::Value =
        serde_json::from_str(include_str!("fixtures/logistic.json")).unwrap();
    let unseen = file["unseen"].as_u64().unwrap() as usize;
    for case in file["cases"].as_array().unwrap() {
        let number = |name: &str| case[name].as_u64().unwrap() as usize;
        let (classes, count) = (number("classes"), number("count"));
        let recipe = logistic(|options| {
            options.l2 = Some(L2::Value(case["l2"].as_f64().unwrap()));
            options.class_weights = Some(if case["balanced"].as_bool().unwrap() {
                ClassWeights::Balanced
            } else {
                ClassWeights::None
            });
        });
        let (head, _) = fit(recipe, &formula(0, count, classes), classes);
        let ours = probabilities(&head, &formula(count, unseen, classes));
        let theirs = case["probabilities"].as_array().unwrap();
        assert_eq!(ours.len(), theirs.len());
        let mut worst = 0.0_f64;
        for (ours, theirs) in ours.iter().zip(theirs) {
            for (a, b) in ours.iter().zip(theirs.as_array().unwrap()) {
                worst = worst.max((a - b.as_f64().unwrap()).abs());
            }
        }
        println!(
            "figure: {classes} classes, l2 {}: {worst:.1e} off scikit-learn",
            case["l2"]
        );
        assert!(worst < 1e-3, "{worst}");
    }
}

#[test]
fn the_penalty_is_chosen_before_the_fit_and_told() {
    let (_, reports) = fit(logistic(|_| ()), &formula(0, 60, 2), 2);
    let fitting = reports.iter().position(|r| r.phase == Phase::Fit).unwrap();
    assert!(fitting > 0);
    assert!(
        reports[..fitting]
            .iter()
            .all(|r| r.phase == Phase::ChoosingL2 && r.l2.is_none())
    );
    let chosen = reports.last().unwrap().l2.unwrap();
    assert!((1e-4..=1.0).contains(&chosen));
    assert!(reports[fitting..].iter().all(|r| r.l2 == Some(chosen)));
    // A given penalty is taken as it is, and `epochs` bounds the steps.
    let bounded = logistic(|options| {
        options.l2 = Some(L2::Value(0.02));
        options.epochs = Some(3.0);
    });
    assert_eq!(fit(bounded, &formula(0, 60, 2), 2).1.len(), 3);
    let (_, reports) = fit(
        logistic(|o| o.l2 = Some(L2::Value(0.02))),
        &formula(0, 60, 2),
        2,
    );
    assert!(
        reports
            .iter()
            .all(|r| r.phase == Phase::Fit && r.l2 == Some(0.02))
    );
}

#[test]
fn labels_without_a_pattern_get_the_strongest_penalty() {
    let mut data = blobs(2, 40, 1.0, 4);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    data.classes
        .iter_mut()
        .for_each(|class| *class = rng.random_range(0..2));
    let (_, reports) = fit(logistic(|_| ()), &data, 2);
    assert!(reports.last().unwrap().l2.unwrap() >= 0.3);
}

#[test]
fn two_images_of_each_class_are_enough_to_fit() {
    let data = blobs(3, 2, 0.3, 6);
    let all = TrainingData {
        train: data,
        ..TrainingData::default()
    };
    let mut fit = Fit::start(logistic(|_| ()), labels(3), &all, &device::cpu());
    while block_on(fit.epoch()).unwrap().is_some() {}
    let unseen = blobs(3, 10, 0.3, 7);
    for (row, class) in probabilities(&block_on(fit.finish()).unwrap().head, &unseen)
        .iter()
        .zip(&unseen.classes)
    {
        assert!(row[*class] > 0.5);
    }
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
