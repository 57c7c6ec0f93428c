//! One convolution, by whichever algorithm suits it.

use super::epilogue::Epilogue;
use super::gather::{self, Kernel};
use super::shape::Size;
use super::weights::Weights;
use super::winograd::{self, Three};
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
}

impl Convolution {
    /// From weights `[channels_out, channels_in, kernel, kernel]` and one bias per output channel.
    ///
    /// # Panics
    /// When the lengths do not match, `channels_in` is no multiple of 4 or `channels_out` none of 8.
    pub fn new(weights: &[f32], bias: Vec<f32>, kernel: usize, stride: usize) -> Self {
        Self {
            weights: Weights::f32(weights, bias, kernel * kernel),
            kernel: Kernel {
                side: kernel,
                stride,
            },
        }
    }

    /// The same from weights in 8 bits.
    ///
    /// # Panics
    /// As [`Convolution::new`].
    pub fn int8(weights: Int8Weights, kernel: usize, stride: usize) -> Self {
        let Int8Weights {
            weight,
            scale,
            bias,
        } = weights;
        Self {
            weights: Weights::int8(&weight, scale, bias, kernel * kernel),
            kernel: Kernel {
                side: kernel,
                stride,
            },
        }
    }

    /// The output's size for an input's.
    pub fn output_size(&self, size: Size) -> Size {
        size.strided(self.kernel.stride)
    }

    /// Output channels.
    pub fn channels(&self) -> usize {
        self.weights.channels_out()
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
                epilogue,
                &mut workspace.gather,
                output,
            );
        }
    }
}
