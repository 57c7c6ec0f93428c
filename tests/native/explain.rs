//! Class activation maps: exact, in the right place, and of the central crop whatever the views.

use crate::support::drawn::referenced::CROPS_PER_CLASS;
use crate::support::maps::assert_maps_sum_to_logits;
use crate::support::stripes::add_record;
use crate::support::{BACKBONE, CROPS, FEATURES, LAYOUT, cosine, run};
use headstart::backbone::FeatureSet;
use headstart::dataset::Split;
use headstart::explain::Heatmap;
use headstart::head::{L2, TrainOptions};
use headstart::image::{INPUT_SIDE, Pixels, RESIZED_SIDE, Views, central_region, resize_and_crop};
use headstart::{Classifier, PredictOptions, Prediction};
use pollster::block_on;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The side of the first stage's map, which a heat map is as fine as.
const CELLS: usize = 56;

/// A grey image, lighter or darker by `number`, with a checkered square at `at` of the side `side`.
fn scene(number: usize, width: usize, height: usize, at: (usize, usize), side: usize) -> Vec<u8> {
    let mut rng = ChaCha8Rng::seed_from_u64(number as u64);
    let grey = 90 + 12 * (number % 7) as i32;
    let cell = 10 + number % 5;
    let inside = |place: usize, start: usize| (start..start + side).contains(&place);
    (0..width * height)
        .flat_map(|i| {
            let (x, y) = (i % width, i / width);
            let level = match (
                inside(x, at.0) && inside(y, at.1),
                (x / cell + y / cell) % 2,
            ) {
                (false, _) => grey,
                (true, 0) => 15,
                (true, _) => 240,
            };
            let level = (level + rng.random_range(-8..=8)).clamp(0, 255) as u8;
            [level, level, level, 255]
        })
        .collect()
}

/// A classifier that tells grey images with a checkered square from those without.
fn checkers(views: Views) -> Classifier {
    checkers_by(FeatureSet::All, views)
}

fn checkers_by(features: FeatureSet, views: Views) -> Classifier {
    let mut classifier = Classifier::with_features(BACKBONE.clone(), views, features);
    for number in 0..16 {
        let (label, side) = if number % 2 == 0 {
            ("checkered", 110)
        } else {
            ("plain", 0)
        };
        let at = (10 + number * 37 % 100, 10 + number * 53 % 100);
        let name = format!("{number}.png");
        classifier
            .stage(
                &name,
                &scene(number, INPUT_SIDE, INPUT_SIDE, at, side),
                INPUT_SIDE,
                INPUT_SIDE,
            )
            .unwrap();
        let record = block_on(classifier.record_staged()).unwrap().remove(0);
        add_record(&mut classifier, &name, label, Split::Train, &record);
    }
    let options = TrainOptions {
        l2: Some(L2::Value(0.1)),
        ..TrainOptions::default()
    };
    classifier.start_training(&options).unwrap();
    while classifier.train_epoch().unwrap().is_some() {}
    classifier
}

fn explained(
    classifier: &mut Classifier,
    rgba: &[u8],
    width: usize,
    height: usize,
) -> (Prediction, Heatmap) {
    classifier.stage("new.png", rgba, width, height).unwrap();
    let options = PredictOptions {
        heatmap: true,
        ..PredictOptions::default()
    };
    let mut predictions = block_on(classifier.predict_staged(&options)).unwrap();
    let mut prediction = predictions.remove(0);
    let heatmap = prediction.heatmap.take().unwrap();
    assert_eq!(heatmap.label, prediction.classes[0].label);
    (prediction, heatmap)
}

fn peak(values: &[f32], width: usize) -> (usize, usize) {
    let best = (0..values.len())
        .max_by(|&a, &b| values[a].total_cmp(&values[b]))
        .unwrap();
    (best % width, best / width)
}

#[test]
fn the_mean_of_a_map_and_the_bias_are_the_logit() {
    // Checks, rings and stripes.
    let classes: Vec<usize> = (0..30).map(|crop| crop / CROPS_PER_CLASS).collect();
    assert_maps_sum_to_logits(&CROPS[..30], &classes, run);
}

/// With all features as fine as the first stage's map, with the last one's seven cells a side.
#[test]
fn the_map_is_warmest_where_the_object_is() {
    const SIDE: usize = 256;
    const OBJECT: usize = 125;
    for (features, cells) in [(FeatureSet::All, CELLS), (FeatureSet::Last, 7)] {
        let mut classifier = checkers_by(features, Views::Centre);
        for (number, (right, down)) in [(false, false), (true, false), (false, true), (true, true)]
            .into_iter()
            .enumerate()
        {
            // As large in the crop as those it has learned from.
            let place = |far: bool| if far { SIDE - OBJECT - 16 } else { 16 };
            let rgba = scene(
                100 + number,
                SIDE,
                SIDE,
                (place(right), place(down)),
                OBJECT,
            );
            let (_, heatmap) = explained(&mut classifier, &rgba, SIDE, SIDE);
            assert_eq!(heatmap.label, "checkered");
            // Within the object, at its edge or a cell of the last stage beside it.
            let is_in = |pixel: usize, far: bool| {
                let start = place(far) - 16;
                (start..start + OBJECT).contains(&pixel)
            };
            assert_eq!(heatmap.grid.len(), cells * cells);
            let (x, y) = peak(&heatmap.grid, cells);
            let [across, along] = [x, y].map(|cell| (2 * cell + 1) * INPUT_SIDE / (2 * cells));
            assert!(
                is_in(across, right) && is_in(along, down),
                "{features} features: {across} {along}"
            );

            // At 224×224, from 0 to 1, with its peak in the object too.
            assert_eq!((heatmap.width, heatmap.height), (INPUT_SIDE, INPUT_SIDE));
            assert_eq!(heatmap.values.len(), INPUT_SIDE * INPUT_SIDE);
            let (low, high) = heatmap
                .values
                .iter()
                .fold((1.0_f32, 0.0_f32), |(low, high), &v| {
                    (low.min(v), high.max(v))
                });
            assert_eq!((low, high), (0.0, 1.0));
            let (across, along) = peak(&heatmap.values, INPUT_SIDE);
            assert!(
                is_in(across, right) && is_in(along, down),
                "{features} features: {across} {along}"
            );
        }
    }
}

#[test]
fn the_map_says_which_part_of_the_image_it_covers() {
    let mut classifier = checkers(Views::Centre);
    for (width, height) in [(320, 200), (200, 320), (224, 224)] {
        let rgba = scene(200, width, height, (60, 60), 80);
        let (_, heatmap) = explained(&mut classifier, &rgba, width, height);
        assert_eq!(heatmap.region, central_region(width, height));
    }
}

/// The maps of images predicted together are each image's own.
#[test]
fn maps_of_images_predicted_together_are_not_mixed_up() {
    let mut classifier = checkers(Views::Flip);
    let scenes = [
        (300, 180, (20, 20)),
        (180, 300, (60, 180)),
        (256, 256, (140, 20)),
    ];
    let alone = scenes.map(|(width, height, at)| {
        let rgba = scene(300, width, height, at, 90);
        explained(&mut classifier, &rgba, width, height).1
    });
    for (width, height, at) in scenes {
        let rgba = scene(300, width, height, at, 90);
        classifier.stage("new.png", &rgba, width, height).unwrap();
    }
    let options = PredictOptions {
        heatmap: true,
        ..PredictOptions::default()
    };
    let together = block_on(classifier.predict_staged(&options)).unwrap();
    for (prediction, alone) in together.into_iter().zip(alone) {
        let heatmap = prediction.heatmap.unwrap();
        assert_eq!(
            (&heatmap.label, heatmap.region),
            (&alone.label, alone.region)
        );
        assert!(crate::support::max_abs_error(&heatmap.grid, &alone.grid) < 1e-3);
    }
}

/// Two classes' weights are each other's opposites, so a map is known up to its scale from what the
/// classifier says of the axes.
#[test]
fn with_further_views_the_map_is_still_of_the_central_crop() {
    for views in [Views::Flip, Views::Crops] {
        let mut classifier = checkers(views);
        let rgba = scene(400, INPUT_SIDE, INPUT_SIDE, (16, 30), 90);
        let (prediction, heatmap) = explained(&mut classifier, &rgba, INPUT_SIDE, INPUT_SIDE);
        assert_eq!(prediction.classes[0].label, "checkered");

        let mut probes = vec![0.0_f32; (FEATURES + 1) * FEATURES];
        for axis in 0..FEATURES {
            probes[axis * FEATURES + axis] = 1.0;
        }
        let said = classifier
            .predict(&probes, &PredictOptions::default())
            .unwrap();
        let logit = |prediction: &Prediction| {
            let of = |label: &str| {
                let class = prediction.classes.iter().find(|class| class.label == label);
                class.unwrap().probability.ln()
            };
            of("checkered") - of("plain")
        };
        let bias = logit(&said[FEATURES]);
        let mut weights = said[..FEATURES].iter().map(|p| logit(p) - bias);

        let pixels = Pixels::rgba(&rgba, INPUT_SIDE, INPUT_SIDE).unwrap();
        let crop = resize_and_crop(&pixels, RESIZED_SIDE).unwrap();
        let maps = run(&crop).maps;
        let mut maps = maps.as_slice();
        let mut expected = vec![0.0_f32; CELLS * CELLS];
        for stage in LAYOUT.stages() {
            let cover = CELLS / stage.side;
            for channel in maps[..stage.map_len()].chunks_exact(stage.area()) {
                let weight = weights.next().unwrap() as f32;
                for (place, sum) in expected.iter_mut().enumerate() {
                    let (x, y) = (place % CELLS / cover, place / CELLS / cover);
                    *sum += weight * channel[y * stage.side + x];
                }
            }
            maps = &maps[stage.map_len()..];
        }
        let mirrored: Vec<f32> = expected
            .chunks_exact(CELLS)
            .flat_map(|row| row.iter().rev().copied())
            .collect();
        let similarity = cosine(&heatmap.grid, &expected);
        println!("figure: map with {views:?}: cosine {similarity:.6} with the central crop's");
        assert!(similarity > 0.9999, "{views:?}: {similarity}");
        assert!(cosine(&heatmap.grid, &mirrored) < 0.99, "{views:?}");
    }
}
