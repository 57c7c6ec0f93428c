//! Activations as integers of 16 bits times a unit, such that no sum of their products with weights leaves
//! 32 bits.

/// What 16 bits hold.
const GREATEST: i64 = i16::MAX as i64;

/// The greatest integer that an input may become, where the magnitudes of the weights that a sum takes in
/// add up to as much as `weights`.
pub(super) fn input_limit(weights: i64) -> f32 {
    GREATEST.min(i64::from(i32::MAX) / weights.max(1)) as f32
}
