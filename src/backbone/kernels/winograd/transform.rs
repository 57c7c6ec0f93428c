//! Winograd's transforms in one dimension, for the points 0, ±1, ±2 and ∞: tiles of six pixels, of which a
//! kernel of three leaves four and a kernel of four leaves three.
//!
//! Source: Lavin & Gray 2016, "Fast Algorithms for Convolutional Neural Networks", section 4.3: with
//! `Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A`, 36 products stand for 144.

use std::array::from_fn;

use crate::backbone::kernels::vector::{F32x4, I16x8, LANES};

/// Pixels that a tile takes in, in each direction.
pub(in crate::backbone::kernels) const IN: usize = 6;
/// Products of a tile.
pub(in crate::backbone::kernels) const PRODUCTS: usize = IN * IN;

/// A kernel of `KERNEL` pixels, `BEFORE` of them before the output's, by tiles that put out `OUT`.
pub(in crate::backbone::kernels) trait Tile<const KERNEL: usize, const OUT: usize> {
    const BEFORE: usize;

    /// `G g` in [`UNITS`](crate::backbone::winograd::UNITS). In two dimensions 8 bits become at most 16.
    fn kernel(g: [I16x8; KERNEL]) -> [I16x8; IN];

    /// `Aᵀ m`
    fn output(m: [F32x4; IN]) -> [F32x4; OUT];
}

/// `Bᵀ d`
#[inline(always)]
pub(in crate::backbone::kernels) fn input(d: [F32x4; 6]) -> [F32x4; 6] {
    let four = F32x4::splat(4.0);
    let two = F32x4::splat(2.0);
    let five = F32x4::splat(5.0);
    let even = d[4] - d[2] * four;
    let odd = d[3] - d[1] * four;
    let near_even = d[4] - d[2];
    let near_odd = (d[3] - d[1]) * two;
    [
        d[0].mul_add(four, d[4] - d[2] * five),
        even + odd,
        even - odd,
        near_even + near_odd,
        near_even - near_odd,
        d[1].mul_add(four, d[5] - d[3] * five),
    ]
}

#[inline(always)]
fn double(value: I16x8) -> I16x8 {
    value + value
}

#[inline(always)]
fn quadruple(value: I16x8) -> I16x8 {
    double(double(value))
}

/// F(4, 3), with the kernel's middle on the output's pixel.
pub(in crate::backbone::kernels) struct Three;

impl Tile<3, 4> for Three {
    const BEFORE: usize = 1;

    #[inline(always)]
    fn kernel(g: [I16x8; 3]) -> [I16x8; IN] {
        let even = g[0] + g[2];
        let far_even = g[0] + quadruple(g[2]);
        let far_odd = double(g[1]);
        [
            g[0],
            even + g[1],
            even - g[1],
            far_even + far_odd,
            far_even - far_odd,
            g[2],
        ]
    }

    #[inline(always)]
    fn output(m: [F32x4; IN]) -> [F32x4; 4] {
        let Pairs { near, far } = Pairs::of(m);
        [
            m[0] + near[0] + far[0],
            far[1].mul_add(F32x4::splat(2.0), near[1]),
            far[0].mul_add(F32x4::splat(4.0), near[0]),
            far[1].mul_add(F32x4::splat(8.0), near[1]) + m[5],
        ]
    }
}

/// F(3, 4), with the kernel's third place on the output's pixel.
pub(in crate::backbone::kernels) struct Four;

impl Tile<4, 3> for Four {
    const BEFORE: usize = 2;

    #[inline(always)]
    fn kernel(g: [I16x8; 4]) -> [I16x8; IN] {
        let (even, odd) = (g[0] + g[2], g[1] + g[3]);
        let far_even = g[0] + quadruple(g[2]);
        let far_odd = double(g[1] + quadruple(g[3]));
        [
            g[0],
            even + odd,
            even - odd,
            far_even + far_odd,
            far_even - far_odd,
            g[3],
        ]
    }

    #[inline(always)]
    fn output(m: [F32x4; IN]) -> [F32x4; 3] {
        let Pairs { near, far } = Pairs::of(m);
        [
            m[0] + near[0] + far[0],
            far[1].mul_add(F32x4::splat(2.0), near[1]),
            far[0].mul_add(F32x4::splat(4.0), near[0]) + m[5],
        ]
    }
}

/// Sums and differences of the products for ±1 and for ±2.
struct Pairs {
    near: [F32x4; 2],
    far: [F32x4; 2],
}

impl Pairs {
    #[inline(always)]
    fn of(m: [F32x4; IN]) -> Self {
        Self {
            near: [m[1] + m[2], m[1] - m[2]],
            far: [m[3] + m[4], m[3] - m[4]],
        }
    }
}

/// Does the same with each vector of some rows: `N` rows in, `M` rows out.
///
/// One step per call and dimension, with what lies between in memory: both dimensions at once need more
/// registers than there are, and take several times as long.
#[inline(always)]
pub(in crate::backbone::kernels) fn map_rows<const N: usize, const M: usize>(
    from: [&[[f32; LANES]]; N],
    to: [&mut [[f32; LANES]]; M],
    map: impl Fn([F32x4; N]) -> [F32x4; M],
) {
    let len = to[0].len();
    let from = from.map(|row| &row[..len]);
    let mut to = to.map(|row| &mut row[..len]);
    for index in 0..len {
        let values = map(from_fn(|row| F32x4::load(&from[row][index])));
        for (value, row) in values.into_iter().zip(&mut to) {
            value.store(&mut row[index]);
        }
    }
}

/// `N` rows of `len` vectors, `stride` vectors apart.
#[inline(always)]
pub(in crate::backbone::kernels) fn rows<const N: usize>(
    from: &[[f32; LANES]],
    stride: usize,
    len: usize,
) -> [&[[f32; LANES]]; N] {
    from_fn(|row| &from[row * stride..][..len])
}

/// The same, to be written.
#[inline(always)]
pub(in crate::backbone::kernels) fn rows_mut<V, const N: usize>(
    to: &mut [V],
    stride: usize,
    len: usize,
) -> [&mut [V]; N] {
    let mut rest = to;
    from_fn(|row| {
        // Nothing lies behind the last row.
        let (row, behind) = match row + 1 < N {
            true => std::mem::take(&mut rest).split_at_mut(stride),
            false => (std::mem::take(&mut rest), Default::default()),
        };
        rest = behind;
        &mut row[..len]
    })
}
