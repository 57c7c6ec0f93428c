//! A convolution's weights, in the order in which the kernels meet them.

use super::epilogue::Affine;
use super::gemm::PANEL;

/// Weights `[channels_out / 8, kernel, kernel, channels_in, 8]`, and what makes real numbers of their sums.
#[derive(Debug, Clone)]
pub(super) struct Weights {
    pub values: Values,
    /// One per output channel.
    scale: Vec<f32>,
    /// One per output channel.
    bias: Vec<f32>,
    taps: usize,
}

/// Eight bits stay eight bits: that takes a quarter of the memory, and of the time to read it.
#[derive(Debug, Clone)]
pub(super) enum Values {
    F32(Vec<f32>),
    Int8(Vec<i8>),
}

impl Weights {
    /// From `[channels_out, channels_in, taps]`.
    pub fn f32(weights: &[f32], bias: Vec<f32>, taps: usize) -> Self {
        let values = Values::F32(pack(weights, bias.len(), taps));
        let scale = vec![1.0; bias.len()];
        Self {
            values,
            scale,
            bias,
            taps,
        }
    }

    /// From `[channels_out, channels_in, taps]`, each to be multiplied with its output channel's scale.
    pub fn int8(weights: &[i8], scale: Vec<f32>, bias: Vec<f32>, taps: usize) -> Self {
        assert_eq!(scale.len(), bias.len(), "a scale for each output channel");
        let values = Values::Int8(pack(weights, bias.len(), taps));
        Self {
            values,
            scale,
            bias,
            taps,
        }
    }

    pub fn channels_out(&self) -> usize {
        self.bias.len()
    }

    pub fn channels_in(&self) -> usize {
        let len = match &self.values {
            Values::F32(values) => values.len(),
            Values::Int8(values) => values.len(),
        };
        len / (self.taps * self.channels_out())
    }

    pub fn panels(&self) -> usize {
        self.channels_out() / PANEL
    }

    /// What is done to a panel's sums.
    pub fn affine(&self, panel: usize) -> Affine {
        Affine::of(&self.scale[panel * PANEL..], &self.bias[panel * PANEL..])
    }
}

/// `[channels_out, channels_in, taps]` → `[channels_out / 8, taps, channels_in, 8]`
fn pack<T: Copy>(weights: &[T], channels_out: usize, taps: usize) -> Vec<T> {
    assert_eq!(channels_out % PANEL, 0, "whole panels of output channels");
    let channels_in = weights.len() / (taps * channels_out);
    assert_eq!(channels_in % 4, 0, "whole vectors of input channels");
    assert_eq!(weights.len(), taps * channels_out * channels_in);
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
