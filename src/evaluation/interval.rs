//! An interval for a share.

/// The two-sided 95 % quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// Wilson's score interval at 95 % for `right` of `count` (Wilson 1927, "Probable inference, the law of
/// succession, and statistical inference"; Brown, Cai & DasGupta 2001, eq. 4). `[0, 1]` for no trial.
///
/// ```
/// let (low, high) = headstart::evaluation::wilson(147, 153);
/// assert!(low < 147.0 / 153.0 && 147.0 / 153.0 < high);
/// ```
pub fn wilson(right: usize, count: usize) -> (f64, f64) {
    if count == 0 {
        return (0.0, 1.0);
    }
    let n = count as f64;
    let p = right as f64 / n;
    let z2 = Z * Z;
    let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    // At the ends the bound is exactly 0 or 1; rounding must not cross it.
    let low = if right == 0 { 0.0 } else { centre - half };
    let high = if right == count { 1.0 } else { centre + half };
    (low, high)
}
