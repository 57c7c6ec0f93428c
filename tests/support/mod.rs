//! What the native tests share: reference files, and measures of closeness.
#![allow(dead_code, reason = "each test binary uses its own part")]

pub mod fitting;
pub mod operations;
pub mod project;
pub mod random_network;
pub mod stripes;
pub mod synthetic;
pub mod tensors;

use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Instant;

use burn::tensor::{Device, Tensor, TensorData};
use headstart::Backbone;
use headstart::backbone::Features;
use headstart::backbone::checkpoint::Checkpoint;
use headstart::backbone::quantize::{Scheme, quantize};
use headstart::device;
use headstart::image::{INPUT_LEN, INPUT_SIDE, normalize_into};
use pollster::block_on;
use safetensors::SafeTensors;

/// A file of the reference data beside the checkout. A test that needs it fails without it.
pub fn shared(path: &str) -> PathBuf {
    let root = std::env::var_os("HEADSTART_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    let full = root.join(path);
    assert!(
        full.exists(),
        "this test needs {}: put the reference data there, or name its folder in HEADSTART_SHARED",
        full.display()
    );
    full
}

pub fn read_shared(path: &str) -> Vec<u8> {
    std::fs::read(shared(path)).expect("reference data is readable")
}

/// The reference checkpoint, read once per test binary.
pub static CHECKPOINT: LazyLock<Checkpoint> = LazyLock::new(|| {
    Checkpoint::read(&shared("weights/resnet18-standin.pth")).expect("the checkpoint is a ResNet18")
});

/// Its quantized file.
pub static QUANTIZED: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let start = Instant::now();
    let file = quantized(Scheme::default());
    println!(
        "figure: quantized in {:.1} s, beside other tests",
        start.elapsed().as_secs_f64()
    );
    file
});

/// The reference checkpoint, quantized in one of the ways.
pub fn quantized(scheme: Scheme) -> Vec<u8> {
    quantize(&CHECKPOINT.weights, &CHECKPOINT.sha256, scheme).expect("it quantizes")
}

/// What users run, on the CPU.
pub static BACKBONE: LazyLock<Backbone> =
    LazyLock::new(|| Backbone::load(&QUANTIZED, device::cpu_backend()).expect("it was just made"));

/// The golden photos' crops, `[224, 224, 3]` each.
pub fn golden_crops() -> Vec<Vec<u8>> {
    let crops = bytes(&read_shared("golden/crops.safetensors"), "crops");
    crops.chunks_exact(INPUT_LEN).map(<[u8]>::to_vec).collect()
}

/// Embeddings of crops by the quantized network.
pub fn embed(crops: &[Vec<u8>]) -> Vec<Vec<f32>> {
    let embed = |crop: &Vec<u8>| run(crop).embeddings;
    crops.iter().map(embed).collect()
}

/// What the quantized network says of crops `[N, 224, 224, 3]`.
pub fn run(crops: &[u8]) -> Features {
    block_on(BACKBONE.run(crops, true)).expect("the CPU answers")
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

/// The u8 values of a tensor in a safetensors file.
pub fn bytes(file: &[u8], name: &str) -> Vec<u8> {
    let file = SafeTensors::deserialize(file).expect("a safetensors file");
    file.tensor(name)
        .expect("the tensor is there")
        .data()
        .to_vec()
}

/// Crops `[N, 224, 224, 3]` as the network's input `[N, 3, 224, 224]`.
pub fn input(crops: &[u8], device: &Device) -> Tensor<4> {
    let mut values = Vec::new();
    let len = INPUT_SIDE * INPUT_SIDE * 3;
    for crop in crops.chunks_exact(len) {
        normalize_into(crop, &mut values);
    }
    let shape = [crops.len() / len, 3, INPUT_SIDE, INPUT_SIDE];
    Tensor::from_data(TensorData::new(values, shape), device)
}

pub fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor
        .into_data()
        .try_into_vec::<f32>()
        .expect("f32 values")
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
