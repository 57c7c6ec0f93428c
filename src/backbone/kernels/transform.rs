//! The transforms of Winograd's F(4×4, 3×3) in one dimension, for the points 0, ±1, ±2 and ∞.
//!
//! Source: Lavin & Gray 2016, "Fast Algorithms for Convolutional Neural Networks", section 4.3: with
//! `Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A`, 36 products stand for 144.

use super::vector::F32x4;

/// Pixels that a tile puts out, in each direction.
pub(super) const OUT: usize = 4;
/// Pixels that a tile takes in, in each direction.
pub(super) const IN: usize = 6;
/// The side of the kernel.
pub(super) const KERNEL: usize = 3;
/// Products of a tile.
pub(super) const PRODUCTS: usize = IN * IN;

/// `Bᵀ d`
#[inline(always)]
pub(super) fn input(d: [F32x4; 6]) -> [F32x4; 6] {
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

/// `G g`
#[inline(always)]
pub(super) fn kernel(g: [F32x4; 3]) -> [F32x4; 6] {
    let ends = (g[0] + g[2]).scale(-1.0 / 6.0);
    let middle = g[1].scale(-1.0 / 6.0);
    let far_ends = g[0].scale(1.0 / 24.0) + g[2].scale(1.0 / 6.0);
    let far_middle = g[1].scale(1.0 / 12.0);
    [
        g[0].scale(1.0 / 4.0),
        ends + middle,
        ends - middle,
        far_ends + far_middle,
        far_ends - far_middle,
        g[2],
    ]
}

/// `Aᵀ m`
#[inline(always)]
pub(super) fn output(m: [F32x4; 6]) -> [F32x4; 4] {
    let near_sum = m[1] + m[2];
    let near_difference = m[1] - m[2];
    let far_sum = m[3] + m[4];
    let far_difference = m[3] - m[4];
    [
        m[0] + near_sum + far_sum,
        far_difference.mul_add(F32x4::splat(2.0), near_difference),
        far_sum.mul_add(F32x4::splat(4.0), near_sum),
        far_difference.mul_add(F32x4::splat(8.0), near_difference) + m[5],
    ]
}
