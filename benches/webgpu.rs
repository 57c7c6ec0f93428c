//! The network on a graphics adapter, natively: these kernels and burn's own operators in turns, and the adapter's
//! peak.
//!
//! ```text
//! npm run bench -- webgpu
//! cargo bench --features webgpu --bench webgpu -- [batch] [rounds]
//! ```
//!
//! Drawn weights, so no checkpoint is needed. Operations are those of direct convolutions, 3.63 G an image, however
//! few products a kernel makes of them.

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::Instant;

use headstart::backbone::Reference;
use headstart::backbone::network::Description;
use headstart::backbone::webgpu::Network;
use headstart::backbone::weights::QuantizedWeights;
use headstart::device::webgpu_backend;
use headstart::image::INPUT_LEN;
use pollster::block_on;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use support::operations::operations;
use support::operators::{input, values};
use support::{QUANTIZED, cosine, random_crops};

fn main() {
    let numbers: Vec<usize> = std::env::args()
        .filter_map(|arg| arg.parse().ok())
        .collect();
    let batches = match numbers.first() {
        Some(&batch) => vec![batch],
        None => vec![1, 8, 32],
    };
    let rounds = numbers.get(1).copied().unwrap_or(20);
    let backend = block_on(webgpu_backend(None)).expect("this benchmark needs a graphics adapter");
    let device = backend.device().expect("WebGPU has a device");
    println!("adapter: {}", backend.adapter);
    let weights = QuantizedWeights::parse(&QUANTIZED).expect("it was just made");
    let software = backend.is_software();
    let network = Network::load(&Description::resnet18(), &weights, device, software)
        .expect("the weights are whole");
    let reference =
        Reference::load(&Description::resnet18(), &weights, device).expect("the weights are whole");
    let each: f64 = Description::resnet18().convolutions().map(operations).sum();
    println!("operations of one image: {:.2} G", each / 1e9);
    println!("batch | kernels ms | burn ms | ratio | kernels TFLOP/s | cosine");
    for batch in batches {
        let crops = random_crops(batch, &mut ChaCha8Rng::seed_from_u64(3));
        let input = input(&crops, device);
        let ours = || {
            block_on(network.run(&crops, false))
                .expect("the device answers")
                .embeddings
        };
        let burns = || values(reference.features(input.clone()));
        let (one, other) = (ours(), burns());
        let cosine = lowest_cosine(&one, &other);
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..rounds {
            times[0].push(seconds(|| drop(ours())));
            times[1].push(seconds(|| drop(burns())));
        }
        let [mine, theirs] = times.map(median);
        println!(
            "{batch:5} | {:10.3} | {:7.3} | {:5.2} | {:15.2} | {cosine:.8}",
            mine * 1e3,
            theirs * 1e3,
            theirs / mine,
            each * batch as f64 / mine / 1e12
        );
        if batch == 32 || numbers.len() > 1 {
            layers(&network, &crops, rounds);
        }
    }
}

/// Each layer's time and rate, best of a few runs.
fn layers(network: &Network, crops: &[u8], rounds: usize) {
    let run = || network.profile(crops, rounds).expect("the device answers");
    run();
    let runs = [run(), run(), run()];
    let images = crops.len() / INPUT_LEN;
    let total = |run: &Vec<(String, f64)>| run.iter().map(|(_, time)| time).sum::<f64>();
    let least = runs.iter().map(total).fold(f64::INFINITY, f64::min);
    let all = Description::resnet18()
        .convolutions()
        .map(operations)
        .sum::<f64>()
        * images as f64;
    println!(
        "        all layers, without upload and read-back: {:.3} ms, {:.2} TFLOP/s",
        least * 1e3,
        all / least / 1e12
    );
    for (index, (name, _)) in runs[0].iter().enumerate() {
        let time = runs
            .iter()
            .map(|run| run[index].1)
            .fold(f64::INFINITY, f64::min);
        let network = Description::resnet18();
        let layer = network.convolutions().find(|layer| layer.name == *name);
        let rate = layer.map(|layer| operations(layer) * images as f64 / time / 1e12);
        let rate = rate.map_or(String::new(), |rate| format!("{rate:7.2} TFLOP/s"));
        println!("        {name:22} {:8.4} ms {rate}", time * 1e3);
    }
}

fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn lowest_cosine(one: &[f32], other: &[f32]) -> f64 {
    let features = Description::resnet18().layout().len();
    let rows = one.chunks_exact(features);
    rows.zip(other.chunks_exact(features))
        .map(|(a, b)| cosine(a, b))
        .fold(1.0, f64::min)
}
