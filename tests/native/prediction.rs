//! What the head says about new images: the class, whether it is any, and why.

use crate::support::FEATURES;
use crate::support::drawn::pictures::{Kind, picture_of_size};
use crate::support::stripes::{SIDE, add, classifier, copy, empty, predict, stripes, top, train};
use headstart::dataset::Split;
use headstart::image::INPUT_SIDE;
use headstart::{PredictOptions, Prediction};
use pollster::block_on;

#[test]
fn a_picture_of_something_else_is_none_of_the_stripes() {
    let mut classifier = classifier();
    train(&mut classifier);
    for number in 0..4 {
        let rgba: Vec<u8> = picture_of_size(Kind::Stranger, number, [INPUT_SIDE; 2])
            .rgb
            .chunks_exact(3)
            .flat_map(|p| [p[0], p[1], p[2], 255])
            .collect();
        let prediction = predict(&mut classifier, &rgba, INPUT_SIDE, &top(None));
        assert!(prediction.unknown);
        assert_eq!(prediction.label, None);
        // What it would be if it were one of them is told all the same.
        assert_eq!(prediction.classes.len(), 2);
        assert_eq!(prediction.classes[0].probability, prediction.probability);
        let total: f64 = prediction
            .classes
            .iter()
            .map(|class| class.probability)
            .sum();
        assert!((total - 1.0).abs() < 1e-9);
        assert!(prediction.similarity.unwrap() < 1.0);
    }
    let known = predict(&mut classifier, &stripes(false, 5), SIDE, &top(None));
    assert!(!known.unknown && known.similarity.is_some());
}

#[test]
fn a_heat_map_and_the_nearest_images_come_when_asked_for() {
    let mut classifier = classifier();
    train(&mut classifier);
    let rgba = copy(true, 2);
    let plain = predict(&mut classifier, &rgba, SIDE, &PredictOptions::default());
    assert!(plain.heatmap.is_none() && plain.nearest.is_none());
    let options = PredictOptions {
        heatmap: true,
        nearest: 3,
        ..PredictOptions::default()
    };
    let full = predict(&mut classifier, &rgba, SIDE, &options);
    assert_eq!(full.heatmap.as_ref().unwrap().label, "down");
    let nearest = full.nearest.clone().unwrap();
    assert_eq!(nearest.len(), 3);
    for found in &nearest {
        let sample = &classifier.dataset.samples()[found.id];
        assert_eq!(found.name, sample.name);
        assert_eq!(found.label, classifier.dataset.labels()[sample.class]);
    }
    let rest = Prediction {
        heatmap: None,
        nearest: None,
        ..full
    };
    assert_eq!(rest, plain);
    // Of an embedding alone there is no map to make.
    let embedding = classifier.dataset.samples()[0].embedding.clone();
    let predictions = classifier.predict(&embedding, &options).unwrap();
    assert!(predictions[0].heatmap.is_none() && predictions[0].nearest.is_some());
}

#[test]
fn a_copy_of_a_training_image_finds_it_first() {
    let mut classifier = empty();
    add(&mut classifier, "across", Split::Train, 0..6);
    add(&mut classifier, "down", Split::Train, 0..6);
    train(&mut classifier);
    let options = PredictOptions {
        nearest: 1,
        ..PredictOptions::default()
    };
    for (down, number) in [(false, 1), (true, 4)] {
        let prediction = predict(&mut classifier, &copy(down, number), SIDE, &options);
        let label = if down { "down" } else { "across" };
        let nearest = &prediction.nearest.unwrap()[0];
        assert_eq!(nearest.name, format!("{label}-{number}.png"));
        assert_eq!(nearest.label, label);
        assert!(nearest.similarity > 0.95 && nearest.similarity <= 1.0);
    }
}

#[test]
fn bad_arguments_to_predict_are_refused() {
    let mut classifier = classifier();
    train(&mut classifier);
    for (count, limit) in [(FEATURES - 1, None), (512, None), (FEATURES, Some(0))] {
        let error = classifier
            .predict(&vec![0.0; count], &top(limit))
            .unwrap_err();
        assert_eq!(error.code(), "INVALID_ARGUMENT");
    }
    assert!(
        block_on(classifier.predict_staged(&top(None)))
            .unwrap()
            .is_empty()
    );
}
