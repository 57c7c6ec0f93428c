//! Any convolution as one product: a column holds the inputs of one output.

use super::{Row, Shape, grid_kernel};
use crate::image::{INPUT_LEN, INPUT_SIDE, normalization};

/// Weights `[out, in, k, k]` → `[inner, out]`, of which rows past the last weight are 0.
pub fn weights(shape: &Shape, weights: &[i8], inner: usize) -> Vec<i16> {
    let out = shape.channels_out;
    let depth = weights.len() / out;
    let mut turned = vec![0; inner * out];
    for (channel, weights) in weights.chunks_exact(depth).enumerate() {
        for (row, &weight) in weights.iter().enumerate() {
            turned[row * out + channel] = i16::from(weight);
        }
    }
    turned
}

/// A map → columns.
pub fn of_map(shape: &Shape, row: Row, inner: usize) -> String {
    let side = shape.side;
    let area = shape.area_in();
    let read = format!(
        "value = x[channel * padded(images[0] * {area}u) + image * {area}u + u32(row) * {side}u + u32(column)];"
    );
    columns(shape, row, inner, ("x", "f32"), &read)
}

/// RGB crops, four bytes to a number → normalised columns.
pub fn of_crops(shape: &Shape, row: Row, inner: usize) -> String {
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
    columns(shape, row, inner, ("x", "u32"), &read)
}

/// Rows of invocations that [`of_map`] and [`of_crops`] want: one for each row of a channel's kernel, and one for
/// rows of columns past the last weight.
pub fn rows(shape: &Shape, inner: usize) -> usize {
    let rows = shape.channels_in * shape.kernel;
    rows + usize::from(inner > rows * shape.kernel)
}

/// An invocation gathers what one row of one channel's kernel meets at one output; `read` reads an input, unless it
/// lies outside.
fn columns(shape: &Shape, row: Row, inner: usize, input: (&str, &str), read: &str) -> String {
    let Shape {
        channels_in,
        side,
        kernel,
        stride,
        ..
    } = *shape;
    let body = format!(
        "let count = images[0] * {area_out}u;
            if (id.x >= count) {{ return; }}
            let stride = padded(count);
            var to = id.y * {kernel}u * stride + id.x;
            if (id.y == {rows}u) {{
                for (var i = {depth}u; i < {inner}u; i++) {{
                    columns[to] = 0.0;
                    to += stride;
                }}
                return;
            }}
            let image = id.x / {area_out}u;
            let at = id.x % {area_out}u;
            let channel = id.y / {kernel}u;
            let row = i32(at / {out}u * {stride}u + id.y % {kernel}u) - {padding};
            let left = i32(at % {out}u * {stride}u) - {padding};
            let inside = u32(row) < {side}u;
            for (var tap = 0; tap < {kernel}; tap++) {{
                let column = left + tap;
                var value = 0.0;
                if (inside && u32(column) < {side}u) {{
                    {read}
                }}
                columns[to] = value;
                to += stride;
            }}",
        area_out = shape.area_out(),
        out = side / stride,
        rows = channels_in * kernel,
        depth = channels_in * kernel * kernel,
        padding = kernel / 2,
    );
    grid_kernel(&[input, ("columns", "f32"), ("images", "u32")], row, &body)
}
