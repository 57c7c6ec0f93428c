//! One convolution, by whichever algorithm suits it.

use super::epilogue::Epilogue;
use super::gather::{self, Kernel};
use super::gemm::PANEL;
use super::shape::Size;
use super::winograd::{self, Three};

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
    /// `[channels_out / 8, kernel, kernel, channels_in, 8]`
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl Convolution {
    /// From weights `[channels_out, channels_in, kernel, kernel]` and one bias per output channel.
    ///
    /// # Panics
    /// When the lengths do not match, `channels_in` is no multiple of 4 or `channels_out` none of 8.
    pub fn new(weights: &[f32], bias: Vec<f32>, kernel: usize, stride: usize) -> Self {
        let taps = kernel * kernel;
        let channels_out = bias.len();
        assert_eq!(channels_out % PANEL, 0, "whole panels of output channels");
        let channels_in = weights.len() / (taps * channels_out);
        assert_eq!(channels_in % 4, 0, "whole vectors of input channels");
        assert_eq!(weights.len(), taps * channels_out * channels_in);
        Self {
            kernel: Kernel {
                side: kernel,
                stride,
            },
            weights: pack(weights, channels_in, taps),
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
        if (self.kernel.side, self.kernel.stride) == (3, 1) {
            winograd::convolve::<Three, 3, 4>(
                input,
                size,
                &self.weights,
                &self.bias,
                epilogue,
                &mut workspace.winograd,
                output,
            );
        } else {
            gather::convolve(
                input,
                size,
                self.kernel,
                &self.weights,
                &self.bias,
                epilogue,
                &mut workspace.gather,
                output,
            );
        }
    }
}

/// `[channels_out, channels_in, taps]` → `[channels_out / 8, taps, channels_in, 8]`
pub(super) fn pack(weights: &[f32], channels_in: usize, taps: usize) -> Vec<f32> {
    let mut packed = Vec::with_capacity(weights.len());
    for panel in weights.chunks_exact(PANEL * channels_in * taps) {
        for tap in 0..taps {
            for channel in 0..channels_in {
                let at = |lane| panel[(lane * channels_in + channel) * taps + tap];
                packed.extend((0..PANEL).map(at));
            }
        }
    }
    packed
}
