//! Products of row-major matrices.

use gemm::{Parallelism, gemm};

/// How a factor lies in memory.
#[derive(Clone, Copy)]
enum Layout {
    /// As it is multiplied.
    Plain,
    /// Its transpose.
    Transposed,
}

/// `A·B` of `A` `[rows, inner]` and `B` `[inner, columns]`.
///
/// # Panics
/// If a factor has another size.
pub fn product(a: &[f32], b: &[f32], [rows, inner, columns]: [usize; 3]) -> Vec<f32> {
    multiply(a, Layout::Plain, b, [rows, inner, columns])
}

/// `Aᵀ·B` of `A` `[inner, rows]` and `B` `[inner, columns]`.
///
/// # Panics
/// If a factor has another size.
pub fn transposed_product(a: &[f32], b: &[f32], [rows, inner, columns]: [usize; 3]) -> Vec<f32> {
    multiply(a, Layout::Transposed, b, [rows, inner, columns])
}

fn multiply(a: &[f32], layout: Layout, b: &[f32], [rows, inner, columns]: [usize; 3]) -> Vec<f32> {
    assert_eq!(a.len(), rows * inner);
    assert_eq!(b.len(), inner * columns);
    let mut c = vec![0.0_f32; rows * columns];
    let (column_stride, row_stride) = match layout {
        Layout::Plain => (1, inner as isize),
        Layout::Transposed => (rows as isize, 1),
    };
    // SAFETY: the lengths were checked above, and the strides stay within them; `c` overlaps nothing.
    unsafe {
        gemm(
            rows,
            columns,
            inner,
            c.as_mut_ptr(),
            1,
            columns as isize,
            false,
            a.as_ptr(),
            column_stride,
            row_stride,
            b.as_ptr(),
            1,
            columns as isize,
            0.0,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
    c
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `[rows, columns]` of small whole numbers, so that sums are exact.
    fn matrix(rows: usize, columns: usize, seed: usize) -> Vec<f32> {
        let value = |i: usize| ((i * 31 + seed * 17) % 13) as f32 - 6.0;
        (0..rows * columns).map(value).collect()
    }

    #[test]
    fn products_are_sums_over_the_inner_side() {
        for [rows, inner, columns] in [[1, 1, 1], [3, 5, 2], [17, 40, 9], [2, 512, 33], [4, 0, 3]] {
            let (a, b) = (matrix(rows, inner, 1), matrix(inner, columns, 2));
            let turned: Vec<f32> = (0..inner * rows)
                .map(|i| a[i % rows * inner + i / rows])
                .collect();
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
            assert_eq!(transposed_product(&turned, &b, shape), expected);
        }
    }
}
