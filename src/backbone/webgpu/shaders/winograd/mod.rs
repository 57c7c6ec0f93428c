//! Winograd's F(4×4, 3×3): a tile of 4×4 outputs from 6×6 inputs, with 36 products where the plain sum takes
//! 144 (Lavin & Gray 2016, "Fast Algorithms for Convolutional Neural Networks", section 4.3).

#[cfg(test)]
mod tests;
mod transform;

use std::array::from_fn;

use super::arithmetic::Code;
use super::{Finish, Operand, Row, Shader, Shape, grid_kernel};

/// Points of a transformed tile.
pub const POINTS: usize = PATCH * PATCH;
/// The side of a tile's outputs.
const TILE: usize = 4;
/// The side of a tile's inputs.
const PATCH: usize = 6;

/// Tiles of a map.
pub fn tiles(side: usize) -> usize {
    side.div_ceil(TILE).pow(2)
}

/// Weights `[out, in, 3, 3]` → `[36, in, out]`.
pub fn weights(shape: &Shape, weights: &[i8]) -> Vec<i16> {
    let (inner, out) = (shape.channels_in, shape.channels_out);
    let mut transformed = vec![0; POINTS * inner * out];
    for (place, kernel) in weights.as_chunks::<9>().0.iter().enumerate() {
        let (channel_out, channel_in) = (place / inner, place % inner);
        for (point, value) in transform::kernel(kernel).into_iter().enumerate() {
            transformed[(point * inner + channel_in) * out + channel_out] = value;
        }
    }
    transformed
}

/// Where an invocation's tile lies: its first output's row and column, `map` and `point`, where its channel of its
/// image and its first transformed number are, and `stride`, from which on the next channel's are.
fn place(side: usize) -> String {
    format!(
        "let count = images[0] * {per_image}u;
        let tile = id.x;
        if (tile >= count) {{ return; }}
        let stride = padded(count);
        let pixels = padded(images[0] * {area}u);
        let image = tile / {per_image}u;
        let at = tile % {per_image}u;
        let tile_top = at / {across}u * {TILE}u;
        let tile_left = at % {across}u * {TILE}u;
        let map = id.y * pixels + image * {area}u;
        let point = id.y * stride + tile;",
        per_image = tiles(side),
        across = side.div_ceil(TILE),
        area = side * side,
    )
}

/// A map `[C][pixels]` → factors `[36][C][tiles]`; an invocation takes one tile of one channel.
pub fn input(shape: &Shape, row: Row) -> Shader {
    let (channels, side) = (shape.channels_in, shape.side);
    let code = Code::default();
    code.line(&place(side));
    // A tile's inputs begin a pixel before its outputs.
    code.line(
        "let top = i32(tile_top) - 1;
        let left = i32(tile_left) - 1;
        let base = i32(map);",
    );
    let patch: [[_; PATCH]; PATCH] = from_fn(|row| {
        from_fn(|column| {
            let value = code.variable("0.0");
            code.line(&format!(
                "if (u32(top + {row}) < {side}u && u32(left + {column}) < {side}u) {{
                    {value} = input[base + (top + {row}) * {side} + left + {column}];
                }}"
            ));
            value
        })
    });
    let transformed = transform::inputs(|row, column| patch[row][column]);
    for (point, value) in transformed.into_iter().flatten().enumerate() {
        code.line(&format!(
            "factors[point + {}u * stride] = {};",
            point * channels,
            value * transform::unit(point)
        ));
    }
    let bound = [
        (Operand::Input, "f32"),
        (Operand::Factors, "f32"),
        (Operand::Images, "u32"),
    ];
    let over = [tiles(side), channels];
    grid_kernel("transform_inputs", &bound, row, over, &code.into_text())
}

/// Products `[36][C][tiles]` → a map `[C][pixels]`; an invocation takes one tile of one channel.
pub fn output(shape: &Shape, row: Row, finish: Finish) -> Shader {
    let (channels, side) = (shape.channels_out, shape.side);
    let mut bound = vec![
        (Operand::Products, "f32"),
        (Operand::Affine, "vec2f"),
        (Operand::Output, "f32"),
        (Operand::Images, "u32"),
    ];
    if finish.shortcut {
        bound.push((Operand::Shortcut, "f32"));
    }
    let code = Code::default();
    code.line(&place(side));
    code.line(&format!(
        "let start = map + tile_top * {side}u + tile_left;
        let channel = affine[id.y];"
    ));
    let outputs = transform::outputs(|row, column| {
        let point = row * PATCH + column;
        code.term(&format!("products[point + {}u * stride]", point * channels))
    });
    let whole = side.is_multiple_of(TILE);
    for (row, values) in outputs.into_iter().enumerate() {
        for (column, value) in values.into_iter().enumerate() {
            let to = row * side + column;
            let sum = format!("{value} * channel.x + channel.y");
            let value = finish.of(sum, &format!("shortcut[start + {to}u]"), "f32");
            let store = format!("output[start + {to}u] = {value};");
            if whole {
                code.line(&store);
            } else {
                code.line(&format!(
                    "if (tile_top + {row}u < {side}u && tile_left + {column}u < {side}u) {{ {store} }}"
                ));
            }
        }
    }
    let over = [tiles(side), channels];
    grid_kernel("transform_outputs", &bound, row, over, &code.into_text())
}
