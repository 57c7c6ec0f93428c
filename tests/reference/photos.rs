//! What is told of photos: near-duplicates, heat maps, and "none of these".

use headstart::Classifier;
use headstart::dataset::Split;
use headstart::image::{INPUT_SIDE, Views};
use pollster::block_on;

use crate::data::{BACKBONE, CROPS};
use crate::support::alterations::assert_altered_ones_join_their_originals;
use crate::support::maps::assert_maps_sum_to_logits;
use crate::support::stripes::{self, SIDE, stripes, top, train};
use crate::support::{embed_by, run_by};

#[test]
fn altered_photos_join_their_originals_and_different_photos_never_join() {
    assert_altered_ones_join_their_originals("photos", &CROPS, |crops| embed_by(&BACKBONE, crops));
}

#[test]
fn the_mean_of_a_map_and_the_bias_are_the_logit() {
    // Photos of all sorts, ants and bees, in this order.
    let classes = (0..CROPS.len()).map(|photo| usize::from(photo >= 15) + usize::from(photo >= 23));
    assert_maps_sum_to_logits(&CROPS, classes.collect(), |crops| run_by(&BACKBONE, crops));
}

#[test]
fn a_photo_is_none_of_the_stripes() {
    let mut classifier = Classifier::new(BACKBONE.clone(), Views::Centre);
    for number in 0..12 {
        for (label, down) in [("across", false), ("down", true)] {
            let name = format!("{label}-{number}.png");
            let rgba = stripes(down, number);
            stripes::add_pixels(&mut classifier, &name, label, Split::Auto, &rgba);
        }
    }
    train(&mut classifier);
    for crop in &CROPS[..4] {
        let rgba: Vec<u8> = crop
            .chunks_exact(3)
            .flat_map(|p| [p[0], p[1], p[2], 255])
            .collect();
        classifier
            .stage("photo", &rgba, INPUT_SIDE, INPUT_SIDE)
            .unwrap();
    }
    for prediction in block_on(classifier.predict_staged(&top(None))).unwrap() {
        assert!(prediction.unknown);
        assert_eq!(prediction.label, None);
    }
    let rgba = stripes(false, 5);
    let known = stripes::predict(&mut classifier, &rgba, SIDE, &top(None));
    assert!(!known.unknown && known.similarity.is_some());
}
