//! `Bᵀ d B` of the inputs.

use std::array::from_fn;

use super::kernels::Limits;
use super::tiles::{Place, Quad};
use super::transform::{self, IN, PRODUCTS, map_rows, rows, rows_mut};
use crate::backbone::kernels::gemm::{Inputs, ROWS};
use crate::backbone::kernels::shape::Size;
use crate::backbone::kernels::vector::{F32x4, I16x8, LANES};
use crate::backbone::winograd::UNITS;

/// Vectors of channels that are transformed together: what lies between stays in the first cache.
const PIECE: usize = 8;

/// Stands for a pixel that is not there.
const OUTSIDE: usize = usize::MAX;

/// What lies between the steps of a transform.
#[derive(Debug)]
pub(super) struct Between {
    /// One tile, transformed in one direction.
    half: [[f32; LANES]; PRODUCTS * PIECE],
    /// Four tiles, transformed in both: `[36, 4, channels]`.
    whole: Vec<[f32; LANES]>,
}

impl Default for Between {
    fn default() -> Self {
        Self {
            half: [[0.0; LANES]; PRODUCTS * PIECE],
            whole: Vec::new(),
        }
    }
}

/// Activations, and how many of them lie before a tile's output in each direction.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub input: &'a [f32],
    pub size: Size,
    pub channels: usize,
    pub before: usize,
}

/// Where transformed inputs go: product `p`'s to `inputs[p · stride..]`, and what its tiles' integers stand for
/// to `units[p · units_stride]`.
pub(super) struct Target<'a> {
    pub inputs: &'a mut [Inputs],
    pub stride: usize,
    pub units: &'a mut [[f32; ROWS]],
    pub units_stride: usize,
}

impl Source<'_> {
    /// Transforms some channels of a quad of tiles.
    pub fn transform(
        self,
        quad: &Quad,
        channels: std::ops::Range<usize>,
        limits: &Limits,
        between: &mut Between,
        to: Target,
    ) {
        let mut pixels = [[OUTSIDE; PRODUCTS]; ROWS];
        for (place, pixels) in quad.iter().zip(&mut pixels) {
            if let Some(place) = place {
                self.find_pixels(place, pixels);
            }
        }
        let (first, last) = (channels.start / LANES, channels.end / LANES);
        let vectors = last - first;
        let Between { half, whole } = between;
        whole.resize(PRODUCTS * ROWS * vectors, [0.0; LANES]);
        for begin in (first..last).step_by(PIECE) {
            let len = PIECE.min(last - begin);
            for (tile, pixels) in pixels.iter().enumerate() {
                let whole = &mut whole[tile * vectors + begin - first..];
                self.transform_tile(pixels, begin, len, half, whole, ROWS * vectors);
            }
        }
        for (product, tiles) in whole.chunks_exact(ROWS * vectors).enumerate() {
            let inputs = &mut to.inputs[product * to.stride..][..2 * vectors];
            let kernel_unit = UNITS[product / IN] * UNITS[product % IN];
            let unit = round(tiles, limits[product], inputs);
            to.units[product * to.units_stride] = unit.map(|unit| unit * kernel_unit);
        }
    }

    /// Where a tile's inputs are, those within the image.
    fn find_pixels(self, place: &Place, pixels: &mut [usize; PRODUCTS]) {
        let Size { height, width, .. } = self.size;
        for row in 0..IN {
            let y = (place.y + row).wrapping_sub(self.before);
            for column in 0..IN {
                let x = (place.x + column).wrapping_sub(self.before);
                if y < height && x < width {
                    pixels[row * IN + column] = (place.image * height + y) * width + x;
                }
            }
        }
    }

    /// `len` vectors of a tile's channels, from vector `begin` on.
    fn transform_tile(
        self,
        pixels: &[usize; PRODUCTS],
        begin: usize,
        len: usize,
        half: &mut [[f32; LANES]],
        whole: &mut [[f32; LANES]],
        stride: usize,
    ) {
        let padding = [[0.0; LANES]; PIECE];
        let (input, _) = self.input.as_chunks::<LANES>();
        let vectors = self.channels / LANES;
        for row in 0..IN {
            let from = from_fn(|column| match pixels[row * IN + column] {
                OUTSIDE => &padding[..len],
                pixel => &input[pixel * vectors + begin..][..len],
            });
            let to = rows_mut(&mut half[row * IN * PIECE..], PIECE, len);
            map_rows(from, to, transform::input);
        }
        for column in 0..IN {
            let from = rows(&half[column * PIECE..], IN * PIECE, len);
            let to = rows_mut(&mut whole[column * stride..], IN * stride, len);
            map_rows(from, to, transform::input);
        }
    }
}

/// Four tiles' values, `[4, channels]`, rounded to integers of up to `limit`: the units.
fn round(tiles: &[[f32; LANES]], limit: f32, to: &mut [Inputs]) -> [f32; ROWS] {
    let vectors = tiles.len() / ROWS;
    let tiles: [_; ROWS] = from_fn(|tile| &tiles[tile * vectors..][..vectors]);
    let mut greatest = [F32x4::splat(f32::MIN_POSITIVE); ROWS];
    for vector in 0..vectors {
        for (tile, greatest) in tiles.iter().zip(&mut greatest) {
            *greatest = greatest.max(F32x4::load(&tile[vector]).abs());
        }
    }
    let [a, b, c, d] = F32x4::transpose(greatest);
    let mut units = [0.0; ROWS];
    a.max(b).max(c.max(d)).scale(1.0 / limit).store(&mut units);
    let per_unit = units.map(|unit| F32x4::splat(1.0 / unit));
    let (to, _) = to.as_chunks_mut::<2>();
    for (vector, [first, second]) in to.iter_mut().enumerate() {
        let values = from_fn(|tile| F32x4::load(&tiles[tile][vector]) * per_unit[tile]);
        let [a, b, c, d] = F32x4::transpose(values);
        I16x8::round(a, b).store(first);
        I16x8::round(c, d).store(second);
    }
    units
}
