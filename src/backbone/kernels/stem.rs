//! The stem: 7×7 of stride 2 on bytes, with what follows it.
//!
//! Pixels at even and at odd places go into channels of their own: of the 224×224 pixels of 3 channels
//! come 112×112 of 12, and the 7×7 kernel of stride 2 becomes one of 4×4 and stride 1, which Winograd's
//! F(3×3, 4×4) convolves with a third of the products.

use super::convolution::{Workspace, pack};
use super::epilogue::Epilogue;
use super::gemm::{PANEL, Pair};
use super::shape::Size;
use super::winograd::{self, Four, Kernels, Limits};
use crate::backbone::weights::Int8Weights;
use crate::image::{INPUT_LEN, INPUT_SIDE, normalization};

/// Side of the stem's own kernel.
const KERNEL: usize = 7;
/// Side of the kernel on halved images.
const HALVED_KERNEL: usize = 4;
/// Channels of an image.
const CHANNELS: usize = 3;
/// Channels of a halved image: those of each of 2×2 pixels.
const HALVED_CHANNELS: usize = 4 * CHANNELS;
/// Side of a halved image.
pub(super) const HALVED_SIDE: usize = INPUT_SIDE / 2;

/// The stem's convolution.
#[derive(Debug, Clone)]
pub struct Stem {
    weights: Vec<Pair>,
    limits: Vec<Limits>,
    scale: Vec<f32>,
    bias: Vec<f32>,
}

impl Stem {
    /// From weights `[channels_out, 3, 7, 7]`.
    pub fn new(weights: Int8Weights) -> Self {
        let Int8Weights {
            weight,
            scale,
            bias,
        } = weights;
        let mut halved = Vec::with_capacity(bias.len() * HALVED_CHANNELS * HALVED_KERNEL.pow(2));
        for kernel in weight.chunks_exact(CHANNELS * KERNEL * KERNEL) {
            for halved_channel in 0..HALVED_CHANNELS {
                let (place, channel) = (halved_channel / CHANNELS, halved_channel % CHANNELS);
                let (odd_row, odd_column) = (place / 2, place % 2);
                for tap in 0..HALVED_KERNEL * HALVED_KERNEL {
                    let row = (2 * (tap / HALVED_KERNEL) + odd_row).checked_sub(1);
                    let column = (2 * (tap % HALVED_KERNEL) + odd_column).checked_sub(1);
                    let weight = row.zip(column).map_or(0, |(row, column)| {
                        kernel[(channel * KERNEL + row) * KERNEL + column]
                    });
                    halved.push(weight);
                }
            }
        }
        let weights = pack(&halved, HALVED_CHANNELS, HALVED_KERNEL * HALVED_KERNEL);
        let panels = bias.len() / PANEL;
        Self {
            limits: winograd::limits::<Four, HALVED_KERNEL, 3>(&weights, panels),
            weights,
            scale,
            bias,
        }
    }

    /// Channels of the output.
    pub fn channels(&self) -> usize {
        self.bias.len()
    }

    /// A crop `[224, 224, 3]` → `[112, 112, channels_out]`, not below zero.
    pub fn run(&self, crop: &[u8], workspace: &mut Workspace, output: &mut Vec<f32>) {
        let size = Size {
            images: 1,
            height: HALVED_SIDE,
            width: HALVED_SIDE,
        };
        let halved = &mut workspace.halved;
        halve(crop, halved);
        output.resize(size.pixels() * self.bias.len(), 0.0);
        let epilogue = Epilogue {
            shortcut: None,
            relu: true,
        };
        winograd::convolve::<Four, HALVED_KERNEL, 3>(
            halved,
            size,
            Kernels {
                weights: &self.weights,
                limits: &self.limits,
                scale: &self.scale,
                bias: &self.bias,
            },
            epilogue,
            &mut workspace.winograd,
            output,
        );
    }
}

/// Normalises a crop: `[224, 224, 3]` → `[112, 112, 2, 2, 3]`.
fn halve(crop: &[u8], halved: &mut Vec<f32>) {
    assert_eq!(crop.len(), INPUT_LEN, "a crop is 224x224 RGB");
    let normalization: [(f32, f32); CHANNELS] = std::array::from_fn(normalization);
    halved.clear();
    let (rows, _) = crop.as_chunks::<{ CHANNELS * INPUT_SIDE }>();
    for pair in rows.chunks_exact(2) {
        let [even, odd] = [&pair[0], &pair[1]].map(|row| row.chunks_exact(2 * CHANNELS));
        for (even, odd) in even.zip(odd) {
            for pixel in [even, odd]
                .into_iter()
                .flat_map(|row| row.chunks_exact(CHANNELS))
            {
                let normalized = pixel.iter().zip(normalization);
                halved.extend(
                    normalized.map(|(&value, (scale, shift))| f32::from(value) * scale + shift),
                );
            }
        }
    }
}
