//! Convolutions of stride 1 by Winograd's F(4×4, 3×3) or F(3×3, 4×4).
//!
//! A group of tiles at a time is transformed, so that what is transformed stays in the cache. The weights
//! are transformed anew for each group: kept transformed they would take four times the memory.

use std::array::from_fn;

use super::epilogue::Epilogue;
use super::gemm::{Inputs, PANEL, ROWS, Sums, halves, multiply};
use super::shape::Size;
use super::transform::{self, IN, PRODUCTS, Tile};
use super::vector::{F32x4, LANES};

/// Bytes that a group's transformed inputs may take.
const INPUTS_BYTES: usize = 1 << 20;
/// Bytes that a block of transformed weights may take.
const WEIGHTS_BYTES: usize = 5 << 19;
/// The fewest tiles that a transform of the weights should serve.
const MIN_TILES: usize = 60;
/// Floats between one product's rows and the next's beyond what they hold: without them all 36 would fall
/// on the same places of the cache.
const SKEW: usize = 16;

/// Buffers that one convolution leaves to the next.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    inputs: Vec<Inputs>,
    weights: Vec<f32>,
    sums: Vec<Sums>,
}

/// Convolves `[images, height, width, channels]` with `weights`, `[panels, kernel, kernel, channels, 8]`, into
/// `output`, `[images, height, width, 8 · panels]`.
pub(super) fn convolve<T: Tile<KERNEL, OUT>, const KERNEL: usize, const OUT: usize>(
    input: &[f32],
    size: Size,
    weights: &[f32],
    bias: &[f32],
    epilogue: Epilogue,
    buffers: &mut Buffers,
    output: &mut [f32],
) {
    let panels = bias.len() / PANEL;
    let channels = weights.len() / (bias.len() * KERNEL * KERNEL);
    let tiles = Tiles::of(size, OUT);
    let quads = tiles.len().div_ceil(ROWS);
    let group = group_len(quads, channels);
    let inputs_stride = group * channels + SKEW / ROWS;
    let panel_len = channels * PANEL;
    let panel_stride = PRODUCTS * (panel_len + SKEW);
    let block = (WEIGHTS_BYTES / 4 / panel_stride).clamp(1, panels);
    buffers.inputs.resize(PRODUCTS * inputs_stride, [0.0; ROWS]);
    buffers.weights.resize(block * panel_stride, 0.0);
    buffers.sums.resize(PRODUCTS * group, [[0.0; PANEL]; ROWS]);

    for first in (0..quads).step_by(group) {
        let count = group.min(quads - first);
        for index in 0..count {
            let places = tiles.places(first + index);
            let to = &mut buffers.inputs[index * channels..];
            transform_inputs(input, size, places, T::BEFORE, channels, inputs_stride, to);
        }
        for panel in 0..panels {
            let transformed = &mut buffers.weights[panel % block * panel_stride..][..panel_stride];
            // Where all panels fit, the first group's are still there.
            if block < panels || first == 0 {
                let from = &weights[panel * KERNEL * KERNEL * panel_len..];
                transform_weights::<T, KERNEL, OUT>(from, channels, transformed);
            }
            for product in 0..PRODUCTS {
                multiply(
                    &buffers.inputs[product * inputs_stride..][..count * channels],
                    &transformed[product * (panel_len + SKEW)..][..panel_len],
                    &mut buffers.sums[product * group..][..count],
                    false,
                );
            }
            let (bias, _) = bias[panel * PANEL..].as_chunks();
            let bias = halves(&bias[0]);
            for index in 0..count {
                for (row, place) in tiles.places(first + index).into_iter().enumerate() {
                    let Some(place) = place else { continue };
                    let sums = from_fn(|product| &buffers.sums[product * group + index][row]);
                    let channel = panel * PANEL;
                    let channels = panels * PANEL;
                    let to = Target { size, place, channel, channels };
                    transform_output::<T, KERNEL, OUT>(sums, to, &bias, epilogue, output);
                }
            }
        }
    }
}

/// Where the groups are few they are of equal size.
fn group_len(quads: usize, channels: usize) -> usize {
    let most = (INPUTS_BYTES / (PRODUCTS * channels * 4)).max(MIN_TILES) / ROWS;
    quads.div_ceil(quads.div_ceil(most).max(1)).max(1)
}

/// How an image falls into tiles.
#[derive(Clone, Copy)]
struct Tiles {
    images: usize,
    down: usize,
    across: usize,
    /// Output pixels of a tile in each direction.
    side: usize,
}

/// A tile's image, and its first output pixel there.
#[derive(Clone, Copy)]
struct Place {
    image: usize,
    y: usize,
    x: usize,
}

impl Tiles {
    fn of(size: Size, side: usize) -> Self {
        Self {
            images: size.images,
            down: size.height.div_ceil(side),
            across: size.width.div_ceil(side),
            side,
        }
    }

    fn len(self) -> usize {
        self.images * self.down * self.across
    }

    /// Where the tiles of a quad are; the last quad may have fewer.
    fn places(self, quad: usize) -> [Option<Place>; ROWS] {
        from_fn(|index| {
            let tile = quad * ROWS + index;
            let (row, column) = (tile / self.across, tile % self.across);
            (tile < self.len()).then(|| Place {
                image: row / self.down,
                y: row % self.down * self.side,
                x: column * self.side,
            })
        })
    }
}

/// `Bᵀ d B` of a quad of tiles; product `p` goes to `to[p · stride..]`.
fn transform_inputs(
    input: &[f32],
    size: Size,
    places: [Option<Place>; ROWS],
    before: usize,
    channels: usize,
    stride: usize,
    to: &mut [Inputs],
) {
    let (input, _) = input.as_chunks::<LANES>();
    let vectors = channels / LANES;
    let pixels: [[Option<&[[f32; LANES]]>; PRODUCTS]; ROWS] = places.map(|place| {
        from_fn(|index| {
            let place = place?;
            let y = (place.y + index / IN) as isize - before as isize;
            let x = (place.x + index % IN) as isize - before as isize;
            let pixel = size.pixel(place.image, y, x)?;
            Some(&input[pixel * vectors..][..vectors])
        })
    });
    let mut tiles = [[[F32x4::zero(); ROWS]; IN]; IN];
    for vector in 0..vectors {
        for (tile, pixels) in pixels.iter().enumerate() {
            let rows: [[F32x4; IN]; IN] = from_fn(|row| {
                transform::input(from_fn(|column| match pixels[row * IN + column] {
                    Some(pixel) => F32x4::load(&pixel[vector]),
                    None => F32x4::zero(),
                }))
            });
            for column in 0..IN {
                let done = transform::input(from_fn(|row| rows[row][column]));
                for (row, value) in done.into_iter().enumerate() {
                    tiles[row][column][tile] = value;
                }
            }
        }
        for (product, &of_tiles) in tiles.as_flattened().iter().enumerate() {
            let to = &mut to[product * stride + vector * LANES..][..LANES];
            for (value, to) in F32x4::transpose(of_tiles).into_iter().zip(to) {
                value.store(to);
            }
        }
    }
}

/// `G g Gᵀ` of one panel, `[kernel, kernel, channels, 8]` → `[36, channels, 8]`, skewed.
fn transform_weights<T: Tile<KERNEL, OUT>, const KERNEL: usize, const OUT: usize>(from: &[f32], channels: usize, to: &mut [f32]) {
    let vectors = channels * PANEL / LANES;
    let stride = channels * PANEL + SKEW;
    let (from, _) = from.as_chunks::<LANES>();
    for vector in 0..vectors {
        let rows: [[F32x4; IN]; KERNEL] = from_fn(|row| {
            T::kernel(from_fn(|column| {
                F32x4::load(&from[(row * KERNEL + column) * vectors + vector])
            }))
        });
        for column in 0..IN {
            let done = T::kernel(from_fn(|row| rows[row][column]));
            for (row, value) in done.iter().enumerate() {
                let at = (row * IN + column) * stride + vector * LANES;
                let (to, _) = to[at..at + LANES].as_chunks_mut();
                value.store(&mut to[0]);
            }
        }
    }
}

/// Where a tile's output goes.
#[derive(Clone, Copy)]
struct Target {
    size: Size,
    place: Place,
    channel: usize,
    channels: usize,
}

/// `Aᵀ m A` of one tile and panel, into the output.
fn transform_output<T: Tile<KERNEL, OUT>, const KERNEL: usize, const OUT: usize>(
    sums: [&[f32; PANEL]; PRODUCTS],
    target: Target,
    bias: &[F32x4; 2],
    epilogue: Epilogue,
    output: &mut [f32],
) {
    let half = |half: usize| -> [[F32x4; OUT]; OUT] {
        let rows: [[F32x4; OUT]; IN] = from_fn(|row| {
            T::output(from_fn(|column| {
                halves(sums[row * IN + column])[half]
            }))
        });
        let columns: [[F32x4; OUT]; OUT] =
            from_fn(|column| T::output(from_fn(|row| rows[row][column])));
        from_fn(|row| from_fn(|column| columns[column][row]))
    };
    let [left, right] = [half(0), half(1)];
    let Target { size, place, channel, channels } = target;
    for y in 0..OUT.min(size.height - place.y) {
        for x in 0..OUT.min(size.width - place.x) {
            let pixel = (place.image * size.height + place.y + y) * size.width + place.x + x;
            let sums = [left[y][x], right[y][x]];
            epilogue.store(sums, bias, pixel * channels + channel, output);
        }
    }
}
