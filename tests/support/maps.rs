//! Class activation maps against the logits that they explain.

use headstart::backbone::{FeatureSet, Features};
use headstart::explain::ActivationMap;
use headstart::head::LabelledEmbeddings;

use super::fitting::{fit, logistic, logits};
use super::{LAYOUT, last_stage};

/// Crops `[224, 224, 3]`, the class of each of three, and what takes crops `[N, 224, 224, 3]` through the network. With
/// all stages' features a map is as fine as the first stage's, with the last one's as that.
pub fn assert_maps_sum_to_logits(
    crops: &[Vec<u8>],
    classes: &[usize],
    run: impl Fn(&[u8]) -> Features,
) {
    let count = crops.len();
    let ranges = [0..5, count / 2..count / 2 + 2, count - 8..count];
    let embeddings: Vec<f32> = crops.iter().flat_map(|crop| run(crop).embeddings).collect();
    let maps: Vec<(usize, Vec<f32>)> = ranges
        .into_iter()
        .flat_map(|range| {
            let maps = run(&crops[range.clone()].concat()).maps;
            assert_eq!(maps.len(), range.len() * LAYOUT.maps_len());
            let of_images = maps.chunks_exact(LAYOUT.maps_len()).map(<[f32]>::to_vec);
            range.zip(of_images).collect::<Vec<_>>()
        })
        .collect();
    for (features, side) in [(FeatureSet::All, 56), (FeatureSet::Last, 7)] {
        let layout = LAYOUT.select(features);
        let data = LabelledEmbeddings {
            embeddings: match features {
                FeatureSet::All => embeddings.clone(),
                FeatureSet::Last => last_stage(&embeddings),
            },
            classes: classes.to_vec(),
        };
        let head = fit(logistic(|_| ()), &data, 3).0.head;
        let logits = logits(&head, &data);
        let largest = logits.iter().fold(0.0_f32, |max, z| max.max(z.abs()));
        let mut worst = 0.0_f64;
        for (image, maps) in &maps {
            let taken = &maps[LAYOUT.maps_len() - layout.maps_len()..];
            for (class, &bias) in head.biases().iter().enumerate() {
                let grid = ActivationMap::new(&head, class, &layout, taken).grid();
                assert_eq!(grid.len(), side * side);
                let sum: f64 = grid.iter().map(|&part| f64::from(part)).sum();
                let logit = sum / grid.len() as f64 + f64::from(bias);
                let off = (logit - f64::from(logits[3 * image + class])).abs();
                worst = worst.max(off / f64::from(largest));
            }
        }
        println!(
            "figure: class activation maps, {features} features: logits off by {worst:.1e} of the largest"
        );
        assert!(worst < 1e-4, "{features} features: {worst}");
    }
}
