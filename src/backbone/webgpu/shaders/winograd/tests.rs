//! The transforms, computed instead of written down, against the convolution that they stand for.

use std::array::from_fn;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{PATCH, Shape, TILE, transform, weights};

const KERNEL: usize = 3;
/// How far a sum may be off, as a part of the sum of its products' magnitudes: numbers are f32, 6e-8 apart, of which
/// a sixth is none, and the transforms magnify the products by up to 100 times.
const BOUND: f64 = 1e-5;

/// Numbers of a channel's 6×6 patch.
type Patch = [[f32; PATCH]; PATCH];

#[test]
fn transformed_weights_times_transformed_inputs_are_the_convolution() {
    let mut rng = ChaCha8Rng::seed_from_u64(12);
    let shape = Shape {
        channels_in: 5,
        channels_out: 4,
        side: TILE,
        kernel: KERNEL,
        stride: 1,
    };
    let count = shape.channels_out * shape.channels_in * KERNEL * KERNEL;
    for _ in 0..200 {
        let kernels: Vec<i8> = (0..count).map(|_| rng.random_range(-127..=127)).collect();
        let patches: Vec<Patch> = (0..shape.channels_in)
            .map(|_| from_fn(|_| from_fn(|_| rng.random_range(-1.0..1.0))))
            .collect();
        let transformed = weights(&shape, &kernels);
        for channel_out in 0..shape.channels_out {
            let outputs = by_winograd(&shape, &transformed, &patches, channel_out);
            for (place, output) in outputs.into_iter().flatten().enumerate() {
                let at = [place / TILE, place % TILE];
                let (sum, magnitude) = by_definition(&shape, &kernels, &patches, channel_out, at);
                let error = (f64::from(output) - sum).abs() / magnitude;
                assert!(
                    error <= BOUND,
                    "output {at:?} of channel {channel_out}: {output}, not {sum}"
                );
            }
        }
    }
}

/// `Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A`, summed over input channels.
fn by_winograd(
    shape: &Shape,
    transformed: &[i16],
    patches: &[Patch],
    channel_out: usize,
) -> [[f32; TILE]; TILE] {
    let mut products = [[0.0; PATCH]; PATCH];
    for (channel_in, patch) in patches.iter().enumerate() {
        let inputs = transform::inputs(|row, column| patch[row][column]);
        for (point, (product, input)) in products
            .as_flattened_mut()
            .iter_mut()
            .zip(inputs.as_flattened())
            .enumerate()
        {
            let row = point * shape.channels_in + channel_in;
            let weight = transformed[row * shape.channels_out + channel_out];
            *product += f32::from(weight) * (input * transform::unit(point));
        }
    }
    transform::outputs(|row, column| products[row][column])
}

/// The sum that makes an output, and that of its products' magnitudes.
fn by_definition(
    shape: &Shape,
    kernels: &[i8],
    patches: &[Patch],
    channel_out: usize,
    [y, x]: [usize; 2],
) -> (f64, f64) {
    let (mut sum, mut magnitude) = (0.0, 0.0);
    for (channel_in, patch) in patches.iter().enumerate() {
        for tap in 0..KERNEL * KERNEL {
            let kernel = channel_out * shape.channels_in + channel_in;
            let weight = f64::from(kernels[kernel * KERNEL * KERNEL + tap]);
            let product = weight * f64::from(patch[y + tap / KERNEL][x + tap % KERNEL]);
            sum += product;
            magnitude += product.abs();
        }
    }
    (sum, magnitude)
}
