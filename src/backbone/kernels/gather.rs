//! Convolutions of any kernel and stride: for a group of output pixels, the inputs under one place of the
//! kernel are gathered and multiplied with that place's weights, and so on for each place.

use std::array::from_fn;

use super::epilogue::Epilogue;
use super::gemm::{Inputs, PANEL, ROWS, Sums, halves, multiply};
use super::shape::Size;
use super::vector::{F32x4, LANES, Lane};
use super::weights::{Values, Weights};

/// Quads of output pixels in a group: their inputs and sums stay in the cache.
const GROUP: usize = 16;

/// Buffers that one convolution leaves to the next.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    inputs: Vec<Inputs>,
    sums: Vec<Sums>,
    /// Weights of a panel and place of the kernel that were in 8 bits.
    widened: Vec<f32>,
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

/// Convolves `[images, height, width, channels]` into `output`, `[images, height / stride,
/// width / stride, channels_out]`, rounded up.
pub(super) fn convolve(
    input: &[f32],
    size: Size,
    kernel: Kernel,
    weights: &Weights,
    epilogue: Epilogue,
    buffers: &mut Buffers,
    output: &mut [f32],
) {
    let taps = kernel.side * kernel.side;
    let panels = weights.panels();
    let channels = weights.channels_in();
    let strided = size.strided(kernel.stride);
    let pixels = strided.pixels();
    let quads = pixels.div_ceil(ROWS);
    let panel_len = channels * PANEL;
    let Buffers {
        inputs,
        sums,
        widened,
    } = buffers;
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
                let at = (panel * taps + tap) * panel_len;
                let weights = match &weights.values {
                    Values::F32(values) => &values[at..at + panel_len],
                    Values::Int8(values) => {
                        widen(&values[at..at + panel_len], widened);
                        &*widened
                    }
                };
                multiply(
                    &inputs[..count * channels],
                    weights,
                    &mut sums[panel * GROUP..][..count],
                    tap > 0,
                );
            }
        }
        for panel in 0..panels {
            let affine = weights.affine(panel);
            let sums = sums[panel * GROUP..][..count].as_flattened();
            for (pixel, sums) in (first * ROWS..pixels).zip(sums) {
                let offset = (pixel * panels + panel) * PANEL;
                epilogue.store(halves(sums), &affine, offset, output);
            }
        }
    }
}

fn widen(from: &[i8], to: &mut Vec<f32>) {
    to.resize(from.len(), 0.0);
    let (from, _) = from.as_chunks();
    let (to, _) = to.as_chunks_mut();
    for (from, to) in from.iter().zip(to) {
        Lane::load(from).store(to);
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
