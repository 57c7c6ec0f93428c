//! Matrix products in integers of 16 bits, two input channels at once: four rows of inputs at a time times
//! a panel of eight output channels.
//!
//! The eight sums of a step, its two vectors of weights and its four inputs fill 14 of the 16 registers
//! that a browser's compiler has on x86_64; more sums spill.

use super::vector::{F32x4, I16x8, I32x4, LANES, Pairs};

/// Rows that a step takes.
pub(super) const ROWS: usize = LANES;
/// Output channels of a panel: two vectors.
pub(super) const PANEL: usize = 2 * LANES;

/// Two input channels of four rows.
pub(super) type Inputs = Pairs;
/// Two input channels' weights for a panel.
pub(super) type Weights = [Pairs; 2];
/// The same as they are kept, `[8, 2]`.
pub(super) type Pair = [i8; 2 * PANEL];
/// A panel's sums for four rows.
pub(super) type Sums = [[f32; PANEL]; ROWS];

/// `sums (+)= inputs · weights`, where the inputs are `[sums, channels / 2, 4, 2]` and the weights
/// `[channels / 2, 8, 2]`; with `add` the product is added to what is there. Each row has a unit, which its
/// products are multiplied with.
pub(super) fn multiply(
    inputs: &[Inputs],
    units: &[[f32; ROWS]],
    weights: &[Weights],
    sums: &mut [Sums],
    add: bool,
) {
    let rows = inputs.chunks_exact(weights.len()).zip(units);
    for ((inputs, units), sums) in rows.zip(sums) {
        let mut totals = [[I32x4::zero(); 2]; ROWS];
        for (inputs, weights) in inputs.iter().zip(weights) {
            let [left, right] = [I16x8::load(&weights[0]), I16x8::load(&weights[1])];
            for (input, total) in inputs.iter().zip(&mut totals) {
                let input = I16x8::splat_from(input);
                total[0] = total[0].add_dot(input, left);
                total[1] = total[1].add_dot(input, right);
            }
        }
        for ((total, unit), sum) in totals.iter().zip(units).zip(sums) {
            let unit = F32x4::splat_from(unit);
            let (vectors, _) = sum.as_chunks_mut();
            for half in 0..2 {
                let product = total[half].to_f32() * unit;
                let before = match add {
                    true => F32x4::load(&vectors[half]),
                    false => F32x4::zero(),
                };
                (product + before).store(&mut vectors[half]);
            }
        }
    }
}

/// The two vectors of a panel.
#[inline(always)]
pub(super) fn halves(panel: &[f32; PANEL]) -> [F32x4; 2] {
    let (vectors, _) = panel.as_chunks::<LANES>();
    [F32x4::load(&vectors[0]), F32x4::load(&vectors[1])]
}

/// What a panel's channels have.
#[inline(always)]
pub(super) fn panel_of(values: &[f32], panel: usize) -> [F32x4; 2] {
    let (panels, _) = values.as_chunks();
    halves(&panels[panel])
}
