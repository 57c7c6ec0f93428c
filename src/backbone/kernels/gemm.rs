//! Matrix products: four rows of inputs at a time times a panel of eight output channels.
//!
//! The eight sums of a step, its two vectors of weights and its four inputs fill 14 of the 16 registers
//! that a browser's compiler has on x86_64; more sums spill.

use super::vector::{F32x4, LANES};

/// Rows that a step takes.
pub(super) const ROWS: usize = LANES;
/// Output channels of a panel: two vectors.
pub(super) const PANEL: usize = 2 * LANES;

/// One input channel of four rows.
pub(super) type Inputs = [f32; ROWS];
/// A panel's sums for four rows.
pub(super) type Sums = [[f32; PANEL]; ROWS];

/// `sums (+)= inputs · weights`, where the inputs are `[sums, channels, 4]` and the weights
/// `[channels, 8]`; with `add` the product is added to what is there.
pub(super) fn multiply(inputs: &[Inputs], weights: &[f32], sums: &mut [Sums], add: bool) {
    let (weights, _) = weights.as_chunks::<PANEL>();
    for (inputs, sums) in inputs.chunks_exact(weights.len()).zip(sums) {
        let mut totals = match add {
            true => load(sums),
            false => [[F32x4::zero(); 2]; ROWS],
        };
        for (inputs, weights) in inputs.iter().zip(weights) {
            let [left, right] = halves(weights);
            for (input, total) in inputs.iter().zip(&mut totals) {
                let input = F32x4::splat_from(input);
                total[0] = input.mul_add(left, total[0]);
                total[1] = input.mul_add(right, total[1]);
            }
        }
        for (total, sum) in totals.iter().zip(sums) {
            let (vectors, _) = sum.as_chunks_mut();
            total[0].store(&mut vectors[0]);
            total[1].store(&mut vectors[1]);
        }
    }
}

#[inline(always)]
fn load(sums: &Sums) -> [[F32x4; 2]; ROWS] {
    std::array::from_fn(|row| halves(&sums[row]))
}

/// The two vectors of a panel.
#[inline(always)]
pub(super) fn halves(panel: &[f32; PANEL]) -> [F32x4; 2] {
    let (vectors, _) = panel.as_chunks::<LANES>();
    [F32x4::load(&vectors[0]), F32x4::load(&vectors[1])]
}
