//! What the kernels for the processor and those for WebGPU share of Winograd's algorithm.

/// What the rows of `G`, for the points 0, ±1, ±2 and ∞, are multiples of: without these fractions 8 bits become at
/// most 16, exactly. Transformed inputs are multiplied with them instead.
pub(super) const UNITS: [f32; 6] = [
    1.0 / 4.0,
    -1.0 / 6.0,
    -1.0 / 6.0,
    1.0 / 24.0,
    1.0 / 24.0,
    1.0,
];
