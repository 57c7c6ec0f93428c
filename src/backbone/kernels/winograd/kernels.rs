//! `G g Gᵀ` of the weights.

use super::SKEW;
use super::transform::{IN, Tile, map_rows, rows, rows_mut};
use crate::backbone::kernels::gemm::PANEL;
use crate::backbone::kernels::vector::{LANES, Lane};

/// Vectors that are transformed together: what lies between stays in the first cache.
const PIECE: usize = 32;
/// Products of the largest kernel, transformed in one direction.
const HALF: usize = 4 * IN;

/// Vectors of a panel's weights for one product and `channels`, and of what keeps the next apart.
pub(super) fn product_stride(channels: usize) -> usize {
    (channels * PANEL + SKEW) / LANES
}

/// Transforms some channels of a panel, `[kernel, kernel, all channels, 8]` → `[36, channels, 8]`, with
/// [`product_stride`].
pub(super) fn transform<L: Lane, T: Tile<KERNEL, OUT>, const KERNEL: usize, const OUT: usize>(
    panel: &[L],
    channels: std::ops::Range<usize>,
    to: &mut [[f32; LANES]],
) {
    let (panel, _) = panel.as_chunks::<LANES>();
    let tap = panel.len() / (KERNEL * KERNEL);
    let stride = product_stride(channels.len());
    let first = channels.start * PANEL / LANES;
    let vectors = channels.len() * PANEL / LANES;
    let mut half = [[0.0; LANES]; HALF * PIECE];
    for begin in (0..vectors).step_by(PIECE) {
        let len = PIECE.min(vectors - begin);
        for row in 0..KERNEL {
            let from = rows(&panel[row * KERNEL * tap + first + begin..], tap, len);
            let to = rows_mut(&mut half[row * IN * PIECE..], PIECE, len);
            map_rows(from, to, T::kernel);
        }
        for column in 0..IN {
            let from = rows(&half[column * PIECE..], IN * PIECE, len);
            let to = rows_mut(&mut to[column * stride + begin..], IN * stride, len);
            map_rows(from, to, T::kernel);
        }
    }
}
