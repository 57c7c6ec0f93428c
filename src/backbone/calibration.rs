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
use super::layers::{self, BLOCKS, ConvLayer, IMAGENET_CLASSES, STAGE_CHANNELS};
use super::rounding::{Samples, least_squares};
use super::synthetic;
use super::weights::{CLASSIFIER, Int8Weights, LayerWeights, Weights};
use crate::Result;
use crate::image::INPUT_SIDE;

/// Images to calibrate with.
const IMAGES: usize = 32;
/// Positions of each feature map that a layer is fitted at.
const POSITIONS: usize = 64;
/// Chosen once; another seed gives other images of the same kind.
const SEED: u64 = 0;

/// Rounds all layers, by name.
pub(super) fn calibrate(weights: &impl Weights) -> Result<BTreeMap<String, Int8Weights>> {
    let mut calibration = Calibration {
        weights,
        rng: ChaCha8Rng::seed_from_u64(SEED),
        layers: BTreeMap::new(),
    };
    calibration.run()?;
    Ok(calibration.layers)
}

struct Calibration<'a, W> {
    weights: &'a W,
    rng: ChaCha8Rng,
    layers: BTreeMap<String, Int8Weights>,
}

/// The images' feature maps in both networks.
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

impl<W: Weights> Calibration<'_, W> {
    fn run(&mut self) -> Result<()> {
        let images: Vec<FeatureMap> = synthetic::inputs(IMAGES, SEED)
            .into_iter()
            .map(|image| FeatureMap::new(INPUT_SIDE, INPUT_SIDE, image))
            .collect();
        let images = Pair {
            real: images.clone(),
            rounded: images,
        };
        let mut x = self
            .convolution(&layers::stem(), &images)?
            .map(|x| x.relu().max_pool());
        for stage in 0..STAGE_CHANNELS.len() {
            for block in 0..BLOCKS {
                x = self.block(layers::block(stage, block), x)?;
            }
        }
        // The classifier of each position: their mean is the classifier of the pooled features.
        let classifier = ConvLayer {
            name: CLASSIFIER.into(),
            norm: String::new(),
            channels_in: STAGE_CHANNELS[3],
            channels_out: IMAGENET_CLASSES,
            kernel: 1,
            stride: 1,
        };
        let weights = self.weights.classifier()?;
        self.fit(&classifier, &weights, &x, None);
        Ok(())
    }

    fn block(
        &mut self,
        (conv1, conv2, downsample): (ConvLayer, ConvLayer, Option<ConvLayer>),
        input: Pair,
    ) -> Result<Pair> {
        let x = self.convolution(&conv1, &input)?.map(FeatureMap::relu);
        let shortcut = match &downsample {
            Some(downsample) => self.convolution(downsample, &input)?,
            None => input,
        };
        let weights = self.weights.conv(&conv2)?;
        let x = self.fit(&conv2, &weights, &x, Some(&shortcut));
        Ok(x.plus(&shortcut).map(FeatureMap::relu))
    }

    fn convolution(&mut self, layer: &ConvLayer, input: &Pair) -> Result<Pair> {
        let weights = self.weights.conv(layer)?;
        Ok(self.fit(layer, &weights, input, None))
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
