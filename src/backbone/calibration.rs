//! Rounds the network layer by layer on synthetic images, each layer to make up for those before it.
//!
//! The images go through the network twice: with the real weights, and with those rounded so far. A
//! layer is fitted to give, from what it will meet in the rounded network, what it gives in the real
//! one; the second convolution of a block also makes up for the error of the shortcut that is added to
//! it.

use std::collections::BTreeMap;

use burn::tensor::activation::relu;
use burn::tensor::{Tensor, TensorData};
use rand::SeedableRng;
use rand::seq::index::sample;
use rand_chacha::ChaCha8Rng;

use super::EMBEDDING_LEN;
use super::layers::{self, BLOCKS, ConvLayer, IMAGENET_CLASSES, STAGE_CHANNELS};
use super::parallel::parallel_map;
use super::resnet::{convolution, max_pool};
use super::rounding::{Samples, least_squares, read};
use super::synthetic;
use super::weights::{CLASSIFIER, Int8Weights, LayerWeights, Weights};
use crate::Result;
use crate::device;
use crate::image::{INPUT_LEN, INPUT_SIDE};

/// Images to calibrate with.
const IMAGES: usize = 32;
/// Images that go through the network together.
const BATCH: usize = 4;
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

/// Feature maps of the images, in batches: `[BATCH, channels, side, side]` each.
type Maps = Vec<Tensor<4>>;

/// The same feature maps in both networks.
struct Pair {
    real: Maps,
    rounded: Maps,
}

impl Pair {
    fn map(self, f: impl Fn(Tensor<4>) -> Tensor<4>) -> Self {
        let map = |maps: Maps| maps.into_iter().map(&f).collect();
        Self {
            real: map(self.real),
            rounded: map(self.rounded),
        }
    }
}

impl<W: Weights> Calibration<'_, W> {
    fn run(&mut self) -> Result<()> {
        let device = device::cpu();
        let images: Maps = synthetic::inputs(IMAGES, SEED)
            .chunks(BATCH * INPUT_LEN)
            .map(|batch| {
                let shape = [batch.len() / INPUT_LEN, 3, INPUT_SIDE, INPUT_SIDE];
                Tensor::from_data(TensorData::new(batch.to_vec(), shape), &device)
            })
            .collect();
        let images = Pair {
            real: images.clone(),
            rounded: images,
        };
        let pool = max_pool();
        let mut x = self
            .convolution(&layers::stem(), &images)?
            .map(|x| pool.forward(relu(x)));
        for stage in 0..STAGE_CHANNELS.len() {
            for block in 0..BLOCKS {
                x = self.block(layers::block(stage, block), x)?;
            }
        }
        // The classifier of each position: their mean is the classifier of the pooled features.
        let classifier = ConvLayer {
            name: CLASSIFIER.into(),
            norm: String::new(),
            channels_in: EMBEDDING_LEN,
            channels_out: IMAGENET_CLASSES,
            kernel: 1,
            stride: 1,
        };
        self.fit(&classifier, &self.weights.classifier()?, &x, None)?;
        Ok(())
    }

    fn block(
        &mut self,
        (conv1, conv2, downsample): (ConvLayer, ConvLayer, Option<ConvLayer>),
        input: Pair,
    ) -> Result<Pair> {
        let x = self.convolution(&conv1, &input)?.map(relu);
        let shortcut = match &downsample {
            Some(downsample) => self.convolution(downsample, &input)?,
            None => input,
        };
        let weights = self.weights.conv(&conv2)?;
        let x = self.fit(&conv2, &weights, &x, Some(&shortcut))?;
        let add = |x: Maps, y: Maps| x.into_iter().zip(y).map(|(x, y)| relu(x + y)).collect();
        Ok(Pair {
            real: add(x.real, shortcut.real),
            rounded: add(x.rounded, shortcut.rounded),
        })
    }

    fn convolution(&mut self, layer: &ConvLayer, input: &Pair) -> Result<Pair> {
        let weights = self.weights.conv(layer)?;
        self.fit(layer, &weights, input, None)
    }

    /// Rounds a layer and gives what it puts out, to which the network adds `shortcut`.
    fn fit(
        &mut self,
        layer: &ConvLayer,
        weights: &LayerWeights,
        input: &Pair,
        shortcut: Option<&Pair>,
    ) -> Result<Pair> {
        let real = convolve(layer, weights, &input.real)?;
        let targets = match shortcut {
            None => real.clone(),
            Some(shortcut) => {
                let errors = shortcut.real.iter().zip(&shortcut.rounded);
                let corrected = real.iter().zip(errors).map(|(target, (real, rounded))| {
                    target.clone() + real.clone() - rounded.clone()
                });
                corrected.collect()
            }
        };
        let samples = draw_samples(&mut self.rng, layer, &input.rounded, &targets)?;
        let quantized = least_squares(weights, samples)?;
        let rounded = convolve(layer, &quantized.dequantize(), &input.rounded)?;
        self.layers.insert(layer.name.clone(), quantized);
        Ok(Pair { real, rounded })
    }
}

/// The layer's inputs and targets at some positions of every image.
fn draw_samples(
    rng: &mut ChaCha8Rng,
    layer: &ConvLayer,
    inputs: &[Tensor<4>],
    targets: &[Tensor<4>],
) -> Result<Samples> {
    let (mut patches, mut wanted) = (Vec::new(), Vec::new());
    for (input, target) in inputs.iter().zip(targets) {
        let [images, channels_in, height, width] = input.dims();
        let [_, channels_out, rows, columns] = target.dims();
        let (input, target) = (read(input.clone())?, read(target.clone())?);
        for image in 0..images {
            let input = &input[image * channels_in * height * width..];
            let target = &target[image * channels_out * rows * columns..];
            let positions = rows * columns;
            for position in sample(rng, positions, POSITIONS.min(positions)) {
                let corner = [position / columns, position % columns];
                push_patch(&mut patches, layer, input, [height, width], corner);
                wanted.extend((0..channels_out).map(|c| target[c * positions + position]));
            }
        }
    }
    let device = device::cpu();
    let samples = wanted.len() / layer.channels_out;
    let tensor =
        |values, width| Tensor::from_data(TensorData::new(values, [samples, width]), &device);
    Ok(Samples {
        inputs: tensor(patches, layer.weights_per_channel()),
        targets: tensor(wanted, layer.channels_out),
    })
}

/// Appends what the convolution multiplies its weights with at one output position, in the weights'
/// order: `[channels_in, kernel, kernel]`. `input` starts at the image's first channel.
fn push_patch(
    patches: &mut Vec<f32>,
    layer: &ConvLayer,
    input: &[f32],
    [height, width]: [usize; 2],
    output: [usize; 2],
) {
    let padding = layer.kernel / 2;
    // The input's row or column under one of the kernel's, if it is not padding.
    let under = |output: usize, kernel: usize, side: usize| {
        (output * layer.stride + kernel)
            .checked_sub(padding)
            .filter(|&at| at < side)
    };
    for channel in input.chunks_exact(height * width).take(layer.channels_in) {
        for row in 0..layer.kernel {
            let row = under(output[0], row, height);
            patches.extend((0..layer.kernel).map(|column| {
                let column = under(output[1], column, width);
                row.zip(column)
                    .map_or(0.0, |(row, column)| channel[row * width + column])
            }));
        }
    }
}

fn convolve(layer: &ConvLayer, weights: &LayerWeights, inputs: &[Tensor<4>]) -> Result<Maps> {
    let convolution = convolution(layer, weights.clone(), &device::cpu());
    parallel_map(inputs, |input| Ok(convolution.forward(input.clone())))
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;

    fn random(count: usize, seed: u64) -> Vec<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        (0..count).map(|_| rng.random_range(-1.0..1.0)).collect()
    }

    #[test]
    fn samples_are_what_the_convolution_multiplies_and_puts_out() {
        // Odd sides, so that strides meet the padding on one side only.
        let input = Tensor::<4>::from_data(
            TensorData::new(random(2 * 3 * 9 * 7, 0), [2, 3, 9, 7]),
            &device::cpu(),
        );
        for (kernel, stride) in [(7, 2), (3, 1), (3, 2), (1, 2)] {
            let layer = ConvLayer {
                name: String::new(),
                norm: String::new(),
                channels_in: 3,
                channels_out: 4,
                kernel,
                stride,
            };
            let weights = LayerWeights {
                weight: random(4 * layer.weights_per_channel(), 1),
                bias: vec![0.0; 4],
            };
            let output = convolve(&layer, &weights, std::slice::from_ref(&input)).unwrap();
            let samples = draw_samples(
                &mut ChaCha8Rng::seed_from_u64(2),
                &layer,
                std::slice::from_ref(&input),
                &output,
            )
            .unwrap();
            let shape = [4, layer.weights_per_channel()];
            let weight =
                Tensor::<2>::from_data(TensorData::new(weights.weight, shape), &device::cpu());
            let products = read(samples.inputs.matmul(weight.transpose())).unwrap();
            let targets = read(samples.targets).unwrap();
            assert_eq!(products.len(), targets.len());
            for (product, target) in products.iter().zip(&targets) {
                assert!((product - target).abs() < 1e-4, "{product}, {target}");
            }
        }
    }
}
