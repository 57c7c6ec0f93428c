//! Winograd's F(4×4, 3×3): a tile of 4×4 outputs from 6×6 inputs, with 36 products where the plain sum takes
//! 144 (Lavin & Gray 2016, "Fast Algorithms for Convolutional Neural Networks", section 4.3).

use std::fmt::Write;

use super::{Row, Shape, grid_kernel};
use crate::backbone::webgpu::convolution::Finish;
use crate::backbone::winograd::UNITS;

/// Points of a transformed tile.
pub const POINTS: usize = 36;
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
        for (point, value) in transform_weights(kernel).into_iter().enumerate() {
            transformed[(point * inner + channel_in) * out + channel_out] = value;
        }
    }
    transformed
}

/// What a 3×3 kernel becomes, `G g Gᵀ`, in [`UNITS`].
fn transform_weights(g: &[i8; 9]) -> [i16; POINTS] {
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
    std::array::from_fn(|point| {
        let (row, column) = (point / PATCH, point % PATCH);
        (0..3).map(|i| rows[row][i] * G[column][i]).sum()
    })
}

/// One row or column of 6 inputs, `Bᵀ d`, into variables named by `out`.
fn transform_input(code: &mut String, d: [String; 6], out: [String; 6]) {
    let [d0, d1, d2, d3, d4, d5] = d;
    let [o0, o1, o2, o3, o4, o5] = out;
    let _ = writeln!(
        code,
        "let {o0} = 4.0 * {d0} - 5.0 * {d2} + {d4};
        let p{o0} = {d4} - 4.0 * {d2};
        let q{o0} = {d3} - 4.0 * {d1};
        let {o1} = p{o0} + q{o0};
        let {o2} = p{o0} - q{o0};
        let r{o0} = {d4} - {d2};
        let s{o0} = 2.0 * ({d3} - {d1});
        let {o3} = r{o0} + s{o0};
        let {o4} = r{o0} - s{o0};
        let {o5} = 4.0 * {d1} - 5.0 * {d3} + {d5};"
    );
}

/// One row or column of 6 products, `Aᵀ m`.
fn transform_output(code: &mut String, m: [String; 6], out: [String; 4]) {
    let [m0, m1, m2, m3, m4, m5] = m;
    let [o0, o1, o2, o3] = out;
    let _ = writeln!(
        code,
        "let p{o0} = {m1} + {m2};
        let q{o0} = {m1} - {m2};
        let r{o0} = {m3} + {m4};
        let s{o0} = {m3} - {m4};
        let {o0} = {m0} + p{o0} + r{o0};
        let {o1} = q{o0} + 2.0 * s{o0};
        let {o2} = p{o0} + 4.0 * r{o0};
        let {o3} = q{o0} + 8.0 * s{o0} + {m5};"
    );
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
        let point = id.y * stride + tile;\n",
        per_image = tiles(side),
        across = side.div_ceil(TILE),
        area = side * side,
    )
}

/// `x [C][pixels]` → `v [36][C][tiles]`; an invocation takes one tile of one channel.
pub fn input(shape: &Shape, row: Row) -> String {
    let (channels, side) = (shape.channels_in, shape.side);
    let mut code = place(side);
    // A tile's inputs begin a pixel before its outputs.
    let _ = writeln!(
        code,
        "let top = i32(tile_top) - 1;
        let left = i32(tile_left) - 1;
        let base = i32(map);"
    );
    for row in 0..PATCH {
        for column in 0..PATCH {
            let _ = writeln!(
                code,
                "var d{row}{column} = 0.0;
                if (u32(top + {row}) < {side}u && u32(left + {column}) < {side}u) {{
                    d{row}{column} = x[base + (top + {row}) * {side} + left + {column}];
                }}"
            );
        }
    }
    for column in 0..PATCH {
        transform_input(
            &mut code,
            std::array::from_fn(|row| format!("d{row}{column}")),
            std::array::from_fn(|row| format!("t{row}{column}")),
        );
    }
    for row in 0..PATCH {
        transform_input(
            &mut code,
            std::array::from_fn(|column| format!("t{row}{column}")),
            std::array::from_fn(|column| format!("v{row}{column}")),
        );
    }
    for point in 0..POINTS {
        let (row, column) = (point / PATCH, point % PATCH);
        let _ = writeln!(
            code,
            "v[point + {}u * stride] = {:?} * v{row}{column};",
            point * channels,
            UNITS[row] * UNITS[column]
        );
    }
    let bound = [("x", "f32"), ("v", "f32"), ("images", "u32")];
    grid_kernel(&bound, row, &code)
}

/// `m [36][C][tiles]` → `y [C][pixels]`; an invocation takes one tile of one channel.
pub fn output(shape: &Shape, row: Row, finish: Finish) -> String {
    let (channels, side) = (shape.channels_out, shape.side);
    let mut bound = vec![
        ("m", "f32"),
        ("affine", "vec2f"),
        ("y", "f32"),
        ("images", "u32"),
    ];
    if finish == Finish::ShortcutRelu {
        bound.push(("shortcut", "f32"));
    }
    let mut code = place(side);
    let _ = writeln!(
        code,
        "let start = map + tile_top * {side}u + tile_left;
        let channel = affine[id.y];"
    );
    for column in 0..PATCH {
        for row in 0..PATCH {
            let point = row * PATCH + column;
            let _ = writeln!(
                code,
                "let m{row}{column} = m[point + {}u * stride];",
                point * channels
            );
        }
        transform_output(
            &mut code,
            std::array::from_fn(|row| format!("m{row}{column}")),
            std::array::from_fn(|row| format!("t{row}{column}")),
        );
    }
    for row in 0..TILE {
        transform_output(
            &mut code,
            std::array::from_fn(|column| format!("t{row}{column}")),
            std::array::from_fn(|column| format!("y{row}{column}")),
        );
    }
    let whole = side.is_multiple_of(TILE);
    for row in 0..TILE {
        for column in 0..TILE {
            let to = row * side + column;
            let sum = format!("y{row}{column} * channel.x + channel.y");
            let value = match finish {
                Finish::Plain => sum,
                Finish::Relu => format!("max({sum}, 0.0)"),
                Finish::ShortcutRelu => format!("max({sum} + shortcut[start + {to}u], 0.0)"),
            };
            let store = format!("y[start + {to}u] = {value};");
            let _ = if whole {
                writeln!(code, "{store}")
            } else {
                writeln!(
                    code,
                    "if (tile_top + {row}u < {side}u && tile_left + {column}u < {side}u) {{ {store} }}"
                )
            };
        }
    }
    grid_kernel(&bound, row, &code)
}
