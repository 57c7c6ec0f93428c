//! What each way of rounding loses: `cargo bench --features reference --bench quantization [-- crops.bin]`,
//! where the file holds more crops than the golden ones, `[N, 224, 224, 3]` u8. The results are in
//! `quantization.md`.

#[path = "../tests/reference/data.rs"]
mod data;
#[path = "../tests/support/mod.rs"]
mod support;

use std::time::Instant;

use data::{CHECKPOINT, CROPS, quantized};
use headstart::backbone::Reference;
use headstart::backbone::network::Description;
use headstart::backbone::quantize::Scheme;
use headstart::backbone::weights::{QuantizedWeights, Weights};
use headstart::device;
use headstart::image::INPUT_LEN;
use support::operators::{input, values};
use support::{cosine, relative_l2};

/// Crops that go through the network together.
const BATCH: usize = 4;

fn main() {
    let mut sets = vec![("golden".to_string(), CROPS.concat())];
    // cargo adds an option of its own.
    for path in std::env::args().skip(1).filter(|a| !a.starts_with("--")) {
        let crops = std::fs::read(&path).expect("the file of crops is readable");
        sets.push((path, crops));
    }
    let references: Vec<_> = sets
        .iter()
        .map(|(_, crops)| embed(&CHECKPOINT.weights, crops))
        .collect();
    let features = Description::resnet18().classifier.features;
    println!("| scheme | MB | seconds | crops | relative L2 | mean cosine | min cosine |");
    println!("|---|---|---|---|---|---|---|");
    for scheme in [Scheme::AbsoluteMaximum, Scheme::LeastSquares] {
        let start = Instant::now();
        let file = quantized(scheme);
        let seconds = start.elapsed().as_secs_f64();
        let megabytes = file.len() as f64 / 1e6;
        let weights = QuantizedWeights::parse(&file).expect("the file is whole");
        for ((name, crops), reference) in sets.iter().zip(&references) {
            let embeddings = embed(&weights, crops);
            let cosines: Vec<f64> = embeddings
                .chunks_exact(features)
                .zip(reference.chunks_exact(features))
                .map(|(a, b)| cosine(a, b))
                .collect();
            println!(
                "| {scheme:?} | {megabytes:.2} | {seconds:.1} | {} of {name} | {:.4} | {:.6} | {:.6} |",
                cosines.len(),
                relative_l2(&embeddings, reference),
                cosines.iter().sum::<f64>() / cosines.len() as f64,
                cosines.iter().copied().fold(f64::INFINITY, f64::min),
            );
        }
    }
}

fn embed(weights: &impl Weights, crops: &[u8]) -> Vec<f32> {
    let device = device::cpu();
    let network =
        Reference::load(&Description::resnet18(), weights, &device).expect("the weights are whole");
    crops
        .chunks(BATCH * INPUT_LEN)
        .flat_map(|batch| values(network.features(input(batch, &device))))
        .collect()
}
