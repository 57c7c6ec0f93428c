//! What the native tests share: the drawn network and pictures, what torch says of them, and measures of closeness.
#![allow(dead_code, reason = "each test binary uses its own part")]

pub mod alterations;
pub mod drawn;
pub mod fitting;
pub mod maps;
pub mod operations;
#[cfg(feature = "reference")]
pub mod operators;
pub mod project;
pub mod rounding;
pub mod stages;
pub mod state_dict;
pub mod stripes;
pub mod synthetic;
pub mod tensors;

use std::sync::LazyLock;

use headstart::Backbone;
use headstart::backbone::checkpoint::Checkpoint;
use headstart::backbone::network::Description;
use headstart::backbone::quantize::{FloatWeights, Scheme, quantize};
use headstart::backbone::{FeatureStage, Features, Layout};
use headstart::device;
use headstart::image::{INPUT_LEN, content_hash};
use pollster::block_on;
use rand::Rng;
use safetensors::SafeTensors;

use drawn::{network, referenced};

/// How many numbers an embedding has: the means of the maps that the four stages put out.
pub const FEATURES: usize = 64 + 128 + 256 + 512;

/// What an embedding is made of.
pub static LAYOUT: LazyLock<Layout> = LazyLock::new(|| Description::resnet18().layout());

/// The last stage's features.
pub const LAST: usize = 512;

/// The drawn network.
pub static CHECKPOINT: LazyLock<Checkpoint> = LazyLock::new(|| Checkpoint {
    weights: FloatWeights::from_state_dict(network::state_dict()).expect("it is a ResNet18"),
    sha256: content_hash(&network::checkpoint()),
});

/// Its quantized file, rounded in the way that takes no time.
pub static QUANTIZED: LazyLock<Vec<u8>> = LazyLock::new(|| quantized(Scheme::AbsoluteMaximum));

/// The drawn network, quantized in one of the ways.
pub fn quantized(scheme: Scheme) -> Vec<u8> {
    quantize(&CHECKPOINT.weights, &CHECKPOINT.sha256, scheme).expect("it quantizes")
}

/// What users run, on the CPU.
pub static BACKBONE: LazyLock<Backbone> =
    LazyLock::new(|| Backbone::load(&QUANTIZED, device::cpu_backend()).expect("it was just made"));

/// What torch, torchvision and Pillow make of the drawn network and pictures.
pub static REFERENCES: &[u8] = include_bytes!("../fixtures/drawn-network/references.safetensors");

/// The drawn crops, `[224, 224, 3]` each: ten of each class, one class after the other, and a stranger.
pub static CROPS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    referenced::crops()
        .into_iter()
        .map(|crop| crop.rgb)
        .collect()
});

/// Embeddings of crops by the quantized network.
pub fn embed(crops: &[Vec<u8>]) -> Vec<Vec<f32>> {
    embed_by(&BACKBONE, crops)
}

pub fn embed_by(backbone: &Backbone, crops: &[Vec<u8>]) -> Vec<Vec<f32>> {
    let embed = |crop: &Vec<u8>| run_by(backbone, crop).embeddings;
    crops.iter().map(embed).collect()
}

/// What the quantized network says of crops `[N, 224, 224, 3]`.
pub fn run(crops: &[u8]) -> Features {
    run_by(&BACKBONE, crops)
}

pub fn run_by(backbone: &Backbone, crops: &[u8]) -> Features {
    block_on(backbone.run(crops, true)).expect("the CPU answers")
}

/// Crops `[count, 224, 224, 3]` of random bytes.
pub fn random_crops(count: usize, rng: &mut impl Rng) -> Vec<u8> {
    let mut crops = vec![0; count * INPUT_LEN];
    rng.fill_bytes(&mut crops);
    crops
}

/// The f32 values and shape of a tensor in a safetensors file.
pub fn tensor(file: &[u8], name: &str) -> (Vec<f32>, Vec<usize>) {
    let file = SafeTensors::deserialize(file).expect("a safetensors file");
    let view = file.tensor(name).expect("the tensor is there");
    let values = view
        .data()
        .as_chunks::<4>()
        .0
        .iter()
        .map(|&bytes| f32::from_le_bytes(bytes))
        .collect();
    (values, view.shape().to_vec())
}

/// The whole numbers of an i64 tensor in a safetensors file.
pub fn integers(file: &[u8], name: &str) -> Vec<usize> {
    let bytes = bytes(file, name);
    let numbers = bytes.as_chunks::<8>().0.iter();
    numbers
        .map(|&bytes| {
            i64::from_le_bytes(bytes)
                .try_into()
                .expect("it is none below 0")
        })
        .collect()
}

/// The bytes of a tensor in a safetensors file.
pub fn bytes(file: &[u8], name: &str) -> Vec<u8> {
    let file = SafeTensors::deserialize(file).expect("a safetensors file");
    file.tensor(name)
        .expect("the tensor is there")
        .data()
        .to_vec()
}

pub fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |x: &[f32], y: &[f32]| -> f64 {
        x.iter()
            .zip(y)
            .map(|(&x, &y)| f64::from(x) * f64::from(y))
            .sum()
    };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

pub fn max_abs_error(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter()
        .zip(b)
        .map(|(a, b)| f64::from((a - b).abs()))
        .fold(0.0, f64::max)
}

/// ‖a − b‖ / ‖b‖
pub fn relative_l2(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    let square = |x: f64| x * x;
    let error: f64 = a
        .iter()
        .zip(b)
        .map(|(&a, &b)| square(f64::from(a) - f64::from(b)))
        .sum();
    let norm: f64 = b.iter().map(|&b| square(f64::from(b))).sum();
    (error / norm).sqrt()
}

/// The cosine of each embedding `[N, features]` with another.
pub fn cosines(embeddings: &[f32], others: &[f32], features: usize) -> Vec<f64> {
    assert_eq!(embeddings.len(), others.len());
    let pairs = embeddings
        .chunks_exact(features)
        .zip(others.chunks_exact(features));
    pairs.map(|(a, b)| cosine(a, b)).collect()
}

/// The features of each stage of embeddings `[N, 960]`: `[N, channels]`.
pub fn by_stage(embeddings: &[f32]) -> Vec<(&'static FeatureStage, Vec<f32>)> {
    let mut place = 0;
    let of_stage = |stage: &'static FeatureStage| {
        let features = place..place + stage.channels;
        place = features.end;
        let rows = embeddings.chunks_exact(FEATURES);
        let of_rows = rows.flat_map(|row| row[features.clone()].iter().copied());
        (stage, of_rows.collect())
    };
    LAYOUT.stages().iter().map(of_stage).collect()
}

/// The features of the last stage of embeddings `[N, 960]`: `[N, 512]`.
pub fn last_stage(embeddings: &[f32]) -> Vec<f32> {
    let (_, last) = by_stage(embeddings).pop().expect("there are stages");
    last
}

pub fn lowest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The place of the largest.
pub fn largest(values: &[f32]) -> usize {
    let places = 0..values.len();
    let largest = places.max_by(|&a, &b| values[a].total_cmp(&values[b]));
    largest.expect("there are values")
}
