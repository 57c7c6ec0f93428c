//! Any convolution as one product: a column holds the inputs of one output.

use super::{LANES, Row, Shape, buffers};
use crate::image::{INPUT_LEN, INPUT_SIDE, normalization};

/// Weights `[out, in, k, k]` → `[inner, out]`, of which rows past the last weight are 0.
pub fn weights(shape: &Shape, weights: &[f32], inner: usize) -> Vec<f32> {
    let out = shape.channels_out;
    let depth = weights.len() / out;
    let mut turned = vec![0.0; inner * out];
    for (channel, weights) in weights.chunks_exact(depth).enumerate() {
        for (row, &weight) in weights.iter().enumerate() {
            turned[row * out + channel] = weight;
        }
    }
    turned
}

/// A map → columns.
pub fn of_map(shape: &Shape, row: Row) -> String {
    let side = shape.side;
    let area = shape.area_in();
    let read = format!(
        "value = x[channel * padded(images[0] * {area}u) + image * {area}u + u32(row) * {side}u + u32(column)];"
    );
    columns(shape, row, ("x", "f32"), &read)
}

/// RGB crops, four bytes to a number → normalised columns.
pub fn of_crops(shape: &Shape, row: Row) -> String {
    let numbers = |part: fn((f32, f32)) -> f32| {
        let number = |channel| format!("{:?}", part(normalization(channel)));
        [0, 1, 2].map(number).join(", ")
    };
    let read = format!(
        "let byte = image * {INPUT_LEN}u + (u32(row) * {INPUT_SIDE}u + u32(column)) * 3u + channel;
        let level = f32((x[byte / 4u] >> (byte % 4u * 8u)) & 255u);
        let scale = array<f32, 3>({scales});
        let shift = array<f32, 3>({shifts});
        value = level * scale[channel] + shift[channel];",
        scales = numbers(|both| both.0),
        shifts = numbers(|both| both.1),
    );
    columns(shape, row, ("x", "u32"), &read)
}

/// An invocation gathers one input of one output; `read` reads it, unless it lies outside.
fn columns(shape: &Shape, row: Row, input: (&str, &str), read: &str) -> String {
    let Shape {
        channels_in,
        side,
        kernel,
        stride,
        ..
    } = *shape;
    format!(
        "{buffers}{padded}
        @compute @workgroup_size({LANES})
        fn main(@builtin(global_invocation_id) id: vec3u) {{
            let count = images[0] * {area_out}u;
            if (id.x >= count) {{ return; }}
            let image = id.x / {area_out}u;
            let at = id.x % {area_out}u;
            let channel = id.y / {taps}u;
            let tap = id.y % {taps}u;
            let row = i32(at / {out}u * {stride}u + tap / {kernel}u) - {padding};
            let column = i32(at % {out}u * {stride}u + tap % {kernel}u) - {padding};
            var value = 0.0;
            if (channel < {channels_in}u && u32(row) < {side}u && u32(column) < {side}u) {{
                {read}
            }}
            columns[id.y * padded(count) + id.x] = value;
        }}\n",
        buffers = buffers(&[input, ("columns", "f32"), ("images", "u32")]),
        padded = row.function(),
        area_out = shape.area_out(),
        out = side / stride,
        taps = kernel * kernel,
        padding = kernel / 2,
    )
}
