//! Rounds the network layer by layer on synthetic images, each layer to make up for those before it.
//!
//! The images go through the network twice: with the real weights, and with those rounded so far. A
//! layer is fitted to give, from what it will meet in the rounded network, what it gives in the real
//! one; the second convolution of a block also makes up for the error of the shortcut that is added to
//! it.

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand::seq::index::sample;
use rand_chacha::ChaCha8Rng;

use super::feature_map::{FeatureMap, convolve};
use super::network::{Activation, ConvLayer, Description, Epilogue, Operations, forward};
use super::rounding::{Samples, least_squares};
use super::synthetic;
use super::weights::{Int8Weights, LayerWeights, Weights};
use crate::image::INPUT_SIDE;
use crate::{Error, Result};

/// Images to calibrate with.
const IMAGES: usize = 32;
/// Positions of each feature map that a layer is fitted at.
const POSITIONS: usize = 64;
/// Chosen once; another seed gives other images of the same kind.
const SEED: u64 = 0;

/// Rounds all layers, by name.
pub(super) fn calibrate(
    network: &Description,
    weights: &impl Weights,
) -> Result<BTreeMap<String, Int8Weights>> {
    let mut calibration = Calibration {
        weights,
        rng: ChaCha8Rng::seed_from_u64(SEED),
        layers: BTreeMap::new(),
    };
    calibration.run(network)?;
    Ok(calibration.layers)
}

struct Calibration<'a, W> {
    weights: &'a W,
    rng: ChaCha8Rng,
    layers: BTreeMap<String, Int8Weights>,
}

/// The images' feature maps in both networks.
#[derive(Clone)]
struct Pair {
    real: Vec<FeatureMap>,
    rounded: Vec<FeatureMap>,
}

impl Pair {
    fn map(self, f: impl Fn(FeatureMap) -> FeatureMap) -> Self {
        let map = |maps: Vec<FeatureMap>| maps.into_iter().map(&f).collect();
        Self {
            real: map(self.real),
            rounded: map(self.rounded),
        }
    }

    fn plus(self, other: &Self) -> Self {
        let add = |maps: Vec<FeatureMap>, others: &[FeatureMap]| {
            let pairs = maps.into_iter().zip(others);
            pairs.map(|(map, other)| map.plus(other)).collect()
        };
        Self {
            real: add(self.real, &other.real),
            rounded: add(self.rounded, &other.rounded),
        }
    }
}

/// A convolution is rounded as data meets it.
impl<W: Weights> Operations for Calibration<'_, W> {
    type Convolution = ConvLayer;
    type Map = Pair;
    type Error = Error;

    fn convolve(
        &mut self,
        layer: &ConvLayer,
        input: &Pair,
        Epilogue {
            shortcut,
            activation,
        }: Epilogue<Pair>,
    ) -> Result<Pair> {
        let weights = self.weights.conv(layer)?;
        let sums = self.fit(layer, &weights, input, shortcut);
        let sums = match shortcut {
            Some(shortcut) => sums.plus(shortcut),
            None => sums,
        };
        Ok(match activation {
            Activation::Identity => sums,
            Activation::Relu => sums.map(FeatureMap::relu),
        })
    }
}

impl<W: Weights> Calibration<'_, W> {
    fn run(&mut self, network: &Description) -> Result<()> {
        let images: Vec<FeatureMap> = synthetic::inputs(IMAGES, SEED)
            .into_iter()
            .map(|image| FeatureMap::new(INPUT_SIDE, INPUT_SIDE, image))
            .collect();
        let images = Pair {
            real: images.clone(),
            rounded: images,
        };
        let relu = Epilogue {
            shortcut: None,
            activation: Activation::Relu,
        };
        let stem = self.convolve(&network.stem, &images, relu)?;
        let pooled = stem.map(|map| map.max_pool());
        let last = forward(self, &network.stages, pooled, &mut |_, _| Ok(()))?;
        // The classifier of each position: their mean is the classifier of the pooled features.
        let classifier = &network.classifier;
        let layer = ConvLayer {
            name: classifier.name.into(),
            norm: String::new(),
            channels_in: classifier.features,
            channels_out: classifier.classes,
            kernel: 1,
            stride: 1,
        };
        let weights = self.weights.classifier(classifier)?;
        self.fit(&layer, &weights, &last, None);
        Ok(())
    }

    /// Rounds a layer and gives what it puts out, to which the network adds `shortcut`.
    fn fit(
        &mut self,
        layer: &ConvLayer,
        weights: &LayerWeights,
        input: &Pair,
        shortcut: Option<&Pair>,
    ) -> Pair {
        let real = convolve(layer, weights, &input.real);
        let samples = draw_samples(&mut self.rng, layer, &input.rounded, &real, shortcut);
        let quantized = least_squares(weights, samples);
        let rounded = convolve(layer, &quantized.dequantize(), &input.rounded);
        self.layers.insert(layer.name.clone(), quantized);
        Pair { real, rounded }
    }
}

/// The layer's inputs at some positions of every image, and what it should put out there: `outputs`, and
/// what the shortcut lacks.
fn draw_samples(
    rng: &mut ChaCha8Rng,
    layer: &ConvLayer,
    inputs: &[FeatureMap],
    outputs: &[FeatureMap],
    shortcut: Option<&Pair>,
) -> Samples {
    let inner = layer.weights_per_channel();
    let mut samples = Samples::default();
    for (image, (input, output)) in inputs.iter().zip(outputs).enumerate() {
        let positions = output.pixels();
        for position in sample(rng, positions, POSITIONS.min(positions)) {
            let start = samples.inputs.len();
            samples.inputs.resize(start + inner, 0.0);
            input.gather(layer, position, &mut samples.inputs[start..]);
            let start = samples.targets.len();
            samples.targets.extend(output.pixel(position));
            if let Some(Pair { real, rounded }) = shortcut {
                let missing = real[image]
                    .pixel(position)
                    .iter()
                    .zip(rounded[image].pixel(position));
                for (target, (real, rounded)) in samples.targets[start..].iter_mut().zip(missing) {
                    *target = *target + real - rounded;
                }
            }
        }
    }
    samples
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::matrix::product_transposed;

    fn random(count: usize, seed: u64) -> Vec<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        (0..count).map(|_| rng.random_range(-1.0..1.0)).collect()
    }

    fn layer(kernel: usize, stride: usize) -> ConvLayer {
        ConvLayer {
            name: String::new(),
            norm: String::new(),
            channels_in: 3,
            channels_out: 4,
            kernel,
            stride,
        }
    }

    #[test]
    fn samples_are_what_the_convolution_multiplies_and_puts_out() {
        // Odd sides, so that strides meet the padding on one side only.
        let inputs = [0, 1].map(|seed| FeatureMap::new(9, 7, random(9 * 7 * 3, seed)));
        for (kernel, stride) in [(7, 2), (3, 1), (3, 2), (1, 2)] {
            let layer = layer(kernel, stride);
            let inner = layer.weights_per_channel();
            let weights = LayerWeights {
                weight: random(4 * inner, 2),
                bias: vec![0.0; 4],
            };
            let outputs = convolve(&layer, &weights, &inputs);
            let mut rng = ChaCha8Rng::seed_from_u64(3);
            let samples = draw_samples(&mut rng, &layer, &inputs, &outputs, None);
            let count = samples.targets.len() / 4;
            assert_eq!(count, 2 * POSITIONS.min(outputs[0].pixels()));
            let shape = [count, inner, 4];
            let products = product_transposed(&samples.inputs, &weights.weight, shape);
            for (product, target) in products.iter().zip(&samples.targets) {
                assert!((product - target).abs() < 1e-4, "{product}, {target}");
            }
        }
    }

    #[test]
    fn targets_make_up_for_what_the_shortcut_lacks() {
        let layer = layer(1, 1);
        let map = |seed| vec![FeatureMap::new(4, 5, random(4 * 5 * 4, seed))];
        let input = [FeatureMap::new(4, 5, random(4 * 5 * 3, 0))];
        let (output, shortcut) = (
            map(1),
            Pair {
                real: map(2),
                rounded: map(3),
            },
        );
        let draw = |shortcut| {
            let mut rng = ChaCha8Rng::seed_from_u64(4);
            draw_samples(&mut rng, &layer, &input, &output, shortcut)
        };
        let (plain, corrected) = (draw(None), draw(Some(&shortcut)));
        assert_eq!(plain.inputs, corrected.inputs);
        let mut positions = sample(&mut ChaCha8Rng::seed_from_u64(4), 20, 20).into_iter();
        for (plain, corrected) in plain
            .targets
            .chunks_exact(4)
            .zip(corrected.targets.chunks_exact(4))
        {
            let position = positions.next().unwrap();
            let (real, rounded) = (
                shortcut.real[0].pixel(position),
                shortcut.rounded[0].pixel(position),
            );
            for channel in 0..4 {
                let sum = corrected[channel] + rounded[channel];
                assert!((sum - plain[channel] - real[channel]).abs() < 1e-6);
            }
        }
    }
}
