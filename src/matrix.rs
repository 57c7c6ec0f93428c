//! Products of row-major matrices.

use gemm_common::Parallelism;
#[cfg(not(target_family = "wasm"))]
use gemm_f32::gemm::f32::get_gemm_fn;

/// How a factor lies in memory.
#[derive(Clone, Copy)]
enum Layout {
    /// As it is multiplied.
    Plain,
    /// Its transpose.
    Transposed,
}

/// What becomes of the numbers that a product is written to.
#[derive(Clone, Copy)]
enum Before {
    /// The product takes their place.
    Replaced,
    /// The product is subtracted from them.
    #[cfg(feature = "cli")]
    Lessened,
}

/// `A·B` of `A` `[rows, inner]` and `B` `[inner, columns]`.
///
/// # Panics
/// If a factor has another size.
pub fn product(a: &[f32], b: &[f32], shape: [usize; 3]) -> Vec<f32> {
    new_product((a, Layout::Plain), (b, Layout::Plain), shape)
}

/// `Aᵀ·B` of `A` `[inner, rows]` and `B` `[inner, columns]`.
///
/// # Panics
/// If a factor has another size.
pub fn transposed_product(a: &[f32], b: &[f32], shape: [usize; 3]) -> Vec<f32> {
    new_product((a, Layout::Transposed), (b, Layout::Plain), shape)
}

/// `A·Bᵀ` of `A` `[rows, inner]` and `B` `[columns, inner]`.
///
/// # Panics
/// If a factor has another size.
pub fn product_transposed(a: &[f32], b: &[f32], shape: [usize; 3]) -> Vec<f32> {
    new_product((a, Layout::Plain), (b, Layout::Transposed), shape)
}

/// Subtracts `A·B` of `A` `[rows, inner]` and `B` `[inner, columns]` from `C` `[rows, columns]`.
///
/// # Panics
/// If a matrix has another size.
#[cfg(feature = "cli")]
pub fn subtract_product(c: &mut [f32], a: &[f32], b: &[f32], shape: [usize; 3]) {
    let (a, b) = ((a, Layout::Plain), (b, Layout::Plain));
    multiply(c, Before::Lessened, a, b, shape);
}

fn new_product(a: (&[f32], Layout), b: (&[f32], Layout), shape: [usize; 3]) -> Vec<f32> {
    let [rows, _, columns] = shape;
    let mut c = vec![0.0; rows * columns];
    multiply(&mut c, Before::Replaced, a, b, shape);
    c
}

fn multiply(
    c: &mut [f32],
    before: Before,
    (a, a_layout): (&[f32], Layout),
    (b, b_layout): (&[f32], Layout),
    [rows, inner, columns]: [usize; 3],
) {
    assert_eq!(a.len(), rows * inner);
    assert_eq!(b.len(), inner * columns);
    assert_eq!(c.len(), rows * columns);
    // From one column to the next and from one row to the next.
    let strides = |layout, rows: usize, columns: usize| match layout {
        Layout::Plain => (columns as isize, 1),
        Layout::Transposed => (1, rows as isize),
    };
    let (a_row, a_column) = strides(a_layout, rows, inner);
    let (b_row, b_column) = strides(b_layout, inner, columns);
    let (keep, sign) = match before {
        Before::Replaced => (false, 1.0),
        #[cfg(feature = "cli")]
        Before::Lessened => (true, -1.0),
    };
    // The kernels are for column-major results, so they are given `Cᵀ = Bᵀ·Aᵀ`.
    // SAFETY: the lengths were checked above, and the strides stay within them; `c` overlaps nothing.
    unsafe {
        column_major(
            [columns, rows, inner],
            c.as_mut_ptr(),
            keep,
            (b.as_ptr(), b_row, b_column),
            (a.as_ptr(), a_row, a_column),
            sign,
        );
    }
}

/// `C (+)= factor · A·B`, where a matrix is given with the way from one column to the next and from one row to the next.
///
/// # Safety
/// The matrices lie in memory as the strides and sizes say.
#[cfg(not(target_family = "wasm"))]
unsafe fn column_major(
    [rows, columns, inner]: [usize; 3],
    c: *mut f32,
    add: bool,
    (a, a_column, a_row): (*const f32, isize, isize),
    (b, b_column, b_row): (*const f32, isize, isize),
    factor: f32,
) {
    let gemm = get_gemm_fn();
    // SAFETY: as the caller says.
    unsafe {
        gemm(
            rows,
            columns,
            inner,
            c,
            rows as isize,
            1,
            add,
            a,
            a_column,
            a_row,
            b,
            b_column,
            b_row,
            1.0,
            factor,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

/// The same by the kernels for SIMD alone: this module has them in any case, and those without weigh 7 kB.
///
/// # Safety
/// The matrices lie in memory as the strides and sizes say.
#[cfg(target_family = "wasm")]
#[inline(never)]
unsafe fn column_major(
    [rows, columns, inner]: [usize; 3],
    c: *mut f32,
    add: bool,
    (a, a_column, a_row): (*const f32, isize, isize),
    (b, b_column, b_row): (*const f32, isize, isize),
    factor: f32,
) {
    use gemm_common::gemm::gemm_basic_generic;
    use gemm_common::simd::Scalar;
    use gemm_f32::microkernel::simd128::f32::{H_M, H_N, H_UKR, MR_DIV_N, NR, UKR};
    const LANES: usize = 4;
    // SAFETY: as the caller says.
    unsafe {
        gemm_basic_generic::<_, f32, LANES, { MR_DIV_N * LANES }, NR, MR_DIV_N, H_M, H_N>(
            Scalar,
            rows,
            columns,
            inner,
            c,
            rows as isize,
            1,
            add,
            a,
            a_column,
            a_row,
            b,
            b_column,
            b_row,
            1.0,
            factor,
            false,
            false,
            false,
            |a, b, c| a * b + c,
            &UKR,
            &H_UKR,
            false,
            Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `[rows, columns]` of small whole numbers, so that sums are exact.
    fn matrix(rows: usize, columns: usize, seed: usize) -> Vec<f32> {
        let value = |i: usize| ((i * 31 + seed * 17) % 13) as f32 - 6.0;
        (0..rows * columns).map(value).collect()
    }

    /// `[rows, columns]` → `[columns, rows]`
    fn transposed(values: &[f32], [rows, columns]: [usize; 2]) -> Vec<f32> {
        (0..rows * columns)
            .map(|i| values[i % rows * columns + i / rows])
            .collect()
    }

    #[test]
    fn products_are_sums_over_the_inner_side() {
        for [rows, inner, columns] in [[1, 1, 1], [3, 5, 2], [17, 40, 9], [2, 512, 33], [4, 0, 3]] {
            let (a, b) = (matrix(rows, inner, 1), matrix(inner, columns, 2));
            let expected: Vec<f32> = (0..rows * columns)
                .map(|i| {
                    let (row, column) = (i / columns, i % columns);
                    (0..inner)
                        .map(|k| a[row * inner + k] * b[k * columns + column])
                        .sum()
                })
                .collect();
            let shape = [rows, inner, columns];
            assert_eq!(product(&a, &b, shape), expected);
            let turned = transposed(&a, [rows, inner]);
            assert_eq!(transposed_product(&turned, &b, shape), expected);
            let turned = transposed(&b, [inner, columns]);
            assert_eq!(product_transposed(&a, &turned, shape), expected);
            #[cfg(feature = "cli")]
            {
                let before = matrix(rows, columns, 3);
                let mut c = before.clone();
                subtract_product(&mut c, &a, &b, shape);
                let differences = before.iter().zip(expected).map(|(c, p)| c - p);
                assert_eq!(c, differences.collect::<Vec<_>>());
            }
        }
    }
}
