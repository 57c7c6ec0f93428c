//! Convolutions of any kernel and stride: the inputs under one place of the kernel are gathered for a
//! group of output pixels, and multiplied with that place's weights.

use std::array::from_fn;

use super::epilogue::Epilogue;
use super::fixed::input_limit;
use super::gemm::{self, Inputs, PANEL, Pair, ROWS, Sums, halves, multiply, panel_of};
use super::shape::Size;
use super::vector::{F32x4, I16x8, LANES};

/// The greatest magnitude of a weight.
const WEIGHT: i64 = 128;
/// Bytes that a group's gathered inputs may take.
const INPUTS_BYTES: usize = 1 << 16;

/// Buffers that one convolution leaves to the next.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    /// `[images, height, width, channels / 2, 2]`
    rounded: Vec<[i16; 2]>,
    /// What the integers of an image stand for.
    units: Vec<f32>,
    inputs: Vec<Inputs>,
    units_of_rows: Vec<[f32; ROWS]>,
    sums: Vec<Sums>,
}

/// A square kernel, with the padding that keeps the size at stride 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kernel {
    pub side: usize,
    pub stride: usize,
}

/// Weights `[panels, side, side, channels / 2, 8, 2]`.
#[derive(Debug, Clone)]
pub(super) struct Weights(Vec<gemm::Weights>);

impl Weights {
    /// From `[panels, channels / 2, side, side, 8, 2]`.
    pub fn new(weights: &[Pair], pairs: usize, taps: usize) -> Self {
        let panels = weights.chunks_exact(pairs * taps);
        let in_order = panels
            .flat_map(|panel| (0..taps).flat_map(move |tap| panel[tap..].iter().step_by(taps)));
        let widened = in_order.map(|pair| {
            let mut to = [[[0; 2]; LANES]; 2];
            for (half, to) in I16x8::widen(pair).into_iter().zip(&mut to) {
                half.store(to);
            }
            to
        });
        Self(widened.collect())
    }
}

/// Convolves `[images, height, width, channels]` into `output`, `[images, height / stride, width / stride,
/// 8 · panels]`, rounded up.
#[allow(
    clippy::too_many_arguments,
    reason = "as for every convolution, and the kernel"
)]
pub(super) fn convolve(
    input: &[f32],
    size: Size,
    kernel: Kernel,
    weights: &Weights,
    scale: &[f32],
    bias: &[f32],
    epilogue: Epilogue,
    buffers: &mut Buffers,
    output: &mut [f32],
) {
    let taps = kernel.side * kernel.side;
    let panels = bias.len() / PANEL;
    let channels = input.len() / size.pixels();
    let pairs = channels / 2;
    let strided = size.strided(kernel.stride);
    let pixels = strided.pixels();
    let quads = pixels.div_ceil(ROWS);
    let group = (INPUTS_BYTES / (4 * ROWS * taps * pairs)).clamp(1, quads.max(1));
    let tap_len = group * pairs;
    let Buffers {
        rounded,
        units,
        inputs,
        units_of_rows,
        sums,
    } = buffers;
    round(
        input,
        channels * size.height * size.width,
        channels,
        rounded,
        units,
    );
    inputs.resize(taps * tap_len, [[0; 2]; ROWS]);
    units_of_rows.resize(group, [0.0; ROWS]);
    sums.resize(group, [[0.0; PANEL]; ROWS]);

    for first in (0..quads).step_by(group) {
        let count = group.min(quads - first);
        for (index, units_of_rows) in units_of_rows[..count].iter_mut().enumerate() {
            let corners = from_fn(|row| corner(strided, kernel, (first + index) * ROWS + row));
            *units_of_rows = corners.map(|corner| corner.map_or(0.0, |c| units[c.image]));
            for tap in 0..taps {
                let at = tap * tap_len + index * pairs;
                let to = &mut inputs[at..at + pairs];
                gather(rounded, size, kernel, corners, tap, to);
            }
        }
        for panel in 0..panels {
            let sums = &mut sums[..count];
            for tap in 0..taps {
                multiply(
                    &inputs[tap * tap_len..][..count * pairs],
                    &units_of_rows[..count],
                    &weights.0[(panel * taps + tap) * pairs..][..pairs],
                    sums,
                    tap > 0,
                );
            }
            let (scale, bias) = (panel_of(scale, panel), panel_of(bias, panel));
            for (pixel, sums) in (first * ROWS..pixels).zip(sums.as_flattened()) {
                let offset = (pixel * panels + panel) * PANEL;
                epilogue.store(halves(sums), &scale, &bias, offset, output);
            }
        }
    }
}

/// Rounds images of `len` numbers for sums over `channels`, and says what each one's integers stand for.
fn round(
    input: &[f32],
    len: usize,
    channels: usize,
    rounded: &mut Vec<[i16; 2]>,
    units: &mut Vec<f32>,
) {
    let limit = input_limit(WEIGHT * channels as i64);
    let (input, _) = input.as_chunks::<LANES>();
    rounded.resize(2 * input.len(), [0; 2]);
    units.clear();
    for (image, to) in input.chunks(len / LANES).zip(rounded.chunks_mut(len / 2)) {
        let greatest = image
            .iter()
            .fold(F32x4::splat(f32::MIN_POSITIVE), |greatest, vector| {
                greatest.max(F32x4::load(vector).abs())
            });
        let mut lanes = [0.0; LANES];
        greatest.store(&mut lanes);
        let unit = lanes.into_iter().fold(0.0, f32::max) / limit;
        let per_unit = F32x4::splat(1.0 / unit);
        for (vector, to) in image.iter().zip(to.as_chunks_mut::<2>().0) {
            *to = (F32x4::load(vector) * per_unit).round_pairs();
        }
        units.push(unit);
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
    input: &[[i16; 2]],
    size: Size,
    kernel: Kernel,
    corners: [Option<Corner>; ROWS],
    tap: usize,
    to: &mut [Inputs],
) {
    let pairs = to.len();
    let (down, across) = (tap / kernel.side, tap % kernel.side);
    for (row, corner) in corners.into_iter().enumerate() {
        let pixel = corner.and_then(|Corner { image, y, x }| {
            size.pixel(image, y + down as isize, x + across as isize)
        });
        match pixel {
            Some(pixel) => {
                let from = &input[pixel * pairs..][..pairs];
                to.iter_mut()
                    .zip(from)
                    .for_each(|(to, &from)| to[row] = from);
            }
            None => to.iter_mut().for_each(|to| to[row] = [0; 2]),
        }
    }
}
