//! One convolution, by whichever algorithm suits it.

use std::array::from_fn;

use super::epilogue::Epilogue;
use super::gather::{self, Kernel};
use super::gemm::{PANEL, Pair};
use super::shape::Size;
use super::winograd::{self, Kernels, Limits, Three};
use crate::backbone::weights::Int8Weights;

/// Buffers that one convolution leaves to the next.
#[derive(Debug, Default)]
pub struct Workspace {
    pub(super) winograd: winograd::Buffers,
    gather: gather::Buffers,
    /// The stem's input.
    pub(super) halved: Vec<f32>,
}

/// A convolution: square kernel, padding that keeps the size at stride 1.
#[derive(Debug, Clone)]
pub struct Convolution {
    kernel: Kernel,
    weights: Weights,
    scale: Vec<f32>,
    bias: Vec<f32>,
}

/// Weights, in the way that suits an algorithm.
#[derive(Debug, Clone)]
enum Weights {
    /// `[channels_out / 8, channels_in / 2, kernel, kernel, 8, 2]`
    Winograd(Vec<Pair>, Vec<Limits>),
    Gather(gather::Weights),
}

impl Convolution {
    /// From weights `[channels_out, channels_in, kernel, kernel]`.
    ///
    /// # Panics
    /// When the lengths do not match, `channels_in` is no multiple of 4 or `channels_out` none of 8.
    pub fn new(weights: Int8Weights, kernel: usize, stride: usize) -> Self {
        let Int8Weights {
            weight,
            scale,
            bias,
        } = weights;
        let taps = kernel * kernel;
        let channels_out = bias.len();
        assert_eq!(channels_out % PANEL, 0, "whole panels of output channels");
        let channels_in = weight.len() / (taps * channels_out);
        assert_eq!(channels_in % 4, 0, "whole vectors of input channels");
        assert_eq!(weight.len(), taps * channels_out * channels_in);
        assert_eq!(scale.len(), channels_out, "a scale for each output channel");
        let packed = pack(&weight, channels_in, taps);
        let weights = if (kernel, stride) == (3, 1) {
            let limits = winograd::limits::<Three, 3, 4>(&packed, channels_out / PANEL);
            Weights::Winograd(packed, limits)
        } else {
            Weights::Gather(gather::Weights::new(&packed, channels_in / 2, taps))
        };
        Self {
            kernel: Kernel {
                side: kernel,
                stride,
            },
            weights,
            scale,
            bias,
        }
    }

    /// The output's size for an input's.
    pub fn output_size(&self, size: Size) -> Size {
        size.strided(self.kernel.stride)
    }

    /// Output channels.
    pub fn channels(&self) -> usize {
        self.bias.len()
    }

    /// `[images, height, width, channels_in]` → `[images, height / stride, width / stride, channels_out]`,
    /// rounded up, into `output`, which is resized.
    pub fn run(
        &self,
        input: &[f32],
        size: Size,
        epilogue: Epilogue,
        workspace: &mut Workspace,
        output: &mut Vec<f32>,
    ) {
        let len = self.output_size(size).pixels() * self.channels();
        output.resize(len, 0.0);
        match &self.weights {
            Weights::Winograd(weights, limits) => winograd::convolve::<Three, 3, 4>(
                input,
                size,
                Kernels {
                    weights,
                    limits,
                    scale: &self.scale,
                    bias: &self.bias,
                },
                epilogue,
                &mut workspace.winograd,
                output,
            ),
            Weights::Gather(weights) => gather::convolve(
                input,
                size,
                self.kernel,
                weights,
                &self.scale,
                &self.bias,
                epilogue,
                &mut workspace.gather,
                output,
            ),
        }
    }
}

/// `[channels_out, channels_in, taps]` → `[channels_out / 8, channels_in / 2, taps, 8, 2]`
pub(super) fn pack(weights: &[i8], channels_in: usize, taps: usize) -> Vec<Pair> {
    let mut packed = Vec::with_capacity(weights.len() / (2 * PANEL));
    for panel in weights.chunks_exact(PANEL * channels_in * taps) {
        for channel in (0..channels_in).step_by(2) {
            for tap in 0..taps {
                packed.push(from_fn(|at| {
                    panel[(at / 2 * channels_in + channel + at % 2) * taps + tap]
                }));
            }
        }
    }
    packed
}
