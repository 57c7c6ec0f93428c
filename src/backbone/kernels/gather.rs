//! Convolutions of any kernel and stride: for a group of output pixels, the inputs under one place of the
//! kernel are gathered and multiplied with that place's weights, and so on for each place.

use std::array::from_fn;

use super::epilogue::Epilogue;
use super::gemm::{Inputs, PANEL, ROWS, Sums, halves, multiply};
use super::shape::Size;
use super::vector::{F32x4, LANES};

/// Quads of output pixels in a group: their inputs and sums stay in the cache.
const GROUP: usize = 16;

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

/// An output pixel's image, and the first input pixel under the kernel there.
#[derive(Clone, Copy)]
struct Corner {
    image: usize,
    y: isize,
    x: isize,
}

/// Four output pixels' corners; the last quad may have fewer.
type Quad = [Option<Corner>; ROWS];

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
    let panel_len = channels * PANEL;
    let Buffers { inputs, sums } = buffers;
    inputs.resize(GROUP * channels, [0.0; ROWS]);
    sums.resize(panels * GROUP, [[0.0; PANEL]; ROWS]);

    for first in (0..quads).step_by(GROUP) {
        let count = GROUP.min(quads - first);
        let corners: [Quad; GROUP] =
            from_fn(|quad| from_fn(|row| corner(strided, kernel, (first + quad) * ROWS + row)));
        for tap in 0..taps {
            for (quad, to) in corners.iter().zip(inputs.chunks_exact_mut(channels)) {
                gather(input, size, kernel, quad, tap, to);
            }
            for panel in 0..panels {
                multiply(
                    &inputs[..count * channels],
                    &weights[(panel * taps + tap) * panel_len..][..panel_len],
                    &mut sums[panel * GROUP..][..count],
                    tap > 0,
                );
            }
        }
        for panel in 0..panels {
            let (bias, _) = bias[panel * PANEL..].as_chunks();
            let bias = halves(&bias[0]);
            let sums = sums[panel * GROUP..][..count].as_flattened();
            for (pixel, sums) in (first * ROWS..pixels).zip(sums) {
                let offset = (pixel * panels + panel) * PANEL;
                epilogue.store(halves(sums), &bias, offset, output);
            }
        }
    }
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
fn gather(input: &[f32], size: Size, kernel: Kernel, quad: &Quad, tap: usize, to: &mut [Inputs]) {
    let (input, _) = input.as_chunks::<LANES>();
    let vectors = to.len() / LANES;
    let pixels: [Option<&[[f32; LANES]]>; ROWS] = quad.map(|corner| {
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
