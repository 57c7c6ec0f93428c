//! `Bᵀ d B` of the inputs.

use std::array::from_fn;

use super::tiles::{Place, Quad};
use super::transform::{self, IN, PRODUCTS, map_rows, rows, rows_mut};
use crate::backbone::kernels::gemm::{Inputs, ROWS};
use crate::backbone::kernels::shape::Size;
use crate::backbone::kernels::vector::{F32x4, LANES};

/// Vectors of channels that are transformed together: what lies between stays in the first cache.
const PIECE: usize = 8;

/// Stands for a pixel that is not there.
const OUTSIDE: usize = usize::MAX;

/// What lies between the steps of a transform.
#[derive(Debug)]
pub(super) struct Between {
    /// One tile, transformed in one direction.
    half: [[f32; LANES]; PRODUCTS * PIECE],
    /// Four tiles, transformed in both.
    whole: [[[f32; LANES]; PRODUCTS * PIECE]; ROWS],
}

impl Default for Between {
    fn default() -> Self {
        Self {
            half: [[0.0; LANES]; PRODUCTS * PIECE],
            whole: [[[0.0; LANES]; PRODUCTS * PIECE]; ROWS],
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

impl Source<'_> {
    /// Transforms some channels of a quad of tiles; product `p` goes to `to[p · stride..]`.
    pub fn transform(
        self,
        quad: &Quad,
        channels: std::ops::Range<usize>,
        between: &mut Between,
        to: &mut [Inputs],
        stride: usize,
    ) {
        let mut pixels = [[OUTSIDE; PRODUCTS]; ROWS];
        for (place, pixels) in quad.iter().zip(&mut pixels) {
            if let Some(place) = place {
                self.find_pixels(place, pixels);
            }
        }
        let (first, last) = (channels.start / LANES, channels.end / LANES);
        for begin in (first..last).step_by(PIECE) {
            let len = PIECE.min(last - begin);
            for (pixels, whole) in pixels.iter().zip(&mut between.whole) {
                self.transform_tile(pixels, begin, len, &mut between.half, whole);
            }
            for product in 0..PRODUCTS {
                let tiles = between
                    .whole
                    .each_ref()
                    .map(|tile| &tile[product * PIECE..][..len]);
                let to = &mut to[product * stride + (begin - first) * LANES..][..len * LANES];
                let (to, _) = to.as_chunks_mut::<LANES>();
                for (vector, to) in to.iter_mut().enumerate() {
                    let values = tiles.map(|tile| F32x4::load(&tile[vector]));
                    for (value, to) in F32x4::transpose(values).into_iter().zip(to) {
                        value.store(to);
                    }
                }
            }
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
            let to = rows_mut(&mut whole[column * PIECE..], IN * PIECE, len);
            map_rows(from, to, transform::input);
        }
    }
}
