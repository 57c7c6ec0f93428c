//! The transforms of a tile, `Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A`, in one dimension each; in two they are applied to
//! columns, and then to rows.

use std::array::from_fn;

use super::super::arithmetic::Number;
use super::{PATCH, POINTS, TILE};
use crate::backbone::winograd::UNITS;

/// What a transformed input of this point is multiplied with, for the weights' being in [`UNITS`].
pub(super) fn unit(point: usize) -> f32 {
    UNITS[point / PATCH] * UNITS[point % PATCH]
}

/// What a 3×3 kernel becomes, `G g Gᵀ`, in [`UNITS`].
pub(super) fn kernel(g: &[i8; 9]) -> [i16; POINTS] {
    const G: [[i16; 3]; PATCH] = [
        [1, 0, 0],
        [1, 1, 1],
        [1, -1, 1],
        [1, 2, 4],
        [1, -2, 4],
        [0, 0, 1],
    ];
    let mut rows = [[0; 3]; PATCH];
    for (row, weights) in rows.iter_mut().zip(G) {
        for column in 0..3 {
            let products = (0..3).map(|i| weights[i] * i16::from(g[3 * i + column]));
            row[column] = products.sum::<i16>();
        }
    }
    from_fn(|point| {
        let (row, column) = (point / PATCH, point % PATCH);
        (0..3).map(|i| rows[row][i] * G[column][i]).sum()
    })
}

/// A tile's inputs by row and column, transformed: `Bᵀ d B`, rows of columns.
pub(super) fn inputs<N: Number>(d: impl Fn(usize, usize) -> N) -> [[N; PATCH]; PATCH] {
    let columns: [_; PATCH] = from_fn(|column| input(from_fn(|row| d(row, column))));
    from_fn(|row| input(columns.map(|column| column[row])))
}

/// A tile's products by row and column, transformed back: `Aᵀ m A`, rows of columns. They are asked for a column
/// after the other, so that few have to be kept.
pub(super) fn outputs<N: Number>(m: impl Fn(usize, usize) -> N) -> [[N; TILE]; TILE] {
    let columns: [_; PATCH] = from_fn(|column| output(from_fn(|row| m(row, column))));
    from_fn(|row| output(columns.map(|column| column[row])))
}

/// `Bᵀ d`
fn input<N: Number>(d: [N; PATCH]) -> [N; PATCH] {
    let even = d[4] - d[2] * 4.0;
    let odd = d[3] - d[1] * 4.0;
    let near_even = d[4] - d[2];
    let near_odd = (d[3] - d[1]) * 2.0;
    [
        d[0] * 4.0 - d[2] * 5.0 + d[4],
        even + odd,
        even - odd,
        near_even + near_odd,
        near_even - near_odd,
        d[1] * 4.0 - d[3] * 5.0 + d[5],
    ]
}

/// `Aᵀ m`
fn output<N: Number>(m: [N; PATCH]) -> [N; TILE] {
    let (even, odd) = (m[1] + m[2], m[1] - m[2]);
    let (far_even, far_odd) = (m[3] + m[4], m[3] - m[4]);
    [
        m[0] + even + far_even,
        odd + far_odd * 2.0,
        even + far_even * 4.0,
        odd + far_odd * 8.0 + m[5],
    ]
}
