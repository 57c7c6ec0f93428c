//! Band-passed pictures of a crop, in whole numbers.

use super::{COARSE, COLOUR, FINE};
use crate::image::{INPUT_LEN, INPUT_SIDE};

/// Pixels along a side of a cell of the fine picture.
const CELL: usize = INPUT_SIDE / FINE;
/// A box of a cell's side convolved with itself twice, a quadratic B-spline: without it a copy that is cut
/// or turned would be sampled at other places and alias differently.
const SPLINE: [u32; 3 * CELL - 2] = spline();
/// What the spline's weights sum to, along one side.
const SPLINE_SUM: i64 = (CELL * CELL * CELL) as i64;
/// Grey levels are counted in parts of this size.
const GREY: i64 = 1 << 12;
/// The contrast, in grey levels, below which differences are noise or JPEG's blocks.
const NOISE: i64 = 2;
/// How large a difference as strong as the contrast around it becomes.
const UNIT: i64 = 42;

/// How wide a band is: how often to blur for the picture that is taken off, and for the contrast.
struct Width {
    background: usize,
    contrast: usize,
}

const FINE_BAND: Width = Width {
    background: 2,
    contrast: 3,
};
const COARSE_BAND: Width = Width {
    background: 4,
    contrast: 3,
};

pub(super) struct Bands {
    pub colour: [u8; COLOUR],
    pub coarse: [i8; COARSE * COARSE],
    pub fine: [i8; FINE * FINE],
}

/// Of a crop, `[224, 224, 3]` u8 RGB; `None` if it has another length.
pub(super) fn bands(crop: &[u8]) -> Option<Bands> {
    if crop.len() != INPUT_LEN {
        return None;
    }
    let (pixels, _) = crop.as_chunks::<COLOUR>();
    let grey = sample(pixels);
    let half = halve(&grey);
    Some(Bands {
        colour: mean_colour(pixels),
        coarse: band::<COARSE, _>(&half, &COARSE_BAND),
        fine: band::<FINE, _>(&grey, &FINE_BAND),
    })
}

fn mean_colour(pixels: &[[u8; COLOUR]]) -> [u8; COLOUR] {
    let mut sums = [0_u64; COLOUR];
    for pixel in pixels {
        for (sum, &value) in sums.iter_mut().zip(pixel) {
            *sum += u64::from(value);
        }
    }
    let count = pixels.len() as u64;
    // A mean of bytes is a byte.
    sums.map(|sum| ((sum + count / 2) / count) as u8)
}

const fn spline() -> [u32; 3 * CELL - 2] {
    let mut weights = [0; 3 * CELL - 2];
    let mut at = 0;
    while at < CELL * CELL * CELL {
        weights[at % CELL + at / CELL % CELL + at / (CELL * CELL)] += 1;
        at += 1;
    }
    weights
}

/// The grey picture (luma of ITU-R BT.601) at the cells' centres, weighted by the spline; borders repeat.
fn sample(pixels: &[[u8; COLOUR]]) -> [i64; FINE * FINE] {
    // Where the weights of each cell start, in pixels with repeated borders.
    let reach = SPLINE.len() / 2;
    let border = reach - CELL / 2;
    let mut row_grey = [0_u32; INPUT_SIDE + SPLINE.len()];
    let mut narrow = vec![0_u32; INPUT_SIDE * FINE];
    let rows = pixels.chunks_exact(INPUT_SIDE);
    for (row, narrow) in rows.zip(narrow.chunks_exact_mut(FINE)) {
        for (at, grey) in row_grey.iter_mut().enumerate() {
            let [red, green, blue] = row[at.saturating_sub(border).min(INPUT_SIDE - 1)];
            *grey = 77 * u32::from(red) + 150 * u32::from(green) + 29 * u32::from(blue);
        }
        for (cell, sum) in narrow.iter_mut().enumerate() {
            let greys = &row_grey[cell * CELL..];
            *sum = SPLINE.iter().zip(greys).map(|(w, grey)| w * grey).sum();
        }
    }
    let mut sampled = [0; FINE * FINE];
    for (cell, sampled) in sampled.chunks_exact_mut(FINE).enumerate() {
        for (at, &weight) in SPLINE.iter().enumerate() {
            let row = (cell * CELL + at)
                .saturating_sub(border)
                .min(INPUT_SIDE - 1);
            for (sum, &value) in sampled.iter_mut().zip(&narrow[row * FINE..]) {
                *sum += i64::from(weight) * i64::from(value);
            }
        }
        for sum in sampled {
            *sum = *sum * (GREY / 256) / (SPLINE_SUM * SPLINE_SUM);
        }
    }
    sampled
}

fn halve(fine: &[i64; FINE * FINE]) -> [i64; COARSE * COARSE] {
    std::array::from_fn(|at| {
        let first = 2 * (at / COARSE) * FINE + 2 * (at % COARSE);
        let cells = [first, first + 1, first + FINE, first + FINE + 1];
        cells.map(|cell| fine[cell]).iter().sum::<i64>() / 4
    })
}

/// What differs from its surroundings, in parts of the contrast there.
fn band<const SIDE: usize, const CELLS: usize>(grey: &[i64; CELLS], width: &Width) -> [i8; CELLS] {
    let mut background = *grey;
    blur::<SIDE>(&mut background, width.background);
    let difference: [i64; CELLS] = std::array::from_fn(|at| grey[at] - background[at]);
    let mut contrast = difference.map(|value| value * value);
    let mean = contrast.iter().sum::<i64>() / CELLS as i64;
    blur::<SIDE>(&mut contrast, width.contrast);
    // A share of the whole picture's contrast keeps its emptiest places from being all noise.
    let floor = mean / 5 + (NOISE * GREY) * (NOISE * GREY);
    std::array::from_fn(|at| {
        let contrast = (contrast[at] + floor).max(1).isqrt();
        let twice = 2 * UNIT * difference[at];
        let rounded = (twice + twice.signum() * contrast) / (2 * contrast);
        rounded.clamp(-127, 127) as i8
    })
}

/// By the binomial kernel [1 2 1] / 4 along both sides, so many times; borders repeat.
pub(super) fn blur<const SIDE: usize>(picture: &mut [i64], times: usize) {
    let mut across = vec![0; picture.len()];
    for _ in 0..times {
        for (row, across) in picture
            .chunks_exact(SIDE)
            .zip(across.chunks_exact_mut(SIDE))
        {
            for x in 0..SIDE {
                across[x] = row[x.saturating_sub(1)] + 2 * row[x] + row[(x + 1).min(SIDE - 1)];
            }
        }
        for (y, row) in picture.chunks_exact_mut(SIDE).enumerate() {
            let above = &across[y.saturating_sub(1) * SIDE..];
            let here = &across[y * SIDE..];
            let below = &across[(y + 1).min(SIDE - 1) * SIDE..];
            for (x, value) in row.iter_mut().enumerate() {
                *value = (above[x] + 2 * here[x] + below[x] + 8) >> 4;
            }
        }
    }
}
