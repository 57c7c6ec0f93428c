//! What follows the stem, and what follows each stage.

use super::{Operand, Row, Shader, grid_kernel};
use crate::backbone::FeatureStage;

/// The greatest of 3×3 at stride 2 with padding 1, of maps that are nowhere negative: `[C, side²]` →
/// `[C, (side / 2)²]`. An invocation makes one output.
pub fn max(row: Row, channels: usize, side: usize) -> Shader {
    let out = side / 2;
    let body = format!(
        "let count = images[0] * {area_out}u;
            if (id.x >= count) {{ return; }}
            let base = id.y * padded(images[0] * {area}u) + id.x / {area_out}u * {area}u;
            let at = id.x % {area_out}u;
            let top = at / {out}u * 2u;
            let left = at % {out}u * 2u;
            // Nothing is less than 0, so what lies outside needs no place.
            var value = 0.0;
            for (var row = max(top, 1u) - 1u; row < top + 2u; row++) {{
                for (var column = max(left, 1u) - 1u; column < left + 2u; column++) {{
                    value = max(value, input[base + row * {side}u + column]);
                }}
            }}
            output[id.y * padded(count) + id.x] = value;",
        area = side * side,
        area_out = out * out,
    );
    let bound = [
        (Operand::Input, "f32"),
        (Operand::Output, "f32"),
        (Operand::Images, "u32"),
    ];
    grid_kernel("max_pool", &bound, row, [out * out, channels], &body)
}

/// Means of maps `[C, images · area]`, to where they belong in embeddings `[images, length]`. An invocation takes one
/// channel of one image.
pub fn mean(row: Row, stage: &FeatureStage, first: usize, length: usize) -> Shader {
    let (channels, area) = (stage.channels, stage.area());
    let body = format!(
        "let image = id.x / {channels}u;
            if (image >= images[0]) {{ return; }}
            let channel = id.x % {channels}u;
            let base = channel * padded(images[0] * {area}u) + image * {area}u;
            var sum = 0.0;
            for (var i = 0u; i < {area}u; i++) {{
                sum += input[base + i];
            }}
            embeddings[image * {length}u + {first}u + channel] = sum / {area}.0;",
    );
    let bound = [
        (Operand::Input, "f32"),
        (Operand::Embeddings, "f32"),
        (Operand::Images, "u32"),
    ];
    grid_kernel("mean", &bound, row, [channels, 1], &body)
}
