//! The quantized file: what it holds, and that everything else is refused by name.

use std::collections::HashMap;

use crate::support::tensors::{Tensors, named, put_together, take_apart};
use crate::support::{CHECKPOINT, QUANTIZED, quantized};
use headstart::backbone::network::Description;
use headstart::backbone::quantize::Scheme;
use headstart::backbone::weights::{QuantizedWeights, Weights};
use safetensors::tensor::Dtype;

/// Changes the good file and gives the refusal's code and message.
fn refusal(
    change: impl FnOnce(&mut Tensors, &mut HashMap<String, String>),
) -> (&'static str, String) {
    let (mut tensors, mut metadata) = take_apart(&QUANTIZED);
    change(&mut tensors, &mut metadata);
    let bytes = put_together(&tensors, metadata);
    let error = QuantizedWeights::parse(&bytes).unwrap_err();
    (error.code(), error.to_string())
}

#[test]
fn the_file_is_small_and_says_where_it_came_from() {
    println!(
        "figure: quantized file: {:.2} MB",
        QUANTIZED.len() as f64 / 1e6
    );
    assert!(QUANTIZED.len() < 12_000_000);
    let weights = QuantizedWeights::parse(&QUANTIZED).unwrap();
    assert_eq!(weights.source_sha256(), Some(CHECKPOINT.sha256.as_str()));
}

#[test]
fn the_absolute_maximum_keeps_weights_within_half_a_step_of_the_folded_ones() {
    let file = quantized(Scheme::AbsoluteMaximum);
    let quantized = QuantizedWeights::parse(&file).unwrap();
    for layer in Description::resnet18().convolutions() {
        let folded = CHECKPOINT.weights.conv(layer).unwrap();
        let restored = quantized.conv(layer).unwrap();
        assert_eq!(folded.bias, restored.bias);
        let channels = layer.weights_per_channel();
        let pairs = folded
            .weight
            .chunks(channels)
            .zip(restored.weight.chunks(channels));
        for (a, b) in pairs {
            let step = a.iter().fold(0.0_f32, |max, w| max.max(w.abs())) / 127.0;
            let worst = crate::support::max_abs_error(a, b);
            assert!(
                worst <= f64::from(step) * 0.5001,
                "{}: {worst} > {step}/2",
                layer.name
            );
        }
    }
}

#[test]
fn truncated_files_are_refused() {
    for len in [0, 4, 100, 5_000, QUANTIZED.len() / 2, QUANTIZED.len() - 1] {
        let error = QuantizedWeights::parse(&QUANTIZED[..len]).unwrap_err();
        assert_eq!(error.code(), "WEIGHTS_CORRUPT", "{len} bytes");
        let message = error.to_string();
        assert!(
            message.contains("empty") || message.contains("cut short"),
            "{message}"
        );
    }
}

#[test]
fn a_web_page_is_refused_as_such() {
    let error = QuantizedWeights::parse(b"\n<!doctype html><h1>Not found</h1>").unwrap_err();
    assert_eq!(error.code(), "WEIGHTS_CORRUPT");
    assert!(error.to_string().contains("web page"), "{error}");
}

#[test]
fn noise_is_refused() {
    let error = QuantizedWeights::parse(&[0xff; 4096]).unwrap_err();
    assert_eq!(error.code(), "WEIGHTS_CORRUPT");
}

#[test]
fn another_version_or_format_is_unsupported() {
    let (code, message) = refusal(|_, meta| drop(meta.insert("version".into(), "2".into())));
    assert_eq!(code, "WEIGHTS_UNSUPPORTED");
    assert!(message.contains("version is 2"), "{message}");
    let (code, _) = refusal(|_, meta| drop(meta.insert("format".into(), "other".into())));
    assert_eq!(code, "WEIGHTS_UNSUPPORTED");
    let (code, message) = refusal(|_, meta| meta.clear());
    assert_eq!(code, "WEIGHTS_UNSUPPORTED");
    assert!(message.contains("not a quantized ResNet18"), "{message}");
}

#[test]
fn missing_and_extra_tensors_are_named() {
    let (code, message) =
        refusal(|tensors, _| tensors.retain(|tensor| tensor.0 != "layer3.1.conv2.scale"));
    assert_eq!(code, "WEIGHTS_CORRUPT");
    assert!(
        message.contains("layer3.1.conv2.scale is missing"),
        "{message}"
    );
    let extra = ("extra".to_string(), Dtype::U8, vec![1], vec![0]);
    let (code, message) = refusal(|tensors, _| tensors.push(extra));
    assert_eq!(code, "WEIGHTS_CORRUPT");
    assert!(message.contains("extra is not expected"), "{message}");
}

#[test]
fn wrong_shapes_and_types_are_named() {
    let (code, message) =
        refusal(|tensors, _| named(tensors, "layer1.0.conv1.weight").2 = vec![64, 64, 9, 1]);
    assert_eq!(code, "WEIGHTS_CORRUPT");
    assert!(
        message.contains("layer1.0.conv1.weight has the shape [64, 64, 9, 1]"),
        "{message}"
    );
    let (code, message) =
        refusal(|tensors, _| named(tensors, "layer1.0.conv1.weight").1 = Dtype::U8);
    assert_eq!(code, "WEIGHTS_CORRUPT");
    assert!(message.contains("layer1.0.conv1.weight is U8"), "{message}");
}

#[test]
fn scales_must_be_finite_and_positive() {
    for (value, word) in [
        (f32::NAN, "finite"),
        (f32::INFINITY, "finite"),
        (0.0, "positive"),
        (-1.0, "positive"),
    ] {
        let (code, message) = refusal(|tensors, _| {
            named(tensors, "conv1.scale").3[..4].copy_from_slice(&value.to_le_bytes());
        });
        assert_eq!(code, "WEIGHTS_CORRUPT");
        assert!(
            message.contains("conv1.scale") && message.contains(word),
            "{message}"
        );
    }
}
