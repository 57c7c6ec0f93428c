//! The drawn network and pictures serve as a trained one and photos do: the default head learns the classes, but not from
//! their colours, and refuses what is none of them.

use crate::support::drawn::pictures::{CLASSES, Kind, Picture, picture};
use crate::support::drawn::referenced::resized;
use crate::support::stripes::{add_record, train};
use crate::support::{BACKBONE, CHECKPOINT, CROPS, REFERENCES, mean};
use headstart::dataset::Split;
use headstart::image::{Views, content_hash};
use headstart::{Classifier, PredictOptions};
use pollster::block_on;
use safetensors::SafeTensors;

/// Pictures of each class to learn from, and to be judged on.
const TRAIN: usize = 40;
const TEST: usize = 20;
const STRANGERS: usize = 10;

fn stage(classifier: &mut Classifier, name: &str, picture: &Picture) {
    let opaque = |p: &[u8]| [p[0], p[1], p[2], 255];
    let rgba: Vec<u8> = picture.rgb.chunks_exact(3).flat_map(opaque).collect();
    classifier
        .stage(name, &rgba, picture.width, picture.height)
        .unwrap();
}

#[test]
fn references_are_of_what_is_drawn() {
    let (_, metadata) = SafeTensors::read_metadata(REFERENCES).unwrap();
    let sources = metadata.metadata().as_ref().unwrap();
    let pictures = CROPS
        .iter()
        .cloned()
        .chain(resized().map(|(_, picture)| picture.rgb));
    let drawn = [
        ("checkpoint_sha256", CHECKPOINT.sha256.clone()),
        (
            "pictures_sha256",
            content_hash(&pictures.flatten().collect::<Vec<u8>>()),
        ),
    ];
    for (name, hash) in drawn {
        assert_eq!(
            sources[name], hash,
            "{name} is another now: run the scripts in tests/fixtures/drawn-network again"
        );
    }
}

#[test]
fn drawn_classes_are_learned_and_strangers_refused() {
    let mut classifier = Classifier::new(BACKBONE.clone(), Views::Centre);
    for number in 0..TRAIN + TEST {
        let split = if number < TRAIN {
            Split::Train
        } else {
            Split::Test
        };
        for kind in CLASSES {
            let name = format!("{}-{number}.png", kind.name());
            stage(&mut classifier, &name, &picture(kind, number));
            let record = block_on(classifier.record_staged()).unwrap().remove(0);
            add_record(&mut classifier, &name, kind.name(), split, &record);
        }
    }
    train(&mut classifier);
    let report = classifier.evaluate().unwrap();
    for number in 0..STRANGERS {
        stage(
            &mut classifier,
            "stranger",
            &picture(Kind::Stranger, number),
        );
    }
    let predictions = block_on(classifier.predict_staged(&PredictOptions::default())).unwrap();
    let refused = predictions
        .iter()
        .filter(|prediction| prediction.unknown)
        .count();
    let known_refused = report.unknown.unwrap().refused;
    println!(
        "figure: drawn classes, {} trained on, {} tested: accuracy {:.3}, {known_refused} refused; {refused} of {STRANGERS} \
         strangers refused; {} near-duplicates",
        report.trained, report.tested, report.accuracy, report.near_duplicates.images
    );
    assert_eq!(report.trained, CLASSES.len() * TRAIN);
    assert!(report.accuracy >= 0.93, "{}", report.accuracy);
    assert!(known_refused <= report.tested / 10, "{known_refused}");
    assert!(refused >= 8, "{refused}");
    // No two of them are the same picture, alike as they are.
    assert_eq!(report.tested, CLASSES.len() * TEST);
}

/// Else a network that sees nothing but colour would do.
#[test]
fn mean_colours_do_not_tell_drawn_classes_apart() {
    let mean_colour = |kind: Kind, number: usize| -> [f64; 3] {
        let rgb = picture(kind, number).rgb;
        std::array::from_fn(|channel| {
            let levels = rgb[channel..].iter().step_by(3);
            mean(&levels.map(|&level| f64::from(level)).collect::<Vec<_>>())
        })
    };
    let of = |numbers: std::ops::Range<usize>| {
        let each = numbers.flat_map(|number| CLASSES.map(|kind| (kind, mean_colour(kind, number))));
        each.collect::<Vec<_>>()
    };
    let (known, new) = (of(0..TRAIN), of(TRAIN..TRAIN + TEST));
    let right = new.iter().filter(|(kind, colour)| {
        let distance = |other: &[f64; 3]| -> f64 {
            let parts = colour.iter().zip(other);
            parts.map(|(a, b)| (a - b).powi(2)).sum()
        };
        let nearest = known
            .iter()
            .min_by(|a, b| distance(&a.1).total_cmp(&distance(&b.1)));
        nearest.unwrap().0 == *kind
    });
    let share = right.count() as f64 / new.len() as f64;
    println!("figure: drawn classes by the nearest mean colour: accuracy {share:.3}");
    assert!(share < 0.6, "{share}");
}
