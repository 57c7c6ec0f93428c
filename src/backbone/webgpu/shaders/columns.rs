//! Any convolution as one product: a column holds the inputs of one output.

use super::{Operand, Row, Shader, Shape, grid_kernel};
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
pub fn of_map(shape: &Shape, row: Row, inner: usize) -> Shader {
    let side = shape.side;
    let area = shape.area_in();
    let read = format!(
        "value = input[channel * padded(images[0] * {area}u) + image * {area}u + u32(row) * {side}u + u32(column)];"
    );
    columns(shape, row, inner, "f32", &read)
}

/// RGB crops, four bytes to a number → normalised columns.
pub fn of_crops(shape: &Shape, row: Row, inner: usize) -> Shader {
    let numbers = |part: fn((f32, f32)) -> f32| {
        let number = |channel| format!("{:?}", part(normalization(channel)));
        [0, 1, 2].map(number).join(", ")
    };
    let read = format!(
        "let byte = image * {INPUT_LEN}u + (u32(row) * {INPUT_SIDE}u + u32(column)) * 3u + channel;
        let level = f32((input[byte / 4u] >> (byte % 4u * 8u)) & 255u);
        let scale = array<f32, 3>({scales});
        let shift = array<f32, 3>({shifts});
        value = level * scale[channel] + shift[channel];",
        scales = numbers(|both| both.0),
        shifts = numbers(|both| both.1),
    );
    columns(shape, row, inner, "u32", &read)
}

/// Rows of invocations: one for each row of a channel's kernel, and one for rows of columns past the last weight.
fn rows(shape: &Shape, inner: usize) -> usize {
    let rows = shape.channels_in * shape.kernel;
    rows + usize::from(inner > rows * shape.kernel)
}

/// An invocation gathers what one row of one channel's kernel meets at one output; `read` reads an input, unless it
/// lies outside.
fn columns(shape: &Shape, row: Row, inner: usize, element: &'static str, read: &str) -> Shader {
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
                    factors[to] = 0.0;
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
                factors[to] = value;
                to += stride;
            }}",
        area_out = shape.area_out(),
        out = shape.side_out(),
        rows = channels_in * kernel,
        depth = channels_in * kernel * kernel,
        padding = kernel / 2,
    );
    let bound = [
        (Operand::Input, element),
        (Operand::Factors, "f32"),
        (Operand::Images, "u32"),
    ];
    let over = [shape.area_out(), rows(shape, inner)];
    grid_kernel("gather", &bound, row, over, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_columns_weights_stand_where_its_inputs_are_gathered() {
        let shape = Shape {
            channels_in: 3,
            channels_out: 4,
            side: 8,
            kernel: 3,
            stride: 2,
        };
        let taps = shape.kernel * shape.kernel;
        let depth = shape.channels_in * taps;
        let given: Vec<i8> = (0..shape.channels_out * depth)
            .map(|place| place as i8)
            .collect();
        let inner = 32;
        let turned = weights(&shape, &given, inner);
        assert_eq!(turned.len(), inner * shape.channels_out);
        for (place, &weight) in turned.iter().enumerate() {
            let (row, channel_out) = (place / shape.channels_out, place % shape.channels_out);
            // `[out, in, k, k]`; what lies past the last weight is multiplied with 0.
            let wanted = match row < depth {
                true => i16::from(given[channel_out * depth + row]),
                false => 0,
            };
            assert_eq!(weight, wanted, "row {row} of channel {channel_out}");
        }
        // Rows of the kernels, and one for what lies past them.
        assert_eq!(rows(&shape, inner), shape.channels_in * shape.kernel + 1);
        assert_eq!(rows(&shape, depth), shape.channels_in * shape.kernel);
    }
}
