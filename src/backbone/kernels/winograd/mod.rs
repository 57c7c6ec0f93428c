//! Convolutions of stride 1 by Winograd's F(4×4, 3×3) or F(3×3, 4×4).
//!
//! A group of tiles at a time is transformed, so that what is transformed stays in the cache. The weights
//! are transformed anew for each group: kept transformed they would take four times the memory.

mod inputs;
mod kernels;
mod outputs;
mod tiles;
mod transform;

use inputs::Source;
use kernels::product_stride;
use outputs::Target;
use tiles::{Quad, Tiles};
use transform::PRODUCTS;
pub(super) use transform::{Four, Three, Tile};

use super::epilogue::Epilogue;
use super::gemm::{Inputs, PANEL, ROWS, Sums, multiply};
use super::shape::Size;
use super::vector::LANES;
use super::weights::{Values, Weights};

/// Bytes that a group's transformed inputs, and a panel's outputs of it, may take.
const GROUP_BYTES: usize = 1 << 18;
/// Floats of a tile's outputs for a panel: the products' sums, and what their transform leaves.
const OUTPUTS: usize = 2 * PRODUCTS * PANEL;
/// The fewest tiles that a transform of the weights should serve.
const MIN_TILES: usize = 60;
/// Bytes that a layer's transformed weights may take to be kept from one group to the next.
const KEPT_BYTES: usize = 5 << 19;
/// Input channels whose weights are transformed together, and stay in the cache until they are used.
const CHANNELS: usize = 128;
/// Floats between one product's rows and the next's beyond what they hold: without them all 36 would fall
/// on the same places of the cache.
const SKEW: usize = 16;

/// Buffers that one convolution leaves to the next.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    quads: Vec<Quad>,
    inputs: Vec<Inputs>,
    weights: Vec<[f32; LANES]>,
    sums: Vec<Sums>,
    between_inputs: Box<inputs::Between>,
    between_outputs: outputs::Between,
}

/// Convolves `[images, height, width, channels]` into `output`, `[images, height, width,
/// channels_out]`.
pub(super) fn convolve<T: Tile<KERNEL, OUT>, const KERNEL: usize, const OUT: usize>(
    input: &[f32],
    size: Size,
    weights: &Weights,
    epilogue: Epilogue,
    buffers: &mut Buffers,
    output: &mut [f32],
) {
    let panels = weights.panels();
    let channels = weights.channels_in();
    let panel_len = KERNEL * KERNEL * channels * PANEL;
    let source = Source {
        input,
        size,
        channels,
        before: T::BEFORE,
    };
    let mut target = Target {
        output,
        size,
        channels: weights.channels_out(),
        channel: 0,
        affine: weights.affine(0),
        epilogue,
    };
    let tiles = Tiles::of(size, OUT);
    let group = group_len(tiles.quads(), channels);
    let inputs_stride = group * channels + SKEW / ROWS;
    let blocks = || {
        (0..channels)
            .step_by(CHANNELS)
            .map(|begin| begin..channels.min(begin + CHANNELS))
    };
    let block_len = PRODUCTS * product_stride(channels.min(CHANNELS));
    let kept = panels * blocks().count() * block_len * 16 <= KEPT_BYTES;
    let Buffers {
        quads,
        inputs,
        weights: transformed,
        sums,
        between_inputs,
        between_outputs,
    } = buffers;
    inputs.resize(PRODUCTS * inputs_stride, [0.0; ROWS]);
    let places = if kept { panels * blocks().count() } else { 1 };
    transformed.resize(places * block_len, [0.0; LANES]);
    sums.resize(PRODUCTS * group, [[0.0; PANEL]; ROWS]);

    for first in (0..tiles.quads()).step_by(group) {
        let count = group.min(tiles.quads() - first);
        quads.clear();
        quads.extend((first..first + count).map(|quad| tiles.quad(quad)));
        for block in blocks() {
            for (index, quad) in quads.iter().enumerate() {
                let to = &mut inputs[block.start * count + index * block.len()..];
                source.transform(quad, block.clone(), between_inputs, to, inputs_stride);
            }
        }
        for panel in 0..panels {
            for (index, block) in blocks().enumerate() {
                let place = if kept {
                    panel * blocks().count() + index
                } else {
                    0
                };
                let transformed = &mut transformed[place * block_len..][..block_len];
                if !kept || first == 0 {
                    let panel = panel * panel_len..(panel + 1) * panel_len;
                    let block = block.clone();
                    match &weights.values {
                        Values::F32(values) => {
                            kernels::transform::<_, T, _, _>(&values[panel], block, transformed);
                        }
                        Values::Int8(values) => {
                            kernels::transform::<_, T, _, _>(&values[panel], block, transformed);
                        }
                    }
                }
                let stride = product_stride(block.len());
                for product in 0..PRODUCTS {
                    multiply(
                        &inputs[product * inputs_stride + block.start * count..]
                            [..count * block.len()],
                        transformed[product * stride..][..block.len() * PANEL / LANES]
                            .as_flattened(),
                        &mut sums[product * group..][..count],
                        index > 0,
                    );
                }
            }
            target.affine = weights.affine(panel);
            target.channel = panel * PANEL;
            target.transform::<T, KERNEL, OUT>(sums, group, quads, between_outputs);
        }
    }
}

/// Where the groups are few they are of equal size.
fn group_len(quads: usize, channels: usize) -> usize {
    let most = (GROUP_BYTES / 4 / (PRODUCTS * channels + OUTPUTS)).max(MIN_TILES) / ROWS;
    quads.div_ceil(quads.div_ceil(most).max(1)).max(1)
}
