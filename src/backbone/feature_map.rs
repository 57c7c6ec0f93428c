//! Feature maps in f32 and their convolution with any real weights, for calibration.

use super::kernels::{self, Size};
use super::network::ConvLayer;
use super::parallel::parallel_map;
use super::weights::LayerWeights;
use crate::matrix::product_transposed;

/// One image's feature map, `[height, width, channels]`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FeatureMap {
    size: Size,
    values: Vec<f32>,
}

impl FeatureMap {
    /// # Panics
    /// When the values do not make whole pixels.
    pub fn new(height: usize, width: usize, values: Vec<f32>) -> Self {
        let size = Size {
            images: 1,
            height,
            width,
        };
        assert_eq!(values.len() % size.pixels(), 0, "whole pixels");
        Self { size, values }
    }

    pub fn pixels(&self) -> usize {
        self.size.pixels()
    }

    pub fn channels(&self) -> usize {
        self.values.len() / self.pixels()
    }

    /// A pixel's channels.
    pub fn pixel(&self, index: usize) -> &[f32] {
        let channels = self.channels();
        &self.values[index * channels..][..channels]
    }

    pub fn relu(mut self) -> Self {
        self.values
            .iter_mut()
            .for_each(|value| *value = value.max(0.0));
        self
    }

    /// The greatest of 3×3 pixels around every second one.
    pub fn max_pool(&self) -> Self {
        let mut values = Vec::new();
        kernels::max_pool(&self.values, self.size, self.channels(), &mut values);
        Self {
            size: self.size.strided(2),
            values,
        }
    }

    /// The sum with a map of the same shape.
    pub fn plus(mut self, other: &Self) -> Self {
        for (value, other) in self.values.iter_mut().zip(&other.values) {
            *value += other;
        }
        self
    }

    /// Gathers what a layer multiplies its weights with at one pixel of its output, in the weights' order,
    /// `[channels, kernel, kernel]`.
    pub fn gather(&self, layer: &ConvLayer, pixel: usize, patch: &mut [f32]) {
        let width = self.size.strided(layer.stride).width;
        let first = |at: usize| (at * layer.stride) as isize - (layer.kernel / 2) as isize;
        let (top, left) = (first(pixel / width), first(pixel % width));
        let taps = layer.kernel * layer.kernel;
        for tap in 0..taps {
            let (down, across) = (tap / layer.kernel, tap % layer.kernel);
            let under = self
                .size
                .pixel(0, top + down as isize, left + across as isize);
            let to = patch[tap..].iter_mut().step_by(taps);
            match under {
                Some(under) => to.zip(self.pixel(under)).for_each(|(to, &from)| *to = from),
                None => to.for_each(|to| *to = 0.0),
            }
        }
    }
}

/// What a layer makes of feature maps: the product of all patches with the weights, and the bias.
pub(super) fn convolve(
    layer: &ConvLayer,
    weights: &LayerWeights,
    inputs: &[FeatureMap],
) -> Vec<FeatureMap> {
    let (inner, channels) = (layer.weights_per_channel(), layer.channels_out);
    parallel_map(inputs, |input| {
        let size = input.size.strided(layer.stride);
        let mut patches = vec![0.0; size.pixels() * inner];
        for (pixel, patch) in patches.chunks_exact_mut(inner).enumerate() {
            input.gather(layer, pixel, patch);
        }
        let shape = [size.pixels(), inner, channels];
        let mut values = product_transposed(&patches, &weights.weight, shape);
        for pixel in values.chunks_exact_mut(channels) {
            for (value, bias) in pixel.iter_mut().zip(&weights.bias) {
                *value += bias;
            }
        }
        FeatureMap { size, values }
    })
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// A convolution's output, value by value in f64, by its definition.
    fn by_definition(layer: &ConvLayer, weights: &LayerWeights, input: &FeatureMap) -> Vec<f64> {
        let Size { height, width, .. } = input.size;
        let mut output = Vec::new();
        for row in 0..height.div_ceil(layer.stride) {
            for column in 0..width.div_ceil(layer.stride) {
                for out in 0..layer.channels_out {
                    let mut sum = f64::from(weights.bias[out]);
                    for channel in 0..layer.channels_in {
                        for down in 0..layer.kernel {
                            for across in 0..layer.kernel {
                                let y = row * layer.stride + down;
                                let x = column * layer.stride + across;
                                let padding = layer.kernel / 2;
                                let inside = (padding..height + padding).contains(&y)
                                    && (padding..width + padding).contains(&x);
                                if inside {
                                    let pixel = (y - padding) * width + x - padding;
                                    let value = input.pixel(pixel)[channel];
                                    let weight = (out * layer.channels_in + channel) * layer.kernel;
                                    let weight = (weight + down) * layer.kernel + across;
                                    sum += f64::from(value) * f64::from(weights.weight[weight]);
                                }
                            }
                        }
                    }
                    output.push(sum);
                }
            }
        }
        output
    }

    #[test]
    fn a_convolution_is_what_its_definition_says() {
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let mut random = |count: usize| -> Vec<f32> {
            (0..count).map(|_| rng.random_range(-1.0..1.0)).collect()
        };
        // Odd and even sides, so that strides meet the padding on one side or on both.
        for [height, width] in [[9, 7], [8, 10], [1, 1], [2, 5]] {
            for (kernel, stride) in [(7, 2), (3, 1), (3, 2), (1, 1), (1, 2)] {
                let layer = ConvLayer {
                    name: String::new(),
                    norm: String::new(),
                    channels_in: 3,
                    channels_out: 5,
                    kernel,
                    stride,
                };
                let weights = LayerWeights {
                    weight: random(layer.channels_out * layer.weights_per_channel()),
                    bias: random(layer.channels_out),
                };
                let inputs =
                    [(); 3].map(|()| FeatureMap::new(height, width, random(3 * height * width)));
                let outputs = convolve(&layer, &weights, &inputs);
                for (input, output) in inputs.iter().zip(&outputs) {
                    let expected = by_definition(&layer, &weights, input);
                    assert_eq!(output.channels(), layer.channels_out);
                    assert_eq!(output.values.len(), expected.len());
                    for (ours, expected) in output.values.iter().zip(expected) {
                        let error = (f64::from(*ours) - expected).abs();
                        assert!(error < 1e-5, "{kernel}x{kernel}, stride {stride}: {error}");
                    }
                }
            }
        }
    }
}
