//! Class activation maps against the logits that they explain.

use headstart::backbone::{EMBEDDING_LEN, FEATURE_MAP_LEN, FEATURE_MAP_SIDE, Features};
use headstart::explain::class_activation_map;
use headstart::head::LabelledEmbeddings;

use super::fitting::{fit, logistic, logits};

/// Crops `[224, 224, 3]`, the class of each of three, and what takes crops `[N, 224, 224, 3]` through the network.
pub fn assert_maps_sum_to_logits(
    crops: &[Vec<u8>],
    classes: Vec<usize>,
    run: impl Fn(&[u8]) -> Features,
) {
    const POSITIONS: usize = FEATURE_MAP_SIDE * FEATURE_MAP_SIDE;
    let embeddings = crops.iter().flat_map(|crop| run(crop).embeddings);
    let data = LabelledEmbeddings {
        embeddings: embeddings.collect(),
        classes,
    };
    let head = fit(logistic(|_| ()), &data, 3).0.head;
    let logits = logits(&head, &data);
    let biases = head.logits(&[0.0; EMBEDDING_LEN]);
    let largest = logits
        .iter()
        .fold(0.0_f64, |max, &z| max.max(f64::from(z).abs()));
    let mut worst = 0.0_f64;
    let count = crops.len();
    for range in [0..5, count / 2..count / 2 + 2, count - 8..count] {
        let feature_maps = run(&crops[range.clone()].concat()).maps;
        assert_eq!(feature_maps.len(), range.len() * FEATURE_MAP_LEN);
        for (image, feature_map) in range.zip(feature_maps.chunks_exact(FEATURE_MAP_LEN)) {
            for (class, bias) in biases.iter().enumerate() {
                let grid = class_activation_map(&head, class, feature_map);
                assert_eq!(grid.len(), POSITIONS);
                let sum: f64 = grid.iter().map(|&part| f64::from(part)).sum();
                let logit = sum / POSITIONS as f64 + f64::from(*bias);
                let off = (logit - f64::from(logits[3 * image + class])).abs() / largest;
                worst = worst.max(off);
            }
        }
    }
    println!("figure: class activation maps: logits off by {worst:.1e} of the largest");
    assert!(worst < 1e-4, "{worst}");
}
