//! How long each layer takes by the kernels for the processor, and the network by them and by burn in
//! turns: `cargo bench --features reference --bench kernels [-- 1 8 32]`, with the numbers of images to take
//! together. The results are in `NOTES.md`.

#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;
use std::time::Instant;

use headstart::backbone::Reference;
use headstart::backbone::kernels::{Convolution, Epilogue, Network, Size, Stem, Workspace};
use headstart::backbone::network::{ConvLayer, Description};
use headstart::backbone::weights::{Int8Layers, QuantizedWeights};
use headstart::device;
use headstart::image::INPUT_LEN;
use support::operations::{operations, side_out};
use support::operators::{input, values};
use support::{CROPS, QUANTIZED};

/// Times that each thing is measured.
const ROUNDS: usize = 7;

fn main() {
    // cargo adds an option of its own.
    let mut batches: Vec<usize> = std::env::args().filter_map(|a| a.parse().ok()).collect();
    if batches.is_empty() {
        batches = vec![1, 8, 32];
    }
    let weights = QuantizedWeights::parse(&QUANTIZED).expect("the file is whole");
    let pictures = CROPS.concat();
    for batch in batches {
        let crops: Vec<u8> = pictures
            .iter()
            .copied()
            .cycle()
            .take(batch * INPUT_LEN)
            .collect();
        println!("\n| layer, batch {batch} | ms per image | GFLOP/s of a direct convolution |");
        println!("|---|---|---|");
        for layer in Description::resnet18().convolutions() {
            print_layer(layer, &weights, &crops);
        }
        print_network(&weights, &crops);
    }
}

fn print_layer(layer: &ConvLayer, weights: &QuantizedWeights, crops: &[u8]) {
    let batch = crops.len() / INPUT_LEN;
    let values = weights.conv_int8(layer).expect("the layer is there");
    let mut workspace = Workspace::default();
    let mut output = Vec::new();
    let milliseconds = if layer.kernel == 7 {
        let stem = Stem::new(values);
        median(|| {
            for crop in crops.chunks_exact(INPUT_LEN) {
                stem.run(crop, &mut workspace, &mut output);
            }
        })
    } else {
        let convolution = Convolution::new(values, layer.kernel, layer.stride);
        let side = side_out(layer) * layer.stride;
        let size = Size {
            images: batch,
            height: side,
            width: side,
        };
        // Any activations take as long.
        let activations = vec![0.5; size.pixels() * layer.channels_in];
        let epilogue = Epilogue {
            relu: true,
            shortcut: None,
        };
        median(|| convolution.run(&activations, size, epilogue, &mut workspace, &mut output))
    };
    let each = milliseconds / batch as f64;
    let rate = operations(layer) / each / 1e6;
    println!("| {} | {each:.2} | {rate:.1} |", layer.name);
}

/// The kernels and burn, in turns.
fn print_network(weights: &QuantizedWeights, crops: &[u8]) {
    let batch = crops.len() / INPUT_LEN;
    let device = device::cpu();
    let kernels = Network::load(&Description::resnet18(), weights).expect("the weights are whole");
    let reference =
        Reference::load(&Description::resnet18(), weights, &device).expect("the weights are whole");
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        times[0].push(time(|| {
            black_box(kernels.features(crops, false));
        }));
        times[1].push(time(|| {
            black_box(values(reference.features(input(crops, &device))));
        }));
    }
    let [ours, theirs] = times.map(|times| middle(times) / batch as f64);
    println!("| network | {ours:.1} | |");
    println!(
        "| network by burn | {theirs:.1}, {:.1} times as long | |",
        theirs / ours
    );
}

fn median(mut run: impl FnMut()) -> f64 {
    run();
    middle((0..ROUNDS).map(|_| time(&mut run)).collect())
}

/// Milliseconds.
fn time(run: impl FnOnce()) -> f64 {
    let start = Instant::now();
    run();
    start.elapsed().as_secs_f64() * 1e3
}

fn middle(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
