//! Convolutions of stride 1 by Winograd's F(4×4, 3×3) or F(3×3, 4×4).
//!
//! A group of tiles at a time is transformed, so that what is transformed stays in the cache. The weights
//! are transformed anew for each group: kept transformed they would take eight times the memory.

mod inputs;
mod kernels;
mod outputs;
mod tiles;
mod transform;

use std::ops::Range;

use inputs::Source;
pub(super) use kernels::Limits;
use kernels::product_stride;
use outputs::Target;
use tiles::{Quad, Tiles};
use transform::PRODUCTS;
pub(super) use transform::{Four, Three, Tile};

use super::epilogue::Epilogue;
use super::gemm::{Inputs, PANEL, Pair, ROWS, Sums, Weights, halves, multiply, panel_of};
use super::shape::Size;

/// Bytes that a group's transformed inputs, and a panel's outputs of it, may take.
const GROUP_BYTES: usize = 1 << 18;
/// Bytes of a tile's outputs for a panel: the products' sums, and what their transform leaves.
const OUTPUT_BYTES: usize = 2 * PRODUCTS * PANEL * size_of::<f32>();
/// The fewest tiles that a transform of the weights should serve.
const MIN_TILES: usize = 60;
/// Bytes that a layer's transformed weights may take to be kept from one group to the next.
const KEPT_BYTES: usize = 5 << 19;
/// Input channels whose weights are transformed together, and stay in the cache until they are used.
const CHANNELS: usize = 128;
/// Vectors between one product's rows and the next's beyond what they hold: without them all 36 would fall
/// on the same places of the cache.
const SKEW: usize = 4;

/// Buffers that one convolution leaves to the next.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    quads: Vec<Quad>,
    inputs: Vec<Inputs>,
    /// Units of the inputs, `[blocks of channels, 36, quads]`.
    units: Vec<[f32; ROWS]>,
    weights: Vec<Weights>,
    sums: Vec<Sums>,
    between_inputs: Box<inputs::Between>,
    between_outputs: outputs::Between,
}

/// What inputs are convolved with.
#[derive(Clone, Copy)]
pub(super) struct Kernels<'a> {
    /// `[panels, channels / 2, kernel, kernel, 8, 2]`
    pub weights: &'a [Pair],
    /// Of [`limits`] for these weights.
    pub limits: &'a [Limits],
    /// What a weight of 1 stands for, one per output channel.
    pub scale: &'a [f32],
    /// One per output channel.
    pub bias: &'a [f32],
}

/// Convolves `[images, height, width, channels]` into `output`, `[images, height, width, 8 · panels]`.
pub(super) fn convolve<T: Tile<KERNEL, OUT>, const KERNEL: usize, const OUT: usize>(
    input: &[f32],
    size: Size,
    Kernels {
        weights,
        limits,
        scale,
        bias,
    }: Kernels,
    epilogue: Epilogue,
    buffers: &mut Buffers,
    output: &mut [f32],
) {
    let panels = bias.len() / PANEL;
    let panel_len = weights.len() / panels;
    let channels = 2 * panel_len / (KERNEL * KERNEL);
    let source = Source {
        input,
        size,
        channels,
        before: T::BEFORE,
    };
    let mut target = Target {
        output,
        size,
        channels: bias.len(),
        channel: 0,
        scale: halves(&[0.0; PANEL]),
        bias: halves(&[0.0; PANEL]),
        epilogue,
    };
    let tiles = Tiles::of(size, OUT);
    let group = group_len(tiles.quads(), channels);
    let inputs_stride = group * channels / 2 + SKEW;
    let block_count = blocks(channels).count();
    let block_len = PRODUCTS * product_stride(channels.min(CHANNELS));
    let kept = panels * block_count * block_len * size_of::<Weights>() <= KEPT_BYTES;
    let Buffers {
        quads,
        inputs,
        units,
        weights: transformed,
        sums,
        between_inputs,
        between_outputs,
    } = buffers;
    inputs.resize(PRODUCTS * inputs_stride, [[0; 2]; ROWS]);
    units.resize(block_count * PRODUCTS * group, [0.0; ROWS]);
    let places = if kept { panels * block_count } else { 1 };
    transformed.resize(places * block_len, [[[0; 2]; ROWS]; 2]);
    sums.resize(PRODUCTS * group, [[0.0; PANEL]; ROWS]);

    for first in (0..tiles.quads()).step_by(group) {
        let count = group.min(tiles.quads() - first);
        quads.clear();
        quads.extend((first..first + count).map(|quad| tiles.quad(quad)));
        for (block_index, block) in blocks(channels).enumerate() {
            for (index, quad) in quads.iter().enumerate() {
                let begin = (block.start * count + index * block.len()) / 2;
                let to = inputs::Target {
                    inputs: &mut inputs[begin..],
                    stride: inputs_stride,
                    units: &mut units[block_index * PRODUCTS * group + index..],
                    units_stride: group,
                };
                let limits = &limits[block_index];
                source.transform(quad, block.clone(), limits, between_inputs, to);
            }
        }
        for panel in 0..panels {
            for (index, block) in blocks(channels).enumerate() {
                let place = if kept { panel * block_count + index } else { 0 };
                let transformed = &mut transformed[place * block_len..][..block_len];
                if !kept || first == 0 {
                    let from = &weights[panel * panel_len..][..panel_len];
                    kernels::transform::<T, KERNEL, OUT>(from, block.clone(), transformed);
                }
                let stride = product_stride(block.len());
                for product in 0..PRODUCTS {
                    multiply(
                        &inputs[product * inputs_stride + block.start * count / 2..]
                            [..count * block.len() / 2],
                        &units[(index * PRODUCTS + product) * group..][..count],
                        &transformed[product * stride..][..block.len() / 2],
                        &mut sums[product * group..][..count],
                        index > 0,
                    );
                }
            }
            target.channel = panel * PANEL;
            target.scale = panel_of(scale, panel);
            target.bias = panel_of(bias, panel);
            target.transform::<T, KERNEL, OUT>(sums, group, quads, between_outputs);
        }
    }
}

/// Where the groups are few they are of equal size.
fn group_len(quads: usize, channels: usize) -> usize {
    let most = GROUP_BYTES / (PRODUCTS * channels * size_of::<i16>() + OUTPUT_BYTES);
    let most = most.max(MIN_TILES) / ROWS;
    quads.div_ceil(quads.div_ceil(most).max(1)).max(1)
}

fn blocks(channels: usize) -> impl Iterator<Item = Range<usize>> {
    let starts = (0..channels).step_by(CHANNELS);
    starts.map(move |begin| begin..channels.min(begin + CHANNELS))
}

/// The inputs' limits for weights `[panels, channels / 2, kernel, kernel, 8, 2]`, for each block of channels.
pub(super) fn limits<T: Tile<KERNEL, OUT>, const KERNEL: usize, const OUT: usize>(
    weights: &[Pair],
    panels: usize,
) -> Vec<Limits> {
    let channels = 2 * weights.len() / (panels * KERNEL * KERNEL);
    blocks(channels)
        .map(|block| kernels::limits::<T, KERNEL, OUT>(weights, panels, block))
        .collect()
}
