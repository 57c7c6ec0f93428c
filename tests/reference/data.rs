//! The reference data.
#![allow(dead_code, reason = "a benchmark uses its own part")]

use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Instant;

use headstart::Backbone;
use headstart::backbone::checkpoint::Checkpoint;
use headstart::backbone::quantize::{Scheme, quantize};
use headstart::device;
use headstart::image::INPUT_LEN;
use safetensors::SafeTensors;

/// A file of the reference data. What needs it fails without it.
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

/// The reference checkpoint.
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
pub static CROPS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let file = read_shared("golden/crops.safetensors");
    let file = SafeTensors::deserialize(&file).expect("a safetensors file");
    let crops = file.tensor("crops").expect("the crops are there");
    crops
        .data()
        .chunks_exact(INPUT_LEN)
        .map(<[u8]>::to_vec)
        .collect()
});

/// Their names, classes and probabilities by torch, in order.
pub fn photos() -> Vec<serde_json::Value> {
    let index: serde_json::Value =
        serde_json::from_slice(&read_shared("golden/index.json")).expect("the index is JSON");
    index["images"]
        .as_array()
        .expect("it lists the photos")
        .clone()
}
