//! Pooling.

use std::array::from_fn;

use super::shape::Size;
use super::vector::{F32x4, LANES};

/// The greatest of 3×3 pixels around every second one: `[images, height, width, channels]` →
/// `[images, height / 2, width / 2, channels]`, rounded up, which is appended to `output`.
pub fn max_pool(input: &[f32], size: Size, channels: usize, output: &mut Vec<f32>) {
    let pooled = size.strided(2);
    let begin = output.len();
    output.resize(begin + pooled.pixels() * channels, 0.0);
    let (input, _) = input.as_chunks::<LANES>();
    let (pixels, _) = output[begin..].as_chunks_mut::<LANES>();
    let vectors = channels / LANES;
    for (index, to) in pixels.chunks_exact_mut(vectors).enumerate() {
        let (row, column) = (index / pooled.width, index % pooled.width);
        let (image, row) = (row / pooled.height, row % pooled.height);
        let middle = (image * size.height + 2 * row) * size.width + 2 * column;
        let around: [&[[f32; LANES]]; 9] = from_fn(|place| {
            let y = (2 * row + place / 3) as isize - 1;
            let x = (2 * column + place % 3) as isize - 1;
            // Outside, the middle stands for what is not there.
            let pixel = size.pixel(image, y, x).unwrap_or(middle);
            &input[pixel * vectors..][..vectors]
        });
        for (vector, to) in to.iter_mut().enumerate() {
            let mut greatest = F32x4::load(&around[0][vector]);
            for pixel in &around[1..] {
                greatest = greatest.max(F32x4::load(&pixel[vector]));
            }
            greatest.store(to);
        }
    }
}
