//! A ResNet18 of weights drawn from a seed, for what must run where no trained checkpoint is.
//!
//! Weights drawn without a thought see little: every picture's embedding points the same way. These are drawn so that
//! the network tells patterns apart whatever their colours, and knows a picture again that was altered a little. Its stem
//! looks for edges and waves of any direction and for blots of colour, as stems do that were trained; further layers mix
//! what was found, patterns and colours mostly apart; and batch norms hold the statistics of drawn pictures, computed by
//! `fixtures/drawn-network/norms.py` and kept beside it.

use std::collections::BTreeMap;

use headstart::backbone::network::{ConvLayer, Description};
use headstart::backbone::quantize::FloatTensor;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

use super::canvas::{Place, direction};

const SEED: u64 = 0;
/// One channel in so many is of colours, in each layer; the others are of patterns.
const COLOUR_SHARE: usize = 8;
/// What weights between the two are multiplied by.
const BETWEEN: f32 = 0.1;
/// How much a kernel's weights differ from their mean: little, so that a picture moved by a few pixels looks the same.
const DETAIL: f32 = 0.6;
/// How much larger colours stand in an embedding.
const COLOUR_GAIN: f32 = 1.6;
/// Of logits, so that the likeliest class stands out.
const LOGIT_SCALE: f32 = 1.0;

/// Means and variances of each convolution's outputs, and the mean embedding.
static STATISTICS: &[u8] = include_bytes!("../../fixtures/drawn-network/norms.safetensors");

/// The state dict under torchvision's names.
pub fn state_dict() -> BTreeMap<String, FloatTensor> {
    let statistics = SafeTensors::deserialize(STATISTICS).expect("the statistics are whole");
    let statistic = |name: &str| {
        let view = statistics.tensor(name).expect("each norm has statistics");
        let chunks = view.data().as_chunks::<4>().0;
        chunks
            .iter()
            .map(|&bytes| f32::from_le_bytes(bytes))
            .collect::<Vec<f32>>()
    };
    let mut state = BTreeMap::new();
    let mut insert = |name: String, shape: &[usize], values: Vec<f32>| {
        let shape = shape.to_vec();
        state.insert(name, FloatTensor { shape, values });
    };
    for layer in Description::resnet18().convolutions() {
        let weights = match layer.kernel {
            7 => stem(layer, &mut rng(&layer.name)),
            _ => mixing(layer, &mut rng(&layer.name)),
        };
        insert(format!("{}.weight", layer.name), &layer.shape(), weights);
        let norm = &layer.norm;
        let channels = [layer.channels_out];
        let mut rng = rng(norm);
        let mut drawn = |middle: f32| {
            let channels = 0..layer.channels_out;
            let values = channels.map(|channel| {
                gain(norm, is_of_colour(channel, layer.channels_out))
                    * (middle + rng.random_range(-0.15..0.15))
            });
            values.collect::<Vec<f32>>()
        };
        insert(format!("{norm}.weight"), &channels, drawn(1.0));
        insert(format!("{norm}.bias"), &channels, drawn(shift(norm)));
        for part in ["running_mean", "running_var"] {
            let name = format!("{norm}.{part}");
            let values = statistic(&name);
            insert(name, &channels, values);
        }
    }
    let mut rng = rng("fc");
    let [classes, features] = Description::resnet18().classifier.shape();
    let weights: Vec<f32> = (0..classes * features)
        .map(|_| rng.random_range(-LOGIT_SCALE..LOGIT_SCALE))
        .collect();
    // Without it, what all embeddings have in common would make one class the likeliest of every picture.
    let mean = statistic("embedding.mean");
    let bias = weights.chunks_exact(features).map(|row| {
        let products = row.iter().zip(&mean).map(|(weight, mean)| weight * mean);
        -products.sum::<f32>()
    });
    insert("fc.bias".into(), &[classes], bias.collect());
    insert("fc.weight".into(), &[classes, features], weights);
    state
}

/// The state dict as a checkpoint in a safetensors file.
pub fn checkpoint() -> Vec<u8> {
    let state = state_dict();
    let bytes = |tensor: &FloatTensor| -> Vec<u8> {
        tensor
            .values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect()
    };
    let data: Vec<_> = state
        .iter()
        .map(|(name, tensor)| (name, &tensor.shape, bytes(tensor)))
        .collect();
    let views = data.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(Dtype::F32, shape.to_vec(), bytes);
        (
            name.as_str(),
            view.expect("as many bytes as the shape says"),
        )
    });
    safetensors::serialize(views, None).expect("f32 tensors can be written")
}

/// A layer's numbers depend on the seed and its name alone.
fn rng(name: &str) -> ChaCha8Rng {
    let mix = |seed: u64, byte: u8| seed.wrapping_mul(31).wrapping_add(u64::from(byte));
    ChaCha8Rng::seed_from_u64(name.bytes().fold(SEED, mix))
}

/// About what a norm adds. Above 0 within the network: were less kept by the ReLUs, a picture a little brighter would
/// look another. Below 0 at the end, so that embeddings are sparse and those of different pictures unlike.
fn shift(norm: &str) -> f32 {
    match norm {
        "layer4.1.bn2" => -1.0,
        _ if norm.contains("downsample") => 0.0,
        _ if norm.ends_with("bn2") => 1.0,
        _ => 1.0,
    }
}

/// What a norm's outputs are multiplied by: those of colours in the last maps, which tell pictures of one pattern apart.
fn gain(norm: &str, of_colour: bool) -> f32 {
    let last = ["layer4.0.bn2", "layer4.0.downsample.1", "layer4.1.bn2"].contains(&norm);
    if last && of_colour { COLOUR_GAIN } else { 1.0 }
}

fn is_of_colour(channel: usize, channels: usize) -> bool {
    channel < channels / COLOUR_SHARE
}

/// Blots of a colour, then waves across any direction, fading outwards.
fn stem(layer: &ConvLayer, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let reach = layer.kernel as f32 / 2.0 + 0.5;
    let middle = (layer.kernel / 2) as f32;
    let places: Vec<Place> = (0..layer.kernel * layer.kernel)
        .map(|place| {
            [
                (place % layer.kernel) as f32 - middle,
                (place / layer.kernel) as f32 - middle,
            ]
        })
        .collect();
    let window: Vec<f32> = places
        .iter()
        .map(|[x, y]| (1.0 - (x * x + y * y) / (reach * reach)).max(0.0))
        .collect();
    let mut weights = Vec::new();
    for channel in 0..layer.channels_out {
        let colour = is_of_colour(channel, layer.channels_out);
        let kernel = if colour {
            window.clone()
        } else {
            wave(&places, &window, rng)
        };
        let tints: [f32; 3] = std::array::from_fn(|_| {
            if colour {
                rng.random_range(-1.0..1.0)
            } else {
                1.0 + rng.random_range(-0.2..0.2)
            }
        });
        weights.extend(
            tints
                .iter()
                .flat_map(|tint| kernel.iter().map(move |value| tint * value)),
        );
    }
    weights
}

/// A triangle wave in a window, whose sum is 0: it sees differences, and no plain surface.
fn wave(places: &[Place], window: &[f32], rng: &mut ChaCha8Rng) -> Vec<f32> {
    let [cos, sin] = direction(rng);
    let (length, phase) = (rng.random_range(5.0..14.0), rng.random_range(0.0..1.0));
    let wave = places.iter().zip(window).map(|([x, y], window)| {
        let turns = (x * cos + y * sin) / length + phase;
        window * (4.0 * (turns - turns.floor() - 0.5).abs() - 1.0)
    });
    let mut wave: Vec<f32> = wave.collect();
    let level = wave.iter().sum::<f32>() / window.iter().sum::<f32>();
    for (value, window) in wave.iter_mut().zip(window) {
        *value -= level * window;
    }
    wave
}

fn mixing(layer: &ConvLayer, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut weights = Vec::new();
    for output in 0..layer.channels_out {
        for input in 0..layer.channels_in {
            let alike =
                is_of_colour(output, layer.channels_out) == is_of_colour(input, layer.channels_in);
            let scale = if alike { 1.0 } else { BETWEEN };
            let mean = rng.random_range(-1.0..1.0);
            let area = layer.kernel * layer.kernel;
            weights
                .extend((0..area).map(|_| scale * (mean + DETAIL * rng.random_range(-1.0..1.0))));
        }
    }
    weights
}
