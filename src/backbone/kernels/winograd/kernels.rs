//! `G g Gᵀ` of the weights, in integers.

use std::array::from_fn;
use std::ops::Range;

use super::SKEW;
use super::transform::{IN, PRODUCTS, Tile, rows_mut};
use crate::backbone::kernels::fixed::input_limit;
use crate::backbone::kernels::gemm::{PANEL, Pair, Weights};
use crate::backbone::kernels::vector::{I16x8, LANES};

/// Pairs of channels that are transformed together: what lies between stays in the first cache.
const PIECE: usize = 16;
/// Products of the largest kernel, transformed in one direction.
const HALF: usize = 4 * IN;
const NO_WEIGHTS: Weights = [[[0; 2]; LANES]; 2];

/// What the inputs of each product may become, for some input channels.
pub(in crate::backbone::kernels) type Limits = [f32; PRODUCTS];

/// Pairs of channels of a panel's weights for one product, and what keeps the next apart.
pub(super) fn product_stride(channels: usize) -> usize {
    channels / 2 + SKEW
}

/// Transforms some channels of a panel, `[all channels / 2, kernel, kernel, 8, 2]` →
/// `[36, channels / 2, 8, 2]`, with [`product_stride`].
pub(super) fn transform<T: Tile<KERNEL, OUT>, const KERNEL: usize, const OUT: usize>(
    panel: &[Pair],
    channels: Range<usize>,
    to: &mut [Weights],
) {
    let stride = product_stride(channels.len());
    let taps = KERNEL * KERNEL;
    let panel = &panel[channels.start / 2 * taps..channels.end / 2 * taps];
    let mut half = [[NO_WEIGHTS; PIECE]; HALF];
    for (index, piece) in panel.chunks(PIECE * taps).enumerate() {
        let len = piece.len() / taps;
        for (row, half) in half.chunks_exact_mut(IN).take(KERNEL).enumerate() {
            for (pair, taps) in piece.chunks_exact(taps).enumerate() {
                let halves: [[I16x8; 2]; KERNEL] =
                    from_fn(|column| I16x8::widen(&taps[row * KERNEL + column]));
                for side in 0..2 {
                    let products = T::kernel(halves.map(|halves| halves[side]));
                    for (product, half) in products.into_iter().zip(&mut *half) {
                        product.store(&mut half[pair][side]);
                    }
                }
            }
        }
        for column in 0..IN {
            let from: [_; KERNEL] = from_fn(|row| half[row * IN + column][..len].as_flattened());
            let begin = column * stride + index * PIECE;
            let to: [_; IN] = rows_mut(&mut to[begin..], IN * stride, len);
            let mut to = to.map(|to| &mut to.as_flattened_mut()[..2 * len]);
            for at in 0..2 * len {
                let products = T::kernel(from.map(|from| I16x8::load(&from[at])));
                for (product, to) in products.into_iter().zip(&mut to) {
                    product.store(&mut to[at]);
                }
            }
        }
    }
}

/// The limits that all panels, `[panels, all channels / 2, kernel, kernel, 8, 2]`, leave to some input
/// channels.
pub(super) fn limits<T: Tile<KERNEL, OUT>, const KERNEL: usize, const OUT: usize>(
    weights: &[Pair],
    panels: usize,
    channels: Range<usize>,
) -> Limits {
    let stride = product_stride(channels.len());
    let mut transformed = vec![NO_WEIGHTS; PRODUCTS * stride];
    let mut greatest = [0; PRODUCTS];
    for panel in weights.chunks_exact(weights.len() / panels) {
        transform::<T, KERNEL, OUT>(panel, channels.clone(), &mut transformed);
        for (product, greatest) in greatest.iter_mut().enumerate() {
            let mut sums = [0; PANEL];
            for pair in &transformed[product * stride..][..channels.len() / 2] {
                for (sum, lane) in sums.iter_mut().zip(pair.as_flattened()) {
                    *sum += lane
                        .iter()
                        .map(|&weight| i64::from(weight).abs())
                        .sum::<i64>();
                }
            }
            *greatest = sums.into_iter().fold(*greatest, i64::max);
        }
    }
    greatest.map(input_limit)
}
