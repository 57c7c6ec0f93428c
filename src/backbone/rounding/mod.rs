//! Real weights → 8-bit integers, a scale per output channel, and a bias.

#[cfg(feature = "cli")]
mod least_squares;

use super::weights::{Int8Weights, LayerWeights};

#[cfg(feature = "cli")]
pub(super) use least_squares::{Samples, least_squares};

/// The largest integer in use: symmetric, so that -128 is left out.
const LARGEST: f32 = 127.0;

/// Rounds each weight to the nearest step, `scale = max |w| / 127` over its output channel (Jacob et
/// al. 2018, "Quantization and Training of Neural Networks", section 3, made symmetric).
pub(crate) fn nearest(layer: &LayerWeights) -> Int8Weights {
    let per_channel = layer.weight.len() / layer.bias.len();
    let mut quantized = Int8Weights {
        weight: Vec::with_capacity(layer.weight.len()),
        scale: Vec::with_capacity(layer.bias.len()),
        bias: layer.bias.clone(),
    };
    for channel in layer.weight.chunks_exact(per_channel) {
        let row = Row::nearest(channel);
        quantized.weight.extend(row.integers());
        quantized.scale.push(row.scale);
    }
    quantized
}

/// One output channel on its way: whole numbers in f32, and their scale.
#[derive(Debug, Clone)]
struct Row {
    steps: Vec<f32>,
    scale: f32,
}

impl Row {
    fn nearest(channel: &[f32]) -> Self {
        let largest = channel.iter().fold(0.0_f32, |max, w| max.max(w.abs()));
        let scale = largest / LARGEST;
        // A channel of zeros keeps a harmless scale, so that every scale in the file is positive.
        let scale = if scale.is_normal() { scale } else { 1.0 };
        Self {
            steps: channel.iter().map(|w| step(w / scale)).collect(),
            scale,
        }
    }

    #[cfg(feature = "cli")]
    fn weights(&self) -> impl Iterator<Item = f32> {
        self.steps.iter().map(|step| step * self.scale)
    }

    fn integers(&self) -> impl Iterator<Item = i8> {
        self.steps.iter().map(|&step| step as i8)
    }
}

fn step(value: f32) -> f32 {
    value.round().clamp(-LARGEST, LARGEST)
}
