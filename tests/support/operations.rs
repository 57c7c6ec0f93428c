//! What the network's convolutions cost, for benchmarks.

use headstart::backbone::network::ConvLayer;
use headstart::image::INPUT_SIDE;

/// The side of a convolution's output: it halves at the stem, at the pool after it, and at each stage but the first.
pub fn side_out(layer: &ConvLayer) -> usize {
    let halvings = match layer.name.strip_prefix("layer") {
        Some(rest) => rest[..1].parse::<u32>().expect("a stage's number") + 1,
        None => 1,
    };
    INPUT_SIDE >> halvings
}

/// Multiplications and additions of one image by a direct convolution.
pub fn operations(layer: &ConvLayer) -> f64 {
    let weights = layer.channels_out * layer.weights_per_channel();
    2.0 * (side_out(layer).pow(2) * weights) as f64
}
