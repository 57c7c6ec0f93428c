//! Convolutions of any kernel and stride: the inputs under one place of the kernel are gathered for a
//! group of output pixels, and multiplied with that place's weights.

use std::array::from_fn;

use super::epilogue::Epilogue;
use super::gemm::{Inputs, PANEL, ROWS, Sums, halves, multiply};
use super::shape::Size;
use super::vector::{F32x4, LANES};

/// Bytes that a group's gathered inputs may take.
const INPUTS_BYTES: usize = 1 << 16;

/// Buffers that one convolution leaves to the next.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    inputs: Vec<Inputs>,
    sums: Vec<Sums>,
}

/// A square kernel, with the padding that keeps the size at stride 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kernel {
    pub side: usize,
    pub stride: usize,
}

/// Convolves `[images, height, width, channels]` with `weights`, `[panels, side, side, channels, 8]`, into
/// `output`, `[images, height / stride, width / stride, 8 · panels]`, rounded up.
#[allow(
    clippy::too_many_arguments,
    reason = "as for every convolution, and the kernel"
)]
pub(super) fn convolve(
    input: &[f32],
    size: Size,
    kernel: Kernel,
    weights: &[f32],
    bias: &[f32],
    epilogue: Epilogue,
    buffers: &mut Buffers,
    output: &mut [f32],
) {
    let taps = kernel.side * kernel.side;
    let panels = bias.len() / PANEL;
    let channels = weights.len() / (bias.len() * taps);
    let strided = size.strided(kernel.stride);
    let pixels = strided.pixels();
    let quads = pixels.div_ceil(ROWS);
    let group = (INPUTS_BYTES / (4 * ROWS * taps * channels)).clamp(1, quads.max(1));
    let tap_len = group * channels;
    let panel_len = channels * PANEL;
    buffers.inputs.resize(taps * tap_len, [0.0; ROWS]);
    buffers.sums.resize(group, [[0.0; PANEL]; ROWS]);

    for first in (0..quads).step_by(group) {
        let count = group.min(quads - first);
        for index in 0..count {
            let corners = from_fn(|row| corner(strided, kernel, (first + index) * ROWS + row));
            for tap in 0..taps {
                let at = tap * tap_len + index * channels;
                let to = &mut buffers.inputs[at..at + channels];
                gather(input, size, kernel, corners, tap, to);
            }
        }
        for panel in 0..panels {
            let sums = &mut buffers.sums[..count];
            for tap in 0..taps {
                multiply(
                    &buffers.inputs[tap * tap_len..][..count * channels],
                    &weights[(panel * taps + tap) * panel_len..][..panel_len],
                    sums,
                    tap > 0,
                );
            }
            let (bias, _) = bias[panel * PANEL..].as_chunks();
            let bias = halves(&bias[0]);
            for (pixel, sums) in (first * ROWS..pixels).zip(sums.as_flattened()) {
                let offset = (pixel * panels + panel) * PANEL;
                epilogue.store(halves(sums), &bias, offset, output);
            }
        }
    }
}

/// An output pixel's image, and the first input pixel under the kernel there.
#[derive(Clone, Copy)]
struct Corner {
    image: usize,
    y: isize,
    x: isize,
}

/// `None` beyond the last pixel.
fn corner(strided: Size, kernel: Kernel, pixel: usize) -> Option<Corner> {
    let (row, column) = (pixel / strided.width, pixel % strided.width);
    let corner = |at: usize| (at * kernel.stride) as isize - (kernel.side / 2) as isize;
    (pixel < strided.pixels()).then(|| Corner {
        image: row / strided.height,
        y: corner(row % strided.height),
        x: corner(column),
    })
}

/// The inputs of four output pixels under one place of the kernel.
fn gather(
    input: &[f32],
    size: Size,
    kernel: Kernel,
    corners: [Option<Corner>; ROWS],
    tap: usize,
    to: &mut [Inputs],
) {
    let (input, _) = input.as_chunks::<LANES>();
    let vectors = to.len() / LANES;
    let pixels: [Option<&[[f32; LANES]]>; ROWS] = corners.map(|corner| {
        let Corner { image, y, x } = corner?;
        let (down, across) = (tap / kernel.side, tap % kernel.side);
        let pixel = size.pixel(image, y + down as isize, x + across as isize)?;
        Some(&input[pixel * vectors..][..vectors])
    });
    for (vector, to) in to.chunks_exact_mut(LANES).enumerate() {
        let rows = pixels.map(|pixel| match pixel {
            Some(pixel) => F32x4::load(&pixel[vector]),
            None => F32x4::zero(),
        });
        for (value, to) in F32x4::transpose(rows).into_iter().zip(to) {
            value.store(to);
        }
    }
}
